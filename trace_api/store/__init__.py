"""Postgres: pool, named SQL, migrations, and the embedded server. Nothing above writes SQL."""
