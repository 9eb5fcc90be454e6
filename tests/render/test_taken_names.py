"""The names that generated code has taken are found in what is generated, and those of a domain give way to each.

Every name of the domain here has a mark in it, so whatever has none is the template's own.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import rendering

from extensions.targets.openapi.names import RESERVED_PATHS
from extensions.targets.postgres.names import RESERVED_TABLES
from extensions.targets.postgres.tablecode import TABLE_VARIABLES
from extensions.targets.python import names
from extensions.targets.tests.modules import TEST_VARIABLES
from extensions.text import naming
from extensions.types import TABLE

MARK = "zq"
OPTIONAL = ("string", "text", "money", "date", "datetime", "uuid", "email", "url", "json")
TARGETS = {"ref": "ref ZqOther", "refs": "refs ZqOther", "id": "id zqelse.ZqX"}
SAMPLES = {kind: row.sample for kind, row in TABLE.items()} | TARGETS | {"enum": "enum(zq_low, zq_high)"}
FIELDS = {f"zq_{kind}_value": line for kind, line in SAMPLES.items()}
OF_PARTS = {name: line for name, line in FIELDS.items() if name != "zq_refs_value"}
DOMAIN: dict[str, Any] = {
    "context": "zqcontext",
    "aggregates": {
        "ZqThing": {
            "fields": {
                **FIELDS,
                **{f"zq_maybe_{kind}": f"{SAMPLES[kind]}?" for kind in OPTIONAL},
                **{f"zq_{kind}_list": f"list({SAMPLES[kind]}) = []" for kind in ("date", "decimal", "enum")},
                "zq_known": "string(20) unique ignorecase index",
                "zq_coded": {"type": "string(20)", "pattern": "[A-Z]{2}"},
                "zq_hidden": "string(30) secret",
                "zq_done_at": "datetime? readonly",
                "zq_self": "ref ZqThing?",
            },
            "parts": {"zq_lines": {"entity": "ZqLine", "fields": OF_PARTS}},
            "lifecycle": {
                "states": ["zq_open", "zq_done"],
                "actions": {"zq_finish": {"from": "zq_open", "to": "zq_done", "emits": "ZqDone"}},
            },
            "filter": ["zq_int_value", "zq_known", "zq_bool_value", "status"],
            "sort": ["zq_int_value", "zq_known", "modified_at"],
        },
        "ZqOther": {"zq_name": "string(20)"},
    },
    "consumes": {"ZqPaid": {"from": "zqelse", "fields": OF_PARTS, "triggers": "ZqThing.zq_finish"}},
}
DOMAIN["consumes"]["ZqPaid"]["fields"] = {name: line for name, line in OF_PARTS.items() if name != "zq_ref_value"}
ENTITIES = {"ZqThing", "ZqLine", "ZqOther"}
VARIABLES = {naming.snake(entity) for entity in ENTITIES}
PACKAGE = "zqservice"
RESERVED_BY_THE_LANGUAGE = {"id", "version", "created_at", "modified_at", "status", "cursor", "limit", "sort"}
OPERATIONS = {"create", "get", "list", "update", "delete"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rendering.copy_domain(DOMAIN, tmp_path_factory.mktemp("names") / PACKAGE, {"service_name": PACKAGE})


def own(found: set[str]) -> set[str]:
    """Those of the template."""
    return {name for name in found if MARK not in name.lower() and not name.startswith("_")}


def modules(tree: Path) -> dict[str, ast.Module]:
    """Path → syntax tree of the modules of the aggregates, in the package and in its tests."""
    folders = [*tree.glob(f"src/{PACKAGE}/zq_*"), *tree.glob("tests/zq_*")]
    paths = [path for folder in folders for path in sorted(folder.glob("*.py"))]
    assert len(paths) > 20
    return {path.relative_to(tree).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def bound(node: ast.AST) -> set[str]:
    """The names that get a value somewhere in the node: parameters, variables, imports, functions, classes."""
    found = set()
    for each in ast.walk(node):
        match each:
            case ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.ClassDef(name=name) | ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
            case ast.ExceptHandler(name=str(name)):
                found.add(name)
            case ast.alias(name=name, asname=other):
                found.add((other or name).partition(".")[0])
    return found


def read(node: ast.AST) -> set[str]:
    """The names whose value is used somewhere in the node."""
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def functions(tree: ast.AST) -> Iterator[tuple[ast.arguments, ast.Module]]:
    """Parameters and body of each function."""
    for node in ast.walk(tree):
        if isinstance(node, Function):
            yield node.args, ast.Module(node.body, [])


def classes(tree: ast.AST) -> Iterator[ast.ClassDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield node


def test_a_variable_for_an_aggregate_hides_nothing(marked: Path) -> None:
    found: set[str] = set()
    for path, tree in modules(marked).items():
        for parameters, body in functions(tree):
            if VARIABLES & (bound(parameters) | bound(body)):
                inside = bound(parameters) | bound(body) | read(body)
                found |= inside - TEST_VARIABLES if path.startswith("tests/") else inside
    found = own(found)
    assert {"operations", "text", "self"} <= found
    lower = {name for name in found if name.islower()}
    assert {name for name in lower if names.variable_name(name) == name} == set()


def test_an_action_has_no_name_that_its_modules_use(marked: Path) -> None:
    found = set()
    for path, tree in modules(marked).items():
        if path.endswith("/routes.py"):
            found |= read(tree) | bound(ast.Module(imports(tree), []))
        elif path.endswith(("/model.py", "/use_cases.py")):
            for node in classes(tree):
                if "zq_finish" in bound(node):
                    found |= set(attributes(node)) | methods(node) | signatures(node) | of_instances(node)
    found = own(found) - OPERATIONS - RESERVED_BY_THE_LANGUAGE
    assert {"router", "touch", "store", "visible"} <= found
    lower = {name for name in found if name.islower()}
    assert {name for name in lower if names.method_name(name) == name} == set()


def imports(tree: ast.Module) -> list[ast.stmt]:
    return [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]


def attributes(node: ast.ClassDef) -> dict[str, ast.AnnAssign]:
    """The fields of a class."""
    found = (each for each in node.body if isinstance(each, ast.AnnAssign))
    return {each.target.id: each for each in found if isinstance(each.target, ast.Name)}


def methods(node: ast.ClassDef) -> set[str]:
    return {each.name for each in node.body if isinstance(each, Function)}


def of_instances(node: ast.ClassDef) -> set[str]:
    """The attributes that methods give to `self`."""
    found = (each for each in ast.walk(node) if isinstance(each, ast.Attribute))
    return {each.attr for each in found if isinstance(each.ctx, ast.Store) and ast.unparse(each.value) == "self"}


def signatures(node: ast.ClassDef) -> set[str]:
    """The names that are looked up in the body of a class after its fields."""
    found = (each for each in node.body if isinstance(each, Function))
    return set().union(*(read(each.args) | (read(each.returns) if each.returns else set()) for each in found))


def annotations(node: ast.ClassDef) -> set[str]:
    """The names that are looked up in the body of a class for its fields."""
    found = attributes(node).values()
    return set().union(*(read(each.annotation) | (read(each.value) if each.value else set()) for each in found))


def test_a_field_hides_no_annotation_and_no_method(marked: Path) -> None:
    found: set[str] = set()
    for path, tree in modules(marked).items():
        for node in classes(tree):
            if path.startswith("src/") and any(MARK in name for name in attributes(node)):
                first = {parameters.args[0].arg for parameters, _ in functions(node)}
                found |= methods(node) | annotations(node) | signatures(node) | first | set(attributes(node))
    found = own(found) - RESERVED_BY_THE_LANGUAGE
    assert {"date", "touch", "to_domain", "self"} <= found
    lower = {name for name in found if name.islower()}
    assert {name for name in lower if names.attribute_name(name) == name} == set()


def test_an_entity_has_no_name_that_its_modules_use(marked: Path) -> None:
    """In its model it is refused; in the modules beside, it is imported by another one."""
    for path, tree in modules(marked).items():
        found = bound(tree) | read(tree)
        if ENTITIES & found:
            capital = {name for name in own(found) if name[0].isupper()}
            taken = names.RESERVED_CLASSES
            if path.startswith(("src/", "tests/")) and not path.endswith("/model.py"):
                taken |= names.BORROWED_CLASSES
            assert capital - taken == set(), path


def test_an_aggregate_has_no_name_of_a_shared_schema(marked: Path) -> None:
    contract = yaml.safe_load((marked / "contract" / "openapi.yaml").read_text(encoding="utf-8"))
    schemas = own(set(contract["components"]["schemas"]))
    assert {"Problem", "Money"} <= schemas
    assert schemas - names.RESERVED_CLASSES == set()


def test_an_aggregate_has_no_path_of_the_service(marked: Path) -> None:
    contract = yaml.safe_load((marked / "contract" / "openapi.yaml").read_text(encoding="utf-8"))
    platform = (marked / "src" / PACKAGE / "platform").rglob("*.py")
    routes = {
        str(call.args[0].value)
        for path in platform
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant)
        if ast.unparse(call.func).startswith("router.")
    }
    taken = own({path.split("/")[1].replace(".", "-") for path in {*contract["paths"], *routes}})
    assert {"livez", "docs", "problems"} <= taken
    assert taken - RESERVED_PATHS == set()


def test_an_aggregate_has_no_folder_of_the_service(marked: Path) -> None:
    folders = {path.name for path in marked.iterdir() if path.is_dir() and any(path.rglob("*.py"))}
    inside = [path for folder in ("src/" + PACKAGE, "tests") for path in (marked / folder).iterdir()]
    packages = own(folders | {path.stem for path in inside})
    assert {"app", "platform", "conftest", "dev"} <= packages
    assert {name for name in packages if names.module_name(name) == name} == set()


def test_a_table_hides_no_import(marked: Path) -> None:
    tables = {path: tree for path, tree in modules(marked).items() if path.endswith("/table.py")}
    found = set().union(*(bound(tree) | read(tree) for tree in tables.values()))
    assert {name for name in own(found) if name.islower()} == TABLE_VARIABLES


def test_an_aggregate_has_no_table_of_the_service(marked: Path) -> None:
    sources = [*(marked / "migrations").rglob("*.py"), *(marked / "src" / PACKAGE / "platform").rglob("*.py")]
    tables = {
        str(call.args[0].value)
        for path in sources
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant)
        if ast.unparse(call.func) in {"op.create_table", "sa.Table"}
    }
    assert own(tables)
    assert own(tables) - RESERVED_TABLES == set()
