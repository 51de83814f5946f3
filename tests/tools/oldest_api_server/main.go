// Command oldest-api-server is the oldest kube-apiserver that takes the definition of the resource and can be built here:
// 1.29 is the first whose rules in CEL are there for good. It is started as its own project starts it.
package main

import (
	"os"

	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
}
