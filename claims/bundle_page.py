"""The page of an evidence bundle: to be read from disk, with its data inside; it loads nothing and runs nothing."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from claims.acts import KINDS
from claims.bundle_proofs import Proofs
from claims.bundles import Shown
from claims.models import CloseReason, Credibility, Stance, StateChoices
from claims.sentences import voices_in_words
from ledger.entries import format_time, read_entry
from ledger.models import Checkpoint
from ledger.proofs import ProvenLeaf
from sources.models import Basis, Reliability, SourceKind

STYLE = Path(__file__).with_name("templates") / "claims" / "bundle_page.css"


def page_of(
    shown: Shown,
    history: Mapping[str, Any],
    proofs: Proofs,
    kept: Sequence[Mapping[str, Any]],
    *,
    checkpoint: Checkpoint,
    withheld: Sequence[str],
    now: datetime,
) -> bytes:
    """The page as a file. `history` as `history_for` has it, `kept` as the manifest has the files of people."""
    style = _style()
    numbers = {item["id"]: f"E{number}" for number, item in enumerate(history["evidence"], 1)}
    titles = {source["id"]: source["title"] for source in history["sources"]}
    origin, size, root = checkpoint.note.split("\n")[:3]
    context = {
        "style": style,
        "style_hash": base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        "claim": history["claim"],
        "state": StateChoices(history["claim"]["state"]).label,
        "closed": CloseReason(reason).label if (reason := history["claim"]["closed_reason"]) else "",
        "made_for": shown.user.username,
        "made_at": in_words(format_time(now)),
        "changes": [_change(change, numbers) for change in history["changes"]],
        "evidence": [_evidence(item, history, numbers) for item in history["evidence"]],
        "relays": [
            {**relay, "below": titles.get(relay["downstream"], ""), "above": titles.get(relay["upstream"], "")}
            for relay in history["relays"]
        ],
        "files": [_file(file, titles, history["files"]) for file in kept],
        "acts": [_act(one) for one in proofs.history],
        "later": proofs.later,
        "withheld": withheld,
        "origin": origin,
        "size": size,
        "root": root,
        "signed": in_words(format_time(checkpoint.at)),
    }
    return render_to_string("claims/bundle_page.html", context).encode()


def _style() -> SafeString:
    """The tokens of the look, and what this page alone has. Ours, and read from our own files."""
    tokens = settings.BASE_DIR / "config" / "static" / "second_source" / "tokens.css"
    return mark_safe(f"{tokens.read_text()}\n{STYLE.read_text()}")  # noqa: S308 - no value from outside


def in_words(moment: str | None) -> str:
    """'2026-11-22 22:14:03 UTC' of a time as the ledger has it; nothing for none."""
    return f"{moment[:10]} {moment[11:19]} UTC" if moment else ""


def _label(choices: Any, value: Any) -> str:
    return str(choices(value).label) if value else ""


def _change(change: Mapping[str, Any], numbers: Mapping[str, str]) -> dict[str, Any]:
    interval = change["independence"]
    return {
        **change,
        "before": _label(StateChoices, change["from"]),
        "after": _label(StateChoices, change["to"]),
        "at": in_words(change["happened_at"]),
        "words": _("The words were erased.") if change["reason"] is None else change["reason"],
        "rests_on": [number for pk, number in numbers.items() if pk in change["evidence"]],
        "voices": voices_in_words(interval["min"], interval["max"], interval.get("exact", True)),
    }


def _evidence(item: Mapping[str, Any], history: Mapping[str, Any], numbers: Mapping[str, str]) -> dict[str, Any]:
    source: Mapping[str, Any] = next((row for row in history["sources"] if row["id"] == item["source"]), {})
    parts = {part["id"]: part["text"] for part in history["claim"]["elements"]}
    return {
        **item,
        "number": numbers[item["id"]],
        "says": _label(Stance, item["stance"]),
        "source": source,
        "kind": _label(SourceKind, source.get("kind")),
        "basis_label": _label(Basis, item["basis"] or source.get("basis")),
        "reliability": _label(Reliability, source.get("reliability")),
        "credibility_label": _label(Credibility, item["credibility"]),
        "bears_on": [parts[pk] for pk in item["elements"] if pk in parts],
        "superseded_by": numbers.get(item["superseded_by"] or ""),
        "at": in_words(item["created_at"]),
        "withdrawn": in_words(item["withdrawn_at"]),
        "published": in_words(source.get("published_at")),
        "retracted": in_words(source.get("retracted_at")),
        "corrected": in_words(source.get("corrected_at")),
    }


def _file(file: Mapping[str, Any], titles: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    row = next(row for row in rows if row["attachment"] == file["attachment"])
    capture = row["capture"]
    return {
        **file,
        "source": titles.get(file["source"], ""),
        "at": in_words(row["created_at"]),
        "by": row["created_by"]["name"],
        "url": capture["final_url"] or capture["url"] if capture else "",
    }


def _act(one: ProvenLeaf) -> dict[str, Any]:
    """An entry of the claim in words: when, what, by whom where that is open to the reader."""
    if one.withheld:
        return {"index": one.leaf_index, "at": "", "kind": _("withheld"), "by": "", "is_open": False}
    entry, by = read_entry(one.leaf), one.openings.get("by")
    who = by.value if by else None
    return {
        "index": one.leaf_index,
        "at": in_words(entry.at),
        "kind": KINDS.get(entry.kind, entry.kind),
        "by": who.get("name", "") if isinstance(who, dict) else "",
        "is_open": bool(one.openings),
    }
