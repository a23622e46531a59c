// A rollout's webhooks against a real HTTP server: what is sent, what an answer comes to, and that nothing
// that hangs, lies or is away keeps a bad canary in traffic.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { PolicyWebhook, WebhookType } from "../../../host-tools/src/config/policy-webhooks";
import { callWebhook, type WebhookPayload } from "../../../host-tools/src/rollout/webhook-call";
import { Webhooks } from "../../../host-tools/src/rollout/webhooks";
import { firstState } from "../../../host-tools/src/rollout/rollout-state";
import { policyPlan } from "../../support/rollout-plan";
import { MINUTE_MS, samplePlan, START_MS } from "./sample";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    (server as { closeAllConnections?: () => void }).closeAllConnections?.();
    await new Promise((resolve) => server.close(resolve));
  }
});

type Answer = (response: ServerResponse, call: number, request: IncomingMessage) => void;

async function serve(answer: Answer) {
  const bodies: WebhookPayload[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => (text += chunk));
    request.on("end", () => {
      bodies.push(JSON.parse(text) as WebhookPayload);
      answer(response, bodies.length, request);
    });
  });
  return { url: await listening(server, "http"), bodies };
}

async function listening(server: Server, scheme: string): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
}

const hookTo = (url: string, more: Partial<PolicyWebhook> = {}): PolicyWebhook => ({
  name: "gate",
  type: "rollout",
  url,
  timeout_ms: 2000,
  retries: 0,
  metadata: { team: "ml" },
  ...more,
});
const status =
  (code: number, text = "") =>
  (response: ServerResponse) =>
    void response.writeHead(code).end(text);
const PAYLOAD = { name: "llm-service" } as WebhookPayload;

describe("a webhook", () => {
  it.each([200, 202, 299])("agrees by status %i", async (code) => {
    const { url, bodies } = await serve(status(code));
    expect(await callWebhook(hookTo(url), PAYLOAD)).toBeUndefined();
    expect(bodies).toEqual([PAYLOAD]);
  });

  it.each([300, 302, 400, 403, 500])("refuses by status %i", async (code) => {
    const { url } = await serve(status(code, "not\nyet\u0007"));
    expect(await callWebhook(hookTo(url), PAYLOAD)).toBe(`status ${code}: not yet`);
  });

  it("is not followed to another place", async () => {
    const other = await serve(status(200));
    const { url } = await serve((response) => {
      response.writeHead(307, { location: other.url }).end();
    });
    expect(await callWebhook(hookTo(url), PAYLOAD)).toBe("status 307");
    expect(other.bodies).toEqual([]);
  });

  it("is called again as often as it may be", async () => {
    const { url, bodies } = await serve((response, call) => status(call < 3 ? 503 : 200)(response));
    expect(await callWebhook(hookTo(url, { retries: 2 }), PAYLOAD)).toBeUndefined();
    expect(bodies).toHaveLength(3);
  });

  it("has its time, whether it says nothing or never ends", async () => {
    const silent = await serve(() => undefined);
    expect(await callWebhook(hookTo(silent.url, { timeout_ms: 200 }), PAYLOAD)).toBe(
      "no answer in 200 ms",
    );
    const slow = await serve((response) => void response.writeHead(200).write("x"));
    expect(await callWebhook(hookTo(slow.url, { timeout_ms: 200 }), PAYLOAD)).toBe(
      "no answer in 200 ms",
    );
  });

  it("is left, and not called again, when nobody waits for it any more", async () => {
    const stop = new AbortController();
    const { url, bodies } = await serve(() => stop.abort());
    const hook = hookTo(url, { timeout_ms: 60_000, retries: 10 });
    expect(await callWebhook(hook, PAYLOAD, stop.signal)).toBeDefined();
    expect(bodies).toHaveLength(1);
  });

  it("is read no further than its reason goes", async () => {
    const { url } = await serve((response) => {
      response.writeHead(500);
      const more = (): void => void (response.destroyed || response.write("x".repeat(65536), more));
      more();
    });
    expect(await callWebhook(hookTo(url), PAYLOAD)).toBe(`status 500: ${"x".repeat(200)}`);
  });

  it("that nobody serves, or serves with a certificate of nobody's, refuses", async () => {
    expect(await callWebhook(hookTo("http://127.0.0.1:1/x"), PAYLOAD)).toBe("ECONNREFUSED");
    const url = await listening(
      createTlsServer({}, () => undefined),
      "https",
    );
    expect(await callWebhook(hookTo(url), PAYLOAD)).toMatch(/^(E[A-Z_]+|.*(SSL|handshake).*)$/i);
  });
});

