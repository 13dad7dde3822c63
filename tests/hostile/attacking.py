"""Sending hostile input to the forms of a world, and noting what is wrong with the answers."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from django.db import transaction
from django.test import Client

from tests.access.world import AccessWorld
from tests.hostile.answers import Database, State, fault_of
from tests.hostile.filling import BEFORE, BOUNDARY, File, Sent, filled, multipart, urlencoded
from tests.hostile.forms_in_pages import TYPED, Form, forms_in, forms_of
from tests.hostile.texts import raw

KEEP = "keep"  # the button that saves a draft, whatever its value, and does nothing else
# Texts that are looked up, taken apart, or kept as a digest.
NOT_KEPT = {"q", "topics", "new_parties", "reads", "person", "login", "csrfmiddlewaretoken"}

# A search for what a redaction would erase is recorded, whatever comes of it.
SEARCHING = ("new-redaction", "redaction", "redact-actor", "redaction-elsewhere")
RECORDED = {"accounts_act", "ledger_entry", "ledger_outbox", "ledger_secret"}


class Attack:
    """The forms of a world. What a request did is taken back; `faults` says what was wrong, by form and input."""

    def __init__(self, world: AccessWorld) -> None:
        self.world = world
        self.database = Database()
        self.before: State = []  # of the page that is open
        self.faults: dict[str, str] = {}
        self.requests = 0
        self.forms = forms_of(world)
        self.forms += [second for form in self.forms for second in self._second_steps(form)]

    def _second_steps(self, form: Form) -> list[Form]:
        """The forms of the page that asks once more, for those that show first what they would do."""
        if form.method != "POST":
            return []
        with self.on_page(form) as client:
            answer = self.send(client, form, filled(form))
            found = forms_in(answer, form.address, form.visitor) if answer.status_code == 200 else ()
            return [step for step in found if step.controls.keys() - form.controls.keys()]

    @contextmanager
    def on_page(self, form: Form) -> Iterator[Client]:
        """A browser on the page of the form, where the form is of use; everything is taken back afterwards."""
        client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        user = self.world.people[form.visitor]
        with transaction.atomic():
            if user is not None:
                client.force_login(user)
            if form.route in BEFORE:
                BEFORE[form.route](self.world)
            client.get(form.page)
            if "csrfmiddlewaretoken" in form.controls:
                form.controls["csrfmiddlewaretoken"].values = [client.cookies["csrftoken"].value]
            self.before = self.database.state()
            yield client
            transaction.set_rollback(True)

    def send(self, client: Client, form: Form, sent: Sent, what: str = "") -> Any:
        """The answer to what was sent; what is wrong with it is noted under `what`.

        The first on its page, or what was sent there before was taken back.
        """
        self.requests += 1
        answer: Any
        if form.method == "GET":
            answer = client.generic("GET", form.address, QUERY_STRING=urlencoded(sent).decode())
        elif form.has_file:
            kind = f"multipart/form-data; boundary={BOUNDARY.decode()}"
            answer = client.generic("POST", form.address, multipart(sent), content_type=kind)
        else:
            answer = client.generic("POST", form.address, urlencoded(sent), "application/x-www-form-urlencoded")
        self.note(answer, self.before, f"{form.route} {what}", apart=RECORDED if form.route in SEARCHING else ())
        return answer

    def note(self, answer: Any, before: State, what: str, *, apart: Collection[str] = ()) -> None:
        """Note what is wrong with an answer, if anything is; what it did to the tables set `apart` is right."""
        after = self.database.state() if answer.status_code >= 400 else before
        before, after = ([row for row in state if row[0] not in apart] for state in (before, after))
        if fault := fault_of(answer, before, after):
            self.faults[what] = fault

    def try_texts(self, client: Client, form: Form, texts: Mapping[str, str]) -> None:
        """The form with these texts in the controls of these names, and the page that it leads to."""
        what = ", ".join(f"{name}: {text[:40]!a}" for name, text in texts.items())
        cookies = deepcopy(client.cookies)
        with transaction.atomic():
            values: dict[str, list[bytes | File]] = {
                name: [(raw(text), b"What the log says.") if form.controls[name].type == "file" else raw(text)]
                for name, text in texts.items()
            }
            answer = self.send(client, form, filled(form) | values, what)
            if answer.status_code == 302:
                before = self.database.state()
                self.note(client.get(answer["Location"]), before, f"{form.route} {what}, on the page after it")
                done = form.method == "POST" and KEEP not in texts
                for name, text in texts.items():
                    if done and form.controls[name].type in TYPED and name not in NOT_KEPT:
                        self._check_kept(text, f"{form.route} {name}: {text[:40]!a}")
            transaction.set_rollback(True)
        client.cookies = cookies

    def _check_kept(self, text: str, what: str) -> None:
        came = raw(text).decode(errors="replace")  # halves of characters are no text for a form
        # Browsers send both signs of a line break; of a name the space between words is made one.
        kept = [each.strip() for each in (came, came.replace("\n", "\r\n"), " ".join(came.split()))]
        if "\x00" in text:
            self.faults[what] = "taken, and cannot be kept"
        elif kept[0] and not any(map(self.database.holds, kept)):
            self.faults[what] = "taken, and changed"
