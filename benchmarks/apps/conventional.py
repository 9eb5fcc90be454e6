"""The same endpoints as FastAPI's and SQLAlchemy's manuals would have them, on the same tables.

A session for each request from a dependency with `yield`, classes for repository and service as dependencies, mapped
classes, response models, a token verified for each request, an access log in JSON from a middleware.
"""

import base64
import json
import logging
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Annotated, Any, ClassVar
from uuid import UUID, uuid4

import jwt
from fastapi import Depends, FastAPI, Header, HTTPException, Query, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ForeignKey, Numeric, select, tuple_
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from uuid_utils.compat import uuid7

ISSUER = os.environ["AUTH_ISSUER"]
AUDIENCE = os.environ["AUTH_AUDIENCE"]
DAY = timedelta(days=1)

engine = create_async_engine(
    os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://"), pool_size=10, max_overflow=0
)
sessions = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    """Base of the mapped classes."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: TIMESTAMP(timezone=True), Decimal: Numeric}


class OrderLine(Base):
    """A line."""

    __tablename__ = "order_lines"

    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str]
    quantity: Mapped[int]
    unit_price_amount: Mapped[Decimal]
    unit_price_currency: Mapped[str]

    @property
    def unit_price(self) -> dict[str, Any]:
        """The two columns as one value."""
        return {"amount": self.unit_price_amount, "currency": self.unit_price_currency}


class Order(Base):
    """An order."""

    __tablename__ = "orders"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    number: Mapped[str]
    customer_id: Mapped[UUID]
    total_amount: Mapped[Decimal]
    total_currency: Mapped[str]
    priority: Mapped[str]
    note: Mapped[str | None]
    placed_at: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(default="DRAFT")
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    modified_at: Mapped[datetime]
    lines: Mapped[list[OrderLine]] = relationship(
        order_by=OrderLine.position, lazy="selectin", cascade="all, delete-orphan"
    )

    @property
    def total(self) -> dict[str, Any]:
        """The two columns as one value."""
        return {"amount": self.total_amount, "currency": self.total_currency}


class IdempotencyKey(Base):
    """An answer that was given."""

    __tablename__ = "idempotency_key"

    caller: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes]
    status: Mapped[int]
    version: Mapped[int | None]
    location: Mapped[str | None]
    body: Mapped[bytes]
    expires_at: Mapped[datetime]


class MoneyModel(BaseModel):
    """An amount."""

    model_config = ConfigDict(from_attributes=True)

    amount: Decimal
    currency: str = Field(pattern="^[A-Z]{3}$")


class LineModel(BaseModel):
    """A line."""

    model_config = ConfigDict(from_attributes=True)

    sku: str = Field(max_length=40)
    quantity: int = Field(ge=1, le=999)
    unit_price: MoneyModel


class OrderIn(BaseModel):
    """The body of POST."""

    number: str = Field(max_length=20)
    customer_id: UUID
    total: MoneyModel
    priority: str = "NORMAL"
    note: str | None = Field(default=None, max_length=10000)
    lines: list[LineModel] = Field(default_factory=list, max_length=100)


class OrderChange(BaseModel):
    """The body of PATCH."""

    number: str | None = Field(default=None, max_length=20)
    total: MoneyModel | None = None
    priority: str | None = None
    note: str | None = Field(default=None, max_length=10000)
    lines: list[LineModel] | None = Field(default=None, max_length=100)


class OrderOut(BaseModel):
    """The answer."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    number: str
    customer_id: UUID
    total: MoneyModel
    priority: str
    note: str | None
    placed_at: datetime | None
    lines: list[LineModel]
    status: str
    created_at: datetime
    modified_at: datetime


class OrderPage(BaseModel):
    """A page."""

    items: list[OrderOut]
    next: str | None = None


