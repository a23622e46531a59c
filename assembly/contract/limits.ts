// Every capacity of the filter, in one place: all memory is taken from these when the VM starts and
// nothing grows afterwards. Reaching one is a designed, counted event, never an allocation.
//
// This file is shared with the host tool and must remain portable (no AssemblyScript built-ins).

/** Routes in one configuration. */
export const ROUTES_MAX: i32 = 64;
/** Arms (destinations a routing header can select) of one route. */
export const ARMS_PER_ROUTE_MAX: i32 = 16;
/** Arms of all routes together. */
export const ARMS_MAX: i32 = 1024;
/** Rate limits of one route. */
export const LIMITS_PER_ROUTE_MAX: i32 = 8;
/** Rate limits of all routes together. */
export const LIMITS_MAX: i32 = 256;
/** Header values with a rate of their own, of one limit. */
export const LIMIT_VALUES_PER_LIMIT_MAX: i32 = 32;
/** Header values with a rate of their own, of all limits together. */
export const LIMIT_VALUES_MAX: i32 = 1024;
/** Distinct request headers that limits are keyed by. */
export const KEY_HEADERS_MAX: i32 = 8;
/** Bytes of a key header's value that are looked at; longer values count as anonymous. */
export const KEY_VALUE_BYTES_MAX: i32 = 256;

/** Characters of a route, arm or limit name. */
export const NAME_LENGTH_MAX: i32 = 63;
/** Bytes of a path prefix or exact path in a match. */
export const PATH_LENGTH_MAX: i32 = 256;
/** Bytes of an authority in a match. */
export const AUTHORITY_LENGTH_MAX: i32 = 255;
/** Bytes of a cluster's name, as the proxy has it, that a canary is known by. */
export const CLUSTER_LENGTH_MAX: i32 = 400;
/** Bytes of all names, paths and header values of one configuration. */
export const TEXT_BYTES_MAX: i32 = 32768;

/** Bytes of the plugin configuration as the proxy delivers it. */
export const CONFIG_BYTES_MAX: i32 = 327680;
/** Depth of nesting that the JSON reader follows. */
export const JSON_DEPTH_MAX: i32 = 16;
/** Bytes of a model artifact after base64 (128 KiB of base64 carry 96 KiB). */
export const ARTIFACT_BYTES_MAX: i32 = 98304;
/** Settings and model kept at once: the plugins that share this VM, and one candidate. */
export const GENERATIONS_MAX: i32 = 4;
/** Root contexts known at once. */
export const ROOTS_MAX: i32 = 16;

/** Streams in flight in one worker. */
export const STREAMS_MAX: i32 = 8192;
/** Rate-limit keys that one worker holds leases for. */
export const LEASES_MAX: i32 = 4096;
/** Rate-limit buckets of the whole proxy in shared data. */
export const BUCKETS_MAX: i32 = 8192;
/** Places looked at in any table that a client can fill. */
export const PROBES_MAX: i32 = 8;
/** Workers of one proxy that are told apart in metrics. */
export const WORKERS_MAX: i32 = 64;

/** Bytes that the host may write during one callback (all request headers in one piece). */
export const SCRATCH_BYTES_MAX: i32 = 131072;
/** Request headers that the proxy hands over in one piece; its own bound is 100 by default. */
export const HEADERS_MAX: i32 = 1024;
/** Lines logged per kind of event and minute, per worker. */
export const LOG_LINES_PER_MINUTE_MAX: i32 = 6;

/** Time between two samples is clamped to this before any decay is computed. */
export const ELAPSED_MS_MAX: i32 = 5000;
/** Period of the worker's tick: metrics are flushed, leases returned, heartbeats written. */
export const TICK_PERIOD_MS: i32 = 100;
