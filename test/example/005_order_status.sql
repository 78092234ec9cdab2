-- migrate:up
CREATE TYPE order_status AS ENUM ('open', 'paid', 'sent');

ALTER TABLE customer_order
    ADD COLUMN status order_status NOT NULL DEFAULT 'open';

CREATE FUNCTION pay(order_id bigint) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    UPDATE customer_order SET status = 'paid'
     WHERE id = order_id AND status = 'open';
    IF NOT FOUND THEN
        RAISE 'there is no open order %', order_id;
    END IF;
END
$$;

-- migrate:down
DROP FUNCTION pay(bigint);
ALTER TABLE customer_order DROP COLUMN status;
DROP TYPE order_status;
