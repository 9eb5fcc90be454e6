"""What the tools need to know of the contract."""

from functools import cache
from typing import Any

import yaml

from . import ROOT

METHODS = ("get", "put", "post", "patch", "delete")


@cache
def scopes() -> tuple[str, ...]:
    """Every scope that an operation of the contract asks for."""
    contract: dict[str, Any] = yaml.safe_load((ROOT / "contract" / "openapi.yaml").read_text())
    operations = [path[method] for path in contract["paths"].values() for method in METHODS if method in path]
    requirements = [*contract.get("security", []), *(one for each in operations for one in each.get("security", []))]
    return tuple(sorted({scope for requirement in requirements for names in requirement.values() for scope in names}))
