// What a hostile or broken registry can answer, and that the client neither believes nor follows
// it.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  buildImage,
  type Credential,
  parseReference,
  pullImage,
  pushImage,
  Registry,
  type RegistryChoices,
} from "../../../host-tools/src/oci";
import { registryOptions } from "../../../host-tools/src/oci/registry-options";
import { FakeRegistry, stepOf } from "./fake-registry";
import { choices, codeOf, sampleModule } from "./sample";

let registry: FakeRegistry;
beforeEach(async () => {
  registry = await FakeRegistry.start();
});
afterEach(() => registry.stop());

const image = buildImage(sampleModule(9_000), "artifact");
const layer = image.manifest.layers[1] ?? image.manifest.config;
const target = () => `${registry.host}/ganglion:1`;
const client = (overrides: Partial<RegistryChoices> = {}) => {
  const reference = parseReference(target());
  return new Registry(reference, registryOptions(reference, "push", choices(overrides)));
};

/** Sends every blob read elsewhere. */
function redirectBlobsTo(location: string): void {
  registry.fault = (request, response) => {
    if (stepOf(request) !== "GET blob") return false;
    response.writeHead(307, { location }).end();
    return true;
  };
}

/** Asks for credentials the Bearer way until a token comes; answers at /token. */
function demandToken(realm: string, token = "let-me-in"): void {
  registry.fault = (request, response) => {
    if (request.path === "/token") {
      response.writeHead(200).end(JSON.stringify({ token }));
      return true;
    }
    if (request.headers.authorization === `Bearer ${token}`) return false;
    const challenge = `Bearer realm="${realm}",service="fake",scope="repository:a:pull,push"`;
    response.writeHead(401, { "www-authenticate": challenge }).end();
    return true;
  };
}

describe("reading a blob", () => {
  beforeEach(async () => {
    await pushImage(image, target(), choices());
  });

  it("refuses one that was altered", async () => {
    registry.blobs.set(layer.digest, Buffer.alloc(layer.size));
    expect(await codeOf(client().getBlob(layer))).toBe("E_OCI_DIGEST");
  });

  it("tries again when the connection ends early, and gives up after five", async () => {
    let cuts = 0;
    registry.fault = (request, response) => {
      if (stepOf(request) !== "GET blob") return false;
      cuts++;
      response.writeHead(200, { "content-length": layer.size });
      response.write(Buffer.alloc(100), () => response.destroy());
      return true;
    };
    expect(await codeOf(client().getBlob(layer))).toBe("E_REGISTRY_CONNECT");
    expect(cuts).toBe(5);
  });

  it.each([
    ["stated", true],
    ["not stated", false],
  ])("stops at a body that is larger than it may be, size %s", async (_, stated) => {
    registry.fault = (request, response) => {
      if (stepOf(request) !== "GET blob") return false;
      response.writeHead(200, stated ? { "content-length": 10 * 2 ** 30 } : {});
      response.write(Buffer.alloc(256 * 1024));
      return true;
    };
    expect(await codeOf(client().getBlob(layer))).toBe("E_REGISTRY_TOO_LARGE");
  });

  it.each([
    "http://169.254.169.254/latest/meta-data/",
    "https://169.254.169.254/",
    "https://2852039166/",
    "https://[::ffff:169.254.169.254]/",
    "https://[fe80::1]/",
    "https://[fd00:ec2::254]/",
    "https://metadata.google.internal/",
    "https://10.0.0.1/",
    "https://192.168.1.1/",
    "https://0.0.0.0/",
    "http://store.example.test/",
    "file:///etc/passwd",
    "https://user:secret@store.example.test/",
  ])("refuses the redirect to %s", async (location) => {
    redirectBlobsTo(location);
    expect(await codeOf(client().getBlob(layer))).toBe("E_REGISTRY_REDIRECT");
  });

  it("refuses a name that resolves to the metadata address, trusted or not", async () => {
    redirectBlobsTo("https://store.example.test/blob");
    const resolveHost = async () => ["203.0.113.7", "169.254.169.254"];
    for (const trustedHosts of [[], ["store.example.test"]]) {
      const blob = client({ resolveHost, trustedHosts }).getBlob(layer);
      expect(await codeOf(blob)).toBe("E_REGISTRY_REDIRECT");
    }
  });

  it("follows a redirect to another server without the registry's authorization", async () => {
    const store = await FakeRegistry.start();
    store.blobs.set(layer.digest, Buffer.from(image.blobs[2]?.bytes ?? []));
    demandToken(`http://${registry.host}/token`);
    const asked = registry.fault;
    registry.fault = (request, response) => {
      if (asked(request, response)) return true;
      if (stepOf(request) !== "GET blob") return false;
      response.writeHead(307, { location: `http://${store.host}${request.path}?sig=1` }).end();
      return true;
    };
    const bytes = await client().getBlob(layer);
    await store.stop();
    expect(bytes).toEqual(Buffer.from(image.blobs[2]?.bytes ?? []));
    expect(registry.seen.at(-1)?.headers.authorization).toBe("Bearer let-me-in");
    expect(store.seen.map((request) => request.headers.authorization)).toEqual([undefined]);
  });

  it("does not run in circles", async () => {
    redirectBlobsTo(`/v2/ganglion/blobs/${layer.digest}`);
    expect(await codeOf(client().getBlob(layer))).toBe("E_REGISTRY_REDIRECT");
    expect(registry.steps().filter((step) => step === "GET blob")).toHaveLength(4);
  });
});

