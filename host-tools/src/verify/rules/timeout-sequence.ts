// Each call fits into the caller's time, and all of them together do not: the last begins when there is
// less left than it may take.

import { cutStep, sequenceSum } from "../../config/timeout-budget";
import { raisedTimeout } from "../fix/raise-timeout";
import { type TimedSequence, timeSequence } from "../mesh/call-sequence";
import { shortHost } from "../mesh/host-name";
import type { Mesh } from "../mesh/mesh";
import type { Finding, Rule } from "../rule";
import { shownSeconds, trimmed } from "../source/duration";

export const timeoutSequence: Rule = {
  id: "timeout-sequence",
  severity: "error",
  summary:
    "A service has less time than the calls that it makes one after another may take together.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const sequence of mesh.sequences) {
      const timed = timeSequence(mesh, sequence);
      if (timed !== undefined && timed.neededMs > timed.givenMs) yield finding(timed);
    }
  },
};

function finding(timed: TimedSequence): Finding {
  const { caller, givenMs, neededMs, startsMs } = timed;
  const from = shortHost(timed.from);
  const isTry = caller.timeoutMs !== givenMs;
  const { names, leftMs } = cutStep(timed.timed, startsMs, givenMs);
  return {
    at: isTry ? caller.view.at("retries", "perTryTimeout") : caller.view.at("timeout"),
    message:
      `${from} has ${shownSeconds(givenMs)}${isTry ? " for each try" : ""} (${caller.name}) and calls one after ` +
      `another ${sequenceSum(timed.timed, seconds)} = ${shownSeconds(neededMs)}: ` +
      `${names} would begin with ${shownSeconds(leftMs)} left, ${seconds(neededMs)} - ${seconds(givenMs)} = ` +
      `${shownSeconds(neededMs - givenMs)} too few in all. Order known from ${timed.source}.`,
    advice: `Give ${from} ${shownSeconds(neededMs)} or more, make calls at once, or shorten one.`,
    fix: raisedTimeout(caller, neededMs),
  };
}

function seconds(ms: number): string {
  return trimmed(ms / 1000);
}
