// Rules about Wasm plugins: what may be fetched, what happens when it cannot be, and who gets it.

import { setValue } from "../fix/edit-view";
import type { Mesh } from "../mesh/mesh";
import { type Finding, fixOf, type Rule } from "../rule";
import { type View, viewOf } from "../source/view";

interface Plugin {
  readonly view: View;
  readonly spec: View;
  /** Where the image is told. */
  readonly wasm: View;
}

function pluginsOf(mesh: Mesh): Plugin[] {
  const plain = mesh.ofIstio("WasmPlugin").map((object) => {
    const view = viewOf(object);
    return { view, spec: view.at("spec"), wasm: view.at("spec") };
  });
  const extensions = mesh.ofIstio("TrafficExtension").map((object) => {
    const view = viewOf(object);
    return { view, spec: view.at("spec"), wasm: view.at("spec", "wasm") };
  });
  return [...plain, ...extensions.filter(({ wasm }) => wasm.exists)];
}

export const imageWithoutDigest: Rule = {
  id: "image-without-digest",
  severity: "warning",
  summary: "A Wasm plugin is fetched by a tag: each proxy may run other code.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const { wasm } of pluginsOf(mesh)) {
      const url = wasm.at("url");
      const text = url.text() ?? "";
      const pinned = text.includes("@sha256:") || (wasm.at("sha256").text() ?? "") !== "";
      if (pinned || text === "" || text.startsWith("file:")) continue;
      yield {
        at: url,
        message: `"${text}" names what is under that name when a proxy fetches it: 2 proxies may run 2 programs, and nobody is told when it changes.`,
        advice: "Name the digest: oci://HOST/NAME@sha256:DIGEST, or the field sha256.",
      };
    }
  },
};

export const pluginFailReload: Rule = {
  id: "plugin-fail-reload",
  severity: "warning",
  summary: "FAIL_RELOAD answers 403 to everything while the plugin's image cannot be fetched.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const { wasm } of pluginsOf(mesh)) {
      const strategy = wasm.at("failStrategy");
      if (strategy.text() !== "FAIL_RELOAD") continue;
      yield {
        at: strategy,
        message:
          "With FAIL_RELOAD an image that cannot be fetched gets a filter that denies all: 100 % of the requests are " +
          "answered 403, as with FAIL_CLOSE (pkg/wasm/convert.go of Istio).",
        advice: "Use FAIL_OPEN, unless nothing may pass without this plugin: then say FAIL_CLOSE.",
        fix: fixOf(setValue(strategy, "FAIL_OPEN")),
      };
    }
  },
};

export const pluginMeshWide: Rule = {
  id: "plugin-mesh-wide",
  severity: "warning",
  summary:
    "A Wasm plugin in the root namespace without a selector runs in every proxy of the mesh.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const { view, spec } of pluginsOf(mesh)) {
      const chosen = ["selector", "targetRef", "targetRefs"].some((key) => spec.at(key).exists);
      if (view.object.namespace !== mesh.rootNamespace || chosen) continue;
      const { name } = view.object;
      yield {
        at: view.at("metadata", "namespace"),
        message: `${name} is in ${mesh.rootNamespace} and selects nothing: it runs in all proxies of all namespaces, gateways too.`,
        advice: "Put it into the namespace of its workloads, or select them by a label.",
        fix: fixOf(setValue(spec.at("selector"), { matchLabels: { [name]: "on" } })),
      };
    }
  },
};

export const pluginWithoutEpoch: Rule = {
  id: "plugin-without-epoch",
  severity: "warning",
  summary:
    "A model for the Ganglion filter comes without an epoch: an older one may arrive later and stay.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const { wasm } of pluginsOf(mesh)) {
      const config = wasm.at("pluginConfig");
      // Without a model there is nothing that is pushed again and again.
      const ours = config.at("version").exists && config.at("model", "sha256").exists;
      if (!ours || config.at("epoch").exists) continue;
      yield {
        at: config,
        message:
          "Istio may deliver an older configuration after a newer one. Without `epoch` both count as 0, and the filter " +
          "keeps the one that came last.",
        advice: "Give each configuration a higher epoch than the one before.",
        fix: fixOf(setValue(config.at("epoch"), 1)),
      };
    }
  },
};
