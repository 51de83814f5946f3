"""The page on the API for the documentation, with its scopes and operations as they are declared."""

from __future__ import annotations

from webapp.api import OPERATIONS
from webapp.core.store.access.api_tokens import SCOPES

TEXT = """# The JSON API

What the pages do, programs can do as well. The API stands under `/api/v1` of the same address, and `/api/v1/openapi.json` describes it (OpenAPI 3.1) for generators of clients. Nobody needs a token for the description.

## A token for each program

*Settings → API tokens* makes one, and so does the command line:

```sh
backup-credentials token add "Nightly report" --scope read --scope verify --days 90
```

The token is shown once and only its hash is stored. It begins with `bct_`, so that a search for leaked secrets knows it. Send it as a header, from a file or the environment rather than typed into a command:

```sh
curl --silent --header "Authorization: Bearer $TOKEN" https://credentials.example.com/api/v1/credentials
```

| Scope | What it allows |
| --- | --- |
{scopes}

None of them includes another. The audit names the token with everything that it does. A log-in of a browser opens nothing here, so that no other site can make a browser ask.

## What can be asked

| Request | Scope | What it does |
| --- | --- | --- |
{operations}

## Values, secrets and versions

- A credential's `attributes` are its values by field key, as on [Providers](providers.md); `/providers/S3/schema` gives their JSON Schema. Secrets are left out, and `secrets` says which there are and when each was changed. `?reveal=true` gives them to a token that may `reveal`, and the audit notes it.
- What was read can be changed and sent back: `PUT` takes all values, and a secret that is left out stays. Whoever changes a host, an endpoint or a user sends the secret again.
- Each answer with a credential, a keypair or a connection has an `ETag`. `PUT` needs it in `If-Match`: a version that somebody changed meanwhile is not written over (412). Without the header nothing is written (428).
- A check answers with 200 whatever it finds; `state` says how the credential is.

## SSH keypairs and connections

```sh
curl --silent --header "Authorization: Bearer $TOKEN" --json '{{"name": "NAS", "generate": "ed25519"}}' "$API/ssh/keypairs"
curl --silent --header "Authorization: Bearer $TOKEN" "$API/ssh/keypairs/$ID/public-key" >> authorized_keys
curl --silent --header "Authorization: Bearer $TOKEN" --json '{{"host": "nas.example.com"}}' "$API/ssh/discover"
```

- No answer about a keypair holds its private key: connections and SFTP credentials put it to work. Only who may `reveal` gets it, with an SFTP credential in the shape of a tool. A passphrase opens a key once, when it is taken over.
- A connection names its keypair by id or name in `private_key`; `new:ed25519` makes one with it, which is gone again when the connection cannot be saved.
- Nothing logs in before the host key is known. `/ssh/discover` shows what the server has, with the command that prints the same fingerprint there; whoever compared them sends the lines as `remote_host_key`.
- A test that meets another key than the known one says `"host_key": "changed"` and lists what it met in `found`. Sending these lines with `PUT` accepts them; the old ones stay in the history that the page shows, and nobody is asked for a password.
- A connection holds no secret, so that a new host asks for none again: its keypair never leaves this machine, and another server has another host key. An SFTP credential asks as all credentials do.
- `/ssh/pair` and `/ssh/pair-truenas` set a connection up with a password or an API key that is used once and never stored. They take as long as the set-up takes, and answer with 200 whatever came of it: `connection` is what was saved, `changes` what was done on a TrueNAS, `certificate` one that has to be compared before its fingerprint is sent as `certificate`.

## What went wrong

Every refusal is `application/problem+json` (RFC 9457): `detail` is a sentence for people, `errors` holds a sentence for each field. 401 means no good token, 403 a scope that is missing, 404 that it is not there, 409 that the name is taken or that something is in use (`used_by` names by what), 422 that a value cannot work, 503 that the store is locked or a provider is out of reach.
"""


def page() -> str:
    """Return the page as Markdown."""
    scopes = "\n".join(f"| `{scope}` | {meaning} |" for scope, meaning in SCOPES.items())
    operations = "\n".join(f"| `{one.method} {one.path}` | {one.scope} | {one.summary} |" for one in OPERATIONS.all)
    return TEXT.format(scopes=scopes, operations=operations)
