"""The model: what was declared, with every name and form computed once."""
