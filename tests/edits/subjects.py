"""What people edit, each with its page, its program's address, and for each field what two people make of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Model

from accounts.models import Desk, User
from claims.actions.claims import edit_claim, set_threshold
from claims.actions.desks import change_policy
from claims.actions.evidence import change_evidence
from claims.actions.sources import change_actor, change_source
from claims.forms.actors import ActorForm
from claims.forms.claims import EditClaimForm, ThresholdForm
from claims.forms.desks import PolicyForm
from claims.forms.evidence import EvidenceForm
from claims.forms.sources import SourceForm
from claims.inputs import ClaimInput, DeskEdit, ElementInput, EvidenceInput, ThresholdInput
from claims.models import PolicyField
from house.edit_forms import EditForm
from house.inputs import UNCHANGED
from sources.inputs import ActorInput, SourceInput
from tests import factories
from tests.factories import Cast

MOMENT = datetime(2022, 11, 2, 8, 15, 42, 123456, tzinfo=UTC)


@dataclass
class Subject:
    """A row with its edit page. `values`: for each field what is typed by the one (as controls) and what the other does
    by the action (`change`), where they meet in a field that the page calls `label`."""

    form: type[EditForm]
    row: Model
    address: str
    typed: Mapping[str, Mapping[str, Any]]
    done: Mapping[str, Any]
    change: Callable[[Mapping[str, Any], User], object]
    always: Mapping[str, Any]  # controls that are no fields of the row and have to be filled in


def source(cast: Cast) -> Subject:
    one, other, now = (
        factories.actor(cast, name, visibility="public") for name in ("One agency", "Another agency", "An agency")
    )
    row = factories.source(
        cast, "Harbour closed", publisher=now, url="https://example.org/a", basis_reason="x",
        language="ru", visibility="public", reliability="C",
    )  # fmt: skip
    # As no form would write it: what was not touched stays so to the byte.
    type(row).objects.filter(pk=row.pk).update(
        title="  Harbour\tclosed ", basis_reason="One.\nTwo.\r\nThree.\n", published_at=MOMENT
    )
    return Subject(
        form=SourceForm,
        row=row,
        address=f"/sources/{row.pk}/edit/",
        typed={
            "title": {"title": "My title"},
            "url": {"url": "https://example.org/mine"},
            "kind": {"kind": "video"},
            "publisher": {"publisher": one.pk},
            "published_at": {"published_at_day": "2022-11-03", "published_at_time": "10:00"},
            "basis": {"basis": "firsthand"},
            "basis_reason": {"basis_reason": "My reason"},
            "reliability": {"reliability": "A"},
            "language": {"language": "ko"},
            "visibility": {"visibility": "restricted"},
        },
        done={
            "title": "Their title",
            "url": "https://example.org/theirs",
            "kind": "image",
            "publisher": other.pk,
            "published_at": datetime(2022, 12, 1, 1, 2, 3, 4, tzinfo=UTC),
            "basis": "secondhand",
            "basis_reason": "Their reason",
            "reliability": "B",
            "language": "fa",
            "visibility": "desk",
        },
        change=lambda fields, by: change_source(source=factories.fresh(row), fields=SourceInput(**fields), by=by),
        always={},
    )


def actor(cast: Cast) -> Subject:
    one, other = (factories.actor(cast, name, visibility="public") for name in ("One ministry", "Another ministry"))
    row = factories.actor(cast, "Spokesman", part_of_from="2020-01-01", part_of_to="2024-01-01", visibility="public")
    # Without a reason to stand alone, which would say whom it speaks for.
    type(row).objects.filter(pk=row.pk).update(name=" Spokes  man")
    return Subject(
        form=ActorForm,
        row=row,
        address=f"/actors/{row.pk}/edit/",
        typed={
            "name": {"name": "My name"},
            "kind": {"kind": "person"},
            "part_of": {"part_of": one.pk},
            "part_of_from": {"part_of_from": "2020-02-02"},
            "part_of_to": {"part_of_to": "2023-02-02"},
            "stands_alone_because": {"stands_alone_because": "My reason"},
            "owned_by": {"owned_by": one.pk},
            "speaks_for_checked": {"speaks_for_checked": ""},
            "reliability": {"reliability": "A"},
            "visibility": {"visibility": "restricted"},
        },
        done={
            "name": "Their name",
            "kind": "state",
            "part_of": other.pk,
            "part_of_from": "2020-03-03",
            "part_of_to": "2023-03-03",
            "stands_alone_because": "Their reason",
            "owned_by": other.pk,
            "speaks_for_checked": False,
            "reliability": "B",
            "visibility": "desk",
        },
        change=lambda fields, by: change_actor(actor=factories.fresh(row), fields=ActorInput(**fields), by=by),
        always={},
    )


def evidence(cast: Cast, visibility: str = "public") -> Subject:
    one, other = (factories.actor(cast, name, visibility="public") for name in ("One party", "Another party"))
    claim = factories.claim(cast, elements=["closed", "on Monday"])
    publisher = factories.actor(cast, visibility="public")
    item = factories.source(cast, "Notice", publisher=publisher, visibility="public")
    row = factories.attach(
        cast, claim, item, "supports", visibility=visibility, excerpt="x", basis="secondhand", basis_reason="x",
        against_interest=one, against_interest_reason="x", credibility=3, locator="page 1",
    )  # fmt: skip
    later = [
        factories.attach(cast, claim, factories.source(cast, title, publisher=publisher, visibility="public"))
        for title in ("Later", "Last")
    ]
    type(row).objects.filter(pk=row.pk).update(
        excerpt="One.\nTwo.\r\n", locator=" page  1", basis_reason="\nWhy.\r", against_interest_reason="Why \n not."
    )
    closed, monday = claim.elements.all()
    fields = {
        "stance": ("denies", "context"),
        "basis": ("firsthand", "unknown"),
        "basis_reason": ("My reason", "Their reason"),
        "excerpt": ("My excerpt", "Their excerpt"),
        "locator": ("page 2", "page 3"),
        "credibility": (1, 2),
        "against_interest": (other.pk, None),
        "against_interest_reason": ("My why", "Their why"),
        "superseded_by": (later[0].pk, later[1].pk),
    }
    typed = {name: {name: mine} for name, (mine, _theirs) in fields.items()} | {
        "elements": {"elements": [str(closed.pk)]}
    }
    done = {name: theirs for name, (_mine, theirs) in fields.items()} | {"elements": [monday.pk]}
    if visibility == "public":
        typed, done = typed | {"visibility": {"visibility": "restricted"}}, done | {"visibility": "desk"}
    return Subject(
        form=EvidenceForm,
        row=row,
        address=f"/claims/{claim.reference}/evidence/{row.pk}/",
        typed=typed,
        done=done,
        change=lambda fields, by: change_evidence(evidence=factories.fresh(row), fields=EvidenceInput(**fields), by=by),
        always={},
    )


def restricted_evidence(cast: Cast) -> Subject:
    return evidence(cast, "restricted")


def claim(cast: Cast) -> Subject:
    one, other = (factories.actor(cast, name) for name in ("One more", "Another more"))
    row = factories.claim(
        cast, "The harbour was closed.", original_statement="x", language="ru", place="Varn", claimed_on="2022-11-02",
        happened_from="2022-11-01", happened_to="2022-11-09", topics=["ports", "strikes"], also_claimed_by=[one.pk],
        elements=["closed", "on Monday"],
    )  # fmt: skip
    type(row).objects.filter(pk=row.pk).update(
        statement=" The harbour\nwas closed.\r\n", original_statement="Закрыт.\r\nДа.\n", place=" Varn  port"
    )
    closed, monday = row.elements.all()
    closed.text = " closed  "
    closed.save()
    fields = {
        "statement": ("My wording.", "Their wording."),
        "original_statement": ("Моё.", "Их."),
        "language": ("uk", "fa"),
        "claimed_on": ("2022-11-03", "2022-11-04"),
        "happened_from": ("2022-11-02", "2022-11-03"),
        "happened_to": ("2022-11-07", "2022-11-08"),
        "place": ("Mine", "Theirs"),
        "claimant": (one.pk, other.pk),
    }
    pairs = {"also_claimed_by": ([str(other.pk)], []), "parties": ([str(one.pk)], [other.pk])}
    typed: dict[str, Any] = {name: {name: mine} for name, (mine, _theirs) in (fields | pairs).items()}
    done: dict[str, Any] = {name: theirs for name, (_mine, theirs) in (fields | pairs).items()}
    typed |= {
        "topics": {"topics": "ports, mine"},
        f"elements.{closed.pk}.text": {"elements-0-text": "my part"},
        f"elements.{monday.pk}.essential": {"elements-1-essential": []},
    }
    done |= {
        "topics": ["theirs"],
        f"elements.{closed.pk}.text": "their part",
        f"elements.{monday.pk}.essential": False,
    }

    def change(given: Mapping[str, Any], by: User) -> object:
        given = dict(given)
        elements = {name: given.pop(name) for name in list(given) if name.startswith("elements.")}
        if elements:
            present = factories.fresh(row).elements.all()
            given["elements"] = [
                ElementInput(
                    id=element.pk,
                    text=elements.get(f"elements.{element.pk}.text", UNCHANGED),
                    essential=elements.get(f"elements.{element.pk}.essential", UNCHANGED),
                )
                for element in present
            ]
        return edit_claim(claim=factories.fresh(row), fields=ClaimInput(**given), by=by)

    return Subject(EditClaimForm, row, f"/claims/{row.reference}/edit/", typed, done, change, {})


def threshold(cast: Cast) -> Subject:
    row = factories.claim(cast)
    set_threshold(claim=row, fields=ThresholdInput(threshold=3, reason="x"), by=cast.editor)
    type(row).objects.filter(pk=row.pk).update(threshold_reason="One.\nTwo.\r\nThree.")

    def change(given: Mapping[str, Any], by: User) -> object:
        fresh = factories.fresh(row)
        now = {"threshold": fresh.threshold_override, "reason": fresh.threshold_reason}
        named = {"reason" if name == "threshold_reason" else name: value for name, value in given.items()}
        return set_threshold(claim=fresh, fields=ThresholdInput(**(now | named)), by=by)

    return Subject(
        form=ThresholdForm,
        row=row,
        address=f"/claims/{row.reference}/threshold/",
        typed={"threshold": {"threshold": 4}, "threshold_reason": {"reason": "My reason"}},
        done={"threshold": 5, "threshold_reason": "Their reason"},
        change=change,
        always={},
    )


def begin_again(desk: Desk) -> None:
    """The desk's policy as a new desk has it: a cast has one desk for all that is tried on it."""
    fresh = Desk()
    begins = {name: getattr(fresh, name) for name in PolicyField.values}
    Desk.objects.filter(pk=desk.pk).update(**begins, second_factor_since=None)


def policy(cast: Cast) -> Subject:
    row = cast.desk
    return Subject(
        form=PolicyForm,
        row=row,
        address=f"/desk/{row.pk}/policy/",
        typed={
            "min_independence": {"min_independence": 3},
            "days_to_review": {"days_to_review": 8},
            "days_to_look_again": {"days_to_look_again": 9},
            "second_factor_days": {"second_factor_days": 30},
        },
        done={"min_independence": 4, "days_to_review": 18, "days_to_look_again": 19, "second_factor_days": 60},
        change=lambda fields, by: change_policy(desk=Desk.objects.get(pk=row.pk), edit=DeskEdit(fields, "So."), by=by),
        always={"reason": "We agreed."},
    )


SUBJECTS = {
    "source": source,
    "actor": actor,
    "evidence": evidence,
    "restricted evidence": restricted_evidence,
    "claim": claim,
    "threshold": threshold,
    "policy": policy,
}
