-- Through a worker, where each migration commits by itself.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'deploy';
\set SHOW_CONTEXT always
CREATE SCHEMA deploy;
SET search_path = deploy, public;

-- nothing registered, nothing to do; a NOTICE says so
SET client_min_messages = notice;
CALL migrate_deploy();
SET client_min_messages = warning;
SELECT count(*) FROM migrate_jobs;

SELECT count(migrate_register(i::text, 'm' || i, format('CREATE TABLE t%s (); SELECT 1', i), format('DROP TABLE t%s', i)))
  FROM generate_series(1, 6) i;
CALL migrate_deploy('2');
SELECT migrate_current();
CALL migrate_deploy('+1');
SELECT migrate_current();
CALL migrate_deploy(target => '004');
CALL migrate_deploy('4');
SELECT version, state, how FROM migrate_status;
SELECT event, outcome, version, statements, job IS NOT NULL AS by_a_job,
	   session_role = session_user::text AS session_role, acting_role = current_user::text AS acting_role,
	   application, pid <> pg_backend_pid() AS elsewhere
  FROM migrate_history;
SELECT action, target, state, steps, steps_done, finished_at >= started_at AS timed FROM migrate_jobs;
-- targets that are none
CALL migrate_deploy('99');
CALL migrate_deploy('two');
CALL migrate_deploy('+x');
CALL migrate_deploy('-1');
\echo :LAST_ERROR_SQLSTATE
CALL migrate_deploy('base');
-- a lower version is nothing to do on the way up
SET client_min_messages = notice;
CALL migrate_deploy('1');
SET client_min_messages = warning;
SELECT migrate_current();
CALL migrate_deploy();
CALL migrate_deploy();
SELECT migrate_current(), count(*) AS jobs FROM migrate_jobs;
-- each is a transaction of its own, and nothing else is recorded
SELECT count(DISTINCT xmin::text) AS transactions, count(*) AS steps
  FROM migrate_log WHERE project = 'deploy' AND job = (SELECT max(job) FROM migrate_jobs);

-- an error comes with all that it has, and the file's line
SELECT migrate_register('7', 'seven', 'CREATE TABLE t7 ()', 'DROP TABLE t7');
SELECT version, action FROM migrate_register_file('db/8_eight.sql', $file$-- licence
-- migrate:up
CREATE TABLE t8 (i int);

DO $$
BEGIN
	RAISE EXCEPTION USING ERRCODE = 'P1234', MESSAGE = 'own message',
		DETAIL = 'own detail', HINT = 'own hint';
END $$;
$file$);
SELECT migrate_register('9', 'nine', 'CREATE TABLE t9 ()', 'DROP TABLE t9');
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
-- what came before it is kept, and nothing of it
SELECT migrate_current(), to_regclass('t7') AS t7, to_regclass('t8') AS t8, to_regclass('t9') AS t9;
SELECT version, state, remark FROM migrate_status WHERE version > '6';
\x on
SELECT event, outcome, version, name, statements, sqlstate, message, detail, hint, path, line, statement_no, statement
  FROM migrate_history ORDER BY id DESC LIMIT 1;
SELECT state, steps, steps_done, sqlstate, message, detail, hint, context FROM migrate_jobs ORDER BY job DESC LIMIT 1;
\x off
SELECT count(*) FROM migrate_journal WHERE project = migrate_project();
-- where the text has no hint, one says what to do; the position is the line's
SELECT action FROM migrate_register_file('db/8_eight.sql', $file$-- licence
-- migrate:up
CREATE TABLE t8 (i int);

INSERT INTO t8
SELECT j FROM t8;
$file$);
CALL migrate_deploy();
-- corrected, it goes on from there
SELECT action FROM migrate_register_file('db/8_eight.sql', $file$-- licence
-- migrate:up
CREATE TABLE t8 (i int);

INSERT INTO t8
SELECT 8;
$file$);
CALL migrate_deploy();
SELECT i, migrate_current() FROM t8;
SELECT outcome, version, statements, line FROM migrate_history WHERE version > '6';

-- a text that cannot be parsed fails before anything has run
SELECT migrate_register('10', 'ten', 'CREATE TABLE t10 ()');
SELECT migrate_register('11', 'broken', E'CREATE TABLE t11 ();\nCREATE TABEL t11 ();\n');
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_register('11', 'broken', E'CREATE TABLE t11 ();\n\nBEGIN;\nCREATE TABLE t12 ()');
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_register('11', 'broken', E'BEGIN;\n\nVACUUM t1;\nCOMMIT');
CALL migrate_deploy();
SELECT migrate_register('11', 'broken', E'BEGIN;\nPREPARE TRANSACTION ''x''');
CALL migrate_deploy();
SELECT migrate_register('11', 'broken', E'SELECT 1;\nDISCARD ALL');
CALL migrate_deploy();
SELECT to_regclass('t10') AS t10, to_regclass('t11') AS t11;
SELECT version, sqlstate, line, statement FROM migrate_history WHERE version = '11';
SELECT migrate_unregister('10'), migrate_unregister('11');

