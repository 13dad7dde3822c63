"""What an evidence bundle leaves out, each with its reason, and the snapshots behind the digests that it shows."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import rfc8785

from claims.access.withheld import hidden_among, ids_in
from claims.bundles.stored import Shown
from claims.models import Grounds, StatusChangeGraph
from ledger.bundles import Made
from ledger.canonical import JsonObject
from ledger.models import Checkpoint, Erasure, Secret
from ledger.verifier import REDACTED, TOO_LARGE, WITHHELD, left_out_of

Gap = JsonObject
"""One line of a manifest's `left_out`: section 10 of `docs/ledger.md`."""


def snapshots_for(shown: Shown, history: Mapping[str, Any]) -> tuple[list[Made], set[str]]:
    """The kept graphs and grounds whose digests the history opens, and the digests of those that name something hidden.

    Hidden means hidden from this reader.
    """
    wanted = {what: set[str]() for what in ("graph", "grounds")}
    for what, _entry, name in left_out_of(history):
        if what in wanted:
            wanted[what].add(name)
    rows = StatusChangeGraph.objects.filter(claim=shown.claim).order_by("seq").values_list("graph", flat=True)
    graphs = [Made("", text.encode(), "graph") for text in rows]
    contents = Grounds.objects.filter(claim=shown.claim, digest__in=wanted["grounds"]).order_by("kept_at", "id")
    grounds = [Made("", rfc8785.dumps(content), "grounds") for content in contents.values_list("content", flat=True)]
    found, hidden = dict[str, Made](), set[str]()
    inside = {id(one): ids_in(one.content.decode()) for one in (*graphs, *grounds)}
    out_of_sight = hidden_among(shown.user, set().union(*inside.values()))
    for one in (*graphs, *grounds):
        digest = one.in_manifest["sha256"]
        if inside[id(one)] & out_of_sight:
            hidden.add(digest)
        elif digest in wanted[one.what]:
            folder = "graphs" if one.what == "graph" else one.what
            path = f"{folder}/{digest}.json"
            found[path] = Made(path, one.content, one.what)
    return list(found.values()), hidden


def gaps_in(
    history: Mapping[str, Any],
    there: Collection[str],
    *,
    hidden: Collection[str],
    too_large: Collection[str],
    checkpoint: Checkpoint | None,
) -> list[Gap]:
    """The history's missing values, and the files and snapshots it names that are not in the bundle.

    `there`: attachments by id and snapshots by digest that are in it; `hidden`: digests of those hidden from this
    reader; `too_large`: attachments that do not fit; `checkpoint`: None for a reader who may not know what was erased,
    for whom it counts as withheld. A field that nothing opens and no redaction names gets no reason here: the checker
    has to report it.
    """
    places = [act["entry"] for act in history["acts"]]
    openable = set(Secret.objects.filter(entry__place__index__in=places).values_list("entry__place__index", "name"))
    rows = Erasure.objects.filter(entry__place__index__in=places)
    erased = set(rows.values_list("entry__place__index", "name"))
    rows = rows.exclude(said_in__place__index__lt=checkpoint.size) if checkpoint else rows.none()
    since = set(rows.values_list("entry__place__index", "name"))
    gaps: list[Gap] = []
    for act in history["acts"]:
        names: dict[str, list[str]] = {}
        for name, why in sorted(act["left_out"].items()):
            place = (act["entry"], _secret(act, name))
            if why["reason"] == WITHHELD and (name == "entry" or place in openable | erased):
                names.setdefault("redacted_since" if place in since else WITHHELD, []).append(name)
        gaps += [{"what": "fields", "entry": act["entry"], "names": n, "reason": r} for r, n in sorted(names.items())]
    gaps += _missing(history, there, hidden=hidden, too_large=too_large)
    return gaps


def _secret(act: Mapping[str, Any], name: str) -> str:
    """The name of a field's secret: those of a sealed content are under `content/`."""
    if not act.get("stream", "").startswith("sealed:"):
        return name
    return {"sealed_kind": "kind", "sealed_content": "content"}.get(name, f"content/{name}")


def _missing(
    history: Mapping[str, Any], there: Collection[str], *, hidden: Collection[str], too_large: Collection[str]
) -> Iterator[Gap]:
    acts = {act["entry"]: act for act in history["acts"]}
    for (what, entry, name), erased in left_out_of(history).items():
        if what == "fields" or name in there:
            continue
        is_closed = name in hidden or (what == "file" and "content" in acts[entry]["left_out"])
        kept_out = TOO_LARGE if name in too_large else "not_kept"
        reason = "no_entry" if what == "subject" else WITHHELD if is_closed else kept_out
        reason = REDACTED if erased else reason
        yield {"what": what, "entry": entry, "id": name, "reason": reason}
