import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { ConnectionError, exchange } from "../../../host-tools/src/oci/exchange";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function ask(listener: RequestListener, timeoutMs: number) {
  const listening = createServer(listener);
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  const url = new URL(`http://127.0.0.1:${(listening.address() as AddressInfo).port}/`);
  return exchange({ method: "GET", url, timeoutMs, answerMaxBytes: 1_000 }, "test", fetch);
}

describe("an exchange", () => {
  it("ends in time when no answer comes", async () => {
    const asked = ask(() => undefined, 100);
    await expect(asked).rejects.toBeInstanceOf(ConnectionError);
    await expect(asked).rejects.toThrow("no complete answer in 100 ms");
  });

  it("ends in time when the answer drips", async () => {
    const drips: NodeJS.Timeout[] = [];
    const asked = ask((_, response) => {
      response.writeHead(200);
      drips.push(setInterval(() => response.write("."), 10));
    }, 150);
    await expect(asked).rejects.toThrow("no complete answer in 150 ms");
    drips.forEach(clearInterval);
  });

  it("hands a redirect back instead of following it", async () => {
    const answer = await ask((_, response) => {
      response.writeHead(302, { location: "http://169.254.169.254/" }).end();
    }, 5_000);
    expect([answer.status, answer.headers.get("location")]).toEqual([
      302,
      "http://169.254.169.254/",
    ]);
  });

  it("takes a body of exactly the size allowed", async () => {
    const answer = await ask((_, response) => response.end("x".repeat(1_000)), 5_000);
    expect(answer.body).toHaveLength(1_000);
  });
});
