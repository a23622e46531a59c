// Nothing allocates after configure: a walk of the debug module's call graph, which speaks for all
// inputs, and the module's memory under traffic, which speaks for the release build.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import asc from "assemblyscript/asc";
import { describe, expect, it } from "vitest";
import { allocationsReachable } from "../../host-tools/src/lib/wasm-call-graph";
import { configOf, defaultModel, exchange, filterProxy, request } from "../support/filter-proxy";

const PER_REQUEST = [
  "proxy_on_request_headers",
  "proxy_on_response_headers",
  "proxy_on_delete",
  "proxy_on_tick",
  "malloc",
  "proxy_on_memory_allocate",
];

const debugModule = () => readFileSync(resolve("build/ganglion.debug.wasm"));

/** A small module to try the walk on. */
async function compile(source: string): Promise<Uint8Array> {
  let bytes = new Uint8Array();
  const args = ["input.ts", "-o", "out.wasm", "--runtime", "stub", "--debug", "--use", "abort="];
  const { error, stderr } = await asc.main(args, {
    readFile: (name) => (name === "input.ts" ? source : null),
    writeFile: (name, contents) => {
      if (name === "out.wasm") bytes = new Uint8Array(contents as Uint8Array);
    },
  });
  if (error !== null) throw new Error(stderr.toString());
  return bytes;
}

describe("the filter", () => {
  it("allocates on no path from a callback of the request path", async () => {
    expect(await allocationsReachable(debugModule(), PER_REQUEST)).toEqual([]);
  });

  it("allocates nothing when it is configured either", async () => {
    expect(await allocationsReachable(debugModule(), ["proxy_on_configure"])).toEqual([]);
  });

  it("keeps its memory over configurations and requests", () => {
    const routes = [{ name: "chat", arms: [{ name: "a" }, { name: "b" }] }];
    const model = defaultModel();
    const proxy = filterProxy(configOf(routes, { model }));
    const bytes = () => proxy.workers[0]!.vm!.memory.u8.length;
    const before = bytes();
    for (let epoch = 2; epoch < 22; epoch++) {
      proxy.configure(JSON.stringify(configOf(routes, { model, epoch })));
      for (let i = 0; i < 500; i++) exchange(proxy, request(`/chat/${i}`));
    }
    expect(bytes()).toBe(before);
  });
});

describe("the walk", () => {
  it("finds an allocation behind a call, and names the way", async () => {
    const wasm = await compile(`
      function inner(n: i32): string { return n.toString(); }
      export function callback(n: i32): i32 { return n > 5 ? inner(n).length : 0; }
      export function clean(n: i32): i32 { return n + 1; }
    `);
    const found = await allocationsReachable(wasm, ["callback"]);
    expect(found[0]).toMatch(/^callback -> input\/inner -> .*__new$/);
    expect(await allocationsReachable(wasm, ["clean"])).toEqual([]);
  });

  it("finds an indirect call and a growing memory", async () => {
    const wasm = await compile(`
      function one(): i32 { return 1; }
      function two(): i32 { return 2; }
      export function pick(n: i32): i32 { const f = n > 0 ? one : two; return f(); }
      export function grow(): i32 { return memory.grow(1); }
    `);
    expect(await allocationsReachable(wasm, ["pick"])).toEqual(["pick -> call_indirect"]);
    expect(await allocationsReachable(wasm, ["grow"])).toEqual(["grow -> memory.grow"]);
  });

  it("says which export is missing, and that a module has no names", async () => {
    const wasm = await compile("export function callback(): void {}");
    await expect(allocationsReachable(wasm, ["other"])).rejects.toMatchObject({
      code: "E_CALL_GRAPH",
      message: "the module does not export other",
    });
    const release = readFileSync(resolve("build/ganglion.wasm"));
    await expect(allocationsReachable(release, ["malloc"])).rejects.toMatchObject({
      code: "E_CALL_GRAPH",
    });
  });
});
