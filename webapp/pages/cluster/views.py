"""The cluster's credentials: the part of the list that keeps itself current, and a page for each."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import make_response, request, url_for
from werkzeug.wrappers import Response

from webapp.core.errors import NotFoundError
from webapp.core.store import Credential
from webapp.pages.access import runtime
from webapp.pages.cluster.listing import FILTERS, READY, cluster_listing, provider_of, shown_values
from webapp.pages.hx import go, page_or_block, wants_fragment
from webapp.pages.routes import Routes

routes = Routes()


@routes.at("/cluster")
def listing() -> Response:
    """Return the list anew when something changed since the number that the browser has; nothing otherwise."""
    if not wants_fragment():
        asked = {"where": "cluster"} | {name: value for name in FILTERS if (value := request.args.get(name))}
        return go(f"{url_for('cloud_credentials.index')}?{urlencode(asked)}")
    if unchanged():
        return make_response("", 204)
    return page_or_block("cluster/_listing.html", "cluster", cluster=cluster_listing(), ready_words=READY)


@routes.at("/cluster/<namespace>/<name>")
def show(namespace: str, name: str) -> Response:
    """Show one; its part of the page keeps itself current, too."""
    if wants_fragment() and unchanged():
        return make_response("", 204)
    number = runtime().store.cluster.number()
    try:
        resource = runtime().store.cluster.get(namespace, name)
    except NotFoundError:
        if not wants_fragment():
            raise
        return page_or_block("cluster/gone.html", "gone", namespace=namespace, name=name)
    return page_or_block(
        "cluster/show.html",
        "resource",
        resource=resource,
        number=number,
        provider=provider_of(resource),
        values=shown_values(resource),
        source=stored_source(resource.stored),
        generated=runtime().store.generated.list(namespace, name),
        ready_words=READY,
    )


def unchanged() -> bool:
    """Tell whether the browser has the last state already."""
    return request.args.get("since", "") == str(runtime().store.cluster.number())


def stored_source(credential_id: str) -> Credential | None:
    """Return the stored credential that feeds a resource, when there is one still."""
    if not credential_id:
        return None
    try:
        return runtime().store.credentials.get(credential_id)
    except NotFoundError:
        return None
