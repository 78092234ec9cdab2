-- Jobs: started, waited for, cancelled; and what is half done.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'jobs';
\set SHOW_CONTEXT always
CREATE SCHEMA jobs;
SET search_path = jobs, public;
-- the columns are an interface
SELECT c.relname, string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum) AS columns
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
 WHERE c.relname IN ('migrate_jobs', 'migrate_progress', 'migrate_history', 'migrate_status', 'migrate_lock_holder') AND c.relkind = 'v'
 GROUP BY 1 ORDER BY 1;

-- a job begins when the transaction commits that starts it, and not before
SELECT migrate_register('1', 'one', 'CREATE TABLE t1 AS SELECT current_setting(''application_name'') AS application', 'DROP TABLE t1');
SELECT migrate_register('2', 'two', 'CREATE TABLE t2 ()', 'DROP TABLE t2');
BEGIN;
SELECT migrate_start() AS job \gset
SELECT state, steps, steps_done, finished_at FROM migrate_jobs WHERE job = :job;
SELECT to_regclass('t1'), migrate_current();
COMMIT;
CALL migrate_wait(:job);
SELECT migrate_current();
SELECT action, target, state, steps, steps_done, session_role = session_user::text AS session_role,
	   acting_role = current_user::text AS acting_role, application, started_at <= finished_at AS timed, sqlstate
  FROM migrate_jobs;
SELECT application FROM t1;
SELECT version, outcome, job = :job AS job FROM migrate_history;
-- down, and waiting again is nothing new
SELECT migrate_start('-1') AS job \gset
CALL migrate_wait(:job);
CALL migrate_wait(:job);
SELECT action, target, state, steps_done FROM migrate_jobs WHERE job = :job;
SELECT migrate_current();
SELECT migrate_start('base') AS job \gset
CALL migrate_wait(:job, '1 hour');
CALL migrate_wait(timeout => '0', job => :job);
SELECT migrate_current(), action, state FROM migrate_jobs WHERE job = :job;
-- one that is rolled back never was
BEGIN;
SELECT migrate_start() AS job \gset
ROLLBACK;
\set VERBOSITY sqlstate
CALL migrate_wait(:job);
\set VERBOSITY default
SELECT count(*) FROM migrate_jobs WHERE job = :job;
SELECT migrate_current() IS NULL AS nothing;
-- what cannot be planned is told at once
SELECT migrate_start('99');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_start('+x');
-- nothing to do is a job of no steps
SELECT migrate_start() AS job \gset
CALL migrate_wait(:job);
SELECT migrate_start() AS job \gset
CALL migrate_wait(:job);
SELECT state, steps, steps_done FROM migrate_jobs WHERE job = :job;

-- a failing one: whoever waits gets its error, now and later
SELECT migrate_register('3', 'three', E'CREATE TABLE t3 ();\nDO $$ BEGIN RAISE USING ERRCODE = ''P1234'', MESSAGE = ''own message'', DETAIL = ''own detail'', HINT = ''own hint''; END $$');
SELECT migrate_start() AS job \gset
-- (its number must not be shown)
CREATE FUNCTION pg_temp.error_of(job bigint) RETURNS TABLE (sqlstate text, message text, detail text, hint text, context text)
	LANGUAGE sql AS $$ SELECT sqlstate, message, detail, hint, context FROM migrate_jobs j WHERE j.job = error_of.job $$;
\set VERBOSITY sqlstate
CALL migrate_wait(:job);
CALL migrate_wait(:job);
\set VERBOSITY default
SELECT regexp_replace(:'LAST_ERROR_MESSAGE', '\d+', 'N');
\x on
SELECT * FROM pg_temp.error_of(:job);
SELECT state, steps, steps_done FROM migrate_jobs WHERE job = :job;
SELECT outcome, version, job = :job AS job, message FROM migrate_history ORDER BY id DESC LIMIT 1;
\x off
SELECT migrate_unregister('3');

-- arguments
CALL migrate_wait(987654321);
\echo :LAST_ERROR_SQLSTATE
CALL migrate_wait(NULL);
\echo :LAST_ERROR_SQLSTATE
CALL migrate_wait(987654321, '-1 s');
\echo :LAST_ERROR_SQLSTATE
BEGIN;
CALL migrate_wait(987654321);
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
SELECT migrate_cancel(987654321);
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_cancel(NULL);
SELECT migrate_cancel(:job);

