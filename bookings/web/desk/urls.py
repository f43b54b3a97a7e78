"""Where the pages of the desk are: one block a section."""

from django.urls import include, path

from bookings.web.desk import (
    book,
    booking,
    changing,
    classes,
    door,
    floor,
    guests,
    making,
    reports,
    schedules,
    seating,
    timeline,
)  # fmt: skip

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
    path("<slug:slug>/floor/walk-in/", seating.walk_in, name="walk-in"),
    path("<slug:slug>/floor/walk-in/<uuid:pk>/undo/", seating.unseat, name="unseat"),
    path("<slug:slug>/floor/wait/", seating.wait, name="wait"),
    path("<slug:slug>/floor/wait/<uuid:pk>/end/", seating.leave, name="stop-waiting"),
    path("<slug:slug>/floor/seat/<uuid:pk>/", seating.seat, name="seat"),
    path("<slug:slug>/floor/overbook/", seating.overbook, name="overbook"),
    path("<slug:slug>/floor/block/<uuid:pk>/end/", floor.unblock, name="unblock"),
    path("<slug:slug>/floor/<uuid:pk>/", floor.resource, name="resource"),
    path("<slug:slug>/floor/<uuid:pk>/block/", floor.block, name="block"),
    # Settings.
    path("<slug:slug>/settings/", include("bookings.web.desk.settings.urls")),
    # Reports
    path("<slug:slug>/reports/", reports.page, name="reports"),
    path("<slug:slug>/reports/<slug:key>.csv", reports.as_csv, name="reports-csv"),
    # Timeline
    path("<slug:slug>/timeline/", timeline.page, name="timeline"),
    path("<slug:slug>/timeline/board/", timeline.board, name="timeline-board"),
    path("<slug:slug>/timeline/move/", timeline.move, name="timeline-move"),
    # Classes
    path("<slug:slug>/classes/", classes.week, name="classes"),
    path("<slug:slug>/classes/week/", classes.week_board, name="classes-board"),
    path("<slug:slug>/classes/new/", classes.session_new, name="session-new"),
    path("<slug:slug>/classes/weekly/", schedules.schedules, name="schedules"),
    path("<slug:slug>/classes/weekly/new/", schedules.schedule_new, name="schedule-new"),
    path("<slug:slug>/classes/weekly/<uuid:pk>/", schedules.schedule, name="schedule"),
    path("<slug:slug>/classes/weekly/<uuid:pk>/end/", schedules.schedule_end, name="schedule-end"),
    path("<slug:slug>/classes/<uuid:pk>/", classes.session, name="session"),
    path("<slug:slug>/classes/<uuid:pk>/roster/", classes.session_roster, name="session-roster"),
    path("<slug:slug>/classes/<uuid:pk>/act/", classes.session_act, name="session-act"),
    path("<slug:slug>/classes/<uuid:pk>/find/", classes.session_find, name="session-find"),
    path("<slug:slug>/classes/<uuid:pk>/add/", classes.session_add, name="session-add"),
    path("<slug:slug>/classes/<uuid:pk>/queue/", classes.session_queue, name="session-queue"),
    path("<slug:slug>/classes/<uuid:pk>/wait/", classes.session_wait, name="session-wait"),
    path("<slug:slug>/classes/<uuid:pk>/change/", classes.session_change, name="session-change"),
    path("<slug:slug>/classes/<uuid:pk>/cancel/", classes.session_cancel, name="session-cancel"),
    # book: the list of a day, a booking, a new one
    path("<slug:slug>/book/", book.book, name="book"),
    path("<slug:slug>/book/board/", book.board, name="book-board"),
    path("<slug:slug>/book/day.csv", book.as_csv, name="book-csv"),
    path("<slug:slug>/bookings/new/", making.new, name="new"),
    path("<slug:slug>/bookings/offer/", making.offer, name="offer"),
    path("<slug:slug>/bookings/who/", making.who, name="who"),
    path("<slug:slug>/bookings/<uuid:pk>/", booking.sheet, name="booking"),
    path("<slug:slug>/bookings/<uuid:pk>/act/", booking.act, name="act"),
    path("<slug:slug>/bookings/<uuid:pk>/cancel/", booking.cancel, name="cancel"),
    path("<slug:slug>/bookings/<uuid:pk>/move/", changing.move, name="move"),
    path("<slug:slug>/bookings/<uuid:pk>/edit/", changing.edit, name="edit"),
    # guests
    path("<slug:slug>/guests/", guests.guests, name="guests"),
    path("<slug:slug>/guests/<uuid:pk>/", guests.guest, name="guest"),
    path("<slug:slug>/guests/<uuid:pk>/edit/", guests.edit, name="guest-edit"),
    path("<slug:slug>/guests/<uuid:pk>/merge/", guests.merge, name="guest-merge"),
    path("<slug:slug>/guests/<uuid:pk>/export/", guests.export, name="guest-export"),
    path("<slug:slug>/guests/<uuid:pk>/erase/", guests.erase, name="guest-erase"),
    path("<slug:slug>/", door.home, name="home"),
]
