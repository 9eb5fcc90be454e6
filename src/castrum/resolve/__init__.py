"""``castrum resolve``."""
