"""The first page: three cards."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

from flask import Blueprint, Response, current_app, make_response, render_template, request

from webapp.core.providers import PROVIDERS
from webapp.pages.access import runtime
from webapp.pages.cloud_credentials.listing import rows
from webapp.pages.home.dark import digest, sheet
from webapp.pages.routes import page_url
from webapp.pages.security import FOREVER
from webapp.pages.ssh_connections.listing import rows as connection_rows
from webapp.pages.ssh_keypairs.listing import rows as keypair_rows
from webapp.pages.ssh_keypairs.listing import user_address

blueprint = Blueprint("home", __name__, template_folder="templates")
SHOWN = 10
SVG = "http://www.w3.org/2000/svg"


@blueprint.get("/")
def index() -> str:
    """Show Backup Credentials."""
    store, ssh = runtime().store, runtime().ssh
    connections, keypairs = ssh.connections.all(), ssh.keypairs.all()
    found = store.credentials.search(sort="changed", descending=True, size=SHOWN)
    return render_template(
        "home/index.html",
        rows=rows(found.items),
        total=found.total,
        cluster_total=store.cluster.search(size=1).total,
        newly_bad=store.credentials.newly_bad(),
        connections=connection_rows(connections[:SHOWN]),
        connections_total=len(connections),
        alarms=store.ssh.connections.alarms(),
        connections_bad=store.ssh.connections.newly_bad(),
        keypairs=keypair_rows(keypairs[:SHOWN]),
        keypairs_total=len(keypairs),
        user_address=user_address,
    )


@blueprint.get("/health")
def health() -> Response:
    """Answer while the app runs; tells nothing more."""
    return make_response("ok\n", {"Content-Type": "text/plain"})


@blueprint.get("/ready")
def ready() -> Response:
    """Say whether all can be done; while the store is locked only the seed's page can be used."""
    store = runtime().store
    wrong = "locked: give the secret seed" if store.locked else store.trouble()
    return make_response(f"{wrong or 'ok'}\n", 503 if wrong else 200, {"Content-Type": "text/plain"})


@blueprint.get("/icons.svg")
def icons() -> Response:
    """Return the providers' icons as one sprite, drawn in the colour of the text around them."""
    response = make_response(_sprite(str(current_app.static_folder)))
    response.headers["Content-Type"] = "image/svg+xml"
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@blueprint.get("/dark.css")
def dark() -> Response:
    """Return the dark colours; the page asks for them where the system is dark."""
    made = sheet(str(current_app.static_folder))
    response = make_response(made, {"Content-Type": "text/css; charset=utf-8"})
    response.headers["Cache-Control"] = FOREVER if request.args.get("v") == digest(made) else "no-cache"
    return response


@blueprint.app_template_global()
def dark_sheet() -> str:
    """Return the address of the dark colours; it names what they are."""
    return f"{page_url('home.dark')}?v={digest(sheet(str(current_app.static_folder)))}"


@cache
def _sprite(static: str) -> bytes:
    ET.register_namespace("", SVG)
    sprite = ET.Element(f"{{{SVG}}}svg")
    for name in sorted({provider.icon for provider in PROVIDERS.values()}):
        icon = ET.fromstring((Path(static) / "vendor/icons" / f"{name}.svg").read_bytes())  # noqa: S314  our own files
        outline = icon.get("stroke") == "currentColor"
        paint = {"fill": "none", "stroke": "currentColor", "stroke-width": "2"} if outline else {"fill": "currentColor"}
        symbol = ET.SubElement(sprite, f"{{{SVG}}}symbol", {"id": name, "viewBox": "0 0 24 24", **paint})
        symbol.extend(part for part in icon if part.get("stroke") != "none" and not part.tag.endswith("title"))
    return ET.tostring(sprite)
