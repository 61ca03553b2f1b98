"""Settings for measuring in a browser: the product's, with static files as production serves them."""

from crm.settings import *  # noqa: F403
from crm.settings import STORAGES, VAR_DIR

STATIC_ROOT = VAR_DIR / "bench-static"
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "crm.static_files.HashedFiles"}}
WHITENOISE_USE_FINDERS = False
