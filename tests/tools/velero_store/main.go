// Command velero-store speaks to a plugin of Velero as Velero does: it starts it, gives it the configuration of a
// BackupStorageLocation, writes one object, reads it back, lists the bucket and deletes the object again.
//
//	velero-store PLUGIN NAME KEY=VALUE...
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	hclog "github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/sirupsen/logrus"
	"github.com/vmware-tanzu/velero/pkg/plugin/framework"
	"github.com/vmware-tanzu/velero/pkg/plugin/framework/common"
	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
)

const object, content = "canary/object", "kept"

func main() {
	if err := used(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func used(program, name string, pairs []string) error {
	kind := common.PluginKindObjectStore
	silent := logrus.New()
	silent.SetOutput(io.Discard)
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig:  framework.Handshake(),
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		Plugins: map[string]goplugin.Plugin{
			string(kind): framework.NewObjectStorePlugin(common.ClientLogger(silent)),
		},
		Cmd:    exec.Command(program),
		Logger: hclog.NewNullLogger(),
	})
	defer client.Kill()
	store, err := dispensed(client, string(kind), name)
	if err != nil {
		return err
	}
	config := map[string]string{}
	for _, pair := range pairs {
		key, value, _ := strings.Cut(pair, "=")
		config[key] = value
	}
	if err := store.Init(config); err != nil {
		return err
	}
	return tried(store, config["bucket"])
}

func dispensed(client *goplugin.Client, kind, name string) (velero.ObjectStore, error) {
	protocol, err := client.Client()
	if err != nil {
		return nil, err
	}
	raw, err := protocol.Dispense(kind)
	if err != nil {
		return nil, err
	}
	dispenser, ok := raw.(common.ClientDispenser)
	if !ok {
		return nil, errors.New("the plugin has no object store")
	}
	store, ok := dispenser.ClientFor(name).(velero.ObjectStore)
	if !ok {
		return nil, fmt.Errorf("the plugin has no object store %q", name)
	}
	return store, nil
}

func tried(store velero.ObjectStore, bucket string) error {
	if err := store.PutObject(bucket, object, strings.NewReader(content)); err != nil {
		return err
	}
	found, err := store.ListObjects(bucket, "canary/")
	if err != nil {
		return err
	}
	reader, err := store.GetObject(bucket, object)
	if err != nil {
		return err
	}
	defer reader.Close()
	read, err := io.ReadAll(reader)
	if err != nil {
		return err
	}
	fmt.Println(strings.Join(found, " "), string(read))
	return store.DeleteObject(bucket, object)
}
