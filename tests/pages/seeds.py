"""A store whose secret seed is gone, while its app runs."""

from __future__ import annotations

from pathlib import Path

from webapp.core.store import KeyRing, Store


def lose_the_seed(store: Store, folder: Path) -> None:
    """Put another seed, made in this folder, in the place of the one in use; the store is locked then."""
    other = KeyRing.from_file(folder / "other.json", create=True)
    other.fill()
    keys = {key: other.key(key) or b"" for key in other.ids}
    store.keys.ring._become(lambda _keys, _primary: (keys, other.primary_id))
    store._meet_keys()
