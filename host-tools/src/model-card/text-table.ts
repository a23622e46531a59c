// Columns of text, padded to their widest cell.

/** All columns but the first aligned right. */
export function textTable(
  heads: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  leftColumns: readonly number[] = [0],
): string[] {
  const cells = [heads, ...rows.map((row) => row.map(String))];
  const widths = heads.map((_, i) => Math.max(...cells.map((row) => (row[i] ?? "").length)));
  return cells.map((row) =>
    row
      .map((cell, i) =>
        leftColumns.includes(i) ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!),
      )
      .join("  ")
      .trimEnd(),
  );
}

/** Names in a column, values behind them. */
export function textPairs(
  rows: readonly (readonly [string, string | number])[],
  width = 14,
): string[] {
  return rows.map(([name, value]) => `${name.padEnd(width)} ${value}`);
}
