// Workloads and the pods that services and selectors find: who runs where, how often, as whom.

import type { MeshObject } from "../source/mesh-object";
import { type View, viewOf } from "../source/view";
import { serviceHost } from "./host-name";

export interface Workload {
  readonly object: MeshObject;
  /** The pod template. */
  readonly template: View;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly account: string;
  /** Pods at the least: an autoscaler's floor goes before the workload's own number. */
  readonly replicas: number;
  /** Where that number stands, or would. */
  readonly replicasView: View;
}

const KINDS = ["Deployment", "StatefulSet", "Rollout", "ReplicaSet"];

export function readWorkloads(objects: readonly MeshObject[]): Workload[] {
  const scalers = objects.filter((object) => object.kind === "HorizontalPodAutoscaler");
  // Alternatives of one object in several files: the later replaces the earlier.
  const last = new Map<string, MeshObject>();
  for (const object of objects) {
    if (!KINDS.includes(object.kind)) continue;
    last.set(`${object.kind} ${object.namespace}/${object.name}`, object);
  }
  return [...last.values()].flatMap((object) => {
    const template = viewOf(object).at("spec", "template");
    if (!template.exists) return [];
    const replicasView = replicasOf(object, scalers);
    return [
      {
        object,
        template,
        labels: template.at("metadata", "labels").labels(),
        annotations: template.at("metadata", "annotations").labels(),
        account: template.at("spec", "serviceAccountName").text() ?? "default",
        replicas: replicasView.number() ?? 1,
        replicasView,
      },
    ];
  });
}

function replicasOf(object: MeshObject, scalers: readonly MeshObject[]): View {
  const scaler = scalers.map(viewOf).find((view) => {
    const target = view.at("spec", "scaleTargetRef");
    return (
      view.object.namespace === object.namespace &&
      target.at("kind").text() === object.kind &&
      target.at("name").text() === object.name
    );
  });
  return scaler?.at("spec", "minReplicas") ?? viewOf(object).at("spec", "replicas");
}

/** True when the labels carry everything that the selector asks for; an empty one selects all. */
export function selects(
  selector: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

export interface ServiceEntryPoint {
  readonly object: MeshObject;
  readonly host: string;
  readonly selector: Readonly<Record<string, string>>;
}

export function readServices(objects: readonly MeshObject[]): ServiceEntryPoint[] {
  return objects
    .filter((object) => object.kind === "Service" && object.group === "")
    .map((object) => ({
      object,
      host: serviceHost(object.name, object.namespace),
      selector: viewOf(object).at("spec", "selector").labels(),
    }));
}
