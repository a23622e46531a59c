import { mkdtemp, rm, writeFile, chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findCredential } from "../../../host-tools/src/oci";
import { runHelperProgram } from "../../../host-tools/src/oci/credential-helper";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ganglion-credentials-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

type Helper = (name: string, server: string) => { stdout: string; exitCode: number };
const NOT_FOUND = { stdout: "credentials not found in native keychain\n", exitCode: 1 };

async function find(config: unknown, registry: string, helper?: Helper) {
  const text = typeof config === "string" ? config : JSON.stringify(config);
  await writeFile(join(folder, "config.json"), text);
  return findCredential(registry, {
    environment: { DOCKER_CONFIG: folder },
    runHelper: async (name, server) => {
      if (helper === undefined) throw new Error("no helper expected");
      return helper(name, server);
    },
  });
}

const auth = (text: string) => ({ auth: Buffer.from(text).toString("base64") });

describe("the docker config", () => {
  it("may be missing", async () => {
    const environment = { DOCKER_CONFIG: join(folder, "nowhere") };
    expect(await findCredential("a.test", { environment })).toEqual({ kind: "anonymous" });
  });

  it("gives user and password, of which only the first colon parts the two", async () => {
    expect(await find({ auths: { "a.test:5000": auth("me:pa:ss") } }, "a.test:5000")).toEqual({
      kind: "basic",
      username: "me",
      password: "pa:ss",
    });
  });

  it.each([
    ["https://a.test/v2/", "a.test"],
    ["http://A.test", "a.test"],
    ["https://index.docker.io/v1/", "docker.io"],
  ])("files %s for %s", async (key, registry) => {
    const found = await find({ auths: { [key]: auth("me:pw") } }, registry);
    expect(found).toMatchObject({ kind: "basic", username: "me" });
  });

  it("does not lend one registry's credential to another", async () => {
    const config = { auths: { "a.test": auth("me:pw"), "b.test:5000": auth("me:pw") } };
    for (const registry of ["a.test:5000", "b.test", "x.a.test", "a.test.evil.test"]) {
      expect(await find(config, registry)).toEqual({ kind: "anonymous" });
    }
  });

  it.each([
    [
      { identitytoken: "it", ...auth("me:") },
      { kind: "identity-token", token: "it" },
    ],
    [{ registrytoken: "rt" }, { kind: "registry-token", token: "rt" }],
    [
      { username: "me", password: "pw" },
      { kind: "basic", username: "me", password: "pw" },
    ],
    [{}, { kind: "anonymous" }],
  ])("understands the entry %j", async (entry, expected) => {
    expect(await find({ auths: { "a.test": entry } }, "a.test")).toEqual(expected);
  });

  it.each(["{", "[]", "null", '"text"', '{"auths":{"a.test":{"auth":"c2VjcmV0"}}}'])(
    "is an error, and not quoted, as %s",
    async (text) => {
      const failure = (await find(text, "a.test").catch((error: unknown) => error)) as Error;
      expect(failure).toMatchObject({ code: "E_CREDENTIALS", exitCode: 65 });
      expect(failure.message).not.toMatch(/secret|c2VjcmV0/);
    },
  );
});

describe("a credential helper", () => {
  it("of the registry goes before the store, and the store before the entries", async () => {
    const config = {
      credHelpers: { "a.test": "one" },
      credsStore: "two",
      auths: { "a.test": auth("three:pw"), "b.test": auth("three:pw"), "c.test": auth("three:pw") },
    };
    const helper: Helper = (name, server) =>
      server === "c.test"
        ? NOT_FOUND
        : { stdout: JSON.stringify({ Username: name, Secret: "s" }), exitCode: 0 };
    const users: unknown[] = [];
    for (const registry of ["a.test", "b.test", "c.test"])
      users.push(await find(config, registry, helper));
    expect(users).toMatchObject([{ username: "one" }, { username: "two" }, { username: "three" }]);
  });

  it("may hold a token instead of a password", async () => {
    const helper: Helper = () => ({
      stdout: JSON.stringify({ Username: "<token>", Secret: "it" }),
      exitCode: 0,
    });
    const found = await find({ credsStore: "desktop" }, "a.test", helper);
    expect(found).toEqual({ kind: "identity-token", token: "it" });
  });

  it.each([
    { stdout: "no keychain here: hunter2", exitCode: 1 },
    { stdout: "hunter2", exitCode: 0 },
    { stdout: '{"Username":"me","Password":"hunter2"}', exitCode: 0 },
    { stdout: "null", exitCode: 0 },
  ])("that answers %j is an error, and not quoted", async (answer) => {
    const failure = await find({ credsStore: "x" }, "a.test", () => answer).catch(
      (e: unknown) => e,
    );
    expect(failure).toMatchObject({ code: "E_CREDENTIAL_HELPER" });
    expect(String((failure as Error).message)).not.toContain("hunter2");
  });

  it.each(["../../bin/sh", "a b", "-x", "a/b"])("is not run under the name %j", async (name) => {
    const failure = find({ credsStore: name }, "a.test", () => NOT_FOUND);
    await expect(failure).rejects.toMatchObject({ code: "E_CREDENTIAL_HELPER" });
  });

  it("that is not installed is an error that names it", async () => {
    await writeFile(join(folder, "config.json"), '{"credsStore":"ganglion-absent"}');
    await expect(
      findCredential("a.test", { environment: { DOCKER_CONFIG: folder } }),
    ).rejects.toMatchObject({
      message: expect.stringContaining("docker-credential-ganglion-absent"),
    });
  });

  it("is a program that is given the server on its input", async () => {
    const program = join(folder, "docker-credential-echo");
    await writeFile(
      program,
      '#!/bin/sh\nread server\nprintf \'{"Username":"%s","Secret":"%s"}\' "$1" "$server"\n',
    );
    await chmod(program, 0o755);
    const path = process.env["PATH"];
    process.env["PATH"] = `${folder}:${path}`;
    try {
      const { stdout, exitCode } = await runHelperProgram("echo", "a.test:5000");
      expect([JSON.parse(stdout), exitCode]).toEqual([
        { Username: "get", Secret: "a.test:5000" },
        0,
      ]);
    } finally {
      process.env["PATH"] = path;
    }
  });
});
