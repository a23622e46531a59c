import { describe, expect, it } from "vitest";
import { judgeEffect, reportedEpoch } from "../../../host-tools/src/weights/effect";
import { parsePage, parseSample } from "../../../host-tools/src/weights/metrics-page";

interface Worker {
  readonly epoch: number;
  readonly heartbeatS?: number;
  readonly error?: number;
}

/** A page as Envoy writes it without Istio's extraStatTags: labels in the names. */
function page(workers: readonly Worker[], more = "envoy_server_concurrency{} 2\n"): string {
  const lines = workers.flatMap(({ epoch, heartbeatS = 500, error = 0 }, worker) => [
    `worker___${worker}___ganglion_config_epoch{} ${epoch}`,
    `worker___${worker}___ganglion_config_error{} ${error}`,
    `worker___${worker}___ganglion_heartbeat_seconds{} ${heartbeatS}`,
    `worker___${worker}___ganglion_model_version{} 7`,
  ]);
  return `# TYPE x gauge\n${lines.join("\n")}\n${more}`;
}

const judged = (workers: readonly Worker[], more?: string) =>
  judgeEffect({ epoch: 4, now: parsePage(page(workers, more)) });

const THREE = [{ epoch: 4 }, { epoch: 4 }, { epoch: 4 }] as const;

describe("a metrics page", () => {
  it("reads alike with labels in names and with labels as labels", () => {
    const asLabels = parsePage(
      [
        'ganglion_config_epoch{worker="0"} 4',
        'ganglion_config_error{worker="0"} 0',
        'ganglion_heartbeat_seconds{worker="0",app="x"} 500',
        'ganglion_model_version{worker="0"} 7',
        'ganglion_configs_total{cause="stale"} 2',
        "envoy_server_concurrency 2",
      ].join("\n"),
    );
    const more = "cause___stale___ganglion_configs_total{} 2\nenvoy_server_concurrency{} 2\n";
    expect(parsePage(page([{ epoch: 4 }], more))).toEqual(asLabels);
    expect(asLabels.workers.get("0")).toEqual({
      epoch: 4,
      heartbeatS: 500,
      configError: false,
      modelVersion: 7,
    });
  });

  it("takes no other metric for ours, and nonsense for no sample", () => {
    for (const line of [
      "# HELP ganglion_config_epoch of the configuration",
      "envoy_cluster_upstream_rq{} 4",
      "ganglion_config_epoch{} not-a-number",
      "ganglion_",
      "",
    ]) {
      expect(parseSample(line)).toBeUndefined();
    }
    expect(parsePage("<html>404</html>").workers.size).toBe(0);
  });
});

describe("new weights", () => {
  it("act where every VM, one per worker and the main thread's, is alive and has the epoch", () => {
    expect(judged(THREE)).toEqual({ effective: true, vms: 3 });
    expect(judged([{ epoch: 5 }, { epoch: 4 }, { epoch: 4 }])).toMatchObject({ effective: true });
  });

  it("do not act where the filter is not loaded", () => {
    expect(judged([])).toMatchObject({
      effective: false,
      reason: expect.stringContaining("the filter is not loaded there"),
    });
  });

  it("do not act where a worker has an older epoch", () => {
    expect(judged([{ epoch: 4 }, { epoch: 3 }, { epoch: 4 }])).toMatchObject({
      effective: false,
      reason:
        "worker 1 runs epoch 3, not 4: the configuration has not arrived, or Envoy rejected it",
    });
  });

  it("do not act where the filter refused them, and that is said", () => {
    const refused = { epoch: 3, error: 1 };
    expect(judged([refused, refused, refused])).toMatchObject({
      effective: false,
      reason: expect.stringContaining("worker 0 and 2 more run epoch 3, not 4: the filter refused"),
    });
  });

  it("do not act where an older object was delivered after a newer one", () => {
    const stale = "cause___stale___ganglion_configs_total{} 2\nenvoy_server_concurrency{} 2\n";
    const behind = { epoch: 3 };
    expect(judged([behind, behind, behind], stale)).toMatchObject({
      reason: expect.stringContaining("an older object was delivered (2 ignored)"),
    });
  });

  it("do not act where a worker has gone silent, though its gauge shows the epoch", () => {
    expect(judged([{ epoch: 4 }, { epoch: 4, heartbeatS: 460 }, { epoch: 4 }])).toEqual({
      effective: false,
      cause: "dead worker",
      reason: "2 of 3 VMs of the filter are alive; silent: worker 1 for 40 s",
    });
  });

  it("act in spite of gauges that dead VMs left behind", () => {
    const left = { epoch: 2, heartbeatS: 300 };
    expect(judged([left, left, left, ...THREE])).toMatchObject({ effective: true, vms: 3 });
  });

  it("do not act where every worker has stopped, which only a later look shows", () => {
    const now = parsePage(page(THREE));
    expect(judgeEffect({ epoch: 4, now })).toMatchObject({ effective: true });
    expect(judgeEffect({ epoch: 4, now, silent: true })).toMatchObject({
      effective: false,
      cause: "dead worker",
    });
  });

  it("are above the highest epoch that a worker reports", () => {
    expect(reportedEpoch(parsePage(page([{ epoch: 4 }, { epoch: 9 }])))).toBe(9);
    expect(reportedEpoch(parsePage(""))).toBe(0);
  });
});
