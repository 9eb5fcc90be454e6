# ruff: noqa: E501 - a text of several lines is one of a file here
"""Own files of a team around a rename, and what must have become of them: by the way they are written, not by looking.

In a text `<C>` is the tool's class and has its new name afterwards; `[C]` is the same word of somebody else's, in a
text, a comment or foreign code: it stays, and the line is told.
"""

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

MARK = re.compile(r"<(\w+)>|\[(\w+)\](?!\()")


@dataclass(frozen=True)
class Scenario:
    """A rename: both domains and what each letter stands for before and after."""

    name: str
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    words: Mapping[str, tuple[str, str]]
    service: tuple[str, str] = ("shop", "shop")

    def before(self, text: str) -> str:
        return MARK.sub(lambda match: self._word(match)[0], text)

    def after(self, text: str) -> str:
        return MARK.sub(lambda match: self._word(match)[1 if match[1] else 0], text)

    def left(self, text: str) -> set[int]:
        """The lines in which an old name stays."""
        lines = enumerate(text.splitlines(), 1)
        return {
            number
            for number, line in lines
            for match in MARK.finditer(line)
            if match[2] and len(set(self._word(match))) > 1
        }

    def _word(self, match: re.Match[str]) -> tuple[str, str]:
        name = match[1] or match[2]
        return self.words[name] if name in self.words else (match[0], match[0])


CUSTOMER = {"email": "email unique pii", "name": "string(120) pii"}
LINES = {"lines": {"entity": "OrderLine", "fields": {"sku": "string(40)"}}}


def _order(**changed: Any) -> dict[str, Any]:
    fields = {"number": "string(20) unique", "customer": "ref Customer", "note": "text?"}
    return {"fields": fields, "parts": LINES, "filter": ["customer"], "sort": ["number"]} | changed


def _words(old: str, new: str, fields: tuple[str, str], **others: tuple[str, str]) -> dict[str, tuple[str, str]]:
    """Of an aggregate in snake_case, whose classes are called after it in PascalCase."""
    snakes, pascals = (old, new), tuple("".join(part.capitalize() for part in each.split("_")) for each in (old, new))

    def each(pattern: str, names: tuple[str, ...]) -> tuple[str, str]:
        return pattern.format(names[0]), pattern.format(names[1])

    return {
        "C": each("{}", pascals), "Repo": each("{}Repository", pascals), "Cases": each("{}UseCases", pascals),
        "Create": each("{}Create", pascals), "m": snakes, "v": snakes, "id": each("{}_id", snakes),
        "p": each("{}s", snakes), "f": fields, "pkg": ("shop", "shop"),
    } | others  # fmt: skip


def _domain(**aggregates: Any) -> dict[str, Any]:
    return {"context": "trade", "aggregates": {"Customer": {"fields": CUSTOMER}, **aggregates}}


SAME = ("customer_id", "customer_id")
SCENARIOS = [
    Scenario(
        "aggregate",
        _domain(Order=_order()),
        _domain(Purchase=_order(renamed_from="Order")),
        _words("order", "purchase", SAME),
    ),
    Scenario(
        "reference",
        _domain(Order=_order()),
        _domain(
            Order=_order(
                fields={
                    "number": "string(20) unique",
                    "buyer": {"type": "ref Customer", "renamed_from": "customer"},
                    "note": "text?",
                },
                filter=["buyer"],
            )
        ),
        _words("order", "order", ("customer_id", "buyer_id")),
    ),
    Scenario(
        "both, beside one whose name begins alike",
        _domain(Order=_order(), OrderBook={"fields": {"note": "text?"}}),
        _domain(
            Sale=_order(
                renamed_from="Order",
                fields={
                    "number": "string(20) unique",
                    "customer": "ref Customer",
                    "remark": {"type": "text?", "renamed_from": "note"},
                },
            ),
            OrderBook={"fields": {"note": "text?"}},
        ),
        _words("order", "sale", ("note", "remark")),
    ),
    Scenario(
        "a longer name with an acronym, from an irregular plural",
        _domain(Person={"fields": {"nick": "string(40)", "format": "string(20)?"}}),
        _domain(
            HTTPAgentOfPartner={
                "renamed_from": "Person",
                "fields": {"nick": "string(40)", "layout": {"type": "string(20)?", "renamed_from": "format"}},
            }
        ),
        _words("person", "http_agent_of_partner", ("format_", "layout"))
        | {
            "C": ("Person", "HTTPAgentOfPartner"),
            "Repo": ("PersonRepository", "HTTPAgentOfPartnerRepository"),
            "Cases": ("PersonUseCases", "HTTPAgentOfPartnerUseCases"),
            "Create": ("PersonCreate", "HTTPAgentOfPartnerCreate"),
            "p": ("people", "http-agents-of-partner"),
            "v": ("person", "partner"),
        },
    ),
    Scenario(
        "service",
        _domain(Order=_order()),
        _domain(Order=_order()),
        _words("order", "order", SAME, pkg=("shop", "store")),
        ("shop", "store"),
    ),
]

