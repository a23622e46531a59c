// Which image the proxy runs. Istio's agent keeps a module as SHA-256 of the image's name, with oci:// and
// without tag and digest, and below it the digest of the image (getModulePath of istio's
// pkg/wasm/cache.go); Envoy's configuration names that file.

import { createHash } from "node:crypto";
import { filterImage } from "../istio/filter-object";
import { type Answer, answer, PROXY_GROUP } from "./answer";
import { at, type Json } from "./json-value";

const CACHED = /([0-9a-f]{64})\/([0-9a-f]{64})\.wasm$/;

/** Nothing for a policy without an image, whose command line names it. */
export function checkImage(image: string | undefined, filter: Json): Answer[] {
  if (image === undefined) return [];
  const file = at(filter, "typed_config", "config", "vm_config", "code", "local", "filename");
  const [, name, digest] = CACHED.exec(String(file ?? "")) ?? [];
  const { url, sha256: said } = filterImage(image);
  if (name === undefined || digest === undefined) {
    return [of("absent", image, "not fetched by Istio's agent, whose name for it would tell")];
  }
  if (said === undefined) {
    return [
      of("absent", image, `sha256:${digest}; without a digest the policy does not say which`),
    ];
  }
  if (digest !== said) return [of("no", `sha256:${said}`, `sha256:${digest}`)];
  const where = name === hashOf(url) ? `sha256:${said}` : `sha256:${said}, of another name`;
  return [of("yes", `sha256:${said}`, where)];
}

function of(verdict: Answer["verdict"], said: string, found: string): Answer {
  return answer(PROXY_GROUP, "mesh.image", verdict, said, found);
}

/** As the agent makes it; a name without a registry is Docker's own, which is not rebuilt here. */
function hashOf(url: string): string {
  const name = url.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
  return createHash("sha256").update(name).digest("hex");
}
