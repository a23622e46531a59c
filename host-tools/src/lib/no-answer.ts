// Why a page did not come, in words that are the same wherever the tool asks for one.

/**
 * @param failure what a socket has thrown, or fetch, which hides the system's code in its cause
 * @param timeoutMs bound of the request, for the one that it has run into
 */
export function noAnswer(failure: unknown, timeoutMs: number): string {
  if (!(failure instanceof Error)) return String(failure);
  if (failure.name === "TimeoutError") return `no answer in ${timeoutMs} ms`;
  const { cause } = failure;
  // Only of fetch: a socket's own message says more than what has led to it.
  const inner = failure instanceof TypeError && cause instanceof Error ? cause : failure;
  const { code } = inner as NodeJS.ErrnoException;
  return typeof code === "string" ? `unreachable (${code})` : inner.message;
}
