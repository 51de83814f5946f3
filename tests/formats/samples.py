"""One credential of every provider, made of every awkward character that its fields take."""

from __future__ import annotations

import base64
import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from webapp.core.formats import FORMATS, Source
from webapp.core.providers import PROVIDERS
from webapp.core.validation import check

AWKWARD = """aA1'"`$HOME${x}#;=:,&|<>()[]{}%s%%\\n\\!?*~^@/+-_.üß€日本🔑"""
"""What shells, INI, YAML, JSON, dotenv and URLs trip over, without blanks."""
PASSWORD = f"""  `"{AWKWARD} %(user)s "`  """
"""The same with blanks at the ends and what rclone.conf would interpolate: it is obscured there."""
REPOSITORY_PASSWORD = f"repo {AWKWARD}"

KEY = Ed25519PrivateKey.from_private_bytes(b"made up for tests, not a secret!")
KEY_PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC = KEY.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
GOOGLE = json.dumps(
    {
        "type": "service_account",
        "project_id": "made-up-project",
        "private_key_id": "0123",
        "private_key": "-----BEGIN PRIVATE KEY-----\nbWFkZSB1cA==\n-----END PRIVATE KEY-----\n",
        "client_email": "backup@made-up-project.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
)
TOKEN = json.dumps(
    {
        "access_token": "access-Aa1-._~+/=",
        "token_type": "Bearer",
        "refresh_token": "refresh-Aa1-._~+/=",
        "expiry": "2099-01-31T12:00:00Z",
    }
)
OAUTH: dict[str, object] = {"client_id": "client.id", "client_secret": AWKWARD, "token": TOKEN}
AZURE_KEY = base64.b64encode(b"made up azure account key \xff\xfe\xfd").decode()
BASIC = base64.b64encode("user:pa$$ w'ö\"rd".encode()).decode()

RAW: dict[str, dict[str, object]] = {
    "S3": {
        "provider": "Other",
        "access_key_id": "AK+/=-_ID",
        "secret_access_key": AWKWARD,
        "endpoint": "https://s3.example.com:9000",
        "region": "eu-central-1",
    },
    "B2": {"account": "0012345678901234567890123", "key": AWKWARD},
    "BOX": OAUTH,
    "DROPBOX": OAUTH,
    "FTP": {"host": "ftp.example.com", "encryption": "EXPLICIT", "user": "us er'\"$", "pass": PASSWORD},
    "GOOGLE_CLOUD_STORAGE": {"service_account_credentials": GOOGLE},
    "GOOGLE_DRIVE": {"service_account_credentials": GOOGLE, "impersonate": "user@example.com"},
    "GOOGLE_PHOTOS": OAUTH,
    "HTTP": {"url": "https://www.example.com/pub/", "headers": f"Authorization,Basic {BASIC}"},
    "HUBIC": {"token": TOKEN},
    "MEGA": {"user": "you@example.com", "pass": PASSWORD},
    "AZUREBLOB": {"account": "madeup", "key": AZURE_KEY},
    "ONEDRIVE": {**OAUTH, "drive_id": "b!Aa1-_"},
    "OPENSTACK_SWIFT": {
        "user": "us er",
        "key": f"inner blank {AWKWARD}",
        "auth": "https://auth.example.com/v3",
        "tenant": "pro ject",
        "domain": "Default",
        "region": "RegionOne",
    },
    "PCLOUD": OAUTH,
    "SFTP": {"host": "sftp.example.com", "port": 2222, "user": "backup user", "key_pem": KEY_PEM, "host_keys": PUBLIC},
    "WEBDAV": {"url": "https://dav.example.com/dav/", "vendor": "OTHER", "user": "us er", "pass": PASSWORD},
    "YANDEX": OAUTH,
}
OPTIONS: dict[str, object] = {
    "repository": "backups/db",
    "password": REPOSITORY_PASSWORD,
    "cipher_pass": REPOSITORY_PASSWORD,
    "bucket": "backups",
    "prefix": "db",
    "template": "{{ name }}{% if user is defined %} {{ user | upper }}{% endif %}\n",
}


def source(provider_type: str, format_key: str = "") -> Source:
    """Return the awkward credential of a provider, checked as a form checks it; SFTP with a password where needed."""
    raw = RAW[provider_type]
    if (format_key, provider_type) == ("basic-auth", "SFTP"):
        raw = {"host": "sftp.example.com", "user": "backup user", "pass": PASSWORD, "skip_host_key_check": True}
    if (format_key, provider_type) == ("lokistack", "OPENSTACK_SWIFT"):
        raw = raw | {"user_id": "0123"}
    checked = check(PROVIDERS[provider_type], raw)
    assert checked.ok, checked.problems
    return Source("Nightly ü 'x'", PROVIDERS[provider_type], checked.attributes)


def options(format_key: str) -> dict[str, object]:
    """Return the options that a format needs."""
    return {option.key: OPTIONS[option.key] for option in FORMATS[format_key].options if option.key in OPTIONS}
