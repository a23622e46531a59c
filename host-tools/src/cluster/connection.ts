// Where the API server is and how to speak to it: kubeconfig files and their merging, contexts,
// tokens, client certificates, exec plugins, OIDC, in-cluster accounts. All of that is
// @kubernetes/client-node's; of it only the configuration is used, because it says nothing of
// retries, budgets, preconditions and field owners. Loaded when a command needs a cluster: it costs
// half a second.

import { Agent as HttpAgent, type RequestOptions } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { ExitCode, GanglionError } from "../lib/errors";
import { reasonOf } from "../lib/input";

export interface ConnectionChoices {
  /** Path of a kubeconfig; by default KUBECONFIG, then ~/.kube/config, then the pod's account. */
  readonly kubeconfig?: string | undefined;
  /** By default the kubeconfig's current one. */
  readonly context?: string | undefined;
  /** By default the context's, else `default`. */
  readonly namespace?: string | undefined;
}

export interface Connection {
  /** Without a trailing slash. */
  readonly server: string;
  readonly context: string;
  readonly namespace: string;
  /**
   * TLS material, agent and credentials for a request.
   *
   * @param renew true after a 401: asks for credentials anew
   */
  credentials(renew: boolean): Promise<RequestOptions>;
}

/** Credentials of exec plugins and files may be short-lived; client-node keeps them while they live. */
const CREDENTIALS_MS = 60_000;

/** @throws GanglionError E_CLUSTER_CONFIG */
export async function openConnection(choices: ConnectionChoices): Promise<Connection> {
  const config = await loadConfig(choices);
  const context = config.getContextObject(config.currentContext);
  const cluster = config.getCurrentCluster();
  if (cluster === null || context === null) {
    throw configError(
      choices.context === undefined
        ? "the kubeconfig has no current context"
        : `the kubeconfig has no context ${choices.context}; ` +
            `it has ${config.contexts.map(({ name }) => name).join(", ") || "none"}`,
    );
  }
  const server = cluster.server.replace(/\/+$/, "");
  let known: { readonly options: RequestOptions; readonly sinceMs: number } | undefined;
  const agent = cluster.proxyUrl === undefined ? new LazyAgent(server) : undefined;
  return {
    server,
    context: config.currentContext,
    namespace: choices.namespace ?? context.namespace ?? podNamespace(config) ?? "default",
    credentials: async (renew) => {
      if (known !== undefined && !renew && Date.now() - known.sinceMs < CREDENTIALS_MS) {
        return known.options;
      }
      const options = await applied(config);
      known = { options: agent?.into(options) ?? options, sinceMs: Date.now() };
      return known.options;
    },
  };
}

async function loadConfig(choices: ConnectionChoices): Promise<KubeConfig> {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  try {
    if (choices.kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(choices.kubeconfig);
  } catch (cause) {
    throw configError(
      `cannot read the kubeconfig ${choices.kubeconfig ?? process.env.KUBECONFIG ?? ""}: ` +
        reasonOf(cause),
      cause,
    );
  }
  if (choices.context !== undefined) config.setCurrentContext(choices.context);
  return config;
}

async function applied(config: KubeConfig): Promise<RequestOptions> {
  const options: RequestOptions = { headers: {} };
  try {
    await config.applyToHTTPSOptions(options as Parameters<typeof config.applyToHTTPSOptions>[0]);
  } catch (cause) {
    throw configError(`no credentials for the cluster: ${reasonOf(cause)}`, cause);
  }
  return options;
}

/** In a pod the account's own namespace is the natural one. */
function podNamespace(config: KubeConfig): string | undefined {
  return config.currentContext === "inClusterContext"
    ? config.getContextObject(config.currentContext)?.namespace
    : undefined;
}

/** One agent that keeps its connections; made anew only when the TLS material has changed. */
class LazyAgent {
  private readonly plain: HttpAgent | undefined;
  private secure: { readonly agent: HttpsAgent; readonly key: string } | undefined;

  constructor(server: string) {
    this.plain = server.startsWith("http:") ? new HttpAgent({ keepAlive: true }) : undefined;
  }

  into(options: RequestOptions): RequestOptions {
    if (this.plain !== undefined) return { ...options, agent: this.plain };
    const { ca, cert, key, rejectUnauthorized, servername } = options as Record<string, string>;
    const tls = { ca, cert, key, rejectUnauthorized, servername };
    const given = Object.entries(tls).filter(([, value]) => value !== undefined);
    const material = JSON.stringify(given.map(([name, value]) => [name, String(value)]));
    if (this.secure?.key !== material) {
      this.secure?.agent.destroy();
      const agent = new HttpsAgent({ keepAlive: true, ...Object.fromEntries(given) });
      this.secure = { agent, key: material };
    }
    return { ...options, agent: this.secure.agent };
  }
}

function configError(message: string, cause?: unknown): GanglionError {
  return new GanglionError("E_CLUSTER_CONFIG", message, {
    cause,
    hint: "Name a kubeconfig with --kubeconfig and a context with --context.",
    exitCode: ExitCode.usage,
  });
}
