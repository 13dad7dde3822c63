"""Erasing words or a file everywhere on a desk: one person proposes, another decides, and the log records the erasure.

Append-only rows stay and lose the words; commitments in the ledger can no longer be opened; the log itself does not
change, and still verifies (`docs/decisions/0079…`).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.edits import count_edit
from accounts.models import Desk, Role, User
from accounts.queries import members_of
from claims.bundles.stored import forget_bundles_on
from claims.models import Claim, Element, Evidence, RevisionKind, Topic
from claims.reading.actor_queries import redacts_shared
from claims.reading.values import element_field
from claims.record.ledger_entries import claim_written, evidence_recorded
from claims.record.revisions import RevisionDetails, count_version
from claims.verdicts.support import counts_outside, lock_claim, lock_graph, lock_graphs_of
from house.errors import Conflict, Invalid, NotFound
from house.fields import given_text, optional_text
from house.transactions import recorded_transaction
from ledger.erasing import erase
from reviews.ledger_entries import redacted, redaction_ended, redaction_previewed, redaction_proposed, second_named
from reviews.models import Redaction, RedactionState
from reviews.permissions import (
    edits_elsewhere,
    may_ask_second,
    may_decide_redaction,
    may_redact,
    may_redact_shared,
    may_take_part,
    may_withdraw,
)
from reviews.redaction_matches import REDACTED, Match, Matches, find, find_in_drafts, find_in_shared, without_words
from sources.erasing import ask_to_delete
from sources.ledger_entries import actor_recorded, source_recorded
from sources.models import Actor, Attachment, Capture, ChosenFile, Source, Visibility

SHORTEST = 3  # characters: fewer match almost everything
MOST_WORDS = 200


def look_for(
    *, desk: Desk, words: str, file: UUID | None, by: User, now: datetime | None = None
) -> tuple[str, str, Matches]:
    """The matches of words, or of an attachment's file: (words, digest of the file, matches).

    The search is recorded first, whatever it matches: searching letter by letter leaves a trace for each. Raises
    NotFound, Forbidden, and Invalid if nothing on the desk matches.
    """
    # A transaction of its own, so that the record of the search stays where nothing matches (decision 83).
    with recorded_transaction():
        may_redact(desk, by)
        _read_words(words, with_file=file is not None)  # a refused search is not recorded
        redaction_previewed(desk, words=words, file=file, by=by, now=now or timezone.now())
    return _search(desk=desk, words=words, file=file, by=by)


def look_for_in_shared(*, actor: Actor, words: str, by: User, now: datetime | None = None) -> tuple[str, Matches]:
    """The matches of words about a shared actor: (words, matches); recorded like a search.

    Raises NotFound, Forbidden, and Invalid if nothing matches.
    """
    with recorded_transaction():
        may_redact_shared(actor, by)
        _read_words(words, with_file=False)
        redaction_previewed(actor, words=words, file=None, by=by, now=now or timezone.now())
    return _search_in_shared(actor=actor, words=words, by=by)


def preview_of(*, redaction: Redaction, by: User, now: datetime | None = None) -> Matches:
    """The present matches of an open redaction; the preview is recorded.

    Raises NotFound, Forbidden, Conflict (no longer open).
    """
    of = redaction.actor or redaction.desk
    assert of is not None  # a database constraint ensures one of the two
    with recorded_transaction():
        may_take_part(redaction, by)
        _must_be_open(redaction)
        # Looking is recorded like searching: it shows confidential text.
        redaction_previewed(of, words=redaction.words, file=None, by=by, now=now or timezone.now())
    return _found_by(redaction, redaction.words, sha256=redaction.sha256, by=by)


def _found_by(redaction: Redaction, words: str, *, sha256: str, by: User) -> Matches:
    if redaction.actor is not None:
        return find_in_shared(redaction.actor, words=words)
    assert redaction.desk is not None  # a database constraint ensures one of the two
    return find(redaction.desk, words=words, sha256=sha256, by=by)


def _search(*, desk: Desk, words: str, file: UUID | None, by: User) -> tuple[str, str, Matches]:
    """The same search for a proposal, which is recorded itself."""
    may_redact(desk, by)
    words = _read_words(words, with_file=file is not None)
    sha256 = _digest_of(desk, file) if file else ""
    found = find(desk, words=words, sha256=sha256, by=by)
    if not found.count and not found.fields:
        raise Invalid({"words": [_("No text on this desk contains these words. Try another spelling.")]})
    return words, sha256, found


def _search_in_shared(*, actor: Actor, words: str, by: User) -> tuple[str, Matches]:
    may_redact_shared(actor, by)
    words = _read_words(words, with_file=False)
    found = find_in_shared(actor, words=words)
    if not found.count and not found.fields:
        raise Invalid({"words": [_("No text of this actor contains these words. Try another spelling.")]})
    return words, found


def _read_words(text: str, *, with_file: bool) -> str:
    words = optional_text(text, field="words")
    if not with_file and len(words) < SHORTEST:
        raise Invalid({"words": [_("Enter at least three characters.")]})
    if len(words) > MOST_WORDS:
        raise Invalid({"words": [_("Enter at most 200 characters. Part of a long text is enough to find it.")]})
    if words and words.casefold() in REDACTED:
        raise Invalid({"words": [_("These words mark redacted text. Enter others.")]})
    return words


def _digest_of(desk: Desk, file: UUID) -> str:
    row = Attachment.objects.filter(source__desk=desk, pk=file, erased_at__isnull=True).first()
    if row is None:
        raise NotFound(_("File not found."))
    return row.sha256


def propose_redaction(
    *, desk: Desk, words: str = "", file: UUID | None = None, reason: str, by: User, now: datetime | None = None
) -> Redaction:
    """Propose that words, or the file of an attachment, be erased everywhere on a desk.

    Raises NotFound, Forbidden, Invalid (no match; the reason contains the words).
    """
    now = now or timezone.now()
    with recorded_transaction():
        words, sha256, _found = _search(desk=desk, words=words, file=file, by=by)
        what = {"desk": desk, "words": words, "sha256": sha256, "reason": _read_reason(reason, words=words)}
        row = Redaction.objects.create(**what, proposed_by=by, proposed_at=now)
        redaction_proposed(row, by=by, now=now)
    return row


def propose_shared_redaction(
    *, actor: Actor, words: str, reason: str, by: User, now: datetime | None = None
) -> Redaction:
    """Propose that words about a shared actor be erased: as an administrator, or as an editor of a desk that uses it
    (of any desk, if none does); the other of the two decides.

    Raises NotFound, Forbidden, Invalid (as `propose_redaction`).
    """
    now = now or timezone.now()
    with recorded_transaction():
        words, _found = _search_in_shared(actor=actor, words=words, by=by)
        what = {"actor": actor, "words": words, "reason": _read_reason(reason, words=words)}
        row = Redaction.objects.create(**what, proposed_by=by, proposed_at=now)
        redaction_proposed(row, by=by, now=now)
    return row


def _read_reason(text: str, *, words: str) -> str:
    reason = given_text(
        text, field="reason", message=_("Give a reason. It is recorded, so leave out the words to be erased.")
    )
    # The reason stays for good, and would keep the words with it.
    if words and words.casefold() in reason.casefold():
        raise Invalid({"reason": [_("The reason is recorded: leave out the words to be erased.")]})
    return reason


def name_second(*, redaction: Redaction, user: User | None, by: User, now: datetime | None = None) -> Redaction:
    """Ask an editor of another desk to decide on one's own proposal, as the only editor of a desk.

    They see the matches of this redaction, nothing else, until it ends. Raises NotFound, Forbidden, Invalid, Conflict
    (another person is already asked; the desk has another editor).
    """
    now = now or timezone.now()
    with recorded_transaction():
        row = _open(redaction, by)
        may_ask_second(row, by)
        assert row.desk is not None
        if row.second_id is not None:
            raise Conflict(_("A second editor has already been asked. Withdraw the proposal to ask another."))
        # Two people from outside must not erase a desk's words past its own editors (decision 105).
        if other_editors(row.desk, by):
            raise Conflict(_("This desk has another editor, who must decide."))
        if user is None or user.pk == by.pk or not edits_elsewhere(user, row.desk):
            raise Invalid({"person": [_("Name an editor of another desk who does not belong to this one.")]})
        row.second, row.second_at = user, now
        row.save(update_fields=["second", "second_at"])
        second_named(row, by=by, now=now)
    return row


def other_editors(desk: Desk, by: User) -> bool:
    """Whether the desk has an editor besides this one."""
    return members_of(desk, Role.EDITOR).exclude(pk=by.pk).exists()


def withdraw_redaction(*, redaction: Redaction, by: User, now: datetime | None = None) -> Redaction:
    """Withdraw one's own proposal. Raises NotFound, Forbidden, Conflict."""
    now = now or timezone.now()
    with recorded_transaction():
        row = _open(redaction, by)
        may_withdraw(row, by)
        _end(row, RedactionState.WITHDRAWN, decided_by=None, now=now)
        redaction_ended("redaction_withdrawn", row, by=by, now=now)
    return row


