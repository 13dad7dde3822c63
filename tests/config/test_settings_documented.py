"""Every setting that the environment gives stands in the README or in the environment's template, and no other does."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("accounts", "api", "bin", "claims", "config", "demonstration", "house", "ledger", "reviews", "sources")
NAME = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")
# Handed from one of our own processes to another.
BETWEEN_PROCESSES = {
    "MAIL_PAGE", "PROMETHEUS_MULTIPROC_DIR", "SECOND_SOURCE_PROCESS", "SECOND_SOURCE_STARTED", "SECOND_SOURCE_TURNS",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD",
}  # fmt: skip
# Read by others: the clients of S3, and the tests.
READ_BY_OTHERS = {"AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_CA_BUNDLE", "CHROMIUM_PATH"}


def names_read() -> set[str]:
    """The names that the settings, or other code of ours, ask the environment for."""
    found = set(_given_to(ast.parse((ROOT / "config" / "settings.py").read_text()), settings=True))
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            found |= set(_given_to(ast.parse(path.read_text()), settings=False))
    return found


def _given_to(tree: ast.AST, *, settings: bool) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            given, asked = node.args, ast.unparse(node.func)
        elif isinstance(node, ast.Subscript):
            given, asked = [node.slice], ast.unparse(node.value)
        else:
            continue
        # The settings' own readers are `_text("NAME", …)`, `_number("NAME", …)` and so on.
        is_asking = re.fullmatch(r"(os\.)?(environ(\.get|\.pop)?|getenv)", asked) or (
            settings and isinstance(node, ast.Call) and re.fullmatch(r"_[a-z_]+", asked) and asked not in ("_stop", "_")
        )
        for one in given[:1] if is_asking else []:
            for choice in (one.body, one.orelse) if isinstance(one, ast.IfExp) else (one,):
                if isinstance(choice, ast.Constant) and NAME.fullmatch(str(choice.value)):
                    yield str(choice.value)


def names_told() -> set[str]:
    """The names in the README's table of variables and in the environment's template."""
    readme = (ROOT / "README.md").read_text()
    first_cells = re.findall(r"^\| ((?:`[A-Z_…]+`(?:, )?)+) \|", readme, re.MULTILINE)
    template = (ROOT / "deploy" / "environment.example").read_text()
    found = {name for cell in first_cells for name in re.findall(r"`([A-Z_]+)`", cell)}
    return found | set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", template, re.MULTILINE))


def test_every_setting_is_told_of() -> None:
    assert names_read() - names_told() - BETWEEN_PROCESSES == set()


def test_nothing_is_told_of_that_nobody_reads() -> None:
    assert names_told() - names_read() - READ_BY_OTHERS == set()
