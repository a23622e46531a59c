// The filter for an Envoy Gateway: the same image by the same digest, the same configuration.

import type { PluginConfig } from "../config/plugin-config";
import type { EnvoyGateway } from "../config/policy-proxy";
import { type FilterImage, PLUGIN_NAME } from "../istio/filter-object";
import { type KubeObject, metadata } from "../istio/kube-object";

export function envoyExtensionPolicy(
  name: string,
  namespace: string,
  target: EnvoyGateway,
  image: FilterImage,
  config: PluginConfig,
): KubeObject {
  return {
    apiVersion: "gateway.envoyproxy.io/v1alpha1",
    kind: "EnvoyExtensionPolicy",
    metadata: metadata(name, namespace),
    spec: {
      targetRefs: [{ group: "gateway.networking.k8s.io", kind: target.kind, name: target.name }],
      wasm: [
        {
          name: PLUGIN_NAME,
          rootID: PLUGIN_NAME,
          code: {
            type: "Image",
            image: {
              url: image.url.replace(/^oci:\/\//, ""),
              ...(image.sha256 === undefined ? {} : { sha256: image.sha256 }),
            },
            pullPolicy: "IfNotPresent",
          },
          config,
          failOpen: true,
        },
      ],
    },
  };
}
