"""Every path of the protocol, with and without a slash at its end and never a redirect."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path
from django.views import View

from bookings.api.myreserva.views import (
    appointments,
    auth,
    catalogue,
    customers,
    grid,
    plans,
    schedules,
)


def both(route: str, view: type[View]) -> list[URLPattern]:
    """A route in both forms; a redirect would lose a POST's body."""
    answer: Callable[..., Any] = view.as_view()
    name = "myreserva-" + route.replace("<str:", "").replace(">", "").replace("/", "-")
    return [
        path(f"api/v1/{route}", answer, name=name),
        path(f"api/v1/{route}/", answer, name=f"{name}-slash"),
    ]


urlpatterns = [
    # Who.
    *both("auth/login", auth.Login),
    *both("auth/complete-login", auth.CompleteLogin),
    *both("auth/refresh", auth.RefreshLogin),
    *both("auth/logout", auth.Logout),
    *both("auth/me", auth.Me),
    *both("customer/auth/register", auth.Register),
    *both("customer/auth/login", auth.CustomerLogsIn),
    *both("customer/auth/refresh", auth.CustomerRefresh),
    *both("customer/auth/logout", auth.CustomerLogout),
    *both("customer/auth/me", auth.CustomerMe),
    *both("public/register", auth.RegisterTenant),
    # What, by whom and where.
    *both("services", catalogue.Services),
    *both("services/<str:service_id>", catalogue.OneService),
    *both("services/<str:service_id>/pricing", catalogue.Prices),
    *both("customer/services", catalogue.CustomerServices),
    *both("customer/outlets", catalogue.CustomerOutlets),
    *both("staff", catalogue.Staff),
    *both("staff/<str:staff_id>", catalogue.OneStaff),
    *both("outlets", catalogue.Outlets),
    *both("outlets/<str:outlet_id>", catalogue.OneOutlet),
    *both("customers", customers.Customers),
    *both("customers/statistics/summary", customers.CustomerStatistics),
    *both("customers/<str:customer_id>", customers.OneCustomer),
    *both("customers/<str:customer_id>/preferences", customers.CustomerPreferences),
    # Schedules.
    *both("availability", schedules.Entries),
    *both("availability/bulk", schedules.BulkEntries),
    *both("availability/check", schedules.Check),
    *both("availability/availability-grid", grid.StaffGrid),
    *both("customer/availability/grid", grid.CustomerGrid),
    *both("public/availability/grid", grid.PublicGrid),
    *both("availability/staff/<str:staff_id>", schedules.StaffEntries),
    *both("availability/<str:entry_id>", schedules.OneEntry),
    # Plans.
    *both("subscriptions/current", plans.Current),
    *both("subscriptions/plans", plans.Plans),
    *both("subscriptions/usage", plans.Usage),
    *both("subscriptions/payments", plans.Payments),
    *both("subscriptions/upgrade", plans.Upgrade),
    *both("subscriptions/downgrade", plans.Downgrade),
    *both("subscriptions/cancel", plans.Cancel),
    *both("subscriptions/renew", plans.Renew),
    # The book.
    *both("appointments", appointments.Appointments),
    *both("appointments/<str:appointment_id>", appointments.OneAppointment),
    *both("appointments/<str:appointment_id>/reschedule", appointments.Reschedule),
    *both("appointments/<str:appointment_id>/confirm", appointments.Confirm),
    *both("appointments/<str:appointment_id>/complete", appointments.Complete),
    *both("appointments/<str:appointment_id>/no-show", appointments.NoShow),
    *both("appointments/<str:appointment_id>/record-payment", appointments.RecordPayment),
    *both("appointments/<str:appointment_id>/create-payment-link", appointments.PaymentLink),
    *both("appointments/<str:appointment_id>/payment-status", appointments.PaymentStatus),
    *both("customers/<str:customer_id>/appointments", appointments.AppointmentsOfCustomer),
    *both("customer/appointments", appointments.OwnAppointments),
    *both("customer/appointments/<str:appointment_id>", appointments.OwnAppointment),
    *both("customer/appointments/<str:appointment_id>/reschedule", appointments.OwnReschedule),
]
