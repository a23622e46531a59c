// What a policy says of traffic beside its routes.

import { edgeMeshFields, edgeRootFields } from "./policy-edges";
import { upstreamFields } from "./policy-upstream";
import { DNS_LABEL } from "./shape/format";
import { list, map, text } from "./shape/shape";

/** Members of the file. */
export const trafficRootFields = {
  ...edgeRootFields,
  calls: map(
    "Who calls whom: services, and providers; timeouts are checked along it.",
    list("Whom it calls.", text("A service or provider of the policy.", { format: DNS_LABEL })),
    { keys: DNS_LABEL, example: "{ conversation-service: [intent-service, llm-service] }" },
  ),
};
/** Members of `mesh`. */
export const trafficMeshFields = edgeMeshFields;
/** Members of a service. */
export const trafficServiceFields = upstreamFields;
