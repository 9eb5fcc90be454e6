"""Deletions that take along or empty what refers to the resource, where the domain has some."""

from ..contributions import Capability

CAPABILITY = Capability("model.code.has_on_delete", answer=True)
