// The policy file as a whole, as one description. Sections stand in files of their own.

import { RecordKind } from "../contract";
import type { PolicySettings } from "./policy";
import { meshShape } from "./policy-mesh";
import { serviceShape } from "./policy-service";
import { trafficRootFields } from "./policy-traffic";
import { DNS_LABEL, type Format, SOCKET } from "./shape/format";
import { choice, filterField, map, record, text, type ValueOf } from "./shape/shape";

const SERVICE_NAME: Format = {
  form: "Kubernetes name",
  pattern: DNS_LABEL.pattern,
  says: "a service's name is a Kubernetes service name",
};

const setting = <K extends keyof PolicySettings>(key: K) =>
  filterField<NonNullable<PolicySettings[K]>>(RecordKind.Root, key);

/** Members of the configuration's root that the policy sets under the same name. */
export const settingFields = {
  epoch: setting("epoch"),
  mode: setting("mode"),
  expose: setting("expose"),
  fast_half_life_ms: setting("fast_half_life_ms"),
  slow_half_life_ms: setting("slow_half_life_ms"),
  quantile_half_life_ms: setting("quantile_half_life_ms"),
  exploration_permille: setting("exploration_permille"),
};

export const policyShape = record("A policy: services of a mesh and what holds for them.", {
  version: choice("Version of this form.", [1], { required: true, missing: "the only one is 1" }),
  name: text("Of the object that carries the filter.", { format: DNS_LABEL, default: "ganglion" }),
  ...settingFields,
  mesh: meshShape,
  ...trafficRootFields,
  envoy: record("Sockets of the Envoy that `render --target envoy` writes.", {
    listen: text("Where it listens.", { format: SOCKET, default: "127.0.0.1:10000" }),
    admin: text("Where its administration listens.", { format: SOCKET, default: "127.0.0.1:9901" }),
  }),
  services: map("Services by their Kubernetes names.", serviceShape, {
    required: true,
    keys: SERVICE_NAME,
    countMin: 1,
    missing: "a policy has at least one",
  }),
});
export type PolicyValues = ValueOf<typeof policyShape>;
