// The table behind assembly/calibration/share-evidence.ts: powers of a tenth, written as a source
// file of the filter.

import { exp, log2, LN2 } from "../model/exact-math";

const LN10 = log2(10) * LN2;

/** 10^-(k / 256) for k in [0, 255], Q15, rounded. */
export function tenthPowers(): number[] {
  return Array.from({ length: 256 }, (_, k) => Math.round(32768 * exp((-k / 256) * LN10)));
}

/** Text of assembly/calibration/tenth-powers.gen.ts. */
export function renderTenthPowers(): string {
  const powers = tenthPowers();
  const rows = Array.from(
    { length: 16 },
    (_, row) => `  ${powers.slice(16 * row, 16 * row + 16).join(", ")},`,
  );
  return `// Written by \`npm run gen\` from host-tools/src/calibration/tenth-powers.ts; do not edit.

/** u16: 10^-(k / 256) for k in [0, 255], Q15; within half a unit. */
// prettier-ignore
export const TENTH_POWERS: usize = memory.data<u16>([
${rows.join("\n")}
]);
`;
}
