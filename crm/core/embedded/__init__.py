"""The PostgreSQL that comes along for a trial: a database engine that brings its own server.

With no DATABASE_URL, settings name this package as ENGINE. Nobody starts or stops anything by hand: the first
connection of any process starts the server, and a few seconds after the last of these processes is gone it stops.

- `place`     where one cluster lives, and as which operating-system user
- `cluster`   make, start and stop that cluster, with the programs of a pip package
- `presence`  the file locks by which processes tell that they are there, so that one server is started and not two
- `watcher`   the process that keeps the server up while anybody is present
- `base`      what Django loads: the ordinary PostgreSQL backend, which calls `presence` before it connects

Whoever may read the socket's folder is let in, so that folder is closed to all but its owner, and no port is opened.
"""