IMPORT = "from ..<m>.model import <C>\n"
FOREIGN = "\n\ndef legacy_{n}([id]: str, [f]: int) -> object:\n    return Foreign{n}([id]=[id], [f]=[f])\n"
PARTS = {
    "typed": "\n\ndef typed_{n}(one: <C>) -> object:\n    return one.<f>, one.id\n",
    "text": '\n\ndef text_{n}(one: <C>) -> object:\n    return f"{{one.<f>}} of [v]"\n',
    "address": '\n\nURL_{n} = "https://billing.example.com/[p]"\nSQL_{n} = "SELECT [f] FROM [p] WHERE x = 1"\n',
    "own variable": "\n\ndef own_{n}() -> int:\n    [v] = {n}\n    return [v]\n",
    "unknown": "\n\ndef unknown_{n}(thing, other):\n    return thing.[f] + other.[v] + thing.call([id]=1)\n",
    "getattr": '\n\ndef by_name_{n}(one: <C>) -> object:\n    return getattr(one, "[f]")\n',
    "type in a text": '\n\ndef later_{n}(one: "<C>", many: "list[<C>]") -> object:\n    return [one.<f>, many[0].<f>]\n',
    "copy": "\n\ndef copy_{n}(one: <C>) -> <C>:\n    other = dataclasses.replace(one, <f>=one.<f>)\n    return other\n",
    "match": "\n\ndef matched_{n}(one: object) -> object:\n    match one:\n        case <C>(<f>=found):\n            return found\n    return None\n",
    "comment": '\n\ndef said_{n}() -> None:\n    """Of [v] and [C], by [id]."""\n    # a [C], not every [v]\n',
    "loop": "\n\ndef loop_{n}(many: list[<C>]) -> object:\n    for each in many:\n        print(each.<f>)\n    return [one.<f> for one in many]\n",
    "optional": "\n\ndef maybe_{n}(one: <C> | None) -> object:\n    return one and one.<f>\n",
    "own class": "\n\nclass Own{n}:\n    [f]: int = 0\n\n\ndef of_own_{n}(own: Own{n}) -> int:\n    return own.[f]\n",
    "keys": '\n\nKEYS_{n} = {{"[f]": 1, "[v]": dict([f]=2)}}\n',
    "inner": "\n\ndef outer_{n}(one: <C>) -> object:\n    def inner(one):\n        return one.[f]\n\n    return inner, one.<f>\n",
    "lambda": "\n\nsort_{n} = lambda [v]: [v].[f]\n",
    "letters": "\n\nübers_{n} = 1\nÄrger_{n} = 'nobody'\n",
    "assigned": "\n\ndef assigned_{n}(one: <C>) -> object:\n    two = one\n    three, four = two, 4\n    three.<f> = four\n    return three\n",
    "two kinds": "\n\ndef either_{n}(one: <C>, flag):\n    if flag:\n        two = one\n    else:\n        two = flag\n    return two.[f]\n",
    "decorated": "\n\n@noted(<C>, [f]=1)\ndef decorated_{n}() -> None:\n    pass\n",
    "patched": '\n\ndef patched_{n}(monkeypatch) -> None:\n    monkeypatch.setattr("[pkg].[m].service", 1)\n',
    "isolated": "\n\nclass Kept{n}(<C>):\n    def shown(self) -> object:\n        return self.<f>\n\n\ndef kept_{n}(one: Kept{n}) -> object:\n    return one.<f>, one.shown()\n",
}
HEAD = '"""Ours: [v]."""\n\nimport dataclasses\n\n'
WHOLE = {
    "foreign": '"""Foreign."""\n\nfrom stripe import [C] as Foreign{n}\n' + FOREIGN,
    "aliased": '"""Ours."""\n\nfrom ..<m>.model import <C> as Mine{n}\n\n\ndef mine_{n}(one: Mine{n}) -> object:\n    return one.<f>\n',
    "absolute": '"""Ours."""\n\nimport <pkg>.<m>.model\nfrom <pkg>.<m>.model import <C>\n\n\ndef both_{n}(one: <C>, two: <pkg>.<m>.model.<C>) -> object:\n    return one.<f>, two.<f>\n',
    "module": '"""Ours."""\n\nfrom .. import <m> as package\nfrom ..<m> import model, repository\n\n\ndef load_{n}(one: model.<C>, store: repository.<Repo>) -> object:\n    return store.find(<id>=one.id), package.model.<C>\n',
    "as a module": '"""Ours."""\n\nimport <pkg>.<m>.model as o\n\n\ndef new_{n}(one: o.<C>) -> object:\n    return one.<f>, o.<C>\n',
    "star": '"""Ours."""\n\nfrom ..<m>.model import *\n\n\ndef star_{n}(one: <C>) -> object:\n    return one.<f>\n',
    "while checked": '"""Ours."""\n\nfrom typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from ..<m>.model import <C>\n\n\ndef checked_{n}(one: "<C>") -> object:\n    return one.<f>\n',
    "awaited": '"""Ours."""\n\nfrom ..<m>.repository import <Repo>\n\n\nasync def awaited_{n}(store: <Repo>) -> object:\n    found = await store.load(<id>=None)\n    return found.<f>\n',
    "override": '"""Ours."""\n\nfrom ..<m>.model import <C>\nfrom ..<m>.use_cases import <Cases>\n\n\nclass Ours{n}(<Cases>):\n    async def create(self, <v>: <C>, caller: object) -> None:\n        # every [v]\n        print(<v>.<f>)\n        await super().create(<v>, caller)\n\n\nasync def called_{n}(ours: Ours{n}, one: <C>) -> None:\n    await ours.create(<v>=one, caller=None)\n',
    "in a function": '"""Ours."""\n\n\ndef inside_{n}() -> object:\n    from ..<m>.model import <C>\n\n    return <C>\n\n\ndef outside_{n}([C]: int) -> int:\n    return [C]\n',
    "hidden": '"""Ours."""\n\nfrom ..<m>.model import <C>\n\n\ndef hidden_{n}(one: <C>, many: list) -> object:\n    return [one.[f] for one in many], one.<f>\n',
}
EXPORTS = {
    "api_{n}.py": '"""Ours."""\n\nfrom ..<m>.model import <C>\n\n__all__ = ["<C>"]\n',
    "of_api_{n}.py": '"""Ours."""\n\nfrom .api_{n} import <C>\n\n\ndef of_api_{n}(one: <C>) -> object:\n    return one.<f>\n',
}
OTHERS = {
    "docs/ours_{n}.md": "# Ours\n\nThe [v] of a [C], at `/[p]` of {n}, by `[id]`.\n\nNothing here.\n",
    "own_{n}.yaml": "path: /[p]\nkeys: [a, b]\nfield: [f]\nnote_: none\n",
    "own_{n}.mk": "ours_{n}: ## Ours\n\t@curl localhost:8000/[p]?x=[f]\n\t@echo done\n",
    "migrations/report_{n}.sql": "SELECT [f], 1 FROM [p];\n-- by [id]\n",
}


