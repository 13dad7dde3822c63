"""The administration pages for accounts, desks and roles, saved through the same actions as all other pages."""

from collections.abc import Sequence
from typing import Any, ClassVar

from allauth.account.decorators import secure_admin_login
from allauth.account.views import logout
from django import forms
from django.contrib import admin
from django.contrib.auth.password_validation import validate_password
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actions import OF_AN_ACCOUNT, create_desk, create_user
from accounts.actions.sessions import end_access_of
from accounts.inputs import AccountInput
from accounts.models import Desk, Membership, User
from accounts.second_factor import open_without_factor
from claims.actions.desks import change_desk_with_policy
from claims.inputs import DeskEdit
from claims.mappings import TemplateContext
from claims.models import PolicyField
from house.edit_forms import Base
from house.errors import EditConflict, FieldConflict
from house.seen import SeenValues, plain
from reviews.actions.memberships import change_account, change_role

# Django's pages that bypass the actions and queries, or that no link here leads to.
LEFT_OUT = {"password_change_done", "autocomplete", "view_on_site"}


class AccountsAdminSite(admin.AdminSite):
    """Django's administration, with the application's own pages for sign-in, sign-out and passwords.

    Those pages count attempts and write to the security log.
    """

    site_header = _("Second Source: accounts and desks")
    site_title = _("Administration")
    index_title = ""
    site_url = "/"

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.login = secure_admin_login(self.login)  # type: ignore[method-assign]  # as allauth documents it
        self.disable_action("delete_selected")
        self.register(User, Users)
        self.register(Desk, DeskAdmin)
        self.register(Membership, Memberships)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [each for each in super().get_urls() if getattr(each, "name", None) not in LEFT_OUT]

    def password_change(self, request: HttpRequest, extra_context: TemplateContext | None = None) -> HttpResponse:  # type: ignore[override]  # it leads elsewhere
        return redirect("account_change_password")

    @open_without_factor
    def logout(self, request: HttpRequest, extra_context: TemplateContext | None = None) -> HttpResponse:  # type: ignore[override]  # allauth's answer
        answer: HttpResponse = logout(request)
        return answer


def _acting(request: HttpRequest) -> User:
    """Return the administrator who sends the request."""
    assert isinstance(request.user, User)
    return request.user


class SeenForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic class when it runs
    """A model form with a hidden control for the values that its author saw, as in `house.edit_forms`.

    `conflicts`: the fields that someone else changed meanwhile, after the action has refused.
    """

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    conflicts: ClassVar[Sequence[FieldConflict]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            del self.fields["seen"]
            return
        values = {name: plain(self.initial[name]) for name in self._row_fields()}
        self.initial["seen"] = Base(getattr(self.instance, "version", None), values).written()

    def _row_fields(self) -> list[str]:
        """Return the fields that show a value of the row; declared ones, such as a new password, show none."""
        return [name for name in self.fields if name in self.initial and name not in self.declared_fields]

    @cached_property
    def base(self) -> Base:
        """The values that the page showed when it was opened; empty if the form does not carry them."""
        return Base.read(self.data.get(self.add_prefix("seen"), ""))

    @property
    def what_was_seen(self) -> SeenValues:
        """The seen values for the action, which leaves the fields that the author left."""
        return SeenValues(version=self.base.version, values=self.base.values)

    @cached_property
    def changed_data(self) -> list[str]:
        """The changed fields for the history, compared with the values that were seen and not with the present row."""
        if "seen" not in self.fields:
            return super().changed_data
        given: dict[str, Any] = getattr(self, "cleaned_data", {})  # Django's cleaned values
        edited = [name for name in self._row_fields() if name in given]
        typed = [name for name in self.declared_fields if name != "seen" and given.get(name)]
        return [name for name in edited if plain(given[name]) != self.base.values.get(name)] + typed

    def clean(self) -> dict[str, Any] | None:  # as Django declares it
        given = super().clean()
        for conflict in self.conflicts:
            self.add_error(conflict.field if conflict.field in self.fields else None, _in_words(conflict))
        return given


def _in_words(conflict: FieldConflict) -> str:
    words = {
        "person": conflict.by or gettext("Another person"),
        "theirs": _value(conflict.theirs),
        "yours": _value(conflict.yours),
    }
    return gettext(
        "%(person)s changed this while you were editing: it is now %(theirs)s, and you entered %(yours)s. Not "
        "saved. Reload this page."
    ) % words  # fmt: skip


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return f"“{value}”" if value not in (None, "") else gettext("nothing")


class _Edited(admin.ModelAdmin):  # type: ignore[type-arg]  # no generic class when it runs
    """Rows that several people edit: untouched fields stay, conflicting ones are refused with both values."""

    own_fields: Sequence[str] = ()

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:  # type: ignore[override]  # a list
        return [*self.own_fields, *(["seen"] if obj else [])]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"conflicts": getattr(request, "edit_conflicts", ())})

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Show the form again with the conflicts when the action refuses; the check is made by the action alone."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except EditConflict as error:
            request.edit_conflicts = error.fields  # type: ignore[attr-defined]  # for `get_form`
            answer = super().changeform_view(request, *args, **kwargs)
            answer.status_code = 409
            return answer


