// The benches of weights, shortened: what they count has to be 0 in every run.

import { describe, expect, it } from "vitest";
import { bench as meshBad } from "../../bench/mesh-bad";
import { bench as meshPush } from "../../bench/mesh-push";
import { meshCanRun } from "./rig";

const OPTIONS = { seed: 2, quick: true, dataDir: undefined, say: () => {} };

describe.runIf(await meshCanRun())("new weights under load", () => {
  it("reach every proxy without a failed request", async () => {
    const { figures } = await meshPush.run(OPTIONS);
    expect(figures).toMatchObject({ failed_requests: 0, unfiltered_requests: 0, not_effective: 0 });
    expect(figures["propagation_ms_max"]).toBeLessThan(5_000);
  });

  it("leave nothing half and lose nothing, whatever goes down", async () => {
    const { figures } = await meshBad.run(OPTIONS);
    expect(figures).toMatchObject({
      failed_requests: 0,
      half_states: 0,
      lost_updates: 0,
      unexpected: 0,
    });
    // One that is through before the signal reaches it has only been faster.
    expect(figures["killed"]).toBeGreaterThanOrEqual(Number(figures["kill_points"]) - 1);
  });
});
