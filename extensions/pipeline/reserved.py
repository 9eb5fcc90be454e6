"""The names that the targets have taken, as the model is checked against them."""

from __future__ import annotations

from typing import Final

from ..model.reserved import Reserved
from ..targets.openapi import names as path_names
from ..targets.postgres import names as sql_names
from ..targets.postgres.links import link_table_name
from ..targets.postgres.tables import column_names, table_name
from ..targets.python import names as python_names

RESERVED: Final = Reserved(
    classes=python_names.RESERVED_CLASSES,
    borrowed_classes=python_names.BORROWED_CLASSES,
    aggregate_suffixes=("Create", "Patch", "View", "Page", "Query", "Service", "Repository"),
    lifecycle_suffixes=("Status", "StatusInput"),
    part_suffixes=("Create", "Input", "View"),
    command_suffixes=("Input",),
    enum_suffixes=("Input",),  # the values that clients may send
    beside_enums=("Row",),
    longest_class=50,
    longest_class_of_default=70,  # with a default of 40 letters, a longer one cannot be broken into lines of 120
    longest_column=sql_names.LONGEST_COLUMN,
    type_suffixes=("Input", "Patch", "View", "Mapper"),
    tables=sql_names.RESERVED_TABLES,
    paths=path_names.RESERVED_PATHS,
    parameters=frozenset({"cursor", "limit", "sort"}),
    is_of_module=python_names.is_of_module,
    folder=python_names.module_name,
    table=table_name,
    link_table=link_table_name,
    columns=column_names,
)
