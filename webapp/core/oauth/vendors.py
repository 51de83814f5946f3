"""The vendors' log-ins as data: addresses, scopes, what each wants and how long its tokens live.

Every figure stands in the vendor's own documentation, named beside its row; nothing is guessed where a row is empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Access:
    """What a person may ask for: a choice with its scopes.

    Attributes:
        key: Its name in forms.
        label: Its name for people.
        scopes: Asked for, separated by blanks; empty when the app's own settings decide.
        values: Fields of the credential that have to fit, such as rclone's `scope`.
    """

    key: str
    label: str
    scopes: str
    values: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Vendor:
    """One provider's log-in.

    Attributes:
        label: Name for people.
        authorize, token: Addresses; `{login}`, `{tenant}`, `{graph}` and `{hostname}` depend on the credential.
        accesses: What may be asked for, the usual one first.
        extra: Further parameters of the authorization, such as the one that asks for a lasting token.
        pkce: Whether S256 challenges are documented.
        public: Whether an app may have no secret.
        device: Where a device code is asked for; empty when there is no such flow.
        shown_code: The redirect address with which the vendor shows the code to copy; `none` leaves the address out.
        loopback: A redirect address on the person's own computer that the vendor allows.
        blank_state: Whether the vendor may send the person back without the state.
        auth: The word before an access token.
        renew_days: A token that nobody uses is renewed after so many days; 0 when it never has to be.
        life_days: So many days a refresh token lives; 0 when there is no fixed end.
        revoke: How tokens are revoked there; see `webapp.core.oauth.revoke`.
        connected: The page where a person removes an app from their account.
        steps: How an app is made, as Markdown; `{redirect}` is the address to register. The page is its provider's `link`.
    """

    label: str
    authorize: str
    token: str
    accesses: tuple[Access, ...]
    extra: Mapping[str, str] = field(default_factory=dict[str, str])
    pkce: bool = True
    public: bool = False
    device: str = ""
    shown_code: str = ""
    loopback: str = "http://localhost:53682/"
    blank_state: bool = False
    auth: str = "Bearer"
    renew_days: int = 0
    life_days: int = 0
    revoke: str = ""
    connected: str = ""
    steps: str = ""


NO_ADDRESS = "none"
PHOTOS = "https://www.googleapis.com/auth/photoslibrary"
GOOGLE: Mapping[str, str] = {"access_type": "offline", "prompt": "consent"}
GOOGLE_STEPS = """
1. Open a project at Google Cloud and enable the **{api}** under *APIs & Services → Library*.
2. Under *Google Auth Platform* press *Get started*, name the app, and choose *External* as its audience. Add the scopes
   on the page *Data access*.
3. On the page *Audience* press **Publish app**: while it says *Testing*, every log-in ends after 7 days.
4. On the page *Clients* press *Create client* and choose *Web application*. Register this *authorised redirect URI*:
   `{{redirect}}`
5. Copy client ID and client secret into the fields here. Google shows the secret once, when it is made.

Google takes addresses with https and a public name, or this very computer (`http://127.0.0.1`, `http://localhost`).
For any other make a client of the kind *Desktop app* and log in by pasting the address that the browser ends at.
"""
FILES = "Files.Read Files.ReadWrite Files.Read.All Files.ReadWrite.All"

BOX = Vendor(  # developer.box.com/guides/authentication/oauth2, …/tokens/refresh, …/tokens/revoke
    "Box",
    "https://account.box.com/api/oauth2/authorize",
    "https://api.box.com/oauth2/token",
    (Access("full", "What the app may do", ""),),
    pkce=False,
    renew_days=30,
    life_days=60,
    revoke="box",
    connected="https://app.box.com/account/security",
    steps="""
1. Open the *Developer Console*, *Create Platform App → Platform App → User Authentication (OAuth 2.0)*.
2. On the page *Configuration* register this *Redirect URI*: `{redirect}`
3. Under *Application Scopes* tick *Read and write all files* (or only *Read all files*) and save.
4. Copy client ID and client secret into the fields here.

In a company an administrator may have to authorise the app first. A log-in that nobody uses for 60 days ends; this
program renews it in time.
""",
)
DROPBOX = Vendor(  # developers.dropbox.com/oauth-guide
    "Dropbox",
    "https://www.dropbox.com/oauth2/authorize",
    "https://api.dropboxapi.com/oauth2/token",
    (
        Access(
            "full",
            "Read and write",
            "account_info.read files.metadata.read files.metadata.write files.content.read files.content.write "
            "sharing.write",
        ),
        Access("read", "Read only", "account_info.read files.metadata.read files.content.read"),
    ),
    {"token_access_type": "offline"},
    public=True,
    shown_code=NO_ADDRESS,
    revoke="dropbox",
    connected="https://www.dropbox.com/account/connected_apps",
    steps="""
1. *Create app → Scoped access → Full Dropbox* and give it a name.
2. On the page *Permissions* tick `account_info.read`, `files.metadata.read`, `files.metadata.write`,
   `files.content.read`, `files.content.write` and `sharing.write`, then press *Submit*.
