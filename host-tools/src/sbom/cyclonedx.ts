// A list of contents of the filter's module, CycloneDX 1.6 JSON: the module by its digest, what is
// compiled into it, and what compiled it. Not `npm sbom`: that lists the tool's packages, with the
// time of the call and a random serial number, and none of them but two is in the module. These bytes
// depend on module, version and source date alone.

import { createHash } from "node:crypto";
import { MODULE_PARTS, type ModulePart } from "./module-parts.gen";

export const SBOM_MEDIA_TYPE = "application/vnd.cyclonedx+json";
const LICENSE = "Apache-2.0";

export interface SbomFacts {
  readonly version: string;
  /** Source revision, usually the commit. */
  readonly revision?: string;
  /** RFC 3339, from `createdFrom(SOURCE_DATE_EPOCH)`: never the time of the build. */
  readonly created?: string;
  /** Whether the module is the one that came with this tool; else only its digest is known. */
  readonly isOwn: boolean;
}

/** The list as bytes; the same arguments give the same bytes. */
export function sbomOf(wasm: Uint8Array, facts: SbomFacts): Uint8Array {
  const sha256 = createHash("sha256").update(wasm).digest("hex");
  const parts = facts.isOwn ? MODULE_PARTS.filter((part) => part.role !== "tool") : [];
  const tools = facts.isOwn ? MODULE_PARTS.filter((part) => part.role !== "part") : [];
  const bom = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(`${sha256} ${facts.version} ${facts.revision ?? ""}`)}`,
    version: 1,
    metadata: {
      ...(facts.created === undefined ? {} : { timestamp: facts.created }),
      lifecycles: [{ phase: "build" }],
      ...(tools.length === 0 ? {} : { tools: { components: tools.map(toolOf) } }),
      component: moduleOf(sha256, facts),
    },
    components: parts.map(componentOf),
    dependencies: [
      { ref: "ganglion.wasm", dependsOn: parts.map(refOf) },
      ...parts.map((part) => ({ ref: refOf(part), dependsOn: [] })),
    ],
  };
  return new TextEncoder().encode(`${JSON.stringify(bom, null, 2)}\n`);
}

function moduleOf(sha256: string, facts: SbomFacts): object {
  const { version, revision } = facts;
  return {
    type: "application",
    "bom-ref": "ganglion.wasm",
    name: "ganglion.wasm",
    ...(facts.isOwn ? { version, licenses: [{ license: { id: LICENSE } }] } : {}),
    description: "WebAssembly module, Proxy-Wasm ABI 0.2.1.",
    hashes: [{ alg: "SHA-256", content: sha256 }],
    ...(revision === undefined
      ? {}
      : { properties: [{ name: "ganglion:source_revision", value: revision }] }),
  };
}

function componentOf(part: ModulePart): object {
  return {
    type: "library",
    "bom-ref": refOf(part),
    name: part.name,
    version: part.version,
    hashes: [{ alg: "SHA-512", content: part.sha512 }],
    licenses: [{ license: { id: part.license } }],
    purl: refOf(part),
  };
}

/** What is compiled in and compiles is listed twice, under two references. */
function toolOf(part: ModulePart): object {
  return { ...componentOf(part), type: "application", "bom-ref": `tool:${refOf(part)}` };
}

/** Package URL; a scope's @ is escaped there. */
function refOf(part: ModulePart): string {
  return `pkg:npm/${part.name.replace("@", "%40")}@${part.version}`;
}

/** A UUID (version 8, RFC 9562) that is the text's own. */
function uuidOf(text: string): string {
  const hex = [...createHash("sha256").update(text).digest("hex").slice(0, 32)];
  hex[12] = "8";
  hex[16] = ((Number.parseInt(hex[16] as string, 16) & 3) | 8).toString(16);
  return hex.join("").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
