"""The kind in RATE_LIMITS that each page counts as. The API's views set theirs themselves (`api.view.ApiView`).

A page that is not listed counts as a form when it is posted, and is not counted when it is read: reading takes few
statements, none longer than WEB_STATEMENT_SECONDS, and the count of voices is shared by all readers.
"""

UPLOAD, CAPTURE, EXPORT, PREVIEW, FORM = "upload", "capture", "export", "preview", "form"
DRAFT = "draft"  # a form saved as a draft, every few seconds while its author types
_READ, _SENT = ("GET", "HEAD"), ("POST",)

# By the name of the address: the kind, and the methods that count.
COUNTED: dict[str, tuple[str, tuple[str, ...]]] = {
    # forms that take a file
    "new-claim": (UPLOAD, _SENT),
    "attach": (UPLOAD, _SENT),
    "attach-file": (UPLOAD, _SENT),
    # pages that make the server fetch something
    "capture": (CAPTURE, _SENT),
    # exports that read a whole history
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
    # previews, which take as long as the action itself
    "retract": (PREVIEW, _SENT),
    "correct": (PREVIEW, _SENT),
    "merge-actor": (PREVIEW, _SENT),
    "desk-policy": (PREVIEW, _SENT),
    "new-redaction": (PREVIEW, _SENT),
    "redaction": (PREVIEW, (*_READ, *_SENT)),
    "redact-actor": (PREVIEW, _SENT),
    "redaction-elsewhere": (PREVIEW, (*_READ, *_SENT)),
}

# Posted pages that are counted elsewhere or not at all, with the reason.
UNCOUNTED = {
    "account_logout": "Nobody is kept signed in.",
}


def counted_as(name: str, *, method: str) -> str | None:
    """Return the kind that a request for the page of this name counts as; None if it is not counted here."""
    if name.startswith(("api:", "admin:")) or name in UNCOUNTED:
        return None
    kind, methods = COUNTED.get(name, (FORM, _SENT))
    if method in methods:
        return kind
    return FORM if method in _SENT else None