-- statement by statement: what is done before an error is kept
SELECT migrate_register('12', 'half', $m$CREATE TABLE t12 (i int);
INSERT INTO t12 VALUES (1);

CREATE INDEX CONCURRENTLY t12_i ON t12 (i);
INSERT INTO t12
SELECT j FROM t12;
INSERT INTO t12 VALUES (3);
$m$, 'DROP TABLE t12');
SELECT migrate_register('13', 'after', 'CREATE TABLE t13 ()', 'DROP TABLE t13');
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT i FROM t12;
SELECT version, state, remark FROM migrate_status WHERE version LIKE '1_';
SELECT version, name, direction, done, total, begun, outcome, message, job = (SELECT max(job) FROM migrate_jobs) AS last_job
  FROM migrate_journal WHERE project = migrate_project();
SELECT outcome, statements, sqlstate, line, statement_no, statement FROM migrate_history ORDER BY id DESC LIMIT 1;
SELECT version, name, state, remark FROM migrate_pending();
SELECT step, version, action, mode, reason FROM migrate_plan();
-- it has to be finished first, in its direction; a caller's transaction is no place for that
SELECT * FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM migrate_rollback();
CALL migrate_undo();
\echo :LAST_ERROR_SQLSTATE
-- the same mistake again, in the same place
CALL migrate_deploy();
-- what is done must stay as it was
SELECT migrate_register('12', 'half', $m$CREATE TABLE t12 (i bigint);
INSERT INTO t12 VALUES (1);
CREATE INDEX CONCURRENTLY t12_i ON t12 (i);
INSERT INTO t12 VALUES (2);
$m$);
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_register('12', 'half', 'CREATE TABLE t12 (i int); INSERT INTO t12 VALUES (1)');
CALL migrate_deploy();
-- comments and white space do not count, and what comes after may change
SELECT migrate_register('12', 'half', $m$CREATE TABLE t12(i int);
INSERT INTO t12 VALUES (1); -- one
CREATE INDEX CONCURRENTLY t12_i ON t12 (i);
INSERT INTO t12 VALUES (2);
INSERT INTO t12 VALUES (3);
$m$, 'DROP TABLE t12');
CALL migrate_deploy();
SELECT i FROM t12;
SELECT count(*) FROM migrate_journal WHERE project = migrate_project();
SELECT version, state FROM migrate_status WHERE version LIKE '1_';
SELECT outcome, version, statements FROM migrate_history ORDER BY id DESC LIMIT 2;

-- where it is refused: what it would have to commit is not its own
BEGIN;
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
BEGIN;
CALL migrate_undo();
ROLLBACK;
CREATE FUNCTION deploys() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CALL migrate_deploy(); END $$;
SELECT deploys();
CREATE FUNCTION deploys_too() RETURNS void LANGUAGE sql AS 'CALL migrate_deploy()';
SELECT deploys_too();
BEGIN;
DO $$ BEGIN CALL migrate_deploy(); END $$;
ROLLBACK;
CREATE PROCEDURE definer() LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN CALL migrate_deploy(); END $$;
CALL definer();
CREATE PROCEDURE setter() LANGUAGE plpgsql SET work_mem = '1MB' AS $$ BEGIN CALL migrate_deploy(); END $$;
CALL setter();
DO $$ BEGIN CALL migrate_deploy(); EXCEPTION WHEN OTHERS THEN RAISE; END $$;
SET default_transaction_read_only = on;
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
RESET default_transaction_read_only;
-- where it is not
SELECT migrate_register('14', 'from DO', 'CREATE TABLE t14 ()');
DO $$ BEGIN CALL migrate_deploy(); END $$;
SELECT migrate_current();
SELECT migrate_register('15', 'from a procedure', 'CREATE TABLE t15 ()');
SELECT migrate_register('16', 'from a procedure in a procedure', 'CREATE TABLE t16 ()');
CREATE PROCEDURE in_two_steps() LANGUAGE plpgsql AS $$
BEGIN
	CREATE TABLE before ();
	CALL migrate_deploy('+1');
	RAISE WARNING 'at %', migrate_current();
	CALL migrate_deploy('+1');
	RAISE WARNING 'at %', migrate_current();
	CREATE TABLE after ();
