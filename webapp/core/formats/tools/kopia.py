"""Kopia: environment variables of its command line."""

from __future__ import annotations

from webapp.core.fields import Attributes
from webapp.core.formats.accounts import aws_environment, azure, google_key
from webapp.core.formats.base import Format, KeyNote, Names, Rendered, Source, UnsupportedFormatError, encoded
from webapp.core.formats.options import FOLDER, REPOSITORY, REPOSITORY_PASSWORD
from webapp.core.formats.tools.rclone import TOKEN, carried_by
from webapp.core.formats.tools.rclone import environment as rclone_environment
from webapp.core.formats.tools.restic import GOOGLE_FILE, READ_ONLY

PASSWORD = "KOPIA_PASSWORD"


def _s3(source: Source, options: Attributes) -> dict[str, str]:
    return {**aws_environment(source), PASSWORD: str(options["password"])}


def _b2(source: Source, options: Attributes) -> dict[str, str]:
    return {"B2_KEY_ID": source.text("account"), "B2_KEY": source.text("key"), PASSWORD: str(options["password"])}


def _azure(source: Source, options: Attributes) -> dict[str, str]:
    account = azure(source)
    if account.client_secret:
        raise UnsupportedFormatError("Give Kopia an account key or a SAS URL, not a service principal.", field="format")
    return {
        "AZURE_STORAGE_ACCOUNT": account.name,
        "AZURE_STORAGE_KEY": account.key,
        "AZURE_STORAGE_SAS_TOKEN": account.sas,
        PASSWORD: str(options["password"]),
    }


def _google(source: Source, options: Attributes) -> Rendered:
    path = f"{str(options['folder']).rstrip('/')}/{GOOGLE_FILE}"
    values = {
        GOOGLE_FILE: google_key(source),
        "GOOGLE_APPLICATION_CREDENTIALS": path,
        PASSWORD: str(options["password"]),
    }
    return Rendered(encoded(values), files={GOOGLE_FILE: "GOOGLE_APPLICATION_CREDENTIALS"})


def _through_rclone(source: Source, options: Attributes) -> Rendered:
    made = rclone_environment(source, {**options, "remote": "backup"})
    return Rendered({**made.data, **encoded({PASSWORD: str(options["password"])})}, files=made.files)


def _usage(names: Names) -> str:
    return (
        "kopia repository connect s3 --bucket BUCKET --endpoint HOST --region REGION\n"
        "kopia repository connect azure --container CONTAINER\n"
        "kopia repository connect rclone --remote-path backup:FOLDER\n\n"
        f"# in a pod\nenvFrom:\n- secretRef: {{name: {names.secret}}}\n"
    )


KOPIA = Format(
    "kopia",
    "Kopia",
    "Kopia",
    "Environment variables of the kopia command, with the repository's password.",
    {provider: carrier for provider, carrier in carried_by(_through_rclone).items() if provider not in READ_ONLY}
    | {"S3": _s3, "B2": _b2, "AZUREBLOB": _azure, "GOOGLE_CLOUD_STORAGE": _google},
    (
        KeyNote(PASSWORD, "the repository's password"),
        KeyNote("AWS_…, B2_…, AZURE_STORAGE_…", "the storage's own variables"),
        KeyNote(GOOGLE_FILE, "the key file of Google; GOOGLE_APPLICATION_CREDENTIALS names it"),
        KeyNote("RCLONE_CONFIG_BACKUP_<OPTION>", "the remote `backup` for every other provider"),
    ),
    _usage,
    options=(REPOSITORY, REPOSITORY_PASSWORD, TOKEN, FOLDER),
    kept_by="repository",
    refusals=READ_ONLY,
    source="kopia.io/docs/reference/command-line",
)
