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
    sa.Column("outcome", sa.Text, comment="What the call came to: created, changed, gone; or an endpoint's own word."),
    sa.Column("resource", sa.Text, comment="The resource that it is about: orders/<id>."),
    sa.Column("version", sa.Integer, comment="The version of the resource that the call left."),
    sa.Column("body", sa.LargeBinary, nullable=False, comment="The resource as the call left it, in JSON."),
    sa.Column("status", sa.SmallInteger, nullable=False, comment="The outcome, for instances of template 0.1."),
    sa.Column("location", sa.Text, index=True, comment="The resource, for instances of template 0.1."),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, index=True),
    comment="What calls came to, so that a repeated one is told the same.",
)
