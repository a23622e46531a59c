// Waits for what a control plane brings about in its own time.

/** Polls until `probe` gives something; a rejection counts as nothing. @throws Error with the last reason */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined | false>,
  timeoutMs = 90_000,
): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  let reason = "";
  for (;;) {
    try {
      const result = await probe();
      if (result !== undefined && result !== false) return result;
      reason = "";
    } catch (error) {
      reason = `: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (performance.now() > deadlineMs) {
      throw new Error(`${what}: not within ${timeoutMs} ms${reason}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
