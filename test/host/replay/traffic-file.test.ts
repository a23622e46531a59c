import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseTraffic } from "../../../host-tools/src/training/recorded-traffic";
import type { RecordedRequest } from "../../../host-tools/src/replay/recorded-request";
import { readTraffic, readTrafficFile } from "../../../host-tools/src/replay/traffic-file";

const read = (text: string): Promise<RecordedRequest[]> => readTraffic([Buffer.from(text)]);

const GOOD = '{"at_ms":0,"latency_ms":5}';

describe("a traffic file", () => {
  it.each([
    ['{"latency_ms":5}', "line 1: at_ms is missing; it must be a number in"],
    ['{"at_ms":-1,"latency_ms":5}', "line 1: at_ms is -1"],
    ['{"at_ms":0,"latency_ms":"soon"}', 'line 1: latency_ms is "soon"'],
    ['{"at_ms":0,"latency_ms":1e9}', "in [0, 86400000]"],
    ['{"at_ms":0,"latency_ms":{"a":1}}', 'has no "*" for the other arms'],
    ['{"at_ms":0,"latency_ms":5,"status":20}', "status is 20, not 0 or"],
    ['{"at_ms":0,"latency_ms":5,"path":7}', "path is 7, not a string"],
    ['{"at_ms":0,"latency_ms":5,"headers":{"a":1}}', "headers is no object of strings"],
    ['{"at_ms":0,"latency_ms":5,"headers":{"a":"\\u2603"}}', "header a"],
    [`${GOOD}\n[1]`, "line 2: is not a JSON object"],
    [`${GOOD}\n{"at_ms":`, "line 2: is not a JSON object"],
    ["method,path\nGET,/", "line 1: names no columns at_ms and latency_ms"],
    ["at_ms,latency_ms\n1,2,3", "line 2: has 3 cells for 2 columns"],
    ["TIMESTAMP,ContextTokens,GeneratedTokens\nyesterday,1,2", "line 2: is no line of the trace"],
  ])("says what is wrong with %j", async (text, reason) => {
    await expect(read(text)).rejects.toMatchObject({
      code: "E_REPLAY_LINE",
      exitCode: 65,
      message: expect.stringContaining(reason) as string,
    });
  });

  it("must have a request", async () => {
    await expect(read("\n\n")).rejects.toMatchObject({ code: "E_REPLAY_EMPTY", exitCode: 65 });
  });

  it("that is not there is bad input", async () => {
    const attempt = readTrafficFile("/nonexistent.jsonl");
    await expect(attempt).rejects.toMatchObject({ code: "E_INPUT", exitCode: 65 });
  });

  it("reads the same from CSV and from JSON lines", async () => {
    const csv = "at_ms,method,path,latency_ms,status,header:x-user-tier\n10,POST,/a,5,200,free\n";
    const json =
      '{"at_ms":10,"method":"POST","path":"/a","latency_ms":5,"status":200,' +
      '"headers":{"x-user-tier":"free"}}';
    const [fromCsv, fromJson] = [await read(csv), await read(json)];
    expect(fromCsv[0]!.headers.toList()).toEqual(fromJson[0]!.headers.toList());
    expect({ ...fromCsv[0]!, headers: 0 }).toEqual({ ...fromJson[0]!, headers: 0 });
  });

  it("takes a recording that train takes", async () => {
    const line = '{"arrival_ms":70,"route":"chat","latency_ms":5,"status":200,"path":"/chat"}';
    const csv = "arrival_ms,route,latency_ms,status,path\n70,chat,5,200,/chat";
    expect(parseTraffic(line)).toHaveLength(1);
    for (const requests of [await read(line), await read(csv)]) {
      expect(requests).toMatchObject([{ atMs: 0, latencyMs: 5, status: 200 }]);
    }
  });

  it("keeps a header that comes twice", async () => {
    const [pairs, object] = await Promise.all([
      read('{"at_ms":0,"latency_ms":5,"headers":[["x-t","a"],["x-t","b"]]}'),
      read('{"at_ms":0,"latency_ms":5,"headers":{"x-t":["a","b"]}}'),
    ]);
    const copies = pairs[0]!.headers.toList().filter(([name]) => name === "x-t");
    expect(copies).toEqual([
      ["x-t", "a"],
      ["x-t", "b"],
    ]);
    expect(object[0]!.headers.toList()).toEqual(pairs[0]!.headers.toList());
  });

  it("reads the published traces and makes latencies from their tokens", async () => {
    const azure = await read(
      "TIMESTAMP,ContextTokens,GeneratedTokens\r\n" +
        "2023-11-16 18:17:03.9799600,4000,10\r\n2023-11-16 18:17:04.0319600,100,8\r\n",
    );
    expect(azure.map((one) => one.latencyMs)).toEqual([500, 265]);
    expect(azure[1]!.atMs).toBeCloseTo(52, 3);
    const mooncake = await read(
      '{"timestamp":3000,"input_length":2000,"output_length":5,"hash_ids":[0]}\n' +
        '{"timestamp":6000,"input_length":0,"output_length":1,"hash_ids":[0]}\n',
    );
    expect(mooncake).toMatchObject([
      { atMs: 0, latencyMs: 300, ttfbMs: 200 },
      { atMs: 3000, latencyMs: 120, ttfbMs: 100 },
    ]);
  });

  it("is sorted by time and begins at 0, in whatever order and pieces it comes", async () => {
    const times = fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(times, fc.integer({ min: 1, max: 50 }), async (atMs, pieceBytes) => {
        const bytes = Buffer.from(
          atMs.map((at) => `{"at_ms":${at},"latency_ms":1,"path":"/\u00e9"}`).join("\r\n"),
        );
        const pieces: Buffer[] = [];
        for (let i = 0; i < bytes.length; i += pieceBytes) {
          pieces.push(bytes.subarray(i, i + pieceBytes));
        }
        const requests = await readTraffic(pieces);
        const least = Math.min(...atMs);
        const expected = atMs.map((at) => at - least).sort((a, b) => a - b);
        expect(requests.map((one) => one.atMs)).toEqual(expected);
      }),
      { seed: 1, numRuns: 100 },
    );
  });
});
