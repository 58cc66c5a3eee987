"""What happens in a sandbox, and who is told."""
