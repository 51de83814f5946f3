"""OAuth: logging in at providers with the person's own app, and keeping the tokens alive."""
