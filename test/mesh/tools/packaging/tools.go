// Keeps in go.mod what the packaged manifests are tried with: Helm and kustomize.

//go:build tools

package tools

import (
	_ "helm.sh/helm/v3/cmd/helm"
	_ "sigs.k8s.io/kustomize/kustomize/v5"
)
