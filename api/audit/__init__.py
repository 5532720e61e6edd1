"""What the service itself writes into the audit, and what it tells of it."""
