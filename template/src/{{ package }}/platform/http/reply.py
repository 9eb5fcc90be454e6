"""What operations answer with."""

import msgspec

from ...kernel import CHANGED, CREATED, Outcome

_encode = msgspec.json.Encoder().encode

NO_CONTENT = frozenset({204, 304})


class Reply:
    """An answer: a status, its content (encoded once), the version behind its ETag, and where the resource is."""

    __slots__ = ("_body", "content", "location", "status", "version")

    def __init__(
        self,
        status: int = 200,
        content: msgspec.Struct | None = None,
        *,
        version: int | None = None,
        location: str | None = None,
    ) -> None:
        self.status = status
        self.content = content
        self.version = version
        self.location = location
        self._body: bytes | None = None

    @classmethod
    def not_modified(cls, version: int) -> "Reply":
        """304: the client has this version already."""
        return cls(304, version=version)

    @classmethod
    def stored(cls, status: int, version: int | None, location: str | None, body: bytes) -> "Reply":
        """An answer given before, byte for byte."""
        reply = cls(status, version=version, location=location)
        reply._body = body
        return reply

    @classmethod
    def of(cls, outcome: Outcome) -> "Reply":
        """What a call came to, for the first time or repeated."""
        kind, resource, version, snapshot = outcome
        if kind == CREATED:
            return cls.stored(201, version, f"/{resource}", snapshot)
        if kind == CHANGED:
            return cls.stored(200, version, None, snapshot)
        return cls.stored(int(kind), version, resource, snapshot)

    def outcome(self, resource: str | None = None) -> Outcome:
        """What `of` makes this reply from; `resource` is the path of what it shows, if not its location.

        Where it says more than that something was created or changed, its status is the kind, and its location goes
        along as it is.
        """
        kind, name = str(self.status), resource if self.location is None else self.location
        if self.status == 201 and self.location is not None and self.location.startswith("/"):
            kind, name = CREATED, self.location[1:]
        elif self.status == 200 and self.location is None:
            kind, name = CHANGED, None if resource is None else resource.removeprefix("/")
        return Outcome(kind, name, self.version, self.body)

    @property
    def body(self) -> bytes:
        """The content as JSON; empty if there is none."""
        body = self._body
        if body is None:
            body = self._body = b"" if self.content is None else _encode(self.content)
        return body

    def headers(self) -> list[tuple[bytes, bytes]]:
        """The headers that describe the content."""
        headers: list[tuple[bytes, bytes]] = []
        if self.status not in NO_CONTENT:
            body = self.body
            headers.append((b"content-length", b"%d" % len(body)))
            if body:
                headers.append((b"content-type", b"application/json"))
        if self.version is not None:
            headers.append((b"etag", b'"%d"' % self.version))
            headers.append((b"cache-control", b"private, no-cache"))
        if self.location is not None:
            headers.append((b"location", self.location.encode("latin-1")))
        return headers
