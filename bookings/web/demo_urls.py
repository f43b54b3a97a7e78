"""Where the demo's mails are."""

from django.urls import path

from bookings.web import letterbox

app_name = "demo"
urlpatterns = [
    path("", letterbox.box, name="box"),
    path("<str:id>/", letterbox.letter, name="letter"),
]
