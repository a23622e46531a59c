// What each field of the configuration means, one sentence each, by record and field id: for the
// reference and the JSON Schema. Apart from the description, because the filter never needs it.
//
// This file is shared with the host tool and must remain portable (no AssemblyScript built-ins).

/** @param record RecordKind @param id of the field within it */
export function fieldHelp(record: i32, id: i32): string {
  switch (record * 16 + id) {
    case 0:
      return "Version of this format.";
    case 1:
      return "Only goes up; an older configuration that arrives late is accepted and ignored.";
    case 2:
      return "Shadow computes and counts every verdict and carries none out.";
    case 3:
      return "When score, verdict, reason and model headers are written upstream.";
    case 4:
      return "Half-life of the fast latency estimate, in ms.";
    case 5:
      return "Half-life of the slow latency estimate, in ms.";
    case 6:
      return "Half-life of the quantile sketches, in ms.";
    case 7:
      return "Share of requests that may look at an arm whose estimate is stale, in permille.";
    case 8:
      return "Routes in match order; the first that matches counts.";
    case 9:
      return "The scorer's weights.";
    case 16:
      return "Key of what is learnt: estimates survive as long as the name does.";
    case 17:
      return "Which requests; empty matches all.";
    case 18:
      return "Overrides the mode of the whole configuration.";
    case 19:
      return "Destinations a routing header can select.";
    case 20:
      return "Order of arms when every arm with weight is ejected; the declared order by default.";
    case 21:
      return "When an arm stops getting traffic.";
    case 22:
      return "Local rate limits, exact over the proxy's workers; all must admit.";
    case 23:
      return "What a high score does.";
    case 32:
      return "The path starts with this.";
    case 33:
      return "The path without query equals this.";
    case 34:
      return "The method equals this.";
    case 35:
      return "The authority equals this, port included.";
    case 48:
      return "Value of x-ganglion-arm, and label of its metrics.";
    case 49:
      return "Preference; latency is divided by it. 0 is standby: used by the fallback order only.";
    case 50:
      return "Gets no header; the first arm where none says so.";
    case 64:
      return "Error EWMA at which an arm is ejected, in permille; 0 never ejects.";
    case 65:
      return "Requests an arm must have seen before it can be ejected.";
    case 66:
      return "First ejection in ms; doubles each time the arm fails again, up to ten times.";
    case 80:
      return "Label of its metrics.";
    case 81:
      return "Overrides the mode of the route.";
    case 82:
      return "One bucket per value of this request header; empty: one bucket in all.";
    case 83:
      return "Refill of a bucket; values not listed get this each.";
    case 84:
      return "Capacity of a bucket.";
    case 85:
      return "Header values with a rate of their own.";
    case 96:
      return "The header's value, compared byte by byte.";
    case 97:
      return "Refill for this value.";
    case 98:
      return "Capacity for this value.";
    case 24:
      return "What keeps requests off a canary that fails; the traffic split is the mesh's.";
    case 112:
      return "A fixed score at which a request counts as anomalous; 0 adapts to false_alarms_per_hour.";
    case 113:
      return "What happens to an anomalous request.";
    case 114:
      return "False alarms of this route and worker in an hour of healthy traffic that are accepted.";
    case 115:
      return "What streaming statistics of latency, errors and rates take part in.";
    case 116:
      return "What the model of the request sequence takes part in.";
    case 117:
      return "What the scorer of path and query takes part in.";
    case 128:
      return "SHA-256 of the artifact's bytes.";
    case 129:
      return "The artifact's bytes.";
    case 130:
      return "Shadow: its layers are computed, told and counted, and act on no route.";
    case 144:
      return "Revision of the canary: a kill holds until another one comes, whatever the epoch.";
    case 145:
      return "Overrides the mode of the route; shadow judges, and keeps nothing off.";
    case 146:
      return "Value of x-ganglion-arm on every request of the route once the canary is killed.";
    case 147:
      return "Cluster of the canary as the proxy names it; a star stands for any characters.";
    case 148:
      return "Evidence against the canary that an answer 5xx adds, natural logarithm, Q16.";
    case 149:
      return "Evidence that any other answer takes away, Q16.";
    case 150:
      return "Evidence that kills, Q16.";
    case 151:
      return "How far below zero a healthy canary's evidence goes, Q16.";
    case 152:
      return "Answers of the canary before it can be killed.";
    default:
      return "How many times the stable arm's odds of an error a bad canary has; 0 does not compare.";
  }
}
