import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { buildImage, readLayout, writeLayout } from "../../../host-tools/src/oci";
import { codeOf, sampleModule } from "./sample";

let folder: string;
let layout: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ganglion-layout-"));
  layout = join(folder, "image");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const artifact = { image: buildImage(sampleModule(500, 1), "artifact"), name: "1" };
const compat = { image: buildImage(sampleModule(500, 1), "compat"), name: "1-compat" };
const newer = { image: buildImage(sampleModule(500, 2), "artifact"), name: "2" };

/** Every file below a folder with its content, as one comparable value. */
async function snapshot(root: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files[path.slice(root.length)] = await readFile(path, "base64");
  }
  return files;
}

const digests = async (path: string) => (await readLayout(path)).map((entry) => entry.image.digest);

describe("an image layout", () => {
  it("holds several images under their names and gives them back", async () => {
    await writeLayout(layout, [artifact, compat]);
    const read = await readLayout(layout);
    expect(read.map((entry) => entry.name)).toEqual(["1", "1-compat"]);
    expect(read.map((entry) => entry.image.digest)).toEqual([
      artifact.image.digest,
      compat.image.digest,
    ]);
    expect(read[1]?.image.sizeBytes).toBe(compat.image.sizeBytes);
  });

  it("is the same bytes each time", async () => {
    await writeLayout(layout, [artifact, compat]);
    const again = join(folder, "again");
    await writeLayout(again, [artifact, compat]);
    expect(await snapshot(again)).toEqual(await snapshot(layout));
  });

  it("is replaced by the next one, with nothing of the old left", async () => {
    await writeLayout(layout, [artifact, compat]);
    await writeLayout(layout, [newer]);
    const fresh = join(folder, "fresh");
    await writeLayout(fresh, [newer]);
    expect(await snapshot(layout)).toEqual(await snapshot(fresh));
  });

  it("may take the place of an empty folder, and makes missing parents", async () => {
    await mkdir(layout);
    await writeLayout(layout, [artifact]);
    const deep = join(folder, "a", "b", "c");
    await writeLayout(deep, [artifact]);
    expect(await digests(deep)).toEqual(await digests(layout));
  });

  it("is never written into a folder of something else", async () => {
    await mkdir(layout);
    await writeFile(join(layout, "thesis.txt"), "years");
    expect(await codeOf(writeLayout(layout, [artifact]))).toBe("E_LAYOUT_TARGET");
    expect(await snapshot(layout)).toEqual({
      "/thesis.txt": Buffer.from("years").toString("base64"),
    });
  });

  it("cannot take the place of a file, and leaves no draft behind", async () => {
    await writeFile(layout, "a file");
    expect(await codeOf(writeLayout(layout, [artifact]))).toBe("E_LAYOUT_WRITE");
    expect(await readdir(folder)).toEqual(["image"]);
  });

  it("clears the drafts of dead runs, also of one that had our process number", async () => {
    const draft = (pid: number) => join(folder, `.image.${pid}.draft`);
    await mkdir(draft(process.pid));
    await mkdir(draft(2 ** 22 + 1)); // above the kernel's highest process number
    await mkdir(draft(process.ppid));
    await writeLayout(layout, [artifact]);
    expect((await readdir(folder)).sort()).toEqual([`.image.${process.ppid}.draft`, "image"]);
  });
});

