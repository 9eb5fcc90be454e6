"""Imports that follow what a release has put elsewhere, and what a release may say of moves."""

import ast
from typing import Any

import pytest
from packaging.version import Version

from extensions.moves import releases
from extensions.moves.imports import Module, Places, rewritten

PLACES = Places(
    modules={
        "shop.platform.edge": "shop.platform.http.middleware",
        "shop.old": "shop.new",
        "shop.old.inner": "shop.new.inner",
        "tests.helpers": "tests.support.helpers",
        "shop.platform.web": "shop.platform.web.handlers",
    },
    names={
        "shop.platform.web.Body": "shop.platform.web.Body",
        "shop.kernel.Money": "shop.shared.money.Money",
        "shop.about": "shop",
        "shop.platform.edge.Edge": "shop.platform.http.middleware.Pipeline",
        "dev.git": "dev",
        "dev.git.text": "dev.git_text",
    },
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import os\n", "import os\n"),
        ("from shop.platform.edge import LIMIT\n", "from shop.platform.http.middleware import LIMIT\n"),
        ("from shop.platform import edge\n", "from shop.platform.http import middleware as edge\n"),
        ("from shop.platform import edge as e, clock\n",
         "from shop.platform.http import middleware as e\nfrom shop.platform import clock\n"),
        ("from ..platform.edge import LIMIT, other\n", "from ..platform.http.middleware import LIMIT, other\n"),
        ("from ..platform import edge\n", "from ..platform.http import middleware as edge\n"),
        ("from shop.platform.edge import Edge\n", "from shop.platform.http.middleware import Pipeline as Edge\n"),
        ("from shop.platform.edge import Edge as E\n", "from shop.platform.http.middleware import Pipeline as E\n"),
        ("from shop.kernel import (\n    Caller,  # who\n    Money,\n)\n",
         "# who\nfrom shop.kernel import Caller\nfrom shop.shared.money import Money\n"),
        ("def f():\n    from shop.kernel import Caller, Money  # late\n",
         "def f():\n    from shop.kernel import Caller\n    from shop.shared.money import Money  # late\n"),
        ("from shop.platform.edge import *\n", "from shop.platform.http.middleware import *\n"),
        ("from shop.platform.edge import (  # all\n    a,\n    b,  # one\n)\n",
         "from shop.platform.http.middleware import (  # all\n    a,\n    b,  # one\n)\n"),
        ("import shop.platform.edge\n\nshop.platform.edge.go(shop.platform.clock)\n",
         "import shop.platform.http.middleware\n\nshop.platform.http.middleware.go(shop.platform.clock)\n"),
        ("import shop.platform.edge as e\n\ne.Edge(e.LIMIT)\n",
         "import shop.platform.http.middleware as e\n\ne.Pipeline(e.LIMIT)\n"),
        ("from shop import kernel\n\nx = kernel.Money(1, kernel.Caller)\n",
         "from shop import kernel\nfrom shop.shared import money\n\nx = money.Money(1, kernel.Caller)\n"),
        ("from shop import kernel\n\nmoney = kernel.Money\n",
         "from shop import kernel\nfrom shop.shared import money as money_\n\nmoney = money_.Money\n"),
        ("import shop.kernel\n\nshop.kernel.Money(1)\n",
         "import shop.kernel\nimport shop.shared.money\n\nshop.shared.money.Money(1)\n"),
        ("from shop import kernel\n\n\ndef f(kernel):\n    kernel.Money()\n",
         "from shop import kernel\n\n\ndef f(kernel):\n    kernel.Money()\n"),
        ('m.setattr("shop.platform.edge.Edge", 1, "shop.platform")\n',
         'm.setattr("shop.platform.http.middleware.Pipeline", 1, "shop.platform")\n'),
        ('"""See shop.platform.edge."""\nx = f"{y}shop.platform.edge"\n',
         '"""See shop.platform.edge."""\nx = f"{y}shop.platform.edge"\n'),
        ("import shop.old.inner, os\n", "import shop.new.inner, os\n"),
        ("from shop.old.inner.deep import x\n", "from shop.new.inner.deep import x\n"),
        ("x = 1; from shop.kernel import Caller, Money; y = 2\n",
         "x = 1; from shop.kernel import Caller; from shop.shared.money import Money; y = 2\n"),
        ("from ...... import x\n", "from ...... import x\n"),
        ("from shop.kernel import Money\r\nx = 1\r\n", "from shop.shared.money import Money\r\nx = 1\r\n"),
        ("\ufefffrom shop.kernel import Money\n", "\ufefffrom shop.shared.money import Money\n"),
        ("ä = 'ü'; from shop.kernel import Money as ö\n", "ä = 'ü'; from shop.shared.money import Money as ö\n"),
        ("from ..platform.web import Body, Reply\n",
         "from ..platform.web import Body\nfrom ..platform.web.handlers import Reply\n"),
        ("import shop.platform.web\n\nx = shop.platform.web.Body | shop.platform.web.Reply\n",
         "import shop.platform.web.handlers\n\nx = shop.platform.web.Body | shop.platform.web.handlers.Reply\n"),
        ("from ..about import TITLE, VERSION\n", "from .. import TITLE, VERSION\n"),
        ("from .. import about, kernel\n\nx = about.TITLE\n",
         "import shop as about\nfrom .. import kernel\n\nx = about.TITLE\n"),
        ("import shop.about\n\nx = shop.about.TITLE\n", "import shop\n\nx = shop.TITLE\n"),
        ("from dev import git\n\nx = git.text('a'), git.ROOT\n",
         "import dev as git\n\nx = git.git_text('a'), git.ROOT\n"),
        ("from dev import ROOT, git\n", "from dev import ROOT\nimport dev as git\n"),
        ("from dev.git import raw, text\n", "from dev import raw, git_text as text\n"),
        ("import dev.git\n\nx = dev.git.text('a')\n", "import dev\n\nx = dev.git_text('a')\n"),
        ("from dev import git as g\n\ngit = g.text\n", "import dev as g\n\ngit = g.git_text\n"),
        ("this is no Python\n", "this is no Python\n"),
        ("from shop.kernel import Money\n<<<<<<< yours\n", "from shop.kernel import Money\n<<<<<<< yours\n"),
    ],
)  # fmt: skip
def test_imports_follow(before: str, after: str) -> None:
    found = rewritten(before.encode(), Module("shop.order.service", "shop.order.service"), PLACES).decode()
    assert found == after
    again = rewritten(found.encode(), Module("shop.order.service", "shop.order.service"), PLACES).decode()
    assert again == found, "nothing is left to do"
    if "Python" not in before and "<<<" not in before:
        ast.parse(found.encode())


