// Who calls whom, and where that is known from; the first source that says it is named.

import { describe, expect, it } from "vitest";
import { verifyTexts } from "../../../host-tools/src/verify";
import {
  sequenceLine,
  timedSequences,
} from "../../../host-tools/src/verify/report/sequence-report";
import { readToldCalls } from "../../../host-tools/src/verify/source/policy-calls";

const service = (name: string, annotations = ""): string =>
  `kind: Service\napiVersion: v1\nmetadata:\n  name: ${name}\n  namespace: ai\n${annotations}` +
  `spec: { selector: { app: ${name}-pods } }\n`;
const deployment = (name: string): string =>
  `kind: Deployment\napiVersion: apps/v1\nmetadata: { name: ${name}, namespace: ai }\nspec:\n  template:\n` +
  `    metadata: { labels: { app: ${name}-pods } }\n    spec: { serviceAccountName: ${name}-account }\n`;
const sidecar = (app: string, hosts: string): string =>
  "kind: Sidecar\napiVersion: networking.istio.io/v1\nmetadata: { name: s, namespace: ai }\nspec:\n" +
  `  workloadSelector: { labels: { app: ${app} } }\n  egress: [{ hosts: [${hosts}] }]\n`;
const allow = (app: string, account: string, action = "ALLOW"): string =>
  "kind: AuthorizationPolicy\napiVersion: security.istio.io/v1\nmetadata: { name: p, namespace: ai }\nspec:\n" +
  `  selector: { matchLabels: { app: ${app} } }\n  action: ${action}\n` +
  `  rules: [{ from: [{ source: { principals: [cluster.local/ns/ai/sa/${account}] } }] }]\n`;

function callsOf(texts: readonly string[], policy?: string): string[] {
  const calls = policy === undefined ? undefined : readToldCalls("ganglion.yaml", policy);
  const { mesh } = verifyTexts([{ name: "a.yaml", text: texts.join("---\n") }], { calls });
  const short = (host: string): string => host.replace(".svc.cluster.local", "");
  return mesh.calls.map(({ from, to, source }) => `${short(from)} > ${short(to)}: ${source}`);
}

describe("calls", () => {
  it("are those of a policy file", () => {
    const policy =
      "version: 1\nmesh: { namespace: ai }\ncalls: { a: [b, c.shop.svc.cluster.local] }\n";
    expect(callsOf([], policy)).toEqual([
      "a.ai > b.ai: calls of ganglion.yaml",
      "a.ai > c.shop: calls of ganglion.yaml",
    ]);
    expect(callsOf([], "version: 1\n")).toEqual([]);
    expect(() => callsOf([], "calls: { a: b }")).toThrow("calls.a must be a list");
    expect(() => callsOf([], "calls: [")).toThrow("ganglion.yaml");
  });

  it("are told by an annotation", () => {
    const annotation = "  annotations: { ganglion.dev/calls: 'b, c' }\n";
    expect(callsOf([service("a", annotation)]).map((call) => call.split(":")[0])).toEqual([
      "a.ai > b.ai",
      "a.ai > c.ai",
    ]);
  });

  it("follow from what a sidecar of selected pods may see", () => {
    const seen = "./b.ai.svc.cluster.local, istio-system/*, '*/api.openai.com'";
    expect(callsOf([service("a"), sidecar("a-pods", seen)])).toEqual([
      "a.ai > b.ai: Sidecar ai/s",
      "a.ai > api.openai.com: Sidecar ai/s",
    ]);
    expect(callsOf([sidecar("a", seen)])[0]).toBe("a.ai > b.ai: Sidecar ai/s");
  });

  it("follow from the accounts that are let in, through the pods that run as them", () => {
    const texts = [service("a"), deployment("a"), service("b"), allow("b-pods", "a-account")];
    expect(callsOf(texts)).toEqual(["a.ai > b.ai: AuthorizationPolicy ai/p"]);
    expect(callsOf([allow("b", "a")])).toEqual(["a.ai > b.ai: AuthorizationPolicy ai/p"]);
    expect(callsOf([allow("b", "a", "DENY")])).toEqual([]);
  });

  it("are named once, by the source that says it most plainly, and never of a service to itself", () => {
    const policy = "mesh: { namespace: ai }\ncalls: { a: [b, a] }\n";
    const texts = [sidecar("a", "./b.ai.svc.cluster.local"), allow("b", "a")];
    expect(callsOf(texts, policy)).toEqual(["a.ai > b.ai: calls of ganglion.yaml"]);
  });
});

describe("calls one after another", () => {
  const route = (name: string, timeout: string): string =>
    `kind: VirtualService\napiVersion: networking.istio.io/v1\nmetadata: { name: ${name}, namespace: ai }\n` +
    `spec: { hosts: [${name}], http: [{ name: chat, timeout: ${timeout}, route: [{ destination: { host: ${name} } }] }] }\n`;
  const lines = (texts: readonly string[], policy?: string): string[] => {
    const calls = policy === undefined ? undefined : readToldCalls("ganglion.yaml", policy);
    const verdict = verifyTexts([{ name: "a.yaml", text: texts.join("---\n") }], { calls });
    return timedSequences(verdict).map(sequenceLine);
  };
  const routes = [route("web", "5s"), route("rag", "200ms"), route("llm", "3s")];

  it("are told by a policy's routes or by an annotation, with what is left when each begins", () => {
    const waits = "[rag, [llm/chat, feed]]";
    const policy = `mesh: { namespace: ai }\nservices: { web: { routes: [{ name: chat, waits_for: ${waits} }] } }\n`;
    const left =
      'web (route "chat") has 5 s: rag begins with 5 s left, llm/chat and feed with 4.8 s; 1.8 s to spare';
    expect(lines(routes, policy)).toEqual([left]);
    const annotation = (text: string): string =>
      `  annotations: { ganglion.dev/calls-in-sequence: '${text}' }\n`;
    const noted = service("web", annotation("chat: rag, llm/chat + feed; other: llm"));
    expect(lines([noted, ...routes])).toEqual([left]);
    expect(callsOf([noted]).map((call) => call.split(":")[0])).toEqual([
      "web.ai > rag.ai",
      "web.ai > llm.ai",
      "web.ai > feed.ai",
    ]);
  });

  it("are none where the text says none, and nothing where no time is bounded", () => {
    const empty = service("web", "  annotations: { ganglion.dev/calls-in-sequence: ' , ;' }\n");
    expect(lines([empty, ...routes])).toEqual([]);
    const policy =
      "mesh: { namespace: ai }\nservices: { web: { routes: [{ waits_for: [rag] }] } }\n";
    expect(lines([route("rag", "200ms")], policy)).toEqual([]);
    expect(() => lines([], "services: { web: { routes: [{ name: w, waits_for: llm }] } }")).toThrow(
      "services.web.routes.w.waits_for must be a list",
    );
  });
});
