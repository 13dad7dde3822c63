"""Every field for a password, found from the pages: one's own, which counts when it is wrong, or a new one."""

from django.contrib import admin
from django.test import Client
from django.urls import reverse

from tests.access.world import AccessWorld
from tests.accounts.test_own_password import ASKS
from tests.hostile.forms_in_pages import Form, forms_in, forms_of
from tests.pages import signed_in
from tests.recently import long_ago

# Where a new one is set: who may is shown in another way.
SETS = {
    ("account_change_password", "password1"),
    ("account_change_password", "password2"),
    ("accept-invitation", "password"),
    ("set-password", "password"),
    ("admin:accounts_user_add", "password"),
    ("admin:accounts_user_change", "password"),
}


def test_every_field_for_a_password_is_known(world: AccessWorld, taken_back: None) -> None:
    administrator = world.people["administrator"]
    assert administrator is not None
    asked_again = long_ago(signed_in(administrator), administrator).get(reverse("account_reauthenticate"))
    forms = [*forms_of(world), *forms_in(asked_again, reverse("account_reauthenticate"), "administrator")]
    forms += _of_the_administration(signed_in(administrator))
    found = {
        (form.route, control.name) for form in forms for control in form.controls.values() if control.type == "password"
    }
    assert found == ASKS.keys() | SETS


def _of_the_administration(client: Client) -> list[Form]:
    addresses = []
    for model in admin.site._registry:
        name, row = f"admin:accounts_{model._meta.model_name}", model._default_manager.first()
        assert row is not None
        addresses += [reverse(f"{name}_add"), reverse(f"{name}_change", args=[row.pk])]
    return [form for address in addresses for form in forms_in(client.get(address), address, "administrator")]
