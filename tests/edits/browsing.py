"""A form as a browser has it: its controls as the page shows them, and what is sent of them."""

import re
from dataclasses import dataclass, field
from typing import Any

from accounts.models import User
from tests.hostile.forms_in_pages import Control, forms_in
from tests.pages import signed_in

Sent = dict[str, list[str]]


@dataclass
class OpenForm:
    """One person's window with the form of one act. `sent` is what stands in it."""

    user: User
    address: str
    sent: Sent = field(default_factory=dict)
    answer: Any = None

    def save(self) -> int:
        """Press the button: the status of the answer. Where the form comes back, it stands in the window."""
        self.answer = signed_in(self.user).post(self.address, self.sent)
        if self.answer.status_code != 302:
            self.sent = _shown(self.answer, self.address)
        return int(self.answer.status_code)

    def again(self) -> int:
        """Press the button of the window as it was, once more."""
        return int(signed_in(self.user).post(self.address, self.sent).status_code)

    def type(self, **controls: Any) -> "OpenForm":
        """Write into controls, or choose."""
        for name, value in controls.items():
            self.sent[name] = list(value) if isinstance(value, list | tuple) else [str(value)]
        return self


def opened(user: User, address: str) -> OpenForm:
    """The form of a page, as the person opens it."""
    answer = signed_in(user).get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return OpenForm(user, address, _shown(answer, address), answer)


def _shown(answer: Any, address: str) -> Sent:
    """What the browser would send of the form of the act, nothing of it touched."""
    (form,) = [
        form for form in forms_in(answer, address, "") if form.method == "POST" and "sign" not in form.address
        and form.controls.keys() & {"seen", "submission"}
    ]  # fmt: skip
    sent: Sent = {}
    for control in form.controls.values():
        values = _of(control)
        if values is not None:
            sent[control.name] = values
    return sent


def _of(control: Control) -> list[str] | None:
    if control.type in ("submit", "file"):
        return None
    if control.type in ("radio", "checkbox"):
        return control.values or None
    if control.type == "select":
        return control.values or control.options[:1]
    if control.type == "textarea":
        return [re.sub(r"\r\n?|\n", "\r\n", value) for value in control.values]
    return [re.sub(r"[\r\n]", "", value) for value in control.values]
