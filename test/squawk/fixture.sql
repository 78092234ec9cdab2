-- What the inputs beside this file name is here, and has rows.
CREATE SCHEMA shop;
SET search_path = shop;
CREATE TYPE state AS ENUM ('new', 'done');
CREATE TYPE place AS (x integer, y integer);
CREATE DOMAIN amount AS numeric;
CREATE DOMAIN percentage AS numeric CONSTRAINT limits CHECK (VALUE <= 100);
CREATE DOMAIN code AS text NOT NULL;
CREATE FUNCTION settings() RETURNS jsonb LANGUAGE plpgsql AS 'BEGIN RETURN ''{}''; END';
CREATE TABLE customer (
	id bigint PRIMARY KEY,
	email text,
	phone varchar(20),
	visits integer NOT NULL DEFAULT 0,
	balance numeric DEFAULT 0,
	state state,
	born date,
	joined timestamptz
);
CREATE TABLE purchase (
	id bigint PRIMARY KEY,
	customer bigint,
	total amount,
	discount percentage,
	pieces integer,
	place place,
	placed timestamptz,
	note text
);
CREATE TABLE item (id bigint NOT NULL, purchase bigint, label text);
CREATE TABLE ledger (id bigint NOT NULL, entry text) PARTITION BY RANGE (id);
CREATE TABLE ledger_1 PARTITION OF ledger FOR VALUES FROM (0) TO (1000);
INSERT INTO customer SELECT g, 'c' || g, g, g, g, 'new', current_date, now() FROM generate_series(1, 100) g;
INSERT INTO purchase SELECT g, g, g, 0, g, (g, g)::place, now(), 'x' FROM generate_series(1, 100) g;
INSERT INTO item SELECT g, g, g FROM generate_series(1, 100) g;
INSERT INTO ledger SELECT g, g FROM generate_series(1, 100) g;
CREATE INDEX purchase_customer ON purchase (customer);
CREATE UNIQUE INDEX customer_email ON customer (email);
CREATE UNIQUE INDEX item_id ON item (id);
ALTER TABLE customer ADD CONSTRAINT customer_balance CHECK (balance >= 0);
ANALYZE;
