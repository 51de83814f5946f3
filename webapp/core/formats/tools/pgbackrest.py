"""pgBackRest: a configuration file, also for the operators of Crunchy and Percona, which project it into conf.d."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from webapp.core.fields import Attributes, Field, Kind, Rule
from webapp.core.formats.accounts import azure, google_key, s3
from webapp.core.formats.base import Format, KeyNote, Names, Rendered, Source, UnsupportedFormatError, encoded
from webapp.core.formats.options import BUCKET, FOLDER, REPOSITORY_PASSWORD
from webapp.core.formats.tools.rclone import CA_KEY
from webapp.core.formats.tools.restic import GOOGLE_FILE

NUMBER = Field(
    "repository_number",
    "Repository number",
    "The number in the option names, such as 1 in repo1-s3-key.",
    Kind.INTEGER,
    default=1,
    rules=(Rule(lambda value: 1 <= int(value) <= 256, "This is a number from 1 to 256."),),  # noqa: PLR2004  pgBackRest
)
PATH = Field(
    "path",
    "Path",
    "The folder of the repository in the bucket.",
    default="/pgbackrest",
    rules=(Rule(lambda value: str(value).startswith("/"), "The path begins with a slash."),),
)
CIPHER = Field(
    "cipher_pass",
    "Cipher pass",
    "What the repository is encrypted with. Leave it empty to have one generated, once. Who loses it loses the "
    "backups.",
    REPOSITORY_PASSWORD.kind,
    required=True,
)


def _written(number: int, values: Mapping[str, str]) -> str:
    """Return the options as a file; pgBackRest has no quoting and reads to the end of the line.

    Raises:
        UnsupportedFormatError: A value would not be read back.
    """
    for key, value in values.items():
        if value != value.strip() or "\n" in value:
            raise UnsupportedFormatError(
                f"The value of {key} has blanks at its ends or several lines, which pgBackRest cannot read.",
                field="format",
            )
    lines = (f"repo{number}-{key}={value}\n" for key, value in values.items() if value)
    return "[global]\n" + "".join(lines)


def _made(source: Source, options: Attributes, kind: str, values: Mapping[str, str]) -> Rendered:
    number = int(options["repository_number"])
    common = {
        "type": kind,
        "path": str(options["path"]),
        **values,
        "cipher-type": "aes-256-cbc",
        "cipher-pass": str(options["cipher_pass"]),
    }
    ca = source.text("ca_certificate")
    if ca:
        common["storage-ca-file"] = f"{str(options['folder']).rstrip('/')}/{CA_KEY}"
    data = encoded({f"{kind}.conf": _written(number, common), CA_KEY: ca})
    return Rendered(data, files=dict.fromkeys(data, ""))


def _s3(source: Source, options: Attributes) -> Rendered:
    account = s3(source)
    if account.plain:
        raise UnsupportedFormatError("pgBackRest speaks TLS only: the endpoint must begin with https://.")
    values = {
        "s3-bucket": str(options["bucket"]),
        "s3-endpoint": account.host,
        "s3-region": account.region or "us-east-1",
        "s3-key": account.key_id,
        "s3-key-secret": account.secret,
        "s3-token": account.token,
        "s3-uri-style": "path" if account.in_path else "host",
    }
    return _made(source, options, "s3", values)


def _azure(source: Source, options: Attributes) -> Rendered:
    account = azure(source)
    if account.client_secret:
        raise UnsupportedFormatError("pgBackRest reads an account key or a SAS, not a service principal.")
    place = {} if not account.endpoint else {"azure-endpoint": account.suffix and f"blob.{account.suffix}"}
    if account.endpoint and not account.suffix:
        raise UnsupportedFormatError("pgBackRest finds Azure by the account's name only and cannot use this endpoint.")
    values = {
        "azure-account": account.name,
        "azure-container": str(options["bucket"]),
        **place,
        "azure-key-type": "shared" if account.key else "sas",
        "azure-key": account.key or account.sas,
    }
    return _made(source, options, "azure", values)


def _google(source: Source, options: Attributes) -> Rendered:
    path = f"{str(options['folder']).rstrip('/')}/{GOOGLE_FILE}"
    values = {"gcs-bucket": str(options["bucket"]), "gcs-key-type": "service", "gcs-key": path}
    made = _made(source, options, "gcs", values)
    return Rendered({**made.data, GOOGLE_FILE: google_key(source).encode()}, files={**made.files, GOOGLE_FILE: ""})


def _usage(names: Names) -> str:
    return (
        f"pgbackrest --config-include-path={names.option('folder')} --stanza=main info\n\n"
        "# Crunchy and Percona\nspec:\n  backups:\n    pgbackrest:\n      configuration:\n"
        f"      - secret: {{name: {names.secret}}}\n"
    )


PGBACKREST = Format(
    "pgbackrest",
    "pgBackRest (also Crunchy and Percona)",
    "pgBackRest",
    "A configuration file with repository, key and cipher pass.",
    {"S3": _s3, "AZUREBLOB": _azure, "GOOGLE_CLOUD_STORAGE": _google},
    (
        KeyNote("s3.conf, azure.conf or gcs.conf", "[global] with the options of one repository"),
        KeyNote(GOOGLE_FILE, "the key file of Google, named by repo1-gcs-key"),
        KeyNote(CA_KEY, "the CA certificate, when there is one, named by repo1-storage-ca-file"),
    ),
    _usage,
    options=(BUCKET, PATH, NUMBER, CIPHER, replace(FOLDER, default="/etc/pgbackrest/conf.d")),
    kept_by="bucket",
    refusals={"": "pgBackRest has no storage for {label}. Store an S3 credential of the same storage, if it has one."},
    source="pgbackrest.org/configuration.html; access.crunchydata.com postgres-operator backups tutorial",
)
