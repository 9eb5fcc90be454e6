-- The sample: 200 customers, 5000 orders of two lines each.
INSERT INTO customers (id, email, name, version, created_at, modified_at)
SELECT uuidv7(), 'customer-' || n || '@example.com', 'Customer ' || n, 1, now(), now()
FROM generate_series(1, 200) AS n;

INSERT INTO orders (
    id, number, customer_id, total_amount, total_currency, priority, note, status, version, created_at, modified_at
)
SELECT
    uuidv7(), 'A-' || n, customers.id, 19.90 + n, 'EUR', 'NORMAL', 'Leave it at the door', 'DRAFT', 1,
    now() - (n || ' minutes')::interval, now() - (n || ' minutes')::interval
FROM generate_series(1, 5000) AS n
JOIN (SELECT id, row_number() OVER () AS place FROM customers) AS customers ON customers.place = 1 + n % 200;

INSERT INTO order_lines (order_id, position, sku, quantity, unit_price_amount, unit_price_currency)
SELECT orders.id, position, 'SKU-100' || position, 1 + position, 9.95, 'EUR'
FROM orders, generate_series(0, 1) AS position;
