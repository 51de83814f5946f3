"""restic: environment variables for its own backends, and through rclone for all the others."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping

from webapp.core.fields import Attributes
from webapp.core.formats.accounts import aws_environment, azure, google_key, google_project, s3, swift_environment
from webapp.core.formats.base import Format, KeyNote, Names, Rendered, Source, UnsupportedFormatError, encoded
from webapp.core.formats.options import FOLDER, REMOTE, REPOSITORY, REPOSITORY_PASSWORD
from webapp.core.formats.sshfiles import KEY_FILE, KNOWN_HOSTS, SSH_CONFIG, host_alias, ssh_files
from webapp.core.formats.tools.rclone import CA_KEY, TOKEN, carried_by
from webapp.core.formats.tools.rclone import environment as rclone_environment
from webapp.core.ssh.openssh import alias

GOOGLE_FILE = "google-key.json"

Backend = Callable[[Source, str], Mapping[str, str]]
"""Returns the repository and the backend's variables for a place in the storage."""


def _bucket_and_path(place: str) -> tuple[str, str]:
    bucket, _, path = place.strip("/").partition("/")
    return bucket, f"/{path}"


def s3_backend(source: Source, place: str) -> dict[str, str]:
    """S3: the address stands in the repository."""
    account = s3(source)
    region = {"AWS_DEFAULT_REGION": account.region}
    return {"RESTIC_REPOSITORY": f"s3:{account.url}/{place.strip('/')}", **aws_environment(source), **region}


def b2_backend(source: Source, place: str) -> dict[str, str]:
    """Backblaze B2 by its own protocol."""
    bucket, path = _bucket_and_path(place)
    return {
        "RESTIC_REPOSITORY": f"b2:{bucket}:{path.strip('/')}",
        "B2_ACCOUNT_ID": source.text("account"),
        "B2_ACCOUNT_KEY": source.text("key"),
    }


def azure_backend(source: Source, place: str) -> dict[str, str]:
    """Azure: restic builds the address from the account's name and the end of the host name."""
    account = azure(source)
    if not account.suffix:
        raise UnsupportedFormatError(
            "restic finds Azure by the account's name only and cannot use this endpoint. Use the format restic-rclone.",
            field="format",
        )
    bucket, path = _bucket_and_path(place)
    suffix = account.suffix if account.endpoint else ""
    return {
        "RESTIC_REPOSITORY": f"azure:{bucket}:{path}",
        "AZURE_ACCOUNT_NAME": account.name,
        "AZURE_ACCOUNT_KEY": account.key,
        "AZURE_ACCOUNT_SAS": account.sas,
        "AZURE_ENDPOINT_SUFFIX": suffix,
        "AZURE_TENANT_ID": account.tenant,
        "AZURE_CLIENT_ID": account.client_id,
        "AZURE_CLIENT_SECRET": account.client_secret,
    }


def google_backend(source: Source, place: str) -> dict[str, str]:
    """Google Cloud Storage; the key file is added by the format, since tools want it in different ways."""
    bucket, path = _bucket_and_path(place)
    return {"RESTIC_REPOSITORY": f"gs:{bucket}:{path}", "GOOGLE_PROJECT_ID": google_project(source)}


def swift_backend(source: Source, place: str) -> dict[str, str]:
    """OpenStack Swift."""
    bucket, path = _bucket_and_path(place)
    return {"RESTIC_REPOSITORY": f"swift:{bucket}:{path}", **swift_environment(source)}


def rest_backend(source: Source, place: str) -> dict[str, str]:
    """Restic's own REST server at an HTTP address; a Basic header becomes user and password."""
    user, password = basic_header(source.text("headers"))
    url = source.text("url").rstrip("/")
    return {
        "RESTIC_REPOSITORY": f"rest:{url}/{place.strip('/')}/",
        "RESTIC_REST_USERNAME": user,
        "RESTIC_REST_PASSWORD": password,
    }


