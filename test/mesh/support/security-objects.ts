// PeerAuthentication and AuthorizationPolicy.

import type { KubeObject } from "../rig";

const security = (kind: string, name: string, namespace: string, spec: object): KubeObject => ({
  apiVersion: "security.istio.io/v1",
  kind,
  metadata: { name, namespace },
  spec,
});

export const strictTls = (namespace: string): KubeObject =>
  security("PeerAuthentication", "default", namespace, { mtls: { mode: "STRICT" } });

/** An ALLOW policy that allows nothing: other ALLOW policies still can, which a DENY would overrule. */
export const denyAll = (namespace: string): KubeObject =>
  security("AuthorizationPolicy", "deny-by-default", namespace, {});

export const authorization = (namespace: string): KubeObject =>
  security("AuthorizationPolicy", "llm-service", namespace, {
    selector: { matchLabels: { app: "llm-service" } },
    action: "ALLOW",
    rules: [
      {
        from: [
          { source: { principals: [`cluster.local/ns/${namespace}/sa/conversation-service`] } },
        ],
        to: [{ operation: { methods: ["POST"], paths: ["/api/llm/*"] } }],
      },
    ],
  });
