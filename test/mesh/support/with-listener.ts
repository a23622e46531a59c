// What stands for iptables in a mesh without them: a sidecar's listener on its proxy's own address.

import type { KubeObject } from "../rig";

/** The Sidecar, all of whose egress is served on this address and port. */
export function withListener(sidecar: KubeObject, ip: string, port: number): KubeObject {
  const spec = sidecar["spec"] as { readonly egress: readonly object[] };
  const listener = {
    port: { number: port, protocol: "HTTP", name: "http" },
    bind: ip,
    captureMode: "NONE",
  };
  return {
    ...sidecar,
    spec: { ...spec, egress: spec.egress.map((one) => ({ ...one, ...listener })) },
  };
}
