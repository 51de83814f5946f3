"""K8up: restic's variables, taken whole or key by key."""

from __future__ import annotations

from webapp.core.fields import Attributes
from webapp.core.formats.accounts import google_key
from webapp.core.formats.base import Format, KeyNote, Names, Rendered, Source, encoded
from webapp.core.formats.options import FOLDER, REPOSITORY, REPOSITORY_PASSWORD
from webapp.core.formats.tools.restic import BACKENDS, GOOGLE_FILE, READ_ONLY, variables


def _made(source: Source, options: Attributes) -> Rendered:
    values = variables(source, options)
    files: dict[str, str] = {}
    if source.provider.type == "GOOGLE_CLOUD_STORAGE":
        path = f"{str(options['folder']).rstrip('/')}/{GOOGLE_FILE}"
        values |= {"GOOGLE_APPLICATION_CREDENTIALS": path, GOOGLE_FILE: google_key(source)}
        files[GOOGLE_FILE] = "GOOGLE_APPLICATION_CREDENTIALS"
    return Rendered(encoded(values), files=files)


def _usage(names: Names) -> str:
    return (
        f"spec:\n  backend:\n    repoPasswordSecretRef: {{name: {names.secret}, key: RESTIC_PASSWORD}}\n"
        f"    envFrom:\n    - secretRef: {{name: {names.secret}}}\n"
        f"    s3:\n      bucket: BUCKET\n      accessKeyIDSecretRef: {{name: {names.secret}, key: AWS_ACCESS_KEY_ID}}\n"
        f"      secretAccessKeySecretRef: {{name: {names.secret}, key: AWS_SECRET_ACCESS_KEY}}\n"
    )


K8UP = Format(
    "k8up",
    "K8up",
    "K8up",
    "restic's variables for envFrom and for the key references of a backend.",
    dict.fromkeys(BACKENDS, _made),
    (
        KeyNote("RESTIC_PASSWORD", "the repository's password, for repoPasswordSecretRef"),
        KeyNote("RESTIC_REPOSITORY", "where the repository is"),
        KeyNote("AWS_…, B2_…, AZURE_…, OS_… or ST_…", "the backend's own variables"),
        KeyNote(GOOGLE_FILE, "the key file of Google, to be mounted at the folder"),
    ),
    _usage,
    options=(REPOSITORY, REPOSITORY_PASSWORD, FOLDER),
    kept_by="repository",
    refusals={
        "": "K8up reaches what restic reaches by itself, and {label} is not among it. VolSync (volsync-restic) can.",
        **READ_ONLY,
    },
    source="k8up-io/k8up: api/v1/backend.go",
)
