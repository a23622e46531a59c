// Compares alarms with labels. An episode is found when an alarm of its key begins while it lasts; an
// alarm that begins while nothing is wrong is false; one that begins just after an episode is neither,
// because the return to health is a change too. No point adjustment: an episode counts once, found or
// not, however many requests it has.

import { alarmStarts, type AlarmSeries } from "./alarms";
import type { Episode, Scenario } from "./scenario";

export interface EpisodeOutcome {
  readonly episode: Episode;
  /** From the fault's begin to the alarm's; NaN where there was none. */
  readonly delayMs: number;
}

export interface Judgement {
  readonly outcomes: readonly EpisodeOutcome[];
  /** Times of false alarms by key. */
  readonly falseAlarms: readonly (readonly number[])[];
}

/** After an episode's end alarms count for nothing this long. */
export const AFTERMATH_MS = 120_000;

/** @param thresholds by key */
export function judge(
  scenario: Scenario,
  series: readonly AlarmSeries[],
  thresholds: readonly number[],
): Judgement {
  const outcomes: EpisodeOutcome[] = [];
  const falseAlarms = series.map((one, key) => {
    const episodes = scenario.episodes.filter((episode) => episode.route === key);
    const starts = alarmStarts(one, thresholds[key]!, scenario.warmUpMs);
    for (const episode of episodes) {
      const first = starts.find((at) => at >= episode.fromMs && at < episode.untilMs);
      outcomes.push({ episode, delayMs: first === undefined ? NaN : first - episode.fromMs });
    }
    return starts.filter(
      (at) => !episodes.some((one) => at >= one.fromMs && at < one.untilMs + AFTERMATH_MS),
    );
  });
  return { outcomes, falseAlarms };
}

export interface Score {
  readonly episodes: number;
  readonly found: number;
  readonly recall: number;
  /** Found episodes over found episodes and false alarms. */
  readonly precision: number;
  readonly f1: number;
  /** Median delay of the episodes found; NaN where none was. */
  readonly delayS: number;
  /** Not whole for a part. */
  readonly falseAlarms: number;
}

/**
 * Sums up a judgement, or a part of it.
 *
 * @param includes which episodes count; false alarms, which belong to none, count in proportion
 */
export function scoreOf(
  { outcomes, falseAlarms }: Judgement,
  includes: (episode: Episode) => boolean = () => true,
): Score {
  const counted = outcomes.filter(({ episode }) => includes(episode));
  const delaysMs = counted.map((one) => one.delayMs).filter((delay) => !Number.isNaN(delay));
  delaysMs.sort((x, y) => x - y);
  const found = delaysMs.length;
  const all = falseAlarms.reduce((sum, times) => sum + times.length, 0);
  const share = outcomes.length === 0 ? 1 : counted.length / outcomes.length;
  const wrong = all * share;
  const recall = counted.length === 0 ? 0 : found / counted.length;
  const precision = found + wrong === 0 ? 0 : found / (found + wrong);
  return {
    episodes: counted.length,
    found,
    recall,
    precision,
    f1: recall + precision === 0 ? 0 : (2 * recall * precision) / (recall + precision),
    delayS: found === 0 ? NaN : delaysMs[found >> 1]! / 1000,
    falseAlarms: wrong,
  };
}
