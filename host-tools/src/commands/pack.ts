// `ganglion pack`: the filter's module as an OCI image, to a folder, to a registry, or both. Prints
// what an Istio object should name: the pinned reference after a push, the digest otherwise.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ExitCode, GanglionError } from "../lib/errors";
import { filterModulePath, isOwnModule } from "../lib/filter-module";
import { readInput } from "../lib/input";
import { STDOUT, writeOutput } from "../lib/output";
import { say } from "../lib/talk";
import { VERSION } from "../lib/version";
import {
  buildImage,
  createdFrom,
  type ImageForm,
  type ImageMetadata,
  type OciImage,
  parseReference,
  pushImage,
  pushReferrer,
  type Reference,
  Registry,
  writeLayout,
} from "../oci";
import { registryOptions } from "../oci/registry-options";
import { SBOM_MEDIA_TYPE, sbomOf } from "../sbom/cyclonedx";
import { registryChoices } from "./registry-choices";

export interface PackOptions {
  /** Folder of the layout. */
  readonly output?: string;
  /** `HOST/NAME:TAG`. */
  readonly push?: string;
  readonly form: ImageForm | "both";
  readonly revision?: string;
  /** File for the list of contents. */
  readonly sbom?: string;
  readonly plainHttp?: boolean;
  readonly dryRun?: boolean;
}

interface Packed {
  readonly form: ImageForm;
  readonly image: OciImage;
  /** Appended to the tag, so that both forms can stand side by side. */
  readonly suffix: string;
}

/** @param module path of the module, by default the one that this tool came with */
export async function runPack(module: string | undefined, options: PackOptions): Promise<ExitCode> {
  if (options.output === undefined && options.push === undefined && !options.dryRun) {
    throw new GanglionError("E_PACK_TARGET", "nowhere to put the image", {
      hint: "Give -o FOLDER, --push HOST/NAME:TAG or --dry-run.",
      exitCode: ExitCode.usage,
    });
  }
  const target = options.push === undefined ? undefined : parseReference(options.push);
  const wasm = module === undefined ? await readFile(filterModulePath()) : await readInput(module);
  const packed = packForms(wasm, options);
  const sbom = sbomOfModule(wasm, options);
  for (const { form, image } of packed) say(`${form}: ${image.digest}, ${image.sizeBytes} bytes`);
  if (options.dryRun) return printLines(packed.map(({ image }) => image.digest));
  if (options.sbom !== undefined) {
    await writeOutput(sbom, options.sbom);
    if (options.sbom !== STDOUT) say(`wrote ${options.sbom}`);
  }
  if (options.output !== undefined) await writeFolder(options.output, packed);
  if (target === undefined) return printLines(packed.map(({ image }) => image.digest));
  const references: string[] = [];
  for (const one of packed) references.push(await pushOne(one, target, sbom, options));
  return printLines(references);
}

function packForms(wasm: Uint8Array, options: PackOptions): Packed[] {
  const forms: ImageForm[] = options.form === "both" ? ["compat", "artifact"] : [options.form];
  const created = createdFrom(process.env.SOURCE_DATE_EPOCH);
  const metadata: ImageMetadata = {
    title: "ganglion",
    description: "Wasm filter for Envoy and Istio: scores, routes and limits each request.",
    version: VERSION,
    licenses: "Apache-2.0",
    ...(options.revision === undefined ? {} : { revision: options.revision }),
    ...(created === undefined ? {} : { created }),
  };
  return forms.map((form, index) => ({
    form,
    image: buildImage(wasm, form, metadata),
    suffix: index === 0 ? "" : `-${form}`,
  }));
}

function sbomOfModule(wasm: Uint8Array, options: PackOptions): Uint8Array {
  const created = createdFrom(process.env.SOURCE_DATE_EPOCH);
  const { revision } = options;
  return sbomOf(wasm, {
    version: VERSION,
    isOwn: isOwnModule(wasm),
    ...(revision === undefined ? {} : { revision }),
    ...(created === undefined ? {} : { created }),
  });
}

async function writeFolder(folder: string, packed: readonly Packed[]): Promise<void> {
  const entries = packed.map(({ image, suffix }) => ({ image, name: `${VERSION}${suffix}` }));
  await writeLayout(folder, entries);
  say(`wrote ${join(folder, "index.json")} with ${entries.map(({ name }) => name).join(", ")}`);
}

async function pushOne(
  packed: Packed,
  target: Reference,
  sbom: Uint8Array,
  options: PackOptions,
): Promise<string> {
  const tag = target.tag === undefined ? undefined : `${target.tag}${packed.suffix}`;
  const choices = registryChoices(options);
  const pushed = await pushImage(packed.image, { ...target, tag }, { ...choices, onStep: say });
  const registry = new Registry(target, registryOptions(target, "push", choices));
  const { image } = packed;
  const subject = {
    mediaType: image.manifest.mediaType,
    digest: image.digest,
    size: image.manifestBytes.length,
  };
  const referral = { artifactType: SBOM_MEDIA_TYPE, mediaType: SBOM_MEDIA_TYPE, content: sbom };
  say(`list of contents ${await pushReferrer(registry, subject, referral)} stored`);
  return pushed.reference;
}

async function printLines(lines: readonly string[]): Promise<ExitCode> {
  await writeOutput(lines.map((line) => `${line}\n`).join(""), undefined);
  return ExitCode.ok;
}
