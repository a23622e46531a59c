// Names of hosts as Istio reads them: a name without a dot gets the namespace and the cluster's
// domain of the object that it stands in; any other is taken as it is (ResolveShortnameToFQDN in
// istio's pilot/pkg/model/config.go).

const DOMAIN = "svc.cluster.local";

export function fullHost(host: string, namespace: string): string {
  return host === "" || host === "*" || host.includes(".") ? host : serviceHost(host, namespace);
}

export function serviceHost(name: string, namespace: string): string {
  return `${name}.${namespace}.${DOMAIN}`;
}

/** True when the pattern, a name or `*` or `*.SUFFIX`, covers the host; a pattern covers itself. */
export function hostMatches(pattern: string, host: string): boolean {
  if (pattern === host || pattern === "*") return true;
  return pattern.startsWith("*") && host.endsWith(pattern.slice(1));
}

/** The host as people say it: without the cluster's domain. */
export function shortHost(host: string): string {
  return host.endsWith(`.${DOMAIN}`) ? (host.split(".")[0] ?? host) : host;
}

/** Name and namespace of a cluster host; undefined for any other. */
export function clusterHost(host: string): { name: string; namespace: string } | undefined {
  const match = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc\.cluster\.local$/.exec(host);
  return match === null ? undefined : { name: match[1] ?? "", namespace: match[2] ?? "" };
}

/** Namespaces in which an object is seen, by its `exportTo`: `*` is all. */
export function exportedTo(exportTo: readonly string[], namespace: string): readonly string[] {
  if (exportTo.length === 0) return ["*"];
  return exportTo.map((one) => (one === "." ? namespace : one));
}
