import { writeFileSync } from "node:fs";
import { join } from "node:path";
import asc from "assemblyscript/asc";
import { afterEach, describe, expect, it } from "vitest";
import {
  buildBootstrap,
  discoveredWasmFilter,
  extensionResource,
  httpGet,
  scratchDir,
  startEnvoy,
  wasmFilter,
  wasmTypedConfig,
  writeDiscoveryFile,
  type EnvoyProcess,
  type HttpFilter,
  type WasmFilterSpec,
} from "../../../host-tools/src/rig";
import { envoyOrSkip } from "./envoy-or-skip";

// The least filter that shows its configuration: it answers with it in the header `x-config`.
const SOURCE = `
@external("env", "proxy_get_buffer_bytes")
declare function getBuffer(kind: i32, at: i32, length: i32, out: usize, outLength: usize): i32;
@external("env", "proxy_add_header_map_value")
declare function addHeader(kind: i32, name: usize, n: usize, value: usize, v: usize): i32;
const arena = memory.data(1024);
const out = memory.data(8);
const name = memory.data<u8>([0x78, 0x2d, 0x63, 0x6f, 0x6e, 0x66, 0x69, 0x67]);
export function malloc(size: usize): usize { return arena; }
export function proxy_abi_version_0_2_1(): void {}
export function proxy_on_context_create(id: i32, parent: i32): void {}
export function proxy_on_vm_start(id: i32, size: i32): i32 { return 1; }
export function proxy_on_configure(id: i32, size: i32): i32 {
  return getBuffer(7, 0, size, out, out + 4) == 0 ? 1 : 0;
}
export function proxy_on_response_headers(id: i32, count: i32, end: i32): i32 {
  addHeader(2, name, 8, load<usize>(out), load<usize>(out + 4));
  return 0;
}
`;

async function compile(): Promise<string> {
  const path = join(scratchDir("wasm"), "filter.wasm");
  const args = ["input.ts", "--outFile", "out.wasm", "--runtime", "stub", "--use", "abort="];
  const { error, stderr } = await asc.main(args, {
    readFile: (file) => (file === "input.ts" ? SOURCE : null),
    writeFile: (_file, contents) => writeFileSync(path, contents),
  });
  if (error) throw new Error(stderr.toString());
  return path;
}

let envoy: EnvoyProcess | undefined;
afterEach(() => envoy?.stop());

function start(binary: string, filter: HttpFilter): Promise<EnvoyProcess> {
  const routes = [{ directResponse: { status: 200, body: "ok" } }];
  const listeners = [{ name: "main", port: 0, httpFilters: [filter], routes }];
  return startEnvoy({ binary, concurrency: 2, bootstrap: buildBootstrap({ listeners }) });
}

describe("a Wasm filter in a real Envoy", () => {
  it("gets its configuration byte for byte", async (context) => {
    const binary = await envoyOrSkip(context);
    const configurationJson = '{"epoch": 1,  "text":"as it is"}';
    const spec = { name: "probe", rootId: "probe", vmId: "probe", configurationJson };
    envoy = await start(binary, wasmFilter({ ...spec, wasmPath: await compile() }));
    const reply = await httpGet(envoy.port("main"), "/");
    expect(reply).toMatchObject({ status: 200, headers: { "x-config": configurationJson } });
  });

  it("gets new configurations by file without a failed request", async (context) => {
    const binary = await envoyOrSkip(context);
    const spec: WasmFilterSpec = { name: "probe", wasmPath: await compile() };
    const path = join(scratchDir("ecds"), "probe.json");
    const push = (epoch: number): void => {
      const typedConfig = wasmTypedConfig({ ...spec, configurationJson: String(epoch) });
      writeDiscoveryFile(path, [extensionResource("probe", typedConfig)]);
    };
    push(1);
    envoy = await start(binary, discoveredWasmFilter("probe", path));
    const port = envoy.port("main");
    const seen: unknown[] = [];
    const isSeen = (epoch: string) => seen.at(-1) === epoch;
    for (let epoch = 1; epoch <= 3; epoch++) {
      push(epoch);
      const lastMs = performance.now() + 60_000;
      while (!isSeen(String(epoch)) && performance.now() < lastMs) {
        const reply = await httpGet(port, "/");
        expect(reply.status).toBe(200);
        seen.push(reply.headers["x-config"]);
      }
    }
    expect(new Set(seen)).toEqual(new Set(["1", "2", "3"]));
  });

  it("is refused with Envoy's reason when the module is not there", async (context) => {
    const binary = await envoyOrSkip(context);
    const attempt = start(binary, wasmFilter({ name: "probe", wasmPath: "/nonexistent.wasm" }));
    await expect(attempt).rejects.toMatchObject({
      code: "E_ENVOY_START",
      message: expect.stringContaining("/nonexistent.wasm") as string,
    });
  });
});
