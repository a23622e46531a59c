// One policy for each way of being refused.

export interface PolicyMistake {
  readonly name: string;
  readonly text: string;
}

const head = "version: 1\nservices:\n  llm:\n";
const service = (lines: string): string => head + lines.replace(/^/gm, "    ");
const route = (members: string): string => service(`routes:\n  - name: chat\n    ${members}`);
const limit = (members: string): string => route(`limits: [{ name: l, ${members} }]`);

/** A caller with a timeout in ms over a chain of callees. */
function chainOf(timeoutMs: number, waitsFor: string, more = ""): string {
  const one = (name: string, routes: string): string => `  ${name}: { routes: [${routes}] }\n`;
  const plain = (name: string, ms: number): string =>
    one(name, `{ name: ${name}, match: { authority: ${name} }, timeout_ms: ${ms} }`);
  return (
    "version: 1\nservices:\n" +
    one(
      "web",
      `{ name: web, match: { authority: web }, timeout_ms: ${timeoutMs}, waits_for: ${waitsFor}${more} }`,
    ) +
    ["intent 50", "rag 200", "history 100"]
      .map((said) => said.split(" "))
      .map(([name = "", ms]) => plain(name, Number(ms)))
      .join("") +
    one(
      "llm",
      "{ name: stream, match: { authority: llm, path_prefix: /s }, timeout_ms: 300000 }, " +
        "{ name: chat, match: { authority: llm }, timeout_ms: 30100, " +
        "retries: { attempts: 2, per_try_timeout_ms: 10000 } }",
    )
  );
}

