// The policy of the worked example, as a mesh without iptables can have it: one port for everything,
// because a caller's proxy has the one listener that the test gives it, and no TLS at the gateway,
// whose secret is missing.

import { readFileSync } from "node:fs";

export const ONE_PORT = 8080;

export const assistantPolicy = readFileSync(
  new URL("../../wasmplugin/examples/assistant/ganglion.yaml", import.meta.url),
  "utf8",
)
  .replace(/tls_secret: .*\n\s*redirect_http: true/, `port: ${ONE_PORT}`)
  .replace("tls: originate", `tls: originate\n    local_port: ${ONE_PORT}`);
