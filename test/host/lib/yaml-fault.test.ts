import { parseDocument } from "yaml";
import { describe, expect, it } from "vitest";
import { tellingFaults, yamlFault } from "../../../host-tools/src/lib/yaml-fault";

function faults(text: string): string[] {
  const { errors } = parseDocument(text, { prettyErrors: false });
  return tellingFaults(errors).map((error) => yamlFault(error, text));
}

describe("what is wrong with a YAML text", () => {
  it("names the key that stands twice", () => {
    expect(faults("mode: shadow\nmode: enforce\n")).toEqual([
      "key mode stands twice in one mapping",
    ]);
    expect(faults("a: { b: 1, b: 2 }")).toEqual(["key b stands twice in one mapping"]);
  });

  it("says once that it is nested too deeply, whatever that breaks besides", () => {
    expect(faults("[".repeat(50_000))).toEqual(["is nested too deeply to be read"]);
  });

  it("says nothing of a good one", () => {
    expect(faults("mode: shadow\n")).toEqual([]);
  });
});
