"""Who is logged in, and which drives they have: what is asked beside the files themselves."""

from __future__ import annotations

from servers.fake_internet.clouds import microsoft
from servers.fake_internet.tokens import MICROSOFT
from servers.fake_internet.wire import Reply, Request


def person(request: Request, account: str) -> Reply | None:
    """Answer a question about the account; nothing when it is another question."""
    host, path = request.host.partition(":")[0], request.path
    mail = f"{account}@example.com"
    asked = {
        ("api.box.com", "/2.0/users/me"): {"login": mail, "name": account, "space_amount": 1000, "space_used": 10},
        ("api.dropboxapi.com", "/2/users/get_current_account"): {"email": mail, "name": {"display_name": account}},
        ("openidconnect.googleapis.com", "/v1/userinfo"): {"sub": "1", "email": mail, "name": account},
        ("login.yandex.ru", "/info"): {"id": "1", "login": account, "default_email": mail},
    }
    if (host, path) in asked:
        return Reply(200, asked[host, path])
    if host == "www.googleapis.com":
        return google(request, mail)
    if host.endswith("pcloud.com") and path == "/userinfo":
        return pcloud(host, account, mail)
    return graph(request, account, mail) if host in MICROSOFT.values() else None


def pcloud(host: str, account: str, mail: str) -> Reply:
    """An account lives in one region; the other one does not know its tokens."""
    if account.startswith("eu") != host.startswith("eapi"):
        return Reply(200, {"result": 2094, "error": "Invalid 'access_token' provided."})
    return Reply(200, {"result": 0, "email": mail, "userid": 7, "quota": 1000, "usedquota": 10})


def google(request: Request, mail: str) -> Reply | None:
    """The user of Google Drive, and shared drives on two pages."""
    if request.path.endswith("/about") and "user" in request.query.get("fields", ""):
        return Reply(200, {"user": {"emailAddress": mail, "displayName": "A"}})
    if not request.path.endswith("/drive/v3/drives"):
        return None
    if request.query.get("pageToken") == "two":
        return Reply(200, {"drives": [{"id": "0Ashared2", "name": "Accounting"}]})
    return Reply(200, {"drives": [{"id": "0Ashared1", "name": "Team"}], "nextPageToken": "two"})


def drive(identifier: str, name: str, kind: str) -> dict[str, object]:
    """Return a drive as Graph lists it."""
    return {"id": identifier, "name": name, "driveType": kind, "webUrl": f"https://example.com/{identifier}"}


def graph(request: Request, account: str, mail: str) -> Reply | None:
    """The user, drives and sites of Microsoft Graph."""
    path = request.path.removeprefix("/v1.0")
    own = drive("canary-drive", "OneDrive", "business")
    lists = account.startswith(("nolists", "nothing"))
    if path == "/me":
        return Reply(200, {"userPrincipalName": mail, "displayName": account})
    if path == "/me/drive":
        return microsoft(403, "accessDenied") if account.startswith("nothing") else Reply(200, own)
    if path == "/me/drives":
        if lists:
            return microsoft(403, "accessDenied")
        if request.query.get("skip"):
            return Reply(200, {"value": [drive("canary-drive-3", "Archive", "business")]})
        return Reply(
            200,
            {
                "value": [drive("canary-drive-2", "Photos", "personal")],
                "@odata.nextLink": f"https://{request.host}/v1.0/me/drives?skip=1",
            },
        )
    return sites(request, path)


def sites(request: Request, path: str) -> Reply | None:
    """SharePoint: two sites, of which one may not be read."""
    hr = {"id": "example.com,1,hr", "displayName": "HR", "webUrl": "https://example.com/sites/hr"}
    if path == "/sites" and "search" in request.query:
        return Reply(200, {"value": [hr, {"id": "example.com,2,secret", "displayName": "Secret"}]})
    if path in {"/sites/root", "/sites/root:/sites/hr"}:
        return Reply(200, hr)
    if path.startswith("/sites/root:"):
        return microsoft(404, "itemNotFound")
    if path.startswith("/sites/") and path.endswith("/drives"):
        if "secret" in path:
            return microsoft(403, "accessDenied")
        return Reply(200, {"value": [drive("canary-drive-library", "Documents", "documentLibrary")]})
    return None
