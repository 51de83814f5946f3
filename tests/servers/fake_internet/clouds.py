"""The file services behind the tokens: what each answers to a listing, and how it refuses.

How a service answers is said by the access token's first word: `good`, `denied`, `slow` (too many requests), `fault`,
`crash` (a reply that rclone dies of);
anything else is a token that is not known.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping

from servers.fake_internet.tokens import MICROSOFT
from servers.fake_internet.wire import Reply, Request

Answer = Callable[[Request], Reply]
Refusals = Mapping[str, Reply]
FOLDER = "application/vnd.google-apps.folder"
B2_ID, B2_KEY = "0012345678901234567890123", "K001canary/b2+application"
B2_LIMITED = "0012345678901234567890124"
"""A key ID with the same key, that may not list."""

SHARED_DRIVE = "0Ashared1"


def google(code: int, reason: str, message: str) -> Reply:
    """Return an error as Google's interfaces give it."""
    found = {"code": code, "message": message, "errors": [{"reason": reason, "message": message, "domain": "global"}]}
    return Reply(code, {"error": found})


def box(code: int, word: str) -> Reply:
    """Return an error of Box."""
    return Reply(code, {"type": "error", "status": code, "code": word, "message": word})


def dropbox(code: int, tag: str) -> Reply:
    """Return an error of Dropbox."""
    return Reply(code, {"error_summary": f"{tag}/..", "error": {".tag": tag}})


def microsoft(code: int, word: str) -> Reply:
    """Return an error of Microsoft Graph."""
    return Reply(code, {"error": {"code": word, "message": word}})


def yandex(code: int, word: str) -> Reply:
    """Return an error of Yandex Disk."""
    return Reply(code, {"error": word, "message": word, "description": word})


def pcloud(result: int, words: str) -> Reply:
    """Return an error of pCloud: it stands in a good reply."""
    return Reply(200, {"result": result, "error": words})


REFUSALS: Mapping[str, Refusals] = {
    "box": {"": box(401, "unauthorized"), "denied": box(403, "access_denied_insufficient_permissions"),
            "slow": box(429, "rate_limit_exceeded")},
    "dropbox": {"": dropbox(401, "invalid_access_token"), "denied": dropbox(403, "access_denied"),
                "slow": dropbox(429, "too_many_requests")},
    "google": {"": google(401, "authError", "Invalid Credentials"),
               "denied": google(403, "insufficientPermissions", "Insufficient Permission"),
               "slow": google(403, "userRateLimitExceeded", "User Rate Limit Exceeded")},
    "photos": {"": Reply(401, {"error": {"code": 401, "message": "Invalid credentials", "status": "UNAUTHENTICATED"}}),
               "denied": Reply(403, {"error": {"code": 403, "message": "Denied", "status": "PERMISSION_DENIED"}}),
               "slow": Reply(429, {"error": {"code": 429, "message": "Slow down", "status": "RESOURCE_EXHAUSTED"}})},
    "microsoft": {"": microsoft(401, "InvalidAuthenticationToken"), "denied": microsoft(403, "accessDenied"),
                  "slow": microsoft(429, "activityLimitReached")},
    "pcloud": {"": pcloud(2094, "Invalid 'access_token' provided."), "denied": pcloud(2003, "Access denied."),
               "slow": pcloud(4000, "Too many login tries from this IP address.")},
    "yandex": {"": yandex(401, "UnauthorizedError"), "denied": yandex(403, "ForbiddenError"), "slow": yandex(429, "")},
}  # fmt: skip
"""Replies by service and by the first word of the access token."""

LISTINGS: Mapping[str, object] = {
    "box": {"entries": [{"type": "folder", "id": "11", "name": "docs", "item_status": "active"}]},
    "dropbox": {
        "entries": [{".tag": "folder", "name": "docs", "path_lower": "/docs", "path_display": "/docs"}],
        "cursor": "C",
        "has_more": False,
    },
    "photos": {"albums": [{"id": "A", "title": "Trip"}]},
    "pcloud": {"result": 0, "metadata": {"isfolder": True, "contents": []}},
    "yandex": {"type": "dir", "_embedded": {"items": []}},
}
ABOUT: Mapping[str, object] = {
    "box": {"space_amount": 1000, "space_used": 10},
    "dropbox": {"used": 10, "allocation": {".tag": "individual", "allocated": 1000}},
    "pcloud": {"result": 0, "quota": 1000, "usedquota": 10},
    "yandex": {"total_space": 1000, "used_space": 10},
}


CRASHES: Mapping[str, Reply] = {
    "box": Reply(401, b"null"),
    "pcloud": Reply(401, b"null"),
    "yandex": Reply(200, {}),
}
"""Replies that some versions of rclone die of; by default `null` where an object belongs."""


