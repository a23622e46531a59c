// Envoy's access logs in the names of a recording: the fields of Istio's JSON log, and those of the
// format that docs/reference/training.md gives. Names of our own go before; what neither knows is
// left alone.

/** A line's fields by name, still text or JSON values. */
export type Fields = Record<string, unknown>;

/** Our name, and what access logs call it; the first that is there counts. */
const NAMES: readonly (readonly [string, readonly string[]])[] = [
  ["arrival_ms", ["at_ms"]],
  ["method", [":method"]],
  ["path", ["x_envoy_original_path", ":path"]],
  ["status", ["response_code"]],
  ["latency_ms", ["duration"]],
  ["ttfb_ms", ["response_duration", "upstream_service_time"]],
  ["content_bytes", ["bytes_received"]],
  ["header_bytes", ["request_headers_bytes"]],
  ["attempt", ["upstream_request_attempt_count", "x_envoy_attempt_count"]],
];

/** Names that routes have when nobody named them. */
const UNNAMED = new Set(["default", "allow_any", "block_all"]);
/** Segments of a path that make a route: deeper ones are mostly names of things. */
const ROUTE_SEGMENTS = 3;

/** The fields under our names. */
export function fromAccessLog(fields: Fields): Fields {
  const known: Fields = { ...fields };
  for (const [name, others] of NAMES) {
    const found = others.find((other) => fields[other] !== undefined);
    if (known[name] === undefined && found !== undefined) known[name] = fields[found];
  }
  if (known["arrival_ms"] === undefined && fields["start_time"] !== undefined) {
    known["arrival_ms"] = startMs(fields["start_time"]);
  }
  const route = fields["route_name"];
  if (known["route"] === undefined && typeof route === "string" && !UNNAMED.has(route)) {
    known["route"] = route;
  }
  if (known["limited"] === undefined) known["limited"] = wasLimited(fields);
  return known;
}

/** What the line itself calls a field of ours. */
export function givenName(fields: Fields, name: string): string {
  if (fields[name] !== undefined) return name;
  const others = NAMES.find(([ours]) => ours === name)?.[1] ?? [];
  const time = name === "arrival_ms" ? [...others, "start_time"] : others;
  return time.find((other) => fields[other] !== undefined) ?? name;
}

/** ISO 8601 with up to nine decimals, or seconds since 1970; anything else stays as it is. */
function startMs(time: unknown): unknown {
  const seconds = typeof time === "string" && time.trim() !== "" ? Number(time) : time;
  if (typeof seconds === "number" && Number.isFinite(seconds)) return seconds * 1000;
  const parts = /^(.+T\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:?\d\d)$/.exec(String(time));
  if (parts === null) return time;
  const wholeMs = Date.parse(`${parts[1]}${parts[3]}`);
  return Number.isFinite(wholeMs) ? wholeMs + 1000 * Number(parts[2] ?? 0) : time;
}

/** By the filter's verdict, `verdict:reason:score[:shadow]`, or by Envoy's flag of a rate limit. */
function wasLimited(fields: Fields): boolean {
  const [verdict, , , shadow] = String(fields["ganglion"] ?? "").split(":");
  if (verdict === "throttle" && shadow !== "shadow") return true;
  return String(fields["response_flags"] ?? "")
    .split(",")
    .some((flag) => flag === "RL" || flag === "RLSE");
}

/** A route's name from method and path: the first segments, numbers and ids left out. */
export function routeOf(method: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  const segments = path.split("?")[0]!.split("/").filter(Boolean).slice(0, ROUTE_SEGMENTS);
  const named = segments.map((one) => (/\d/.test(one) && !/^v\d+$/.test(one) ? "*" : one));
  return `${method.toUpperCase()} /${named.join("/")}`;
}
