// The benches of weights, shortened: what they count has to be 0 in every run.

import { describe, expect, it } from "vitest";
import { bench as meshBad } from "../../bench/mesh-bad";
import { bench as meshPush } from "../../bench/mesh-push";
import { killPoints } from "../../bench/rig/dying-pushes";
import { meshCanRun } from "./rig";
import { slowness } from "./support/slowness";

/** On a quiet machine with two cores. */
const PROPAGATION_MS_MAX = 5_000;
const OPTIONS = { seed: 2, quick: true, dataDir: undefined, say: () => {} };

describe.runIf(await meshCanRun())("new weights under load", () => {
  it("reach every proxy without a failed request", async () => {
    const slowBefore = await slowness();
    const { figures } = await meshPush.run(OPTIONS);
    expect(figures).toMatchObject({ failed_requests: 0, unfiltered_requests: 0, not_effective: 0 });
    const slow = Math.max(slowBefore, await slowness());
    expect(figures["propagation_ms_max"]).toBeLessThan(PROPAGATION_MS_MAX * slow);
  });

  it("leave nothing half and lose nothing, whatever goes down", async () => {
    const { figures } = await meshBad.run(OPTIONS);
    expect(figures).toMatchObject({
      failed_requests: 0,
      half_states: 0,
      lost_updates: 0,
      unexpected: 0,
    });
    // Those that end themselves before a step, for certain; of the others one may be through before
    // the signal reaches it.
    const certain = killPoints(true).filter(({ afterMs }) => afterMs === undefined).length;
    expect(certain).toBeGreaterThan(0);
    expect(figures["killed"]).toBeGreaterThanOrEqual(certain);
  });
});
