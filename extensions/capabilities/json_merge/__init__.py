"""Patches that merge into free JSON, where the domain has some."""

from ..contributions import Capability

CAPABILITY = Capability("model.code.has_json", answer=True)
