-- The price at which a line was sold, which the product's may leave behind.

-- migrate:up
ALTER TABLE order_line ADD COLUMN price numeric(12, 2);

UPDATE order_line l
   SET price = p.price
  FROM product p
 WHERE p.id = l.product_id;

ALTER TABLE order_line ALTER COLUMN price SET NOT NULL;

-- migrate:down
ALTER TABLE order_line DROP COLUMN price;

-- migrate:verify
DO $$
BEGIN
    IF EXISTS (SELECT FROM order_line l JOIN product p ON p.id = l.product_id
                WHERE l.price <> p.price) THEN
        RAISE 'a line was sold at another price than its product''s';
    END IF;
END
$$;
