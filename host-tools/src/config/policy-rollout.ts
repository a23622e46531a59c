// What a policy says of a rollout of a service.

/** Members of a service. */
export const rolloutServiceFields = {};
