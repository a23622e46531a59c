// Reports as log lines, and places as paths.

import {
  ConfigReport,
  REPORT_BYTES,
  clearReport,
  keepValue,
  reportExpected,
  reportFound,
} from "../../../assembly/config/config-report";
import {
  clearPlace,
  enterIndex,
  enterKey,
  keepPlace,
  keepUnknownPlace,
  leavePlace,
} from "../../../assembly/config/place";
import { renderReport } from "../../../assembly/config/render-report";
import { ConfigProblem } from "../../../assembly/contract/config-problem";
import { bytesOf, lengthOf, textAt } from "./source-text";

const report = changetype<ConfigReport>(memory.data(<i32>REPORT_BYTES, 8));
const target = memory.data(400);

function rendered(problem: ConfigProblem): string {
  report.problem = problem;
  return textAt(target, renderReport(report, target, 400));
}

describe("a report", () => {
  it("without a fault renders to nothing", () => {
    clearReport(report);
    expect(renderReport(report, target, 400)).toBe(0);
  });

  it("names place, value and bounds", () => {
    clearReport(report);
    clearPlace();
    enterKey("routes");
    enterIndex(2);
    enterKey("limits");
    enterIndex(10);
    enterKey("name");
    leavePlace();
    enterKey("burst");
    keepPlace(report);
    keepValue(report, bytesOf("0"), 1);
    report.low = 1;
    report.high = 1000000;
    expect(rendered(ConfigProblem.NotInteger)).toBe(
      "routes[2].limits[10].burst = 0: must be an integer in [1, 1000000]",
    );
  });

  it("shows the beginning of a long value and of an unknown key", () => {
    clearReport(report);
    clearPlace();
    const long = "x".repeat(40);
    keepUnknownPlace(report, bytesOf(long), lengthOf(long));
    keepValue(report, bytesOf(long), lengthOf(long));
    const kept = "x".repeat(32) + "...";
    expect(rendered(ConfigProblem.UnknownKey)).toBe(`${kept} = ${kept}: unknown key`);
  });

  it("fills in names, positions and digests", () => {
    clearReport(report);
    report.names = changetype<usize>("a|b|c");
    expect(rendered(ConfigProblem.NotChoice)).toBe("must be one of a, b, c");
    report.position = 17;
    expect(rendered(ConfigProblem.Malformed)).toBe("not JSON at byte 17");
    memory.copy(reportExpected(report), bytesOf("12ab34cd"), 8);
    memory.copy(reportFound(report), bytesOf("98cd0000"), 8);
    expect(rendered(ConfigProblem.ArtifactDigest)).toBe(
      "does not match model.base64 (expected 12ab34cd..., got 98cd0000...)",
    );
  });

  it("survives a place deeper than any configuration has", () => {
    clearReport(report);
    clearPlace();
    for (let i = 0; i < 100; i++) enterIndex(i);
    keepPlace(report);
    expect(rendered(ConfigProblem.NotList).length).toBeLessThan(200);
    for (let i = 0; i < 200; i++) leavePlace();
    enterKey("epoch");
    keepPlace(report);
    expect(rendered(ConfigProblem.NotList)).toBe("epoch: must be a list");
  });
});