def refuse_redaction(*, redaction: Redaction, by: User, now: datetime | None = None) -> Redaction:
    """Reject a proposal; nothing is erased. Raises NotFound, Forbidden, Conflict."""
    now = now or timezone.now()
    with recorded_transaction():
        row = _open(redaction, by)
        may_decide_redaction(row, by)
        _end(row, RedactionState.REFUSED, decided_by=by, now=now)
        redaction_ended("redaction_refused", row, by=by, now=now)
    return row


@counts_outside
def redact(*, redaction: Redaction, seen: str, by: User, now: datetime | None = None) -> Redaction:
    """Erase the matches of a redaction in one transaction; files follow within seconds.

    `seen`: the digest of the matches shown to the person. Raises NotFound, Forbidden, and Conflict if the matches have
    changed, or if a text cannot be replaced.
    """
    now = now or timezone.now()
    with recorded_transaction():
        row = _open(redaction, by)
        may_decide_redaction(row, by)
        _still_proposed_by_one_who_may(row)
        # Alone, so that no bundle and no approval overlaps with the erasure (decision 78).
        _lock_graphs(row)
        words, sha256 = row.words, row.sha256
        found = _found_by(row, words, sha256=sha256, by=by)
        # Exactly what was shown is erased: the editor decides on matches, not on words.
        if found.seen != seen:
            raise Conflict(_("The matches have changed since you saw them. Review them below."))
        # Drafts are erased too, but not shown: only their authors read them.
        drafts = find_in_drafts(row.desk, words=words) if row.desk else ()
        claims = _lock_claims(row.desk, found) if row.desk else {}
        row.erased, row.in_drafts = found.count, bool(drafts)
        # The words in the proposal itself go with it (decision 79).
        _end(row, RedactionState.DONE, decided_by=by, now=now)
        _end_overtaken(row, words, now)
        try:
            touched = _take_out((*found.texts, *drafts))
        except IntegrityError as error:
            raise Conflict(_("Two rows would then have the same name. Rename one of them first.")) from error
        _erase_files(found.files, now)
        # Bundles are copies of what is erased; a shared actor may be in those of every desk.
        for desk in [row.desk] if row.desk else Desk.objects.all():
            forget_bundles_on(desk)
        _count_versions(claims, touched, by, now)
        # The log's entries before the erasing: the database erases only what an entry names (decision 79).
        said = redacted(row, found, by=by, now=now)
        for entry, fields, rows in said:
            erase(entry, fields=fields, rows=rows)
            _erase_rows_that_only_grow(entry)
        _record_anew(touched, by, now)
        # The same search again: a place that it finds was forgotten, and the transaction is undone (decision 79).
        left = _found_by(row, words, sha256=sha256, by=by)
        in_drafts = find_in_drafts(row.desk, words=words) if row.desk else ()
        if left.count or left.fields or left.previews or in_drafts:
            raise Conflict(_("Some of the words cannot be erased in place. Edit them there first, then try again."))
    return row


