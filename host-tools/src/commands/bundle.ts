// `ganglion bundle`: several models in one artifact, because a configuration carries one. Prints the
// bundle's digest and place.

import { createHash } from "node:crypto";
import { ExitCode, GanglionError } from "../lib/errors";
import { readInput } from "../lib/input";
import { STDOUT, writeOutput } from "../lib/output";
import { say } from "../lib/talk";
import { ofFile } from "../model/artifact-checker";
import { artifactName } from "../model/artifact-name";
import { encodeBundle, modelVersionOf } from "../model/bundle";

export interface BundleOptions {
  readonly name: string;
  /** Version of the whole; that of the first member where it is not given. */
  readonly modelVersion?: number;
  /** Place of the bundle; `-` for standard output. */
  readonly output: string;
}

/**
 * @param files artifacts of scorers and a content table, in the order in which the filter asks them
 * @throws GanglionError E_MODEL_NAME, E_BUNDLE_MEMBERS, E_ARTIFACT_...
 */
export async function runBundle(
  files: readonly string[],
  options: BundleOptions,
): Promise<ExitCode> {
  const name = artifactName(options.name);
  const members: Buffer[] = [];
  for (const file of files) members.push(await readInput(file));
  const [first] = members;
  if (first === undefined) {
    throw new GanglionError("E_BUNDLE_MEMBERS", "a bundle of no models", {
      hint: "Name one to three artifacts.",
      exitCode: ExitCode.usage,
    });
  }
  const versions = members.map((member, i) => ofFile(files[i]!, () => modelVersionOf(member)));
  const modelVersion = options.modelVersion ?? versions[0]!;
  const bytes = encodeBundle({ name, modelVersion, members });
  files.forEach((file, i) => {
    say(`${file}: version ${versions[i]}, ${members[i]!.length} bytes`);
  });
  say(`bundle ${name} version ${modelVersion}: ${bytes.length} bytes`);
  await writeOutput(bytes, options.output);
  if (options.output !== STDOUT) {
    const digest = createHash("sha256").update(bytes).digest("hex");
    await writeOutput(`${digest}  ${options.output}\n`, undefined);
  }
  return ExitCode.ok;
}
