// What is typed in each transcript. Every transcript has the example's ganglion.yaml in its folder.

export interface Step {
  readonly args: readonly string[];
  readonly stdin?: string;
  /** Show how much went to stdout instead of all of it. */
  readonly bytesOnly?: boolean;
  /** Files of the folder to show afterwards. */
  readonly shows?: readonly string[];
}

export interface Transcript {
  readonly name: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

const IMAGE = `oci://registry.example/ganglion/filter@sha256:${"1".repeat(64)}`;
const small = `version: 1
services:
  llm:
    arms: { a: {}, b: { subset: blue } }
    routes: [{ name: all, timeout_ms: 1500 }]
`;

/** A route whose tries do not fit, and a balancer that sees no load. */
const meshed = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: chat
spec:
  hosts: [chat]
  http:
    - route:
        - destination: { host: chat }
      timeout: 30s
      retries: { attempts: 3, perTryTimeout: 10s, retryOn: connect-failure }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: chat
spec:
  host: chat
  trafficPolicy:
    loadBalancer: { simple: RANDOM } # no hot spots
`;

export const transcripts: readonly Transcript[] = [
  {
    name: "help",
    steps: [
      { args: ["--help"] },
      { args: ["init", "--help"] },
      { args: ["help", "render"] },
      { args: ["diff", "--help"] },
      { args: ["push", "--help"] },
      { args: ["verify", "--help"] },
      { args: ["pack", "--help"] },
      { args: ["image", "--help"] },
      { args: ["image", "sign", "--help"] },
      { args: ["image", "verify", "--help"] },
      { args: ["image", "check", "--help"] },
      { args: ["train", "--help"] },
      { args: ["import", "--help"] },
      { args: ["inspect", "--help"] },
      { args: ["replay", "--help"] },
      { args: ["explain", "--help"] },
      { args: ["explain", "decision", "--help"] },
      { args: ["evaluate", "--help"] },
      { args: ["demo", "--help"] },
      { args: ["bench", "--help"] },
      { args: ["envoy", "which", "--help"] },
      { args: ["--version"] },
      { args: ["version"] },
    ],
  },
  {
    name: "usage-errors",
    steps: [
      { args: [] },
      { args: ["rendr"] },
      { args: ["render", "--dryrun"] },
      { args: ["render", "--kind", "envoyfilter"] },
      { args: ["render", "--epoch", "soon"] },
      { args: ["push"] },
      { args: ["push", "model.gngl"] },
      { args: ["pack"] },
      { args: ["pack", "--push", "Not A Reference", "--dry-run"] },
      { args: ["envoy"] },
      { args: ["completion", "tcsh"] },
    ],
  },
  {
    name: "render",
    files: { "small.yaml": small, "manifests/others.yaml": "kind: ConfigMap\n" },
    steps: [
      { args: ["render"] },
      { args: ["render", "-f", "small.yaml", "--image", IMAGE] },
      { args: ["render", "-f", "-", "--image", IMAGE, "--istio-version", "1.30"], stdin: small },
      { args: ["render", "-f", "small.yaml", "-n", "staging", "--image", IMAGE] },
      { args: ["render", "-f", "small.yaml", "--target", "config", "--epoch", "7"] },
      { args: ["render", "--image", IMAGE, "-o", "manifests", "--dry-run"] },
      {
        args: ["render", "--image", IMAGE, "-o", "manifests"],
        shows: ["manifests/kustomization.yaml", "manifests/beside/istio-values.yaml"],
      },
      { args: ["render", "-f", "small.yaml", "--image", IMAGE, "-o", "manifests"] },
      { args: ["render", "-f", "small.yaml", "--image", IMAGE, "-o", "manifests", "--prune"] },
      { args: ["render", "--target", "envoy", "-o", "envoy.yaml", "--dry-run"] },
      { args: ["render", "--target", "envoy", "--wasm", "/lib/ganglion.wasm"], bytesOnly: true },
    ],
  },
  {
    name: "render-errors",
    files: { "bad.yaml": `${small}mode: off\n`, "noise.gngl": "no artifact" },
    steps: [
      { args: ["render", "-f", "missing.yaml"] },
      { args: ["render", "-f", "bad.yaml", "--image", IMAGE] },
      { args: ["render", "-f", "-", "--image", IMAGE], stdin: "services: [" },
      { args: ["render", "--image", "ganglion"] },
      { args: ["render", "--image", "ghcr.io/a/b:1.0", "--dry-run"] },
      { args: ["render", "--image", IMAGE, "--istio-version", "2"] },
      { args: ["render", "--image", IMAGE, "--kind", "trafficextension"] },
      { args: ["render", "-f", "-", "--target", "envoy"], stdin: small },
      { args: ["render", "--image", IMAGE, "-o", "ganglion.yaml/sub"] },
      { args: ["render", "--image", IMAGE, "-o", "ganglion.yaml"] },
      { args: ["render", "--image", IMAGE, "-o", "ganglion.yaml", "--dry-run"] },
      { args: ["render", "--image", IMAGE, "-n", "AI"] },
      { args: ["render", "--target", "config", "--model", "missing.gngl"] },
    ],
  },
  {
    name: "init",
    files: { "other/ganglion.schema.json": '{ "title": "something else" }' },
    steps: [
      { args: ["init"] },
      { args: ["init", "-s", "llm-service", "search-service", "-n", "ai", "-o", "new/first.yaml"] },
      { args: ["render", "-f", "new/first.yaml", "--image", IMAGE, "-o", "manifests"] },
      { args: ["verify", "manifests"] },
      { args: ["init", "-o", "new/first.yaml"] },
      { args: ["init", "-o", "other/ganglion.yaml"] },
      { args: ["init", "-s", "LLM_service", "-o", "-"] },
      { args: ["init", "--istio-version", "1.17", "-o", "-"] },
      { args: ["init", "-o", "-"] },
    ],
  },
  {
    name: "explain",
    steps: [
      { args: ["explain", "services.*.pool.connections_max"] },
      { args: ["explain", "services.llm-service.routes[0].retries"] },
      { args: ["explain", "retry_budget"] },
      { args: ["explain", "burst"] },
      { args: ["explain", "outlier_detection.interval_ms", "-o", "json"] },
      { args: ["explain", "services.*.pool.conections_max"] },
      { args: ["explain", "weather"] },
    ],
  },
  {
    name: "push-errors",
    files: { "noise.gngl": "no artifact", "mesh.yaml": "kind: ConfigMap\n" },
    steps: [
      { args: ["push", "missing.gngl", "-f", "mesh.yaml"] },
      { args: ["push", "noise.gngl", "-f", "mesh.yaml", "--sha256", "0".repeat(64)] },
      { args: ["push", "noise.gngl", "-f", "mesh.yaml"] },
      { args: ["inspect", "noise.gngl"] },
      { args: ["import", "noise.gngl", "--dry-run"] },
    ],
  },
  {
    name: "verify",
    files: { "mesh/chat.yaml": meshed, "calls.yaml": "calls: { front: [chat] }\n" },
    steps: [
      { args: ["verify", "mesh"] },
      { args: ["verify", "-", "-o", "patch", "--policy", "calls.yaml"], stdin: meshed },
      { args: ["verify", "mesh", "--rule", "random-balancing", "-o", "json"] },
      { args: ["verify", "mesh", "--fix"], shows: ["mesh/chat.yaml"] },
      { args: ["verify", "mesh"] },
    ],
  },
  {
    name: "verify-errors",
    files: {
      "mesh/a.yaml": "kind: Pod\n",
      "mesh/broken.yaml": "kind: [\n",
      "list.yaml": "calls: 1\n",
    },
    steps: [
      { args: ["verify", "--admin", "127.0.0.1:1"] },
      { args: ["verify", "--admin", "15000", "--policy", "ganglion.yaml"] },
      { args: ["verify", "--admin", "127.0.0.1:1", "--policy", "ganglion.yaml"] },
      { args: ["verify", "--admin", "127.0.0.1:1", "--policy", "ganglion.yaml", "--fix"] },
      { args: ["verify", "--service", "llm-service", "."] },
      { args: ["verify", "mesh"] },
      { args: ["verify", "missing"] },
      { args: ["verify", "mesh/a.yaml", "--rule", "timeouts"] },
      { args: ["verify", "mesh/a.yaml", "--ignore", "timeout-chains"] },
      { args: ["verify", "mesh/a.yaml", "--policy", "missing.yaml"] },
      { args: ["verify", "mesh", "--cluster"] },
      { args: ["verify", "mesh", "-A"] },
      { args: ["verify", "-", "--fix"], stdin: "" },
      { args: ["verify", "--cluster", "--kubeconfig", "missing.yaml"] },
    ],
  },
  {
    name: "weights",
    files: { kubeconfig: "apiVersion: v1\nkind: Config\n" },
    steps: [
      { args: ["weights", "--help"] },
      { args: ["weights", "push", "--help"] },
      { args: ["weights", "role", "-n", "ai", "--kind", "wasmplugin", "--through", "none"] },
      { args: ["weights", "role"] },
      { args: ["weights", "push"] },
      { args: ["weights", "push", "absent.gngl"] },
      { args: ["weights", "push", "ganglion.yaml"] },
      { args: ["weights", "status", "--wait", "60s"] },
      { args: ["weights", "rollback", "--wait", "soon"] },
      { args: ["weights", "rollback", "--wait", "25h"] },
      { args: ["weights", "rollback", "--wait", "1h", "--kubeconfig", "absent"] },
      { args: ["weights", "promote", "--help"] },
      { args: ["weights", "status", "--kubeconfig", "kubeconfig"] },
      { args: ["weights", "status", "--kubeconfig", "absent"] },
    ],
  },
  {
    name: "pack",
    files: { "tiny.wasm": "\0asm\u0001\0\0\0", "tiny.txt": "no module" },
    steps: [
      { args: ["pack", "tiny.wasm", "--dry-run"] },
      { args: ["pack", "tiny.wasm", "--dry-run", "--form", "both", "--revision", "abc123"] },
      { args: ["pack", "tiny.wasm", "-o", "layout"], shows: ["layout/index.json"] },
      { args: ["pack", "tiny.wasm", "--dry-run", "--sbom", "sbom.json"] },
      { args: ["pack", "tiny.wasm", "-o", "layout", "--sbom", "sbom.json"], shows: ["sbom.json"] },
      { args: ["pack", "tiny.wasm", "-o", "."] },
      { args: ["image", "sign", "127.0.0.1:1/a:1", "--key", "missing.key"] },
      { args: ["image", "verify", "a:1", "--key", "tiny.txt"] },
      { args: ["pack", "tiny.txt", "--dry-run"] },
      { args: ["pack", "missing.wasm", "--dry-run"] },
    ],
  },
  {
    name: "completion",
    steps: [
      { args: ["complete", "--", "re"] },
      { args: ["complete", "--", "render", "--target", ""] },
      { args: ["complete", "--", "envoy", ""] },
      { args: ["completion", "bash"], bytesOnly: true },
      { args: ["completion", "zsh"], bytesOnly: true },
      { args: ["completion", "fish"], bytesOnly: true },
      { args: ["completion", "powershell"], bytesOnly: true },
    ],
  },
];
