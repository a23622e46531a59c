// An API server that answers as it is told, in order: what a real one does too seldom to test.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Cluster, connectCluster, type ClusterChoices } from "../../../host-tools/src/cluster";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import type { RetryClock } from "../../../host-tools/src/oci/retry";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** An answer; `cut` closes the connection in the middle of it, `hang` never answers. */
export type Scripted =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> }
  | "cut"
  | "hang";

/** A clock on which sleeping takes no time but is noted. */
export class NotedClock implements RetryClock {
  private elapsedMs = 1_000_000;
  readonly sleptMs: number[] = [];

  nowMs(): number {
    return this.elapsedMs;
  }

  sleep(durationMs: number): Promise<void> {
    this.sleptMs.push(durationMs);
    this.elapsedMs += durationMs;
    return Promise.resolve();
  }
}

export class FakeApiServer {
  readonly seen: SeenRequest[] = [];
  readonly clock = new NotedClock();
  private readonly script: Scripted[] = [];
  private respond: ((request: SeenRequest) => Scripted) | undefined;

  private constructor(
    private readonly server: Server,
    private readonly folder: string,
  ) {}

  static async start(): Promise<FakeApiServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const fake = new FakeApiServer(server, await mkdtemp(join(tmpdir(), "ganglion-fake-api-")));
    server.on("request", (request, response) => void fake.answer(request, response));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The next answers, in order; after the last one everything is 418. */
  play(...answers: readonly Scripted[]): void {
    this.seen.length = 0;
    this.clock.sleptMs.length = 0;
    this.script.splice(0, this.script.length, ...answers);
  }

  /** Answers by looking at the request, once the script is used up. */
  respondWith(respond: (request: SeenRequest) => Scripted): void {
    this.respond = respond;
  }

  /** A client of this server, by a kubeconfig as users have one. */
  async connect(choices: Partial<ClusterChoices> = {}): Promise<Cluster> {
    const kubeconfig = join(this.folder, "kubeconfig");
    await writeFile(kubeconfig, this.kubeconfig());
    const { clock } = this;
    return connectCluster({ kubeconfig, clock, prng: seededPrng(1), ...choices });
  }

  kubeconfig(): string {
    return JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "c", cluster: { server: this.url, "insecure-skip-tls-verify": true } }],
      users: [{ name: "u", user: { token: "secret-token" } }],
      contexts: [
        { name: "one", context: { cluster: "c", user: "u", namespace: "ai" } },
        { name: "two", context: { cluster: "c", user: "u" } },
      ],
      "current-context": "one",
    });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    await rm(this.folder, { recursive: true, force: true });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? "/", this.url);
    const seen: SeenRequest = {
      method: request.method ?? "",
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body: Buffer.concat(chunks).toString("utf8"),
    };
    this.seen.push(seen);
    const next = this.script.shift() ?? this.respond?.(seen) ?? { status: 418 };
    if (next === "hang") return;
    if (next === "cut") {
      response.writeHead(200, { "content-length": "1000" });
      response.write('{"half":');
      setImmediate(() => response.destroy());
      return;
    }
    response.writeHead(next.status, { "content-type": "application/json", ...next.headers });
    response.end(typeof next.body === "string" ? next.body : JSON.stringify(next.body ?? {}));
  }
}
