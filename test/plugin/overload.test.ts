// An upstream that refuses quickly must not win the traffic by its speed.

import { describe, expect, it } from "vitest";
import { configOf, counter, filterProxy, request, settle } from "../support/filter-proxy";
import { MS } from "../support/filter-proxy";

describe("an arm that answers 429 in a millisecond", () => {
  it("loses its traffic instead of attracting it", () => {
    const arms = [{ name: "busy", default: true }, { name: "calm" }, { name: "quiet" }];
    const proxy = filterProxy(configOf([{ name: "chat", arms }]), { seed: 5 });
    let busy = 0;
    const total = 1000;
    for (let i = 0; i < total; i++) {
      const stream = proxy.stream(0, { headers: request() });
      const isBusy = !stream.request.toList().some(([name]) => name === "x-ganglion-arm");
      if (isBusy) busy++;
      proxy.advance(isBusy ? MS : 50 * MS);
      stream.pushResponseHeaders([[":status", isBusy ? "429" : "200"]], true);
      stream.end();
      proxy.advance(10 * MS);
    }
    expect(busy).toBeLessThan(total * 0.1);
    settle(proxy);
    const labels = { route: "chat", arm: "busy" };
    expect(counter(proxy, "ganglion_arm_ignored_total", labels)).toBe(busy);
  });
});
