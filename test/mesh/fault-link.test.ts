// The hop with faults that tests put between the parts of a mesh.

import { createServer, connect, type Server, type Socket, type AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FaultLink } from "./rig";

let server: Server;
let link: FaultLink;
const clients: Socket[] = [];

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  link = await FaultLink.open((server.address() as AddressInfo).port);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await link.close();
  await new Promise((resolve) => server.close(resolve));
});

describe("a fault link", () => {
  it("passes bytes both ways, and the end of a stream", async () => {
    const client = await open();
    expect(await ask(client, "hello")).toBe("hello");
    const ended = new Promise((resolve) => client.once("end", resolve));
    client.end();
    await ended;
  });

  it("refuses and resets while it is cut, and takes connections again after", async () => {
    const client = await open();
    const reset = new Promise<string>((resolve) =>
      client.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "")),
    );
    await link.set("cut");
    expect(await reset).toBe("ECONNRESET");
    await expect(open()).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await link.set("open");
    expect(await ask(await open(), "again")).toBe("again");
  });

  it("holds bytes back while it hangs and delivers them in order after", async () => {
    const client = await open();
    await link.set("hanging");
    let seen = "";
    client.on("data", (bytes) => (seen += String(bytes)));
    for (const word of ["one ", "two ", "three"]) {
      client.write(word);
      await pause(20);
    }
    expect(seen).toBe("");
    await link.set("open");
    await expect.poll(() => seen, { timeout: 30_000 }).toBe("one two three");
  });

  it("delays each way", async () => {
    const client = await open();
    link.delay(60);
    const startedMs = performance.now();
    expect(await ask(client, "slow")).toBe("slow");
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(115);
  });
});

function open(): Promise<Socket> {
  const client = connect(link.port, "127.0.0.1");
  clients.push(client);
  client.on("error", () => {});
  return new Promise((resolve, reject) => {
    client.once("connect", () => resolve(client));
    client.once("error", reject);
  });
}

function ask(client: Socket, text: string): Promise<string> {
  return new Promise((resolve) => {
    client.once("data", (bytes) => resolve(String(bytes)));
    client.write(text);
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
