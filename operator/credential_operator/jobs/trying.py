"""Tries an installed operator from the outside: a resource goes in, its Secret has to come out.

The resource speaks of a host name that never exists (RFC 2606), so that nothing outside the cluster is asked.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from secrets import token_hex
from typing import Any

from credential_operator.crd.applying import sign_in
from credential_operator.names import GROUP, KIND, PLURAL, VERSION
from webapp.core.errors import PermanentError, TransientError

STEP = 0.2
SECONDS = 20


def try_operator(namespace: str, patience: float) -> float:
    """Apply a resource and its source, wait for the Secret made of it, remove all; return the seconds it took.

    Args:
        namespace: Where it is tried.
        patience: Seconds until it counts as failed.

    Raises:
        PermanentError: The API server refuses.
        TransientError: The API server cannot be reached, or no Secret came in time.
    """
    from kubernetes.client.exceptions import ApiException  # noqa: PLC0415  the client weighs some 40 MiB
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    sign_in("")
    name = f"backup-credentials-test-{token_hex(4)}"
    try:
        with applied(namespace, name) as started:
            wait_for_secret(namespace, name, started + patience)
            return time.monotonic() - started
    except ApiException as error:
        raise PermanentError(f"The API server refused what is tried: {error.reason}.") from None
    except HTTPError as error:
        raise TransientError(f"The API server cannot be reached: {type(error).__name__}.") from None


@contextmanager
def applied(namespace: str, name: str) -> Generator[float]:
    """Make the source and the resource, give the time, and remove both."""
    from kubernetes import client  # noqa: PLC0415
    from kubernetes.client.exceptions import ApiException  # noqa: PLC0415

    core, custom = client.CoreV1Api(), client.CustomObjectsApi()
    metadata = client.V1ObjectMeta(name=f"{name}-source")
    source = client.V1Secret(metadata=metadata, string_data={"password": token_hex(16)})
    core.create_namespaced_secret(namespace, source, _request_timeout=SECONDS)
    try:
        custom.create_namespaced_custom_object(
            GROUP, VERSION, namespace, PLURAL, resource(name), _request_timeout=SECONDS
        )
        yield time.monotonic()
    finally:
        with suppress(ApiException):
            custom.delete_namespaced_custom_object(GROUP, VERSION, namespace, PLURAL, name, _request_timeout=SECONDS)
        with suppress(ApiException):
            core.delete_namespaced_secret(f"{name}-source", namespace, _request_timeout=SECONDS)


def resource(name: str) -> dict[str, Any]:
    """Return the resource that is tried: FTP to nowhere, for rclone."""
    reference = {"secretKeyRef": {"name": f"{name}-source", "key": "password"}}
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": KIND,
        "metadata": {"name": name},
        "spec": {
            "provider": {"ftp": {"host": "ftp.invalid", "user": "test", "pass": reference}},
            "secrets": [{"name": f"{name}-rclone", "format": "rclone"}],
        },
    }


def wait_for_secret(namespace: str, name: str, until: float) -> None:
    """Wait until the Secret is there.

    Raises:
        TransientError: It is not in time; the resource's own reason is told.
    """
    from kubernetes import client  # noqa: PLC0415
    from kubernetes.client.exceptions import ApiException  # noqa: PLC0415

    core = client.CoreV1Api()
    while time.monotonic() < until:
        with suppress(ApiException):
            made = core.read_namespaced_secret(f"{name}-rclone", namespace, _request_timeout=SECONDS)
            if "rclone.conf" in (made.data or {}):
                return
        time.sleep(STEP)
    raise TransientError(f"No Secret came in time. {told(namespace, name)}")


def told(namespace: str, name: str) -> str:
    """Return what the status of the resource says."""
    from kubernetes import client  # noqa: PLC0415

    found: Any = client.CustomObjectsApi().get_namespaced_custom_object(
        GROUP, VERSION, namespace, PLURAL, name, _request_timeout=SECONDS
    )
    conditions = found.get("status", {}).get("conditions", [])
    words = [f"{one['type']}={one['status']} ({one['reason']}: {one['message']})" for one in conditions]
    return " ".join(words) or "The operator has not looked at it: does it run, and does it serve this namespace?"
