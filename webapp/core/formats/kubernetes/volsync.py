"""VolSync's movers: restic and rclone."""

from __future__ import annotations

from webapp.core.fields import Attributes
from webapp.core.formats.accounts import google_key
from webapp.core.formats.base import Format, KeyNote, Names, Rendered, Source, encoded
from webapp.core.formats.options import REMOTE, REPOSITORY, REPOSITORY_PASSWORD
from webapp.core.formats.tools.rclone import TOKEN, carried_by, options_of, remote_variables, section
from webapp.core.formats.tools.restic import BACKENDS, READ_ONLY, variables

CA_KEY = "ca.crt"
"""VolSync names Secret and key of a CA certificate in `customCA`."""


def _ca(source: Source) -> dict[str, str]:
    return {CA_KEY: source.text("ca_certificate")}


def _restic(source: Source, options: Attributes) -> dict[str, str]:
    """The mover takes Google's key file itself where restic takes its path."""
    values = variables(source, options) | _ca(source)
    if source.provider.type == "GOOGLE_CLOUD_STORAGE":
        values["GOOGLE_APPLICATION_CREDENTIALS"] = google_key(source)
    return values


def _through_rclone(source: Source, options: Attributes) -> dict[str, str]:
    remote = str(options["remote"])
    return {
        "RESTIC_REPOSITORY": f"rclone:{remote}:{options['repository']}",
        "RESTIC_PASSWORD": str(options["password"]),
        **remote_variables(remote, options_of(source, options)),
        **_ca(source),
    }


def _restic_usage(names: Names) -> str:
    return f"spec:\n  restic:\n    repository: {names.secret}\n    # customCA: {{secretName: {names.secret}, key: {CA_KEY}}}\n"


OWN = dict.fromkeys(BACKENDS, _restic)
THROUGH = {provider: carrier for provider, carrier in carried_by(_through_rclone).items() if provider not in READ_ONLY}
VOLSYNC_RESTIC = Format(
    "volsync-restic",
    "VolSync (restic)",
    "VolSync",
    "The Secret of a ReplicationSource with the restic mover; one for each volume.",
    THROUGH | OWN,
    (
        KeyNote("RESTIC_REPOSITORY, RESTIC_PASSWORD", "where the repository is, and its password"),
        KeyNote("AWS_…, B2_…, AZURE_…, OS_… or ST_…", "the backend's own variables"),
        KeyNote("GOOGLE_APPLICATION_CREDENTIALS", "the key file itself, not its path"),
        KeyNote("RCLONE_CONFIG_<REMOTE>_<OPTION>", "for what restic has no backend of its own"),
        KeyNote(CA_KEY, "the CA certificate, when there is one, for customCA"),
    ),
    _restic_usage,
    options=(REPOSITORY, REPOSITORY_PASSWORD, REMOTE, TOKEN),
    kept_by="repository",
    refusals=READ_ONLY,
    source="backube/volsync: internal/controller/mover/restic/mover.go",
)


def _rclone(source: Source, options: Attributes) -> Rendered:
    text = section(str(options["remote"]), options_of(source, options))
    data = encoded({"rclone.conf": text} | _ca(source))
    return Rendered(data, files={"rclone.conf": "RCLONE_CONFIG", CA_KEY: "RCLONE_CA_CERT"})


def _rclone_usage(names: Names) -> str:
    return (
        f"spec:\n  rclone:\n    rcloneConfig: {names.secret}\n    rcloneConfigSection: {names.option('remote')}\n"
        "    rcloneDestPath: BUCKET/FOLDER\n"
    )


VOLSYNC_RCLONE = Format(
    "volsync-rclone",
    "VolSync (rclone)",
    "VolSync",
    "The Secret of a ReplicationSource with the rclone mover.",
    carried_by(_rclone),
    (
        KeyNote("rclone.conf", "one section, named by rcloneConfigSection"),
        KeyNote(CA_KEY, "the CA certificate, when there is one, for customCA"),
    ),
    _rclone_usage,
    options=(REMOTE, TOKEN),
    source="backube/volsync: internal/controller/mover/rclone/mover.go",
)
