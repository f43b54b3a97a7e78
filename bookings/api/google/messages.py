"""The messages of Google's booking server API, version 3."""

from bookings.api.google.codec import FLAG, INT32, INT64, TEXT, Enum, Many, Message

ALIAS = {"resources": "resource_ids", "resource_ids": "resources"}  # Slot and SlotTime disagree

CONFIRMATION_MODE = Enum(
    (
        "CONFIRMATION_MODE_UNSPECIFIED",
        "CONFIRMATION_MODE_SYNCHRONOUS",
        "CONFIRMATION_MODE_ASYNCHRONOUS",
    )
)
SYNCHRONOUS, ASYNCHRONOUS = CONFIRMATION_MODE.names[1:]
DURATION_REQUIREMENT = Enum(
    ("DURATION_REQUIREMENT_UNSPECIFIED", "DO_NOT_SHOW_DURATION", "MUST_SHOW_DURATION")
)
BOOKING_STATUS = Enum(
    (
        "BOOKING_STATUS_UNSPECIFIED",
        "CONFIRMED",
        "PENDING_MERCHANT_CONFIRMATION",
        "CANCELED",
        "NO_SHOW",
        "NO_SHOW_PENALIZED",
        "FAILED",
        "DECLINED_BY_MERCHANT",
    )
)
PREPAYMENT_STATUS = Enum(
    (
        "PREPAYMENT_STATUS_UNSPECIFIED",
        "PREPAYMENT_PROVIDED",
        "PREPAYMENT_NOT_PROVIDED",
        "PREPAYMENT_REFUNDED",
        "PREPAYMENT_CREDITED",
    )
)
PROCESSED_BY = Enum(
    ("PAYMENT_PROCESSED_BY_UNSPECIFIED", "PROCESSED_BY_GOOGLE", "PROCESSED_BY_PARTNER")
)
RATE = Enum(("FIXED_RATE_DEFAULT", "PER_PERSON"))
CARD_TYPE = Enum(
    (
        "CREDIT_CARD_TYPE_UNSPECIFIED", "VISA", "MASTERCARD", "AMERICAN_EXPRESS", "DISCOVER", "JCB",
    )
)  # fmt: skip
CAUSE = Enum(
    (
        "CAUSE_UNSPECIFIED",
        "SLOT_UNAVAILABLE",
        "SLOT_ALREADY_BOOKED_BY_USER",
        "LEASE_EXPIRED",
        "OUTSIDE_CANCELLATION_WINDOW",
        "PAYMENT_ERROR_CARD_TYPE_REJECTED",
        "PAYMENT_ERROR_CARD_DECLINED",
        "PAYMENT_OPTION_NOT_VALID",
        "PAYMENT_ERROR",
        "USER_CANNOT_USE_PAYMENT_OPTION",
        "BOOKING_ALREADY_CANCELLED",
        "BOOKING_NOT_CANCELLABLE",
        "OVERLAPPING_RESERVATION",
        "USER_OVER_BOOKING_LIMIT",
        "OFFER_UNAVAILABLE",
        "PAYMENT_REQUIRES_3DS1",
        # Their numbers aren't known, so they only ever leave, by name.
        "UNSUPPORTED_NAME",
        "UNSUPPORTED_PHONE_NUMBER",
        "BANNED_USER",
    )
)

RESOURCE_IDS: Message = {"staff_id": TEXT, "room_id": TEXT, "party_size": INT32}
SLOT: Message = {
    "merchant_id": TEXT,
    "service_id": TEXT,
    "start_sec": INT64,
    "duration_sec": INT64,
    "availability_tag": TEXT,
    "resources": RESOURCE_IDS,
    "confirmation_mode": CONFIRMATION_MODE,
}
SLOT_TIME: Message = {
    "start_sec": INT64,
    "duration_sec": INT64,
    "availability_tag": TEXT,
    "resource_ids": RESOURCE_IDS,
    "service_id": TEXT,
    "confirmation_mode": CONFIRMATION_MODE,
}
ADDRESS: Message = {
    "country": TEXT,
    "locality": TEXT,
    "region": TEXT,
    "postal_code": TEXT,
    "street_address": TEXT,
}
USER: Message = {
    "user_id": TEXT,
    "given_name": TEXT,
    "family_name": TEXT,
    "address": ADDRESS,
    "telephone": TEXT,
    "email": TEXT,
    "language_code": TEXT,
}
PRICE: Message = {"price_micros": INT64, "currency_code": TEXT, "pricing_option_tag": TEXT}
PAYMENT: Message = {
    "prepayment_status": PREPAYMENT_STATUS,
    "payment_transaction_id": TEXT,
    "price": PRICE,
    "tax_amount": PRICE,
    "fees": PRICE,
    "fees_and_taxes": PRICE,
    "deposit": {"deposit": PRICE, "min_advance_cancellation_sec": INT64, "deposit_type": RATE},
    "no_show_fee": {"fee": PRICE, "fee_type": RATE},
    "payment_processed_by": PROCESSED_BY,
    "payment_option_id": TEXT,
    "user_payment_option_id": TEXT,
}
BOOKING: Message = {
    "booking_id": TEXT,
    "slot": SLOT,
    "user_information": USER,
    "status": BOOKING_STATUS,
    "payment_information": PAYMENT,
    "virtual_session_info": {"session_url": TEXT, "meeting_id": TEXT, "password": TEXT},
    "offer_info": {"offer_id": TEXT},
}
FAILURE: Message = {"cause": CAUSE, "rejected_card_type": CARD_TYPE, "description": TEXT}

# What each method is sent, and what it answers.
LOOKUP_REQUEST: Message = {"merchant_id": TEXT, "slot_time": Many(SLOT_TIME)}
LOOKUP_REPLY: Message = {
    "slot_time_availability": Many({"slot_time": SLOT_TIME, "available": FLAG})
}
CREATE_REQUEST: Message = {
    "slot": SLOT,
    "user_information": USER,
    "payment_information": PAYMENT,
    "payment_processing_parameters": {},  # only whether there are any: they hold a card's token
    "idempotency_token": TEXT,
    "additional_request": TEXT,
    "offer_id": TEXT,
    "deal_id": TEXT,
}
UPDATE_REQUEST: Message = {"booking": BOOKING}
BOOKING_REPLY: Message = {"booking": BOOKING, "booking_failure": FAILURE}
STATUS_REQUEST: Message = {"booking_id": TEXT}
STATUS_REPLY: Message = {
    "booking_id": TEXT,
    "booking_status": BOOKING_STATUS,
    "prepayment_status": PREPAYMENT_STATUS,
}
LIST_REQUEST: Message = {"user_id": TEXT}
LIST_REPLY: Message = {"bookings": Many(BOOKING)}
CHECK_REQUEST: Message = {"slot": SLOT}
CHECK_REPLY: Message = {
    "slot": SLOT,
    "count_available": INT32,
    "last_online_cancellable_sec": INT64,
    "duration_requirement": DURATION_REQUIREMENT,
}
MARKETING: Message = {"user_information": USER, "user_to_receive_marketing": FLAG}
HEALTH_REPLY: Message = {"status": TEXT}
ERROR: Message = {"error": {"code": INT32, "status": TEXT, "message": TEXT}}
