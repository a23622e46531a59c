// The fault hook: any host call can be made to answer any status, in any callback.

import { describe, expect, it } from "vitest";
import { EmbeddedProxy, WasmResult } from "../../../host-tools/src/embedded";
import { guestModule } from "./guest-modules";
import { answer, answers, probeProxy, request, REQUEST, RESPONSE } from "./probe";

const PHASES = ["configure", "rq", "rqb", "rs", "rsb", "log", "done", "delete", "tick"];

/** Import and the probe's operation that calls it. */
const OPERATIONS: Readonly<Record<string, string>> = {
  proxy_get_header_map_value: "get 0 x-tier",
  proxy_get_header_map_pairs: "pairs 0",
  proxy_get_header_map_size: "size 0",
  proxy_add_header_map_value: "add 0 a b",
  proxy_replace_header_map_value: "set 0 a b",
  proxy_remove_header_map_value: "remove 0 a",
  proxy_set_header_map_pairs: "set-pairs 0 a b",
  proxy_get_buffer_bytes: "body 0 9",
  proxy_get_buffer_status: "body-size 0",
  proxy_set_buffer_bytes: "set-body 0 0 0 z",
  proxy_get_property: "prop request%path",
  proxy_set_property: "set-prop a b",
  proxy_send_local_response: "reply 429 d b",
  proxy_continue_stream: "continue 0",
  proxy_close_stream: "close 0",
  proxy_get_shared_data: "data-get k",
  proxy_set_shared_data: "data-set k v",
  proxy_register_shared_queue: "queue-register q",
  proxy_resolve_shared_queue: "queue-resolve _ q",
  proxy_enqueue_shared_queue: "enqueue 1 m",
  proxy_dequeue_shared_queue: "dequeue 1",
  proxy_define_metric: "define 0 m",
  proxy_increment_metric: "inc 4 1",
  proxy_record_metric: "record 4 1",
  proxy_get_metric: "metric 4",
  proxy_get_current_time_nanoseconds: "wall",
  proxy_get_status: "status",
  proxy_set_effective_context: "effective 1",
  proxy_done: "finish",
  proxy_call_foreign_function: "foreign clear_route_cache _",
  proxy_http_call: "http-call auth",
  clock_time_get: "clock 1",
  random_get: "random",
};

describe("the fault hook", () => {
  it("answers instead of the call, in the callbacks it chooses", () => {
    let inLog = false;
    const proxy = probeProxy({
      onHostCall: (name, context) => {
        inLog = context.accessLogPhase;
        return name === "proxy_get_shared_data" && inLog ? WasmResult.InternalFailure : undefined;
      },
    });
    proxy.configure("rq data-set k v\nrs data-get k\nlog data-get k");
    request(proxy);
    expect(answer(proxy, "rs data-get k")).toBe("0 v cas=1");
    expect(answer(proxy, "log data-get k")).toBe("10");
  });

  it("sees every import of a module by name", () => {
    const seen = new Set<string>();
    const wasm = guestModule("speed");
    const onHostCall = (name: string): undefined => void seen.add(name);
    const proxy = new EmbeddedProxy({ wasm, onHostCall });
    proxy.configure("x");
    for (let i = 0; i < 64; i++) {
      const headers = [...REQUEST, ["x-i", String(i)] as const];
      proxy.stream(0, { headers }).pushResponseHeaders(RESPONSE, true).end();
    }
    const imported = WebAssembly.Module.imports(new WebAssembly.Module(wasm));
    expect([...seen].sort()).toEqual(imported.map((entry) => entry.name).sort());
  });

  it.each(Object.entries(OPERATIONS))(
    "makes %s fail in every callback, and no trap follows",
    (name, op) => {
      for (const status of Object.values(WasmResult).filter((value) => value !== WasmResult.Ok)) {
        let armed = true;
        const proxy = probeProxy({
          onHostCall: (called, context) => {
            // The probe reads its script once; that read must work for the script to run.
            const readsScript = called === "proxy_get_buffer_bytes" && context.tempPlugin !== null;
            return armed && called === name && !readsScript ? status : undefined;
          },
        });
        const lines = PHASES.map((phase) => `${phase} ${op}`);
        proxy.configure([...lines, "configure period 10"].join("\n"));
        const stream = proxy.stream(0, { headers: REQUEST, endOfStream: false });
        stream.pushRequestBody("x", true);
        stream.pushResponseHeaders(RESPONSE).pushResponseBody("y", true).end();
        proxy.workers[0]!.vm!.tick(1);
        armed = false;
        const phases = PHASES.filter((phase) => phase !== "configure" || !op.startsWith("body "));
        const got = phases.map((phase) => answers(proxy, `${phase} ${op}`)[0]?.split(" ")[0]);
        expect(got, `${name} answering ${status}`).toEqual(phases.map(() => String(status)));
        expect(proxy.logs.messages("error")).toEqual([]);
      }
    },
  );
});
