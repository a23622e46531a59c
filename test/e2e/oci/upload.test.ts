// Large uploads and what is said beside an image, against a real registry that has no list of
// referrers of its own (Debian's docker-registry 2.8).

import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { filterModulePath } from "../../../host-tools/src/lib/filter-module";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { buildImage, checkPull, digestOf, pullImage, pushImage } from "../../../host-tools/src/oci";
import { CHUNK_BYTES } from "../../../host-tools/src/oci/upload";
import { projectRoot } from "../../support/project-root";
import { sampleModule } from "../../host/oci/sample";
import { DockerRegistry, findDockerRegistry } from "../../support/registry";

const found = await findDockerRegistry();
const choices = () => ({
  prng: seededPrng(1),
  credential: async () => ({ kind: "anonymous" }) as const,
});

/** Sends half of a chunk over a connection of its own, then cuts it. */
async function sendHalf(url: URL, init: RequestInit): Promise<never> {
  const body = init.body as Uint8Array;
  const headers = { ...(init.headers as Record<string, string>), "content-length": body.length };
  await new Promise<void>((resolve) => {
    const half = request(url, { method: "PATCH", headers });
    half.on("error", () => resolve());
    half.write(body.subarray(0, body.length / 2), () => {
      setTimeout(() => half.destroy(new Error("cut")), 200);
    });
  });
  throw new TypeError("fetch failed: the connection was cut");
}

describe.runIf(found.path !== undefined)("docker-registry", () => {
  let registry: DockerRegistry;
  beforeAll(async () => {
    registry = await DockerRegistry.start(found.path ?? "");
  });
  afterAll(() => registry?.stop());

  const large = buildImage(sampleModule(3.5 * CHUNK_BYTES, 5), "artifact");

  it("takes a large blob in chunks", async () => {
    const pushed = await pushImage(large, `${registry.host}/large:1`, choices());
    expect((await pullImage(pushed.reference, choices())).digest).toBe(large.digest);
  });

  /** Pushes while something happens to the second chunk; gives the ranges and sessions seen. */
  async function pushThrough(
    name: string,
    second: (url: URL, init: RequestInit) => Promise<never>,
  ) {
    const sent: string[] = [];
    const network = async (url: URL, init: RequestInit) => {
      const range = (init.headers as Record<string, string>)["content-range"];
      if (init.method === "POST") sent.push("session");
      if (init.method !== "PATCH" || range === undefined) return fetch(url, init);
      sent.push(range);
      return sent.length === 4 ? second(url, init) : fetch(url, init);
    };
    const target = `${registry.host}/${name}:1`;
    const pushed = await pushImage(large, target, { ...choices(), fetch: network });
    expect((await pullImage(pushed.reference, choices())).digest).toBe(large.digest);
    return sent;
  }
  const ends = [1, 2, 3].map((chunk) => chunk * CHUNK_BYTES);

  it("goes on with a chunk that never left, in the same session", async () => {
    const sent = await pushThrough("lost", () => Promise.reject(new TypeError("fetch failed")));
    const [one, two] = ends as [number, number];
    expect(sent.slice(0, 5)).toEqual([
      "session",
      "session",
      `0-${one - 1}`,
      `${one}-${two - 1}`,
      `${one}-${two - 1}`,
    ]);
    expect(sent).toHaveLength(7);
  });

  // This registry takes a session whose last chunk is incomplete for damaged (its signed state names
  // another size than the file has), so that the whole begins anew.
  it("takes the blob in a new session when a chunk was cut in the middle", async () => {
    const sent = await pushThrough("cut", sendHalf);
    expect(sent.filter((one) => one === "session")).toHaveLength(3);
  });

  it("serves the command: packed with its list, checked, signed, verified", async () => {
    const folder = mkdtempSync(join(tmpdir(), "ganglion-image-"));
    const pair = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
    const [key, pub] = [join(folder, "key.pem"), join(folder, "pub.pem")];
    writeFileSync(key, pair.privateKey.export({ type: "pkcs8", format: "pem" }));
    writeFileSync(pub, pair.publicKey.export({ type: "spki", format: "pem" }));
    const bundle = join(projectRoot(), "build/ganglion.mjs");
    const env = { PATH: process.env["PATH"], HOME: folder };
    const ganglion = (...args: string[]) =>
      execFileSync(process.execPath, [bundle, ...args], {
        encoding: "utf8",
        env,
        stdio: "pipe",
      }).trim();
    try {
      const reference = ganglion("pack", "--push", `${registry.host}/ganglion:1`);
      expect(ganglion("image", "check", reference)).toBe(reference);
      expect(() => ganglion("image", "verify", reference, "--key", pub)).toThrow(
        /has no signature/,
      );
      expect(ganglion("image", "sign", `${registry.host}/ganglion:1`, "--key", key)).toBe(
        reference,
      );
      expect(ganglion("image", "verify", reference, "--key", pub)).toBe(reference);
      const wasm = readFileSync(filterModulePath());
      const check = await checkPull(reference, wasm, choices());
      expect(check).toMatchObject({ form: "artifact", isExpected: true });
      expect(digestOf(check.wasm)).toBe(digestOf(wasm));
      const tag = check.digest.replace(":", "-");
      const listed = await fetch(`http://${registry.host}/v2/ganglion/manifests/${tag}`, {
        headers: { accept: "application/vnd.oci.image.index.v1+json" },
      });
      const { manifests } = (await listed.json()) as { manifests: { artifactType: string }[] };
      expect(manifests.map(({ artifactType }) => artifactType)).toEqual([
        "application/vnd.cyclonedx+json",
        "application/vnd.dev.sigstore.bundle.v0.3+json",
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("holds another module than this tool's without harm to a check that asks", async () => {
    const { reference } = await pushImage(
      buildImage(sampleModule(100), "compat"),
      `${registry.host}/other:1`,
      choices(),
    );
    expect(await checkPull(reference, sampleModule(101), choices())).toMatchObject({
      form: "compat",
      isExpected: false,
    });
    await expect(
      checkPull(`${registry.host}/nothing:1`, undefined, choices()),
    ).rejects.toMatchObject({ code: "E_IMAGE_FETCH" });
  });
});
