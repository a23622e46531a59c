// The score that evidence gives, in the filter and in the tool.

import { expect, it } from "vitest";
import {
  EVIDENCE_FULL_SCORE,
  EVIDENCE_MAX,
  EVIDENCE_ONE,
  evidencePermille,
} from "../../../host-tools/src/contract";
import { startLab } from "./start-lab";

it("is the permille of healthy traffic with less, within one", () => {
  for (let evidence = 0; evidence < EVIDENCE_FULL_SCORE; evidence++) {
    const exact = 1000 * (1 - 10 ** (-evidence / EVIDENCE_ONE));
    expect(Math.abs(evidencePermille(evidence) - exact)).toBeLessThan(1.2);
  }
});

it("never falls, and is even at whole powers of ten", () => {
  for (let evidence = 1; evidence <= EVIDENCE_MAX; evidence++) {
    expect(evidencePermille(evidence)).toBeGreaterThanOrEqual(evidencePermille(evidence - 1));
  }
  expect([-1, 0, 256, 512, 767, 768, 1023, 1024, 2560].map(evidencePermille)).toEqual([
    0, 0, 900, 990, 998, 999, 999, 1000, 1000,
  ]);
});

it("is the same in the filter", () => {
  const { wasm } = startLab();
  for (let evidence = -2; evidence <= EVIDENCE_MAX; evidence++) {
    expect(wasm.evidencePermille(evidence)).toBe(evidencePermille(evidence));
  }
});
