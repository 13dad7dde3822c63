"""Finds functions, classes, methods, properties and imports that nothing uses; status 1 when there is one.

Vulture knows which names no Python code says. Of those, a name is in use if a template, a string of the settings or a
file of `deploy/` says it, or if a class that is not ours has it, so that Django and others call it. The rest is dead,
or PROTOCOLS or EXPLAINED say why it is not.
"""

import ast
import importlib
import os
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import django
from vulture import Vulture

ROOT = Path(__file__).resolve().parent.parent
ROOMS = (
    "accounts",
    "api",
    "bench",
    "bin",
    "claims",
    "config",
    "demonstration",
    "house",
    "ledger",
    "reviews",
    "sources",
)
KINDS = {"class", "function", "import", "method", "property", "unreachable_code"}
# Called because of how they are registered.
REGISTERED = ["@app.task", "@shared_task", "@register.*", "@receiver", "@*.connect", "@admin.register", "@register"]
# Called by others because of their names; no class of theirs has them.
PROTOCOLS = {
    "Django's middleware": r"process_view|process_exception",
    "Django's forms": r"clean_\w+",
    "Django's converters of addresses": r"to_python|to_url",
    "Django's checks of passwords": r"get_help_text",
    "gunicorn's settings": r"child_exit|on_exit",
    "http.server": r"do_GET|do_POST",
    "ast.NodeTransformer": r"visit_\w+",
    "typing.Protocol": r"__call__",
    "drf-spectacular, which finds subclasses": r"\w+Extension|\w+Scheme",
}
EXPLAINED = {
    "bring_in_redactions": "a migration of reviews calls it",
    "is_verdict": "the tests of the demonstration ask for it",
}


def main() -> int:
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    found = list(dead())
    for place, kind, name in found:
        print(f"{place}: the {kind} {name} is used by nothing; take it out, or explain it in bin/_dead_code.py")
    stale = sorted(EXPLAINED.keys() - {name for _place, _kind, name in unused()})
    for name in stale:
        print(f"bin/_dead_code.py explains {name}, which is in use or gone: take the line out")
    return 1 if found or stale else 0


def dead() -> Iterator[tuple[str, str, str]]:
    """Place, kind and name of what is unused and explained by nothing."""
    for place, kind, name in unused():
        if (
            name not in EXPLAINED
            and not _is_called_by_name(name)
            and name not in said()
            and not is_inherited(place, name=name)
        ):
            yield place, kind, name


@cache
def unused() -> tuple[tuple[str, str, str], ...]:
    """Place, kind and name of what vulture finds."""
    vulture = Vulture(ignore_decorators=REGISTERED)
    vulture.scavenge([str(ROOT / room) for room in ROOMS] + [str(ROOT / "manage.py")], ["*/migrations/*"])
    return tuple(
        (f"{Path(item.filename).relative_to(ROOT)}:{item.first_lineno}", item.typ, item.name)
        for item in vulture.get_unused_code(min_confidence=60)
        if item.typ in KINDS
    )


@cache
def said() -> set[str]:
    """The words of templates, of what is deployed, and of strings in the code; not those of comments and docstrings."""
    files = [path for room in ROOMS for path in (ROOT / room).rglob("*") if path.suffix in (".html", ".txt", ".js")]
    files += [path for path in (ROOT / "deploy").rglob("*") if path.is_file()]
    words = {word for path in files for word in re.findall(r"\w+", path.read_text())}
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            words |= set(_words_of_strings(ast.parse(path.read_text())))
    return words


def _words_of_strings(tree: ast.AST) -> Iterator[str]:
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield from re.findall(r"\w+", node.value)


def _is_called_by_name(name: str) -> bool:
    return any(re.fullmatch(pattern, name) for pattern in PROTOCOLS.values())


def is_inherited(place: str, *, name: str) -> bool:
    """Whether a class in this file has the name from a class that is not ours, or is one that Django looks for."""
    path = place.partition(":")[0]
    if path.startswith(("bench/bare/", "bin/")):
        return False
    module = importlib.import_module(path.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    kinds = [one for one in vars(module).values() if isinstance(one, type) and one.__module__ == module.__name__]
    if name.endswith("Config") and path.endswith("/apps.py"):
        return True
    return any(
        name in vars(base) for kind in kinds if name in vars(kind) for base in kind.__mro__[1:] if not _is_ours(base)
    )


def _is_ours(kind: type) -> bool:
    return kind.__module__.split(".")[0] in ROOMS


if __name__ == "__main__":
    sys.exit(main())