const list: [name: string, text: string][] = [
  ["empty file", ""],
  ["a list", "- version: 1"],
  ["no version", "services: { llm: { routes: [{ name: a }] } }"],
  ["another version", "version: 2\nservices: { llm: { routes: [{ name: a }] } }"],
  ["version as text", 'version: "1"\nservices: { llm: { routes: [{ name: a }] } }'],
  ["no services", "version: 1"],
  ["no YAML", "version: 1\nservices: {"],
  ["tab as indentation", "version: 1\nservices:\n\tllm: {}"],
  ["key twice", "version: 1\nversion: 1\nservices: {}"],
  ["two documents", "version: 1\n---\nversion: 1"],
  ["unknown key with a near one", "version: 1\nsrevices: {}"],
  ["unknown key without a near one", "version: 1\nfrobnicate: 3\nservices: {}"],
  ["what comes later", service("budget: { tokens: 1 }\nroutes: [{ name: a }]")],
  ["prices", service("arms: { a: { cost: { output_tokens_per_1k: 1 } } }\nroutes: [{ name: a }]")],
  ["objectives", route("slo: { latency_p95_ms: 3000 }")],
  ["no false alarms at all", route("anomaly: { false_alarms_per_hour: 0 }")],
  ["layer by another word", route("anomaly: { content: on }")],
  ["token budgets", limit("tokens_per_minute: 1000, requests_per_second: 1, burst: 1")],
  ["bad mode", `mode: off\n${route("timeout_ms: 5")}`],
  ["bad mode of a route", route("mode: inherit")],
  ["exploration out of bounds", `exploration_permille: 500\n${route("timeout_ms: 5")}`],
  ["Istio too old", `mesh: { istio: "1.17" }\n${route("timeout_ms: 5")}`],
  ["Istio as a number", `mesh: { istio: 1.29 }\n${route("timeout_ms: 5")}`],
  ["namespace in capitals", `mesh: { namespace: AI }\n${route("timeout_ms: 5")}`],
  ["bad label", `mesh: { workloads: { app: "a b" } }\n${route("timeout_ms: 5")}`],
  ["label as flag", `mesh: { workloads: { ganglion: true } }\n${route("timeout_ms: 5")}`],
  ["service name", "version: 1\nservices: { LLM_service: { routes: [{ name: a }] } }"],
  ["host", service("host: http://llm\nroutes: [{ name: a }]")],
  ["port", service("port: 80800\nroutes: [{ name: a }]")],
  ["no routes", service("port: 80")],
  ["routes as a mapping", service("routes: { chat: {} }")],
  ["arm name", service("arms: { 'a b': {} }\nroutes: [{ name: a }]")],
  ["arm weight", service("arms: { a: { weight: 2000 } }\nroutes: [{ name: a }]")],
  ["arm weight as text", service("arms: { a: { weight: heavy } }\nroutes: [{ name: a }]")],
  ["arm address", service("arms: { a: { address: 10.0.0.1 } }\nroutes: [{ name: a }]")],
  ["default as text", service("arms: { a: { default: 'yes' } }\nroutes: [{ name: a }]")],
  ["only standby arms", service("arms: { a: { weight: 0 } }\nroutes: [{ name: a }]")],
  [
    "two default arms",
    service("arms: { a: { default: true }, b: { default: true } }\nroutes: [{ name: a }]"),
  ],
  [
    "fallback to no arm",
    service("arms: { a: {} }\nfallback: [b]\nroutes: [{ name: r, fallback: [b] }]"),
  ],
  ["route with no such arm", service("arms: { a: {} }\nroutes: [{ name: r, arms: [b] }]")],
  ["route without name", service("routes: [{ timeout_ms: 5 }]")],
  ["route name", service("routes: [{ name: 'chat room' }]")],
  ["route name twice", service("routes: [{ name: a }, { name: a }]")],
  ["prefix and exact path", route("match: { path_prefix: /a, path_exact: /b }")],
  ["relative path", route("match: { path_prefix: api }")],
  ["unknown matcher", route("match: { header: x }")],
  ["timeout", route("timeout_ms: 4000000")],
  ["timeout with a unit", route("timeout_ms: 30s")],
  ["retries as a number", route("retries: 3")],
  ["retries without attempts", route("retries: { on: [5xx] }")],
  ["too many attempts", route("retries: { attempts: 50 }")],
  ["retry condition", route("retries: { attempts: 1, on: ['5xx,reset'] }")],
  [
    "tries that do not fit into the timeout",
    route("timeout_ms: 30000\n    retries: { attempts: 3, per_try_timeout_ms: 10000 }"),
  ],
  [
    "tries that fill the timeout and leave no room between them",
    route("timeout_ms: 60000\n    retries: { attempts: 2, per_try_timeout_ms: 20000 }"),
  ],
  ["a call to nobody", `calls: { web: [lmm] }\n${route("mode: shadow")}`],
  ["a call by nobody, nearly somebody", `calls: { lm: [llm] }\n${route("mode: shadow")}`],
  ["label key", `mesh: { workloads: { "a b": x } }\n${route("timeout_ms: 5")}`],
  ["gateway without namespace", `mesh: { gateways: [public] }\n${route("timeout_ms: 5")}`],
  ["a call to itself", `calls: { llm: [llm] }\n${route("mode: shadow")}`],
  [
    "a caller that gives up before the called",
    "version: 1\ncalls: { web: [llm] }\nservices:\n" +
      "  web: { routes: [{ name: w, match: { authority: web }, timeout_ms: 3000 }] }\n" +
      "  llm: { routes: [{ name: l, match: { authority: llm }, timeout_ms: 30000 }] }",
  ],
  [
    "calls of a route to nobody, to no route, to itself, and beside calls",
    `version: 1\ncalls: { llm: [] }\nproviders: { openai: { host: api.openai.com } }\nservices:\n` +
      "  llm: { routes: [{ name: l, match: { authority: llm }, waits_for: [lm, llm, [tool/x, tool], openai/y] }] }\n" +
      "  tool: { routes: [{ name: t, match: { authority: tool } }] }",
  ],
  ["a call of a route that is no name", route("waits_for: [[], a b]")],
  [
    "calls one after another that take longer than their route",
    chainOf(30_000, "[intent, [rag, history], llm/chat]"),
  ],
  [
    "calls one after another that take longer than a try of their route",
    chainOf(95_000, "[intent, llm]", ", retries: { attempts: 2, per_try_timeout_ms: 30100 }"),
  ],
  [
    "a rollout of no arm",
    service("arms: { a: {} }\nrollout: { stable: a, canary: b }\nroutes: [{ name: r }]"),
  ],
  [
    "a route to the canary",
    service(
      "arms: { a: {}, b: {} }\nrollout: { stable: a, canary: b }\n" +
        "routes: [{ name: r, arms: [a, b] }]",
    ),
  ],
  [
    "a gateway to nobody",
    `gateway: { web: { service: lm, hosts: [a.b] } }\n${route("mode: shadow")}`,
  ],
  [
    "a gateway whom nobody lets in",
    "gateway: { web: { service: llm, hosts: [a.example.com] } }\n" +
      `mesh: { deny_by_default: true }\n${route("mode: shadow")}`,
  ],
  [
    "a redirect without a certificate",
    `gateway: { web: { service: llm, hosts: [a.b], redirect_http: true } }\n${route("mode: shadow")}`,
  ],
  ["a provider by a short name", `providers: { o: { host: openai } }\n${route("mode: shadow")}`],
  [
    "a provider under a service's name",
    `providers: { llm: { host: api.openai.com } }\n${route("mode: shadow")}`,
  ],
  [
    "two providers of one host",
    `providers: { a: { host: a.example.com }, b: { host: a.example.com } }\n${route("mode: shadow")}`,
  ],
  ["a service by a short host", service("host: llm\nroutes: [{ name: a }]")],
  ["a status code without a name", route("retries: { attempts: 1, on: ['582'] }")],
  [
    "egress by a short name",
    `mesh: { egress: { hosts: [llm-service] } }\n${route("mode: shadow")}`,
  ],
  [
    "two bounds of retries",
    service("pool: { retries_max: 3 }\nretry_budget: { percent: 10 }\nroutes: [{ name: r }]"),
  ],
  [
    "outlier detection that ejects nothing",
    service("outlier_detection: { consecutive_5xx: 0 }\nroutes: [{ name: r }]"),
  ],
  [
    "gateway errors that never count",
    service("outlier_detection: { consecutive_gateway_errors: 9 }\nroutes: [{ name: r }]"),
  ],
  [
    "half a percent of pods",
    service("outlier_detection: { ejection_percent_max: 0.5 }\nroutes: [{ name: r }]"),
  ],
  ["a balancer by another word", service("load_balancer: RANDOM\nroutes: [{ name: r }]")],
  [
    "two hashes",
    service("load_balancer: { hash_header: a, hash_query: b }\nroutes: [{ name: r }]"),
  ],
  ["limit without rate", limit("burst: 1")],
  ["limit without burst", limit("requests_per_second: 1")],
  ["limit with rate 0", limit("requests_per_second: 0, burst: 1")],
  ["tiers without key", limit("requests_per_second: { free: 1 }, burst: 1")],
  ["tiers without a number", limit("key: { header: x }, requests_per_second: {}, burst: 1")],
  [
    "burst of a tier without rate",
    limit("key: { header: x }, requests_per_second: { a: 1 }, burst: { a: 1, b: 2 }"),
  ],
  ["key header in capitals", limit("key: { header: X-Tier }, requests_per_second: 1, burst: 1")],
  ["key without header", limit("key: { cookie: x }, requests_per_second: 1, burst: 1")],
  ["anomaly act", route("anomaly: { act: panic }")],
  ["list for a value", route("anomaly: { act: [tag] }")],
  [
    "several services without authority",
    "version: 1\nservices:\n  a: { routes: [{ name: x }] }\n  b: { routes: [{ name: y }] }",
  ],
  ["more than a megabyte", `# ${"x".repeat(1024 * 1024)}`],
];

export const policyMistakes: readonly PolicyMistake[] = list.map(([name, text]) => ({
  name,
  text,
}));
