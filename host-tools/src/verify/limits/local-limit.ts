// A local rate limit is off until it is enabled: Envoy's filter_enabled and filter_enforced are 0 %
// where they are not said.

import { setValue } from "../fix/edit-view";
import type { Mesh } from "../mesh/mesh";
import { type Finding, fixOf } from "../rule";
import type { View } from "../source/view";
import { patchesOf, type TypedFilter } from "./envoy-patches";

const SWITCHES = ["filter_enabled", "filter_enforced"] as const;

export function* checkLocalLimit(mesh: Mesh, filter: TypedFilter): Iterable<Finding> {
  const perRoute = patchesOf(mesh)
    .filter(({ applyTo }) => applyTo === "HTTP_ROUTE" || applyTo === "VIRTUAL_HOST")
    .flatMap(({ value }) => [...value.everything()])
    .filter((view) => view.at("token_bucket").exists && !view.path.includes("descriptors"));
  if (filter.config.at("token_bucket").exists) yield* switchedOff(filter.config);
  else if (perRoute.length === 0) yield withoutBucket(filter.config);
  for (const config of perRoute) yield* switchedOff(config);
}

function* switchedOff(config: View): Iterable<Finding> {
  for (const name of SWITCHES) {
    const view = config.at(name);
    const percent = view.at("default_value", "numerator");
    if (view.exists && percent.number() !== 0) continue;
    yield {
      at: view.exists ? percent : config.at("token_bucket"),
      message: `${name} is ${view.exists ? "0" : "not said, which is 0"} %: the bucket limits 0 requests.`,
      advice: "Switch it on for 100 %.",
      fix: fixOf(setValue(view, switchedOn(name))),
    };
  }
}

function withoutBucket(config: View): Finding {
  return {
    at: config,
    message: "The filter has no token_bucket, nor has any route: there are 0 limits.",
    advice: "Give it a bucket; max_tokens and tokens_per_fill are per proxy, 100 a second here.",
    fix: fixOf(
      setValue(config.at("token_bucket"), {
        max_tokens: 100,
        tokens_per_fill: 100,
        fill_interval: "1s",
      }),
      ...SWITCHES.filter((name) => !config.at(name).exists).map((name) =>
        setValue(config.at(name), switchedOn(name)),
      ),
    ),
  };
}

function switchedOn(name: (typeof SWITCHES)[number]): object {
  return {
    runtime_key: `local_rate_limit_${name.replace("filter_", "")}`,
    default_value: { numerator: 100, denominator: "HUNDRED" },
  };
}
