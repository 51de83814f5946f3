// Command objstore-list reads objstore's configuration as Thanos does, with objstore's own providers, writes one object
// below the prefix, lists what is there and deletes it again. Of objstore's providers only those are compiled in that the
// format carries; objstore's own `client.NewBucket`, which this follows, brings the libraries of ten vendors.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/go-kit/log"
	"github.com/thanos-io/objstore"
	"github.com/thanos-io/objstore/providers/azure"
	"github.com/thanos-io/objstore/providers/gcs"
	"github.com/thanos-io/objstore/providers/s3"
	"github.com/thanos-io/objstore/providers/swift"
	"gopkg.in/yaml.v2"
)

const object = "canary/object"

// configuration has the keys of objstore's `client.BucketConfig`.
type configuration struct {
	Type   string      `yaml:"type"`
	Config interface{} `yaml:"config"`
	Prefix string      `yaml:"prefix"`
}

func main() {
	if err := list(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func list(ctx context.Context, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	bucket, err := opened(ctx, text)
	if err != nil {
		return err
	}
	defer bucket.Close()
	if err := bucket.Upload(ctx, object, strings.NewReader("kept")); err != nil {
		return err
	}
	show := func(name string) error { _, err := fmt.Println(name); return err }
	if err := bucket.Iter(ctx, "", show, objstore.WithRecursiveIter()); err != nil {
		return err
	}
	return bucket.Delete(ctx, object)
}

func opened(ctx context.Context, text []byte) (objstore.Bucket, error) {
	var read configuration
	if err := yaml.UnmarshalStrict(text, &read); err != nil {
		return nil, err
	}
	inner, err := yaml.Marshal(read.Config)
	if err != nil {
		return nil, err
	}
	bucket, err := provider(ctx, read.Type, inner)
	if err != nil {
		return nil, err
	}
	return objstore.NewPrefixedBucket(bucket, read.Prefix), nil
}

func provider(ctx context.Context, kind string, config []byte) (objstore.Bucket, error) {
	silent := log.NewNopLogger()
	switch objstore.ObjProvider(kind) {
	case objstore.S3:
		return s3.NewBucket(silent, config, "test", nil)
	case objstore.AZURE:
		return azure.NewBucket(silent, config, "test", nil)
	case objstore.GCS:
		return gcs.NewBucket(ctx, silent, config, "test", nil)
	case objstore.SWIFT:
		return swift.NewContainer(silent, config, nil)
	}
	return nil, fmt.Errorf("no provider %q", kind)
}
