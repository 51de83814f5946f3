"""A credential as the options of one rclone remote."""

from __future__ import annotations

from webapp.core.fields import Attributes, Field, Value
from webapp.core.providers.base import Provider
from webapp.core.rclone.obscure import obscure


def remote(provider: Provider, attributes: Attributes) -> dict[str, str]:
    """Return the remote's options, `type` first; every value is a text, passwords are obscured.

    Values stay as the user gave them until here. A CA certificate is no option of a remote and is passed apart.

    Raises:
        ValueError: rclone has no backend for this provider.
    """
    if not provider.rclone_type:
        raise ValueError(f"rclone has no backend for {provider.type}")
    options = {"type": provider.rclone_type}
    for field in provider.shown(attributes):
        options |= _option(field, attributes.get(field.key, field.default))
    derived = provider.options(attributes) if provider.options else {}
    merged = options | dict(derived)
    return {name: text for name, text in merged.items() if text}


def _option(field: Field, value: Value | None) -> dict[str, str]:
    option = field.rclone
    if option is None:
        return {}
    text = option.transform(value) if value is not None else ""
    if text == "" and not option.keep_empty:
        return {}
    return {option.name: obscure(text) if option.obscured else text}
