"""Configurations of TrueNAS, made here: a database with its tables, sealed with a secret seed, in a tar."""

from __future__ import annotations

import base64
import io
import json
import os
import sqlite3
import tarfile
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from webapp.core.ssh.keys import generate


def sealed(seed: bytes, data: object) -> str:
    """Encrypt as TrueNAS does (its middleware's plugin pwenc)."""
    text = json.dumps(data).encode()
    text += b"{" * (-len(text) % 32)
    nonce = os.urandom(8)
    made = Cipher(AES(seed), CTR(nonce + (1).to_bytes(8, "big"))).encryptor().update(text)
    return base64.b64encode(nonce + made).decode()


def configuration(path: Path, token: str, password: str) -> tuple[bytes, bytes]:
    """Return a database with the tables of TrueNAS, and the seed it is sealed with."""
    seed = os.urandom(32)
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE system_cloudcredentials (id INTEGER, name TEXT, provider TEXT, attributes TEXT)")
        database.execute("CREATE TABLE system_keychaincredential (id INTEGER, name TEXT, type TEXT, attributes TEXT)")
        rows = [
            (1, "Dav", "WEBDAV", {"url": "https://h.example.com/", "vendor": "OTHER", "user": "u", "pass": password}),
            (2, "Old", "HUBIC", {"token": token}),
            (3, "Storj", "STORJ_IX", {"access_key_id": "k", "secret_access_key": "s", "endpoint": ""}),
            (4, "Files", "SFTP", {"host": "nas.example.com", "port": 22, "user": "u", "private_key": 7}),
            (
                5,
                "Lost",
                "SFTP",
                {"host": "nas.example.com", "port": 22, "user": "u", "private_key": 8, "pass": password},
            ),
            (6, "Unknown", "NEW_CLOUD", {"key": "k"}),
        ]
        database.executemany(
            "INSERT INTO system_cloudcredentials VALUES (?, ?, ?, ?)",
            [(*row[:3], sealed(seed, row[3])) for row in rows],
        )
        key = generate("ed25519", "from TrueNAS")
        place = {"host": "nas.example.com", "port": 2222, "username": "u", "connect_timeout": 10}
        chain = [
            (6, "NAS", "SSH_CREDENTIALS", {**place, "private_key": 7, "remote_host_key": f"{key.public.line}\n"}),
            (7, "key", "SSH_KEY_PAIR", {"private_key": key.private, "public_key": key.public.text}),
            (8, "broken", "SSH_KEY_PAIR", {"private_key": "x", "public_key": "y"}),
            (9, "Lost NAS", "SSH_CREDENTIALS", {**place, "private_key": 8, "cipher": "DISABLED"}),
        ]
        database.executemany(
            "INSERT INTO system_keychaincredential VALUES (?, ?, ?, ?)",
            [(*row[:3], sealed(seed, row[3])) for row in chain],
        )
    database.close()
    return path.read_bytes(), seed


def tar_of(**members: bytes) -> bytes:
    """Return a tar as TrueNAS hands out its configuration; `freenas_db` stands for freenas-v1.db."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name.replace("_db", "-v1.db"))
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return data.getvalue()
