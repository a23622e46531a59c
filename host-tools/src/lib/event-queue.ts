// The future of a simulation: things to be done at their instants, in order, ties in order of
// arrival. A binary heap, because a sorted array would shift thousands of timeouts for each request.

export interface SimulatedEvent {
  /** Set to leave it out when its time comes. */
  cancelled: boolean;
}

interface Entry extends SimulatedEvent {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

export class EventQueue {
  private readonly heap: Entry[] = [];
  private nextOrder = 0;

  /** Time of the next event that is not cancelled; Infinity when there is none. */
  get nextMs(): number {
    while (this.heap[0]?.cancelled) this.pop();
    return this.heap[0]?.atMs ?? Infinity;
  }

  at(atMs: number, run: () => void): SimulatedEvent {
    const entry: Entry = { atMs, order: this.nextOrder++, run, cancelled: false };
    const { heap } = this;
    let i = heap.push(entry) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = entry;
    return entry;
  }

  /** Runs the next event; does nothing when there is none. */
  runNext(): void {
    if (this.nextMs < Infinity) this.pop().run();
  }

  private pop(): Entry {
    const { heap } = this;
    const top = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
    return top;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
