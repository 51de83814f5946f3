"""The operator as a program of its own, started as a platform engineer does, against a control plane."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx
from servers.kinds.kubernetes import ControlPlane
from servers.waiting import eventually

from credential_operator.names import API_VERSION, KIND

PROGRAM = (sys.executable, "-m", "webapp", "operator")
COLLECTED = 60
"""Seconds within which garbage collection took what has no owner any more. The controller looks every 30 seconds for
new kinds, and only then hears that a resource is gone."""


class RunningOperator:
    """A started operator.

    Attributes:
        folder: Its data folder; another start on it goes on with the same store.
        log: Its log.

    Args:
        plane: The control plane.
        folder: See above.
        options: Options of the command.
        user: Who signs in with a kubeconfig.
        endpoint: Address to use instead of the API server's own.
        environment: Changes of the environment; an empty text takes a variable out of it.
        inside: A command that runs the operator's in surroundings of its own.
    """

    def __init__(
        self,
        plane: ControlPlane,
        folder: Path,
        *options: str,
        user: str = "admin",
        endpoint: str = "",
        environment: Mapping[str, str] | None = None,
        inside: Sequence[str | Path] = (),
    ) -> None:
        self.plane, self.folder, self.options = plane, folder, options
        self.environment, self.inside = dict(environment or {}), inside
        self.kubeconfig = plane.kubeconfig(user, endpoint=endpoint)
        folder.mkdir(exist_ok=True, parents=True)
        self.log = folder / "operator.log"
        self.start()

    def start(self) -> None:
        """Start it, also again on the same store."""
        environment = {
            **os.environ,
            "KUBECONFIG": str(self.kubeconfig),
            "BACKUP_CREDENTIALS_DATA_DIR": str(self.folder),
            **self.environment,
        }
        environment = {name: text for name, text in environment.items() if text}
        self.began = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.inside, *PROGRAM, "--listen", "127.0.0.1:0", "--identity", "test", *self.options],
                stdout=log, stderr=log, env=environment,
            )  # fmt: skip

    @property
    def said(self) -> str:
        """What it logged since it was started last."""
        return self.log.read_bytes()[self.began :].decode()

    def wait_ready(self, seconds: float = 90) -> RunningOperator:
        """Wait until it says that it is ready."""
        eventually(self.ready, seconds, lambda: self.said)
        return self

    def ready(self) -> bool:
        """Ask whether it is ready."""
        assert self.process.poll() is None, f"the operator has ended: {self.said}"
        return self.get("/readyz").startswith("ok")

    def get(self, path: str) -> str:
        """Ask one of its addresses; empty while it does not answer."""
        found = re.findall(r"metrics at (\S+?)[\s\"]", self.said)
        try:
            return httpx.get(found[-1] + path, timeout=5, trust_env=False).text if found else ""
        except httpx.HTTPError:
            return ""

    def metric(self, name: str, /, **labels: str) -> float:
        """Return the sum of a metric over all lines with these labels."""
        wanted = [f'{key}="{text}"' for key, text in labels.items()]
        lines = [line for line in self.get("/metrics").splitlines() if re.match(rf"{name}[ {{]", line)]
        return sum(float(line.rpartition(" ")[2]) for line in lines if all(part in line for part in wanted))

    def writes(self) -> dict[str, float]:
        """Return how often it wrote what, by resource; leases and what was refused left out."""
        counts: dict[str, float] = {}
        for line in self.get("/metrics").splitlines():
            found = re.match(
                r'backup_credentials_api_requests_total\{code="2\d\d",resource="(.+?)",verb="(.+?)"\} (.+)', line
            )
            if found and found[2] not in {"get", "list", "watch"} and found[1] != "leases":
                counts[found[1]] = counts.get(found[1], 0) + float(found[3])
        return counts

    def stop(self) -> int:
        """Tell it to stop and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def kill(self) -> None:
        """Kill it at once."""
        self.process.kill()
        self.process.wait(10)


@contextmanager
def running(plane: ControlPlane, folder: Path, *options: str, **more: Any) -> Generator[RunningOperator]:
    """Run an operator for a while."""
    started = RunningOperator(plane, folder, *options, **more)
    try:
        yield started.wait_ready()
    finally:
        started.kill()


