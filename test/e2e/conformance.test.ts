// The embedded host is only worth something if Envoy does the same: every script is played through
// both with the release filter, and headers at the upstream, headers at the client, counters and the
// worker's log lines are compared.

import { afterEach, describe, expect, it } from "vitest";
import { replayEvents, type Header, type Observations } from "../../host-tools/src/embedded";
import { filterModulePath } from "../../host-tools/src/lib/filter-module";
import { EnvoyReplay } from "../support/conformance-envoy";
import { conformanceScripts } from "../support/conformance-scripts";
import { filterWasm } from "../support/filter-proxy";
import { envoyOrSkip } from "./rig/envoy-or-skip";

let replay: EnvoyReplay | undefined;
afterEach(() => replay?.stop());

/** What the upstream reads off the wire has no scheme of its own. */
const onWire = (headers: readonly Header[] | null) =>
  headers?.filter(([name]) => name !== ":scheme") ?? null;

function streamsOf({ streams }: Observations) {
  const entries = Object.entries(streams).map(([id, stream]) => {
    const { clientHeaders, clientBody, upstreamBody } = stream;
    const upstreamHeaders = onWire(stream.upstreamHeaders);
    return [id, { upstreamHeaders, upstreamBody, clientHeaders, clientBody }] as const;
  });
  return Object.fromEntries(entries);
}

/** Counters, and of the gauges those that do not depend on the moment. */
function countersOf(metrics: Observations["metrics"]): Record<string, unknown> {
  const steady = /_total$|config_error$|config_epoch$|model_version$/;
  const kept = Object.entries(metrics).filter(([name]) => steady.test(name));
  return Object.fromEntries(kept.map(([name, { value }]) => [name, value]));
}

describe("the embedded host and a real Envoy agree on", () => {
  for (const script of conformanceScripts()) {
    it(script.name, async (context) => {
      const binary = await envoyOrSkip(context);
      const expected = replayEvents(filterWasm(), script);
      expect(Object.keys(expected.streams).length).toBeGreaterThan(0);
      replay = new EnvoyReplay(binary, filterModulePath(), script);
      const seen = await replay.play();
      expect(streamsOf(seen)).toEqual(streamsOf(expected));
      expect(seen.configurations).toEqual(expected.configurations);
      expect(seen.logs).toEqual(expected.logs);
      await expect
        .poll(async () => countersOf(await replay!.metrics()), { timeout: 60_000 })
        .toEqual(countersOf(expected.metrics));
    });
  }
});
