// The door of the verifier: texts or objects in, findings with places and patches out.

export { unifiedDiff } from "./fix/unified-diff";
export { IGNORE_ANNOTATION } from "./ignore";
export { located, type LocatedFinding } from "./report/located";
export type { Finding, Rule, Severity } from "./rule";
export { RULES } from "./rules";
export { readObjects } from "./source/read-objects";
export {
  type RuledFinding,
  type Verdict,
  verifyObjects,
  type VerifyOptions,
  verifyTexts,
} from "./verify";
