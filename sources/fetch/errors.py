"""Errors of a fetch, worded for the person who typed the address."""

import http.client
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext as _


class FetchRefused(Exception):
    """The URL may not be fetched. The text is for the person who typed it."""


class FetchFailed(Exception):
    """The URL may be fetched, but gave no complete answer. The text is for the person who typed it."""


def too_large() -> str:
    """The sentence for more bytes than a capture may have."""
    return _("The page is too large to capture. Attach part of it as a file.")


@contextmanager
def in_plain_words() -> Iterator[None]:
    """Turns network errors into FetchFailed, without the addresses and names that they contain."""
    try:
        yield
    except TimeoutError as error:
        raise FetchFailed(_("The server took too long to answer. Try again later, or attach a file.")) from error
    except ssl.SSLCertVerificationError as error:
        raise FetchFailed(
            _(
                "The server’s certificate is not valid for this address, so the page was not captured. Check the "
                "address."
            )
        ) from error
    except ssl.SSLError as error:
        raise FetchFailed(_("No secure connection was possible. Check the address, or attach a file.")) from error
    except http.client.HTTPException as error:
        raise FetchFailed(_("The server’s answer is unreadable. Try again later, or attach a file.")) from error
    except OSError as error:
        raise FetchFailed(_("The server cannot be reached. Try again later, or attach a file.")) from error
