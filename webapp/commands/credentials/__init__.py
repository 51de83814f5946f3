"""Commands on stored credentials."""
