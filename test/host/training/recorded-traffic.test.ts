import { describe, expect, it } from "vitest";
import { FEATURES } from "../../../host-tools/src/contract";
import { extractFeatures } from "../../../host-tools/src/model/feature-extractor";
import { parseTraffic, sliceSequences } from "../../../host-tools/src/training/recorded-traffic";

const JSON_LINES = [
  '{"arrival_ms": 0, "route": "chat", "method": "POST", "path": "/v1/chat?x=12", ' +
    '"latency_ms": 20, "ttfb_ms": 5, "status": 200}',
  "",
  '{"arrival_ms": 15.5, "route": "chat", "latency_ms": 30, "status": 503, "limited": true}',
].join("\n");

const CSV = [
  "route,arrival_ms,latency_ms,status,method,path,content_bytes",
  'chat,0,20,200,POST,"/a,b?q",17',
  "chat,15.5,30,503,GET,/a,",
].join("\r\n");

describe("recorded traffic", () => {
  it("reads JSON lines and fills what is not there", () => {
    const [first, second] = parseTraffic(JSON_LINES);
    expect(first).toMatchObject({
      arrivalMs: 1000,
      route: "chat",
      unsafeMethod: 1,
      pathBytes: 8,
      queryBytes: 4,
      ttfbMs: 5,
      latencyMs: 20,
      limited: false,
    });
    expect(second).toMatchObject({ arrivalMs: 1015.5, unsafeMethod: 0, ttfbMs: 30, limited: true });
  });

  it("reads CSV with quotes, Windows line ends and empty fields", () => {
    const [first, second] = parseTraffic(CSV);
    expect(first).toMatchObject({ pathBytes: 4, queryBytes: 1, contentBytes: 17, status: 200 });
    expect(second).toMatchObject({ contentBytes: 0, status: 503 });
  });

  it.each([
    ["", "the traffic file has no lines"],
    ['{"arrival_ms": 1}', "traffic line 1: route is missing"],
    ['{"route": "a", "arrival_ms": -1, "latency_ms": 1, "status": 200}', "arrival_ms is -1"],
    ['{"route": "a", "arrival_ms": 1, "latency_ms": "x", "status": 200}', 'latency_ms is "x"'],
    ['{"route": "a"}\n[1]', "latency_ms is missing"],
    ['{"route": "a", "arrival_ms": 1, "latency_ms": 1, "status": 1}\n[1]', "line 2: is not a JSON"],
    [
      '{"route": "a", "at_ms": 1, "latency_ms": 9e9}',
      "latency_ms is 9000000000, must be a number from 0 to 86400000",
    ],
    ['{"route": "a", "start_time": "noon", "duration": 1}', 'start_time is "noon"'],
    ['{"route": 7, "at_ms": 1, "latency_ms": 1}', "route is 7, must be a string"],
    ['{"path": "/", "start_time": 1, "duration": "x"}', 'duration is "x", must be a number'],
    [
      '{"path": "/", "at_ms": 1, "latency_ms": {"*": 3}}',
      'latency_ms is {"*":3}, must be a number',
    ],
    ["route,arrival_ms\na", "line 2: has 1 fields, the first line names 2"],
  ])("refuses %j and says where", (text, message) => {
    expect(() => parseTraffic(text)).toThrow(message);
  });

  it("reads Istio's JSON access log as it is", () => {
    const line = {
      start_time: "2026-03-01T10:00:00.250Z",
      method: "POST",
      path: "/api/v1/orders/1234/items?full=1",
      response_code: 200,
      response_flags: "-",
      bytes_received: 120,
      duration: 35,
      upstream_service_time: "31",
      route_name: "default",
      upstream_transport_failure_reason: null,
    };
    const later = { ...line, start_time: "2026-03-01T12:00:01.000+02:00", response_code: 0 };
    const [first, second] = parseTraffic(
      [line, later].map((one) => JSON.stringify(one)).join("\n"),
    );
    expect(first).toMatchObject({
      arrivalMs: 1000,
      route: "POST /api/v1/orders",
      contentBytes: 120,
      ttfbMs: 31,
      latencyMs: 35,
      status: 200,
      attempt: 1,
      limited: false,
      path: "/api/v1/orders/1234/items",
      queryBytes: 6,
    });
    expect(second).toMatchObject({ arrivalMs: 1750, status: 0 });
  });

  it("takes from the filter's own decision what a limit refused", () => {
    const line = (ganglion: string) =>
      JSON.stringify({
        start_time: "1767261600.250000",
        route_name: "chat",
        response_code: 429,
        duration: 0,
        ganglion,
        x_envoy_attempt_count: "2",
      });
    const states = ["throttle:limit:12", "throttle:limit:12:shadow", "allow:none:3"];
    const requests = parseTraffic(states.map(line).join("\n"));
    expect(requests.map((one) => one.limited)).toEqual([true, false, false]);
    expect(requests[0]).toMatchObject({ route: "chat", attempt: 2, arrivalMs: 1000 });
  });

  it("reads a recording that replay takes, headers and all", () => {
    const line = {
      at_ms: 5,
      path: "/chat",
      headers: { "x-tier": "free" },
      latency_ms: 3,
      status: 200,
    };
    const [request] = parseTraffic(JSON.stringify(line));
    expect(request).toMatchObject({ headerCount: 1, headerBytes: 10, route: "GET /chat" });
  });

  it.each([
    ["POST", "/v1/users/77/posts/9", "POST /v1/users/*"],
    ["get", "/", "GET /"],
    ["GET", "/a/b?c=/d", "GET /a/b"],
  ])("names the route of %s %s %s", (method, path, name) => {
    const line = { at_ms: 0, method, path, latency_ms: 1, status: 200 };
    expect(parseTraffic(JSON.stringify(line))[0]!.route).toBe(name);
  });

  it("sends whoever trains on replay's output back to the recording", () => {
    const line = { at_ms: 0, path: "/a", verdict: "allow", reason: "none" };
    try {
      parseTraffic(JSON.stringify(line));
      expect.fail("was taken");
    } catch (error) {
      expect(error).toMatchObject({
        message: "traffic line 1: latency_ms is missing",
        hint: expect.stringContaining("train on the recording itself"),
      });
    }
  });

  it("slices every route by shares of its length", () => {
    const sequences = extractFeatures(parseTraffic(JSON_LINES));
    const parts = [sliceSequences(sequences, 0, 0.5), sliceSequences(sequences, 0.5, 1)];
    expect(parts.map(([part]) => part!.faulty.length)).toEqual([1, 1]);
    expect(parts.map(([part]) => part!.vectors.length)).toEqual([FEATURES, FEATURES]);
  });
});
