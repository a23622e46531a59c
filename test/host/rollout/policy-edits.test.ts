import { describe, expect, it } from "vitest";
import { compilePolicy } from "../../../host-tools/src/config/policy-compile";
import { withCanaryAsStable, withRevision } from "../../../host-tools/src/rollout/policy-edits";
import { expectGolden } from "../../support/golden";

const BLOCK = `version: 1 # kept
mesh: { istio: "1.31", namespace: ai, workloads: { ganglion: "on" } }
services:
  other: # kept too
    port: 80
    routes: [{ name: rest, match: { authority: other } }]
  llm:
    port: 8080
    fallback: [one, mini]
    arms:
      one:
        # what serves now
        default: true
        subset: v1
      mini: { subset: mini }
      next:
        subset: v2
    # The rollout of the new model.
    rollout:
      stable: one
      canary: next
      # slow
      analysis:
        step_weights: [5, 100]

    routes:
      - name: chat
        match: { authority: llm, path_prefix: /chat }
        arms: [one, mini] # never next
`;
const FLOW = `version: 1
mesh: { istio: "1.31", namespace: ai, workloads: { ganglion: "on" } }
services:
  llm: {
    port: 8080, arms: { one: { default: true }, next: {} },
    routes: [{ name: chat }], rollout: { stable: one, canary: next } }
`;
const IMPLIED = `version: 1
mesh: { istio: "1.31", namespace: ai, workloads: { ganglion: "on" } }
services:
  llm:
    port: 8080
    rollout: { stable: one, canary: next, guard: { mode: shadow } }
    routes: [{ name: chat, arms: [one] }]
    arms:
      one: {}
      next:
`;
const ALIASED = `version: 1
mesh: { istio: "1.31", namespace: ai, workloads: { ganglion: "on" } }
services:
  other:
    port: 80
    arms: { one: { default: true }, next: &next { subset: v2 } }
    rollout: { stable: one, canary: next, guard: &strict { requests_min: 50 } }
    routes: [{ name: rest, match: { authority: other } }]
  llm:
    port: 8080
    arms: { one: { default: true }, next: *next }
    rollout: { stable: one, canary: next, guard: *strict }
    routes: [{ name: chat, match: { authority: llm } }]
`;
const file = "ganglion.yaml";
const llm = (text: string) =>
  compilePolicy(text, file).policy.services.find(({ name }) => name === "llm");

describe("a policy whose canary has taken over", () => {
  it.each([
    ["block", BLOCK],
    ["flow", FLOW],
    ["implied", IMPLIED],
  ])("has it as the default arm and no rollout: written as %s", (name, text) => {
    const after = withCanaryAsStable({ text, file }, "llm");
    expectGolden(`rollout/finished-${name}.yaml`, after);
    const service = llm(after);
    expect(service?.rollout).toBeUndefined();
    expect(service?.arms.find(({ isDefault }) => isDefault)?.name).toBe("next");
    expect(service?.routes[0]?.arms.map((arm) => arm.name)).toContain("next");
  });

  it("has it in the lists of arms, whatever its name was in an older YAML", () => {
    const text = FLOW.replaceAll("one", "no").replace(
      "{ name: chat }",
      "{ name: chat, arms: [no] }",
    );
    const after = withCanaryAsStable({ text, file }, "llm");
    expect(llm(after)?.routes[0]?.arms.map((arm) => arm.name)).toEqual(["next"]);
  });

  it("is refused where the canary is an alias, which would lose what it stands for", () => {
    expect(() => withCanaryAsStable({ text: ALIASED, file }, "llm")).toThrow(
      "cannot be edited here",
    );
  });

  it("cannot be finished twice", () => {
    const after = withCanaryAsStable({ text: FLOW, file }, "llm");
    expect(() => withCanaryAsStable({ text: after, file }, "llm")).toThrow("rollout is missing");
  });
});

describe("a policy for the next try of a canary", () => {
  it.each([
    ["block", BLOCK],
    ["flow", FLOW],
    ["implied", IMPLIED],
  ])("differs by the guard's revision alone: written as %s", (_name, text) => {
    const first = withRevision({ text, file }, "llm", "try-2");
    expect(llm(first)?.rollout?.guard?.revision).toBe("try-2");
    const second = withRevision({ text: first, file }, "llm", "try-3");
    expect(llm(second)?.rollout?.guard?.revision).toBe("try-3");
    expect(second.replace(/"?try-3"?/, "")).toBe(first.replace(/"?try-2"?/, ""));
  });

  it("is refused where the guard is an alias, which would lose what it stands for", () => {
    expect(() => withRevision({ text: ALIASED, file }, "llm", "x")).toThrow(
      "cannot be edited here",
    );
  });

  it("is refused where the service has no rollout", () => {
    expect(() => withRevision({ text: BLOCK, file }, "other", "x")).toThrow("rollout is missing");
  });
});
