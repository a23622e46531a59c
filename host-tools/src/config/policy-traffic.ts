// What a policy says of traffic beside its routes: connection pools, outlier detection, load
// balancing, gateways, providers outside the mesh, and who calls whom.

/** Members of the file. */
export const trafficRootFields = {};
/** Members of `mesh`. */
export const trafficMeshFields = {};
/** Members of a service. */
export const trafficServiceFields = {};
