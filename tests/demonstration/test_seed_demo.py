"""Where the demonstration data is not loaded."""

import io

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from accounts.queries import is_demonstration
from claims.models import Claim
from sources.models import Actor
from tests.factories import Cast


def test_where_a_name_is_taken_nothing_is_loaded(cast: Cast) -> None:
    with pytest.raises(CommandError) as error:
        call_command("seed_demo", stdout=io.StringIO())
    assert "nothing was changed" in str(error.value)
    assert (Claim.objects.count(), Actor.objects.count()) == (0, 0)


def test_a_desk_of_ones_own_is_no_demonstration(cast: Cast) -> None:
    assert not is_demonstration()


@pytest.mark.django_db
def test_without_the_demonstration_there_are_no_accounts() -> None:
    assert User.objects.count() == 0
