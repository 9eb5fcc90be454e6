"""The words and limits of the domain language, as the parser checks them and editors complete them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .declarations import Policy

MOST_AGGREGATES = 200
MOST_FIELDS = 100
MOST_TYPES = 50
MOST_FIELDS_OF_A_TYPE = 30
MOST_COLUMNS = 500
"""Of a table, with those of its value objects."""
MOST_PARTS = 1000
MOST_IN_KEY = 8
MOST_RULES = 9
"""Of an aggregate or a part: each is a branch of one function."""
MOST_IN_RULE = 8
MOST_IN_SORT = 4
"""Fields that a list is ordered by together."""
LONGEST_DESCRIPTION = 1000

TOP_KEYS = ("context", "description", "types", "aggregates", "consumes")
TYPE_KEYS = ("description", "fields")
AGGREGATE_KEYS = (
    "description",
    "plural",
    "renamed_from",
    "fields",
    "parts",
    "lifecycle",
    "unique",
    "rules",
    "filter",
    "sort",
    "order",
    "search",
)
FIELD_KEYS = (
    "type",
    "description",
    "optional",
    "unique",
    "ignorecase",
    "index",
    "readonly",
    "pii",
    "secret",
    "on_delete",
    "default",
    "computed",
    "example",
    "pattern",
    "min",
    "max",
    "renamed_from",
)
POLICIES: tuple[Policy, ...] = ("restrict", "cascade", "clear")
"""What becomes of a reference when what it refers to is deleted; the first unless another one is said."""
FLAGS = ("unique", "ignorecase", "index", "readonly", "pii", "secret")
PART_KEYS = ("entity", "min", "max", "fields", "unique", "rules", "description")
LIFECYCLE_KEYS = ("initial", "states", "actions")
ACTION_KEYS = ("from", "to", "internal", "emits", "input", "sets", "clears", "resource", "description")
COMPARISONS = ("<", "<=", ">", ">=", "!=")
"""How a rule compares two fields."""
FOLDS = ("sum", "count", "min", "max")
"""What a computed field may make of all items of a part."""
MOST_IN_FORMULA = 40
"""Words and signs of a computed field."""
ASKED = ("any", "from", "to", "prefix", "absent")
"""How a list can be asked for a field, beside its value."""
SEARCH_KEYS = ("fields", "language")
LANGUAGES = (
    "simple",
    "arabic",
    "armenian",
    "basque",
    "catalan",
    "danish",
    "dutch",
    "english",
    "finnish",
    "french",
    "german",
    "greek",
    "hindi",
    "hungarian",
    "indonesian",
    "irish",
    "italian",
    "lithuanian",
    "nepali",
    "norwegian",
    "portuguese",
    "romanian",
    "russian",
    "serbian",
    "spanish",
    "swedish",
    "tamil",
    "turkish",
    "yiddish",
)
"""Those whose words PostgreSQL knows in all their forms; the first one takes them as they are written."""
MOST_IN_SEARCH = 8
"""Fields that are searched together."""
CONSUMED_KEYS = ("from", "fields", "triggers", "description")
RESERVED_FIELDS = ("id", "version", "created_at", "modified_at")
OPERATIONS = ("create", "get", "list", "update", "delete")
