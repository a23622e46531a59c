// The registry client and a real registry: what the fake one of the host tests cannot vouch for.

import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import {
  buildImage,
  findCredential,
  IMAGE_FORMS,
  pullImage,
  pushImage,
} from "../../../host-tools/src/oci";
import { sampleModule } from "../../host/oci/sample";
import { DockerRegistry, findDockerRegistry } from "../../support/registry";

const found = await findDockerRegistry();
const choices = () => ({
  prng: seededPrng(1),
  credential: async () => ({ kind: "anonymous" }) as const,
});

describe.runIf(found.path !== undefined)("a push to docker-registry", () => {
  let registry: DockerRegistry;
  beforeAll(async () => {
    registry = await DockerRegistry.start(found.path ?? "");
  });
  afterAll(() => registry?.stop());

  it.each(IMAGE_FORMS)("of the %s form comes back equal, by digest and by tag", async (form) => {
    const image = buildImage(sampleModule(100_000), form, { version: "0.1.0" });
    const pushed = await pushImage(image, `${registry.host}/team/${form}:0.1.0`, choices());
    expect(pushed).toEqual({
      reference: `oci://${registry.host}/team/${form}@${image.digest}`,
      digest: image.digest,
      sizeBytes: image.sizeBytes,
      tag: "0.1.0",
      blobsSent: 2,
    });
    for (const name of [pushed.reference, `${registry.host}/team/${form}:0.1.0`]) {
      const pulled = await pullImage(name, choices());
      expect(pulled.digest).toBe(image.digest);
      expect(pulled.manifestBytes).toEqual(Buffer.from(image.manifestBytes));
      expect(pulled.blobs.map((blob) => Buffer.from(blob.bytes))).toEqual(
        image.blobs.map((blob) => Buffer.from(blob.bytes)),
      );
    }
  });

  it("sends nothing twice", async () => {
    const image = buildImage(sampleModule(2_000), "compat");
    const target = `${registry.host}/twice:1`;
    expect((await pushImage(image, target, choices())).blobsSent).toBe(2);
    expect((await pushImage(image, target, choices())).blobsSent).toBe(0);
  });

  it("moves a tag to the new image and keeps the old one under its digest", async () => {
    const target = `${registry.host}/moving:1`;
    const older = await pushImage(buildImage(sampleModule(10, 1), "compat"), target, choices());
    const newer = await pushImage(buildImage(sampleModule(10, 2), "compat"), target, choices());
    expect((await pullImage(target, choices())).digest).toBe(newer.digest);
    expect((await pullImage(older.reference, choices())).digest).toBe(older.digest);
  });

  it("is refused on the way back when a stored blob lost its end", async () => {
    const image = buildImage(sampleModule(50_000, 9), "artifact");
    const { reference } = await pushImage(image, `${registry.host}/damaged:1`, choices());
    const digest = image.blobs[2]?.descriptor.digest.slice("sha256:".length) ?? "";
    const blobs = join(registry.folder, "data/docker/registry/v2/blobs/sha256");
    const path = join(blobs, digest.slice(0, 2), digest, "data");
    expect((await stat(path)).size).toBe(image.blobs[2]?.bytes.length);
    await writeFile(path, (await readFile(path)).subarray(0, 40_000));
    await expect(pullImage(reference, choices())).rejects.toMatchObject({ code: "E_OCI_DIGEST" });
  });

  it("names registry, repository and status when the image is not there", async () => {
    await expect(pullImage(`${registry.host}/absent:1`, choices())).rejects.toMatchObject({
      code: "E_REGISTRY_STATUS",
      message: expect.stringMatching(/127\.0\.0\.1:\d+, repository absent, .* status 404/),
    });
  });
});

describe.runIf(found.path !== undefined)("a docker-registry that asks for a password", () => {
  // bcrypt of "correct horse", cost 4.
  const HTPASSWD = "pilot:$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e\n";
  let registry: DockerRegistry;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ganglion-docker-config-"));
    await writeFile(join(folder, "htpasswd"), HTPASSWD);
    registry = await DockerRegistry.start(
      found.path ?? "",
      () => `auth: { htpasswd: { realm: test, path: ${join(folder, "htpasswd")} } }`,
    );
  });
  afterAll(async () => {
    await registry?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const push = async (password: string) => {
    const auth = Buffer.from(`pilot:${password}`).toString("base64");
    const config = { auths: { [registry.host]: { auth } } };
    await writeFile(join(folder, "config.json"), JSON.stringify(config));
    return pushImage(buildImage(sampleModule(10), "compat"), `${registry.host}/private:1`, {
      prng: seededPrng(1),
      credential: () => findCredential(registry.host, { environment: { DOCKER_CONFIG: folder } }),
    });
  };

  it("takes the one in the docker config", async () => {
    expect((await push("correct horse")).blobsSent).toBe(2);
    expect(await readdir(join(registry.folder, "data/docker/registry/v2/repositories"))).toEqual([
      "private",
    ]);
  });

  it("refuses another one with what to do, and the message does not repeat it", async () => {
    const failure = await push("battery staple").catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: "E_REGISTRY_DENIED",
      message: expect.stringContaining("status 401"),
      hint: expect.stringContaining("docker login"),
    });
    expect(String((failure as Error).message)).not.toContain("battery");
  });
});
