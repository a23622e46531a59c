// Commands about models: train, import, bundle, inspect, evaluate.

import { type Command, Option } from "commander";
import { type Finish, seedOption, wholeNumber } from "./options";

export function addModelCommands(program: Command, finish: Finish): void {
  for (const add of [addTrain, addImport, addBundle, addInspect, addEvaluate]) add(program, finish);
}

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
      finish(await (await import("../commands/train")).runTrain(options));
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
      finish(await (await import("../commands/import-onnx")).runImport(model, options));
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
      finish(await (await import("../commands/bundle")).runBundle(models, options));
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
      finish(await (await import("../commands/inspect")).runInspect(model, options));
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
      finish(await (await import("../commands/evaluate")).runEvaluate(options));
    });
}
