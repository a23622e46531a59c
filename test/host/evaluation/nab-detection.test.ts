// The filter's stream detector on the benchmark, as `bench detect --set nab` runs it.

import { describe, expect, it } from "vitest";
import { detect } from "../../../bench/detect/nab";
import { dataDirOrSkip } from "./nab-or-skip";

describe("the stream detector on the benchmark", () => {
  it("is far above a plain z-score by every profile", async (context) => {
    const dataDir = dataDirOrSkip(context);
    const options = { dataDir, seed: 1, quick: false, set: "nab", say: () => undefined };
    const { figures } = await detect(options);
    for (const name of ["nab_standard", "nab_low_fp", "nab_low_fn"]) {
      expect(figures[name]).toBeGreaterThan((figures[`${name}_ewma_z`] as number) + 10);
    }
    expect(figures.nab_standard).toBeGreaterThan(60);
  });
});
