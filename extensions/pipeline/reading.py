"""Reading `domain.yaml`, and what copier's questions ask about it.

The answer that copier records is what updates compare; the file in the project wins over it. `domain_error` therefore
only detects that the recorded answer is stale, and everything strict happens in `build_model`, where a failure stops
copier instead of making it fall back to the default.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from copier.errors import UserMessageError

from ..answers.given import ANSWERS_FILE
from ..language.parser import parse
from ..language.source import Finding, Source
from ..language.yaml_reader import YamlError, load_yaml, normalised, read_yaml
from ..model.build import build
from ..model.renames import problems_between
from ..text.problems import Problem, Problems
from .reserved import RESERVED
from .view import view

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..model.domain import Domain

DOMAIN_FILE = "domain.yaml"
LINE = 120
SAMPLE_FILE = Path(__file__).with_name("sample.yaml")


class DomainFileError(UserMessageError):
    """`domain.yaml` cannot be read at all."""


def project_domain(conf: Mapping[str, Any]) -> Any:
    """The domain in the project's `domain.yaml`, or None without one, as in the temporary copies of an update."""
    path = Path(str(conf["dst_path"])).absolute() / DOMAIN_FILE
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DomainFileError(f"{DOMAIN_FILE} cannot be read: {error.strerror}") from None
    domain, source = _read(path, stat.st_mtime_ns, stat.st_size)
    _SOURCES.remember(domain, source)
    return domain


@lru_cache(maxsize=8)
def _read(path: Path, _modified: int, _size: int) -> tuple[Any, Source]:
    try:
        domain, source = read_yaml(path.read_bytes())
        # Nothing in it would mean: no file.
        problems = renames_from(path.parent, domain) if domain and isinstance(domain, dict) else _build(domain)[1]
        found = source.findings(problems)
    except OSError as error:
        raise DomainFileError(f"{DOMAIN_FILE} cannot be read: {error.strerror}") from None
    except YamlError as problem:
        found = problem.found
    if found:
        raise DomainFileError(f"{DOMAIN_FILE} is not valid:\n{_listed(found)}")
    return domain, source


class _Sources:
    """The texts of the domains that were read last, by what they say.

    Copier hands on the data alone, and reads even that anew; what is wrong with it is in the text all the same.
    """

    MOST = 8

    def __init__(self) -> None:
        self._texts: dict[str, Source] = {}

    def remember(self, domain: object, source: Source) -> None:
        key = json.dumps(domain)
        self._texts.pop(key, None)
        self._texts[key] = source
        for oldest in list(self._texts)[: -self.MOST]:
            del self._texts[oldest]

    def findings(self, domain: object, problems: Iterable[Problem]) -> list[Finding]:
        """The problems of the domain with their places, if its text is known."""
        source = self._texts.get(json.dumps(_comparable(domain)))
        return source.findings(problems) if source else [Finding(problem) for problem in problems]


_SOURCES = _Sources()


def _listed(found: Iterable[Finding]) -> str:
    return "\n".join(f"  - {each.said(DOMAIN_FILE)}" for each in found)


def finding(message: str) -> Finding:
    """A problem of the file as a whole."""
    return Finding(Problem("", message))


def findings_in(path: Path) -> list[Finding]:
    """Everything that is wrong with the domain file, in the order of its lines; raises OSError if it is unreadable."""
    try:
        domain, source = read_yaml(path.read_bytes())
    except YamlError as problem:
        return problem.found
    return source.findings(_build(domain)[1] or renames_from(path.parent, domain))


def domain_error(domain: object, conf: Mapping[str, Any]) -> str:
    """Why copier must not use this answer: one line, or nothing.

    A recorded answer that differs from the file is stale, and copier then takes the default, which is the file. The
    content is only checked while a person types it; a recorded one would silently be replaced by the sample.
    """
    try:
        on_disk = project_domain(conf)
    except UserMessageError:
        return f"{DOMAIN_FILE} cannot be read"  # the default reads it again and says why
    if on_disk is not None:
        return (
            ""
            if on_disk == _comparable(domain)
            else f"{DOMAIN_FILE} in the project is the source of the domain model: edit it"
        )
    return "; ".join(problems_of(domain)) if _is_typed(conf) else ""


