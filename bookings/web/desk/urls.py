"""Where the pages of the desk are: one block a section."""

from django.urls import include, path

from bookings.web.desk import door, floor

app_name = "desk"
urlpatterns = [
    path("", door.start, name="start"),
    path("sign-in/", door.sign_in, name="sign-in"),
    path("sign-out/", door.sign_out, name="sign-out"),
    path("language/", door.language, name="language"),
    path("password/", door.password_reset, name="password-reset"),
    path("password/sent/", door.password_sent, name="password-sent"),
    path("password/changed/", door.password_changed, name="password-changed"),
    path("password/<uidb64>/<token>/", door.password_new, name="password-new"),
    # the floor
    path("<slug:slug>/floor/", floor.floor, name="floor"),
    path("<slug:slug>/floor/board/", floor.board, name="floor-board"),
    path("<slug:slug>/floor/<uuid:pk>/", floor.resource, name="resource"),
    # Settings.
    path("<slug:slug>/settings/", include("bookings.web.desk.settings.urls")),
    path("<slug:slug>/", door.home, name="home"),
]
