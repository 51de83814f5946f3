"""`keypair` and `ssh`: SSH keypairs and connections on the command line."""

from webapp.commands.ssh.connections import ssh
from webapp.commands.ssh.keypairs import keypair
from webapp.commands.ssh.pairing import pair as _pair
from webapp.commands.ssh.pairing import pair_truenas as _pair_truenas

__all__ = ["keypair", "ssh"]

ssh.add_command(_pair)
ssh.add_command(_pair_truenas)
