// The layers of tests that vitest runs, by the names that test/run.mjs gives; as-pect has its own.
//
// A time limit here ends what hangs, and judges nothing: it is several times what the slowest test of a
// layer takes, so that a machine that is slow and busy with other things fails none.
//
// Tests on real processes get a second try, because a thread that does not run for a second is nothing that
// the test is about. test/run.mjs prints each that needed it with what it met first, and lets two pass.

import { defineConfig } from "vitest/config";

const project = (name: string, include: string[], timeoutMs: number, retry = 0) => ({
  test: {
    name,
    include,
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    retry,
    environment: "node" as const,
  },
});

export default defineConfig({
  test: {
    // Two cores: files that start Envoy must not run beside each other.
    fileParallelism: false,
    projects: [
      project("tidy", ["test/tidy.test.ts"], 120_000),
      project("host", ["test/host/**/*.test.ts"], 300_000),
      project("plugin", ["test/plugin/**/*.test.ts"], 600_000),
      project("e2e", ["test/e2e/**/*.test.ts"], 900_000, 1),
      project("mesh", ["test/mesh/**/*.test.ts"], 1_200_000, 1),
    ],
  },
});
