// A registry in memory, for what a real one cannot be made to do: fail at a chosen step, lie,
// stall. That the client speaks the protocol at all is shown by test/e2e/oci against a real one,
// not by this.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { digestOf } from "../../../host-tools/src/oci/digest";

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

interface FakeManifest {
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly config?: { readonly digest: string };
  readonly layers?: readonly { readonly digest: string }[];
  readonly manifests?: readonly { readonly digest: string }[];
  readonly subject?: { readonly digest: string };
}

/** Answers in the registry's place and returns true, or leaves the request to it. */
export type Fault = (request: SeenRequest, response: ServerResponse) => boolean;

export class FakeRegistry {
  readonly seen: SeenRequest[] = [];
  readonly blobs = new Map<string, Buffer>();
  readonly manifests = new Map<string, Buffer>();
  readonly tags = new Map<string, string>();
  /** Bytes of each upload session that has any, by its path. */
  readonly sessions = new Map<string, Buffer>();
  fault: Fault = () => false;
  /** Whether the registry lists referrers itself (distribution specification 1.1). */
  listsReferrers = false;
  #server: Server;
  #sessions = 0;

  private constructor() {
    this.#server = createServer((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => this.#handle(incoming, Buffer.concat(chunks), response));
    });
  }

  static async start(): Promise<FakeRegistry> {
    const registry = new FakeRegistry();
    await new Promise<void>((resolve) => registry.#server.listen(0, "127.0.0.1", resolve));
    return registry;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** `METHOD kind` of each request seen, e.g. `PUT blob`, `PUT manifest`, `PUT tag`. */
  steps(): string[] {
    return this.seen.map(stepOf);
  }

  #handle(incoming: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const url = new URL(incoming.url ?? "/", "http://fake");
    const request: SeenRequest = {
      method: incoming.method ?? "",
      path: url.pathname,
      query: url.searchParams,
      headers: incoming.headers,
      body,
    };
    this.seen.push(request);
    if (this.fault(request, response)) return;
    const name = request.path.split("/").at(-1) ?? "";
    switch (stepOf(request)) {
      case "GET ping":
        return void response.writeHead(200).end("{}");
      case "POST upload":
        return void response
          .writeHead(202, { location: `${request.path}session-${++this.#sessions}?state=1` })
          .end();
      case "PATCH session":
        return this.#patchSession(request, response);
      case "GET session":
        return void response.writeHead(204, this.#rangeOf(request.path)).end();
      case "PUT blob":
        return this.#putBlob(request, response);
      case "HEAD blob":
      case "GET blob":
        return send(response, this.blobs.get(name), "application/octet-stream");
      case "PUT manifest":
      case "PUT tag":
        return this.#putManifest(name, request, response);
      case "GET referrers":
        if (this.listsReferrers) return this.#listReferrers(name, response);
        return void response.writeHead(404).end();
      default: {
        const digest = this.tags.get(name) ?? name;
        const type = "application/vnd.oci.image.manifest.v1+json";
        return send(response, this.manifests.get(digest), type);
      }
    }
  }

  #putBlob(request: SeenRequest, response: ServerResponse): void {
    const digest = request.query.get("digest") ?? "";
    const before = this.sessions.get(request.path) ?? Buffer.alloc(0);
    const bytes = Buffer.concat([before, request.body]);
    if (digestOf(bytes) !== digest || request.query.get("state") !== "1") {
      return void response.writeHead(400).end();
    }
    this.blobs.set(digest, bytes);
    response.writeHead(201, { "docker-content-digest": digest }).end();
  }

  /** Takes a chunk that begins where the session ends. */
  #patchSession(request: SeenRequest, response: ServerResponse): void {
    const before = this.sessions.get(request.path) ?? Buffer.alloc(0);
    const from = Number(/^(\d+)-\d+$/.exec(request.headers["content-range"] ?? "")?.[1]);
    if (from !== before.length) {
      return void response.writeHead(416, this.#rangeOf(request.path)).end();
    }
    this.sessions.set(request.path, Buffer.concat([before, request.body]));
    const location = `${request.path}?state=1`;
    response.writeHead(202, { location, ...this.#rangeOf(request.path) }).end();
  }

  #rangeOf(path: string): { range: string } {
    return { range: `0-${Math.max(0, (this.sessions.get(path)?.length ?? 0) - 1)}` };
  }

  #putManifest(name: string, request: SeenRequest, response: ServerResponse): void {
    const manifest = JSON.parse(request.body.toString("utf8")) as FakeManifest;
    const { config, layers = [], manifests = [], subject } = manifest;
    const isMissing =
      [...(config ? [config] : []), ...layers].some(({ digest }) => !this.blobs.has(digest)) ||
      manifests.some(({ digest }) => !this.manifests.has(digest));
    if (isMissing) return void response.writeHead(400).end();
    const digest = digestOf(request.body);
    this.manifests.set(digest, request.body);
    if (name !== digest) this.tags.set(name, digest);
    const listed = this.listsReferrers && subject ? { "oci-subject": subject.digest } : {};
    response.writeHead(201, { "docker-content-digest": digest, ...listed }).end();
  }

  #listReferrers(subject: string, response: ServerResponse): void {
    const manifests = [...this.manifests].flatMap(([digest, bytes]) => {
      const manifest = JSON.parse(bytes.toString("utf8")) as FakeManifest;
      if (manifest.subject?.digest !== subject) return [];
      const { mediaType, artifactType } = manifest;
      return [{ mediaType, artifactType, digest, size: bytes.length }];
    });
    const index = { schemaVersion: 2, manifests };
    response.writeHead(200).end(JSON.stringify(index));
  }
}

/** Which step of a push or pull a request is. */
export function stepOf({ method, path }: Pick<SeenRequest, "method" | "path">): string {
  if (path === "/v2/") return `${method} ping`;
  if (path.endsWith("/blobs/uploads/")) return `${method} upload`;
  if (path.includes("/uploads/") && method !== "PUT") return `${method} session`;
  if (path.includes("/blobs/")) return `${method} blob`;
  if (path.includes("/referrers/")) return `${method} referrers`;
  if (!path.includes("/manifests/")) return `${method} other`;
  return path.includes("/manifests/sha256:") ? `${method} manifest` : `${method} tag`;
}

function send(response: ServerResponse, body: Buffer | undefined, contentType: string): void {
  if (body === undefined) return void response.writeHead(404).end();
  response.writeHead(200, { "content-type": contentType, "content-length": body.length }).end(body);
}
