-- Down through a worker.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'undo';
\set SHOW_CONTEXT always
CREATE SCHEMA undo;
SET search_path = undo, public;
CALL migrate_undo();
SELECT count(migrate_register(i::text, 'm' || i, format('CREATE TABLE t%s (i int)', i), format('SELECT 1; DROP TABLE t%s', i)))
  FROM generate_series(1, 8) i;
CALL migrate_deploy();

-- one step, some, to a version that stays, to the ground
CALL migrate_undo();
SELECT migrate_current(), to_regclass('t8') AS t8;
CALL migrate_undo('-2');
SELECT migrate_current();
CALL migrate_undo('004');
SELECT migrate_current();
CALL migrate_undo('4');
SELECT event, outcome, version, statements, job = (SELECT max(job) FROM migrate_jobs) AS last_job FROM migrate_history WHERE event <> 'apply';
SELECT action, target, state, steps, steps_done FROM migrate_jobs;
-- targets that are none, or lead up
CALL migrate_undo('7');
CALL migrate_undo('+1');
\echo :LAST_ERROR_SQLSTATE
CALL migrate_undo('99');
CALL migrate_undo('-x');
CALL migrate_undo('base');
SELECT migrate_current(), to_regclass('t1') AS t1;
CALL migrate_undo();
SELECT version, state FROM migrate_status WHERE state <> 'pending';
CALL migrate_deploy('3');

-- without a down script, or where it does not parse: nothing runs
SELECT migrate_register('4', 'm4', 'CREATE TABLE t4 (i int)');
SELECT migrate_register('5', 'm5', 'CREATE TABLE t5 (i int)', 'DROP TABLE t5');
CALL migrate_deploy('5');
CALL migrate_undo('-2');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_current();
SELECT migrate_register('4', 'm4', 'CREATE TABLE t4 (i int)', E'DROP TABLE t4;\nDROP TABEL t4');
CALL migrate_undo('-2');
SELECT migrate_current();
SELECT migrate_register('4', 'm4', 'CREATE TABLE t4 (i int)', E'DROP TABLE t4;\nSELECT 1 / 0');
-- each commits by itself: what is rolled back before an error stays so
CALL migrate_undo('-2');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_current(), to_regclass('t5') AS t5, to_regclass('t4') AS t4;
SELECT event, outcome, version, line, statement_no FROM migrate_history ORDER BY id DESC LIMIT 2;
SELECT version, state, remark FROM migrate_status WHERE version IN ('4', '5');
SELECT migrate_register('4', 'm4', 'CREATE TABLE t4 (i int)', 'DROP TABLE t4');

-- down scripts that drop indexes concurrently
SELECT migrate_register('6', 'm6', 'CREATE INDEX CONCURRENTLY t1_i ON t1 (i); CREATE TABLE t6 ()',
	E'DROP TABLE t6;\nDROP INDEX CONCURRENTLY t1_i;');
SELECT migrate_register('7', 'm7', 'CREATE TABLE t7 ()', 'DROP TABLE t7');
CALL migrate_deploy('7');
SELECT step, version, action, mode, reason FROM migrate_plan('-2');
SELECT * FROM migrate_rollback('-2');
\echo :LAST_ERROR_SQLSTATE
CALL migrate_undo('-2');
SELECT migrate_current(), to_regclass('t1_i') AS t1_i, to_regclass('t6') AS t6, to_regclass('t7') AS t7;
SELECT event, version, statements FROM migrate_history ORDER BY id DESC LIMIT 2;

-- half rolled back: it is finished downwards, and nothing goes up before
SELECT migrate_register('6', 'm6', 'CREATE INDEX CONCURRENTLY t1_i ON t1 (i); CREATE TABLE t6 ()',
	E'DROP INDEX CONCURRENTLY t1_i;\nDROP TABLE t6;\nSELECT 1 / 0;\nSELECT 3');
