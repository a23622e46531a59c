// The twenty defects of a published set of Istio manifests for AI services, rebuilt with its numbers,
// each broken and corrected: what must be found in the broken one, at which line, with which numbers.

import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface ExpectedFinding {
  readonly rule: string;
  readonly line: number;
  /** What the message must say. */
  readonly says: string;
}

export interface Defect {
  readonly id: string;
  readonly finds: readonly ExpectedFinding[];
}

const at = (rule: string, line: number, says: string): ExpectedFinding => ({ rule, line, says });

export const DEFECTS: readonly Defect[] = [
  { id: "D01", finds: [at("host-owned-twice", 32, "5 VirtualServices own host llm-service")] },
  {
    id: "D02",
    finds: [
      at("sidecar-short-host", 12, '"intent-service" is not of the form NAMESPACE/HOST'),
      at("sidecar-short-host", 13, "llm-service.ai-services.svc.cluster.local"),
    ],
  },
  {
    id: "D03",
    finds: [
      at("metric-label-short-host", 13, '"llm-service" is on 0 series'),
      at("verdict-on-no-data", 16, "$ERROR_RATE is empty, null or NaN"),
      at("verdict-on-no-data", 32, "result[0] > 0.05"),
      at("metric-label-short-host", 37, '"llm-service" is on 0 series'),
    ],
  },
  {
    id: "D04",
    finds: [
      at("abort-unseen-by-breaker", 12, "30 % of the calls get 503 from the caller's own proxy; 0"),
    ],
  },
  { id: "D05", finds: [at("delay-unseen-by-timeout", 15, "50 % of the calls wait 5 s")] },
  {
    id: "D06",
    finds: [at("breaker-cannot-open", 70, "1 replica x maxEjectionPercent 50 % = 0.5 < 1")],
  },
  { id: "D07", finds: [at("deny-over-allow", 28, "of what llm-callers allows, 0 requests")] },
  {
    id: "D08",
    finds: [
      at("source-and-for-or", 17, "AND of namespace monitoring: 0 callers are both"),
      at("source-and-for-or", 39, "adds 0 callers"),
    ],
  },
  {
    id: "D09",
    finds: [
      at(
        "retries-exceed-timeout",
        29,
        "4 tries x 10 s + back-off up to 0.175 s = 40.175 s > timeout 30 s",
      ),
      at("retriable-4xx-is-409", 33, "409 Conflict"),
      at("retry-of-paid-post", 33, "1 + 3 = up to 4 paid calls"),
      at(
        "retries-exceed-timeout",
        38,
        "3 tries x 20 s + back-off up to 0.075 s = 60.075 s > timeout 60 s",
      ),
    ],
  },
  {
    id: "D10",
    finds: [at("timeout-chain", 14, "30 - 3 = 27 s of work for a caller that is gone")],
  },
  {
    id: "D11",
    finds: [
      at("unknown-profile", 7, 'no profile "production"'),
      at("removed-command", 17, "authn tls-check"),
    ],
  },
  {
    id: "D12",
    finds: [
      at("unknown-annotation", 18, "sidecar.istio.io/proxyConcurrency"),
      at("workers-over-cpu", 46, "20 ms of CPU in each 100 ms / 4 = 5 ms"),
    ],
  },
  {
    id: "D13",
    finds: [
      at("limit-cannot-fire", 40, "asks the service 0 times"),
      at("limit-cannot-fire", 49, 'No cluster is called "rate_limit_cluster"'),
    ],
  },
  { id: "D14", finds: [at("deprecated-append", 45, "append: false")] },
  { id: "D15", finds: [at("remote-localities-misread", 19, "drops duplicate headers on a retry")] },
  { id: "D16", finds: [at("client-errors-blamed", 17, 'response_code!~"2.*"')] },
  { id: "D17", finds: [at("head-sampling-of-errors", 11, "90 % have none")] },
  { id: "D18", finds: [at("mirror-of-paid", 19, "2 times the calls")] },
  { id: "D19", finds: [at("random-balancing", 44, "1/3 = 33 %")] },
  { id: "D20", finds: [at("egress-bypass", 18, "1/4096 of the IPv4 addresses")] },
];

/** @param folder that of this file's fixtures, `defects` beside it */
export function readDefect(
  folder: string,
  id: string,
  form: "broken" | "corrected",
): { name: string; text: string } {
  return {
    name: `${id}/${form}.yaml`,
    text: readFileSync(join(folder, id, `${form}.yaml`), "utf8"),
  };
}
