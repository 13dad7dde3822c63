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
    "finding": {
        "from": "word or null",
        "to": "word",
        "rationale": "text",
        "recorded_mistake": "yes",
        "seen_version": "number",
        "evidence": "[id]",
        "answers": "[answer]",
        "elements": "[part of a finding]",
        "grounds": "hash",
    },
    "answer": {"evidence": "id", "text": "text"},
    "part of a finding": {"element": "id or null", "text": "text"},
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
DESK, REDACTION, FINDING = "desk:<id>", "redaction:<id>", "assessment:<id>"
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
    "claim_reported": _claim_written("A claim was written down, as `content` has it."),
    "claim_edited": _claim_written("What is recorded of a claim changed; `content` is how it reads now.", **_WHY),
    "claim_reworded": _claim_written("A claim's statement changed; `content` is how it reads now.", **_WHY),
    "claim_published": _claim_set("A claim is public from now on.", {**_PUBLIC_CLAIM, **REASON}),
    "claim_unpublished": _claim_set("A claim is public no more."),
    "claim_closed": _claim_set("Work on a claim ended; `why` is one of a few words.", why="text"),
    "claim_opened": _claim_set("Work on a claim goes on."),
    "evidence_attached": _evidence("A source was attached to a claim."),
    "evidence_changed": _evidence("What is recorded of evidence changed; `content` is how it is now."),
    "evidence_withdrawn": _evidence("Evidence was withdrawn."),
    "evidence_released": _evidence("Evidence is seen by more people from now on.", sealed=NEVER),
    "excerpt_confirmed": _evidence("Somebody looked again whether the source still says what the excerpt has."),
    "assigned": _assignment("A claim was given to a reviewer."),
    "assignment_accepted": _assignment("The reviewer took it on."),
    "assignment_ended": _assignment("The assignment ended, as `state` says."),
    "due_time_changed": _assignment("It is due at another time."),
    "decider_named": EntryKind(
        CLAIM, "Somebody was named to decide.", {"claim": "id"}, {"person": "person"}, by="person or null"
    ),
    "decider_unnamed": EntryKind(
        CLAIM, "Somebody is no longer to decide.", {"claim": "id"}, {"person": "person"}, by="person or null"
    ),
    "assessed": EntryKind(
        f"{CLAIM}, sealed {FINDING}",
        "A finding was handed in. Sealed as long as it waits for a second person.",
        {"claim": "id", "assessment": "id"},
        {"content": "finding"},
        "while it waits",
    ),
    "assessment_confirmed": EntryKind(
        FINDING,
        "An assessor stands for a finding that waits, on other grounds.",
        {"claim": "id", "assessment": "id"},
        {"grounds": "hash"},
        ALWAYS,
    ),
    "decided": EntryKind(
        CLAIM,
        "A second person agreed with a finding or sent it back. `finding` is the leaf hash of the last sealed entry "
        "about it, `grounds` the digest of what was approved.",
        {"claim": "id", "assessment": "id", "approved": "yes"},
        {"assessor": "person", "reason": "text", "finding": "hash or null", "grounds": "hash or null"},
    ),
    "grounds_confirmed": EntryKind(
        CLAIM,
        "Somebody looked at what changed beneath a verdict, the claim's change `number`, and it stays.",
        {"claim": "id", "number": "number"},
        {"grounds": "hash", **REASON},
    ),
    "actor_added": _actor("An actor was written down."),
    "actor_changed": _actor("What is recorded of an actor changed."),
    "actor_merged": _actor("An actor proved to be another, `into`.", into="id", reason="text"),
    "actor_released": _actor("An actor is seen by more people from now on.", reason="text"),
    "source_added": _source("A source was written down."),
    "source_changed": _source("What is recorded of a source changed."),
    "source_regraded": _source("A source has another reliability."),
    "source_retracted": _source("A source took back what it said.", reason="text"),
    "source_corrected": _source("A source corrected what it said.", reason="text"),
    "source_released": _source("A source is seen by more people from now on.", reason="text"),
    "relay_added": _relay("A source got it from another, `upstream`."),
    "relay_removed": _relay("That it did was a mistake."),
    "attachment_kept": _file("A file is kept with a source.", content="file content"),
    "capture_kept": _file("What an address answered is kept with a source.", content="capture content"),
    "attachment_released": _released("A file is seen by more people from now on.", sort="attachment"),
    "capture_released": _released("A capture is seen by more people from now on.", sort="capture"),
    "desk_made": EntryKind(
        DESK,
        "A desk was made; `policy` has the number of each rule that it begins with.",
        {"prefix": "text", "policy": "any"},
        {"name": "text"},
        by="person or null",
    ),
    "desk_changed": EntryKind(DESK, "A desk has another name.", {"prefix": "text"}, {"name": "text"}),
    "policy_changed": EntryKind(
        DESK, "Rules of a desk changed: `changes` has for each what it was and what it is.", {"changes": "any"}, REASON
    ),
    "role_granted": EntryKind(
        PERSON,
        "A person has a role on a desk from now on, or (`null`) none.",
        {"desk": "id", "role": "text or null"},
        {"person": "person"},
        by="person or null",
    ),
    "invited": EntryKind(
        "invitation:<id>", "Somebody was invited.", {"desk": "id", "role": "text"}, {"name": "text", "email": "text"}
    ),
    "invitation_revoked": EntryKind(
        "invitation:<id>",
        "The invitation was taken back.",
        {"desk": "id", "role": "text"},
        {"name": "text", "email": "text"},
    ),
    "account_made": _account(
        "An account was made.", {"administrator": "yes", "invitation": "id or null"}, "person or null", email="text"
    ),
    "account_changed": _account(
        "`fields` of an account changed.",
        {"fields": "[text]", "open?": "yes", "administrator?": "yes"},
        "person or null",
        **{"email?": "text"},
    ),
    "session_ended": _account("A person ended one of their sessions.", {"session": "id"}),
    "sessions_ended": _account("A person ended their other sessions."),
    "access_ended": _account("Somebody else ended a person's sessions and tokens.", by="person or null"),
    "factor_added": _account("A person has a second factor more.", {"factor": "text"}),
    "factor_removed": _account("A person has a second factor less.", {"factor": "text"}),
    "factors_reset": _account(
        "Somebody else took a person's second factors away.", {"factors": "[text]"}, "person or null", reason="text"
    ),
    "recovery_codes_made": _account("A person has new recovery codes.", {"codes": "number"}),
    "recovery_code_used": _account("A person used one; so many are `left`.", {"left": "number"}),
    "identity_linked": _account("A person signs in through an organisation.", {"provider": "text"}, subject="text"),
    "identity_unlinked": _account("They do no more.", {"provider": "text"}, subject="text"),
    "token_made": _account(
        "A key for the API was made.",
        {"token": "id", "lifetime_days": "number", "scopes": "[text]"},
        "person or null",
        name="text",
    ),
    "token_revoked": _account("A key for the API was taken back.", {"token": "id"}),
    "exported": EntryKind("reads:<id of the person>:<day>", "Somebody took records away.", {}, {"what": "any"}),
    "restricted_read": EntryKind(
        "reads:<id of the desk>",
        "What restricted material of a desk was read since the entry before. One for each full hour, "
        "also where nothing was.",
        {},
        {"what": "[reading]"},
        ALWAYS,
        by="null",
    ),
    "redaction_previewed": EntryKind(
        f"{DESK} or {ACTOR}",
        "Somebody looked for what a redaction would erase, on a desk or of an actor that all desks share.",
        {"desk?": "id", "actor?": "id"},
        {"words": "text", "file": "id or null"},
    ),
    "redaction_proposed": _redaction("Somebody asked for something to be erased.", reason="text"),
    "redaction_second_named": _redaction("An editor of another desk was asked to decide on it.", second="person"),
    "redaction_refused": _redaction("It was refused."),
    "redaction_withdrawn": _redaction("It was taken back."),
    "redacted": EntryKind(
        REDACTION,
        "It was erased: section 11. Sealed entries name what sealed ones committed, and all `rows`.",
        {**OF_A_REDACTION, "fields": "any", "rows": "[text]"},
        {"proposed_by": "person", "reason": "text"},
        "where what it names is",
    ),
    "key_rotated": EntryKind(
        "log:keys",
        "A key of the log took another's place: section 5.",
        {"key": "text", "replaces": "text", "signs": "text", "signed?": "text"},
        {},
        by="person or null",
    ),
}
