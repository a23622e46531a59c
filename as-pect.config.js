// How the AssemblyScript specs are found and linked. Nothing of the host is imported: what needs Envoy
// is tested against the whole module in test/plugin. The compiler's settings do not extend asconfig.json,
// because as-pect would then link the plugin's entries into every spec.

export default {
  entries: ["test/unit/**/*.spec.ts"],
  include: [],
  disclude: [/node_modules/],
  instantiate(memory, createImports, instantiate, binary) {
    return instantiate(binary, createImports({ env: { memory } }));
  },
};
