"""What differs between two texts, word by word."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

MOST_WORDS = 3_000  # of a text: comparing takes the square of it
_PIECES = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class DiffPiece:
    """Some words: in both texts (`same`), in the first alone (`gone`), or in the second alone (`new`)."""

    kind: str
    text: str


def compare_words(before: str, after: str) -> list[DiffPiece]:
    """How one text becomes another; of texts with more than `MOST_WORDS` the whole of each."""
    olds, news = _PIECES.findall(before), _PIECES.findall(after)
    if max(len(olds), len(news)) > MOST_WORDS:
        return [DiffPiece("gone", before), DiffPiece("new", after)]
    return list(_pieces(olds, news))


def _pieces(olds: list[str], news: list[str]) -> Iterator[DiffPiece]:
    for kind, i, j, k, m in SequenceMatcher(None, olds, news, autojunk=False).get_opcodes():
        if kind == "equal":
            yield DiffPiece("same", "".join(olds[i:j]))
            continue
        if i < j:
            yield DiffPiece("gone", "".join(olds[i:j]))
        if k < m:
            yield DiffPiece("new", "".join(news[k:m]))
