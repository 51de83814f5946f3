"""Puts the definition of the custom resource into a cluster, with the official client: it can sign in as kubectl can."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from credential_operator.crd import definition
from credential_operator.names import PRODUCT
from webapp.core.errors import PermanentError, TransientError

PATIENCE = 30.0
"""Seconds that the API server may take to serve a new definition."""
STEP = 0.1


def apply(*, context: str = "") -> None:
    """Apply the definition by server-side apply and wait until it is served.

    Args:
        context: Context of the kubeconfig; empty for its current one, or for the service account inside a pod.

    Raises:
        PermanentError: There is no kubeconfig, or the API server refuses; the sentence says which.
        TransientError: The API server cannot be reached or does not serve the definition in time.
    """
    from kubernetes import client  # noqa: PLC0415  it weighs some 40 MiB
    from kubernetes.client.exceptions import ApiException  # noqa: PLC0415
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    sign_in(context)
    api = client.ApiextensionsV1Api()
    try:
        send(api)
        wait(api)
    except ApiException as error:
        raise PermanentError(refusal(error)) from None
    except HTTPError as error:
        raise TransientError(f"The API server cannot be reached: {type(error).__name__}.") from None


def sign_in(context: str) -> None:
    """Read the kubeconfig, or the service account of the pod.

    Raises:
        PermanentError: There is neither.
    """
    from kubernetes import config  # noqa: PLC0415
    from kubernetes.config.config_exception import ConfigException  # noqa: PLC0415

    in_pod = "KUBERNETES_SERVICE_HOST" in os.environ and "KUBECONFIG" not in os.environ and not context
    try:
        config.load_incluster_config() if in_pod else config.load_kube_config(context=context or None)
    except (ConfigException, OSError):
        named = f" with a context {context}" if context else ""
        raise PermanentError(f"There is no kubeconfig{named} that can be used. Does kubectl work here?") from None


def send(api: Any) -> None:
    """Apply the definition."""
    wanted = definition()
    api.patch_custom_resource_definition(
        wanted["metadata"]["name"],
        wanted,
        field_manager=PRODUCT,
        force=True,
        _content_type="application/apply-patch+yaml",
        _request_timeout=PATIENCE,
    )


def wait(api: Any) -> None:
    """Wait until the definition is served.

    Raises:
        TransientError: It is not in time.
    """
    last = time.monotonic() + PATIENCE
    while time.monotonic() < last:
        found = api.read_custom_resource_definition(definition()["metadata"]["name"], _request_timeout=PATIENCE)
        states = {condition.type: condition.status for condition in found.status.conditions or ()}
        if states.get("Established") == "True":
            return
        time.sleep(STEP)
    raise TransientError("The API server took the definition and does not serve it yet. Look again in a minute.")


def refusal(error: Any) -> str:
    """Return what the API server said, as a sentence."""
    try:
        said = str(json.loads(error.body)["message"])
    except (TypeError, ValueError, KeyError):
        said = str(error.reason)
    return f"The API server refused the definition: {said}"
