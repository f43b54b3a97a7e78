"""Cross-origin requests: any site may ask the APIs, whose keys say what they may do."""

from __future__ import annotations

from corsheaders.middleware import CorsMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers


class Cors(CorsMiddleware):
    """Most callers are programs and send no origin: they get what they would have got, without all
    their headers being read to find that out."""

    def check_preflight(self, request: HttpRequest) -> HttpResponseBase | None:
        if request.method == "OPTIONS":
            return super().check_preflight(request)
        return None

    def add_response_headers(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if "HTTP_ORIGIN" in request.META:
            return super().add_response_headers(request, response)
        if self.is_enabled(request):
            if response.has_header("Vary"):
                patch_vary_headers(response, ("origin",))
            else:
                response.headers["Vary"] = "origin"
        return response
