"""A Kubernetes control plane: etcd, kube-apiserver and kube-controller-manager, without any node.

The programs are those of the folder KUBEBUILDER_ASSETS when that is set (the convention of Go projects), otherwise the
ones that `tests/run.py` builds from `tests/tools/control_plane`. The flags are explained in each program's own `--help`.
"""

from __future__ import annotations

import json
import os
import secrets
import ssl
import subprocess
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from servers.runs import CLEAN, Run, answers, free_port, need

CONTROLLERS = (
    "garbage-collector-controller",
    "namespace-controller",
    "serviceaccount-controller",
    "deployment-controller",
    "replicaset-controller",
)
"""What runs by default: owner references are acted upon, namespaces end, and a Deployment makes its pods."""
WITH_NODES = (*CONTROLLERS, "job-controller", "root-ca-certificate-publisher-controller")
"""What runs where pods are really run: jobs as well, and the API server's certificate for every pod."""
USERS = ("admin", "operator", "person")
"""Who may sign in with a token. `admin` may do everything, the others what a test's own role bindings allow."""


def asset(name: str) -> Path:
    """Return one of the programs; skips the test when it is not there."""
    folder = os.environ.get("KUBEBUILDER_ASSETS")
    chosen = Path(folder, name) if folder else None
    return need(name, found=chosen if chosen and chosen.exists() else None)


class ControlPlane:
    """A running control plane.

    Attributes:
        place: Folder of its files.
        endpoint: Address of the API server.
        authority: Certificate file that proves it.
        etcd: Address of etcd.
    """

    api_program = "kube-apiserver"
    """Name of the API server's program."""
    api_flags: Sequence[str | Path] = ()
    """Flags of the API server besides those that every test needs."""

    def __init__(self, run: Run, place: Path, *, etcd: int, api: int, durable: bool) -> None:
        self.run = run
        self.place = place
        self.endpoint = f"https://127.0.0.1:{api}"
        self.authority = place / "certs/apiserver.crt"
        self.etcd = f"http://127.0.0.1:{etcd}"
        self.etcd_seen_by_api = self.etcd
        self.durable = durable
        self.pids: dict[str, int] = {}
        self.tokens = {user: secrets.token_hex(16) for user in USERS}

    # Starting and stopping

    def start_etcd(self) -> None:
        """Start etcd; it must not be running."""
        peer = f"http://127.0.0.1:{free_port()}"
        flags = ["--data-dir", self.place / "etcd", "--listen-client-urls", self.etcd, "--listen-peer-urls", peer]
        own = ["--advertise-client-urls", self.etcd, "--initial-advertise-peer-urls", peer]
        cluster = ["--initial-cluster", f"default={peer}", "--log-level", "error", "--quota-backend-bytes", 2**32]
        quick = [] if self.durable else ["--unsafe-no-fsync"]
        self.pids["etcd"] = self.run.start(
            [asset("etcd"), *flags, *own, *cluster, *quick],
            ready=partial(answers, f"{self.etcd}/health"),
            log=self.place / "etcd.log",
        )

    def start_api(self) -> None:
        """Start the API server; it must not be running."""
        port = self.endpoint.rpartition(":")[2]
        issuer = ["--service-account-issuer", "https://localhost", "--service-account-key-file", self.place / "sa.pub"]
        self.pids["api"] = self.run.start(
            [asset(self.api_program), "--etcd-servers", self.etcd_seen_by_api, "--cert-dir", self.place / "certs",
             "--secure-port", port, "--bind-address", "127.0.0.1", *issuer,
             "--service-account-signing-key-file", self.place / "sa.key", "--token-auth-file", self.place / "tokens.csv",
             "--authorization-mode", "RBAC", "--service-cluster-ip-range", "10.0.0.0/24", *self.api_flags],
            ready=self.ready,
            log=self.place / "api.log",
            seconds=90,
        )  # fmt: skip

    def start_controllers(self, controllers: Sequence[str] = CONTROLLERS) -> None:
        """Start kube-controller-manager; it finds the API server again by itself when that was away."""
        signing = ["--service-account-private-key-file", self.place / "sa.key"]
        self.pids["controllers"] = self.run.start(
            [asset("kube-controller-manager"), "--kubeconfig", self.kubeconfig(), "--controllers", ",".join(controllers),
             "--leader-elect=false", "--secure-port", "0", "--root-ca-file", self.authority, *signing],
            ready=partial(self.has, "/api/v1/namespaces/default/serviceaccounts/default"),
            log=self.place / "controllers.log",
            seconds=90,
        )  # fmt: skip

    def stop(self, part: str) -> None:
        """Kill a part: `api`, `etcd` or `controllers`."""
        self.run.stop(self.pids.pop(part))

    def end(self) -> None:
        """Kill all parts."""
        for part in ("controllers", "api", "etcd"):
            if part in self.pids:
                self.stop(part)

    # Asking

    def ready(self) -> bool:
        """Tell whether the API server says that it is ready."""
        return self.authority.exists() and self.has("/readyz")

    def has(self, path: str) -> bool:
        """Tell whether the API server answers 200 for a path."""
        try:
            with self.client() as client:
                return client.get(path, timeout=5).is_success
        except (httpx.HTTPError, ssl.SSLError):  # its certificate may be half written
            return False

    def client(self, user: str = "admin", *, endpoint: str = "") -> httpx.Client:
        """Return an HTTP client that is signed in, for what would be slow through kubectl."""
        return httpx.Client(
            base_url=endpoint or self.endpoint,
            headers={"Authorization": f"Bearer {self.tokens[user]}"},
            verify=ssl.create_default_context(cafile=str(self.authority)),
            timeout=60,
            trust_env=False,
        )

    def kubeconfig(self, user: str = "admin", *, namespace: str = "default", endpoint: str = "") -> Path:
        """Write a kubeconfig (JSON is YAML) and return its path.

        Args:
            user: One of USERS.
            namespace: Its default namespace.
            endpoint: Address to use instead of the API server's own: a proxy before it.
        """
        cluster = {"server": endpoint or self.endpoint, "certificate-authority": str(self.authority)}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": user, "user": {"token": self.tokens[user]}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": user, "namespace": namespace}}],
        }
        path = self.place / f"{user}-{namespace}-{secrets.token_hex(4)}.kubeconfig"
        path.write_text(json.dumps(content))
        path.chmod(0o600)
        return path

    def kubectl(self, *arguments: str | Path, given: str = "", user: str = "admin", namespace: str = "default") -> str:
        """Run kubectl and return what it printed; raises CalledProcessError, whose stderr is text."""
        command = [asset("kubectl"), "--kubeconfig", self.kubeconfig(user, namespace=namespace), *arguments]
        done = subprocess.run(
            [str(part) for part in command],
            input=given,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
            env=CLEAN | {"HOME": str(self.place)},
        )
        return done.stdout

    def new_namespace(self, name: str = "") -> str:
        """Make a namespace and return its name."""
        name = name or f"t-{secrets.token_hex(4)}"
        with self.client() as client:
            client.post("/api/v1/namespaces", json={"metadata": {"name": name}}).raise_for_status()
        return name

    def delete_namespace(self, name: str) -> None:
        """Ask for a namespace's end, without waiting for it."""
        with self.client() as client:
            client.delete(f"/api/v1/namespaces/{name}").raise_for_status()


