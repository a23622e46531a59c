// Identity, mutual TLS and authorization, between sidecars that istiod gave their certificates.

import { connect } from "node:tls";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { envoyCertificates, workloadIdentities } from "../../host-tools/src/identity";
import { constantArrivals, LoadStatus, startLoadGenerator } from "../../host-tools/src/rig";
import { eventually, Mesh, meshCanRun, type Proxy } from "./rig";
import { startEcho, type Echo } from "./support/echo";
import { securityObjects } from "./support/security-objects";
import { hostHeader, INBOUND_PORT, SERVICE_PORT, startWorkload } from "./support/workload";

const NAMESPACE = "ai-services";
const ROTATING = "rotating";
const CHAT = "/api/llm/chat";
const RATE_HZ = 100;
/** How long at least; a rotation that is late on a busy machine is waited for. */
const LOAD_MS = 30_000;
const LOAD_MS_MAX = 300_000;
/** The first, and what followed it twice. */
const CERTIFICATES = 3;
/** The agent asks for a new certificate at half of a certificate's life. */
const ROTATION = { SECRET_TTL: "16s", SECRET_GRACE_PERIOD_RATIO: "0.5" };

describe.runIf(await meshCanRun())("security objects on a real control plane", () => {
  const objects = securityObjects(NAMESPACE);
  let mesh: Mesh;
  let echo: Echo;
  let llm: Proxy;
  let conversation: Proxy;
  let intent: Proxy;

  beforeAll(async () => {
    echo = await startEcho(["llm"]);
    mesh = await Mesh.start({ namespaces: [NAMESPACE, ROTATING] });
    const at = { namespace: NAMESPACE };
    const tlsStats = { proxyStatsMatcher: { inclusionRegexps: ["listener\\..*ssl.*"] } };
    [llm, conversation, intent] = await Promise.all([
      startWorkload(mesh, {
        ...at,
        name: "llm-service",
        appPort: echo.ports.llm!,
        proxyConfig: tlsStats,
      }),
      startWorkload(mesh, { ...at, name: "conversation-service" }),
      startWorkload(mesh, { ...at, name: "intent-service" }),
    ]);
    for (const caller of [conversation, intent]) {
      await eventually("a call", async () => (await call(caller, "POST", CHAT)) === 200);
    }
  });
  afterAll(async () => {
    await mesh?.stop();
    await echo?.stop();
  });

  it("take plain text before anything is said", async () => {
    expect((await llm.get(INBOUND_PORT, CHAT)).status).toBe(200);
  });

  it("refuse plain text under STRICT and take mutual TLS 1.3", async () => {
    await mesh.apply(objects.peerAuthentication);
    await eventually("plain text refused", async () => isReset(llm.get(INBOUND_PORT, CHAT)));
    const before = await tlsHandshakes(llm);
    await mesh.apply(oneRequestAConnection(NAMESPACE));
    await eventually("a handshake per request", async () => {
      expect(await call(conversation, "POST", CHAT)).toBe(200);
      return (await tlsHandshakes(llm)).v13 > before.v13;
    });
    expect((await tlsHandshakes(llm)).older).toBe(0);
  });

  it("refuse a TLS client that has no certificate", async () => {
    const socket = connect({ host: llm.ip, port: INBOUND_PORT, rejectUnauthorized: false });
    const answer = await new Promise<string>((resolve) => {
      socket.on("data", () => resolve("an answer"));
      socket.on("error", (error) => resolve(`refused: ${error.message}`));
      socket.on("close", () => resolve("closed"));
      socket.write(`GET ${CHAT} HTTP/1.1\r\nhost: x\r\n\r\n`);
    });
    socket.destroy();
    expect(answer).toMatch(/^refused: .*certificate required|^closed/);
  });

  it("let the named account call the named method and path, and nobody else anything", async () => {
    await mesh.apply([objects.denyByDefault, objects.callers]);
    const matrix = [
      ["conversation-service", "POST", CHAT, 200],
      ["conversation-service", "POST", "/api/llm/stream", 200],
      ["conversation-service", "GET", CHAT, 403],
      ["conversation-service", "POST", "/admin", 403],
      ["conversation-service", "POST", "/api/llm", 403],
      ["intent-service", "POST", CHAT, 403],
      ["intent-service", "GET", CHAT, 403],
    ] as const;
    const see = () =>
      Promise.all(
        matrix.map(async ([name, method, path]) => {
          const caller = name === "intent-service" ? intent : conversation;
          return [name, method, path, await call(caller, method, path)];
        }),
      );
    // The two objects may come in two pushes, and old listeners drain beside new ones for a moment.
    let rounds = 0;
    await eventually("the matrix three times in a row", async () => {
      rounds = isDeepStrictEqual(await see(), matrix) ? rounds + 1 : 0;
      return rounds === 3;
    }).catch(() => undefined);
    expect(await see()).toEqual(matrix);
  });

  it("deny everything where only the ALLOW policy without rules is left", async () => {
    const { apiVersion, kind, metadata } = objects.callers;
    await mesh.client.delete(apiVersion, kind, metadata.name, NAMESPACE);
    await eventually("a denial", async () => (await call(conversation, "POST", CHAT)) === 403);
  });

  it("give each workload an identity of its own, read from its Envoy", async () => {
    for (const proxy of [llm, conversation, intent]) {
      const [identity] = workloadIdentities(
        await envoyCertificates(`127.0.0.1:${proxy.admin.port}`),
      );
      expect(identity?.name).toBe(`spiffe://cluster.local/ns/${NAMESPACE}/sa/${proxy.name}`);
      expect(identity!.validUntil.getTime()).toBeGreaterThan(Date.now());
    }
  });

  it("rotate certificates under load without a failed request", async () => {
    const { peerAuthentication } = securityObjects(ROTATING);
    await mesh.apply([peerAuthentication, oneRequestAConnection(ROTATING)]);
    const options = { namespace: ROTATING, env: ROTATION };
    const [callee, caller] = await Promise.all([
      startWorkload(mesh, { ...options, name: "llm-service", appPort: echo.ports.llm! }),
      startWorkload(mesh, { ...options, name: "caller" }),
    ]);
    await eventually("a call", async () => (await call(caller, "POST", CHAT, ROTATING)) === 200);
    const serials = [new Set<string>(), new Set<string>()];
    const { failed, seconds } = await failuresUnderLoad(caller, async () => {
      for (const [i, proxy] of [callee, caller].entries()) serials[i]!.add(await serialOf(proxy));
      return serials.every((set) => set.size >= CERTIFICATES);
    });
    const counts = serials.map((set) => set.size);
    process.stderr.write(
      `${counts.join(" and ")} certificates in ${seconds} s, ${failed} failed\n`,
    );
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(CERTIFICATES);
    expect(failed).toBe(0);
  });
});

