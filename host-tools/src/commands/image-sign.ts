// `ganglion image sign`: a signature of an image beside it in the registry, as cosign makes them
// with a key. Prints the pinned reference that is signed.

import { ExitCode } from "../lib/errors";
import { inputName, readTextInput } from "../lib/input";
import { writeOutput } from "../lib/output";
import { say } from "../lib/talk";
import { createdFrom } from "../oci";
import { privateKey } from "../signing/key";
import { signImage } from "../signing/sign-image";
import { registryChoices, type RegistryFlags } from "./registry-choices";

export interface ImageSignOptions extends RegistryFlags {
  readonly key: string;
}

/** @param reference `HOST/NAME:TAG`, `HOST/NAME@sha256:...`, or both */
export async function runImageSign(
  reference: string,
  options: ImageSignOptions,
): Promise<ExitCode> {
  const pem = await readTextInput(options.key);
  const key = privateKey(pem, process.env.COSIGN_PASSWORD, inputName(options.key));
  const created = createdFrom(process.env.SOURCE_DATE_EPOCH);
  const signed = await signImage(reference, key, registryChoices(options), created);
  say(`signature ${signed.signature} stored`);
  await writeOutput(`${signed.reference}\n`, undefined);
  return ExitCode.ok;
}
