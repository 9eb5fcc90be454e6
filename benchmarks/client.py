"""A load generator: keep-alive connections on one thread, each with one request under way at a time.

It is a process of its own, so that its work can be told from the server's. It reads jobs from standard input, one JSON
object a line, and answers each with a line. Requests are sent as they are; only the place holder for a number that is
never the same is filled in. Parsing is as little as it takes to know that an answer is complete.
"""

import json
import select
import socket
import sys
from http.client import HTTPResponse
from itertools import count
from time import perf_counter, time
from typing import Any

NUMBER = b"@@@@@@@@@@@@"
CHUNK = 1 << 18

_numbers = count(int(time() * 1000) % 10**11)


class Connection:
    """One connection with the requests that it sends in turns."""

    def __init__(self, port: int, messages: list[bytes]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent = 0.0
        self.retry_after_s = 0.0
        self._messages = messages
        self._next = 0
        self._received = b""
        self._length = 0

    def send(self) -> None:
        """Send the next request."""
        message = filled(self._messages[self._next % len(self._messages)])
        self._next += 1
        self.sent = perf_counter()
        self.socket.sendall(message)

    def receive(self) -> int:
        """The status of an answer that has arrived; 0 until it is complete. Raises ConnectionError."""
        data = self.socket.recv(CHUNK)
        if not data:
            raise ConnectionError("the server closed the connection")
        received = self._received = self._received + data if self._received else data
        if not self._length:
            end = received.find(b"\r\n\r\n")
            if end < 0:
                return 0
            head = received[:end].lower()
            at = head.find(b"\r\ncontent-length:")
            length = int(head[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            self._length = end + 4 + length
            if (at := head.find(b"\r\nretry-after:")) >= 0:
                self.retry_after_s = float(head[at + 14 :].split(b"\r\n", 1)[0])
        if len(received) < self._length:
            return 0
        self._received, self._length = b"", 0
        return int(received[9:12])


def filled(message: bytes) -> bytes:
    """The request with a number that is never the same, if it has a place for one."""
    return message.replace(NUMBER, b"%012d" % next(_numbers)) if NUMBER in message else message


def ask(port: int, message: bytes) -> tuple[int, bytes]:
    """The status and the body that one request is answered with, as it is."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(message)
        with HTTPResponse(connection) as answer:
            answer.begin()
            return answer.status, answer.read()


def run(port: int, seconds: float, messages: list[list[bytes]], expected: int) -> dict[str, Any]:
    """Load the server for a while; `messages` are the requests of each connection."""
    connections = {each.socket.fileno(): each for each in (Connection(port, own) for own in messages)}
    poll = select.epoll()
    durations: list[float] = []
    unexpected: dict[int, int] = {}
    begun = perf_counter()
    for number, connection in connections.items():
        poll.register(number, select.EPOLLIN)
        connection.send()
    open_requests = len(connections)
    until = begun + seconds
    while open_requests:
        for number, _ in poll.poll():
            connection = connections[number]
            status = connection.receive()
            if not status:
                continue
            now = perf_counter()
            durations.append(now - connection.sent)
            if status != expected:
                unexpected[status] = unexpected.get(status, 0) + 1
            if now < until:
                connection.send()
            else:
                open_requests -= 1
    elapsed = perf_counter() - begun
    poll.close()
    for connection in connections.values():
        connection.socket.close()
    durations.sort()
    return {
        "requests": len(durations),
        "seconds": elapsed,
        "p50": durations[len(durations) // 2],
        "p99": durations[len(durations) * 99 // 100],
        "unexpected": unexpected,
    }


def main() -> None:
    """Serve jobs until standard input ends."""
    for line in sys.stdin:
        job = json.loads(line)
        messages = [[message.encode() for message in own] for own in job["messages"]]
        try:
            done = run(job["port"], job["seconds"], messages, job["expected"])
        except OSError as error:
            done = {"failure": str(error)}
        print(json.dumps(done), flush=True)


if __name__ == "__main__":
    main()
