"""The steps, under `/book/` as pages of their own and under `/widget/` for a frame."""

from django.urls import path

from bookings.web.widget import held, holding, steps, waiting

app_name = "steps"
urlpatterns = [
    path("<slug:slug>/", steps.start, name="start"),
    path("<slug:slug>", steps.start),
    path("<slug:slug>/when/", steps.when, name="when"),
    path("<slug:slug>/table/", holding.table, name="table"),
    path("<slug:slug>/hold/", holding.hold, name="hold"),
    path("<slug:slug>/held/<str:token>/", held.held, name="held"),
    path("<slug:slug>/held/<str:token>/release/", held.release, name="release"),
    path("<slug:slug>/held/<str:token>/pay/", held.pay, name="pay"),
    path("<slug:slug>/waitlist/", waiting.waitlist, name="waitlist"),
    path("<slug:slug>/waiting/<str:token>/", waiting.waiting, name="waiting"),
    path("<slug:slug>/waiting/<str:token>/leave/", waiting.leave, name="leave"),
]
