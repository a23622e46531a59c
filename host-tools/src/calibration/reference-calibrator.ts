// The calibration of one key a second time, from the rules at the heads of the filter's files
// (assembly/calibration): numbers are kept wide and floored where the filter shifts. A test holds
// both equal over long random runs; benches use it where a million crossings would only cost time.

import {
  ALPHA_MAX,
  ALPHA_MIN,
  CALIBRATION_ALARM,
  CALIBRATION_CLOSED,
  CALIBRATION_EXCEEDS,
  CALIBRATION_OPENED,
  CLIENTS_REMEMBERED,
  CLIENT_REFUSALS_USUAL,
  CLIENT_REQUESTS_MAX,
  EVIDENCE_MAX,
  EVIDENCE_ONE,
  FOLLOW_SHIFT,
  FREEZE_MS,
  GAIN_MOST,
  HISTORY_STEPS,
  INTERVAL_MS_MAX,
  OPENING_STEPS,
  QUIET_GAIN_LEAST,
  QUIET_GAIN_MOST,
  RECENT_USUAL,
  RELEASE_BELOW,
  RELEASE_STEPS,
  RISE_FULL,
  RISE_NONE,
  RISE_REFUSED,
  RISE_HALF,
  SILENCE_MS,
  START_ABOVE_MAX,
  START_BELOW_MAX,
  START_STEPS,
  TAIL_EXCESS,
  TAIL_EXCESS_MAX,
  TAIL_START,
  THRESHOLD_BELOW_START,
  THRESHOLD_FRACTION,
  THRESHOLD_LEAST,
  THRESHOLD_MOST,
} from "../contract";
import { evidenceOfShare } from "./reference-share";

const UNIT = 2 ** THRESHOLD_FRACTION;
const QUANTILE_STEP = 4 * UNIT;
const LN_10_Q8 = 589;
const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

/** floor(value * alpha / 2^30); the product has up to 56 bits, so it is not a double's. */
function part(value: number, alpha: number): number {
  return Number((BigInt(value) * BigInt(alpha)) >> 30n);
}

/** Rise at an exceedance in quiet times, Q24. */
function quietGain(level: number): number {
  return UNIT * clamp(Math.floor((level - EVIDENCE_ONE) / 4), QUIET_GAIN_LEAST, QUIET_GAIN_MOST);
}

interface Client {
  readonly tag: number;
  lastRise: number;
  since: number;
  requests: number;
  refusals: number;
}

export class ReferenceCalibrator {
  /** Q24. */
  threshold = 0;
  steps = 0;
  incidents = 0;
  open = false;
  intervalMs = 0;
  private start = 0;
  private held = 0;
  private kept = 0;
  private gain = 0;
  private recent = 0;
  private quantile = 0;
  private excess = 0;
  private level = 0;
  private rises = 0;
  private requests = 0;
  private openedMs = 0;
  private lastMs = 0;
  private quiet = 0;
  private history: boolean[] = [];
  /** In the order of the filter's places. */
  private readonly clients: Client[] = [];

  /** Threshold in force, Q8. */
  get thresholdQ8(): number {
    return Math.floor((this.open ? this.held : this.threshold) / UNIT);
  }

  /** One request; see assembly/calibration/step.ts. @returns CALIBRATION_ bits */
  step(evidence: number, client: number, nowMs: number, alpha: number): number {
    this.noteRequest(client);
    return this.stepWindow(evidence, client, -1, nowMs, alpha);
  }

  /** A window of noted requests, by the client of its largest evidence. */
  stepWindow(
    evidence: number,
    client: number,
    others: number,
    nowMs: number,
    alpha: number,
  ): number {
    const share = clamp(alpha, ALPHA_MIN, ALPHA_MAX);
    const seen = clamp(evidence, 0, EVIDENCE_MAX);
    this.aim(evidenceOfShare(share));
    const time = this.noteTime(nowMs);
    let flags = 0;
    if (this.steps > 0 && time - this.lastMs > SILENCE_MS) flags |= this.close();
    this.lastMs = time;
    this.steps++;
    const threshold = this.threshold;
    const exceeds = seen * UNIT > threshold;
    let rise = exceeds ? this.admit(client) : RISE_NONE;
    let counted = seen;
    if (rise === RISE_REFUSED && others >= 0) {
      counted = Math.min(others, seen);
      rise = counted * UNIT > this.threshold ? RISE_FULL : RISE_NONE;
      if (rise === RISE_FULL) this.rises++;
    }
    if (rise !== RISE_REFUSED) {
      const young = this.open && time - this.openedMs < FREEZE_MS;
      this.move(rise, young, counted, share);
      this.learnTail(counted);
    }
    if (this.steps === START_STEPS) this.startFromTail();
    flags |= this.follow(seen, threshold, exceeds, time);
    return exceeds ? flags | CALIBRATION_EXCEEDS : flags;
  }

  /** As alphaOfRate of the filter. */
  alphaOfRate(alarmsPerHour: number): number {
    const intervalMs = this.steps < 2 ? 1000 : this.intervalMs;
    const share = (alarmsPerHour * intervalMs * 2 ** 30) / 3_600_000;
    if (!(share > ALPHA_MIN)) return ALPHA_MIN;
    return share < ALPHA_MAX ? Math.trunc(share) : ALPHA_MAX;
  }

  private aim(level: number): void {
    if (this.steps === 0) {
      this.threshold = this.start = level * UNIT;
      this.gain = quietGain(level);
      this.quantile = TAIL_START * UNIT;
      this.excess = TAIL_EXCESS * UNIT;
    } else if (level !== this.level) {
      this.threshold += (level - this.level) * UNIT;
      this.start += (level - this.level) * UNIT;
      this.held += (level - this.level) * UNIT;
      this.bound();
    }
    this.level = level;
  }

