import { createHash } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { CONTENT_HEADER_BYTES } from "../../../host-tools/src/contract";
import { decodeArtifact } from "../../../host-tools/src/model/artifact";
import { encodeBundle } from "../../../host-tools/src/model/bundle";
import { describeArtifact } from "../../../host-tools/src/model/describe-artifact";
import {
  cardFiles,
  readModelCard,
  writeModelCard,
} from "../../../host-tools/src/model-card/card-file";
import { cardMarkdown } from "../../../host-tools/src/model-card/card-markdown";
import { inspect, inspectionJson, isSound } from "../../../host-tools/src/model-card/inspection";
import { inspectionHtml } from "../../../host-tools/src/model-card/inspection-html";
import { inspectionText } from "../../../host-tools/src/model-card/inspection-text";
import { type CardFacts, makeModelCard } from "../../../host-tools/src/model-card/model-card";
import { picturesOf } from "../../../host-tools/src/model-card/weights-picture";

const shipped = readFileSync(resolve("wasmplugin/models/default.gngl"));
const folder = mkdtempSync(join(tmpdir(), "ganglion-card-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const facts: CardFacts = {
  data: {
    source: "gateway | <edge>.jsonl",
    seed: 3,
    sha256: "ab".repeat(32),
    routes: 5,
    training_requests: 6000,
    validation_requests: 1500,
    calibration_requests: 2500,
  },
  recipe: { optimiser_steps: 300, loss: "huber", quantisation_aware: true },
  loss: { training: 0.21, validation: 0.25, trivial: 0.9 },
  detection: [
    { fault: "slow-arm", set: "made-up", episodes: 24, found: 14, recall: 0.3, delay_requests: 12 },
    { fault: "flood", set: "made-up", episodes: 24, found: 24, recall: 0.9, delay_requests: 4 },
    { fault: "scan", set: "made-up", episodes: 4, found: 0, recall: 0, delay_requests: null },
  ],
  false_alarms: { set: "healthy", requests: 50_000, alarms: 100, nominal: 0.001 },
  limits: ["Weekends were not in the data."],
};

describe("a model card", () => {
  it("says what the artifact says, under the same names", () => {
    const card = makeModelCard(shipped, facts);
    expect(card.file.members).toEqual([describeArtifact(shipped)]);
    expect(card.file.sha256).toBe(describeArtifact(shipped).sha256);
    expect(card.facts).toEqual(facts);
  });

  it("tells what was measured to fail, and the maker cannot leave it out", () => {
    const { limits } = makeModelCard(shipped, facts);
    expect(limits).toContain("It missed 10 of 24 episodes of slow-arm (made-up).");
    expect(limits).toContain("It missed 4 of 4 episodes of scan (made-up).");
    expect(limits.join("\n")).not.toContain("of flood");
    expect(limits).toContain("On healthy it raised 2.0 times as many false alarms as it promises.");
    expect(limits).toContain("Weekends were not in the data.");
    expect(limits.join("\n")).toContain("alarm rates below 1 in 250 of requests are extrapolated");
  });

  it("tells what was not measured", () => {
    const { limits } = makeModelCard(shipped, { data: facts.data, recipe: {} });
    expect(limits).toContain("Its false alarms were not measured.");
    expect(limits).toContain("What it detects was not measured.");
  });

  it("is the same bytes for the same model and facts", () => {
    expect(cardMarkdown(makeModelCard(shipped, facts))).toBe(
      cardMarkdown(makeModelCard(shipped, structuredClone(facts))),
    );
  });

  it("keeps a source's own bars and brackets out of its Markdown", () => {
    const text = cardMarkdown(makeModelCard(shipped, facts));
    expect(text).toContain("| source | gateway \\| &lt;edge>.jsonl |");
    expect(text).toContain(`| sha256 | ${describeArtifact(shipped).sha256} |`);
    for (const heading of ["Scorer default", "Data", "Recipe", "Measured", "Limits"]) {
      expect(text).toMatch(new RegExp(`^## ${heading}$`, "m"));
    }
  });

  it("stands beside the shipped model, and is of it", async () => {
    const file = resolve("wasmplugin/models/default.gngl");
    const found = await readModelCard(file, describeArtifact(shipped).sha256);
    expect(found?.isCurrent).toBe(true);
    const { card } = found!;
    expect(cardMarkdown(card)).toBe(readFileSync(cardFiles(file).md, "utf8"));
    expect(makeModelCard(shipped, card.facts)).toEqual(card);
    expect(card.facts.detection!.length).toBeGreaterThan(5);
  });

  it("stands beside its artifact, and knows whether it is still of it", async () => {
    const file = join(folder, "model.gngl");
    copyFileSync(resolve("wasmplugin/models/default.gngl"), file);
    const { sha256 } = describeArtifact(shipped);
    expect(await readModelCard(file, sha256)).toBeUndefined();
    await writeModelCard(file, shipped, facts);
    expect(await readModelCard(file, sha256)).toMatchObject({ isCurrent: true, card: { facts } });
    expect(await readModelCard(file, "0".repeat(64))).toMatchObject({ isCurrent: false });
    expect(readFileSync(cardFiles(file).md, "utf8")).toMatch(/^# Model card: default$/m);
    writeFileSync(cardFiles(file).json, '{"card_format":1}');
    expect(await readModelCard(file, sha256)).toBeUndefined();
  });
});

describe("an inspection", () => {
  const file = join(folder, "shown.gngl");

  it("tells the models of a bundle apart, and the filter's verdict on all of them", async () => {
    const content = readFileSync(resolve("wasmplugin/models/content.gngl"));
    const members = [shipped, content];
    const bundle = encodeBundle({ name: "pair", modelVersion: 4, members });
    const inspection = await inspect(bundle, file);
    expect(isSound(inspection)).toBe(true);
    expect(inspection.file).toMatchObject({ kind: "bundle", name: "pair", model_version: 4 });
    const text = inspectionText(inspection);
    expect(text).toMatch(/^kind +bundle: scorer default, content content$/m);
    expect(text).toMatch(/^scorer, scorer default$/m);
    expect(text).toMatch(/^content table, content content$/m);
    expect(text).not.toMatch(/NaN|undefined/);
    expect(inspectionHtml(inspection)).not.toMatch(/NaN|undefined/);
    const json = inspectionJson(inspection) as { members: { kind: string; sha256: string }[] };
    expect(json.members.map(({ kind }) => kind)).toEqual(["scorer", "content"]);
    expect(json.members[1]!.sha256).toBe(createHash("sha256").update(content).digest("hex"));
    const { limits } = makeModelCard(bundle, facts);
    expect(limits.join("\n")).toMatch(/first 384 bytes/);
  });

  it("draws a content table by itself, and finds a bent one", async () => {
    const bytes = Uint8Array.from(readFileSync(resolve("wasmplugin/models/content.gngl")));
    const sound = await inspect(bytes, file);
    expect(sound.file.members[0]).toMatchObject({ kind: "content", self_test: { passed: true } });
    expect(inspectionText(sound)).toMatch(/^what a score of the one-class table is worth$/m);
    bytes[CONTENT_HEADER_BYTES + 8]! ^= 64;
    for (let entry = 0; entry < 4096; entry += 3) bytes[CONTENT_HEADER_BYTES + 2 * entry]! ^= 96;
    expect(isSound(await inspect(bytes, file))).toBe(false);
  });

  it("draws shape, weights, inputs, calibration and threshold without a card", async () => {
    const inspection = await inspect(shipped, file);
    const text = inspectionText(inspection);
    expect(isSound(inspection)).toBe(true);
    expect(inspection.filter).toEqual({ result: "accepted", reason: "" });
    for (const part of ["shape", "weights", "inputs", "predictions", "what a surprise is worth"]) {
      expect(text).toMatch(new RegExp(`^${part}$`, "m"));
    }
    expect(text).toContain("no card beside it");
    expect(text).toMatch(/╌ threshold$/m);
    expect(text).not.toContain("\u001b");
    expect(text).not.toContain("NaN");
  });

  it("shows the card's data, figures and limits, and says when it is of another artifact", async () => {
    await writeModelCard(file, shipped, facts);
    const inspection = await inspect(shipped, file);
    const text = inspectionText(inspection);
    expect(text).toMatch(/^slow-arm +made-up +14 of 24 +30\.0 % +12$/m);
    expect(text).toMatch(/^- It missed 10 of 24 episodes of slow-arm \(made-up\)\.$/m);
    expect(text).not.toContain("another artifact");
    const stale = inspectionText({ ...inspection, isCardCurrent: false });
    expect(stale).toContain("the card is of another artifact");
  });

  it("is one page of HTML that loads nothing and lets no text become markup", async () => {
    await writeModelCard(file, shipped, facts);
    const html = inspectionHtml(await inspect(shipped, file));
    expect(html).toContain("gateway | &lt;edge&gt;.jsonl");
    expect(html).not.toMatch(/<edge>|src=|href=|<script/);
    expect(html.match(/<svg/g)!.length).toBe(html.match(/<\/svg>/g)!.length);
    expect(html).not.toContain("NaN");
  });

  it("counts every weight of every matrix once", () => {
    const artifact = decodeArtifact(shipped);
    const pictures = picturesOf(artifact);
    expect(pictures.length).toBeGreaterThan(1);
    for (const { rows, columns, histogram, column_weights: weights } of pictures) {
      expect(histogram.reduce((sum, count) => sum + count, 0)).toBe(rows * columns);
      expect(weights).toHaveLength(columns);
      expect(Math.min(...weights)).toBeGreaterThanOrEqual(0);
    }
  });
});