def test_only_names_that_lead_nowhere_are_old() -> None:
    assert PLACES.old() == [
        "shop.platform.edge",
        "shop.old",
        "shop.old.inner",
        "tests.helpers",
        "shop.kernel.Money",
        "shop.about",
        "shop.platform.edge.Edge",
        "dev.git",
        "dev.git.text",
    ]


def test_a_name_that_stays_is_used_where_its_module_was() -> None:
    before = b"from shop.platform import web\n\nx = web.Body | web.Reply | web.Body\n"
    service = Module("shop.order.service", "shop.order.service")
    assert rewritten(before, service, PLACES).decode() == (
        "from shop.platform.web import handlers as web\nfrom shop.platform import web as web_\n\n"
        "x = web_.Body | web.Reply | web_.Body\n"
    )


def test_relative_imports_of_a_module_that_is_elsewhere() -> None:
    edge = Module("shop.platform.edge", "shop.platform.http.middleware")
    found = rewritten(b"from .clock import now\nfrom . import ids, edge\nfrom ..kernel import Money\n", edge, PLACES)
    assert found == (
        b"from shop.platform.clock import now\nfrom shop.platform import ids\n"
        b"from . import middleware as edge\nfrom shop.shared.money import Money\n"
    )
    inner = Module("shop.old.inner", "shop.new.inner")
    assert rewritten(b"from .other import x\n", inner, PLACES) == b"from .other import x\n"
    package = Module("shop.old", "shop.new", is_package=True)
    assert rewritten(b"from .inner import x\nfrom ..up import y\n", package, PLACES) == (
        b"from .inner import x\nfrom ..up import y\n"
    )


