"""How rclone is told about a credential."""
