// Each of the twenty defects is found at its line with its numbers; its corrected form is silent.

import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { located, verifyTexts } from "../../../host-tools/src/verify";
import { paint } from "../../../host-tools/src/lib/talk";
import { textReport } from "../../../host-tools/src/verify/report/text-report";
import { expectGolden } from "../../support/golden";
import { DEFECTS, readDefect } from "./defects";

const folder = fileURLToPath(new URL("defects", import.meta.url));
const plain = Object.fromEntries(
  Object.keys(paint).map((name) => [name, (text: string) => text]),
) as unknown as typeof paint;

describe("a defect", () => {
  it.each(DEFECTS)("is found where it is, with its numbers: $id", ({ id, finds }) => {
    const { findings } = verifyTexts([readDefect(folder, id, "broken")]);
    const found = findings.map(located);
    expect(found.map(({ rule, line }) => ({ rule, line }))).toEqual(
      finds.map(({ rule, line }) => ({ rule, line })),
    );
    for (const [i, { says }] of finds.entries()) expect(found[i]?.message).toContain(says);
  });

  it.each(DEFECTS)("is gone when it is corrected: $id", ({ id }) => {
    const { findings } = verifyTexts([readDefect(folder, id, "corrected")]);
    expect(findings.map(located)).toEqual([]);
  });

  it.each(DEFECTS)("is told as the golden report tells it: $id", ({ id }) => {
    const verdict = verifyTexts([readDefect(folder, id, "broken")]);
    expectGolden(`verify/${id}.txt`, textReport(verdict, plain));
  });
});
