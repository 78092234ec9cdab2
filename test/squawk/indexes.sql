-- == require-concurrent-index-creation: an index as such
CREATE INDEX purchase_placed ON purchase (placed);
-- == require-concurrent-index-creation: one without a name
CREATE INDEX ON purchase (placed);
-- == require-concurrent-index-creation: a unique one
CREATE UNIQUE INDEX purchase_note ON purchase (note);
-- == require-concurrent-index-creation: concurrently
CREATE INDEX CONCURRENTLY purchase_placed ON purchase (placed);
-- == require-concurrent-index-creation: of a table that the same transaction makes
BEGIN;
CREATE TABLE coupon (id bigint PRIMARY KEY, customer bigint);
CREATE INDEX coupon_customer ON coupon (customer);
COMMIT;
-- == require-concurrent-index-creation [transaction]: of a table that the migration makes
CREATE TABLE coupon (id bigint PRIMARY KEY, customer bigint);
CREATE INDEX coupon_customer ON coupon (customer);
-- == require-concurrent-index-creation: of the partitioned table only
-- differs: the index ON ONLY a partitioned table has no rows: none is read
CREATE INDEX ledger_entry ON ONLY ledger (entry);
-- == require-concurrent-index-creation: of a table without rows
-- + CREATE TABLE coupon (id bigint); ANALYZE coupon
-- differs: the table is empty
CREATE INDEX coupon_id ON coupon (id);
-- == require-concurrent-index-deletion: an index as such
DROP INDEX purchase_customer;
-- == require-concurrent-index-deletion: if there is one
DROP INDEX IF EXISTS purchase_customer;
-- == require-concurrent-index-deletion: concurrently
DROP INDEX CONCURRENTLY IF EXISTS purchase_customer;
-- == require-concurrent-index-deletion: a table
DROP TABLE IF EXISTS item;
-- == require-concurrent-index-deletion: a trigger
DROP TRIGGER IF EXISTS touch ON customer;
-- == require-concurrent-index-deletion: a type
DROP TYPE IF EXISTS place;
-- == require-concurrent-index-deletion: an index that is not there
-- differs: there is no index of that name to lock
DROP INDEX IF EXISTS purchase_pieces;
-- == require-concurrent-reindex: of a table
REINDEX TABLE purchase;
-- == require-concurrent-reindex: of an index
REINDEX INDEX purchase_customer;
-- == require-concurrent-reindex: of a schema
REINDEX SCHEMA shop;
-- == require-concurrent-reindex: of the database
REINDEX DATABASE squawk;
-- == require-concurrent-reindex: of a table, concurrently
REINDEX TABLE CONCURRENTLY purchase;
-- == require-concurrent-reindex: of an index, concurrently
REINDEX INDEX CONCURRENTLY purchase_customer;
-- == require-concurrent-reindex: concurrently, as an option
REINDEX (CONCURRENTLY) TABLE purchase;
-- == require-concurrent-reindex: of the system catalogs
REINDEX SYSTEM squawk;
-- == ban-concurrent-index-creation-in-transaction: in a block
BEGIN;
CREATE INDEX CONCURRENTLY purchase_placed ON purchase (placed);
COMMIT;
-- == ban-concurrent-index-creation-in-transaction: alone
CREATE INDEX CONCURRENTLY purchase_placed ON purchase (placed);
-- == ban-concurrent-index-creation-in-transaction [transaction]: with another statement
-- differs: a script with a command that refuses a transaction is run statement by statement
CREATE UNIQUE INDEX CONCURRENTLY purchase_note ON purchase (note);
ALTER TABLE purchase ADD CONSTRAINT note_once UNIQUE USING INDEX purchase_note;
-- == ban-concurrent-index-creation-in-transaction [transaction]: alone, where there would be a transaction
CREATE UNIQUE INDEX CONCURRENTLY purchase_note ON purchase (note);
-- == ban-concurrent-index-creation-in-transaction [transaction]: between COMMIT and BEGIN
COMMIT;
CREATE UNIQUE INDEX CONCURRENTLY purchase_note ON purchase (note);
BEGIN;
ALTER TABLE purchase ADD CONSTRAINT note_once UNIQUE USING INDEX purchase_note;
-- == require-concurrent-partition-detach: as such
ALTER TABLE ledger DETACH PARTITION ledger_1;
-- == require-concurrent-partition-detach: concurrently
ALTER TABLE ledger DETACH PARTITION ledger_1 CONCURRENTLY;
-- == require-concurrent-partition-detach: the end of one that was interrupted
ALTER TABLE ledger DETACH PARTITION ledger_1 FINALIZE;
