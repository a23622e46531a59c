// What Envoy's loader accepts, and the rules for calls during start-up and inside malloc.

import { describe, expect, it } from "vitest";
import { EmbeddedProxy } from "../../../host-tools/src/embedded";
import { guestModule } from "./guest-modules";
import { answer, request, scripted } from "./probe";

const load = (wasm: Uint8Array, pluginName = "probe"): EmbeddedProxy =>
  new EmbeddedProxy({ wasm, pluginName });

describe("a module", () => {
  it("with an import nobody has is refused by that import's name", () => {
    const proxy = load(guestModule("abi-01-import"));
    expect(() => proxy.configure("")).toThrow("missing import: env.proxy_clear_route_cache");
  });

  it("that declares a host call with the wrong type is refused, as Envoy does", () => {
    const proxy = load(guestModule("wrong-type"));
    expect(() => proxy.configure("")).toThrow(
      "import type mismatch: env.proxy_increment_metric, want: i32 i32 -> i32, " +
        "but host exports: i32 i64 -> i32",
    );
  });

  it("built with asc's default abort is refused for env.abort", () => {
    const proxy = load(guestModule("probe", { ownAbort: false }));
    expect(() => proxy.configure("")).toThrow("missing import: env.abort");
  });

  it("without an ABI version or without malloc is refused", () => {
    expect(() => load(guestModule("no-abi"))).toThrow(/ABI version/);
    expect(() => load(guestModule("no-malloc"))).toThrow(/neither malloc nor/);
    expect(() => load(new Uint8Array([0, 97, 115, 109]))).toThrow(/does not compile/);
  });

  it("may name its allocator proxy_on_memory_allocate and speak ABI 0.2.0", () => {
    expect(load(guestModule("allocate-alias")).configure("").status).toBe("accepted");
  });

  it("that calls the host from its start section is named as what crashes Envoy", () => {
    const proxy = load(guestModule("top-level-call", { exportStart: false }));
    expect(() => proxy.configure("")).toThrow(/start section, which crashes Envoy/);
  });

  it("may log from _initialize, which Envoy calls when it is exported", () => {
    const proxy = load(guestModule("top-level-call"));
    expect(proxy.configure("").status).toBe("accepted");
    expect(proxy.logs.messages()).toEqual(["up", "up", "up", "up"]);
  });

  it("that makes any other call from _initialize traps there and is refused", () => {
    const proxy = load(guestModule("early-tick"));
    expect(proxy.configure("")).toMatchObject({ status: "rejected" });
    expect(proxy.logs.messages("error")[0]).toContain("_initialize failed");
    expect(proxy.logs.messages("error")[0]).toContain("restricted_callback");
  });

  it("cannot grow its memory above 1 GiB", () => {
    const proxy = scripted(["rq pages 16384", "rq pages 1"]);
    request(proxy);
    expect(answer(proxy, "rq pages 16384")).toBe("-1");
    expect(Number(answer(proxy, "rq pages 1"))).toBeGreaterThan(0);
  });
});

describe("malloc", () => {
  it("is called for every returned value, and its 0 is InvalidMemoryAccess", () => {
    const proxy = scripted(["rq malloc zero", "rq get 0 x-tier", "rq pairs 0", "rq get 0 x-none"]);
    request(proxy);
    expect(answer(proxy, "rq get 0 x-tier")).toBe("6");
    expect(answer(proxy, "rq pairs 0")).toBe("6");
    expect(answer(proxy, "rq get 0 x-none")).toBe("1");
  });

  it("answering an address outside memory is InvalidMemoryAccess too", () => {
    const proxy = scripted(["rq malloc far", "rq get 0 x-tier"]);
    request(proxy);
    expect(answer(proxy, "rq get 0 x-tier")).toBe("6");
  });

  it("may log but not call the host: that is a trap, and the request fails", () => {
    const logging = scripted(["rq malloc log", "rq get 0 x-tier"]);
    expect(request(logging).reply).toBeNull();
    expect(logging.logs.messages()).toContain("inside malloc");
    const calling = scripted(["rq malloc call", "rq get 0 x-tier"]);
    expect(request(calling).reply?.code).toBe(503);
    expect(answer(calling, "rq get 0 x-tier")).toBe("6");
    expect(calling.logs.messages("error")[0]).toContain("restricted_callback");
  });

  it("may grow the memory under the host's feet", () => {
    const proxy = scripted(["rq malloc grow", "rq get 0 x-tier", "rq pairs 0"]);
    request(proxy);
    expect(answer(proxy, "rq get 0 x-tier")).toBe("0 gold");
    expect(answer(proxy, "rq pairs 0")).toContain("x-tier=gold;");
  });
});

describe("a pointer", () => {
  it("outside memory is InvalidMemoryAccess, not a trap", () => {
    const proxy = scripted(["rq far 0"]);
    expect(request(proxy).reply).toBeNull();
    expect(answer(proxy, "rq far 0")).toBe("6");
  });
});
