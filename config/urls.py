"""One include per face."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerView

from config import health

urlpatterns: list[URLPattern | URLResolver] = [
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
    path("admin/", admin.site.urls),
    path("", include("bookings.api.availengine.urls")),
]
