"""A list of 25 rows, a move (one row locked and updated, one inserted), an upload."""

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from bench.bare.models import Change, Row, Upload


class SignedIn(HttpRequest):
    user: User


@login_required
def rows(request: SignedIn) -> HttpResponse:
    found = Row.objects.select_related("owner").order_by("-created_at")[:25]
    return render(request, "bare/rows.html", {"rows": found})


@login_required
def row(request: SignedIn, row_id: int) -> HttpResponse:
    return render(request, "bare/row.html", {"row": get_object_or_404(Row, pk=row_id)})


@login_required
@require_POST
def move(request: SignedIn, row_id: int) -> HttpResponse:
    with transaction.atomic():
        row = Row.objects.select_for_update().get(pk=row_id)
        row.state = "closed" if row.state == "open" else "open"
        row.save(update_fields=["state"])
        change = Change.objects.create(
            row=row, state=row.state, reason=request.POST["reason"], by=request.user, at=timezone.now()
        )
    return JsonResponse({"id": change.pk, "state": row.state}, status=201)


@login_required
@require_POST
def upload(request: SignedIn) -> HttpResponse:
    kept = Upload.objects.create(file=request.FILES["file"], by=request.user)
    return JsonResponse({"id": kept.pk}, status=201)
