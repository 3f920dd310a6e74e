"""Which methods of SQLAlchemy's asynchronous classes are coroutines, and which are not.

`tests/proofs/test_asyncio.py` holds the tables to the library that is installed. A method that is in neither table is
none about which anything is said: `begin()`, `begin_nested()`, `connect()` and a connection's `stream()` give what may be
awaited or entered. Of what only some versions have, the versions that have it agree.
"""

_SESSION = frozenset(
    """
    aclose close close_all commit connection delete delete_all execute flush get get_one invalidate merge merge_all
    refresh reset rollback run_sync scalar scalars stream stream_scalars exec
    """.split()
)
_TRANSACTION = frozenset("close commit rollback start".split())

# `exec` is SQLModel's.
COROUTINES: dict[str, frozenset[str]] = {
    "AsyncSession": _SESSION,
    "async_scoped_session": (_SESSION | {"remove"}) - {"run_sync"},
    "AsyncConnection": frozenset(
        """
        aclose close commit exec_driver_sql execute execution_options get_isolation_level get_raw_connection invalidate
        rollback run_sync scalar scalars start
        """.split()
    ),
    "AsyncEngine": frozenset({"dispose", "raw_connection"}),
    "AsyncTransaction": _TRANSACTION,
    "AsyncSessionTransaction": _TRANSACTION,
    "AsyncResult": frozenset(
        "all close fetchall fetchmany fetchone first freeze one one_or_none scalar scalar_one scalar_one_or_none".split()
    ),
}

_PLAIN_SESSION = frozenset(
    """
    add add_all expire expire_all expunge expunge_all get_bind get_nested_transaction get_transaction
    identity_key in_nested_transaction in_transaction is_modified object_session
    """.split()
)

# Those that are plain in every version, and give nothing that could be awaited.
PLAIN: dict[str, frozenset[str]] = {
    "AsyncSession": _PLAIN_SESSION,
    "async_scoped_session": frozenset(
        {"add", "add_all", "configure", "expire", "expire_all", "expunge", "expunge_all"}
    ),
    "AsyncConnection": frozenset(
        {"get_nested_transaction", "get_transaction", "in_nested_transaction", "in_transaction"}
    ),
    "AsyncEngine": frozenset({"clear_compiled_cache", "execution_options", "get_execution_options"}),
    "Result": COROUTINES["AsyncResult"]
    | {"columns", "keys", "mappings", "partitions", "scalars", "unique", "yield_per"},
}

# What executing gives, once it is awaited.
GIVES = {
    "execute": "Result",
    "scalars": "Result",
    "exec": "Result",
    "stream": "AsyncResult",
    "stream_scalars": "AsyncResult",
}

# Methods of results that give a result of the same class.
SAME = frozenset({"columns", "mappings", "scalars", "tuples", "unique", "yield_per"})

# Where `async with` is due: what these methods give, and the classes themselves.
ENTERED = frozenset({"begin", "begin_nested", "connect", "stream", "stream_scalars"})
