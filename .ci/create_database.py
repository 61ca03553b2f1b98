"""Make the database that DATABASE_URL names, if the server does not have it yet."""

import os

import environ
import psycopg2
from psycopg2 import sql

named = environ.Env.db_url_config(os.environ["DATABASE_URL"])
server = psycopg2.connect(
    host=named["HOST"],
    port=named["PORT"] or 5432,
    user=named["USER"],
    password=named["PASSWORD"],
    dbname="postgres",
)
server.autocommit = True
with server.cursor() as cursor:
    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [named["NAME"]])
    if not cursor.fetchone():
        cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(named["NAME"])))
