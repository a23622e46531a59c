// What keeps a long run bounded: log lines, stream reuse, and the errors for misuse.

import { describe, expect, it } from "vitest";
import { answer, probeProxy, request, REQUEST, scripted } from "./probe";

describe("the log", () => {
  it("keeps the first lines and counts the rest", () => {
    const proxy = scripted(["rq id"], { logLimit: 5 });
    for (let i = 0; i < 3; i++) request(proxy);
    expect(proxy.logs).toHaveLength(5);
    expect(proxy.logs.dropped).toBeGreaterThan(10);
  });

  it("drops what is below Envoy's log level", () => {
    const proxy = scripted(["rq id"], { logLevel: "error" });
    request(proxy);
    expect(proxy.logs).toHaveLength(0);
  });

  it("names the VM, the level and the instant of a line", () => {
    const proxy = probeProxy({ workers: 2 });
    proxy.advance(3e6);
    proxy.configure("rq id");
    const line = [...proxy.logs].at(-1);
    expect(line).toMatchObject({ vm: "worker 1", worker: 1, level: "info", atNs: 3e6 });
  });
});

describe("shared data", () => {
  it("of a vm_id goes with the last VM of that id", () => {
    const proxy = scripted(["configure data-set k v", "rq data-get k"]);
    request(proxy);
    expect(answer(proxy, "rq data-get k")).toMatch(/^0 v/);
    const { process } = proxy;
    process.holdVmId("gone");
    process.sharedData.set("gone", "k", new Uint8Array(1), 0);
    process.releaseVmId("gone");
    expect(process.sharedData.get("k", "gone")).toBeUndefined();
    expect(process.sharedData.get("k")).toBeDefined();
  });
});

describe("a worker", () => {
  it("that does not exist is named in the error", () => {
    const proxy = scripted([], { workers: 2 });
    expect(() => proxy.stream(2, { headers: REQUEST })).toThrow("worker 2 does not exist");
  });
});
