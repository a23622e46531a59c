// The seven-service assistant as it is rendered: nothing is found in it, and each defect that is planted
// in one of its files is, along the calls that its own sidecars tell.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { located, verifyTexts } from "../../../host-tools/src/verify";

const folder = fileURLToPath(
  new URL("../../../wasmplugin/examples/assistant/manifests/", import.meta.url),
);
const files = readdirSync(folder)
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => ({ name, text: readFileSync(folder + name, "utf8") }));

interface Planted {
  readonly rule: string;
  readonly file: string;
  readonly from: RegExp;
  readonly to: string;
}

const plant = (rule: string, file: string, from: RegExp, to: string): Planted => {
  return { rule, file: `${file}.yaml`, from, to };
};

const PLANTED: readonly Planted[] = [
  plant("timeout-chain", "virtualservice-conversation-service", /timeout: \d+s/g, "timeout: 3s"),
  plant("timeout-chain", "virtualservice-llm-service", /timeout: 300s/g, "timeout: 900s"),
  plant(
    "retries-exceed-timeout",
    "virtualservice-ticket-service",
    /timeout: 2s\n( +)retries:\n( +)attempts: \d+/,
    "timeout: 2s\n$1retries:\n$2attempts: 3\n$2perTryTimeout: 1s",
  ),
  plant("random-balancing", "destinationrule-llm-service", /LEAST_REQUEST/, "RANDOM"),
  plant(
    "sidecar-short-host",
    "sidecar-conversation-service",
    /\.\/llm-service\.ai-services\.svc\.cluster\.local/,
    "./llm-service",
  ),
  plant(
    "image-without-digest",
    "trafficextension-ganglion",
    /@sha256:[0-9a-f]{64}\n +sha256: \S+/,
    ":latest",
  ),
  plant(
    "deny-over-allow",
    "authorizationpolicy-ganglion-deny-by-default",
    /action: ALLOW/,
    "action: DENY\n  rules:\n    - {}",
  ),
  plant("principal-without-mtls", "peerauthentication-ganglion", /mode: STRICT/, "mode: DISABLE"),
  plant(
    "head-sampling-of-errors",
    "telemetry-ganglion",
    /randomSamplingPercentage: 10/,
    "randomSamplingPercentage: 10 # and all errors",
  ),
  plant("unknown-subset", "virtualservice-llm-service", /subset: \S+/, "subset: v9"),
];

describe("the assistant", () => {
  it("has no findings, and all of its calls are known", () => {
    const { findings, mesh } = verifyTexts(files);
    expect(findings.map(located)).toEqual([]);
    expect(mesh.objects.length).toBeGreaterThan(30);
    const called = mesh.calls.filter(({ from }) => from.startsWith("conversation-service."));
    expect(called.map(({ to }) => to.split(".")[0])).toEqual(
      expect.arrayContaining(["intent-service", "retrieval-service", "llm-service"]),
    );
  });

  it.each(PLANTED)("has $rule once it is planted in $file", ({ rule, file, from, to }) => {
    const changed = files.map(({ name, text }) => {
      return { name, text: name === file ? text.replace(from, to) : text };
    });
    expect(changed.find(({ name }) => name === file)?.text).toContain(to.split("\n")[0]);
    const told = verifyTexts(changed).findings.map(located);
    expect(told.map((finding) => finding.rule)).toContain(rule);
  });
});
