// Reads the recorded LLM traces: when each request arrived and how many tokens went in and out.
//
// azure-code: Azure LLM inference trace 2023, code completion (CC-BY-4.0). 57 minutes, 8,819
// requests, on and off: the gaps' coefficient of variation is 13.
// mooncake-chat: Mooncake conversation trace (Apache-2.0). 59 minutes, 12,031 requests, close to
// Poisson; its clock ticks once in 3 s, so arrivals of one tick are spread over it here.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { GanglionError } from "../../lib/errors";
import { seededPrng } from "../../lib/prng";
import type { Env } from "../cache-dir";

export type TraceName = "azure-code" | "mooncake-chat";

export interface TraceRequest {
  /** After the trace's first request, or after the start of the run. */
  readonly atMs: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
}

const FILES: Readonly<Record<TraceName, string>> = {
  "azure-code": "azure-llm/AzureLLMInferenceTrace_code.csv",
  "mooncake-chat": "mooncake/conversation_trace.jsonl",
};

const MOONCAKE_TICK_MS = 3000;

/** `$GANGLION_DATA`, else `../shared/data` beside the project; undefined if neither is there. */
export function findDataDir(env: Env = process.env): string | undefined {
  if (env.GANGLION_DATA) return existsSync(env.GANGLION_DATA) ? env.GANGLION_DATA : undefined;
  const roots = [process.cwd(), ...parents(dirname(fileURLToPath(import.meta.url)))];
  return roots
    .filter((root) => existsSync(join(root, "package.json")))
    .map((root) => join(root, "..", "shared", "data"))
    .find((dir) => existsSync(dir));
}

function* parents(dir: string): Generator<string> {
  for (let at = dir; at !== dirname(at); at = dirname(at)) yield at;
}

/** The recorded trace in order of arrival; undefined if its file is not in `dataDir`. */
export function readTraceFile(name: TraceName, dataDir: string): TraceRequest[] | undefined {
  const path = join(dataDir, FILES[name]);
  if (!existsSync(path)) return undefined;
  const lines = readFileSync(path, "utf8").split(/\r?\n/);
  const requests = name === "azure-code" ? parseAzure(lines) : parseMooncake(lines);
  if (requests.length > 0 && requests.every((request) => Number.isFinite(request.atMs))) {
    return requests;
  }
  throw new GanglionError("E_TRACE_FORMAT", `${path} is not the ${name} trace as published`, {
    hint: "Restore the file, or unset GANGLION_DATA to use the fitted generator.",
  });
}

function parseAzure(lines: readonly string[]): TraceRequest[] {
  const rows = lines.slice(1).filter((line) => line !== "");
  return fromZero(
    rows.map((row) => {
      const [time = "", prompt, output] = row.split(",");
      const atMs =
        Date.parse(`${time.slice(0, 23).replace(" ", "T")}Z`) + Number(time.slice(23)) / 1e4;
      return { atMs, promptTokens: Number(prompt), outputTokens: Number(output) };
    }),
  );
}

interface MooncakeRow {
  readonly timestamp: number;
  readonly input_length: number;
  readonly output_length: number;
}

function parseMooncake(lines: readonly string[]): TraceRequest[] {
  const prng = seededPrng(1);
  const rows = lines.filter((line) => line !== "").map((line) => JSON.parse(line) as MooncakeRow);
  const requests = rows.map((row) => ({
    atMs: row.timestamp + prng.uniform() * MOONCAKE_TICK_MS,
    promptTokens: row.input_length,
    outputTokens: row.output_length,
  }));
  return fromZero(requests.sort((a, b) => a.atMs - b.atMs));
}

function fromZero(requests: readonly TraceRequest[]): TraceRequest[] {
  const firstMs = requests[0]?.atMs ?? 0;
  return requests.map((request) => ({ ...request, atMs: request.atMs - firstMs }));
}
