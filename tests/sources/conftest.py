"""What the tests of this room share."""

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sources.sites import CapturedSite


@pytest.fixture
def site() -> Iterator["CapturedSite"]:
    """A web server on every local address. Imported here: pytest reads this file before Django is set up."""
    from tests.sources.sites import CapturedSite

    with CapturedSite() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield server
        server.shutdown()
