// Fetches one OCI image exactly as istio-agent does, with Istio's own code, and prints the path of the
// module it accepted. A reimplementation of its rules in the tests would only repeat our reading of them.
package main

import (
	"fmt"
	"os"
	"time"

	"istio.io/istio/pkg/util/sets"
	"istio.io/istio/pkg/wasm"
)

const requestTimeout = 20 * time.Second

// Usage: istio-fetcher CACHE_DIR URL [SHA256]
// The optional third argument is the `sha256` field of a WasmPlugin: hexadecimal, without a prefix.
func main() {
	if len(os.Args) != 3 && len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: istio-fetcher CACHE_DIR URL [SHA256]")
		os.Exit(64)
	}
	checksum := ""
	if len(os.Args) == 4 {
		checksum = os.Args[3]
	}
	options := wasm.Options{InsecureRegistries: sets.New("*"), HTTPRequestMaxRetries: 1}
	cache := wasm.NewLocalFileCache(os.Args[1], options)
	defer cache.Cleanup()
	path, err := cache.Get(os.Args[2], wasm.GetOptions{
		Checksum:       checksum,
		ResourceName:   "default.ganglion",
		RequestTimeout: requestTimeout,
		PullPolicy:     wasm.Always,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(path)
}
