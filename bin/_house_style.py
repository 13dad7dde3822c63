"""The house style that no linter knows: one name for each thing, short signatures, plain words, short lines.

    python bin/_house_style.py        prints what departs from it; the status is 1 where something does

What is asked: class names are unique across the project and function names across the rooms, so that a search finds
one thing; the retired words of `docs/glossary.md` are in no name, text or comment; no function of the rooms takes more
than six parameters, or two positional ones side by side that have one type; every `dict[str, Any]` has its reason
beside it; no string of the rooms holds markup, or says in SQL what is restricted or who takes part; no line of a
template has more than 120 characters; a line of CSS has one declaration.
"""

import ast
import re
import sys
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GLOSSARY = ROOT / "docs" / "glossary.md"
ROOMS = ("accounts", "api", "claims", "config", "demonstration", "house", "ledger", "reviews", "sources")
AROUND = ("bench", "bin", "tests")
MOST_PARAMETERS = 6
LONGEST_LINE = 120

# Names that a framework or the shell looks for by that name.
MANY = {"Command", "main"}
# Two neighbours of one type in an order that everybody knows, or that a caller outside the project sets.
IN_ORDER = {
    "api.effects.interval_shape": "least, then most",
    "claims.forms.choosing.value_from_datadict": "Django calls it",
    "claims.forms.files.bound_data": "Django calls it",
    "claims.forms.files.clean": "Django calls it",
    "claims.forms.files.value_from_datadict": "Django calls it",
    "claims.reading.names._same": "in either order",
    "claims.record.ledger_entries.status_committed": "the two reasons of a row, handed on as a pair",
    "claims.verdicts.sentences.interval_in_words": "least, then most",
    "claims.verdicts.sentences.told_interval": "least, then most",
    "claims.verdicts.sentences.voices_in_words": "least, then most",
    "config.errors.problem": "title, then detail, as in RFC 9457",
    "config.web_server.child_exit": "gunicorn calls it",
    "house.integrity.by_query": "the check's name, then its query",
    "house.word_diff._pieces": "before, then after",
    "house.word_diff.compare_words": "before, then after",
    "reviews.ledger_comparison._taken_out": "a callback of accounts.ledger_integrity",
    "reviews.redaction_matches._whatever": "a callback of reviews.written_words",
    "reviews.redaction_matches._written": "a callback of reviews.written_words",
    "ledger.tree.consistency_proof": "old size, then new: passed on as a callback",
    "ledger.sequencer.read": "level, then index, as ledger.tree.ReadNode is called",
    "ledger.tiles.read": "level, then index, as ledger.tree.ReadNode is called",
    "ledger.verifier._is_same": "in either order",
    "ledger.verifier._pieces": "name, size, CRC, as in a zip's directory",
    "ledger.verifier.node_hash": "left, then right: RFC 6962, section 2.1",
    "ledger.verifier.tile_path": "level, number, width, as in ledger.tiles.Tile",
    "ledger.verifier.zip_head": "name, size, CRC, as in a zip's directory",
    "ledger.witness_server.handle_error": "socketserver calls it",
    "ledger.witness_server.log_request": "http.server calls it",
    "ledger.witness_server.process_request": "socketserver calls it",
    "ledger.witness_server.process_request_thread": "socketserver calls it",
    "sources.fetch.line.recv_into": "as in the class of the standard library",
}
"""By module and function."""


def python_files(*folders: str) -> Iterator[Path]:
    """The project's own Python files in these folders, migrations left out."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def second_names() -> Iterator[str]:
    """Classes of one name anywhere, and public functions of one name in the rooms."""
    classes: dict[str, list[str]] = defaultdict(list)
    functions: dict[str, list[str]] = defaultdict(list)
    for path in python_files(*ROOMS, *AROUND):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                classes[node.name].append(_place(path, node))
            elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and _is_of_a_room(path):
                functions[node.name].append(_place(path, node))
    for kind, found in (("class", classes), ("function", functions)):
        for name, places in found.items():
            if len(places) > 1 and name not in MANY:
                yield f"{places[0]}: a second {kind} {name} is at {', '.join(places[1:])}"


def _is_of_a_room(path: Path) -> bool:
    return path.relative_to(ROOT).parts[0] in ROOMS


def long_signatures() -> Iterator[str]:
    for path in python_files(*ROOMS):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield from _signature(path, node, f"{module}.{node.name}")


def _signature(path: Path, node: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> Iterator[str]:
    own = [one for one in node.args.posonlyargs + node.args.args if one.arg not in ("self", "cls")]
    if len(own) + len(node.args.kwonlyargs) > MOST_PARAMETERS:
        yield f"{_place(path, node)}: {node.name} takes more than {MOST_PARAMETERS} parameters; use a dataclass"
    if name in IN_ORDER or _is_called_by_a_framework(node):
        return
    for first, second in pairwise(own):
        if first.annotation and second.annotation and ast.unparse(first.annotation) == ast.unparse(second.annotation):
            yield f"{_place(path, node)}: name {second.arg} at every call of {node.name}: put `*` before it"


def _is_called_by_a_framework(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """A method that overrides one of a library, a template tag or filter: its parameters are given by position."""
    decorators = " ".join(ast.unparse(one) for one in node.decorator_list)
    return "override" in decorators or "register." in decorators or node.name.startswith("__")


# Retired words that stay: a name that is fixed elsewhere, or the word in another sense.
KEPT_WORDS = {
    ("api/assessments.py", "hand in"): "the operation's id in the API schema",
    ("claims/record/entry_kinds.py", "finding"): "the shape's name in the ledger's catalogue",
    ("demonstration/desk/reporting.py", "finding"): "what an agency found",
    ("reviews/expected_entries.py", "finding"): "a field of ledger entries",
    ("reviews/ledger_entries.py", "finding"): "a field of ledger entries",
    ("ledger/verifier.py", "finding"): "the printed word, which other programs and the vectors hold",
    ("sources/independence/net.py", "finding"): "the verb",
    ("api/urls.py", "taking back"): "the serializer's name in the API schema",
}


def retired_words() -> Iterator[str]:
    """Where a retired word of the glossary is still used in a name, a comment, a docstring or a text."""
    words = re.compile(r"\b(" + "|".join(re.escape(word) for word in _retired()) + r")\b", re.IGNORECASE)
    for path in python_files(*ROOMS):
        for token in tokenize.generate_tokens(path.open(encoding="utf-8").readline):
            if token.type in (tokenize.NAME, tokenize.COMMENT, tokenize.STRING):
                for word in words.findall(_as_words(token.string)):
                    if (str(path.relative_to(ROOT)), word.lower()) not in KEPT_WORDS:
                        yield f"{path.relative_to(ROOT)}:{token.start[0]}: retired: {word}"
    for pattern in ("*/templates/**/*.html", "*/templates/**/*.txt"):
        for path in sorted(ROOT.glob(pattern)):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                for word in words.findall(line):
                    yield f"{path.relative_to(ROOT)}:{number}: retired: {word}"


def _retired() -> list[str]:
    """The words in the first column of the glossary's last table."""
    table = GLOSSARY.read_text().partition("## Retired words")[2]
    rows = re.findall(r"^\| ([^|]+?) \|", table, re.MULTILINE)
    return [row for row in rows if row not in ("retired", "---")]


