"""Addresses of the API, below /api/v1/."""

from django.urls import path, re_path

from claims.urls import CLAIM
from reviews.api import (
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
    moves,
    notifications,
    provenance,
    relays,
    reminders,
    sources,
    tokens,
)
from reviews.api.view import NoSuchAddress

SOURCE = "sources/<uuid:source_id>/"
EVIDENCE = CLAIM + "evidence/<uuid:evidence_id>/"
ASSESSMENT = CLAIM + "assessments/<uuid:assessment_id>/"
ASSIGNMENT = "assignments/<uuid:assignment_id>/"

app_name = "api"
urlpatterns = [
    path("desks/", desks.Desks.as_view(), name="desks"),
    path("desks/<uuid:desk_id>/", desks.OneDesk.as_view(), name="desk"),
    path("actors/", actors.Actors.as_view(), name="actors"),
    path("actors/<uuid:actor_id>/", actors.OneActor.as_view(), name="actor"),
    path("actors/<uuid:actor_id>/merge/", actors.MergedActor.as_view(), name="merge-actor"),
    path("sources/", sources.Sources.as_view(), name="sources"),
    path(SOURCE, sources.OneSource.as_view(), name="source"),
    path(SOURCE + "retract/", sources.Retraction.as_view(), name="retract"),
    path(SOURCE + "correct/", sources.Correction.as_view(), name="correct"),
    path(SOURCE + "relays/", relays.Relays.as_view(), name="relays"),
    path(SOURCE + "relays/<uuid:relay_id>/", relays.OneRelay.as_view(), name="relay"),
    path(SOURCE + "capture/", attachments.Captures.as_view(), name="captures"),
    path(SOURCE + "capture/<uuid:capture_id>/", attachments.OneCapture.as_view(), name="capture"),
    path(SOURCE + "attachments/", attachments.Attachments.as_view(), name="attachments"),
    path("attachments/<uuid:attachment_id>/", attachments.OneAttachment.as_view(), name="attachment"),
    path("claims/", claims.Claims.as_view(), name="claims"),
    path(CLAIM, claims.OneClaim.as_view(), name="claim"),
    path(CLAIM + "publish/", claim_acts.Publication.as_view(), name="publish"),
    path(CLAIM + "unpublish/", claim_acts.Withdrawal.as_view(), name="unpublish"),
    path(CLAIM + "close/", claim_acts.Close.as_view(), name="close"),
    path(CLAIM + "open/", claim_acts.Open.as_view(), name="open"),
    path(CLAIM + "evidence/", evidence.EvidenceList.as_view(), name="evidence-list"),
    path(EVIDENCE, evidence.OneEvidence.as_view(), name="evidence"),
    path(EVIDENCE + "withdraw/", evidence.EvidenceWithdrawn.as_view(), name="withdraw-evidence"),
    path(EVIDENCE + "recheck/", evidence.ExcerptStands.as_view(), name="recheck"),
    path(CLAIM + "provenance/", provenance.ClaimProvenance.as_view(), name="provenance"),
    path(CLAIM + "moves/", moves.Moves.as_view(), name="moves"),
    path(CLAIM + "history/", moves.History.as_view(), name="history"),
    path(CLAIM + "history/<int:seq>/", moves.OneStatusChange.as_view(), name="status-change"),
    path(CLAIM + "assessments/", assessments.Assessments.as_view(), name="assessments"),
    path(CLAIM + "deciders/", deciders.Deciders.as_view(), name="deciders"),
    path(CLAIM + "deciders/<uuid:decider_id>/", deciders.OneDecider.as_view(), name="decider"),
    path(CLAIM + "assessments/draft/", drafts.Draft.as_view(), name="draft"),
    path(ASSESSMENT, assessments.OneAssessment.as_view(), name="assessment"),
    path(ASSESSMENT + "approve/", assessments.Approval.as_view(), name="approve"),
    path(ASSESSMENT + "reject/", assessments.Rejection.as_view(), name="reject"),
    path("assignments/", assignments.Assignments.as_view(), name="assignments"),
    path(ASSIGNMENT, assignments.OneAssignment.as_view(), name="assignment"),
    path(ASSIGNMENT + "accept/", assignments.Acceptance.as_view(), name="accept"),
    path(ASSIGNMENT + "decline/", assignments.Refusal.as_view(), name="decline"),
    path(ASSIGNMENT + "hand_over/", assignments.HandOver.as_view(), name="hand-over"),
    path(ASSIGNMENT + "withdraw/", assignments.TakingBack.as_view(), name="withdraw-assignment"),
    path("reminders/", reminders.Reminders.as_view(), name="reminders"),
    path("reminders/<uuid:reminder_id>/", reminders.OneReminder.as_view(), name="reminder"),
    path("notifications/", notifications.Notifications.as_view(), name="notifications"),
    path("notifications/read/", notifications.NotificationsRead.as_view(), name="read-notifications"),
    path("notifications/<uuid:notification_id>/", notifications.OneNotification.as_view(), name="notification"),
    path(
        "notifications/<uuid:notification_id>/read/",
        notifications.NotificationRead.as_view(),
        name="read-notification",
    ),
    path("tokens/", tokens.Tokens.as_view(), name="tokens"),
    path("tokens/<uuid:token_id>/", tokens.OneToken.as_view(), name="token"),
    re_path(r"^(?:.*/)?$", NoSuchAddress.as_view(), name="none"),
]
