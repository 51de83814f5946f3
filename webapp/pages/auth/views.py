"""Views of first start, log-in and account."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField

from webapp.core.errors import CredentialError, TransientError
from webapp.core.store.audit import Action
from webapp.core.store.backup.protection import read_seed
from webapp.pages.access import cookie_name, current_account, logged_in, runtime, safe_next, session_key
from webapp.pages.errors import status_of
from webapp.pages.security import settings

blueprint = Blueprint("auth", __name__, template_folder="templates")


class LoginForm(FlaskForm):
    """Name and password."""

    name = StringField("Name")
    password = PasswordField("Password")


class SetupForm(LoginForm):
    """The first account."""

    code = StringField("Set-up code")


class PasswordForm(FlaskForm):
    """A new password."""

    old = PasswordField("Present password")
    new = PasswordField("New password")


def _text(field: Any) -> str:
    return str(field.data or "")


def refused_with(error: CredentialError) -> int:
    """Return the status of a form that comes back: a wrong value, or too many attempts."""
    return status_of(error) if isinstance(error, TransientError) else 422


def _with_errors(template: str, form: FlaskForm, error: CredentialError) -> tuple[str, int]:
    return render_template(template, form=form, error=error), refused_with(error)


@blueprint.route("/setup", methods=["GET", "POST"])
def setup() -> Response | str | tuple[str, int]:
    """Make the administrator account with the one-time code from the log."""
    store = runtime().store
    if store.accounts.exists():
        return redirect(url_for("auth.login"), 303)
    if store.locked:
        return render_template("auth/waiting.html", locked=store.locked), 503
    form = SetupForm()
    if request.method == "GET":
        return render_template("auth/setup.html", form=form, error=None)
    try:
        account = store.accounts.create_administrator(
            _text(form.code), _text(form.name), _text(form.password), address=request.remote_addr or ""
        )
    except CredentialError as error:
        return _with_errors("auth/setup.html", form, error)
    return logged_in(account, url_for("home.index"))


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> Response | str | tuple[str, int]:
    """Log in."""
    store = runtime().store
    if not store.accounts.exists():
        return redirect(url_for("auth.setup"), 303)
    form = LoginForm()
    if request.method == "GET":
        return render_template("auth/login.html", form=form, error=None)
    try:
        account = store.accounts.check(_text(form.name), _text(form.password), request.remote_addr or "")
    except CredentialError as error:
        return _with_errors("auth/login.html", form, error)
    return logged_in(account, safe_next(request.args.get("next")))


@blueprint.post("/logout")
def logout() -> Response:
    """End this log-in."""
    runtime().store.sessions.end_token(g.token)
    if g.account:
        runtime().store.audit.note(Action.SIGN_OUT, kind="account", subject=g.account.id, name=g.account.name)
    response = redirect(url_for("auth.login"), 303)
    response.delete_cookie(cookie_name(), path="/", secure=settings().secure_cookies)
    return response


@blueprint.post("/theme")
def theme() -> Response:
    """Choose light, dark or automatic colours."""
    response = redirect(safe_next(request.form.get("next")), 303)
    chosen = request.form.get("theme", "auto")
    year = 365 * 24 * 3600
    response.set_cookie("theme", chosen if chosen in {"light", "dark"} else "auto", max_age=year, samesite="Lax")
    return response


@blueprint.route("/account", methods=["GET", "POST"])
def account() -> Response | str | tuple[str, int]:
    """Show log-ins and change the password."""
    store, me = runtime().store, current_account()
    form, error = PasswordForm(), None
    if request.method == "POST":
        try:
            address = request.remote_addr or ""
            store.accounts.change_password(me.id, _text(form.old), _text(form.new), address=address)
        except CredentialError as refused:
            error = refused
        else:
            store.sessions.end_all(me.id, except_token=g.token)
            flash("The password was changed. Every other log-in has ended.")
            return redirect(url_for("auth.account"), 303)
    page = render_template(
        "auth/account.html", form=form, error=error, sessions=store.sessions.list(me.id), own=g.session
    )
    return (page, refused_with(error)) if error else page


@blueprint.post("/account/sessions/<session_id>/end")
def end_session(session_id: str) -> Response:
    """End another log-in of this account."""
    store = runtime().store
    if session_id in {session.id for session in store.sessions.list(current_account().id)}:
        store.sessions.end(session_id)
        store.audit.note(
            Action.SIGN_OUT, kind="account", name=current_account().name, detail={"what": "another log-in"}
        )
        flash("The log-in has ended.")
    return redirect(url_for("auth.account"), 303)


@blueprint.route("/unlock", methods=["GET", "POST"])
def unlock() -> Response | str | tuple[str, int]:
    """Take the secret seed while the store is locked."""
    store = runtime().store
    if not store.locked:
        return redirect(url_for("home.index"), 303)
    if request.method == "GET":
        return _unlock_page(None)
    upload = request.files.get("file")
    data = upload.read() if upload and upload.filename else request.form.get("seed", "").encode()
    try:
        with store.audit.failures(Action.SEED, detail={"what": "unlock"}):
            given = read_seed(data, request.form.get("passphrase", ""))
        store.unlock(given.text())
    except CredentialError as error:
        return _unlock_page(error), 422
    current_app.config["SECRET_KEY"] = session_key(runtime())
    flash("The store is open.")
    return redirect(url_for("home.index"), 303)


def _unlock_page(error: CredentialError | None) -> str:
    store = runtime().store
    ring = store.keys.ring
    return render_template("auth/unlock.html", locked=store.locked, error=error, ring=ring)