3. On the page *Settings* register this *Redirect URI*: `{redirect}`
4. Copy *App key* (client ID) and *App secret* (client secret) into the fields here.
""",
)
GOOGLE_DRIVE = Vendor(  # developers.google.com/identity/protocols/oauth2/web-server
    "Google Drive",
    "https://accounts.google.com/o/oauth2/v2/auth",
    "https://oauth2.googleapis.com/token",
    (
        Access("full", "Read and write", "https://www.googleapis.com/auth/drive", {"scope": "drive"}),
        Access("read", "Read only", "https://www.googleapis.com/auth/drive.readonly", {"scope": "drive.readonly"}),
        Access("file", "Files made by this app", "https://www.googleapis.com/auth/drive.file", {"scope": "drive.file"}),
    ),
    GOOGLE,
    loopback="http://127.0.0.1:53682/",
    renew_days=90,
    life_days=180,
    revoke="google",
    connected="https://myaccount.google.com/connections",
    steps=GOOGLE_STEPS.format(api="Google Drive API"),
)
GOOGLE_PHOTOS = Vendor(  # developers.google.com/photos/overview/authorization
    "Google Photos",
    GOOGLE_DRIVE.authorize,
    GOOGLE_DRIVE.token,
    (
        Access(
            "full",
            "Read and write",
            f"openid email profile {PHOTOS}.appendonly {PHOTOS}.readonly.appcreateddata {PHOTOS}.edit.appcreateddata",
        ),
        Access("read", "Read only", f"openid email profile {PHOTOS}.readonly.appcreateddata"),
    ),
    GOOGLE,
    loopback=GOOGLE_DRIVE.loopback,
    renew_days=90,
    life_days=180,
    revoke="google",
    connected=GOOGLE_DRIVE.connected,
    steps=GOOGLE_STEPS.format(api="Photos Library API"),
)
ONEDRIVE = Vendor(  # learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow, …/v2-oauth2-device-code
    "Microsoft",
    "{login}/{tenant}/oauth2/v2.0/authorize",
    "{login}/{tenant}/oauth2/v2.0/token",
    (
        Access("full", "Read and write, with SharePoint", f"User.Read {FILES} Sites.Read.All offline_access"),
        Access("files", "Read and write, without SharePoint", f"User.Read {FILES} offline_access"),
        Access("read", "Read only", "User.Read Files.Read Files.Read.All Sites.Read.All offline_access"),
    ),
    {"prompt": "select_account", "response_mode": "query"},
    public=True,
    device="{login}/{tenant}/oauth2/v2.0/devicecode",
    renew_days=45,
    life_days=90,
    connected="https://account.live.com/consent/Manage",
    steps="""
1. *App registrations → New registration*. Under *Supported account types* choose *any organisational directory and
   personal Microsoft accounts*, or your organisation alone (then enter its tenant ID here).
2. *Redirect URI*: the platform **Web** with this address: `{redirect}`. Never *Single-page application*: its log-ins
   end after 24 hours.
3. *API permissions → Microsoft Graph → Delegated*: `Files.Read`, `Files.ReadWrite`, `Files.Read.All`,
   `Files.ReadWrite.All`, `Sites.Read.All`, `User.Read`, `offline_access`.
4. *Certificates & secrets → New client secret*: copy its **Value** (not its ID). It ends after 24 months at most.
5. For a log-in by code set *Authentication → Allow public client flows* to *Yes*.

Microsoft takes addresses with https, or `http://localhost`.
""",
)
PCLOUD = Vendor(  # docs.pcloud.com/methods/oauth_2.0/authorize.html, …/oauth2_token.html
    "pCloud",
    "https://my.pcloud.com/oauth2/authorize",
    "https://{hostname}/oauth2_token",
    (Access("full", "What the app may do", ""),),
    pkce=False,
    shown_code=NO_ADDRESS,
    blank_state=True,
    connected="https://my.pcloud.com/#page=settings&settings=tab-linked",
    steps="""
1. Open *My applications* and create one with access to *all files* and *write* access.
2. Register this *Redirect URI*: `{redirect}`
3. Copy client ID and client secret into the fields here.

pCloud refuses new applications to some accounts. Its support makes one then, or paste a token of `rclone authorize`.
""",
)
YANDEX = Vendor(  # yandex.com/dev/id/doc/en/codes/code-url, …/tokens/refresh-client, …/register-auth, …/register-api
    "Yandex",
    "https://oauth.yandex.com/authorize",
    "https://oauth.yandex.com/token",
    (
        Access("full", "What the app may do", ""),
        Access("read", "Read only", "cloud_api:disk.read cloud_api:disk.info"),
    ),
    {"force_confirm": "yes"},
    device="https://oauth.yandex.com/device/code",
    shown_code="https://oauth.yandex.ru/verification_code",
    auth="OAuth",
    renew_days=90,
    life_days=365,
    revoke="yandex",
    connected="https://id.yandex.com/personal/data-access",
    steps="""
1. Press *Create app* and choose *For user authorization*, then the platform *Web services*.
2. Register this *Redirect URI*: `{redirect}`. To paste a code instead register
   `https://oauth.yandex.ru/verification_code` as well.
3. Under the permissions add `cloud_api:disk.read`, `cloud_api:disk.write` and `cloud_api:disk.info`.
4. Copy client ID and client secret into the fields here.

An app *For API access or debugging* has the address for pasting a code and takes no other.
""",
)

VENDORS: Mapping[str, Vendor] = MappingProxyType({
    "BOX": BOX,
    "DROPBOX": DROPBOX,
    "GOOGLE_DRIVE": GOOGLE_DRIVE,
    "GOOGLE_PHOTOS": GOOGLE_PHOTOS,
    "ONEDRIVE": ONEDRIVE,
    "PCLOUD": PCLOUD,
    "YANDEX": YANDEX,
})  # fmt: skip
"""Every provider that one can log in at."""


def vendor_of(provider_type: str) -> Vendor | None:
    """Return a provider's log-in; nothing when it has none."""
    return VENDORS.get(provider_type)
