"""What Django loads: the ordinary PostgreSQL backend, which has its server started before it connects."""

from pathlib import Path

from django.conf import settings
from django.db.backends.postgresql import base, client
from django.db.utils import OperationalError

from . import cluster, presence
from .place import Place, Unusable


def place_of_settings() -> Place:
    """The trial's cluster, or the one of the tests, which must not slow the other down nor be mistaken for it."""
    testing = settings.MODE == "test"
    return Place(Path(settings.VAR_DIR) / ("postgres-test" if testing else "postgres"), durable=not testing)


class DatabaseClient(client.DatabaseClient):
    """`manage.py dbshell`, with the psql that came along."""

    def runshell(self, parameters):
        self.connection.get_connection_params()
        self.executable_name = str(self.connection.place.binaries / "psql")
        super().runshell(parameters)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose host and user follow from where the cluster lives, and whose database is made when missing."""

    client_class = DatabaseClient

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.place = place_of_settings()

    def get_connection_params(self):
        try:
            presence.ensure(self.place)
        except Unusable as problem:
            raise OperationalError(str(problem)) from problem
        self.settings_dict |= {"HOST": str(self.place.sockets), "USER": cluster.SUPERUSER, "PASSWORD": "", "PORT": ""}
        return super().get_connection_params()

    def get_new_connection(self, conn_params):
        try:
            return super().get_new_connection(conn_params)
        except base.Database.OperationalError as problem:
            if "does not exist" not in str(problem):
                presence.wait_until_up(self.place)
        if self.settings_dict["NAME"]:
            self._create_database()
        return super().get_new_connection(conn_params)

    def _create_database(self):
        """Make the database if it is missing; of several processes that find it so, one makes it."""
        name = self.settings_dict["NAME"]
        with self._nodb_cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext('create database'))")
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if not cursor.fetchone():
                cursor.execute(f"CREATE DATABASE {self.ops.quote_name(name)}")
