// The part of SARIF 2.1.0's schema that our output uses, by the standard's own section numbers: what is
// required, of which type, and nothing beside.

const text = { type: "string", minLength: 1 };
const index = { type: "integer", minimum: 0 };
const position = { type: "integer", minimum: 1 };
const closed = (required: string[], properties: object): object => ({
  type: "object",
  required,
  properties,
  additionalProperties: false,
});
const list = (items: object): object => ({ type: "array", items });
const message = closed(["text"], { text, markdown: text });
const artifactLocation = closed(["uri"], {
  // 3.10.2: a relative reference when the file is below the root.
  uri: { type: "string", format: "uri-reference", pattern: "^[^/\\\\][^\\\\]*$" },
});
const region = closed(["startLine", "startColumn", "endLine", "endColumn"], {
  startLine: position,
  startColumn: position,
  endLine: position,
  endColumn: position,
});
const physicalLocation = closed(["artifactLocation", "region"], { artifactLocation, region });
const location = closed(["physicalLocation"], {
  id: index,
  physicalLocation,
  message,
  logicalLocations: list(closed(["fullyQualifiedName"], { fullyQualifiedName: text, kind: text })),
});
const level = { enum: ["error", "warning", "note", "none"] };
const fix = closed(["artifactChanges"], {
  description: message,
  artifactChanges: {
    type: "array",
    minItems: 1,
    items: closed(["artifactLocation", "replacements"], {
      artifactLocation,
      replacements: {
        type: "array",
        minItems: 1,
        items: closed(["deletedRegion"], { deletedRegion: region, insertedContent: message }),
      },
    }),
  },
});

export const SARIF_SCHEMA = closed(["version", "runs"], {
  $schema: text,
  version: { const: "2.1.0" },
  runs: list(
    closed(["tool", "results"], {
      tool: closed(["driver"], {
        driver: closed(["name", "version", "rules"], {
          name: text,
          version: text,
          rules: list(
            closed(["id", "shortDescription"], {
              id: text,
              shortDescription: message,
              help: message,
              defaultConfiguration: closed(["level"], { level }),
            }),
          ),
        }),
      }),
      columnKind: { enum: ["utf16CodeUnits", "unicodeCodePoints"] },
      results: list(
        closed(["ruleId", "ruleIndex", "level", "message", "locations"], {
          ruleId: text,
          ruleIndex: index,
          level,
          message,
          locations: { type: "array", minItems: 1, items: location },
          relatedLocations: list(location),
          fixes: list(fix),
        }),
      ),
    }),
  ),
});
