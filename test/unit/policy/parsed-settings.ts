// Settings for the specs of the policy, read from JSON as the filter reads them.

import { ConfigReport, REPORT_BYTES } from "../../../assembly/config/config-report";
import { parseSettings } from "../../../assembly/config/parse";
import { SETTINGS_BYTES, Settings } from "../../../assembly/config/settings";
import { ARTIFACT_BYTES_MAX } from "../../../assembly/contract/limits";
import { bytesOf, lengthOf } from "../config/source-text";

const settings = changetype<Settings>(memory.data(<i32>SETTINGS_BYTES, 8));
const artifact = memory.data(ARTIFACT_BYTES_MAX, 8);
const report = changetype<ConfigReport>(memory.data(<i32>REPORT_BYTES, 8));

/** The settings of a configuration that enforces; traps on one that is refused. */
export function settingsOf(routes: string, rest: string = ""): Settings {
  const json = `{"version":1,"mode":"enforce"${rest},"routes":[${routes}]}`;
  assert(parseSettings(bytesOf(json), lengthOf(json), settings, artifact, report), json);
  return settings;
}
