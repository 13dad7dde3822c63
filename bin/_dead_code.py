"""Finds unused functions, classes, methods, properties and imports; exits with status 1 if there are any.

Vulture finds the names that no Python code uses. Such a name is still in use if a template, a string in the settings or
a file in `deploy/` names it, or if a class of a library has it, so that Django and others call it. Every other one is
dead code, unless PROTOCOLS or EXPLAINED account for it.
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
# In use through registration.
REGISTERED = ["@app.task", "@shared_task", "@register.*", "@receiver", "@*.connect", "@admin.register", "@register"]
# Called by libraries by name, although no library class has them.
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
        print(f"{place}: unused {kind} {name}; remove it, or explain it in bin/_dead_code.py")
    stale = sorted(EXPLAINED.keys() - {name for _place, _kind, name in unused()})
    for name in stale:
        print(f"bin/_dead_code.py explains {name}, which is in use or gone: remove the line")
    return 1 if found or stale else 0


def dead() -> Iterator[tuple[str, str, str]]:
    """Place, kind and name of unused code that nothing accounts for."""
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
    """Place, kind and name of everything that vulture finds."""
    vulture = Vulture(ignore_decorators=REGISTERED)
    vulture.scavenge([str(ROOT / room) for room in ROOMS] + [str(ROOT / "manage.py")], ["*/migrations/*"])
    return tuple(
        (f"{Path(item.filename).relative_to(ROOT)}:{item.first_lineno}", item.typ, item.name)
        for item in vulture.get_unused_code(min_confidence=60)
        if item.typ in KINDS
    )


@cache
def said() -> set[str]:
    """The words of templates, deployment files and strings in the code, without comments and docstrings."""
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
    """Whether a class in this file has the name from a library's class, or Django looks for it."""
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
