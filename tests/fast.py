"""Which tests belong to `bin/test --fast`: found from what a test and its fixtures reach, so that no list can go stale.

A test is not fast if it, one of its fixtures, or a function of ours that they call starts a program, a server or a
browser, or if it walks a whole world of people and rows. What is found this way is held by `refuse_programs`: a fast
test that starts a program all the same fails.
"""

import importlib
import socketserver
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import pytest

# Fixtures that start something in packages that are not ours, or build a world for a walk through all of it.
STARTING = {"live_server", "world"}
STARTERS: tuple[Any, ...] = (subprocess, subprocess.Popen, subprocess.run)
STARTING_MODULES = ("playwright.sync_api", "celery.contrib.testing.worker", "config.processes", "config.embedded")


def is_fast(item: pytest.Item) -> bool:
    """Whether nothing that the test reaches starts a program, a server or a browser."""
    names = set(getattr(item, "fixturenames", ()))
    if names & STARTING:
        return False
    functions = [getattr(item, "function", None)]
    info = getattr(item, "_fixtureinfo", None)
    for name in names if info else ():
        # Those for the session that every test has are no choice of this one.
        functions += [one.func for one in info.name2fixturedefs.get(name, ()) if not _is_of_everybody(one)]
    return not any(starts(function) for function in functions if function is not None)


def _is_of_everybody(definition: Any) -> bool:
    return definition.baseid == "" and definition.argname in ("django_db_setup", "_acts_as_the_catalogue_has_them")


_found: dict[int, bool] = {}


def starts(thing: Any) -> bool:
    """Whether a function or class of ours reaches something that starts a program or a server."""
    if isinstance(thing, MethodType):
        thing = thing.__func__
    thing = getattr(thing, "__wrapped__", thing)
    if id(thing) in _found:
        return _found[id(thing)]
    _found[id(thing)] = False  # while it is looked at: a function may call itself
    if isinstance(thing, type):
        reached = issubclass(thing, socketserver.BaseServer) or any(
            starts(one) for one in vars(thing).values() if isinstance(one, FunctionType)
        )
    elif isinstance(thing, FunctionType):
        reached = any(_is_starting(one) for one in _reached_by(thing))
    else:
        reached = False
    _found[id(thing)] = reached
    return reached


def _reached_by(function: FunctionType) -> Iterator[Any]:
    """What a function names: globals, what it imports itself, and what stands in a module that it names."""
    names = set(_names_in(function.__code__))
    modules = [sys.modules.get(name) or _module(name) for name in names if "." in name or name in sys.modules]
    named = [function.__globals__[name] for name in names if name in function.__globals__]
    for module in [*modules, *(one for one in named if isinstance(one, ModuleType))]:
        if module is not None:
            yield module
            yield from (vars(module)[name] for name in names if name in vars(module) and _is_ours(module))
    yield from named


def _names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)


def _module(name: str) -> ModuleType | None:
    return importlib.import_module(name) if name.startswith("tests.") else None


def _is_ours(thing: Any) -> bool:
    name = thing.__name__ if isinstance(thing, ModuleType) else getattr(thing, "__module__", "") or ""
    return name.split(".")[0] == "tests"


def _is_starting(thing: Any) -> bool:
    if isinstance(thing, ModuleType):
        return thing is subprocess or thing.__name__ in STARTING_MODULES
    if any(thing is one for one in STARTERS):
        return True
    if isinstance(thing, type) and issubclass(thing, socketserver.BaseServer):
        return True
    return _is_ours(thing) and starts(thing)


_refused: list[str] = []
_is_refusing = False


@contextmanager
def refuse_programs() -> Iterator[None]:
    """Fails the test that runs meanwhile if it starts a program."""
    global _is_refusing  # noqa: PLW0603 - an audit hook cannot be taken away again
    _refused.clear()
    _is_refusing = True
    try:
        yield
    finally:
        _is_refusing = False
    if _refused:
        pytest.fail(f"a test of --fast started {_refused[0]}: let it ask for a fixture that does (tests/fast.py)")


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _is_refusing and event in ("subprocess.Popen", "os.posix_spawn"):
        _refused.append(str(arguments[0]))


def listen() -> None:
    """From now on `refuse_programs` hears of programs that this process starts."""
    sys.addaudithook(_hear)