async function call(
  caller: Proxy,
  method: string,
  path: string,
  namespace = NAMESPACE,
): Promise<number> {
  const headers = hostHeader("llm-service", namespace);
  return (await caller.get(SERVICE_PORT, path, { method, headers })).status;
}

/** Handshakes of the inbound listener by protocol version. */
async function tlsHandshakes(proxy: Proxy): Promise<{ v13: number; older: number }> {
  const result = { v13: 0, older: 0 };
  for (const [name, count] of await proxy.admin.stats("ssl\\.versions")) {
    result[name.endsWith("TLSv1.3") ? "v13" : "older"] += count;
  }
  return result;
}

async function isReset(request: Promise<unknown>): Promise<boolean> {
  return request.then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === "ECONNRESET",
  );
}

/** Each request of a caller makes a new handshake, so that old and new certificates meet. */
const oneRequestAConnection = (namespace: string) => ({
  apiVersion: "networking.istio.io/v1",
  kind: "DestinationRule",
  metadata: { name: "llm-service", namespace },
  spec: {
    host: `llm-service.${namespace}.svc.cluster.local`,
    trafficPolicy: { connectionPool: { http: { maxRequestsPerConnection: 1 } } },
  },
});

async function serialOf(proxy: Proxy): Promise<string> {
  const certificates = await envoyCertificates(`127.0.0.1:${proxy.admin.port}`);
  return workloadIdentities(certificates)[0]!.serial;
}

/** Requests that were not answered 200, at a steady rate, for a while and until there is enough. */
async function failuresUnderLoad(caller: Proxy, isEnough: () => Promise<boolean>) {
  const generator = await startLoadGenerator();
  try {
    const running = generator.openLoop({
      target: { host: caller.ip, port: SERVICE_PORT },
      templates: [
        { tag: "chat", method: "POST", path: CHAT, headers: hostHeader("llm-service", ROTATING) },
      ],
      intendedMs: constantArrivals(RATE_HZ, LOAD_MS_MAX),
      connectionsMax: 32,
    });
    running.catch(() => undefined);
    const startedMs = performance.now();
    const lastMs = startedMs + LOAD_MS_MAX - 1000;
    for (;;) {
      const nowMs = performance.now();
      if (((await isEnough()) && nowMs - startedMs >= LOAD_MS) || nowMs > lastMs) break;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    await generator.stopRun();
    const { status } = await running;
    const sent = status.filter((each) => each !== LoadStatus.notRun);
    const seconds = Math.round((performance.now() - startedMs) / 1000);
    expect(sent.length).toBeGreaterThan((RATE_HZ * LOAD_MS) / 2000);
    return { failed: sent.filter((each) => each !== 200).length, seconds };
  } finally {
    await generator.stop();
  }
}
