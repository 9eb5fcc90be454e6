"""Where copier gets the domain from, and when a recorded one is stale."""

from pathlib import Path
from typing import Any

import pytest
from copier.errors import UserMessageError

from extensions.language.yaml_reader import YamlError, load_yaml
from extensions.pipeline import build_model, domain_error, project_domain, sample_domain
from extensions.pipeline.reading import domain_text, yaml_line

DOMAIN = {"context": "shop", "aggregates": {"Order": {"number": "string(20)"}}}
TEXT = "context: shop\naggregates:\n  Order:\n    number: string(20)  # its number\n"


@pytest.fixture
def conf(tmp_path: Path) -> dict[str, Any]:
    return {"dst_path": tmp_path, "data": {}, "answers_file": None}


def _write(conf: dict[str, Any], text: str) -> None:
    (conf["dst_path"] / "domain.yaml").write_text(text, encoding="utf-8")


def test_without_a_file(conf: dict[str, Any]) -> None:
    assert project_domain(conf) is None
    assert domain_error(DOMAIN, conf) == ""


def test_file_is_read(conf: dict[str, Any]) -> None:
    _write(conf, TEXT)
    assert project_domain(conf) == DOMAIN
    assert domain_error(DOMAIN, conf) == ""


def test_changed_file_is_read_again(conf: dict[str, Any]) -> None:
    _write(conf, TEXT)
    project_domain(conf)
    _write(conf, TEXT.replace("shop", "store"))
    assert project_domain(conf)["context"] == "store"


def test_stale_answer(conf: dict[str, Any]) -> None:
    _write(conf, TEXT)
    assert "source of the domain model" in domain_error({**DOMAIN, "context": "store"}, conf)


def test_invalid_file_is_not_stale(conf: dict[str, Any]) -> None:
    """The strict check is the model's: a validator that fails makes copier take the default."""
    _write(conf, "context: shop\n")
    assert domain_error({"context": "shop"}, conf) == ""
    with pytest.raises(UserMessageError, match="aggregates: is missing"):
        build_model(project_domain(conf))


def test_typed_answer_is_checked(conf: dict[str, Any]) -> None:
    assert "aggregates: is missing" in domain_error({"context": "shop"}, conf)


def test_recorded_answer_is_not_checked(conf: dict[str, Any]) -> None:
    (conf["dst_path"] / ".copier-answers.yml").touch()
    assert domain_error({"context": "shop"}, conf) == ""


def test_answer_given_as_data_is_not_checked(conf: dict[str, Any]) -> None:
    conf["data"] = {"domain": {}}
    assert domain_error({"context": "shop"}, conf) == ""


def test_broken_file(conf: dict[str, Any]) -> None:
    _write(conf, "context: [\n")
    with pytest.raises(UserMessageError, match=r"domain\.yaml is not valid:\n  - domain\.yaml:2:1: "):
        project_domain(conf)
    assert domain_error(DOMAIN, conf) == "domain.yaml cannot be read"


def test_folder_instead_of_a_file(conf: dict[str, Any]) -> None:
    (conf["dst_path"] / "domain.yaml").mkdir()
    with pytest.raises(UserMessageError, match="cannot be read"):
        project_domain(conf)


def test_all_problems_are_in_the_message() -> None:
    with pytest.raises(UserMessageError) as caught:
        build_model({"context": "Shop", "aggregates": {"Order": {"total": "mony"}}})
    assert caught.value.message.splitlines() == [
        "The domain model has 2 problems:",
        "  - context: 'Shop' is not a lower-case name of at most 40 characters; expected one such as ordering",
        "  - aggregates.Order.total: unknown type 'mony'; did you mean 'money'?",
    ]


def test_keys_that_are_no_text() -> None:
    """`--data-file` is read by copier as YAML 1.1, where `on` is a boolean."""
    with pytest.raises(UserMessageError, match=r"aggregates\.Order: the key true is the boolean true to YAML"):
        build_model({"context": "shop", "aggregates": {"Order": {True: "datetime?", "number": "string(20)"}}})


def test_sample_is_valid_and_keeps_its_comments() -> None:
    model = build_model(sample_domain())
    assert [aggregate["name"] for aggregate in model["aggregates"]] == ["Customer", "Order"]
    assert "# entities that live and die with the order" in domain_text(sample_domain())


def test_written_domain_reads_back() -> None:
    shared = {"number": "string(20)", "on": "date?"}
    domain = {"context": "shop", "description": "„x“ \u2028 \x85 🙂", "aggregates": {"A": shared, "B": shared}}
    assert load_yaml(domain_text(domain).encode()) == domain
    assert load_yaml(yaml_line(domain).encode()) == domain
    assert "\n" not in yaml_line(domain)


@pytest.mark.parametrize("word", ["on", "off", "yes", "no", "y", "n", "2026-01-01", "1:30"])
def test_words_stay_words(word: str) -> None:
    assert load_yaml(f"{word}: {word}\n".encode()) == {word: word}


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfea",
        b"a: \x00",
        b"a: &x [*x, *x",
        b"[" * 5000,
        b"a: " * 300,
        b"- " * 3000,
        b"x: " + b"y" * 600_000,
        b"a: !!int x",
        b"a: !!set {b}\n? [c]\n: d",
        b"? {a: b}\n: c",
    ],
)
def test_hostile_files_are_refused(content: bytes) -> None:
    with pytest.raises(YamlError):
        load_yaml(content)


def test_aliases_do_not_explode() -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40))]
    with pytest.raises(YamlError):
        load_yaml("\n".join(lines).encode())


def test_byte_order_mark() -> None:
    assert load_yaml(b"\xef\xbb\xbfcontext: shop\n") == {"context": "shop"}
