-- migrate:up
CREATE TABLE product (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    price numeric(12, 2) NOT NULL CHECK (price >= 0)
);

INSERT INTO product (name, price)
VALUES ('tea; green', 4.50), ('coffee', 7.20), ('cup', 11.00);

-- migrate:down
DROP TABLE product;
