-- Verify scripts run right after their up, and a failing one undoes it.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'apply_verify';
\set SHOW_CONTEXT always
CREATE SCHEMA apply_verify;
SET search_path = apply_verify, public;

-- no rows, true, or no boolean at all: well
SELECT migrate_register('1', 'fine', 'CREATE TABLE fine (i int)', NULL,
	'SELECT true; SELECT false WHERE false; SELECT count(*) FROM fine; INSERT INTO fine VALUES (1);');
SELECT version, statements FROM migrate_apply();
-- what it did is undone
SELECT count(*) FROM fine;

SELECT migrate_register('2', 'false', 'CREATE TABLE two ()', NULL,
	E'SELECT true;\n\nSELECT count(*) > 0\n  FROM two;');
SELECT version FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
SELECT to_regclass('two');
SELECT version, outcome, sqlstate, message, line, statement_no, statement
  FROM migrate_history WHERE version = '2';

-- null is not true, and one bad row among good ones counts
SELECT migrate_register('2', 'false', 'CREATE TABLE two ()', NULL, 'SELECT NULL::boolean');
SELECT version FROM migrate_apply();
SELECT migrate_register('2', 'false', 'CREATE TABLE two ()', NULL,
	'SELECT x <> 3 FROM generate_series(1, 5) x');
SELECT version FROM migrate_apply();
-- an error in it is an error of the migration
SELECT migrate_register('2', 'false', 'CREATE TABLE two ()', NULL, E'\n\nSELECT 1 / 0;');
SELECT version FROM migrate_apply();
SELECT migrate_register('2', 'false', 'CREATE TABLE two ()', NULL, E'SELECT 1;\nSELEC 2;');
SELECT version FROM migrate_apply();
SELECT version, state FROM migrate_status;

-- a failing verify script undoes the migrations before it in the same call
SELECT migrate_register('2', 'false', 'CREATE TABLE two ()', NULL, 'SELECT true');
SELECT migrate_register('3', 'three', 'CREATE TABLE three ()', NULL, 'SELECT false');
SELECT version FROM migrate_apply();
SELECT to_regclass('two'), to_regclass('three');

-- it sees what the up script left, and deferred constraints have fired by then
SELECT migrate_register('3', 'three', 'CREATE TABLE three AS SELECT 42 AS answer', NULL,
	'SELECT answer = 42 FROM three');
SELECT version FROM migrate_apply();

-- a rollback does not run it
UPDATE three SET answer = 43;
SELECT migrate_register('3', 'three', 'CREATE TABLE three AS SELECT 42 AS answer',
	'DROP TABLE three', 'SELECT answer = 42 FROM three');
SELECT version, action FROM migrate_rollback();

-- blocks of its own: what it rolls back is not there after it, what it commits
-- is, and in the end nothing
SELECT migrate_register('4', 'four', 'CREATE TABLE four (i int)', 'DROP TABLE four',
	E'BEGIN;\nINSERT INTO four VALUES (1);\nSELECT count(*) = 1 FROM four;\nROLLBACK;\n'
	'SELECT count(*) = 0 FROM four;\nBEGIN;\nINSERT INTO four VALUES (2);\nSAVEPOINT s;\n'
	'INSERT INTO four VALUES (3);\nROLLBACK TO s;\nCOMMIT;\nBEGIN;\nSELECT count(*) = 1 FROM four;\nROLLBACK;\n'
	'BEGIN;\nROLLBACK;\n');
SELECT version, statements FROM migrate_apply('4');
SELECT count(*) FROM four;
-- a row in a block counts, and an error
SELECT migrate_register('5', 'five', 'CREATE TABLE five ()', NULL, E'BEGIN;\nSELECT true;\nSELECT false;\nROLLBACK;\n');
SELECT version FROM migrate_apply('5');
SELECT migrate_register('5', 'five', 'CREATE TABLE five ()', NULL, E'BEGIN;\n\nSELECT 1 / 0;\nROLLBACK;\n');
SELECT version FROM migrate_apply('5');
SELECT to_regclass('five');
-- what no subtransaction can do is refused
SELECT migrate_register('5', 'five', 'CREATE TABLE five ()', NULL, E'BEGIN ISOLATION LEVEL SERIALIZABLE;\nSELECT true;\nROLLBACK;\n');
SELECT version FROM migrate_apply('5');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_register('5', 'five', 'CREATE TABLE five ()', NULL, E'BEGIN;\nSELECT true;\nROLLBACK AND CHAIN;\nROLLBACK;\n');
SELECT version FROM migrate_apply('5');
SELECT migrate_register('5', 'five', 'CREATE TABLE five ()', NULL, E'BEGIN;\nSELECT true;\nROLLBACK;\nROLLBACK;\n');
SELECT version FROM migrate_apply('5');
SELECT migrate_register('5', 'five', 'CREATE TABLE five ()', NULL, E'BEGIN;\nSELECT true;\nROLLBACK;\nVACUUM;\n');
SELECT version FROM migrate_apply('5');
SELECT to_regclass('five');
-- nor does an up script undo blocks in the caller's transaction
SELECT migrate_register('5', 'five', E'CREATE TABLE five ();\nBEGIN;\nCREATE TABLE six ();\nROLLBACK;\n');
SELECT version FROM migrate_apply('5');
DROP SCHEMA apply_verify CASCADE;
