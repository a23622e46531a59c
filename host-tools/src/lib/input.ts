// Reads what the user named: a file, or standard input for `-`. One place, so that a missing file
// reads the same from every command.

import { readFile } from "node:fs/promises";
import { ExitCode, GanglionError } from "./errors";

/** The name for standard input in the place of a file. */
export const STDIN = "-";

/**
 * All bytes of a file or of standard input.
 *
 * @param file a path, or `-`
 * @throws GanglionError E_INPUT
 */
export async function readInput(file: string): Promise<Buffer> {
  try {
    if (file !== STDIN) return await readFile(file);
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  } catch (cause) {
    throw new GanglionError("E_INPUT", `cannot read ${inputName(file)}: ${reasonOf(cause)}`, {
      cause,
      hint: "Name a file that exists, or `-` for standard input.",
      exitCode: ExitCode.badInput,
    });
  }
}

/**
 * As readInput, decoded as UTF-8. What is none is refused, rather than changed in silence.
 *
 * @throws GanglionError E_INPUT
 */
export async function readTextInput(file: string): Promise<string> {
  const bytes = await readInput(file);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    const line = lineOfBadByte(bytes);
    throw new GanglionError("E_INPUT", `${inputName(file)} is no UTF-8 text, in line ${line}`, {
      cause,
      hint: "Save it as UTF-8.",
      exitCode: ExitCode.badInput,
    });
  }
}

/**
 * As readInput; what is no UTF-8 becomes U+FFFD. For recorded traffic, which holds whatever a client
 * has sent, and for files that are refused in words of their own.
 */
export async function readLooseText(file: string): Promise<string> {
  return (await readInput(file)).toString("utf8");
}

/** Lines are counted from 1; in the first bad one the decoded text differs from the bytes. */
function lineOfBadByte(bytes: Buffer): number {
  const again = Buffer.from(bytes.toString("utf8"));
  const at = again.findIndex((byte, index) => byte !== bytes[index]);
  return bytes.subarray(0, at).filter((byte) => byte === 0x0a).length + 1;
}

/** How messages call the input. */
export function inputName(file: string): string {
  return file === STDIN ? "standard input" : file;
}

/** The operating system's reason without the path that it repeats. */
export function reasonOf(cause: unknown): string {
  const code = (cause as { code?: unknown }).code;
  if (code === "ENOENT") return "no such file or directory";
  if (code === "EISDIR") return "it is a directory";
  if (code === "ENOTDIR") return "a part of the path is no folder";
  if (code === "ENOSPC") return "no space left";
  if (code === "EROFS") return "read-only file system";
  if (code === "EACCES") return "permission denied";
  return cause instanceof Error ? cause.message : String(cause);
}
