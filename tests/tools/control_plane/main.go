// Command control-plane is a Kubernetes control plane in one program: etcd, kube-apiserver, kube-controller-manager
// and kubectl, each as its own project starts it. The part is chosen by the name that the program is called by (a link
// beside it), or by the first argument, so that a folder of links serves as KUBEBUILDER_ASSETS.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

var parts = map[string]func() int{
	"etcd":                    func() int { etcdmain.Main(os.Args); return 0 },
	"kube-apiserver":          func() int { return cli.Run(apiserver.NewAPIServerCommand()) },
	"kube-controller-manager": func() int { return cli.Run(controllers.NewControllerManagerCommand()) },
	"kubectl":                 func() int { return cli.Run(kubectl.NewDefaultKubectlCommand()) },
}

func main() {
	run, named := parts[filepath.Base(os.Args[0])]
	if !named && len(os.Args) > 1 {
		os.Args = os.Args[1:]
		run, named = parts[os.Args[0]]
	}
	if !named {
		fmt.Fprintln(os.Stderr, "Name a part: etcd, kube-apiserver, kube-controller-manager or kubectl.")
		os.Exit(2)
	}
	os.Exit(run())
}
