// What the embedded host observes of each conformance script, as golden files: the same scripts that
// the end-to-end test holds against a real Envoy, so that a change shows without one.

import { describe, it } from "vitest";
import { replayEvents } from "../../host-tools/src/embedded";
import { conformanceScripts, isWarmUp } from "../support/conformance-scripts";
import { filterWasm } from "../support/filter-proxy";
import { expectGolden } from "../support/golden";

describe("the observations of the script", () => {
  for (const script of conformanceScripts()) {
    it(script.name, () => {
      const { configurations, streams, metrics, logs } = replayEvents(filterWasm(), script);
      const told = Object.entries(streams).filter(([id]) => !isWarmUp(id));
      const counters = Object.entries(metrics).filter(([, { type }]) => type === "counter");
      const observed = {
        configurations,
        logs,
        counters: Object.fromEntries(counters.map(([name, { value }]) => [name, value])),
        streams: Object.fromEntries(told),
      };
      const name = script.name.replaceAll(/[^a-z]+/g, "-");
      const text = JSON.stringify(observed, null, 2).replaceAll(/x{1000,}/g, "x...");
      expectGolden(`conformance/${name}.json`, `${text}\n`);
    });
  }
});
