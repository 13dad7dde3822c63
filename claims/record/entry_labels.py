"""What the acts of the ledger are called, for those who audit them, and who reads what they commit to."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

KINDS: dict[str, Promise] = {
    "status_changed": _("status changed"),
    "claim_reported": _("claim written down"),
    "claim_edited": _("claim edited"),
    "claim_reworded": _("claim reworded"),
    "claim_published": _("claim published"),
    "claim_unpublished": _("claim taken from the public"),
    "claim_closed": _("claim closed"),
    "claim_opened": _("claim opened again"),
    "evidence_attached": _("evidence attached"),
    "evidence_changed": _("evidence changed"),
    "evidence_withdrawn": _("evidence withdrawn"),
    "evidence_released": _("evidence released"),
    "assigned": _("claim given to a reviewer"),
    "assignment_accepted": _("assignment accepted"),
    "assignment_ended": _("assignment ended"),
    "due_time_changed": _("due time changed"),
    "decider_named": _("decider named"),
    "decider_unnamed": _("decider taken back"),
    "assessed": _("finding handed in"),
    "assessment_confirmed": _("assessment confirmed anew"),
    "decided": _("finding decided"),
    "grounds_confirmed": _("verdict confirmed after a change"),
    "actor_added": _("actor written down"),
    "actor_changed": _("actor changed"),
    "actor_merged": _("actor merged"),
    "actor_released": _("actor released"),
    "source_added": _("source written down"),
    "source_changed": _("source changed"),
    "source_regraded": _("source graded anew"),
    "source_retracted": _("source retracted"),
    "source_corrected": _("source corrected"),
    "source_released": _("source released"),
    "relay_added": _("relay added"),
    "relay_removed": _("relay taken away"),
    "attachment_kept": _("file kept"),
    "capture_kept": _("capture kept"),
    "attachment_released": _("file released"),
    "capture_released": _("capture released"),
    "excerpt_confirmed": _("excerpt confirmed anew"),
    "desk_made": _("desk made"),
    "desk_changed": _("desk renamed"),
    "invited": _("somebody invited"),
    "invitation_revoked": _("invitation taken back"),
    "account_made": _("account made"),
    "account_changed": _("account changed"),
    "session_ended": _("session ended"),
    "sessions_ended": _("sessions ended"),
    "access_ended": _("sessions and tokens ended by an administrator"),
    "factor_added": _("second factor added"),
    "factor_removed": _("second factor removed"),
    "factors_reset": _("second factors reset"),
    "recovery_codes_made": _("recovery codes made"),
    "recovery_code_used": _("recovery code used"),
    "identity_linked": _("account linked with an organisation"),
    "identity_unlinked": _("account no longer linked with an organisation"),
    "token_made": _("key for the API made"),
    "token_revoked": _("key for the API taken back"),
    "role_granted": _("role changed"),
    "policy_changed": _("policy changed"),
    "exported": _("records exported"),
    "restricted_read": _("restricted material read"),
    "redaction_previewed": _("redaction previewed"),
    "redaction_proposed": _("redaction proposed"),
    "redaction_second_named": _("second person of another desk named for a redaction"),
    "redaction_refused": _("redaction refused"),
    "redaction_withdrawn": _("redaction withdrawn"),
    "redacted": _("words or a file erased"),
    "key_rotated": _("key of the log changed"),
}

# Whose committed values the editors of the act's desk read, sealed or not: what they say stands on pages for editors.
READ_BY_EDITORS = frozenset(
    {
        "status_changed", "claim_reported", "claim_edited", "claim_reworded", "claim_published", "claim_unpublished",
        "claim_closed", "claim_opened", "evidence_attached", "evidence_changed", "evidence_withdrawn",
        "evidence_released", "assigned", "assignment_accepted", "assignment_ended", "due_time_changed",
        "decider_named", "decider_unnamed", "assessed", "assessment_confirmed", "decided", "grounds_confirmed",
        "actor_added", "actor_changed", "actor_merged", "actor_released", "source_added", "source_changed",
        "source_regraded", "source_retracted", "source_corrected", "source_released", "relay_added", "relay_removed",
        "attachment_kept", "capture_kept", "attachment_released", "capture_released", "excerpt_confirmed",
        "desk_made", "desk_changed", "role_granted", "policy_changed", "restricted_read", "redaction_previewed",
        "redaction_proposed", "redaction_second_named", "redaction_refused", "redaction_withdrawn", "redacted",
    }
)  # fmt: skip
# For administrators alone, on a desk or on none: who is invited, accounts and how people sign in, exports, keys.
READ_BY_ADMINISTRATORS = frozenset(
    {
        "invited", "invitation_revoked", "account_made", "account_changed", "session_ended", "sessions_ended",
        "access_ended", "factor_added", "factor_removed", "factors_reset", "recovery_codes_made",
        "recovery_code_used", "identity_linked", "identity_unlinked", "token_made", "token_revoked", "exported",
        "key_rotated",
    }
)  # fmt: skip
# What editors alone read of these: findings and decisions may answer restricted evidence by name, and what was searched
# for or erased stands on pages for editors.
READ_BY_EDITORS_ALONE = frozenset(
    {
        "assessed", "assessment_confirmed", "decided", "restricted_read", "redaction_previewed", "redaction_proposed",
        "redaction_second_named", "redaction_refused", "redaction_withdrawn", "redacted",
    }
)  # fmt: skip
