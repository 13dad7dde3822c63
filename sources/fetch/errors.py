"""Why an address is not fetched, or no whole answer came, in sentences for the person who typed it."""

import http.client
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext as _


class FetchRefused(Exception):
    """The URL is not one that is fetched. The text is a sentence for the person who typed it."""


class FetchFailed(Exception):
    """The URL may be fetched, but no whole answer came. The text is a sentence for the person who typed it."""


def too_large() -> str:
    """The sentence for more bytes than a capture may have."""
    return _("The page is too large to capture. Attach part of it as a file.")


@contextmanager
def in_plain_words() -> Iterator[None]:
    """Makes what the network raises a FetchFailed, without the addresses and names that stand in such errors."""
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
