// HTTP servers that a rollout asks before it goes on, and that it tells what it did: Flagger's webhooks, by
// Flagger's names.

import { ARM_NAME } from "./shape/format";
import { choice, durationMs, labels, list, record, text, type ValueOf, whole } from "./shape/shape";

/** When a webhook is called; Flagger's words. */
export const WEBHOOK_TYPES = [
  "confirm-rollout",
  "pre-rollout",
  "rollout",
  "confirm-traffic-increase",
  "confirm-promotion",
  "post-rollout",
  "rollback",
  "event",
] as const;
export type WebhookType = (typeof WEBHOOK_TYPES)[number];

const webhookShape = record(
  "A server that is asked, or told, by POST.",
  {
    name: text("Name of the webhook, as messages call it.", {
      format: ARM_NAME,
      required: true,
      example: "load-test",
    }),
    type: choice(
      "When it is called: a confirm-* that refuses holds, a (pre-)rollout that fails counts, a rollback that agrees takes traffic back.",
      WEBHOOK_TYPES,
      { default: "rollout" },
    ),
    url: text("Where; redirects are not followed.", {
      required: true,
      example: "https://gate.ci.svc/approve",
    }),
    timeout_ms: durationMs("How long one call may take.", {
      low: 100,
      high: 60_000,
      default: 5000,
    }),
    retries: whole("Calls after one that failed.", { low: 0, high: 10, unit: "calls", default: 0 }),
    metadata: labels("Sent along as it is."),
  },
  {
    check: ({ url }, refuse) => {
      if (!/^https?:\/\/[^\s/?#]+/.test(url)) refuse("must be an http or https URL", "url", url);
    },
  },
);

export const webhooksShape = list(
  "Servers that are asked before it goes on, and told.",
  webhookShape,
  {
    countMax: 20,
  },
);

export type PolicyWebhook = ValueOf<typeof webhookShape>;
