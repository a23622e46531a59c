// The only clock an image may know. The time of the build would give each build its own digest; the
// time of the source, handed over by SOURCE_DATE_EPOCH (reproducible-builds.org), gives each commit
// one.

import { ExitCode, GanglionError } from "../lib/errors";

// 9999-12-31T23:59:59Z: the last second that RFC 3339 can write.
const EPOCH_MAX_S = 253402300799;

/**
 * SOURCE_DATE_EPOCH as the RFC 3339 text of the `created` annotation; undefined when it is not set.
 *
 * @param epochText the variable's value: whole seconds since 1970, in decimal digits
 * @throws GanglionError E_SOURCE_DATE
 */
export function createdFrom(epochText: string | undefined): string | undefined {
  if (epochText === undefined || epochText === "") return undefined;
  const epochS = /^[0-9]{1,12}$/.test(epochText) ? Number(epochText) : Number.NaN;
  if (!(epochS <= EPOCH_MAX_S)) {
    throw new GanglionError(
      "E_SOURCE_DATE",
      `SOURCE_DATE_EPOCH=${JSON.stringify(epochText)} is not in seconds, 0 to ${EPOCH_MAX_S}`,
      { hint: "export SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)", exitCode: ExitCode.badInput },
    );
  }
  return new Date(epochS * 1000).toISOString().replace(".000Z", "Z");
}
