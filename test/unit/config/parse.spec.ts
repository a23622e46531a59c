// The whole reading, seen through the settings block as the request path sees it.

import { ConfigReport, REPORT_BYTES } from "../../../assembly/config/config-report";
import { hash64Joined } from "../../../assembly/config/hash64";
import { parseSettings } from "../../../assembly/config/parse";
import { renderReport } from "../../../assembly/config/render-report";
import {
  SETTINGS_BYTES,
  Settings,
  armSettings,
  keyHeader,
  limitSettings,
  limitValueSettings,
  routeSettings,
  settingsText,
} from "../../../assembly/config/settings";
import { Mode } from "../../../assembly/contract/config";
import { ARTIFACT_BYTES_MAX, TEXT_BYTES_MAX } from "../../../assembly/contract/limits";
import { bytesOf, lengthOf, textAt } from "./source-text";

const settings = changetype<Settings>(memory.data(<i32>SETTINGS_BYTES, 8));
const artifact = memory.data(ARTIFACT_BYTES_MAX, 8);
const report = changetype<ConfigReport>(memory.data(<i32>REPORT_BYTES, 8));
const line = memory.data(300);

/** Empty when the configuration is accepted, else the line for the log. */
function parse(json: string): string {
  parseSettings(bytesOf(json), lengthOf(json), settings, artifact, report);
  return textAt(line, renderReport(report, line, 300));
}

/** A configuration with one route of these members. */
function route(members: string): string {
  return `{"version":1,"mode":"enforce","routes":[{${members},"name":"chat"}]}`;
}

function fallback(place: i32): i32 {
  return armSettings(settings, place).fallback;
}

describe("parseSettings", () => {
  it("fills every default when nothing but the version is given", () => {
    expect(parse('{"version":1}')).toBe("");
    expect(settings.mode).toBe(Mode.Shadow);
    expect(settings.slowHalfLifeMs).toBe(3500);
    expect(settings.explorationPermille).toBe(10);
    expect(settings.routeCount).toBe(0);
    expect(settings.hasModel).toBe(0);
  });

  it("lets limits inherit from the route, and the route from the root", () => {
    const limit = '"requests_per_second":1,"burst":1';
    const two = `"limits":[{"name":"a",${limit}},{"name":"b","mode":"enforce",${limit}}]`;
    expect(parse(route(`${two},"mode":"shadow"`))).toBe("");
    expect(routeSettings(settings, 0).mode).toBe(Mode.Shadow);
    expect(limitSettings(settings, 0).mode).toBe(Mode.Shadow);
    expect(limitSettings(settings, 1).mode).toBe(Mode.Enforce);
    expect(parse(route(two))).toBe("");
    expect(limitSettings(settings, 0).mode).toBe(Mode.Enforce);
  });

  it("puts arms that the fallback leaves out behind it, in their order", () => {
    const arms = '"arms":[{"name":"a"},{"name":"b"},{"name":"c"},{"name":"d"}]';
    expect(parse(route(`"fallback":["c","a"],${arms}`))).toBe("");
    expect(fallback(0)).toBe(2);
    expect(fallback(1)).toBe(0);
    expect(fallback(2)).toBe(1);
    expect(fallback(3)).toBe(3);
  });

  it("takes the first arm as default where none says so", () => {
    expect(parse(route('"arms":[{"name":"a"},{"name":"b","default":true}]'))).toBe("");
    expect(routeSettings(settings, 0).armDefault).toBe(1);
    expect(parse(route('"arms":[{"name":"a"},{"name":"b","default":false}]'))).toBe("");
    expect(routeSettings(settings, 0).armDefault).toBe(0);
    expect(routeSettings(settings, 0).weightSum).toBe(200);
  });

  it("collects key headers once each", () => {
    const limit = '"requests_per_second":1,"burst":2';
    const one = `{"name":"a",${limit},"key_header":"x-tier"}`;
    const two = `{"name":"b",${limit},"key_header":"x-user"}`;
    const three = `{"name":"c",${limit},"key_header":"x-tier"}`;
    const four = `{"name":"d",${limit}}`;
    expect(parse(route(`"limits":[${one},${two},${three},${four}]`))).toBe("");
    expect(settings.keyHeaderCount).toBe(2);
    const second = keyHeader(settings, 1);
    expect(textAt(second.namePtr, second.nameLength)).toBe("x-user");
    expect(limitSettings(settings, 2).keyHeader).toBe(0);
    expect(limitSettings(settings, 3).keyHeader).toBe(-1);
  });

  it("keys learnt state by the route's and the arm's name, whatever their order", () => {
    expect(parse(route('"arms":[{"weight":5,"name":"gpt"}]'))).toBe("");
    const names = bytesOf("chatgpt");
    expect(armSettings(settings, 0).nameHash).toBe(hash64Joined(names, 4, names + 4, 3));
  });

  it("keeps the values of a limit together, each with its own rate", () => {
    const values = '"values":[{"value":"gold","requests_per_second":100,"burst":50}]';
    const rest = '"name":"tier","key_header":"x-tier","requests_per_second":10,"burst":20';
    expect(parse(route(`"limits":[{${values},${rest}}]`))).toBe("");
    const limit = limitSettings(settings, 0);
    expect(limit.valueCount).toBe(1);
    expect(limit.intervalNs).toBe(100000000);
    const value = limitValueSettings(settings, limit.valueFirst);
    expect(value.capacityNs).toBe(500000000);
    expect(textAt(value.valuePtr, value.valueLength)).toBe("gold");
  });

  it("keeps no pointer outside its block", () => {
    expect(parse(route('"match":{"path_prefix":"/api","method":"\\u0047ET"}'))).toBe("");
    const first = routeSettings(settings, 0);
    const text = settingsText(settings);
    expect(first.pathPtr >= text && first.pathPtr < text + TEXT_BYTES_MAX).toBe(true);
    expect(first.methodPtr >= text && first.methodPtr < text + TEXT_BYTES_MAX).toBe(true);
    expect(textAt(first.methodPtr, first.methodLength)).toBe("GET");
  });

  it("decodes the artifact and compares its digest", () => {
    const digest = "709e80c88487a2411e1ee4dfb9f22a861492d20c4765150c0c794abd70f8147c";
    expect(parse(`{"version":1,"model":{"base64":"AAAA","sha256":"${digest}"}}`)).toBe("");
    expect(settings.hasModel).toBe(1);
    expect(settings.artifactBytes).toBe(3);
    const wrong = `{"version":1,"model":{"base64":"AAAB","sha256":"${digest}"}}`;
    const sentence = "model.sha256: does not match model.base64 ";
    expect(parse(wrong)).toBe(`${sentence}(expected 709e80c8..., got cf7605ed...)`);
    expect(settings.hasModel).toBe(0);
  });

  it("leaves an empty block behind a refusal", () => {
    expect(parse(route('"brust":3'))).toBe("routes[0].brust: unknown key");
    expect(settings.routeCount).toBe(0);
    expect(settings.textBytes).toBe(0);
  });
});
