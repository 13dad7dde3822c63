"""The administration pages: accounts, desks and roles only, saved through the same actions as everything else."""

from typing import Any, ClassVar

from allauth.account.decorators import secure_admin_login
from django import forms
from django.contrib import admin
from django.contrib.auth.password_validation import validate_password
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.actions import create_desk, create_user
from accounts.actions.sessions import end_access_of
from accounts.models import Desk, Membership, User
from claims.actions.desks import change_desk_with_policy
from claims.models import PolicyField
from reviews.actions.memberships import change_account, change_role


class Site(admin.AdminSite):
    """One way to sign in: the application's own page, where tries are counted."""

    site_header = _("Second Source: accounts and desks")
    site_title = _("Administration")
    index_title = ""
    site_url = "/"

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.login = secure_admin_login(self.login)  # type: ignore[method-assign]  # as allauth documents it
        self.register(User, Users)
        self.register(Desk, Desks)
        self.register(Membership, Memberships)


def _acting(request: HttpRequest) -> User:
    """The administrator at the page."""
    assert isinstance(request.user, User)
    return request.user


class UserForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic class when it runs
    password = forms.CharField(
        label=_("Password"),
        widget=forms.PasswordInput,
        strip=False,
        help_text=_("For an account that exists: leave it empty to keep the present one."),
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


class _Kept(admin.ModelAdmin):  # type: ignore[type-arg]  # no generic class when it runs
    """Rows that are never deleted: what people did stays."""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class Users(_Kept):
    form = UserForm
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
            changes = {name: given[name] for name in ("email", "time_zone", "is_active", "is_staff")}
            change_account(user=obj, changes=changes, password=given["password"], by=by)
            return
        made = create_user(
            username=given["username"],
            password=given["password"],
            email=given["email"],
            time_zone=given["time_zone"],
            is_administrator=given["is_staff"],
            by=by,
        )
        obj.pk = made.pk


class Desks(_Kept):
    fields = ("name", "prefix", *PolicyField.values)
    list_display = ("name", "prefix", *PolicyField.values)

    def get_readonly_fields(self, request: HttpRequest, obj: Desk | None = None) -> tuple[str, ...]:
        return ("prefix",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Desk, form: Any, change: bool) -> None:
        given, by = form.cleaned_data, _acting(request)
        if not change:
            obj.pk = create_desk(by=by, **given).pk
            return
        changes = {name: given[name] for name in ("name", *PolicyField.values)}
        change_desk_with_policy(desk=obj, changes=changes, by=by)


class Memberships(admin.ModelAdmin):  # type: ignore[type-arg]  # no generic class when it runs
    fields = ("desk", "user", "role")
    list_display = ("user", "desk", "role")
    list_filter = ("desk", "role")
    list_select_related = ("user", "desk")

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:
        return ("desk", "user") if obj else ()

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        membership = change_role(desk=obj.desk, user=obj.user, role=obj.role, by=_acting(request))
        assert membership is not None
        obj.pk = membership.pk

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        change_role(desk=obj.desk, user=obj.user, role=None, by=_acting(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        for membership in queryset.select_related("desk", "user"):
            self.delete_model(request, membership)
