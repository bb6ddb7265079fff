"""The database."""

from loads import codes, redirects, several, unknown
from scene import drill


@drill("database-stopped", "DatabaseDown", "RedirectFailuresHigh", real=True)
def database_stopped(d):
    """PostgreSQL is stopped while slugs are asked for that this node does not remember."""
    d.with_postgres()
    d.load(10, several(unknown, *[redirects([slug]) for slug in d.slugs(3)]))
    d.provoke(d.postgres.stopped())


@drill("table-locked", "ApiErrorsHigh", "DatabaseErrorsHigh", "LatencyHigh", real=True)
def table_locked(d):
    """A session holds a lock on the table of codes: statements wait until their time is up."""
    d.with_postgres(DATABASE_TIMEOUT_MS=3000, DATABASE_MAX_CONNECTIONS=40)
    d.code()
    d.load(8, codes, threads=12)
    d.provoke(d.postgres.locked("codes"))


@drill("database-far", "DatabaseSlow", "HealthDegraded", "LatencyP95High")
def database_far(d):
    """The network to PostgreSQL is slow: 0.14 s each way."""
    d.with_postgres()
    d.code()
    d.load(4, codes)
    d.provoke(d.proxy.slow(0.14))


@drill("pool-exhausted", "DatabasePoolExhausted", real=True)
def pool_exhausted(d):
    """More requests wait for a locked table than there are connections."""
    d.with_postgres(DATABASE_MAX_CONNECTIONS=4, DATABASE_TIMEOUT_MS=300)
    d.code()
    d.load(60, codes, threads=6)
    d.provoke(d.postgres.locked("codes"))
