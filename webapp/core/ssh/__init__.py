"""SSH: keypairs, host keys, connections, and pairing with other machines."""
