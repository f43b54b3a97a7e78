"""Files as they are served in production: under names that change with what is in them."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class Storage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """With modules that name each other by these names too: one that is imported by its plain name
    and loaded by the other would run twice, and answer every click twice."""

    support_js_module_import_aggregation = True
