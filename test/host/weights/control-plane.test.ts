// What istiod knows of a proxy that lags, and what is made of it.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { istiodsAt, readSyncz } from "../../../host-tools/src/weights/control-plane";
import { explainedEffect, isUndecided, judgeEffect } from "../../../host-tools/src/weights/effect";
import { explained } from "../../../host-tools/src/weights/fleet";
import type { Fleet, FleetState } from "../../../host-tools/src/weights/fleet";
import { parsePage } from "../../../host-tools/src/weights/metrics-page";
import { fleetJson, proxyLines } from "../../../host-tools/src/weights/report";

const EXTENSIONS = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig";
const REJECTED = "Unable to create Wasm plugin default.ganglion";

/** As istiod 1.31 writes it. */
const PAGE = JSON.stringify([
  {
    cluster_id: "Kubernetes",
    proxy: "gateway-1.ai",
    resources: { [EXTENSIONS]: { sent: "t/2", acked: "t/1", lastError: REJECTED } },
  },
  { proxy: "gateway-2.ai", resources: { [EXTENSIONS]: { sent: "t/2", acked: "t/2" } } },
  { proxy: "slow.ai", extensionconfig_sent: "t/2", extensionconfig_acked: "t/1" },
  { proxy: "bare.ai" },
  { proxy: 7 },
]);

const behind = judgeEffect({
  epoch: 4,
  now: parsePage('ganglion_config_epoch{worker="0"} 3\nganglion_heartbeat_seconds{worker="0"} 9'),
});
const absent = judgeEffect({ epoch: 4, now: parsePage("") });

