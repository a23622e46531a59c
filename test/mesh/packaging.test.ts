// The packaged manifests under the programs that users run on them: Helm renders the chart to what the
// tool renders, kustomize builds the base, the overlay and the component, istioctl takes the
// installation's values and finds nothing in any folder.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { compilePolicy } from "../../host-tools/src/config/policy-compile";
import { filterImage, type FilterKind } from "../../host-tools/src/istio/filter-object";
import { companionFiles, manifests } from "../../host-tools/src/manifests/manifests";
import { yamlText } from "../../host-tools/src/istio/yaml-text";
import { OPERATIONS_POLICY } from "../host/manifests/operations-policy";
import { projectRoot } from "../support/project-root";
import { type KubeObject, meshCanRun, meshParts } from "./rig";
import { type PackagingPrograms, packagingPrograms } from "./support/packaging-programs";

const DIGEST = "1".repeat(64);
const REPOSITORY = "registry.example/ganglion/filter";
const image = filterImage(`oci://${REPOSITORY}@sha256:${DIGEST}`);
const folderOf = (path: string): string => join(projectRoot(), "wasmplugin", path);
const CHART = folderOf("chart");
const example = readFileSync(folderOf("examples/llm-service/ganglion.yaml"), "utf8");
/** An installation of Istio, with its definitions. */
const OUTPUT_BYTES_MAX = 32 * 1024 * 1024;
/** Helm asks no cluster here, and built without its release's flags it would take an old one. */
const KUBE_VERSION = ["--kube-version", "1.30.0"];
const say = (sentence: string): void => void process.stderr.write(`${sentence}\n`);

const objectsIn = (text: string): KubeObject[] =>
  parseAllDocuments(text).flatMap((document) => (document.toJSON() as KubeObject | null) ?? []);

/** What the tool renders of a policy, written below `folder`. */
function writeRendered(text: string, folder: string): void {
  const { policy, config } = compilePolicy(text, "ganglion.yaml");
  const list = manifests(policy, config, { kind: "TrafficExtension", image });
  const objects = list.map(({ file, object }) => [file, yamlText(object)] as const);
  for (const [file, contents] of [...objects, ...companionFiles(list, policy)]) {
    mkdirSync(join(folder, file, ".."), { recursive: true });
    writeFileSync(join(folder, file), contents);
  }
}

