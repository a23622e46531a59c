// What a policy says of the borders of its mesh: gateways into it, providers outside of it, and
// what a workload may reach.

import { upstreamFields } from "./policy-upstream";
import { DNS_LABEL, EGRESS_HOST, HOST_NAME, OUTER_HOST } from "./shape/format";
import { choice, flag, labels, list, map, record, text, type ValueOf, whole } from "./shape/shape";

const gatewayShape = record(
  "A way into the mesh, to one service.",
  {
    service: text("Service of the policy that is reached by it.", {
      format: DNS_LABEL,
      required: true,
      example: "conversation-service",
    }),
    selector: labels("Labels of the gateway's pods.", { otherwise: "istio: ingressgateway" }),
    hosts: list("Hosts that clients call.", text("A host.", { format: OUTER_HOST }), {
      required: true,
      countMin: 1,
      example: "[chat.example.com]",
    }),
    port: whole("Port that clients call.", {
      low: 1,
      high: 65535,
      otherwise: "443, or 80 without tls_secret",
    }),
    tls_secret: text("Secret with the certificate, in the namespace of the gateway's pods.", {
      format: DNS_LABEL,
      otherwise: "none: plain HTTP",
    }),
    tls_version_min: choice("Oldest TLS version that is spoken.", ["1.2", "1.3"], {
      default: "1.2",
    }),
    redirect_http: flag("Send clients of port 80 to https; needs tls_secret.", { default: false }),
  },
  {
    check: ({ redirect_http: redirects, tls_secret: secret, port }, refuse) => {
      if (redirects && secret === undefined) refuse("needs tls_secret", "redirect_http");
      if (redirects && port === 80) refuse("is the port that is redirected", "port");
    },
  },
);
export type PolicyGateway = ValueOf<typeof gatewayShape>;

const providerShape = record("A service outside the mesh.", {
  host: text("Its host.", { format: HOST_NAME, required: true, example: "api.openai.com" }),
  port: whole("Its port.", { low: 1, high: 65535, default: 443 }),
  tls: choice(
    "Who encrypts: the caller's proxy (and the filter sees the requests), or the caller itself.",
    ["originate", "passthrough", "none"],
    { default: "originate" },
  ),
  local_port: whole("Port that callers use for plain HTTP where the proxy encrypts.", {
    low: 1,
    high: 65535,
    default: 80,
  }),
  ...upstreamFields,
});
export type PolicyProvider = ValueOf<typeof providerShape>;

const egressShape = record("What the policy's workloads may reach, and hear of.", {
  scope: choice(
    "What a proxy is told of: the services that `calls` lists, or all.",
    ["listed", "all"],
    { default: "listed" },
  ),
  hosts: list("Further hosts of every workload.", text("A host.", { format: EGRESS_HOST }), {
    default: ["istio-system/*"],
  }),
  policy: choice("What becomes of calls to anything else.", ["registry_only", "allow_any"], {
    default: "registry_only",
  }),
});
export type PolicyEgress = ValueOf<typeof egressShape>;

/** Members of the file. */
export const edgeRootFields = {
  gateway: map("Gateways, by name.", gatewayShape, { keys: DNS_LABEL }),
  providers: map("Services outside the mesh, by name.", providerShape, { keys: DNS_LABEL }),
};
/** Members of `mesh`. */
export const edgeMeshFields = { egress: egressShape };
