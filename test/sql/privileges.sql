-- Who may do what.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'privileges';
CREATE ROLE regress_migrate_nobody;
CREATE ROLE regress_migrate_reader;
-- one that connects itself: with a superuser's connection it would not be alone
\set superuser :USER
\set password ''
\getenv password PGPASSWORD
CREATE ROLE regress_migrate_deployer LOGIN PASSWORD :'password';
CREATE SCHEMA privileges;
GRANT ALL ON SCHEMA privileges TO regress_migrate_deployer;
SET search_path = privileges, public;

-- What anybody may call.  Everything else belongs to nobody until it is
-- granted: a new function turns up here and has to be thought about.
SELECT p.oid::regprocedure AS function, has_function_privilege('public', p.oid, 'EXECUTE') AS public
  FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass
  JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
 WHERE e.extname = 'migrate' AND p.proname LIKE 'migrate\_%'
 ORDER BY 2 DESC, p.proname COLLATE "C";
-- the same over proacl, where NULL means everybody
SELECT string_agg(p.proname, ' ' ORDER BY p.proname COLLATE "C") AS executable_by_public
  FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass
  JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
 WHERE e.extname = 'migrate' AND p.proname LIKE 'migrate\_%'
   AND EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
				WHERE a.grantee = 0);
-- a function with its owner's rights has a search path of its own
SELECT p.proname, p.proconfig
  FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass
  JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
 WHERE e.extname = 'migrate' AND p.prosecdef ORDER BY p.proname COLLATE "C";
-- tables and views
SELECT c.relname, c.relkind, coalesce(c.relacl::text, '') ~ '[{,]=' AS public
  FROM pg_class c JOIN pg_depend d ON d.objid = c.oid AND d.classid = 'pg_class'::regclass
  JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
 WHERE e.extname = 'migrate' AND c.relkind <> 'i'
 ORDER BY c.relname COLLATE "C";

SELECT migrate_register('1', 'one', 'CREATE TABLE privileges.one ()', 'DROP TABLE privileges.one');
SELECT version FROM migrate_apply();

-- a role without any grant
\set VERBOSITY terse
SET ROLE regress_migrate_nobody;
SELECT count(*) FROM migrate_migration;
SELECT count(*) FROM migrate_state;
SELECT count(*) FROM migrate_log;
SELECT count(*) FROM migrate_log_head;
SELECT count(*) FROM migrate_journal;
SELECT count(*) FROM migrate_job;
SELECT nextval('migrate_job_seq');
SELECT count(*) FROM migrate_status;
SELECT count(*) FROM migrate_history;
SELECT count(*) FROM migrate_lock_holder;
SELECT count(*) FROM migrate_jobs;
SELECT count(*) FROM migrate_progress;
INSERT INTO migrate_state SELECT;
UPDATE migrate_migration SET up = 'x';
DELETE FROM migrate_log;
TRUNCATE migrate_log_head;
SELECT migrate_apply();
SELECT migrate_rollback();
SELECT migrate_register('2', 'two', '');
SELECT migrate_register_file('2_two.up.sql', '');
SELECT migrate_load('/');
SELECT migrate_register_files('{1_a.sql}', '{SELECT 1}');
SELECT migrate_known_files('{}', '{}');
SELECT count(*) FROM migrate_file_set;
SELECT migrate_unregister('1');
SELECT migrate_mark('1', 'x');
SELECT migrate_unmark('1', 'x');
SELECT migrate_baseline('1');
SELECT migrate_repair('1');
SELECT migrate_plan();
SELECT * FROM migrate_plan_steps(NULL);
SELECT migrate_plan_risk(NULL, 1);
SELECT migrate_assess();
SELECT migrate_statistics_export();
SELECT migrate_statistics_import('{"format": 1, "relations": []}');
SELECT migrate_statistics_forget();
SELECT count(*) FROM migrate_statistic;
SELECT count(*) FROM migrate_statistic_source;
SELECT migrate_script();
SELECT migrate_pending();
SELECT migrate_verify_log();
SELECT migrate_verify();
SELECT migrate_verify_or_fail();
SELECT migrate_new('x');
SELECT migrate_lock_holders();
CALL migrate_deploy();
CALL migrate_undo();
CALL migrate_wait(1);
SELECT migrate_start();
SELECT migrate_cancel(1);
SELECT migrate_resolve('1', 'done');
SELECT migrate_running();
SELECT migrate_blockers(1);
CREATE TRIGGER t AFTER INSERT ON migrate_state FOR EACH ROW EXECUTE FUNCTION migrate_state_changed();
-- but this much it may know
SELECT migrate_current(), migrate_require('1'), migrate_project(), migrate_worker_runs('privileges');
SELECT migrate_require('2');
CALL migrate_wait_for('1');
CALL migrate_wait_for('2', '0');
SELECT project, database = current_database() AS database, session_role = session_user::text AS session_role, acting_role
  FROM migrate_identity();
