// A module that gives the host no memory.

export { fault } from "./host-calls";

export function proxy_abi_version_0_2_1(): void {}
