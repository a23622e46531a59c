// Timers on the monotonic clock, right to about 1 ms and without bias. setTimeout(ms) fires between
// ms and ms + 1 after the call, most often early in that, so the delay is rounded a little down
// here and the errors cancel out. Watching the clock through the last millisecond would be exact
// and cost a core at a few thousand timers a second.

/** Median lateness of setTimeout on an idle event loop. */
const LATENESS_MS = 0.25;

export interface DueTimer {
  cancel(): void;
}

/** Calls `action` once, in a later turn, within about 1 ms of `performance.now()` being `dueMs`. */
export function callAt(dueMs: number, action: () => void): DueTimer {
  const leftMs = Math.round(dueMs - performance.now() - LATENESS_MS);
  if (leftMs < 1) {
    const immediate = setImmediate(action);
    return { cancel: () => clearImmediate(immediate) };
  }
  const timeout = setTimeout(action, leftMs);
  return { cancel: () => clearTimeout(timeout) };
}
