-- Runs again, after all others, whenever this text changes.
-- migrate:repeatable
-- migrate:requires 004

-- migrate:up
CREATE OR REPLACE VIEW revenue AS
    SELECT c.email, sum(l.quantity * l.price) AS amount
      FROM customer c
      JOIN customer_order o ON o.customer_id = c.id
      JOIN order_line l ON l.order_id = o.id
     GROUP BY c.email;

-- migrate:down
DROP VIEW revenue;
