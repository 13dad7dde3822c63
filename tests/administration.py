"""Forms of the administration site, as a browser sends them."""

from django.test import Client


def seen_at(client: Client, address: str) -> dict[str, str]:
    """The hidden values by which the form at an address notices changes made meanwhile."""
    return {"seen": client.get(address).context["adminform"].form["seen"].value()}


def shown_at(client: Client, address: str) -> dict[str, str]:
    """The data that a browser sends of an unchanged form at an address."""
    form = client.get(address).context["adminform"].form
    values = {bound.html_name: bound.value() for bound in form if bound.name != "password"}
    sent = {name: value for name, value in values.items() if value is not None and value is not False}
    return {name: "on" if value is True else str(value) for name, value in sent.items()}
