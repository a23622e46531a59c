// Looks at single places of an artifact and refuses with the filter's status and a sentence.

import { ARTIFACT_AT_MAGIC, ARTIFACT_MAGIC, ArtifactStatus, artifactStatusName } from "../contract";
import { ExitCode, GanglionError } from "../lib/errors";

export class ArtifactChecker {
  readonly view: DataView;

  constructor(readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The signed number at a place, refused outside of [low, high]. */
  number(status: ArtifactStatus, field: string, at: number, low: number, high: number): number {
    const value = this.view.getInt32(at, true);
    if (value < low || value > high) {
      const bound = low === high ? `${low}` : `${low} to ${high}`;
      throw artifactRefusal(status, `${field} is ${value}, must be ${bound}`);
    }
    return value;
  }

  /** Four letters, which somebody with another file in hand recognises as numbers no more. */
  magic(): void {
    const found = this.view.getUint32(ARTIFACT_AT_MAGIC, true);
    if (found === ARTIFACT_MAGIC) return;
    const problem = `begins with ${fourBytes(found)}, must begin with ${fourBytes(ARTIFACT_MAGIC)}`;
    throw artifactRefusal(ArtifactStatus.BadMagic, problem);
  }

  zeros(status: ArtifactStatus, field: string, from: number, to: number): void {
    for (let at = from; at < to; at++) {
      const value = this.view.getUint8(at);
      if (value === 0) continue;
      throw artifactRefusal(status, `${field} has ${value} at byte ${at}, must be zero`);
    }
  }
}

/** `47 4e 47 4c ("GNGL")`. */
function fourBytes(word: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(word);
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const text = bytes.toString("latin1");
  return /^[\x20-\x7e]*$/.test(text) ? `${hex} (${JSON.stringify(text)})` : hex;
}

/**
 * What `read` makes of the artifact of this file.
 * @throws GanglionError E_ARTIFACT_... naming the file
 */
export function ofFile<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof GanglionError) || !error.code.startsWith("E_ARTIFACT_")) throw error;
    const { code, message, hint, exitCode } = error;
    throw new GanglionError(code, `${file}: ${message}`, {
      ...(hint === undefined ? {} : { hint }),
      exitCode,
      cause: error,
    });
  }
}

export function artifactRefusal(status: ArtifactStatus, problem: string): GanglionError {
  const name = artifactStatusName(status);
  return new GanglionError(`E_ARTIFACT_${name.toUpperCase()}`, `artifact ${name}: ${problem}`, {
    exitCode: ExitCode.badInput,
    hint: "Use a file that this version's `ganglion train` wrote, unchanged.",
  });
}
