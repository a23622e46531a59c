import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import {
  armRoutes,
  bootstrapJson,
  buildBootstrap,
  discoveredWasmFilter,
  extensionResource,
  scratchDir,
  wasmFilter,
  wasmTypedConfig,
  writeDiscoveryFile,
} from "../../../host-tools/src/rig";

const GOLDEN = resolve(import.meta.dirname, "../../golden/rig/bootstrap.json");

const SPEC = {
  listeners: [
    {
      name: "main",
      port: 10000,
      httpFilters: [
        wasmFilter({
          name: "ganglion",
          rootId: "ganglion",
          wasmPath: "/etc/ganglion/ganglion.wasm",
          vmId: "ganglion",
          configurationJson: '{"epoch":1}',
        }),
      ],
      routes: [
        {
          name: "health",
          match: { path: "/healthz" },
          directResponse: { status: 200, body: "ok" },
        },
        ...armRoutes({ fast: "fast", cheap: "cheap" }, "fast", { timeoutMs: 1500 }),
      ],
    },
  ],
  clusters: [
    { name: "fast", endpoints: [{ port: 8001 }, { port: 8002 }] },
    {
      name: "cheap",
      endpoints: [{ address: "cheap.ai.svc", port: 80 }],
      protocol: "http2" as const,
    },
  ],
  statsTags: [{ tagName: "route", regex: "(route=\\.=(.*?);\\.;)" }],
};

describe("buildBootstrap", () => {
  it("renders the same bytes as the golden file", () => {
    const rendered = bootstrapJson(SPEC);
    if (process.env.UPDATE_GOLDEN === "1") {
      mkdirSync(dirname(GOLDEN), { recursive: true });
      writeFileSync(GOLDEN, rendered);
    }
    expect(existsSync(GOLDEN)).toBe(true);
    expect(rendered).toBe(readFileSync(GOLDEN, "utf8"));
  });

  it("asks DNS only for clusters with names", () => {
    const text = JSON.stringify(buildBootstrap(SPEC));
    expect(text.match(/"type":"(STATIC|STRICT_DNS)"/g)).toEqual([
      '"type":"STATIC"',
      '"type":"STRICT_DNS"',
    ]);
  });
});

describe("armRoutes", () => {
  it("matches each arm by the header and gives the rest to the default arm", () => {
    expect(armRoutes({ a: "cluster-a", b: "cluster-b" }, "b")).toEqual([
      {
        name: "arm-a",
        match: { prefix: "/", headers: { "x-ganglion-arm": "a" } },
        cluster: "cluster-a",
        timeoutMs: 0,
      },
      {
        name: "arm-b",
        match: { prefix: "/", headers: { "x-ganglion-arm": "b" } },
        cluster: "cluster-b",
        timeoutMs: 0,
      },
      { name: "default", cluster: "cluster-b", timeoutMs: 0 },
    ]);
  });
});

describe("the Wasm filter", () => {
  it("fails open and hands the configuration over as a string", () => {
    const config = wasmTypedConfig({ name: "g", wasmPath: "/g.wasm", configurationJson: "{}" });
    expect(config).toMatchObject({
      config: {
        failure_policy: "FAIL_OPEN",
        configuration: { "@type": "type.googleapis.com/google.protobuf.StringValue", value: "{}" },
      },
    });
    expect(JSON.stringify(config)).not.toContain("vm_id");
  });

  it("points at the discovery file when it is discovered", () => {
    expect(JSON.stringify(discoveredWasmFilter("g", "/dir/ecds.json"))).toContain(
      '"path_config_source":{"path":"/dir/ecds.json"}',
    );
  });
});

describe("writeDiscoveryFile", () => {
  it("replaces the file by a rename, with a new version, and leaves nothing beside it", () => {
    const dir = scratchDir("discovery");
    const path = join(dir, "ecds.json");
    const read = () => JSON.parse(readFileSync(path, "utf8")) as { version_info: string };
    const resource = extensionResource("g", wasmTypedConfig({ name: "g", wasmPath: "/g.wasm" }));
    writeDiscoveryFile(path, [resource]);
    const first = read();
    writeDiscoveryFile(path, [resource]);
    expect(read().version_info).not.toBe(first.version_info);
    expect(read()).toMatchObject({ resources: [resource] });
    expect(readdirSync(dir)).toEqual(["ecds.json"]);
  });
});
