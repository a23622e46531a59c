// A rate limit service that answers by rule and remembers what it was asked.

import { startGrpcServer, type GrpcServer } from "./grpc-server";
import { members, texts } from "./protobuf";

const OK = 1;
const OVER_LIMIT = 2;

export interface RateLimitService extends GrpcServer {
  /** Texts of each request: domain, then keys and values of its descriptors. */
  readonly asked: string[][];
}

/** @param isOver tells by a request's texts whether it is over the limit */
export async function startRateLimitService(
  isOver: (texts: readonly string[]) => boolean,
): Promise<RateLimitService> {
  const asked: string[][] = [];
  const server = await startGrpcServer((message) => {
    const request = textsOf(message);
    asked.push(request);
    // RateLimitResponse with overall_code 1 alone.
    return Uint8Array.of(8, isOver(request) ? OVER_LIMIT : OK);
  });
  return { ...server, asked };
}

/** RateLimitRequest: domain 1, descriptors 2, in each entries 1, each of them key 1 and value 2. */
function textsOf(request: Uint8Array): string[] {
  const entries = members(request, 2).flatMap((descriptor) => members(descriptor, 1));
  const pairs = entries.flatMap((entry) => [...texts(entry, 1), ...texts(entry, 2)]);
  return [...texts(request, 1), ...pairs];
}
