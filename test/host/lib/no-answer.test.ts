// Why a page did not come: the system's code where Node hides it, a bound where it was run into.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { httpPage } from "../../../host-tools/src/lib/http-page";
import { noAnswer } from "../../../host-tools/src/lib/no-answer";

async function reasonOf(asked: Promise<unknown>, timeoutMs = 50): Promise<string> {
  return asked.then(
    () => "it answered",
    (failure: unknown) => noAnswer(failure, timeoutMs),
  );
}

describe("a page that does not come", () => {
  it("is unreachable, with the system's code, by fetch and by socket alike", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const place = { host: "127.0.0.1", port, path: "/" };
    const page = httpPage(place, { timeoutMs: 2_000, bytesMax: 10 });
    expect(await reasonOf(page)).toBe("unreachable (ECONNREFUSED)");
    const fetched = fetch(`http://127.0.0.1:${port}/`);
    expect(await reasonOf(fetched)).toBe("unreachable (ECONNREFUSED)");
  });

  it("has not answered in time, by fetch and by socket alike", async () => {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const page = httpPage({ host: "127.0.0.1", port, path: "/" }, { timeoutMs: 50, bytesMax: 10 });
    expect(await reasonOf(page)).toBe("no answer in 50 ms");
    const fetched = fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(50) });
    expect(await reasonOf(fetched)).toBe("no answer in 50 ms");
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it("is told as it was thrown where there is no code", () => {
    expect(noAnswer(new Error("a page of more than 32 MiB"), 1)).toBe("a page of more than 32 MiB");
    expect(noAnswer("gone", 1)).toBe("gone");
  });
});
