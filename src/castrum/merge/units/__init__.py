"""Texts as trees of the units that they are made of: sections, definitions, targets, entries, items."""
