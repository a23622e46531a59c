// Asks a `docker-credential-NAME` program, the way `docker login` stored the secret. A program and
// not a library: each keychain has its helper, and whoever runs docker has it installed.
//
//   docker-credential-NAME get   stdin: the server   stdout: {"Username", "Secret"}

import { spawn } from "node:child_process";
import { GanglionError } from "../lib/errors";
import type { Credential } from "./credentials";

const HELPER_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
const ANSWER_MAX_BYTES = 64 * 1024;
const HELPER_TIMEOUT_MS = 30_000;
// By convention this user name says that the secret is a token.
const TOKEN_USERNAME = "<token>";

/** Runs the helper's `get` for a server; the text it printed and its exit status. */
export type RunHelper = (
  name: string,
  server: string,
) => Promise<{ readonly stdout: string; readonly exitCode: number }>;

/**
 * The helper's credential for a server; undefined when it has none.
 *
 * @throws GanglionError E_CREDENTIAL_HELPER; no message ever quotes what the helper printed
 */
export async function askHelper(
  name: string,
  server: string,
  run: RunHelper,
): Promise<Credential | undefined> {
  if (!HELPER_NAME.test(name)) {
    throw helperError(name, server, "its name is not a plain program name");
  }
  let answer: Awaited<ReturnType<RunHelper>>;
  try {
    answer = await run(name, server);
  } catch (cause) {
    throw helperError(name, server, "it could not be run", cause);
  }
  if (answer.exitCode !== 0) {
    if (/credentials not found/i.test(answer.stdout)) return undefined;
    throw helperError(name, server, `it ended with status ${answer.exitCode}`);
  }
  return credentialFrom(name, server, answer.stdout);
}

function credentialFrom(name: string, server: string, stdout: string): Credential {
  let parsed: { Username?: unknown; Secret?: unknown } | null;
  try {
    parsed = JSON.parse(stdout) as typeof parsed;
  } catch {
    // The parser's own message would quote the secret.
    throw helperError(name, server, "its answer is not JSON");
  }
  const username = parsed?.Username;
  const secret = parsed?.Secret;
  if (typeof username !== "string" || typeof secret !== "string") {
    throw helperError(name, server, "its answer lacks Username or Secret");
  }
  if (username === TOKEN_USERNAME) return { kind: "identity-token", token: secret };
  return { kind: "basic", username, password: secret };
}

function helperError(name: string, server: string, problem: string, cause?: unknown) {
  return new GanglionError(
    "E_CREDENTIAL_HELPER",
    `credential helper docker-credential-${name} for ${server}: ${problem}`,
    {
      ...(cause === undefined ? {} : { cause }),
      hint: `Install it, log in again, or take it out of credHelpers/credsStore.`,
    },
  );
}

/** The real thing: no shell, a bounded answer, 30 s at most. */
export const runHelperProgram: RunHelper = (name, server) =>
  new Promise((resolve, reject) => {
    const child = spawn(`docker-credential-${name}`, ["get"], {
      stdio: ["pipe", "pipe", "ignore"],
      timeout: HELPER_TIMEOUT_MS,
      killSignal: "SIGKILL",
    });
    let stdout = "";
    child.stdout.setEncoding("utf8");
    child.stdout.on("data", (chunk: string) => {
      stdout += chunk;
      if (stdout.length > ANSWER_MAX_BYTES) child.kill("SIGKILL");
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ stdout, exitCode: code ?? 1 }));
    // A helper that exits without reading breaks the pipe; its exit status tells the story.
    child.stdin.on("error", () => undefined);
    child.stdin.end(`${server}\n`);
  });
