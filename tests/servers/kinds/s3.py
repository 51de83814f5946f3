"""S3 servers: SeaweedFS with a full and a limited key, versitygw with an IAM service of its own."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import boto3
from botocore.config import Config

from servers import parts
from servers.runs import Run, StartError, answers, free_port, need

BUCKETS = ("alpha", "beta")
"""The limited keys may use the first only."""


@dataclass(frozen=True)
class S3Server:
    """A running server; each key is a pair of id and secret.

    Attributes:
        endpoint: Its address.
        full: A key that may do everything.
        limited: A key that may use the bucket `alpha` only.
        name: Whose program it is.
    """

    endpoint: str
    full: tuple[str, str]
    limited: tuple[str, str]
    name: str

    def values(self, key: tuple[str, str], **more: object) -> dict[str, object]:
        """Return what a person types into the form."""
        named = {"provider": "Other", "access_key_id": key[0], "secret_access_key": key[1]}
        return {**named, "endpoint": self.endpoint, "region": "us-east-1", **more}


def new_key(name: str) -> tuple[str, str]:
    """Return an id and a secret with the characters that real ones have."""
    return f"{name.upper()}{secrets.token_hex(4).upper()}", f"canary/{secrets.token_hex(8)}+{name}="


def client(endpoint: str, key: tuple[str, str], service: str = "s3") -> object:
    """Return a boto3 client for a server on loopback."""
    return boto3.client(
        service,
        endpoint_url=endpoint,
        aws_access_key_id=key[0],
        aws_secret_access_key=key[1],
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}, proxies={}),
    )


def make_buckets(endpoint: str, key: tuple[str, str]) -> None:
    """Make the buckets with one file each; a server that has just started may need a moment."""
    storage = client(endpoint, key)
    for name in BUCKETS:
        for attempt in range(50):
            try:
                storage.create_bucket(Bucket=name)  # pyright: ignore[reportAttributeAccessIssue]  made by boto3 at run time
                storage.put_object(Bucket=name, Key="a.txt", Body=b"a")  # pyright: ignore[reportAttributeAccessIssue]
                break
            except Exception as error:
                if attempt == 49:
                    raise StartError(f"no bucket on {endpoint}: {error}") from error
                time.sleep(0.1)


def seaweedfs(run: Run, place: Path) -> S3Server:
    """Start SeaweedFS in one process."""
    full, limited = new_key("full"), new_key("limited")
    (place / "s3.json").write_text(json.dumps({"identities": [
        identity("full", full, ["Admin", "Read", "List", "Tagging", "Write"]),
        identity("limited", limited, ["Read:alpha", "List:alpha", "Write:alpha"]),
    ]}))  # fmt: skip
    ports = [free_port(also=10_000) for _ in range(4)]
    named = zip(("-master.port", "-volume.port", "-filer.port", "-s3.port"), ports, strict=True)
    flags = [f"{name}={port}" for name, port in named]
    quiet = ["-s3.port.iceberg=0", "-webdav=false", "-admin.ui=false", f"-metricsPort={free_port()}"]
    command = [need("weed"), "mini", f"-dir={place}", "-ip=127.0.0.1", *flags, *quiet, f"-s3.config={place}/s3.json"]
    endpoint = f"http://127.0.0.1:{ports[3]}"
    run.start(command, ready=partial(answers, f"{endpoint}/healthz"), log=place / "log", seconds=60)
    make_buckets(endpoint, full)
    return S3Server(endpoint, full, limited, "SeaweedFS")


def identity(name: str, key: tuple[str, str], actions: list[str]) -> dict[str, object]:
    """Return an account as SeaweedFS reads it."""
    return {"name": name, "credentials": [{"accessKey": key[0], "secretKey": key[1]}], "actions": actions}


def versitygw(run: Run, place: Path) -> S3Server:
    """Start versitygw and its IAM service: here a good key that is limited may not list all buckets."""
    program, full = need("versitygw", found=parts.program("versitygw")), new_key("root")
    iam, port = free_port(), free_port()
    endpoint, accounts = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{iam}"
    private = place / "iam.sock"
    for folder in ("iam", "files"):
        (place / folder).mkdir()
    own = ["--access", full[0], "--secret", full[1]]
    run.start(
        [
            program,
            "--port",
            f"127.0.0.1:{iam}",
            *own,
            "iam",
            "--dir",
            place / "iam",
            "--private-ports",
            private,
            "--quiet",
        ],
        ready=private.exists,
        log=place / "iam.log",
    )
    standalone = ["--iam-standalone-endpoint", private, "--iam-standalone-access", full[0]]
    run.start(
        [program, "--port", f"127.0.0.1:{port}", *own, *standalone, "--iam-standalone-secret", full[1],
         "--iam-cache-disable", "--health", "/health", "--quiet", "posix", place / "files"],
        ready=partial(answers, f"{endpoint}/health"),
        log=place / "gateway.log",
    )  # fmt: skip
    make_buckets(endpoint, full)
    return S3Server(endpoint, full, limited_user(accounts, full), "versitygw")


def limited_user(accounts: str, full: tuple[str, str]) -> tuple[str, str]:
    """Make a user who may use the first bucket only, and return the key that the service made for it."""
    service: object = client(accounts, full, "iam")
    resources = [f"arn:aws:s3:::{BUCKETS[0]}", f"arn:aws:s3:::{BUCKETS[0]}/*"]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": resources}]}
    service.create_user(UserName="limited")  # pyright: ignore[reportAttributeAccessIssue]  made by boto3 at run time
    made = service.create_access_key(UserName="limited")["AccessKey"]  # pyright: ignore[reportAttributeAccessIssue]
    service.put_user_policy(UserName="limited", PolicyName="alpha", PolicyDocument=json.dumps(policy))  # pyright: ignore[reportAttributeAccessIssue]
    return made["AccessKeyId"], made["SecretAccessKey"]
