// An error rate that counts whatever is not 2xx makes a client's mistakes (4xx) and redirects (3xx)
// the canary's fault.

import { replaceEach } from "../fix/edit-view";
import type { Mesh } from "../mesh/mesh";
import { type Finding, fixOf, type Rule } from "../rule";
import type { View } from "../source/view";
import { verdictQueriesOf } from "../telemetry/query-places";

const SELECTOR = /\bresponse_code\s*(=~|!~|!=|=)\s*(\\?["'])([^"'\\]*)(\\?["'])/g;

export const clientErrorsBlamed: Rule = {
  id: "client-errors-blamed",
  severity: "error",
  summary: "A verdict counts 4xx or 3xx, which clients cause, against the canary.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const view of verdictQueriesOf(mesh)) {
      const seen = new Set<string>();
      for (const match of (view.text() ?? "").matchAll(SELECTOR)) {
        const [piece, operator = "", quote = "", value = ""] = match;
        if (seen.has(piece)) continue;
        seen.add(piece);
        const found = judge(view, { piece, operator, quote, value });
        if (found !== undefined) yield found;
      }
    }
  },
};

interface Selector {
  readonly piece: string;
  readonly operator: string;
  readonly quote: string;
  readonly value: string;
}

function judge(view: View, { piece, operator, quote, value }: Selector): Finding | undefined {
  const asErrors = (by: string, what: string): Finding => ({
    at: view,
    piece,
    message: `\`${piece}\` counts ${what} as errors of the canary: of 100 requests that are answered 400 all 100 are.`,
    advice: "Count 5xx: what the service did wrong.",
    fix: fixOf(...replaceEach(view, piece, by)),
  });
  const served = `response_code=~${quote}5..${quote}`;
  if (operator === "!~" && /^\^?2/.test(value)) return asErrors(served, "3xx and 4xx");
  if (operator === "!=" && value === "200") return asErrors(served, "201 to 499");
  if (operator === "=~" && /^(\[45\]|\[4-5\]|4[^|]*\|5|\(4[^|]*\|5)/.test(value))
    return asErrors(served, "4xx");
  if (operator === "=~" && /^\^?2(\.\.|\.\*|xx|\d\d|\[)/.test(value) && !value.includes("4")) {
    return asErrors(`response_code!~${quote}5..${quote}`, "everything but 2xx, so 3xx and 4xx,");
  }
  return undefined;
}
