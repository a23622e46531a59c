// A request of the suite as headers: what both engines send.

import type { Header } from "../embedded/header-set";
import { clientAddress, type SuiteRequest } from "./scenario";
import type { SuiteRoute } from "./suite-routes";

/** Of an ordinary client library; the filter counts headers and their bytes. */
const CLIENT_HEADERS: Readonly<Record<string, string>> = {
  "user-agent": "suite/1.0",
  accept: "application/json",
  "x-request-class": "interactive",
};

/** Everything but the pseudo headers and what the engine adds for itself. */
export function ownHeaders(route: SuiteRoute, request: SuiteRequest): Record<string, string> {
  return {
    ...CLIENT_HEADERS,
    ...(route.isStream ? { accept: "text/event-stream" } : {}),
    "x-forwarded-for": clientAddress(request.client),
    "x-envoy-attempt-count": String(request.attempt),
  };
}

/** The list as the embedded host takes it. */
export function headerList(route: SuiteRoute, request: SuiteRequest): Header[] {
  const { method, path, contentBytes } = request;
  return [
    [":method", method],
    [":path", path],
    [":scheme", "http"],
    [":authority", "suite.local"],
    ...Object.entries(ownHeaders(route, request)),
    ...(contentBytes > 0 ? [["content-length", String(contentBytes)] as const] : []),
  ];
}
