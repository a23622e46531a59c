// Properties: what is readable in which phase, and how values are encoded.

import { describe, expect, it } from "vitest";
import { answer, request, REQUEST, RESPONSE, scripted } from "./probe";

const PHASES = ["rq", "rs", "log"] as const;

/** The status of one property per phase, for one request. */
function statuses(path: string): string[] {
  const proxy = scripted(
    PHASES.map((phase) => `${phase} prop ${path}`),
    {
      attributes: { "upstream.address": "10.0.0.7:80", "upstream.num_endpoints": 3 },
    },
  );
  const stream = proxy.stream(0, { headers: [...REQUEST, ["x-request-id", "id-1"]] });
  proxy.advance(5e6);
  stream.pushResponseHeaders(RESPONSE, true);
  stream.end();
  return PHASES.map((phase) => answer(proxy, `${phase} prop ${path}`)!.split(" ")[0]!);
}

describe("a property", () => {
  it.each(["path", "url_path", "query", "host", "method", "scheme", "id"])(
    "request.%s is there for the request, gone for the response, back in the log",
    (name) => {
      expect(statuses(`request%${name}`)).toEqual(["0", "1", "0"]);
    },
  );

  it("request.headers of one name follows the same phases", () => {
    expect(statuses("request%headers%x-tier")).toEqual(["0", "1", "0"]);
  });

  it.each(["time", "protocol", "size", "total_size"])("request.%s is always there", (name) => {
    expect(statuses(`request%${name}`)).toEqual(["0", "0", "0"]);
  });

  it("request.duration is there in the log only", () => {
    expect(statuses("request%duration")).toEqual(["1", "1", "0"]);
  });

  it.each(["response%code", "response%code_details", "response%grpc_status"])(
    "%s is there from the response headers on",
    (path) => {
      expect(statuses(path)).toEqual(["1", "0", "0"]);
    },
  );

  it("upstream.address is there as soon as the request has gone to the upstream", () => {
    expect(statuses("upstream%address")).toEqual(["1", "0", "0"]);
    const proxy = scripted(["rqb prop upstream%address"], {
      attributes: { "upstream.address": "10.0.0.7:80" },
    });
    proxy.stream(0, { headers: REQUEST, endOfStream: false }).pushRequestBody("x", true);
    expect(answer(proxy, "rqb prop upstream%address")).toBe("0 10.0.0.7:80");
  });

  it("response.code of a local reply is there when the filter sees its own reply", () => {
    const proxy = scripted(["rq reply 429 d _", "rs prop-int response%code"]);
    request(proxy);
    expect(answer(proxy, "rs prop-int response%code")).toBe("0 429 bytes=8");
  });

  it("response.grpc_status is worked out from the HTTP status when none was sent", () => {
    const proxy = scripted(["rs prop-int response%grpc_status"]);
    request(proxy);
    expect(answer(proxy, "rs prop-int response%grpc_status")).toBe("0 2 bytes=8");
  });

  it("of the node is the only one a root context can read, beside the plugin's", () => {
    const lines = ["configure prop xds%node%id", "configure prop xds%cluster_name"];
    const attributes = { "xds.node.id": "n1", "xds.cluster_name": "llm" };
    const proxy = scripted(lines, { attributes });
    expect(lines.map((line) => answer(proxy, line))).toEqual(["0 n1", "1"]);
  });

  it("response.backend_latency is there once the upstream has answered", () => {
    expect(statuses("response%backend_latency")).toEqual(["1", "1", "0"]);
  });

  it("upstream.num_endpoints is there before an endpoint is chosen", () => {
    expect(statuses("upstream%num_endpoints")).toEqual(["0", "0", "0"]);
  });

  it("that nobody knows is NotFound, also a known one written with a dot", () => {
    expect(statuses("node%id")).toEqual(["1", "1", "1"]);
    expect(statuses("request.path")).toEqual(["1", "1", "1"]);
    expect(statuses("request%path%more")).toEqual(["1", "1", "1"]);
  });

  it("of the plugin is readable anywhere", () => {
    const proxy = scripted(["configure prop plugin_root_id", "rq prop plugin_name"], {
      rootId: "root-a",
      pluginName: "ns.plugin",
    });
    request(proxy);
    expect(answer(proxy, "configure prop plugin_root_id")).toBe("0 root-a");
    expect(answer(proxy, "rq prop plugin_name")).toBe("0 ns.plugin");
  });
});

