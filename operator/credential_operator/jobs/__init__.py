"""Short jobs in a cluster that the chart starts; they speak to the API server through the official client."""
