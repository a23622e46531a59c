// Shared data, queues and statistics: what the VMs of one process have in common.

import { describe, expect, it } from "vitest";
import { ProxyProcess } from "../../../host-tools/src/embedded";
import { answer, answers, callbacks, probeProxy, request, REQUEST, scripted } from "./probe";

describe("shared data", () => {
  it("is NotFound before it is set and carries a token that every set moves", () => {
    const proxy = scripted([
      "rq data-get k",
      "rq data-set k a",
      "rs data-set k b",
      "log data-get k",
    ]);
    request(proxy);
    expect(answer(proxy, "rq data-get k")).toBe("1");
    expect(answer(proxy, "log data-get k")).toBe("0 b cas=2");
  });

  it("takes a compare-and-swap with the current token only; 0 is unconditional", () => {
    const proxy = scripted([
      "rq data-set k a 0",
      "rs data-set k b 7",
      "rs data-set k c 1",
      "log data-get k",
    ]);
    request(proxy);
    expect(answer(proxy, "rs data-set k b 7")).toBe("8");
    expect(answer(proxy, "rs data-set k c 1")).toBe("0");
    expect(answer(proxy, "log data-get k")).toBe("0 c cas=2");
  });

  it("takes any token for a key that does not exist", () => {
    const proxy = scripted(["rq data-set fresh a 99"]);
    request(proxy);
    expect(answer(proxy, "rq data-set fresh a 99")).toBe("0");
  });

  it("is seen by every worker, and survives a new VM", () => {
    const proxy = probeProxy({ workers: 2 });
    proxy.configure("rq data-set k v");
    request(proxy);
    proxy.replaceVm({ environment: { A: "1" } });
    proxy.configure("rq data-get k");
    proxy.stream(1, { headers: REQUEST }).end();
    expect(answer(proxy, "rq data-get k")).toMatch(/^0 v cas=/);
    expect(callbacks(proxy, "worker 1").filter((c) => c.includes("starts=2"))).toEqual([]);
  });

  it("is one key space for plugins without a vm_id, and separate ones with", () => {
    const process = new ProxyProcess();
    const writer = scripted(["configure data-set k v"], { process });
    const reader = scripted(["configure data-get k"], { process });
    expect(answer(reader, "configure data-get k")).toMatch(/^0 v/);
    const stranger = scripted(["configure data-get k x"], { process, vmId: "other" });
    expect(answer(stranger, "configure data-get k x")).toBe("1");
    expect(writer.sharedData.get("k")).toEqual(new TextEncoder().encode("v"));
  });

  it("can be empty, and an empty value is found", () => {
    const proxy = scripted(["rq data-set k _", "rs data-get k"]);
    request(proxy);
    expect(answer(proxy, "rs data-get k")).toBe("0  cas=1");
  });
});

describe("a shared queue", () => {
  it("tells the root that registered it last, on that worker, and hands out in order", () => {
    const proxy = probeProxy({ workers: 2 });
    const script = ["configure queue-register q", "rq enqueue 1 hello", "queue dequeue 1"];
    proxy.configure(script.join("\n"));
    proxy.stream(0, { headers: REQUEST });
    expect(callbacks(proxy).filter((c) => c.startsWith("queue_ready"))).toEqual([]);
    proxy.advance(0);
    const ready = [...proxy.logs].filter((l) => l.message.startsWith("queue_ready"));
    expect(ready.map((l) => [l.vm, l.message])).toEqual([["worker 1", "queue_ready 1 1"]]);
    expect(answer(proxy, "queue dequeue 1")).toBe("0 hello");
  });

  it("resolves by name, and answers NotFound and Empty apart", () => {
    const proxy = scripted([
      "configure queue-register q",
      "rq queue-resolve _ q",
      "rq queue-resolve _ nobody",
      "rq dequeue 1",
      "rq dequeue 9",
    ]);
    request(proxy);
    expect(answer(proxy, "rq queue-resolve _ q")).toBe("0 1");
    expect(answer(proxy, "rq queue-resolve _ nobody")).toBe("1");
    expect(answer(proxy, "rq dequeue 1")).toBe("7");
    expect(answer(proxy, "rq dequeue 9")).toBe("1");
  });
});

describe("statistics", () => {
  it("get a new id at every definition, with the type in its low bits", () => {
    const proxy = scripted([
      "rq define 0 hits",
      "rq define 1 depth",
      "rq define 2 sizes",
      "rs define 0 hits",
      "rq define 3 x",
    ]);
    request(proxy);
    expect(answer(proxy, "rq define 0 hits")).toBe("0 4");
    expect(answer(proxy, "rq define 1 depth")).toBe("0 5");
    expect(answer(proxy, "rq define 2 sizes")).toBe("0 6");
    expect(answer(proxy, "rs define 0 hits")).toBe("0 8");
    expect(answer(proxy, "rq define 3 x")).toBe("2");
  });

  it("of one name are one value over all VMs", () => {
    const proxy = probeProxy({ workers: 2 });
    proxy.configure(["configure define 0 hits", "rq inc 4 2", "rq metric 4"].join("\n"));
    for (const worker of [0, 1, 1]) proxy.stream(worker, { headers: REQUEST }).end();
    expect(proxy.metrics.counter("hits")).toBe(6);
    expect(answers(proxy, "rq metric 4")).toEqual(["0 2", "0 4", "0 6"]);
  });

  it("of a counter only rise; of a gauge they can be set and lowered", () => {
    const proxy = scripted([
      "rq define 0 c",
      "rq define 1 g",
      "rq inc 4 0",
      "rq inc 4 -1",
      "rq record 4 5",
      "rq record 5 7",
      "rq inc 5 -2",
    ]);
    request(proxy);
    expect(answer(proxy, "rq inc 4 0")).toBe("2");
    expect(answer(proxy, "rq inc 4 -1")).toBe("2");
    expect(proxy.metrics.counter("c")).toBe(5);
    expect(proxy.metrics.gauge("g")).toBe(5);
  });

  it("of a histogram take records and nothing else", () => {
    const proxy = scripted([
      "rq define 2 h",
      "rq record 6 3",
      "rq record 6 9",
      "rq inc 6 1",
      "rq metric 6",
    ]);
    request(proxy);
    expect(proxy.metrics.histogram("h")).toEqual({ count: 2, sum: 12, min: 3, max: 9 });
    expect(answer(proxy, "rq inc 6 1")).toBe("2");
    expect(answer(proxy, "rq metric 6")).toBe("2");
  });

  it("of an id that was never defined are NotFound", () => {
    const proxy = scripted(["rq inc 400 1", "rq record 401 1", "rq metric 400"]);
    request(proxy);
    for (const line of ["rq inc 400 1", "rq record 401 1", "rq metric 400"]) {
      expect(answer(proxy, line)).toBe("1");
    }
  });
});