END $$;
DO $$ BEGIN CALL in_two_steps(); END $$;
SELECT to_regclass('before') AS before, to_regclass('after') AS after;
-- any isolation level of the session: the worker has its own
SELECT migrate_register('17', 'isolation', 'CREATE TABLE t17 AS SELECT current_setting(''transaction_isolation'') AS level');
SET default_transaction_isolation = 'serializable';
CALL migrate_deploy();
RESET default_transaction_isolation;
SELECT level FROM t17;

-- a run that a changed migration stops, and the others that stop every run
SELECT migrate_register('17', 'isolation', 'CREATE TABLE t17 ()');
SELECT migrate_register('18', 'eighteen', 'CREATE TABLE t18 ()');
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_repair('17');
SELECT migrate_register('0', 'late', 'CREATE TABLE t0 ()');
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SET migrate.out_of_order = 'skip';
SET client_min_messages = notice;
\set VERBOSITY terse
SELECT migrate_register('18', 'eighteen', 'SELECT 1 / 0');
CALL migrate_deploy();
\set VERBOSITY default
SET client_min_messages = warning;
SET migrate.out_of_order = 'allow';
SELECT migrate_register('18', 'eighteen', 'CREATE TABLE t18 ()');
CALL migrate_deploy();
SELECT to_regclass('t0') AS t0, to_regclass('t18') AS t18;
RESET migrate.out_of_order;

-- what is no error, but told: notices of the scripts
SELECT migrate_register('19', 'telling', $m$DO $$ BEGIN
	RAISE WARNING USING MESSAGE = 'take care', DETAIL = 'why', HINT = 'how', ERRCODE = '01P01';
	RAISE NOTICE 'not asked for';
END $$$m$);
CALL migrate_deploy();

-- who asks for no record gets none; the message does not promise it
SELECT migrate_register('20', 'unrecorded', 'SELECT 1 / 0');
SET migrate.record_failures = off;
CALL migrate_deploy();
RESET migrate.record_failures;
SELECT count(*) FROM migrate_history WHERE version = '20';
SELECT state, sqlstate FROM migrate_jobs ORDER BY job DESC LIMIT 1;
SELECT migrate_unregister('20');

-- verify scripts: undo the migration, not what came before
SELECT migrate_register('21', 'verified', 'CREATE TABLE t21 AS SELECT 1 AS i', NULL, 'DELETE FROM t21; SELECT count(*) = 0 FROM t21');
SELECT migrate_register('22', 'not so', 'CREATE TABLE t22 ()', NULL, E'SELECT true;\nSELECT 1 = 2');
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT i, to_regclass('t22') AS t22 FROM t21;
-- the script is done, statement by statement, and its verification is repeated
SELECT migrate_register('22', 'not so', E'-- migrate:no-transaction\nCREATE TABLE t22 (); CREATE TABLE t22b ()', NULL, 'INSERT INTO t21 VALUES (22); SELECT count(*) > 2 FROM t21');
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT count(*), to_regclass('t22b') AS t22b FROM t21;
SELECT state, remark FROM migrate_status WHERE version = '22';
INSERT INTO t21 VALUES (2);
CALL migrate_deploy();
SELECT count(*) FROM t21;
SELECT state, remark FROM migrate_status WHERE version = '22';

-- repeatables, baselines and requirements are planned as ever
SELECT migrate_register(NULL, 'rep', 'CREATE OR REPLACE VIEW rep AS SELECT 1 AS one');
CALL migrate_deploy();
SELECT one FROM rep;
CALL migrate_deploy();
SELECT migrate_register(NULL, 'rep', E'-- migrate:no-transaction\nCREATE OR REPLACE VIEW rep AS SELECT 2 AS one; VACUUM t1');
CALL migrate_deploy();
SELECT one FROM rep;
SELECT version, state FROM migrate_status WHERE kind = 'repeatable';
SET migrate.project = 'deploy_baseline';
SELECT version FROM migrate_register_file('V1__one.sql', 'CREATE TABLE b1 ()');
SELECT version FROM migrate_register_file('V2__two.sql', 'CREATE TABLE b2 ()');
SELECT version FROM migrate_register_file('B2__both.sql', E'-- migrate:no-transaction\nCREATE TABLE b1 (); VACUUM b1; CREATE TABLE b2 ()');
SELECT version FROM migrate_register_file('V3__three.sql', 'CREATE TABLE b3 ()');
CALL migrate_deploy();
SELECT version, kind, state, how FROM migrate_status;

-- the log is sound, and no lock is left
SELECT * FROM migrate_verify_log() WHERE project LIKE 'deploy%';
SELECT count(*) FROM migrate_progress;
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid BETWEEN 19783 AND 19786;
DROP SCHEMA deploy CASCADE;
