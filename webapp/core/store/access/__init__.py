"""Who may come in: accounts, their sessions, and tokens of the API."""
