// What a policy says of security and operations: members of `mesh` and of a service that become
// objects of their own, not rules of traffic.

import { dashboardMeshFields } from "./policy-dashboard";
import { envoyLimitsMeshFields, envoyLimitsServiceFields } from "./policy-envoy-limits";
import { proxyMeshFields } from "./policy-proxy";
import { scalingMeshFields, scalingServiceFields } from "./policy-scaling";
import { securityMeshFields, securityServiceFields } from "./policy-security";
import { telemetryMeshFields, telemetryServiceFields } from "./policy-telemetry";

/** Members of `mesh`. */
export const operationsMeshFields = {
  ...securityMeshFields,
  ...proxyMeshFields,
  ...telemetryMeshFields,
  ...dashboardMeshFields,
  ...envoyLimitsMeshFields,
  ...scalingMeshFields,
};
/** Members of a service. */
export const operationsServiceFields = {
  ...securityServiceFields,
  ...scalingServiceFields,
  ...telemetryServiceFields,
  ...envoyLimitsServiceFields,
};
