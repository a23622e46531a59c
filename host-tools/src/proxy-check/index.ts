// The door of this folder: what a running proxy has of what a policy says.

export { adminPages, type AdminPages } from "./admin-pages";
export type { Answer, Verdict } from "./answer";
export { checkProxy, type ProxyCheck } from "./check-proxy";
export { proxyState, type ProxyState } from "./proxy-state";
export { proxyJson, proxyText } from "./report";
