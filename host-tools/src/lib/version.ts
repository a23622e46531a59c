// The tool's own version, read from package.json at build time, so that it is written once.

import packageJson from "../../../package.json";

/** As in package.json, e.g. `0.1.0`. */
export const VERSION: string = packageJson.version;
