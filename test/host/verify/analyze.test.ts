import { describe, expect, it } from "vitest";
import {
  besideRows,
  besideSummary,
  besideText,
} from "../../../host-tools/src/verify/analyze/beside";
import { findIstioctl, parseMessages } from "../../../host-tools/src/verify/analyze/istioctl";

const message = (code: string, origin: string, reference: string) => ({
  code,
  level: "Error",
  message: `about ${origin}`,
  origin,
  reference,
});

const RAW = JSON.stringify([
  message("IST0106", "Sidecar ai-services/scope", "mesh.yaml:11"),
  message("IST0109", "VirtualService ai-services/a", "mesh.yaml:3"),
  message("IST0109", "VirtualService ai-services/a", "mesh.yaml:3"),
]);

const findings = [
  { rule: "host-owned-twice", object: "VirtualService ai-services/a" },
  { rule: "random-balancing", object: "DestinationRule ai-services/llm" },
  { rule: "breaker-cannot-open", object: "DestinationRule ai-services/llm" },
];

describe("the messages of istioctl", () => {
  it("are read with object, file and line", () => {
    expect(parseMessages(RAW)[1]).toEqual({
      code: "IST0109",
      level: "Error",
      message: "about VirtualService ai-services/a",
      object: "VirtualService ai-services/a",
      file: "mesh.yaml",
      line: 3,
    });
  });

  it("are found behind what it says before its JSON", () => {
    expect(parseMessages(`2026-11-24 warn file\n${RAW}`)).toHaveLength(3);
    expect(parseMessages("[]")).toEqual([]);
  });

  it("may name no place", () => {
    const bare = JSON.stringify([{ code: "IST0001", level: "Error", message: "internal" }]);
    expect(parseMessages(bare)[0]).toMatchObject({ object: "", file: "", line: 0 });
  });

  it("that are none are an error with its last words", () => {
    const silent = () => parseMessages("", "starting\nunknown flag: --output");
    expect(silent).toThrow("istioctl analyze: unknown flag: --output");
    expect(() => parseMessages("[{")).toThrow("its output is no JSON");
  });
});

describe("istioctl", () => {
  it("is the named one, else the environment's, else the one on PATH", () => {
    const { execPath } = process;
    expect(findIstioctl(execPath, {})).toBe(execPath);
    expect(findIstioctl(undefined, { GANGLION_ISTIOCTL: execPath })).toBe(execPath);
    expect(() => findIstioctl("/nowhere/istioctl", {})).toThrow("no istioctl at /nowhere/istioctl");
    expect(() => findIstioctl(undefined, { PATH: "/nowhere" })).toThrow("no istioctl on PATH");
  });
});

describe("findings beside istioctl's messages", () => {
  const messages = parseMessages(RAW);
  const rows = besideRows(findings, messages);

  it("stand by object", () => {
    expect(rows).toEqual([
      {
        object: "VirtualService ai-services/a",
        verify: ["host-owned-twice"],
        istioctl: ["IST0109"],
      },
      {
        object: "DestinationRule ai-services/llm",
        verify: ["random-balancing", "breaker-cannot-open"],
        istioctl: [],
      },
      { object: "Sidecar ai-services/scope", verify: [], istioctl: ["IST0106"] },
    ]);
  });

  it("are a table with istioctl's sentences below", () => {
    expect(besideText(rows, messages)).toBe(
      [
        "object                           verify               istioctl analyze",
        "VirtualService ai-services/a     host-owned-twice     IST0109",
        "DestinationRule ai-services/llm  random-balancing     -",
        "                                 breaker-cannot-open",
        "Sidecar ai-services/scope        -                    IST0106",
        "",
        "IST0106 Error: about Sidecar ai-services/scope",
        "IST0109 Error: about VirtualService ai-services/a",
        "",
      ].join("\n"),
    );
    expect(besideText([], [])).toContain("nothing to say");
  });

  it("are counted", () => {
    expect(besideSummary(rows)).toBe(
      "istioctl analyze says something of 1 of 2 objects with findings, and of 1 without",
    );
  });
});
