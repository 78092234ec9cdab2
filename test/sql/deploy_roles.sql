-- As whom a worker works, and who may have one.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'deploy_roles';
\set superuser :USER
\set password ''
\getenv password PGPASSWORD
-- one that logs in, one that owns the objects and cannot, and a stranger
CREATE ROLE regress_migrate_owner NOLOGIN;
CREATE ROLE regress_migrate_login LOGIN PASSWORD :'password' IN ROLE regress_migrate_owner;
CREATE ROLE regress_migrate_stranger LOGIN PASSWORD :'password';
CREATE SCHEMA deploy_roles AUTHORIZATION regress_migrate_owner;
SET search_path = deploy_roles, public;
\set VERBOSITY terse

-- what the README gives to a deployer
GRANT SELECT ON migrate_status, migrate_history, migrate_lock_holder, migrate_jobs, migrate_progress TO regress_migrate_owner;
GRANT EXECUTE ON FUNCTION migrate_register(text, text, text, text, text, text[]), migrate_register_file(text, text),
	migrate_unregister(text), migrate_new(text, text), migrate_pending(), migrate_plan(text), migrate_script(text),
	migrate_apply(text), migrate_rollback(text), migrate_lock_holders(), migrate_verify_log(),
	migrate_start(text), migrate_cancel(bigint), migrate_running() TO regress_migrate_owner;
GRANT EXECUTE ON PROCEDURE migrate_deploy(text), migrate_undo(text), migrate_wait(bigint, interval) TO regress_migrate_owner;

\c - regress_migrate_login
SET client_min_messages = warning;
SET migrate.project = 'deploy_roles';
SET search_path = deploy_roles, public;
\set VERBOSITY terse
-- as itself
SELECT migrate_register('1', 'one', 'CREATE TABLE one AS SELECT session_user AS session, current_user AS current, current_setting(''is_superuser'') AS super', 'DROP TABLE one');
CALL migrate_deploy();
SELECT * FROM one;
-- and as the role that owns
SET ROLE regress_migrate_owner;
SELECT migrate_register('2', 'two', 'CREATE TABLE two AS SELECT session_user AS session, current_user AS current, current_setting(''is_superuser'') AS super', 'DROP TABLE two');
SELECT migrate_register('3', 'three', E'-- migrate:no-transaction\nCREATE TABLE three AS SELECT session_user AS session, current_user AS current;\nCREATE INDEX CONCURRENTLY ON three (session);\nVACUUM three', 'DROP INDEX CONCURRENTLY three_session_idx; DROP TABLE three');
CALL migrate_deploy();
SELECT * FROM two;
SELECT * FROM three;
SELECT tablename, tableowner FROM pg_tables WHERE schemaname = 'deploy_roles' ORDER BY 1;
SELECT version, state, applied_by, registered_by FROM migrate_status;
SELECT version, session_role, acting_role FROM migrate_history;
SELECT action, state, session_role, acting_role FROM migrate_jobs;
SELECT count(*) FROM migrate_progress;
SELECT count(*) FROM migrate_lock_holder;
CALL migrate_undo();
SELECT migrate_current();
-- by a setting instead
RESET ROLE;
SET migrate.role = 'regress_migrate_owner';
CALL migrate_deploy();
RESET migrate.role;
SELECT tableowner FROM pg_tables WHERE schemaname = 'deploy_roles' AND tablename = 'three';
SELECT migrate_start('-1') AS job \gset
CALL migrate_wait(:job);
SELECT state, acting_role FROM migrate_jobs WHERE job = :job;
-- its rights end where they end, also of a migration that tries to be more
SELECT migrate_register('4', 'four', 'SET SESSION AUTHORIZATION regress_migrate_stranger');
CALL migrate_deploy('4');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_register('4', 'four', 'RESET ROLE; RESET SESSION AUTHORIZATION; CREATE TABLE public.no (); DROP TABLE migrate_log');
CALL migrate_deploy('4');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_register('4', 'four', E'-- migrate:no-transaction\nUPDATE migrate_journal SET done = 5; RESET ALL');
CALL migrate_deploy('4');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_register('4', 'four', E'ALTER SYSTEM SET work_mem = ''1MB''');
CALL migrate_deploy('4');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_register('4', 'four', E'SET migrate.trust_registrants = on');
CALL migrate_deploy('4');
\echo :LAST_ERROR_SQLSTATE
SELECT version, state FROM migrate_status;
-- what was not granted
SELECT migrate_mark('4', 'x');
SELECT migrate_resolve('4', 'done');
SELECT count(*) FROM migrate_job;
-- settings that it may not set are not the worker's either, nor need they be
SET application_name = 'roles';
SELECT migrate_register('4', 'four', 'CREATE TABLE four AS SELECT current_setting(''application_name'') AS application, current_setting(''search_path'') AS path');
CALL migrate_deploy('4');
SELECT * FROM four;

