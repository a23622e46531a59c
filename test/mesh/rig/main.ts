// `npm run mesh`: a mesh to look at by hand. Builds what is missing, starts it, prints where everything is
// and waits for Ctrl-C.
//
//   npm run mesh [-- --proxies N] [-- --build-only]

import { parseArgs } from "node:util";
import { beforeSignalExit } from "../../../host-tools/src/rig";
import { packagingPrograms } from "../support/packaging-programs";
import { GATEWAY_LABELS, Mesh, meshParts, type Proxy } from "./index";

const PROXIES_MAX = 50;
const say = (sentence: string): void => void process.stderr.write(`${sentence}\n`);

process.exitCode = await run().catch((error: unknown) => {
  say(`error: ${error instanceof Error ? error.message : String(error)}`);
  return 1;
});

async function run(): Promise<number> {
  const { values } = parseArgs({
    options: { proxies: { type: "string", default: "1" }, "build-only": { type: "boolean" } },
  });
  const proxies = Number(values.proxies);
  if (!Number.isInteger(proxies) || proxies < 0 || proxies > PROXIES_MAX) {
    say(`error: --proxies ${values.proxies} is not a whole number from 0 to ${PROXIES_MAX}`);
    return 64;
  }
  await meshParts(say);
  if (values["build-only"]) {
    // Tests of the packaged manifests want these; a mesh does without.
    await packagingPrograms(say);
    return 0;
  }
  const startedMs = performance.now();
  const mesh = await Mesh.start({ proxies, say });
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  process.stdout.write(`${addresses(mesh)}\n`);
  say(`ready after ${seconds} s; Ctrl-C stops it`);
  await untilSignal(mesh);
  return 130;
}

/** One line a part, for people and for `grep`. */
function addresses(mesh: Mesh): string {
  const labels = Object.entries(GATEWAY_LABELS).map(([key, value]) => `${key}=${value}`);
  return [
    `api server   https://127.0.0.1:${mesh.kubernetes.port}`,
    `kubeconfig   ${mesh.kubeconfig}`,
    `registry     ${mesh.registry.host}`,
    `istiod       127.0.0.1:${mesh.istiod.xdsPort} (xDS), 127.0.0.1:${mesh.istiod.monitoringPort}/metrics`,
    `istioctl     ${mesh.parts.istioctl}`,
    ...mesh.proxies.map(proxyLine),
    ...(mesh.proxies.length > 0 ? [`gateways have the labels ${labels.join(", ")}`] : []),
  ].join("\n");
}

function proxyLine({ name, ip, admin, prometheusPort }: Proxy): string {
  const pages = `admin 127.0.0.1:${admin.port}, metrics ${ip}:${prometheusPort}/stats/prometheus`;
  return `${name.padEnd(12)} listeners on ${ip} (bind: ${ip} in a Gateway), ${pages}`;
}

/** The process ends by the signal itself, after the mesh has been stopped. */
function untilSignal(mesh: Mesh): Promise<never> {
  return new Promise(() => {
    const keepAlive = setInterval(() => {}, 60_000);
    beforeSignalExit(async () => {
      clearInterval(keepAlive);
      await mesh.stop();
      say("stopped");
    });
  });
}
