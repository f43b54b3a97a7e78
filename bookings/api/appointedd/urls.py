"""Every path of the protocol, as its clients write them: without a slash at the end."""

from django.urls import path

from bookings.api.appointedd.views import (
    availability,
    bookings,
    catalogue,
    customers,
    webhooks,
)

SLOT = "appointedd/v1/availability/slots"
BOOKING = "appointedd/v1/bookings/<str:booking_id>"
PARTICIPANT = f"{BOOKING}/customers/<str:customer_booking_id>"

urlpatterns = [
    path("appointedd/v1/services", catalogue.Services.as_view()),
    path("appointedd/v1/services/categories", catalogue.Categories.as_view()),
    path("appointedd/v1/resources", catalogue.Resources.as_view()),
    path("appointedd/v1/resources/groups", catalogue.Groups.as_view()),
    path("appointedd/v1/customers", customers.Customers.as_view()),
    path("appointedd/v1/customers/<str:customer_id>", customers.OneCustomer.as_view()),
    path("appointedd/v1/availability/intervals/search", availability.Intervals.as_view()),
    path("appointedd/v1/availability/days/search", availability.Days.as_view()),
    path(SLOT, availability.Slots.as_view()),
    path(f"{SLOT}/<str:reservation_id>", availability.OneSlot.as_view()),
    path("appointedd/v1/bookings", bookings.Bookings.as_view()),
    path(BOOKING, bookings.OneBooking.as_view()),
    path(f"{BOOKING}/cancel", bookings.CancelBooking.as_view()),
    path(PARTICIPANT, bookings.OneParticipant.as_view()),
    path(f"{PARTICIPANT}/cancel", bookings.CancelParticipant.as_view()),
    path("appointedd/v1/webhooks", webhooks.Webhooks.as_view()),
    path("appointedd/v1/webhooks/<str:webhook_id>", webhooks.OneWebhook.as_view()),
    # Where the links lead that guests are sent.
    path("appointedd/reschedule", bookings.Reschedule.as_view()),
]
