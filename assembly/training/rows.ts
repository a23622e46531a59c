// A row added to all rows, and all rows added up: biases and their gradients. Lengths are multiples
// of 4.

/** a[m x n] += row[n], for each of the m rows. */
export function addRow(a: usize, row: usize, m: i32, n: i32): void {
  const bytes = (<usize>n) << 2;
  for (let i = 0; i < m; i++) {
    for (let at: usize = 0; at < bytes; at += 16) {
      v128.store(a + at, f32x4.add(v128.load(a + at), v128.load(row + at)));
    }
    a += bytes;
  }
}

/** out[n] += the sum of the m rows of a[m x n], from the first to the last. */
export function addRowSums(out: usize, a: usize, m: i32, n: i32): void {
  const bytes = (<usize>n) << 2;
  for (let at: usize = 0; at < bytes; at += 16) {
    let sum = v128.load(out + at);
    let from = a + at;
    for (let i = 0; i < m; i++) {
      sum = f32x4.add(sum, v128.load(from));
      from += bytes;
    }
    v128.store(out + at, sum);
  }
}

/** out[n] += a[n]. */
export function addInto(out: usize, a: usize, n: i32): void {
  const bytes = (<usize>n) << 2;
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(out + at, f32x4.add(v128.load(out + at), v128.load(a + at)));
  }
}
