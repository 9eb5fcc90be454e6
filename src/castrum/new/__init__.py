"""``castrum new``."""
