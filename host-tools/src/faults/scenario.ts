// A scenario of the suite as data: which requests are sent when, what is wrong with which arm when, and
// what a detector ought to say. Nothing in it depends on the engine that runs it, and nothing on the
// filter: arms are chosen beforehand, as a balancer that looks at nothing would.

import type { Fault } from "../rig/upstream/fault-schedule";
import type { FaultClass, Intensity } from "./fault-class";
import type { SuiteRoute } from "./suite-routes";

/** A stretch of a route's life in which something is wrong: the label. */
export interface Episode {
  readonly fault: FaultClass;
  readonly intensity: Intensity;
  /** Index into the scenario's routes: the key on which an alarm is right. */
  readonly route: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface SuiteRequest {
  readonly atMs: number;
  /** Index into the scenario's routes. */
  readonly route: number;
  /** Index into the route's arms. */
  readonly arm: number;
  readonly method: "GET" | "POST";
  /** With query. */
  readonly path: string;
  readonly contentBytes: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** Who sends it; 24 bits, written as an address. */
  readonly client: number;
  /** 1 for a first try. */
  readonly attempt: number;
  /** 0: as the arm says; else this status, quickly, whatever the arm. */
  readonly answer: 0 | 401 | 404;
  /** Whether a fault added this request. */
  readonly isExtra: boolean;
}

export interface Scenario {
  readonly name: string;
  readonly seed: number;
  readonly routes: readonly SuiteRoute[];
  /** By route and arm, what goes wrong when; ordinary weather included. */
  readonly armFaults: readonly (readonly (readonly Fault[])[])[];
  /** In order of time. */
  readonly requests: readonly SuiteRequest[];
  /** In order of time. */
  readonly episodes: readonly Episode[];
  /** From when on alarms count: before, everybody learns. */
  readonly warmUpMs: number;
  /** When each route's traffic ends. */
  readonly untilMs: readonly number[];
}

/** Key-hours after the warm-up. */
export function keyHours(scenario: Scenario): number {
  const { untilMs, warmUpMs } = scenario;
  return untilMs.reduce((sum, end) => sum + Math.max(0, end - warmUpMs), 0) / 3_600_000;
}

/** A client's number as an address of the private range. */
export function clientAddress(client: number): string {
  return `10.${(client >> 16) & 255}.${(client >> 8) & 255}.${client & 255}`;
}
