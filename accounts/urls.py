"""Addresses of the pages about oneself and one's desks."""

from django.urls import path

from accounts.views import account, invitations, joining, tokens

urlpatterns = [
    path("account/", account.account, name="account"),
    path("account/mail/", account.mail, name="account-mail"),
    path("account/mail/address/", account.new_address, name="change-address"),
    path("account/mail/confirm/<str:token>/", account.confirm, name="confirm-address"),
    path("account/signing-in/", account.signing_in, name="signing-in"),
    path("account/signing-in/end-others/", account.end_others, name="end-sessions"),
    path("account/signing-in/<uuid:session_id>/end/", account.end_one, name="end-session"),
    path("account/tokens/", tokens.tokens, name="tokens"),
    path("account/tokens/<uuid:token_id>/end/", tokens.end_token, name="end-token"),
    path("account/password/forgotten/", joining.forgotten, name="forgotten-password"),
    path("account/password/new/<str:token>/", joining.new_password, name="set-password"),
    path("invitation/<str:token>/", joining.accept, name="accept-invitation"),
    path("invitations/", invitations.invitations, name="invitations"),
    path("invitations/<uuid:invitation_id>/resend/", invitations.resend, name="resend-invitation"),
    path("invitations/<uuid:invitation_id>/revoke/", invitations.revoke, name="revoke-invitation"),
]
