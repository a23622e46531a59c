// Several models in one file: taken apart as they were put together, refused alike by filter and tool.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { Architecture, ArtifactStatus, artifactStatusName } from "../../../host-tools/src/contract";
import { GanglionError } from "../../../host-tools/src/lib/errors";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { encodeArtifact } from "../../../host-tools/src/model/artifact";
import {
  bundleMembers,
  encodeBundle,
  readModels,
  type Bundle,
} from "../../../host-tools/src/model/bundle";
import type { ModelLab } from "../../../host-tools/src/model/model-lab";
import { randomArtifact } from "./random-artifact";
import { startLab } from "./start-lab";

let lab: ModelLab;
let content: Uint8Array;
beforeAll(() => {
  lab = startLab();
  content = readFileSync(resolve("wasmplugin/models/content.gngl"));
});

function scorer(architecture: Architecture, hidden = 16, outputs = 10): Uint8Array {
  const variant = architecture === Architecture.Transformer ? 2 + (16 << 8) + (32 << 16) : 0;
  const shape = { architecture, hidden, outputs, variant };
  return encodeArtifact(randomArtifact(seededPrng(9), shape));
}

/** Writes without looking, for what encodeBundle refuses. */
function unchecked(members: readonly Uint8Array[]): Uint8Array {
  const bytes = encodeBundle({ ...bundle([content]) }).slice(0, 256);
  const whole = new Uint8Array(members.reduce((sum, m) => sum + m.length, 256));
  const view = new DataView(whole.buffer);
  whole.set(bytes);
  view.setUint32(12, members.length, true);
  view.setUint32(16, whole.length, true);
  let at = 256;
  members.forEach((member, i) => {
    if (i < 3) view.setUint32(28 + 4 * i, member.length, true);
    whole.set(member, at);
    at += member.length;
  });
  return whole;
}

function bundle(members: readonly Uint8Array[]): Bundle {
  return { name: "all", modelVersion: 3, members };
}

function statuses(bytes: Uint8Array): [filter: string, host: string] {
  const filter = artifactStatusName(lab.validateModels(bytes));
  try {
    readModels(bytes);
    return [filter, "ok"];
  } catch (error) {
    if (!(error instanceof GanglionError)) throw error;
    return [filter, error.code.replace("E_ARTIFACT_", "").toLowerCase()];
  }
}

describe("a bundle", () => {
  it("carries two scorers and a content table", () => {
    const members = [scorer(Architecture.Lstm), content, scorer(Architecture.Transformer)];
    const bytes = encodeBundle(bundle(members));
    expect(lab.validateModels(bytes)).toBe(ArtifactStatus.Ok);
    expect(bundleMembers(bytes).map((member) => Buffer.from(member))).toEqual(
      members.map((member) => Buffer.from(member)),
    );
    const models = readModels(bytes);
    expect(models.scorers.map(({ architecture }) => architecture)).toEqual([
      Architecture.Lstm,
      Architecture.Transformer,
    ]);
    expect(models.content).toBeDefined();
  });

  it("of one is what an artifact alone is taken for", () => {
    for (const alone of [scorer(Architecture.Gru), content]) {
      expect(statuses(alone)).toEqual(["ok", "ok"]);
      expect(bundleMembers(alone)).toEqual([alone]);
    }
  });

  it("is refused with a member too many of a kind", () => {
    const lstm = scorer(Architecture.Lstm);
    expect(statuses(unchecked([lstm, lstm, lstm]))).toEqual(["bad_member", "bad_member"]);
    expect(statuses(unchecked([content, content]))).toEqual(["bad_member", "bad_member"]);
    const inner = encodeBundle(bundle([content]));
    expect(statuses(unchecked([inner]))).toEqual(["bad_member", "bad_member"]);
    expect(statuses(unchecked([]))).toEqual(["bad_length", "bad_length"]);
    expect(statuses(unchecked([content, lstm, lstm, lstm]))).toEqual(["bad_length", "bad_length"]);
  });

  it("is refused when its scorers' states do not fit a route together", () => {
    const transformer = scorer(Architecture.Transformer);
    const bytes = unchecked([transformer, transformer]);
    expect(statuses(bytes)).toEqual(["state_too_large", "state_too_large"]);
    expect(() => encodeBundle(bundle([transformer, transformer]))).toThrow(
      /takes \d+ bytes, at most/,
    );
  });

  it("is refused alike by filter and tool wherever a bit falls over", () => {
    const random = seededPrng(21);
    const good = encodeBundle(bundle([scorer(Architecture.Gru), content]));
    const seen = new Set<string>();
    for (let round = 0; round < 3000; round++) {
      const bytes = good.slice();
      // The headers more often than what a member's own tests have broken already.
      const at = random.below(4) === 0 ? random.below(bytes.length) : random.below(256);
      bytes[at] = bytes[at]! ^ (1 << random.below(8));
      const end = random.below(20) === 0 ? random.below(bytes.length) : bytes.length;
      const [filter, host] = statuses(bytes.subarray(0, end));
      seen.add(filter);
      // The tool does not run self-tests when it reads.
      if (filter !== host && filter !== "self_test_failed") expect.fail(`${filter}, host ${host}`);
    }
    for (const status of ["bad_length", "bad_magic", "bad_padding", "bad_header", "ok"]) {
      expect(seen).toContain(status);
    }
  });
});
