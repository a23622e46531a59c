// Who else writes a rollout's VirtualService, and what that will do to the weights. A GitOps controller puts
// back what is in Git within minutes, in the middle of a step; a Helm release does so with its next upgrade.

import { type ClusterObject, gitOpsOwner } from "../cluster";
import { ExitCode, GanglionError } from "../lib/errors";

export interface ObjectOwner {
  /** `belongs to Argo CD (label ...): ...`, a sentence that follows the object's name. */
  readonly says: string;
  /** True where it acts by itself, so that a rollout has no chance. */
  readonly reverts: boolean;
}

const HELM_RELEASE = "meta.helm.sh/release-name";

/** Undefined where nobody else is known to write the object. */
export function objectOwner(object: ClusterObject): ObjectOwner | undefined {
  const controller = gitOpsOwner(object);
  if (controller !== undefined) {
    return {
      says: `belongs to ${controller}, which puts its own weights back within minutes`,
      reverts: true,
    };
  }
  const release = object.metadata.annotations?.[HELM_RELEASE];
  if (release === undefined) return undefined;
  return {
    says: `is of Helm release ${release}: an upgrade during the rollout puts its weights back, which pauses it`,
    reverts: false,
  };
}

/** @throws GanglionError E_ROLLOUT_GITOPS */
export function refuseReverting(name: string, service: string, owner: ObjectOwner): void {
  if (!owner.reverts) return;
  throw new GanglionError("E_ROLLOUT_GITOPS", `${name} ${owner.says}`, {
    hint:
      `Commit each step: \`ganglion rollout rules ${service} --weight 5 --to-file FILE\`; or let Argo ` +
      "Rollouts step, with the AnalysisTemplate that `ganglion render` writes; or tell the owner to leave " +
      "spec.http to ganglion-rollout (docs/rollout.md) and begin with --take.",
    exitCode: ExitCode.badInput,
  });
}
