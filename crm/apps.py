from django.apps import AppConfig


class CrmConfig(AppConfig):
    name = "crm"
    verbose_name = "Dossier"

    def ready(self) -> None:
        """Every thread of every process speaks to Dossier's broker, not to Celery's default one."""
        from crm.celery import app

        app.set_default()