def _as_words(text: str) -> str:
    """`hand_over` and `HandOver` as the words that they are made of."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).replace("_", " ")


def untyped_mappings() -> Iterator[str]:
    for path in python_files(*ROOMS, "bench"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if "dict[str, Any]" in line and "#" not in line.partition("dict[str, Any]")[2]:
                yield f"{path.relative_to(ROOT)}:{number}: dict[str, Any]: give it a type, or its reason on the line"


# The verifier is one file of the standard library and makes the page of a bundle by itself.
MAKES_ITS_OWN_PAGE = {"ledger/verifier.py"}
_ELEMENTS = "a|abbr|aside|b|bdi|blockquote|button|code|dd|div|dl|dt|em|form|h[1-6]|i|img|input|label|li|link|meta"
_ELEMENTS += "|nav|ol|option|p|path|script|section|select|small|span|strong|style|svg|table|td|th|time|tr|ul|use"
_MARKUP = re.compile(rf"</?({_ELEMENTS})(>|/>|\s[^>]*=)")


def markup() -> Iterator[str]:
    """HTML in the strings of the rooms: markup is in templates, which escape by themselves."""
    for path in python_files(*ROOMS):
        tree = ast.parse(path.read_text())
        described = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in described:
                if _MARKUP.search(node.value) and str(path.relative_to(ROOT)) not in MAKES_ITS_OWN_PAGE:
                    yield f"{path.relative_to(ROOT)}:{node.lineno}: markup belongs in a template"
            elif isinstance(node, ast.Name) and node.id in ("format_html", "format_html_join"):
                yield f"{path.relative_to(ROOT)}:{node.lineno}: markup belongs in a template"


_RULES_AS_SQL = re.compile(r"visibility\s*(=|<>|!=|\bIN\s*\()|(?<!\w)until IS NULL", re.IGNORECASE)
STATES_THE_RULES = {"sources/statement_parts.py", "claims/models.py"}


def rules_said_again() -> Iterator[str]:
    """Who takes part and what is restricted, written into a statement: `now_sql` and `open_sql` say it."""
    for path in python_files(*ROOMS):
        if "migrations" in path.parts or str(path.relative_to(ROOT)) in STATES_THE_RULES:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _RULES_AS_SQL.search(node.value):
                yield f"{path.relative_to(ROOT)}:{node.lineno}: ask now_sql or open_sql for this condition"


def long_lines_of_templates() -> Iterator[str]:
    for path in sorted(ROOT.glob("*/templates/**/*.*")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if len(line) > LONGEST_LINE:
                yield f"{path.relative_to(ROOT)}:{number}: {len(line)} characters; break the line"


def crowded_css() -> Iterator[str]:
    for path in sorted(ROOT.glob("*/static/second_source/*.css")):
        text = re.sub(
            r"/\*.*?\*/|\"[^\"\n]*\"|url\([^)]*\)", lambda one: "\n" * one[0].count("\n"), path.read_text(), flags=re.S
        )
        for number, line in enumerate(text.splitlines(), 1):
            if line.count(";") > 1 or re.search(r"\{.*:.*;?.*\}", line):
                yield f"{path.relative_to(ROOT)}:{number}: one declaration a line"


def _place(path: Path, node: ast.stmt) -> str:
    return f"{path.relative_to(ROOT)}:{node.lineno}"


ASKED = (
    second_names,
    long_signatures,
    retired_words,
    untyped_mappings,
    markup,
    rules_said_again,
    long_lines_of_templates,
    crowded_css,
)


def main() -> int:
    found = [line for ask in ASKED for line in ask()]
    if found:
        print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
