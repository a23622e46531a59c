// An IstioOperator names a profile that istioctl does not have: nothing is installed.

import { setValue } from "../fix/edit-view";
import type { Mesh } from "../mesh/mesh";
import { type Finding, fixOf, type Rule } from "../rule";
import { viewOf } from "../source/view";

/** Of any version from 1.24 to 1.31 (manifests/profiles and manifests/helm-profiles of Istio). */
const PROFILES = [
  "ambient",
  "default",
  "demo",
  "empty",
  "minimal",
  "openshift",
  "openshift-ambient",
  "preview",
  "remote",
  "stable",
];

export const unknownProfile: Rule = {
  id: "unknown-profile",
  severity: "error",
  summary: "An IstioOperator names a profile that does not exist, so that nothing is installed.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const object of mesh.ofIstio("IstioOperator")) {
      const view = viewOf(object).at("spec", "profile");
      const profile = view.text();
      // A path is a profile of one's own.
      if (profile === undefined || PROFILES.includes(profile) || /[./]/.test(profile)) continue;
      yield {
        at: view,
        message: `Istio 1.24 to 1.31 has no profile "${profile}"; it has ${PROFILES.join(", ")}.`,
        advice: "Use `default`: it is the one for production.",
        fix: fixOf(setValue(view, "default")),
      };
    }
  },
};
