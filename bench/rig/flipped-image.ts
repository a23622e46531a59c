// What Istio's own fetcher makes of an image whose layer is not, in the registry's store, the one
// that its manifest names: one byte flipped, or another module put in its place.

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OciImage } from "../../host-tools/src/oci";
import { fetchAsIstio } from "../../test/support/istio-fetcher";
import type { DockerRegistry } from "../../test/support/registry";

/** The fetcher refuses, hands out the module as it was, or hands out something else. */
export type Outcome = "refused" | "intact" | "altered";

/** Fetches with an empty cache, as the first proxy of a node does. */
export async function fetchFresh(
  fetcher: string,
  reference: string,
): Promise<Uint8Array | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "ganglion-fetch-"));
  try {
    return await fetchAsIstio(fetcher, folder, reference).catch(() => undefined);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export class StoredLayer {
  private constructor(
    private readonly path: string,
    private readonly original: Uint8Array,
  ) {}

  /** The module's layer where the registry keeps it. */
  static async of(registry: DockerRegistry, image: OciImage): Promise<StoredLayer> {
    const hex = (image.manifest.layers.at(-1)?.digest ?? "").slice("sha256:".length);
    const blobs = join(registry.folder, "data/docker/registry/v2/blobs/sha256");
    const path = join(blobs, hex.slice(0, 2), hex, "data");
    return new StoredLayer(path, await readFile(path));
  }

  get sizeBytes(): number {
    return this.original.length;
  }

  /** Fetches with these bytes in the layer's place, then puts the layer back. */
  async fetchWith(
    bytes: Uint8Array,
    fetch: () => Promise<Uint8Array | undefined>,
    module: Uint8Array,
  ): Promise<Outcome> {
    await writeFile(this.path, bytes);
    try {
      const fetched = await fetch();
      if (fetched === undefined) return "refused";
      return Buffer.compare(fetched, module) === 0 ? "intact" : "altered";
    } finally {
      await writeFile(this.path, this.original);
    }
  }

  /** The layer with one bit changed. */
  flipped(at: number, bit: number): Uint8Array {
    const bytes = Uint8Array.from(this.original);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
    return bytes;
  }
}
