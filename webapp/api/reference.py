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
- Each answer with a credential has an `ETag`. `PUT` needs it in `If-Match`: a version that somebody changed meanwhile is not written over (412). Without the header nothing is written (428).
- A check answers with 200 whatever it finds; `state` says how the credential is.

## What went wrong

Every refusal is `application/problem+json` (RFC 9457): `detail` is a sentence for people, `errors` holds a sentence for each field. 401 means no good token, 403 a scope that is missing, 404 that it is not there, 409 that the name is taken, 422 that a value cannot work, 503 that the store is locked or a provider is out of reach.
"""


def page() -> str:
    """Return the page as Markdown."""
    scopes = "\n".join(f"| `{scope}` | {meaning} |" for scope, meaning in SCOPES.items())
    operations = "\n".join(f"| `{one.method} {one.path}` | {one.scope} | {one.summary} |" for one in OPERATIONS.all)
    return TEXT.format(scopes=scopes, operations=operations)
