"""The audit is only ever added to, whoever asks: the database refuses to change a row.

A row goes only with its whole business, when an operator says so for one transaction with
`SET LOCAL openbook.purge = 'on'`.
"""

from django.db import migrations

FORBID = """
CREATE FUNCTION bookings_event_is_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('openbook.purge', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'events are only ever added to' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER event_is_history BEFORE UPDATE OR DELETE ON bookings_event
    FOR EACH ROW EXECUTE FUNCTION bookings_event_is_history();
"""
ALLOW = """
DROP TRIGGER event_is_history ON bookings_event;
DROP FUNCTION bookings_event_is_history();
"""


class Migration(migrations.Migration):
    dependencies = [("bookings", "0001_initial")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
