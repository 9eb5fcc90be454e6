"""Jinja extension of the template: the domain language and the documents derived from it."""
