"""The provider reference of the documentation, made from the fields.

`python -m webapp.core.providers.reference` writes it; a test compares it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from webapp.core.fields import Field
from webapp.core.providers import PROVIDERS
from webapp.core.providers.base import Provider

PAGE = Path(__file__).parents[2] / "help/providers.md"
HEAD = """# Providers

Every provider with its fields, made from the declarations in `webapp/core/providers`. The name in `code` is the key in
imported and exported records. Secret fields are masked when typed and never sent back to the browser.
"""


def reference() -> str:
    """Return the page as Markdown."""
    return HEAD + "".join(f"\n{part}" for provider in PROVIDERS.values() for part in _provider(provider))


def _provider(provider: Provider) -> Iterator[str]:
    backend = f"rclone backend `{provider.rclone_type}`" if provider.rclone_type else "no longer in rclone"
    yield f"## {provider.label}\n\n{provider.summary} Type `{provider.type}`, {backend}.\n"
    if provider.note:
        yield f"**{provider.support.capitalize()}:** {provider.note}\n"
    for one_of in provider.one_of:
        yield f"{one_of.message}\n"
    yield "| field | label | | what it is | rclone |\n|---|---|---|---|---|\n" + "".join(map(_row, provider.fields))


def _row(field: Field) -> str:
    marks = [word for word, holds in (("required", field.required), ("secret", field.secret)) if holds]
    option = f"`{field.rclone.name}`" if field.rclone else ""
    cells = (f"`{field.key}`", field.label, ", ".join(marks), field.help, option)
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |\n"


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
