// Keeps in go.mod what a mesh is built from: etcd and the API server; the replaces in go.mod are those of k8s.io/kubernetes itself, by version.

//go:build tools

package tools

import (
	_ "go.etcd.io/etcd/server/v3"
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
)
