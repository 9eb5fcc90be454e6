import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from ordering.platform import logs
from ordering.platform.http import Operations, Reply
from web import THING_ID, Web

ONE = f"/things/{THING_ID}"


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, put back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


async def test_every_request_leaves_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    web = Web(log_level="INFO")
    response = await web.get(ONE)
    await web.get("/things/ann@example.com?name=ann")
    await web.get("/nothing/ann@example.com")
    await web.post("/things", json={"name": "broken"})
    await asyncio.sleep(2 * logs.FLUSH_AFTER_S)
    output = capsys.readouterr().out
    assert "ann" not in output
    first, malformed, unknown, broken = lines(output)
    assert first["logger"] == "access"
    assert first["level"] == "INFO"
    assert first["http.request.method"] == "GET"
    assert first["http.response.status_code"] == 200
    assert first["http.route"] == "/things/{thing_id}"
    assert first["url.path"] == ONE
    assert first["request_id"] == response.headers["request-id"]
    assert [first["trace_id"], first["span_id"]] == response.headers["traceparent"].split("-")[1:3]
    assert first["duration_ms"] > 0
    assert malformed["http.response.status_code"] == 400
    assert "url.path" not in malformed
    assert unknown["http.response.status_code"] == 404
    assert "http.route" not in unknown
    assert broken["level"] == "ERROR"


async def test_lines_are_written_in_batches(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(logs, "FLUSH_LINES", 3)
    monkeypatch.setattr(logs, "FLUSH_AFTER_S", 60)
    web = Web(log_level="INFO")
    for count in 0, 0, 3, 0:
        await web.get(ONE)
        assert len(lines(capsys.readouterr().out)) == count


async def test_a_line_waits_for_others_only_so_long(capsys: pytest.CaptureFixture[str]) -> None:
    web = Web(log_level="INFO")
    for _ in range(2):
        await web.get(ONE)
        await asyncio.sleep(2 * logs.FLUSH_AFTER_S)
        assert len(lines(capsys.readouterr().out)) == 1


async def test_what_the_service_logs_knows_its_request(
    root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    router = Operations("things", tag="Things")

    @router.get("/log", operation_id="get_log")
    async def get_log() -> Reply:
        logging.getLogger("service").info("hello %s", "world")
        logging.getLogger("service").debug("not this")
        return Reply(204)

    logs.configure("INFO")
    response = await Web(routers=[router]).get("/log")
    [line] = lines(capsys.readouterr().out)
    assert line["message"] == "hello world"
    assert line["logger"] == "service"
    assert line["level"] == "INFO"
    assert line["request_id"] == response.headers["request-id"]
    assert line["timestamp"].endswith("Z")


def test_an_exception_is_one_line(root: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO")

    def broken() -> None:
        raise RuntimeError("broken")

    try:
        broken()
    except RuntimeError:
        logging.getLogger("service").exception("sorry")
    [line] = lines(capsys.readouterr().out)
    assert "RuntimeError: broken" in line["exception"]
    assert "request_id" not in line
