// What a policy says of the proxies themselves: how they come into pods, what they may use, what
// they intercept, and how the control plane is installed.

import { CIDR, DNS_LABEL, QUANTITY } from "./shape/format";
import {
  choice,
  flag,
  list,
  percent,
  record,
  type Refuse,
  text,
  type ValueOf,
  whole,
} from "./shape/shape";

const port = () => whole("A port.", { low: 1, high: 65535 });
const quantity = (help: string, example: string) =>
  text(help, { format: QUANTITY, otherwise: "the installation's", example });

const proxyShape = record("Resources of each sidecar.", {
  concurrency: whole("Worker threads.", {
    low: 1,
    high: 128,
    unit: "threads",
    otherwise: "as many as the CPU limit",
    example: "2",
  }),
  cpu_request: quantity("CPU that the sidecar asks for.", "50m"),
  memory_request: quantity("Memory that the sidecar asks for.", "64Mi"),
  cpu_limit: quantity("CPU that the sidecar may use.", "200m"),
  memory_limit: quantity("Memory that the sidecar may use.", "256Mi"),
});
export type ProxyResources = ValueOf<typeof proxyShape>;

const ranges = (help: string, otherwise: string) =>
  list(help, text("An address range.", { format: CIDR }), { otherwise });
const ports = (help: string, otherwise: string) => list(help, port(), { otherwise });

const interceptShape = record(
  "Which connections of a pod go through its sidecar.",
  {
    ports: ports("Inbound ports that are intercepted.", "all"),
    exclude_ports: ports("Inbound ports that are not.", "none"),
    exclude_outbound_ports: ports("Outbound ports that are not intercepted.", "none"),
    include_outbound_ranges: ranges("Outbound ranges that are intercepted.", "all"),
    exclude_outbound_ranges: ranges("Outbound ranges that are not intercepted.", "none"),
  },
  { check: checkIntercept },
);
export type Intercept = ValueOf<typeof interceptShape>;

function checkIntercept(
  value: { readonly ports?: readonly number[]; readonly exclude_ports?: readonly number[] },
  refuse: Refuse,
): void {
  const both = value.ports?.filter((one) => value.exclude_ports?.includes(one)) ?? [];
  if (both.length > 0) refuse(`${both.join(", ")} cannot be in ports as well`, "exclude_ports");
}

const installShape = record("Values for the installation of Istio, as istio-operator.yaml.", {
  profile: choice("Profile to start from.", ["default", "minimal", "empty", "ambient"] as const, {
    default: "default",
  }),
  access_log: choice("Form of the proxies' access log.", ["json", "text", "none"] as const, {
    default: "json",
  }),
  tracing_percent: percent("Share of requests traced where no Telemetry says otherwise.", {
    default: 10,
  }),
  tls_min: choice("Lowest version of TLS between workloads.", ["1.2", "1.3"] as const, {
    default: "1.3",
  }),
  sidecars: flag("Let sidecars take the resources of mesh.proxy by default.", { default: true }),
  istiod_cpu: text("CPU that istiod asks for.", { format: QUANTITY, default: "500m" }),
  istiod_memory: text("Memory that istiod asks for.", { format: QUANTITY, default: "2Gi" }),
});
export type Install = ValueOf<typeof installShape>;

const envoyGatewayShape = record("An Envoy Gateway that runs the filter as well.", {
  kind: choice(
    "Kind of the object that the filter belongs to.",
    ["Gateway", "HTTPRoute", "GRPCRoute"] as const,
    { default: "Gateway" },
  ),
  name: text("Its name, in the policy's namespace.", { format: DNS_LABEL, required: true }),
});
export type EnvoyGateway = ValueOf<typeof envoyGatewayShape>;

/** Members of `mesh`. */
export const proxyMeshFields = {
  injection: choice(
    "Whether pods of the namespace get a sidecar; renders the namespace.",
    ["enabled", "disabled"] as const,
    { otherwise: "no object" },
  ),
  revision: text("Revision of Istio that injects; renders the namespace.", {
    format: DNS_LABEL,
    otherwise: "none",
    example: "1-31",
  }),
  proxy: proxyShape,
  intercept: interceptShape,
  install: installShape,
  envoy_gateway: envoyGatewayShape,
};
