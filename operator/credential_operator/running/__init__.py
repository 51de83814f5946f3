"""The running program: settings, access, health, metrics, logs."""
