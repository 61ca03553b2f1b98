from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ArchivesConfig(AppConfig):
    name = "archives"
    verbose_name = _("Customer archives")

    def ready(self) -> None:
        from archives import tasks, told  # noqa: F401  every process must know the kinds of jobs
