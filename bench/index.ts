// The way into the benches: `npm run -s bench -- NAME [--seed N] [--json]`. Progress goes to stderr; the
// last line on stdout is one JSON object with the figures. What is measured and how stands in README.md.

import { runBench } from "./registry";

await runBench(process.argv.slice(2));
