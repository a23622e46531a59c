// Timers on the monotonic clock, right to about 1 ms without bias. setTimeout(ms) fires between ms and
// ms + 1 after the call, so the delay is rounded down here and the errors cancel out. Watching the
// clock through the last millisecond would be exact and cost a core at a few thousand timers a second.

export interface DueTimer {
  cancel(): void;
}

/** Calls `action` once, in a later turn, within about 1 ms of `performance.now()` being `dueMs`. */
export function callAt(dueMs: number, action: () => void): DueTimer {
  const leftMs = Math.floor(dueMs - performance.now());
  if (leftMs < 1) {
    const immediate = setImmediate(action);
    return { cancel: () => clearImmediate(immediate) };
  }
  const timeout = setTimeout(action, leftMs);
  return { cancel: () => clearTimeout(timeout) };
}
