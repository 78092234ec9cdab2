-- Where migrate_apply() refuses to run at all: nothing runs, nothing is kept.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'apply_refused';
\set SHOW_CONTEXT always
CREATE SCHEMA apply_refused;
SET search_path = apply_refused, public;

-- a plan with a step for a worker: refused before the first statement
SELECT migrate_register('1', 'table', 'CREATE TABLE t (i int)');
SELECT migrate_register('2', 'index', E'SELECT 1;\n\nCREATE INDEX CONCURRENTLY ON t (i)');
SELECT migrate_register('3', 'more', 'CREATE TABLE more ()');
SELECT version, action FROM migrate_register_file('m/4_vacuum.sql', E'-- migrate:up transaction:false\nSELECT 1;\n-- migrate:down\nVACUUM;\n');
SELECT migrate_register('5', 'savepoint', E'CREATE TABLE s ();\nSAVEPOINT a;\nROLLBACK TO a');
SELECT migrate_register('6', 'chain', E'BEGIN; CREATE TABLE s (); COMMIT AND CHAIN; CREATE TABLE s2 (); COMMIT');
SELECT migrate_register('7', 'isolation', E'BEGIN ISOLATION LEVEL SERIALIZABLE; CREATE TABLE s (); COMMIT');
SELECT migrate_register('8', 'open', E'BEGIN; CREATE TABLE s ()');
SELECT migrate_register('9', 'rollback', E'BEGIN; CREATE TABLE s (); ROLLBACK');
SELECT step, version, action, mode, reason, statements, path FROM migrate_plan();
SELECT * FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
SELECT to_regclass('t'), count(*) FROM migrate_history;
SELECT count(*) FROM migrate_lock_holder;
SELECT version FROM migrate_apply('1');
-- as the first of the plan
SELECT * FROM migrate_apply('2');
SELECT to_regclass('t_i_idx');
-- run by hand and recorded; then down, which needs a worker too
SELECT migrate_mark('2', 'by hand');
SELECT version FROM migrate_apply('3');
SELECT migrate_mark('4', 'by hand');
SELECT version, action, mode, reason FROM migrate_plan('-1');
SELECT * FROM migrate_rollback();
SELECT migrate_current();
SELECT migrate_unregister(v) FROM unnest('{6,7,8,9}'::text[]) v;

-- a text that could not be parsed: nothing of the run begins
SELECT migrate_register('6', 'open', E'SELECT 1;\nBEGIN;\nCREATE TABLE s2 ()');
SELECT * FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_unregister('6');
SELECT migrate_register('6', 'inside', E'BEGIN;\nCREATE INDEX CONCURRENTLY ON t (i);\nCOMMIT');
SELECT * FROM migrate_apply();
SELECT migrate_unregister('6');
SELECT migrate_register('6', 'prepare', E'BEGIN;\nCREATE TABLE s2 ();\nPREPARE TRANSACTION ''x''');
SELECT * FROM migrate_apply();
SELECT to_regclass('s'), sqlstate, line, statement FROM migrate_history ORDER BY id DESC LIMIT 1;
SELECT migrate_unregister(v) FROM unnest('{5,6}'::text[]) v;

-- isolation levels that would not see what another run has committed
SELECT migrate_register('5', 'five', 'CREATE TABLE five ()');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT * FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT * FROM migrate_apply();
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT migrate_register('6', 'six', '');
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT * FROM migrate_rollback();
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT migrate_mark('5', 'reason');
ROLLBACK;
-- looking is allowed in each
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT migrate_current(), migrate_require('1');
SELECT version, state FROM migrate_status ORDER BY version DESC LIMIT 1;
SELECT count(*) FROM migrate_pending();
SELECT count(*) FROM migrate_plan();
COMMIT;
BEGIN READ ONLY;
SELECT * FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
BEGIN READ ONLY;
SELECT migrate_register('6', 'six', '');
ROLLBACK;
BEGIN READ ONLY;
SELECT migrate_current(), migrate_require('1');
SELECT count(*) FROM migrate_plan();
SELECT count(*) FROM migrate_history;
SELECT count(*) FROM migrate_lock_holder;
SELECT * FROM migrate_verify_log();
SELECT migrate_script() LIKE '%CREATE TABLE five%';
COMMIT;

-- a migration that calls us, in any way
SELECT migrate_register('5', 'five', 'SELECT 1; SELECT * FROM migrate_apply()');
SELECT * FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_register('5', 'five', 'DO $$ BEGIN PERFORM migrate_rollback(); END $$');
SELECT * FROM migrate_apply();
SELECT migrate_register('5', 'five', 'SELECT migrate_register(''7'', ''seven'', '''')');
SELECT * FROM migrate_apply();
SELECT migrate_register('5', 'five', 'SELECT migrate_mark(''7'', ''seven'')');
SELECT * FROM migrate_apply();
SELECT migrate_register('5', 'five', 'SELECT migrate_unregister(''1'')');
SELECT * FROM migrate_apply();
SELECT migrate_register('5', 'five', 'CREATE TABLE five ()', NULL, 'SELECT migrate_apply()');
SELECT * FROM migrate_apply();
-- it may look; and after a refusal a call works again
SELECT migrate_register('5', 'five', 'CREATE TABLE five AS SELECT migrate_current(), count(*) FROM migrate_status');
SELECT version FROM migrate_apply();
SELECT * FROM five;
-- also from within a handler that hides the error from the run
SELECT migrate_register('6', 'six', 'DO $$ BEGIN PERFORM migrate_apply(); EXCEPTION WHEN OTHERS THEN RAISE WARNING ''%'', SQLERRM; END $$');
SELECT version FROM migrate_apply();
SELECT migrate_register('7', 'seven', 'CREATE TABLE seven ()');
SELECT version FROM migrate_apply();

-- once for a query, however often it is joined to
SELECT migrate_register('8', 'eight', 'CREATE TABLE eight ()');
SELECT count(*) FROM generate_series(1, 3) g, LATERAL migrate_apply() a;
DROP SCHEMA apply_refused CASCADE;
