"""An example of every body that the API reads, by the name of its class: shown in the schema, and tried by the tests.

They tell one story: whether crates of shells were unloaded at the north pier.
"""

from typing import Any

DESK = "0f3f3f4e-5a0e-4c53-9a55-0d6a4b1c7e01"
MINISTRY = "0f3f3f4e-5a0e-4c53-9a55-0d6a4b1c7e02"
HARBOUR_AUTHORITY = "0f3f3f4e-5a0e-4c53-9a55-0d6a4b1c7e03"
HARBOUR_GROUP = "0f3f3f4e-5a0e-4c53-9a55-0d6a4b1c7e04"
SURVEY = "0f3f3f4e-5a0e-4c53-9a55-0d6a4b1c7e05"
PHOTOGRAPHS = "0f3f3f4e-5a0e-4c53-9a55-0d6a4b1c7e06"
FIRST_EVIDENCE = "0f3f3f4e-5a0e-4c53-9a55-0d6a4b1c7e07"
DENIAL = "0f3f3f4e-5a0e-4c53-9a55-0d6a4b1c7e08"
ELEMENT = "0f3f3f4e-5a0e-4c53-9a55-0d6a4b1c7e09"
GROUNDS = "9c56cc51b374c3ba189210d5b6d4bf57790d351c96c47c02190ecf1e430635ab"

ExampleBody = dict[str, Any]  # a body of a request: free-form JSON
_REVIEW: ExampleBody = {
    "proposed_state": "corroborated",
    "rationale": "Two sources who were at the pier describe the same crates and did not speak to each other.",
    "evidence": [FIRST_EVIDENCE],
    "answers": [{"evidence": DENIAL, "text": "The ministry speaks of another pier."}],
    "elements": [{"element": ELEMENT, "text": "Both sources name the north pier."}],
    "recorded_mistake": False,
    "seen_version": 7,
}
_RELEASE: ExampleBody = {"visibility": "desk", "reason": "The source agreed in writing on 4 November."}

EXAMPLES: dict[str, ExampleBody] = {
    # Desks and people
    "NewDesk": {"name": "Harbour desk", "prefix": "HRB", "min_independence": 2, "days_to_review": 7},
    "DeskChanges": {"days_to_review": 5, "reason": "Reviews took four days on average.", "seen_version": 3},
    "NewToken": {"name": "Nightly import", "lifetime_days": 30, "scopes": ["read"]},
    "ReadUntil": {"until": "2022-11-05T09:30:00Z"},
    # Actors
    "NewActorBody": {
        "desk": DESK,
        "name": "Harbour Authority",
        "kind": "organisation",
        "part_of": MINISTRY,
        "part_of_from": "2019-01-01",
        "reliability": "B",
        "visibility": "desk",
    },
    "ChangesOfActor": {"part_of": None, "stands_alone_because": "Its board is elected.", "seen_version": 2},
    "Merging": {"into": HARBOUR_AUTHORITY, "reason": "The same body before it was renamed.", "chain": "into"},
    # Sources
    "NewSource": {
        "desk": DESK,
        "kind": "article",
        "title": "Survey of the north pier",
        "url": "https://harbour.example/survey",
        "publisher": HARBOUR_AUTHORITY,
        "published_at": "2022-11-02T09:30:00Z",
        "basis": "firsthand",
        "basis_reason": "Its surveyor was at the pier.",
        "language": "en",
        "reliability": "B",
        "visibility": "desk",
    },
    "ChangesOfSource": {"basis": "secondhand", "basis_reason": "It quotes the surveyor.", "seen_version": 1},
    "SourceAct": {"reason": "The publisher withdrew the article on 6 November.", "dry_run": True},
    "NewRelay": {"upstream": SURVEY, "quote": "According to the harbour’s survey"},
    "NewAttachment": {"file": "pier.jpg", "visibility": "desk"},
    # Claims
    "NewClaim": {
        "desk": DESK,
        "statement": "Crates of shells were unloaded at the north pier on 1 November 2022.",
        "original_statement": "Crates of shells were unloaded at the north pier on 1 November 2022.",
        "language": "en",
        "claimant": HARBOUR_GROUP,
        "parties": [HARBOUR_GROUP, MINISTRY],
        "claimed_on": "2022-11-02",
        "happened_from": "2022-11-01",
        "happened_to": "2022-11-01",
        "place": "North pier",
        "topics": ["shipping"],
        "elements": [{"text": "The crates held shells.", "essential": True}],
        "evidence": [{"source": SURVEY, "stance": "supports", "basis": "firsthand", "elements": [0]}],
    },
    "ClaimChanges": {"place": "North pier, berth 4", "topics": ["shipping", "arms"], "seen_version": 7},
    "WithReason": {"reason": "Approved for publication by the editor in charge."},
    "Closing": {"reason": "duplicate", "note": "Already recorded as HRB-12."},
    "NewMove": {
        "to": "denied",
        "reason": "The ministry denied it on 3 November.",
        "evidence": [DENIAL],
        "seen_version": 7,
    },
    # Evidence
    "NewEvidence": {
        "source": PHOTOGRAPHS,
        "stance": "supports",
        "elements": [ELEMENT],
        "basis": "firsthand",
        "basis_reason": "The photographer was at the pier.",
        "excerpt": "Four crates, marked 122 mm",
        "locator": "Photograph 3",
        "credibility": 2,
        "visibility": "desk",
    },
    "EvidenceChanges": {"locator": "Photographs 3 and 4", "seen_version": 1},
    "EvidenceWithdrawal": {"reason": "The photographs are of another pier.", "seen_version": 1},
    "ExcerptNote": {"note": "The corrected article keeps this sentence word for word."},
    # Assignments
    "NewAssignment": {"claim": "HRB-14", "reviewer": "reviewer", "due_at": "2022-11-09T17:00:00Z"},
    "AssignmentChanges": {"due_at": "2022-11-11T17:00:00Z"},
    "Reason": {"reason": "I know the photographer."},
    "NewReassignment": {"to": "reviewer2", "reason": "I am away from Monday."},
    "NewDecider": {"person": "editor2"},
    # Assessments
    "NewAssessment": _REVIEW,
    "NewDraft": _REVIEW | {"version": 0},
    "NewApproval": {"reason": "I checked both sources.", "seen_version": 7, "seen_grounds": GROUNDS},
    "NewDecision": {"reason": "The second source read the first. Please trace it.", "seen_version": 7},
    "Confirmation": {"seen_version": 8, "seen_grounds": GROUNDS},
    "VerdictConfirmation": {"seen_grounds": GROUNDS, "reason": "Only a page number changed."},
    # Releases
    "Release": _RELEASE,
    "CountedRelease": _RELEASE | {"dry_run": True},
    "NoFields": {},
    # Redactions
    "Sought": {"desk": DESK, "words": "Oleksandr P."},
    "NewRedaction": {"desk": DESK, "words": "Oleksandr P.", "reason": "The person named asked for it in writing."},
    "RedactionApproval": {"seen": GROUNDS},
    "SecondPerson": {"person": "editor2"},
}
