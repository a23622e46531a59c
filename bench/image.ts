// The filter's image, as a mesh meets it: built twice from nothing, pushed to a real registry, and
// fetched by Istio's own code (istio.io/istio/pkg/wasm), whole and damaged.
//
// `digests_equal`: two clones of the commit, each with packages of its own, in folders, homes, time
// zones, languages and umasks that differ, give the same manifests in both forms, the same module and
// the same list of contents. `accepted_forms`: forms that the fetcher takes by pinned digest and
// whose module it hands out byte for byte. `flipped_byte_refused`: a bit of the layer is flipped in
// the registry's store, at seeded places and at both ends; no flip may ever bring another module to
// run, and each one within the artifact form must be refused.
//
// The compat form is weaker, and the figures say so: of a tar archive the fetcher reads up to the
// module's last byte and no further, so that it never compares the layer with its digest. Damage to
// the module is still noticed (a checksum ends just before that byte), damage to the padding behind
// it is not and harms nobody, but another module put there on purpose runs
// (`foreign_module_runs_compat`). Hence artifact is the default.

import { execFileSync } from "node:child_process";
import { seededPrng, type Prng } from "../host-tools/src/lib/prng";
import {
  buildImage,
  IMAGE_FORMS,
  type ImageForm,
  type OciImage,
  pushImage,
} from "../host-tools/src/oci";
import { buildIstioFetcher, findGo } from "../test/support/istio-fetcher";
import { projectRoot } from "../test/support/project-root";
import { DockerRegistry, findDockerRegistry } from "../test/support/registry";
import type { Bench, BenchOptions, BenchResult } from "./bench";
import { cleanBuild, type CleanBuild, type Machine } from "./rig/clean-build";
import { fetchFresh, type Outcome, StoredLayer } from "./rig/flipped-image";

const FLIPS = 100;
const FLIPS_QUICK = 10;
const MACHINES: readonly Machine[] = [
  { name: "a", timeZone: "UTC", language: "C", mask: "022" },
  { name: "another-one", timeZone: "Asia/Kathmandu", language: "de_DE.UTF-8", mask: "077" },
];

/** What became of one form in the registry. */
interface FormFigures {
  readonly isAccepted: boolean;
  readonly flips: Readonly<Record<Outcome, number>>;
  /** Another module under the manifest. */
  readonly foreign: Outcome;
}

async function run(options: BenchOptions): Promise<BenchResult> {
  const root = projectRoot();
  const commit = execFileSync("git", ["-C", root, "rev-parse", "HEAD"], {
    encoding: "utf8",
  }).trim();
  const builds: CleanBuild[] = [];
  for (const machine of MACHINES) {
    options.say(`building ${commit.slice(0, 12)} from nothing on machine ${machine.name}`);
    builds.push(await cleanBuild(root, commit, machine));
  }
  const [first, second] = builds as [CleanBuild, CleanBuild];
  const forms = await registryFigures(first.wasm, options);
  const { artifact, compat } = forms;
  const all = Object.values(forms);
  const figures = {
    bench: "image",
    seed: options.seed,
    commit,
    accepted_forms: all.filter((form) => form.isAccepted).length,
    digests_equal: first.digests.length === 2 && sameBuild(first, second),
    flipped_byte_refused:
      all.every((form) => form.flips.altered === 0) && artifact.flips.intact === 0,
    digest_artifact: first.digests[1],
    digest_compat: first.digests[0],
    module_bytes: first.wasm.length,
    build_s: builds.map(({ seconds }) => Math.round(seconds * 10) / 10),
    flips: options.quick ? FLIPS_QUICK : FLIPS,
    flips_refused_artifact: artifact.flips.refused,
    flips_refused_compat: compat.flips.refused,
    flips_harmless_compat: compat.flips.intact,
    foreign_module_runs_artifact: artifact.foreign === "altered",
    foreign_module_runs_compat: compat.foreign === "altered",
  };
  return { figures };
}

function sameBuild(first: CleanBuild, second: CleanBuild): boolean {
  return (
    first.digests.join() === second.digests.join() &&
    first.sbom === second.sbom &&
    Buffer.compare(first.wasm, second.wasm) === 0
  );
}

async function registryFigures(
  wasm: Uint8Array,
  options: BenchOptions,
): Promise<Record<ImageForm, FormFigures>> {
  const found = await findDockerRegistry();
  const go = await findGo();
  if (found.path === undefined || go.path === undefined) {
    throw new Error(found.missing ?? go.missing);
  }
  options.say("building Istio's fetcher, unless it is there");
  const fetcher = await buildIstioFetcher();
  const registry = await DockerRegistry.start(found.path);
  try {
    const figures = {} as Record<ImageForm, FormFigures>;
    for (const form of IMAGE_FORMS) {
      options.say(`fetching the ${form} form, whole and damaged`);
      figures[form] = await formFigures(wasm, form, registry, fetcher, options);
    }
    return figures;
  } finally {
    await registry.stop();
  }
}

async function formFigures(
  wasm: Uint8Array,
  form: ImageForm,
  registry: DockerRegistry,
  fetcher: string,
  options: BenchOptions,
): Promise<FormFigures> {
  const prng = seededPrng(options.seed).fork(form);
  const image: OciImage = buildImage(wasm, form);
  const { reference } = await pushImage(image, `${registry.host}/ganglion-${form}:1`, {
    prng: prng.fork("push"),
    credential: async () => ({ kind: "anonymous" }),
  });
  const fetch = () => fetchFresh(fetcher, reference);
  const whole = await fetch();
  const layer = await StoredLayer.of(registry, image);
  const flips: Record<Outcome, number> = { refused: 0, intact: 0, altered: 0 };
  for (const at of flipPlaces(layer.sizeBytes, prng, options.quick)) {
    flips[await layer.fetchWith(layer.flipped(at, prng.below(8)), fetch, wasm)]++;
  }
  const other = buildImage(withSection(wasm), form).blobs.at(-1)?.bytes ?? wasm;
  return {
    isAccepted: whole !== undefined && Buffer.compare(whole, wasm) === 0,
    flips,
    foreign: await layer.fetchWith(other, fetch, wasm),
  };
}

/** Both ends, and the rest by chance. */
function flipPlaces(sizeBytes: number, prng: Prng, isQuick: boolean): number[] {
  const count = isQuick ? FLIPS_QUICK : FLIPS;
  const places = Array.from({ length: count - 2 }, () => prng.below(sizeBytes));
  return [0, sizeBytes - 1, ...places];
}

/** The module with an empty custom section more: another one, and valid. */
function withSection(wasm: Uint8Array): Uint8Array {
  return Uint8Array.from([...wasm, 0, 2, 1, 0x78]);
}

export const bench: Bench = {
  name: "image",
  summary: "clean builds, Istio's fetcher, damaged layers",
  run,
};
