"""Every method with and without a slash at its end, in any capitals, and never a redirect."""

from django.urls import URLPattern, path

from bookings.api.google import views

BASE = "google/v3"

urlpatterns: list[URLPattern] = [
    path(f"{BASE}/{method.__name__}{slash}", method.as_view())
    for method in views.AnyCase.by_name.values()
    for slash in ("", "/")
] + [path(f"{BASE}/<path:name>", views.AnyCase.as_view())]
