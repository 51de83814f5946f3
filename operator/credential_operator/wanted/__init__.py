"""What a resource asks for: its references, its values, the Secrets it leads to. Pure."""
