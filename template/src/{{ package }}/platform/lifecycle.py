"""Whether the service takes new requests."""


class Lifecycle:
    """Becomes `draining` when the process is asked to end, and stays so: what is under way ends, nothing begins."""

    def __init__(self) -> None:
        self.draining = False

    def drain(self) -> None:
        """Take no new requests."""
        self.draining = True