MADE = [
    "src/shop/__main__.py",
    "src/shop/platform/edge.py",
    "src/shop/platform/old/__init__.py",
    "src/shop/order/service.py",
    "src/shop/order/routes.py",
    "src/shop/own/app.py",
    "tests/order/test_model.py",
]


def step(**said: Any) -> releases.Step:
    return releases.Step(releases.release(Version("1.0"), said), MADE)


def test_placeholders_stand_for_what_the_service_has() -> None:
    found = step(
        moves={
            "src/{package}/platform/edge.py": "src/{package}/platform/http/middleware.py",
            "src/{package}/{aggregate}/routes.py": "src/{package}/{aggregate}/http/routes.py",
            "src/{package}/platform/old/": "src/{package}/platform/new/",
            "tests/{aggregate}/": "tests/domain/{aggregate}/",
            "src/{package}/platform/absent.py": "src/{package}/platform/here.py",
        }
    )
    assert found.places == {
        "src/shop/platform/edge.py": "src/shop/platform/http/middleware.py",
        "src/shop/platform/old/__init__.py": "src/shop/platform/new/__init__.py",
        "src/shop/order/routes.py": "src/shop/order/http/routes.py",
        "tests/order/test_model.py": "tests/domain/order/test_model.py",
    }
    assert found.place("tests/order/test_mine.py") == "tests/domain/order/test_mine.py"
    assert found.place("src/shop/own/routes.py") == "src/shop/own/routes.py"
    text = b"from shop.platform.old.deep import x\nfrom tests.order.test_mine import y\nfrom shop.order import routes\n"
    assert found.content("src/shop/own/app.py", text) == (
        b"from shop.platform.new.deep import x\nfrom tests.domain.order.test_mine import y\n"
        b"from shop.order.http import routes\n"
    )


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"moves": ["a"]}, "moves: expected a mapping"),
        ({"moves": {"a.py": 1}}, "moves: a.py → 1: 1 is no path"),
        ({"moves": {"/a.py": "b.py"}}, "/a.py is no path"),
        ({"moves": {"../a.py": "b.py"}}, "../a.py is no path"),
        ({"moves": {"src/*/a.py": "b.py"}}, "is no path below the service's folder; placeholders are {package}"),
        ({"moves": {"src/{pakage}/a.py": "b.py"}}, "is no path"),
        ({"moves": {"src/{package}/a.py": "b.py"}}, "both have the same placeholders"),
        ({"moves": {"a/": "b"}}, "a folder has a slash at its end"),
        ({"moves": {"a/": "a/b/"}}, "it has to lead elsewhere"),
        ({"moves": {"a": "a"}}, "it has to lead elsewhere"),
        ({"moves": {"a/": "b/", "c/d": "c/d"}}, "it has to lead elsewhere"),
        ({"imports": {"kernel": "shared"}}, "imports: kernel → shared: kernel is no dotted name"),
        ({"imports": {"{package}.a-b": "{package}.c"}}, "{package}.a-b is no dotted name"),
    ],
)
def test_what_a_release_cannot_say(said: dict[str, Any], problem: str) -> None:
    with pytest.raises(releases.ReleaseError, match=r"^releases/1\.0\.yaml: ") as caught:
        step(**said)
    assert problem in str(caught.value)


def test_releases_are_passed_in_their_order() -> None:
    texts = {
        version: f"moves: {{a{version}.py: b.py}}" for version in ("0.10.0", "0.2.0", "0.9.0", "1.0.0rc1", "README")
    } | {"0.9.1": "changes: []", "0.9.2": ""}
    found = releases.moving(texts, Version("0.2.0"), Version("0.10.0"))
    assert [str(each.version) for each in found] == ["0.9.0", "0.10.0"]
    assert releases.moving(texts, None, Version("1")) == []
