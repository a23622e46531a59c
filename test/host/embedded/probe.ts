// Drives the scripted probe module: a proxy with the probe in it, and the probe's answers by line.

import {
  EmbeddedProxy,
  type EmbeddedProxyOptions,
  type Stream,
} from "../../../host-tools/src/embedded";
import type { Header } from "../../../host-tools/src/embedded";
import { guestModule } from "./guest-modules";

export const REQUEST: readonly Header[] = [
  [":method", "GET"],
  [":path", "/chat?user=1"],
  [":authority", "llm.example"],
  [":scheme", "http"],
  ["x-tier", "gold"],
];
export const RESPONSE: readonly Header[] = [
  [":status", "200"],
  ["content-type", "application/json"],
];

export function probeProxy(options: Partial<EmbeddedProxyOptions> = {}): EmbeddedProxy {
  return new EmbeddedProxy({
    wasm: guestModule("probe"),
    mainThread: false,
    canary: false,
    ...options,
  });
}

/** A proxy whose probe runs this script. */
export function scripted(
  script: readonly string[],
  options: Partial<EmbeddedProxyOptions> = {},
): EmbeddedProxy {
  const proxy = probeProxy(options);
  proxy.configure(script.join("\n"));
  return proxy;
}

/** What the probe's script line got for an answer; each run of the line gives one. */
export function answers(proxy: EmbeddedProxy, line: string): string[] {
  const start = `${line} = `;
  return proxy.logs
    .messages()
    .filter((message) => message.startsWith(start))
    .map((message) => message.slice(start.length));
}

export function answer(proxy: EmbeddedProxy, line: string): string | undefined {
  return answers(proxy, line).at(-1);
}

/** One whole request on worker 0, answered 200 by the upstream unless the proxy answered. */
export function request(proxy: EmbeddedProxy, headers: readonly Header[] = REQUEST): Stream {
  const stream = proxy.stream(0, { headers });
  if (stream.reply === null && !stream.wasReset) stream.pushResponseHeaders(RESPONSE, true);
  stream.end();
  return stream;
}

/** The callbacks that ran, in order: the log lines that are not answers. */
export function callbacks(proxy: EmbeddedProxy, vm?: string): string[] {
  return [...proxy.logs]
    .filter((line) => !line.fromHost && !line.message.includes(" = "))
    .filter((line) => vm === undefined || line.vm === vm)
    .map((line) => line.message);
}
