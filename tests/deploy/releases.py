"""A release of the chart as a person installs it, whose pods really run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cluster.operators import Space, eventually
from deploy.charts import CHART, run
from deploy.kubelet import Kubelet, RunningPod

NAME = "backup-credentials"
WEB, METRICS = 8765, 8080


class Release:
    """The chart, installed by helm into a namespace that takes restricted pods only.

    Attributes:
        space: The namespace.
        chart: What is installed, or upgraded to.
    """

    def __init__(self, node: Kubelet, image: str, chart: Path = CHART, name: str = NAME) -> None:
        self.node, self.name = node, name
        self.space = Space(node.plane)
        self.space.kubectl("label", "namespace", self.space.name, "pod-security.kubernetes.io/enforce=restricted")
        node.namespaces.add(self.space.name)
        self.use(image, chart)
        self.kubeconfig = node.plane.kubeconfig(namespace=self.space.name)

    def use(self, image: str, chart: Path = CHART) -> None:
        """Take this image and chart from now on."""
        repository, _, tag = image.rpartition(":")
        self.image, self.chart = ["--set", f"image.repository={repository},image.tag={tag}"], chart

    def helm(self, *arguments: str | Path) -> str:
        """Run helm in the namespace."""
        return run("helm", *arguments, kubeconfig=self.kubeconfig)

    def install(self, *arguments: str | Path) -> str:
        """Install the chart with all its defaults but for the image; the definition belongs to whoever came last."""
        return self.helm("install", self.name, self.chart, "--take-ownership", *self.image, *arguments)

    def upgrade(self, *arguments: str | Path) -> str:
        """Upgrade the release."""
        return self.helm("upgrade", self.name, self.chart, *self.image, *arguments)

    def ready(self, count: int = 1, component: str = "", *, new: Sequence[RunningPod] = ()) -> list[RunningPod]:
        """Wait until so many pods are ready, none of them one of those that are to be replaced, and return them."""
        told = self.node.told
        eventually(
            lambda: not [one for one in self.node.running(self.space.name) if one in new],
            60,
            lambda: told(self.space.name),
        )
        return self.node.wait(self.space.name, count, component)

    def code(self, *pods: RunningPod) -> str:
        """Return the newest one-time code that the logs say, as the notes tell a person to find it."""
        said = [line for pod in pods for line in pod.log("web", "--timestamps").splitlines() if "one-time code" in line]
        return max(said).split()[-1]

    def forget(self) -> None:
        """Remove the namespace with its pods."""
        self.node.plane.delete_namespace(self.space.name)
        eventually(lambda: not self.node.there(self.space.name), 90, lambda: self.node.trouble[-3:])
        self.node.namespaces.discard(self.space.name)
        self.space.http.close()