@dataclass
class Work:
    """What a team has written: path → marked text, and where each file is after the rename."""

    texts: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)


def work(seed: int, scenario: Scenario) -> Work:
    """Some files of one's own, in and beside the folders that are renamed."""
    choose = random.Random(seed)
    done = Work()
    numbers = iter(range(100))

    def put(name: str, text: str, *, package: bool = True) -> None:
        folder = choose.choice(["src/<pkg>/own", "src/<pkg>/<m>", "src/<pkg>/extra"]) if package else ""
        path = f"{folder}/{name}" if folder else name
        if folder.endswith("extra"):  # a package of the team's own, which moves with the service's alone
            done.texts.setdefault("src/<pkg>/extra/__init__.py", "")
        done.texts[path] = text

    for _ in range(choose.randint(1, 3)):
        number = next(numbers)
        kinds = choose.sample(sorted(PARTS), choose.randint(3, 7))
        body = "".join(PARTS[kind].format(n=number) for kind in kinds)
        put(f"some_{number}.py", HEAD + IMPORT + body)
    for kind in choose.sample(sorted(WHOLE), choose.randint(2, 4)):
        number = next(numbers)
        put(f"whole_{number}.py", WHOLE[kind].replace("{n}", str(number)))
    if choose.random() < 0.5:
        number = next(numbers)
        folder = choose.choice(["own", "<m>"])
        for name, text in EXPORTS.items():
            done.texts[f"src/<pkg>/{folder}/{name.format(n=number)}"] = text.replace("{n}", str(number))
    for name in choose.sample(sorted(OTHERS), choose.randint(1, 3)):
        number = next(numbers)
        put(name.replace("{n}", str(number)), OTHERS[name].replace("{n}", str(number)), package=False)
    return done


def told(said: str) -> Iterator[tuple[str, int]]:
    """The places that the report lists as left."""
    section = said.partition("Old names that are left, for you to judge:\n")[2]
    for line in takewhile(lambda line: line.startswith("  "), section.splitlines()):
        path, numbers, _ = line.strip().split(":", 2)
        for run in numbers.split(","):
            first, _, last = run.partition("-")
            yield from ((path, number) for number in range(int(first), int(last or first) + 1))
