// The mesh's OCI registry, which keeps address and content when it is stopped and started.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import {
  buildImage,
  DEFAULT_IMAGE_FORM,
  type ImageForm,
  type PushedImage,
  pushImage,
} from "../../../host-tools/src/oci";
import { httpGet } from "../../../host-tools/src/rig";
import { stablePorts } from "./free-ports";
import { Part } from "./part";
import type { MeshParts } from "./parts";

export class MeshRegistry {
  private constructor(
    /** Host and port. */
    readonly host: string,
    /** Where the registry keeps its blobs. */
    readonly folder: string,
    private readonly part: Part,
  ) {}

  static async prepare(parts: MeshParts, folder: string): Promise<MeshRegistry> {
    const [port] = (await stablePorts(1)) as [number];
    mkdirSync(folder, { recursive: true });
    const config = join(folder, "config.yml");
    const data = join(folder, "data");
    const settings = [
      "version: 0.1",
      "log: { level: error, accesslog: { disabled: true } }",
      `storage: { filesystem: { rootdirectory: ${data} } }`,
      `http: { addr: "127.0.0.1:${port}" }`,
    ];
    writeFileSync(config, `${settings.join("\n")}\n`);
    const part = new Part({
      name: "registry",
      program: parts.registry,
      args: ["serve", config],
      logPath: join(folder, "registry.log"),
      readyTimeoutMs: 20_000,
      isReady: async () => (await httpGet(port, "/v2/")).status === 200,
    });
    return new MeshRegistry(`127.0.0.1:${port}`, data, part);
  }

  /** Packs a module and pushes it, tagged `latest`. */
  push(wasm: Uint8Array, name: string, form: ImageForm = DEFAULT_IMAGE_FORM): Promise<PushedImage> {
    const image = buildImage(wasm, form, { version: "1" });
    return pushImage(image, `${this.host}/${name}:latest`, {
      prng: seededPrng(1),
      credential: async () => ({ kind: "anonymous" }),
    });
  }

  get isRunning(): boolean {
    return this.part.isRunning;
  }

  start(): Promise<void> {
    return this.part.start();
  }

  stop(): Promise<void> {
    return this.part.stop();
  }

  kill(): Promise<void> {
    return this.part.kill();
  }
}
