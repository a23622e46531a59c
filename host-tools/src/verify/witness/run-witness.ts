// Runs one side of a witness: upstreams, an Envoy with one worker (so that counts do not depend on
// which worker took a connection), the requests, the counters; then everything is stopped.

import { startEnvoy, type EnvoyProcess } from "../../rig/envoy-process";
import { freePorts } from "../../rig/free-port";
import { startUpstreams } from "../../rig/upstream/upstreams";
import { Stage } from "./stage";
import { isWithin, SIDES, type Counters, type Ports, type Side, type Witness } from "./witness";

export type WitnessCounters = Readonly<Record<Side, Counters>>;

/** One counter that is not what the witness expects. */
export interface Deviation {
  readonly side: Side;
  readonly counter: string;
  /** Undefined if it was not counted at all. */
  readonly value: number | undefined;
}

/** First of the ports that stand in a configuration which is printed and not run. */
const EXAMPLE_PORT = 8081;

/** Ports for a configuration that is only shown. */
export function examplePorts(witness: Witness): Ports {
  const names = [...witness.upstreams.map(({ name }) => name), ...(witness.hops ?? [])];
  return Object.fromEntries(names.map((name, i) => [name, EXAMPLE_PORT + i]));
}

/**
 * Both sides, one after the other.
 *
 * @param binary an Envoy, from `findEnvoy`
 * @throws GanglionError E_ENVOY_START where Envoy refuses a configuration
 */
export async function runWitness(witness: Witness, binary: string): Promise<WitnessCounters> {
  const counters: Partial<Record<Side, Counters>> = {};
  for (const side of SIDES) counters[side] = await runSide(witness, side, binary);
  return counters as WitnessCounters;
}

/** Counters outside of their bounds, or missing; none when the witness holds. */
export function deviations(witness: Witness, counters: WitnessCounters): Deviation[] {
  return Object.entries(witness.expect).flatMap(([counter, bounds]) =>
    SIDES.flatMap((side) => {
      const value = counters[side][counter];
      return value !== undefined && isWithin(bounds[side], value) ? [] : [{ side, counter, value }];
    }),
  );
}

async function runSide(witness: Witness, side: Side, binary: string): Promise<Counters> {
  const upstreams = await startUpstreams(witness.upstreams, { seed: 1 });
  let envoy: EnvoyProcess | undefined;
  try {
    const hops = witness.hops ?? [];
    const hopPorts = await freePorts(hops.length);
    const ports: Record<string, number> = { ...upstreams.ports };
    hops.forEach((name, i) => (ports[name] = hopPorts[i] as number));
    const bootstrap = witness[side](ports);
    envoy = await startEnvoy({ binary, concurrency: 1, bootstrap });
    await upstreams.start();
    return await witness.drive(new Stage(envoy, upstreams));
  } finally {
    await envoy?.stop();
    await upstreams.stop();
  }
}
