"""Requests of clients that would also speak another protocol, such as Java's, which offers HTTP/2 (h2c) each time.

They are answered as if they had not said so (RFC 9110, 7.8). The parser takes the head of such a request for the whole
of it; if a body follows, another parser reads on.
"""

from collections.abc import Iterable
from typing import Any

import httptools

FRAMING = frozenset({b"content-length", b"transfer-encoding"})


def parser_of_body(connection: Any, framing: Iterable[tuple[bytes, bytes]]) -> httptools.HttpRequestParser:
    """What reads a body with this framing, and all that the connection sends later.

    The end of an empty body is told before the answer.
    """
    listener = _Listener(connection)
    parser = httptools.HttpRequestParser(listener)
    parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it
    parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n" % b"".join(b"%b: %b\r\n" % pair for pair in framing))
    listener.hears = True
    return parser


class _Listener:
    """Hands on to the connection what a parser finds, but for the head that it knows already."""

    def __init__(self, connection: Any) -> None:
        self.hears = False
        self.on_body = connection.on_body
        self.on_message_complete = connection.on_message_complete
        self._connection = connection

    def on_message_begin(self) -> None:
        if self.hears:
            self._connection.on_message_begin()

    def on_url(self, url: bytes) -> None:
        if self.hears:
            self._connection.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.hears:
            self._connection.on_header(name, value)

    def on_headers_complete(self) -> None:
        if self.hears:
            self._connection.on_headers_complete()
