// A real registry behind a token service, the way hosted ones work: the registry checks the
// signature and the access list of each token, so a client that asks for the wrong scope or keeps
// the wrong token fails.

import { execFileSync } from "node:child_process";
import { createSign } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { buildImage, type Credential, pullImage, pushImage } from "../../../host-tools/src/oci";
import { sampleModule } from "../../host/oci/sample";
import { DockerRegistry, findDockerRegistry } from "../../support/registry";

const found = await findDockerRegistry();
const SERVICE = "test-registry";
const ISSUER = "test-issuer";
const pilot: Credential = { kind: "basic", username: "pilot", password: "correct horse" };
const anonymous: Credential = { kind: "anonymous" };

/** Gives the pilot what is asked for, and anybody else the right to pull. */
class TokenService {
  readonly scopes: (string | null)[] = [];
  readonly #server: Server;

  constructor(key: Buffer, certificate: Buffer) {
    this.#server = createServer((request, response) => {
      const scope = new URL(request.url ?? "/", "http://token").searchParams.get("scope");
      this.scopes.push(scope);
      const trusted = request.headers.authorization === `Basic ${btoa("pilot:correct horse")}`;
      const [type = "", name = "", actions = ""] = (scope ?? "").split(":");
      const granted = actions.split(",").filter((action) => trusted || action === "pull");
      const token = signed(key, certificate, [{ type, name, actions: granted }]);
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ token, expires_in: 300 }));
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/token`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function signed(key: Buffer, certificate: Buffer, access: unknown): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const pem = certificate.toString("utf8");
  const x5c = [pem.replace(/-----[A-Z ]+-----|\s/g, "")];
  const nowS = Math.floor(Date.now() / 1000);
  const claims = {
    iss: ISSUER,
    sub: "pilot",
    aud: SERVICE,
    nbf: nowS - 60,
    exp: nowS + 300,
    access,
  };
  const body = `${part({ typ: "JWT", alg: "RS256", x5c })}.${part(claims)}`;
  return `${body}.${createSign("sha256").update(body).sign(key).toString("base64url")}`;
}

describe.runIf(found.path !== undefined)("a docker-registry behind a token service", () => {
  let folder: string;
  let registry: DockerRegistry;
  let tokens: TokenService;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ganglion-token-"));
    const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
    const request = [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-subj",
      "/CN=token",
      "-days",
      "2",
    ];
    execFileSync("openssl", [...request, "-keyout", key, "-out", certificate], { stdio: "ignore" });
    tokens = new TokenService(await readFile(key), await readFile(certificate));
    const realm = await tokens.start();
    const names = `realm: "${realm}", service: ${SERVICE}, issuer: ${ISSUER}`;
    registry = await DockerRegistry.start(
      found.path ?? "",
      () => `auth: { token: { ${names}, rootcertbundle: ${certificate} } }`,
    );
  });
  afterAll(async () => {
    await registry?.stop();
    await tokens?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const image = buildImage(sampleModule(100), "artifact");
  const choices = (credential: Credential) => ({
    prng: seededPrng(1),
    credential: async () => credential,
  });

  it("takes a push with one token of the pushing scope", async () => {
    await pushImage(image, `${registry.host}/team/ganglion:1`, choices(pilot));
    expect(tokens.scopes).toEqual(["repository:team/ganglion:pull,push"]);
  });

  it("lets anybody pull with an anonymous token", async () => {
    const pulled = await pullImage(`${registry.host}/team/ganglion:1`, choices(anonymous));
    expect(pulled.digest).toBe(image.digest);
    expect(tokens.scopes.at(-1)).toBe("repository:team/ganglion:pull");
  });

  it("refuses an anonymous push with what to do", async () => {
    const push = pushImage(image, `${registry.host}/other:1`, choices(anonymous));
    await expect(push).rejects.toMatchObject({
      code: "E_REGISTRY_DENIED",
      hint: expect.stringContaining("docker login"),
    });
  });
});
