"""Artefacts that are made from the model: a package each, which no other one reads."""
