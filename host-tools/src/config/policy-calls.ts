// What a route's answer waits for: calls one after another, some of them at once. Whom it calls must be
// there, and what the calls take together must fit into what the route has.

import type { Policy, PolicyRoute, PolicyService } from "./policy";
import type { PolicyPlace, RefuseAt } from "./policy-node";
import type { Format } from "./shape/format";
import { placeOf } from "./shape/read-shape";
import { either, list, text } from "./shape/shape";
import {
  type CallBudget,
  type CallStep,
  cutStep,
  sequenceBudget,
  sequenceSum,
  triesMsMax,
} from "./timeout-budget";
import { nearest } from "../lib/nearest";

const CALLEE: Format = {
  form: "SERVICE, or SERVICE/ROUTE",
  pattern: /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\/[A-Za-z0-9][-A-Za-z0-9_.]{0,62})?$/,
  says: "must be a service or provider, or SERVICE/ROUTE for one of its routes",
};

/** Member of a route. */
export const waitsForShape = () =>
  list(
    "Calls that an answer waits for, one after another; those of an inner list are made at once. " +
      "Of a service with several routes the shortest counts, unless one is named.",
    either("A call, or several at once.", {
      scalar: text("Whom it calls.", { format: CALLEE }),
      list: list("Whom it calls at once.", text("Whom it calls.", { format: CALLEE }), {
        countMin: 1,
      }),
    }),
    {
      otherwise: "no order is known, and only single calls are compared",
      example: "[intent-service, [retrieval-service, history-service], llm-service/llm-chat]",
    },
  );

/** Complains of calls that cannot be, and of routes that have less time than their calls take. */
export function checkSequences(policy: Policy, refuse: RefuseAt): void {
  for (const service of policy.services) {
    for (const route of service.routes) {
      if (route.waitsFor !== undefined) checkSequence(policy, service, route, refuse);
    }
  }
}

function checkSequence(
  policy: Policy,
  service: PolicyService,
  route: PolicyRoute,
  refuse: RefuseAt,
): void {
  const steps: CallStep[] = [];
  let isSound = true;
  for (const [index, step] of (route.waitsFor ?? []).entries()) {
    const names = typeof step === "string" ? [step] : step;
    const budgets = names.flatMap((name, at) => {
      const place =
        typeof step === "string"
          ? placeOf(route.waitsFor ?? [], String(index))
          : placeOf(step, String(at));
      const fault = calleeFault(policy, service, name);
      if (fault === undefined) return [budgetOf(policy, name)];
      refuse(place, fault, name);
      isSound = false;
      return [];
    });
    steps.push(budgets);
  }
  if (isSound) checkSum(service, route, steps, refuse);
}

function calleeFault(policy: Policy, caller: PolicyService, callee: string): string | undefined {
  const [name = "", route] = callee.split("/");
  const called = policy.services.find((one) => one.name === name);
  if (called === undefined && policy.providers?.has(name) !== true) {
    const known = [...policy.services.map((one) => one.name), ...(policy.providers?.keys() ?? [])];
    const guess = nearest(name, known);
    const help = guess === undefined ? `there are ${known.join(", ")}` : `did you mean ${guess}?`;
    return `is no service or provider of the policy; ${help}`;
  }
  if (name === caller.name) return "calls itself";
  const routes = called?.routes.map((one) => one.name) ?? [];
  if (route !== undefined && !routes.includes(route)) {
    const help = routes.length === 0 ? "it has none" : `there are ${routes.join(", ")}`;
    return `is no route of ${name}; ${help}`;
  }
  if (policy.calls === undefined || policy.calls.get(caller.name)?.includes(name)) return undefined;
  return `calls does not say that ${caller.name} calls ${name}`;
}

/** Of the named route, else of the shortest that has a bound. */
function budgetOf(policy: Policy, callee: string): CallBudget {
  const [name = "", route] = callee.split("/");
  const routes = policy.services.find((one) => one.name === name)?.routes ?? [];
  const times = routes
    .filter((one) => route === undefined || one.name === route)
    .flatMap((one) => routeMsMax(one) ?? []);
  return { name: callee, ms: times.length === 0 ? undefined : Math.min(...times) };
}

/** The longest until a route has answered, with all its tries. */
function routeMsMax({ timeoutMs, retries }: PolicyRoute): number | undefined {
  const { attempts = 0, perTryTimeoutMs: perTryMs, backoffMs: backoffBaseMs } = retries ?? {};
  const tries =
    perTryMs === undefined ? Infinity : triesMsMax({ retries: attempts, perTryMs, backoffBaseMs });
  const most = Math.min(tries, timeoutMs || Infinity);
  return most === Infinity ? undefined : most;
}

function checkSum(
  service: PolicyService,
  route: PolicyRoute,
  steps: readonly CallStep[],
  refuse: RefuseAt,
): void {
  const perTryMs = route.retries?.perTryTimeoutMs;
  const givenMs = Math.min(perTryMs ?? Infinity, route.timeoutMs || Infinity);
  const { neededMs, startsMs } = sequenceBudget(steps);
  if (neededMs <= givenMs) return;
  const member = givenMs === route.timeoutMs ? "timeout_ms" : "per_try_timeout_ms";
  const { names, leftMs } = cutStep(steps, startsMs, givenMs);
  const place: PolicyPlace = placeOf(route.waitsFor ?? []);
  refuse(
    place,
    `${service.name} has ${givenMs} ms (${member}), and its calls may take ` +
      `${sequenceSum(steps, String)} = ${neededMs} ms: ${names} would begin with ` +
      `${leftMs} ms left; set ${member} to at least ${neededMs}, ` +
      "or shorten a call",
  );
}
