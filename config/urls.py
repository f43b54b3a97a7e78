"""One include per face."""

from django.contrib import admin
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, include, path
from django.views.defaults import bad_request, page_not_found, server_error
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerView

from bookings.api.appointedd import dialect as appointedd
from bookings.api.appointedd import schema
from bookings.api.availengine import dialect as availengine
from bookings.api.google import dialect as google
from bookings.api.google import schema as google_schema
from bookings.api.myreserva import dialect as myreserva_dialect
from bookings.api.myreserva import schema as myreserva
from bookings.api.octotable import dialect as octotable
from bookings.api.octotable import schema as octotable_schema
from bookings.web import site
from bookings.web.widget import embed
from config import health
from config.routing import api

urlpatterns: list[URLPattern | URLResolver] = [
    # Programs ask most often, so they are looked for first.
    api("bookings.api.availengine.urls", "v1/", "integrations/"),
    api("bookings.api.appointedd.urls", "appointedd/"),
    api("bookings.api.myreserva.urls", "api/"),
    api("bookings.api.google.urls", "google/"),
    api("bookings.api.octotable.urls", "octotable-pms/", "octotable-auth/", "restaurant/"),
    path("healthz", health.alive, name="healthz"),
    path("health", health.alive, name="health"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path(
        "openapi.json",
        SpectacularJSONAPIView.as_view(urlconf="bookings.api.availengine.urls"),
        name="openapi-availengine",
    ),
    path("docs/", RedirectView.as_view(url="/docs/availengine/"), name="docs"),
    path(
        "docs/availengine/",
        SpectacularSwaggerView.as_view(url_name="openapi-availengine"),
        name="docs-availengine",
    ),
    path(
        "openapi-appointedd.json",
        SpectacularJSONAPIView.as_view(
            urlconf="bookings.api.appointedd.urls", custom_settings=schema.SETTINGS
        ),
        name="openapi-appointedd",
    ),
    path(
        "docs/appointedd/",
        SpectacularSwaggerView.as_view(url_name="openapi-appointedd"),
        name="docs-appointedd",
    ),
    path(
        "openapi-google.json",
        SpectacularJSONAPIView.as_view(
            urlconf="bookings.api.google.urls", custom_settings=google_schema.SETTINGS
        ),
        name="openapi-google",
    ),
    path(
        "docs/google/",
        SpectacularSwaggerView.as_view(
            url_name="openapi-google", title=google_schema.SETTINGS["TITLE"]
        ),
        name="docs-google",
    ),
    path(
        "openapi-myreserva.json",
        SpectacularJSONAPIView.as_view(
            urlconf="bookings.api.myreserva.urls", custom_settings=myreserva.SETTINGS
        ),
        name="openapi-myreserva",
    ),
    path(
        "docs/myreserva/",
        SpectacularSwaggerView.as_view(url_name="openapi-myreserva"),
        name="docs-myreserva",
    ),
    path(
        "openapi-octotable.json",
        SpectacularJSONAPIView.as_view(
            urlconf="bookings.api.octotable.urls", custom_settings=octotable_schema.SETTINGS
        ),
        name="openapi-octotable",
    ),
    path(
        "docs/octotable/",
        SpectacularSwaggerView.as_view(
            url_name="openapi-octotable", title=octotable_schema.SETTINGS["TITLE"]
        ),
        name="docs-octotable",
    ),
    path("", RedirectView.as_view(pattern_name="desk:start"), name="front"),
    path("desk/", include("bookings.web.desk.urls")),
    path("admin/", admin.site.urls),
    path("booking/", include("bookings.web.urls")),
    path("book/", include("bookings.web.widget.urls", namespace="book")),
    path("widget/embed.js", embed.loader, name="embed"),
    path("widget/", include("bookings.web.widget.urls", namespace="widget")),
    path("demo/mail/", include("bookings.web.demo_urls")),
    path("demo/site/", site.site, name="demo-site"),
]


def in_words(request: HttpRequest, status: int) -> HttpResponseBase | None:
    """What is said where no view spoke, in the words of the API whose paths begin so; None for a
    page."""
    path = request.path_info.lower()
    for outside, *beginnings in (
        (availengine.outside, "/v1/", "/integrations/"),
        (appointedd.outside, "/appointedd/"),
        (myreserva_dialect.outside, "/api/v1/"),
        (google.outside, "/google/"),
        (octotable.outside, "/octotable-pms/", "/octotable-auth/"),
    ):
        if path.startswith(tuple(beginnings)):
            return outside(status)
    return None


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """What can't be read before a view is reached, as one with a host that isn't ours."""
    return in_words(request, 400) or bad_request(request, exception)


def nowhere(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Where no route leads."""
    return in_words(request, 404) or page_not_found(request, exception)


def broken(request: HttpRequest) -> HttpResponseBase:
    """What no view could answer."""
    return in_words(request, 500) or server_error(request)


handler400, handler404, handler500 = unreadable, nowhere, broken
