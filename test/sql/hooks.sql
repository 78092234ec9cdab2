-- Hooks: repeatables that run around the migrations of a run.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'hooks';
\set SHOW_CONTEXT always
CREATE SCHEMA hooks;
SET search_path = hooks, public;
CREATE TABLE seen (id int GENERATED ALWAYS AS IDENTITY, who text, step jsonb DEFAULT current_setting('migrate.step')::jsonb,
	xid text DEFAULT pg_current_xact_id()::text);
-- what a hook saw; equal numbers were in one transaction
CREATE VIEW ran AS
	SELECT who, dense_rank() OVER (ORDER BY min) AS transaction, step ->> 'event' AS event, step ->> 'action' AS action,
		   step ->> 'version' AS version, step ->> 'outcome' AS outcome, step ->> 'step' AS step, step ->> 'steps' AS steps,
		   step ->> 'steps_done' AS done, step ->> 'statements' AS statements, step ->> 'sqlstate' AS sqlstate, step ->> 'message' AS message
	  FROM (SELECT *, min(id) OVER (PARTITION BY xid) FROM seen) s
	 ORDER BY id;
CREATE PROCEDURE again() LANGUAGE sql AS 'TRUNCATE seen RESTART IDENTITY';

-- registered by their text, or as files
SELECT migrate_register(NULL, 'before', E'-- migrate:repeatable before-run\nINSERT INTO seen (who) VALUES (''before-run'')');
SELECT migrate_register(NULL, 'each', E'-- migrate:repeatable after-each\nINSERT INTO seen (who) VALUES (''after-each'')');
SELECT version, action FROM migrate_register_file('db/after.sql', E'-- what comes last\n-- migrate:repeatable after-run\n-- migrate:up\nINSERT INTO seen (who) VALUES (''after-run'');\n');
SELECT version, action FROM migrate_register_file('db/failed.sql', E'-- migrate:repeatable On-Failure\n-- migrate:up\nINSERT INTO seen (who) VALUES (''on-failure'');\n');
SELECT version, kind, state, remark, path FROM migrate_status;
-- they are nothing that is pending, or planned
SELECT count(*) FROM migrate_pending();
SELECT count(*) FROM migrate_plan();
SELECT count(*) FROM migrate_apply();
CALL migrate_deploy();
SELECT count(*) FROM ran;
-- names that are none
SELECT migrate_register(NULL, 'wrong', E'-- migrate:repeatable afterwards\nSELECT 1');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_register_file('db/wrong.sql', E'-- migrate:repeatable before-each\n-- migrate:up\nSELECT 1');
SELECT count(*) FROM migrate_status WHERE version = 'wrong';

-- in the caller's transaction
SELECT migrate_register('1', 'one', 'CREATE TABLE t1 ()', 'DROP TABLE t1');
SELECT migrate_register('2', 'two', 'CREATE TABLE t2 (); SELECT 2', 'DROP TABLE t2');
SELECT version, statements FROM migrate_apply();
TABLE ran;
SELECT step - 'duration_ms' - 'database' AS step, step ? 'duration_ms' AS duration, step ->> 'database' = current_database() AS database FROM seen ORDER BY id;
SELECT event, version FROM migrate_history;
CALL again();
SELECT version FROM migrate_rollback('-2');
TABLE ran;
CALL again();
-- and through a worker, each in its step's transaction, the first and the last as well
CALL migrate_deploy();
TABLE ran;
SELECT step - 'duration_ms' - 'database' - 'job' AS step, (step ->> 'job')::bigint = (SELECT max(job) FROM migrate_jobs) AS job FROM seen ORDER BY id;
CALL again();
CALL migrate_undo();
TABLE ran;
CALL again();
CALL migrate_undo();
CALL again();
SELECT migrate_register('2', 'two', E'-- migrate:no-transaction\nCREATE TABLE t2 (); SELECT 2', E'-- migrate:no-transaction\nDROP TABLE t2');
CALL migrate_deploy();
TABLE ran;
CALL again();
CALL migrate_undo('base');
TABLE ran;
CALL again();
SELECT migrate_register('0', 'zero', 'VACUUM', 'VACUUM');
CALL migrate_deploy('0');
TABLE ran;
CALL again();
CALL migrate_undo();
SELECT migrate_unregister('0');
CALL again();
-- nothing to do, no hooks
SELECT migrate_register('2', 'two', 'CREATE TABLE t2 ()', 'DROP TABLE t2');
CALL migrate_deploy();
CALL again();
CALL migrate_deploy();
SELECT * FROM migrate_apply();
TABLE ran;

-- a failure: what was done is undone with its hooks, and whoever has to know is told
SELECT migrate_register('3', 'three', 'CREATE TABLE t3 ()', 'DROP TABLE t3');
SELECT migrate_register('4', 'four', E'SELECT 1;\nSELECT 1 / 0');
CALL migrate_deploy();
TABLE ran;
CALL again();
SELECT migrate_current();
SELECT migrate_register('4', 'four', E'-- migrate:no-transaction\nSELECT 1;\nSELECT 1 / 0');
CALL migrate_deploy();
TABLE ran;
CALL again();
-- also of what could not be parsed
SELECT migrate_unmark('4', 'for the next');
SELECT migrate_register('4', 'four', 'SELEC 1');
CALL migrate_deploy();
TABLE ran;
CALL again();
-- but not of a plan that is none
CALL migrate_deploy('99');
TABLE ran;
-- in the caller's transaction there would be nothing left of it
SELECT migrate_register('4', 'four', 'SELECT 1 / 0');
SELECT * FROM migrate_apply();
TABLE ran;
CALL again();
SELECT migrate_unregister('4');