-- these two settings are not anybody's
SET migrate.trust_registrants = on;
SET migrate.record_failures = off;
RESET ROLE;

-- a reader, by the README's grants
GRANT SELECT ON migrate_status, migrate_history, migrate_lock_holder TO regress_migrate_reader;
GRANT EXECUTE ON FUNCTION migrate_pending(), migrate_plan(text), migrate_script(text), migrate_verify_log(), migrate_lock_holders() TO regress_migrate_reader;
SET ROLE regress_migrate_reader;
SELECT version, state FROM migrate_status;
SELECT event, version FROM migrate_history;
SELECT count(*) FROM migrate_lock_holder;
SELECT count(*), count(risk) FROM migrate_plan();
SELECT migrate_script() IS NOT NULL;
SELECT * FROM migrate_verify_log();
SELECT count(*) FROM migrate_log;
SELECT migrate_apply();
RESET ROLE;

-- a deployer, no superuser, registers and applies, and owns what it makes
GRANT EXECUTE ON FUNCTION migrate_register(text, text, text, text, text, text[]), migrate_apply(text), migrate_rollback(text),
	migrate_unregister(text), migrate_plan(text) TO regress_migrate_deployer;
GRANT SELECT ON migrate_status, migrate_history TO regress_migrate_deployer;
\c - regress_migrate_deployer
SET client_min_messages = warning;
SET migrate.project = 'privileges';
SET search_path = privileges, public;
SELECT migrate_register('2', 'two', 'CREATE TABLE two (); CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS ''SELECT 2''', 'DROP TABLE two; DROP FUNCTION mine()');
SELECT migrate_register('3', 'three', 'CREATE TABLE three AS SELECT current_user::text AS who, session_user::text AS session');
SELECT version, action FROM migrate_apply();
SELECT * FROM three;
SELECT relname, pg_get_userbyid(relowner) FROM pg_class WHERE relname IN ('two', 'three') ORDER BY 1;
SELECT version, applied_by, registered_by FROM migrate_status WHERE version > '1';
SELECT version, session_role, acting_role FROM migrate_history WHERE version > '1';
-- its rights end where they end, also within a migration
SELECT migrate_register('4', 'four', 'CREATE TABLE four (); DROP TABLE migrate_log');
SELECT version FROM migrate_apply();
SELECT migrate_register('4', 'four', 'UPDATE migrate_state SET name = ''x''');
SELECT version FROM migrate_apply();
SELECT migrate_register('4', 'four', 'SELECT pg_read_file(''PG_VERSION'')');
SELECT version FROM migrate_apply();
SELECT migrate_register('4', 'four', 'SET SESSION AUTHORIZATION regress_migrate_nobody');
SELECT version FROM migrate_apply();
SELECT migrate_register('4', 'four', 'SET ROLE regress_migrate_nobody');
SELECT version FROM migrate_apply();
SELECT migrate_register('4', 'four', 'SET migrate.trust_registrants = on');
SELECT version FROM migrate_apply();
SELECT migrate_register('4', 'four', 'ALTER EXTENSION migrate ADD TABLE privileges.three');
SELECT version FROM migrate_apply();
SELECT migrate_unregister('4');
-- a failure is recorded for it as well, although it may not write the log
SELECT migrate_register('4', 'four', 'SELECT 1 / 0');
SELECT version FROM migrate_apply();
SELECT version, outcome, session_role FROM migrate_history ORDER BY id DESC LIMIT 1;
SELECT migrate_unregister('4');
-- what was not granted
SELECT migrate_mark('3', 'x');
SELECT migrate_load('/');
GRANT EXECUTE ON FUNCTION migrate_apply(text) TO regress_migrate_nobody;
-- rolled back by its own right; what the superuser made is not its own to drop
SELECT migrate_register('3', 'three', 'CREATE TABLE three AS SELECT current_user::text AS who, session_user::text AS session', 'DROP TABLE three');
SELECT version, action FROM migrate_rollback('1');
SELECT version FROM migrate_rollback();
SELECT version, state FROM migrate_status;
-- reading server files needs the role for it beside the grant
\c - :superuser
SET client_min_messages = warning;
GRANT EXECUTE ON FUNCTION migrate_load(text) TO regress_migrate_deployer;
SET ROLE regress_migrate_deployer;
SELECT migrate_load('.');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
DROP SCHEMA privileges CASCADE;
DROP OWNED BY regress_migrate_nobody, regress_migrate_reader, regress_migrate_deployer;
DROP ROLE regress_migrate_nobody, regress_migrate_reader, regress_migrate_deployer;
