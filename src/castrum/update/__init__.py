"""``castrum update``."""
