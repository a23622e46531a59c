// What Envoy calls stream info: facts about one stream that are not headers. Kept apart from the
// stream's driver because properties are read from here in every phase.

/** A property value; numbers become 8-byte integers (doubles when not integral). */
export type AttributeValue = string | number | bigint | boolean | Uint8Array;

/** Property values by dotted path, e.g. `upstream.address`; "\0" separates parts with dots. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** Bits of `response.flags` that the host sets itself (Envoy's legacy flags). */
export const ResponseFlag = {
  downstreamConnectionTermination: 0x4000,
  noFilterConfigFound: 0x2000000,
} as const;

export class StreamInfo {
  startNs = 0;
  protocol = "HTTP/1.1";
  bytesReceived = 0;
  bytesSent = 0;
  /** 0 until a response code is known. */
  responseCode = 0;
  responseCodeDetails = "";
  responseFlags = 0;
  /** An upstream host has been chosen: upstream.* is readable. */
  upstreamKnown = false;
  /** Nanoseconds, -1 until the request is complete. */
  durationNs = -1;
  /** Nanoseconds, -1 when no upstream answered. */
  backendLatencyNs = -1;
  attributes: ReadonlyMap<string, AttributeValue> | null = null;
  filterState: Map<string, Uint8Array> | null = null;

  reset(startNs: number): void {
    this.startNs = startNs;
    this.bytesReceived = 0;
    this.bytesSent = 0;
    this.responseCode = 0;
    this.responseCodeDetails = "";
    this.responseFlags = 0;
    this.upstreamKnown = false;
    this.durationNs = -1;
    this.backendLatencyNs = -1;
    this.attributes = null;
    this.filterState = null;
  }

  setFilterState(key: string, bytes: Uint8Array): void {
    (this.filterState ??= new Map()).set(key, bytes);
  }
}

/** Dotted paths to the guest's NUL-separated form. */
export function attributeMap(attributes: Attributes): ReadonlyMap<string, AttributeValue> {
  const map = new Map<string, AttributeValue>();
  for (const [path, value] of Object.entries(attributes)) {
    map.set(path.includes("\0") ? path : path.replaceAll(".", "\0"), value);
  }
  return map;
}
