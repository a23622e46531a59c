import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bar, plotCurve, strip } from "../../../host-tools/src/model-card/terminal-picture";

describe("a strip", () => {
  it("has a character a value, empty only for nothing", () => {
    expect(strip([0, 1, 4, 8])).toBe(" ▁▄█");
    expect(strip([0, 0])).toBe("  ");
    expect(strip([0.001, 1000])).toBe("▁█");
    expect(strip([])).toBe("");
  });
});

describe("a bar", () => {
  it("is never longer than its width, and grows with its value", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 100, noNaN: true }), fc.nat(30), (value, width) => {
        const drawn = bar(value, 50, width);
        expect(drawn.length).toBeLessThanOrEqual(width);
        expect(bar(value / 2, 50, width).length).toBeLessThanOrEqual(drawn.length);
      }),
      { seed: 1 },
    );
    expect(bar(50, 50, 4)).toBe("████");
    expect(bar(25, 50, 1)).toBe("▌");
    expect(bar(1, 0, 9)).toBe("");
  });
});

describe("a curve", () => {
  it("starts low on the left, ends high on the right, and carries its mark", () => {
    const lines = plotCurve({
      points: [
        { x: 0, y: 0 },
        { x: 1, y: 4 },
      ],
      xLow: 0,
      xHigh: 1,
      yHigh: 4,
      rowLabels: ["4", "", "2", "", "0"],
      mark: { y: 2, name: "half" },
      xLabels: ["from", "to"],
    });
    expect(lines[0]).toMatch(/^4 ┤ +│?•+$/);
    expect(lines[4]).toMatch(/^0 ┤•+$/);
    expect(lines[2]).toMatch(/╌ half$/);
    expect(lines.at(-1)).toMatch(/^ +from +to$/);
  });
});
