"""Personal data that tables without change hold may be erased, and only that.

The guards stay, but for one change: a row's personal columns become what stands for "erased", all
at once, and nothing else of the row changes. Names by which an erased party was found may go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ERASED_JSON = '{"erased": true}'
_ERASED_TEXT = "(erased)"

# Table, its columns that stay, those of JSON and of text that may be erased.
_TABLES: Sequence[tuple[str, Sequence[str], Sequence[str], Mapping[str, str]]] = (
    ("party_versions", ("id", "party", "known_since", "by"), ("content",), {"digest": ""}),
    (
        "facts",
        ("id", "deal", "field", "valid_from", "known_since", "recorded_at", "evidence", "by",
         "retracts"),
        ("value",),
        {"source": _ERASED_TEXT},
    ),
)  # fmt: skip


def upgrade() -> None:
    """Put other triggers in the place of those that refused every change."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for table in _TABLES:
        (_guard_postgresql if is_postgresql else _guard_sqlite)(*table)
    (_names_postgresql if is_postgresql else _names_sqlite)()


def _guard_sqlite(
    table: str, stays: Sequence[str], documents: Sequence[str], texts: Mapping[str, str]
) -> None:
    same = [f'NEW."{name}" IS OLD."{name}"' for name in stays]
    gone = [f"NEW.\"{name}\" = '{_ERASED_JSON}'" for name in documents]
    gone += [f"NEW.\"{name}\" = '{text}'" for name, text in texts.items()]
    op.execute(f"DROP TRIGGER {table}_no_update")
    op.execute(
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
        f"WHEN NOT ({' AND '.join((*same, *gone))}) "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


def _guard_postgresql(
    table: str, stays: Sequence[str], documents: Sequence[str], texts: Mapping[str, str]
) -> None:
    same = [f'NEW."{name}" IS NOT DISTINCT FROM OLD."{name}"' for name in stays]
    gone = [f"NEW.\"{name}\" = CAST('{_ERASED_JSON}' AS jsonb)" for name in documents]
    gone += [f"NEW.\"{name}\" = '{text}'" for name, text in texts.items()]
    op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE DELETE OR TRUNCATE "
        f"ON {table} FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} FOR EACH ROW "
        f"WHEN (NOT ({' AND '.join((*same, *gone))})) EXECUTE FUNCTION ledger_append_only()"
    )


_IS_ERASED = (
    "EXISTS (SELECT 1 FROM party_versions WHERE party = OLD.party AND digest = '') AND NOT EXISTS "
    "(SELECT 1 FROM party_versions WHERE party = OLD.party AND digest <> '')"
)


def _names_sqlite() -> None:
    op.execute("DROP TRIGGER party_names_no_delete")
    op.execute(
        "CREATE TRIGGER party_names_no_delete BEFORE DELETE ON party_names "
        f"WHEN NOT ({_IS_ERASED}) "
        "BEGIN SELECT RAISE(ABORT, 'party_names is append-only'); END"
    )


def _names_postgresql() -> None:
    op.execute("DROP TRIGGER party_names_append_only ON party_names")
    op.execute(
        "CREATE TRIGGER party_names_append_only BEFORE UPDATE OR TRUNCATE "
        "ON party_names FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only()"
    )
    op.execute(
        "CREATE FUNCTION party_names_of_the_erased() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$BEGIN IF {_IS_ERASED} THEN RETURN OLD; END IF; "
        "RAISE EXCEPTION 'party_names is append-only'; END$$"
    )
    op.execute(
        "CREATE TRIGGER party_names_no_delete BEFORE DELETE ON party_names FOR EACH ROW "
        "EXECUTE FUNCTION party_names_of_the_erased()"
    )
