-- Restore points. Nothing is archived here, which a WARNING says.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'restore point';
\set SHOW_CONTEXT always
CREATE SCHEMA restore_point;
SET search_path = restore_point, public;
SELECT migrate_register('1', 'one', 'CREATE TABLE t1 ()', 'DROP TABLE t1');
SELECT migrate_register('2', 'two', 'CREATE TABLE t2 ()', 'DROP TABLE t2');
SELECT migrate_register('3', 'three', 'CREATE TABLE t3 ()', 'DROP TABLE t3');
SELECT migrate_register('4', 'four', 'VACUUM t1', 'VACUUM t1');
CALL migrate_deploy('1');
SHOW migrate.restore_point;
SELECT event, version, restore_point FROM migrate_history;
SET migrate.restore_point = on;
-- one before each run, not before each migration
SELECT pg_current_wal_insert_lsn() AS before \gset
CALL migrate_deploy();
SELECT event, outcome, version, name, restore_point, job IS NOT NULL AS job,
	   CASE WHEN event = 'restore point' THEN wal_lsn BETWEEN :'before' AND pg_current_wal_insert_lsn() END AS placed
  FROM migrate_history;
-- on the way down, and in the caller's transaction
CALL migrate_undo('3');
SELECT version FROM migrate_rollback('-2');
SELECT version FROM migrate_apply('+1');
SELECT event, outcome, version, restore_point FROM migrate_history WHERE restore_point IS NOT NULL;
-- nothing to do, nothing to return to
CALL migrate_deploy('2');
SELECT version FROM migrate_apply('2');
-- a failure is told with it, and keeps its record only where the run does
SELECT migrate_register('3', 'three', 'SELECT 1 / 0');
SELECT version FROM migrate_apply('3');
CALL migrate_deploy('3');
SELECT event, outcome, version, restore_point, sqlstate FROM migrate_history WHERE version = '3' ORDER BY id DESC LIMIT 3;
-- a longer name than there is room for is cut, between characters
SELECT set_config('migrate.project', repeat('ä', 60), false) = repeat('ä', 60) AS set;
SELECT migrate_register('1', 'one', 'SELECT 1');
\set VERBOSITY terse
SELECT version FROM migrate_apply();
SELECT octet_length(restore_point), restore_point FROM migrate_history WHERE event = 'restore point';
\set VERBOSITY default
-- without the privilege for it: a WARNING, and the run goes on
SET migrate.project = 'restore point denied';
CREATE ROLE regress_migrate_plain;
GRANT ALL ON SCHEMA restore_point TO regress_migrate_plain;
GRANT EXECUTE ON FUNCTION migrate_register(text, text, text, text, text, text[]), migrate_apply(text) TO regress_migrate_plain;
GRANT EXECUTE ON PROCEDURE migrate_deploy(text) TO regress_migrate_plain;
SELECT migrate_register('1', 'one', 'CREATE TABLE p1 ()');
SELECT migrate_register('2', 'two', 'CREATE TABLE p2 ()');
SELECT migrate_register('3', 'three', 'CREATE TABLE p3 ()');
SET SESSION AUTHORIZATION regress_migrate_plain;
SELECT version FROM migrate_apply('1');
CALL migrate_deploy('2');
RESET SESSION AUTHORIZATION;
SELECT version, state FROM migrate_status;
SELECT event, version, restore_point FROM migrate_history;
-- it is the right of the role that the migrations run as: with the privilege
GRANT EXECUTE ON FUNCTION pg_create_restore_point(text) TO regress_migrate_plain;
SET SESSION AUTHORIZATION regress_migrate_plain;
CALL migrate_deploy();
RESET SESSION AUTHORIZATION;
SELECT event, version, restore_point, session_role, acting_role FROM migrate_history ORDER BY id DESC LIMIT 2;
REVOKE EXECUTE ON FUNCTION pg_create_restore_point(text) FROM regress_migrate_plain;
SELECT * FROM migrate_verify_log() WHERE project LIKE 'restore point%';
DROP SCHEMA restore_point CASCADE;
DROP OWNED BY regress_migrate_plain;
DROP ROLE regress_migrate_plain;
