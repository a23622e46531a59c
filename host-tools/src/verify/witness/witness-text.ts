// A witness as people read it: what it shows, both configurations, and the counters side by side.

import { stringify } from "yaml";
import { textTable } from "../../model-card/text-table";
import { examplePorts, type WitnessCounters } from "./run-witness";
import { isWithin, SIDES, type Bound, type Side, type Witness } from "./witness";

/** What paints good and bad; identity functions where there is no colour. */
export interface WitnessPaint {
  readonly bad: (text: string) => string;
  readonly good: (text: string) => string;
  readonly strong: (text: string) => string;
}

/** Both configurations as one YAML stream that Envoy takes document by document. */
export function witnessConfigurations(witness: Witness): string {
  const ports = examplePorts(witness);
  const documents = SIDES.map((side) => {
    const head = `# ${witness.rule}, ${side}. Upstreams: ${upstreamsSentence(witness)}.\n`;
    return `${head}${stringify(witness[side](ports), { lineWidth: 0 })}`;
  });
  return documents.join("---\n");
}

/** The counters of both sides, what was expected, and whether the witness holds. */
export function witnessTable(
  witness: Witness,
  counters: WitnessCounters,
  paint: WitnessPaint,
): string {
  const holds = (side: Side, counter: string): boolean => {
    const value = counters[side][counter];
    const expectation = witness.expect[counter];
    return value !== undefined && expectation !== undefined && isWithin(expectation[side], value);
  };
  const rows = Object.entries(witness.expect).map(([counter, bounds]) => [
    counter,
    String(counters.broken[counter] ?? "-"),
    boundText(bounds.broken),
    String(counters.fixed[counter] ?? "-"),
    boundText(bounds.fixed),
    SIDES.every((side) => holds(side, counter)) ? "as claimed" : "NOT AS CLAIMED",
  ]);
  const heads = ["counter", "broken", "claimed", "fixed", "claimed", ""];
  const [head, ...lines] = textTable(heads, rows, [0, 5]);
  const painted = lines.map((line) =>
    line.endsWith("NOT AS CLAIMED")
      ? paint.bad(line)
      : line.replace("as claimed", paint.good("as claimed")),
  );
  return [
    paint.strong(witness.rule),
    witness.shows,
    witness.standsFor,
    "",
    head,
    ...painted,
    "",
  ].join("\n");
}

/** `0`, `5 to 7`, `5 or more`, `40 or less`. */
export function boundText({ least, most }: Bound): string {
  if (least === most) return String(least);
  if (most === Infinity) return `${least} or more`;
  if (least === -Infinity) return `${most} or less`;
  return `${least} to ${most}`;
}

function upstreamsSentence(witness: Witness): string {
  const ports = examplePorts(witness);
  return witness.upstreams.map(({ name }) => `${name} at 127.0.0.1:${ports[name]}`).join(", ");
}
