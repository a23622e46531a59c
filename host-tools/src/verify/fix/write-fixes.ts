// Patches of several findings put together, and put into the files.

import { writeFileAtomically } from "../../lib/output";
import type { RuledFinding } from "../verify";
import { editedText, overlap, type TextEdit } from "./text-edit";

export interface ChosenFixes {
  readonly edits: readonly TextEdit[];
  /** Findings whose patch is in. */
  readonly made: readonly RuledFinding[];
  /** Findings whose patch meets that of an earlier one: the next run has it. */
  readonly postponed: readonly RuledFinding[];
  /** Findings that have none. */
  readonly without: readonly RuledFinding[];
}

/** As many patches as can be made at once, earlier findings first. */
export function chooseFixes(findings: readonly RuledFinding[]): ChosenFixes {
  const edits: TextEdit[] = [];
  const made: RuledFinding[] = [];
  const postponed: RuledFinding[] = [];
  for (const finding of findings) {
    if (finding.fix === undefined) continue;
    if (finding.fix.some((edit) => edits.some((other) => overlap(edit, other)))) {
      postponed.push(finding);
    } else {
      edits.push(...finding.fix);
      made.push(finding);
    }
  }
  const without = findings.filter((finding) => finding.fix === undefined);
  return { edits, made, postponed, without };
}

/**
 * Writes the files that the edits change, each old or new at every instant.
 *
 * @throws GanglionError E_OUTPUT
 */
export async function writeEdits(edits: readonly TextEdit[]): Promise<number> {
  const files = [...new Set(edits.map((edit) => edit.file))];
  for (const file of files) await writeFileAtomically(file.name, editedText(file, edits));
  return files.length;
}
