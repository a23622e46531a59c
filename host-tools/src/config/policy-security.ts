// What a policy says of who may speak to whom: mutual TLS, who may call which paths of a service,
// and tenants that share one.

import { DNS_LABEL, type Format, HEADER_NAME, METHOD, PATH_PATTERN } from "./shape/format";
import { choice, flag, labels, list, map, record, text, type ValueOf } from "./shape/shape";

/** `ACCOUNT` in the policy's namespace, or `NAMESPACE/ACCOUNT`. */
export const CALLER: Format = {
  pattern: /^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\/)?[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/,
  says: "is no caller: a service of the policy, an account, or NAMESPACE/ACCOUNT",
};
const TRUST_DOMAIN: Format = {
  pattern: /^[a-z0-9]([-a-z0-9._]{0,253}[a-z0-9])?$/,
  says: "is no trust domain, e.g. cluster.local",
};
const SPIFFE_DEFAULT = "cluster.local";

const methods = () =>
  list("HTTP methods that may be used.", text("A method.", { format: METHOD }), {
    otherwise: "any method",
    example: "[POST]",
  });
const paths = () =>
  list("Paths that may be called.", text("A path, `*` at its end.", { format: PATH_PATTERN }), {
    otherwise: "any path",
    example: "[/api/llm/*]",
  });

const tenantShape = record(
  "A tenant: its namespaces may call these services, with its own name in the header.",
  {
    namespaces: list("Where its workloads run.", text("A namespace.", { format: DNS_LABEL }), {
      required: true,
      countMin: 1,
    }),
    services: list("Services of the policy that it may call.", text("A service.", {}), {
      required: true,
      countMin: 1,
    }),
    methods: methods(),
    paths: paths(),
    header: text("Header that must hold the tenant's name, so that none calls as another.", {
      format: HEADER_NAME,
      otherwise: "not checked",
      example: "x-tenant",
    }),
  },
);
export type Tenant = ValueOf<typeof tenantShape>;

/** Members of `mesh`. */
export const securityMeshFields = {
  mtls: choice(
    "Whether workloads of the namespace take plaintext.",
    ["strict", "permissive", "off"] as const,
    { otherwise: "no object; the mesh's own", example: "strict" },
  ),
  trust_domain: text("Trust domain of the mesh, the first part of every identity.", {
    format: TRUST_DOMAIN,
    default: SPIFFE_DEFAULT,
  }),
  deny_by_default: flag(
    "Refuse every call in the namespace that `allow`, `calls` or a tenant does not name.",
    { otherwise: "false" },
  ),
  tenants: map("Tenants that share services of the policy, by name.", tenantShape, {
    keys: DNS_LABEL,
    otherwise: "none",
  }),
};
export type Mtls = ValueOf<typeof securityMeshFields.mtls>;

const allowShape = record("One rule: these callers may use these methods on these paths.", {
  from: list(
    "Who may call.",
    text("A service of the policy, an account, or NAMESPACE/ACCOUNT.", { format: CALLER }),
    { required: true, countMin: 1, example: "[conversation-service]" },
  ),
  methods: methods(),
  paths: paths(),
});
export type Allow = ValueOf<typeof allowShape>;

/** Members of a service. */
export const securityServiceFields = {
  account: text("Kubernetes service account of its pods.", {
    format: DNS_LABEL,
    otherwise: "the service's name",
  }),
  labels: labels("Labels that select its pods.", { otherwise: "app: NAME" }),
  allow: list("Who may call the service; everybody else is refused.", allowShape, {
    otherwise: "everybody, or with mesh.deny_by_default the callers in `calls`",
  }),
};
