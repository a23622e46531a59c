// What a canary verdict makes of no data, on a real Prometheus and in a real shell: the label that
// never matches, the comparison that nothing passes, and the guard that holds instead.

import { execFileSync } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { QUERY_WITNESSES } from "../../../host-tools/src/verify/witness/query-witness";
import { runQueryWitness } from "../../../host-tools/src/verify/witness/run-query-witness";
import { findPrometheus, Prometheus } from "../../support/prometheus";

const FULL = "llm-service.ai-services.svc.cluster.local";
const SHORT = "llm-service";

let server: Server | undefined;
let prometheus: Prometheus | undefined;
let missing: string | undefined;
/** Requests since the start: grow with every scrape, so that rates are over 0. */
let scrapes = 0;

/** What a sidecar tells of 94 good, 4 refused and 2 failed requests between two scrapes. */
function metrics(): string {
  scrapes++;
  const line = (code: number, count: number) =>
    `istio_requests_total{destination_service="${FULL}",destination_version="v2",` +
    `response_code="${code}"} ${count * scrapes}\n`;
  return `# TYPE istio_requests_total counter\n${line(200, 94)}${line(400, 4)}${line(503, 2)}`;
}

const of = (service: string, codes = ".*") =>
  `sum(rate(istio_requests_total{destination_service="${service}",destination_version="v2",` +
  `response_code=~"${codes}"}[1m]))`;

const percent = (service: string, codes: string) => `100 * ${of(service, codes)} / ${of(service)}`;

beforeAll(async () => {
  const found = await findPrometheus();
  missing = found.missing;
  if (found.path === undefined) return;
  server = createServer((_request, response) => response.end(metrics()));
  await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  prometheus = await Prometheus.start(found.path, { targets: [`127.0.0.1:${port}`] });
  await prometheus.waitFor(percent(FULL, "5.."));
});

afterAll(async () => {
  await prometheus?.stop();
  server?.close();
});

describe("a verdict on a real Prometheus", () => {
  it.for([["full", FULL, 1] as const, ["short", SHORT, 0] as const])(
    "has data by the %s name of the service or has none",
    async ([, service, samples], { skip }) => {
      if (missing !== undefined) return skip(missing);
      expect(await prometheus!.query(percent(service, "5.."))).toHaveLength(samples);
    },
  );

  it("never fails without data: a comparison of nothing is nothing", async ({ skip }) => {
    if (missing !== undefined) return skip(missing);
    expect(await prometheus!.query(`${percent(SHORT, "5..")} > 5`)).toEqual([]);
    expect(await prometheus!.query(`${percent(SHORT, "5..")} > 1`)).toEqual([]);
    const [failing] = await prometheus!.query(`${percent(FULL, "5..")} > 1`);
    expect(failing?.value).toBeCloseTo(2, 6);
  });

  it("is NaN while there are no requests, and NaN is over no limit", async ({ skip }) => {
    if (missing !== undefined) return skip(missing);
    const idle = `${percent(FULL, "5..")} * 0 / 0`;
    const [sample] = await prometheus!.query(idle);
    expect(sample?.value).toBeNaN();
    expect(await prometheus!.query(`${idle} > 5`)).toEqual([]);
  });

  it("holds where the guard asks for data first", async ({ skip }) => {
    if (missing !== undefined) return skip(missing);
    const guarded = (service: string) =>
      `(${of(service)} > bool 0) * (${percent(service, "5..")} <= bool 5) or vector(-1)`;
    expect((await prometheus!.query(guarded(FULL)))[0]?.value).toBe(1);
    expect((await prometheus!.query(guarded(SHORT)))[0]?.value).toBe(-1);
  });

  it("blames a client's 400 on the canary where it counts all but 2xx", async ({ skip }) => {
    if (missing !== undefined) return skip(missing);
    const [blamed] = await prometheus!.query(`100 - ${percent(FULL, "2..")}`);
    const [own] = await prometheus!.query(percent(FULL, "5.."));
    expect(blamed?.value).toBeCloseTo(6, 6);
    expect(own?.value).toBeCloseTo(2, 6);
  });
});

describe("a witness of a query", () => {
  it.for(QUERY_WITNESSES)("is what promtool finds: $rule", async (witness, { skip }) => {
    const { path, missing: reason } = await findPrometheus();
    if (path === undefined) return skip(reason);
    const promtool = join(path, "promtool");
    expect(await runQueryWitness(witness, promtool)).toMatchObject({ holds: true });
    const [[expression = "", value] = []] = witness.expressions;
    const wrong = { ...witness, expressions: [[expression, (value ?? 0) + 1]] as const };
    expect(await runQueryWitness(wrong, promtool)).toMatchObject({ holds: false });
  });
});

describe("a verdict in a shell", () => {
  const shell = (rate: string, guard: string) =>
    execFileSync(
      "sh",
      ["-c", `RATE='${rate}'; ${guard}; then echo rollback; else echo go on; fi`],
      {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      },
    ).trim();
  // What jq prints of an empty result is null; of 0/0 Prometheus answers NaN. awk stands for bc,
  // which not every machine has: both take a word for 0.
  const plain = `if [ "$(echo "$RATE" | awk '{ print ($1 + 0 > 5) }')" = 1 ]`;
  const guarded =
    `if ! echo "$RATE" | grep -Eq '^[0-9]+([.][0-9]+)?$'; then echo hold; ` +
    `elif [ "$(echo "$RATE" | awk '{ print ($1 + 0 > 5) }')" = 1 ]`;

  it.each([
    ["7.5", "rollback"],
    ["2.5", "go on"],
    ["null", "go on"],
    ["NaN", "go on"],
    ["", "go on"],
  ])("without a guard makes of '%s': %s", (rate, outcome) => {
    expect(shell(rate, plain)).toBe(outcome);
  });

  it.each([
    ["7.5", "rollback"],
    ["2.5", "go on"],
    ["null", "hold"],
    ["NaN", "hold"],
    ["", "hold"],
  ])("with a guard makes of '%s': %s", (rate, outcome) => {
    expect(shell(rate, guarded)).toBe(outcome);
  });
});
