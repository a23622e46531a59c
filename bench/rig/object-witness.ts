// Watches the filter's object and its history while everything goes wrong, and counts what must
// never be seen: half a generation, an epoch that does not rise, an update that was reported and
// never was, a history whose records name artifacts that are not there.

import { createHash } from "node:crypto";
import { type Cluster, ClusterError, type ClusterObject } from "../../host-tools/src/cluster";
import { historyKey, historyOf } from "../../host-tools/src/weights/history";
import { liveFilter } from "../../host-tools/src/weights/live-filter";
import { FILTER, NAMESPACE } from "./filtered-mesh";

export class ObjectWitness {
  /** Epoch to digest of every state that the object was seen in. */
  private readonly states = new Map<number, string>();
  private readonly intended = new Set<string>();
  private readonly reported: { readonly epoch: number; readonly digest: string }[] = [];
  private readonly abort = new AbortController();
  private readonly watching: Promise<void>[] = [];
  private epoch = 0;
  private objectVersion = "";
  private historyVersion = "";
  halfStates = 0;
  epochsNotRising = 0;
  readonly problems: string[] = [];

  constructor(
    private readonly cluster: Cluster,
    private readonly kind: string,
  ) {}

  start(): void {
    const extension = { apiVersion: "extensions.istio.io/v1alpha1", kind: this.kind };
    this.watching.push(
      this.follow(extension, FILTER, (object) => this.seeObject(object)),
      this.follow(
        { apiVersion: "v1", kind: "ConfigMap" },
        historyKey(NAMESPACE, FILTER).name,
        (map) => this.seeHistory(map),
      ),
    );
  }

  /** An artifact that some pusher may put into the object. */
  intend(artifact: Uint8Array): void {
    this.intended.add(sha256(artifact));
  }

  /** A push that its pusher calls done. */
  report(epoch: number, artifact: Uint8Array): void {
    this.reported.push({ epoch, digest: sha256(artifact) });
  }

  /** Reported updates that the object never had. */
  get lostUpdates(): number {
    return this.reported.filter(({ epoch, digest }) => this.states.get(epoch) !== digest).length;
  }

  /** Ends after what has happened until now was seen. */
  async stop(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    this.abort.abort();
    await Promise.all(this.watching);
  }

  /** Watches from where it was, so that no change is left out as long as the server lives. */
  private async follow(
    kind: { apiVersion: string; kind: string },
    name: string,
    see: (object: ClusterObject) => void,
  ): Promise<void> {
    const { signal } = this.abort;
    let resourceVersion: string | undefined;
    while (!signal.aborted) {
      const options = {
        namespace: NAMESPACE,
        fieldSelector: `metadata.name=${name}`,
        signal,
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      };
      try {
        for await (const { object } of this.cluster.watch(kind, options)) {
          resourceVersion = object.metadata.resourceVersion;
          see(object);
        }
      } catch (error) {
        if (!(error instanceof ClusterError)) throw error;
        // A server that was started anew has no past to tell: on with what is there now.
        if (error.code === "E_CLUSTER_EXPIRED") resourceVersion = undefined;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  private seeObject(object: ClusterObject): void {
    if (object.metadata.resourceVersion === this.objectVersion) return;
    this.objectVersion = object.metadata.resourceVersion ?? "";
    const { epoch, config } = liveFilter(object);
    const { sha256: said = "none", base64 = "" } = config.model ?? {};
    const digest = sha256(Buffer.from(base64, "base64"));
    if (digest !== said) this.half(`epoch ${epoch}: the digest is not that of the model`);
    if (!this.intended.has(digest)) this.half(`epoch ${epoch}: nobody pushed this model`);
    if (epoch <= this.epoch) {
      this.epochsNotRising += 1;
      this.problems.push(`epoch ${epoch} after ${this.epoch}`);
    }
    this.epoch = epoch;
    this.states.set(epoch, digest);
  }

  private seeHistory(map: ClusterObject): void {
    if (map.metadata.resourceVersion === this.historyVersion) return;
    this.historyVersion = map.metadata.resourceVersion ?? "";
    const { records, artifacts } = historyOf(map, map.metadata.name);
    const named = new Set(records.map((record) => record.sha256));
    const missing = [...named].filter((digest) => digest !== "none" && !artifacts.has(digest));
    const orphans = [...artifacts.keys()].filter((digest) => !named.has(digest));
    const members = Object.keys((map.binaryData ?? {}) as object).length;
    if (missing.length > 0) this.half("the history names artifacts that it has not");
    if (orphans.length > 0 || members !== artifacts.size) this.half("the history has leftovers");
  }

  private half(problem: string): void {
    this.halfStates += 1;
    this.problems.push(problem);
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
