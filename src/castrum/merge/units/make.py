"""The units of a Makefile: rules with their recipes, variables, and conditions as a whole."""

import re
from typing import Final

from .model import Order, Part, UnreadableError

RULE: Final = re.compile(r"([^\s:=#][^:=#]*?)\s*(&?::?)(?![:=])(.*)$")
VARIABLE: Final = re.compile(r"(?:(?:export|override|private)\s+)*([\w.-]+)\s*(\?|\+|::?:?|!)?=(.*)$")
OPENS: Final = re.compile(r"(ifeq|ifneq|ifdef|ifndef|define)\b")
CONDITION: Final = re.compile(r"(ifeq|ifneq|ifdef|ifndef|else|endif)\b")
REFERENCE: Final = re.compile(r"\$[({]([\w.-]+)")


def parts(lines: list[str]) -> Part:
    """The unit of the whole text."""
    root = Part("", 0, len(lines), (0, len(lines)), order=Order.CODE)
    at, has_goal = 0, any(re.match(r"\.DEFAULT_GOAL\b", line) for line in lines)
    while at < len(lines):
        if not lines[at].strip() or lines[at].startswith("#"):
            at += 1
            continue
        end = _end(lines, at)
        part = _part(lines, at, end)
        # The first target is what `make` makes.
        is_target = part.key.startswith("rule ") and not part.key.startswith("rule .")
        part.is_entry = part.is_entry and not (is_target and not has_goal)
        has_goal |= is_target
        root.parts.append(part)
        at = end
    return root


def _end(lines: list[str], at: int) -> int:
    """The first line after the unit that begins here."""
    if lines[at].startswith("\t"):
        raise UnreadableError
    if OPENS.match(lines[at].strip()):
        depth = 0
        for number in range(at, len(lines)):
            word = lines[number].strip()
            depth += bool(OPENS.match(word)) - bool(re.match(r"(endif|endef)\b", word))
            if depth == 0:
                return number + 1
        raise UnreadableError
    end = _continued(lines, at)
    if VARIABLE.match(lines[at]) or not RULE.match(lines[at]):
        return end
    last, number, depth, is_apart = end, end, 0, False
    while number < len(lines):
        line = lines[number]
        word = line.strip()
        if line.startswith("\t"):
            number = last = _continued(lines, number)
            is_apart = False
        elif not word or word.startswith("#"):
            number += 1
            is_apart = True
        elif CONDITION.match(word) and not (is_apart and depth == 0):
            # A condition right below a rule is taken for a part of its recipe.
            depth += 1 if word.startswith("if") else -1 if word.startswith("endif") else 0
            number += 1
            last = number
        else:
            break
    return last


def _continued(lines: list[str], at: int) -> int:
    while at < len(lines) and lines[at].endswith("\\"):
        at += 1
    return min(at + 1, len(lines))


def _part(lines: list[str], at: int, end: int) -> Part:
    line = lines[at]
    uses = frozenset(REFERENCE.findall("\n".join(lines[at:end])))
    if (found := VARIABLE.match(line)) and not OPENS.match(line):
        acts = found[2] in {"+", "!"} or "$(shell" in found[3]
        return Part(f"variable {found[1]}", at, end, defines=frozenset({found[1]}), uses=uses, acts=acts)
    if OPENS.match(line.strip()) or not (found := RULE.match(line)):
        return Part("\n".join(lines[at:end]), at, end, is_entry=line.startswith("define"), uses=uses, acts=True)
    targets = found[1].split()
    special = targets[0].startswith(".") and targets[0].isupper()
    key = f"rule {found[1]}" if not special else f"rule {found[1]} {' '.join(found[3].split())}"
    acts = found[2] == "::" or "%" in found[1] or "$" in found[1]
    part = Part(key, at, end, defines=frozenset() if special else frozenset(targets), uses=uses, acts=acts)
    part.is_list, part.stem = special, found[1] if special else ""
    top = _continued(lines, at)
    recipe = [number for number in range(top, end) if lines[number].startswith("\t")]
    if recipe and all(line.startswith("\t") for line in lines[top:end]):
        part.inside = (top, end)
        number = top
        while number < end:
            last = _continued(lines, number)
            text = "\n".join(lines[number:last])
            part.parts.append(Part(text, number, last, is_entry=False))
            number = last
    return part
