// A mesh as one YAML stream: services in chains, each with routes, a rule of destinations, workloads and
// policies, as a team would write them; sound, so that whatever is found in it is false.

import type { Prng } from "../../host-tools/src/lib/prng";
import { yamlStream, yamlText } from "../../host-tools/src/istio/yaml-text";

/** Objects of one service. */
const PER_SERVICE = 8;
const NAMESPACES = ["ai", "shop", "search", "billing"];

interface Service {
  readonly name: string;
  readonly namespace: string;
  /** Whole seconds; a service that is called has less than its caller. */
  readonly timeoutS: number;
  readonly calls: readonly string[];
}

/** @param objects a multiple of 8 is met exactly, else the next smaller one is filled up with services */
export function meshText(objects: number, random: Prng): string {
  const count = Math.floor(objects / PER_SERVICE);
  const services = Array.from({ length: count }, (_, i) => serviceAt(i, count, random));
  const documents = services.flatMap((service) => objectsOf(service, random));
  for (let i = documents.length; i < objects; i++) documents.push(plainService(`extra-${i}`, "ai"));
  return yamlStream(documents.map(yamlText));
}

/** Chains of four: the number within the chain gives the timeout. */
function serviceAt(i: number, count: number, random: Prng): Service {
  const depth = i % 4;
  const namespace = NAMESPACES[(i >> 2) % NAMESPACES.length] ?? "ai";
  const next = depth < 3 && i + 1 < count ? [`svc-${i + 1}`] : [];
  return { name: `svc-${i}`, namespace, timeoutS: 40 - 10 * depth - random.below(3), calls: next };
}

function objectsOf(service: Service, random: Prng): object[] {
  const { name, namespace } = service;
  return [
    plainService(name, namespace),
    deployment(service, "v1", 2 + random.below(4)),
    deployment(service, "v2", 2),
    virtualService(service, random),
    destinationRule(service),
    {
      apiVersion: "security.istio.io/v1",
      kind: "PeerAuthentication",
      metadata: { name, namespace },
      spec: { selector: { matchLabels: { app: name } }, mtls: { mode: "STRICT" } },
    },
    authorizationPolicy(service),
    sidecar(service),
  ];
}

function plainService(name: string, namespace: string): object {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace, labels: { app: name } },
    spec: { selector: { app: name }, ports: [{ name: "http", port: 8080, targetPort: 8080 }] },
  };
}

function deployment({ name, namespace }: Service, version: string, replicas: number): object {
  const labels = { app: name, version };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: `${name}-${version}`, namespace, labels },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: {
          labels,
          annotations: {
            "proxy.istio.io/config": "concurrency: 1\n",
            "sidecar.istio.io/proxyCPULimit": "500m",
          },
        },
        spec: {
          serviceAccountName: name,
          containers: [
            { name: "app", image: `registry.example/${name}:1`, ports: [{ containerPort: 8080 }] },
          ],
        },
      },
    },
  };
}

function virtualService({ name, namespace, timeoutS }: Service, random: Prng): object {
  const canary = 5 * random.below(4);
  const destination = (subset: string): object => ({ host: name, subset });
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name, namespace },
    spec: {
      hosts: [name],
      http: [
        {
          name: "testers",
          match: [{ headers: { "x-canary-user": { exact: "true" } } }],
          route: [{ destination: destination("v2") }],
          timeout: `${timeoutS}s`,
        },
        {
          name: "default",
          route: [
            { destination: destination("v1"), weight: 100 - canary },
            { destination: destination("v2"), weight: canary },
          ],
          timeout: `${timeoutS}s`,
          retries: { attempts: 1, perTryTimeout: "3s", retryOn: "connect-failure,refused-stream" },
        },
      ],
    },
  };
}

function destinationRule({ name, namespace }: Service): object {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name, namespace },
    spec: {
      host: `${name}.${namespace}.svc.cluster.local`,
      trafficPolicy: {
        connectionPool: { tcp: { maxConnections: 100 }, http: { http2MaxRequests: 1000 } },
        outlierDetection: { consecutive5xxErrors: 5, interval: "10s", maxEjectionPercent: 50 },
      },
      subsets: ["v1", "v2"].map((version) => ({ name: version, labels: { version } })),
    },
  };
}

function authorizationPolicy({ name, namespace }: Service): object {
  const principal = `cluster.local/ns/${namespace}/sa/ingress`;
  return {
    apiVersion: "security.istio.io/v1",
    kind: "AuthorizationPolicy",
    metadata: { name, namespace },
    spec: {
      selector: { matchLabels: { app: name } },
      action: "ALLOW",
      rules: [
        {
          from: [{ source: { principals: [principal] } }],
          to: [{ operation: { methods: ["GET", "POST"], paths: ["/api/*"] } }],
        },
      ],
    },
  };
}

function sidecar({ name, namespace, calls }: Service): object {
  const hosts = calls.map((host) => `./${host}.${namespace}.svc.cluster.local`);
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "Sidecar",
    metadata: { name, namespace },
    spec: {
      workloadSelector: { labels: { app: name } },
      egress: [{ hosts: [...hosts, "istio-system/*"] }],
    },
  };
}
