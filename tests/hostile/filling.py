"""What a person types into each form so that it is taken, and the bytes that a browser makes of it."""

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote_from_bytes

from claims.actions.claims import unpublish_claim
from claims.actions.releasing import release_actor, release_source
from reviews.actions.assignments import close_claim
from tests.access.world import AccessWorld
from tests.factories import fresh
from tests.hostile.forms_in_pages import CHOSEN, Control, Form

File = tuple[bytes, bytes]  # a name and what is in it
Sent = Mapping[str, Sequence[bytes | File]]

PASSWORD = "a long pass phrase"
SOMEWHERE = "https://harbour.example/paper"
# A text is typed, a number chooses among the options that say something; the rest stays as the page shows it.
TYPED: dict[str, dict[str, str | int]] = {
    "accept-invitation": {"username": "nadia", "password": PASSWORD},
    "account_change_password": {"oldpassword": "demo-editor", "password1": PASSWORD, "password2": PASSWORD},
    "account_login": {"login": "editor", "password": "demo-editor"},
    "add-app": {"code": "123456"},
    "add-member": {"user": 0},
    "add-passkey": {"name": "A key", "credential": "{}"},
    "assess": {"proposed_state": 0, "rationale": "This is what it shows."},
    "assign": {"reviewer": 1},
    "attach": {"url": SOMEWHERE, "stance": 3},
    "change-address": {"email": "else@example.org", "password": "demo-editor"},
    "claim-provenance": {"downstream": 0, "upstream": 2},
    "close-claim": {"reason": 0},
    "conflicts": {"actor": 0},
    "correct": {"reason": "It is needed."},
    "decline": {"reason": "It is needed."},
    "desk-policy": {"min_independence": "3", "reason": "It is needed."},
    "forgotten-password": {"email": "editor@example.org"},
    "hand-over": {"to": 0},
    "invitations": {"role": 0, "name": "Nadia", "email": "nadia@example.org"},
    "merge-actor": {"into": 0, "reason": "It is the same."},
    "name-decider": {"person": "stranger"},
    "new-actor": {"name": "The harbour office", "kind": 0},
    "new-claim": {"statement": "A ship came in.", "url": SOMEWHERE, "stance": 0},
    "new-redaction": {"words": "unloaded", "reason": "It was asked for."},
    "new-relay": {"upstream": 2},
    "redact-actor": {"words": "office", "reason": "It was asked for."},
    "redaction": {"decision": "withdraw"},
    "redaction-elsewhere": {"decision": 0},
    **{
        f"release-{of}": {"visibility": 0, "reason": "It is needed."}
        for of in ("actor", "attachment", "capture", "evidence", "source")
    },
    "reset-second-factors": {"reason": "It is needed."},
    "retract": {"reason": "It is needed."},
    "review": {"reason": "It is so.", "decision": 0},
    "set-password": {"password": PASSWORD},
    "threshold": {"threshold": "3", "reason": "A grave matter."},
    "tokens": {"name": "for a script"},
    "withdraw-evidence": {"reason": "It is needed."},
}


def _public(world: AccessWorld, *, sources: bool = True) -> None:
    """The publishers, and the sources, of what is released in this world."""
    by = world.cast.editor
    for source in (world.source, world.upstream):
        if source.publisher is not None and fresh(source.publisher).visibility != "public":
            release_actor(actor=source.publisher, visibility="public", reason="Agreed.", by=by)
        if sources:
            release_source(source=source, visibility="public", reason="Agreed.", by=by)


# What has to be so before the form is of use.
BEFORE: dict[str, Callable[[AccessWorld], object]] = {
    "open-claim": lambda world: close_claim(claim=fresh(world.claim), reason="moot", by=world.cast.editor),
    "release-attachment": _public,
    "release-capture": _public,
    "release-evidence": _public,
    "release-source": lambda world: _public(world, sources=False),
    "publish": lambda world: unpublish_claim(claim=fresh(world.claim), by=world.cast.editor),
}
BOUNDARY = b"a-boundary-that-is-in-no-text"


def filled(form: Form) -> dict[str, list[bytes | File]]:
    """What a person would send of it."""
    typed = TYPED.get(form.route, {})
    found: dict[str, list[bytes | File]] = {}
    for name, control in form.controls.items():
        if control.type == "file":
            found[name] = [(b"harbour.txt", b"What the log says.")] if form.route == "attach-file" else []
        elif name in typed:
            found[name] = [_chosen(control, typed[name])]
        else:
            shown = control.values or (control.options[:1] if control.type == "select" else [])
            found[name] = [value.encode() for value in shown]
    return found


def _chosen(control: Control, typed: str | int) -> bytes:
    if isinstance(typed, int):
        assert control.type in CHOSEN
        return [option for option in control.options if option][typed].encode()
    return typed.encode()


def urlencoded(sent: Sent) -> bytes:
    """As application/x-www-form-urlencoded."""
    pairs = [(name, value) for name, values in sent.items() for value in values if isinstance(value, bytes)]
    return b"&".join(
        quote_from_bytes(name.encode()).encode() + b"=" + quote_from_bytes(value).encode() for name, value in pairs
    )


def multipart(sent: Sent) -> bytes:
    """As multipart/form-data with BOUNDARY."""
    parts = []
    for name, values in sent.items():
        for value in values:
            head = b'Content-Disposition: form-data; name="' + name.encode() + b'"'
            if isinstance(value, tuple):
                head += b'; filename="' + value[0].replace(b'"', b"%22") + b'"\r\nContent-Type: text/plain'
            body = value if isinstance(value, bytes) else value[1]
            parts.append(b"--" + BOUNDARY + b"\r\n" + head + b"\r\n\r\n" + body + b"\r\n")
    return b"".join(parts) + b"--" + BOUNDARY + b"--\r\n"
