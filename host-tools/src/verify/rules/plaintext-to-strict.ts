// A DestinationRule that turns TLS off, or brings its own, towards pods that accept mutual TLS only.

import { setValue } from "../fix/edit-view";
import { clusterHost, fullHost, shortHost } from "../mesh/host-name";
import type { Mesh } from "../mesh/mesh";
import { mtlsMode } from "../mesh/mtls-mode";
import { type Finding, fixOf, type Rule } from "../rule";
import { objectName } from "../source/mesh-object";
import { type View, viewOf } from "../source/view";

export const plaintextToStrict: Rule = {
  id: "plaintext-to-strict",
  severity: "error",
  summary: "A DestinationRule sends without mutual TLS to pods that accept nothing else.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const object of mesh.ofIstio("DestinationRule")) {
      const spec = viewOf(object).at("spec");
      const host = fullHost(spec.at("host").text() ?? "", object.namespace);
      const policies = [spec, ...spec.at("subsets").items()].map((one) => one.at("trafficPolicy"));
      for (const policy of policies) {
        const found = judge(mesh, host, policy.at("tls", "mode"));
        if (found !== undefined) yield found;
      }
    }
  },
};

function judge(mesh: Mesh, host: string, mode: View): Finding | undefined {
  const place = clusterHost(host);
  const sent = mode.text();
  if (place === undefined || (sent !== "DISABLE" && sent !== "SIMPLE")) return undefined;
  const labels = mesh.service(host)?.selector ?? { app: place.name };
  const mtls = mtlsMode(mesh, place.namespace, labels);
  if (mtls?.mode !== "STRICT") return undefined;
  return {
    at: mode,
    message:
      `Calls of ${shortHost(host)} are sent ${sent === "DISABLE" ? "in plain text" : "with one-sided TLS"}, and ` +
      `${objectName(mtls.at.object)} accepts mutual TLS only: 100 % of them are refused.`,
    advice: "Use ISTIO_MUTUAL, or leave `tls` out: Istio then chooses it by itself.",
    fix: fixOf(setValue(mode, "ISTIO_MUTUAL")),
    related: [{ at: mtls.at, message: "accepts mutual TLS only" }],
  };
}
