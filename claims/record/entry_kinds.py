"""The catalogue of ledger entries: what each kind states openly and what it commits to. docs/ledger-kinds.md shows it.

A type is a word of `TYPES`, a shape of `SHAPES`, or a list of one (`[id]`); `or null` marks a value that may be null. A
name that ends with `?` is not in every entry of the kind. Tests compare every act with the catalogue.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

TYPES = {
    "id": "a UUID in lower case",
    "text": "a string that people wrote, perhaps empty",
    "word": "a string that the program writes: one of a few words, or a code",
    "account": "the name of an account, as it was then",
    "number": "an integer from 0",
    "yes": "`true` or `false`",
    "hash": "64 hexadecimal digits in lower case",
    "time": "UTC with milliseconds, as `at` has it",
    "moment": "a time with its offset, as RFC 3339 has it",
    "day": "`YYYY-MM-DD`",
    "null": "`null`",
    "any": "any value",
}
SHAPES: dict[str, dict[str, str]] = {
    "person": {"id": "id", "name": "account"},
    "element": {"id": "id", "text": "text", "essential": "yes"},
    "claim content": {
        **dict.fromkeys(("statement", "original_statement", "place"), "text"),
        "language": "word",
        **dict.fromkeys(("claimed_on", "happened_from", "happened_to"), "day or null"),
        "claimant": "id or null",
        "parties": "[id]",
        "also_claimed_by": "[id]",
        "topics": "[text]",
        "elements": "[element]",
        "threshold": "number or null",
    },
    "public claim": {
        **dict.fromkeys(("statement", "original_statement", "threshold_reason"), "text"),
        **dict.fromkeys(("reference", "language"), "word"),
        "claimed_on": "day or null",
        "threshold": "number or null",
    },
    "public evidence": {
        "source": "id",
        **dict.fromkeys(("excerpt", "locator"), "text"),
        **dict.fromkeys(("stance", "basis"), "word"),
        "credibility": "number or null",
    },
    "public source": {
        **dict.fromkeys(("title", "url"), "text"),
        "basis": "word",
        "published_at": "moment or null",
        "retracted": "yes",
    },
    "public actor": {"name": "text"},
    "evidence content": {
        "source_id": "id",
        **dict.fromkeys(("basis_reason", "excerpt", "locator", "against_interest_reason"), "text"),
        **dict.fromkeys(("stance", "basis", "visibility"), "word"),
        "credibility": "number or null",
        "against_interest_id": "id or null",
        "superseded_by_id": "id or null",
        "elements": "[id]",
    },
    "actor content": {
        **dict.fromkeys(("name", "stands_alone_because"), "text"),
        **dict.fromkeys(("kind", "reliability", "visibility"), "word"),
        **dict.fromkeys(("part_of_id", "owned_by_id"), "id or null"),
        **dict.fromkeys(("part_of_from", "part_of_to"), "day or null"),
        "speaks_for_checked?": "yes",
    },
    "source content": {
        **dict.fromkeys(("title", "url", "basis_reason"), "text"),
        **dict.fromkeys(("kind", "basis", "language", "reliability", "visibility"), "word"),
        "publisher_id": "id or null",
        "published_at": "moment or null",
    },
    "relay content": {"upstream": "id", "quote": "text"},
    "file content": {
        "sha256": "hash",
        "size": "number",
        "media_type": "word",
        "name": "text",
    },
    "capture content": {
        "sha256": "hash",
        "size": "number",
        "media_type": "word",
        "name": "text",
        "url": "text",
        "final_url": "text",
        "status": "number or null",
    },
    "visibility": {"visibility": "word"},
    "assessment content": {
        "from": "word or null",
        "to": "word",
        "rationale": "text",
        "recorded_mistake": "yes",
        "seen_version": "number",
        "evidence": "[id]",
        "answers": "[answer]",
        "elements": "[line on an element]",
        "grounds": "hash",
    },
    "answer": {"evidence": "id", "text": "text"},
    "line on an element": {"element": "id or null", "text": "text"},
    "interval": {"min": "number", "max": "number", "exact?": "yes"},
    "reading": {"by": "person", "sort": "word", "id": "word", "at": "time or null"},
}
NEVER, ALWAYS, RESTRICTED = "never", "always", "restricted"


@dataclass(frozen=True)
class EntryKind:
    """A kind of entry.

    `stream`: the subject, which names its stream unless it is sealed; `sealed`: when it is sealed.
    """

    stream: str
    meaning: str
    body: Mapping[str, str] = field(default_factory=dict)
    committed: Mapping[str, str] = field(default_factory=dict)
    sealed: str = NEVER
    by: str = "person"


CLAIM, EVIDENCE, SOURCE, ACTOR, PERSON = "claim:<id>", "evidence:<id>", "source:<id>", "actor:<id>", "person:<id>"
DESK, REDACTION, ASSESSMENT = "desk:<id>", "redaction:<id>", "assessment:<id>"
REASON = {"reason": "text"}
_WHY = {"threshold_reason?": "text"}  # of a claim with its own threshold
_WRITTEN = {"claim": "id", "desk": "id", "reference": "text", "version": "number"}
_SET = {"claim": "id", "version": "number"}
# The content of public pages, committed separately: of things that are public.
_PUBLIC_CLAIM = {"public?": "public claim", "claimant?": "id or null"}


def _claim_written(meaning: str, **committed: str) -> EntryKind:
    return EntryKind(CLAIM, meaning, _WRITTEN, {"content": "claim content", **committed, **_PUBLIC_CLAIM, **REASON})


def _claim_set(meaning: str, committed: Mapping[str, str] = REASON, **body: str) -> EntryKind:
    return EntryKind(CLAIM, meaning, {**_SET, **body}, committed)


def _evidence(meaning: str, *, sealed: str = RESTRICTED) -> EntryKind:
    content = {"content": "evidence content", "public?": "public evidence", **REASON}
    return EntryKind(f"{CLAIM}, sealed {EVIDENCE}", meaning, {"claim": "id", "evidence": "id"}, content, sealed)


def _assignment(meaning: str) -> EntryKind:
    body = {"claim": "id", "assignment": "id", "state": "text"}
    return EntryKind(CLAIM, meaning, body, {"reviewer": "person", "due_at": "moment", **REASON}, by="person or null")


def _actor(meaning: str, **committed: str) -> EntryKind:
    content = {"content": "actor content", "public?": "public actor", **committed}
    return EntryKind(ACTOR, meaning, {"actor": "id", "desk": "id or null"}, content, RESTRICTED)


def _source(meaning: str, **committed: str) -> EntryKind:
    content = {"content": "source content", "public?": "public source", "publisher?": "id or null", **committed}
    return EntryKind(SOURCE, meaning, {"source": "id", "desk": "id"}, content, RESTRICTED)


def _relay(meaning: str) -> EntryKind:
    return EntryKind(SOURCE, meaning, {"relay": "id", "source": "id"}, {"content": "relay content"}, RESTRICTED)


def _file(meaning: str, *, content: str) -> EntryKind:
    return EntryKind(SOURCE, meaning, {"attachment": "id", "source": "id"}, {"content": content}, RESTRICTED)


def _released(meaning: str, *, sort: str) -> EntryKind:
    return EntryKind(SOURCE, meaning, {sort: "id", "source": "id"}, {"content": "visibility", **REASON})


def _account(meaning: str, body: Mapping[str, str] | None = None, by: str = "person", **committed: str) -> EntryKind:
    return EntryKind(PERSON, meaning, body or {}, {"person": "person", **committed}, by=by)


OF_A_REDACTION = {"redaction": "id", "desk": "id or null", "actor?": "id"}


def _redaction(meaning: str, **committed: str) -> EntryKind:
    return EntryKind(REDACTION, meaning, OF_A_REDACTION, committed)


CATALOGUE: dict[str, EntryKind] = {
    "status_changed": EntryKind(
        CLAIM,
        "A claim moved from one state to another: section 9. `number` counts its changes; `independence` and "
        "`threshold` are those of `stance` then.",
        {
            "claim": "id",
            "reference": "text",
            "number": "number",
            "happened_at": "time",
            "from": "text or null",
            "to": "text",
            "stance": "text",
            "independence": "interval",
            "threshold": "number",
        },
        {
            "decided_by": "person or null",
            "reason": "text",
            "decision_reason": "text",
            "evidence": "[id]",
            "graph_digest": "hash",
        },
        by="person or null",
    ),
    "claim_reported": _claim_written("A claim was added, as `content` has it."),
    "claim_edited": _claim_written("A claim was edited; `content` is how it reads now.", **_WHY),
    "claim_reworded": _claim_written("A claim's statement changed; `content` is how it reads now.", **_WHY),
    "claim_published": _claim_set("A claim was published.", {**_PUBLIC_CLAIM, **REASON}),
    "claim_unpublished": _claim_set("A claim was unpublished."),
    "claim_closed": _claim_set("Work on a claim ended; `why` is one of a few words.", why="text"),
    "claim_opened": _claim_set("A closed claim was reopened."),
    "evidence_attached": _evidence("A source was attached to a claim."),
    "evidence_changed": _evidence("Evidence was edited; `content` is how it is now."),
    "evidence_withdrawn": _evidence("Evidence was withdrawn."),
    "evidence_released": _evidence("Evidence was released to more people.", sealed=NEVER),
    "excerpt_confirmed": _evidence("A person confirmed that an excerpt still matches its source."),
    "assigned": _assignment("A claim was assigned to a reviewer."),
    "assignment_accepted": _assignment("The reviewer accepted the assignment."),
    "assignment_ended": _assignment("The assignment ended, as `state` says."),
    "due_time_changed": _assignment("The due time of an assignment changed."),
    "decider_named": EntryKind(
        CLAIM, "An editor named an approver for a claim.", {"claim": "id"}, {"person": "person"}, by="person or null"
    ),
    "decider_unnamed": EntryKind(
        CLAIM,
        "A person is no longer an approver of a claim.",
        {"claim": "id"},
        {"person": "person"},
        by="person or null",
    ),
    "assessed": EntryKind(
        f"{CLAIM}, sealed {ASSESSMENT}",
        "An assessment was submitted. Sealed while it awaits a second person.",
        {"claim": "id", "assessment": "id"},
        {"content": "assessment content"},
        "while it waits",
    ),
    "assessment_confirmed": EntryKind(
        ASSESSMENT,
        "An assessor confirmed an open assessment after its grounds changed.",
        {"claim": "id", "assessment": "id"},
        {"grounds": "hash"},
        ALWAYS,
    ),
    "decided": EntryKind(
        CLAIM,
        "A second person approved or rejected an assessment. `finding` is the leaf hash of the last sealed entry "
        "about it, `grounds` the digest of the approved grounds.",
        {"claim": "id", "assessment": "id", "approved": "yes"},
        {"assessor": "person", "reason": "text", "finding": "hash or null", "grounds": "hash or null"},
    ),
    "grounds_confirmed": EntryKind(
        CLAIM,
        "A person checked the changed grounds of a verdict, the claim's status change `number`, and confirmed it.",
        {"claim": "id", "number": "number"},
        {"grounds": "hash", **REASON},
    ),
    "actor_added": _actor("An actor was created."),
    "actor_changed": _actor("An actor was edited."),
    "actor_merged": _actor("An actor was merged into another, `into`.", into="id", reason="text"),
    "actor_released": _actor("An actor was released to more people.", reason="text"),
    "source_added": _source("A source was created."),
    "source_changed": _source("A source was edited."),
    "source_regraded": _source("The reliability of a source changed."),
    "source_retracted": _source("The publisher retracted a source.", reason="text"),
    "source_corrected": _source("The publisher corrected a source.", reason="text"),
    "source_released": _source("A source was released to more people.", reason="text"),
    "relay_added": _relay("A relay was added: a source is based on another, `upstream`."),
    "relay_removed": _relay("A relay recorded by mistake was removed."),
    "attachment_kept": _file("A file was attached to a source.", content="file content"),
    "capture_kept": _file("A capture of an address was stored with a source.", content="capture content"),
    "attachment_released": _released("A file was released to more people.", sort="attachment"),
    "capture_released": _released("A capture was released to more people.", sort="capture"),
    "desk_made": EntryKind(
        DESK,
        "A desk was created; `policy` has the value of each rule that it begins with.",
        {"prefix": "text", "policy": "any"},
        {"name": "text"},
        by="person or null",
    ),
    "desk_changed": EntryKind(DESK, "A desk was renamed.", {"prefix": "text"}, {"name": "text"}),
    "policy_changed": EntryKind(
        DESK, "Rules of a desk changed: `changes` has the old and the new value of each.", {"changes": "any"}, REASON
    ),
    "role_granted": EntryKind(
        PERSON,
        "A person was given a role on a desk, or (`null`) removed from it.",
        {"desk": "id", "role": "text or null"},
        {"person": "person"},
        by="person or null",
    ),
    "invited": EntryKind(
        "invitation:<id>", "An invitation was sent.", {"desk": "id", "role": "text"}, {"name": "text", "email": "text"}
    ),
    "invitation_revoked": EntryKind(
        "invitation:<id>",
        "An invitation was revoked.",
        {"desk": "id", "role": "text"},
        {"name": "text", "email": "text"},
    ),
    "account_made": _account(
        "An account was created.", {"administrator": "yes", "invitation": "id or null"}, "person or null", email="text"
    ),
    "account_changed": _account(
        "`fields` of an account changed.",
        {"fields": "[text]", "open?": "yes", "administrator?": "yes"},
        "person or null",
        **{"email?": "text"},
    ),
    "session_ended": _account("A person ended one of their sessions.", {"session": "id"}),
    "sessions_ended": _account("A person ended their other sessions."),
    "access_ended": _account("Another person ended a person's sessions and tokens.", by="person or null"),
    "factor_added": _account("A person added a second factor.", {"factor": "text"}),
    "factor_removed": _account("A person removed a second factor.", {"factor": "text"}),
    "factors_reset": _account(
        "Another person removed a person's second factors.", {"factors": "[text]"}, "person or null", reason="text"
    ),
    "recovery_codes_made": _account("A person created new recovery codes.", {"codes": "number"}),
    "recovery_code_used": _account(
        "A person used a recovery code; `left` is the number remaining.", {"left": "number"}
    ),
    "identity_linked": _account(
        "A person linked their account to an organisation's sign-in.", {"provider": "text"}, subject="text"
    ),
    "identity_unlinked": _account(
        "A person unlinked their account from an organisation's sign-in.", {"provider": "text"}, subject="text"
    ),
    "token_made": _account(
        "An API token was created.",
        {"token": "id", "lifetime_days": "number", "scopes": "[text]"},
        "person or null",
        name="text",
    ),
    "token_revoked": _account("An API token was revoked.", {"token": "id"}),
    "exported": EntryKind("reads:<id of the person>:<day>", "A person exported records.", {}, {"what": "any"}),
    "restricted_read": EntryKind(
        "reads:<id of the desk>",
        "The restricted material of a desk read since the previous entry. One entry for each full hour, "
        "even without any reads.",
        {},
        {"what": "[reading]"},
        ALWAYS,
        by="null",
    ),
    "redaction_previewed": EntryKind(
        f"{DESK} or {ACTOR}",
        "A person previewed a redaction, on a desk or of an actor that all desks share.",
        {"desk?": "id", "actor?": "id"},
        {"words": "text", "file": "id or null"},
    ),
    "redaction_proposed": _redaction("A redaction was proposed.", reason="text"),
    "redaction_second_named": _redaction(
        "An editor of another desk was named to decide on a redaction.", second="person"
    ),
    "redaction_refused": _redaction("A redaction was rejected."),
    "redaction_withdrawn": _redaction("A proposed redaction was withdrawn."),
    "redacted": EntryKind(
        REDACTION,
        "A redaction was carried out: section 11. Sealed entries name fields of sealed entries, and all `rows`.",
        {**OF_A_REDACTION, "fields": "any", "rows": "[text]"},
        {"proposed_by": "person", "reason": "text"},
        "where the entries that it names are",
    ),
    "key_rotated": EntryKind(
        "log:keys",
        "A key of the log took another's place: section 5.",
        {"key": "text", "replaces": "text", "signs": "text", "signed?": "text"},
        {},
        by="person or null",
    ),
}
