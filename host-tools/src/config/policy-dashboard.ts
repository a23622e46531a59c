// What a policy says of a Grafana dashboard for its services.

import { ADDRESS } from "./shape/format";
import { labels, map, record, text, type ValueOf, whole } from "./shape/shape";

const dashboardShape = record(
  "A Grafana dashboard of the policy's services, in a ConfigMap that Grafana's sidecar loads.",
  {
    labels: labels("Labels by which the sidecar finds it.", {
      otherwise: 'grafana_dashboard: "1"',
    }),
    folder: text("Folder in Grafana, as the annotation grafana_folder says it.", {
      otherwise: "Grafana's own",
    }),
    links: map(
      "Links in the dashboard's head, by title: Kiali, Jaeger, a runbook.",
      text("The address.", { format: ADDRESS }),
      { otherwise: "none" },
    ),
    refresh_s: whole("How often an open dashboard asks again.", {
      low: 5,
      high: 3600,
      unit: "s",
      default: 30,
    }),
  },
);
export type DashboardFacts = ValueOf<typeof dashboardShape>;

/** Members of `mesh`. */
export const dashboardMeshFields = { dashboard: dashboardShape };
