import { describe, expect, it } from "vitest";
import { bench } from "../../bench/rbac";
import { meshCanRun } from "./rig";

describe.runIf(await meshCanRun())("the pusher's Role", () => {
  it("lets the stated verbs pass, no other, and is enough for a push", async () => {
    const { figures } = await bench.run({
      seed: 1,
      quick: true,
      dataDir: undefined,
      say: () => {},
    });
    expect(figures).toEqual({
      bench: "rbac",
      seed: 1,
      tried: 20,
      allowed: 5,
      denied: 15,
      stated: 5,
      unexpected: 0,
      push_epoch: 2,
    });
  });
});
