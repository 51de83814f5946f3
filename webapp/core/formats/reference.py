"""The reference of the formats for the documentation, made from their declarations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from webapp.core.fields import Field
from webapp.core.formats import GROUPS
from webapp.core.formats.base import Format
from webapp.core.formats.proofs import proofs
from webapp.core.providers import PROVIDERS

HEAD = """# Formats

Every format: which tool reads it, which keys it has, which providers it can carry, and how that is proven by the tests.
The proofs are told by the tests' own marks. Where none is named, the keys stand in a golden file only. *The fake
internet* is a program of the tests that speaks for vendors that cannot be had on one machine.

A repository's password is given or generated once, kept encrypted under the name of the repository, and never generated
again. Whoever loses it loses the backups.
"""


def reference() -> str:
    """Return the page as Markdown."""
    return HEAD + "".join(f"\n{part}" for title, formats in GROUPS.items() for part in _group(title, formats))


def _group(title: str, formats: Iterable[Format]) -> Iterator[str]:
    yield f"## {title}\n"
    for listed in formats:
        yield from _format(listed)


def _format(listed: Format) -> Iterator[str]:
    carried = ", ".join(PROVIDERS[key].label for key in listed.providers)
    yield f"### {listed.label}\n\n`{listed.key}`, read by {listed.tool}. {listed.summary}\n"
    yield f"Providers: {carried}.\n"
    yield "| key | what stands in it |\n|---|---|\n" + "".join(
        f"| `{cell(note.name)}` | {cell(note.meaning)} |\n" for note in listed.keys
    )
    if listed.options:
        yield "| option | default | what it is |\n|---|---|---|\n" + "".join(map(_option, listed.options))
    yield "| provider | how it is proven |\n|---|---|\n" + "".join(map(_proven, *_proofs_of(listed)))
    if listed.source:
        yield f"Keys after {listed.source}.\n"


def _proofs_of(listed: Format) -> tuple[list[str], list[str]]:
    """Return the providers, and beside each what was proven with which tests."""
    known: dict[str, dict[str, list[str]]] = {key: {} for key in listed.providers}
    for proof in proofs():
        if proof.format == listed.key:
            known[proof.provider].setdefault(proof.how, []).append(f"`{proof.test}`")
    told = [[f"{how} ({', '.join(tests)})" for how, tests in found.items()] for found in known.values()]
    return [PROVIDERS[key].label for key in known], ["; ".join(found) or "a golden file" for found in told]


def _proven(label: str, how: str) -> str:
    return f"| {label} | {cell(how)} |\n"


def _option(option: Field) -> str:
    default = "" if option.default is None else f"`{option.default}`"
    needed = "needed" if option.required and not option.secret else default
    return f"| `{option.key}` | {needed} | {cell(option.help)} |\n"


def cell(text: str) -> str:
    """Return a text as a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")
