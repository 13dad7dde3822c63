"""What a superuser does to what was brought in from the past, by the numbers of the table."""

from claims.models import Claim
from ledger.recording import older_acts
from tests import factories
from tests.tampering.deeds_log import Deed, past_guards
from tests.tampering.doing import run
from tests.tampering.noticing import Outside


def _bring_in(outside: Outside) -> Claim:
    """A claim of a year ago, each act of which has its entry."""
    with older_acts():
        claim = factories.claim_in(outside.desk.cast, "denied", now=factories.days_ago(300))
    outside.desk.publish(outside.signer_copy())
    return claim


def publish_in_the_past(outside: Outside) -> None:
    claim = _bring_in(outside)
    with past_guards():
        run("UPDATE claims_claim SET published_at = created_at + interval '1 day' WHERE id = %s", claim.pk)


def withdraw_in_the_past(outside: Outside) -> None:
    claim = _bring_in(outside)
    with past_guards():
        run(
            "UPDATE claims_evidence SET withdrawn_at = created_at + interval '1 day', withdrawn_by_id = created_by_id,"
            " withdrawn_reason = 'Forged.' WHERE claim_id = %s",
            claim.pk,
        )


PAST: dict[str, Deed] = {"R142": publish_in_the_past, "R143": withdraw_in_the_past}
