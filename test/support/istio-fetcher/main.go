// Judges our images by the code of others, since a reimplementation of their rules in the tests would only
// repeat our reading of them.
//
//	istio-fetcher fetch CACHE_DIR URL [SHA256]   as istio-agent does; prints the path of the module it took
//	istio-fetcher validate LAYOUT_DIR            an image layout, as go-containerregistry reads it
package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"istio.io/istio/pkg/util/sets"
	"istio.io/istio/pkg/wasm"
)

const requestTimeout = 20 * time.Second

func main() {
	err := errors.New("usage: istio-fetcher fetch CACHE_DIR URL [SHA256] | validate LAYOUT_DIR")
	switch args := os.Args[1:]; {
	case len(args) == 3 && args[0] == "fetch":
		err = fetch(args[1], args[2], "")
	case len(args) == 4 && args[0] == "fetch":
		err = fetch(args[1], args[2], args[3])
	case len(args) == 2 && args[0] == "validate":
		err = validateLayout(args[1])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// fetch takes the `sha256` field of a WasmPlugin for checksum: hexadecimal, without a prefix.
func fetch(cacheDir, url, checksum string) error {
	options := wasm.Options{InsecureRegistries: sets.New("*"), HTTPRequestMaxRetries: 1}
	cache := wasm.NewLocalFileCache(cacheDir, options)
	defer cache.Cleanup()
	path, err := cache.Get(url, wasm.GetOptions{
		Checksum:       checksum,
		ResourceName:   "default.ganglion",
		RequestTimeout: requestTimeout,
		PullPolicy:     wasm.Always,
	})
	if err == nil {
		fmt.Println(path)
	}
	return err
}

// validateLayout prints the number of layers of each image. The library's validation wants file system
// layers, so an image of other layers has each of them read to its end against its digest instead.
func validateLayout(dir string) error {
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	for _, descriptor := range manifest.Manifests {
		image, err := index.Image(descriptor.Digest)
		if err != nil {
			return err
		}
		layers, err := image.Layers()
		if err != nil {
			return err
		}
		if err := validateImage(image, layers); err != nil {
			return fmt.Errorf("%s: %w", descriptor.Digest, err)
		}
		fmt.Println(len(layers))
	}
	return nil
}

func validateImage(image v1.Image, layers []v1.Layer) error {
	if mediaType, err := layers[0].MediaType(); err != nil || mediaType == types.OCILayer {
		return errors.Join(err, validate.Image(image))
	}
	for _, layer := range layers {
		content, err := layer.Compressed()
		if err != nil {
			return err
		}
		hash, size, err := v1.SHA256(content)
		if err != nil {
			return err
		}
		wantHash, _ := layer.Digest()
		wantSize, _ := layer.Size()
		if hash != wantHash || size != wantSize {
			return fmt.Errorf("layer %s has digest %s and %d bytes", wantHash, hash, size)
		}
	}
	return nil
}
