// Whether two engines say the same about the same scenario, episode by episode. Bit for bit they cannot: a
// real proxy has a scheduler, sockets and a clock of its own. What must not differ is what an operator is
// told.

import { filterAlarms } from "./evidence-detector";
import type { Episode } from "./scenario";
import type { SuiteRun } from "./suite-run";

export interface EpisodeVerdict {
  readonly episode: Episode;
  /** Share of the episode's requests that the filter called anomalous. */
  readonly alarmShare: number;
  /** Whether there was any alarm. */
  readonly isFound: boolean;
}

/** What the filter itself said during each episode. */
export function episodeVerdicts(run: SuiteRun): EpisodeVerdict[] {
  const series = filterAlarms().series(run);
  return run.scenario.episodes.map((episode) => {
    const { atMs, value } = series[episode.route]!;
    let requests = 0;
    let alarms = 0;
    for (let i = 0; i < atMs.length; i++) {
      if (atMs[i]! < episode.fromMs || atMs[i]! >= episode.untilMs) continue;
      requests++;
      alarms += value[i]!;
    }
    return { episode, alarmShare: requests === 0 ? 0 : alarms / requests, isFound: alarms > 0 };
  });
}

/** Share of episodes about which both runs say the same. */
export function agreement(a: readonly EpisodeVerdict[], b: readonly EpisodeVerdict[]): number {
  const same = a.filter((verdict, i) => verdict.isFound === b[i]?.isFound).length;
  return a.length === 0 ? 1 : same / a.length;
}