def _open(redaction: Redaction, by: User) -> Redaction:
    rows = Redaction.objects.select_for_update(of=("self",), no_key=True)
    row = rows.select_related("desk", "actor", "proposed_by").get(pk=redaction.pk)
    may_take_part(row, by)
    _must_be_open(row)
    return row


def _must_be_open(row: Redaction) -> None:
    if row.state != RedactionState.PROPOSED:
        raise Conflict(_("This redaction is no longer open: %(state)s.") % {"state": row.get_state_display()})


def _still_proposed_by_one_who_may(row: Redaction) -> None:
    """Check the proposer of a redaction of a shared actor again: an administrator who removed their rights cannot act
    as both."""
    # Otherwise a person could propose as one of the two and decide as the other (decision 105).
    if row.actor is not None and not redacts_shared(row.proposed_by, row.actor):
        raise Conflict(_("The proposer can no longer redact this actor. Reject it and propose it again."))


def _lock_graphs(row: Redaction) -> None:
    if row.actor is not None:
        lock_graphs_of(row.actor)
    elif row.desk is not None:
        lock_graph(row.desk.pk)


def _end(row: Redaction, state: RedactionState, *, decided_by: User | None, now: datetime) -> None:
    """End a redaction, and delete the words it searched for."""
    row.state, row.decided_by, row.ended_at, row.words, row.sha256 = state, decided_by, now, "", ""
    row.save(update_fields=["state", "decided_by", "ended_at", "words", "sha256", "erased", "in_drafts"])


def _end_overtaken(done: Redaction, words: str, now: datetime) -> None:
    """End other proposals for the same words, which have nothing left to match."""
    if words:
        others = Redaction.objects.filter(desk=done.desk_id, actor=done.actor_id, words__icontains=words)
        others = others.filter(state=RedactionState.PROPOSED)
        for other in others.select_for_update(no_key=True):
            _end(other, RedactionState.WITHDRAWN, decided_by=None, now=now)


