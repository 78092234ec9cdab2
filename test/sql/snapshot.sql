-- What a database consists of, and what differs from what it was.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
CREATE SCHEMA shop;
CREATE TABLE shop.customer (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name varchar(40) NOT NULL DEFAULT 'nobody',
	rank text CHECK (rank IN ('gold', 'silver')));
CREATE INDEX customer_name ON shop.customer (lower(name)) WITH (fillfactor = 70);
CREATE VIEW shop.best AS SELECT id, name FROM shop.customer WHERE rank = 'gold';
COMMENT ON VIEW shop.best IS 'those to be greeted';
\pset null '(null)'
\a
SELECT kind, identity, component, definition, hash ~ '^(\d+:)?[0-9a-f]{32}$' AS hashed
  FROM migrate_snapshot('{owner}') WHERE identity LIKE '%shop%' AND component <> 'text';
-- what differs, in an order that is the same everywhere
CREATE TEMPORARY TABLE before_all AS SELECT jsonb_agg(s) AS rows FROM migrate_snapshot() s;
SELECT c.* FROM before_all, migrate_snapshot_compare(rows) c;
ALTER TABLE shop.customer ADD COLUMN email text;
ALTER TABLE shop.customer ALTER COLUMN name SET DEFAULT 'somebody';
COMMENT ON VIEW shop.best IS NULL;
CREATE TABLE shop.orders (id bigint PRIMARY KEY);
DROP INDEX shop.customer_name;
SELECT c.* FROM before_all, migrate_snapshot_compare(rows, without => '{owner}') c;
-- not so
SELECT migrate_snapshot('{owner,colour}');
SELECT migrate_snapshot(ARRAY[NULL]);
SELECT migrate_snapshot_compare(NULL);
SELECT migrate_snapshot_compare('7');
SELECT migrate_snapshot_compare('[{"kind": 7}]');
SELECT migrate_snapshot_compare('[{"kind": "table", "identity": "x", "component": "definition", "hash": "zz"}]');
\a
DROP SCHEMA shop CASCADE;
