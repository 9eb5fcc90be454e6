"""The names that Python, its tools and the generated code own, and how names of the domain give way to them."""

from __future__ import annotations

import builtins
import keyword
import re
from itertools import count
from typing import TYPE_CHECKING

from ...text import naming

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST_VARIABLE = 16
_MEMBER = re.compile("[A-Z][A-Z0-9_]*")

PYTHON_WORDS = frozenset(keyword.kwlist) | frozenset(keyword.softkwlist)
BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_"))
ANNOTATIONS = frozenset({"date", "datetime", "decimal", "enum", "field", "msgspec", "re", "time", "typing", "uuid"})
"""Names that generated classes use in annotations and defaults: a class attribute of that name would hide them."""
PYDANTIC_ATTRIBUTES = frozenset(
    """
    construct copy dict from_orm json parse_file parse_obj parse_raw schema schema_json update_forward_refs validate
    """.split()
)
CLASS_METHODS = frozenset({"mro", "register"})
"""What every class of pydantic has by its metaclass."""
OWN_NAMES = frozenset({"self", "cls", "apply", "of", "to_domain", "touch"})
"""Methods of the generated classes, and their first parameters."""
VARIABLES = frozenset(
    """
    after at before body call caller change claim connection create cursor database event events field found
    if_match if_none_match index key limit msgspec new new_id none_match not_found now once operations part
    patch position query replace reply repository request restore result revise row rows sa selection self service
    update values version view visible
    """.split()
)
"""Parameters, variables and imported functions of the generated modules."""
BESIDE_VARIABLES = frozenset({"each", "merged", "kept", "outcome", "store_claim", "text", "where"})
"""The same, as far as only functions with a variable for an aggregate have them: actions may be called so."""
METHODS = frozenset({"created_at", "datetime", "id", "list_page", "modified_at", "router", "store", "text", "visible"})
"""Attributes, functions and annotations beside which the methods of actions stand."""

RESERVED_MODULES = frozenset(
    """
    alembic api app behaviour castrum conftest contract deletion_behaviour dev docs domain item_object_behaviour
    kernel key_behaviour lifecycle_behaviour link_behaviour list_behaviour migrations own platform rule_behaviour
    settings src stores test test_contract test_database test_platform test_settings test_statements tests
    value_object_behaviour value_objects wiring worker
    """.split()
)
WINDOWS_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})
IGNORED_FOLDERS = frozenset({"tags", "rcs", "cvs"})
"""Folders that `filecmp`, and so copier, never compares: files in them would survive their removal."""
TOOLS_FOLDERS = frozenset({"build", "dist", "node_modules", "venv"})
"""Folders that git, Ruff or pytest pass over, as made by tools."""
NO_FOLDERS = WINDOWS_DEVICES | IGNORED_FOLDERS | TOOLS_FOLDERS

RESERVED_CLASSES = frozenset(
    """
    Annotated Any ClassVar Date DateTime Decimal DecimalText DomainError EXAMPLES Enum False FieldError IfMatch
    IfNoneMatch Int32 Int64 JsonObject JsonValue KeyTaken Literal Money MoneyIn NonNegativeMoneyIn None NotNull Problem
    ProblemError RuleViolated Self StrEnum Struct TransitionRefused True TrueFalse UTC UUID Uuid
    """.split()
) | frozenset(name for name in BUILTINS if name[0].isupper())

BORROWED_CLASSES = frozenset(
    """
    Api Asked Behaviour Body Call Caller Claim Column Condition Database Day DELETE DeletionBehaviour Digits Double
    DoubleText E164 EachOnce Email Field FIND INSERT INSERT_WITHOUT_KEY ItemObjectBehaviour KeyBehaviour
    LifecycleBehaviour Line LinkBehaviour ListBehaviour LOAD Mapping MoneyObject MoneyView NotFound Once Operations
    PAGE PageParameters PageQuery Patch Protocol Record Reply RuleBehaviour SELECT Several Sort SortBehaviour Text
    TimeOfDay Timestamp UPDATE Url ValueObjectBehaviour Whole
    """.split()
)
"""What the modules beside a model import or define: there, an aggregate or a part goes by another name."""

CLASSES_OF_AN_AGGREGATE = frozenset(
    """
    Change Columns Create Operations Page Patch Query Reader Repository Row Selection Service Store UseCases View
    """.split()
)
"""What the classes of an aggregate's modules are called after its own name."""


def python_name(name: str) -> str:
    """The name as a Python attribute, parameter or variable: `class` → `class_`, `json` → `json_`, `l` → `l_`."""
    taken = (
        name == "l" or name in PYTHON_WORDS or name in BUILTINS or name in ANNOTATIONS or name in PYDANTIC_ATTRIBUTES
    )
    return f"{name}_" if taken or name in OWN_NAMES or name.startswith("model_") else name


def attribute_name(name: str) -> str:
    """The name as an attribute of the generated classes: `class` → `class_`, `register` → `register_`."""
    return f"{name}_" if name in CLASS_METHODS else python_name(name)


def variable_name(name: str) -> str:
    """The name as a variable that stands for one aggregate or part; of a long name it is the last word."""
    if len(name) > LONGEST_VARIABLE:
        name = name.rpartition("_")[2]
    if len(name) > LONGEST_VARIABLE:
        name = "subject"
    return f"{name}_" if name in VARIABLES or name in BESIDE_VARIABLES else python_name(name)


def method_name(name: str) -> str:
    """The name as a method: only keywords and what every aggregate or its modules have already give way."""
    if name == "assert":
        return "assert_it"  # `assert_` is taken for unittest's by linters
    taken = name in PYTHON_WORDS or name in OWN_NAMES or name in PYDANTIC_ATTRIBUTES or name in VARIABLES
    return f"{name}_" if taken or name in METHODS else name


def member_names(words: Sequence[str]) -> list[str]:
    """The words of an enum as names of its members: `IN_TRANSIT` stays, `in transit` → `IN_TRANSIT`, `18+` → `N18`."""
    found: list[str] = []
    for word in words:
        name = word
        if not _MEMBER.fullmatch(word):
            spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", naming.plain(word))
            name = re.sub(r"[^A-Za-z0-9]+", "_", spaced).strip("_").upper() or "WORD"
            name = f"N{name}" if name[0].isdigit() else name
        taken = next(number for number in count(1) if (f"{name}_{number}" if number > 1 else name) not in found)
        found.append(f"{name}_{taken}" if taken > 1 else name)
    return found


def entity_name(name: str) -> str:
    """The class of an aggregate or a part in the modules beside its model: `Claim` → `ClaimModel`."""
    return f"{name}Model" if name in BORROWED_CLASSES else name


def is_of_module(name: str, aggregate: str) -> bool:
    """Whether the modules of the aggregate have a class of that name, beside its model: `NewOrder`, `OrderStore`."""
    return name == f"New{aggregate}" or name.removeprefix(aggregate) in CLASSES_OF_AN_AGGREGATE


def module_name(name: str) -> str:
    """The name as a package folder, on every file system: `platform` → `platform_`, `build` → `build_`."""
    taken = name in RESERVED_MODULES or name in NO_FOLDERS or name in PYTHON_WORDS
    return f"{name}_" if taken else name
