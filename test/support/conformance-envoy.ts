// Plays an event script through a real Envoy: the same steps as the embedded host's replayEvents, the
// same observations in the same canonical form. Client and upstream are in this process, so every
// step waits for what it causes; only `advance` lets real time pass.

import { createServer, request, type ClientRequest, type Server } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import {
  canonicalHeaders,
  type EventScript,
  type EventStep,
  type Header,
  type MetricValue,
  type Observations,
  type StreamObservation,
} from "../../host-tools/src/embedded";
import {
  buildBootstrap,
  discoveredWasmFilter,
  discoveryReloadStat,
  extensionResource,
  scratchDir,
  startEnvoy,
  wasmTypedConfig,
  writeDiscoveryFile,
  type EnvoyProcess,
} from "../../host-tools/src/rig";

const FILTER = "ganglion";
/** Names the stream at the upstream; part of the script's headers, so both sides see it. */
export const CASE_HEADER = "x-case";
const METRIC_PREFIX = "wasmcustom.";
const WAIT_MS = 60_000;

interface Exchange {
  client: ClientRequest;
  upstream: { headers: Header[]; body: string; response: ServerResponse } | null;
  reply: { headers: Header[]; body: string } | null;
  gone: boolean;
}

export class EnvoyReplay {
  private readonly exchanges = new Map<string, Exchange>();
  private readonly configurations: string[] = [];
  private readonly discoveryPath = join(scratchDir("conformance"), "filter.json");
  private reloads = 0;
  private envoy: EnvoyProcess | null = null;
  private server: Server | null = null;

  constructor(
    private readonly binary: string,
    private readonly wasmPath: string,
    private readonly script: EventScript,
  ) {}

  async play(): Promise<Observations> {
    for (const step of this.script.steps) await this.step(step);
    const streams: Record<string, StreamObservation> = {};
    for (const [id, exchange] of this.exchanges) streams[id] = observe(exchange);
    const { configurations } = this;
    return { configurations, streams, metrics: await this.metrics(), logs: this.logs() };
  }

  async stop(): Promise<void> {
    for (const { client } of this.exchanges.values()) client.destroy();
    await this.envoy?.stop();
    this.server?.closeAllConnections();
    this.server?.close();
  }

  /** Our counters as the embedded host names them; read again and again by who waits for a tick. */
  async metrics(): Promise<Record<string, MetricValue>> {
    const stats = await this.envoy!.admin.stats("ganglion_");
    const values: Record<string, MetricValue> = {};
    for (const [name, value] of [...stats].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (!name.startsWith(METRIC_PREFIX)) continue;
      values[name.slice(METRIC_PREFIX.length)] = { type: "counter", value };
    }
    return values;
  }

