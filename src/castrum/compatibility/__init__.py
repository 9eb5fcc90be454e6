"""What an update means for those who depend on the service: clients, other contexts, rows in tables."""
