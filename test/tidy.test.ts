// The rules of the house that a machine can check. Each names what it forbids and what to do
// instead; a rule that nobody can run is not a rule.

import { describe, expect, it } from "vitest";
import { METRICS, metricName } from "../host-tools/src/contract";
import { codeOf, functionsOf, importsOf, isSource, linesOf } from "./support/tidy-source";
import { textOf, trackedFiles } from "./support/tidy-source";

const files = trackedFiles();
const sources = files.filter(isSource);
const assembly = sources.filter((path) => path.startsWith("assembly/"));
const hostTools = sources.filter((path) => path.startsWith("host-tools/src/"));

/** First folder below the given one; the file's own name for a file that stands there directly. */
function areaOf(path: string, below: string): string {
  return path.slice(below.length).split("/")[0]!.replace(/\.ts$/, "");
}

/** Lines of code that match, as `path:line: text`. */
function lines(paths: readonly string[], pattern: RegExp, of = codeOf): string[] {
  return paths.flatMap((path) =>
    of(path).flatMap((text, i) => (pattern.test(text) ? [`${path}:${i + 1}: ${text.trim()}`] : [])),
  );
}

/** Spelt in two parts, so that this file does not contain what it looks for. */
const word = (...parts: string[]) => parts.join("");

describe("imports", () => {
  /** What each folder of assembly/ may import beside itself. */
  const ALLOWED: Readonly<Record<string, readonly string[]>> = {
    contract: [],
    state: ["contract"],
    features: ["contract", "state"],
    model: ["contract", "features"],
    policy: ["contract", "config", "state", "features"],
    config: ["contract"],
    edge: ["contract", "config"],
    statistics: ["contract", "state"],
    training: [],
    content: ["contract"],
    calibration: ["contract"],
  };

  it.each(Object.keys(ALLOWED))("of assembly/%s go only downwards", (area) => {
    const wrong = assembly
      .filter((path) => path.startsWith(`assembly/${area}/`))
      .flatMap((path) => importsOf(path).map((item) => ({ path, ...item })))
      .filter(({ target }) => target !== "")
      .filter(({ target }) => {
        const to = areaOf(target, "assembly/");
        return !target.startsWith("assembly/") || (to !== area && !ALLOWED[area]!.includes(to));
      });
    expect(wrong.map(({ path, line, from }) => `${path}:${line} imports ${from}`)).toEqual([]);
  });

  it("of the SDK are in edge/host.ts alone, and it only takes declarations", () => {
    const users = assembly.filter((path) =>
      importsOf(path).some(({ from }) => from.startsWith("@solo-io/")),
    );
    expect(users).toEqual(["assembly/edge/host.ts"]);
    const [from] = importsOf(users[0]!).map((item) => item.from);
    expect(from).toBe("@solo-io/proxy-runtime/assembly/imports");
  });

  it("name the proxy's functions in edge/ only; index.ts exports callbacks", () => {
    const outside = assembly.filter((path) => !path.startsWith("assembly/edge/"));
    const named = lines(outside, /\bproxy_[a-z0-9_]+/);
    const wrong = named.filter(
      (line) => !/^assembly\/index\.ts:\d+: export function proxy_/.test(line),
    );
    expect(wrong).toEqual([]);
  });

  it("of the host tool reach assembly/ through contract.ts alone", () => {
    const wrong = hostTools.flatMap((path) =>
      importsOf(path)
        .filter(({ target }) => target.startsWith("assembly/"))
        .filter(() => path !== "host-tools/src/contract.ts")
        .map(({ line, from }) => `${path}:${line} imports ${from}`),
    );
    expect(wrong).toEqual([]);
    const contract = importsOf("host-tools/src/contract.ts").map(({ target }) => target);
    for (const target of contract) expect(target).toMatch(/^assembly\/contract\//);
  });

  it("of the host tool's folders never go up to commands, program or cli", () => {
    const top = ["commands", "program", "cli"];
    const wrong = hostTools
      .filter((path) => !top.includes(areaOf(path, "host-tools/src/")))
      .flatMap((path) => importsOf(path).map((item) => ({ path, ...item })))
      .filter(({ target }) => target.startsWith("host-tools/src/"))
      .filter(({ target }) => top.includes(areaOf(target, "host-tools/src/")));
    expect(wrong.map(({ path, line, from }) => `${path}:${line} imports ${from}`)).toEqual([]);
  });

  it("of what renders go one way: manifests, then kubernetes, then istio, then config", () => {
    const order = ["manifests", "kubernetes", "istio", "config"];
    const wrong = hostTools.flatMap((path) => {
      const level = order.indexOf(areaOf(path, "host-tools/src/"));
      if (level === -1) return [];
      return importsOf(path)
        .filter(({ target }) => target.startsWith("host-tools/src/"))
        .filter(({ target }) => {
          const to = order.indexOf(areaOf(target, "host-tools/src/"));
          return to !== -1 && to < level;
        })
        .map(({ line, from }) => `${path}:${line} imports ${from}`);
    });
    expect(wrong).toEqual([]);
  });

  it("of lib/ are packages and lib/ itself", () => {
    const wrong = hostTools
      .filter((path) => path.startsWith("host-tools/src/lib/"))
      .flatMap((path) => importsOf(path).map((item) => ({ path, ...item })))
      .filter(({ target }) => target !== "" && target !== "package.json")
      .filter(({ target }) => !target.startsWith("host-tools/src/lib/"));
    expect(wrong.map(({ path, line, from }) => `${path}:${line} imports ${from}`)).toEqual([]);
  });

  it("of the product never come from its tests and benches", () => {
    const wrong = [...assembly, ...hostTools].flatMap((path) =>
      importsOf(path)
        .filter(({ target }) => /^(test|bench)\//.test(target))
        .map(({ line, from }) => `${path}:${line} imports ${from}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe("sizes", () => {
  it("of files are at most 400 lines: split by concept", () => {
    const long = sources.map((path) => ({ path, lines: linesOf(path).length }));
    expect(long.filter((file) => file.lines > 400)).toEqual([]);
  });

  it("of functions are at most 60 lines: name the parts", () => {
    const long = sources.flatMap((path) =>
      functionsOf(path)
        .filter((span) => span.lines > 60)
        .map((span) => `${path}:${span.line} ${span.name}: ${span.lines} lines`),
    );
    expect(long).toEqual([]);
  });

  it("of functions are measured at all", () => {
    const spans = functionsOf("test/support/tidy-source.ts").map((span) => span.name);
    expect(spans).toEqual(expect.arrayContaining(["codeOf", "importsOf", "functionsOf"]));
    expect(sources.flatMap(functionsOf).length).toBeGreaterThan(500);
  });

  it("of lines of code are at most 100 characters, but for a long literal", () => {
    // Style sheets and scripts of the report are literals of many lines.
    const embedded = /^host-tools\/src\/report\/(styles|hover)\.ts$/;
    const long = lines(
      sources.filter((path) => !embedded.test(path)),
      /^.{101,}$/,
    );
    expect(long.filter((line) => !/["'`/].{30,}["'`/]/.test(line))).toEqual([]);
  });

  it("of lines of comment are at most 110 characters", () => {
    expect(lines(sources, /^(?=\s*(\/\/|\/?\*)).{111,}$/, linesOf)).toEqual([]);
  });
});

describe("the request path", () => {
  const HOT = /^assembly\/(state|features|model|policy|edge|content|calibration|statistics)\//;
  const HOT_FILES = ["index", "plugin", "reflex", "admit", "publish", "generation"];
  const hot = assembly.filter(
    (path) => HOT.test(path) || HOT_FILES.includes(areaOf(path, "assembly/")),
  );

  it("throws nothing: a trap takes the filter off the worker; return a status", () => {
    expect(hot.length).toBeGreaterThan(20);
    expect(lines(hot, /\bthrow\b/)).toEqual([]);
  });

  it("makes no objects: take memory once, with memory.data or a StaticArray of the module", () => {
    const made = lines(hot, /\bnew\s+\w/);
    expect(made.filter((line) => !/: (export )?const [^(]*new StaticArray</.test(line))).toEqual(
      [],
    );
    const inside = hot.flatMap((path) =>
      codeOf(path).filter((text) => /^\s+.*\bnew StaticArray</.test(text)),
    );
    expect(inside).toEqual([]);
  });

  it("builds no strings: append to edge/text", () => {
    expect(lines(hot, /`/)).toEqual([]);
    expect(lines(hot, /\.(toString|concat|substring|slice|split|join)\(/)).toEqual([]);
  });

  it("uses no growing collection: use a fixed table", () => {
    expect(lines(hot, /\b(Map|Set|Array)</)).toEqual([]);
  });

  it("checks every bound: unchecked( stands in model/kernels.ts alone", () => {
    const others = assembly.filter((path) => path !== "assembly/model/kernels.ts");
    expect(lines(others, /\bunchecked\(/)).toEqual([]);
  });

  it("knows no clock and no chance of its own", () => {
    const pure = assembly.filter((path) =>
      /^assembly\/(state|features|model|policy|content|calibration|statistics)\//.test(path),
    );
    expect(lines(pure, /\b(Date|Math\.random|performance)\b/)).toEqual([]);
  });
});

describe("the contract", () => {
  const contract = assembly.filter((path) => path.startsWith("assembly/contract/"));

  it("uses nothing that only one of its two compilers has", () => {
    expect(contract.length).toBeGreaterThan(4);
    const builtins = /\b(load|store|memory|changetype|unchecked|offsetof|sizeof|usize|v128|u64)\b/;
    expect(lines(contract, builtins)).toEqual([]);
    expect(lines(contract, /^\s*@\w+/)).toEqual([]);
    expect(lines(contract, /\b(StaticArray|Array|Map|Set|Promise)</)).toEqual([]);
    expect(lines(contract, /=>|`|\bas const\b|[[({,]\s*\.\.\.|\btypeof\b|\bimport type\b/)).toEqual(
      [],
    );
  });

  it("has every metric in the reference", () => {
    const page = textOf("docs/reference/metrics.md");
    for (let metric = 0; metric < METRICS; metric++) expect(page).toContain(metricName(metric));
  });

  it("gives each metric a name of its own", () => {
    const names = Array.from({ length: METRICS }, (_, metric) => metricName(metric));
    expect(new Set(names).size).toBe(METRICS);
    for (const name of names) expect(name).toMatch(/^ganglion_[a-z0-9_]+$/);
  });
});

describe("words", () => {
  it("in file names say what is inside", () => {
    const vague = /(^|\/)(utils?|helpers?|types|common|misc)\.(ts|mjs|js)$/;
    expect(sources.filter((path) => vague.test(path))).toEqual([]);
  });

  it("in file names are joined by hyphens", () => {
    const odd = sources.filter((path) => !/^[a-z0-9.-]+$/.test(path.split("/").at(-1)!));
    expect(odd).toEqual([]);
  });

  it("come first: each file opens with what it is, a test by its name", () => {
    const named = sources.filter((path) => !/\.(test|spec)\.ts$/.test(path));
    const silent = named.filter((path) => {
      const first = linesOf(path).find((line) => line !== "" && !line.startsWith("#!"));
      return !/^(\/\/|\/\*)/.test(first ?? "");
    });
    expect(silent).toEqual([]);
  });

  it("for later are issues, not comments", () => {
    const later = new RegExp(
      `\\b(${[word("TO", "DO"), word("FIX", "ME"), word("XX", "X")].join("|")})\\b`,
    );
    expect(lines(sources, later, linesOf)).toEqual([]);
  });

  it("leave no test out", () => {
    const tests = sources.filter((path) => path.startsWith("test/"));
    const left = new RegExp(
      `\\b(describe|it|test)\\.(${word("sk", "ip")}|${word("on", "ly")}|${word("to", "do")})\\b`,
    );
    expect(lines(tests, left)).toEqual([]);
  });
});

describe("tracked files", () => {
  const readable = files.filter((path) => !/\.(gngl|wasm|png|gz|csv)$/.test(path));

  it("name no folder of anybody's machine", () => {
    const machine = new RegExp(
      ["home", "Users", "root", "work"].map((d) => `[\\s"'(=:]/${d}/\\w`).join("|"),
    );
    expect(lines(readable, machine, linesOf)).toEqual([]);
  });

  it("name no package registry: whoever installs has their own", () => {
    const hosts = [
      word("registry.npm", "js.org"),
      word("py", "pi.org"),
      word("files.python", "hosted.org"),
      word("proxy.go", "lang.org"),
      word("sum.go", "lang.org"),
    ];
    const pattern = new RegExp(hosts.map((host) => host.replaceAll(".", "\\.")).join("|"));
    expect(lines(readable, pattern, linesOf)).toEqual([]);
  });

  it("hold no build output", () => {
    expect(files.filter((path) => /^(build|node_modules)\/|\.wasm$/.test(path))).toEqual([]);
  });
});
