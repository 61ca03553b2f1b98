from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CreditConfig(AppConfig):
    name = "credit"
    verbose_name = _("Credit")

    def ready(self) -> None:
        """Every process knows the jobs, also one that never starts a worker."""
        from credit import tasks, told  # noqa: F401
