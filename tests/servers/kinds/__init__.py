"""One module per kind of server: how it is set up and started, and what a person would type to reach it."""