def guarded(service: str, answer: Answer) -> Answer:
    """Return an answer that a good token gets; others get the refusal."""

    def checked(request: Request) -> Reply:
        word = request.bearer.partition("-")[0]
        if word == "fault":
            return Reply(500, {"error": {"code": 500, "message": "A fault"}})
        if word == "crash":
            return CRASHES.get(service, Reply(200, b"null"))
        refusals = REFUSALS[service]
        return answer(request) if word == "good" else refusals.get(word, refusals[""])

    return checked


def plain(service: str, about: str) -> Answer:
    """Return the answers of a service that has one address for the quota and one for a listing."""
    return guarded(service, lambda request: Reply(200, (ABOUT if about in request.path else LISTINGS)[service]))


def drive(request: Request) -> Reply:
    """Google Drive, version 3; there is one shared drive."""
    if request.query.get("driveId", SHARED_DRIVE) != SHARED_DRIVE:
        return google(404, "notFound", f"Shared drive not found: {request.query['driveId']}")
    if request.path.endswith("/about"):
        return Reply(200, {"storageQuota": {"limit": "1000", "usage": "10"}})
    if request.path.endswith("/files"):
        return Reply(200, {"files": [{"id": "1", "name": "docs", "mimeType": FOLDER, "parents": ["R"]}]})
    return Reply(200, {"id": "R", "name": "Drive"})


def graph(request: Request) -> Reply:
    """Microsoft Graph: one drive."""
    if not request.path.startswith("/v1.0/drives/canary-drive"):
        return microsoft(404, "itemNotFound")
    if request.path.endswith("/children"):
        return Reply(200, {"value": [{"id": "1", "name": "docs", "folder": {}}]})
    if request.path.endswith("canary-drive"):
        return Reply(200, {"quota": {"total": 1000, "used": 10, "remaining": 990}})
    return Reply(200, {"id": "R", "folder": {}})


def b2_authorize(request: Request) -> Reply:
    """Backblaze B2: the key is sent as user and password."""
    known = {f"Basic {base64.b64encode(f'{name}:{B2_KEY}'.encode()).decode()}": name for name in (B2_ID, B2_LIMITED)}
    name = known.get(request.headers.get("authorization", ""))
    if name is None:
        return Reply(401, {"status": 401, "code": "bad_auth_token", "message": "Invalid authorization token"})
    storage = {
        "apiUrl": "https://api001.backblazeb2.com",
        "downloadUrl": "https://f001.backblazeb2.com",
        "allowed": {"capabilities": ["listBuckets", "listFiles"] if name == B2_ID else ["readFiles"]},
    }
    token = "good-b2" if name == B2_ID else "limited-b2"
    return Reply(200, {"accountId": "A", "authorizationToken": token, "apiInfo": {"storageApi": storage}})


def b2_api(request: Request) -> Reply:
    """Backblaze B2: one bucket."""
    if request.headers.get("authorization") == "limited-b2":
        return Reply(401, {"status": 401, "code": "unauthorized", "message": ""})
    if request.path.endswith("b2_list_buckets"):
        wanted = request.body.decode()
        buckets = [{"bucketId": "B", "bucketName": "alpha", "bucketType": "allPrivate"}]
        return Reply(200, {"buckets": buckets if '"bucketName":"' not in wanted or "alpha" in wanted else []})
    return Reply(200, {"files": [], "nextFileName": None})


def aws(request: Request) -> Reply:
    """Amazon S3, to a session token: it has ended (docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html)."""
    ended = "x-amz-security-token" in request.headers
    code, said = ("ExpiredToken", "The provided token has expired.") if ended else ("InvalidAccessKeyId", "Not known.")
    text = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{said}</Message></Error>'
    return Reply(400 if ended else 403, text.encode(), "application/xml")


HOSTS: Mapping[str, Answer] = {
    "s3.eu-central-1.amazonaws.com": aws,
    "api.box.com": plain("box", "/users/me"),
    "api.dropboxapi.com": plain("dropbox", "get_space_usage"),
    "www.googleapis.com": guarded("google", drive),
    "photoslibrary.googleapis.com": plain("photos", "nothing"),
    **dict.fromkeys(MICROSOFT.values(), guarded("microsoft", graph)),
    "api.pcloud.com": plain("pcloud", "userinfo"),
    "eapi.pcloud.com": plain("pcloud", "userinfo"),
    "cloud-api.yandex.com": guarded(
        "yandex", lambda request: Reply(200, (LISTINGS if "resources" in request.path else ABOUT)["yandex"])
    ),
    "api.backblazeb2.com": b2_authorize,
    "api001.backblazeb2.com": b2_api,
}
"""What stands behind each name."""
