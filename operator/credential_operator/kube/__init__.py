"""Access to the API server: sign-in, requests, watches, events, the lease."""
