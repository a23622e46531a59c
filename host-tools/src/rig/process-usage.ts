// CPU time and memory of another process, from /proc. The scheduler's own nanosecond counters are
// used where they exist: the tick counters of /proc/PID/stat are 10 ms coarse, which is 1,000
// requests of noise in a bench of 100,000.

import { readFileSync, readdirSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { GanglionError } from "../lib/errors";

const TICK_US = 10_000; // USER_HZ is 100 on every Linux that Node runs on

/**
 * CPU time used by all living threads of a process, in microseconds. Threads that have ended are
 * not in it (Envoy's workers do not end), so take differences between two reads.
 */
export function cpuTimeUs(pid: number): number {
  try {
    let sumNs = 0;
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      sumNs += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "ascii").split(" ")[0]);
    }
    if (sumNs > 0) return sumNs / 1000;
  } catch {
    // schedstat is a kernel option, /proc a system's
  }
  return statTimeUs(pid);
}

/** CPU time of one thread of a process by thread name (`wrk:worker_0`), microseconds; 0 if none. */
export function threadCpuTimeUs(pid: number, threadName: string): number {
  let sumNs = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const dir = `/proc/${pid}/task/${thread}`;
    if (readFileSync(`${dir}/comm`, "utf8").trim() !== threadName) continue;
    sumNs += Number(readFileSync(`${dir}/schedstat`, "ascii").split(" ")[0]);
  }
  return sumNs / 1000;
}

function statTimeUs(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * TICK_US;
  } catch {
    return psTimeUs(pid);
  }
}

function psTimeUs(pid: number): number {
  const text = psField(pid, "time");
  const parts = text.split(/[:-]/).map(Number).reverse();
  const seconds = (parts[0] ?? 0) + 60 * (parts[1] ?? 0) + 3600 * (parts[2] ?? 0);
  return seconds * 1e6;
}

/** Resident memory of a process in bytes. */
export function residentBytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return Number(psField(pid, "rss")) * 1024;
  }
}

function psField(pid: number, field: string): string {
  try {
    return execFileSync("ps", ["-o", `${field}=`, "-p", String(pid)], { encoding: "utf8" }).trim();
  } catch (cause) {
    throw new GanglionError("E_PROCESS_GONE", `no process ${pid} to read ${field} of`, { cause });
  }
}
