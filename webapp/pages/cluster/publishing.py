"""On the page of a stored credential: publish it to namespaces, withdraw it, copy it as a resource."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from flask import flash, request, url_for
from werkzeug.wrappers import Response

from webapp.core.cluster.manifest import refuse_uncopyable
from webapp.core.cluster.publishing import check_pattern, fits
from webapp.core.errors import CredentialError, NotFoundError
from webapp.core.formats.delivery import resource_name
from webapp.core.store import Credential
from webapp.pages.access import current_account, runtime
from webapp.pages.attachments import attachment
from webapp.pages.hx import go, page_or_block
from webapp.pages.own_password import check_own_password
from webapp.pages.routes import Routes

routes = Routes()


@dataclass(slots=True)
class Wish:
    """Namespaces that someone wants to publish to.

    Attributes:
        text: As typed.
        patterns: What was read out of it.
        error: What is wrong with it.
        password_error: What is wrong with the person's own password.
    """

    text: str = ""
    patterns: list[str] = field(default_factory=list[str])
    error: str = ""
    password_error: str = ""

    @classmethod
    def sent(cls) -> Wish:
        """Return what came with the form."""
        wish = cls(request.form.get("namespaces", ""))
        try:
            found = [check_pattern(part) for part in re.split(r"[\s,]+", wish.text) if part]
            wish.patterns = list(dict.fromkeys(found))
            wish.error = "" if found else "Name at least one namespace."
        except CredentialError as error:
            wish.error = error.message
        return wish

    @property
    def wrong(self) -> bool:
        """Tell whether something must be corrected first."""
        return bool(self.error or self.password_error)

    def known(self, pattern: str) -> list[str]:
        """Return the namespaces that have a resource and that a pattern fits."""
        return [namespace for namespace in runtime().store.cluster.namespaces() if fits(pattern, namespace)]


@routes.at("/<credential_id>/publish")
def ask(credential_id: str) -> Response:
    """Ask for namespaces."""
    return publish_page(runtime().store.credentials.get(credential_id), Wish())


@routes.at("/<credential_id>/publish", "POST")
def publish(credential_id: str) -> Response:
    """Show each namespace to be confirmed; publish to those that were."""
    credential, wish = runtime().store.credentials.get(credential_id), Wish.sent()
    if wish.error or request.form.get("action") != "publish":
        return publish_page(credential, wish, 422 if wish.error else 200, confirm=not wish.error)
    confirmed = [pattern for pattern in wish.patterns if pattern in request.form.getlist("confirm")]
    if not confirmed:
        wish.error = "Tick the namespaces that may have this credential."
    else:
        wish.password_error = check_own_password()
    if wish.wrong:
        return publish_page(credential, wish, 422, confirm=True)
    runtime().publishing.publish(credential_id, confirmed, by=current_account().name)
    flash(f"{credential.name} is published to {', '.join(confirmed)}.")
    return go(url_for("cloud_credentials.tools", credential_id=credential_id))


def publish_page(credential: Credential, wish: Wish, status: int = 200, *, confirm: bool = False) -> Response:
    """Show the form, with what is to be confirmed."""
    ticked = request.form.getlist("confirm")
    context = {"credential": credential, "wish": wish, "confirm": confirm, "ticked": ticked}
    return page_or_block("cluster/publish.html", "main", status, **context)


@routes.at("/<credential_id>/publications/<publication_id>/withdraw", "GET", "POST")
def withdraw(credential_id: str, publication_id: str) -> Response:
    """List what a publication feeds, and withdraw it when that is confirmed."""
    credential = runtime().store.credentials.get(credential_id)
    publication = runtime().store.publications.get(publication_id)
    if publication.credential != credential.id:
        raise NotFoundError("This credential has no such publication.")
    if request.method == "POST":
        runtime().publishing.withdraw(publication_id, by=current_account().name)
        flash(f"{credential.name} was withdrawn from {publication.pattern}.")
        return go(url_for("cloud_credentials.tools", credential_id=credential_id))
    fed = runtime().publishing.fed_by(publication)
    return page_or_block("cluster/withdraw.html", "main", credential=credential, publication=publication, fed=fed)


@routes.at("/<credential_id>/manifest", "GET", "POST")
def manifest(credential_id: str) -> Response:
    """Ask for namespace and name, and return the resource once the person's own password was given."""
    credential = runtime().store.credentials.get(credential_id)
    shown = {
        "namespace": request.form.get("namespace", "").strip(),
        "resource": request.form.get("resource", resource_name(credential.name)).strip(),
    }
    errors, text = dict[str, str](), ""
    try:
        refuse_uncopyable(credential)
    except CredentialError as error:
        errors["uncopyable"] = error.message
    if request.method == "POST" and not errors:
        text = copied(credential, shown, errors)
    if text and request.form.get("action") == "download":
        return attachment(text.encode(), f"{shown['resource']}.yaml")
    namespaces = runtime().store.cluster.namespaces()
    context = {"credential": credential, "shown": shown, "errors": errors, "text": text, "namespaces": namespaces}
    wrong = 422 if errors and request.method == "POST" else 200
    return page_or_block("cluster/manifest.html", "main", wrong, **context)


def copied(credential: Credential, shown: dict[str, str], errors: dict[str, str]) -> str:
    """Return the resource, or nothing when the sentences in `errors` say why not."""
    if problem := check_own_password():
        errors["own_password"] = problem
        return ""
    by = current_account().name
    try:
        return runtime().copies.manifest(credential.id, shown["namespace"], shown["resource"], by=by)
    except CredentialError as error:
        errors[error.field] = error.message
        return ""
