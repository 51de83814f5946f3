"""Makes the cluster fit what the resources ask for."""
