"""Lists of references, where the domain has some."""

from ..contributions import Capability

CAPABILITY = Capability("model.code.has_links", answer=True)
