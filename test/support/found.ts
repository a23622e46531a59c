// A program that a suite needs and this machine may not have.

export type Found =
  | { readonly path: string; readonly missing?: undefined }
  | { readonly path?: undefined; readonly missing: string };

/** Says on stderr why a suite does not run; in CI that is a failure. */
export function missing(reason: string): Found {
  if (process.env["CI"] === "true") throw new Error(reason);
  process.stderr.write(`SKIPPED: ${reason}\n`);
  return { missing: reason };
}
