// Intercepted address ranges that leave out where external services are: those calls go past the
// proxy, without its timeouts, retries, limits, traces, and past REGISTRY_ONLY.

import { removeValue, setValue } from "../fix/edit-view";
import type { TextEdit } from "../fix/text-edit";
import type { Mesh } from "../mesh/mesh";
import { type Finding, fixOf, type Rule } from "../rule";
import { objectName } from "../source/mesh-object";
import { type View, viewOf } from "../source/view";

const INCLUDED = "traffic.sidecar.istio.io/includeOutboundIPRanges";
const EXCLUDED = "traffic.sidecar.istio.io/excludeOutboundIPRanges";
const PORTS = "traffic.sidecar.istio.io/excludeOutboundPorts";

interface External {
  readonly at: View;
  readonly hosts: readonly string[];
  readonly addresses: readonly string[];
  readonly ports: readonly string[];
}

export const egressBypass: Rule = {
  id: "egress-bypass",
  severity: "error",
  summary:
    "Calls of external services go past the proxy, because their addresses or ports are not intercepted.",
  *check(mesh: Mesh): Iterable<Finding> {
    const external = mesh.ofIstio("ServiceEntry").flatMap(externalOf);
    if (external.length === 0) return;
    for (const { included, excluded, ports } of interceptions(mesh)) {
      const found =
        judgeIncluded(included, external) ??
        judgeExcluded(excluded, external) ??
        judgePorts(ports, external);
      if (found !== undefined) yield found;
    }
  },
};

function externalOf(object: Mesh["objects"][number]): External[] {
  const spec = viewOf(object).at("spec");
  if (spec.at("location").text() === "MESH_INTERNAL") return [];
  const hosts = spec.at("hosts");
  return [
    {
      at: hosts,
      hosts: hosts.texts(),
      addresses: [
        ...spec.at("addresses").texts(),
        ...spec
          .at("endpoints")
          .items()
          .flatMap((one) => one.at("address").text() ?? []),
      ].filter((address) => /^\d+\.\d+\.\d+\.\d+/.test(address)),
      ports: spec
        .at("ports")
        .items()
        .flatMap((port) => port.at("number").text() ?? []),
    },
  ];
}

interface Interception {
  readonly included: View;
  readonly excluded: View;
  readonly ports: View;
}

function* interceptions(mesh: Mesh): Iterable<Interception> {
  for (const { template } of mesh.workloads) {
    const annotations = template.at("metadata", "annotations");
    yield {
      included: annotations.at(INCLUDED),
      excluded: annotations.at(EXCLUDED),
      ports: annotations.at(PORTS),
    };
  }
  for (const object of mesh.ofIstio("IstioOperator")) {
    const proxy = viewOf(object).at("spec", "values", "global", "proxy");
    yield {
      included: proxy.at("includeIPRanges"),
      excluded: proxy.at("excludeIPRanges"),
      ports: proxy.at("excludeOutboundPorts"),
    };
  }
}

function judgeIncluded(view: View, external: readonly External[]): Finding | undefined {
  const ranges = listOf(view);
  if (ranges.length === 0 || ranges.includes("*") || ranges.includes("0.0.0.0/0")) return undefined;
  const past = external.filter(
    ({ addresses }) => addresses.length === 0 || addresses.some((one) => !inRanges(one, ranges)),
  );
  const told = `Only ${ranges.join(", ")} (${shareOf(ranges)} of the IPv4 addresses) is intercepted`;
  return past.length === 0
    ? undefined
    : bypass(view, told, past, 'Intercept all: "*".', fixOf(setValue(view, "*")));
}

function judgeExcluded(view: View, external: readonly External[]): Finding | undefined {
  const ranges = listOf(view);
  const all = ranges.includes("0.0.0.0/0");
  const past = external.filter(
    ({ addresses }) => all || addresses.some((one) => inRanges(one, ranges)),
  );
  if (ranges.length === 0 || past.length === 0) return undefined;
  const told = `${ranges.join(", ")} is not intercepted`;
  return bypass(view, told, past, "Exclude less.", fixOf(removeValue(view)));
}

function judgePorts(view: View, external: readonly External[]): Finding | undefined {
  const ports = listOf(view);
  const past = external.filter((one) => one.ports.some((port) => ports.includes(port)));
  if (past.length === 0) return undefined;
  const told = `Port ${ports.join(", ")} is not intercepted`;
  const rest = ports.filter((port) => !past.some((one) => one.ports.includes(port)));
  const fix = rest.length === 0 ? removeValue(view) : setValue(view, rest.join(","));
  return bypass(view, told, past, "Do not exclude the ports of external services.", fixOf(fix));
}

function bypass(
  view: View,
  told: string,
  past: readonly External[],
  advice: string,
  fix: TextEdit[] | undefined,
): Finding {
  const hosts = past.flatMap((one) => one.hosts);
  return {
    at: view,
    message:
      `${told}; ${hosts.join(", ")} ${hosts.length === 1 ? "is" : "are"} outside, so 0 of these calls meet the proxy: ` +
      "no timeout, retry, limit or trace of the mesh holds for them, and REGISTRY_ONLY does not stop others.",
    advice,
    fix,
    related: past.map((one) => ({
      at: one.at,
      message: `${objectName(one.at.object)} has no effect`,
    })),
  };
}

function listOf(view: View): string[] {
  return (view.text() ?? "")
    .split(",")
    .map((one) => one.trim())
    .filter(Boolean);
}

function inRanges(address: string, ranges: readonly string[]): boolean {
  return ranges.some((range) => {
    const [base = "", bits = "32"] = range.split("/");
    const [own = "", ownBits = "32"] = address.split("/");
    const size = 2 ** (32 - Number(bits));
    const start = Math.floor(numberOf(base) / size);
    return Number(ownBits) >= Number(bits) && Math.floor(numberOf(own) / size) === start;
  });
}

function numberOf(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** The share of all addresses, as a power: `1/4096`. */
function shareOf(ranges: readonly string[]): string {
  const addresses = ranges.reduce(
    (sum, range) => sum + 2 ** (32 - Number(range.split("/")[1] ?? 32)),
    0,
  );
  return `1/${Math.round(2 ** 32 / addresses)}`;
}
