"""The small modules: kernel, ids, clock, health check, and the start of the process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from time import sleep
from typing import Any

import pytest
from ordering import __main__ as process
from ordering.kernel import Caller, DomainError, Money, RuleViolated, TransitionRefused
from ordering.platform import new_id, now, server


def test_money_is_a_value() -> None:
    assert Money(Decimal("1.50"), "EUR") == Money(Decimal("1.5"), "EUR") != Money(Decimal("1.5"), "USD")


def test_the_claims_of_a_caller_stay_out_of_logs() -> None:
    assert "ann@example.com" not in repr(Caller("ann", frozenset({"orders.read"}), {"email": "ann@example.com"}))


def test_refusals_speak_for_themselves() -> None:
    rule = RuleViolated("too many", field="lines")
    assert (str(rule), rule.field) == ("too many", "lines")
    transition = TransitionRefused("ship", "DRAFT")
    assert str(transition) == "'ship' is not possible in state DRAFT"
    assert (transition.action, transition.state) == ("ship", "DRAFT")
    assert isinstance(rule, DomainError)
    assert isinstance(transition, DomainError)


def test_ids_are_ordered_by_time() -> None:
    ids = []
    for _ in range(3):
        ids.append(new_id())
        sleep(0.002)
    assert ids == sorted(ids)
    assert {each.version for each in ids} == {7}


def test_the_clock_is_in_utc() -> None:
    assert now().tzinfo is UTC
    assert now() - now() <= timedelta(0)


@contextmanager
def answering(status: int) -> Iterator[int]:
    """A server that answers /livez with this status; the value is its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/livez" else 404)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_health_check_asks_livez(status: int, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(status) as port:
        monkeypatch.setenv("PORT", str(port))
        assert process.healthcheck() == code
    assert process.healthcheck() == 1


def test_the_process_serves_the_application(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db/shop")
    monkeypatch.setenv("AUTH_ISSUER", "https://id.example.com")
    monkeypatch.setenv("AUTH_AUDIENCE", "shop")
    served: list[tuple[Any, Any]] = []
    monkeypatch.setattr(server, "serve", lambda app, settings: served.append((app, settings)))
    process.main()
    [(app, settings)] = served
    assert app.title
    assert settings.auth_audience == "shop"
