// A pusher that dies: a process of its own that pushes one artifact and kills itself, without any
// chance to clean up, before the step that it is told. A program and not a hook in the tool, so that
// nothing of this ships.
//
//   node push-child.mjs KUBECONFIG ARTIFACT SEED [STEP]

import { readFile } from "node:fs/promises";
import { connectCluster } from "../../host-tools/src/cluster";
import { changeWeights } from "../../host-tools/src/weights/change-weights";
import { pushPlan } from "../../host-tools/src/weights/plans";
import { FILTER, NAMESPACE } from "./filtered-mesh";
import { changePorts } from "./mesh-pusher";

const [kubeconfig, file, seed, lastStep] = process.argv.slice(2);
if (kubeconfig === undefined || file === undefined) throw new RangeError("no kubeconfig, no file");
const cluster = await connectCluster({ kubeconfig, namespace: NAMESPACE });
const artifact = await readFile(file);
const ports = changePorts(cluster, {
  seed: Number(seed),
  waitMs: 0,
  onStep: (step) => {
    // The parent kills by this word as well, some moment later.
    process.stdout.write(`${step}\n`);
    if (step === lastStep) process.kill(process.pid, "SIGKILL");
  },
});
const place = { namespace: NAMESPACE, name: FILTER };
const { generation } = await changeWeights(ports, pushPlan({ artifact }), { place });
process.stdout.write(`done ${generation.epoch}\n`);
process.exit(0);
