"""The page that tells readers of a published claim how to check it, without an account."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from claims.bundles.public_proofs import in_groups
from claims.queries import published_claims
from claims.views.keys import unkeyed
from ledger.reading import newest_checkpoint
from ledger.trusted import own_policy
from ledger.verifier import fingerprint

EXAMPLE = "UKR-1"  # before any claim is published


@require_safe
@login_not_required
def check_us(request: HttpRequest) -> HttpResponse:
    """How anybody can check the record, with the commands for a published claim: `claim`, or else the newest."""
    rows = published_claims().order_by("-published_at", "pk")
    claim = rows.filter(reference=request.GET.get("claim", "")[:24].replace("\0", "")).first() or rows.first()
    checkpoint = newest_checkpoint()
    without = unkeyed()
    policy = None if without else own_policy()
    context = {
        "claim": claim,
        "reference": claim.reference if claim else EXAMPLE,
        "log": settings.PUBLIC_URL + reverse("ledger-checkpoint").removesuffix("/checkpoint"),
        "published": settings.PUBLIC_URL + reverse("published-list"),
        "checkpoint": checkpoint,
        "printed": in_groups(bytes(checkpoint.root)) if checkpoint else "",
        "keys": [(key.name, fingerprint(key)) for key in (*policy.log_keys, *policy.receipt_keys)] if policy else [],
        "unkeyed": without,
        "systems": [
            ("Linux, macOS", "unix", "python3", "check/bin/python"),
            ("Windows", "windows", "py", "check\\Scripts\\python"),
        ],
    }
    return render(request, "claims/public/check.html", context)
