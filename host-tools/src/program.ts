// The table of commands: names, options, one sentence each. No logic, and nothing heavy: a
// command's code is imported when it runs, so that `--help` answers at once.

import { Command, InvalidArgumentError, Option } from "commander";
import type { ExitCode } from "./lib/errors";
import { VERSION } from "./lib/version";

type Finish = (exitCode: ExitCode) => void;

/** @param finish told the exit status of a command that ended without an error */
export function buildProgram(finish: Finish): Command {
  const program = new Command("ganglion")
    .description(
      "Reflexes for every sidecar: trains, packs, renders and pushes the Ganglion filter for " +
        "Envoy " +
        "and Istio, and proves what it does.",
    )
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .helpCommand("help [command]", "show help for a command")
    .enablePositionalOptions()
    .exitOverride()
    .addHelpText(
      "after",
      "\nData goes to stdout, talk to stderr. Exit status: 0 ok, 1 error, 64 usage, 65 bad " +
        "input,\n" +
        "79 findings, 130 interrupted. NO_COLOR turns colours off, GANGLION_DEBUG=1 shows stacks.",
    );
  for (const add of [
    addTrain,
    addImport,
    addBundle,
    addInspect,
    addRender,
    addPush,
    addPack,
    addReplay,
    addExplain,
    addEvaluate,
    addDemo,
    addBench,
    addEnvoy,
    addCompletionStub,
    addVersion,
  ]) {
    add(program, finish);
  }
  return program;
}

/** Text to a whole number in [low, high], with commander's own kind of error. */
function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isSafeInteger(value) && value >= low && value <= high) {
      return value;
    }
    throw new InvalidArgumentError(`It must be a whole number in [${low}, ${high}].`);
  };
}

const epochOption = (): Option =>
  new Option("--epoch <n>", "epoch of the configuration; only goes up").argParser(
    wholeNumber(0, Number.MAX_SAFE_INTEGER),
  );

const seedOption = (): Option =>
  new Option("--seed <n>", "seed of everything random").argParser(wholeNumber(0, 2 ** 31 - 1));

function addTrain(program: Command, finish: Finish): void {
  program
    .command("train")
    .description("train a model on recorded or synthetic traffic")
    .option("--from <file>", "recorded traffic; - for standard input", "synthetic")
    .addOption(
      new Option("--seed <n>", "seed of everything random").argParser(wholeNumber(0, 2 ** 31 - 1)),
    )
    .addOption(
      new Option("--steps <n>", "optimiser steps at most").argParser(wholeNumber(1, 1_000_000)),
    )
    .addOption(
      new Option("--architecture <name>", "what the scorer is").choices([
        "gru",
        "lstm",
        "transformer",
        "linear",
      ]),
    )
    .addOption(new Option("--hidden <n>", "width of its state").argParser(wholeNumber(8, 64)))
    .addOption(
      new Option("--threads <n>", "threads; any number gives the same model").argParser(
        wholeNumber(1, 64),
      ),
    )
    .option("--name <name>", "name in the artifact")
    .addOption(
      new Option("--model-version <n>", "version in the artifact").argParser(
        wholeNumber(1, 2 ** 31 - 1),
      ),
    )
    .option("--default", "rebuild the shipped model, byte for byte")
    .option("-o, --output <file>", "place of the artifact; - for standard output")
    .option("--no-measure", "leave detection and false alarms off the card")
    .option("--dry-run", "train and report, write nothing")
    .action(async (options) => {
      finish(await (await import("./commands/train")).runTrain(options));
    });
}

function addImport(program: Command, finish: Finish): void {
  program
    .command("import")
    .description("make an artifact of an LSTM or GRU that was trained elsewhere (ONNX)")
    .argument("<model>", "the ONNX file; - for standard input")
    .option("--from <file>", "recorded traffic to calibrate on, as train reads it", "synthetic")
    .option("--inputs <names>", "features of the model's input, in its order")
    .option(
      "--outputs <names>",
      "what its outputs predict: NAME, NAME:change, NAME:q0.9, NAME:logit",
    )
    .addOption(
      new Option(
        "--unit <unit>",
        "what the model's numbers are: raw, or standardised by mean and deviation",
      ).choices(["standardised", "raw"]),
    )
    .addOption(seedOption().default(1))
    .option("--name <name>", "name in the artifact", "imported")
    .addOption(
      new Option("--model-version <n>", "version in the artifact")
        .argParser(wholeNumber(1, 2 ** 31 - 1))
        .default(1),
    )
    .option("-o, --output <file>", "place of the artifact; - for standard output")
    .option("--no-measure", "leave detection and false alarms off the card")
    .option("--dry-run", "import and report, write nothing")
    .action(async (model: string, options) => {
      finish(await (await import("./commands/import-onnx")).runImport(model, options));
    });
}

function addInspect(program: Command, finish: Finish): void {
  program
    .command("inspect")
    .description("draw an artifact and its card, and run its self-test")
    .argument("<model>", "the artifact; - for standard input")
    .addOption(
      new Option("-o, --output <form>", "form").choices(["text", "json", "html"]).default("text"),
    )
    .action(async (model: string, options) => {
      finish(await (await import("./commands/inspect")).runInspect(model, options));
    });
}

