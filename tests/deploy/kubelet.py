"""A small kubelet: what the controllers of a real control plane made into pods is run by podman, and told to the API.

It binds the pods of its namespaces to a node, fills their volumes, gives them service-account tokens and the address of
the API server, runs their containers from the spec that the API server has, asks their probes, writes their status, and
ends them when they are deleted.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
from collections.abc import Generator, Iterable, Mapping
from pathlib import Path
from typing import Any

import httpx
from cluster.operators import eventually
from deploy.containers import Containers
from deploy.network import Relay
from deploy.volumes import Object, Volumes
from servers.kinds.kubernetes import ControlPlane

API_PORT = 6443
LOOK_SECONDS = 0.5
ASKED_FROM_HERE = ("startupProbe", "livenessProbe", "readinessProbe", "ports")
"""Probes are asked by the kubelet, and ports reached through its relays; podman is not told of them."""
NODES_OWN = ("serviceAccountName", "serviceAccount", "nodeName", "tolerations", "priority", "preemptionPolicy")
"""What podman has no word for."""


class RunningPod:
    """A pod that podman runs.

    Attributes:
        pod: It as the API server gave it.
        name: Its name.
        known: Its name for podman, which knows no namespaces.
    """

    def __init__(self, kubelet: Kubelet, pod: Object) -> None:
        self.kubelet, self.pod, self.name = kubelet, pod, str(pod["metadata"]["name"])
        self.known = f"{pod['metadata']['namespace']}-{self.name}"
        self.containers, self.plane = kubelet.containers, kubelet.plane
        self.folder = kubelet.folder / pod["metadata"]["uid"]
        self.volumes = Volumes(kubelet.client, pod, self.folder, kubelet.claims, kubelet.plane.authority)
        self.relays: dict[int, Relay] = {}
        self.outward: list[Relay] = []
        self.pid, self.ending = 0, False
        self.status: Object = {}

    # Running

    def start(self) -> None:
        """Run it: first its network with what can be reached from it, then its containers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / "pod.yaml"
        file.write_text(json.dumps(self.spec()))
        self.containers.run.undo([*self.containers.argv("podman"), "pod", "rm", "--force", "--time", "0", self.known])
        self.containers("kube", "play", "--start=false", "--network", "none", file)
        infrastructure = json.loads(self.containers("pod", "inspect", self.known))["InfraContainerID"]
        self.containers("start", infrastructure)
        self.pid = self.containers.describe(infrastructure)["State"]["Pid"]
        api = int(self.plane.endpoint.rpartition(":")[2])
        for port, target in {API_PORT: ("127.0.0.1", api), **self.kubelet.reachable}.items():
            self.outward.append(Relay.outward(self.pid, port, target))
        self.containers("pod", "start", self.known)

    def spec(self) -> Object:
        """Return what podman is given: the spec of the API server with volumes and variables made."""
        spec = {key: value for key, value in self.pod["spec"].items() if key not in NODES_OWN}
        spec["volumes"] = self.volumes.mounted()
        spec["containers"] = [self.container(one) for one in spec["containers"]]
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": self.known},
            "spec": spec | {"hostname": self.name},
        }

    def container(self, given: Object) -> Object:
        """Return a container with the values of its variables, and the API server's address as every kubelet adds it."""
        api = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(API_PORT)}
        named = [{"name": name, "value": value} for name, value in api.items()]
        made = [found for one in given.get("env", ()) if (found := self.volumes.variable(one))]
        return {key: value for key, value in given.items() if key not in ASKED_FROM_HERE} | {"env": [*named, *made]}

    def stop(self) -> None:
        """End it as a kubelet does, and forget its folders."""
        grace = str(self.pod["spec"].get("terminationGracePeriodSeconds", 30))
        with contextlib.suppress(subprocess.CalledProcessError):
            self.containers("pod", "stop", "--time", grace, self.known)
        self.remove()

    def remove(self) -> None:
        """Remove what podman has of it."""
        for relay in (*self.relays.values(), *self.outward):
            relay.close()
        with contextlib.suppress(subprocess.CalledProcessError):
            self.containers("pod", "rm", "--force", "--time", "0", self.known)

    # Asking

    def log(self, container: str, *options: str) -> str:
        """Return what a container has said."""
        argv = [*self.containers.argv("podman"), "logs", *options, f"{self.known}-{container}"]
        done = subprocess.run(argv, capture_output=True, text=True, env=self.environment(), check=False, timeout=60)
        return done.stdout + done.stderr

    def environment(self) -> dict[str, str]:
        """Return podman's own variables."""
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **self.containers.environment}

    def state(self, container: str) -> Object:
        """Return podman's state of a container."""
        return self.containers.describe(f"{self.known}-{container}")["State"]

    def kill(self, container: str) -> None:
        """Kill a container at once."""
        self.containers("kill", "--signal", "KILL", f"{self.known}-{container}")

    def address(self, port: int) -> str:
        """Return the address by which this machine reaches a port of it."""
        if port not in self.relays:
            self.relays[port] = Relay.inward(self.pid, port)
        return f"http://127.0.0.1:{self.relays[port].port}"

    def get(self, port: int, path: str, **headers: str) -> httpx.Response:
        """Ask a port of it."""
        return httpx.get(self.address(port) + path, headers=headers, timeout=5, trust_env=False, follow_redirects=False)

    def passes(self, container: Object, probe: str) -> bool:
        """Ask a probe of a container."""
        asked = container.get(probe, {}).get("httpGet")
        if not asked:
            return True
        ports = {one["name"]: one["containerPort"] for one in container.get("ports", ())}
        headers = {one["name"]: one["value"] for one in asked.get("httpHeaders", ())}
        with contextlib.suppress(httpx.HTTPError):
            return self.get(ports[asked["port"]], asked["path"], **headers).is_success
        return False

    def look(self) -> None:
        """Bring volumes up to date and tell the API how it is."""
        for volume in self.pod["spec"].get("volumes", ()):
            if "secret" in volume:
                self.volumes.made(volume)
        found = self.observed()
        if found != self.status:
            self.status = found
            meta = self.pod["metadata"]
            path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}/status"
            self.kubelet.client.patch(
                path,
                content=json.dumps({"status": found}),
                headers={"Content-Type": "application/merge-patch+json"},
            )

    def observed(self) -> Object:
        """Return the status of it."""
        states = {one["name"]: self.state(one["name"]) for one in self.pod["spec"]["containers"]}
        ended = self.pod["spec"].get("restartPolicy") == "Never" and not any(one["Running"] for one in states.values())
        if ended:
            good = not any(one["ExitCode"] for one in states.values())
            return {"phase": "Succeeded" if good else "Failed"}
        ready = {
            one["name"]: states[one["name"]]["Running"] and self.passes(one, "readinessProbe")
            for one in self.pod["spec"]["containers"]
        }
        listed = [self.container_status(name, ready=now) for name, now in ready.items()]
        kinds = ("Initialized", "ContainersReady", "Ready", "PodScheduled")
        conditions = [
            {"type": kind, "status": str(all(ready.values()) or kind in {"Initialized", "PodScheduled"})}
            for kind in kinds
        ]
        return {"phase": "Running", "conditions": conditions, "containerStatuses": listed}

    def container_status(self, name: str, *, ready: bool) -> Object:
        """Return the status of a container."""
        image = next(one["image"] for one in self.pod["spec"]["containers"] if one["name"] == name)
        return {"name": name, "ready": ready, "restartCount": 0, "image": image, "imageID": image}


