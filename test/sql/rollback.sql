-- Down again.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'rollback';
\set SHOW_CONTEXT always
CREATE SCHEMA rollback;
SET search_path = rollback, public;
SELECT count(migrate_register(i::text, 'm' || i, format('CREATE TABLE t%s (); SELECT 1', i), format('DROP TABLE t%s', i)))
  FROM generate_series(1, 8) i;
SELECT count(*) FROM migrate_apply();

-- one step, some steps, to a version that stays, to the ground
SELECT version, name, action, statements, duration >= '0' AS took FROM migrate_rollback();
SELECT version, action FROM migrate_rollback('-2');
SELECT migrate_current(), to_regclass('t5'), to_regclass('t6');
SELECT version, action FROM migrate_rollback('003');
SELECT version, action FROM migrate_rollback('3');
SELECT version, state FROM migrate_status;
SELECT version, action FROM migrate_rollback('base');
SELECT migrate_current() IS NULL AS none, count(*) FROM migrate_rollback();
SELECT event, version FROM migrate_history WHERE id > 8 ORDER BY id;
SELECT count(*) FROM pg_class WHERE relnamespace = 'rollback'::regnamespace;

-- and up, and down: the history has it all, the state what is
SELECT count(*) FROM migrate_apply('3');
SELECT string_agg(event || ' ' || version, ', ' ORDER BY id) FROM migrate_history WHERE version = '3';
SELECT count(*) FROM migrate_rollback('-100');
SELECT version, state FROM migrate_status WHERE state <> 'pending';

-- missing downs are listed, and nothing is run
SELECT migrate_register('2', 'm2', 'CREATE TABLE t2 (); SELECT 1'), migrate_register('3', 'm3', 'CREATE TABLE t3 (); SELECT 1');
SELECT count(*) FROM migrate_apply('5');
SELECT * FROM migrate_rollback('base');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_current(), to_regclass('t5');
SELECT count(*) FROM migrate_history WHERE outcome = 'failed';
SELECT version FROM migrate_rollback('-2');
SELECT version FROM migrate_rollback();
-- a down script that is registered later does; the up script has not changed
SELECT migrate_register('3', 'm3', 'CREATE TABLE t3 (); SELECT 1', 'DROP TABLE t3');
SELECT version, state, reversible FROM migrate_status WHERE version IN ('2', '3');
SELECT version FROM migrate_rollback();
SELECT migrate_register('2', 'm2', 'CREATE TABLE t2 (); SELECT 1', 'DROP TABLE t2');

-- a failing down undoes those before it
SELECT count(*) FROM migrate_apply('4');
SELECT migrate_register('2', 'm2', 'CREATE TABLE t2 (); SELECT 1', E'DROP TABLE t2;\nDROP TABLE nope');
SELECT * FROM migrate_rollback('1');
SELECT migrate_current(), to_regclass('t2'), to_regclass('t4');
SELECT event, outcome, version, line, statement_no, statement FROM migrate_history ORDER BY id DESC LIMIT 1;
-- its failure does not make what is applied look failed
SELECT version, state FROM migrate_status WHERE version = '2';
-- one that cannot be parsed is told before anything runs
SELECT migrate_register('2', 'm2', 'CREATE TABLE t2 (); SELECT 1', E'DROP TABLE t2;\nDORP TABLE t3');
SELECT version, reversible FROM migrate_status WHERE version = '2';
SELECT * FROM migrate_rollback('1');
SELECT migrate_register('2', 'm2', 'CREATE TABLE t2 (); SELECT 1', 'DROP TABLE t2');

-- an empty down script is one
SELECT migrate_register('6', 'm6', 'CREATE TABLE t6 ()', ''), migrate_register('7', 'm7', 'CREATE TABLE t7 ()', '-- nothing');
SELECT count(*) FROM migrate_apply('7');
SELECT version, statements FROM migrate_rollback('-2');
SELECT to_regclass('t6');
DROP TABLE t6, t7;

-- what was recorded as baseline was never run here, and is not undone
SELECT version FROM migrate_rollback('base');
SELECT migrate_baseline('2');
SELECT count(*) FROM migrate_apply('4');
SELECT version, how FROM migrate_status WHERE state = 'applied';
SELECT version FROM migrate_rollback('-2');
SELECT * FROM migrate_rollback();
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM migrate_rollback('base');
-- what was marked has run somewhere else: its down is run
SELECT migrate_unmark('1', 'x'), migrate_unmark('2', 'x');
CREATE TABLE t1 ();
SELECT migrate_mark('1', 'by hand');
SELECT version FROM migrate_rollback();
SELECT to_regclass('t1');

-- a changed up does not keep one from going down
SELECT count(*) FROM migrate_apply('2');
SELECT migrate_register('2', 'm2', 'CREATE TABLE other ()', 'DROP TABLE t2');
SELECT version, state FROM migrate_status WHERE version = '2';
SELECT version FROM migrate_rollback();
SELECT version, state FROM migrate_status WHERE version = '2';

-- dependents and repeatables
SET migrate.project = 'rollback_requires';
SELECT migrate_register('1', 'one', '', 'SELECT 1'), migrate_register('2', 'two', '', 'SELECT 1', requires => '{3}'), migrate_register('3', 'three', '', 'SELECT 1');
SELECT version FROM migrate_apply();
SELECT * FROM migrate_rollback('2');
\echo :LAST_ERROR_SQLSTATE
SELECT version FROM migrate_rollback('1');
SELECT migrate_register(NULL, 'view', 'CREATE OR REPLACE VIEW view AS SELECT 1', 'DROP VIEW view', requires => '{3}');
SELECT version FROM migrate_apply();
SELECT version, action FROM migrate_rollback('base');
SELECT to_regclass('view');
SELECT version, state FROM migrate_status;

-- the caller's transaction decides here as well
SELECT count(*) FROM migrate_apply();
BEGIN;
SELECT count(*) FROM migrate_rollback('base');
ROLLBACK;
SELECT migrate_current(), count(*) FROM migrate_status WHERE state = 'applied';
SELECT * FROM migrate_verify_log();
DROP SCHEMA rollback CASCADE;
