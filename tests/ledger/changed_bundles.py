"""Evidence bundles, good and bad, most of which the desk signed after the change: each is refused for what it says."""

import io
import random
from collections.abc import Iterable
from typing import Any

from ledger.canonical import read_canonical
from ledger.verifier import PAGE, Broken, Report, ZippedBundle, check_bundle, left_out_of
from tests.ledger.exports import POLICY
from tests.ledger.sample_bundle import erased_log, sample_bundle
from tests.ledger.sample_log import SampleLog
from tests.ledger.test_bundle_mutations import WHOLE, changed
from tests.ledger.test_mutations import mutate_bytes, mutate_value
from tests.ledger.vectors import zipped

REASONS = ["withheld", "withheld", "not_kept", "no_entry", "redacted_since", "redacted"]
IDS = ["44444444-0000-4000-8000-000000000000", "77777777-0000-4000-8000-000000000000", "9", 5, True, None]
SORTS = ["relay", "attachment", "capture", "assessment", "evidence", "actor", "source", "claim"]


class ChangedLog(SampleLog):
    """The same log in which some entries say something else, and some values are never opened."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance, self._closed = chance, set[tuple[int, str]]()

    def add(
        self, stream: str, kind: str, body: dict[str, Any], values: dict[str, Any], sealed: str = "evidence_attached"
    ) -> str:
        if self._chance.randrange(4) == 0:
            body, values = self._changed(dict(body), dict(values))
            kind = self._chance.choice([kind, kind, "note_kept", "attachment_released", "capture_kept"])
        hashed = super().add(stream, "sealed" if stream.startswith("sealed:") else kind, body, values, sealed)
        place = len(self.entries) - 1
        self._closed |= {(place, name) for name in self.openings[place] if self._chance.randrange(12) == 0}
        return hashed

    def _changed(self, body: dict[str, Any], values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        what = self._chance.randrange(4)
        if what == 0:
            body[self._chance.choice(SORTS)] = self._chance.choice(IDS)
        elif what == 1:
            body = mutate_value(body, self._chance)
        else:
            name = self._chance.choice(sorted(values))
            values[name] = mutate_value(values[name], self._chance)
            content = values.get("content")
            if what == 3 and isinstance(content, dict):
                values["content"] = {
                    **content,
                    "about": self._chance.choice(IDS),
                    "size": self._chance.choice([1, True]),
                }
        return body, values

    def proof(self, stream: str, *, erased: Iterable[tuple[int, str]] = (), **more: Any) -> bytes:
        return super().proof(stream, erased={*erased, *self._closed}, **more)


def _gaps(files: dict[str, bytes], chance: random.Random) -> list[dict[str, Any]]:
    """What a bundle has to say is left out, most of it with a reason that can be."""
    manifest, history = read_canonical(files["manifest.json"]), read_canonical(files["history.json"])
    there = {file.get("attachment", file["sha256"]) for file in manifest["files"]}
    gaps: list[dict[str, Any]] = []
    for (what, entry, name), erased in left_out_of(history).items():
        if (what != "fields" and name in there) or (what == "fields" and erased):
            continue
        reason = chance.choice(REASONS[: 6 if chance.randrange(20) == 0 else 5])
        of = {"names": [name]} if what == "fields" else {"id": name}
        gaps.append({"what": what, "entry": entry, "reason": reason, **of})
    if gaps and chance.randrange(12) == 0:
        gaps.append(chance.choice(gaps))
    if gaps and chance.randrange(12) == 0:
        gaps.pop(chance.randrange(len(gaps)))
    return gaps


def _another(chance: random.Random) -> dict[str, bytes]:
    """A bundle of another log, whose history, page and gaps are those of its proofs."""
    while True:
        try:
            log = erased_log(ChangedLog(chance))
            return sample_bundle({"left_out": _gaps(sample_bundle(log=log), chance)}, log=log)
        except (Broken, KeyError, TypeError, AttributeError, ValueError):
            continue  # its proofs do not hold, so that there is no history


def changed_bundle(chance: random.Random) -> bytes:
    """A bundle, good or bad."""
    what = chance.randrange(8)
    if what == 0:
        return zipped(WHOLE)
    if what == 1:
        return mutate_bytes(zipped(WHOLE), chance)
    if what < 4:
        return zipped(changed(chance))
    return zipped(_another(chance))


COUNTED = ("files", "fields verified", "fields redacted", "fields withheld", "rows unproven")


def bundle_result(data: bytes) -> dict[str, int] | list[str]:
    """What is counted in a bundle that holds; else where something is found. That the page is another one than its
    history makes is passed over: no other program makes that page."""
    report = Report()
    check_bundle(ZippedBundle(io.BytesIO(data), report), POLICY, report)
    found = {
        one.where.partition(":")[0].partition(",")[0]
        for one in report.findings
        if not (one.where == PAGE and one.part.startswith("line"))
    }
    return sorted(found) or {name: report.counts.get(name, 0) for name in COUNTED}
