// A few requests to an API server, over node:https: what the rig itself needs to set a mesh up, and tests
// to look at it. Deliberately not the tool's own client, which is among the things under test here.

import { Agent, request } from "node:https";
import { parseAllDocuments } from "yaml";

/** Any object of Kubernetes. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly [key: string]: unknown;
  };
  readonly [key: string]: unknown;
}

/** Where an API server is and who asks. */
export interface KubeAccess {
  readonly port: number;
  /** PEM of the authority that signed the server's certificate. */
  readonly ca: string;
  readonly token: string;
}

export interface KubeReply {
  readonly status: number;
  readonly body: unknown;
}

/** An answer that says no. */
export class KubeRefusal extends Error {
  constructor(
    readonly status: number,
    readonly what: string,
    readonly reason: string,
  ) {
    super(`${what}: ${status} ${reason}`);
  }
}

interface Resource {
  readonly plural: string;
  readonly isNamespaced: boolean;
}

const REQUEST_TIMEOUT_MS = 30_000;

export class KubeClient {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 16 });
  private readonly resources = new Map<string, Promise<Map<string, Resource>>>();

  constructor(private readonly access: KubeAccess) {}

  /** One request, whatever the answer; rejects with Node's own error when there is none. */
  send(
    method: string,
    path: string,
    body?: unknown,
    type = "application/json",
  ): Promise<KubeReply> {
    const headers: Record<string, string> = {
      authorization: `Bearer ${this.access.token}`,
      accept: "application/json",
      ...(body === undefined ? {} : { "content-type": type }),
    };
    const { port, ca } = this.access;
    const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
    const options = {
      host: "127.0.0.1",
      port,
      ca,
      agent: this.agent,
      method,
      path,
      headers,
      signal,
    };
    const exchange = (): Promise<KubeReply> =>
      new Promise((resolve, reject) => {
        const sent = request(options, (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (chunk: string) => (text += chunk));
          response.on("error", reject);
          response.on("end", () => {
            resolve({ status: response.statusCode ?? 0, body: parseBody(text) });
          });
        });
        sent.on("error", (error: NodeJS.ErrnoException) => {
          // A connection that was kept, and whose server has been started anew meanwhile.
          if (sent.reusedSocket && error.code === "ECONNRESET") resolve(exchange());
          else reject(error);
        });
        sent.end(body === undefined ? undefined : JSON.stringify(body));
      });
    return exchange();
  }

  /** As `send`, for an answer that has to be yes. @throws KubeRefusal */
  async call(method: string, path: string, body?: unknown, type?: string): Promise<unknown> {
    const reply = await this.send(method, path, body, type);
    if (reply.status >= 200 && reply.status < 300) return reply.body;
    const message = (reply.body as { message?: string }).message ?? String(reply.body);
    throw new KubeRefusal(reply.status, `${method} ${path}`, message);
  }

  /**
   * Server-side apply of each object, in the order given, as the field manager `mesh-rig`; takes fields
   * from other managers. Definitions of resources are waited for until they can be used.
   *
   * @returns the objects as stored. @throws KubeRefusal
   */
  async apply(
    objects: string | KubeObject | readonly KubeObject[],
    options: { readonly dryRun?: boolean } = {},
  ): Promise<KubeObject[]> {
    const applied: KubeObject[] = [];
    for (const object of objectsOf(objects)) {
      const path = await this.pathOf(object.apiVersion, object.kind, object.metadata);
      const query = `fieldManager=mesh-rig&force=true${options.dryRun ? "&dryRun=All" : ""}`;
      const type = "application/apply-patch+yaml";
      applied.push((await this.call("PATCH", `${path}?${query}`, object, type)) as KubeObject);
      if (object.kind === "CustomResourceDefinition" && !options.dryRun) {
        await this.untilEstablished(path);
        this.resources.clear();
      }
    }
    return applied;
  }

  /** The object, or undefined if there is none. @throws KubeRefusal */
  async get(
    apiVersion: string,
    kind: string,
    name: string,
    namespace?: string,
  ): Promise<KubeObject | undefined> {
    const path = await this.pathOf(apiVersion, kind, { name, namespace });
    const reply = await this.send("GET", path);
    if (reply.status === 404) return undefined;
    if (reply.status === 200) return reply.body as KubeObject;
    throw new KubeRefusal(reply.status, `GET ${path}`, JSON.stringify(reply.body));
  }

  /** Deletes an object; one that is not there counts as deleted. @throws KubeRefusal */
  async delete(apiVersion: string, kind: string, name: string, namespace?: string): Promise<void> {
    const path = await this.pathOf(apiVersion, kind, { name, namespace });
    const reply = await this.send("DELETE", path);
    if (reply.status < 300 || reply.status === 404) return;
    throw new KubeRefusal(reply.status, `DELETE ${path}`, JSON.stringify(reply.body));
  }

  /** Replaces an object's status, as its controller would. @throws KubeRefusal */
  async setStatus(object: KubeObject, status: unknown): Promise<void> {
    const path = await this.pathOf(object.apiVersion, object.kind, object.metadata);
    await this.call("PATCH", `${path}/status`, { status }, "application/merge-patch+json");
  }

  /** A token of a service account, for the API server or for another audience. @throws KubeRefusal */
  async token(namespace: string, account: string, audience?: string): Promise<string> {
    const spec = { expirationSeconds: 86_400, ...(audience ? { audiences: [audience] } : {}) };
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
    const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec };
    const reply = (await this.call("POST", path, body)) as { status: { token: string } };
    return reply.status.token;
  }

  /** Ends idle connections, so that nothing keeps the process. */
  close(): void {
    this.agent.destroy();
  }

  /** Where the API has an object, found by discovery. @throws KubeRefusal */
  async pathOf(
    apiVersion: string,
    kind: string,
    metadata: { readonly name: string; readonly namespace?: string | undefined },
  ): Promise<string> {
    const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const known = this.resources.get(root) ?? this.discover(root);
    this.resources.set(root, known);
    const resource = (await known).get(kind);
    if (resource === undefined) {
      this.resources.delete(root); // it may be defined later
      throw new KubeRefusal(404, `GET ${root}`, `the API server has no ${kind} in ${apiVersion}`);
    }
    const { name, namespace = "default" } = metadata;
    const scope = resource.isNamespaced ? `/namespaces/${namespace}` : "";
    return `${root}${scope}/${resource.plural}/${name}`;
  }

  private async discover(root: string): Promise<Map<string, Resource>> {
    const reply = await this.send("GET", root);
    const list = (reply.body as { resources?: DiscoveredResource[] }).resources ?? [];
    const main = list.filter(({ name }) => !name.includes("/"));
    return new Map(
      main.map(({ kind, name, namespaced }) => [kind, { plural: name, isNamespaced: namespaced }]),
    );
  }

  private async untilEstablished(path: string): Promise<void> {
    for (;;) {
      const { status } = (await this.call("GET", path)) as {
        status?: { conditions?: { type: string; status: string }[] };
      };
      const conditions = status?.conditions ?? [];
      if (conditions.some((c) => c.type === "Established" && c.status === "True")) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

interface DiscoveredResource {
  readonly kind: string;
  readonly name: string;
  readonly namespaced: boolean;
}

/** Every object of a YAML stream, of a list or of one; `List` objects are opened. */
export function objectsOf(input: string | KubeObject | readonly KubeObject[]): KubeObject[] {
  const objects =
    typeof input === "string"
      ? parseAllDocuments(input).map((document) => {
          if (document.errors.length > 0) throw document.errors[0];
          return document.toJS() as KubeObject | null;
        })
      : [input].flat();
  return objects
    .filter((object) => object !== null && object !== undefined)
    .flatMap((object) =>
      object.kind === "List" ? (object.items as KubeObject[]) : [object as KubeObject],
    );
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // /readyz answers in plain text
  }
}
