import { beforeAll, describe, expect, it } from "vitest";
import { readFilterModule } from "../../../host-tools/src/lib/filter-module";
import { replayTraffic } from "../../../host-tools/src/replay/replay";
import { replayConfig } from "../../../host-tools/src/replay/replay-config";
import { ReplayOutput, type ReplayForm } from "../../../host-tools/src/replay/replay-output";
import { readTraffic } from "../../../host-tools/src/replay/traffic-file";
import { expectGolden } from "../../support/golden";
import { SPIKE_POLICY, spikeTraffic } from "./spike-traffic";

let wasm: Uint8Array;
beforeAll(async () => {
  wasm = await readFilterModule();
});

interface Run {
  readonly policy?: string;
  readonly form?: ReplayForm;
  readonly workers?: number;
  readonly seed?: number;
}

async function replay(traffic: string, run: Run = {}): Promise<string> {
  const { policy = SPIKE_POLICY, form = "table", workers = 1, seed = 1 } = run;
  const pluginConfig = await replayConfig({ text: policy, file: "policy" });
  const requests = await readTraffic([Buffer.from(traffic)]);
  let text = "";
  const output = new ReplayOutput(form, (piece) => (text += piece));
  replayTraffic(requests, { wasm, pluginConfig, workers, seed }, (request, verdict) => {
    output.add(request, verdict);
  });
  output.end();
  return text;
}

interface Line {
  readonly verdict: string;
  readonly reason: string;
  readonly enforced: boolean;
  readonly score_permille: number | null;
  readonly arm: string | null;
  readonly answered: number | null;
}

async function verdicts(traffic: string, run: Run = {}): Promise<Line[]> {
  const text = await replay(traffic, { ...run, form: "jsonl" });
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

const traffic = spikeTraffic(1);

describe("replay", () => {
  it("gives the verdicts of the golden spike, byte for byte", async () => {
    expectGolden("traffic/spike.jsonl", traffic);
    expectGolden("verdicts/spike.txt", await replay(traffic));
    expectGolden("verdicts/spike-summary.txt", await replay(traffic, { form: "summary" }));
  });

  it("limits the tier that floods and leaves the slow arm", async () => {
    const lines = await verdicts(traffic);
    const requests = traffic.trimEnd().split("\n");
    const at = requests.map((line) => JSON.parse(line) as { at_ms: number; headers: object });
    const refused = lines.filter((line) => line.answered === 429);
    expect(refused.length).toBeGreaterThan(100);
    expect(
      refused.every((line) => line.verdict === "throttle" && line.reason === "rate_limit"),
    ).toBe(true);
    const refusedTiers = new Set(
      at.filter((_, i) => lines[i]!.answered === 429).map((one) => JSON.stringify(one.headers)),
    );
    expect([...refusedTiers]).toEqual(['{"x-user-tier":"free"}']);
    const late = lines.filter((_, i) => at[i]!.at_ms > 17_000 && at[i]!.at_ms < 19_000);
    const passed = late.filter((line) => line.answered === null);
    const onSmall = passed.filter((line) => line.arm === "small").length / passed.length;
    expect(onSmall).toBeGreaterThan(0.9);
  });

  it("computes the same refusals in shadow and carries none out", async () => {
    const shadow = SPIKE_POLICY.replace("enforce", "shadow");
    const lines = await verdicts(traffic, { policy: shadow });
    const throttled = lines.filter((line) => line.verdict === "throttle");
    expect(throttled.length).toBeGreaterThan(50);
    expect(throttled.every((line) => !line.enforced && line.answered === null)).toBe(true);
    expect(lines.every((line) => line.arm === null)).toBe(true);
  });

  it("is the same twice over two workers, and another with another seed", async () => {
    const run = { workers: 2, seed: 7 };
    const first = await replay(traffic, run);
    expect(await replay(traffic, run)).toBe(first);
    expect(await replay(traffic, { ...run, seed: 8 })).not.toBe(first);
  });

  it("scores without a policy and touches nothing", async () => {
    const pluginConfig = await replayConfig({ file: "" });
    const requests = await readTraffic([Buffer.from(traffic)]);
    let scored = 0;
    replayTraffic(requests, { wasm, pluginConfig }, (_, verdict) => {
      expect(verdict).toMatchObject({ answered: 0, arm: "" });
      if (verdict.scorePermille > 0) scored++;
    });
    expect(scored).toBeGreaterThan(requests.length / 2);
  });

  it("replays failures, clients that went away, and answers that begin early", async () => {
    const line = (i: number, more: object): string => {
      return JSON.stringify({ at_ms: i * 50, path: "/api/llm/chat", method: "POST", ...more });
    };
    const mixed = Array.from({ length: 200 }, (_, i) => {
      if (i % 3 === 0) return line(i, { latency_ms: 30, status: 503 });
      if (i % 3 === 1) return line(i, { latency_ms: 30, status: 0 });
      return line(i, { latency_ms: 30, ttfb_ms: 10, status: 200 });
    }).join("\n");
    expect(await verdicts(mixed)).toHaveLength(200);
  });

  it("refuses a configuration with the filter's own or the validator's reason", async () => {
    const bad = replayConfig({ text: '{"version":1,"mode":"perhaps"}', file: "c.json" });
    await expect(bad).rejects.toThrow(/mode/);
    const broken = replayConfig({ text: "{", file: "c.json" });
    await expect(broken).rejects.toMatchObject({ code: "E_REPLAY_CONFIG", exitCode: 65 });
  });
});
