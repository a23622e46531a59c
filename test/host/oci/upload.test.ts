// Large blobs: in chunks, and what has arrived is not sent again, however the connection fails.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  digestOf,
  parseReference,
  Registry,
  type RegistryChoices,
} from "../../../host-tools/src/oci";
import { registryOptions } from "../../../host-tools/src/oci/registry-options";
import { CHUNK_BYTES } from "../../../host-tools/src/oci/upload";
import { FakeRegistry, type Fault, stepOf } from "./fake-registry";
import { choices, codeOf } from "./sample";

const BYTES = Buffer.from(
  Array.from({ length: 3.5 * CHUNK_BYTES }, (_, i) => (i * 2654435761) >>> 24),
);
const BLOB = {
  descriptor: { mediaType: "application/x", digest: digestOf(BYTES), size: BYTES.length },
  bytes: BYTES,
};

let fake: FakeRegistry;
beforeEach(async () => {
  fake = await FakeRegistry.start();
});
afterEach(() => fake.stop());

const upload = (overrides: Partial<RegistryChoices> = {}) => {
  const reference = parseReference(`${fake.host}/ganglion:1`);
  return new Registry(reference, registryOptions(reference, "push", choices(overrides))).uploadBlob(
    BLOB,
  );
};
const sentBytes = () =>
  fake.seen
    .filter((request) => stepOf(request) === "PATCH session")
    .reduce((sum, { body }) => sum + body.length, 0);
const arrived = () => expect(fake.blobs.get(BLOB.descriptor.digest)?.equals(BYTES)).toBe(true);

/** Does something else to the nth chunk. */
function atChunk(nth: number, fault: Fault): Fault {
  let chunks = 0;
  return (request, response) => {
    if (stepOf(request) !== "PATCH session" || ++chunks !== nth) return false;
    return fault(request, response);
  };
}

/** Half of the chunk arrives, then the connection is cut. */
const cut: Fault = (request, response) => {
  const before = fake.sessions.get(request.path) ?? Buffer.alloc(0);
  const half = request.body.subarray(0, request.body.length / 2);
  fake.sessions.set(request.path, Buffer.concat([before, half]));
  response.destroy();
  return true;
};

describe("a large blob", () => {
  it("goes in chunks, in one session", async () => {
    expect(await upload()).toBe(true);
    expect(fake.steps()).toEqual([
      "HEAD blob",
      "POST upload",
      ...Array<string>(4).fill("PATCH session"),
      "PUT blob",
    ]);
    arrived();
  });

  it.each([1, 2, 4])("that is cut in chunk %i goes on where it stopped", async (nth) => {
    fake.fault = atChunk(nth, cut);
    await upload();
    arrived();
    expect(fake.steps().filter((step) => step === "POST upload")).toHaveLength(1);
    // Only the half that was cut off is sent twice.
    expect(sentBytes() - BYTES.length).toBeLessThanOrEqual(CHUNK_BYTES / 2);
  });

  it("whose answer alone was lost is not sent again", async () => {
    fake.fault = atChunk(2, (request, response) => {
      const before = fake.sessions.get(request.path) ?? Buffer.alloc(0);
      fake.sessions.set(request.path, Buffer.concat([before, request.body]));
      response.destroy();
      return true;
    });
    await upload();
    arrived();
    expect(sentBytes()).toBe(BYTES.length);
  });

  it("goes on after 503 and 416", async () => {
    for (const status of [503, 416]) {
      fake.blobs.clear();
      fake.fault = atChunk(3, (_, response) => {
        response.writeHead(status).end();
        return true;
      });
      await upload();
      arrived();
    }
  });

  it("begins a new session when the old one is gone", async () => {
    fake.fault = atChunk(3, (_, response) => {
      response.writeHead(404).end();
      return true;
    });
    await upload();
    arrived();
    expect(fake.steps().filter((step) => step === "POST upload")).toHaveLength(2);
  });

  it("is given up after five cuts of one chunk, and asks no sixth time", async () => {
    fake.fault = (request, response) => {
      if (stepOf(request) !== "PATCH session") return false;
      response.destroy();
      return true;
    };
    expect(await codeOf(upload())).toBe("E_REGISTRY_CONNECT");
    expect(fake.steps().filter((step) => step === "PATCH session")).toHaveLength(5);
  });

  it("is given up when the registry takes byte after byte", async () => {
    let taken = 1;
    fake.fault = (request, response) => {
      if (stepOf(request) !== "PATCH session") return false;
      response.writeHead(202, { location: request.path, range: `0-${taken++}` }).end();
      return true;
    };
    expect(await codeOf(upload())).toBe("E_REGISTRY_UPLOAD");
  });

  it("goes in the chunks that the registry asks for", async () => {
    fake.fault = (request, response) => {
      if (stepOf(request) !== "POST upload") return false;
      const location = `${request.path}session-9?state=1`;
      const least = String(2 * CHUNK_BYTES);
      response.writeHead(202, { location, "oci-chunk-min-length": least }).end();
      return true;
    };
    await upload();
    arrived();
    expect(fake.steps().filter((step) => step === "PATCH session")).toHaveLength(2);
  });

  it("does not follow its session to another host", async () => {
    fake.fault = atChunk(2, (_, response) => {
      response.writeHead(202, { location: "https://elsewhere.example/upload" }).end();
      return true;
    });
    expect(await codeOf(upload())).toBe("E_REGISTRY_REDIRECT");
  });
});
