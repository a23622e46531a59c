// verify over all of Istio's own samples: nothing but what docs/rules/samples.md argues.

import { relative } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { located, verifyObjects } from "../../host-tools/src/verify";
import { readPaths, type Reading } from "../../host-tools/src/verify/source/read-files";
import { arguedFindings } from "../support/istio-samples";
import { meshCanRun, meshParts } from "./rig";

/** Fewer would mean that most of the folder was not read. */
const OBJECTS_MIN = 300;

describe.runIf(await meshCanRun())("Istio's samples", () => {
  let samples: string;
  let reading: Reading;
  beforeAll(async () => {
    samples = (await meshParts(() => undefined)).istioSamples;
    reading = await readPaths([samples], "default");
  });

  it("are all read", () => {
    expect(reading.faults).toEqual([]);
    expect(reading.objects.length).toBeGreaterThanOrEqual(OBJECTS_MIN);
  });

  it("have the findings that the page argues, and no other", () => {
    const found = verifyObjects(reading.objects).findings.map((finding) => {
      const { file, line, rule } = located(finding);
      return { file: relative(samples, file), line, rule };
    });
    expect(found).toEqual(arguedFindings());
  });
});
