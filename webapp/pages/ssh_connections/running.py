"""Tests and set-ups while they run: their steps as they happen, stopping them, how they ended."""

from __future__ import annotations

from flask import abort, flash, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.core.fields import Attributes
from webapp.core.ssh.connections import as_tested
from webapp.core.ssh.results import Tested
from webapp.core.ssh.truenas.service import TrueNASCheck
from webapp.core.ssh.wire.running import SshCheck
from webapp.core.verification.states import Result
from webapp.pages.access import current_account, current_session, runtime
from webapp.pages.drafts import Draft, digest
from webapp.pages.hx import go, page_or_block, wants_fragment
from webapp.pages.routes import Routes
from webapp.pages.ssh_connections.forms import TRUENAS_METHOD, ConnectionForm, drafts
from webapp.pages.ssh_connections.shown import again

routes = Routes()
QUICK = 0.3
"""Seconds to wait for a result before progress is shown."""

WHOLE = 90.0
"""Seconds that a browser without JavaScript waits for the end."""

CONFIRM_HOST_KEY = (
    "This server is not known yet. Compare its host keys with those on the server, then press Use these host keys and "
    "set up again. Nothing was sent to it."
)
PROGRESS = "ssh_connections/_progress.html"


def test(form: ConnectionForm, raw: dict[str, str]) -> Response:
    """Test what was typed and save nothing."""
    checked = form.look(raw)
    form.name_error = ""  # a test needs no name
    if not checked.ok:
        return again(form)
    stop_former(form.draft)
    stored = form.connection.id if form.connection else ""
    owner = f"{current_session().id}:{form.draft.id}"
    check = runtime().ssh.connections.start_test(raw, owner=owner, connection_id=stored)
    form.draft.check, form.draft.checked, form.draft.result = check.id, digest(checked.attributes), {}
    drafts().keep(form.draft)
    return followed(form, check)


def pair(form: ConnectionForm, raw: dict[str, str]) -> Response:
    """Start the set-up of a connection.

    Raises:
        CredentialError: The name is taken, or a value cannot work.
    """
    stop_former(form.draft)
    owner, by = f"{current_session().id}:{form.draft.id}", current_account().name
    check = (start_truenas if form.method.key == TRUENAS_METHOD else start_server)(form, raw, by, owner)
    form.draft.check, form.draft.checked, form.draft.result = check.id, "", {}
    drafts().keep(form.draft)
    return followed(form, check)


def start_truenas(form: ConnectionForm, raw: dict[str, str], by: str, owner: str) -> SshCheck:
    """Start the set-up with a TrueNAS."""
    return runtime().ssh.truenas.start(form.name, raw, by=by, owner=owner)


def start_server(form: ConnectionForm, raw: dict[str, str], by: str, owner: str) -> SshCheck:
    """Start the set-up with any SSH server."""
    return runtime().ssh.start_pairing(form.name, raw, by=by, owner=owner)


def followed(form: ConnectionForm, check: SshCheck) -> Response:
    """Show progress where the page can follow it, else wait for the end."""
    result = check.wait(QUICK if wants_fragment() else WHOLE)
    if wants_fragment():
        return ended(check, form.draft) if result else progressing(check, form.draft)
    if check.made:
        return saved(check, form.draft)
    form.result = result
    if isinstance(check, TrueNASCheck):
        form.certificate = check.certificate
    return again(form, status=200)


@routes.at("/checks/<check_id>")
def check(check_id: str) -> Response:
    """Show the steps so far, or the end."""
    found, draft = owned(check_id), drafts().open(request.args.get("draft", ""))
    if found.wait(QUICK) is None:
        return progressing(found, draft)
    return ended(found, draft)


@routes.at("/checks/<check_id>/cancel", "POST")
def cancel(check_id: str) -> Response:
    """Stop a test or a set-up."""
    found, draft = owned(check_id), drafts().open(request.args.get("draft", ""))
    found.cancel()
    if found.wait(5) is None:
        return progressing(found, draft)
    return ended(found, draft)


def owned(check_id: str) -> SshCheck:
    """Return a running or ended check of this log-in."""
    found = runtime().ssh.checks.get(check_id)
    if found is None or not found.owner.startswith(current_session().id):
        abort(404)
    return found


def progressing(check: SshCheck, draft: Draft) -> Response:
    """Return the steps so far."""
    return page_or_block(PROGRESS, "progress", check=check, draft=draft)


def ended(check: SshCheck, draft: Draft) -> Response:
    """Return how it ended; a connection that was made is gone to."""
    if check.made:
        return saved(check, draft)
    result = check.result
    if result and draft.check == check.id and not draft.result:
        draft.note(result)
        drafts().keep(draft)
    certificate = check.certificate if isinstance(check, TrueNASCheck) else None
    body = render_template(PROGRESS, check=None, result=result, certificate=certificate)
    return Response(body, mimetype="text/html")


def saved(check: SshCheck, draft: Draft) -> Response:
    """Go to the connection that a set-up made."""
    drafts().drop(draft)
    made = runtime().ssh.connections.get(check.made)
    changes = check.changes if isinstance(check, TrueNASCheck) else ()
    flash(f"{made.name} was set up and works." + (f" On the remote: {'; '.join(changes)}." if changes else ""))
    return go(url_for("ssh_connections.edit", connection_id=made.id))


def stop_former(draft: Draft) -> None:
    """Stop what ran for the values that were typed before."""
    former = runtime().ssh.checks.get(draft.check) if draft.check else None
    if former and former.result is None:
        former.cancel()


def result_of(form: ConnectionForm, attributes: Attributes) -> Result | None:
    """Return the result of the last test, if it was of these very values."""
    draft = form.draft
    found = runtime().ssh.checks.get(draft.check) if draft.check else None
    if found and found.result and not draft.result:
        draft.note(found.result)
        drafts().keep(draft)
    return draft.result_for(attributes)


def tested(form: ConnectionForm, attributes: Attributes) -> Tested | None:
    """Return the same with its steps, to be stored with the connection."""
    found = runtime().ssh.checks.get(form.draft.check) if form.draft.check else None
    if found is None or found.result is None or form.draft.checked != digest(attributes):
        return None
    return as_tested(found.result)


def may_save(form: ConnectionForm, attributes: Attributes) -> bool:
    """Ask once before saving what was not tested or did not pass; the same values are saved the second time."""
    asked = form.draft.asked == digest(attributes)
    if (form.result and form.result.good) or (request.form.get("confirm") and asked):
        return True
    form.draft.asked = digest(attributes)
    return False


def question(result: Result | None) -> str:
    """Return the sentence that asks whether to save all the same."""
    if result is None:
        return "This connection was not tested. Press Save again to save it all the same, or test it first."
    return f"The test said “{result.state}”. Press Save again to save all the same, or correct the values first."
