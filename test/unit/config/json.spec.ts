// The pull reader step by step; agreement with JSON.parse is in test/host/config-wasm.

import {
  JsonKind,
  JsonReader,
  jsonClose,
  jsonNextItem,
  jsonNextKey,
  jsonOpen,
  jsonValue,
} from "../../../assembly/config/json";
import { scaleDecimal } from "../../../assembly/config/json-number";
import { ConfigProblem } from "../../../assembly/contract/config-problem";
import { bytesOf, lengthOf, textAt } from "./source-text";

const reader = changetype<JsonReader>(memory.data(offsetof<JsonReader>(), 8));
const scratch = memory.data(16);

function open(text: string): usize {
  const source = bytesOf(text);
  jsonOpen(reader, source, lengthOf(text), scratch, 16);
  return source;
}

function text(): string {
  return textAt(reader.textPtr, reader.textLength);
}

function number(json: string): f64 {
  open(json);
  return jsonValue(reader) == JsonKind.Number ? reader.number : NaN;
}

describe("the JSON reader", () => {
  it("walks objects and arrays as it is asked", () => {
    open(' {"a" : [1, "x"], "b":{} } ');
    expect(jsonValue(reader)).toBe(JsonKind.Object);
    expect(jsonNextKey(reader)).toBe(true);
    expect(text()).toBe("a");
    expect(jsonValue(reader)).toBe(JsonKind.Array);
    expect(jsonNextItem(reader)).toBe(true);
    expect(jsonValue(reader)).toBe(JsonKind.Number);
    expect(jsonNextItem(reader)).toBe(true);
    expect(jsonValue(reader)).toBe(JsonKind.Text);
    expect(jsonNextItem(reader)).toBe(false);
    expect(jsonNextKey(reader)).toBe(true);
    expect(jsonValue(reader)).toBe(JsonKind.Object);
    expect(jsonNextKey(reader)).toBe(false);
    expect(jsonNextKey(reader)).toBe(false);
    expect(jsonClose(reader)).toBe(true);
  });

  it("leaves a text without escapes where it is", () => {
    const source = open('"plain"');
    expect(jsonValue(reader)).toBe(JsonKind.Text);
    expect(reader.textPtr).toBe(source + 1);
    expect(reader.textLength).toBe(5);
    expect(reader.escaped).toBe(0);
  });

  it("decodes a text with escapes into the scratch", () => {
    open('"a\\n\\u00e9\\ud83d\\ude00\\/"');
    expect(jsonValue(reader)).toBe(JsonKind.Text);
    expect(reader.textPtr).toBe(scratch);
    expect(text()).toBe("a\né😀/");
  });

  it("keeps the first fault and its place", () => {
    open("[1 2]");
    jsonValue(reader);
    jsonNextItem(reader);
    jsonValue(reader);
    expect(jsonNextItem(reader)).toBe(false);
    expect(reader.problem).toBe(ConfigProblem.Malformed);
    expect(reader.problemAt).toBe(3);
    expect(jsonValue(reader)).toBe(JsonKind.Bad);
    expect(jsonClose(reader)).toBe(false);
    expect(reader.problemAt).toBe(3);
  });

  it("reads numbers of the grammar and no others", () => {
    expect(number("-0.5e+1")).toBe(-5);
    expect(number("1e+06")).toBe(1000000);
    expect(number("9007199254740993")).toBe(9007199254740992);
    expect(isNaN(number("+1"))).toBe(true);
    expect(isNaN(number(".5"))).toBe(true);
    expect(isNaN(number("1."))).toBe(true);
    expect(isNaN(number("1e"))).toBe(true);
    expect(isNaN(number("-"))).toBe(true);
    expect(isNaN(number("Infinity"))).toBe(true);
  });

  it("scales by powers of ten from the least to the greatest double", () => {
    expect(scaleDecimal(5, -324)).toBe(5e-324);
    expect(scaleDecimal(17976931348623157, 292)).toBe(f64.MAX_VALUE);
    expect(scaleDecimal(1, 309)).toBe(Infinity);
    expect(scaleDecimal(1, -346)).toBe(0);
    expect(scaleDecimal(0, 300)).toBe(0);
    expect(scaleDecimal(22250738585072014, -324)).toBe(2.2250738585072014e-308);
  });
});
