"""A TrueNAS on loopback that keeps state: users, services, SSH settings, accounts. Both framings, with and without TLS.

Written from the documented wire formats; nothing of the shipped client is used here.
"""

from servers.truenas.server import FakeTrueNAS
from servers.truenas.state import Account, State, User

__all__ = ["Account", "FakeTrueNAS", "State", "User"]
