// Brings one blob into a registry. A small one goes in one piece. A large one goes in chunks, and
// when the connection is cut, or the registry fails, the session is asked how far it came: what has
// arrived is not sent again. Bounds: each chunk has the tries of any call (retry.ts), a session that
// is gone begins anew with the whole upload's next try, and a registry that takes bytes one by one is
// given up.

import { GanglionError } from "../lib/errors";
import { type Answer, type Call, transferTimeoutMs } from "./exchange";
import type { ImageBlob } from "./image";
import type { Attempt } from "./retry";

/** Size of a chunk, and of the largest blob that goes in one piece. */
export const CHUNK_BYTES = 1024 * 1024;
/** A registry may ask for larger chunks (OCI-Chunk-Min-Length), up to this. */
const CHUNK_MAX_BYTES = 64 * 1024 * 1024;
const BINARY = "application/octet-stream";

/** What an upload needs of the registry's client. */
export interface UploadDoor {
  /** Where a session is opened. */
  readonly start: URL;
  /** Names the upload in messages. */
  readonly what: string;
  readonly attempt: (call: Call) => Promise<Attempt<Answer>>;
  readonly retry: <T>(attempt: () => Promise<Attempt<T>>) => Promise<T>;
  /** The answer's Location, which must stay with the registry. */
  readonly location: (answer: Answer, base: URL) => URL;
  readonly statusError: (answer: Answer) => GanglionError;
  readonly checkStated: (answer: Answer, digest: string) => void;
}

/** Where a session stands. */
interface Session {
  readonly url: URL;
  /** Bytes that the registry has. */
  readonly at: number;
}

/** One try of the whole. @returns true, once the blob is there */
export async function sendBlob(blob: ImageBlob, door: UploadDoor): Promise<Attempt<boolean>> {
  const opened = await door.attempt({ method: "POST", url: door.start });
  if (!opened.done) return opened;
  if (opened.value.status !== 202) throw door.statusError(opened.value);
  let url = door.location(opened.value, door.start);
  let body = blob.bytes;
  if (blob.bytes.length > CHUNK_BYTES) {
    const session = await sendChunks(blob.bytes, { url, at: 0 }, chunkBytes(opened.value), door);
    if (!session.done) return session;
    url = session.value.url;
    body = new Uint8Array(0);
  }
  url.searchParams.set("digest", blob.descriptor.digest);
  const headers = { "content-type": BINARY };
  const timeoutMs = transferTimeoutMs(body.length);
  const sent = await door.attempt({ method: "PUT", url, headers, body, timeoutMs });
  if (!sent.done) return sent;
  const failure = door.statusError(sent.value);
  // The session is gone, e.g. with the replica that held it: worth a new one.
  if (sent.value.status === 404) return { done: false, error: failure };
  if (sent.value.status !== 201) throw failure;
  door.checkStated(sent.value, blob.descriptor.digest);
  return { done: true, value: true };
}

/** @returns the session with all bytes in it; not done when the session is gone */
async function sendChunks(
  bytes: Uint8Array,
  opened: Session,
  chunk: number,
  door: UploadDoor,
): Promise<Attempt<Session>> {
  let session = opened;
  const roundsMax = 2 * Math.ceil(bytes.length / chunk) + 8;
  for (let round = 0; session.at < bytes.length; round++) {
    if (round >= roundsMax) throw stuckError(session, bytes.length, door);
    let gone: GanglionError | undefined;
    // Each try of a chunk begins where the one before it left the session.
    session = await door.retry(async (): Promise<Attempt<Session>> => {
      const sent = await sendChunk(bytes, session, chunk, door);
      if (sent.kind === "moved") return { done: true, value: sent.session };
      if (sent.kind === "gone") {
        gone = sent.error;
        return { done: true, value: session };
      }
      session = sent.session;
      return { done: false, error: sent.error, retryAfter: sent.retryAfter };
    });
    if (gone !== undefined) return { done: false, error: gone };
  }
  return { done: true, value: session };
}

type ChunkResult =
  | { readonly kind: "moved"; readonly session: Session }
  | { readonly kind: "gone"; readonly error: GanglionError }
  | {
      readonly kind: "failed";
      /** Where to go on. */
      readonly session: Session;
      readonly error: Error;
      readonly retryAfter: string | undefined;
    };

async function sendChunk(
  bytes: Uint8Array,
  session: Session,
  chunk: number,
  door: UploadDoor,
): Promise<ChunkResult> {
  const end = Math.min(session.at + chunk, bytes.length);
  const sent = await door.attempt({
    method: "PATCH",
    url: session.url,
    headers: { "content-type": BINARY, "content-range": `${session.at}-${end - 1}` },
    body: bytes.subarray(session.at, end),
    timeoutMs: transferTimeoutMs(end - session.at),
  });
  if (sent.done && sent.value.status === 202) {
    const at = receivedBytes(sent.value, bytes.length) ?? end;
    return { kind: "moved", session: { url: door.location(sent.value, session.url), at } };
  }
  if (sent.done && sent.value.status === 404) {
    return { kind: "gone", error: door.statusError(sent.value) };
  }
  // 416: the registry has another number of bytes than we think, e.g. of a try whose answer was lost.
  if (sent.done && sent.value.status !== 416) throw door.statusError(sent.value);
  const error = sent.done ? door.statusError(sent.value) : sent.error;
  const retryAfter = sent.done ? undefined : sent.retryAfter;
  const asked = await door.attempt({ method: "GET", url: session.url });
  if (!asked.done) return { kind: "failed", session, error, retryAfter };
  if (asked.value.status !== 204) return { kind: "gone", error: door.statusError(asked.value) };
  const at = receivedBytes(asked.value, bytes.length) ?? session.at;
  const url = asked.value.headers.has("location")
    ? door.location(asked.value, session.url)
    : session.url;
  return { kind: "failed", session: { url, at }, error, retryAfter };
}

/**
 * How many bytes a session has, by its Range, `0-LAST`. Registries say `0-0` of an empty session,
 * and no chunk has one byte, so that this is none.
 */
function receivedBytes(answer: Answer, sizeBytes: number): number | undefined {
  const last = /^(?:bytes=)?0-([0-9]{1,15})$/.exec(answer.headers.get("range") ?? "")?.[1];
  if (last === undefined || Number(last) >= sizeBytes) return undefined;
  return Number(last) === 0 ? 0 : Number(last) + 1;
}

function chunkBytes(opened: Answer): number {
  const least = Number(opened.headers.get("oci-chunk-min-length") ?? 0);
  return least > CHUNK_BYTES && least <= CHUNK_MAX_BYTES ? least : CHUNK_BYTES;
}

function stuckError(session: Session, sizeBytes: number, door: UploadDoor): GanglionError {
  return new GanglionError(
    "E_REGISTRY_UPLOAD",
    `${door.what}: the registry takes no more than ${session.at} of ${sizeBytes} bytes`,
    { hint: "Something before the registry cuts requests; nothing was tagged." },
  );
}
