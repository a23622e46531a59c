// Pods without a kubelet: the object as the API server would have it once the pod runs, so that istiod and
// the tool find labels, address and annotations where they look for them.

import type { KubeClient } from "./kube-client";

export interface PodOptions {
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ip: string;
  readonly container: string;
  /** Announced by the usual prometheus.io annotations. */
  readonly prometheusPort?: number;
}

/** Makes the pod and says of it that it runs and is ready. */
export async function createPod(client: KubeClient, options: PodOptions): Promise<void> {
  const { name, namespace, labels, ip, prometheusPort } = options;
  const annotations = prometheusPort === undefined ? {} : scrapeAnnotations(prometheusPort);
  const [pod] = await client.apply({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels, annotations },
    spec: {
      serviceAccountName: options.serviceAccount,
      containers: [{ name: options.container, image: "none.invalid/none" }],
      terminationGracePeriodSeconds: 0,
    },
  });
  const now = new Date().toISOString();
  const condition = (type: string) => ({ type, status: "True", lastTransitionTime: now });
  await client.setStatus(pod!, {
    phase: "Running",
    podIP: ip,
    podIPs: [{ ip }],
    startTime: now,
    conditions: ["PodScheduled", "Initialized", "ContainersReady", "Ready"].map(condition),
    containerStatuses: [
      {
        name: options.container,
        image: "none.invalid/none",
        imageID: "",
        ready: true,
        restartCount: 0,
        started: true,
        state: { running: { startedAt: now } },
      },
    ],
  });
}

function scrapeAnnotations(port: number): Record<string, string> {
  return {
    "prometheus.io/scrape": "true",
    "prometheus.io/port": String(port),
    "prometheus.io/path": "/stats/prometheus",
  };
}