  private noteTime(nowMs: number): number {
    const real = nowMs < 2 ** 53;
    if (this.steps === 0) return real && nowMs >= 0 ? nowMs : 0;
    const time = real && nowMs > this.lastMs ? nowMs : this.lastMs;
    const interval = Math.fround(Math.min(time - this.lastMs, INTERVAL_MS_MAX));
    const off = Math.fround(interval - this.intervalMs);
    this.intervalMs =
      this.steps === 1
        ? interval
        : Math.fround(this.intervalMs + Math.fround(off * Math.fround(1 / 64)));
    return time;
  }

  /** Counts a request of a client. */
  noteRequest(client: number): void {
    this.requests++;
    const known = this.clients.find(({ tag }) => tag === client);
    if (known === undefined) return;
    known.requests++;
    const elapsed = this.requests - known.since;
    if (elapsed < CLIENT_REQUESTS_MAX) return;
    known.since += Math.floor(elapsed / 2);
    known.requests = Math.floor(known.requests / 2);
  }

  private admit(tag: number): number {
    if (tag === 0) return RISE_FULL;
    const known = this.clients.find((other) => other.tag === tag);
    if (known !== undefined) {
      const own = known.requests + 1;
      const all = this.requests - known.since + CLIENTS_REMEMBERED;
      const inverse = Math.floor((all + Math.floor(own / 2)) / own);
      const wanted = Math.min(inverse, CLIENTS_REMEMBERED) - 1;
      if (this.rises - known.lastRise < wanted) {
        known.refusals = Math.min(known.refusals + 1, 65535);
        return RISE_REFUSED;
      }
      const rise = known.refusals < CLIENT_REFUSALS_USUAL ? RISE_FULL : RISE_HALF;
      known.lastRise = ++this.rises;
      known.refusals = 0;
      return rise;
    }
    const fresh = { tag, lastRise: ++this.rises, since: this.requests, requests: 0, refusals: 0 };
    if (this.clients.length < CLIENTS_REMEMBERED) this.clients.push(fresh);
    else this.clients[this.longestAgo()] = fresh;
    return RISE_FULL;
  }

  private longestAgo(): number {
    return this.clients.reduce(
      (oldest, { lastRise }, i) => (lastRise < this.clients[oldest]!.lastRise ? i : oldest),
      0,
    );
  }

  private move(rise: number, young: boolean, evidence: number, alpha: number): void {
    this.recent -= part(this.recent, alpha);
    if (rise === RISE_FULL) {
      this.recent += 65536;
      if (this.recent > RECENT_USUAL) this.gain = Math.min(2 * this.gain, GAIN_MOST * UNIT);
    }
    const fall = part(this.gain, alpha);
    if (rise === RISE_HALF) this.threshold += Math.floor(quietGain(this.level) / 2);
    if (rise === RISE_FULL) this.threshold += this.gain;
    if (rise === RISE_FULL && young) {
      this.threshold = Math.max(this.threshold, evidence * UNIT);
      this.kept += quietGain(this.level);
    }
    this.threshold -= fall;
    this.gain -= part(this.gain - quietGain(this.level), alpha);
    this.bound();
  }

  private learnTail(evidence: number): void {
    if (this.steps > START_STEPS) return;
    const above = evidence * UNIT - this.quantile;
    if (above > 0) {
      const counted = Math.min(above, TAIL_EXCESS_MAX * UNIT);
      this.excess += Math.floor((counted - this.excess) / 32);
      this.quantile += 9 * QUANTILE_STEP;
    } else {
      this.quantile = Math.max(0, this.quantile - QUANTILE_STEP);
    }
  }

  private startFromTail(): void {
    const scaled = Math.floor((this.excess * (this.level - EVIDENCE_ONE)) / 256);
    const own = this.quantile + Math.floor((scaled * LN_10_Q8) / 256);
    const least = (this.level - START_BELOW_MAX) * UNIT;
    this.start = clamp(own, least, (this.level + START_ABOVE_MAX) * UNIT);
    this.threshold = Math.max(this.threshold, this.start);
    this.bound();
  }

  private bound(): void {
    const least = Math.max(THRESHOLD_LEAST * UNIT, this.start - THRESHOLD_BELOW_START * UNIT);
    this.threshold = clamp(this.threshold, least, THRESHOLD_MOST * UNIT);
    this.held = clamp(this.held, least, THRESHOLD_MOST * UNIT);
  }

  private follow(evidence: number, threshold: number, exceeds: boolean, time: number): number {
    this.history = [exceeds, ...this.history].slice(0, HISTORY_STEPS);
    if (!this.open) {
      if (this.history.filter(Boolean).length < OPENING_STEPS) return 0;
      this.open = true;
      this.openedMs = time;
      this.quiet = 0;
      this.held = threshold;
      this.kept = this.threshold - threshold;
      this.incidents++;
      return CALIBRATION_ALARM | CALIBRATION_OPENED;
    }
    if (time - this.openedMs >= FREEZE_MS) {
      this.held += Math.floor((this.threshold - this.held) / 2 ** FOLLOW_SHIFT);
    }
    this.quiet = (evidence + RELEASE_BELOW) * UNIT < this.held ? this.quiet + 1 : 0;
    return this.quiet >= RELEASE_STEPS ? this.close() : CALIBRATION_ALARM;
  }

  private close(): number {
    this.history = [];
    if (!this.open) return 0;
    this.threshold = Math.min(this.threshold, this.held + this.kept);
    this.open = false;
    this.quiet = 0;
    return CALIBRATION_CLOSED;
  }
}
