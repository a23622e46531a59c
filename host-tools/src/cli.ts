// The command table of `ganglion`: names, options and where each command lives. Nothing else, and
// the only place that prints errors and sets the exit status.

import { Command } from "commander";

const program = new Command("ganglion").description("Reflexes for every sidecar.");
await program.parseAsync();
