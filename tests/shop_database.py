"""A marketplace's own database in the schema of its description, as Prisma makes it: quoted names in camel case."""

from collections.abc import Iterable, Sequence
from typing import Any

PRODUCT = """
CREATE TABLE "Product" (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, description TEXT NOT NULL DEFAULT '', price DOUBLE PRECISION NOT NULL,
  "wholesalePrice" DOUBLE PRECISION NOT NULL DEFAULT 0, "minOrderQuantity" INTEGER NOT NULL DEFAULT 1,
  "availableQuantity" INTEGER NOT NULL DEFAULT 0, images {texts}, "isDraft" BOOLEAN NOT NULL DEFAULT false,
  status TEXT NOT NULL DEFAULT 'DRAFT', "stockStatus" TEXT NOT NULL DEFAULT 'IN_STOCK',
  rating DOUBLE PRECISION NOT NULL DEFAULT 0, "reviewCount" INTEGER NOT NULL DEFAULT 0, dimensions TEXT, material TEXT,
  "artistName" TEXT, certifications TEXT, rarity TEXT, label TEXT, techniques TEXT, color TEXT, "fabricType" TEXT,
  "fabricWeight" TEXT, "fitType" TEXT, discount DOUBLE PRECISION, "deliveryCost" DOUBLE PRECISION,
  "certificateIssueDate" {time}, "galleryCertificateName" TEXT, "sellerId" TEXT NOT NULL, "categoryId" TEXT NOT NULL,
  "pickupAddressId" TEXT, "createdAt" {time} NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updatedAt" {time} NOT NULL DEFAULT CURRENT_TIMESTAMP, attributes {json}, thumbnail TEXT, documents {json})
"""
ITEMS = """
CREATE TABLE "Order" (id TEXT PRIMARY KEY, "buyerId" TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'PLACED',
  "createdAt" {time} NOT NULL DEFAULT CURRENT_TIMESTAMP, "updatedAt" {time} NOT NULL DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE "OrderItem" (id TEXT PRIMARY KEY, "orderId" TEXT NOT NULL REFERENCES "Order" (id),
  "productId" TEXT NOT NULL, quantity INTEGER NOT NULL DEFAULT 1, price DOUBLE PRECISION NOT NULL DEFAULT 0);
CREATE TABLE "Cart" (id TEXT PRIMARY KEY, "buyerId" TEXT NOT NULL UNIQUE,
  "createdAt" {time} NOT NULL DEFAULT CURRENT_TIMESTAMP, "updatedAt" {time} NOT NULL DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE "CartItem" (id TEXT PRIMARY KEY, "cartId" TEXT NOT NULL REFERENCES "Cart" (id),
  "productId" TEXT NOT NULL, quantity INTEGER NOT NULL DEFAULT 1,
  "createdAt" {time} NOT NULL DEFAULT CURRENT_TIMESTAMP, "updatedAt" {time} NOT NULL DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE "Wishlist" (id TEXT PRIMARY KEY, "buyerId" TEXT NOT NULL UNIQUE);
CREATE TABLE "WishlistItem" (id {serial}, "wishlistId" TEXT NOT NULL REFERENCES "Wishlist" (id),
  "productId" TEXT NOT NULL)
"""
_POSTGRESQL = {"time": "TIMESTAMP(3)", "json": "JSONB", "texts": "TEXT[]", "serial": "SERIAL PRIMARY KEY"}
_SQLITE = {"time": "DATETIME", "json": "TEXT", "texts": "TEXT", "serial": "INTEGER PRIMARY KEY AUTOINCREMENT"}


def statements(dialect: str) -> list[str]:
    """What makes the tables."""
    words = _POSTGRESQL if dialect == "postgresql" else _SQLITE
    return [each for each in (PRODUCT + ";" + ITEMS).format(**words).split(";") if each.strip()]


class ShopDatabase:
    """The shop as its own programs use it: ours never get to write here."""

    def __init__(self, url: str) -> None:
        from sqlalchemy import NullPool, create_engine, make_url

        parsed = make_url(url)
        parsed = parsed.set(drivername="postgresql+psycopg") if parsed.drivername.startswith("postgres") else parsed
        self.url = url
        self.engine = create_engine(parsed, poolclass=NullPool)
        self.dialect = self.engine.dialect.name
        if self.dialect == "sqlite":
            self.run("PRAGMA journal_mode = WAL")  # else whoever reads keeps others from writing
        for statement in statements(self.dialect):
            self.run(statement)

    def run(self, statement: str, rows: Sequence[dict[str, Any]] | dict[str, Any] | None = None) -> list[Any]:
        """One statement, committed; its rows if it has any."""
        from sqlalchemy import text

        with self.engine.begin() as connection:
            result = connection.execute(text(statement), rows)
            return list(result) if result.returns_rows else []

    def add(self, table: str, rows: Iterable[dict[str, Any]]) -> None:
        """Insert rows."""
        rows = list(rows)
        names = list(rows[0])
        columns = ", ".join(f'"{name}"' for name in names)
        self.run(f'INSERT INTO "{table}" ({columns}) VALUES ({", ".join(f":{name}" for name in names)})', rows)

    def product(self, product_id: str, **columns: Any) -> None:
        """One product, with what every product has."""
        usual = {"name": f"Product {product_id}", "price": 10.0, "availableQuantity": 5, "sellerId": "s1",
                 "categoryId": "c1"}  # fmt: skip
        self.add("Product", [{"id": product_id} | usual | columns])

    def order(self, buyer: str, *products: str, at: str = "2025-03-22 04:18:12.293") -> None:
        """One order of these products."""
        number = f"o{self.count('Order')}"
        self.add("Order", [{"id": number, "buyerId": buyer, "createdAt": at, "updatedAt": at}])
        self.add("OrderItem", [{"id": f"{number}-{p}", "orderId": number, "productId": p} for p in products])

    def cart(self, buyer: str, *products: str) -> None:
        """Put products into the buyer's cart."""
        self.run('INSERT INTO "Cart" (id, "buyerId") VALUES (:id, :buyer) ON CONFLICT DO NOTHING',
                 {"id": f"cart-{buyer}", "buyer": buyer})  # fmt: skip
        self.add("CartItem", [{"id": f"{buyer}-{p}", "cartId": f"cart-{buyer}", "productId": p} for p in products])

    def wish(self, buyer: str, *products: str) -> None:
        """Put products on the buyer's wishlist."""
        self.run('INSERT INTO "Wishlist" (id, "buyerId") VALUES (:id, :buyer) ON CONFLICT DO NOTHING',
                 {"id": f"wish-{buyer}", "buyer": buyer})  # fmt: skip
        self.add("WishlistItem", [{"wishlistId": f"wish-{buyer}", "productId": p} for p in products])

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return int(self.run(f'SELECT count(*) FROM "{table}"')[0][0])
