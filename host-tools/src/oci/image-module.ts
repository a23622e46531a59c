// The module in an image, found as Istio's fetcher finds it: a raw layer, or `plugin.wasm` by base
// name in the archive of the last layer.

import { gunzipSync } from "node:zlib";
import { ExitCode, GanglionError } from "../lib/errors";
import { type ImageForm, type OciImage, PLUGIN_FILE_NAME, WASM_MAX_BYTES } from "./image";
import { MediaType } from "./media-types";
import { fileOfTar } from "./tar";

export interface ImageModule {
  readonly form: ImageForm;
  readonly wasm: Uint8Array;
}

/**
 * @param where names the image in messages
 * @throws GanglionError E_IMAGE_CONTENT for an image that Istio could not run
 */
export function moduleOfImage(image: OciImage, where: string): ImageModule {
  const layer = image.blobs.at(-1);
  switch (layer?.descriptor.mediaType) {
    case MediaType.wasmContent:
      if (image.manifest.layers.length !== 2) {
        throw contentError(where, `has ${image.manifest.layers.length} layers, Istio wants 2`);
      }
      return { form: "artifact", wasm: layer.bytes };
    case MediaType.tarGzipLayer: {
      const wasm = fileOfTar(unpacked(layer.bytes, where), PLUGIN_FILE_NAME);
      if (wasm === undefined) throw contentError(where, `holds no ${PLUGIN_FILE_NAME}`);
      return { form: "compat", wasm };
    }
    default:
      throw contentError(where, `ends in a layer ${JSON.stringify(layer?.descriptor.mediaType)}`);
  }
}

function unpacked(bytes: Uint8Array, where: string): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: WASM_MAX_BYTES + 4096 });
  } catch (cause) {
    throw contentError(where, `has a layer that is no gzip (${(cause as Error).message})`, cause);
  }
}

function contentError(where: string, problem: string, cause?: unknown): GanglionError {
  return new GanglionError("E_IMAGE_CONTENT", `the image ${where} ${problem}`, {
    ...(cause === undefined ? {} : { cause }),
    hint: "Pack it with `ganglion pack --push`.",
    exitCode: ExitCode.badInput,
  });
}
