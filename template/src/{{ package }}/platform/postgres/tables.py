"""The metadata that all tables belong to. Only migrations, development tools and tests import SQLAlchemy."""

import sqlalchemy as sa

# Check constraints have no convention: each is named where it is written.
metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

idempotency_key = sa.Table(
    "idempotency_key",
    metadata,
    sa.Column("caller", sa.Text, primary_key=True, comment="Subject of the token that sent the key."),
    sa.Column("key", sa.Text, primary_key=True, comment="The Idempotency-Key header."),
    sa.Column("fingerprint", sa.LargeBinary, nullable=False, comment="Hash of method, path and body."),
    sa.Column("status", sa.SmallInteger, nullable=False, comment="The stored answer: HTTP status."),
    sa.Column("version", sa.Integer, comment="The stored answer: version behind its ETag."),
    sa.Column("location", sa.Text, index=True, comment="The stored answer: Location header."),
    sa.Column("body", sa.LargeBinary, nullable=False, comment="The stored answer: body, byte for byte."),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, index=True),
    comment="Answers already given, so that a repeated request gets the same one.",
)
