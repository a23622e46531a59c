// A kubeconfig file, as the tool and kubectl read it.

import { writeFileSync } from "node:fs";
import { stringify } from "yaml";
import type { KubeAccess } from "./kube-client";

/** Writes a kubeconfig with one context, `mesh`, and returns its path. */
export function writeKubeconfig(path: string, access: KubeAccess, namespace = "default"): string {
  const server = `https://127.0.0.1:${access.port}`;
  const certificate = Buffer.from(access.ca).toString("base64");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "mesh",
    clusters: [{ name: "mesh", cluster: { server, "certificate-authority-data": certificate } }],
    users: [{ name: "mesh", user: { token: access.token } }],
    contexts: [{ name: "mesh", context: { cluster: "mesh", user: "mesh", namespace } }],
  };
  writeFileSync(path, stringify(config), { mode: 0o600 });
  return path;
}
