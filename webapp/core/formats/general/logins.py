"""Kubernetes's own types for log-ins: SSH keys, and user with password."""

from __future__ import annotations

from webapp.core.fields import Attributes
from webapp.core.formats.base import Format, KeyNote, Names, Rendered, Source, UnsupportedFormatError, encoded
from webapp.core.formats.options import FOLDER
from webapp.core.formats.sshfiles import KEY_FILE, KNOWN_HOSTS, SSH_CONFIG, ssh_files
from webapp.core.formats.tools.restic import basic_header


def _ssh(source: Source, options: Attributes) -> Rendered:
    files = ssh_files(source, str(options["folder"]), "ssh")
    data = encoded(files | {"username": source.text("user")})
    return Rendered(data, "kubernetes.io/ssh-auth", files=dict.fromkeys(files, ""))


def _ssh_usage(names: Names) -> str:
    folder = names.option("folder")
    return (
        f"ssh -F {folder}/{SSH_CONFIG} HOST\n\n# in a pod\nvolumes:\n- name: ssh\n"
        f"  secret: {{secretName: {names.secret}, defaultMode: 0400}}\n"
    )


SSH_AUTH = Format(
    "ssh-auth",
    "SSH key (kubernetes.io/ssh-auth)",
    "ssh",
    "A private key, the server's host key and a host block.",
    {"SFTP": _ssh},
    (
        KeyNote(KEY_FILE, "the private key"),
        KeyNote(KNOWN_HOSTS, "the server's host keys"),
        KeyNote(SSH_CONFIG, "a host block that names both"),
        KeyNote("username", "the account on the server"),
    ),
    _ssh_usage,
    options=(FOLDER,),
    refusals={"": "{label} is not reached with an SSH key."},
    source="kubernetes.io/docs/concepts/configuration/secret: SSH authentication secrets",
)


def _basic(source: Source, options: Attributes) -> Rendered:  # noqa: ARG001  every carrier takes options
    user, password = source.text("user"), source.text("pass")
    if not user or not password:
        raise UnsupportedFormatError("This credential has no user with a password.", field="format")
    return Rendered(encoded({"username": user, "password": password}), "kubernetes.io/basic-auth")


def _web(source: Source, options: Attributes) -> Rendered:  # noqa: ARG001  every carrier takes options
    try:
        user, password = basic_header(source.text("headers"))
    except UnsupportedFormatError:  # it names another tool
        user, password = "", ""
    if not user or not password:
        raise UnsupportedFormatError("This credential has no user with a password.", field="format")
    return Rendered(encoded({"username": user, "password": password}), "kubernetes.io/basic-auth")


BASIC_AUTH = Format(
    "basic-auth",
    "User and password (kubernetes.io/basic-auth)",
    "everything that takes user and password",
    "User and password.",
    {"WEBDAV": _basic, "FTP": _basic, "SFTP": _basic, "MEGA": _basic, "HTTP": _web},
    (KeyNote("username", "the account"), KeyNote("password", "its password")),
    lambda names: f"env:\n- name: PASSWORD\n  valueFrom: {{secretKeyRef: {{name: {names.secret}, key: password}}}}\n",
    refusals={"": "{label} has no user with a password."},
    source="kubernetes.io/docs/concepts/configuration/secret: Basic authentication Secret",
)