class UserForm(SeenForm):
    password = forms.CharField(
        label=_("Password"),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        strip=False,
        help_text=_("For an existing account: leave empty to keep the present password."),
    )

    class Meta:
        model = User
        fields = ("username", "email", "time_zone", "is_active", "is_staff")
        labels: ClassVar = {"is_staff": _("administrator"), "is_active": _("may sign in")}
        help_texts: ClassVar = {"is_staff": _("Manages accounts, desks and roles."), "is_active": ""}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].required = not self.instance.password

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if password:
            validate_password(password, self.instance)
        return password


class _Kept(_Edited):
    """Rows that are never deleted, because the ledger refers to them."""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class Users(_Kept):
    form = UserForm
    own_fields = (*UserForm.Meta.fields, "password")
    list_display = ("username", "email", "is_active", "is_staff", "last_login")
    search_fields = ("username", "email")
    ordering = ("username",)
    actions = ("end_access",)

    @admin.action(description=_("End all sessions and revoke all tokens of the selected people"))
    def end_access(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset.order_by("username"):
            end_access_of(user=user, by=_acting(request))
        self.message_user(request, _("Their sessions have ended, and their tokens are revoked."))

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        return ("username",) if obj else ("is_active",)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        given, by = form.cleaned_data, _acting(request)
        if change:
            changes = {name: given[name] for name in OF_AN_ACCOUNT}
            change_account(user=obj, changes=changes, password=given["password"], seen=form.what_was_seen, by=by)
            return
        made = create_user(
            account=AccountInput(
                username=given["username"],
                password=given["password"],
                email=given["email"],
                time_zone=given["time_zone"],
                is_administrator=given["is_staff"],
            ),
            by=by,
        )
        obj.pk = made.pk


class DeskAdmin(_Kept):
    form = SeenForm
    own_fields = ("name", "prefix", *PolicyField.values)
    list_display = ("name", "prefix", *PolicyField.values)

    def get_readonly_fields(self, request: HttpRequest, obj: Desk | None = None) -> tuple[str, ...]:
        return ("prefix",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Desk, form: Any, change: bool) -> None:
        given, by = form.cleaned_data, _acting(request)
        if not change:
            obj.pk = create_desk(by=by, **given).pk
            return
        changes = {name: given[name] for name in ("name", *PolicyField.values)}
        change_desk_with_policy(desk=obj, edit=DeskEdit(changes, seen=form.what_was_seen), by=by)


class Memberships(_Edited):
    form = SeenForm
    own_fields = ("desk", "user", "role")
    list_display = ("user", "desk", "role")
    list_filter = ("desk", "role")
    list_select_related = ("user", "desk")

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:
        return ("desk", "user") if obj else ()

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        # The author of a new membership saw that the person has none on this desk.
        seen = form.what_was_seen if change else SeenValues(values={"role": None})
        membership = change_role(desk=obj.desk, user=obj.user, role=obj.role, seen=seen, by=_acting(request))
        if membership is not None:
            obj.pk = membership.pk

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        seen = SeenValues(values={"role": request.POST.get("seen_role", "")})
        change_role(desk=obj.desk, user=obj.user, role=None, seen=seen, by=_acting(request))