  /** `LEVEL MESSAGE` of the workers; the canary and the main thread log under the process's id. */
  logs(): string[] {
    const { envoy } = this;
    if (envoy === null) return [];
    return envoy.logLines("wasm log").flatMap((line) => {
      const found = /^\[[^\]]*\]\[(\d+)\]\[(\w+)\]\[wasm\].*? wasm log[^:]*: (.*)$/.exec(line);
      if (found === null || Number(found[1]) === envoy.pid) return [];
      const level = found[2] === "warning" ? "warn" : found[2];
      return [`${level} ${found[3]}`];
    });
  }

  private async step(step: EventStep): Promise<void> {
    switch (step.step) {
      case "configure":
        return this.configure(step.configuration);
      case "advance":
        return new Promise((resolve) => setTimeout(resolve, step.ms));
      case "request":
        return this.send(step.id, step.headers, step.chunks ?? []);
      case "answer":
        return this.answer(step);
      case "disconnect":
        return this.disconnect(this.find(step.id));
    }
  }

  private async configure(configurationJson: string): Promise<void> {
    const { wasmPath } = this;
    const spec = { name: FILTER, rootId: "root", wasmPath, configurationJson };
    const lines = this.logs().length;
    writeDiscoveryFile(this.discoveryPath, [extensionResource(FILTER, wasmTypedConfig(spec))]);
    this.reloads++;
    if (this.envoy === null) await this.start();
    await this.envoy!.admin.waitForStat(discoveryReloadStat(FILTER), this.reloads);
    await until("the worker has read the configuration", () => this.logs().length > lines);
    this.configurations.push("accepted");
  }

  private async start(): Promise<void> {
    const server = createServer({ maxHeaderSize: 1 << 20 }, (message, response) => {
      this.receive(message, response);
    });
    // Never by itself: a connection that closes just as Envoy takes it for a request is a 503.
    server.keepAliveTimeout = 0;
    this.server = server;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const bootstrap = buildBootstrap({
      listeners: [
        {
          name: "main",
          port: 0,
          httpFilters: [discoveredWasmFilter(FILTER, this.discoveryPath)],
          routes: [{ name: "all", cluster: "up" }],
        },
      ],
      clusters: [{ name: "up", endpoints: [{ port }] }],
    });
    this.envoy = await startEnvoy({ binary: this.binary, concurrency: 1, bootstrap });
  }

  private receive(message: IncomingMessage, response: ServerResponse): void {
    const exchange = this.exchanges.get(String(message.headers[CASE_HEADER]));
    if (exchange === undefined) return;
    const headers: Header[] = [
      [":method", message.method ?? ""],
      [":path", message.url ?? ""],
      ...pairs(message.rawHeaders).map(atAuthority),
    ];
    response.on("close", () => (exchange.gone = true));
    collect(message, (body) => (exchange.upstream = { headers, body, response }));
  }

  private async send(
    id: string,
    headers: readonly Header[],
    chunks: readonly string[],
  ): Promise<void> {
    const pseudo = Object.fromEntries(headers.filter(([name]) => name.startsWith(":")));
    const plain = headers.filter(([name]) => !name.startsWith(":"));
    const client = request({
      port: this.envoy!.port("main"),
      method: pseudo[":method"],
      path: pseudo[":path"],
      agent: false,
      setHost: false,
      headers: [["host", pseudo[":authority"] ?? ""], ...plain].flat(),
    });
    const exchange: Exchange = { client, upstream: null, reply: null, gone: false };
    this.exchanges.set(id, exchange);
    client.on("error", () => (exchange.gone = true));
    client.on("response", (message) => {
      const status: Header = [":status", String(message.statusCode)];
      const all = [status, ...pairs(message.rawHeaders)];
      collect(message, (body) => (exchange.reply = { headers: all, body }));
    });
    for (const chunk of chunks) client.write(chunk);
    client.end();
    const arrived = () => exchange.upstream !== null || exchange.reply !== null;
    await until(`request ${id} has arrived or was answered`, arrived);
  }

  private async answer(step: Extract<EventStep, { step: "answer" }>): Promise<void> {
    const exchange = this.find(step.id);
    const response = exchange.upstream?.response;
    if (exchange.reply !== null || response === undefined) return;
    await new Promise((resolve) => setTimeout(resolve, step.afterMs ?? 0));
    const status = step.headers.find(([name]) => name === ":status")?.[1] ?? "200";
    const plain = step.headers.filter(([name]) => !name.startsWith(":"));
    response.writeHead(Number(status), plain.flat());
    for (const chunk of step.chunks ?? []) response.write(chunk);
    response.end();
    await until(`the client has the answer to ${step.id}`, () => exchange.reply !== null);
  }

  private async disconnect(exchange: Exchange): Promise<void> {
    exchange.gone = false;
    exchange.client.destroy();
    await until("the upstream has seen the client go", () => exchange.gone);
  }

  private find(id: string): Exchange {
    const exchange = this.exchanges.get(id);
    if (exchange === undefined) throw new Error(`no request with id ${id} came before this step`);
    return exchange;
  }
}

function observe({ upstream, reply }: Exchange): StreamObservation {
  return {
    upstreamHeaders: upstream === null ? null : canonicalHeaders(upstream.headers),
    upstreamBody: upstream?.body ?? "",
    clientHeaders: reply === null ? null : canonicalHeaders(reply.headers),
    clientBody: reply?.body ?? "",
    reset: reply === null,
  };
}

function pairs(raw: readonly string[]): Header[] {
  const headers: Header[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) headers.push([raw[i]!, raw[i + 1]!]);
  return headers;
}

const atAuthority = ([name, value]: Header): Header => [
  name.toLowerCase() === "host" ? ":authority" : name,
  value,
];

function collect(message: IncomingMessage, done: (body: string) => void): void {
  let body = "";
  message.setEncoding("utf8");
  message.on("data", (chunk: string) => (body += chunk));
  message.on("end", () => done(body));
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + WAIT_MS;
  while (!holds()) {
    if (performance.now() > deadlineMs) throw new Error(`not within ${WAIT_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
