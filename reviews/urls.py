"""Addresses of the pages on people's work with claims."""

from django.urls import path

from claims.urls import CLAIM
from reviews.views import (
    assessments,
    assignments,
    claim,
    desks,
    drafts,
    form_drafts,
    grounds,
    notifications,
    redactions,
    work,
)

ASSIGNMENT = "assignments/<uuid:assignment_id>/"
DESK = "desk/<uuid:desk_id>/"

urlpatterns = [
    path("", work.work, name="work"),
    path("work/<slug:name>/", work.queue, name="queue"),
    path("drafts/", form_drafts.drafts, name="form-drafts"),
    path("drafts/<uuid:draft_id>/", form_drafts.draft, name="form-draft"),
    path(CLAIM, claim.claim, name="claim"),
    path(CLAIM + "assess/", assessments.assess, name="assess"),
    path(CLAIM + "assess/draft/", drafts.drop, name="drop-draft"),
    path(CLAIM + "assign/", assignments.assign_page, name="assign"),
    path(CLAIM + "decider/", assignments.decider, name="name-decider"),
    path(CLAIM + "decider/<uuid:decider_id>/end/", assignments.end_decider, name="end-decider"),
    path(CLAIM + "close/", assignments.close, name="close-claim"),
    path(CLAIM + "open/", assignments.reopen, name="open-claim"),
    path("reviews/<uuid:assessment_id>/", assessments.review, name="review"),
    path("reviews/<uuid:assessment_id>/confirm/", grounds.confirm, name="confirm-assessment"),
    path(CLAIM + "grounds/", grounds.verdict, name="verdict-grounds"),
    path("desk/", desks.desk, name="desk"),
    path(DESK, desks.one_desk, name="one-desk"),
    path(DESK + "policy/", desks.policy_page, name="desk-policy"),
    path(DESK + "members/add/", desks.add_member, name="add-member"),
    path(DESK + "members/<uuid:membership_id>/", desks.change_member, name="change-member"),
    path(DESK + "members/<uuid:membership_id>/remove/", desks.remove_member, name="remove-member"),
    path("actors/<uuid:actor_id>/redact/", redactions.redact_actor, name="redact-actor"),
    path("redactions/", redactions.redactions_of_others, name="redactions-elsewhere"),
    path("redactions/<uuid:redaction_id>/", redactions.redaction_elsewhere, name="redaction-elsewhere"),
    path(DESK + "redactions/", redactions.redactions, name="redactions"),
    path(DESK + "redactions/new/", redactions.new_redaction, name="new-redaction"),
    path(DESK + "redactions/<uuid:redaction_id>/", redactions.redaction, name="redaction"),
    path("notifications/", notifications.notifications, name="notifications"),
    path("notifications/read/", notifications.read_all, name="read-notifications"),
    path("notifications/<uuid:notification_id>/read/", notifications.read_one, name="read-notification"),
    path(ASSIGNMENT + "accept/", assignments.accept_page, name="accept"),
    path(ASSIGNMENT + "decline/", assignments.decline_page, name="decline"),
    path(ASSIGNMENT + "hand-over/", assignments.reassign_page, name="hand-over"),
    path(ASSIGNMENT + "withdraw/", assignments.withdraw_assignment_page, name="withdraw-assignment"),
    path(ASSIGNMENT + "due/", assignments.due_page, name="change-due"),
]
