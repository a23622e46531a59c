// A route that waits longer.

import type { HttpRoute } from "../mesh/http-route";
import { fixOf } from "../rule";
import { trimmed } from "../source/duration";
import { setValue } from "./edit-view";
import type { TextEdit } from "./text-edit";

/** The timeout raised to this time where it is shorter or none; its tries go, which may end sooner. */
export function raisedTimeout(route: HttpRoute, ms: number): TextEdit[] | undefined {
  const { retries, timeoutMs } = route;
  const edits: (TextEdit | undefined)[] = [];
  if (timeoutMs === undefined || timeoutMs < ms) {
    edits.push(setValue(route.view.at("timeout"), `${trimmed(ms / 1000)}s`));
  }
  if (retries !== undefined && retries.attempts > 0 && retries.perTryMs !== undefined) {
    edits.push(setValue(retries.view, { attempts: 0 }));
  }
  return fixOf(...edits);
}
