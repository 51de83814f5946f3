"""The documentation, as it stands in `webapp/help`."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from flask import Blueprint, abort, render_template, send_from_directory
from werkzeug.wrappers import Response

from webapp.pages.help_pages.markdown import code, markdown

FOLDER = Path(__file__).parents[2] / "help"
LINKED = re.compile(r"\]\(([a-z-]+)\.md\)")
blueprint = Blueprint("help", __name__, template_folder="templates", url_prefix="/help")


@cache
def titles() -> dict[str, str]:
    """Return the title of every page by its name."""
    found = {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    return {name: text.splitlines()[0].lstrip("# ") for name, text in found.items()}


@cache
def sections() -> dict[str, list[str]]:
    """Return the names of the pages under each heading of the index, in its order."""
    _, *parts = (FOLDER / "index.md").read_text(encoding="utf-8").split("\n## ")
    return {part.partition("\n")[0]: LINKED.findall(part) for part in parts}


@blueprint.record_once
def _register(state: object) -> None:
    state.app.jinja_env.filters.update(markdown=markdown, code=code)  # type: ignore[attr-defined]  Flask's set-up state


@blueprint.get("/")
def index() -> str:
    """Show the first page."""
    return page("getting-started")


@blueprint.get("/<name>")
def page(name: str) -> str:
    """Show a page; links between the files of the folder work here as well."""
    name = name.removesuffix(".md")
    if name not in titles():
        abort(404)
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    return render_template("help/page.html", body=markdown(text), sections=sections(), titles=titles(), name=name)


@blueprint.get("/images/<name>")
def image(name: str) -> Response:
    """Return a picture of the documentation."""
    return send_from_directory(FOLDER / "images", name)
