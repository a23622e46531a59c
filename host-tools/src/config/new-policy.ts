// The text of a first policy: short, commented, and good to render as it stands.

import { POLICY_SCHEMA_FILE } from "./policy-json-schema";

export interface NewPolicy {
  readonly services: readonly string[];
  readonly namespace: string;
  /** `1.31`. */
  readonly istio: string;
}

const PORT = 8080;

/** YAML of a policy that reads, renders and passes verify. */
export function newPolicy({ services, namespace, istio }: NewPolicy): string {
  return [
    `# yaml-language-server: $schema=${POLICY_SCHEMA_FILE}`,
    "#",
    "# What the mesh does with calls to these services. `ganglion explain FIELD` says what a member",
    "# means, its bounds and its default.",
    "#",
    "#   ganglion render --image oci://HOST/NAME@sha256:DIGEST -o manifests",
    "#   ganglion verify manifests",
    "version: 1",
    "# Epoch and model are left to `ganglion weights push`, which owns them in the cluster.",
    "# epoch: 1 # for manifests in Git: render with --model; `ganglion push` raises it in the file",
    "mode: shadow # compute and count every verdict, carry none out; enforce when you trust it",
    "mesh:",
    `  istio: "${istio}" # decides kinds and fields`,
    `  namespace: ${namespace}`,
    '  workloads: { ganglion: "on" } # pods with this label run the filter: those that call a service',
    "  # image: oci://HOST/NAME@sha256:DIGEST # or --image; `ganglion pack --push` prints it",
    "  # mtls: strict # refuse plaintext",
    "  # deny_by_default: true # refuse whom neither `calls` nor `allow` names",
    "# calls: # who calls whom; timeouts are checked along it",
    `#   some-caller: [${services.join(", ")}]`,
    "services:",
    ...services.flatMap(serviceLines),
    "",
  ].join("\n");
}

function serviceLines(name: string): string[] {
  return [
    `  ${name}:`,
    `    port: ${PORT}`,
    "    # arms: # what the filter chooses from by latency and errors: subsets of the service's pods",
    "    #   large: { subset: v1, default: true } # pods with version: v1",
    "    #   small: { subset: v2 }",
    "    pool: # of each caller's proxy",
    "      connections_max: 100",
    "      connect_timeout_ms: 5000",
    "      pending_max: 200",
    "      requests_max: 1000",
    "    outlier_detection: # a pod that fails five times in a row is out for 30 s, at most half of them",
    "      consecutive_5xx: 5",
    "      ejection_percent_max: 50",
    "    # allow: # who may call it, and how",
    "    #   - { from: [some-caller], methods: [POST], paths: [/api/*] }",
    "    routes: # in match order",
    `      - name: ${name}`,
    `        match: { authority: "${name}:${PORT}" } # as callers write it; the filter sees all they call`,
    "        timeout_ms: 30000",
    "        retries: # only where the request was not sent: 2 x 14900 ms and the wait fit into 30 s",
    "          attempts: 1",
    "          per_try_timeout_ms: 14900",
    "          on: [connect-failure, refused-stream]",
    "        # limits:",
    "        #   - name: tier",
    "        #     key: { header: x-user-tier }",
    '        #     requests_per_second: { free: 10, premium: 100, "*": 10 }',
    '        #     burst: { free: 20, premium: 200, "*": 20 }',
    "        anomaly: { act: tag } # tell the service what the filter finds odd; observe | tag | reroute | shed",
  ];
}
