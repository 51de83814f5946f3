"""Options that several formats share."""

from __future__ import annotations

import re
from dataclasses import replace

from webapp.core.fields import Field, Kind, Rule

FOLDER = Field(
    "folder",
    "Folder of the files",
    "Where the files of this format are found by the tool, such as the mount path of the Secret.",
    default="/credentials",
    rules=(
        Rule(
            lambda value: bool(re.fullmatch(r"/[A-Za-z0-9._/-]*", str(value))),
            "This is an absolute path of letters, digits, dots, hyphens and slashes.",
            pattern=r"^/[A-Za-z0-9._/-]*$",
        ),
    ),
)

PLACE = Rule(
    lambda value: not str(value).startswith("/") and ".." not in str(value).split("/"),
    "Begin with the name, without a slash before it and without “..”.",
)

BUCKET = Field(
    "bucket",
    "Bucket",
    "The bucket or container.",
    required=True,
    placeholder="backups",
    rules=(
        Rule(
            lambda value: "/" not in str(value),
            "This is the bucket's name alone, without a folder.",
            pattern=r"^[^/]*$",
        ),
    ),
)

PREFIX = Field("prefix", "Prefix", "Optional: the folder in the bucket.", placeholder="db/production", rules=(PLACE,))

REPOSITORY = Field(
    "repository",
    "Repository",
    "Where the repository is: the bucket and the folder in it, or the folder on the server.",
    placeholder="backups/db",
    required=True,
    rules=(Rule(lambda value: ".." not in str(value).split("/"), "Leave “..” out of the path."),),
)

REPOSITORY_PASSWORD = Field(
    "password",
    "Repository password",
    "The password that the repository is encrypted with. Leave it empty to have one generated, once. Who loses it "
    "loses the backups.",
    Kind.SECRET,
    required=True,
)

REMOTE = Field(
    "remote",
    "Remote name",
    "The name before the colon, as in name:bucket/folder. Letters, digits and underscores.",
    default="backup",
    rules=(
        Rule(
            lambda value: bool(re.fullmatch(r"[A-Za-z0-9_]+", str(value))),
            "A remote name has letters, digits and underscores only.",
            pattern=r"^[A-Za-z0-9_]+$",
        ),
    ),
)

PROFILE = Field(
    "profile",
    "Profile",
    "The name of the section.",
    default="default",
    rules=(
        Rule(
            lambda value: bool(re.fullmatch(r"[A-Za-z0-9._-]+", str(value))),
            "A profile name has letters, digits, dots, hyphens and underscores only.",
            pattern=r"^[A-Za-z0-9._-]+$",
        ),
    ),
)


FILE_NAME = Field(
    "file",
    "File name",
    "The key that the text is written to.",
    default="credential",
    rules=(
        Rule(
            lambda value: bool(re.fullmatch(r"[A-Za-z0-9._-]{1,253}", str(value))) and value not in {".", ".."},
            "A file name has letters, digits, dots, hyphens and underscores.",
            pattern=r"^[A-Za-z0-9._-]{1,253}$",
        ),
    ),
)


def optional(option: Field) -> Field:
    """Return an option that may stay empty."""
    return replace(option, required=False)
