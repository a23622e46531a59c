// The last check before a configuration is shipped: the same bytes that run in the proxies read it,
// in the embedded host. The tool's own validator says more precisely what is wrong; this one cannot
// be wrong.

import { ConfigOutcome, configOutcomeName, Metric, metricName } from "../contract";
import { EmbeddedProxy } from "../embedded";
import { ExitCode, GanglionError } from "../lib/errors";
import { PLUGIN_NAME } from "./filter-object";
import { encodedMetric } from "./stat-tags";

/** Long enough for a tick, on which metrics are written. */
const SETTLE_NS = 1_000_000_000;

/**
 * Lets the filter read a configuration.
 *
 * @param wasm the filter's release module
 * @throws GanglionError E_FILTER_REFUSED with the filter's own reason
 */
export function checkWithFilter(wasm: Uint8Array, configJson: string): void {
  const proxy = new EmbeddedProxy({
    wasm,
    workers: 1,
    mainThread: false,
    rootId: PLUGIN_NAME,
    pluginName: PLUGIN_NAME,
  });
  const result = proxy.configure(configJson);
  proxy.advance(SETTLE_NS);
  const configs = (outcome: ConfigOutcome): number =>
    proxy.metrics.counter(
      encodedMetric(metricName(Metric.ConfigsTotal), { cause: configOutcomeName(outcome) }),
    );
  const accepted = configs(ConfigOutcome.Accepted);
  const refused = configs(ConfigOutcome.Refused);
  if (result.status === "accepted" && accepted > 0 && refused === 0) return;
  const reasons = [...proxy.logs.messages("error"), ...proxy.logs.messages("warn"), result.reason];
  const reason = reasons.find((text) => text !== "") ?? "it gives no reason";
  throw new GanglionError("E_FILTER_REFUSED", `the filter refuses the configuration: ${reason}`, {
    hint: "Nothing was written. The tool and the module must be of the same version.",
    exitCode: ExitCode.badInput,
  });
}
