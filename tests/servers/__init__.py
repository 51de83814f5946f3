"""Real servers on loopback, started at most once per test run and shared between its worker processes."""
