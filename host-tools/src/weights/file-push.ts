// New weights into the file that a GitOps controller applies. The epoch is taken from the cluster
// too: a file whose epoch the proxies have passed already would change nothing.

import { canonicalJson } from "../config/plugin-config";
import { checkWithFilter } from "../istio/filter-check";
import { patchWeights, type Patched } from "../istio/weights-patch";
import { readTextInput } from "../lib/input";
import { writeOutput } from "../lib/output";
import { nextEpoch } from "./change-weights";
import { readHistory } from "./history";
import { readLiveFilter } from "./live-filter";
import type { Session } from "./session";

/** @throws GanglionError; the file is then as it was */
export async function pushToFile(
  session: Session,
  artifact: Uint8Array,
  file: string,
  wantedEpoch: number | undefined,
): Promise<Patched> {
  const { cluster, ports, place } = session;
  const live = await readLiveFilter(cluster, place);
  const history = await readHistory(cluster, live.key.namespace, live.key.name);
  const text = await readTextInput(file);
  const first = patchWeights({ text, file, artifact, name: place.name, epoch: undefined });
  const reportedEpoch = first.before.epoch ?? 0;
  const epoch = nextEpoch(live, history, { epoch: wantedEpoch, reportedEpoch });
  const patched = patchWeights({ text, file, artifact, name: place.name, epoch });
  const module = (await ports.fetchModule(live)) ?? (await ports.ownModule());
  checkWithFilter(module, canonicalJson(patched.after));
  await writeOutput(patched.text, file);
  return patched;
}
