"""Names: casing, plurals, the nouns of actions, and the names that something else already owns."""

from __future__ import annotations

import builtins
import hashlib
import keyword
import re
import unicodedata

LONGEST_NAME = 40
LONGEST_VARIABLE = 16
LONGEST_IDENTIFIER = 60  # PostgreSQL silently cuts what is longer than 63; a name and its field share a line of code

PASCAL = re.compile(r"[A-Z][A-Za-z0-9]*")
SNAKE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
KEBAB = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")


def snake(name: str) -> str:
    """`OrderLine` → `order_line`; acronyms stay together: `HTTPRoute` → `http_route`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[-_\s]+", "_", spaced).strip("_").lower()


def kebab(name: str) -> str:
    """`order_line` → `order-line`."""
    return snake(name).replace("_", "-")


def pascal(name: str) -> str:
    """`order_line` → `OrderLine`."""
    return "".join(word[:1].upper() + word[1:] for word in snake(name).split("_"))


def words(name: str) -> str:
    """`OrderLine` → `order line`."""
    return snake(name).replace("_", " ")


_LETTERS = str.maketrans(
    {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"}
)


def plain(name: str) -> str:
    """The name in ASCII, with what has no likeness there left out: `Größe` → `Grosse`."""
    return unicodedata.normalize("NFKD", name.translate(_LETTERS)).encode("ascii", "ignore").decode()


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Plurals -------------------------------------------------------------------------------------------------------------

_UNCOUNTABLE = _set(
    """
    advice aircraft baggage bison cash clothing content data deer diabetes equipment feedback firmware fish furniture
    hardware homework info information inventory jewelry knowledge luggage machinery mail means metadata middleware
    money music news offspring personnel police progress rain research rice salmon series sheep shrimp software species
    spacecraft staff swine traffic trout weather wildlife work
    """
)
_IRREGULAR = {
    "addendum": "addenda",
    "alumnus": "alumni",
    "analysis": "analyses",
    "appendix": "appendices",
    "axis": "axes",
    "bacterium": "bacteria",
    "basis": "bases",
    "calf": "calves",
    "child": "children",
    "corpus": "corpora",
    "crisis": "crises",
    "criterion": "criteria",
    "curriculum": "curricula",
    "datum": "data",
    "diagnosis": "diagnoses",
    "die": "dice",
    "echo": "echoes",
    "elf": "elves",
    "embargo": "embargoes",
    "erratum": "errata",
    "foot": "feet",
    "goose": "geese",
    "half": "halves",
    "hero": "heroes",
    "hypothesis": "hypotheses",
    "index": "indices",
    "knife": "knives",
    "leaf": "leaves",
    "life": "lives",
    "loaf": "loaves",
    "louse": "lice",
    "man": "men",
    "matrix": "matrices",
    "medium": "media",
    "memorandum": "memoranda",
    "mouse": "mice",
    "nucleus": "nuclei",
    "ox": "oxen",
    "parenthesis": "parentheses",
    "person": "people",
    "phenomenon": "phenomena",
    "potato": "potatoes",
    "quiz": "quizzes",
    "radius": "radii",
    "scarf": "scarves",
    "schema": "schemas",
    "self": "selves",
    "shelf": "shelves",
    "stimulus": "stimuli",
    "syllabus": "syllabi",
    "synopsis": "synopses",
    "synthesis": "syntheses",
    "thesis": "theses",
    "thief": "thieves",
    "tomato": "tomatoes",
    "tooth": "teeth",
    "torpedo": "torpedoes",
    "vertex": "vertices",
    "veto": "vetoes",
    "wife": "wives",
    "wolf": "wolves",
    "woman": "women",
}
_PLURALS = frozenset(_IRREGULAR.values())
_SINGULAR_IN_S = re.compile(
    r".*(?:ss|sis|us)|lens|iris|alias|atlas|bias|canvas|chaos|christmas|gas|pancreas|tennis|chassis|cosmos"
)
_PLURAL_IN_US = frozenset({"cpus", "gpus", "gurus", "menus", "skus"})


def plural(name: str) -> str:
    """The plural of the last word of a snake_case name: `order_line` → `order_lines`, `person` → `people`."""
    head, separator, word = name.rpartition("_")
    return head + separator + _plural_word(word)


def _plural_word(word: str) -> str:
    if word in _UNCOUNTABLE or word in _PLURALS:
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) == 1 or word[-1].isdigit():
        return word + "s"
    if word.endswith("man") and word[:-3] in {"sales", "fore", "fire", "police", "chair", "work", "crafts"}:
        return word[:-2] + "en"
    if word.endswith("s") and (word in _PLURAL_IN_US or not _SINGULAR_IN_S.fullmatch(word)):
        return word  # already a plural: `settings`, `details`
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"


# Nouns of actions ----------------------------------------------------------------------------------------------------

_NOUNS = {
    "accept": "acceptances",
    "acknowledge": "acknowledgements",
    "acquire": "acquisitions",
    "add": "additions",
    "adjust": "adjustments",
    "admit": "admissions",
    "amend": "amendments",
    "announce": "announcements",
    "appeal": "appeals",
    "apply": "applications",
    "appoint": "appointments",
    "approve": "approvals",
    "arrive": "arrivals",
    "assess": "assessments",
    "assign": "assignments",
    "attach": "attachments",
    "audit": "audits",
    "award": "awards",
    "ban": "bans",
    "begin": "beginnings",
    "bill": "billings",
    "block": "blocks",
    "board": "boardings",
    "book": "bookings",
    "bounce": "bounces",
    "build": "builds",
    "buy": "purchases",
    "call": "calls",
    "cancel": "cancellations",
    "capture": "captures",
    "change": "changes",
    "charge": "charges",
    "check": "checks",
    "claim": "claims",
    "classify": "classifications",
    "clear": "clearances",
    "close": "closures",
    "collect": "collections",
    "commit": "commitments",
    "complain": "complaints",
    "complete": "completions",
    "confirm": "confirmations",
    "connect": "connections",
    "consent": "consents",
    "consume": "consumptions",
    "credit": "credits",
    "debit": "debits",
    "decide": "decisions",
    "decline": "declines",
    "deliver": "deliveries",
    "deny": "denials",
    "depart": "departures",
    "deploy": "deployments",
    "deposit": "deposits",
    "detach": "detachments",
    "disable": "disablements",
    "disburse": "disbursements",
    "discharge": "discharges",
    "discontinue": "discontinuations",
    "dispatch": "dispatches",
    "dispute": "disputes",
    "draft": "drafts",
    "draw": "draws",
    "enable": "enablements",
    "endorse": "endorsements",
    "end": "endings",
    "enrol": "enrolments",
    "enroll": "enrollments",
    "enter": "entries",
    "escalate": "escalations",
    "exchange": "exchanges",
    "expire": "expirations",
    "export": "exports",
    "extend": "extensions",
    "fail": "failures",
    "file": "filings",
    "finish": "completions",
    "fire": "dismissals",
    "fulfil": "fulfilments",
    "fulfill": "fulfillments",
    "fund": "fundings",
    "grant": "grants",
    "handover": "handovers",
    "hire": "hires",
    "hold": "holds",
    "import": "imports",
    "inspect": "inspections",
    "install": "installations",
    "invite": "invitations",
    "invoice": "invoicings",
    "issue": "issuances",
    "join": "joinings",
    "launch": "launches",
    "leave": "leavings",
    "load": "loadings",
    "lock": "locks",
    "lose": "losses",
    "maintain": "maintenances",
    "mark": "markings",
    "match": "matches",
    "merge": "merges",
    "modify": "modifications",
    "move": "moves",
    "notify": "notifications",
    "offer": "offers",
    "onboard": "onboardings",
    "open": "openings",
    "order": "orderings",
    "pack": "packings",
    "park": "parkings",
    "pause": "pauses",
    "pay": "payments",
    "pick": "pickings",
    "place": "placements",
    "plan": "plannings",
    "post": "postings",
    "postpone": "postponements",
    "print": "prints",
    "process": "processings",
    "propose": "proposals",
    "provide": "provisions",
    "publish": "publications",
    "purchase": "purchases",
    "qualify": "qualifications",
    "quote": "quotations",
    "ready": "readyings",
    "receive": "receipts",
    "reconcile": "reconciliations",
    "record": "recordings",
    "recover": "recoveries",
    "redeem": "redemptions",
    "refer": "referrals",
    "refund": "refunds",
    "refuse": "refusals",
    "reject": "rejections",
    "release": "releases",
    "remind": "reminders",
    "remove": "removals",
    "renew": "renewals",
    "reopen": "reopenings",
    "repair": "repairs",
    "repay": "repayments",
    "replace": "replacements",
    "report": "reports",
    "request": "requests",
    "require": "requirements",
    "reschedule": "reschedulings",
    "reserve": "reservations",
    "reset": "resets",
    "resolve": "resolutions",
    "restart": "restarts",
    "restore": "restorations",
    "resume": "resumptions",
    "retire": "retirements",
    "retry": "retries",
    "return": "returns",
    "reverse": "reversals",
    "review": "reviews",
    "revise": "revisions",
    "revoke": "revocations",
    "run": "runs",
    "save": "savings",
    "schedule": "schedulings",
    "seal": "sealings",
    "sell": "sales",
    "send": "sendings",
    "settle": "settlements",
    "ship": "shipments",
    "sign": "signatures",
    "skip": "skips",
    "sort": "sortings",
    "start": "starts",
    "stop": "stops",
    "store": "storages",
    "submit": "submissions",
    "subscribe": "subscriptions",
    "suspend": "suspensions",
    "test": "tests",
    "track": "trackings",
    "train": "trainings",
    "transfer": "transfers",
    "trigger": "triggers",
    "unblock": "unblockings",
    "unlock": "unlockings",
    "unpublish": "withdrawals",
    "unsubscribe": "unsubscriptions",
    "upgrade": "upgrades",
    "upload": "uploads",
    "use": "uses",
    "verify": "verifications",
    "visit": "visits",
    "void": "voidings",
    "win": "wins",
    "withdraw": "withdrawals",
    "write": "writings",
}


def action_noun(action: str) -> str:
    """The kebab-case plural noun of an action: `place` → `placements`, `mark_paid` → `mark-paid-requests`."""
    if action in _NOUNS:
        return _NOUNS[action]
    head, separator, verb = action.rpartition("_")
    if separator and head in {"re", "auto", "bulk", "partially", "fully", "provisionally", "force"}:
        return f"{kebab(head)}-{action_noun(verb)}"
    if separator:
        return f"{kebab(action)}-requests"
    for ending, noun in (
        ("ate", "ations"),
        ("ize", "izations"),
        ("ise", "isations"),
        ("ify", "ifications"),
        ("duce", "ductions"),
        ("scribe", "scriptions"),
        ("ect", "ections"),
        ("uct", "uctions"),
        ("ment", "mentations"),
    ):
        if action.endswith(ending) and len(action) > len(ending) + 1:
            return action.removesuffix(ending) + noun
    if action.startswith("re") and action[2:] in _NOUNS:
        return "re" + _NOUNS[action[2:]]
    return f"{kebab(action)}-requests"


# Names that are taken ------------------------------------------------------------------------------------------------

PYTHON_WORDS = frozenset(keyword.kwlist) | frozenset(keyword.softkwlist)
BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_"))
ANNOTATIONS = frozenset({"date", "datetime", "decimal", "enum", "field", "msgspec", "re", "time", "typing", "uuid"})
"""Names that generated classes use in annotations and defaults: a class attribute of that name would hide them."""
PYDANTIC_ATTRIBUTES = _set(
    """
    construct copy dict from_orm json parse_file parse_obj parse_raw schema schema_json update_forward_refs validate
    """
)
CLASS_METHODS = frozenset({"mro", "register"})
"""What every class of pydantic has by its metaclass."""
OWN_NAMES = frozenset({"self", "cls", "apply", "of", "to_domain", "touch"})
"""Methods of the generated classes, and their first parameters."""
VARIABLES = _set(
    """
    after at before body caller change claim connection create cursor database event events field found if_match
    if_none_match index key limit msgspec new_id none_match not_found now once part patch position query replace reply
    repository request restore result revise row rows sa self service update values version view
    """
)
"""Parameters, variables and imported functions of the generated modules."""
METHODS = frozenset({"created_at", "datetime", "id", "list_page", "modified_at", "router", "store"})
"""Attributes, functions and annotations beside which the methods of actions stand."""

RESERVED_MODULES = _set(
    """
    about alembic api app behaviour castrum conftest contract dev docs domain healthcheck kernel migrations own platform
    settings src test test_statements tests worker
    """
)
WINDOWS_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})
IGNORED_FOLDERS = frozenset({"tags", "rcs", "cvs"})
"""Folders that `filecmp`, and so copier, never compares: files in them would survive their removal."""
TOOLS_FOLDERS = frozenset({"build", "dist", "node_modules", "venv"})
"""Folders that git, Ruff or pytest pass over, as made by tools."""
NO_FOLDERS = WINDOWS_DEVICES | IGNORED_FOLDERS | TOOLS_FOLDERS

RESERVED_PATHS = frozenset({"livez", "readyz", "docs", "problems", "openapi", "openapi-json", "health", "metrics"})

RESERVED_CLASSES = _set(
    """
    Annotated Any ClassVar Date DateTime Decimal DecimalText DomainError Enum False FieldError IfMatch IfNoneMatch Int32
    Int64 JsonObject JsonValue KeyTaken Literal Money MoneyIn NonNegativeMoneyIn None NotNull Problem RuleViolated Self
    StrEnum Struct TransitionRefused True TrueFalse UTC UUID Uuid
    """
) | frozenset(name for name in BUILTINS if name[0].isupper())

BORROWED_CLASSES = _set(
    """
    Body Caller Claim Database Day Digits Email Field Line Mapping MoneyView Once Operations PageParameters PageQuery
    Patch Protocol Record Reply Sort Text Timestamp Url Whole
    """
)
"""What the modules beside a model import: there, an aggregate or a part of that name goes by another one."""

RESERVED_TABLES = frozenset({"idempotency_key", "alembic_version"})

SQL_WORDS = _set(
    """
    all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast
    char character check coalesce collate collation column concurrently constraint create cross current_catalog
    current_date current_role current_schema current_time current_timestamp current_user dec decimal default deferrable
    desc distinct do else end except exists extract false fetch float for foreign freeze from full grant greatest group
    grouping having ilike in initially inner inout int integer intersect interval into is isnull join json json_array
    json_arrayagg json_exists json_object json_objectagg json_query json_scalar json_serialize json_table json_value
    lateral leading least left like limit localtime localtimestamp merge_action national natural nchar none normalize
    not notnull null nullif numeric offset on only or order out outer overlaps overlay placing position precision
    primary real references returning right row select session_user setof similar smallint some substring symmetric
    system_user table tablesample then time timestamp to trailing treat trim true union unique user using values varchar
    variadic verbose when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces
    xmlparse xmlpi xmlroot xmlserialize xmltable
    ctid cmax cmin tableoid xmax xmin
    """
)
"""Reserved and column-name words of PostgreSQL 18, and its system columns."""


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
    return f"{name}_" if name in VARIABLES else python_name(name)


def method_name(name: str) -> str:
    """The name as a method: only keywords and what every aggregate or its modules have already give way."""
    if name == "assert":
        return "assert_it"  # `assert_` is taken for unittest's by linters
    taken = name in PYTHON_WORDS or name in OWN_NAMES or name in PYDANTIC_ATTRIBUTES or name in VARIABLES
    return f"{name}_" if taken or name in METHODS else name


def entity_name(name: str) -> str:
    """The class of an aggregate or a part in the modules beside its model: `Claim` → `ClaimModel`."""
    return f"{name}Model" if name in BORROWED_CLASSES else name


def module_name(name: str) -> str:
    """The name as a package folder, on every file system: `platform` → `platform_`, `build` → `build_`."""
    taken = name in RESERVED_MODULES or name in NO_FOLDERS or name in PYTHON_WORDS
    return f"{name}_" if taken else name


def sql_name(name: str) -> str:
    """The name as an unquoted PostgreSQL identifier: `order` → `order_`."""
    return f"{name}_" if name in SQL_WORDS else name


def digest(text: str) -> str:
    """Eight characters that tell texts apart, and stay the same."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def short(name: str) -> str:
    """The identifier within 60 bytes; a longer one ends in a hash of itself, so it stays stable."""
    if len(name) <= LONGEST_IDENTIFIER:
        return name
    return f"{name[: LONGEST_IDENTIFIER - 9].rstrip('_')}_{digest(name)}"


def natural(name: str) -> list[tuple[int, int]]:
    """Sort key in which `a2` comes before `a10` and after `a.b`, as ruff sorts imports."""
    parts = re.findall(r"\d+|\D", name.lower())
    return [(ord("0"), int(part)) if part.isdigit() else (ord(part), 0) for part in parts]
