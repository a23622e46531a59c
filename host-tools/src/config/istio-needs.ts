// Members of a policy that not every version of Istio knows: the API server would drop such a field
// of an older version without a word, so it is refused.

import type { IstioVersion, Policy } from "./policy";
import { policyError } from "./policy-reader";

/**
 * The policy for this version of Istio.
 *
 * @throws GanglionError E_POLICY where it says something that the version does not know
 */
export function policyForIstio(policy: Policy, istio: IstioVersion): Policy {
  const complaints = policy.istioNeeds
    .filter(({ istioMinor }) => istio.minor < istioMinor)
    .map(
      ({ place, istioMinor }) =>
        `${policy.file}:${place.line}:${place.column}: ${place.path}: needs Istio 1.${istioMinor} or ` +
        `newer, the mesh has ${istio.major}.${istio.minor}; leave it out`,
    );
  if (complaints.length > 0) throw policyError(complaints);
  return { ...policy, mesh: { ...policy.mesh, istio } };
}
