// A module that says nothing about its ABI version.

export { fault } from "./host-calls";

export function malloc(size: usize): usize {
  return heap.alloc(size);
}
