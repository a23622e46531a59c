import { describe, expect, it } from "vitest";
import { readPayloads, targetOf } from "../../../host-tools/src/content/payload-data";

const HEADER = '"payload","length","attack_type","label"\n';

describe("a file of payloads", () => {
  it("is read with commas, line ends and quotes inside of fields", () => {
    const text = `${HEADER}"a, ""b""\nc","9","norm","norm"\r\n"1' or 1=1","8","sqli","anom"\n`;
    const rows = readPayloads(text, "x.csv");
    expect(rows.map(({ payload, kind, attack }) => ({ payload, kind, attack }))).toEqual([
      { payload: 'a, "b"\nc', kind: "norm", attack: false },
      { payload: "1' or 1=1", kind: "sqli", attack: true },
    ]);
  });

  it("is refused with its name and the row", () => {
    expect(() => readPayloads('"a","b"\n', "x.csv")).toThrow("x.csv, row 1: the columns are a,b");
    expect(() => readPayloads(`${HEADER}"a","1","norm","maybe"\n`, "x.csv")).toThrow(
      "x.csv, row 2: not a row of payload,length,attack_type,label",
    );
  });

  it("becomes targets as a browser sends them", () => {
    expect(Buffer.from(targetOf("a b'ü")).toString()).toBe("/?q=a%20b%27%C3%BC");
  });
});
