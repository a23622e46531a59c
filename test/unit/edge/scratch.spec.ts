// The arena behind malloc: aligned, bounded, rewound by each callback, and never fooled by a size.

import { CONFIG_BYTES_MAX, SCRATCH_BYTES_MAX } from "../../../assembly/contract/limits";
import {
  allocate,
  closeConfigArena,
  openConfigArena,
  rewindScratch,
} from "../../../assembly/edge/scratch";

describe("the arena", () => {
  beforeEach(() => {
    rewindScratch();
    closeConfigArena();
  });

  it("gives aligned places that do not overlap", () => {
    let end: usize = 0;
    for (let bytes: usize = 1; bytes < 200; bytes += 7) {
      const place = allocate(bytes);
      expect(place & 15).toBe(0);
      expect(place).toBeGreaterThanOrEqual(end);
      memory.fill(place, 0xff, bytes);
      end = place + bytes;
    }
  });

  it("gives the same place again after a rewind", () => {
    const first = allocate(100);
    allocate(5000);
    rewindScratch();
    expect(allocate(100)).toBe(first);
  });

  it("gives all of itself, and then nothing", () => {
    expect(allocate(SCRATCH_BYTES_MAX)).not.toBe(0);
    expect(allocate(1)).toBe(0);
    rewindScratch();
    expect(allocate(SCRATCH_BYTES_MAX - 16)).not.toBe(0);
    expect(allocate(16)).not.toBe(0);
    expect(allocate(1)).toBe(0);
  });

  it("refuses sizes past its end, around the end of the numbers too", () => {
    expect(allocate(SCRATCH_BYTES_MAX + 1)).toBe(0);
    expect(allocate(0x7fffffff)).toBe(0);
    expect(allocate(0x80000000)).toBe(0);
    expect(allocate(0xfffffff0)).toBe(0);
    expect(allocate(0xfffffff1)).toBe(0);
    expect(allocate(0xffffffff)).toBe(0);
    expect(allocate(16)).not.toBe(0);
  });

  it("is not used up by sizes that it refused", () => {
    for (let i = 0; i < 100; i++) allocate(SCRATCH_BYTES_MAX + 1);
    expect(allocate(SCRATCH_BYTES_MAX)).not.toBe(0);
  });

  it("holds a configuration once, while the configuration's arena is open", () => {
    expect(allocate(CONFIG_BYTES_MAX)).toBe(0);
    openConfigArena();
    const place = allocate(CONFIG_BYTES_MAX);
    expect(place).not.toBe(0);
    expect(place & 15).toBe(0);
    memory.fill(place, 1, CONFIG_BYTES_MAX);
    expect(allocate(CONFIG_BYTES_MAX)).toBe(0);
  });

  it("holds no configuration larger than the largest, and none when closed again", () => {
    openConfigArena();
    expect(allocate(CONFIG_BYTES_MAX + 1)).toBe(0);
    closeConfigArena();
    expect(allocate(CONFIG_BYTES_MAX)).toBe(0);
  });
});
