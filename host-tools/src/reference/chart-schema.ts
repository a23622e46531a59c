// JSON Schema of the Helm chart's values, so that `helm install` refuses what the filter would: the
// configuration's schema stands in it as it is.

import { type JsonSchema, pluginConfigSchema } from "../config/schema";

const text = (description: string, pattern?: string): JsonSchema => ({
  type: "string",
  description,
  ...(pattern !== undefined && { pattern }),
});

/** Of `wasmplugin/chart/values.yaml`. */
export function chartValuesSchema(): JsonSchema {
  const { $schema, $defs, ...config } = pluginConfigSchema();
  return {
    $schema,
    title: "Values of the chart ganglion",
    type: "object",
    additionalProperties: false,
    required: ["kind", "image", "config"],
    properties: {
      kind: {
        enum: ["TrafficExtension", "WasmPlugin"],
        description: "TrafficExtension from Istio 1.30 on, WasmPlugin before.",
      },
      name: text(
        "Name of the object; the release's by default.",
        "^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?$",
      ),
      image: {
        type: "object",
        additionalProperties: false,
        required: ["repository", "digest"],
        properties: {
          repository: text(
            "HOST/NAME, without a tag.",
            "^[A-Za-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+$",
          ),
          digest: text("sha256:DIGEST of the image.", "^sha256:[0-9a-f]{64}$"),
          pullSecret: text("Name of a Secret with the registry's credentials."),
        },
      },
      workloads: {
        type: "object",
        additionalProperties: { type: "string" },
        description: "Labels of the pods whose proxies run the filter.",
      },
      config,
      objects: {
        type: "array",
        description: "Further objects as `ganglion render` writes them.",
        items: {
          type: "object",
          required: ["apiVersion", "kind", "metadata"],
        },
      },
      global: { type: "object", description: "Of a chart that has this one in it." },
    },
    $defs,
  };
}
