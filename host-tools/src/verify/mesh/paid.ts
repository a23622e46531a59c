// Which hosts cost money per call. Told by an annotation, or plain from the name: providers of models,
// and services that are called after what they run.

import type { Mesh } from "./mesh";

/** Annotation of a Service or ServiceEntry: "true" or "false". */
export const PAID_ANNOTATION = "ganglion.dev/paid";

const PROVIDERS =
  /(^|\.)(openai\.com|openai\.azure\.com|anthropic\.com|mistral\.ai|cohere\.(ai|com)|deepseek\.com|groq\.com|together\.(ai|xyz)|bedrock-runtime\.[a-z0-9-]+\.amazonaws\.com|(generativelanguage|aiplatform)\.googleapis\.com)$/;
const WORDS = /(^|[.-])(llm|gpt|openai|anthropic|claude|gemini|bedrock|mistral|deepseek)(-|$)/;

/** Services that stand for a paid one in tests. */
const STAND_INS = /(^|-)(mock|stub|fake|echo)(-|$)/;

/** Why calls of this host are taken for paid ones; undefined where nothing says so. */
export function paidReason(mesh: Mesh, host: string): string | undefined {
  const told = mesh.annotationOf(host, PAID_ANNOTATION);
  if (told === "false") return undefined;
  if (told === "true") return `annotation ${PAID_ANNOTATION}`;
  if (PROVIDERS.test(host)) return "a provider of models";
  const name = host.split(".")[0] ?? "";
  if (STAND_INS.test(name)) return undefined;
  const word = WORDS.exec(name)?.[2];
  return word === undefined ? undefined : `"${word}" in its name`;
}
