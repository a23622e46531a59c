// The two sequential tests of a rollout: is the canary worse than the stable arm beside it, and is it
// above the limit? Each may be looked at after every block and still errs with at most its share of
// `falseRollback` over the whole rollout, however long that is (evidence.ts says why).
//
// How much worse is not known, so each test bets on several guesses at once. When it turned worse is
// not known either: after an hour of good answers a running product is so far in the red that a
// failure would need another hour to show. So a new bet begins with every block, the first with most
// of the stake, the k-th of the others with 1/(k(k+1)) of the rest, and the evidence is the sum
//
//   E = sum over begins s of w_s  sum over guesses j of v_j  exp(L_sj),   sum of w, of v at most 1
//
// A weighted sum of e-processes is one. Bets that are hopeless are forgotten, which only lowers E.

import { type ArmCounts, type Block, addCounts, NO_COUNTS } from "./arm-counts";
import { comparisonEvidence, liftedRate, limitEvidence } from "./evidence";

export interface TestSettings {
  /** Chance of ever rolling a canary back that is no worse and below the limit, in (0, 1). */
  readonly falseRollback: number;
  /** The canary may be worse by this share of all requests, in [0, 1). */
  readonly tolerance: number;
  /** Highest allowed share of errors, in (0, 1). */
  readonly limit: number;
}

/** One bet: which block it began with, and its evidence under each guess. */
export interface Bet {
  readonly began: number;
  readonly logs: readonly number[];
}

export interface EvidenceState {
  /** Blocks seen. */
  readonly blocks: number;
  readonly bets: readonly Bet[];
}

export interface TestState {
  readonly comparison: EvidenceState;
  readonly limit: EvidenceState;
  /** What the stable arm did until now, for guesses; old answers fade. */
  readonly history: ArmCounts;
}

export interface TestVerdict {
  /** Natural logarithms of the evidence. */
  readonly comparison: number;
  readonly limit: number;
  /** What they have to reach. */
  readonly comparisonThreshold: number;
  readonly limitThreshold: number;
  readonly rejected: "comparison" | "limit" | undefined;
}

/** Part of the false rollbacks that the comparison may spend; the limit test has the rest. */
const COMPARISON_SHARE = 0.8;
const FIRST_BET = 0.8;
const BETS_MAX = 12;
/** Odds of the guesses over the null hypothesis, and the stake on each. */
const COMPARISON_GUESSES = [
  { odds: 3, stake: 0.3 },
  { odds: 12, stake: 0.7 },
] as const;
const LIMIT_GUESSES = [
  { odds: 1.22, stake: 0.4 },
  { odds: 1.8, stake: 0.25 },
  { odds: 4, stake: 0.2 },
  { odds: 16, stake: 0.15 },
] as const;
/** What is believed of the stable arm before it is seen: 1 % of 50 requests. */
const PRIOR: ArmCounts = { requests: 50, errors: 0.5 };
const HISTORY_REQUESTS_MAX = 20_000;

const NO_EVIDENCE: EvidenceState = { blocks: 0, bets: [] };
export const FRESH_TEST: TestState = {
  comparison: NO_EVIDENCE,
  limit: NO_EVIDENCE,
  history: NO_COUNTS,
};

/** The tests after one more block. */
export function observeBlock(state: TestState, block: Block, settings: TestSettings): TestState {
  const stable = expectedRate(state.history);
  const { tolerance, limit } = settings;
  return {
    comparison: hasBoth(block)
      ? grown(
          state.comparison,
          COMPARISON_GUESSES.map(({ odds }) => {
            const canary = liftedRate(Math.min(stable + tolerance, 0.999), odds);
            return comparisonEvidence(block, { stable, canary }, tolerance);
          }),
          COMPARISON_GUESSES,
        )
      : state.comparison,
    limit:
      block.canary.requests > 0
        ? grown(
            state.limit,
            LIMIT_GUESSES.map(({ odds }) =>
              limitEvidence(block.canary, liftedRate(limit, odds), limit),
            ),
            LIMIT_GUESSES,
          )
        : state.limit,
    history: faded(addCounts(state.history, block.stable)),
  };
}

export function testVerdict(state: TestState, settings: TestSettings): TestVerdict {
  const comparison = logSum(state.comparison, COMPARISON_GUESSES);
  const limit = logSum(state.limit, LIMIT_GUESSES);
  const comparisonThreshold = -Math.log(settings.falseRollback * COMPARISON_SHARE);
  const limitThreshold = -Math.log(settings.falseRollback * (1 - COMPARISON_SHARE));
  return {
    comparison,
    limit,
    comparisonThreshold,
    limitThreshold,
    rejected:
      comparison >= comparisonThreshold
        ? "comparison"
        : limit >= limitThreshold
          ? "limit"
          : undefined,
  };
}

interface Guess {
  readonly odds: number;
  readonly stake: number;
}

function hasBoth({ stable, canary }: Block): boolean {
  return stable.requests > 0 && canary.requests > 0;
}

/** Every bet by the block's evidence, and a new one that begins with it. */
function grown(
  { blocks, bets }: EvidenceState,
  evidence: readonly number[],
  guesses: readonly Guess[],
): EvidenceState {
  const fresh: Bet = { began: blocks, logs: evidence.map(() => 0) };
  const all = [...bets, fresh].map(({ began, logs }) => ({
    began,
    logs: logs.map((log, j) => log + (evidence[j] as number)),
  }));
  if (all.length > BETS_MAX) {
    const worth = all.map((bet) => logOfBet(bet, guesses));
    all.splice(worth.indexOf(Math.min(...worth)), 1);
  }
  return { blocks: blocks + 1, bets: all };
}

function stakeOf(began: number): number {
  return began === 0 ? FIRST_BET : (1 - FIRST_BET) / (began * (began + 1));
}

function logOfBet({ began, logs }: Bet, guesses: readonly Guess[]): number {
  const parts = logs.map((log, j) => log + Math.log((guesses[j] as Guess).stake));
  return Math.log(stakeOf(began)) + logSumOf(parts);
}

function logSum({ bets }: EvidenceState, guesses: readonly Guess[]): number {
  return bets.length === 0 ? 0 : logSumOf(bets.map((bet) => logOfBet(bet, guesses)));
}

/** log(sum of exp), safe for large and small. */
function logSumOf(logs: readonly number[]): number {
  const most = Math.max(...logs);
  return most + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0));
}

function expectedRate({ requests, errors }: ArmCounts): number {
  return (errors + PRIOR.errors) / (requests + PRIOR.requests);
}

function faded(counts: ArmCounts): ArmCounts {
  if (counts.requests <= HISTORY_REQUESTS_MAX) return counts;
  const keep = HISTORY_REQUESTS_MAX / counts.requests;
  return { requests: HISTORY_REQUESTS_MAX, errors: counts.errors * keep };
}
