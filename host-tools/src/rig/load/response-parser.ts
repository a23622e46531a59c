// Reads one HTTP/1.1 response at a time from pieces of a byte stream: fixed length, chunked
// (server-sent events are), until close, or none. node:http would parse headers into objects that
// nobody asked for; this looks at the few that matter and only counts the body, at half the CPU per
// request.

const enum State {
  Head,
  Length,
  ChunkSize,
  ChunkData,
  ChunkEnd,
  Trailer,
  UntilClose,
  Done,
}

const HEAD_MAX_BYTES = 65_536;
const LF = 10;
const CR = 13;
const SEMICOLON = 59;

/** A response that is not HTTP/1.x; the connection is of no further use. */
export class ResponseSyntaxError extends Error {}

export class ResponseParser {
  private state = State.Head;
  private pending: Buffer | undefined;
  private left = 0;
  private inExtension = false;
  private hasNoBody = false;
  private trailerLineBytes = 0;
  status = 0;
  /** Status line and headers as sent, ending in CRLF. */
  head = "";
  /** Body bytes so far, without chunk framing. */
  bodyBytes = 0;
  /** Whether the connection may carry another request afterwards. */
  keepAlive = true;

  /** Prepares for the next response. @param method HEAD has no body whatever its headers say */
  reset(method: string): void {
    this.state = State.Head;
    this.pending = undefined;
    this.hasNoBody = method === "HEAD";
    this.status = 0;
    this.head = "";
    this.bodyBytes = 0;
    this.keepAlive = true;
  }

  get isDone(): boolean {
    return this.state === State.Done;
  }

  /** Whether the head has been read. */
  get hasHead(): boolean {
    return this.state !== State.Head;
  }

  /** First value of a response header, without regard to case; undefined if absent. */
  header(lowerName: string): string | undefined {
    return headerOf(this.head, lowerName);
  }

  /**
   * Takes the next bytes. The piece may be reused by the caller afterwards.
   *
   * @throws ResponseSyntaxError on anything but HTTP/1.x, and on bytes after the end
   */
  push(piece: Buffer): void {
    let bytes = piece;
    let at = 0;
    if (this.pending) {
      bytes = Buffer.concat([this.pending, piece]);
      this.pending = undefined;
    }
    while (at < bytes.length) {
      if (this.state === State.Done) throw new ResponseSyntaxError("bytes after the response");
      at = this.state === State.Head ? this.pushHead(bytes, at) : this.pushBody(bytes, at);
    }
  }

  /** The peer closed. Ends a body without length; false if the response is incomplete. */
  close(): boolean {
    if (this.state === State.UntilClose) this.state = State.Done;
    return this.state === State.Done;
  }

  private pushHead(bytes: Buffer, at: number): number {
    const end = bytes.indexOf("\r\n\r\n", at, "latin1");
    if (end < 0) {
      if (bytes.length - at > HEAD_MAX_BYTES) throw new ResponseSyntaxError("head over 64 KiB");
      this.pending = Buffer.from(bytes.subarray(at)); // a copy: the piece is reused
      return bytes.length;
    }
    this.head = bytes.toString("latin1", at, end + 2);
    if (!/^HTTP\/1\.[01] \d{3}/.test(this.head)) throw new ResponseSyntaxError("not HTTP/1.x");
    this.status = Number(this.head.slice(9, 12));
    const isInterim = this.status >= 100 && this.status < 200;
    if (!isInterim) this.beginBody();
    return end + 4;
  }

  private beginBody(): void {
    const connection = headerOf(this.head, "connection");
    const isHttp10 = this.head.startsWith("HTTP/1.0");
    this.keepAlive = isHttp10 ? connection === "keep-alive" : connection !== "close";
    if (this.hasNoBody || this.status === 204 || this.status === 304) {
      this.state = State.Done;
    } else if (headerOf(this.head, "transfer-encoding")?.endsWith("chunked")) {
      this.beginChunk();
    } else {
      this.beginLength(headerOf(this.head, "content-length"));
    }
  }

  private beginLength(text: string | undefined): void {
    if (text === undefined) {
      this.state = State.UntilClose;
      this.keepAlive = false;
      return;
    }
    this.left = Number(text);
    if (!/^\d+$/.test(text)) throw new ResponseSyntaxError(`content-length ${text}`);
    this.state = this.left === 0 ? State.Done : State.Length;
  }

  private beginChunk(): void {
    this.state = State.ChunkSize;
    this.left = 0;
    this.inExtension = false;
  }

  private pushBody(bytes: Buffer, at: number): number {
    switch (this.state) {
      case State.Length:
      case State.ChunkData:
        return this.pushCounted(bytes, at);
      case State.UntilClose:
        this.bodyBytes += bytes.length - at;
        return bytes.length;
      case State.ChunkSize:
        this.pushSize(bytes[at] as number);
        return at + 1;
      case State.ChunkEnd:
        if (bytes[at] === LF) this.beginChunk();
        else if (bytes[at] !== CR) throw new ResponseSyntaxError("chunk longer than its size");
        return at + 1;
      default:
        this.pushTrailer(bytes[at] as number);
        return at + 1;
    }
  }

  private pushCounted(bytes: Buffer, at: number): number {
    const taken = Math.min(this.left, bytes.length - at);
    this.left -= taken;
    this.bodyBytes += taken;
    if (this.left === 0) this.state = this.state === State.Length ? State.Done : State.ChunkEnd;
    return at + taken;
  }

  private pushSize(byte: number): void {
    if (byte === LF) {
      this.trailerLineBytes = 0;
      this.state = this.left === 0 ? State.Trailer : State.ChunkData;
    } else if (byte === SEMICOLON) {
      this.inExtension = true;
    } else if (byte !== CR && !this.inExtension) {
      const digit = parseInt(String.fromCharCode(byte), 16);
      if (Number.isNaN(digit)) throw new ResponseSyntaxError("chunk size is not hexadecimal");
      this.left = this.left * 16 + digit;
    }
  }

  private pushTrailer(byte: number): void {
    if (byte === LF) {
      if (this.trailerLineBytes === 0) this.state = State.Done;
      this.trailerLineBytes = 0;
    } else if (byte !== CR) {
      this.trailerLineBytes++;
    }
  }
}

/** Walks the lines of a head; compares the name only where the length and the colon fit. */
function headerOf(head: string, lowerName: string): string | undefined {
  const length = lowerName.length;
  for (let at = head.indexOf("\r\n") + 2; at > 1 && at < head.length;) {
    const end = head.indexOf("\r\n", at);
    if (head.charCodeAt(at + length) === 58 /* : */) {
      const name = head.slice(at, at + length);
      if (name === lowerName || name.toLowerCase() === lowerName) {
        return head.slice(at + length + 1, end).trim();
      }
    }
    at = end + 2;
  }
  return undefined;
}
