// A GET of one page over plain HTTP, bounded in time and size, because what listens at an address that a
// person typed may be anything. Without fetch, which refuses some ports that proxies use.

import { request } from "node:http";

export interface PagePlace {
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

export interface PageBounds {
  readonly timeoutMs: number;
  readonly bytesMax: number;
}

export interface Page {
  readonly status: number | undefined;
  readonly text: string;
}

/**
 * The page, whatever its status.
 *
 * @throws Error `no answer in N ms`, that it is too long, or the system's own, with its code
 */
export function httpPage({ host, port, path }: PagePlace, bounds: PageBounds): Promise<Page> {
  const { timeoutMs, bytesMax } = bounds;
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const fail = (cause: Error): void =>
      reject(signal.aborted ? new Error(`no answer in ${timeoutMs} ms`, { cause }) : cause);
    const sent = request({ host, port, path, signal, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > bytesMax) sent.destroy(new Error(`a page of more than ${bytesMax >> 20} MiB`));
      });
      response.on("error", fail);
      response.on("end", () => {
        resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString("utf8") });
      });
    });
    sent.on("error", fail).end();
  });
}
