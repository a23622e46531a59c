// The fault suite's short scenario through a real Envoy: the same requests meet the same answers as in the
// embedded host, and the filter says something of them. What it says is compared by the bench, on a
// machine that is not busy.

import { expect, it, describe } from "vitest";
import { episodeVerdicts } from "../../host-tools/src/faults/agreement";
import { runEmbeddedSuite } from "../../host-tools/src/faults/embedded-run";
import { runEnvoySuite } from "../../host-tools/src/faults/envoy-run";
import { liveScenario } from "../../host-tools/src/faults/live-scenario";
import type { Scenario } from "../../host-tools/src/faults/scenario";
import { suiteArtifact, suiteConfig } from "../../host-tools/src/faults/suite-config";
import { readFilterModule } from "../../host-tools/src/lib/filter-module";
import { envoyOrSkip } from "./rig/envoy-or-skip";

const UNTIL_MS = 100_000;

/** The scenario's first faults, after its warm-up. */
function beginning(scenario: Scenario): Scenario {
  return {
    ...scenario,
    requests: scenario.requests.filter((one) => one.atMs < UNTIL_MS),
    episodes: scenario.episodes.filter((one) => one.untilMs < UNTIL_MS),
    untilMs: scenario.untilMs.map((ms) => Math.min(ms, UNTIL_MS)),
  };
}

/** How many answers have each status. */
function statuses(status: Int16Array): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const one of status) counts[one] = (counts[one] ?? 0) + 1;
  return counts;
}

describe("the fault suite in a real Envoy", () => {
  it("meets the answers of the embedded host, and finds a strong fault", async (context) => {
    const binary = await envoyOrSkip(context);
    const scenario = beginning(liveScenario(1));
    const pluginConfig = suiteConfig(scenario.routes, await suiteArtifact());
    const wasm = await readFilterModule();
    const embedded = runEmbeddedSuite(scenario, { wasm, pluginConfig });
    const live = await runEnvoySuite(scenario, { binary, pluginConfig });

    const [ours, theirs] = [statuses(embedded.status), statuses(live.status)];
    expect(theirs[401]).toBe(ours[401]);
    expect(theirs[404]).toBe(ours[404]);
    // Failures follow a schedule by the clock, and a real one does not start at 0 to the millisecond.
    expect(theirs[503]! / ours[503]!).toBeGreaterThan(0.8);
    expect(theirs[503]! / ours[503]!).toBeLessThan(1.25);
    const unanswered = theirs[0] ?? 0;
    expect(unanswered).toBeLessThan(0.01 * scenario.requests.length);

    const found = (run: typeof embedded): number =>
      episodeVerdicts(run).filter((one) => one.isFound).length;
    expect(scenario.episodes.length).toBeGreaterThan(2);
    expect(found(embedded)).toBeGreaterThan(0);
    expect(found(live)).toBeGreaterThan(0);
    expect(live.ejectionsMs).toHaveLength(scenario.routes.length);
  });
});
