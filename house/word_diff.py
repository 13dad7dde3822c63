"""The differences between two texts, word by word."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

MOST_WORDS = 3_000  # of a text: the time grows with its square
_PIECES = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class DiffPiece:
    """Consecutive words; `kind`: in both texts ("same"), only in the first ("gone") or only in the second ("new")."""

    kind: str
    text: str


def compare_words(before: str, *, after: str) -> list[DiffPiece]:
    """Return the pieces that turn `before` into `after`; texts longer than `MOST_WORDS` words are replaced whole."""
    olds, news = _PIECES.findall(before), _PIECES.findall(after)
    if max(len(olds), len(news)) > MOST_WORDS:
        return [DiffPiece("gone", before), DiffPiece("new", after)]
    return list(_pieces(olds, news=news))


def _pieces(olds: list[str], *, news: list[str]) -> Iterator[DiffPiece]:
    # Without autojunk, which takes the frequent words of a long text for noise.
    for kind, i, j, k, m in SequenceMatcher(None, olds, news, autojunk=False).get_opcodes():
        if kind == "equal":
            yield DiffPiece("same", "".join(olds[i:j]))
            continue
        if i < j:
            yield DiffPiece("gone", "".join(olds[i:j]))
        if k < m:
            yield DiffPiece("new", "".join(news[k:m]))
