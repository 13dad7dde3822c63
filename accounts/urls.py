"""Addresses of the pages about the person's account and desks."""

from django.urls import path

from accounts.views import account, again, factors, invitations, joining, organisation, passkeys, tokens

urlpatterns = [
    path("account/", account.account, name="account"),
    path("account/mail/", account.mail_settings, name="account-mail"),
    path("account/mail/address/", account.new_address, name="change-address"),
    path("account/mail/confirm/<str:token>/", account.confirm_address_page, name="confirm-address"),
    path("account/signing-in/", account.signing_in, name="signing-in"),
    path("account/signing-in/end-others/", account.end_others, name="end-sessions"),
    path("account/signing-in/<uuid:session_id>/end/", account.end_one, name="end-session"),
    path("account/second-factors/", factors.second_factors, name="second-factors"),
    path("account/second-factors/app/", factors.add_app, name="add-app"),
    path("account/second-factors/passkey/", factors.add_key, name="add-passkey"),
    path("account/second-factors/recovery-codes/", factors.recovery_codes, name="recovery-codes"),
    path("account/second-factors/<int:factor_id>/remove/", factors.remove, name="remove-factor"),
    path("account/login/passkey/", passkeys.sign_in_by_passkey, name="sign-in-by-passkey"),
    path("account/organisation/", organisation.sign_in_by_organisation, name="organisation-sign-in"),
    path("account/organisation/link/", organisation.link, name="organisation-link"),
    path("account/organisation/callback/", organisation.callback, name="organisation-callback"),
    path("account/organisation/join/", organisation.join_by_organisation, name="organisation-join"),
    path("account/organisation/unlink/", organisation.unlink, name="organisation-unlink"),
    path("account/reauthenticate/", again.confirmed_again, name="account_reauthenticate"),
    path("people/<uuid:user_id>/second-factors/reset/", factors.reset, name="reset-second-factors"),
    path("account/tokens/", tokens.tokens, name="tokens"),
    path("account/tokens/<uuid:token_id>/end/", tokens.end_token, name="end-token"),
    path("account/password/forgotten/", joining.forgotten, name="forgotten-password"),
    path("account/password/new/<str:token>/", joining.new_password, name="set-password"),
    path("invitation/<str:token>/", joining.accept_invitation_page, name="accept-invitation"),
    path("invitations/", invitations.invitations, name="invitations"),
    path("invitations/<uuid:invitation_id>/resend/", invitations.resend, name="resend-invitation"),
    path("invitations/<uuid:invitation_id>/revoke/", invitations.revoke, name="revoke-invitation"),
]
