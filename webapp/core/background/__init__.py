"""Work that goes on beside requests: jobs that a person follows, and upkeep when it is due."""
