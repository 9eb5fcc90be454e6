"""What an update means for other contexts: for those that send events to the service, and those that get its own."""

from collections.abc import Mapping

from .contract import Json, takes_no_less


def between(old: Json, new: Json) -> tuple[list[str], list[str]] | None:
    """What other contexts have to know of before, and what else changed, between the events of two models.

    ``None`` when nothing of them changed.
    """
    asked, others = [], []
    before, after = ({event["name"]: event for event in model["consumes"]} for model in (old, new))
    for name, event in after.items():
        if name not in before:
            asked.append(f"{name} is consumed now; {event['source']} has to send it")
            continue
        more, rest = _consumed(name, before[name], event)
        asked += more
        others += rest
        if _trigger(before[name], {}) not in {_trigger(event, {}), _trigger(event, _former_names(new))}:
            others.append(f"{name} triggers {_trigger(event, {})}, was {_trigger(before[name], {})}")
    others += [f"{name} is no longer consumed" for name in before if name not in after]
    sent, sends = (_emitted(model) for model in (old, new))
    asked += [f"{name} is no longer emitted; who consumes it gets none" for name in sent if name not in sends]
    others += [f"{name} is emitted now" for name in sends if name not in sent]
    return (asked, others) if asked or others else None


def _consumed(name: str, old: Json, new: Json) -> tuple[list[str], list[str]]:
    """The same of one event that is consumed before and after."""
    asked, others = [], []
    if new["source"] != old["source"]:
        asked.append(f"{name} is expected from {new['source']}, was {old['source']}")
    before, after = ({each["wire"]: each for each in event["fields"]} for event in (old, new))
    for wire, each in after.items():
        former = before.get(wire)
        if former is None and each["required"]:
            asked.append(f"{name}: {new['source']} has to send {wire}")
        elif former is None:
            others.append(f"{name}: {wire} is read, where it is sent")
        elif former["type"] != each["type"]:
            (others if _accepts_more(former, each) else asked).append(
                f"{name}: {wire} is {each['type']}, was {former['type']}"
            )
        elif former["input_json_schema"] != each["input_json_schema"]:
            (others if _accepts_more(former, each) else asked).append(f"{name}: {wire} has other limits")
        elif each["required"] and not former["required"]:
            asked.append(f"{name}: {wire} became required")
        elif former["required"] and not each["required"]:
            others.append(f"{name}: {wire} became optional")
    others += [f"{name}: {wire} is no longer read" for wire in before if wire not in after]
    return asked, others


def _accepts_more(old: Json, new: Json) -> bool:
    """Whether the field takes whatever it took before, and is not asked for where it was not."""
    one, two = old["input_json_schema"], new["input_json_schema"]
    if "$ref" in one or "$ref" in two or (new["required"] and not old["required"]):
        return False
    return takes_no_less(one, two)


def _trigger(event: Json, names: Mapping[str, str]) -> str:
    triggers = event["triggers"]
    return f"{names.get(triggers['aggregate'], triggers['aggregate'])}.{triggers['action']}" if triggers else "nothing"


def _former_names(model: Json) -> dict[str, str]:
    return {each["name"]: each["renamed_from"] for each in model["aggregates"] if each.get("renamed_from")}


def _emitted(model: Json) -> list[str]:
    lifecycles = [each["lifecycle"] for each in model["aggregates"] if each["lifecycle"]]
    return [action["emits"] for lifecycle in lifecycles for action in lifecycle["actions"] if action["emits"]]
