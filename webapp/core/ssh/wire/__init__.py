"""What goes over the wire: sessions, the scan for host keys, tests, and putting a public key on a server."""
