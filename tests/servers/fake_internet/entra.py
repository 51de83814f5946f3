"""A storage account at Azure behind Microsoft Entra ID: a service principal gets a token and lists its containers.

What the Azure SDK asks on the way, in this order: the instances, the tenant's OpenID configuration, a token by client
credentials (learn.microsoft.com, "OAuth 2.0 client credentials flow"), the containers (REST API, "List Containers").
"""

from __future__ import annotations

from servers.fake_internet.wire import Reply, Request

LOGIN = "login.microsoftonline.com"
ACCOUNT = "nightlybackups"
HOST = f"{ACCOUNT}.blob.core.windows.net"
TENANT = "7c2cc7f6-92a4-4e1f-8a0b-2b5d1f5f0c11"
PRINCIPAL, LIMITED = "principal-canary", "principal-without-role"
SECRET = "canary~principal.secret"
ENDED = "canary~ended.secret"
ERROR = '<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{text}</Message></Error>'
CONTAINERS = (
    '<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Containers><Container><Name>alpha</Name><Properties>'
    "<Last-Modified>Sat, 28 Nov 2026 00:00:00 GMT</Last-Modified><Etag>1</Etag></Properties></Container></Containers>"
    "<NextMarker/></EnumerationResults>"
)


def answer(request: Request) -> Reply | None:
    """Answer what belongs to a service principal; nothing when it is something else."""
    host = request.host.partition(":")[0]
    if host == HOST:
        return blobs(request)
    if host != LOGIN:
        return None
    if request.path == "/common/discovery/instance":
        return Reply(200, instances())
    if request.path.endswith("/.well-known/openid-configuration"):
        return configuration(request.path.split("/")[1])
    if request.form.get("grant_type") == "client_credentials":
        return token(request)
    return None


def instances() -> dict[str, object]:
    """Return the clouds that Microsoft names."""
    one = {"preferred_network": LOGIN, "preferred_cache": "login.windows.net", "aliases": [LOGIN, "login.windows.net"]}
    where = f"https://{LOGIN}/{TENANT}/v2.0/.well-known/openid-configuration"
    return {"tenant_discovery_endpoint": where, "api-version": "1.1", "metadata": [one]}


def configuration(tenant: str) -> Reply:
    """Return where a tenant's tokens are made."""
    if tenant != TENANT:
        return Reply(400, refused("invalid_tenant", "AADSTS90002: Tenant not found."))
    base = f"https://{LOGIN}/{tenant}"
    return Reply(
        200,
        {
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "issuer": f"{base}/v2.0",
        },
    )


def token(request: Request) -> Reply:
    """Return a token for client ID and secret."""
    form = request.form
    if form.get("client_id") not in {PRINCIPAL, LIMITED}:
        return Reply(400, refused("unauthorized_client", "AADSTS700016: Application was not found in the directory."))
    if form.get("client_secret") == ENDED:
        return Reply(401, refused("invalid_client", "AADSTS7000222: The provided client secret keys are expired."))
    if form.get("client_secret") != SECRET:
        return Reply(401, refused("invalid_client", "AADSTS7000215: Invalid client secret provided."))
    word = "good" if form["client_id"] == PRINCIPAL else "denied"
    return Reply(200, {"token_type": "Bearer", "expires_in": 3599, "access_token": f"{word}-principal"})


def refused(error: str, text: str) -> dict[str, object]:
    """Return an error as Entra ID gives it."""
    return {"error": error, "error_description": text, "error_codes": [int(text[6:].partition(":")[0])]}


def blobs(request: Request) -> Reply:
    """Return the containers, or why not."""
    if request.bearer == "good-principal":
        return Reply(200, CONTAINERS.encode(), "application/xml")
    code = "AuthorizationPermissionMismatch" if request.bearer == "denied-principal" else "InvalidAuthenticationInfo"
    status = 403 if request.bearer == "denied-principal" else 401
    return Reply(status, ERROR.format(code=code, text=code).encode(), "application/xml", {"x-ms-error-code": code})
