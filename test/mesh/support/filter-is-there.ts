// Whether a proxy's filter works in each of its threads: a proxy takes traffic before, and a request that
// meets a worker without it passes unfiltered.

import type { Proxy } from "../rig";

/** A proxy's two workers, and the thread that only takes configurations. */
const VMS = 3;

/** Whether all of them show a configuration, of this epoch if one is given. */
export async function filterIsThere(proxy: Proxy, epoch?: number): Promise<boolean> {
  const found = [...(await proxy.prometheus()).matchAll(/ganglion_config_epoch\S* (\d+)$/gm)];
  const isIt = ([, value]: RegExpMatchArray) => epoch === undefined || Number(value) === epoch;
  return found.length === VMS && found.every(isIt);
}
