"""`operator --check`: everything that the operator needs, asked for one by one before it is started.

The questions go through the official client, which can sign in wherever kubectl can.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from credential_operator.crd import definition
from credential_operator.crd.applying import sign_in
from credential_operator.kube.signin import SERVICE_ACCOUNT
from credential_operator.names import GROUP, PLURAL, VERSION
from credential_operator.running.access import PERMISSIONS, Permission, Where
from credential_operator.running.settings import OperatorSettings
from webapp.core.errors import CredentialError

if TYPE_CHECKING:
    from webapp.core.runtime import Runtime

SECONDS = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is needed: whether it is there, and what to do when it is not."""

    what: str
    ok: bool
    message: str = ""


def check(opened: Callable[[], AbstractContextManager[Runtime]], settings: OperatorSettings) -> list[Finding]:
    """Return what was found: the store, the API server, the definition, every permission."""
    return [*store(opened), *cluster(settings)]


def store(opened: Callable[[], AbstractContextManager[Runtime]]) -> Iterator[Finding]:
    """Open the store and look whether its seed is there."""
    try:
        with opened() as runtime:
            locked = runtime.store.locked
    except CredentialError as error:
        yield Finding("store", ok=False, message=error.message)
        return
    yield Finding("store", ok=True)
    yield Finding("secret seed", ok=not locked, message=locked.message if locked else "")


def cluster(settings: OperatorSettings) -> Iterator[Finding]:
    """Sign in and ask the API server."""
    from kubernetes import client  # noqa: PLC0415  it weighs some 40 MiB
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    try:
        sign_in("")
        api = client.ApiClient()
        found = client.VersionApi(api).get_code(_request_timeout=SECONDS)
    except CredentialError as error:
        yield Finding("sign-in", ok=False, message=error.message)
        return
    except (client.ApiException, HTTPError) as error:
        yield Finding("API server", ok=False, message=f"It cannot be reached: {type(error).__name__}.")
        return
    yield Finding("API server", ok=True, message=str(found.git_version))
    yield installed(api)
    yield from permissions(api, settings)


def installed(api: Any) -> Finding:
    """Tell whether the definition is there, and the one of this version."""
    from kubernetes import client  # noqa: PLC0415

    what = f"definition {PLURAL}.{GROUP}"
    try:
        served = client.CustomObjectsApi(api).get_api_resources(GROUP, VERSION, _request_timeout=SECONDS)
    except client.ApiException:
        return Finding(what, ok=False, message="It is not there. Put it there: backup-credentials crd --apply")
    if PLURAL not in {one.name for one in served.resources}:
        return Finding(what, ok=False, message="It is not there. Put it there: backup-credentials crd --apply")
    try:
        custom = client.ApiextensionsV1Api(api)
        found = custom.read_custom_resource_definition(f"{PLURAL}.{GROUP}", _request_timeout=SECONDS)
    except client.ApiException:
        return Finding(what, ok=True, message="It is served; its version may not be read with this sign-in.")
    schema = api.sanitize_for_serialization(found)["spec"]["versions"][0]["schema"]
    same = contains(schema, definition()["spec"]["versions"][0]["schema"])
    return Finding(what, ok=same, message="" if same else "It is of another version: backup-credentials crd --apply")


def contains(found: Any, wanted: Any) -> bool:
    """Tell whether everything wanted stands in what was found; the API server adds defaults of its own."""
    if isinstance(wanted, dict):
        found = {} if found is None else found  # an empty object is not sent back
        return isinstance(found, dict) and all(contains(found.get(key), wanted[key]) for key in wanted)  # pyright: ignore[reportUnknownVariableType]  any JSON
    if isinstance(wanted, list):
        return isinstance(found, list) and len(found) == len(wanted) and all(map(contains, found, wanted))  # pyright: ignore[reportUnknownArgumentType]  any JSON
    return found == wanted


def permissions(api: Any, settings: OperatorSettings) -> Iterator[Finding]:
    """Ask for every verb of the role by SelfSubjectAccessReview."""
    own = settings.lease_namespace or own_namespace()
    for permission in PERMISSIONS:
        places = (own,) if permission.where is Where.OWN else settings.namespaces or ("",)
        for namespace in places:
            for verb in permission.verbs:
                yield allowed(api, permission, verb, namespace)


def allowed(api: Any, permission: Permission, verb: str, namespace: str) -> Finding:
    """Ask whether we may do one thing."""
    from kubernetes import client  # noqa: PLC0415

    resource, _, sub = permission.resource.partition("/")
    asked: dict[str, Any] = {"group": permission.group, "resource": resource, "verb": verb}
    asked |= {key: text for key, text in (("subresource", sub), ("namespace", namespace)) if text}
    attributes = client.V1ResourceAttributes(**asked)
    review = client.V1SelfSubjectAccessReview(spec=client.V1SelfSubjectAccessReviewSpec(resource_attributes=attributes))
    place = f" in {namespace}" if namespace else ""
    what = f"{verb} {permission.resource}{place}"
    try:
        answer = client.AuthorizationV1Api(api).create_self_subject_access_review(review, _request_timeout=SECONDS)
    except client.ApiException as error:
        return Finding(what, ok=False, message=f"The API server does not say: {error.status}.")
    may = bool(answer.status and answer.status.allowed)
    if may or permission.optional:
        return Finding(what, ok=True, message="" if may else f"Not allowed. {permission.why}")
    return Finding(what, ok=False, message=permission.why)


def own_namespace() -> str:
    """Return the pod's namespace, or that of the kubeconfig's context."""
    from kubernetes import config  # noqa: PLC0415
    from kubernetes.config.config_exception import ConfigException  # noqa: PLC0415

    told = SERVICE_ACCOUNT / "namespace"
    if told.exists():
        return told.read_text().strip()
    try:
        _, active = config.list_kube_config_contexts()
    except ConfigException:
        return "default"
    return (active.get("context") or {}).get("namespace") or "default"
