"""The domain language and the model that every template reads.

`reading` loads and compares `domain.yaml`, `language` parses it, `fieldtypes` is the type table, `model` computes the
names and forms, `schema` describes the language to editors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import naming
from .reading import build_model, domain_error, domain_text, problems_of, project_domain, sample_domain, yaml_line
from .schema import language_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

GLOBALS: Mapping[str, Callable[..., Any]] = {
    "project_domain": project_domain,
    "domain_error": domain_error,
    "sample_domain": sample_domain,
    "language_schema": language_schema,
}
FILTERS: Mapping[str, Callable[..., Any]] = {
    "build_model": build_model,
    "yaml_line": yaml_line,
    "domain_text": domain_text,
    "snake": naming.snake,
    "kebab": naming.kebab,
    "pascal": naming.pascal,
    "words": naming.words,
}

__all__ = ["FILTERS", "GLOBALS", "build_model", "domain_error", "problems_of", "project_domain", "sample_domain"]