def _is_typed(conf: Mapping[str, Any]) -> bool:
    """Whether the answer comes from the prompt of a first copy."""
    recorded = Path(str(conf["dst_path"])) / str(conf.get("answers_file") or ANSWERS_FILE)
    return "domain" not in (conf.get("data") or {}) and not recorded.exists()


def _comparable(domain: object) -> Any:
    try:
        return normalised(domain)
    except YamlError:
        return None


def problems_of(domain: object) -> list[str]:
    """Everything that is wrong with a domain; empty when it is valid."""
    return [problem.line for problem in _build(domain)[1]]


def renames_from(project: Path, domain: object) -> list[Problem]:
    """Why the valid domain cannot be reached by one update from the one that the project's answers record."""
    if "renamed_from" not in str(domain):
        return []
    try:
        answers = yaml.safe_load((project / ANSWERS_FILE).read_text(encoding="utf-8"))
        recorded = answers.get("domain") if isinstance(answers, dict) else None
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return []  # no service yet, or one whose answers are somebody else's matter
    if recorded in (None, domain):
        return []
    return _between(recorded, domain)


def renames_between(recorded: object, domain: object, content: bytes = b"") -> list[str]:
    """The same of any two domains, one line each, with its place in the text of the new one."""
    if content:
        _SOURCES.remember(*read_yaml(content))
    return [each.said(DOMAIN_FILE) for each in _SOURCES.findings(domain, _between(recorded, domain))]


def _between(recorded: object, domain: object) -> list[Problem]:
    """What stands in the way; nothing where one of the two is not valid."""
    (old, _), (new, _) = _build(recorded), _build(domain)
    return [] if old is None or new is None else problems_between(old, new, RESERVED)


def build_model(domain: object) -> dict[str, Any]:
    """The model of a domain as templates read it; raises UserMessageError with all problems at once."""
    return view(domain_model(domain))


def domain_model(domain: object) -> Domain:
    """The model of a domain; raises UserMessageError with all problems at once."""
    model, problems = _build(domain)
    if model is None:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise UserMessageError(f"The domain model has {count}:\n{_listed(_SOURCES.findings(domain, problems))}")
    return model


def _build(domain: object) -> tuple[Domain | None, list[Problem]]:
    try:
        key = json.dumps(normalised(domain, keys=False), sort_keys=False)
    except YamlError as problem:
        return None, [each.problem for each in problem.found]
    except (TypeError, ValueError):
        return _check(domain)
    return _cached(key) if _only_text_keys(domain) else _check(domain)


@lru_cache(maxsize=4)
def _cached(key: str) -> tuple[Domain | None, list[Problem]]:
    return _check(json.loads(key))


def _only_text_keys(value: object) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _only_text_keys(inner) for key, inner in value.items())
    return not isinstance(value, list) or all(map(_only_text_keys, value))


def _check(domain: object) -> tuple[Domain | None, list[Problem]]:
    problems = Problems()
    declared = parse(domain, problems)
    return build(declared, RESERVED, problems), problems.found


def yaml_line(domain: object) -> str:
    """The domain as one line of YAML that reads back as the same.

    It is JSON, without the pairs of surrogates that YAML lacks, and with the characters escaped that break a line in
    YAML only.
    """
    text = json.dumps(domain, ensure_ascii=False)
    return re.sub("[\x7f-\x9f\u2028\u2029\ufeff]", lambda match: f"\\u{ord(match[0]):04x}", text)


def domain_text(domain: object) -> str:
    """The domain as `domain.yaml` shows it: the sample keeps its comments, any other is written anew."""
    if _comparable(domain) == sample_domain():
        return SAMPLE_FILE.read_text(encoding="utf-8")
    return yaml.dump(normalised(domain), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=LINE)


class _Dumper(yaml.SafeDumper):
    """Repeats what is used twice, instead of anchors that nobody asked for."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True


@lru_cache(maxsize=1)
def sample_domain() -> Any:
    """The domain that a service starts with when there is no `domain.yaml`."""
    return load_yaml(SAMPLE_FILE.read_bytes())
