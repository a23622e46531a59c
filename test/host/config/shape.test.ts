// The words in which the policy is described: what a description reads, and what it says of what it
// does not.

import { describe, expect, it } from "vitest";
import { PolicySource } from "../../../host-tools/src/config/policy-node";
import { DNS_LABEL, HEADER_NAME } from "../../../host-tools/src/config/shape/format";
import { isSaid, placeOf, readShape } from "../../../host-tools/src/config/shape/read-shape";
import {
  choice,
  durationMs,
  either,
  flag,
  labels,
  list,
  map,
  percent,
  real,
  record,
  type Shape,
  text,
  whole,
} from "../../../host-tools/src/config/shape/shape";

function read<T>(shape: Shape<T>, yaml: string): { value: T | undefined; faults: string[] } {
  const source = new PolicySource(yaml);
  const value = readShape(shape, source.root());
  const faults = source.faults.map(({ path, line, column, value: shown, message }) => {
    return `${line}:${column} ${path}${shown === undefined ? "" : ` = ${shown}`}: ${message}`;
  });
  return { value, faults };
}

const pool = record("A pool.", {
  connections_max: whole("Connections.", { low: 1, high: 100, default: 50 }),
  idle_timeout_ms: durationMs("Idle time."),
  share_percent: percent("Share."),
  ratio: real("Ratio.", { low: 0, high: 2 }),
  h2: flag("HTTP/2.", { default: false }),
  mode: choice("Mode.", ["fast", "slow"]),
  name: text("Name.", { required: true, format: DNS_LABEL }),
});

describe("a record", () => {
  it("reads what is said and fills in what has a default", () => {
    const { value, faults } = read(pool, "{ name: a, idle_timeout_ms: 5, ratio: 0.5 }");
    expect(faults).toEqual([]);
    expect(value).toEqual({
      name: "a",
      connections_max: 50,
      idle_timeout_ms: 5,
      ratio: 0.5,
      h2: false,
    });
  });

  it("complains of every member at once, each at its place", () => {
    const yaml = [
      "connections_max: 101",
      "idle_timeout_ms: 5s",
      "share_percent: -1",
      "ratio: .nan",
      "h2: maybe",
      "mode: fsat",
      "nmae: a",
    ].join("\n");
    expect(read(pool, yaml).faults).toEqual([
      "7:7 nmae: unknown key; did you mean name?",
      "1:18 connections_max = 101: must be a whole number in [1, 100]",
      '2:18 idle_timeout_ms = "5s": must be a whole number in [1, 3600000]',
      "3:16 share_percent = -1: must be a number in [0, 100]",
      "4:8 ratio = NaN: must be a number in [0, 2]",
      '5:5 h2 = "maybe": must be true or false',
      '6:7 mode = "fsat": must be one of fast, slow',
      "1:1 : name is missing",
    ]);
  });

  it("knows which members are said and where they stand", () => {
    const { value } = read(pool, "name: a\nh2: true");
    expect(placeOf(value!, "h2")).toEqual({ path: "h2", line: 2, column: 5 });
    expect(placeOf(value!, "connections_max")).toEqual(placeOf(value!));
    expect([isSaid(value!, "h2"), isSaid(value!, "connections_max")]).toEqual([true, false]);
  });

  it("asks its rule only where every member is good", () => {
    const ordered = record(
      "A range.",
      { low: whole("Low.", { low: 0, high: 9 }), high: whole("High.", { low: 0, high: 9 }) },
      {
        check: ({ low, high }, refuse) => {
          if ((low ?? 0) > (high ?? 9)) refuse(`must be at least low (${low})`, "high");
        },
      },
    );
    expect(read(ordered, "{ low: 5, high: 2 }").faults).toEqual([
      "1:17 high = 2: must be at least low (5)",
    ]);
    expect(read(ordered, "{ low: 50, high: 2 }").faults).toHaveLength(1);
  });

  it("says what is known but comes later", () => {
    const shape = record("R.", { a: flag("A.") }, { later: { b: "use a" } });
    expect(read(shape, "b: 1").faults).toEqual(["1:4 b: is not supported yet; use a"]);
  });

  it("is what stands behind an alias", () => {
    const shape = map("M.", pool);
    const { value, faults } = read(shape, "x: &p { name: a }\ny: *p");
    expect(faults).toEqual([]);
    expect(value?.get("y")).toEqual(value?.get("x"));
  });
});

describe("lists, mappings and labels", () => {
  it("are bounded by their count", () => {
    const names = list("Names.", text("Name."), { countMin: 1, countMax: 2 });
    expect(read(names, "[]").faults).toEqual(["1:1 : must have at least 1"]);
    expect(read(names, "[a, b, c]").faults).toEqual(["1:1 : must have at most 2"]);
    expect(read(names, "a").faults).toEqual(['1:1  = "a": must be a list']);
    expect(read(names, "[a, b]").value).toEqual(["a", "b"]);
  });

  it("keep the order of the file even where keys look like numbers", () => {
    const { value } = read(map("M.", flag("F.")), "{ b: true, '2': true, '1': false }");
    expect([...(value?.keys() ?? [])]).toEqual(["b", "2", "1"]);
  });

  it("check their keys", () => {
    const headers = map("M.", flag("F."), { keys: HEADER_NAME });
    expect(read(headers, "{ X-A: true }").faults[0]).toContain("must be a lower-case header name");
  });

  it("want texts as labels", () => {
    expect(read(labels("L."), "{ a: 'on', b: 1 }").faults).toEqual([
      "1:15 b = 1: must be a text (numbers and true/false need quotes)",
    ]);
  });
});

describe("one of several forms", () => {
  const retries = either("Retries.", {
    scalar: choice("None.", ["none"]),
    map: record("Some.", { attempts: whole("Tries.", { low: 1, high: 9, required: true }) }),
  });

  it("is told apart by what YAML sees", () => {
    expect(read(retries, "none").value).toBe("none");
    expect(read(retries, "{ attempts: 2 }").value).toEqual({ attempts: 2 });
  });

  it("names all forms to whoever writes none of them", () => {
    const said = "must be none, or a mapping with attempts";
    expect(read(retries, "3").faults).toEqual([`1:1  = 3: ${said}`]);
    expect(read(retries, "[]").faults).toEqual([`1:1 : ${said}`]);
  });
});
