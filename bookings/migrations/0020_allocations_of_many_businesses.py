"""What is taken in a window is planned once a connection, and not for every request.

PostgreSQL keeps a plan for any values only if it looks no worse than one made for these. Of a
window of whatever length it guesses that it holds half a per cent of a business's allocations, and
of a business that it has as many as are usual in the sample: where a few large ones share a server
that is thousands of rows, so it never kept the plan, and planning took four times as long as
reading. Told that there are many businesses, it keeps the plan that is right for all of them
(docs/decisions/0035).
"""

from django.db import migrations

MANY = "ALTER TABLE bookings_allocation ALTER COLUMN business_id SET (n_distinct = 100000)"
AS_COUNTED = "ALTER TABLE bookings_allocation ALTER COLUMN business_id RESET (n_distinct)"


class Migration(migrations.Migration):
    dependencies = [("bookings", "0019_guests_have_tags")]
    operations = [migrations.RunSQL(MANY, AS_COUNTED)]
