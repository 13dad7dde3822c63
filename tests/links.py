"""The links in mails about accounts, as whoever reads the mailbox has them."""

import re
from urllib.parse import urlsplit

from django.core import mail
from django.urls import resolve

from accounts.actions.mails import lease_mails, send_mail


def send_waiting_mails() -> None:
    """What the worker's tick does, until nothing waits."""
    while leases := lease_mails(most=10):
        for lease in leases:
            send_mail(lease)


def links_sent() -> dict[str, str]:
    """Sends what waits, to Django's own outbox: the random part of each link, by the address that it leads to."""
    send_waiting_mails()
    found = {}
    for message in mail.outbox:
        for link in re.findall(r"http\S+", str(message.body)):
            match = resolve(urlsplit(link).path)
            if "token" in match.kwargs:
                found[str(match.url_name)] = str(match.kwargs["token"])
    return found
