// What a policy says of security and operations: members of `mesh` and of a service that become
// objects of their own, not rules of traffic.

/** Members of `mesh`. */
export const operationsMeshFields = {};
/** Members of a service. */
export const operationsServiceFields = {};
