// Proves that a path through a compiled module never allocates: walks the call graph from the given
// exports of a module with names (the debug build) and reports what it reaches of the allocator, and
// every indirect call, through which no walk can see. Not a run-time counter: that only speaks for
// the inputs that were tried.
//
// binaryen comes with the AssemblyScript compiler and is loaded on first use: development only.

import { GanglionError } from "./errors";

/** What AssemblyScript's runtimes allocate with. */
const ALLOCATORS =
  /^~lib\/(rt\/.*\/(__new|__renew|__alloc|__realloc|maybeGrowMemory)|memory\/heap)/;

interface Graph {
  /** Function to the functions it calls. */
  readonly calls: ReadonlyMap<string, ReadonlySet<string>>;
  /** Functions that call through the table or grow the memory, and which of the two. */
  readonly opaque: ReadonlyMap<string, string>;
  /** Export to function. */
  readonly exports: ReadonlyMap<string, string>;
}

/**
 * What of the allocator, and which indirect calls, can be reached from the roots.
 *
 * @param wasm a module with a name section
 * @param roots names of exports, e.g. `proxy_on_request_headers`
 * @returns one line for each finding, `root -> ... -> what`; empty when the path is clean
 * @throws GanglionError E_CALL_GRAPH for a root that the module does not export, or without names
 */
export async function allocationsReachable(
  wasm: Uint8Array,
  roots: readonly string[],
): Promise<string[]> {
  const graph = await readGraph(wasm);
  const findings: string[] = [];
  for (const root of roots) {
    const start = graph.exports.get(root);
    if (start === undefined) {
      throw new GanglionError("E_CALL_GRAPH", `the module does not export ${root}`, {
        hint: `It exports ${[...graph.exports.keys()].join(", ")}.`,
      });
    }
    findings.push(...walk(graph, start).map((path) => [root, ...path.slice(1)].join(" -> ")));
  }
  return findings;
}

/** Paths from the start to each allocator function or indirect call, shortest first. */
function walk(graph: Graph, start: string): string[][] {
  const found: string[][] = [];
  const cameFrom = new Map<string, string | null>([[start, null]]);
  for (const name of cameFrom.keys()) {
    if (ALLOCATORS.test(name)) {
      found.push(pathTo(cameFrom, name));
      continue;
    }
    const opaque = graph.opaque.get(name);
    if (opaque !== undefined) found.push([...pathTo(cameFrom, name), opaque]);
    for (const callee of graph.calls.get(name) ?? []) {
      if (!cameFrom.has(callee)) cameFrom.set(callee, name);
    }
  }
  return found;
}

function pathTo(cameFrom: ReadonlyMap<string, string | null>, name: string): string[] {
  const path: string[] = [];
  for (let at: string | null = name; at !== null; at = cameFrom.get(at) ?? null) path.unshift(at);
  return path;
}

async function readGraph(wasm: Uint8Array): Promise<Graph> {
  const { default: binaryen } = await import("binaryen");
  const module = binaryen.readBinary(wasm);
  try {
    return parseGraph(module.emitText());
  } finally {
    module.dispose();
  }
}

/** Text form, one instruction a line: stable across versions, unlike the expression interface. */
function parseGraph(text: string): Graph {
  const calls = new Map<string, Set<string>>();
  const opaque = new Map<string, string>();
  const exports = new Map<string, string>();
  let current = "";
  for (const line of text.split("\n")) {
    const defined = /^ \(func \$(\S+)/.exec(line)?.[1];
    if (defined !== undefined) calls.set((current = unquote(defined)), new Set());
    const exported = /^ \(export "([^"]+)" \(func \$([^)]+)\)/.exec(line);
    if (exported !== null) exports.set(exported[1]!, unquote(exported[2]!));
    if (current === "") continue;
    const instruction = /\((call_indirect|call_ref|memory\.grow)\b/.exec(line)?.[1];
    if (instruction !== undefined) opaque.set(current, instruction);
    const called = /\((?:return_)?call \$([^\s)]+)/.exec(line)?.[1];
    if (called !== undefined) calls.get(current)!.add(unquote(called));
  }
  if (![...calls.keys()].some((name) => name.includes("/"))) {
    throw new GanglionError("E_CALL_GRAPH", "the module has no names of functions to walk by", {
      hint: "Give the debug build, build/ganglion.debug.wasm.",
    });
  }
  return { calls, opaque, exports };
}

function unquote(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1) : name;
}
