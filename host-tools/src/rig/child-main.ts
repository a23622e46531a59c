// Entry of the rig's child processes; the role is the first argument.

import { serveParent } from "./child-service";
import { loadMethods } from "./load/load-program";
import { upstreamMethods } from "./upstream/upstream-program";

serveParent(process.argv[2] === "load" ? loadMethods() : upstreamMethods());
