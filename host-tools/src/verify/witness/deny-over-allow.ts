// A DENY that matches everything, beside an ALLOW: DENY is asked first, so the ALLOW is never asked.

import { cluster, route, witnessBootstrap } from "./proxy-config";
import { account, caller, rbacFilter } from "./rbac-filter";
import { ENTRY } from "./stage";
import { exactly, type Ports, type Witness } from "./witness";

const allow = rbacFilter("ALLOW", [account("conversation-service")]);
const denyAll = rbacFilter("DENY", [{ any: true }]);

function bootstrap(ports: Ports, filters: readonly ReturnType<typeof rbacFilter>[]) {
  return witnessBootstrap(
    [{ name: ENTRY, filters, routes: [route("llm")] }],
    [cluster("llm", [ports["app"]!])],
  );
}

export const denyOverAllow: Witness = {
  rule: "deny-over-allow",
  shows: "Beside a DENY for everybody the allowed account is refused too; ALLOW alone is enough.",
  standsFor: "The caller's account stands in a header instead of a certificate.",
  upstreams: [{ name: "app", law: { kind: "constant", ms: 1 } }],
  broken: (ports) => bootstrap(ports, [denyAll, allow]),
  fixed: (ports) => bootstrap(ports, [allow]),
  async drive(stage) {
    const conversation = caller("conversation-service", "ai-services");
    const allowed = await stage.send(5, { method: "POST", headers: conversation });
    const other = await stage.send(5, { method: "POST", headers: caller("other", "ai-services") });
    return {
      allowed_account_200: allowed.count(200),
      allowed_account_403: allowed.count(403),
      other_account_403: other.count(403),
      "cluster.llm.upstream_rq_total": await stage.settledStat("cluster.llm.upstream_rq_total"),
    };
  },
  expect: {
    allowed_account_200: { broken: exactly(0), fixed: exactly(5) },
    allowed_account_403: { broken: exactly(5), fixed: exactly(0) },
    other_account_403: { broken: exactly(5), fixed: exactly(5) },
    "cluster.llm.upstream_rq_total": { broken: exactly(0), fixed: exactly(5) },
  },
};
