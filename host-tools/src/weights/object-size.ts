// Whether what is to be applied fits through everything that it has to pass: the API server and
// etcd, the annotation that a client-side `kubectl apply` would add, the discovery stream from
// istiod, and the filter's own arena. The first and the third fail late and badly: etcd with a
// status 500, xDS with a stream that never comes up again.

import type { PluginConfig } from "../config/plugin-config";
import { canonicalJson } from "../config/plugin-config";
import { CONFIG_BYTES_MAX } from "../contract";
import { ExitCode, GanglionError } from "../lib/errors";

/** etcd's default for one request (`--max-request-bytes`). */
export const ETCD_BYTES_MAX = 1_572_864;
/** All annotations of an object together (apimachinery, TotalAnnotationSizeLimitB). */
export const ANNOTATION_BYTES_MAX = 262_144;
/** What gRPC lets through towards a proxy by default. */
export const XDS_BYTES_MAX = 4 * 1024 * 1024;
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

export interface SizeReport {
  /** One line with each size and its bound. */
  readonly line: string;
  /** What fits here, but not through a client-side apply of the same. */
  readonly warning: string | undefined;
}

/**
 * Measures what a change makes of the object.
 *
 * @param object as it is in the cluster, managed fields included
 * @throws GanglionError E_WEIGHTS_SIZE with size and bound
 */
export function checkSize(
  object: { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } },
  before: PluginConfig,
  after: PluginConfig,
): SizeReport {
  const configBytes = Buffer.byteLength(canonicalJson(after));
  const beforeBytes = Buffer.byteLength(canonicalJson(before));
  const objectBytes = Buffer.byteLength(JSON.stringify(object)) - beforeBytes + configBytes;
  bound("the object", objectBytes, ETCD_BYTES_MAX, "etcd takes");
  bound("the configuration", configBytes, CONFIG_BYTES_MAX, "the filter takes");
  bound("the configuration", configBytes, XDS_BYTES_MAX, "a discovery response takes");
  const applied = object.metadata.annotations?.[LAST_APPLIED];
  const line =
    `object ${objectBytes} of ${ETCD_BYTES_MAX} bytes (etcd), configuration ${configBytes} of ` +
    `${CONFIG_BYTES_MAX} (filter) and ${XDS_BYTES_MAX} (xDS)`;
  return {
    line,
    warning:
      applied !== undefined && configBytes > ANNOTATION_BYTES_MAX
        ? `the object was made by a client-side kubectl apply; with these weights that would need ` +
          `${configBytes} of ${ANNOTATION_BYTES_MAX} bytes of annotation: use --server-side`
        : undefined,
  };
}

function bound(what: string, bytes: number, bytesMax: number, who: string): void {
  if (bytes <= bytesMax) return;
  throw new GanglionError(
    "E_WEIGHTS_SIZE",
    `${what} would have ${bytes} bytes; ${who} at most ${bytesMax}`,
    { hint: "Train a smaller model, or bake it into the image.", exitCode: ExitCode.badInput },
  );
}
