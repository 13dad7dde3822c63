"""Every relation of every model, and what it is about: read from the models, so that none can be forgotten.

What names a row by something else than a foreign key (an id, a list of ids, JSON) is a relation too.
"""

from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db.models import Field, JSONField, Model, UUIDField

from claims.access.scopes import SCOPES

ROOMS = ("ledger", "accounts", "sources", "claims", "reviews")


def relations() -> dict[str, Any]:
    """By name ("Source.publisher"), the model that it leads to; None for ids and JSON."""
    found: dict[str, Any] = {}
    for room in ROOMS:
        for model in apps.get_app_config(room).get_models():
            for field in [*model._meta.concrete_fields, *model._meta.many_to_many]:
                name = f"{model.__name__}.{field.name}"
                if field.is_relation:
                    found[name] = field.related_model
                elif _holds_ids(field):
                    found[name] = None
    return found


def _holds_ids(field: "Field[Any, Any]") -> bool:
    base = field.base_field if isinstance(field, ArrayField) else field
    return not field.primary_key and isinstance(base, UUIDField | JSONField)


def can_be_hidden(model: type[Model] | None) -> bool:
    """Whether there are rows of it that somebody is told do not exist, so that what names one has to be looked at."""
    return model is None or model in SCOPES


# How each relation that may name a hidden row is held. HIDDEN: one does so in `test_relations`, which fails where not.
HIDDEN = "hidden"
# The row of the relation belongs to what it names: who may not see the one asks for the other in vain.
GOES_WITH_IT = "goes with it"
# An action refuses that anything of wider circles names what is restricted, and that such a thing becomes restricted.
REFUSED = "refused"
# Names nothing that can be hidden.
OTHER_IDS = "other ids"
# Ends with the transaction that wrote it.
GONE = "gone"
RELATIONS: dict[str, str] = {
    "Actor.part_of": HIDDEN,
    "Actor.owned_by": HIDDEN,
    "Actor.merged_into": REFUSED,
    "Source.publisher": HIDDEN,
    "Relay.downstream": HIDDEN,
    "Relay.upstream": HIDDEN,
    "Attachment.source": HIDDEN,
    "Capture.source": HIDDEN,
    "Capture.attachment": HIDDEN,
    "Capture.headers": OTHER_IDS,
    "Capture.redirects": OTHER_IDS,
    "DeclaredConflict.actor": HIDDEN,
    "Claim.claimant": REFUSED,
    "Claim.also_claimed_by": REFUSED,
    "Claim.parties": REFUSED,
    "Element.claim": GOES_WITH_IT,
    "Evidence.claim": HIDDEN,
    "Evidence.source": HIDDEN,
    "Evidence.against_interest": HIDDEN,
    "Evidence.superseded_by": HIDDEN,
    "Revision.claim": GOES_WITH_IT,
    "Revision.evidence": HIDDEN,
    "Participant.claim": GOES_WITH_IT,
    "Task.claim": GOES_WITH_IT,
    "Task.evidence": HIDDEN,
    "Recomputation.claim": GOES_WITH_IT,
    "Bundle.claim": HIDDEN,
    "Bundle.shown": HIDDEN,
    "BundlePart.attachment": HIDDEN,
    "StatusChange.claim": GOES_WITH_IT,
    "StatusChange.evidence": HIDDEN,
    "StatusChangeText.claim": GOES_WITH_IT,
    "StatusChangeGraph.claim": GOES_WITH_IT,
    "ActorMerge.actor": REFUSED,
    "ActorMerge.into": REFUSED,
    "Assignment.claim": GOES_WITH_IT,
    "Assessment.claim": GOES_WITH_IT,
    "Assessment.evidence": HIDDEN,
    "Answer.evidence": HIDDEN,
    "Reminder.claim": GOES_WITH_IT,
    "Notification.claim": GOES_WITH_IT,
    "AssessmentDraft.claim": GOES_WITH_IT,
    "AssessmentDraft.content": HIDDEN,
    "FormDraft.claim": GOES_WITH_IT,
    "FormDraft.evidence": GOES_WITH_IT,
    "FormDraft.source": GOES_WITH_IT,
    "FormDraft.actor": GOES_WITH_IT,
    "FormDraft.content": HIDDEN,
    "Grounds.claim": GOES_WITH_IT,
    "Grounds.content": HIDDEN,
    "Grounds.named": HIDDEN,
    "Grounds.answered": HIDDEN,
    "GroundsToKeep.claim": GOES_WITH_IT,
    "GroundsTouch.subject": GONE,
    "GroundsWatch.claim": GOES_WITH_IT,
    "GroundsWatch.content": HIDDEN,
    "GroundsWatch.subjects": HIDDEN,
    "GroundsChange.fields": HIDDEN,
    "StatusChangeGrounds.claim": GOES_WITH_IT,
    "KeptOutcome.effects": OTHER_IDS,
    "Redaction.actor": OTHER_IDS,  # one that all desks share
    "Session.id": OTHER_IDS,
    "Token.id": OTHER_IDS,
    "FieldChange.row": OTHER_IDS,
}
