// What the parts of the bench mesh-bad share: the mesh, new models, a witness of every state, and
// the list of what did not come out as it should.

import { GanglionError } from "../../host-tools/src/lib/errors";
import type { Prng } from "../../host-tools/src/lib/prng";
import type { Outcome } from "../../host-tools/src/weights/effective-change";
import { liveFilter, type LiveFilter } from "../../host-tools/src/weights/live-filter";
import { pushPlan } from "../../host-tools/src/weights/plans";
import type { BenchOptions } from "../bench";
import { FILTER, type FilteredMesh, NAMESPACE } from "../rig/filtered-mesh";
import { push, type PusherOptions } from "../rig/mesh-pusher";
import { modelVariant } from "../rig/model-variants";
import { ObjectWitness } from "../rig/object-witness";

const EFFECT_WITHIN_MS = 90_000;

export class Trial {
  readonly witness: ObjectWitness;
  readonly problems: string[] = [];
  private version = 1000;

  constructor(
    readonly mesh: FilteredMesh,
    private readonly base: Uint8Array,
    readonly image: string,
    readonly random: Prng,
    readonly options: BenchOptions,
  ) {
    this.witness = new ObjectWitness(mesh.cluster, "TrafficExtension");
  }

  get quick(): boolean {
    return this.options.quick;
  }

  /** A model that nobody has pushed yet, known to the witness. */
  newModel(): Uint8Array {
    this.version += 1;
    const artifact = modelVariant(this.base, this.version, this.random.fork(`${this.version}`));
    this.witness.intend(artifact);
    return artifact;
  }

  async live(): Promise<LiveFilter> {
    const { apiVersion, kind } = this.mesh.object(this.image, { version: 1 });
    return liveFilter(
      await this.mesh.cluster.get({ apiVersion, kind, name: FILTER, namespace: NAMESPACE }),
    );
  }

  /** A push that must act. */
  async pushWell(options: Partial<PusherOptions> = {}): Promise<Outcome> {
    const artifact = this.newModel();
    const outcome = await push(this.mesh.cluster, pushPlan({ artifact }), {
      seed: this.random.u32(),
      waitMs: EFFECT_WITHIN_MS,
      ...options,
    });
    this.witness.report(outcome.changed.generation.epoch, artifact);
    this.expect(outcome.result === "effective", `a good push was ${outcome.result}`);
    return outcome;
  }

  /** A push that must be refused by this code, with the object untouched. */
  async refused(code: string, attempt: () => Promise<unknown>): Promise<boolean> {
    const before = await this.live();
    const found = await attempt().then(
      () => "no refusal",
      (error: unknown) => (error instanceof GanglionError ? error.code : String(error)),
    );
    const after = await this.live();
    this.expect(found.startsWith(code), `${code} was expected, ${found} came`);
    const untouched = before.resourceVersion === after.resourceVersion;
    this.expect(untouched, `${code}: the object has changed`);
    return found.startsWith(code) && untouched;
  }

  expect(good: boolean, problem: string): void {
    if (!good) this.problems.push(problem);
  }
}

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
