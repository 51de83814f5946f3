"""Signs in: inside a pod from the mounted service account, elsewhere from a kubeconfig.

A kubeconfig may run programs and know OIDC, which the official client can do. It weighs some 40 MiB, so it runs in a
process of its own that ends after telling what it found: `python -m credential_operator.kube.signin`.
"""

from __future__ import annotations

import base64
import json
import os
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import yaml

from webapp.core.errors import PermanentError

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
SIGN_IN_SECONDS = 60.0
_DATA = ("certificate-authority", "client-certificate", "client-key")
PLAIN_CLUSTER = frozenset({"server", "insecure-skip-tls-verify", _DATA[0], f"{_DATA[0]}-data"})
PLAIN_USER = frozenset({"token", *_DATA[1:], *(f"{name}-data" for name in _DATA[1:])})
"""What of a kubeconfig is understood without the official client."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """How to reach the API server.

    Attributes:
        server: Its address.
        namespace: The namespace of the pod, or the kubeconfig's own.
        authorization: The header of that name; empty when a certificate signs in.
        ssl: What its certificate is checked with; nothing for plain HTTP.
        token_file: Where a token stands that is changed while we run.
    """

    server: str
    namespace: str
    authorization: str = field(repr=False, default="")
    ssl: ssl.SSLContext | None = None
    token_file: Path | None = None

    def current(self) -> str:
        """Return the header as it is now."""
        return f"Bearer {self.token_file.read_text().strip()}" if self.token_file else self.authorization


def sign_in() -> SignIn:
    """Sign in.

    Raises:
        PermanentError: There is neither a service account nor a usable kubeconfig.
    """
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    if host and (SERVICE_ACCOUNT / "token").exists() and "KUBECONFIG" not in os.environ:
        return in_cluster(host, port)
    plain = plain_kubeconfig()
    return signed(plain) if plain else from_kubeconfig()


def in_cluster(host: str, port: str, folder: Path = SERVICE_ACCOUNT) -> SignIn:
    """Return what a pod is given."""
    shown = f"[{host}]" if ":" in host else host
    context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    namespace = (folder / "namespace").read_text().strip()
    return SignIn(f"https://{shown}:{port}", namespace, ssl=context, token_file=folder / "token")


def from_kubeconfig() -> SignIn:
    """Let the official client read the kubeconfig in a process of its own.

    Raises:
        PermanentError: It cannot.
    """
    command = [sys.executable, "-m", "credential_operator.kube.signin"]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, timeout=SIGN_IN_SECONDS, check=False)  # noqa: S603  own module
        found = cast("dict[str, Any]", json.loads(done.stdout or b"{}"))
    except (subprocess.TimeoutExpired, ValueError):
        found = {}
    if not found.get("server"):
        raise PermanentError("There is no kubeconfig that can be used. Check KUBECONFIG, or try kubectl get nodes.")
    return signed(found)


def signed(found: Mapping[str, Any]) -> SignIn:
    """Return a sign-in made of what a kubeconfig says."""
    return SignIn(found["server"], found["namespace"], found["authorization"], _context(found))


def plain_kubeconfig() -> dict[str, Any] | None:
    """Read a single kubeconfig whose user has a token or a certificate, as most have; nothing for any other.

    It says the same as the official client, which takes a second or two to load.
    """
    path = Path(os.environ.get("KUBECONFIG") or Path.home() / ".kube/config")
    try:
        config = yaml.safe_load(path.read_text())
        context = _named(config["contexts"], config["current-context"])["context"]
        cluster = _named(config["clusters"], context["cluster"])["cluster"]
        user = _named(config["users"], context["user"])["user"] or {}
        if set(user) - PLAIN_USER or set(cluster) - PLAIN_CLUSTER:
            return None
        return {
            "server": str(cluster["server"]).rstrip("/"),
            "namespace": context.get("namespace") or "default",
            "authorization": f"Bearer {user['token']}" if user.get("token") else "",
            "ca": _part(path, cluster, "certificate-authority"),
            "verify": not cluster.get("insecure-skip-tls-verify", False),
            "certificate": _part(path, user, "client-certificate"),
            "key": _part(path, user, "client-key"),
        }
    except (OSError, ValueError, KeyError, TypeError, StopIteration, yaml.YAMLError):
        return None  # the official client says what is wrong with it


def _named(listed: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(one for one in listed if one["name"] == name)


def _part(path: Path, holder: Mapping[str, Any], name: str) -> str:
    """Return a text that stands in the kubeconfig in base64, or in a file beside it."""
    if holder.get(f"{name}-data"):
        return base64.b64decode(holder[f"{name}-data"]).decode()
    return (path.parent / holder[name]).read_text() if holder.get(name) else ""


def _context(found: Mapping[str, Any]) -> ssl.SSLContext | None:
    if not str(found["server"]).startswith("https"):
        return None
    context = ssl.create_default_context(cadata=found["ca"] or None)
    if not found["verify"]:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if found["certificate"]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "client.pem"
            path.touch(mode=0o600)
            path.write_text(found["certificate"] + "\n" + found["key"])
            context.load_cert_chain(path)
    return context


def told() -> dict[str, Any]:
    """Return what the kubeconfig says, as data."""
    from kubernetes import client, config  # noqa: PLC0415  only this process pays for it

    config.load_kube_config()
    made: Any = client.Configuration.get_default_copy()
    _, active = config.list_kube_config_contexts()
    return {
        "server": str(made.host).rstrip("/"),
        "namespace": (active.get("context") or {}).get("namespace") or "default",
        "authorization": next((str(one["value"] or "") for one in made.auth_settings().values()), ""),
        "ca": _read(made.ssl_ca_cert),
        "verify": bool(made.verify_ssl),
        "certificate": _read(made.cert_file),
        "key": _read(made.key_file),
    }


def _read(path: str | None) -> str:
    return Path(path).read_text() if path else ""


if __name__ == "__main__":
    try:
        sys.stdout.write(json.dumps(told()))
    except Exception as error:  # noqa: BLE001  whoever started this says that it did not work
        sys.exit(f"the kubeconfig cannot be read: {type(error).__name__}")
