// The policy's section `rollout` of a service: which arm is to become the stable one, by which steps,
// and what may stop it. The words are Flagger's where Flagger has one, with the unit in the name
// (docs/rollout.md has the table).

import { checkGuard, guardFields } from "./policy-guard";
import { webhooksShape } from "./policy-webhooks";
import { ARM_NAME, COOKIE_NAME, HEADER_NAME } from "./shape/format";
import { isSaid } from "./shape/read-shape";
import {
  choice,
  either,
  type Fields,
  flag,
  list,
  percent,
  real,
  record,
  type Refuse,
  text,
  type ValueOf,
  whole,
} from "./shape/shape";

const DAY_S = 86_400;

const testerShape = record(
  "A header by which testers always get the canary.",
  {
    header: text("Name of the header.", {
      format: HEADER_NAME,
      required: true,
      example: "x-canary-user",
    }),
    exact: text("Value that it must have.", { example: '"true"' }),
    prefix: text("What the value must begin with."),
    regex: text("RE2 expression that the whole value must match."),
  },
  {
    check: ({ exact, prefix, regex }, refuse) => {
      const said = [exact, prefix, regex].filter((one) => one !== undefined).length;
      if (said !== 1) refuse("needs one of exact, prefix, regex");
    },
  },
);

const mirrorShape = record(
  "Copies of requests to the canary before it gets traffic; their answers are dropped.",
  {
    percent: percent("Share of the stable arm's requests that is copied.", { default: 10 }),
    requests_per_hour_max: whole(
      "Copies per hour at most; when they are spent, mirroring stops until the next hour.",
      { low: 0, high: 10_000_000, unit: "requests/h", default: 1000 },
    ),
    wait_s: whole("How long is mirrored before the first step.", {
      low: 0,
      high: DAY_S,
      unit: "s",
      default: 600,
    }),
  },
);

const affinityShape = record(
  "Keeps a session on the arm that it got.",
  {
    cookie: text("Cookie that the canary's answers set, and that leads back to it.", {
      format: COOKIE_NAME,
      example: "ganglion-canary",
    }),
    header: text(
      "Header with an identifier that ends in two hexadecimal digits; they choose the arm.",
      { format: HEADER_NAME, example: "x-session-id" },
    ),
    max_age_s: whole("Life of the cookie.", {
      low: 1,
      high: 30 * DAY_S,
      unit: "s",
      default: DAY_S,
    }),
  },
  {
    check: ({ cookie, header }, refuse) => {
      if ((cookie === undefined) === (header === undefined)) {
        refuse("needs one of cookie, header");
      }
    },
  },
);

const metricsShape = record(
  "Where the counts of requests and errors come from.",
  {
    prometheus: text("Address of a Prometheus that has Istio's standard metrics.", {
      example: "http://prometheus.istio-system:9090",
    }),
    proxies: list(
      "Addresses of the filters' metrics; without any, the pods that mesh.workloads selects.",
      text("HOST:PORT, the path is /stats/prometheus."),
    ),
  },
  {
    check: ({ prometheus, proxies }, refuse) => {
      if (prometheus !== undefined && proxies !== undefined) {
        refuse("needs one of prometheus, proxies, not both");
      }
      if (prometheus !== undefined && !/^https?:\/\/[^\s/]+/.test(prometheus)) {
        refuse("must be an http or https URL", "prometheus", prometheus);
      }
    },
  },
);

const analysisFields = {
  interval_s: whole("Time between two checks.", {
    low: 1,
    high: 3600,
    unit: "s",
    default: 60,
  }),
  threshold: whole("Failed checks of one step after which it is rolled back.", {
    low: 1,
    high: 100,
    unit: "checks",
    default: 3,
  }),
  step_weights: list(
    "Share of the canary in each step.",
    percent("A share.", { low: 1, high: 100 }),
    { countMin: 1, countMax: 50, default: [5, 20, 50, 80, 100] },
  ),
  step_weight: whole("Percent that each step adds, up to max_weight, instead of step_weights.", {
    low: 1,
    high: 100,
  }),
  max_weight: whole("Percent of the last step of step_weight, after which the canary gets all.", {
    low: 1,
    high: 100,
    otherwise: "100",
  }),
  iterations: whole(
    "Checks in which only testers get the canary, before it gets all, instead of step_weights.",
    { low: 1, high: 100_000, unit: "checks" },
  ),
  step_wait_s: whole("How long a step lasts at least.", {
    low: 1,
    high: 7 * DAY_S,
    unit: "s",
    default: 1800,
  }),
  error_percent_max: percent("Share of errors above which the canary is rolled back.", {
    low: 0.01,
    high: 99,
    default: 5,
  }),
  request_count_min: whole("Requests of the canary that a step needs before it may end.", {
    low: 1,
    high: 10_000_000,
    unit: "requests",
    default: 100,
  }),
  baseline: choice(
    "Whether the canary is also compared with the stable arm beside it.",
    ["compare", "ignore"],
    { default: "compare" },
  ),
  tolerance_percent: percent(
    "Percentage points of errors by which the canary may be worse than the stable arm.",
    { low: 0, high: 50, default: 0 },
  ),
  false_rollback_percent_max: real(
    "Chance of rolling a healthy canary back by a sequential test, over the whole rollout.",
    { low: 0.001, high: 20, unit: "%", default: 1 },
  ),
  latency_ms_max: real("Latency above which a check fails; without it latency is not judged.", {
    low: 1,
    high: 3_600_000,
    unit: "ms",
  }),
  latency_quantile: real("Which quantile of the canary's latency is judged.", {
    low: 0.5,
    high: 0.999,
    default: 0.99,
  }),
  hold_max_s: whole("How long a step may be without enough data before the rollout ends.", {
    low: 1,
    high: 7 * DAY_S,
    unit: "s",
    default: 3600,
  }),
  on_hold: choice("Where traffic goes when it ends so.", ["revert", "stay"], {
    default: "revert",
  }),
  match: list("Headers of testers, any of which is enough.", testerShape, { countMax: 10 }),
  mirror: mirrorShape,
  session_affinity: affinityShape,
  metrics: metricsShape,
  webhooks: webhooksShape,
} as const;

