// Why a configuration is refused, as a number that travels (report, metric, log) and as the
// sentence that a reader sees. Not a message built at the place of the fault: the filter may not
// allocate, so it stores the number and the operands, and one renderer fills them into the
// sentence.
//
// This file is shared with the host tool and must remain portable (no AssemblyScript built-ins).

/** The kinds of fault in a configuration. Numbers are stable; new kinds go to the end. */
export enum ConfigProblem {
  None = 0,
  Empty = 1,
  TooLarge = 2,
  Malformed = 3,
  Truncated = 4,
  TooDeep = 5,
  BadText = 6,
  EscapedTextTooLong = 7,
  Trailing = 8,
  UnknownKey = 9,
  DuplicateKey = 10,
  Missing = 11,
  NotInteger = 12,
  NotNumber = 13,
  NotFlag = 14,
  NotChoice = 15,
  NotText = 16,
  TextLength = 17,
  NotName = 18,
  NotToken = 19,
  NotHeaderName = 20,
  NotPath = 21,
  NotSha256 = 22,
  NotBase64 = 23,
  NotList = 24,
  NotRecord = 25,
  ListLength = 26,
  TooManyInAll = 27,
  TooManyKeyHeaders = 28,
  TextFull = 29,
  NameTaken = 30,
  TwoDefaults = 31,
  PrefixAndExact = 32,
  UnknownArm = 33,
  ArmTwice = 34,
  NoWeight = 35,
  ValuesWithoutKey = 36,
  CapacityTooLarge = 37,
  ArtifactDigest = 38,
  NotExactly = 39,
}
export const CONFIG_PROBLEMS: i32 = 40;

/**
 * What is wrong, as a sentence without subject. `{low}` and `{high}` stand for the bounds,
 * `{names}` for the permitted names, `{at}` for the byte position, `{expected}` and `{found}` for
 * two digests.
 */
export function problemSentence(problem: i32): string {
  if (problem < ConfigProblem.NotInteger) return syntaxSentence(problem);
  if (problem < ConfigProblem.NotList) return valueSentence(problem);
  return structureSentence(problem);
}

function syntaxSentence(problem: i32): string {
  switch (problem) {
    case ConfigProblem.None:
      return "accepted";
    case ConfigProblem.Empty:
      return "empty configuration";
    case ConfigProblem.TooLarge:
      return "larger than {high} bytes";
    case ConfigProblem.Malformed:
      return "not JSON at byte {at}";
    case ConfigProblem.Truncated:
      return "ends at byte {at} in the middle of a value";
    case ConfigProblem.TooDeep:
      return "nested deeper than {high} levels at byte {at}";
    case ConfigProblem.BadText:
      return "bad escape or control character in a text at byte {at}";
    case ConfigProblem.EscapedTextTooLong:
      return "text with escapes is longer than {high} bytes at byte {at}";
    case ConfigProblem.Trailing:
      return "something follows the configuration at byte {at}";
    case ConfigProblem.UnknownKey:
      return "unknown key";
    case ConfigProblem.DuplicateKey:
      return "given twice";
    default:
      return "required, but missing";
  }
}

function valueSentence(problem: i32): string {
  switch (problem) {
    case ConfigProblem.NotInteger:
      return "must be an integer in [{low}, {high}]";
    case ConfigProblem.NotNumber:
      return "must be a number in [{low}, {high}]";
    case ConfigProblem.NotFlag:
      return "must be true or false";
    case ConfigProblem.NotChoice:
      return "must be one of {names}";
    case ConfigProblem.NotText:
      return "must be a text";
    case ConfigProblem.TextLength:
      return "must have {low} to {high} characters";
    case ConfigProblem.NotName:
      return "must be letters, digits, '-', '_', '.' and start with a letter or digit";
    case ConfigProblem.NotToken:
      return "must be visible ASCII without spaces";
    case ConfigProblem.NotHeaderName:
      return "must be a lower-case header name of letters, digits, '-' and '_'";
    case ConfigProblem.NotPath:
      return "must start with '/' and be visible ASCII without spaces";
    case ConfigProblem.NotSha256:
      return "must be 64 lower-case hexadecimal digits";
    default:
      return "must be padded base64 without white space";
  }
}

function structureSentence(problem: i32): string {
  switch (problem) {
    case ConfigProblem.NotList:
      return "must be a list";
    case ConfigProblem.NotRecord:
      return "must be an object";
    case ConfigProblem.ListLength:
      return "must have {low} to {high} entries";
    case ConfigProblem.TooManyInAll:
      return "more than {high} of these in the whole configuration";
    case ConfigProblem.TooManyKeyHeaders:
      return "more than {high} different key headers in the whole configuration";
    case ConfigProblem.TextFull:
      return "all names, paths and values together are longer than {high} bytes";
    case ConfigProblem.NameTaken:
      return "used twice in this list";
    case ConfigProblem.TwoDefaults:
      return "only one arm of a route can be the default";
    case ConfigProblem.PrefixAndExact:
      return "path_prefix and path_exact exclude each other";
    case ConfigProblem.UnknownArm:
      return "no arm of this route has that name";
    case ConfigProblem.ArmTwice:
      return "the same arm twice in the fallback order";
    case ConfigProblem.NoWeight:
      return "at least one arm needs a weight above 0";
    case ConfigProblem.ValuesWithoutKey:
      return "values need a key_header";
    case ConfigProblem.CapacityTooLarge:
      return "burst / requests_per_second is longer than {high} s";
    case ConfigProblem.NotExactly:
      return "must be {low}";
    default:
      return "does not match model.base64 (expected {expected}..., got {found}...)";
  }
}
