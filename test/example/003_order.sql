-- migrate:up
CREATE TABLE customer_order (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customer,
    ordered_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX ON customer_order (customer_id);

CREATE TABLE order_line (
    order_id bigint NOT NULL REFERENCES customer_order ON DELETE CASCADE,
    product_id bigint NOT NULL REFERENCES product,
    quantity integer NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, product_id)
);

INSERT INTO customer_order (customer_id)
SELECT id FROM customer;

INSERT INTO order_line (order_id, product_id, quantity)
SELECT o.id, p.id, o.id + p.id
  FROM customer_order o CROSS JOIN product p;

-- migrate:down
DROP TABLE order_line;
DROP TABLE customer_order;