interface StepWords {
  readonly step_weight?: number | undefined;
  readonly max_weight?: number | undefined;
  readonly iterations?: number | undefined;
  readonly match?: readonly unknown[] | undefined;
}

/** Three forms of the same thing, of which one is said. */
function checkSteps(analysis: StepWords, refuse: Refuse): void {
  const { step_weight: step, max_weight: most, iterations, match } = analysis;
  const said = ["step_weights", "step_weight", "iterations"].filter((key) => isSaid(analysis, key));
  const [first, second] = said;
  if (second !== undefined) refuse(`excludes ${first ?? ""}: say one of them`, second);
  if (most !== undefined && step === undefined) refuse("needs step_weight", "max_weight");
  if (most !== undefined && step !== undefined && most < step) {
    refuse(`must be at least step_weight (${step})`, "max_weight", most);
  }
  if (iterations !== undefined && (match ?? []).length === 0) {
    refuse("needs match: only testers get the canary meanwhile", "iterations");
  }
}

const analysisShape = record(
  "Steps of the rollout, and how the canary is judged.",
  analysisFields,
  {
    check: (analysis, refuse) => {
      const { step_weights: weights, latency_ms_max: latencyMs, metrics } = analysis;
      checkSteps(analysis, refuse);
      if (latencyMs !== undefined && metrics?.prometheus === undefined) {
        refuse(
          "needs metrics.prometheus: the filters do not count latency by arm",
          "latency_ms_max",
        );
      }
      if (weights.some((weight, i) => weight <= (weights[i - 1] ?? 0))) {
        refuse("must go up", "step_weights");
      }
      if (weights.some((weight) => !Number.isInteger(weight))) {
        refuse("must be whole numbers: a mesh splits by whole percents", "step_weights");
      }
    },
  },
);

export const rolloutShape = record(
  "Canary rollout of one arm of the service.",
  {
    stable: text("Arm that serves now.", { format: ARM_NAME, required: true, example: "gpt-4o" }),
    canary: text("Arm that is to take over; routes do not list it.", {
      format: ARM_NAME,
      required: true,
      example: "gpt-4o-next",
    }),
    analysis: analysisShape,
    guard: record("What the proxies themselves do about a bad canary.", guardFields),
  },
  {
    check: ({ stable, canary, analysis, guard }, refuse) => {
      if (stable === canary) refuse("must be another arm than stable", "canary");
      const limit = analysis?.error_percent_max ?? defaultAnalysis().error_percent_max;
      checkGuard(guard, limit, refuse);
    },
  },
);

/** What the rollout adds to a service. */
export const rolloutServiceFields = { rollout: rolloutShape };

export type PolicyRollout = ValueOf<typeof rolloutShape>;
export type PolicyAnalysis = ValueOf<typeof analysisShape>;
export type PolicyTester = ValueOf<typeof testerShape>;

/** Shares of the canary, step by step, whichever way they are said; 0 where only testers get it. */
export function stepWeights(analysis: PolicyAnalysis): readonly number[] {
  const { step_weight: step, max_weight: most = 100, iterations } = analysis;
  if (iterations !== undefined) return [0, 100];
  if (step === undefined) return analysis.step_weights;
  const weights: number[] = [];
  for (let weight = step; weight < most; weight += step) weights.push(weight);
  // What Flagger calls promotion: all of the traffic, here judged as well.
  return [...weights, ...(most < 100 ? [most, 100] : [100])];
}

/** What a rollout without `analysis` is judged by: the default of every member. */
export function defaultAnalysis(): PolicyAnalysis {
  const fields: Fields = analysisFields;
  const said = Object.entries(fields).filter(([, field]) => field.default !== undefined);
  return Object.fromEntries(said.map(([key, field]) => [key, field.default])) as PolicyAnalysis;
}
