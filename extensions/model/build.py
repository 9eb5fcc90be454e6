"""From declarations to the model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..language.combinations import told_apart
from ..language.declarations import moment_of
from ..text import naming
from .assignments import assignments
from .checks import check
from .domain import (
    SEARCH,
    Action,
    Aggregate,
    Consumed,
    Domain,
    EnumType,
    Event,
    Filter,
    Key,
    Lifecycle,
    Member,
    Part,
    Rule,
    Search,
    Sort,
    State,
    Trigger,
    ValueType,
)
from .fields import Default, Field, Reference, enum_of
from .keys import STATE
from .names import Names, command_name
from .order import by_dependency
from .samples import samples
from .sorts import asked_by, names_of, orders_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ..language.declarations import (
        AggregateDeclaration,
        ConsumedDeclaration,
        FieldDeclaration,
        KeyDeclaration,
        LifecycleDeclaration,
        PartDeclaration,
        RuleDeclaration,
        TypeDeclaration,
    )
    from ..language.declarations import Domain as Declarations
    from ..text.problems import Problems
    from ..types import Spec
    from .reserved import Reserved


EXAMPLES = 3
PATTERN_EXAMPLES = 30
"""Of a unique field with a pattern: there is no other way to make up further values."""


def build(declared: Declarations, reserved: Reserved, problems: Problems) -> Domain | None:
    """The model; None when there are problems, which are added to `problems`."""
    given = Names(declared, reserved, problems).claim()
    check(declared, reserved, problems)
    if problems.messages:
        return None
    title = naming.words(declared.context)
    types = {each.name: _type(each, given) for each in declared.types}
    return Domain(
        context=declared.context,
        title=title,
        description=declared.description or f"The {title} service.",
        aggregates=tuple(_aggregate(each, title, given, types) for each in declared.aggregates),
        consumes=tuple(map(_consumed, declared.consumes)),
        by_dependency=by_dependency(declared.aggregates),
        types=tuple(types.values()),
    )


def _type(declared: TypeDeclaration, given: Mapping[str, str]) -> ValueType:
    title = naming.words(declared.name)
    fields = _fields(declared.fields, given)
    return ValueType(
        name=declared.name,
        singular=naming.snake(declared.name),
        title=title,
        description=declared.description or f"{title.capitalize()}.",
        fields=fields,
        enums=tuple(_enums(title, fields, (), None)),
    )


def _aggregate(
    declared: AggregateDeclaration, context: str, given: Mapping[str, str], types: Mapping[str, ValueType]
) -> Aggregate:
    title = naming.words(declared.name)
    fields = _owned(declared, given, types)
    parts = tuple(_part(part, title, given, types) for part in declared.parts)
    if any(each.computed for owner in declared.owners for each in owner.fields):
        fields, parts = _computed(declared, fields, parts)
    lifecycle = _lifecycle(declared.name, declared.lifecycle, fields, given) if declared.lifecycle else None
    sorts = _sorts(declared, fields)
    orders, order = orders_of(declared, sorts)
    return Aggregate(
        name=declared.name,
        singular=naming.snake(declared.name),
        plural=declared.plural,
        title=title,
        titles=declared.plural.replace("_", " "),
        description=declared.description or f"{title.capitalize()} of the {context} context.",
        renamed_from=declared.renamed_from,
        fields=fields,
        parts=parts,
        lifecycle=lifecycle,
        keys=_keys(declared.unique, fields),
        rules=_rules(declared.rules, fields),
        filters=tuple(_filters(declared, fields)),
        sorts=tuple(sorts[name] for name in names_of(declared)),
        orders=orders,
        order=order,
        enums=tuple(_enums(title, fields, parts, lifecycle)),
    )


def _computed(
    declared: AggregateDeclaration, fields: tuple[Field, ...], parts: tuple[Part, ...]
) -> tuple[tuple[Field, ...], tuple[Part, ...]]:
    """The fields and parts with what computed fields are made of."""
    from .formulas import with_computed  # noqa: PLC0415 - only who computes pays for it

    parts = tuple(
        part._replace(fields=with_computed(part.fields, own, declared, {}))
        for part, own in zip(parts, declared.parts, strict=True)
    )
    return with_computed(fields, declared, declared, {part.name: part.fields for part in parts}), parts


def _part(declared: PartDeclaration, owner: str, given: Mapping[str, str], types: Mapping[str, ValueType]) -> Part:
    titles = naming.words(declared.name)
    fields = _owned(declared, given, types)
    return Part(
        name=declared.name,
        titles=titles,
        entity=declared.entity,
        singular=naming.snake(declared.entity),
        title=naming.words(declared.entity),
        description=declared.description or f"{titles.capitalize()} of the {owner}.",
        minimum=declared.min,
        maximum=declared.max,
        fields=fields,
        keys=_keys(declared.unique, fields),
        rules=_rules(declared.rules, fields),
    )


# Fields --------------------------------------------------------------------------------------------------------------


def _fields(declared: Iterable[FieldDeclaration], given: Mapping[str, str]) -> tuple[Field, ...]:
    return tuple(_field(each, given.get(each.path, "")) for each in declared)


def _field(declared: FieldDeclaration, type_name: str) -> Field:
    """The field; `type_name` is that of what is generated for its enum or its pattern."""
    title = naming.words(declared.name)
    description = declared.description or f"{title.capitalize()}."
    return Field(
        name=declared.name,
        wire=declared.wire,
        title=title,
        description=f"{description} Computed: {declared.computed.written}." if declared.computed else description,
        type=_named(declared.spec, type_name),
        optional=declared.optional,
        unique=declared.unique,
        ignorecase=declared.ignorecase,
        indexed=declared.index,
        readonly=declared.readonly,
        sensitivity="secret" if declared.secret else "pii" if declared.pii else None,
        default=_default(declared),
        examples=_examples(declared),
        reference=_reference(declared),
        renamed_from=declared.renamed_from,
        begins_now=declared.begins_now,
        left_out=declared.spec.type.many or (declared.optional and declared.spec.needs_another),
    )


def _default(declared: FieldDeclaration) -> Default | None:
    """Its default; a list of references is empty without one."""
    if declared.spec.type.many:
        return Default(value=[])
    return Default(value=declared.default) if declared.has_default else None


def _owned(
    declared: AggregateDeclaration | PartDeclaration, given: Mapping[str, str], types: Mapping[str, ValueType]
) -> tuple[Field, ...]:
    """The fields of an aggregate or a part, with examples that keep its rules."""
    fields = _fields(declared.fields, given)
    found = samples(declared, declared.rules)
    if found is None:
        raise ValueError(declared.path)
    return tuple(
        field._replace(
            examples=found.values.get(field.name, field.examples),
            left_out=found.left_out.get(field.name, field.left_out),
            compared=field.name in found.compared,
            members=types[field.type.target].fields if field.type.members_of else (),
        )
        for field in fields
    )


def _rules(declared: Iterable[RuleDeclaration], fields: Sequence[Field]) -> tuple[Rule, ...]:
    by_name = {field.name: field for field in fields}
    found = []
    for each in declared:
        about = tuple(by_name[name] for name in each.fields)
        value = about[-1].type.type.value(about[-1].type, each.value) if each.value is not None else None
        found.append(Rule(sign=each.sign, fields=about, value=value))
    return tuple(found)


def _keys(declared: Iterable[KeyDeclaration], fields: Sequence[Field]) -> tuple[Key, ...]:
    by_name = {field.name: field for field in fields}
    return tuple(Key(fields=tuple(by_name[name] for name in key.fields)) for key in declared)


def _named(spec: Spec, name: str) -> Spec:
    """The type with the name of its enum or its pattern, or that of its values."""
    if not name:
        return spec
    if spec.members:
        return replace(spec, enum_class=name)
    if spec.inner is not None:
        return replace(spec, inner=_named(spec.inner, name))
    return replace(spec, alias_name=name)


def _examples(declared: FieldDeclaration) -> tuple[object, ...]:
    spec = declared.spec
    given = [declared.example] if declared.has_example else []
    wanted = PATTERN_EXAMPLES if declared.unique and spec.pattern else EXAMPLES
    return tuple(told_apart(declared, spec.type.distinct_examples(spec, given, wanted)) or [declared.default])


def _reference(declared: FieldDeclaration) -> Reference | None:
    spec = declared.spec
    if not spec.refers:
        return None
    context = None if spec.type.local else spec.context
    return Reference(aggregate=spec.target, context=context, on_delete=declared.on_delete or "restrict")


def _enums(
    title: str, fields: Sequence[Field], parts: Sequence[Part], lifecycle: Lifecycle | None
) -> Iterator[EnumType]:
    for owner, members in ((title, fields), *((part.title, part.fields) for part in parts)):
        for field in members:
            if spec := enum_of(field.type):
                yield _enum(spec, field, f"{field.title.capitalize()} of the {owner}.")
    for action in lifecycle.actions if lifecycle else ():
        for field in action.input:
            if field.name not in action.sets and (spec := enum_of(field.type)):
                yield _enum(spec, field, f"{field.title.capitalize()} given to {action.title} the {title}.")
    if lifecycle:
        yield EnumType(
            name=lifecycle.enum,
            field=STATE,
            members=lifecycle.states,
            description=f"State of the lifecycle of the {title}.",
        )


def _enum(spec: Spec, field: Field, description: str) -> EnumType:
    members = tuple(Member(name=word, title=naming.words(word.lower())) for word in spec.members)
    return EnumType(name=spec.enum_class, field=field.name, members=members, description=description)


# Lifecycles and events -----------------------------------------------------------------------------------------------


def _lifecycle(
    owner: str, declared: LifecycleDeclaration, fields: Sequence[Field], given: Mapping[str, str]
) -> Lifecycle:
    title = naming.words(owner)
    names = {field.name for field in fields}
    specs = {field.name: field.type for field in fields}
    instants = {field.wire for field in fields if field.readonly and field.type.type.instant}
    moments = {state: wire for state in declared.states if (wire := moment_of(state)) in instants}
    actions = []
    for each in declared.actions:
        summary = f"{naming.words(each.name).capitalize()} the {title}."
        actions.append(
            Action(
                name=each.name,
                title=naming.words(each.name),
                summary=summary,
                description=each.description or summary,
                resource=each.resource,
                sources=tuple(each.sources),
                target=each.target,
                emits=each.emits,
                stamps=moments.get(each.target),
                command=command_name(each.name, owner),
                input=_fields(each.input, given),
                sets=tuple(field.name for field in each.input if field.name in names),
                clears=each.clears,
                assigns=assignments(each, specs),
                internal=each.internal,
            )
        )
    return Lifecycle(
        enum=f"{owner}Status",
        states=tuple(State(name=state, title=naming.words(state.lower())) for state in declared.states),
        initial=declared.initial,
        moments=tuple(moments.items()),
        actions=tuple(actions),
        events=tuple(
            _event(name, owner, [each for each in actions if each.emits == name])
            for name in dict.fromkeys(each.emits for each in actions if each.emits)
        ),
    )


def _event(name: str, owner: str, actions: Sequence[Action]) -> Event:
    """The event of these actions with what they are given, but for secrets."""
    fields: dict[str, Field] = {}
    for action in actions:
        for field in action.input:
            if not field.is_secret:
                before = fields.setdefault(field.name, field)
                fields[field.name] = before._replace(optional=before.optional or field.optional)
    everywhere = set(fields).intersection(*({field.name for field in action.input} for action in actions))
    return Event(
        name=name,
        aggregate=owner,
        actions=tuple(action.name for action in actions),
        fields=tuple(
            field if field.name in everywhere else field._replace(optional=True, default=None)
            for field in fields.values()
        ),
    )


def _consumed(declared: ConsumedDeclaration) -> Consumed:
    enums = [field for field in declared.fields if enum_of(field.spec)]
    given = {field.path: f"{declared.name}{naming.pascal(field.name)}" for field in enums}
    return Consumed(
        name=declared.name,
        source=declared.source,
        description=declared.description or f"{naming.words(declared.name).capitalize()}.",
        fields=_fields(declared.fields, given),
        triggers=Trigger(aggregate=declared.aggregate, action=declared.action or "") if declared.aggregate else None,
    )


# Lists ---------------------------------------------------------------------------------------------------------------


def _filters(declared: AggregateDeclaration, fields: Sequence[Field]) -> Iterator[Filter]:
    by_name = {field.name: field for field in fields}
    for each in declared.filter:
        yield Filter(name=each.name, field=by_name.get(each.name), words=each.words)
    if declared.search:
        searched = tuple(by_name[name] for name in declared.search.fields)
        yield Filter(name=SEARCH, field=None, search=Search(searched, declared.search.language))


def _sorts(declared: AggregateDeclaration, fields: Sequence[Field]) -> dict[str, Sort]:
    """All fields by which a list is ordered, alone or with others."""
    by_name = {field.name: field for field in fields}
    names = (*names_of(declared), *(name for _, name, _ in asked_by(declared)))
    return {name: Sort(name=name, field=by_name.get(name)) for name in names}
