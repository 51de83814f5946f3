"""The Kubernetes operator of Backup Credentials: `BackupCredential` resources become Secrets."""
