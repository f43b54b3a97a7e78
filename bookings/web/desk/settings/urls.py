"""Where the pages of the settings are, below `/desk/<business>/settings/`."""

from django.urls import path

from bookings.web.desk.settings import hours, index

urlpatterns = [
    path("", index.index, name="settings"),
    path("hours/", hours.hours, name="hours"),
    path("hours/<uuid:of>/", hours.hours, name="hours-of"),
    path("hours/<uuid:of>/days/", hours.special_day, name="special-days"),
    path("hours/<uuid:of>/days/<str:day>/", hours.special_day, name="special-day"),
    path("hours/<uuid:of>/closures/", hours.closure, name="closures"),
    path("hours/<uuid:of>/closures/<uuid:key>/", hours.closure, name="closure"),
]
