// What is left of a caller's time when each of its calls begins.

import { type TimedSequence, timeSequence } from "../mesh/call-sequence";
import { shortHost } from "../mesh/host-name";
import { shownSeconds } from "../source/duration";
import type { Verdict } from "../verify";

/** Sequences of the mesh whose caller has a bound. */
export function timedSequences({ mesh }: Verdict): TimedSequence[] {
  return mesh.sequences.flatMap((one) => timeSequence(mesh, one) ?? []);
}

/** `web (route "chat") has 3 s: intent begins with 3 s left, llm with 2.95 s; 0.95 s to spare`. */
export function sequenceLine(timed: TimedSequence): string {
  const { from, caller, givenMs, neededMs, startsMs } = timed;
  const steps = timed.timed.map((step, i) => {
    const names = step.map(({ name }) => name).join(" and ");
    const left = shownSeconds(Math.max(0, givenMs - (startsMs[i] ?? 0)));
    return i === 0 ? `${names} begins with ${left} left` : `${names} with ${left}`;
  });
  const spareMs = givenMs - neededMs;
  const end = spareMs >= 0 ? "to spare" : "too few";
  return (
    `${shortHost(from)} (${caller.name}) has ${shownSeconds(givenMs)}: ${steps.join(", ")}; ` +
    `${shownSeconds(Math.abs(spareMs))} ${end}`
  );
}

/** For programs. A call without a bound takes null. */
export function sequenceJson({
  from,
  caller,
  source,
  givenMs,
  neededMs,
  startsMs,
  timed,
}: TimedSequence) {
  return {
    from,
    route: caller.view.at("name").text() ?? null,
    source,
    given_ms: givenMs,
    needed_ms: neededMs,
    steps: timed.map((step, i) => ({
      left_ms: Math.max(0, givenMs - (startsMs[i] ?? 0)),
      calls: step.map(({ name, ms }) => ({ name, takes_ms: ms ?? null })),
    })),
  };
}
