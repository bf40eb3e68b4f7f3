"""
How far a follower has read: the eventsourcing library's tracking, inside the transaction that writes the rows.

From the library come the statement that never moves back and the error that a second follower gets. The table is ours
to create (sql/migrations/0001_facts.sql), and so is the pool, since the library's knows no DSN.
"""

from collections.abc import Callable
from typing import cast

from eventsourcing.persistence import IntegrityError, Tracking
from eventsourcing.postgres import ConnectionPool, PostgresDatastore, PostgresTrackingRecorder
from psycopg import Connection, Cursor
from psycopg.rows import DictRow, dict_row

from edge.database import statement, working_as

_CHECKOUT_SECONDS_MAX = 3.0
_Callback = Callable[[Connection[DictRow]], None]


class Moved(IntegrityError):
    """The position is not where this follower left it: another was first, or the read model was rebuilt."""


class FollowerRecorder(PostgresTrackingRecorder):
    """The position of one follower, by the name `follower`."""

    def __init__(self, dsn: str, follower: str) -> None:
        super().__init__(_datastore(dsn, follower), tracking_table_name="tracking")
        self._follower = follower

    def position(self) -> int:
        """Return the position read last, 0 before the first."""
        # Not max_tracking_id, which tries ten times before it says that the database is gone.
        with self.datastore.get_connection() as connection:
            return self._max_tracking_id(self._follower, connection.cursor()) or 0

    def move(self, cursor: Cursor[DictRow], after: int, to: int) -> None:
        """
        Move from `after` to `to`, in the caller's transaction and before anything else in it.

        Raises `Moved` when the position is not `after`. The caller must then roll back and read the position anew.
        """
        row = cursor.execute(statement("projector", "lock_tracking"), {"follower": self._follower}).fetchone()
        tracked = row["notification_id"] if row is not None else 0
        if tracked != after:
            raise Moved(f"{self._follower} is at {tracked}, not at {after}")
        try:
            self._insert_tracking(cursor, Tracking(self._follower, to))
        except IntegrityError as exc:  # there was no row to lock, and another follower made it meanwhile
            raise Moved(f"{self._follower} is no longer at {after}") from exc

    def close(self) -> None:
        self.datastore.close()


def _datastore(dsn: str, name: str) -> PostgresDatastore:
    datastore = PostgresDatastore("", "", "", "", "", schema="projector")
    datastore.pool = ConnectionPool(
        dsn,
        connection_class=Connection[DictRow],
        kwargs={"autocommit": True, "row_factory": dict_row, "application_name": name},
        configure=cast("_Callback", working_as("quanze_projector")),
        check=cast("_Callback", ConnectionPool.check_connection),
        min_size=1,
        max_size=1,
        timeout=_CHECKOUT_SECONDS_MAX,
        reconnect_timeout=1.0,  # then each checkout tries anew; longer, the pause between attempts doubles without end
        open=False,
        name=name,
    )
    return datastore
