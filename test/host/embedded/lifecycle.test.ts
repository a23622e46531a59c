// Contexts, VMs and configurations: which callbacks run where, in which order, with which ids.

import { describe, expect, it } from "vitest";
import {
  answer,
  answers,
  callbacks,
  probeProxy,
  request,
  REQUEST,
  RESPONSE,
  scripted,
} from "./probe";

describe("a new configuration", () => {
  it("starts a root context: create, vm_start, configure", () => {
    const proxy = scripted(["rq id"]);
    expect(callbacks(proxy)).toEqual([
      "create 1 0",
      "vm_start 1 0 starts=1",
      "configure 1 5 configures=1",
    ]);
  });

  it("is a new root id in the same VM, which keeps its globals and gets vm_start again", () => {
    const proxy = scripted(["rq id"]);
    request(proxy);
    proxy.logs.clear();
    expect(proxy.configure("rq pairs 0")).toEqual({ status: "accepted", reason: "" });
    expect(callbacks(proxy)).toEqual([
      "create 3 0",
      "vm_start 3 0 starts=2",
      "configure 3 10 configures=2",
      "done 1",
      "delete 1",
    ]);
  });

  it("lets the old root live until its last stream has ended", () => {
    const proxy = scripted(["rq id"]);
    const stream = proxy.stream(0, { headers: REQUEST });
    proxy.configure("rs id");
    expect(callbacks(proxy)).not.toContain("done 1");
    stream.pushResponseHeaders(RESPONSE, true);
    proxy.logs.clear();
    stream.end();
    expect(callbacks(proxy)).toEqual(["log 2", "done 2", "delete 2", "done 1", "delete 1"]);
  });

  it("that is identical changes nothing", () => {
    const proxy = scripted(["rq id"]);
    proxy.logs.clear();
    expect(proxy.configure("rq id").status).toBe("unchanged");
    expect(callbacks(proxy)).toEqual([]);
  });

  it("seen before gets a new root context once its old one is gone", () => {
    const proxy = scripted(["rq id"]);
    proxy.configure("b");
    proxy.logs.clear();
    proxy.configure("rq id");
    expect(callbacks(proxy)[0]).toBe("create 3 0");
  });

  it("seen before takes up its old root context while a stream still holds it", () => {
    const proxy = scripted(["rq id"]);
    const stream = proxy.stream(0, { headers: REQUEST });
    proxy.configure("b");
    proxy.logs.clear();
    proxy.configure("rq id");
    expect(callbacks(proxy)).toEqual(["done 3", "delete 3"]);
    stream.end();
    expect(callbacks(proxy).slice(2)).toEqual(["log 2", "done 2", "delete 2"]);
  });

  it("waits for proxy_done when on_done says not yet", () => {
    const proxy = scripted(["done return 7", "tick finish", "configure period 10"]);
    proxy.configure("done return 7\ntick finish");
    expect(callbacks(proxy).filter((c) => c.startsWith("delete"))).toEqual([]);
    proxy.advance(10e6);
    expect(answer(proxy, "tick finish")).toBe("0");
    expect(callbacks(proxy).at(-1)).toBe("delete 1");
  });
});

describe("the threads", () => {
  it("are a base VM, a canary that is thrown away, the main thread and the workers", () => {
    const proxy = probeProxy({ workers: 2, canary: true, mainThread: true });
    proxy.configure("rq id");
    const configured = [...proxy.logs].filter((l) => l.message.startsWith("configure "));
    expect(configured.map((l) => l.vm)).toEqual(["canary", "main", "worker 0", "worker 1"]);
    expect(callbacks(proxy, "canary")).toEqual([
      "create 1 0",
      "vm_start 1 0 starts=1",
      "configure 1 5 configures=1",
    ]);
    expect(callbacks(proxy, "base")).toEqual([]);
  });

  it("skip the canary for a configuration that has passed it before", () => {
    const proxy = probeProxy({ canary: true });
    for (const text of ["a", "b", "a"]) proxy.configure(text);
    expect(callbacks(proxy, "canary").filter((c) => c.startsWith("configure"))).toHaveLength(2);
  });

  it("share nothing but shared data and statistics", () => {
    const proxy = probeProxy({ workers: 2 });
    proxy.configure("rq id");
    for (const worker of [0, 1]) proxy.stream(worker, { headers: REQUEST }).end();
    expect(answers(proxy, "rq id")).toEqual(["2", "2"]);
  });
});

