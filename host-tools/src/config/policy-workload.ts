// What a policy says of the pods that serve a service, where those are rendered too: Deployment,
// Service and service account. Without `workload` they are somebody else's.

import { type Format, QUANTITY } from "./shape/format";
import {
  choice,
  either,
  type FieldValues,
  flag,
  list,
  map,
  record,
  type Refuse,
  text,
  type ValueOf,
  whole,
} from "./shape/shape";

/** Without tag and digest it would be `latest`. */
const APP_IMAGE: Format = {
  form: "image with tag or digest",
  pattern:
    /^[a-z0-9][a-zA-Z0-9.-]*(:\d{1,5})?(\/[a-z0-9][a-z0-9._-]*)*(@sha256:[0-9a-f]{64}|:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}(@sha256:[0-9a-f]{64})?)$/,
  says: "is no image with a tag or a digest, e.g. HOST/NAME:1.4.2",
  lengthMax: 512,
};
const ENV_NAME: Format = {
  form: "name of a variable",
  pattern: /^[A-Za-z_][A-Za-z0-9_]{0,127}$/,
  says: "is no name of a variable",
};
const SECRET_NAME: Format = {
  form: "Kubernetes name",
  pattern: /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/,
  says: "is no name of a Secret",
};
const SECRET_KEY: Format = {
  form: "key",
  pattern: /^[-._a-zA-Z0-9]{1,253}$/,
  says: "is no key of a Secret",
};
const HTTP_PATH: Format = {
  form: "path",
  pattern: /^\/[!-~]{0,1023}$/,
  says: "must begin with /",
};
const FOLDER: Format = {
  form: "folder",
  pattern: /^(\/[A-Za-z0-9._-]{1,255}){1,16}$/,
  says: "is no absolute path of a folder",
};
/** Whose value does not belong into a file that is committed. */
const SECRET_WORD = /(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$/i;

const PORT = { low: 1, high: 65535 } as const;
const SECONDS = { low: 1, high: 3600, unit: "s" } as const;
const REPLICAS = { low: 1, high: 10_000, unit: "replicas" } as const;

const probe = (help: string, failuresMax: number) =>
  record(help, {
    path: text("Path that answers 200 to 399.", {
      format: HTTP_PATH,
      otherwise: "a connection is enough; grpc: the standard health service",
      example: "/health/ready",
    }),
    port: whole("Port that is asked.", { ...PORT, otherwise: "the workload's" }),
    delay_s: whole("Wait before the first.", {
      low: 0,
      high: 3600,
      unit: "s",
      default: 0,
    }),
    period_s: whole("Time between two.", { ...SECONDS, default: 10 }),
    timeout_s: whole("Time to answer.", { ...SECONDS, default: 1 }),
    failures_max: whole("Failures in a row until it counts.", {
      low: 1,
      high: 1000,
      unit: "failures",
      default: failuresMax,
    }),
  });
export type Probe = ValueOf<ReturnType<typeof probe>>;

const probesShape = record("How Kubernetes asks whether a pod lives.", {
  readiness: probe("Whether it takes requests.", 3),
  liveness: probe("Whether it has to be started anew; a busy pod must not fail it.", 3),
  startup: probe("Whether it has started; the others wait for it.", 30),
});

const quantity = (help: string, example: string) =>
  text(help, { format: QUANTITY, otherwise: "none", example });
const resourcesShape = record("What a pod's application asks for and may use.", {
  cpu_request: quantity("CPU that it asks for.", "500m"),
  memory_request: quantity("Memory that it asks for.", "512Mi"),
  cpu_limit: quantity("CPU that it may use.", '"2"'),
  memory_limit: quantity("Memory that it may use.", "1Gi"),
});
export type WorkloadResources = ValueOf<typeof resourcesShape>;

const variableShape = either("Value of the variable.", {
  scalar: text("The value itself."),
  map: record("A value of a Secret.", {
    secret: text("Name of the Secret.", { required: true, format: SECRET_NAME }),
    key: text("Key in it.", { required: true, format: SECRET_KEY }),
  }),
});
export type Variable = ValueOf<typeof variableShape>;

const env = () =>
  map("Environment of the application.", variableShape, { keys: ENV_NAME, otherwise: "none" });
const args = () =>
  list("Arguments of the image's entry.", text("An argument."), { otherwise: "none" });

const armWorkloadFields = {
  image: text("Image of the application.", {
    format: APP_IMAGE,
    otherwise: "the service's",
    example: "registry.example/ai/llm:1.4.2",
  }),
  replicas: whole("Pods, where `scaling` says nothing.", {
    ...REPLICAS,
    otherwise: "the service's",
  }),
  args: args(),
  env: env(),
  resources: resourcesShape,
};

/** Of an arm, over the service's member by member. */
export const armWorkloadShape = record(
  "What the arm's Deployment has other than the service's.",
  armWorkloadFields,
  { check: checkApp },
);
export type ArmWorkload = ValueOf<typeof armWorkloadShape>;

const metricsShape = record("Metrics of the application itself.", {
  port: whole("Port that serves them.", { ...PORT, otherwise: "the workload's" }),
  path: text("Their path.", { format: HTTP_PATH, default: "/metrics" }),
});

const workloadFields = {
  image: text("Image of the application.", {
    format: APP_IMAGE,
    required: true,
    example: "registry.example/ai/llm:1.4.2",
  }),
  replicas: whole("Pods of each Deployment, where `scaling` says nothing.", {
    ...REPLICAS,
    default: 3,
  }),
  port: whole("Port that the application listens on.", {
    ...PORT,
    otherwise: "the service's `port`",
  }),
  protocol: choice(
    "What it speaks; names the port, by which Istio chooses.",
    ["http", "http2", "grpc", "tcp"] as const,
    { default: "http" },
  ),
  version: text("Label `version` of pods of a service without arms.", {
    format: {
      form: "label value",
      pattern: /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/,
      says: "is no label value",
    },
    otherwise: "no label",
    example: "v1",
  }),
  args: args(),
  env: env(),
  resources: resourcesShape,
  probes: probesShape,
  metrics: metricsShape,
  filter: flag("Put the labels of `mesh.workloads` on the pods, so that their proxies run it.", {
    otherwise: "where `calls` says that the service calls somebody",
  }),
  user: whole("User id of the process; root is refused.", {
    low: 1,
    high: 2_147_483_647,
    otherwise: "the image's",
    example: "10001",
  }),
  writable: list(
    "Folders that it may write; the rest of its disk is read-only.",
    text("A folder.", { format: FOLDER }),
    {
      default: ["/tmp"],
      example: "[/tmp, /var/cache/app]",
    },
  ),
  drain_s: whole("Time that requests under way have when a pod is told to end.", {
    low: 1,
    high: 3600,
    unit: "s",
    otherwise: "the longest timeout_ms of the routes, at least 30",
  }),
  leave_s: whole("Time before that, in which callers hear that the pod goes; Kubernetes 1.30.", {
    low: 0,
    high: 600,
    unit: "s",
    default: 5,
  }),
};
export type Workload = FieldValues<typeof workloadFields>;

const workloadShape = record(
  "The service's pods: renders a Deployment per arm, the Service and its service account.",
  workloadFields,
  { check: checkApp },
);

/** Members of a service. */
export const workloadServiceFields = { workload: workloadShape };

interface App {
  readonly image: string | undefined;
  readonly env: ReadonlyMap<string, Variable> | undefined;
}

function checkApp({ image, env: variables }: App, refuse: Refuse): void {
  if (image?.endsWith(":latest")) {
    refuse("latest is another image with every start of a pod; name a tag or a digest", "image");
  }
  for (const [name, value] of variables ?? []) {
    if (typeof value !== "string" || !SECRET_WORD.test(name)) continue;
    refuse(`${name} is a secret: take it from one, { secret: NAME, key: KEY }`, "env");
  }
}
