import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ResponseParser,
  ResponseSyntaxError,
} from "../../../host-tools/src/rig/load/response-parser";

interface Expected {
  readonly text: string;
  readonly status: number;
  readonly bodyBytes: number;
  readonly keepAlive: boolean;
  readonly method?: string;
  readonly endsByClose?: boolean;
}

const CASES: Record<string, Expected> = {
  "a body of a given length": {
    text: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Upstream: a\r\n\r\nhello",
    status: 200,
    bodyBytes: 5,
    keepAlive: true,
  },
  "an empty body": {
    text: "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
    status: 503,
    bodyBytes: 0,
    keepAlive: true,
  },
  "chunks with extensions and trailers": {
    text:
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" +
      "5;name=value\r\nhello\r\n1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nx-trailer: 1\r\n\r\n",
    status: 200,
    bodyBytes: 31,
    keepAlive: true,
  },
  "a body until the connection closes": {
    text: "HTTP/1.1 200 OK\r\n\r\nsome bytes",
    status: 200,
    bodyBytes: 10,
    keepAlive: false,
    endsByClose: true,
  },
  "a response after an interim one": {
    text: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length: 1\r\n\r\nx",
    status: 201,
    bodyBytes: 1,
    keepAlive: true,
  },
  "204 and HEAD, which have no body": {
    text: "HTTP/1.1 204 No Content\r\n\r\n",
    status: 204,
    bodyBytes: 0,
    keepAlive: true,
  },
  "HEAD with a length": {
    text: "HTTP/1.1 200 OK\r\ncontent-length: 99\r\nconnection: close\r\n\r\n",
    status: 200,
    bodyBytes: 0,
    keepAlive: false,
    method: "HEAD",
  },
  "HTTP/1.0, which closes unless it says otherwise": {
    text: "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
    status: 200,
    bodyBytes: 2,
    keepAlive: false,
  },
};

/** Feeds the text cut at the given places, through one reused buffer as a socket would. */
function parse(expected: Expected, cuts: number[] = []): ResponseParser {
  const parser = new ResponseParser();
  parser.reset(expected.method ?? "GET");
  const bytes = Buffer.from(expected.text);
  const shared = Buffer.alloc(bytes.length);
  const ends = [...new Set(cuts), bytes.length].sort((a, b) => a - b);
  let at = 0;
  for (const end of ends) {
    const length = bytes.copy(shared, 0, at, end);
    parser.push(shared.subarray(0, length));
    shared.fill(0x5a);
    at = end;
  }
  if (expected.endsByClose) parser.close();
  return parser;
}

describe("ResponseParser reads", () => {
  for (const [name, expected] of Object.entries(CASES)) {
    it(`${name}, however the bytes are cut`, () => {
      const cut = fc.integer({ min: 0, max: expected.text.length });
      fc.assert(
        fc.property(fc.array(cut, { maxLength: 20 }), (cuts) => {
          const parser = parse(expected, cuts);
          expect(parser.isDone).toBe(true);
          expect(parser.status).toBe(expected.status);
          expect(parser.bodyBytes).toBe(expected.bodyBytes);
          expect(parser.keepAlive).toBe(expected.keepAlive);
        }),
        { seed: 5, numRuns: 200 },
      );
    });
  }

  it("is not done one byte before the end", () => {
    for (const expected of Object.values(CASES)) {
      if (expected.endsByClose) continue;
      const text = expected.text.slice(0, -1);
      expect(parse({ ...expected, text }).isDone).toBe(false);
    }
  });

  it("headers by name without regard to case, and not by the end of another name", () => {
    const parser = parse({
      ...(CASES["a body of a given length"] as Expected),
      text: "HTTP/1.1 200 OK\r\nmy-x-upstream: a\r\nX-Upstream:  b \r\ncontent-length: 0\r\n\r\n",
    });
    expect(parser.header("x-upstream")).toBe("b");
    expect(parser.header("x-other")).toBeUndefined();
  });

  it("nothing that is not a response", () => {
    const bad = [
      "SSH-2.0-OpenSSH\r\n\r\n",
      "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc\r\n",
      "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n\r\n",
      "x".repeat(70_000),
    ];
    for (const text of bad) {
      expect(() => parse({ text, status: 0, bodyBytes: 0, keepAlive: true })).toThrow(
        ResponseSyntaxError,
      );
    }
  });
});
