"""The names of ledger acts for auditors, and who reads their committed values."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

KINDS: dict[str, Promise] = {
    "status_changed": _("status changed"),
    "claim_reported": _("claim created"),
    "claim_edited": _("claim edited"),
    "claim_reworded": _("claim reworded"),
    "claim_published": _("claim published"),
    "claim_unpublished": _("claim unpublished"),
    "claim_closed": _("claim closed"),
    "claim_opened": _("claim reopened"),
    "evidence_attached": _("evidence attached"),
    "evidence_changed": _("evidence changed"),
    "evidence_withdrawn": _("evidence withdrawn"),
    "evidence_released": _("evidence released"),
    "assigned": _("claim assigned"),
    "assignment_accepted": _("assignment accepted"),
    "assignment_ended": _("assignment ended"),
    "due_time_changed": _("due time changed"),
    "decider_named": _("approver named"),
    "decider_unnamed": _("approver removed"),
    "assessed": _("assessment submitted"),
    "assessment_confirmed": _("assessment confirmed again"),
    "decided": _("assessment decided"),
    "grounds_confirmed": _("verdict confirmed after a change"),
    "actor_added": _("actor created"),
    "actor_changed": _("actor changed"),
    "actor_merged": _("actor merged"),
    "actor_released": _("actor released"),
    "source_added": _("source created"),
    "source_changed": _("source changed"),
    "source_regraded": _("source regraded"),
    "source_retracted": _("source retracted"),
    "source_corrected": _("source corrected"),
    "source_released": _("source released"),
    "relay_added": _("relay added"),
    "relay_removed": _("relay removed"),
    "attachment_kept": _("file kept"),
    "capture_kept": _("capture kept"),
    "attachment_released": _("file released"),
    "capture_released": _("capture released"),
    "excerpt_confirmed": _("quote re-confirmed"),
    "desk_made": _("desk created"),
    "desk_changed": _("desk renamed"),
    "invited": _("invitation sent"),
    "invitation_revoked": _("invitation withdrawn"),
    "account_made": _("account created"),
    "account_changed": _("account changed"),
    "session_ended": _("session ended"),
    "sessions_ended": _("sessions ended"),
    "access_ended": _("sessions ended and tokens revoked by an administrator"),
    "factor_added": _("second factor added"),
    "factor_removed": _("second factor removed"),
    "factors_reset": _("second factors reset"),
    "recovery_codes_made": _("recovery codes created"),
    "recovery_code_used": _("recovery code used"),
    "identity_linked": _("account linked to an organisation"),
    "identity_unlinked": _("account unlinked from an organisation"),
    "token_made": _("token created"),
    "token_revoked": _("token revoked"),
    "role_granted": _("role changed"),
    "policy_changed": _("policy changed"),
    "exported": _("records exported"),
    "restricted_read": _("restricted material read"),
    "redaction_previewed": _("redaction previewed"),
    "redaction_proposed": _("redaction proposed"),
    "redaction_second_named": _("second editor from another desk named for a redaction"),
    "redaction_refused": _("redaction rejected"),
    "redaction_withdrawn": _("redaction withdrawn"),
    "redacted": _("words or a file erased"),
    "key_rotated": _("log key changed"),
}

# Kinds whose committed values the editors of the act's desk read, sealed or not: editors' pages show them.
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
# For administrators alone, on a desk or on none: invitations, accounts and sign-in, exports, keys.
READ_BY_ADMINISTRATORS = frozenset(
    {
        "invited", "invitation_revoked", "account_made", "account_changed", "session_ended", "sessions_ended",
        "access_ended", "factor_added", "factor_removed", "factors_reset", "recovery_codes_made",
        "recovery_code_used", "identity_linked", "identity_unlinked", "token_made", "token_revoked", "exported",
        "key_rotated",
    }
)  # fmt: skip
# For editors alone: assessments and decisions may answer restricted evidence by name, and editors' pages show what was
# searched for or erased.
READ_BY_EDITORS_ALONE = frozenset(
    {
        "assessed", "assessment_confirmed", "decided", "restricted_read", "redaction_previewed", "redaction_proposed",
        "redaction_second_named", "redaction_refused", "redaction_withdrawn", "redacted",
    }
)  # fmt: skip
