"""SSH: keypairs, host keys, connections, and how they are set up and tested."""
