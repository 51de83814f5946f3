"""The formats: each backup tool's own shape of a credential. One file per tool and one line here."""

from __future__ import annotations

from collections.abc import Mapping

from webapp.core.errors import NotFoundError
from webapp.core.fields import Problem
from webapp.core.formats.base import Format, Names, Rendered, Source, UnsupportedFormatError
from webapp.core.formats.tools.rclone import RCLONE, RCLONE_ENV
from webapp.core.formats.tools.restic import RESTIC, RESTIC_RCLONE
from webapp.core.validation import Findings, InvalidValuesError, check_fields

__all__ = [
    "FORMATS",
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

FORMATS: Mapping[str, Format] = {
    listed.key: listed
    for listed in (
        RCLONE,
        RCLONE_ENV,
        RESTIC,
        RESTIC_RCLONE,
    )
}
"""Every format by its key, in the order of the page."""


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