def make_files(plane: ControlPlane) -> None:
    """Write the signing key of service accounts and the tokens of the users."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    (plane.place / "sa.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    public = key.public_key()
    subject = serialization.PublicFormat.SubjectPublicKeyInfo
    (plane.place / "sa.pub").write_bytes(public.public_bytes(serialization.Encoding.PEM, subject))
    groups = {"admin": ',"system:masters"'}
    lines = [f"{token},{user},{user}-uid{groups.get(user, '')}" for user, token in plane.tokens.items()]
    (plane.place / "tokens.csv").write_text("\n".join(lines) + "\n")


def control_plane(
    run: Run,
    place: Path,
    *,
    controllers: Sequence[str] = CONTROLLERS,
    durable: bool = False,
    etcd_through: Callable[[int], int] | None = None,
    api_flags: Sequence[str | Path] = (),
    api_program: str = "kube-apiserver",
) -> ControlPlane:
    """Start a control plane.

    Args:
        run: The run that ends it.
        place: Empty folder for its files.
        controllers: Controllers to run; none starts no kube-controller-manager.
        durable: Let etcd write through to the disk, as in production.
        etcd_through: Given etcd's port, returns the one that the API server uses: a relay that a test puts between.
        api_flags: Further flags of the API server.
        api_program: Another API server than the usual one.
    """
    asset(api_program)  # a test is skipped before anything was started
    etcd = free_port()
    plane = ControlPlane(run, place, etcd=etcd, api=free_port(), durable=durable)
    plane.api_flags, plane.api_program = api_flags, api_program
    if etcd_through:
        plane.etcd_seen_by_api = f"http://127.0.0.1:{etcd_through(etcd)}"
    make_files(plane)
    plane.start_etcd()
    plane.start_api()
    if controllers:
        plane.start_controllers(controllers)
    return plane
