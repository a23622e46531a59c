// Requests in flight by id: each has a place of its own as long as it is open, and a table without
// room says so.

import { STREAMS_MAX } from "../../../assembly/contract/limits";
import {
  StreamSlot,
  closeStream,
  findStream,
  openStream,
} from "../../../assembly/state/stream-table";
import { nextBelow, seedStream } from "../random-stream";

/** Ids that are open, 0 for an empty place. */
const open = new StaticArray<u32>(STREAMS_MAX * 2);

function opened(contextId: u32): bool {
  return openStream(contextId) !== null;
}

function found(contextId: u32): bool {
  return findStream(contextId) !== null;
}

function close(contextId: u32): void {
  const slot = findStream(contextId);
  if (slot !== null) closeStream(slot);
}

/** Opens ids from first on; how many got a place. */
function openMany(first: u32, count: i32): i32 {
  let placed = 0;
  for (let i: u32 = 0; i < <u32>count; i++) {
    if (opened(first + i)) placed++;
  }
  return placed;
}

function closeMany(first: u32, count: i32): void {
  for (let i: u32 = 0; i < <u32>count; i++) close(first + i);
}

describe("a stream", () => {
  it("is found by its id until it is closed", () => {
    expect(found(7)).toBe(false);
    expect(opened(7)).toBe(true);
    expect(found(7)).toBe(true);
    close(7);
    expect(found(7)).toBe(false);
  });

  it("starts with nothing of the one before it", () => {
    const first = openStream(9)!;
    first.status = 200;
    first.startMs = 5;
    first.arm = 3;
    closeStream(first);
    const again = openStream(9)!;
    expect(again.status).toBe(0);
    expect(again.startMs).toBe(0);
    expect(again.arm).toBe(0);
    closeStream(again);
  });

  it("keeps what is written to it while others come and go", () => {
    const mine = openStream(100)!;
    mine.status = 418;
    openMany(101, 2000);
    expect(findStream(100)!.status).toBe(418);
    closeMany(101, 2000);
    expect(findStream(100)!.status).toBe(418);
    close(100);
  });
});

describe("the table", () => {
  it("holds nine tenths of its places for ids that count up, and refuses the rest", () => {
    const placed = openMany(1000, STREAMS_MAX * 2);
    expect(placed).toBeLessThanOrEqual(STREAMS_MAX);
    expect(placed).toBeGreaterThanOrEqual((STREAMS_MAX * 9) / 10);
    closeMany(1000, STREAMS_MAX * 2);
    expect(openMany(50000, 1000)).toBe(1000);
    closeMany(50000, 1000);
  });

  it("works where ids wrap around", () => {
    const first: u32 = u32.MAX_VALUE - 50;
    for (let i: u32 = 0; i < 100; i++) {
      const id = first + i;
      if (id != 0) expect(opened(id)).toBe(true);
    }
    for (let i: u32 = 0; i < 100; i++) {
      const id = first + i;
      if (id != 0) expect(found(id)).toBe(true);
      close(id);
    }
  });

  it("agrees with a plain list over random openings and closings", () => {
    seedStream(3);
    let wrong = 0;
    let next: u32 = 200000;
    let live = 0;
    for (let i = 0; i < 40000; i++) {
      if (live < 3000 && nextBelow(100) < 60) {
        const id = next++;
        if (!opened(id)) continue;
        unchecked((open[live++] = id));
        continue;
      }
      if (live == 0) continue;
      const at = <i32>nextBelow(<u32>live);
      const id = unchecked(open[at]);
      if (!found(id)) wrong++;
      close(id);
      if (found(id)) wrong++;
      unchecked((open[at] = open[--live]));
    }
    for (let i = 0; i < live; i++) {
      if (!found(open[i])) wrong++;
      close(open[i]);
    }
    expect(wrong).toBe(0);
  });
});
