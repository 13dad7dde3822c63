"""Forms of the administration site, as a browser sends them."""

from django.test import Client


def seen_at(client: Client, address: str) -> dict[str, str]:
    """What the form at an address carries of what its author saw."""
    return {"seen": client.get(address).context["adminform"].form["seen"].value()}


def shown_at(client: Client, address: str) -> dict[str, str]:
    """What the browser sends of the form at an address when nobody touches it."""
    form = client.get(address).context["adminform"].form
    values = {bound.html_name: bound.value() for bound in form if bound.name != "password"}
    sent = {name: value for name, value in values.items() if value is not None and value is not False}
    return {name: "on" if value is True else str(value) for name, value in sent.items()}
