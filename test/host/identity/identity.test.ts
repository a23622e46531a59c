// A workload's identity out of Envoy's page of certificates, and what the command says of it.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { runIdentity } from "../../../host-tools/src/commands/identity";
import {
  envoyCertificates,
  workloadIdentities,
  type EnvoyCertificatePair,
} from "../../../host-tools/src/identity";
import { identityJson, identityText } from "../../../host-tools/src/identity/identity-report";
import { expectGolden } from "../../support/golden";

const NAME = "spiffe://cluster.local/ns/ai-services/sa/llm-service";
const NOW = new Date("2026-11-24T15:17:14Z");

/** As Envoy 1.40 shows it, one entry per TLS context. */
const PAIR: EnvoyCertificatePair = {
  ca_cert: [
    {
      serial_number: "335dbd16080d3e78f1196d482e427dc2",
      subject_alt_names: [],
      valid_from: "2026-11-24T15:17:11Z",
      expiration_time: "2036-11-21T15:17:11Z",
    },
  ],
  cert_chain: [
    {
      serial_number: "d021f1ce58b05a6d51e4d81507819e9b",
      subject_alt_names: [{ uri: NAME }],
      valid_from: "2026-11-24T15:15:14Z",
      expiration_time: "2026-11-25T15:17:14Z",
    },
  ],
};

describe("identities of a page", () => {
  it("are told once each, however many TLS contexts use them", () => {
    const identities = workloadIdentities([PAIR, PAIR]);
    expectGolden("identity/valid.txt", identityText(identities, NOW));
    expectGolden("identity/valid.json", identityJson(identities, NOW));
  });

  it("that are over or not yet begun say so", () => {
    const identities = workloadIdentities([PAIR]);
    const after = new Date("2026-11-25T15:17:14Z");
    const before = new Date("2026-11-24T15:15:13Z");
    expect(identityText(identities, after)).toContain("expired 2026-11-25T15:17:14.000Z");
    expect(identityText(identities, before)).toContain("not valid before 2026-11-24T15:15:14.000Z");
  });

  it("are those with a SPIFFE name: no other certificate, and no name with control characters", () => {
    const named = (uri: string): EnvoyCertificatePair => ({
      cert_chain: [{ ...PAIR.cert_chain![0]!, subject_alt_names: [{ uri }] }],
    });
    expect(workloadIdentities([{ ca_cert: PAIR.ca_cert! }, {}])).toEqual([]);
    expect(workloadIdentities([named("https://example.com/")])).toEqual([]);
    expect(workloadIdentities([named("spiffe://a\u001b[31m/b")])).toEqual([]);
  });
});

describe("ganglion identity", () => {
  let server: Server;
  let page: { status: number; body: string };
  let stdout: string;
  let stderr: string;
  let admin: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      response.statusCode = request.url === "/certs" ? page.status : 404;
      response.end(page.body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    admin = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());
  beforeEach(() => {
    stdout = stderr = "";
    vi.useFakeTimers({ toFake: ["Date"], now: NOW });
    vi.spyOn(process.stdout, "write").mockImplementation(taking((text) => (stdout += text)));
    vi.spyOn(process.stderr, "write").mockImplementation(taking((text) => (stderr += text)));
    return () => {
      vi.restoreAllMocks();
      vi.useRealTimers();
    };
  });

  const serve = (certificates: unknown, status = 200) => {
    page = { status, body: JSON.stringify({ certificates }) };
  };

  it("prints name, principal, serial and validity, and ends with 0", async () => {
    serve([PAIR]);
    expect(await runIdentity({ admin, output: "text", expect: NAME })).toBe(0);
    expect(stdout).toBe(identityText(workloadIdentities([PAIR]), NOW));
    expect(stderr).toBe("");
  });

  it("ends with 79 for another name than expected, an expired one, and none", async () => {
    serve([PAIR]);
    const other = "cluster.local/ns/ai-services/sa/other";
    expect(await runIdentity({ admin, output: "json", expect: other })).toBe(79);
    vi.setSystemTime("2026-12-01T00:00:00Z");
    expect(await runIdentity({ admin, output: "text" })).toBe(79);
    serve([]);
    expect(await runIdentity({ admin, output: "json" })).toBe(79);
    expect(stderr.trimEnd().split("\n")).toEqual([
      `none of them is ${other}`,
      `${NAME}: expired 2026-11-25T15:17:14.000Z`,
      "this Envoy has no certificate with a SPIFFE name",
    ]);
  });

  it("says what was wrong with address, answer and page", async () => {
    await expect(envoyCertificates("nowhere")).rejects.toMatchObject({
      code: "E_IDENTITY_ADDRESS",
      exitCode: 64,
      message: "--admin nowhere is not HOST:PORT",
    });
    serve([], 503);
    await expect(envoyCertificates(admin)).rejects.toMatchObject({
      code: "E_IDENTITY_ADMIN",
      message: `cannot ask Envoy at ${admin}: it answered 503 to /certs`,
    });
    serve("none");
    await expect(envoyCertificates(admin)).rejects.toThrow("is not a list of certificates");
    page = { status: 200, body: "<html>" };
    await expect(envoyCertificates(admin)).rejects.toThrow("is not a list of certificates");
    await expect(envoyCertificates("127.0.0.1:1")).rejects.toThrow("ECONNREFUSED");
  });
});

/** A `write` that keeps the text and calls back. */
function taking(keep: (text: string) => void) {
  return (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    keep(String(chunk));
    const done = rest.at(-1);
    if (typeof done === "function") done();
    return true;
  };
}