class Space:
    """A namespace with short words for what a person does in it."""

    def __init__(self, plane: ControlPlane, name: str = "") -> None:
        self.plane, self.name = plane, plane.new_namespace(name)
        self.http = plane.client()
        self.resources = f"/apis/{API_VERSION}/namespaces/{self.name}/backupcredentials"
        self.secrets = f"/api/v1/namespaces/{self.name}/secrets"

    def apply(self, name: str, spec: dict[str, Any], **meta: Any) -> dict[str, Any]:
        """Apply a resource with kubectl and return it."""
        body = {"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": name, **meta}, "spec": spec}
        return json.loads(self.kubectl("apply", "-o", "json", "-f", "-", given=json.dumps(body)))

    def create(self, name: str, spec: dict[str, Any], **meta: Any) -> dict[str, Any]:
        """Create a resource by a bare request."""
        body = {"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": name, **meta}, "spec": spec}
        answer = self.http.post(self.resources, json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def kubectl(self, *arguments: str, given: str = "") -> str:
        """Run kubectl in the namespace."""
        return self.plane.kubectl("-n", self.name, *arguments, given=given)

    def source(self, name: str, **values: str) -> str:
        """Make or change a Secret and return its resourceVersion."""
        data = {key: base64.b64encode(text.encode()).decode() for key, text in values.items()}
        body = {"metadata": {"name": name}, "data": data}
        answer = self.http.post(self.secrets, json=body)
        if answer.status_code == 409:
            answer = self.http.put(f"{self.secrets}/{name}", json=body)
        assert answer.is_success, answer.text
        return answer.json()["metadata"]["resourceVersion"]

    def get(self, name: str) -> dict[str, Any]:
        """Return a resource."""
        return self.http.get(f"{self.resources}/{name}").json()

    def secret(self, name: str) -> dict[str, Any] | None:
        """Return a Secret, or nothing when it is not there."""
        answer = self.http.get(f"{self.secrets}/{name}")
        return answer.json() if answer.is_success else None

    def values(self, name: str) -> dict[str, str]:
        """Return a Secret's values."""
        found = self.secret(name) or {}
        return {key: base64.b64decode(text).decode() for key, text in (found.get("data") or {}).items()}

    def condition(self, name: str, kind: str = "Ready") -> tuple[str, str]:
        """Return status and reason of a condition."""
        found = self.get(name).get("status", {}).get("conditions", [])
        return next(((one["status"], one["reason"]) for one in found if one["type"] == kind), ("", ""))

    def wait(self, name: str, status: str, reason: str = "", kind: str = "Ready", seconds: float = 15) -> None:
        """Wait for a condition."""

        def holds() -> bool:
            found = self.condition(name, kind)
            return found[0] == status and reason in {"", found[1]}

        eventually(holds, seconds, lambda: self.get(name).get("status"))

    def events(self) -> list[tuple[str, str]]:
        """Return type and reason of every event."""
        found = self.http.get(f"/api/v1/namespaces/{self.name}/events").json()["items"]
        return [(one["type"], one["reason"]) for one in found]


class Served:
    """An operator with namespaces that nobody else serves, each for one test.

    Attributes:
        operator: It.
    """

    def __init__(self, operator: RunningOperator, spaces: list[Space]) -> None:
        self.operator, self._free = operator, spaces

    @classmethod
    @contextmanager
    def on(cls, plane: ControlPlane, folder: Path, count: int) -> Generator[Self]:
        """Run an operator for so many new namespaces."""
        spaces = [Space(plane) for _ in range(count)]
        options = [part for space in spaces for part in ("--namespace", space.name)]
        try:
            with running(plane, folder, *options) as operator:
                yield cls(operator, list(spaces))
        finally:
            for space in spaces:
                space.http.close()

    @contextmanager
    def space(self) -> Generator[Space]:
        """Give a namespace for a while; afterwards its resources are gone, so that nothing more is written for them."""
        space = self._free.pop()
        try:
            yield space
        finally:
            space.http.delete(space.resources).raise_for_status()
            eventually(lambda: self._forgotten(space), 20)

    def _forgotten(self, space: Space) -> bool:
        """Tell whether the operator knows no resource of a namespace any more, or has ended."""
        ended = self.operator.process.poll() is not None
        return ended or f'namespace="{space.name}"' not in self.operator.get("/metrics")
