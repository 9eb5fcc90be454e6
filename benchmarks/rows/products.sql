-- The numbered domains: 5000 products.
INSERT INTO products (
    id, code, name, price_amount, price_currency, active, note, status, version, created_at, modified_at
)
SELECT
    uuidv7(), 'A-' || n, 'Product ' || n, 19.90 + n, 'EUR', true, 'In a box', 'DRAFT', 1,
    now() - (n || ' minutes')::interval, now() - (n || ' minutes')::interval
FROM generate_series(1, 5000) AS n;