function addBundle(program: Command, finish: Finish): void {
  program
    .command("bundle")
    .description("put scorers and a content table into one artifact")
    .argument("<models...>", "one to three artifacts, the scorer that leads first")
    .option("--name <name>", "name in the artifact", "bundle")
    .addOption(
      new Option(
        "--model-version <n>",
        "version in the artifact; that of the first without it",
      ).argParser(wholeNumber(1, 2 ** 31 - 1)),
    )
    .requiredOption("-o, --output <file>", "place of the bundle; - for standard output")
    .action(async (models: string[], options) => {
      finish(await (await import("./commands/bundle")).runBundle(models, options));
    });
}

function addRender(program: Command, finish: Finish): void {
  program
    .command("render")
    .description("render a policy file into what a mesh or an Envoy applies")
    .option("-f, --file <file>", "the policy; - for standard input", "ganglion.yaml")
    .addOption(
      new Option("--target <target>", "Istio objects, an Envoy bootstrap, or the pluginConfig")
        .choices(["istio", "envoy", "config"])
        .default("istio"),
    )
    .addOption(
      new Option("--kind <kind>", "the object that carries the filter; auto: by Istio's version")
        .choices(["auto", "wasmplugin", "trafficextension"])
        .default("auto"),
    )
    .option("--istio-version <version>", "Istio's version, over the one in the policy")
    .option("--image <reference>", "the filter's image, oci://HOST/NAME@sha256:DIGEST")
    .option("--model <file>", "artifact to put into the configuration")
    .addOption(epochOption())
    .option("--wasm <file>", "path of the module, for --target envoy", "ganglion.wasm")
    .option("-o, --output <path>", "folder for one file per object, or a file for envoy and config")
    .option("--dry-run", "check and say what would be written, write nothing")
    .action(async (options) => {
      finish(await (await import("./commands/render")).runRender(options));
    });
}

function addPush(program: Command, finish: Finish): void {
  program
    .command("push")
    .description("put new weights into the pluginConfig of a rendered file")
    .argument("<model>", "the artifact, as `ganglion train` writes it")
    .requiredOption("-f, --file <file>", "rendered YAML to change; - for standard input")
    .option("-o, --output <file>", "write here instead of changing the file in place")
    .option("--name <name>", "which object, where the file holds several with our filter")
    .addOption(epochOption())
    .option("--sha256 <hex>", "refuse the artifact unless it has this digest")
    .option("--dry-run", "say what would change, write nothing")
    .action(async (model: string, options) => {
      finish(await (await import("./commands/push")).runPush(model, options));
    });
}

function addPack(program: Command, finish: Finish): void {
  program
    .command("pack")
    .description("pack the filter as an OCI image in the forms that Istio takes")
    .argument("[module]", "the filter's module; by default the one that this tool came with")
    .option("-o, --output <folder>", "write an OCI image layout")
    .option("--push <reference>", "push to a registry, HOST/NAME:TAG")
    .addOption(
      new Option("--form <form>", "layout of the image")
        .choices(["compat", "artifact", "both"])
        .default("artifact"),
    )
    .option("--revision <commit>", "source revision for the annotations")
    .option("--plain-http", "speak HTTP to a registry beyond loopback")
    .option("--dry-run", "print the digest, write and push nothing")
    .action(async (module: string | undefined, options) => {
      finish(await (await import("./commands/pack")).runPack(module, options));
    });
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
      finish(await (await import("./commands/replay")).runReplay(file, options));
    });
}

/** A command of its own for each thing that can be explained: a decision now. */
function addExplain(program: Command, finish: Finish): void {
  program
    .command("explain")
    .description("say why something is as it is")
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
      finish(await (await import("./commands/explain")).runExplainDecision(file, options));
    });
}

function addEvaluate(program: Command, finish: Finish): void {
  program
    .command("evaluate")
    .description("compare architectures and layers on labelled faults, at equal false alarms")
    .option("--from <file>", "recorded traffic to train on; - for standard input", "synthetic")
    .addOption(seedOption().default(1))
    .addOption(
      new Option("--hidden <n>", "width of every sequence model")
        .argParser(wholeNumber(8, 64))
        .default(16),
    )
    .addOption(
      new Option("--steps <n>", "optimiser steps at most")
        .argParser(wholeNumber(1, 1_000_000))
        .default(600),
    )
    .addOption(
      new Option("--healthy-minutes <n>", "of each kind of healthy traffic")
        .argParser(wholeNumber(5, 1440))
        .default(60),
    )
    .addOption(
      new Option("--repeats <n>", "episodes of each fault at each intensity")
        .argParser(wholeNumber(1, 100))
        .default(2),
    )
    .addOption(
      new Option("--false-alarms <n>", "allowed per hour and key")
        .argParser(wholeNumber(1, 3600))
        .default(1),
    )
    .addOption(
      new Option("-o, --output <form>", "form")
        .choices(["text", "json", "csv", "html"])
        .default("text"),
    )
    .action(async (options) => {
      finish(await (await import("./commands/evaluate")).runEvaluate(options));
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
      finish(await (await import("./commands/demo")).runDemo(options));
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
      finish(await (await import("./commands/bench")).runBenchBundle(words));
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
      finish(await (await import("./commands/envoy-which")).runEnvoyWhich(options));
    });
}

/** Shows in the help; cli.ts puts the real one in its place when it is asked for. */
function addCompletionStub(program: Command): void {
  program
    .command("completion")
    .argument("<shell>")
    .description("print a shell's completion script");
}

function addVersion(program: Command): void {
  program
    .command("version")
    .description("print the version")
    .action(() => {
      process.stdout.write(`${VERSION}\n`);
    });
}