def _lock_claims(desk: Desk, found: Matches) -> dict[str, Claim]:
    """Lock the claims of the matches by reference, in the order used everywhere."""
    references = {one.claim for one in found.texts if one.claim}
    topics = [one.pk for one in found.texts if one.place.model is Topic]
    rows = Claim.objects.filter(Q(reference__in=references) | Q(topics__in=topics), desk=desk).distinct()
    locked = [lock_claim(Claim(pk=pk)) for pk in rows.order_by("pk").values_list("pk", flat=True)]
    return {claim.reference: claim for claim in locked}


def _take_out(texts: Iterable[Match]) -> list[tuple[Match, Any]]:
    """Take the words out of changeable rows; yields each match with its present row."""
    touched = []
    for one in texts:
        # These the database alone may change, by the log's entry: `_erase_rows_that_only_grow`.
        if one.place.grows:
            continue
        row = one.place.model._default_manager.select_for_update(no_key=True).get(pk=one.pk)
        setattr(row, one.column, without_words(getattr(row, one.column), one))
        row.save(update_fields=[one.column])
        touched.append((one, row))
    return touched


def _erase_files(files: Iterable[Attachment], now: datetime) -> None:
    """Erase the name and digest of a file, and the capture it came from. Its bytes are deleted by a task."""
    digests = set()
    for file in files:
        digests.add(file.sha256)
        file.sha256, file.size, file.name, file.media_type, file.erased_at = "", 0, REDACTED, "", now
        file.save(update_fields=["sha256", "size", "name", "media_type", "erased_at"])
        # Headers and addresses of the answer may hold the words too.
        Capture.objects.filter(attachment=file).update(final_url="", headers=[], redirects=[])
    ChosenFile.objects.filter(sha256__in=digests).delete()  # a form may be about to attach it again
    ask_to_delete(digests, now=now)


def _erase_rows_that_only_grow(entry: int) -> None:
    # As the tables' owner: the application has no right to change these rows (decision 79).
    with connection.cursor() as cursor:
        cursor.execute("SELECT claims_erase(%(entry)s), reviews_erase(%(entry)s)", {"entry": entry})


def _count_versions(claims: dict[str, Claim], touched: Sequence[tuple[Match, Any]], by: User, now: datetime) -> None:
    """Count a version of each changed row, so that a form with the old wording is refused. Restricted evidence does not
    count for its claim."""
    fields: dict[tuple[type[Any], Any], set[str]] = {}
    of_claims: dict[str, set[str]] = {}
    for one, row in touched:
        if isinstance(row, Source | Actor | Evidence):
            fields.setdefault((type(row), row.pk), set()).add(one.column)
        if isinstance(row, Claim | Element) or (isinstance(row, Evidence) and row.visibility != Visibility.RESTRICTED):
            names = of_claims.setdefault(one.claim or "", set())
            names |= _fields_of_the_claim(one, row)
        if isinstance(row, Topic):
            for reference in row.claims.values_list("reference", flat=True):
                of_claims.setdefault(reference, set()).add("topics")
    for (model, pk), names in fields.items():
        row = model._default_manager.get(pk=pk)
        count_edit(row, names, by=by, now=now)
        row.save(update_fields=["version"])
    for reference, claim in claims.items():
        if reference in of_claims:
            claim.refresh_from_db()
            count_version(
                claim, RevisionKind.EDITED, by=by, now=now, details=RevisionDetails(fields=of_claims[reference])
            )


def _fields_of_the_claim(one: Match, row: Any) -> set[str]:
    if isinstance(row, Element):
        return {element_field(row, one.column)}
    return {one.column} if isinstance(row, Claim) else set()


def _record_anew(touched: Iterable[tuple[Match, Any]], by: User, now: datetime) -> None:
    """Commit to the present values anew: of the earlier ones only the hash is left."""
    subjects: dict[tuple[type[Any], Any], None] = {}
    for _found, row in touched:
        of_row = (
            row.claims.order_by("pk") if isinstance(row, Topic) else [row.claim if isinstance(row, Element) else row]
        )
        subjects |= {(type(one), one.pk): None for one in of_row}
    for model, pk in subjects:
        subject = model._default_manager.get(pk=pk)
        if isinstance(subject, Claim):
            claim_written("claim_edited", subject, by=by, now=now)
        elif isinstance(subject, Evidence):
            evidence_recorded("evidence_changed", subject, by=by, now=now)
        elif isinstance(subject, Source):
            source_recorded("source_changed", subject, by=by, now=now)
        elif isinstance(subject, Actor):
            actor_recorded("actor_changed", subject, by=by, now=now)