-- a session that has given up its superuser for a role that cannot log in
\c - :superuser
SET client_min_messages = warning;
SET migrate.project = 'deploy_roles_authorization';
SET search_path = deploy_roles, public;
\set VERBOSITY terse
SELECT migrate_register('1', 'one', 'CREATE TABLE auth1 AS SELECT session_user AS session, current_user AS current, current_setting(''is_superuser'') AS super', 'DROP TABLE auth1');
SELECT migrate_register('2', 'two', E'-- migrate:no-transaction\nCREATE TABLE auth2 AS SELECT session_user AS session, current_user AS current, current_setting(''is_superuser'') AS super', 'DROP TABLE auth2');
SELECT migrate_register('3', 'three', 'DROP TABLE migrate_log', 'SELECT 1');
SET SESSION AUTHORIZATION regress_migrate_owner;
CALL migrate_deploy('2');
SELECT 1 AS version, * FROM auth1 UNION ALL SELECT 2, * FROM auth2 ORDER BY 1;
SELECT version, session_role, acting_role FROM migrate_history;
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_start('base') AS job \gset
CALL migrate_wait(:job);
SELECT migrate_current(), session_role, acting_role, state FROM migrate_jobs WHERE job = :job;
RESET SESSION AUTHORIZATION;
SELECT migrate_unregister('3');
SET ROLE regress_migrate_owner;
CALL migrate_deploy();
SELECT 1 AS version, session = :'superuser' AS session, current, super FROM auth1 UNION ALL SELECT 2, session = :'superuser', current, super FROM auth2 ORDER BY 1;
RESET ROLE;
-- the scripts of a job could become whoever calls a security-definer function
CREATE FUNCTION start_as_owner() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = deploy_roles, public AS 'SELECT migrate_start(''base'')';
ALTER FUNCTION start_as_owner() OWNER TO regress_migrate_owner;
SELECT start_as_owner();
SELECT migrate_start('base') AS job \gset
CALL migrate_wait(:job);
SELECT state, session_role = :'superuser' AS session_role, acting_role = :'superuser' AS acting_role FROM migrate_jobs WHERE job = :job;

-- to cancel a job takes the server's rights on its process
SET migrate.project = 'deploy_roles_cancel';
GRANT EXECUTE ON FUNCTION migrate_cancel(bigint) TO regress_migrate_stranger;
SELECT migrate_register('5', 'five', 'SELECT pg_advisory_lock(19791)');
SELECT pg_advisory_lock(19791);
SELECT migrate_start('5') AS job \gset
DO $$ BEGIN
	FOR i IN 1 .. 12000 LOOP
		EXIT WHEN EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 19791 AND NOT granted);
		PERFORM pg_sleep(0.01);
	END LOOP;
END $$;
\set VERBOSITY sqlstate
SET SESSION AUTHORIZATION regress_migrate_stranger;
SELECT migrate_cancel(:job);
CALL migrate_wait(:job);
SET SESSION AUTHORIZATION regress_migrate_owner;
SELECT migrate_cancel(:job);
RESET SESSION AUTHORIZATION;
SELECT state FROM migrate_jobs WHERE job = :job;
SELECT migrate_cancel(:job);
CALL migrate_wait(:job);
SELECT state FROM migrate_jobs WHERE job = :job;
SELECT pg_advisory_unlock_all();
\set VERBOSITY terse
SELECT * FROM migrate_verify_log() WHERE project LIKE 'deploy_roles%';
DROP SCHEMA deploy_roles CASCADE;
DROP OWNED BY regress_migrate_owner, regress_migrate_login, regress_migrate_stranger;
DROP ROLE regress_migrate_login, regress_migrate_owner, regress_migrate_stranger;
