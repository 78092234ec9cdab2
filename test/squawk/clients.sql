-- == ban-drop-column: as such
ALTER TABLE customer DROP COLUMN phone;
-- == ban-drop-column: with what depends on it
ALTER TABLE customer DROP COLUMN phone CASCADE;
-- == ban-drop-table: as such
DROP TABLE item;
-- == ban-drop-table: if there is one
DROP TABLE IF EXISTS item;
-- == ban-drop-database: as such
DROP DATABASE another;
-- == ban-drop-database: if there is one
DROP DATABASE IF EXISTS another;
-- == ban-drop-not-null: as such
ALTER TABLE customer ALTER COLUMN visits DROP NOT NULL;
-- == ban-truncate-cascade: with it
-- differs: no foreign key references one of these tables: CASCADE reaches no other
TRUNCATE item, purchase, customer CASCADE;
-- == ban-truncate-cascade: with a table that references another
-- + CREATE TABLE coupon (customer bigint REFERENCES customer)
TRUNCATE customer CASCADE;
-- == ban-truncate-cascade: without it
TRUNCATE item, purchase, customer;
TRUNCATE item;
-- == renaming-column: as such
ALTER TABLE customer RENAME COLUMN email TO mail;
-- == renaming-table: as such
ALTER TABLE customer RENAME TO client;
-- == require-enum-value-ordering: at the end
ALTER TYPE state ADD VALUE 'sent';
-- == require-enum-value-ordering: at the end, if it is new
ALTER TYPE state ADD VALUE IF NOT EXISTS 'sent';
-- == require-enum-value-ordering: before another
ALTER TYPE state ADD VALUE 'sent' BEFORE 'done';
-- == require-enum-value-ordering: after another
ALTER TYPE state ADD VALUE 'sent' AFTER 'new';
-- == ban-duplicate-column-assignments: in an UPDATE
UPDATE customer SET email = 'a', email = 'b' WHERE id = 1;
-- == ban-duplicate-column-assignments: of several columns at once
UPDATE customer SET (email, phone) = ('a', 'b'), email = 'c' WHERE id = 1;
-- == ban-duplicate-column-assignments: of a column and a part of it
UPDATE purchase SET place = row(1, 2), place.x = 1 WHERE id = 1;
-- == ban-duplicate-column-assignments: of two parts
UPDATE purchase SET place.x = 1, place.y = 2 WHERE id = 1;
-- == ban-duplicate-column-assignments: in other letters
UPDATE customer SET email = 'a', EMAIL = 'b' WHERE id = 1;
-- == ban-duplicate-column-assignments: whose names are one when they are cut
UPDATE customer SET aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaax = 1, aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaay = 2 WHERE id = 1;
-- == ban-duplicate-column-assignments: in an INSERT
INSERT INTO item (id, id) VALUES (1, 2);
-- == ban-duplicate-column-assignments: in a MERGE
MERGE INTO item USING purchase p ON p.id = item.id
WHEN NOT MATCHED THEN INSERT (id, id) VALUES (1, 2);
-- == ban-duplicate-column-assignments: in a CREATE TABLE
CREATE TABLE coupon (a integer, a text);
-- == ban-duplicate-column-assignments: in a view's columns
CREATE VIEW pairs (a, a) AS SELECT 1, 2;
-- == ban-duplicate-column-assignments: in a view's query
CREATE VIEW pairs AS SELECT id, label AS id FROM item;
-- == ban-duplicate-column-assignments: in a CREATE TABLE AS
CREATE TABLE pairs (a, a) AS SELECT 1, 2;
-- == ban-duplicate-column-assignments: in a SELECT INTO
SELECT id, label AS id INTO pairs FROM item;
-- == ban-duplicate-column-assignments: on a conflict
INSERT INTO purchase (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET note = 'a', note = 'b';
-- == ban-duplicate-column-assignments: in a WITH
WITH changed AS (UPDATE purchase SET note = 'a', note = 'b' WHERE id = 1 RETURNING id) SELECT * FROM changed;
-- == ban-duplicate-column-assignments: in a CREATE TABLE that does nothing
-- differs: there is a table of that name: none is made
CREATE TABLE IF NOT EXISTS item (a integer, a text);
-- == ban-duplicate-column-assignments: each once
UPDATE customer SET email = 'a', phone = 'b' WHERE id = 1;
INSERT INTO item (id, label) VALUES (1, 'x');
