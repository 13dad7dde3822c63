"""Addresses that show the shell of the pages by itself, whatever the rooms hold."""

from datetime import UTC, datetime

from django import forms
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import engines
from django.urls import include, path

from house.errors import Missing, NotFound, PolicyNotMet, Stale

handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"

NOON = datetime(2022, 7, 1, 12, tzinfo=UTC)


class ShellClaim(forms.Form):
    """A form with every kind of control that the pages use."""

    statement = forms.CharField(label="Statement", widget=forms.Textarea, help_text="One checkable assertion.")
    place = forms.CharField(label="Place", required=False)
    stance = forms.ChoiceField(
        label="Stance", widget=forms.RadioSelect, choices=[("supports", "Supports"), ("denies", "Denies")]
    )
    sure = forms.BooleanField(label="I have no stake in this claim")


def _page(request: HttpRequest, body: str, **context: object) -> HttpResponse:
    head = '{% extends "base.html" %}{% load second_source %}{% block title %}A page{% endblock %}'
    template = engines["django"].from_string(head + "{% block main %}" + body + "{% endblock %}")
    return HttpResponse(template.render(context, request))


def home(request: HttpRequest) -> HttpResponse:
    return _page(request, "<h1>My work</h1><p>{{ noon|when }}</p>", noon=NOON)


@login_not_required
def public(request: HttpRequest) -> HttpResponse:
    return _page(request, "<h1>Published</h1><p>{{ noon|when }}</p>", noon=NOON)


def new_claim(request: HttpRequest) -> HttpResponse:
    form = ShellClaim(request.POST or None)
    body = (
        '<form class="form" method="post" novalidate data-unsaved>{% csrf_token %}<h1>New claim</h1>'
        '{% include "parts/note_wrong.html" %}{{ form }}<button class="button main">Save claim</button></form>'
    )
    return _page(request, body, form=form)


def unknown(request: HttpRequest) -> HttpResponse:
    raise NotFound("Claim not found.")


def stale(request: HttpRequest) -> HttpResponse:
    raise Stale("Somebody was faster.", version=8, changes=["reviewer2 attached evidence 4"])


def not_yet(request: HttpRequest) -> HttpResponse:
    raise PolicyNotMet([Missing("independence", "1 more independent voice for “artillery shells”.")])


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a fault of ours")


@login_not_required
def template(request: HttpRequest, name: str) -> HttpResponse:
    return render(request, name)


urlpatterns = [
    path("", home),
    path("public/", public),
    path("claims/", home),
    path("claims/new/", new_claim),
    path("notifications/", home, name="notifications"),
    path("account/receipts/", home, name="receipts"),
    path("account/receipts/file", home, name="receipt-file"),
    path("api/v1/", include("api.urls")),
    path("claims/unknown/", unknown),
    path("claims/stale/", stale),
    path("claims/not-yet/", not_yet),
    path("claims/broken/", broken),
    path("template/<str:name>", template),
    path("account/", include("config.account_urls")),
    path("admin/", admin.site.urls),
]
