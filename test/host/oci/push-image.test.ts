import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildImage, pullImage, pushImage } from "../../../host-tools/src/oci";
import { FakeRegistry, stepOf } from "./fake-registry";
import { choices, codeOf, InstantClock, sampleModule } from "./sample";

let registry: FakeRegistry;
beforeEach(async () => {
  registry = await FakeRegistry.start();
});
afterEach(() => registry.stop());

const image = buildImage(sampleModule(3_000), "artifact", { version: "1" });
const older = buildImage(sampleModule(3_000, 1), "artifact", { version: "0" });
const target = () => `${registry.host}/team/ganglion:1`;
const STEPS = ["HEAD blob", "POST upload", "PUT blob", "PUT manifest", "GET manifest", "PUT tag"];

describe("a push", () => {
  it("goes blobs, manifest by digest, tag", async () => {
    const pushed = await pushImage(image, target(), choices());
    expect(registry.steps()).toEqual([
      ...["HEAD blob", "POST upload", "PUT blob", "HEAD blob", "POST upload", "PUT blob"],
      ...["PUT manifest", "GET manifest", "PUT tag", "GET tag"],
    ]);
    expect(pushed.reference).toBe(`oci://${registry.host}/team/ganglion@${image.digest}`);
  });

  it.each(STEPS)("keeps the old tag when the registry always fails at %s", async (step) => {
    await pushImage(older, target(), choices());
    registry.fault = (request, response) => {
      if (stepOf(request) !== step) return false;
      response.writeHead(500).end();
      return true;
    };
    const seenBefore = registry.seen.length;
    const failure = await pushImage(image, target(), choices()).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: "E_REGISTRY_STATUS",
      message: expect.stringMatching(/^registry 127.*, repository team\/ganglion, .*status 500$/),
      hint: expect.stringContaining("pushing again is safe"),
    });
    expect(
      registry
        .steps()
        .slice(seenBefore)
        .filter((one) => one === step),
    ).toHaveLength(5);
    registry.fault = () => false;
    expect((await pullImage(target(), choices())).digest).toBe(older.digest);
    await pushImage(image, target(), choices());
    expect((await pullImage(target(), choices())).digest).toBe(image.digest);
  });

  it.each([...STEPS, "GET tag"])("gets through when %s fails once", async (step) => {
    let failures = 1;
    registry.fault = (request, response) => {
      if (stepOf(request) !== step || failures-- <= 0) return false;
      response.writeHead(503).end();
      return true;
    };
    expect((await pushImage(image, target(), choices())).digest).toBe(image.digest);
    expect(registry.tags.get("1")).toBe(image.digest);
  });

  it.each([...STEPS, "GET tag"])(
    "gets through when the connection dies once at %s",
    async (step) => {
      let failures = 1;
      registry.fault = (request, response) => {
        if (stepOf(request) !== step || failures-- <= 0) return false;
        response.destroy();
        return true;
      };
      expect((await pushImage(image, target(), choices())).digest).toBe(image.digest);
    },
  );

  it("begins a new session when the registry forgot the first", async () => {
    let failures = 1;
    registry.fault = (request, response) => {
      if (stepOf(request) !== "PUT blob" || failures-- <= 0) return false;
      response.writeHead(404).end('{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}');
      return true;
    };
    await pushImage(image, target(), choices());
    const sessions = registry.seen.filter((request) => stepOf(request) === "PUT blob");
    expect(new Set(sessions.map((request) => request.path)).size).toBe(3);
  });

  it("waits at least as long as Retry-After says", async () => {
    const clock = new InstantClock();
    let failures = 2;
    registry.fault = (request, response) => {
      if (stepOf(request) !== "PUT tag" || failures-- <= 0) return false;
      response.writeHead(429, { "retry-after": "3" }).end();
      return true;
    };
    await pushImage(image, target(), choices({ clock }));
    expect(clock.sleepsMs).toHaveLength(2);
    for (const sleptMs of clock.sleepsMs) expect(sleptMs).toBeGreaterThanOrEqual(3_000);
  });

  it("gives up at once when Retry-After asks for more than a minute", async () => {
    const clock = new InstantClock();
    registry.fault = (_, response) => {
      response.writeHead(429, { "retry-after": "3600" }).end();
      return true;
    };
    const failure = await pushImage(image, target(), choices({ clock })).catch((error) => error);
    expect(failure).toMatchObject({ message: expect.stringContaining("status 429") });
    expect(clock.sleepsMs).toEqual([]);
  });

  it("fails when the registry says it stored something else", async () => {
    registry.fault = (request, response) => {
      if (stepOf(request) !== "PUT manifest") return false;
      response.writeHead(201, { "docker-content-digest": `sha256:${"0".repeat(64)}` }).end();
      return true;
    };
    expect(await codeOf(pushImage(image, target(), choices()))).toBe("E_OCI_DIGEST");
    expect(registry.tags.size).toBe(0);
  });

  it("fails before the tag when the stored manifest is not the one that was sent", async () => {
    registry.fault = (request, response) => {
      if (stepOf(request) !== "GET manifest") return false;
      response.writeHead(200).end(older.manifestBytes);
      return true;
    };
    expect(await codeOf(pushImage(image, target(), choices()))).toBe("E_OCI_DIGEST");
    expect(registry.tags.size).toBe(0);
  });

  it("says so when another push took the tag in the same moment", async () => {
    await pushImage(older, target(), choices());
    registry.fault = (request) => {
      if (stepOf(request) === "GET tag") registry.tags.set("1", older.digest);
      return false;
    };
    expect(await codeOf(pushImage(image, target(), choices()))).toBe("E_PUSH_OVERTAKEN");
  });

  it("wants a tag or a digest, and no other digest than the image's", async () => {
    const bare = `${registry.host}/team/ganglion`;
    expect(await codeOf(pushImage(image, bare, choices()))).toBe("E_REFERENCE");
    expect(await codeOf(pushImage(image, `${bare}@${older.digest}`, choices()))).toBe(
      "E_PUSH_DIGEST",
    );
    expect(registry.seen).toEqual([]);
    const pushed = await pushImage(image, `${bare}@${image.digest}`, choices());
    expect([pushed.tag, registry.tags.size]).toEqual([undefined, 0]);
  });

  it("reports each step in order", async () => {
    const steps: string[] = [];
    await pushImage(image, target(), { ...choices(), onStep: (step) => steps.push(step) });
    expect(steps.map((step) => step.split(" ")[0])).toEqual(["blob", "blob", "manifest", "tag"]);
  });
});
