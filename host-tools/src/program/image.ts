// Commands about the filter's image.

import { type Command, Option } from "commander";
import { type Finish } from "./options";

export function addImageCommands(program: Command, finish: Finish): void {
  addPack(program, finish);
  const image = program
    .command("image")
    .description("sign, verify and check the filter's image in a registry");
  for (const add of [addSign, addVerify, addCheck]) add(image, finish);
}

function addPack(program: Command, finish: Finish): void {
  program
    .command("pack")
    .description("pack the filter as an OCI image in the forms that Istio takes")
    .argument("[module]", "the filter's module; by default the one that this tool came with")
    .option("-o, --output <folder>", "write an OCI image layout")
    .option("--push <reference>", "push to a registry, HOST/NAME:TAG, with the list of contents")
    .option("--sbom <file>", "write the list of contents (CycloneDX JSON); - for standard output")
    .addOption(
      new Option("--form <form>", "layout of the image")
        .choices(["compat", "artifact", "both"])
        .default("artifact"),
    )
    .option("--revision <commit>", "source revision for the annotations")
    .addOption(plainHttpOption())
    .option("--dry-run", "print the digest, write and push nothing")
    .action(async (module: string | undefined, options) => {
      finish(await (await import("../commands/pack")).runPack(module, options));
    });
}

function addSign(image: Command, finish: Finish): void {
  image
    .command("sign")
    .description("sign an image with a key, as cosign does; COSIGN_PASSWORD opens the key")
    .argument("<reference>", "HOST/NAME:TAG or HOST/NAME@sha256:DIGEST")
    .requiredOption("--key <file>", "private key, ECDSA P-256: PEM or cosign's own file")
    .addOption(plainHttpOption())
    .action(async (reference: string, options) => {
      finish(await (await import("../commands/image-sign")).runImageSign(reference, options));
    });
}

function addVerify(image: Command, finish: Finish): void {
  image
    .command("verify")
    .description("check that an image is signed by a key, and whole")
    .argument("<reference>", "HOST/NAME:TAG or HOST/NAME@sha256:DIGEST")
    .requiredOption("--key <file>", "public key, PEM")
    .addOption(plainHttpOption())
    .action(async (reference: string, options) => {
      finish(await (await import("../commands/image-verify")).runImageVerify(reference, options));
    });
}

function addCheck(image: Command, finish: Finish): void {
  image
    .command("check")
    .description("check that a proxy could fetch an image, and that it holds this tool's filter")
    .argument("<reference>", "HOST/NAME:TAG or HOST/NAME@sha256:DIGEST")
    .option("--any-module", "take another module than this tool's too")
    .addOption(plainHttpOption())
    .action(async (reference: string, options) => {
      finish(await (await import("../commands/image-check")).runImageCheck(reference, options));
    });
}

const plainHttpOption = (): Option =>
  new Option("--plain-http", "speak HTTP to a registry beyond loopback");
