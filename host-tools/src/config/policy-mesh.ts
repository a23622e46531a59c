// What a policy says of the mesh as a whole.

import type { IstioVersion, MeshFacts } from "./policy";
import { operationsMeshFields } from "./policy-operations";
import { trafficMeshFields } from "./policy-traffic";
import { DNS_LABEL, type Format, GATEWAY_REFERENCE } from "./shape/format";
import { labels, list, record, text, type ValueOf } from "./shape/shape";

const ISTIO_VERSION: Format = {
  form: "version of Istio",
  pattern: /^1\.(2[4-9]|[3-9]\d|\d{3})(\.\d+)?$/,
  says: 'must be a version such as "1.29", 1.24 or newer',
};
const ISTIO_DEFAULT = "1.29";

export const meshShape = record("Facts about the mesh that the objects need.", {
  istio: text("Version of Istio, which decides kinds and fields.", {
    format: ISTIO_VERSION,
    default: ISTIO_DEFAULT,
    example: '"1.31"',
  }),
  namespace: text("Namespace of all services and of the objects.", {
    format: DNS_LABEL,
    default: "default",
  }),
  workloads: labels("Labels of the pods whose proxies run the filter.", { otherwise: "all pods" }),
  gateways: list(
    "Gateways that the VirtualServices bind to.",
    text("A Gateway.", { format: GATEWAY_REFERENCE }),
    {
      otherwise: "the mesh alone",
      example: "[istio-system/public, mesh]",
    },
  ),
  image: text("The filter's image, pinned by its digest.", {
    otherwise: "--image",
    example: "oci://HOST/NAME@sha256:DIGEST",
  }),
  ...trafficMeshFields,
  ...operationsMeshFields,
});
type MeshValues = ValueOf<typeof meshShape>;

export function meshOf(mesh: MeshValues | undefined): MeshFacts {
  return {
    ...mesh,
    istio: parseIstioVersion(mesh?.istio ?? ISTIO_DEFAULT) as IstioVersion,
    namespace: mesh?.namespace ?? "default",
    workloads: mesh?.workloads ?? {},
    gateways: mesh?.gateways ?? [],
    image: mesh?.image,
  } as MeshFacts;
}

/** `1.29` or `1.29.3`; undefined for anything else and for versions before 1.24. */
export function parseIstioVersion(version: string): IstioVersion | undefined {
  if (!ISTIO_VERSION.pattern.test(version)) return undefined;
  return { major: 1, minor: Number(version.split(".")[1]) };
}
