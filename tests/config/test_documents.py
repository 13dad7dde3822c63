"""What the documents for newcomers point at is there: files, folders and commands."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    "docs/architecture.md",
    "docs/glossary.md",
    "docs/mutation.md",
    "docs/operations.md",
    "tests/README.md",
]
# Made while something runs, or on another machine.
MADE = ("var/", "/", "~")


def paths_in(text: str) -> set[str]:
    """The paths in backquotes and, in code blocks, those of our commands."""
    quoted = re.findall(r"`([\w.-]+/[\w./-]*)", text)
    return {path.rstrip(".") for path in quoted if not path.startswith(MADE)}


def links_in(text: str) -> set[str]:
    return {target for target in re.findall(r"\]\(([^)#]+)", text) if "://" not in target}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    folder = (ROOT / document).parent
    assert {target for target in links_in((ROOT / document).read_text()) if not (folder / target).exists()} == set()


@pytest.mark.parametrize("document", ["CONTRIBUTING.md", "docs/architecture.md", "tests/README.md", "docs/mutation.md"])
def test_every_file_that_is_named_is_there(document: str) -> None:
    named = paths_in((ROOT / document).read_text())
    folder = (ROOT / document).parent
    assert named != set()
    assert {path for path in named if not (ROOT / path).exists() and not (folder / path).exists()} == set()
