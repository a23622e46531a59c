// A proxy of the embedded host that is sent one bad configuration after the other, and looked at
// after each: the first one meets a filter that has none yet, the others one that has a good one to
// lose.

import { HeaderSet, type EmbeddedProxy, type Stream } from "../../host-tools/src/embedded";
import {
  CHOSEN_ARM,
  KEPT_EPOCH,
  OTHER_TIER,
  SPENT_BURST,
  SPENT_TIER,
  TIER_HEADER,
} from "./kept-config";

export interface Outcome {
  readonly result: "accepted" | "refused" | "stale";
  /** As logged, without prefix; "" unless refused. */
  readonly reason: string;
  readonly trapped: boolean;
  /** What was in force before is in force still; true where the input was accepted. */
  readonly kept: boolean;
  /** Every VM has logged exactly one line, all with the same reason. */
  readonly logged: boolean;
  readonly problems: readonly string[];
}

/** Longer than the period at which gauges are written. */
const GAUGES_NS = 600e6;
const THREADS = ["main", "worker 0", "worker 1"];
const REFUSED = "ganglion: refused: ";

const requestOf = (tier: string): HeaderSet =>
  HeaderSet.compile("request", [
    [":method", "GET"],
    [":path", "/chat/completions"],
    [":authority", "llm"],
    [TIER_HEADER, tier],
  ]);
const SPENT_REQUEST = requestOf(SPENT_TIER);
const OTHER_REQUEST = requestOf(OTHER_TIER);
const ANSWER = HeaderSet.compile("response", [[":status", "200"]]);

export class EmbeddedVictim {
  suffered = 0;
  private isHealed = false;

  constructor(
    private readonly proxy: EmbeddedProxy,
    private readonly goodJson: string,
  ) {}

  /** Pushes the configuration and looks at what became of it and of everything else. */
  suffer(configuration: Uint8Array): Outcome {
    const { proxy } = this;
    this.suffered++;
    const problems: string[] = [];
    proxy.logs.clear();
    const { status } = proxy.configure(configuration);
    if (status !== "accepted") problems.push(`the proxy took it as ${status}`);
    const lines = [...proxy.logs].map((line) => ({ ...line }));
    const traps = lines.filter((line) => line.fromHost).map((line) => line.message);
    const result = resultOf(lines, problems);
    const logged = isLogged(lines);
    const reason = logged ? (lines[0]?.message.slice(REFUSED.length) ?? "") : "";
    const before = problems.length;
    if (result !== "accepted") this.look(result, problems);
    // A mutation that was valid must be as harmless as any other good configuration.
    else this.serve(problems);
    const kept = problems.length === before;
    const failed = proxy.workers.filter((worker) => worker.vm?.isFailed).length;
    if (failed > 0) traps.push(`${failed} workers without filter`);
    problems.push(...traps);
    const trapped = traps.length > 0 || status !== "accepted";
    if (result !== "accepted" && !this.isHealed) this.heal(problems);
    return { result, reason, trapped, kept, logged, problems };
  }

  /** The good configuration comes after all; its bucket is emptied. */
  private heal(problems: string[]): void {
    this.proxy.configure(this.goodJson);
    this.isHealed = true;
    for (let i = 0; i < SPENT_BURST; i++) this.send(i % 2, SPENT_REQUEST);
    const before = problems.length;
    this.lookAtRequests(problems);
    if (problems.length > before) problems.push("not healed by a good configuration");
  }

  private look(result: "refused" | "stale", problems: string[]): void {
    this.proxy.advance(GAUGES_NS);
    if (!this.isHealed) {
      this.lookForPassThrough(problems);
      return;
    }
    this.lookAtRequests(problems);
    for (let worker = 0; worker <= this.proxy.workers.length; worker++) {
      const gauge = (name: string) => this.proxy.metrics.gauge(`worker=.=${worker};.;${name}`);
      const epoch = gauge("ganglion_config_epoch");
      if (epoch !== KEPT_EPOCH) problems.push(`epoch ${epoch} on worker ${worker}`);
      if (result === "refused" && gauge("ganglion_config_error") !== 1) {
        problems.push(`no config_error on worker ${worker}`);
      }
    }
  }

  private lookForPassThrough(problems: string[]): void {
    for (const worker of this.proxy.workers) {
      const seen = this.send(worker.index, SPENT_REQUEST);
      if (seen.status !== 0 || seen.arm !== undefined || seen.model !== undefined) {
        problems.push(`not passed through: ${JSON.stringify(seen)}`);
      }
    }
  }

  private lookAtRequests(problems: string[]): void {
    for (const { index } of this.proxy.workers) {
      const spent = this.send(index, SPENT_REQUEST);
      if (spent.status !== 429) problems.push(`spent tier got ${spent.status} on ${index}`);
      const other = this.send(index, OTHER_REQUEST);
      if (other.status !== 0 || other.arm !== CHOSEN_ARM || other.model !== "1") {
        problems.push(`other tier on ${index}: ${JSON.stringify(other)}`);
      }
    }
  }

  /** Some requests through whatever was accepted. */
  private serve(problems: string[]): void {
    for (let i = 0; i < 80; i++) {
      const seen = this.send(i % this.proxy.workers.length, OTHER_REQUEST);
      const score = Number(seen.score ?? 0);
      if (!(score >= 0 && score <= 1000)) problems.push(`score ${seen.score}`);
    }
    this.proxy.advance(GAUGES_NS);
  }

  /** One request and its answer. @returns status of a local answer, 0 when it went upstream */
  private send(worker: number, request: HeaderSet) {
    const stream: Stream = this.proxy.begin(worker, request, true);
    const status = stream.reply?.code ?? 0;
    const upstream = new Map(stream.request.toList());
    if (stream.reply === null) {
      this.proxy.advance(1e6);
      stream.pushResponseHeaders(ANSWER, true);
    }
    stream.end();
    return {
      status,
      arm: upstream.get("x-ganglion-arm"),
      model: upstream.get("x-ganglion-model"),
      score: upstream.get("x-ganglion-score"),
    };
  }
}

interface Line {
  readonly message: string;
  readonly vm: string;
}

/** What the VMs that stay say; the canary has no epoch that could be newer. */
function resultOf(lines: readonly Line[], problems: string[]): Outcome["result"] {
  const staying = lines.filter(({ vm }) => THREADS.includes(vm)).map(({ message }) => message);
  const said = (prefix: string) => staying.filter((message) => message.startsWith(prefix)).length;
  const counts = { accepted: said("ganglion: accepted: "), stale: said("ganglion: ignored: ") };
  const result = counts.accepted > 0 ? "accepted" : counts.stale > 0 ? "stale" : "refused";
  if (result !== "refused" && counts[result] !== THREADS.length) problems.push("threads disagree");
  return result;
}

/** One refusal with a reason from the main thread and from both workers, the same from all. */
function isLogged(lines: readonly Line[]): boolean {
  const refusals = lines.filter(({ message }) => message.startsWith(REFUSED));
  const vms = refusals.map(({ vm }) => vm);
  const isOnePerVm = new Set(vms).size === vms.length;
  const isFromAll = THREADS.every((vm) => vms.includes(vm));
  const reasons = new Set(refusals.map(({ message }) => message));
  const [reason = ""] = reasons;
  return isOnePerVm && isFromAll && reasons.size === 1 && reason.length > REFUSED.length;
}
