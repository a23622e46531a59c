// Values that look right and that Istio's validation refuses, with them the whole object: the mesh then
// keeps what it had, or has nothing (pkg/config/validation of Istio, validateHTTPRetry and ValidateDuration).

import { nearest } from "../../lib/nearest";
import { removeValue, setValue } from "../fix/edit-view";
import type { HttpRoute } from "../mesh/http-route";
import type { Mesh } from "../mesh/mesh";
import { type Finding, fixOf, type Rule } from "../rule";
import type { View } from "../source/view";
import { refusedInRoute, refusedInRules } from "./refused-durations";

/** Conditions that Istio takes, beside numbers of statuses. */
const CONDITIONS: readonly string[] = [
  "5xx",
  "gateway-error",
  "reset",
  "reset-before-request",
  "connect-failure",
  "retriable-4xx",
  "refused-stream",
  "retriable-status-codes",
  "retriable-headers",
  "envoy-ratelimited",
  "http3-post-connect-failure",
  "cancelled",
  "deadline-exceeded",
  "internal",
  "resource-exhausted",
  "unavailable",
];
/** Statuses that have a name, which the others have not (net/http of Go). */
const STATUSES =
  /^(10[0-3]|20[0-8]|226|30[0-57-8]|40\d|41[0-8]|42[1-689]|431|451|50[0-8]|510|511)$/;

export const routeRefused: Rule = {
  id: "route-refused",
  severity: "error",
  summary:
    "A route, or a rule of a host, has a value that Istio refuses, and with it the whole object.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const route of mesh.routes) {
      const retries = route.view.at("retries");
      yield* refusedInRoute(route);
      const found = disabledWithMore(route, retries) ?? unknownCondition(route, retries);
      if (found !== undefined) yield found;
    }
    yield* refusedInRules(mesh);
  },
};

/** `attempts: 0` turns retries off, and Istio then takes no word more about them. */
function disabledWithMore(route: HttpRoute, retries: View): Finding | undefined {
  const rest = ["perTryTimeout", "retryOn", "retryRemoteLocalities"].filter(
    (name) => retries.at(name).exists,
  );
  if (retries.at("attempts").number() !== 0 || rest.length === 0) return undefined;
  return {
    at: retries,
    message:
      `${route.name}: attempts is 0, and ${rest.join(", ")} beside it ${rest.length === 1 ? "is" : "are"} refused by ` +
      "Istio: 0 of this VirtualService's routes take effect.",
    advice: "Leave attempts: 0 alone.",
    fix: fixOf(setValue(retries, { attempts: 0 })),
  };
}

function unknownCondition(route: HttpRoute, retries: View): Finding | undefined {
  const view = retries.at("retryOn");
  const words = (view.text() ?? "").split(",");
  const wrong = words.filter((word) => word !== "" && !isKnown(word));
  const [first] = wrong;
  if (first === undefined || !view.exists) return undefined;
  const spaced = isKnown(first.trim());
  const corrected = words.map(corrections).filter((word) => word !== undefined);
  return {
    at: view,
    message:
      `${route.name}: "${first}" is no condition that Istio knows` +
      `${spaced ? ": the space belongs to the word" : ""}, so it refuses the object, and 0 of this VirtualService's ` +
      "routes take effect.",
    advice: corrected.length > 0 ? `Write ${corrected.join(",")}.` : "Leave retryOn out.",
    fix: fixOf(corrected.length > 0 ? setValue(view, corrected.join(",")) : removeValue(view)),
  };
}

function corrections(word: string): string | undefined {
  const bare = word.trim();
  return isKnown(bare) ? bare : nearest(bare, CONDITIONS);
}

function isKnown(word: string): boolean {
  return CONDITIONS.includes(word) || STATUSES.test(word);
}
