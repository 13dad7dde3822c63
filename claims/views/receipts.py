"""Pages of receipts: the list of one's own, files of them to keep, and the page that checks receipts."""

from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.queries import MOST_RECEIPTS, PlacedAct, receipts_of
from accounts.requests import PersonsRequest
from accounts.views.tabs import account_tabs
from claims.bundles.receipts import check
from claims.reading.paging import Order, read_page
from claims.record.entry_labels import KINDS
from claims.views.audit import named_for
from claims.views.keys import unkeyed
from claims.views.lines import Link
from claims.views.listing import neighbours
from house.errors import NotFound, OutOfService
from ledger.entries import format_time, leaf_hashes
from ledger.keys import receipts_for as signed
from ledger.reading import is_overdue

PAGE_SIZE = 50
LARGEST = 1_000_000  # bytes
NEWEST_FIRST = Order("at", newest_first=True, id="entry_id")


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One act with its receipt. `about`: its subject, where the person may see that now."""

    row: PlacedAct
    kind: str
    about: Link | None
    leaf_hash: str
    is_late: bool


@require_safe
def receipts_page(request: PersonsRequest) -> HttpResponse:
    """The person's acts, newest first, each with its receipt."""
    page = read_page(
        receipts_of(request.user),
        order=NEWEST_FIRST,
        cursor=request.GET.get("cursor", ""),
        filters={"list": "receipts"},
        size=PAGE_SIZE,
    )
    now = timezone.now()
    names = named_for(request.user, [row.about for row in page.rows])
    lines = [
        ReceiptLine(
            row,
            str(KINDS.get(row.kind, row.kind)),
            names.get(row.about),
            bytes(row.entry.leaf_hash).hex(),
            _is_late(row, now),
        )
        for row in page.rows
    ]
    context = {"lines": lines, **account_tabs("receipts"), **neighbours(request, page)}
    return render(request, "claims/receipts.html", context)


def _is_late(row: PlacedAct, now: datetime) -> bool:
    return row.log_index is None and is_overdue(row.entry.at, now=now)


@require_safe
def receipt_file(request: PersonsRequest) -> HttpResponse:
    """The signed receipts that `leaves` names, one after another. Raises NotFound where not all are the person's."""
    hashes = leaf_hashes(request.GET.get("leaves", ""), most=MOST_RECEIPTS)
    rows = receipts_of(request.user).filter(entry__leaf_hash__in=hashes or []).order_by("entry")
    entries = [(bytes(row.entry.leaf_hash), format_time(row.entry.at)) for row in rows]
    if not hashes or {leaf_hash for leaf_hash, _at in entries} != set(hashes):
        raise NotFound(_("Receipt not found."))
    notes = [note for note in signed(entries) if note is not None]
    if not notes:
        raise OutOfService(_("Receipts cannot be signed at the moment. They will appear in your list later."))
    headers = {"Content-Disposition": f'attachment; filename="receipt-{entries[0][0].hex()[:12]}.txt"'}
    return HttpResponse("".join(notes), content_type="text/plain; charset=utf-8", headers=headers)


class ReceiptForm(forms.Form):
    """A receipt to check, pasted or as a file. One of them is required, so neither is marked optional."""

    use_required_attribute = False
    either = True

    text = forms.CharField(
        label=gettext_lazy("Text of the receipt"),
        required=False,
        strip=False,
        max_length=LARGEST,
        widget=forms.Textarea({"rows": 8, "spellcheck": "false", "autocomplete": "off"}),
    )
    file = forms.FileField(label=gettext_lazy("or file"), required=False)

    def clean(self) -> dict[str, object]:
        given = self.cleaned_data
        file = given.get("file")
        if file is not None and file.size > LARGEST:
            self.add_error("file", _("Choose a file of at most 1 MB."))
        elif not given.get("text") and not file:
            self.add_error("text", _("Paste a receipt or choose its file."))
        return given

    def data_given(self) -> bytes:
        """The receipt's bytes, with line ends as they were signed, even where the browser changed them."""
        file, text = self.cleaned_data["file"], self.cleaned_data["text"].replace("\r\n", "\n").lstrip("\n")
        return bytes(file.read()) if file else text.encode() if text.endswith("\n") else f"{text}\n".encode()


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def check_receipts(request: HttpRequest) -> HttpResponse:
    """Check receipts against the log, for anybody.

    The browser checks them itself; without JavaScript the server does.
    """
    form = ReceiptForm(request.POST, request.FILES) if request.method == "POST" else ReceiptForm()
    without = unkeyed()
    is_given = form.is_bound and form.is_valid()
    checked = check(form.data_given(), now=timezone.now()) if is_given and not without else []
    context = {
        "form": form,
        "checked": checked,
        "unkeyed": without,
        "leaf": reverse("ledger-leaf", args=["0" * 64]).removesuffix("0" * 64),
    }
    status = 400 if form.is_bound and not form.is_valid() else 200
    return render(request, "claims/check_receipts.html", context, status=status)
