"""What each page counts as, of RATE_LIMITS. The API's views say it themselves (`api.view.ApiView`).

A page that is not named here counts as a form when something is handed in, and is not counted when it is read:
reading takes few statements, none longer than WEB_STATEMENT_SECONDS, and counts voices once for everybody.
"""

UPLOAD, CAPTURE, EXPORT, PREVIEW, FORM = "upload", "capture", "export", "preview", "form"
DRAFT = "draft"  # a form that is kept and not done: every few seconds while one types
_READ, _SENT = ("GET", "HEAD"), ("POST",)

# By the name of the address: what is counted, and for which methods.
COUNTED: dict[str, tuple[str, tuple[str, ...]]] = {
    # a form that takes a file
    "new-claim": (UPLOAD, _SENT),
    "attach": (UPLOAD, _SENT),
    "attach-file": (UPLOAD, _SENT),
    # what makes the server fetch something
    "capture": (CAPTURE, _SENT),
    # what goes through a whole history
    "ask-bundle": (EXPORT, _SENT),
    "bundle-file": (EXPORT, _READ),
    "claim-proof": (EXPORT, _READ),
    "public-change": (EXPORT, _READ),
    "public-proof": (EXPORT, _READ),
    "public-material": (EXPORT, _READ),
    "public-bundle": (EXPORT, _READ),
    "published-list": (EXPORT, _READ),
    "ledger-csv": (EXPORT, _READ),
    "ledger-jsonl": (EXPORT, _READ),
    "ledger-entries": (EXPORT, _READ),
    # what is tried first and shown: it takes as long as doing it
    "retract": (PREVIEW, _SENT),
    "correct": (PREVIEW, _SENT),
    "merge-actor": (PREVIEW, _SENT),
    "desk-policy": (PREVIEW, _SENT),
    "new-redaction": (PREVIEW, _SENT),
    "redaction": (PREVIEW, (*_READ, *_SENT)),
    "redact-actor": (PREVIEW, _SENT),
    "redaction-elsewhere": (PREVIEW, (*_READ, *_SENT)),
}

# Handed in, and counted otherwise or not at all, with the reason.
UNCOUNTED = {
    "account_logout": "Nobody is kept signed in.",
}


def counted_as(name: str, *, method: str) -> str | None:
    """What a request for the page of this name counts as; None where it is not counted here."""
    if name.startswith(("api:", "admin:")) or name in UNCOUNTED:
        return None
    kind, methods = COUNTED.get(name, (FORM, _SENT))
    if method in methods:
        return kind
    return FORM if method in _SENT else None
