"""Static files as production serves them: compressed beforehand, named by their content, kept by browsers for good."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):
    """Modules name one another by content as well; otherwise an old one could meet a new one in somebody's browser."""

    support_js_module_import_aggregation = True
