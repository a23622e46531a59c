// A stream that has begun cannot be sent again: the client would get its beginning twice, and a model
// would be paid twice. A per-try timeout runs to the first byte, so a slow first token begins it again.

import { setValue } from "../fix/edit-view";
import type { HttpRoute } from "../mesh/http-route";
import type { Mesh } from "../mesh/mesh";
import { repeatingConditions } from "../mesh/retry-time";
import { type Finding, fixOf, type Rule } from "../rule";
import { shownSeconds } from "../source/duration";

export const streamWithRetries: Rule = {
  id: "stream-with-retries",
  severity: "warning",
  summary: "A route for streams repeats requests that may have been begun.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const route of mesh.routes) {
      const { retries } = route;
      if (retries === undefined || retries.attempts <= 0 || !isStream(route)) continue;
      const repeating = repeatingConditions(retries);
      if (repeating.length > 0) yield finding(route, repeating);
    }
  },
};

/** By its name or a path of it. */
function isStream({ view, matches }: HttpRoute): boolean {
  const paths = matches.flatMap((match) =>
    match
      .at("uri")
      .members()
      .flatMap(([, uri]) => uri.text() ?? []),
  );
  const words = [view.at("name").text() ?? "", ...paths];
  return words.some((word) => /(^|[^a-z])(stream|streams|streaming|sse)([^a-z]|$)/i.test(word));
}

function finding(route: HttpRoute, repeating: readonly string[]): Finding {
  const { retries, name } = route;
  if (retries === undefined) throw new Error("a route without retries is fine");
  const slow =
    retries.perTryMs === undefined
      ? ""
      : `, and one whose first byte takes longer than ${shownSeconds(retries.perTryMs)} counts as failed`;
  return {
    at: retries.view,
    message:
      `${name}: one stream is begun up to 1 + ${retries.attempts} = ${retries.attempts + 1} times ` +
      `(on ${repeating.join(", ")})${slow}.`,
    advice: "Do not retry streams: attempts 0.",
    fix: fixOf(setValue(retries.view, { attempts: 0 })),
  };
}
