"""*Use it*: a stored credential in the shape of a tool, to look at, copy or download."""

from __future__ import annotations

from flask import flash, make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.core.errors import CredentialError
from webapp.core.formats import FORMATS, GROUPS, Rendered, find_format
from webapp.core.formats.delivery import ENVIRONMENT, archive, in_files, manifest, resource_name
from webapp.core.providers import provider as find_provider
from webapp.pages.access import current_account, runtime
from webapp.pages.attachments import attachment
from webapp.pages.cloud_credentials.listing import row
from webapp.pages.cloud_credentials.uses import Use
from webapp.pages.drafts import drafts
from webapp.pages.fieldsform import typed
from webapp.pages.hx import go, page_or_block
from webapp.pages.own_password import check_own_password
from webapp.pages.routes import Routes

routes = Routes()
PAGE = "cloud_credentials/use_format.html"


@routes.at("/<credential_id>/use")
def tools(credential_id: str) -> Response:
    """Show who can use a credential, and why others cannot."""
    credential = runtime().store.credentials.get(credential_id)
    provider = find_provider(credential.provider)
    refused = {listed.label: why for listed in FORMATS.values() if (why := listed.refusal(provider))}
    fitting = {title: [one for one in listed if one.label not in refused] for title, listed in GROUPS.items()}
    return make_response(
        render_template(
            "cloud_credentials/use.html",
            row=row(credential),
            formats={title: listed for title, listed in fitting.items() if listed},
            refused=refused,
            repositories=runtime().store.repositories.list(credential_id),
            publications=[
                (one, runtime().publishing.fed_by(one)) for one in runtime().store.publications.list(credential_id)
            ],
        )
    )


@routes.at("/<credential_id>/use/<format_key>")
def use(credential_id: str, format_key: str) -> Response:
    """Show the options of a format; with none missing also what it writes, secrets masked."""
    shown = opened(credential_id, format_key)
    if not any(option.required and not option.secret for option in shown.options):
        shown.look()
    return page_or_block(PAGE, "use", use=shown)


@routes.at("/<credential_id>/use/<format_key>", "POST")
def hand_out(credential_id: str, format_key: str) -> Response:
    """Show the masked preview, or hand the secrets out once the person's own password was given."""
    shown = opened(credential_id, format_key)
    shown.raw = typed(shown.format.option_set, shown.draft)
    shown.secret_name = request.form.get("secret_name", "").strip()
    drafts().keep(shown.draft)
    shown.look()
    action = request.form.get("action", "show")
    if action == "show" or shown.errors:
        return page_or_block(PAGE, "use", 422 if shown.errors else 200, use=shown)
    shown.password_error = check_own_password()
    made = None if shown.password_error else rendered(shown)
    if made is None:
        return page_or_block(PAGE, "use", 422, use=shown)
    drafts().drop(shown.draft)
    return handed_out(shown, made, action)


def opened(credential_id: str, format_key: str) -> Use:
    """Return what the page starts from."""
    credential = runtime().store.credentials.get(credential_id)
    draft = drafts().open(request.form.get("draft", ""))
    return Use(credential, find_provider(credential.provider), find_format(format_key), draft)


def rendered(shown: Use) -> Rendered | None:
    """Return the credential in the tool's shape; what hinders it becomes an error of the page."""
    by = current_account().name
    try:
        return runtime().formats.render(shown.credential.id, shown.format.key, shown.raw, by=by)
    except CredentialError as error:
        shown.refuse(error)
        return None


def handed_out(shown: Use, made: Rendered, action: str) -> Response:
    """Return the secrets in the way that was asked for."""
    name = resource_name(shown.credential.name)
    if action == "manifest":
        text = manifest(made, resource_name(shown.secret_name or shown.credential.name))
        return attachment(text.encode(), f"{name}-secret.yaml")
    if action == "download":
        files = in_files(made)
        (key, value), *others = files.items()
        if others:
            return attachment(archive(made), f"{name}-{shown.format.key}.zip")
        return attachment(value, f"{name}.env" if key == ENVIRONMENT else key)
    shown.revealed = {key: value.decode() for key, value in made.data.items()}
    return page_or_block(PAGE, "use", use=shown)


@routes.at("/<credential_id>/forget-repository", "GET", "POST")
def forget(credential_id: str) -> Response:
    """Say what is lost with a repository's secret, and forget it when the password was given."""
    credential = runtime().store.credentials.get(credential_id)
    name, error = request.values.get("name", ""), ""
    if request.method == "POST":
        error = check_own_password()
        if not error:
            runtime().store.repositories.forget(credential_id, name)
            flash(f"The secret of {name} was forgotten.")
            return go(url_for("cloud_credentials.tools", credential_id=credential_id))
    context = {"row": row(credential), "name": name, "error": error}
    return page_or_block("cloud_credentials/forget.html", "main", 422 if error else 200, **context)