class Kubelet:
    """Runs the pods of some namespaces.

    Args:
        plane: The control plane.
        containers: Podman.
        folder: For pods and claims.
        reachable: What pods reach at ports of their own loopback, besides the API server.
    """

    def __init__(
        self,
        plane: ControlPlane,
        containers: Containers,
        folder: Path,
        reachable: Mapping[int, tuple[str, int] | str] | None = None,
    ) -> None:
        self.plane, self.containers, self.folder = plane, containers, folder
        self.claims = folder / "claims"
        self.reachable = dict(reachable or {})
        self.client = plane.client()
        self.namespaces: set[str] = set()
        self.pods: dict[str, RunningPod] = {}
        self.held: set[str] = set()
        self.trouble: list[str] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def end(self) -> None:
        """Stop, and remove every pod from podman."""
        self._ended.set()
        self._thread.join(60)
        for pod in self.pods.values():
            pod.remove()
        self.client.close()

    def _work(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            for namespace in tuple(self.namespaces):
                try:
                    self._look(namespace)
                except (httpx.HTTPError, KeyError, OSError, subprocess.SubprocessError) as error:
                    self.trouble.append(f"{error!r} {getattr(error, 'stderr', '')}"[-800:])

    def _look(self, namespace: str) -> None:
        answer = self.client.get(f"/api/v1/namespaces/{namespace}/pods").raise_for_status()
        found: dict[str, Object] = {one["metadata"]["uid"]: one for one in answer.json()["items"]}
        for uid, pod in found.items():
            self._see(uid, pod)
        for uid in [uid for uid, one in self.pods.items() if one.volumes.namespace == namespace and uid not in found]:
            self._stop(uid)

    def _stop(self, uid: str) -> None:
        self.pods[uid].ending = True
        self.pods[uid].stop()
        del self.pods[uid]

    def _see(self, uid: str, pod: Object) -> None:
        meta = pod["metadata"]
        path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"
        if "deletionTimestamp" in meta:
            if uid in self.pods:
                self.pods[uid].ending = True
                if uid in self.held:
                    return
                self._stop(uid)
            self.client.request("DELETE", path, json={"gracePeriodSeconds": 0, "preconditions": {"uid": uid}})
        elif uid not in self.pods:
            self._begin(uid, pod, path)
        elif self.pods[uid].status.get("phase") in {None, "Running"}:
            self.pods[uid].look()

    def _begin(self, uid: str, pod: Object, path: str) -> None:
        """Bind a pod to the node and run it; what fails is tried again, as a kubelet does."""
        if not pod["spec"].get("nodeName"):
            target = {"apiVersion": "v1", "kind": "Node", "name": "here"}
            self.client.post(f"{path}/binding", json={"metadata": {"name": pod["metadata"]["name"]}, "target": target})
        made = RunningPod(self, pod)
        try:
            made.start()
        except (httpx.HTTPError, OSError, subprocess.SubprocessError):
            made.remove()
            raise
        self.pods[uid] = made

    # What tests ask

    @contextlib.contextmanager
    def slow_to_end(self, pods: Iterable[RunningPod]) -> Generator[None]:
        """Let pods that are told to end go on for a while, as a node does for as long as it may."""
        held = {one.pod["metadata"]["uid"] for one in pods}
        self.held |= held
        try:
            yield
        finally:
            self.held -= held

    def running(self, namespace: str, component: str = "") -> list[RunningPod]:
        """Return the pods of a namespace that are not about to end, by the component that the chart calls them."""
        found = [one for one in self.there(namespace) if not one.ending]
        key = "app.kubernetes.io/component"
        return [one for one in found if not component or one.pod["metadata"]["labels"].get(key) == component]

    def there(self, namespace: str) -> list[RunningPod]:
        """Return the pods of a namespace, also those that are being ended."""
        return [one for one in list(self.pods.values()) if one.volumes.namespace == namespace]

    def wait(self, namespace: str, count: int = 1, component: str = "", seconds: float = 90) -> list[RunningPod]:
        """Wait until so many pods are ready and return them."""

        def ready() -> list[RunningPod]:
            found = [one for one in self.running(namespace, component) if is_ready(one)]
            return found if len(found) == count else []

        return eventually(ready, seconds, lambda: self.told(namespace))

    def told(self, namespace: str) -> str:
        """Return what pods and kubelet said, for a test that failed."""
        said = [
            f"{one.name} {container['name']}: {one.log(container['name'])[-1500:]}"
            for one in self.running(namespace)
            for container in one.pod["spec"]["containers"]
        ]
        return "\n".join([*said, *self.trouble[-3:]])


def is_ready(pod: RunningPod) -> bool:
    """Tell whether all containers of a pod were ready when it was looked at last."""
    return any(one["type"] == "Ready" and one["status"] == "True" for one in pod.status.get("conditions", ()))


@contextlib.contextmanager
def kubelet(*arguments: Any, **options: Any) -> Generator[Kubelet]:
    """Run a kubelet for a while."""
    made = Kubelet(*arguments, **options)
    made.start()
    try:
        yield made
    finally:
        made.end()
