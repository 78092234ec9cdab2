-- == require-lock-timeout: none
ALTER TABLE customer ADD COLUMN points integer;
-- == require-lock-timeout: only the other one
SET statement_timeout = '5s';
ALTER TABLE customer ADD COLUMN points integer;
-- == require-lock-timeout: set
SET lock_timeout = '1s';
ALTER TABLE customer ADD COLUMN points integer;
-- == require-lock-timeout: in large letters
SET LOCK_TIMEOUT = '1s';
ALTER TABLE customer ADD COLUMN points integer;
-- == require-lock-timeout: a setting of that name that is another
SET shop.lock_timeout = '1s';
ALTER TABLE customer ADD COLUMN points integer;
-- == require-lock-timeout: too late
ALTER TABLE customer ADD COLUMN points integer;
SET lock_timeout = '1s';
-- == require-lock-timeout: nothing to wait for
SELECT * FROM customer;
-- == require-lock-timeout: a new type
-- differs: it locks no relation
CREATE TYPE colour AS ENUM ('red', 'green');
-- == require-lock-timeout: a comment
-- differs: neither reads nor writes wait for ShareUpdateExclusiveLock
COMMENT ON COLUMN customer.email IS 'where to write to';
-- == require-lock-timeout: REINDEX, not concurrently
REINDEX (CONCURRENTLY false) INDEX purchase_customer;
-- == require-lock-timeout: VACUUM, not FULL
-- differs: neither reads nor writes wait for ShareUpdateExclusiveLock
VACUUM (FULL false) purchase;
-- == require-lock-timeout: LOCK TABLE as queries do
-- differs: neither reads nor writes wait for AccessShareLock
LOCK TABLE customer IN ACCESS SHARE MODE;
-- == require-lock-timeout: LOCK TABLE against all others
LOCK TABLE customer;
-- == require-lock-timeout: a new function, with one
SET lock_timeout = '1s';
CREATE FUNCTION twice(integer) RETURNS integer AS 'SELECT 2 * $1' LANGUAGE sql;
-- == require-lock-timeout: a setting of the database
-- + SET lock_timeout = '1s'
-- differs: lock_timeout is 1s
ALTER TABLE customer ADD COLUMN points integer;
-- == require-statement-timeout: none
ALTER TABLE customer ALTER COLUMN born SET NOT NULL;
-- == require-statement-timeout: only the other one
SET lock_timeout = '1s';
ALTER TABLE customer ALTER COLUMN born SET NOT NULL;
-- == require-statement-timeout: set
SET statement_timeout = '5s';
ALTER TABLE customer ALTER COLUMN born SET NOT NULL;
-- == require-statement-timeout: nothing that takes long
SELECT * FROM customer;
-- == require-statement-timeout: nothing but a short lock
-- differs: no row is read or written
ALTER TABLE customer ADD COLUMN points integer;
-- == transaction-nesting: BEGIN twice
BEGIN;
BEGIN;
SELECT 1;
COMMIT;
-- == transaction-nesting: COMMIT twice
BEGIN;
SELECT 1;
COMMIT;
COMMIT;
-- == transaction-nesting [transaction]: COMMIT of one that is not the script's
SELECT 1;
COMMIT;
-- == transaction-nesting [transaction]: ROLLBACK of one that is not the script's
SELECT 1;
ROLLBACK;
-- == transaction-nesting [transaction]: BEGIN twice, in one that is not the script's
BEGIN;
BEGIN;
SELECT 1;
COMMIT;
-- == transaction-nesting: a block
BEGIN;
SELECT 1;
COMMIT;
-- == transaction-nesting: two blocks
BEGIN;
SELECT 1;
COMMIT;
BEGIN;
SELECT 2;
COMMIT;
-- == transaction-nesting [transaction]: none
SELECT 1;
-- == ban-uncommitted-transaction: as such
BEGIN;
CREATE TABLE coupon (id bigint);
-- == ban-uncommitted-transaction: committed
BEGIN;
CREATE TABLE coupon (id bigint);
COMMIT;
-- == ban-uncommitted-transaction: rolled back
BEGIN;
CREATE TABLE coupon (id bigint);
ROLLBACK;
-- == ban-uncommitted-transaction: no block
CREATE TABLE coupon (id bigint);
-- == ban-uncommitted-transaction: the second of two
BEGIN;
CREATE TABLE coupon (id bigint);
COMMIT;
BEGIN;
CREATE TABLE voucher (id bigint);
-- == ban-uncommitted-transaction: in other words
START TRANSACTION;
CREATE TABLE coupon (id bigint);
-- == ban-uncommitted-transaction: BEGIN twice
BEGIN;
BEGIN;
COMMIT;
-- == ban-uncommitted-transaction: BEGIN WORK
BEGIN WORK;
CREATE TABLE coupon (id bigint);
