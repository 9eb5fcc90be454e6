"""From `domain.yaml` to the model that every template reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..language.schema import language_schema
from ..text import naming
from .code import with_code
from .reading import (
    build_model,
    domain_error,
    domain_model,
    domain_text,
    problems_of,
    project_domain,
    sample_domain,
    yaml_line,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def template_model(domain: object, package: str) -> dict[str, Any]:
    """The model of a domain with everything that the templates print; raises UserMessageError with all problems."""
    return with_code(domain_model(domain), package)


GLOBALS: Mapping[str, Callable[..., Any]] = {
    "project_domain": project_domain,
    "domain_error": domain_error,
    "sample_domain": sample_domain,
    "language_schema": language_schema,
}
FILTERS: Mapping[str, Callable[..., Any]] = {
    "template_model": template_model,
    "yaml_line": yaml_line,
    "domain_text": domain_text,
    "snake": naming.snake,
    "kebab": naming.kebab,
    "pascal": naming.pascal,
    "words": naming.words,
}

__all__ = [
    "FILTERS",
    "GLOBALS",
    "build_model",
    "domain_error",
    "domain_model",
    "problems_of",
    "project_domain",
    "sample_domain",
    "template_model",
]
