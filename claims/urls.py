"""Addresses of claims, sources, actors and files.

A claim's own page is in reviews.urls, since it shows the assignees.
"""

from django.urls import path, register_converter

from claims.views import (
    actors,
    attachments,
    audit,
    bundles,
    checking,
    claims,
    conflicts,
    evidence,
    history,
    ledger,
    listing,
    names,
    public,
    public_files,
    receipts,
    releasing,
    sources,
    writing,
)


class ReferenceConverter:
    """A claim's reference, such as UKR-42."""

    regex = r"[A-Z][A-Z0-9]{1,7}-[1-9][0-9]{0,8}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(ReferenceConverter, "reference")

CLAIM = "claims/<reference:reference>/"
SOURCE = "sources/<uuid:source_id>/"

urlpatterns = [
    path("claims/", listing.claims, name="claims"),
    path("claims/new/", writing.new_claim, name="new-claim"),
    path(CLAIM + "edit/", writing.edit_claim_page, name="edit-claim"),
    path(CLAIM + "publish/", writing.publish, name="publish"),
    path(CLAIM + "unpublish/", writing.unpublish, name="unpublish"),
    path(CLAIM + "threshold/", writing.threshold, name="threshold"),
    path(CLAIM + "sources/", claims.claim_sources, name="claim-sources"),
    path(CLAIM + "provenance/", claims.provenance, name="claim-provenance"),
    path(CLAIM + "history/", history.history, name="claim-history"),
    path(CLAIM + "bundles/", bundles.ask_for_bundle_page, name="ask-bundle"),
    path(CLAIM + "bundles/<uuid:bundle_id>/", bundles.bundle, name="bundle"),
    path(CLAIM + "bundles/<uuid:bundle_id>/file", bundles.file, name="bundle-file"),
    path(CLAIM + "attach/", evidence.attach, name="attach"),
    path(CLAIM + "evidence/<uuid:evidence_id>/", evidence.evidence_page, name="evidence"),
    path(CLAIM + "evidence/<uuid:evidence_id>/withdraw/", evidence.withdraw_evidence_page, name="withdraw-evidence"),
    path(CLAIM + "evidence/<uuid:evidence_id>/recheck/", evidence.recheck, name="recheck"),
    path(CLAIM + "evidence/<uuid:evidence_id>/release/", releasing.release_evidence_page, name="release-evidence"),
    path("sources/", sources.sources, name="sources"),
    path("sources/names/", names.source_names, name="source-names"),
    path(SOURCE, sources.source_page, name="source"),
    path(SOURCE + "edit/", sources.edit_source, name="edit-source"),
    path(SOURCE + "release/", releasing.release_source_page, name="release-source"),
    path(SOURCE + "capture/<uuid:capture_id>/release/", releasing.release_capture_page, name="release-capture"),
    path(SOURCE + "retract/", sources.retract, name="retract"),
    path(SOURCE + "correct/", sources.correct, name="correct"),
    path(SOURCE + "attachments/", sources.attach_to_source, name="attach-file"),
    path(SOURCE + "capture/", sources.capture_page, name="capture"),
    path(SOURCE + "relays/", sources.new_relay, name="new-relay"),
    path(SOURCE + "relays/<uuid:relay_id>/remove/", sources.end_relay, name="end-relay"),
    path("attachments/<uuid:attachment_id>/", attachments.attachment_file, name="attachment"),
    path("attachments/<uuid:attachment_id>/release/", releasing.release_attachment_page, name="release-attachment"),
    path("actors/", actors.actors, name="actors"),
    path("actors/new/", actors.new_actor, name="new-actor"),
    path("actors/names/", names.actor_names, name="actor-names"),
    path("actors/<uuid:actor_id>/", actors.actor_page, name="actor"),
    path("actors/<uuid:actor_id>/edit/", actors.edit_actor, name="edit-actor"),
    path("actors/<uuid:actor_id>/release/", releasing.release_actor_page, name="release-actor"),
    path("actors/<uuid:actor_id>/merge/", actors.merge_actor, name="merge-actor"),
    path("account/conflicts/", conflicts.conflicts, name="conflicts"),
    path(
        "account/conflicts/<uuid:conflict_id>/take-back/", conflicts.withdraw_conflict_page, name="take-back-conflict"
    ),
    path("account/receipts/", receipts.receipts_page, name="receipts"),
    path("account/receipts/file", receipts.receipt_file, name="receipt-file"),
    path("ledger/", audit.acts, name="ledger"),
    path("ledger/check/", checking.check_us, name="check-us"),
    path("ledger/receipts/", receipts.check_receipts, name="check-receipts"),
    path("ledger/export.csv", audit.export, {"form": "csv"}, name="ledger-csv"),
    path("ledger/export.jsonl", audit.export, {"form": "jsonl"}, name="ledger-jsonl"),
    path("ledger/claims/<reference:reference>/proof", ledger.claim_proof_file, name="claim-proof"),
    path("ledger/claims/<reference:reference>/names", ledger.claim_names, name="claim-names"),
    path("ledger/tile/entries/<path:path>", ledger.entries, name="ledger-entries"),
    path("ledger/public/<path:path>.json", ledger.public_entries, name="ledger-public-entries"),
    path("public/", public.public_claims, name="public"),
    path("public/claims.json", public_files.published_list, name="published-list"),
    path("public/<reference:reference>/", public.public_claim, name="public-claim"),
    path("p/<reference:reference>", public.short, name="short"),
    path("public/<reference:reference>/proof", public_files.public_claim_proof, name="public-proof"),
    path("public/<reference:reference>/material", public_files.public_material_proofs, name="public-material"),
    path("public/<reference:reference>/bundle", public_files.public_claim_bundle, name="public-bundle"),
    path("public/<reference:reference>/changes/<int:seq>", public_files.public_change, name="public-change"),
]
