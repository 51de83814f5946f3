"""Comes back from the vendor: by redirect, with something pasted, or after a code was typed there."""

from __future__ import annotations

import time

from flask import abort, flash, g, redirect, request, url_for
from werkzeug.wrappers import Response

from webapp.core.errors import CredentialError, TransientError
from webapp.core.oauth.flows import Way
from webapp.core.oauth.service import Finished
from webapp.core.oauth.vendors import VENDORS
from webapp.core.store.logins import Flow
from webapp.pages.access import current_session, runtime
from webapp.pages.drafts import Draft, drafts
from webapp.pages.hx import go, page_or_block, wants_fragment
from webapp.pages.provider_login.forms import form_address, take
from webapp.pages.provider_login.picking import fill_own_drive
from webapp.pages.routes import Routes

routes = Routes()
WAITING = "login/waiting.html"
ARRIVING = 5.0
"""Seconds that a vendor may take to give a token."""


def pending(flow_id: str) -> Flow:
    """Return the log-in under way."""
    found = runtime().logins.pending(current_session().id, flow_id)
    if found is None:
        abort(404)
    return found


@routes.at("/cloud-credentials/login/flow/<flow_id>")
def waiting(flow_id: str) -> Response:
    """Show where to go, what to type there, and where to paste what comes of it."""
    flow = pending(flow_id)
    return shown(flow, leave=bool(request.args.get("leave")))


def shown(flow: Flow, error: CredentialError | None = None, *, leave: bool = False) -> Response:
    """Show the page of a log-in under way."""
    draft = drafts().open(flow.values.get("draft", ""))
    return page_or_block(
        WAITING,
        "main",
        200 if error is None else 422,
        flow=flow,
        vendor=VENDORS[flow.provider],
        draft=draft,
        error=error,
        leave=leave,
        way=Way,
        back=url_for("login.choose", draft_id=draft.id),
    )


@routes.at("/cloud-credentials/login/flow/<flow_id>/go")
def leave(flow_id: str) -> Response:
    """Send the browser to the vendor."""
    address = pending(flow_id).values.get("address", "")
    return redirect(address, 303) if address.startswith("https://") else abort(404)


@routes.at("/cloud-credentials/login/flow/<flow_id>/paste", "POST")
def paste(flow_id: str) -> Response:
    """Take a pasted code or address."""
    flow = pending(flow_id)
    try:
        finished = runtime().logins.paste(current_session().id, flow_id, request.form.get("pasted", ""))
    except CredentialError as error:
        if runtime().logins.pending(current_session().id, flow_id):
            return shown(flow, error)
        return failed(error, drafts().open(flow.values.get("draft", "")))
    return arrived(finished)


@routes.at("/cloud-credentials/login/flow/<flow_id>/status/<draft_id>", "POST")
def status(flow_id: str, draft_id: str) -> Response:
    """Tell whether the person has come back in another window, or has typed the code."""
    flow = runtime().logins.pending(current_session().id, flow_id)
    draft = drafts().open(draft_id) if flow else settled(draft_id, flow_id)
    if draft.login.get("flow") == flow_id:
        return go(form_address(draft))
    if flow is None:
        message = "This log-in is over: it was refused, failed or took longer than ten minutes. Begin again."
        return told(draft, CredentialError(message))
    if flow.values.get("way") == Way.DEVICE:
        try:
            finished = runtime().logins.poll(current_session().id, flow_id)
        except TransientError:
            finished = None  # asked again in a moment
        except CredentialError as error:
            return told(draft, error)
        if finished:
            return arrived(finished)
    if wants_fragment():
        return page_or_block(WAITING, "poll", flow=flow, draft=draft)
    return redirect(url_for("login.waiting", flow_id=flow_id), 303)


def settled(draft_id: str, flow_id: str) -> Draft:
    """Return a draft whose log-in is not under way any more.

    The window that came back takes the log-in first and asks the vendor for a token next; what comes of that is in the
    draft a moment later, and in between nothing is over.
    """
    until = time.monotonic() + ARRIVING
    while (draft := drafts().open(draft_id)).login.get("flow") != flow_id and time.monotonic() < until:
        time.sleep(0.1)
    return draft


def told(draft: Draft, error: CredentialError) -> Response:
    """Say in place that the log-in is over."""
    if wants_fragment():
        return page_or_block("login/failed.html", "failure", error=error, draft=draft, back=retry(draft))
    return failed(error, draft)


def retry(draft: Draft | None) -> str:
    """Return where to begin again."""
    if draft and draft.typed:
        return url_for("login.choose", draft_id=draft.id)
    return url_for("cloud_credentials.index")


def failed(error: CredentialError, draft: Draft | None = None) -> Response:
    """Say why it came to nothing; what was typed waits."""
    return page_or_block("login/failed.html", "main", 422, error=error, draft=draft, back=retry(draft))


def arrived(finished: Finished) -> Response:
    """Go back to the form with everything filled in; another window says so and may be closed."""
    draft = take(finished)
    fill_own_drive(draft)
    if finished.flow.values.get("window"):
        return page_or_block("login/done.html", "main", finished=finished, back=form_address(draft))
    flash(f"Logged in{f' as {finished.account}' if finished.account else ''}. Verify the credential and save it.")
    return go(form_address(draft))


@routes.at("/oauth/callback")
def callback() -> Response:
    """Take what the vendor sent along, in the browser that began and nowhere else."""
    if g.account is None:
        message = "You are not logged in here any more, so this log-in came to nothing. Log in here and begin again."
        return failed(CredentialError(message))
    try:
        finished = runtime().logins.come_back(current_session().id, request.args)
    except CredentialError as error:
        return failed(error)
    return arrived(finished)
