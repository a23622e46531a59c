// The child process that generates load: a thin shell of calls around the two loops.

import { emitToParent, type ChildMethods } from "../child-service";
import { runClosedLoop, type ClosedLoopPlan } from "./closed-loop";
import type { LoadPlan } from "./load-plan";
import { OpenLoopRun } from "./open-loop";

export function loadMethods(): ChildMethods {
  let running: OpenLoopRun | undefined;
  return {
    async openLoop(plan: LoadPlan) {
      running = new OpenLoopRun(plan, (progress) => emitToParent("progress", progress));
      try {
        return await running.run();
      } finally {
        running = undefined;
      }
    },
    closedLoop(plan: ClosedLoopPlan) {
      return runClosedLoop(plan);
    },
    stopRun() {
      running?.stop();
    },
  };
}
