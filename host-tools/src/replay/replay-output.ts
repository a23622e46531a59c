// The three forms in which a replay is printed. Lines are collected and handed out in pieces of some
// kilobytes: a write for each of a million lines would take longer than the replay.

import type { RecordedRequest } from "./recorded-request";
import type { ReplayVerdict } from "./replay-verdict";

export type ReplayForm = "jsonl" | "table" | "summary";

const PIECE_CHARACTERS = 1 << 16;
const DEFAULT_ARM = "-";

/** Collects what a replay decided, and writes it in the form asked for. */
export class ReplayOutput {
  private text = "";
  private readonly counts = new Map<string, number>();
  private readonly arms = new Map<string, number>();
  private readonly scores = new Uint32Array(1001);
  private requests = 0;

  constructor(
    private readonly form: ReplayForm,
    private readonly write: (text: string) => void,
  ) {
    if (form === "table") this.text = TABLE_HEAD;
  }

  add(request: RecordedRequest, verdict: ReplayVerdict): void {
    this.requests++;
    count(this.counts, verdictLine(verdict));
    if (verdict.answered === 0) count(this.arms, verdict.arm === "" ? DEFAULT_ARM : verdict.arm);
    if (verdict.scorePermille >= 0) this.scores[Math.min(1000, verdict.scorePermille)]!++;
    if (this.form === "summary") return;
    this.text += this.form === "jsonl" ? jsonLine(request, verdict) : tableLine(request, verdict);
    if (this.text.length >= PIECE_CHARACTERS) this.flush();
  }

  /** Writes what is left. */
  end(): void {
    if (this.form === "summary") this.text = this.summary();
    this.flush();
  }

  private flush(): void {
    if (this.text !== "") this.write(this.text);
    this.text = "";
  }

  private summary(): string {
    const lines = [`requests ${this.requests}`];
    const share = (n: number, of: number): string => `${((100 * n) / of).toFixed(2)} %`;
    for (const [name, n] of sorted(this.counts)) {
      lines.push(`verdict  ${name.padEnd(34)} ${n}  ${share(n, this.requests)}`);
    }
    const passed = [...this.arms.values()].reduce((sum, n) => sum + n, 0);
    for (const [name, n] of sorted(this.arms)) {
      lines.push(`arm      ${name.padEnd(34)} ${n}  ${share(n, passed)}`);
    }
    const scored = this.scores.reduce((sum, n) => sum + n, 0);
    if (scored > 0) {
      const at = (q: number): number => quantileOfCounts(this.scores, Math.ceil(q * scored));
      lines.push(`score    p50 ${at(0.5)}  p90 ${at(0.9)}  p99 ${at(0.99)}  max ${at(1)} permille`);
    }
    return `${lines.join("\n")}\n`;
  }
}

const TABLE_HEAD = `${"at_ms".padStart(12)}  ${"verdict".padEnd(18)} ${"reason".padEnd(12)} ${"score".padStart(5)}  ${"arm".padEnd(16)} request\n`;

function tableLine({ atMs, headers }: RecordedRequest, verdict: ReplayVerdict): string {
  const name = verdict.isEnforced ? verdict.verdict : `${verdict.verdict} (shadow)`;
  const score = verdict.scorePermille < 0 ? "-" : String(verdict.scorePermille);
  const arm = verdict.answered > 0 ? String(verdict.answered) : verdict.arm || DEFAULT_ARM;
  return (
    `${atMs.toFixed(3).padStart(12)}  ${name.padEnd(18)} ${verdict.reason.padEnd(12)} ` +
    `${score.padStart(5)}  ${arm.padEnd(16)} ${headers.get(":method")} ${headers.get(":path")}\n`
  );
}

function jsonLine({ atMs, headers }: RecordedRequest, verdict: ReplayVerdict): string {
  const line = {
    at_ms: atMs,
    method: headers.get(":method"),
    path: headers.get(":path"),
    verdict: verdict.verdict,
    reason: verdict.reason,
    enforced: verdict.isEnforced,
    score_permille: verdict.scorePermille < 0 ? null : verdict.scorePermille,
    arm: verdict.arm === "" ? null : verdict.arm,
    answered: verdict.answered === 0 ? null : verdict.answered,
  };
  return `${JSON.stringify(line)}\n`;
}

function verdictLine({ verdict, reason, isEnforced }: ReplayVerdict): string {
  return `${verdict} ${reason}${isEnforced ? "" : " (shadow)"}`;
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** Most frequent first, equal ones by name. */
function sorted(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
}

/** The value of the given rank, from 1. */
function quantileOfCounts(counts: Uint32Array, rank: number): number {
  let seen = 0;
  for (let value = 0; value < counts.length; value++) {
    seen += counts[value]!;
    if (seen >= rank) return value;
  }
  return counts.length - 1;
}
