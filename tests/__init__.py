"""Tests. `unit` touches nothing, `contracts` files, `integration` a real PostgreSQL, `acceptance` only the product."""
