"""Addresses of the API, below /api/v1/."""

from django.urls import path, re_path

from api import (
    actors,
    assessments,
    assignments,
    attachments,
    claim_acts,
    claims,
    deciders,
    desks,
    drafts,
    evidence,
    grounds,
    moves,
    notifications,
    provenance,
    receipts,
    redactions,
    relays,
    releases,
    reminders,
    sources,
    tokens,
)
from api.view import NoSuchAddressApi
from claims.urls import CLAIM
from ledger.urls import LEAF

SOURCE = "sources/<uuid:source_id>/"
EVIDENCE = CLAIM + "evidence/<uuid:evidence_id>/"
ASSESSMENT = CLAIM + "assessments/<uuid:assessment_id>/"
RECEIPT = f"receipts/{LEAF}/"
REDACTION = "redactions/<uuid:redaction_id>/"
ASSIGNMENT = "assignments/<uuid:assignment_id>/"

app_name = "api"
urlpatterns = [
    path("desks/", desks.DesksApi.as_view(), name="desks"),
    path("desks/<uuid:desk_id>/", desks.OneDeskApi.as_view(), name="desk"),
    path("actors/", actors.ActorsApi.as_view(), name="actors"),
    path("actors/<uuid:actor_id>/", actors.OneActorApi.as_view(), name="actor"),
    path("actors/<uuid:actor_id>/release/", releases.ActorReleaseApi.as_view(), name="release-actor"),
    path("actors/<uuid:actor_id>/merge/", actors.MergedActorApi.as_view(), name="merge-actor"),
    path("sources/", sources.SourcesApi.as_view(), name="sources"),
    path(SOURCE, sources.OneSourceApi.as_view(), name="source"),
    path(SOURCE + "release/", releases.SourceReleaseApi.as_view(), name="release-source"),
    path(SOURCE + "retract/", sources.RetractionApi.as_view(), name="retract"),
    path(SOURCE + "correct/", sources.CorrectionApi.as_view(), name="correct"),
    path(SOURCE + "relays/", relays.RelaysApi.as_view(), name="relays"),
    path(SOURCE + "relays/<uuid:relay_id>/", relays.OneRelayApi.as_view(), name="relay"),
    path(SOURCE + "capture/", attachments.CapturesApi.as_view(), name="captures"),
    path(SOURCE + "capture/<uuid:capture_id>/", attachments.OneCaptureApi.as_view(), name="capture"),
    path(SOURCE + "capture/<uuid:capture_id>/release/", releases.CaptureReleaseApi.as_view(), name="release-capture"),
    path(SOURCE + "attachments/", attachments.AttachmentsApi.as_view(), name="attachments"),
    path("attachments/<uuid:attachment_id>/", attachments.OneAttachmentApi.as_view(), name="attachment"),
    path(
        "attachments/<uuid:attachment_id>/release/", releases.AttachmentReleaseApi.as_view(), name="release-attachment"
    ),
    path("claims/", claims.ClaimsApi.as_view(), name="claims"),
    path(CLAIM, claims.OneClaimApi.as_view(), name="claim"),
    path(CLAIM + "publish/", claim_acts.PublicationApi.as_view(), name="publish"),
    path(CLAIM + "unpublish/", claim_acts.WithdrawalApi.as_view(), name="unpublish"),
    path(CLAIM + "close/", claim_acts.CloseApi.as_view(), name="close"),
    path(CLAIM + "open/", claim_acts.OpenApi.as_view(), name="open"),
    path(CLAIM + "evidence/", evidence.EvidenceListApi.as_view(), name="evidence-list"),
    path(EVIDENCE, evidence.OneEvidenceApi.as_view(), name="evidence"),
    path(EVIDENCE + "withdraw/", evidence.EvidenceWithdrawnApi.as_view(), name="withdraw-evidence"),
    path(EVIDENCE + "release/", releases.EvidenceReleaseApi.as_view(), name="release-evidence"),
    path(EVIDENCE + "recheck/", evidence.ExcerptStandsApi.as_view(), name="recheck"),
    path(CLAIM + "provenance/", provenance.ClaimProvenanceApi.as_view(), name="provenance"),
    path(CLAIM + "moves/", moves.MovesApi.as_view(), name="moves"),
    path(CLAIM + "history/", moves.HistoryApi.as_view(), name="history"),
    path(CLAIM + "history/<int:seq>/", moves.OneStatusChangeApi.as_view(), name="status-change"),
    path(CLAIM + "assessments/", assessments.AssessmentsApi.as_view(), name="assessments"),
    path(CLAIM + "deciders/", deciders.DecidersApi.as_view(), name="deciders"),
    path(CLAIM + "deciders/<uuid:decider_id>/", deciders.OneDeciderApi.as_view(), name="decider"),
    path(CLAIM + "assessments/draft/", drafts.DraftApi.as_view(), name="draft"),
    path(ASSESSMENT, assessments.OneAssessmentApi.as_view(), name="assessment"),
    path(ASSESSMENT + "approve/", assessments.ApprovalApi.as_view(), name="approve"),
    path(ASSESSMENT + "reject/", assessments.RejectionApi.as_view(), name="reject"),
    path(ASSESSMENT + "grounds/", grounds.AssessmentGroundsApi.as_view(), name="assessment-grounds"),
    path(ASSESSMENT + "confirm/", grounds.AssessmentConfirmationApi.as_view(), name="confirm-assessment"),
    path(CLAIM + "grounds/", grounds.VerdictGroundsApi.as_view(), name="verdict-grounds"),
    path(CLAIM + "grounds/confirm/", grounds.VerdictConfirmedApi.as_view(), name="confirm-verdict"),
    path("assignments/", assignments.AssignmentsApi.as_view(), name="assignments"),
    path(ASSIGNMENT, assignments.OneAssignmentApi.as_view(), name="assignment"),
    path(ASSIGNMENT + "accept/", assignments.AcceptanceApi.as_view(), name="accept"),
    path(ASSIGNMENT + "decline/", assignments.RefusalApi.as_view(), name="decline"),
    path(ASSIGNMENT + "hand_over/", assignments.ReassignApi.as_view(), name="hand-over"),
    path(ASSIGNMENT + "withdraw/", assignments.WithdrawAssignmentApi.as_view(), name="withdraw-assignment"),
    path("reminders/", reminders.RemindersApi.as_view(), name="reminders"),
    path("reminders/<uuid:reminder_id>/", reminders.OneReminderApi.as_view(), name="reminder"),
    path("notifications/", notifications.NotificationsApi.as_view(), name="notifications"),
    path("notifications/read/", notifications.NotificationsReadApi.as_view(), name="read-notifications"),
    path("notifications/<uuid:notification_id>/", notifications.OneNotificationApi.as_view(), name="notification"),
    path(
        "notifications/<uuid:notification_id>/read/",
        notifications.NotificationReadApi.as_view(),
        name="read-notification",
    ),
    path("redactions/", redactions.Redactions.as_view(), name="redactions"),
    path("redactions/preview/", redactions.RedactionPreview.as_view(), name="preview-redaction"),
    path(REDACTION, redactions.OneRedaction.as_view(), name="redaction"),
    path(REDACTION + "matches/", redactions.WouldErase.as_view(), name="redaction-matches"),
    path(REDACTION + "approve/", redactions.RedactionApproved.as_view(), name="approve-redaction"),
    path(REDACTION + "reject/", redactions.RedactionRejected.as_view(), name="reject-redaction"),
    path(REDACTION + "withdraw/", redactions.RedactionWithdrawn.as_view(), name="withdraw-redaction"),
    path(REDACTION + "second/", redactions.RedactionSecond.as_view(), name="redaction-second"),
    path("receipts/", receipts.ReceiptsApi.as_view(), name="receipts"),
    path(RECEIPT, receipts.OneReceiptApi.as_view(), name="receipt"),
    path("tokens/", tokens.TokensApi.as_view(), name="tokens"),
    path("tokens/<uuid:token_id>/", tokens.OneTokenApi.as_view(), name="token"),
    re_path(r"^(?:.*/)?$", NoSuchAddressApi.as_view(), name="none"),
]
