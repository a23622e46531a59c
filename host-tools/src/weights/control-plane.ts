// What istiod knows of each proxy's extension configuration: whether it was sent, taken or rejected, and
// in which words. A metrics page shows only that a proxy runs something older, which looks alike for a
// rejection and for what has not arrived.
//
// istiod tells it on its monitoring port, to callers from its own machine alone: so through
// `kubectl port-forward`, and no right of the pusher's Role is needed. Each replica knows its own proxies.

import { GanglionError } from "../lib/errors";
import { httpPage } from "../lib/http-page";
import { noAnswer } from "../lib/no-answer";
import { printable } from "../lib/printable";
import { namedProxies } from "./proxy-finder";

/** Of the extension configurations of one proxy, all of them together. */
export interface ControlPlaneWord {
  readonly sent: boolean;
  /** The newest that was sent has been taken. */
  readonly acknowledged: boolean;
  /** Envoy's own words on the newest that it has rejected. */
  readonly rejection: string | undefined;
}

export interface ControlPlane {
  /** By `namespace/pod`. @throws Error with the reason why there is no answer */
  read(): Promise<ReadonlyMap<string, ControlPlaneWord>>;
}

const FORWARD =
  "Name istiod's monitoring port: kubectl port-forward -n istio-system deploy/istiod 15014.";
const PATH = "/debug/syncz";
const EXTENSIONS = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig";
const BOUNDS = { timeoutMs: 5_000, bytesMax: 64 * 1024 * 1024 };
const WORDS_MAX_CHARS = 300;

/**
 * Istiods at these addresses.
 *
 * @param list `HOST:PORT` of monitoring pages, separated by commas
 * @throws GanglionError E_FLEET_ADDRESS
 */
export function istiodsAt(list: string): ControlPlane {
  const places = namedProxies(list, FORWARD).map(({ name, address }) => ({ name, ...address! }));
  return {
    async read() {
      const words = new Map<string, ControlPlaneWord>();
      for (const { name, host, port } of places) {
        for (const [proxy, word] of await wordsOf(name, { host, port, path: PATH })) {
          words.set(proxy, word);
        }
      }
      return words;
    },
  };
}

async function wordsOf(
  name: string,
  place: Parameters<typeof httpPage>[0],
): Promise<ReadonlyMap<string, ControlPlaneWord>> {
  const { status, text } = await httpPage(place, BOUNDS).catch((cause: Error) => {
    throw new Error(`istiod at ${name}: ${noAnswer(cause, BOUNDS.timeoutMs)}`, { cause });
  });
  if (status !== 200) throw new Error(`istiod at ${name} answers ${status} to ${PATH}`);
  return readSyncz(text, name);
}

interface ProxyStatus {
  readonly proxy?: unknown;
  readonly extensionconfig_sent?: string;
  readonly extensionconfig_acked?: string;
  readonly resources?: Readonly<Record<string, ResourceStatus>>;
}
interface ResourceStatus {
  readonly sent?: string;
  readonly acked?: string;
  readonly lastError?: string;
}

/**
 * Reads the page (istio, pilot/pkg/xds/debug.go, SyncStatus).
 *
 * @throws GanglionError E_FLEET_SOURCE for what is none
 */
export function readSyncz(text: string, name: string): Map<string, ControlPlaneWord> {
  const words = new Map<string, ControlPlaneWord>();
  for (const one of proxiesOf(text, name)) {
    const place = podOf(one.proxy);
    if (place === undefined) continue;
    const { sent, acked, lastError } = one.resources?.[EXTENSIONS] ?? {
      sent: one.extensionconfig_sent,
      acked: one.extensionconfig_acked,
    };
    words.set(place, {
      sent: sent !== undefined && sent !== "",
      acknowledged: sent === acked,
      rejection:
        lastError === undefined || lastError === ""
          ? undefined
          : printable(lastError, WORDS_MAX_CHARS),
    });
  }
  return words;
}

function proxiesOf(text: string, name: string): readonly ProxyStatus[] {
  try {
    const page: unknown = JSON.parse(text);
    if (Array.isArray(page)) return page as ProxyStatus[];
  } catch {
    // Told below, as is what is JSON and no list.
  }
  throw new GanglionError("E_FLEET_SOURCE", `what answers at ${name} is no istiod`, {
    hint: FORWARD,
    exitCode: 64,
  });
}

/** Out of `pod.namespace`; a namespace has no dots. */
function podOf(proxy: unknown): string | undefined {
  const [, pod, namespace] = /^(.+)\.([^.]+)$/.exec(String(proxy)) ?? [];
  return pod === undefined ? undefined : `${namespace}/${pod}`;
}
