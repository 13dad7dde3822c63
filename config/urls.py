"""All addresses of the application."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from api import docs
from config import health, mail_page, metrics

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("reviews.urls")),
    path("", include("claims.urls")),
    path("", include("accounts.urls")),
    path("account/", include("config.account_urls")),
    path("ledger/", include("ledger.urls")),
    path("api/v1/", include("api.urls")),
    path("api/schema/", docs.Schema.as_view(), name="api-schema"),
    path("api/docs/", docs.api_docs, name="api-docs"),
    path("api/docs/plain/", docs.api_docs_plain, name="api-docs-plain"),
    path("administration/", admin.site.urls),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
]

if settings.MAIL_PAGE:
    urlpatterns += [
        path("mails/", mail_page.mails, name="mails"),
        path("mails/<str:name>/", mail_page.kept_mail, name="mail"),
    ]

handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"
