"""The command line: `backup-credentials`, one module per group of commands.

Nothing heavy is imported before a command needs it, so that help and lists are quick.
"""

from webapp.commands.cluster.crd import crd
from webapp.commands.cluster.jobs import make_seed_secret_command, try_operator_command
from webapp.commands.cluster.operator_command import operator_command
from webapp.commands.cluster.publishing import manifest, publications, publish, withdraw
from webapp.commands.cluster.sealing import seal
from webapp.commands.completion import completion
from webapp.commands.credentials.exec_command import exec_command
from webapp.commands.credentials.export import export
from webapp.commands.credentials.importing import import_command
from webapp.commands.credentials.login import login
from webapp.commands.credentials.stored import add, change, delete, list_credentials, rename, show
from webapp.commands.credentials.verify import verify
from webapp.commands.group import CommandLine
from webapp.commands.health import health
from webapp.commands.reference import docs
from webapp.commands.serve import serve
from webapp.commands.ssh import keypair, ssh
from webapp.commands.store.audit import audit
from webapp.commands.store.backup import backup, restore
from webapp.commands.store.seed import rotate_key, seed
from webapp.commands.tokens import token

main = CommandLine(
    name="backup-credentials",
    help="Keeps the credentials that backups run on and checks that they work.",
    epilog="Exit codes: 0 fine, 1 no, 2 wrong usage. Secrets are never given as arguments: `add`, `change` and "
    "`verify` read a JSON object of values on standard input.",
    commands=(
        serve,
        add,
        list_credentials,
        show,
        change,
        rename,
        verify,
        login,
        export,
        exec_command,
        import_command,
        delete,
        keypair,
        ssh,
        publish,
        withdraw,
        publications,
        manifest,
        seal,
        backup,
        restore,
        seed,
        rotate_key,
        audit,
        token,
        operator_command,
        crd,
        try_operator_command,
        make_seed_secret_command,
        health,
        completion,
        docs,
    ),
)
"""The entry point of the console script."""
