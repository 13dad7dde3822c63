"""Changing a desk's policy. Each change is kept with its reason, since claims rest on it."""

from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import change_desk, may_change_desk
from accounts.edits import count_edit, merge
from accounts.ledger_entries import policy_changed
from accounts.models import Desk, User
from claims.actions.sources import SourceOutcome
from claims.inputs import DeskEdit
from claims.models import Claim, PolicyChange, PolicyField
from claims.reading.values import desk_values
from claims.verdicts.side_effects import Effects
from claims.verdicts.support import counts_outside, lock_desk, lock_graph, recompute
from house.errors import Invalid
from house.fields import check_fields, optional_text
from house.transactions import recorded_transaction


@counts_outside
def change_policy(
    *,
    desk: Desk,
    edit: DeskEdit,
    effects: Effects | None = None,
    by: User,
    now: datetime | None = None,
) -> SourceOutcome:
    """Change fields of a desk's policy (those of `PolicyField`), keeping old and new value, person, time and reason.

    A change of `min_independence` recomputes the desk's claims. Raises NotFound, Forbidden, Invalid, EditConflict,
    Unconfirmed.
    """
    now = now or timezone.now()
    with recorded_transaction():
        # The desk's row before its graph, as everywhere (decision 22).
        desk = lock_desk(desk)
        lock_graph(desk.pk)
        may_change_desk(desk, by)
        reason = optional_text(edit.reason, field="reason")
        for field in edit.changes:
            if field not in PolicyField.values:
                raise Invalid({field: [_("This field cannot be changed here.")]})
        kept = []
        for field, after in merge(desk, edit.changes, present=desk_values(desk), seen=edit.seen).items():
            before = getattr(desk, field)
            setattr(desk, field, after)
            kept.append(PolicyChange(desk=desk, field=field, before=before, after=after, reason=reason, by=by, at=now))
        # Days count from when it was first required; changing their number is no new start (decision 92).
        if not desk.second_factor_days:
            desk.second_factor_since = None
        elif desk.second_factor_since is None:
            desk.second_factor_since = now
        check_fields(desk)
        if kept:
            count_edit(desk, [change.field for change in kept], by=by, now=now)
            desk.save(update_fields=[*PolicyField.values, "second_factor_since", "version"])
            PolicyChange.objects.bulk_create(kept)
            changed = {str(change.field): (change.before, change.after) for change in kept}
            policy_changed(desk, changed, reason=reason, by=by, now=now)
        effects = effects or Effects()
        if any(change.field == PolicyField.MIN_INDEPENDENCE for change in kept):
            # Today's threshold decides today's flags; verdicts keep the one of their day (decision 44).
            recompute(Claim.objects.filter(desk=desk).values_list("pk", flat=True), effects=effects, now=now)
        effects.settle(by)
        return SourceOutcome(desk, effects.shown, effects.later)


def change_desk_with_policy(
    *,
    desk: Desk,
    edit: DeskEdit,
    effects: Effects | None = None,
    by: User,
    now: datetime | None = None,
) -> SourceOutcome:
    """Change a desk's `name` together with fields of its policy. Raises as `change_policy`."""
    effects = effects or Effects()
    with recorded_transaction():
        policy = {field: value for field, value in edit.changes.items() if field != "name"}
        seen = edit.seen
        if "name" in edit.changes:
            change_desk(desk=desk, changes={"name": edit.changes["name"]}, seen=seen, by=by, now=now)
            # The rename just above must not count as a conflicting edit.
            seen = replace(seen, is_exact=False)
        outcome = change_policy(desk=desk, edit=DeskEdit(policy, edit.reason, seen), effects=effects, by=by, now=now)
        if effects.dry_run:  # undo the rename too
            transaction.set_rollback(True)
    return outcome
