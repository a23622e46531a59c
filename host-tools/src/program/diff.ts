// Comparing a policy with what is there.

import { type Command, Option } from "commander";
import { epochOption, type Finish } from "./options";

export function addDiffCommands(program: Command, finish: Finish): void {
  program
    .command("diff")
    .argument("[path]", "folder or file of manifests; - for standard input")
    .description("show what separates a policy from manifests or from a cluster; 79 if anything")
    .option("-f, --file <file>", "the policy; - for standard input", "ganglion.yaml")
    .option("--cluster", "compare with the cluster, by a dry run of its API server")
    .option("--context <context>", "context of the kubeconfig; by default its current one")
    .option("--kubeconfig <file>", "kubeconfig; by default KUBECONFIG, then ~/.kube/config")
    .addOption(
      new Option("--kind <kind>", "the object that carries the filter; auto: by Istio's version")
        .choices(["auto", "wasmplugin", "trafficextension"])
        .default("auto"),
    )
    .option("--istio-version <version>", "Istio's version, over the one in the policy")
    .option("--image <reference>", "the filter's image, oci://HOST/NAME@sha256:DIGEST")
    .option("--model <file>", "artifact that the configuration is to hold; else any is right")
    .addOption(epochOption())
    .addOption(
      new Option("-o, --output <form>", "diffs, or one JSON document")
        .choices(["text", "json"])
        .default("text"),
    )
    .action(async (path, options) => {
      finish(await (await import("../commands/diff")).runDiff(path, options));
    });
}