describe("the webhooks of a rollout", () => {
  const asked = async (type: WebhookType, answer: Answer, minutes = 0, step = 0) => {
    const { url, bodies } = await serve(answer);
    const plan = samplePlan({ webhooks: [hookTo(url, { type })] });
    const said: string[] = [];
    const hooks = new Webhooks(plan, (line) => said.push(line));
    const weight = plan.steps[step]?.weight ?? 0;
    const state = { ...firstState(plan, "r1", START_MS), step, weight };
    const answers = await hooks.ask(
      state,
      START_MS + minutes * MINUTE_MS,
      new AbortController().signal,
    );
    return { answers, bodies, hooks, state, said };
  };

  it("are sent what Flagger's are sent", async () => {
    const { bodies } = await asked("rollout", status(200));
    expect(bodies).toEqual([
      {
        name: "llm-service",
        namespace: "ai",
        phase: "Progressing",
        checksum: expect.stringMatching(/^[0-9a-f]{10}$/) as string,
        type: "rollout",
        failedChecks: 0,
        canaryWeight: 5,
        metadata: { team: "ml" },
      },
    ]);
  });

  it("fail a check, open a gate, and ask for traffic back", async () => {
    const { answers: failed } = await asked("rollout", status(500));
    expect(failed).toEqual({ failed: "rollout gate: status 500" });
    const { answers: back } = await asked("rollback", status(200));
    expect(back).toEqual({ rollback: "rollback gate asks for it" });
    expect((await asked("rollback", status(403))).answers).toEqual({});
  });

  it("are gates before the next share when a step's time is over, and before all of it", async () => {
    const closed = status(403);
    expect((await asked("confirm-traffic-increase", closed, 4)).bodies).toEqual([]);
    expect((await asked("confirm-traffic-increase", closed, 5)).answers.closed).toBe(
      "confirm-traffic-increase gate: status 403",
    );
    expect((await asked("confirm-traffic-increase", closed, 5, 3)).bodies).toEqual([]);
    expect((await asked("confirm-promotion", closed, 5, 3)).bodies).toMatchObject([
      { phase: "WaitingPromotion", canaryWeight: 80 },
    ]);
    expect((await asked("confirm-promotion", closed, 5, 4)).bodies).toEqual([]);
  });

  it("are told events and the end, and who cannot be told is said", async () => {
    const { hooks, state, bodies } = await asked("event", status(200));
    hooks.tell(state, "weight 5: hold");
    const over = { ...state, phase: "rolled_back" as const };
    hooks.tell(over, "rolled back");
    await hooks.end(over);
    expect(bodies.map(({ phase, metadata }) => [phase, metadata["eventType"]])).toEqual(
      expect.arrayContaining([
        ["Progressing", "Normal"],
        ["Failed", "Warning"],
      ]),
    );
    const deaf = await asked("post-rollout", status(500));
    await deaf.hooks.end(over);
    expect(deaf.said).toEqual(["not told: post-rollout gate: status 500"]);
  });
});

describe("webhooks in a policy", () => {
  it("have Flagger's types; those that come first make a step before the first share", () => {
    const hook = (type: string) => `{ name: a, type: ${type}, url: "http://a/b" }`;
    const plan = policyPlan(`webhooks: [${hook("confirm-rollout")}, ${hook("event")}]`);
    expect(plan.steps[0]).toEqual({ kind: "prepare", weight: 0, waitMs: 0 });
    expect(policyPlan(`webhooks: [${hook("event")}]`).steps[0]?.weight).toBe(5);
    expect(plan.webhooks[0]).toMatchObject({ timeout_ms: 5000, retries: 0 });
  });

  it.each([
    ['webhooks: [{ name: a, url: "ftp://a" }]', "must be an http or https URL"],
    ['webhooks: [{ name: a, url: "http://a", type: skip }]', "type"],
    ['webhooks: [{ url: "http://a" }]', "name is missing"],
  ])("are refused as %s", (analysis, why) => {
    expect(() => policyPlan(analysis)).toThrow(why);
  });
});