describe("a refused configuration", () => {
  it("dies in the canary, and the old one stays in force", () => {
    const proxy = probeProxy({ canary: true });
    proxy.configure("rq id");
    expect(proxy.configure("reject").status).toBe("rejected");
    request(proxy);
    expect(answer(proxy, "rq id")).toBe("2");
    expect(callbacks(proxy, "worker 0").filter((c) => c.startsWith("configure"))).toHaveLength(1);
  });

  it("may also trap in the canary, to the same effect", () => {
    const proxy = probeProxy({ canary: true });
    proxy.configure("rq id");
    expect(proxy.configure("trap").status).toBe("rejected");
    expect(request(proxy).reply).toBeNull();
  });

  it("may be refused by on_vm_start", () => {
    const proxy = probeProxy({ canary: true, vmConfiguration: "reject-start" });
    expect(proxy.configure("rq id")).toEqual({
      status: "rejected",
      reason: "Failed to start base Wasm",
    });
  });

  it("at the start leaves the proxy answering 500 to everything", () => {
    const proxy = probeProxy({ canary: true, failurePolicy: "FAIL_OPEN" });
    proxy.configure("reject");
    const stream = proxy.stream(0, { headers: REQUEST });
    expect(stream.reply?.code).toBe(500);
    expect(stream.filtered).toBe(false);
    expect(proxy.configure("rq id").status).toBe("accepted");
    expect(request(proxy).reply).toBeNull();
  });

  it("by a worker after the canary let it pass poisons the base VM for every later push", () => {
    const proxy = probeProxy({ canary: true });
    proxy.configure("rq id");
    expect(proxy.configure("reject-on-workers").status).toBe("accepted");
    proxy.logs.clear();
    const stream = request(proxy);
    expect(stream.filtered).toBe(false);
    expect(stream.reply).toBeNull();
    const next = proxy.configure("rq pairs 0");
    expect(next.status).toBe("rejected");
    expect(next.reason).toContain("poisoned");
  });

  it("is forgotten with a new VM: new code or a new environment heals the poison", () => {
    const proxy = probeProxy({ canary: true });
    proxy.configure("rq id");
    proxy.configure("reject-on-workers");
    proxy.replaceVm({ environment: { GANGLION_EPOCH: "2" } });
    expect(proxy.configure("rq pairs 0").status).toBe("accepted");
    expect(request(proxy).filtered).toBe(true);
  });
});

describe("a stream", () => {
  it("runs create, headers, then log, done, delete", () => {
    const proxy = scripted([]);
    proxy.logs.clear();
    request(proxy);
    expect(callbacks(proxy)).toEqual([
      "create 2 1",
      "request_headers 2 5 1",
      "response_headers 2 2 1",
      "log 2",
      "done 2",
      "delete 2",
    ]);
  });

  it("takes context ids from one rising sequence per VM", () => {
    const proxy = scripted(["rq id"]);
    for (let i = 0; i < 3; i++) request(proxy);
    expect(answers(proxy, "rq id")).toEqual(["2", "3", "4"]);
  });

  it("that the client aborts still runs the log, with the flag and the details of an abort", () => {
    const proxy = scripted(["log prop-int response%flags", "log prop response%code_details"]);
    const stream = proxy.stream(0, { headers: REQUEST });
    stream.reset();
    expect(answer(proxy, "log prop-int response%flags")).toBe("0 16384 bytes=8");
    expect(answer(proxy, "log prop response%code_details")).toBe("0 downstream_remote_disconnect");
  });

  it("can be handed back and used again without a trace of the one before", () => {
    const proxy = scripted(["rq set 0 x-a 1", "rq get 0 x-b"]);
    const first = proxy.stream(0, { headers: [...REQUEST, ["x-b", "1"]] });
    first.pushResponseHeaders(RESPONSE).pushResponseBody("abc", true).release();
    const second = proxy.stream(0, { headers: REQUEST });
    expect(second).toBe(first);
    expect(answer(proxy, "rq get 0 x-b")).toBe("1");
    expect(second.toClient.body()).toHaveLength(0);
    expect(second.response.size).toBe(0);
    expect(second.routeCacheClears).toBe(1);
  });

  it("that is over takes no more", () => {
    const stream = request(scripted([]));
    expect(() => stream.pushResponseBody("x", true)).toThrow(/stream is over/);
  });
});
