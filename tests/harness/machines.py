"""One run of the tests on two machines: the second takes what did not pass on the first. A plugin of pytest."""

from collections.abc import Iterable
from pathlib import Path

import pytest

# What may be skipped on both machines, by the beginning of its reason.
NEEDS_HISTORY = "the releases cannot be compared without the history"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("two machines")
    group.addoption("--passed-to", type=Path, metavar="FILE", help="write the tests that pass into this file")
    group.addoption(
        "--passed-before", type=Path, metavar="FILE", help="leave out the tests that this file names; fail for a skip"
    )


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    first: Path | None = config.getoption("passed_to")
    second: Path | None = config.getoption("passed_before")
    if first is not None:
        config.pluginmanager.register(First(first))
    if second is not None:
        config.pluginmanager.register(Second())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    file: Path | None = config.getoption("passed_before")
    if file is not None:
        passed = set(file.read_text(encoding="utf-8").splitlines())
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid in passed])
        items[:] = [item for item in items if item.nodeid not in passed]


class First:
    """Writes the tests that pass, one a line."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._tests: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            self._tests.append(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        self._file.write_text("".join(f"{name}\n" for name in self._tests), encoding="utf-8")


class Second:
    """Fails the run for a test that passed on neither machine, skipped ones too."""

    def __init__(self) -> None:
        self._open: set[str] = set()

    def pytest_xdist_node_collection_finished(self, ids: Iterable[str]) -> None:
        self._open.update(ids)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        done = report.when == "call" and report.passed
        allowed = report.skipped and NEEDS_HISTORY in str(report.longrepr)
        if done or allowed or report.failed:
            self._open.discard(report.nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._open and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for name in sorted(self._open):
            terminalreporter.write_line(f"passed on neither machine: {name}", red=True)
