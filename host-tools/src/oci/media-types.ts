// The media types and annotations that are put on the wire, each once. They are chosen for what
// Istio's fetcher accepts, which is narrower than the OCI specification (see image.ts).

export const MediaType = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  imageConfig: "application/vnd.oci.image.config.v1+json",
  tarGzipLayer: "application/vnd.oci.image.layer.v1.tar+gzip",
  wasmConfig: "application/vnd.module.wasm.config.v1+json",
  wasmContent: "application/vnd.module.wasm.content.layer.v1+wasm",
  index: "application/vnd.oci.image.index.v1+json",
  /** Config of a manifest that has none. */
  empty: "application/vnd.oci.empty.v1+json",
} as const;

export const Annotation = {
  created: "org.opencontainers.image.created",
  description: "org.opencontainers.image.description",
  licenses: "org.opencontainers.image.licenses",
  refName: "org.opencontainers.image.ref.name",
  revision: "org.opencontainers.image.revision",
  source: "org.opencontainers.image.source",
  title: "org.opencontainers.image.title",
  version: "org.opencontainers.image.version",
  wasmVariant: "module.wasm.image/variant",
} as const;

/** What points at a blob; the keys are those of the JSON on the wire (`size` is in bytes). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  /** Of the manifest it points at, in an index. */
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Manifest {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  /** What a manifest that is no image holds. */
  readonly artifactType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  /** The manifest that this one says something about. */
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}
