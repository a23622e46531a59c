// Whether an answer came from the canary: by the name of the cluster that the proxy chose, which nobody
// outside can forge. Istio's name is `outbound|PORT|SUBSET|HOST`; a star in the pattern stands for any
// characters, where the port is not known when the configuration is written.

import { CanarySettings } from "../config/settings";
import { textEquals } from "../config/text-rule";

/** @returns whether the cluster is the canary's */
export function isCanary(canary: CanarySettings, name: usize, bytes: i32): bool {
  const pattern = canary.clusterPtr;
  const length = canary.clusterLength;
  const star = canary.clusterStar;
  if (star < 0) return textEquals(pattern, length, name, bytes);
  const tail = length - star - 1;
  if (bytes < star + tail) return false;
  if (!textEquals(pattern, star, name, star)) return false;
  return textEquals(pattern + <usize>(star + 1), tail, name + <usize>(bytes - tail), tail);
}
