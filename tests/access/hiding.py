"""A web of rows in which each relation that can names rows that are restricted, for `test_relations`.

Everything was open first, and was seen, attached, named and decided on by others. Then editors restricted it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from shutil import copytree
from typing import Any

from django.db.models import Model

from accounts.models import User
from claims.actions.conflicts import declare_conflict
from claims.actions.evidence import attach_evidence, change_evidence
from claims.actions.sources import add_relay, change_actor, change_source, correct_source
from claims.inputs import EvidenceInput
from claims.models import Claim, Evidence
from reviews.actions.drafts import keep_draft
from reviews.actions.form_drafts import About, SeenDraft, keep_form_draft
from reviews.inputs import AssessmentInput, FormDraftInput
from sources.actions import attach_file, create_actor, create_source
from sources.inputs import ActorInput, SourceInput
from sources.models import Actor, Attachment, Capture, Source
from tests import factories
from tests.access.world import AccessWorld
from tests.claims.bundling import made
from tests.ledger.installation import publish_here

_webs = count()


@dataclass
class HiddenWeb:
    """`rows`: all that is restricted by now, by what it is called here. Each has `mark` and its name in its texts."""

    world: AccessWorld
    mark: str = "Zephyrine"
    rows: dict[str, Model] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A word that stands nowhere but in the present texts of this row."""
        return f"{self.mark}x{name}x"

    def addresses(self) -> Iterator[tuple[str, str]]:
        """Each row with an address that answers 404 to whoever may not know of it."""
        for name, row in self.rows.items():
            if isinstance(row, Evidence):
                yield name, f"/api/v1/claims/{row.claim.reference}/evidence/{row.pk}/"
            elif isinstance(row, Attachment):
                yield name, f"/attachments/{row.pk}/"
            elif isinstance(row, Capture):
                yield name, f"/api/v1/sources/{row.source_id}/capture/{row.pk}/"
            else:
                yield name, f"/api/v1/{type(row).__name__.lower()}s/{row.pk}/"


def make_web(world: AccessWorld) -> HiddenWeb:
    """What was open, and is restricted in the end."""
    web, cast = HiddenWeb(world), world.cast
    editor, claim = cast.editor, world.claim
    given, conflicted = _actor(web, "given"), _actor(web, "conflicted")
    told, later = _source(web, "told", cast.reporter, publisher=given), _source(web, "later", editor, publisher=given)
    read = _attach(web, "read", told, cast.reviewer2, claim)
    _attach(web, "newer", later, editor, claim)
    declare_conflict(actor_id=conflicted.pk, by=cast.reviewer2)
    web.rows["early"] = attach_file(source=told, chunks=[b"Hers."], name="early.txt", by=cast.reporter)
    _judged(web, read)
    made(cast.reviewer2, claim)
    _restrict(web, told, later, conflicted)
    _name_what_is_hidden(web, told, read)
    web.rows |= {name: factories.fresh(row) for name, row in web.rows.items()}
    return web


def _actor(web: HiddenWeb, name: str, by: User | None = None, **fields: Any) -> Actor:
    fields = {"name": web.text(name), "kind": "person", **fields}
    row = create_actor(desk=web.world.cast.desk, fields=ActorInput(**fields), by=by or web.world.cast.editor)
    web.rows[name] = row
    return row


def _source(web: HiddenWeb, name: str, by: User, publisher: Actor | None = None, **fields: Any) -> Source:
    pk = publisher.pk if publisher else None
    fields = {"title": web.text(name), "publisher": pk, "basis": "firsthand", **fields}
    row = create_source(desk=web.world.cast.desk, fields=SourceInput(**fields), by=by, capture=False)
    web.rows[name] = row
    return row


def _attach(web: HiddenWeb, name: str, source: Source, by: User, claim: Claim) -> Evidence:
    fields = EvidenceInput(source=source.pk, stance="supports", excerpt=web.text(name))
    row = attach_evidence(claim=claim, fields=fields, by=by)
    web.rows[name] = row
    return row


