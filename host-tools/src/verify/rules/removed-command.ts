// Scripts that call commands which istioctl no longer has: they fail before they do anything.

import { replaceEach } from "../fix/edit-view";
import type { Mesh } from "../mesh/mesh";
import { type Finding, fixOf, type Rule } from "../rule";
import type { View } from "../source/view";
import { scriptsOf } from "../telemetry/query-places";

/** Command, and what to call now; gone in istioctl 1.31. */
const REMOVED: Readonly<Record<string, string>> = {
  "authn tls-check": "experimental describe pod",
  register: "experimental workload entry configure",
  deregister: "experimental workload entry configure",
  operator: "install",
  "add-to-mesh": "kube-inject",
  "remove-from-mesh": "experimental describe",
  "convert-ingress": "analyze",
  profile: "manifest generate",
  "verify-install": "analyze",
};

export const removedCommand: Rule = {
  id: "removed-command",
  severity: "error",
  summary: "A script calls a command that istioctl no longer has.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const script of scriptsOf(mesh)) {
      for (const [command, instead] of Object.entries(REMOVED)) {
        const pattern = new RegExp(
          `\\bistioctl\\s+((?:x|experimental)\\s+)?${command.replace(" ", "\\s+")}\\b`,
        );
        const piece = pattern.exec(script.text() ?? "")?.[0];
        if (piece !== undefined) yield finding(script, piece, instead);
      }
    }
  },
};

function finding(script: View, piece: string, instead: string): Finding {
  return {
    at: script,
    piece,
    message: `istioctl 1.31 has no \`${piece.replace(/^istioctl\s+/, "")}\`: the script ends here with "unknown command".`,
    advice: `Use \`istioctl ${instead}\`, and look at its arguments.`,
    fix: fixOf(...replaceEach(script, piece, `istioctl ${instead}`)),
  };
}
