"""The steps of signing in after the first: whether a second factor is asked for."""

from allauth.mfa.stages import AuthenticateStage
from django.http import HttpRequest

from accounts.recent import organisation_asked_for_two


class SecondFactor(AuthenticateStage):  # type: ignore[misc]  # allauth has no types
    """As allauth asks for it, but not of whom the organisation asked for more than one factor just now."""

    def _should_handle(self, request: HttpRequest) -> bool:
        asked_there = organisation_asked_for_two(request, self.login.user)
        return not asked_there and bool(super()._should_handle(request))