def _judged(web: HiddenWeb, read: Evidence) -> None:
    """Evidence that is hidden later: a verdict rests on it, an assessment names and answers it, a draft does."""
    cast, world = web.world.cast, web.world
    claim = factories.claim(cast, "Another ship.", by=cast.reporter)
    contrary = factories.firsthand(cast, claim, 1, stance="refutes", by=cast.reviewer2)[0]
    for item in factories.firsthand(cast, claim, 2, by=cast.reviewer2):
        web.rows[f"based{item.pk.hex[:6]}"] = item.source
        web.rows[f"basis{item.pk.hex[:6]}"] = item
    web.rows |= {"contrary": contrary, "denier": contrary.source}
    factories.approved(cast, factories.assessment(cast, claim, "corroborated"))
    correct_source(source=contrary.source, reason="Another day.", by=cast.editor)
    seen = factories.fresh(world.claim).version
    draft = world.cast.reviewer.drafts.get(claim=world.claim)
    keep_draft(
        claim=world.claim,
        fields=AssessmentInput(rationale="On third thoughts.", evidence=[read.pk], seen_version=seen),
        version=draft.version,
        by=cast.reviewer,
    )
    keep_form_draft(
        fields=FormDraftInput(
            name=world.form_draft.name,
            path=world.form_draft.path,
            content=[("excerpt", "Half a sentence"), ("upstream", str(contrary.source_id))],
        ),
        about=About(desk=cast.desk, claim=world.claim),
        seen=SeenDraft(world.form_draft.pk, world.form_draft.version),
        by=cast.reviewer,
    )
    publish_here(_signer_of_its_own(world))


def _signer_of_its_own(world: AccessWorld) -> Path:
    """The world is taken back after each test, and a signer signs nothing that is not what it signed before."""
    folder = world.files.with_name(f"{world.files.name}-signer-{next(_webs)}")
    copytree(world.files.with_name(f"{world.files.name}-signer"), folder)
    return folder


def _restrict(web: HiddenWeb, *open_ones: Source | Actor) -> None:
    """Editors restrict it; the uploader of `told`, and who attached it, are told less from now on."""
    editor = web.world.cast.editor
    sources = [row for row in web.rows.values() if isinstance(row, Source)]
    for source in {row.pk: row for row in [*sources, *open_ones] if isinstance(row, Source)}.values():
        change_source(source=source, fields=SourceInput(visibility="restricted"), by=editor)
    for actor in (row for row in web.rows.values() if isinstance(row, Actor)):
        change_actor(actor=actor, fields=ActorInput(visibility="restricted"), by=editor)


def _name_what_is_hidden(web: HiddenWeb, told: Source, read: Evidence) -> None:
    """What an editor adds since: new names on what others once saw."""
    cast, editor = web.world.cast, web.world.cast.editor
    above, owner = (_actor(web, name, visibility="restricted") for name in ("above", "owner"))
    links: dict[str, Any] = {"part_of": above.pk, "owned_by": owner.pk, "visibility": "restricted"}
    named = _actor(web, "named", **links)
    own = _actor(web, "own", by=cast.reporter, visibility="restricted")
    change_actor(actor=own, fields=ActorInput(part_of=above.pk, owned_by=owner.pk), by=editor)
    change_source(
        source=told, fields=SourceInput(publisher=named.pk, url=f"https://{web.mark.lower()}.example/"), by=editor
    )
    hidden = _source(web, "hidden", editor, visibility="restricted")
    add_relay(downstream=told, upstream=hidden.pk, quote=web.text("quote"), by=editor)
    add_relay(downstream=hidden, upstream=web.world.upstream.pk, by=editor)
    add_relay(downstream=web.world.source, upstream=hidden.pk, by=editor)
    web.rows["file"] = attach_file(source=told, chunks=[b"Hers."], name=f"{web.text('file')}.txt", by=editor)
    kept = attach_file(source=told, chunks=[b"Its answer."], name=f"{web.text('kept')}.txt", by=editor)
    capture = Capture.objects.get(source=told)  # of its new address
    capture.attachment = kept
    capture.save(update_fields=["attachment"])
    web.rows |= {"kept": kept, "capture": capture}
    admitting: dict[str, Any] = {"against_interest": named.pk, "against_interest_reason": "It costs them."}
    change_evidence(evidence=read, fields=EvidenceInput(**admitting), by=editor)
    Evidence.objects.filter(pk=read.pk).update(superseded_by=web.rows["newer"].pk)
    mine = EvidenceInput(source=web.world.upstream.pk, stance="context", visibility="restricted")
    noted = attach_evidence(claim=web.world.claim, fields=mine, by=cast.reporter)
    change_evidence(evidence=noted, fields=EvidenceInput(**admitting), by=editor)
    Evidence.objects.filter(pk=noted.pk).update(superseded_by=web.rows["newer"].pk)
    web.rows["noted"] = noted


def change(web: HiddenWeb, mark: str, names: Iterable[str]) -> None:
    """These rows have other texts from now on."""
    web.mark, editor = mark, web.world.cast.editor
    for name in names:
        row = web.rows[name]
        if isinstance(row, Source):
            change_source(source=row, fields=SourceInput(title=web.text(name)), by=editor)
        elif isinstance(row, Actor):
            change_actor(actor=row, fields=ActorInput(name=web.text(name)), by=editor)
        elif isinstance(row, Evidence):
            change_evidence(evidence=row, fields=EvidenceInput(excerpt=web.text(name)), by=editor)
