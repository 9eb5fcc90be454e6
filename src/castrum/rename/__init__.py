"""Names that are others than before, followed in files and in code."""
