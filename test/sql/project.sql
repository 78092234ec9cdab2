-- Projects share a database and nothing else.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
\set VERBOSITY terse
CREATE SCHEMA project;
SET search_path = project, public;
SELECT migrate_project();
SET migrate.project = 'project_a';
SELECT migrate_register('1', 'one', 'CREATE TABLE a1 ()', 'DROP TABLE a1'), migrate_register('2', 'two', 'CREATE TABLE a2 ()', 'DROP TABLE a2');
SET migrate.project = 'project_b';
SELECT migrate_project();
-- the same version with another name is no conflict here
SELECT migrate_register('1', 'uno', 'CREATE TABLE b1 ()', 'DROP TABLE b1'), migrate_register('3', 'tres', 'CREATE TABLE b3 ()', 'DROP TABLE b3');
SELECT version, name, state FROM migrate_status;
SELECT version, name FROM migrate_apply();
SELECT migrate_current(), to_regclass('a1'), to_regclass('b1');
SET migrate.project = 'project_a';
SELECT migrate_current();
SELECT version, name, state FROM migrate_status;
SELECT count(*) FROM migrate_history;
SELECT migrate_require('1');
SELECT version, name FROM migrate_apply('1');
SELECT migrate_current();
SELECT version FROM migrate_apply('3');
SELECT migrate_unregister('3');
-- a requirement does not reach over
SELECT migrate_register('5', 'five', '', requires => '{tres}');
SELECT migrate_apply();
SELECT migrate_unregister('5');
SELECT version, name FROM migrate_rollback('base');
SET migrate.project = 'project_b';
SELECT version, state FROM migrate_status;
-- each has its own lock, both in one transaction, and a chain of its own
BEGIN;
SELECT version FROM migrate_rollback();
SET LOCAL migrate.project = 'project_a';
SELECT version FROM migrate_apply();
SELECT project FROM migrate_lock_holder ORDER BY project;
COMMIT;
SELECT migrate_project(), migrate_lock_key('project_a') <> migrate_lock_key('project_b') AS keys,
	   migrate_lock_key('project_a') <> migrate_lock_key('project_a', 'x') AS keys;
SELECT project, entries FROM migrate_log_head WHERE project LIKE 'project\__' ORDER BY project;
SELECT * FROM migrate_verify_log();
-- a script that changes the setting changes it for itself
SELECT migrate_register('4', 'switch', 'SET migrate.project = ''project_a''; CREATE TABLE b4 AS SELECT migrate_project()', 'SELECT 1');
SELECT version FROM migrate_apply();
SELECT * FROM b4;
SELECT migrate_project();
SELECT event, version FROM migrate_history ORDER BY id DESC LIMIT 1;
SELECT migrate_current();
DROP SCHEMA project CASCADE;
