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
    ["route,arrival_ms\na", "line 2: has 1 fields, the first line names 2"],
  ])("refuses %j and says where", (text, message) => {
    expect(() => parseTraffic(text)).toThrow(message);
  });

  it("slices every route by shares of its length", () => {
    const sequences = extractFeatures(parseTraffic(JSON_LINES));
    const parts = [sliceSequences(sequences, 0, 0.5), sliceSequences(sequences, 0.5, 1)];
    expect(parts.map(([part]) => part!.faulty.length)).toEqual([1, 1]);
    expect(parts.map(([part]) => part!.vectors.length)).toEqual([FEATURES, FEATURES]);
  });
});
