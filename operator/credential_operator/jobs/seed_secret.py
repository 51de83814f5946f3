"""Makes the Secret with the secret seed once, for installations whose pods share a database and no volume."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from credential_operator.crd.applying import sign_in
from webapp.core.errors import PermanentError, TransientError
from webapp.core.store.keyring import new_seed

SECONDS = 20


def make_seed_secret(namespace: str, name: str, key: str) -> bool:
    """Make a Secret with a new seed unless it is there; tell whether it was made.

    The Secret belongs to no release and has no owner: an upgrade never changes it, and uninstalling leaves it.

    Raises:
        PermanentError: The API server refuses, or the Secret is there without the key.
        TransientError: The API server cannot be reached.
    """
    from kubernetes import client  # noqa: PLC0415  it weighs some 40 MiB
    from kubernetes.client.exceptions import ApiException  # noqa: PLC0415
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    sign_in("")
    api = client.CoreV1Api()
    labels = {"app.kubernetes.io/part-of": "backup-credentials"}
    metadata = client.V1ObjectMeta(name=name, labels=labels)
    body = client.V1Secret(metadata=metadata, string_data={key: new_seed()}, type="Opaque")
    try:
        return created(api, namespace, body) or kept(api, namespace, name, key)
    except ApiException as error:
        raise PermanentError(f"The API server refused the Secret {name}: {error.reason}.") from None
    except HTTPError as error:
        raise TransientError(f"The API server cannot be reached: {type(error).__name__}.") from None


def created(api: Any, namespace: str, body: Any) -> bool:
    """Create a Secret; tell whether it was not there."""
    from kubernetes.client.exceptions import ApiException  # noqa: PLC0415  as above

    try:
        api.create_namespaced_secret(namespace, body, _request_timeout=SECONDS)
    except ApiException as error:
        if error.status != HTTPStatus.CONFLICT:
            raise
        return False
    return True


def kept(api: Any, namespace: str, name: str, key: str) -> bool:
    """Refuse a Secret without the key; else it stays, and nothing was made."""
    refuse_without_key(api.read_namespaced_secret(name, namespace, _request_timeout=SECONDS).data or {}, name, key)
    return False


def refuse_without_key(data: Mapping[str, object], name: str, key: str) -> None:
    """Refuse a Secret that holds something else; nothing is written into it.

    Raises:
        PermanentError: The key is missing.
    """
    if key not in data:
        raise PermanentError(f"The Secret {name} is there, but has no key {key}. Name another Secret or key.")
