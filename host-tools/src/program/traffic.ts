// Commands that let the filter run and show what it decided.

import { type Command, Option } from "commander";
import { type Finish, seedOption, wholeNumber } from "./options";

export function addTrafficCommands(program: Command, finish: Finish): void {
  for (const add of [addReplay, addExplain, addDemo, addBench, addEnvoy]) add(program, finish);
}

function addReplay(program: Command, finish: Finish): void {
  program
    .command("replay")
    .description("run recorded traffic through the filter, under a virtual clock")
    .argument("<traffic>", "recorded requests, JSON lines or a trace's CSV; - for standard input")
    .option("-c, --config <file>", "the filter's configuration, as pluginConfig or as policy")
    .option("--model <file>", "artifact to put into the configuration")
    .addOption(
      new Option("--workers <n>", "worker threads").argParser(wholeNumber(1, 64)).default(1),
    )
    .addOption(seedOption().default(1))
    .addOption(
      new Option("-o, --output <form>", "form")
        .choices(["table", "jsonl", "summary"])
        .default("table"),
    )
    .action(async (file: string, options) => {
      finish(await (await import("../commands/replay")).runReplay(file, options));
    });
}

function addExplain(program: Command, finish: Finish): void {
  const explain = program
    .command("explain")
    .description("explain a member of the policy file, or a decision of the filter")
    .argument("[field]", "path or last words, e.g. services.*.pool.connections_max, or limits", "")
    .addOption(
      new Option("-o, --output <form>", "form; schema: the whole file's JSON Schema")
        .choices(["text", "json", "schema"])
        .default("text"),
    )
    .action(async (field: string, options) => {
      finish(await (await import("../commands/explain-field")).runExplainField(field, options));
    });
  explain
    .command("decision")
    .description("why the filter decided as it did about one recorded request")
    .argument("<traffic>", "recorded requests, as `replay` reads them; - for standard input")
    .option(
      "-r, --request <which>",
      "number from 1, x-request-id, or a line of `replay -o jsonl`; by default the highest score",
    )
    .option("-c, --config <file>", "the filter's configuration, as pluginConfig or as policy")
    .option("--model <file>", "artifact to put into the configuration")
    .option(
      "--content <file>",
      "content artifact to explain paths and queries by, over the one that ships",
    )
    .addOption(seedOption().default(1))
    .addOption(new Option("-o, --output <form>", "form").choices(["text", "json"]).default("text"))
    .action(async (file: string, options) => {
      finish(await (await import("../commands/explain")).runExplainDecision(file, options));
    });
}

function addDemo(program: Command, finish: Finish): void {
  program
    .command("demo")
    .description("show the filter at work: an arm goes slow, a tenant floods; report as HTML")
    .addOption(
      new Option("--engine <engine>", "a real Envoy, or the embedded host under a virtual clock")
        .choices(["auto", "envoy", "embedded"])
        .default("auto"),
    )
    .addOption(seedOption().default(1))
    .addOption(
      new Option("--duration <s>", "seconds of traffic").argParser(wholeNumber(8, 55)).default(38),
    )
    .option("-o, --output <file>", "place of the report", "ganglion-demo.html")
    .option("--json", "print the result as JSON")
    .action(async (options) => {
      finish(await (await import("../commands/demo")).runDemo(options));
    });
}

function addBench(program: Command, finish: Finish): void {
  program
    .command("bench")
    .description("run a bench of a checkout: NAME [--seed N] [--json]")
    .argument("[words...]", "the bench's name and its options")
    .passThroughOptions()
    .allowUnknownOption()
    .action(async (words: string[]) => {
      finish(await (await import("../commands/bench")).runBenchBundle(words));
    });
}

function addEnvoy(program: Command, finish: Finish): void {
  program
    .command("envoy")
    .description("about the Envoy that demo, bench and tests use")
    .command("which")
    .description("print the path of the Envoy that would be used")
    .option("--install", "install the pinned one where there is none")
    .action(async (options) => {
      finish(await (await import("../commands/envoy-which")).runEnvoyWhich(options));
    });
}
