// One service of a policy: its host, its arms and its routes.

import { RecordKind } from "../contract";
import type { PolicyArm, PolicyService, SocketPlace } from "./policy";
import type { RefuseAt } from "./policy-node";
import { operationsServiceFields } from "./policy-operations";
import { rolloutServiceFields } from "./policy-rollout";
import { ejectionShape, fallbackShape, modeShape, routeOf, routeShape, said } from "./policy-route";
import { trafficServiceFields } from "./policy-traffic";
import { poolShape } from "./policy-upstream";
import { armWorkloadShape, workloadServiceFields } from "./policy-workload";
import { ARM_NAME, HOST_NAME, SOCKET, SUBSET_NAME } from "./shape/format";
import { placeOf } from "./shape/read-shape";
import {
  filterField,
  flag,
  labels,
  list,
  map,
  record,
  text,
  type ValueOf,
  whole,
} from "./shape/shape";

const armShape = record(
  "A destination that the filter can choose: a subset of the service's host.",
  {
    subset: text("Name of the subset.", { format: SUBSET_NAME, otherwise: "the arm's name" }),
    labels: labels("Labels of the subset's pods.", { otherwise: "version: SUBSET" }),
    weight: filterField<number>(RecordKind.Arm, "weight"),
    default: flag("The arm that needs no routing header.", { otherwise: "the first arm" }),
    pool: poolShape,
    workload: armWorkloadShape,
    address: text("Of the arm, for `render --target envoy`.", { format: SOCKET }),
  },
  {
    later: {
      cost: "arms are chosen by latency, errors and weight; leave prices out",
      zone: "arms are chosen by latency, errors and weight; leave zones out",
    },
  },
);
type ArmValues = ValueOf<typeof armShape>;

const serviceFields = {
  host: text("Fully qualified host.", {
    format: HOST_NAME,
    otherwise: "NAME.NAMESPACE.svc.cluster.local",
  }),
  port: whole("Port of the service.", { low: 1, high: 65535 }),
  mode: modeShape(),
  arms: map("What the filter chooses from, by name.", armShape, {
    keys: ARM_NAME,
    otherwise: "none",
  }),
  fallback: fallbackShape(),
  ejection: ejectionShape(),
  ...trafficServiceFields,
  ...operationsServiceFields,
  ...rolloutServiceFields,
  ...workloadServiceFields,
  routes: list("Routes in match order.", routeShape, {
    required: true,
    countMin: 1,
    missing: "a service has at least one",
  }),
};

export const serviceShape = record("One service, by its Kubernetes name.", serviceFields, {
  later: { budget: "token budgets come with a later release" },
});
export type ServiceValues = ValueOf<typeof serviceShape>;

/** The service with what its namespace and its own words give. */
export function serviceOf(
  name: string,
  service: ServiceValues,
  namespace: string,
  refuse: RefuseAt,
): PolicyService {
  const arms = [...(service.arms ?? [])].map(([arm, of]) => armOf(arm, of, refuse));
  const defaults = {
    arms,
    mode: service.mode,
    fallback: service.fallback,
    ejection: said(service.ejection),
    canary: service.rollout?.canary,
  };
  return {
    ...service,
    name,
    host: service.host ?? `${name}.${namespace}.svc.cluster.local`,
    arms,
    routes: service.routes.map((route) => routeOf(route, defaults, refuse)),
    place: placeOf(service),
  };
}

function armOf(name: string, arm: ArmValues, refuse: RefuseAt): PolicyArm {
  const subset = arm.subset ?? name;
  if (!SUBSET_NAME.pattern.test(subset)) refuse(placeOf(arm), SUBSET_NAME.says);
  const given = arm.labels ?? {};
  return {
    name,
    weight: arm.weight,
    isDefault: arm.default === true,
    subset,
    labels: Object.keys(given).length > 0 ? given : { version: subset },
    pool: arm.pool,
    workload: arm.workload,
    address: socketOf(arm.address, arm, refuse),
    place: placeOf(arm),
  };
}

/** `ADDRESS:PORT` in parts; complains of a port above 65535 under the member `address`. */
export function socketOf(
  socket: string | undefined,
  owner: object,
  refuse: RefuseAt,
  key = "address",
): SocketPlace | undefined {
  const match = socket === undefined ? null : SOCKET.pattern.exec(socket);
  if (match === null) return undefined;
  const port = Number(match[2]);
  if (port > 65535) refuse(placeOf(owner, key), SOCKET.says, socket);
  return { address: (match[1] ?? "").replace(/^\[|\]$/g, ""), port };
}