describe("a redirect of anything but a blob read", () => {
  it.each(["PUT manifest", "GET manifest", "POST upload"])("is refused for %s", async (step) => {
    registry.fault = (request, response) => {
      if (stepOf(request) !== step) return false;
      response.writeHead(307, { location: "https://elsewhere.example.test/" }).end();
      return true;
    };
    expect(await codeOf(pushImage(image, target(), choices()))).toBe("E_REGISTRY_STATUS");
  });

  it("counts as found for the look-up of a blob", async () => {
    registry.fault = (request, response) => {
      if (stepOf(request) !== "HEAD blob") return false;
      response.writeHead(307, { location: "https://169.254.169.254/" }).end();
      return true;
    };
    expect(await client().hasBlob(layer)).toBe(true);
  });

  it("keeps an upload session from going to another host", async () => {
    registry.fault = (request, response) => {
      if (stepOf(request) !== "POST upload") return false;
      response.writeHead(202, { location: "http://169.254.169.254/upload" }).end();
      return true;
    };
    expect(await codeOf(pushImage(image, target(), choices()))).toBe("E_REGISTRY_REDIRECT");
  });
});

describe("credentials", () => {
  const basic: Credential = { kind: "basic", username: "pilot", password: "s3cret" };

  it("are not sent before they are asked for", async () => {
    await pushImage(image, target(), choices({ credential: async () => basic }));
    expect(registry.seen.every((request) => request.headers.authorization === undefined)).toBe(
      true,
    );
  });

  it("become one token for all requests of a push", async () => {
    demandToken(`http://${registry.host}/token`);
    await pushImage(image, target(), choices({ credential: async () => basic }));
    const asked = registry.seen.filter((request) => request.path === "/token");
    expect(asked).toHaveLength(1);
    expect(asked[0]?.headers.authorization).toBe(`Basic ${btoa("pilot:s3cret")}`);
    expect(asked[0]?.query.get("scope")).toBe("repository:ganglion:pull,push");
    expect(asked[0]?.query.get("service")).toBe("fake");
  });

  it("are renewed when the token runs out on the way", async () => {
    let token = "first";
    registry.fault = (request, response) => {
      if (request.path === "/token") {
        response.writeHead(200).end(JSON.stringify({ access_token: token }));
        return true;
      }
      if (stepOf(request) === "PUT manifest") token = "second";
      if (request.headers.authorization === `Bearer ${token}`) return false;
      const realm = `Bearer realm="http://${registry.host}/token"`;
      response.writeHead(401, { "www-authenticate": realm }).end();
      return true;
    };
    await pushImage(image, target(), choices({ credential: async () => basic }));
    expect(registry.tags.get("1")).toBe(image.digest);
  });

  it("may be an identity token, exchanged by POST", async () => {
    demandToken(`http://${registry.host}/token`);
    const credential = async () => ({ kind: "identity-token", token: "long-lived" }) as const;
    await pushImage(image, target(), choices({ credential }));
    const asked = registry.seen.find((request) => request.path === "/token");
    const form = new URLSearchParams(asked?.body.toString("utf8"));
    expect(asked?.method).toBe("POST");
    expect(form.get("grant_type")).toBe("refresh_token");
    expect(form.get("refresh_token")).toBe("long-lived");
  });

  it.each([
    "file:///etc/passwd",
    "http://169.254.169.254/token",
    "https://169.254.169.254/token",
    "https://attacker.example.test/token",
    "http://attacker.example.test/token",
    "https://10.1.2.3/token",
    "//",
    "",
  ])("never go to the realm %j", async (realm) => {
    demandToken(realm);
    const push = pushImage(image, target(), choices({ credential: async () => basic }));
    expect(await codeOf(push)).toBe("E_REGISTRY_REALM");
    expect(registry.seen).toHaveLength(1);
  });

  it("are not quoted when they are refused, and the realm is not asked for ever", async () => {
    registry.fault = (request, response) => {
      const realm = `Bearer realm="http://${registry.host}/v2/auth"`;
      response.writeHead(401, { "www-authenticate": realm }).end('{"errors":[]}');
      return true;
    };
    const push = pushImage(image, target(), choices({ credential: async () => basic }));
    const failure = (await push.catch((error: unknown) => error)) as Error;
    expect(failure).toMatchObject({ code: "E_REGISTRY_AUTH" });
    expect(failure.message).not.toContain("s3cret");
    expect(registry.seen.length).toBe(2);
  });

  it("are asked of the user when none are stored", async () => {
    registry.fault = (_, response) => {
      response.writeHead(401, { "www-authenticate": 'Basic realm="fake"' }).end();
      return true;
    };
    await expect(pushImage(image, target(), choices())).rejects.toMatchObject({
      code: "E_REGISTRY_AUTH",
      hint: expect.stringContaining("docker login"),
    });
  });
});

