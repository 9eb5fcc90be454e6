"""Three-way merges: of a tree, of a text, of its units, of values."""
