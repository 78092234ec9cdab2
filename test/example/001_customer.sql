-- migrate:up
CREATE TABLE customer (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL UNIQUE,
    registered_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO customer (email)
VALUES ('ada@example.org'), ('grace@example.org');

-- migrate:down
DROP TABLE customer;