describe("the connection", () => {
  it("is plain on loopback, TLS elsewhere unless told", async () => {
    const asked: string[] = [];
    const fetch = async (url: URL) => {
      asked.push(url.origin);
      return new Response("{}", { status: 200 });
    };
    for (const [name, plainHttp] of [
      ["localhost:5000/a:1", false],
      ["registry.example.test/a:1", false],
      ["registry.example.test/a:1", true],
      ["docker.io/a:1", false],
    ] as const) {
      const reference = parseReference(name);
      const options = registryOptions(reference, "pull", choices({ fetch, plainHttp }));
      await new Registry(reference, options).ping();
    }
    expect(asked).toEqual([
      "http://localhost:5000",
      "https://registry.example.test",
      "http://registry.example.test",
      "https://registry-1.docker.io",
    ]);
  });

  it.each([
    "169.254.169.254/a:1",
    "[fe80::1]/a:1",
    "metadata.google.internal/a:1",
    "2852039166:80/a:1",
  ])("is never made to %s", async (name) => {
    const fetch = async () => Promise.reject(new Error("called"));
    expect(await codeOf(pullImage(name, choices({ fetch })))).toBe("E_REGISTRY_ADDRESS");
  });

  it("that is refused is an error that names registry, repository and reason", async () => {
    const name = target();
    await registry.stop();
    await expect(pullImage(name, choices())).rejects.toMatchObject({
      code: "E_REGISTRY_CONNECT",
      message: expect.stringMatching(/repository ganglion, .*ECONNREFUSED/),
    });
    registry = await FakeRegistry.start();
  });

  it("to a port without TLS says how to allow that", async () => {
    const reference = { ...parseReference("a.test/ganglion:1"), apiHost: `a.test` };
    const fetch = async () =>
      Promise.reject(new TypeError("fetch failed", { cause: new Error("wrong version number") }));
    await expect(pullImage(reference, choices({ fetch }))).rejects.toMatchObject({
      hint: expect.stringContaining("--plain-http"),
    });
  });

  it("carries a stranger's error text without what steers a terminal", async () => {
    registry.fault = (_, response) => {
      const errors = [{ code: "DENIED", message: `\u001b[31mno\u0007 way ${"x".repeat(900)}` }];
      response.writeHead(403).end(JSON.stringify({ errors }));
      return true;
    };
    const failure = (await pullImage(target(), choices()).catch(
      (error: unknown) => error,
    )) as Error;
    expect(failure).toMatchObject({ code: "E_REGISTRY_DENIED" });
    expect(failure.message).toMatch(/^[\x20-\x7e]{1,400}$/);
    expect(failure.message).toContain("DENIED");
  });
});