CALL migrate_deploy('6');
CALL migrate_undo();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_current(), to_regclass('t1_i') AS t1_i, to_regclass('t6') AS t6;
SELECT version, state, remark FROM migrate_status WHERE version IN ('5', '6', '7');
SELECT direction, done, total, begun, message FROM migrate_journal WHERE project = migrate_project();
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM migrate_rollback();
\echo :LAST_ERROR_SQLSTATE
-- what is done of it must stay as it was
SELECT migrate_register('6', 'm6', 'CREATE INDEX CONCURRENTLY t1_i ON t1 (i); CREATE TABLE t6 ()', 'SELECT 1');
CALL migrate_undo();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_register('6', 'm6', 'CREATE INDEX CONCURRENTLY t1_i ON t1 (i); CREATE TABLE t6 ()',
	E'DROP INDEX CONCURRENTLY t1_i;\nDROP TABLE t6;\nSELECT 3');
-- one step is the one that is half done
CALL migrate_undo();
SELECT migrate_current();
SELECT event, outcome, version, statements FROM migrate_history ORDER BY id DESC LIMIT 1;
SELECT version, state FROM migrate_status WHERE version IN ('4', '5', '6');
SELECT count(*) FROM migrate_journal WHERE project = migrate_project();

-- half applied: the other way about
SELECT migrate_register('6', 'm6', E'CREATE INDEX CONCURRENTLY t1_i ON t1 (i);\nSELECT 1 / 0', 'DROP INDEX t1_i');
CALL migrate_deploy('6');
CALL migrate_undo();
\echo :LAST_ERROR_SQLSTATE
CALL migrate_undo('base');
SELECT migrate_register('6', 'm6', E'CREATE INDEX CONCURRENTLY t1_i ON t1 (i);\nSELECT 1 / 1', 'DROP INDEX t1_i');
CALL migrate_deploy('6');
CALL migrate_undo();
SELECT migrate_current(), to_regclass('t1_i') AS t1_i;

-- own blocks, what is found out when it runs, and directives in down scripts
CREATE TABLE part (i int) PARTITION BY LIST (i);
SELECT migrate_register('6', 'm6', 'CREATE TABLE t6 ()', 'BEGIN; DROP TABLE t6; COMMIT; BEGIN; CREATE TABLE gone (); ROLLBACK; REINDEX TABLE part');
SELECT migrate_register('7', 'm7', 'CREATE TABLE t7 ()', 'DROP TABLE t7; REINDEX TABLE part');
SELECT version FROM migrate_register_file('8_m8.sql', E'-- migrate:up\nCREATE TABLE t8 (i int)\n-- migrate:down transaction:false\nDROP TABLE t8;\nCREATE TABLE was8 ()');
CALL migrate_deploy();
CALL migrate_undo('5');
SELECT migrate_current(), to_regclass('t6') AS t6, to_regclass('t7') AS t7, to_regclass('t8') AS t8, to_regclass('was8') AS was8, to_regclass('gone') AS gone;

-- requirements, and a repeatable that has to go first
SELECT migrate_register(NULL, 'rep', 'CREATE VIEW rep AS SELECT * FROM t5', 'DROP VIEW rep', NULL, '{5}');
SELECT migrate_unregister(v) FROM unnest('{6,7,8}'::text[]) v;
CALL migrate_deploy();
CALL migrate_undo('4');
SELECT to_regclass('rep') AS rep, to_regclass('t5') AS t5;
SELECT version, state FROM migrate_status WHERE version IN ('4', '5', 'rep');
-- a verify script belongs to the way up
SELECT migrate_register('5', 'm5', 'CREATE TABLE t5 (i int)', 'DROP TABLE t5', 'SELECT count(*) = 0 FROM t5');
CALL migrate_deploy('5');
CALL migrate_undo();
-- what was baselined was not run
SET migrate.project = 'undo_baseline';
SELECT migrate_register('1', 'one', 'SELECT 1', 'SELECT 1');
SELECT migrate_baseline('1');
CALL migrate_undo();
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM migrate_verify_log() WHERE project LIKE 'undo%';
DROP SCHEMA undo CASCADE;