let server: Server;
let answer = { status: 200, body: PAGE };
let istiod = "";
beforeAll(async () => {
  server = createServer((_, response) => {
    response.writeHead(answer.status).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  istiod = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

describe("istiod's page", () => {
  it("says of each proxy what was sent, taken and rejected, in old words and new", () => {
    expect(Object.fromEntries(readSyncz(PAGE, "istiod"))).toEqual({
      "ai/gateway-1": { sent: true, acknowledged: false, rejection: REJECTED },
      "ai/gateway-2": { sent: true, acknowledged: true, rejection: undefined },
      "ai/slow": { sent: true, acknowledged: false, rejection: undefined },
      "ai/bare": { sent: false, acknowledged: true, rejection: undefined },
    });
  });

  it("cannot steer the terminal of whoever reads it", () => {
    const resources = { [EXTENSIONS]: { sent: "2", lastError: `\u001b[2J${"x".repeat(999)}` } };
    const words = readSyncz(JSON.stringify([{ proxy: "a.b", resources }]), "istiod");
    expect(words.get("b/a")?.rejection).toMatch(/^\[2Jx{297}$/);
  });

  it.each(["<html>", '{"a":1}'])("is told from a page that is none: %s", (text) => {
    expect(() => readSyncz(text, "127.0.0.1:80")).toThrow(
      "what answers at 127.0.0.1:80 is no istiod",
    );
  });
});

describe("an address of istiod", () => {
  it("that is none is refused, with what to name", () => {
    expect(() => istiodsAt("15014")).toThrow(
      expect.objectContaining({
        code: "E_FLEET_ADDRESS",
        exitCode: 64,
        hint: expect.stringContaining("deploy/istiod 15014"),
      }),
    );
  });
});

describe("a proxy that lags", () => {
  const word = { sent: true, acknowledged: false, rejection: undefined };

  it("is undecided by its metrics alone", () => {
    expect(isUndecided(behind)).toBe(true);
    expect(behind).toMatchObject({ cause: "behind" });
  });

  it("has rejected the configuration, in its own words", () => {
    expect(explainedEffect(behind, { ...word, rejection: REJECTED })).toEqual({
      effective: false,
      cause: "nacked",
      reason: `worker 0 runs epoch 3, not 4: Envoy rejected it: ${REJECTED}`,
    });
  });

  it("has not got it, has not answered, or is another istiod's", () => {
    const reasons = [{ ...word, sent: false }, word, { ...word, acknowledged: true }, undefined]
      .map((one) => explainedEffect(behind, one))
      .map((effect) => {
        if (effect.effective) throw new Error("it is not");
        const { cause, reason } = effect;
        return `${cause}: ${reason.replace("worker 0 runs epoch 3, not 4: ", "")}`;
      });
    expect(reasons).toEqual([
      "not arrived: istiod has sent it none",
      "not arrived: istiod has sent it, the proxy not answered",
      "not arrived: istiod has not sent the newest, or its workers do not take what Envoy took",
      "behind: this istiod does not know the proxy",
    ]);
  });

  it("has no filter though Envoy took everything: its agent had no image", () => {
    expect(explainedEffect(absent, { ...word, acknowledged: true })).toMatchObject({
      cause: "no filter",
      reason: expect.stringContaining("its agent could not fetch the image"),
    });
    const page = 'istio_agent_wasm_remote_fetch_count{result="manifest_failure"} 3\n';
    const succeeded = 'istio_agent_wasm_remote_fetch_count{result="success"} 9\n';
    expect(judgeEffect({ epoch: 4, now: parsePage(page + succeeded) })).toMatchObject({
      cause: "image",
      reason: expect.stringContaining("could not fetch an image, 3 times since it started"),
    });
    expect(judgeEffect({ epoch: 4, now: parsePage(succeeded) })).toEqual(absent);
  });

  it("has rejected it also where an image could not be fetched or an older object came, once", () => {
    const page = 'ganglion_config_epoch{worker="0"} 3\nganglion_heartbeat_seconds{worker="0"} 9\n';
    const image = 'istio_agent_wasm_remote_fetch_count{result="manifest_failure"} 1\n';
    const older = 'ganglion_configs_total{cause="stale"} 1\n';
    const counted = [image, older].map((one) =>
      judgeEffect({ epoch: 4, now: parsePage(page + one) }),
    );
    expect(counted).toMatchObject([{ cause: "image" }, { cause: "older config" }]);
    for (const effect of counted) {
      expect(explainedEffect(effect, { ...word, rejection: REJECTED })).toMatchObject({
        cause: "nacked",
        reason: expect.stringContaining(`Envoy rejected it: ${REJECTED}`),
      });
      const taken = { sent: true, acknowledged: true, rejection: REJECTED };
      for (const other of [undefined, word, taken]) {
        expect(explainedEffect(effect, other)).toBe(effect);
      }
    }
  });

  it("keeps the reason that its own metrics give", () => {
    const dead = { effective: false, cause: "dead worker", reason: "silent" } as const;
    expect(explainedEffect(dead, { ...word, rejection: REJECTED })).toBe(dead);
  });
});

describe("a fleet that is not effective", () => {
  const state: FleetState = {
    proxies: [{ name: "ai/gateway-1", reading: undefined, effect: behind }],
    without: [],
    effective: false,
  };
  const fleet = (list: string): Fleet => ({ controlPlane: istiodsAt(list) }) as unknown as Fleet;

  it("is explained by istiod", async () => {
    answer = { status: 200, body: PAGE };
    const { proxies, remark } = await explained(fleet(istiod), state);
    expect(proxies[0]?.effect).toMatchObject({ cause: "nacked" });
    expect(remark).toBeUndefined();
  });

  it("stays as it is, with a remark, where istiod does not answer or refuses to", async () => {
    answer = { status: 401, body: "" };
    const refused = await explained(fleet(istiod), state);
    expect(refused).toMatchObject({ proxies: state.proxies });
    expect(refused.remark).toBe(`istiod at ${istiod} answers 401 to /debug/syncz`);
    expect(proxyLines(refused)).toContain(`  ${refused.remark}`);
    expect(fleetJson(refused)).toMatchObject({ proxies: [{}], remark: refused.remark });
    expect(fleetJson(state)).not.toHaveProperty("remark");
    const { remark } = await explained(fleet("127.0.0.1:1"), state);
    expect(remark).toMatch(/^istiod at 127.0.0.1:1: (unreachable \(|bad port)/);
  });

  it("is not asked about where nobody named an istiod, nor where all is well", async () => {
    expect(await explained({ ...fleet(istiod), controlPlane: undefined }, state)).toBe(state);
    const good = { ...state, effective: true };
    expect(await explained(fleet(istiod), good)).toBe(good);
  });
});
