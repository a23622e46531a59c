// `ganglion image verify`: whether an image is signed by a key, and whole. Exit 79 when it is not.

import { ExitCode } from "../lib/errors";
import { inputName, readLooseText } from "../lib/input";
import { writeOutput } from "../lib/output";
import { publicKey } from "../signing/key";
import { verifyImage } from "../signing/sign-image";
import { registryChoices, type RegistryFlags } from "./registry-choices";

export interface ImageVerifyOptions extends RegistryFlags {
  readonly key: string;
}

/** @param reference `HOST/NAME:TAG`, `HOST/NAME@sha256:...`, or both */
export async function runImageVerify(
  reference: string,
  options: ImageVerifyOptions,
): Promise<ExitCode> {
  const key = publicKey(await readLooseText(options.key), inputName(options.key));
  await writeOutput(`${await verifyImage(reference, key, registryChoices(options))}\n`, undefined);
  return ExitCode.ok;
}
