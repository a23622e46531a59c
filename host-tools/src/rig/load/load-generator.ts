// The load generator as its users see it: a child process that runs plans, one at a time.

import { startChildProgram, type ChildProgram } from "../child-program";
import type { ClosedLoopPlan, ClosedLoopResult } from "./closed-loop";
import type { LoadPlan } from "./load-plan";
import type { LoadProgress, LoadResult } from "./load-result";

export class LoadGenerator {
  private onProgress: (progress: LoadProgress) => void = () => {};

  constructor(private readonly program: ChildProgram) {
    program.onEvent = (_event, value) => this.onProgress(value as LoadProgress);
  }

  /**
   * Sends the plan's requests at their intended times; resolves when each has ended.
   *
   * @param onProgress called every `progressEveryMs` with what ended since
   * @throws GanglionError E_RIG_CHILD for a plan that does not fit, or if the process dies
   */
  async openLoop(
    plan: LoadPlan,
    onProgress: (progress: LoadProgress) => void = () => {},
  ): Promise<LoadResult> {
    this.onProgress = onProgress;
    return (await this.program.call("openLoop", plan)) as LoadResult;
  }

  /** As many requests as the connections can carry, one after the other on each. */
  async closedLoop(plan: ClosedLoopPlan): Promise<ClosedLoopResult> {
    return (await this.program.call("closedLoop", plan)) as ClosedLoopResult;
  }

  /** Ends the open-loop run under way; its promise resolves with what there is. */
  async stopRun(): Promise<void> {
    await this.program.call("stopRun");
  }

  get pid(): number {
    return this.program.pid;
  }

  cpuTimeUs(): number {
    return this.program.cpuTimeUs();
  }

  async stop(): Promise<void> {
    await this.program.stop();
  }
}

/** Starts the generator's process; nothing is sent yet. */
export async function startLoadGenerator(): Promise<LoadGenerator> {
  return new LoadGenerator(await startChildProgram("load"));
}
