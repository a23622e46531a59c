// Rules of a policy that need more than one of its parts: names that must exist, and timeouts that
// must fit into each other.

import type { Policy, PolicyRoute, PolicyService } from "./policy";
import { checkSequences } from "./policy-calls";
import type { RefuseAt } from "./policy-node";
import { placeOf } from "./shape/read-shape";
import { longestMs, triesOverTimeout } from "./timeout-budget";
import { nearest } from "../lib/nearest";

/** Complains of everything that the parts alone cannot know. */
export function checkPolicy(policy: Policy, refuse: RefuseAt): void {
  for (const service of policy.services) {
    checkRollout(service, refuse);
    checkRetryBound(service, refuse);
    for (const route of service.routes) checkTries(route, refuse);
  }
  checkNames(policy, refuse);
  checkCalls(policy, refuse);
  checkSequences(policy, refuse);
}

function checkRollout({ rollout, arms, routes }: PolicyService, refuse: RefuseAt): void {
  if (rollout === undefined) return;
  const names = arms.map(({ name }) => name);
  for (const key of ["stable", "canary"] as const) {
    const name = rollout[key];
    if (names.includes(name)) continue;
    const known = names.length === 0 ? "it has none" : `there are ${names.join(", ")}`;
    refuse(placeOf(rollout, key), `no arm of the service; ${known}`, name);
  }
  for (const route of routes) {
    if (!route.arms.some(({ name }) => name === rollout.canary)) continue;
    const message = `the route lists ${rollout.canary}, the rollout's canary; the rollout alone sends to it`;
    refuse(route.place, `${message}: leave it out`);
  }
}

function checkRetryBound(service: PolicyService, refuse: RefuseAt): void {
  const { pool, retry_budget: budget } = service;
  if (budget === undefined || pool?.retries_max === undefined) return;
  refuse(
    placeOf(pool, "retries_max"),
    "has no effect beside retry_budget; leave one of them out",
    pool.retries_max,
  );
}

function checkTries(route: PolicyRoute, refuse: RefuseAt): void {
  const { retries, timeoutMs } = route;
  if (retries?.perTryTimeoutMs === undefined || timeoutMs === undefined) return;
  const { attempts, perTryTimeoutMs: perTryMs, backoffMs: backoffBaseMs } = retries;
  const over = triesOverTimeout({ retries: attempts, perTryMs, backoffBaseMs }, timeoutMs);
  if (over === undefined) return;
  const { tries, backoffMs, neededMs, perTryMsMax, triesFit } = over;
  const fixes = [
    ...(perTryMsMax > 0 ? [`per_try_timeout_ms to at most ${perTryMsMax}`] : []),
    `timeout_ms to at least ${neededMs}`,
    ...(triesFit > 1 ? [`attempts to ${triesFit - 1}`] : []),
  ];
  refuse(
    route.retriesPlace,
    `${tries} tries of ${perTryMs} ms and up to ${backoffMs} ms between them need ${neededMs} ms, ` +
      `timeout_ms is ${timeoutMs}; set ${fixes.join(", or ")}`,
  );
}

function checkNames(policy: Policy, refuse: RefuseAt): void {
  const services = policy.services.map(({ name }) => name);
  for (const [, gateway] of policy.gateway ?? []) {
    const place = placeOf(gateway, "service");
    if (!checkName(services, gateway.service, place, "service", refuse)) continue;
    const service = policy.services.find(({ name }) => name === gateway.service);
    if (policy.mesh.deny_by_default !== true || service?.allow !== undefined) continue;
    const account = "istio-system/istio-ingressgateway-service-account";
    refuse(
      place,
      "answers 403 to everything: mesh.deny_by_default refuses the gateway's pods too; give the " +
        `service \`allow: [{ from: [NAMESPACE/ACCOUNT] }]\` of them, e.g. ${account}`,
      gateway.service,
    );
  }
  for (const [name, provider] of policy.providers ?? []) {
    if (services.includes(name)) {
      refuse(placeOf(policy.providers as object, name), `${name} is a service of the policy too`);
    }
    const first = [...(policy.providers ?? [])].find(([, { host }]) => host === provider.host);
    if (first !== undefined && first[0] !== name) {
      refuse(placeOf(provider, "host"), `is the host of ${first[0]} too`, provider.host);
    }
  }
}

function checkName(
  known: readonly string[],
  name: string,
  place: ReturnType<typeof placeOf>,
  what: string,
  refuse: RefuseAt,
): boolean {
  if (known.includes(name)) return true;
  const guess = nearest(name, known);
  const help = guess === undefined ? `there are ${known.join(", ")}` : `did you mean ${guess}?`;
  refuse(place, `is no ${what} of the policy; ${help}`, name);
  return false;
}

/** Names along `calls`, and that nobody waits for less than whom it calls may take. */
function checkCalls(policy: Policy, refuse: RefuseAt): void {
  const known = [...policy.services.map(({ name }) => name), ...(policy.providers?.keys() ?? [])];
  for (const [name, callees] of policy.calls ?? []) {
    const caller = policy.services.find((service) => service.name === name);
    const meant = caller === undefined ? nearest(name, known) : undefined;
    if (meant !== undefined) {
      // Callers may be somebody else's, but one so near to ours is a slip that would check nothing.
      refuse(placeOf(policy.calls as object, name), `is no service; did you mean ${meant}?`);
    }
    for (const [index, callee] of callees.entries()) {
      const place = placeOf(callees, String(index));
      if (!checkName(known, callee, place, "service or provider", refuse)) continue;
      if (callee === name) refuse(place, "calls itself", callee);
      const called = policy.services.find((service) => service.name === callee);
      if (caller === undefined || called === undefined) continue;
      const fault = waitsTooLittle(caller, called);
      if (fault !== undefined) refuse(place, fault);
    }
  }
}

/** A caller's longest route against its callee's longest: a longer one has nobody to wait for it. */
function waitsTooLittle(caller: PolicyService, called: PolicyService): string | undefined {
  const waits = longestMs(caller.routes.map(({ timeoutMs }) => timeoutMs));
  const said = called.routes.flatMap(({ timeoutMs }) => (timeoutMs ? [timeoutMs] : []));
  const takes = longestMs(said);
  if (waits === undefined || takes === undefined || takes <= waits) return undefined;
  const route = called.routes.find(({ timeoutMs }) => timeoutMs === takes);
  return (
    `${caller.name} gives up after ${waits} ms at the latest, ${called.name} may take ${takes} ms ` +
    `(route ${route?.name}): set timeout_ms of a route of ${caller.name} to at least ${takes}, ` +
    `or that of ${called.name} to at most ${waits}`
  );
}