class JsonFormatter(logging.Formatter):
    """A line of JSON for each record."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        return json.dumps(line)


handler = logging.StreamHandler(sys.stdout)
handler.setFormatter(JsonFormatter())
logger = logging.getLogger("access")
logger.addHandler(handler)
logger.setLevel(logging.INFO)
logger.propagate = False

keys = jwt.PyJWKClient(f"{ISSUER}/jwks.json", cache_keys=True)
bearer = HTTPBearer()


async def current_user(credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> dict[str, Any]:
    """The claims of the token."""
    try:
        key = keys.get_signing_key_from_jwt(credentials.credentials)
        claims: dict[str, Any] = jwt.decode(
            credentials.credentials, key.key, algorithms=["ES256"], audience=AUDIENCE, issuer=ISSUER
        )
    except jwt.PyJWTError:
        raise HTTPException(401) from None
    return claims


User = Annotated[dict[str, Any], Depends(current_user)]


async def get_session() -> AsyncIterator[AsyncSession]:
    """A session for the request."""
    async with sessions() as session:
        yield session


class OrderRepository:
    """The stored orders."""

    def __init__(self, session: Annotated[AsyncSession, Depends(get_session)]) -> None:
        self.session = session

    async def get(self, order_id: UUID) -> Order | None:
        """One."""
        return await self.session.get(Order, order_id)

    async def page(self, after: tuple[datetime, UUID] | None, limit: int) -> list[Order]:
        """Some, the newest first."""
        query = select(Order).order_by(Order.created_at.desc(), Order.id.desc()).limit(limit)
        if after is not None:
            query = query.where(tuple_(Order.created_at, Order.id) < after)
        return list(await self.session.scalars(query))


class OrderService:
    """What can be done with orders."""

    def __init__(self, repository: Annotated[OrderRepository, Depends()]) -> None:
        self.repository = repository

    async def get(self, order_id: UUID) -> Order:
        """One, or 404."""
        order = await self.repository.get(order_id)
        if order is None:
            raise HTTPException(404)
        return order

    async def page(self, cursor: str | None, limit: int) -> tuple[list[Order], str | None]:
        """Some, and the next cursor."""
        after = None
        if cursor is not None:
            created_at, order_id = json.loads(base64.urlsafe_b64decode(cursor))
            after = (datetime.fromisoformat(created_at), UUID(order_id))
        orders = await self.repository.page(after, limit + 1)
        if len(orders) <= limit:
            return orders, None
        last = orders[limit - 1]
        position = json.dumps([last.created_at.isoformat(), str(last.id)])
        return orders[:limit], base64.urlsafe_b64encode(position.encode()).decode()

    async def create(self, body: OrderIn, caller: str, key: str, fingerprint: bytes) -> Order:
        """A new one."""
        now = datetime.now(UTC)
        order = Order(
            id=uuid7(),
            number=body.number,
            customer_id=body.customer_id,
            total_amount=body.total.amount,
            total_currency=body.total.currency,
            priority=body.priority,
            note=body.note,
            placed_at=None,
            status="DRAFT",
            version=1,
            created_at=now,
            modified_at=now,
            lines=lines_of(body.lines),
        )
        session = self.repository.session
        if await session.get(IdempotencyKey, (caller, key)) is not None:
            raise HTTPException(409)
        session.add(order)
        session.add(
            IdempotencyKey(
                caller=caller,
                key=key,
                fingerprint=fingerprint,
                status=201,
                version=1,
                location=f"/orders/{order.id}",
                body=OrderOut.model_validate(order).model_dump_json().encode(),
                expires_at=now + DAY,
            )
        )
        await session.commit()
        return order

    async def update(self, order_id: UUID, body: OrderChange) -> Order:
        """One with changes."""
        order = await self.get(order_id)
        for name in body.model_fields_set:
            value = getattr(body, name)
            if name == "total":
                order.total_amount, order.total_currency = value.amount, value.currency
            elif name == "lines":
                order.lines = lines_of(value)
            else:
                setattr(order, name, value)
        order.version += 1
        order.modified_at = datetime.now(UTC)
        await self.repository.session.commit()
        return order


def lines_of(lines: list[LineModel]) -> list[OrderLine]:
    """The lines as they are stored."""
    return [
        OrderLine(
            position=position,
            sku=line.sku,
            quantity=line.quantity,
            unit_price_amount=line.unit_price.amount,
            unit_price_currency=line.unit_price.currency,
        )
        for position, line in enumerate(lines)
    ]


app = FastAPI()
Service = Annotated[OrderService, Depends()]


@app.middleware("http")
async def access_log(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """One line for each request."""
    begun = time.perf_counter()
    request_id = str(uuid4())
    response = await call_next(request)
    response.headers["Request-Id"] = request_id
    fields = {
        "method": request.method,
        "path": request.url.path,
        "status": response.status_code,
        "duration_ms": round((time.perf_counter() - begun) * 1000, 3),
        "request_id": request_id,
    }
    logger.info("request", extra={"fields": fields})
    return response


@app.get("/readyz")
async def ready() -> dict[str, str]:
    """Whether the service is up."""
    return {"status": "ok"}


@app.get("/orders/{order_id}", response_model=OrderOut)
async def get_order(order_id: UUID, user: User, service: Service) -> Order:
    """One order."""
    return await service.get(order_id)


@app.get("/orders", response_model=OrderPage)
async def list_orders(
    user: User, service: Service, limit: Annotated[int, Query(ge=1, le=200)] = 50, cursor: str | None = None
) -> dict[str, Any]:
    """A page of orders."""
    orders, following = await service.page(cursor, limit)
    return {"items": orders, "next": following}


@app.post("/orders", response_model=OrderOut, status_code=201)
async def create_order(body: OrderIn, user: User, service: Service, idempotency_key: Annotated[str, Header()]) -> Order:
    """A new order."""
    fingerprint = sha256(body.model_dump_json().encode()).digest()
    return await service.create(body, user["sub"], idempotency_key, fingerprint)


@app.patch("/orders/{order_id}", response_model=OrderOut)
async def update_order(order_id: UUID, body: OrderChange, user: User, service: Service) -> Order:
    """Changed fields of an order."""
    return await service.update(order_id, body)
