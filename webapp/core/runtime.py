"""Puts the parts together: one store, one pool of rclone daemons, the use cases, the background work.

Whatever a command does not need is never started: `list` opens the store and no daemon.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from webapp.core.service import REFRESHED_BY, CredentialService
from webapp.core.ssh.choosing import private_key
from webapp.core.store import KeyRing, Store, open_store

if TYPE_CHECKING:
    from webapp.core.background.jobs import Jobs
    from webapp.core.background.upkeep import Upkeep
    from webapp.core.cluster.manifest import Copies
    from webapp.core.cluster.publishing import Publishing
    from webapp.core.formats.service import FormatService
    from webapp.core.oauth.keepalive import KeepAlive
    from webapp.core.oauth.refresh import TokenDoor
    from webapp.core.oauth.service import LoginService
    from webapp.core.sealing import Sealing
    from webapp.core.ssh.service import SshService
    from webapp.core.verification.checks import Checks
    from webapp.core.verification.schedule import Reverification


class Options(Protocol):
    """What the parts want to know; the settings of the web app have it all."""

    @property
    def data_dir(self) -> Path:
        """Folder for the database and the secret seed when nothing else is named."""
        ...

    @property
    def database(self) -> str:
        """Address of the database; empty for SQLite in the data folder."""
        ...

    @property
    def seed(self) -> str:
        """The secret seed itself; empty when it stands in a file."""
        ...

    @property
    def seed_file(self) -> Path | None:
        """The file with the secret seed; none for the one in the data folder."""
        ...

    @property
    def pool_size(self) -> int:
        """How many rclone daemons are kept ready."""
        ...

    @property
    def backup_folder(self) -> Path | None:
        """Folder for backups; none for the one in the data folder."""
        ...

    @property
    def backup_hours(self) -> float:
        """Hours between two scheduled backups; 0 for none."""
        ...

    @property
    def backup_keep(self) -> int:
        """How many scheduled backups are kept."""
        ...

    @property
    def audit_days(self) -> float:
        """Days for which the audit is kept; 0 for ever."""
        ...

    @property
    def reverify_hours(self) -> float:
        """Hours between two background checks of a credential; 0 for none."""
        ...


class Runtime:
    """Everything a running app shares.

    Args:
        options: Where things are and how many of them.
        niceness: How much less than this process checks get of a busy machine, from 0 to 19 (nice(2)).

    Raises:
        PermanentError: The database or the seed cannot be used; the sentence says why.
    """

    def __init__(self, options: Options, *, niceness: int = 0) -> None:
        self.options, self._niceness = options, niceness
        options.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.store: Store = open_store(database_address(options), key_ring(options))
        self.service = CredentialService(self.store, lambda: self.checks)

    @cached_property
    def checks(self) -> Checks:
        """The running checks; the first call starts the pool of daemons."""
        from webapp.core.oauth.refresh import TokenDoor  # noqa: PLC0415  a list of names needs no network code
        from webapp.core.verification.checks import Checks  # noqa: PLC0415
        from webapp.core.verification.daemons import DaemonPool  # noqa: PLC0415
        from webapp.core.verification.verifier import Verifier  # noqa: PLC0415

        self._pool = DaemonPool(self.options.pool_size, niceness=self._niceness)
        self._pool.start()
        tokens = TokenDoor(self.store, by=REFRESHED_BY)
        return Checks(Verifier(self._pool, tokens=tokens, private_key=self._private_key))

    @cached_property
    def ssh(self) -> SshService:
        """The use cases of SSH keypairs and connections."""
        from webapp.core.ssh.service import SshService  # noqa: PLC0415  a list of names needs no SSH

        return SshService(self.store)

    def _private_key(self, reference: str) -> str:
        return private_key(self.store.ssh, reference)

    @cached_property
    def formats(self) -> FormatService:
        """Hands stored credentials to tools in their own shapes."""
        from webapp.core.formats.service import FormatService  # noqa: PLC0415  a list of names needs no formats

        return FormatService(self.store, lambda: self.token_door, self._private_key)

    @cached_property
    def publishing(self) -> Publishing:
        """Offers stored credentials to namespaces."""
        from webapp.core.cluster.publishing import Publishing  # noqa: PLC0415  a list of names needs no cluster

        return Publishing(self.store)

    @cached_property
    def copies(self) -> Copies:
        """Copies stored credentials out as resources with sealed secrets."""
        from webapp.core.cluster.manifest import Copies  # noqa: PLC0415  a list of names needs no cluster

        return Copies(self.store, self.sealing, self._private_key)

    @cached_property
    def sealing(self) -> Sealing:
        """Seals values for resources, and opens them."""
        from webapp.core.sealing import Sealing  # noqa: PLC0415  a list of names needs no sealing

        return Sealing(self.store.sealing, self.store.locks)

    @property
    def token_door(self) -> TokenDoor:
        """The one door to a usable access token."""
        from webapp.core.oauth.refresh import TokenDoor  # noqa: PLC0415

        return TokenDoor(self.store, by=REFRESHED_BY)

    @cached_property
    def logins(self) -> LoginService:
        """Leads through log-ins at providers."""
        from webapp.core.oauth.service import LoginService  # noqa: PLC0415  a list of names needs no network code

        return LoginService(self.store)

    @cached_property
    def _keep_alive(self) -> KeepAlive:
        from webapp.core.oauth.keepalive import KeepAlive  # noqa: PLC0415

        return KeepAlive(self.store, self.token_door)

    @cached_property
    def _reverification(self) -> Reverification:
        from webapp.core.verification.schedule import Reverification  # noqa: PLC0415

        return Reverification(self.store, self.service.verify_stored, self.options.reverify_hours * 3600)

    @property
    def backup_folder(self) -> Path:
        """Where backups are kept."""
        return self.options.backup_folder or self.options.data_dir / "backups"

    @cached_property
    def upkeep(self) -> Upkeep:
        """Looks after keys, scheduled backups and the audit, once started."""
        from webapp.core.background.upkeep import Upkeep  # noqa: PLC0415

        known = self.options
        return Upkeep(self.store, self.backup_folder, known.backup_hours, known.backup_keep, known.audit_days)

    @cached_property
    def jobs(self) -> Jobs:
        """Backups and restores that run for someone who looks on."""
        from webapp.core.background.jobs import Jobs  # noqa: PLC0415  a list of names needs no jobs

        return Jobs(self.store.release)

    @cached_property
    def _retests(self) -> Reverification:
        from webapp.core.verification.schedule import Reverification  # noqa: PLC0415

        seconds, connections = self.options.reverify_hours * 3600, self.store.ssh.connections
        return Reverification(
            self.store, self.ssh.connections.test_stored, seconds, records=connections, lease="ssh-retests"
        )

    def start(self) -> None:
        """Start what runs beside the pages: the pool and the background checks."""
        _ = self.checks
        self._keep_alive.start()
        self.upkeep.start()
        if self.options.reverify_hours:
            self._reverification.start()
            self._retests.start()

    def stop(self) -> None:
        """Stop the background work, end every daemon and close the store."""
        if "jobs" in self.__dict__:
            self.jobs.stop()
        if "upkeep" in self.__dict__:
            self.upkeep.stop()
        if "_keep_alive" in self.__dict__:
            self._keep_alive.stop()
        if "_reverification" in self.__dict__:
            self._reverification.stop()
        if "_retests" in self.__dict__:
            self._retests.stop()
        if "checks" in self.__dict__:
            self.checks.stop()
            self._pool.stop()
        if "ssh" in self.__dict__:
            self.ssh.stop()
        self.store.close()


def database_address(options: Options) -> str:
    """Return the database's URL: the one that was named, or a file in the data folder."""
    return options.database or f"sqlite:///{(options.data_dir / 'backup-credentials.db').absolute()}"


def key_ring(options: Options) -> KeyRing:
    """Return the key ring from the environment or from the seed file, made by the store when nothing needs one yet."""
    if options.seed:
        return KeyRing.from_text(options.seed)
    return KeyRing.from_file(options.seed_file or options.data_dir / "secret-seed.json", create=True)
