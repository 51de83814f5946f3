"""What can be done with a stored keypair: hand out its halves, use another one, delete it."""

from __future__ import annotations

from flask import flash, request, url_for
from werkzeug.wrappers import Response

from webapp.core.errors import CredentialError, PermanentError
from webapp.core.ssh.keys import file_names
from webapp.core.store import Keypair
from webapp.pages.access import current_account, runtime
from webapp.pages.attachments import attachment
from webapp.pages.hx import go, page_or_block
from webapp.pages.own_password import check_own_password
from webapp.pages.routes import Routes
from webapp.pages.ssh_keypairs.listing import row, user_address

routes = Routes()


@routes.at("/<keypair_id>/public")
def public(keypair_id: str) -> Response:
    """Hand out the public half as a file."""
    keypair = runtime().ssh.keypairs.get(keypair_id)
    return attachment(f"{keypair.public_key}\n".encode(), names(keypair)[1])


@routes.at("/<keypair_id>/private", "POST")
def private(keypair_id: str) -> Response:
    """Show or hand out the private half, once the person's own password was given."""
    keypair = runtime().ssh.keypairs.get(keypair_id)
    error = check_own_password()
    if error:
        return shown(keypair, error=error)
    key = runtime().ssh.keypairs.reveal(keypair_id, by=current_account().name)
    if request.form.get("action") == "download":
        return attachment(key.encode(), names(keypair)[0])
    return shown(keypair, revealed=key)


def shown(keypair: Keypair, *, revealed: str = "", error: str = "") -> Response:
    """Show the page of a keypair."""
    return page_or_block(
        "ssh_keypairs/show.html",
        "main",
        422 if error else 200,
        row=row(keypair),
        address=user_address,
        revealed=revealed,
        error=error,
    )


def names(keypair: Keypair) -> tuple[str, str]:
    """Return the file names of both halves.

    Raises:
        PermanentError: The keypair cannot be read.
    """
    if keypair.public is None:
        raise PermanentError(keypair.damaged)
    return file_names(keypair.name, keypair.public)


@routes.at("/<keypair_id>/another", "GET", "POST")
def another(keypair_id: str) -> Response:
    """Let everything that logs in with this keypair log in with another one."""
    keypair, error = runtime().ssh.keypairs.get(keypair_id), ""
    chosen = request.form.get("other", "")
    if request.method == "POST":
        try:
            changed = runtime().ssh.keypairs.use_another(keypair_id, chosen, by=current_account().name)
        except CredentialError as refused:
            error = refused.message
        else:
            flash(f"{len(changed)} now log in with another keypair. Test them.")
            return go(url_for("ssh_keypairs.show", keypair_id=keypair_id))
    choices = [choice for choice in runtime().ssh.keypairs.choices() if choice.id != keypair_id]
    context = {"row": row(keypair), "choices": choices, "chosen": chosen, "error": error, "address": user_address}
    return page_or_block("ssh_keypairs/another.html", "main", 422 if error else 200, **context)


@routes.at("/<keypair_id>/delete", "GET", "POST")
def delete(keypair_id: str) -> Response:
    """Say what is lost, and delete when it is confirmed."""
    keypair = runtime().ssh.keypairs.get(keypair_id)
    if request.method == "GET":
        return page_or_block("ssh_keypairs/delete.html", "main", row=row(keypair), address=user_address, error="")
    anyway = request.form.get("anyway") == "yes"
    try:
        runtime().ssh.keypairs.delete(keypair_id, by=current_account().name, anyway=anyway)
    except CredentialError as refused:
        context = {"row": row(keypair), "address": user_address, "error": refused.message}
        return page_or_block("ssh_keypairs/delete.html", "main", 409, **context)
    flash(f"{keypair.name} was deleted.")
    return go(url_for("ssh_keypairs.index"))
