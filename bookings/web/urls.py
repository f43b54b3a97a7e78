"""Where the guests' pages are. A mail program may lose a link's last slash, so both lead on."""

from django.urls import path

from bookings.web import guest, moving

app_name = "guest"
urlpatterns = [
    path("<str:token>/", guest.see, name="booking"),
    path("<str:token>", guest.see),
    path("<str:token>/move/", moving.move, name="move"),
    path("<str:token>/offer/", guest.offer, name="offer"),
    path("<str:token>/cancel/", guest.cancel, name="cancel"),
    path("<str:token>/calendar.ics", guest.calendar, name="calendar"),
]
