"""The links in mails about accounts, as a person finds them in the mailbox."""

import re
from urllib.parse import urlsplit

from django.core import mail
from django.urls import resolve

from accounts.actions.mails import lease_mails, send_mail


def send_waiting_mails() -> None:
    """Do the work of the worker's tick until no mail waits."""
    while leases := lease_mails(most=10):
        for lease in leases:
            send_mail(lease)


def links_sent() -> dict[str, str]:
    """Send the waiting mails to Django's test outbox. Returns the random part of each link, by the address that it
    leads to."""
    send_waiting_mails()
    found = {}
    for message in mail.outbox:
        for link in re.findall(r"http\S+", str(message.body)):
            match = resolve(urlsplit(link).path)
            if "token" in match.kwargs:
                found[str(match.url_name)] = str(match.kwargs["token"])
    return found
