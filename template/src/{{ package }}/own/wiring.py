"""What the service is made of beyond its domain, and what is replaced in it."""

from ..wiring import Wiring


class OwnWiring(Wiring):
    """Override a part to replace it; add others, what operations get of them, what is opened, and background work."""
