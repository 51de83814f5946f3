"""The formats: each backup tool's own shape of a credential. One file per tool and one line here."""

from __future__ import annotations

from collections.abc import Mapping

from webapp.core.errors import NotFoundError
from webapp.core.fields import Problem
from webapp.core.formats.base import Format, Names, Rendered, Source, UnsupportedFormatError
from webapp.core.formats.general.clouds import AWS_CREDENTIALS, AZURE_CONNECTION_STRING, GOOGLE_JSON, OPENSTACK_CLOUDS
from webapp.core.formats.general.logins import BASIC_AUTH, SSH_AUTH
from webapp.core.formats.general.plain import ENV, TEMPLATE
from webapp.core.formats.kubernetes.argo import ARGO
from webapp.core.formats.kubernetes.bitpoke import BITPOKE
from webapp.core.formats.kubernetes.cloudnative_pg import CLOUDNATIVE_PG
from webapp.core.formats.kubernetes.harbor import HARBOR
from webapp.core.formats.kubernetes.k8up import K8UP
from webapp.core.formats.kubernetes.kanister import KANISTER
from webapp.core.formats.kubernetes.lokistack import LOKISTACK
from webapp.core.formats.kubernetes.longhorn import LONGHORN
from webapp.core.formats.kubernetes.objstore import OBJSTORE
from webapp.core.formats.kubernetes.percona import PERCONA
from webapp.core.formats.kubernetes.stash import KUBESTASH, STASH
from webapp.core.formats.kubernetes.velero import VELERO
from webapp.core.formats.kubernetes.volsync import VOLSYNC_RCLONE, VOLSYNC_RESTIC
from webapp.core.formats.kubernetes.zalando import ZALANDO
from webapp.core.formats.tools.kopia import KOPIA
from webapp.core.formats.tools.pgbackrest import PGBACKREST
from webapp.core.formats.tools.rclone import RCLONE, RCLONE_ENV
from webapp.core.formats.tools.restic import RESTIC, RESTIC_RCLONE
from webapp.core.validation import Findings, InvalidValuesError, check_fields

__all__ = [
    "FORMATS",
    "GROUPS",
    "Format",
    "Names",
    "Rendered",
    "Source",
    "UnsupportedFormatError",
    "check_options",
    "find_format",
    "formats_for",
    "render",
]

GROUPS: Mapping[str, tuple[Format, ...]] = {
    "Backup tools": (RCLONE, RCLONE_ENV, RESTIC, RESTIC_RCLONE, KOPIA, PGBACKREST),
    "Backups of a cluster": (VELERO, VOLSYNC_RESTIC, VOLSYNC_RCLONE, K8UP, LONGHORN, KANISTER, STASH, KUBESTASH),
    "Databases in a cluster": (CLOUDNATIVE_PG, PERCONA, ZALANDO, BITPOKE),
    "Services in a cluster": (OBJSTORE, LOKISTACK, ARGO, HARBOR),
    "General shapes": (
        AWS_CREDENTIALS,
        GOOGLE_JSON,
        AZURE_CONNECTION_STRING,
        OPENSTACK_CLOUDS,
        SSH_AUTH,
        BASIC_AUTH,
        ENV,
        TEMPLATE,
    ),
}
"""Every format under the heading that people look for it by, in the order of the page."""

FORMATS: Mapping[str, Format] = {listed.key: listed for group in GROUPS.values() for listed in group}
"""Every format by its key."""


def find_format(key: str) -> Format:
    """Return a format by its key, such as `restic`.

    Raises:
        NotFoundError: There is none of that name.
    """
    try:
        return FORMATS[key]
    except (KeyError, TypeError):
        raise NotFoundError(f"There is no such format. Known are {', '.join(FORMATS)}.", field="format") from None


def formats_for(provider_type: str) -> tuple[Format, ...]:
    """Return the formats that can carry a provider."""
    return tuple(listed for listed in FORMATS.values() if provider_type in listed.carriers)


def check_options(wanted: Format, raw: Mapping[str, object]) -> Findings:
    """Check options as typed or sent; what is not given has its default.

    A secret option that is not given counts as an error here: whoever keeps repositories fills it in before.
    """
    unknown = [key for key in raw if key not in {option.key for option in wanted.options}]
    if unknown:
        names = ", ".join(option.key for option in wanted.options) or "none"
        return Findings({}, (Problem("options", f"The format {wanted.key} has no such option. It knows: {names}."),))
    found = check_fields(wanted.option_set, raw)
    defaults = {option.key: option.default for option in wanted.options if option.default is not None}
    return Findings(defaults | found.attributes, found.problems)


def render(format_key: str, source: Source, raw_options: Mapping[str, object]) -> Rendered:
    """Return a credential in a tool's shape.

    Raises:
        NotFoundError: There is no such format.
        UnsupportedFormatError: The format cannot carry this credential; the sentence names a way that works.
        InvalidValuesError: An option cannot work; `problems` says which and why.
    """
    wanted = find_format(format_key)
    refusal = wanted.refusal(source.provider)
    if refusal:
        raise UnsupportedFormatError(refusal, field="format")
    checked = check_options(wanted, raw_options)
    if not checked.ok:
        raise InvalidValuesError(checked)
    return wanted.produce(source, checked.attributes)
