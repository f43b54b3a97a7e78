"""Where the pages of the settings are, below `/desk/<business>/settings/`."""

from django.urls import path

from bookings.web.desk.settings import business, hours, index, offered, places, things

urlpatterns = [
    path("", index.index, name="settings"),
    path("business/", business.details, name="business"),
    path("rules/", business.rules, name="rules"),
    path("mails/", business.mails, name="mails"),
    path("deposits/", business.deposits, name="deposits"),
    path("deposits/account/", business.onboard, name="onboard"),
    path("hours/", hours.hours, name="hours"),
    path("hours/<uuid:of>/", hours.hours, name="hours-of"),
    path("hours/<uuid:of>/days/", hours.special_day, name="special-days"),
    path("hours/<uuid:of>/days/<str:day>/", hours.special_day, name="special-day"),
    path("hours/<uuid:of>/closures/", hours.closure, name="closures"),
    path("hours/<uuid:of>/closures/<uuid:key>/", hours.closure, name="closure"),
    path("services/", offered.listed, name="services"),
    path("services/new/", offered.service, name="service-new"),
    path("services/<uuid:pk>/", offered.service, name="service"),
    path("categories/<uuid:pk>/", offered.category, name="category"),
    path("resources/", things.listed, name="resources"),
    path("resources/new/", things.thing, name="thing-new"),
    path("resources/<uuid:pk>/", things.thing, name="thing"),
    path("staff/", things.people, name="staff"),
    path("staff/new/", things.person, name="person-new"),
    path("staff/<uuid:pk>/", things.person, name="person"),
    path("roster/<uuid:of>/", things.roster, name="roster"),
    path("roster/<uuid:of>/new/", things.roster_new, name="roster-new"),
    path("roster/<uuid:of>/<uuid:pk>/", things.roster_entry, name="roster-entry"),
    path("locations/", places.listed, name="locations"),
    path("locations/new/", places.location, name="location-new"),
    path("locations/<uuid:pk>/", places.location, name="location"),
    path("locations/<uuid:of>/sections/", places.section, name="section-new"),
    path("locations/<uuid:of>/sections/<uuid:pk>/", places.section, name="section"),
    path("locations/<uuid:of>/combinations/", places.combination, name="combination-new"),
    path("locations/<uuid:of>/combinations/<uuid:pk>/", places.combination, name="combination"),
    path("pacing/", places.pacing, name="pacing"),
    path("pacing/<uuid:of>/", places.pacing, name="pacing-of"),
]
