import { describe, expect, it } from "vitest";
import type { DetectionFigures, Evaluation } from "../../../host-tools/src/evaluation/evaluation";
import { evaluationHtml } from "../../../host-tools/src/evaluation/evaluation-html";
import { layerSubsets } from "../../../host-tools/src/evaluation/layer-subsets";
import { evaluationCsv, evaluationText } from "../../../host-tools/src/evaluation/evaluation-text";
import { FAULT_CLASSES, type FaultClass } from "../../../host-tools/src/faults/fault-class";

function detection(f1: number): DetectionFigures {
  const recalls = FAULT_CLASSES.map((fault, i) => [fault, i / 10] as const);
  return {
    f1,
    recall: f1 / 2,
    precision: 1,
    delay_s: f1 > 0 ? 2.5 : null,
    false_per_hour: 0.333,
    recall_by_fault: Object.fromEntries(recalls) as Record<FaultClass, number>,
  };
}

const evaluation: Evaluation = {
  seed: 7,
  per_hour: 1,
  episodes: 30,
  healthy_key_hours: 24,
  hidden: 16,
  architectures: (["lstm", "gru", "transformer", "linear"] as const).map((architecture, i) => ({
    architecture,
    parameters: 1000 * (i + 1),
    bytes: 8000,
    ns_per_step: 300,
    loss: architecture === "linear" ? null : 0.125,
    training_s: 4,
    f1_with_others: 0.875,
    ...detection(i / 4),
  })),
  subsets: layerSubsets().map((layers, i) => ({ layers, ...detection(i / 20) })),
};

describe("an evaluation as text", () => {
  const text = evaluationText(evaluation);

  it("shows every architecture, every subset, every fault and what the figures are of", () => {
    for (const { architecture } of evaluation.architectures) {
      expect(text).toMatch(new RegExp(`^${architecture} `, "m"));
    }
    for (const { layers } of evaluation.subsets) expect(text).toContain(`\n${layers.join("+")} `);
    for (const fault of FAULT_CLASSES) expect(text).toContain(`\n${fault} `);
    expect(text).toContain("30 episodes of 10 faults");
    expect(text).toContain("seed 7");
  });

  it("has a dash where there is no figure", () => {
    expect(text).toMatch(/^linear +4000 +8000 +300 +- /m);
    expect(text).toMatch(/^lstm .* - +0\.33 +0\.875$/m);
  });
});

describe("an evaluation as CSV", () => {
  const lines = evaluationCsv(evaluation).trimEnd().split("\n");

  it("has one line a detector and the same cells in each", () => {
    expect(lines).toHaveLength(1 + 4 + 15);
    const cells = lines.map((line) => line.split(",").length);
    expect(new Set(cells).size).toBe(1);
    expect(lines[0]).toContain("recall_credential_stuffing");
  });

  it("leaves a cell empty where there is no figure", () => {
    expect(lines[4]).toMatch(/^architecture,linear,4000,8000,300,,4,/);
    expect(lines[5]).toMatch(/^layers,L0,,,,,,0,/);
  });
});

describe("an evaluation as a page", () => {
  const page = evaluationHtml(evaluation);

  it("draws a bar for every subset and a shade for every fault and detector", () => {
    expect(page.match(/class="bar( single)?"/g)).toHaveLength(15);
    expect(page.match(/class="bar single"/g)).toHaveLength(4);
    expect(page.match(/class="shade"/g)).toHaveLength(10 * 7);
  });

  it("loads nothing and closes what it opens", () => {
    expect(page).not.toMatch(/<(script|link|img)\b|https?:/);
    for (const tag of ["svg", "figure", "table", "tr", "td", "main"]) {
      const opened = page.match(new RegExp(`<${tag}[ >]`, "g"))!.length;
      expect(page.match(new RegExp(`</${tag}>`, "g"))).toHaveLength(opened);
    }
  });

  it("is the same for the same evaluation", () => {
    expect(evaluationHtml(evaluation)).toBe(page);
  });
});
