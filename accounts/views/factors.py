"""The person's second factors: authenticator app, passkeys, recovery codes; and an administrator's reset."""

from urllib.parse import quote, urlencode, urlsplit
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.actions import may_administer
from accounts.actions.factors import add_passkey, add_totp, remove_factor, renew_recovery_codes, reset_factors
from accounts.codes import RECOVERY_CODES, new_secret
from accounts.forms import AppForm, PasskeyForm, ResetFactorsForm
from accounts.limits import limited
from accounts.organisation import issuer_id
from accounts.passkeys import checked_registration, registration_options
from accounts.qr import outline
from accounts.queries import get_person
from accounts.recent import asks_again
from accounts.requests import PersonsRequest
from accounts.sealing import seal_secret, unseal
from accounts.second_factor import FACTORS, due_for, is_required, open_without_factor
from accounts.views.tabs import account_tabs
from house.errors import NotFound
from house.pages import ActForm, CleanedData, form_page, sent, show_form

NEW_APP = "accounts_new_app"  # session key of the secret of an app being added


@open_without_factor
@require_safe
def second_factors(request: PersonsRequest) -> HttpResponse:
    """The person's factors, and the deadline for adding one."""
    rows = Authenticator.objects.filter(user=request.user).order_by("created_at", "pk")
    codes = next((row for row in rows if row.type == Authenticator.Type.RECOVERY_CODES), None)
    context = {
        "factors": [row for row in rows if row.type in FACTORS],
        "has_app": any(row.type == Authenticator.Type.TOTP for row in rows),
        "codes_left": len(codes.data["digests"]) if codes else 0,
        "codes_made": codes,
        "due_at": due_for(request.user),
        "required": is_required(request.user),
        "linked": SocialAccount.objects.filter(user=request.user, provider=issuer_id()).first(),
        **account_tabs("second-factors"),
    }
    return render(request, "accounts/second_factors.html", context)


@asks_again("GET", "HEAD", "POST")
@open_without_factor
@form_page
def add_app(request: PersonsRequest) -> HttpResponse:
    """Add an authenticator app: its secret as a QR code and text, then its first code."""
    if Authenticator.objects.filter(user=request.user, type=Authenticator.Type.TOTP).exists():
        return redirect("second-factors")
    kept = request.session.get(NEW_APP)
    secret = unseal(kept) if kept else new_secret()
    request.session[NEW_APP] = kept or seal_secret(secret)
    form = AppForm(**sent(request))
    if form.is_bound and (refused := limited(request, "second_factor", key=str(request.user.pk))):
        return refused
    if form.submitted(lambda given: add_totp(secret=secret, code=given["code"], by=request.user)):
        del request.session[NEW_APP]
        return _codes(request, form.outcome)
    name = f"Second Source ({urlsplit(settings.PUBLIC_URL).hostname})"
    label = quote(f"{name}:{request.user.username}")
    address = f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': name}, quote_via=quote)}"
    drawn, width = outline(address)
    return show_form(
        request,
        form,
        title=_("Add an authenticator app"),
        button=_("Add app"),
        back=reverse("second-factors"),
        lines=[_("Scan the code with an authenticator app, or type the secret into it. Then enter the first code.")],
        template="accounts/add_app.html",
        drawn=drawn,
        width=width,
        secret=" ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        kept=False,
    )


@asks_again("GET", "HEAD", "POST")
@open_without_factor
@form_page
def add_key(request: PersonsRequest) -> HttpResponse:
    """Add a passkey. The browser creates it, so this page needs JavaScript."""
    form = PasskeyForm(**sent(request))

    def add(given: CleanedData) -> list[str]:
        credential = checked_registration(given["credential"])
        return add_passkey(name=given["name"], credential=credential, by=request.user)

    if form.submitted(add):
        return _codes(request, form.outcome)
    return show_form(
        request,
        form,
        title=_("Add a passkey"),
        button=_("Add passkey"),
        back=reverse("second-factors"),
        lines=[
            _("Your device, browser or security key keeps a passkey and asks for a PIN, fingerprint or face."),
            _("You can sign in with it alone, and confirm your identity with it."),
        ],
        template="accounts/add_passkey.html",
        options=registration_options(request.user),
        kept=False,
    )


@asks_again("POST")
@open_without_factor
@form_page
def recovery_codes(request: PersonsRequest) -> HttpResponse:
    """Replace the recovery codes."""
    form = ActForm(**sent(request))
    if form.submitted(lambda _given: renew_recovery_codes(by=request.user)):
        return _codes(request, form.outcome)
    return show_form(
        request,
        form,
        title=_("New recovery codes"),
        button=_("Create new codes"),
        back=reverse("second-factors"),
        lines=[_("You get %(count)d new codes. Your present codes stop working.") % {"count": RECOVERY_CODES}],
    )


def _codes(request: PersonsRequest, codes: list[str]) -> HttpResponse:
    """New recovery codes, shown only once; the list of factors if there are none."""
    if not codes:
        return redirect("second-factors")
    return render(request, "accounts/recovery_codes.html", {"codes": codes})


@asks_again("POST")
@form_page
def remove(request: PersonsRequest, factor_id: int) -> HttpResponse:
    """Remove an authenticator app or a passkey."""
    row = Authenticator.objects.filter(user=request.user, pk=factor_id, type__in=FACTORS).first()
    if row is None:
        raise NotFound(_("Second factor not found."))
    form = ActForm(**sent(request))
    if form.submitted(lambda _given: remove_factor(factor_id=factor_id, by=request.user)):
        return redirect("second-factors")
    is_key = row.type == Authenticator.Type.WEBAUTHN
    return show_form(
        request,
        form,
        title=_("Remove the passkey %(name)s") % {"name": row.data["name"]} if is_key else _("Remove the app"),
        button=_("Remove"),
        back=reverse("second-factors"),
        lines=[_("You can no longer sign in with it. Recovery codes go with the last second factor.")],
    )


@asks_again("POST")
@form_page
def reset(request: PersonsRequest, user_id: UUID) -> HttpResponse:
    """Remove all second factors of a person who lost theirs (administrators)."""
    may_administer(request.user)
    person = get_person(request.user, user_id)
    form = ResetFactorsForm(**sent(request))
    if form.submitted(lambda given: reset_factors(user=person, reason=given["reason"], by=request.user)):
        done = _("%(person)s’s second factors are reset. They were notified by mail.")
        messages.info(request, done % {"person": person.username})
        return redirect("admin:accounts_user_change", user_id)
    return show_form(
        request,
        form,
        title=_("Reset %(person)s’s second factors") % {"person": person.username},
        button=_("Reset second factors"),
        back=reverse("admin:accounts_user_change", args=[user_id]),
        lines=[
            _("Their app, passkeys and recovery codes stop working. Their sessions and API tokens end."),
            _("They sign in with their password and can add new ones. They get a mail about it."),
        ],
    )