describe("reading an image layout", () => {
  const blob = (digest: string) => join(layout, "blobs", ...digest.split(":"));
  const layerPath = () => blob(artifact.image.manifest.layers[1]?.digest ?? "");
  beforeEach(() => writeLayout(layout, [artifact]));

  it("refuses a blob with one byte changed", async () => {
    const bytes = await readFile(layerPath());
    bytes[200] = (bytes[200] ?? 0) ^ 1;
    await writeFile(layerPath(), bytes);
    expect(await codeOf(readLayout(layout))).toBe("E_OCI_DIGEST");
  });

  it("refuses a blob that lost its end, grew, or is gone", async () => {
    await truncate(layerPath(), 10);
    expect(await codeOf(readLayout(layout))).toBe("E_OCI_DIGEST");
    await writeFile(layerPath(), Buffer.alloc(10_000));
    expect(await codeOf(readLayout(layout))).toBe("E_LAYOUT_READ");
    await rm(layerPath());
    expect(await codeOf(readLayout(layout))).toBe("E_LAYOUT_READ");
  });

  it("refuses a manifest that was edited", async () => {
    const path = blob(artifact.image.digest);
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replace("vnd.module", "vnd.modulo"));
    expect(await codeOf(readLayout(layout))).toBe("E_OCI_DIGEST");
  });

  it.each([
    ["oci-layout", "{}", "E_OCI_MANIFEST"],
    ["oci-layout", "nonsense", "E_OCI_MANIFEST"],
    ["index.json", "null", "E_OCI_MANIFEST"],
    [
      "index.json",
      '{"manifests":[{"mediaType":"a","digest":"sha256:../../etc","size":1}]}',
      "E_OCI_MANIFEST",
    ],
    ["index.json", '{"manifests":[{"mediaType":"a","size":1}]}', "E_OCI_MANIFEST"],
    [
      "index.json",
      `{"manifests":[{"mediaType":"a","digest":"sha256:${"0".repeat(64)}","size":-1}]}`,
      "E_OCI_MANIFEST",
    ],
    ["index.json", " ".repeat(2 ** 20 + 1), "E_LAYOUT_READ"],
  ])("refuses a %s that holds %.40s", async (name, text, code) => {
    await writeFile(join(layout, name), text);
    expect(await codeOf(readLayout(layout))).toBe(code);
  });

  it("refuses a folder that is none", async () => {
    expect(await codeOf(readLayout(folder))).toBe("E_LAYOUT_READ");
  });
});

describe("a layout writer killed at any moment", () => {
  const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  const OCI = "../../../host-tools/src/oci/index.ts";
  const KILLS = 24;

  it("leaves the old image or the new one, and the next run leaves no trace of it", async () => {
    // A child that rewrites the layout with two images in turn, until it is killed.
    const program = join(folder, "writer.mjs");
    await build({
      stdin: {
        contents: `
          import { buildImage, writeLayout } from ${JSON.stringify(source(OCI))};
          import { sampleModule } from ${JSON.stringify(source("./sample.ts"))};
          const images = [1, 2].map((fill) => buildImage(sampleModule(500, fill), "artifact"));
          for (let turn = 0; ; turn++) {
            await writeLayout(process.argv[2], [{ image: images[turn % 2], name: "1" }]);
            if (turn === 0) process.stdout.write("ready");
          }`,
        resolveDir: source("."),
      },
      bundle: true,
      platform: "node",
      format: "esm",
      outfile: program,
      logLevel: "silent",
    });
    const possible = [artifact.image.digest, newer.image.digest];
    const prng = seededPrng(3);
    for (let kill = 0; kill < KILLS; kill++) {
      const child = spawn(process.execPath, [program, layout], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const ended = new Promise((resolve) => child.once("exit", resolve));
      await new Promise((resolve) => child.stdout.once("data", resolve));
      // The moment of the kill is the experiment here, not a wait for something to happen.
      await new Promise((resolve) => setTimeout(resolve, prng.uniform() * 12));
      child.kill("SIGKILL");
      await ended;
      const [digest, ...more] = await digests(layout);
      expect(more).toEqual([]);
      expect(possible).toContain(digest);
    }
    await writeLayout(layout, [newer]);
    const fresh = join(folder, "fresh");
    await writeLayout(fresh, [newer]);
    expect(await snapshot(layout)).toEqual(await snapshot(fresh));
    expect((await readdir(folder)).filter((name) => name.endsWith(".draft"))).toEqual([]);
  });
});