describe.runIf(await meshCanRun())("packaged manifests", () => {
  let programs: PackagingPrograms;
  let istioctl: string;
  let folder: string;
  let rendered: string;

  beforeAll(async () => {
    programs = await packagingPrograms(say);
    ({ istioctl } = await meshParts(say));
    folder = mkdtempSync(join(tmpdir(), "ganglion-packaging-"));
    rendered = join(folder, "rendered");
    writeRendered(OPERATIONS_POLICY, rendered);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = (program: string, ...args: string[]): string =>
    execFileSync(program, args, {
      cwd: folder,
      encoding: "utf8",
      stdio: "pipe",
      maxBuffer: OUTPUT_BYTES_MAX,
    });
  const helm = (values: unknown): KubeObject[] => {
    writeFileSync(join(folder, "values.yaml"), yamlText(values));
    const args = [...KUBE_VERSION, "--namespace", "ai", "--values", join(folder, "values.yaml")];
    return objectsIn(run(programs.helm, "template", "ganglion", CHART, ...args));
  };

  describe("the chart", () => {
    const { policy, config } = compilePolicy(example, "ganglion.yaml");
    const values = (kind: FilterKind) => ({
      kind,
      image: { repository: REPOSITORY, digest: `sha256:${DIGEST}` },
      workloads: policy.mesh.workloads,
      config,
    });
    const filterOf = (kind: FilterKind) =>
      manifests(policy, config, { kind, image }).find(({ object }) => object.kind === kind)!.object;

    it.each(["TrafficExtension", "WasmPlugin"] as const)(
      "renders the filter's object as the tool does: %s",
      (kind) => {
        const [object, ...others] = helm(values(kind));
        expect(others).toEqual([]);
        const { metadata, ...rest } = filterOf(kind);
        expect(object).toMatchObject({
          ...rest,
          metadata: { name: metadata.name, namespace: metadata.namespace },
        });
        expect(object!.spec).toEqual(rest.spec);
      },
    );

    it("takes further objects as they are rendered", () => {
      const list = manifests(policy, config, { kind: "WasmPlugin", image });
      const objects = list.map(({ object }) => object).filter(({ kind }) => kind !== "WasmPlugin");
      const others = helm({ ...values("WasmPlugin"), objects }).filter(
        ({ kind }) => kind !== "WasmPlugin",
      );
      const byKind = (list: readonly { kind: string }[]) =>
        [...list].sort((a, b) => (a.kind < b.kind ? -1 : 1));
      expect(byKind(others)).toEqual(byKind(objects));
    });

    it.each([
      ["a tag instead of a digest", { image: { repository: REPOSITORY, digest: "v1" } }, "digest"],
      ["a configuration that the filter refuses", { config: { ...config, mode: "maybe" } }, "mode"],
      ["a value that the chart does not have", { imagee: {} }, "imagee"],
    ])("refuses %s", (_, wrong, word) => {
      expect(() => helm({ ...values("WasmPlugin"), ...wrong })).toThrow(word);
    });

    it("has the version of the package and passes Helm's own rules", () => {
      const { version } = JSON.parse(readFileSync(join(projectRoot(), "package.json"), "utf8")) as {
        version: string;
      };
      const chart = parse(readFileSync(join(CHART, "Chart.yaml"), "utf8")) as object;
      expect(chart).toMatchObject({ version, appVersion: version });
      writeFileSync(join(folder, "lint.yaml"), yamlText(values("WasmPlugin")));
      const said = run(
        programs.helm,
        "lint",
        ...KUBE_VERSION,
        "--strict",
        CHART,
        "--values",
        "lint.yaml",
      );
      expect(said).toContain("0 chart(s) failed");
    });
  });

  describe("kustomize", () => {
    const build = (path: string): KubeObject[] => objectsIn(run(programs.kustomize, "build", path));

    it("builds the base into exactly the rendered objects", () => {
      const names = build(folderOf("base")).map(({ kind, metadata }) => `${kind}/${metadata.name}`);
      expect(names.sort()).toEqual([
        "DestinationRule/llm-service",
        "VirtualService/llm-service",
        "WasmPlugin/ganglion",
      ]);
    });

    it("puts a user's image into the base by the example's overlay", () => {
      const [plugin] = build(folderOf("examples/llm-service/overlay")).filter(
        ({ kind }) => kind === "WasmPlugin",
      );
      expect((plugin!.spec as { url: string }).url).not.toContain("0".repeat(64));
    });

    it("patches every Deployment of an overlay by the workload component", () => {
      const overlay = join(folder, "overlay");
      mkdirSync(overlay);
      writeFileSync(
        join(overlay, "kustomization.yaml"),
        yamlText({
          resources: ["deployment.yaml", "../rendered"],
          components: ["../rendered/beside/workload"],
        }),
      );
      const pods = { metadata: { labels: { app: "llm-service" } }, spec: { containers: [] } };
      const spec = { selector: { matchLabels: { app: "llm-service" } }, template: pods };
      const deployment = {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "llm" },
        spec,
      };
      writeFileSync(join(overlay, "deployment.yaml"), yamlText(deployment));
      const built = build(overlay).find(({ kind }) => kind === "Deployment");
      const { template } = built!.spec as { template: KubeObject };
      expect(built!.metadata.name).toBe("llm");
      expect(template.metadata.labels).toEqual({ app: "llm-service", ganglion: "on" });
      expect(template.metadata.annotations).toMatchObject({
        "sidecar.istio.io/proxyCPU": "50m",
        "sidecar.istio.io/proxyMemory": "64Mi",
        "sidecar.istio.io/proxyCPULimit": "200m",
        "sidecar.istio.io/proxyMemoryLimit": "256Mi",
        "traffic.sidecar.istio.io/includeInboundPorts": "8080",
      });
      expect(template.metadata.annotations?.["proxy.istio.io/config"]).toContain("concurrency: 1");
    });
  });

  describe("istioctl", () => {
    const folders = ["base", "examples/assistant/manifests"].map(folderOf);
    /** Codes of its findings. Files that are no objects are left out: values for Helm and others. */
    const analyze = (path: string): string[] => {
      const args = ["analyze", "--use-kube=false", "--ignore-unknown", "-A", "-o", "json", path];
      const { stdout } = spawnSync(istioctl, args, { encoding: "utf8" });
      const found = JSON.parse(stdout.slice(stdout.indexOf("\n[") + 1)) as { code: string }[];
      return found.map(({ code }) => code);
    };

    it("finds nothing in any folder, taken as a whole", () => {
      for (const path of folders) expect(analyze(path), path).toEqual([]);
    });

    it("says of EnvoyFilters what it says of every EnvoyFilter, and nothing else", () => {
      expect(analyze(rendered)).toEqual(["IST0133", "IST0133", "IST0133"]);
    });

    it("does find two rules for one host", () => {
      const twice = join(folder, "twice");
      mkdirSync(twice);
      for (const name of ["one", "two"]) {
        const route = [{ destination: { host: "llm.ai.svc.cluster.local" } }];
        const spec = { hosts: ["llm.ai.svc.cluster.local"], http: [{ route }] };
        const metadata = { name, namespace: "ai" };
        const rule = {
          apiVersion: "networking.istio.io/v1",
          kind: "VirtualService",
          metadata,
          spec,
        };
        writeFileSync(join(twice, `${name}.yaml`), yamlText(rule));
      }
      expect(analyze(twice)).toEqual(["IST0109", "IST0109"]);
    });

    it("generates an installation from the values", () => {
      const file = join(rendered, "beside/istio-operator.yaml");
      const objects = objectsIn(run(istioctl, "manifest", "generate", "-f", file));
      const [map] = objects.filter(
        ({ kind, metadata }) => kind === "ConfigMap" && metadata.name === "istio",
      );
      const mesh = parse((map!.data as { mesh: string }).mesh) as Record<string, unknown>;
      expect(mesh).toMatchObject({
        accessLogFile: "/dev/stdout",
        accessLogEncoding: "JSON",
        enableTracing: true,
        defaultConfig: { concurrency: 1, tracing: { sampling: 10 } },
        meshMTLS: { minProtocolVersion: "TLSV1_3" },
      });
      const [injector] = objects.filter(
        ({ kind, metadata }) => kind === "ConfigMap" && metadata.name === "istio-sidecar-injector",
      );
      const { values } = injector!.data as { values: string };
      expect(JSON.parse(values)).toMatchObject({
        global: {
          proxy: {
            resources: {
              requests: { cpu: "50m", memory: "64Mi" },
              limits: { cpu: "200m", memory: "256Mi" },
            },
          },
        },
      });
    });
  });
});
