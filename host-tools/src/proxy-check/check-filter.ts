// The filter in the proxy: there, alive in every VM, and with the policy's settings, route by route.

import type { PluginConfig } from "../config/plugin-config";
import type { Policy } from "../config/policy";
import { judgeEffect } from "../weights/effect";
import { type Answer, answer, PROXY_GROUP } from "./answer";
import { checkImage } from "./check-image";
import { at, isSame, type Json, leaves, listAt } from "./json-value";
import { hasLabels } from "./labels";
import type { ProxyState } from "./proxy-state";

const WASM = "envoy.extensions.filters.http.wasm.v3.Wasm";
const VALUE_CHARACTERS_MAX = 60;
/** Members that have an answer of their own, or that no policy says. */
const APART = new Set(["version", "epoch", "routes", "model"]);

export function checkFilter(policy: Policy, config: PluginConfig, state: ProxyState): Answer[] {
  const proxy = (item: string, verdict: Answer["verdict"], said: string, found: string): Answer =>
    answer(PROXY_GROUP, item, verdict, said, found);
  if (!hasLabels(state.labels, policy.mesh.workloads)) {
    const labels = Object.entries(policy.mesh.workloads).map((one) => one.join("="));
    return [proxy("filter", "absent", "in pods with " + labels.join(", "), "not such a pod")];
  }
  const found = foundConfig(state);
  if (typeof found === "string") return [proxy("filter", "no", "loaded", found)];
  const epoch = Number(found["epoch"] ?? 0);
  const said = config.epoch ?? 0;
  const effect = judgeEffect({ epoch, now: state.reading });
  const errors = [...state.reading.workers.values()].filter((worker) => worker.configError).length;
  return [
    proxy("filter", "yes", "loaded", "loaded"),
    ...checkImage(policy.mesh.image, state.filter ?? {}),
    proxy("epoch", epoch >= said ? "yes" : "no", `${said} or later`, String(epoch)),
    proxy(
      "filter alive",
      effect.effective ? "yes" : "no",
      "in every VM",
      effect.effective ? `in ${effect.vms} VMs` : effect.reason,
    ),
    proxy("configuration", errors === 0 ? "yes" : "no", "accepted", acceptance(errors)),
    ...settingAnswers(config, found),
    ...routeAnswers(policy, config, found),
  ];
}

/** The model that the proxy was given; the policy itself says none. */
export function modelFound(state: ProxyState): string {
  const found = foundConfig(state);
  const sha256 = typeof found === "string" ? undefined : at(found, "model", "sha256");
  return typeof sha256 === "string" ? `sha256 ${sha256}` : "the filter's own";
}

const acceptance = (errors: number): string =>
  errors === 0 ? "accepted" : `refused by ${errors} VMs, see the proxy's log`;

/** The configuration, or why there is none. */
function foundConfig({ filter }: ProxyState): Json | string {
  if (filter === undefined) return "no such filter in the proxy";
  if (!String(at(filter, "typed_config", "@type")).endsWith(WASM)) {
    return "its image was not to be had: a filter that refuses requests stands in its place";
  }
  const text = at(filter, "typed_config", "config", "configuration", "value");
  try {
    return JSON.parse(String(text)) as Json;
  } catch {
    return "its configuration is not JSON";
  }
}

function settingAnswers(config: PluginConfig, found: Json): Answer[] {
  return Object.entries(config)
    .filter(([key]) => !APART.has(key))
    .map(([key, said]) => {
      const verdict = isSame(said, found[key]) ? "yes" : "no";
      return answer(PROXY_GROUP, key, verdict, short(said), short(found[key]));
    });
}

/** One line for a route that is the same, one for each value of it that is not. */
function routeAnswers(policy: Policy, config: PluginConfig, found: Json): Answer[] {
  const others = listAt(found, "routes");
  return (config.routes ?? []).flatMap((route) => {
    const group = serviceOf(policy, route.name);
    const other = others.find((one) => one["name"] === route.name);
    const item = `${route.name} filter`;
    if (other === undefined) {
      return [answer(group, item, "no", "a route of the filter", "not in its configuration")];
    }
    const said = new Map(leaves(route));
    const have = new Map(leaves(other));
    const paths = [...new Set([...said.keys(), ...have.keys()])];
    const differing = paths.filter((path) => said.get(path) !== have.get(path));
    if (differing.length === 0) {
      const what = Object.keys(route).filter((key) => key !== "name");
      return [answer(group, item, "yes", what.join(", ") || "counted", "the same")];
    }
    return differing.map((path) =>
      answer(group, `${item} ${path}`, "no", short(said.get(path)), short(have.get(path))),
    );
  });
}

function serviceOf(policy: Policy, route: string): string {
  const owner = policy.services.find(({ routes }) => routes.some(({ name }) => name === route));
  return owner?.name ?? PROXY_GROUP;
}

function short(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length <= VALUE_CHARACTERS_MAX ? text : `${text.slice(0, VALUE_CHARACTERS_MAX)}...`;
}