-- one that fails itself: with its own name, and the step is undone
SELECT action FROM migrate_register_file('db/after.sql', E'-- migrate:repeatable after-run\n-- migrate:up\nINSERT INTO seen (who) VALUES (''after-run'');\nSELECT 1 / 0;\n');
SELECT migrate_register('5', 'five', 'CREATE TABLE t5 ()', 'DROP TABLE t5');
SELECT * FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
SELECT to_regclass('t5') AS t5;
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
TABLE ran;
CALL again();
SELECT to_regclass('t5') AS t5, migrate_current();
SELECT event, outcome, version, path, line, statement_no, statement FROM migrate_history ORDER BY id DESC LIMIT 1;
SELECT action FROM migrate_register_file('db/after.sql', E'-- migrate:repeatable after-run\n-- migrate:up\nINSERT INTO seen (who) VALUES (''after-run'');\n');
-- one that cannot be parsed
SELECT migrate_register(NULL, 'before', E'-- migrate:repeatable before-run\nINSERT INTO seen (who VALUES (''before-run'')');
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM migrate_apply();
-- one that refuses a transaction
SELECT migrate_register(NULL, 'before', E'-- migrate:repeatable before-run\nINSERT INTO seen (who) VALUES (''before-run'');\nVACUUM');
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
SELECT to_regclass('t5') AS t5;
SELECT migrate_register(NULL, 'before', E'-- migrate:repeatable before-run\nINSERT INTO seen (who) VALUES (''before-run'')');
-- the one for failures cannot make it worse
SELECT action FROM migrate_register_file('db/failed.sql', E'-- migrate:repeatable on-failure\n-- migrate:up\nINSERT INTO seen (who) VALUES (''on-failure'');\nSELECT nothing;\n');
SELECT migrate_register('6', 'six', 'SELECT 1 / 0');
CALL again();
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
TABLE ran;
CALL again();
SELECT migrate_current();
SELECT migrate_unregister('6'), migrate_unregister('failed');

-- what a hook sets is gone after it, and it may not begin another run
SELECT migrate_register(NULL, 'each', E'-- migrate:repeatable after-each\nINSERT INTO seen (who) VALUES (''after-each'');\nSET search_path = nowhere;\nSET ROLE pg_monitor');
SELECT migrate_register('7', 'seven', 'CREATE TABLE t7 AS SELECT current_setting(''migrate.step'', true) AS step', 'DROP TABLE t7');
SELECT migrate_register('8', 'eight', 'CREATE TABLE t8 ()', 'DROP TABLE t8');
CALL migrate_deploy();
SELECT step, to_regclass('t8') AS t8 FROM t7;
SHOW search_path;
CALL migrate_undo('5');
SELECT version FROM migrate_apply();
SELECT version FROM migrate_rollback('5');
SHOW search_path;
SELECT current_user = session_user;
SELECT migrate_register(NULL, 'each', E'-- migrate:repeatable after-each\nSELECT migrate_apply()');
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_register(NULL, 'each', E'-- migrate:repeatable after-each\nINSERT INTO seen (who) VALUES (''after-each'')');

-- several of a kind, by name; one that becomes an ordinary repeatable, and back
SELECT migrate_register(NULL, 'also', E'-- migrate:repeatable after-each\nINSERT INTO seen (who) VALUES (''also'')');
CALL again();
CALL migrate_deploy('7');
SELECT who, version, transaction FROM ran;
SELECT migrate_register(NULL, 'also', E'INSERT INTO seen (who, step) VALUES (''also'', NULL)');
SELECT version, state FROM migrate_status WHERE version = 'also';
SELECT version, kind FROM migrate_pending();
CALL again();
CALL migrate_deploy();
SELECT who, version, transaction FROM ran;
SELECT version, state FROM migrate_status WHERE version = 'also';
SELECT migrate_register(NULL, 'also', E'-- migrate:repeatable after-run\nINSERT INTO seen (who) VALUES (''also'')');
SELECT version, state FROM migrate_status WHERE version = 'also';
SELECT migrate_unregister('also');
SELECT migrate_unregister('each');
SELECT version, state, remark FROM migrate_status WHERE kind = 'repeatable';

-- a superuser is not made to run somebody else's
SET migrate.project = 'hooks_trust';
CREATE ROLE regress_migrate_hooker;
GRANT ALL ON SCHEMA hooks TO regress_migrate_hooker;
GRANT EXECUTE ON FUNCTION migrate_register(text, text, text, text, text, text[]), migrate_apply(text) TO regress_migrate_hooker;
GRANT EXECUTE ON PROCEDURE migrate_deploy(text) TO regress_migrate_hooker;
SELECT migrate_register('1', 'one', 'CREATE TABLE trusted ()', 'DROP TABLE trusted');
SET SESSION AUTHORIZATION regress_migrate_hooker;
SELECT migrate_register(NULL, 'evil', E'-- migrate:repeatable after-run\nCREATE TABLE evil ()');
SELECT migrate_register(NULL, 'evil too', E'-- migrate:repeatable on-failure\nCREATE TABLE evil_too ()');
RESET SESSION AUTHORIZATION;
SELECT * FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SET ROLE regress_migrate_hooker;
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SELECT to_regclass('trusted') AS trusted, to_regclass('evil') AS evil, to_regclass('evil_too') AS evil_too;
SET migrate.trust_registrants = on;
CALL migrate_deploy();
RESET migrate.trust_registrants;
SELECT to_regclass('trusted') AS trusted, to_regclass('evil') AS evil, to_regclass('evil_too') AS evil_too;
SELECT * FROM migrate_verify_log() WHERE project LIKE 'hooks%';
DROP SCHEMA hooks CASCADE;
DROP OWNED BY regress_migrate_hooker;
DROP ROLE regress_migrate_hooker;
