// What a policy says of the filter's own guard over a canary.

/** Members of `rollout.guard`. */
export const guardFields = {};
