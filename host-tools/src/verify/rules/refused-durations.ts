// Durations of routes and of hosts' rules that Istio takes in no form: below 1 ms, finer than 1 ms, or
// without a unit (ValidateDuration in pkg/config/validation of Istio, and the definitions' own rule).

import { removeValue, setValue } from "../fix/edit-view";
import { shortHost } from "../mesh/host-name";
import type { HttpRoute } from "../mesh/http-route";
import type { Mesh } from "../mesh/mesh";
import { type Finding, fixOf } from "../rule";
import type { View } from "../source/view";

const OF_ROUTE: readonly (readonly string[])[] = [
  ["timeout"],
  ["retries", "perTryTimeout"],
  ["retries", "backoff"],
  ["fault", "delay", "fixedDelay"],
  ["corsPolicy", "maxAge"],
];
/** Of a traffic policy; `tcp.idleTimeout` may be 0, which turns it off. */
const OF_POLICY: readonly (readonly string[])[] = [
  ["connectionPool", "tcp", "connectTimeout"],
  ["connectionPool", "tcp", "maxConnectionDuration"],
  ["connectionPool", "tcp", "tcpKeepalive", "time"],
  ["connectionPool", "tcp", "tcpKeepalive", "interval"],
  ["connectionPool", "http", "idleTimeout"],
  ["connectionPool", "http", "http2KeepAlive", "interval"],
  ["connectionPool", "http", "http2KeepAlive", "timeout"],
  ["outlierDetection", "interval"],
  ["outlierDetection", "baseEjectionTime"],
  ["loadBalancer", "warmup", "duration"],
  ["loadBalancer", "warmupDurationSecs"],
];
const SECONDS = /^\d+(\.\d+)?$/;

export function* refusedInRoute(route: HttpRoute): Iterable<Finding> {
  const loss = "0 of this VirtualService's routes take effect";
  for (const path of OF_ROUTE) {
    const found = refused(route.name, route.view.at(...path), loss);
    if (found !== undefined) yield found;
  }
}

/** Of all DestinationRules. */
export function* refusedInRules(mesh: Mesh): Iterable<Finding> {
  for (const rule of mesh.allDestinationRules()) {
    const host = shortHost(rule.at("spec", "host").text() ?? "");
    const loss = "nothing of this DestinationRule takes effect";
    for (const policy of policiesOf(rule.at("spec"))) {
      for (const path of OF_POLICY) {
        const found = refused(`rule of ${host}`, policy.at(...path), loss);
        if (found !== undefined) yield found;
      }
    }
  }
}

function policiesOf(spec: View): View[] {
  const own = [spec, ...spec.at("subsets").items()].map((one) => one.at("trafficPolicy"));
  return own.flatMap((policy) => [policy, ...policy.at("portLevelSettings").items()]);
}

function refused(where: string, view: View, loss: string): Finding | undefined {
  const text = view.text();
  if (text === undefined) return undefined;
  const ms = view.durationMs();
  if (ms === undefined) return withoutUnit(where, view, text, loss);
  if (ms >= 1 && Number.isInteger(ms)) return undefined;
  return ms < 1 ? tooShort(where, view, text, loss) : tooFine(where, view, text, ms, loss);
}

function tooShort(where: string, view: View, text: string, loss: string): Finding {
  const name = nameOf(view);
  const isDelay = name === "fixedDelay";
  const without = name === "timeout" ? "there is none" : "there is Istio's own";
  return {
    at: view,
    message:
      `${where}: ${name} ${text} is less than 1 ms, which Istio refuses. It does not stand for ` +
      `"none": ${loss}.`,
    advice: isDelay ? "Leave the delay out." : `Leave ${name} out: without it ${without}.`,
    fix: fixOf(removeValue(isDelay ? view.parent : view)),
  };
}

function tooFine(where: string, view: View, text: string, ms: number, loss: string): Finding {
  const whole = `${Math.round(ms)}ms`;
  return {
    at: view,
    message: `${where}: ${nameOf(view)} ${text} is ${ms} ms, and Istio takes whole ones alone: ${loss}.`,
    advice: `Write ${whole}.`,
    fix: fixOf(setValue(view, whole)),
  };
}

function withoutUnit(where: string, view: View, text: string, loss: string): Finding {
  const isNumber = SECONDS.test(text);
  return {
    at: view,
    message:
      `${where}: ${nameOf(view)} ${text} is no duration${isNumber ? ", it has no unit" : ""}, and Istio refuses ` +
      `it: ${loss}.`,
    advice: isNumber ? `Write ${text}s, if seconds are meant.` : "Write it as 1.5s, 250ms or 2m.",
    fix: isNumber ? fixOf(setValue(view, `${text}s`)) : undefined,
  };
}

function nameOf(view: View): string {
  return String(view.path.at(-1));
}