-- cancelled in the middle; whoever waits for a time only goes on without it.
-- It waits for a lock that this session has, so there is no hurry.
SELECT migrate_register('3', 'three', E'CREATE TABLE t3 ();\nSELECT pg_advisory_lock(19790)');
SELECT migrate_register('4', 'four', 'CREATE TABLE t4 ()');
SELECT pg_advisory_lock(19790);
SELECT migrate_start() AS job \gset
DO $$ BEGIN
	FOR i IN 1 .. 12000 LOOP
		EXIT WHEN EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 19790 AND NOT granted);
		PERFORM pg_sleep(0.01);
	END LOOP;
END $$;
\set VERBOSITY sqlstate
CALL migrate_wait(:job, '10 ms');
\set VERBOSITY default
SELECT state, steps, steps_done, finished_at FROM migrate_jobs WHERE job = :job;
SELECT job = :job AS job, project, role = current_user::text AS role, application, action, target, step, steps, statement, statements,
	   doing, wait_event, running_for >= '0' AS timed, waiting_for LIKE format('pid %s (role %s, %%)', pg_backend_pid(), current_user) AS waiting_for_us, phase, percent
  FROM migrate_progress;
SELECT project, role = current_user::text AS role, doing, waiting FROM migrate_lock_holder;
SELECT version, state FROM migrate_status;
-- nobody else may begin: by a worker, or in a transaction
SET migrate.lock_wait = 0;
\set VERBOSITY terse
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY default
RESET migrate.lock_wait;
SELECT migrate_cancel(:job);
\set VERBOSITY sqlstate
CALL migrate_wait(:job);
\set VERBOSITY default
SELECT state, steps, steps_done, sqlstate, message FROM migrate_jobs WHERE job = :job;
SELECT migrate_cancel(:job);
SELECT pg_advisory_unlock_all();
SELECT to_regclass('t3') AS t3, to_regclass('t4') AS t4;
SELECT outcome, version, sqlstate, statement_no FROM migrate_history ORDER BY id DESC LIMIT 1;

-- what is half done: said to be done, or not to be, by hand
SELECT migrate_unregister('3'), migrate_unregister('4');
SELECT migrate_register('5', 'half', E'-- migrate:no-transaction\nCREATE TABLE h5 ();\nSELECT 1 / 0');
\set VERBOSITY terse
CALL migrate_deploy();
SELECT version, state FROM migrate_status;
SELECT migrate_unregister('5');
SELECT migrate_repair('5');
SELECT migrate_require('5');
SELECT migrate_resolve('5', 'done');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_resolve('5', 'perhaps');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_resolve('77', 'done');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_resolve(NULL, 'done');
SELECT migrate_resolve('5', NULL);
SELECT migrate_resolve('1', 'done');
-- marked as done
SELECT migrate_mark('5', 'finished by hand');
SELECT version, state, how, remark FROM migrate_status;
SELECT count(*) FROM migrate_journal WHERE project = migrate_project();
CALL migrate_deploy();
-- marked as not done
SELECT migrate_register('6', 'half', E'-- migrate:no-transaction\nCREATE TABLE h6 ();\nSELECT 1 / 0');
CALL migrate_deploy();
SELECT migrate_unmark('6', 'dropped by hand');
DROP TABLE h6;
SELECT version, state FROM migrate_status;
SELECT count(*) FROM migrate_journal WHERE project = migrate_project();
SELECT migrate_unmark('6', 'again');
CALL migrate_deploy();
SELECT version, state, remark FROM migrate_status WHERE version = '6';
-- part of a baseline
SELECT migrate_register('7', 'seven', 'CREATE TABLE t7 ()', 'DROP TABLE t7; VACUUM; SELECT 1 / 0');
SELECT migrate_baseline('7');
SELECT version, state, how FROM migrate_status;
SELECT count(*) FROM migrate_journal WHERE project = migrate_project();
-- half rolled back: marked as there again, or as gone
SELECT migrate_register('8', 'eight', 'CREATE TABLE t8 ()', E'DROP TABLE t8;\nVACUUM t1;\nSELECT 1 / 0');
CALL migrate_deploy();
CALL migrate_undo();
SELECT version, state FROM migrate_status WHERE version = '8';
SELECT migrate_mark('8', 'built again by hand');
SELECT version, state, how FROM migrate_status WHERE version = '8';
CREATE TABLE t8 ();
CALL migrate_undo();
SELECT migrate_unmark('8', 'dropped by hand');
SELECT version, state, how FROM migrate_status WHERE version = '8';
SELECT event, version, reason FROM migrate_history WHERE event NOT IN ('apply', 'rollback');
SELECT count(*) FROM migrate_journal WHERE project = migrate_project();
CALL migrate_deploy();
SELECT migrate_current();
SELECT count(*) FROM migrate_progress;
SELECT * FROM migrate_verify_log() WHERE project = 'jobs';
DROP SCHEMA jobs CASCADE;
