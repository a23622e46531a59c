// A bounded GET of a text: short, with a time limit and a size limit, because what is asked may be a
// proxy that hangs or an address that answers with something else.

import { noAnswer } from "../lib/no-answer";

const TIMEOUT_MS = 5_000;
const TEXT_BYTES_MAX = 64 * 1024 * 1024;

/** @throws Error with the reason as people say it */
export async function fetchText(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(
    (cause: unknown) => {
      throw new Error(noAnswer(cause, TIMEOUT_MS), { cause });
    },
  );
  const text = await bounded(answer);
  if (answer.ok) return text;
  throw new Error(`status ${answer.status}${text === "" ? "" : `: ${text.slice(0, 200)}`}`);
}

async function bounded(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length;
    if (bytes > TEXT_BYTES_MAX) throw new Error(`more than ${TEXT_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
