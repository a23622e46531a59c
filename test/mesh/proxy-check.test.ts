// The assistant's policy against the Envoy of its caller on a real control plane: yes everywhere, and a no
// for exactly what somebody has changed by hand.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compilePolicy } from "../../host-tools/src/config/policy-compile";
import { adminPages, type Answer, checkProxy, proxyState } from "../../host-tools/src/proxy-check";
import { assistantPolicy } from "../support/assistant-policy";
import { eventually, type KubeObject, meshCanRun } from "./rig";
import { type AssistantCaller, startAssistantCaller } from "./support/assistant-caller";

describe.runIf(await meshCanRun())("the assistant's caller", () => {
  let caller: AssistantCaller;

  beforeAll(async () => {
    caller = await startAssistantCaller();
  });
  afterAll(() => caller?.mesh.stop());

  async function answers(): Promise<readonly Answer[]> {
    const { policy, config } = compilePolicy(assistantPolicy, "ganglion.yaml");
    const address = `127.0.0.1:${caller.proxy.admin.port}`;
    const state = proxyState(await adminPages(address), address);
    return checkProxy(policy, config, state).answers;
  }

  async function noes(): Promise<string[]> {
    const wrong = (await answers()).filter(({ verdict }) => verdict === "no");
    return wrong.map(({ group, item, said, found }) => `${group} ${item}: ${said} / ${found}`);
  }

  /** Applies an object of the policy as somebody has changed it. */
  async function change(kind: string, name: string, from: string, to: string): Promise<void> {
    const object = caller.objects.find((one) => one.kind === kind && one.metadata.name === name);
    const text = JSON.stringify(object);
    expect(text).toContain(from);
    await caller.mesh.apply([JSON.parse(text.replace(from, to)) as KubeObject]);
  }

  it("has all that the policy says of it", async () => {
    await eventually("yes everywhere", async () => (await noes()).length === 0);
    expect((await answers()).filter(({ verdict }) => verdict === "yes").length).toBeGreaterThan(
      100,
    );
  });

  it("is found with the one number of a DestinationRule that was changed, and then of a route", async () => {
    await change(
      "DestinationRule",
      "retrieval-service",
      '"consecutive5xxErrors":3',
      '"consecutive5xxErrors":7',
    );
    const breaker = "retrieval-service outlier_detection.consecutive_5xx: 3 / 7";
    await eventually("the changed rule", async () => (await noes()).length > 0);
    expect(await noes()).toEqual([breaker]);
    await change("VirtualService", "intent-service", '"timeout":"0.05s"', '"timeout":"0.08s"');
    await eventually("the changed route", async () => (await noes()).length > 1);
    expect(await noes()).toEqual(["intent-service intent timeout_ms: 50 ms / 80 ms", breaker]);
  });
});