def basic_header(headers: str) -> tuple[str, str]:
    """Return user and password of an Authorization header in rclone's comma list; empty ones when there is none.

    Raises:
        UnsupportedFormatError: There are headers that restic cannot send.
    """
    if not headers:
        return "", ""
    name, _, value = headers.partition(",")
    try:
        scheme, _, packed = value.strip().strip('"').partition(" ")
        user, colon, password = base64.b64decode(packed, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        scheme, user, colon, password = "", "", "", ""
    if name.strip().lower() != "authorization" or scheme.lower() != "basic" or not colon or "," in value:
        raise UnsupportedFormatError("restic sends a Basic Authorization header only, and no other.", field="format")
    return user, password


BACKENDS: Mapping[str, Backend] = {
    "S3": s3_backend,
    "B2": b2_backend,
    "AZUREBLOB": azure_backend,
    "GOOGLE_CLOUD_STORAGE": google_backend,
    "OPENSTACK_SWIFT": swift_backend,
    "HTTP": rest_backend,
}
"""The providers that restic reaches by environment variables alone."""


def variables(source: Source, options: Attributes) -> dict[str, str]:
    """Return repository, password and backend variables as every tool around restic reads them."""
    values = BACKENDS[source.provider.type](source, str(options["repository"]))
    return {**values, "RESTIC_PASSWORD": str(options["password"])}


def _environment(source: Source, options: Attributes) -> Rendered:
    values = variables(source, options)
    folder = str(options["folder"]).rstrip("/")
    files: dict[str, str] = {}
    if source.provider.type == "GOOGLE_CLOUD_STORAGE":
        values |= {"GOOGLE_APPLICATION_CREDENTIALS": f"{folder}/{GOOGLE_FILE}", GOOGLE_FILE: google_key(source)}
        files[GOOGLE_FILE] = "GOOGLE_APPLICATION_CREDENTIALS"
    if source.text("ca_certificate"):
        values |= {"RESTIC_CACERT": f"{folder}/{CA_KEY}", CA_KEY: source.text("ca_certificate")}
        files[CA_KEY] = "RESTIC_CACERT"
    return Rendered(encoded(values), files=files)


def _sftp(source: Source, options: Attributes) -> Rendered:
    """SFTP: restic starts ssh, which reads a key, the host key and a host block, and never a password."""
    files = ssh_files(source, str(options["folder"]), "restic")
    place = str(options["repository"])
    values = {
        "RESTIC_REPOSITORY": f"sftp:{host_alias(source)}:{place}",
        "RESTIC_PASSWORD": str(options["password"]),
    }
    return Rendered(encoded(values | files), files=dict.fromkeys(files, ""))


def _through_rclone(source: Source, options: Attributes) -> Rendered:
    made = rclone_environment(source, options)
    place = str(options["repository"])
    values = {
        "RESTIC_REPOSITORY": f"rclone:{options['remote']}:{place}",
        "RESTIC_PASSWORD": str(options["password"]),
    }
    return Rendered({**made.data, **encoded(values)}, files=made.files)


def _connection(names: Names) -> str:
    """Return the option that makes restic's ssh read the files of the Secret; other backends need none."""
    if names.provider != "SFTP":
        return ""
    config = f"{names.option('folder')}/{SSH_CONFIG}"
    return f" -o sftp.command='ssh -F {config} {alias(names.credential)} -s sftp'"


def _usage(names: Names) -> str:
    return (
        f"restic{_connection(names)} snapshots   # repository {names.option('repository')}\n\n"
        f"# in a pod\nenvFrom:\n- secretRef: {{name: {names.secret}}}\n"
    )


def _rclone_usage(names: Names) -> str:
    return (
        f"restic snapshots   # needs rclone beside restic; repository {names.option('repository')}\n\n"
        f"# in a pod\nenvFrom:\n- secretRef: {{name: {names.secret}}}\n"
    )


PASSWORD_NOTE = KeyNote("RESTIC_PASSWORD", "the repository's password")
READ_ONLY = {
    "HTTP": "HTTP is read only, so no repository can be kept there.",
    "GOOGLE_PHOTOS": "Google Photos takes pictures and videos only and changes them, so no repository can be kept there.",
}
"""Providers that rclone reaches and that can hold no repository."""

RESTIC = Format(
    "restic",
    "restic",
    "restic",
    "Environment variables with repository and password.",
    dict.fromkeys(BACKENDS, _environment) | {"SFTP": _sftp},
    (
        KeyNote("RESTIC_REPOSITORY", "where the repository is"),
        PASSWORD_NOTE,
        KeyNote("AWS_…, B2_…, AZURE_…, GOOGLE_…, OS_… or ST_…", "the backend's own variables"),
        KeyNote("RESTIC_REST_USERNAME, RESTIC_REST_PASSWORD", "for a REST server (restic 0.16.1 and newer)"),
        KeyNote(GOOGLE_FILE, "the key file of Google; GOOGLE_APPLICATION_CREDENTIALS names it"),
        KeyNote(f"{KEY_FILE}, {KNOWN_HOSTS}, {SSH_CONFIG}", "for SFTP: what ssh reads"),
        KeyNote(CA_KEY, "the CA certificate, when there is one; RESTIC_CACERT names it"),
    ),
    _usage,
    options=(REPOSITORY, REPOSITORY_PASSWORD, FOLDER),
    kept_by="repository",
    refusals={
        "": "restic has no backend for {label}. Use the format restic-rclone.",
        "GOOGLE_PHOTOS": READ_ONLY["GOOGLE_PHOTOS"],
    },
    source="restic: doc/030_preparing_a_new_repo.rst",
)
RESTIC_RCLONE = Format(
    "restic-rclone",
    "restic through rclone",
    "restic",
    "Environment variables for restic and for the rclone that it starts.",
    {provider: carrier for provider, carrier in carried_by(_through_rclone).items() if provider not in READ_ONLY},
    (
        KeyNote("RESTIC_REPOSITORY", "`rclone:<remote>:<repository>`"),
        PASSWORD_NOTE,
        KeyNote("RCLONE_CONFIG_<REMOTE>_<OPTION>", "one variable for each option"),
        KeyNote(CA_KEY, "the CA certificate, when there is one; RCLONE_CA_CERT names it"),
    ),
    _rclone_usage,
    options=(REPOSITORY, REPOSITORY_PASSWORD, REMOTE, TOKEN, FOLDER),
    kept_by="repository",
    refusals=READ_ONLY,
    source="restic: doc/030_preparing_a_new_repo.rst",
)
