"""More clients than a server can answer: keep-alive connections, each with one request under way at a time.

It is a process of its own, and takes jobs as `client` does. A client that is refused with 503 waits as long as
`Retry-After` says, or, if it is rude, sends the next request at once. One whose connection is closed opens another.
"""

import json
import select
import sys
from heapq import heappop, heappush
from time import perf_counter
from typing import Any

from .client import Connection

REFUSED = 503
POLL_S = 0.05


class Crowd:
    """The clients, and what they were answered with since it counts."""

    def __init__(self, port: int, messages: list[list[bytes]], *, patience_s: float, polite: bool) -> None:
        self._port = port
        self._messages = messages
        self._patience_s = patience_s
        self._polite = polite
        self._poll = select.epoll()
        self._clients: dict[int, tuple[int, Connection]] = {}
        self._resting: list[tuple[float, int]] = []
        self._counts = False
        self.statuses: dict[int, int] = {}
        self.durations: list[float] = []
        self.late = 0
        self.cut = 0

    def come(self) -> None:
        """Open all connections."""
        for number in range(len(self._messages)):
            self._open(number)

    def load(self, warm_up: float, seconds: float) -> None:
        """Send requests for a while, and count the answers that come after the warm-up."""
        begun = perf_counter()
        until = begun + warm_up + seconds
        for _, client in self._clients.values():
            client.send()
        while (now := perf_counter()) < until:
            if not self._counts and now >= begun + warm_up:
                self._counts = True
                print(flush=True)
            while self._resting and self._resting[0][0] <= now:
                self._send(heappop(self._resting)[1])
            for handle, _ in self._poll.poll(POLL_S):
                self._take(handle)

    def go(self) -> None:
        """Close all connections."""
        self._poll.close()
        for _, client in self._clients.values():
            client.socket.close()

    def _open(self, number: int) -> int:
        client = Connection(self._port, self._messages[number])
        handle = client.socket.fileno()
        self._clients[handle] = number, client
        self._poll.register(handle, select.EPOLLIN)
        return handle

    def _take(self, handle: int) -> None:
        number, client = self._clients[handle]
        try:
            status = client.receive()
        except OSError:
            self._reopen(handle, number)
            return
        if not status:
            return
        now = perf_counter()
        if self._counts:
            taken = now - client.sent
            self.statuses[status] = self.statuses.get(status, 0) + 1
            if status != REFUSED:
                self.durations.append(taken)
                self.late += taken > self._patience_s
        if status == REFUSED and self._polite:
            heappush(self._resting, (now + client.retry_after_s, handle))
        else:
            self._send(handle)

    def _send(self, handle: int) -> None:
        number, client = self._clients[handle]
        try:
            client.send()
        except OSError:
            self._reopen(handle, number)

    def _reopen(self, handle: int, number: int) -> None:
        """Go on with another connection; its first request is sent when it is open."""
        self.cut += self._counts
        self._clients.pop(handle)[1].socket.close()
        self._send(self._open(number))


def run(job: dict[str, Any]) -> dict[str, Any]:
    """What a crowd was answered with."""
    requests = [request.encode() for request in job["requests"]]
    messages = [[requests[number % len(requests)]] for number in range(job["connections"])]
    crowd = Crowd(job["port"], messages, patience_s=job["patience_s"], polite=job["polite"])
    crowd.come()
    crowd.load(job["warm_up"], job["seconds"])
    crowd.go()
    durations = sorted(crowd.durations) or [0.0]
    return {
        "statuses": crowd.statuses,
        "late": crowd.late,
        "cut": crowd.cut,
        "p50": durations[len(durations) // 2],
        "p99": durations[len(durations) * 99 // 100],
    }


def main() -> None:
    """Serve jobs until standard input ends."""
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
