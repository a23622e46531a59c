// What stands on a policy's dashboard: rows about what the policy uses.

import type { Policy } from "../config/policy";
import type { Row } from "./panel";
import { armsRow } from "./rows/arms";
import { canaryRow } from "./rows/canary";
import { healthRow } from "./rows/health";
import { limitsRow } from "./rows/limits";
import { trafficRow } from "./rows/traffic";
import { verdictsRow } from "./rows/verdicts";

export function dashboardRows(policy: Policy): Row[] {
  const { namespace } = policy.mesh;
  const routes = policy.services.flatMap((service) => service.routes);
  const hasArms = routes.some(({ arms }) => arms.length > 0);
  const hasLimits = routes.some(({ limits }) => limits.length > 0);
  const hasCanary = policy.services.some(({ rollout }) => rollout !== undefined);
  return [
    trafficRow(policy),
    verdictsRow(namespace),
    ...(hasArms ? [armsRow(namespace)] : []),
    ...(hasLimits ? [limitsRow(namespace)] : []),
    ...(hasCanary ? [canaryRow(namespace)] : []),
    healthRow(namespace),
  ];
}
