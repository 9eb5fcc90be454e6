"""The model as Python."""