describe("a property value", () => {
  it("is a raw string, or an integer of 8 bytes little endian, or a bool of 1 byte", () => {
    const proxy = scripted(
      [
        "rq prop xds%cluster_name",
        "rs prop-int response%code",
        "rq prop connection%mtls",
        "rq prop-int xds%n",
      ],
      { attributes: { "xds.cluster_name": "llm", "connection.mtls": true, "xds.n": -2 } },
    );
    request(proxy);
    expect(answer(proxy, "rq prop xds%cluster_name")).toBe("0 llm");
    expect(answer(proxy, "rs prop-int response%code")).toBe("0 200 bytes=8");
    expect(answer(proxy, "rq prop connection%mtls")).toBe("0 \u0001");
    expect(answer(proxy, "rq prop-int xds%n")).toBe("0 -2 bytes=8");
  });

  it("of time and duration is in nanoseconds, the time in whole microseconds", () => {
    const proxy = scripted(["rq prop-int request%time", "log prop-int request%duration"], {
      startTimeNs: 1_700_000_000_000_000_123n,
    });
    const stream = proxy.stream(0, { headers: REQUEST });
    proxy.advance(1_234_567);
    stream.end();
    expect(answer(proxy, "rq prop-int request%time")).toBe("0 1700000000000000000 bytes=8");
    expect(answer(proxy, "log prop-int request%duration")).toBe("0 1234567 bytes=8");
  });

  it("given per stream wins over the proxy's", () => {
    const proxy = scripted(["rq prop xds%cluster_name"], {
      attributes: { "xds.cluster_name": "a" },
    });
    proxy.stream(0, { headers: REQUEST, attributes: { "xds.cluster_name": "b" } });
    expect(answer(proxy, "rq prop xds%cluster_name")).toBe("0 b");
  });
});

describe("set_property", () => {
  it("writes filter state wasm.<path>, readable under both names for the stream's life", () => {
    const proxy = scripted([
      "rq set-prop verdict shed",
      "rs prop verdict",
      "log prop filter_state%wasm.verdict",
    ]);
    const stream = request(proxy);
    expect(answer(proxy, "rs prop verdict")).toBe("0 shed");
    expect(answer(proxy, "log prop filter_state%wasm.verdict")).toBe("0 shed");
    expect(stream.streamInfo.filterState?.has("wasm.verdict")).toBe(true);
  });

  it("to a metadata path is answered Ok and changes no metadata", () => {
    const proxy = scripted(["rq set-prop metadata%x 1", "rq prop metadata%x"]);
    request(proxy);
    expect(answer(proxy, "rq set-prop metadata%x 1")).toBe("0");
    expect(answer(proxy, "rq prop metadata%x")).toBe("1");
  });

  it("in a root context is NotFound", () => {
    const proxy = scripted(["configure set-prop a b"]);
    expect(answer(proxy, "configure set-prop a b")).toBe("1");
  });
});

describe("a foreign function", () => {
  const path = "envoy.network.transport_socket.original_dst_address";

  it("clear_route_cache drops the route, set_envoy_filter_state takes known keys only", () => {
    const args = (key: string): string =>
      `^${String.fromCharCode(key.length)}${key}\u0012\u000b10.0.0.1:80`;
    const known = `rq foreign set_envoy_filter_state ${args(path)}`;
    const unknown = `rq foreign set_envoy_filter_state ${args("my.key")}`;
    const broken = "rq foreign set_envoy_filter_state ^zz";
    const lines = [
      known,
      unknown,
      broken,
      "rq foreign clear_route_cache _",
      "rq foreign expr_create x",
    ];
    const proxy = scripted(lines);
    const stream = request(proxy);
    expect([known, unknown, broken].map((line) => answer(proxy, line))).toEqual(["0", "1", "2"]);
    expect(stream.streamInfo.filterState?.get(path)).toEqual(
      new TextEncoder().encode("10.0.0.1:80"),
    );
    expect(answer(proxy, "rq foreign clear_route_cache _")).toBe("0");
    expect(answer(proxy, "rq foreign expr_create x")).toBe("1");
    expect(stream.routeCacheClears).toBe(1);
  });
});
