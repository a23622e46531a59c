// Signatures between the real cosign and this tool, both ways, in a real registry that keeps no
// list of referrers. Runs where a cosign 3 is on PATH or named by COSIGN: building one takes minutes,
// so unlike the other programs its absence fails nothing, in CI neither. What it once wrote is kept
// in test/host/signing/cosign.

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { buildImage, IMAGE_FORMS, type ImageForm, pushImage } from "../../../host-tools/src/oci";
import { privateKey, publicKey } from "../../../host-tools/src/signing/key";
import { signImage, verifyImage } from "../../../host-tools/src/signing/sign-image";
import { sampleModule } from "../../host/oci/sample";
import { DockerRegistry, findDockerRegistry } from "../../support/registry";

const run = promisify(execFile);
const COSIGN = process.env["COSIGN"] ?? "cosign";
const PASSWORD = "only for tests";
const hasCosign = await run(COSIGN, ["version"]).then(
  ({ stdout }) => stdout.includes("v3."),
  () => false,
);
const foundRegistry = await findDockerRegistry();
const CHOICES = {
  prng: seededPrng(1),
  credential: async () => ({ kind: "anonymous" }) as const,
};

describe.runIf(foundRegistry.path !== undefined)("cosign", () => {
  let registry: DockerRegistry;
  let folder: string;
  beforeAll(async () => {
    if (!hasCosign) return;
    folder = await mkdtemp(join(tmpdir(), "ganglion-cosign-"));
    registry = await DockerRegistry.start(foundRegistry.path ?? "");
    await cosign("generate-key-pair");
  });
  beforeEach((context) => {
    if (!hasCosign) context.skip("optional: no cosign 3 on PATH, none named by COSIGN");
  });
  afterAll(async () => {
    await registry?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  const cosign = (...args: string[]) =>
    run(COSIGN, args, {
      cwd: folder,
      env: { ...process.env, HOME: folder, COSIGN_PASSWORD: PASSWORD },
    });
  const key = async (name: string) => readFile(join(folder, name), "utf8");
  const push = (form: ImageForm, name: string) =>
    pushImage(buildImage(sampleModule(500), form), `${registry.host}/${name}:1`, CHOICES);
  const check = (reference: string) =>
    cosign(
      "verify",
      "--key=cosign.pub",
      "--insecure-ignore-tlog",
      reference.slice("oci://".length),
    );

  it.each(IMAGE_FORMS)(
    "takes our signature of the %s form, and misses a missing one",
    async (form) => {
      const { reference } = await push(form, `ours-${form}`);
      await expect(check(reference)).rejects.toThrow(/no signatures found/);
      await signImage(reference, privateKey(await key("cosign.key"), PASSWORD, "key"), CHOICES);
      const { stdout } = await check(reference);
      expect(stdout).toContain(reference.slice(reference.indexOf("sha256:")));
    },
  );

  it.each(IMAGE_FORMS)("makes signatures of the %s form that we take", async (form) => {
    const { reference } = await push(form, `theirs-${form}`);
    const flags = ["--tlog-upload=false", "--use-signing-config=false", "--yes"];
    await cosign("sign", "--key=cosign.key", ...flags, reference.slice("oci://".length));
    const pem = await key("cosign.pub");
    expect(await verifyImage(reference, publicKey(pem, "key"), CHOICES)).toBe(reference);
  });
});
