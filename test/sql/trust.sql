-- A superuser must not run what somebody who is none has registered.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'trust';
\set superuser :USER
\set password ''
\getenv password PGPASSWORD
CREATE ROLE regress_migrate_stranger LOGIN PASSWORD :'password';
CREATE ROLE regress_migrate_owner;
CREATE ROLE regress_migrate_super SUPERUSER;
CREATE SCHEMA trust;
GRANT ALL ON SCHEMA trust TO regress_migrate_stranger, regress_migrate_owner;
GRANT EXECUTE ON FUNCTION migrate_register(text, text, text, text, text, text[]), migrate_apply(text),
	migrate_register_file(text, text), migrate_rollback(text) TO regress_migrate_stranger, regress_migrate_owner;
GRANT SELECT ON migrate_status TO regress_migrate_stranger;

SET SESSION AUTHORIZATION regress_migrate_stranger;
SET migrate.project = 'trust';
SELECT migrate_register('2', 'evil', 'CREATE TABLE trust.evil AS SELECT rolsuper FROM pg_roles WHERE rolname = current_user', 'SELECT 1');
RESET SESSION AUTHORIZATION;
SET migrate.project = 'trust';
SELECT migrate_register('1', 'good', 'CREATE TABLE trust.good ()', 'DROP TABLE trust.good');

SELECT version, registered_by = current_user AS mine FROM migrate_status;
-- nothing runs, not even what a superuser registered before it
SELECT version FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
SELECT to_regclass('trust.good'), to_regclass('trust.evil'), count(*) FROM migrate_history;
-- under another role, since the script could reset it
SET ROLE regress_migrate_owner;
SELECT version FROM migrate_apply();
RESET ROLE;
SET migrate.role = 'regress_migrate_owner';
SELECT version FROM migrate_apply();
RESET migrate.role;
-- as another session user, since the script could reset that too
SET SESSION AUTHORIZATION regress_migrate_owner;
SET migrate.project = 'trust';
SELECT version FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
RESET SESSION AUTHORIZATION;
SET migrate.project = 'trust';
SET SESSION AUTHORIZATION regress_migrate_super;
SET migrate.project = 'trust';
SELECT version FROM migrate_apply();
RESET SESSION AUTHORIZATION;
SET migrate.project = 'trust';
-- from within a function with a superuser's rights that a stranger calls
CREATE FUNCTION trust.apply_all() RETURNS bigint LANGUAGE sql SECURITY DEFINER
	AS 'SELECT count(*) FROM migrate_apply()';
SET SESSION AUTHORIZATION regress_migrate_stranger;
SET migrate.project = 'trust';
SELECT trust.apply_all();
\echo :LAST_ERROR_SQLSTATE
-- and what is none of its business it cannot turn on
SET migrate.trust_registrants = on;
\echo :LAST_ERROR_SQLSTATE
SELECT set_config('migrate.trust_registrants', 'on', false);
RESET SESSION AUTHORIZATION;
SET migrate.project = 'trust';
SELECT to_regclass('trust.good'), to_regclass('trust.evil');

-- what a superuser has registered runs; to there by a target
SELECT version FROM migrate_apply('1');
-- a stranger replaces a superuser's text: it is the stranger's from then on
SELECT migrate_register('3', 'taken', 'CREATE TABLE trust.three ()');
SET SESSION AUTHORIZATION regress_migrate_stranger;
SET migrate.project = 'trust';
SELECT migrate_register('3', 'taken', 'CREATE TABLE trust.three2 ()');
-- the same text again changes nothing, also not whose it is
SELECT migrate_register('1', 'good', 'CREATE TABLE trust.good ()', 'DROP TABLE trust.good');
-- only its down script, or its verify script
SELECT migrate_register('1', 'good', 'CREATE TABLE trust.good ()', 'DROP TABLE IF EXISTS trust.good');
RESET SESSION AUTHORIZATION;
SET migrate.project = 'trust';
SELECT version, registered_by = current_user AS mine FROM migrate_status;
SELECT version FROM migrate_apply('3');
SELECT version FROM migrate_rollback();
\echo :LAST_ERROR_SQLSTATE
-- a superuser who registers the very text says that it is good
SELECT migrate_register('1', 'good', 'CREATE TABLE trust.good ()', 'DROP TABLE IF EXISTS trust.good');
SELECT version, registered_by = current_user AS mine FROM migrate_status WHERE version = '1';
SELECT version FROM migrate_rollback();
SELECT version FROM migrate_apply('1');

-- the setting, for who has read the texts
SET migrate.trust_registrants = on;
SELECT version FROM migrate_apply();
SELECT * FROM trust.evil;
RESET migrate.trust_registrants;

-- a role that was dropped is not trusted, nor is a new one of its name
CREATE ROLE regress_migrate_gone SUPERUSER;
SET SESSION AUTHORIZATION regress_migrate_gone;
SET migrate.project = 'trust';
SELECT migrate_register('4', 'gone', 'SELECT 1');
RESET SESSION AUTHORIZATION;
DROP ROLE regress_migrate_gone;
SET migrate.project = 'trust';
SELECT version FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
-- a role that is no superuser runs what another registered, with its own rights
SELECT migrate_mark('4', 'not to be run');
SELECT migrate_register('5', 'super', 'CREATE TABLE trust.five AS SELECT rolsuper FROM pg_roles WHERE rolname = current_user');
\c - regress_migrate_stranger
SET client_min_messages = warning;
SET migrate.project = 'trust';
SELECT version FROM migrate_apply();
SELECT * FROM trust.five;
\c - :superuser
SET client_min_messages = warning;
DROP SCHEMA trust CASCADE;
DROP OWNED BY regress_migrate_stranger, regress_migrate_owner, regress_migrate_super;
DROP ROLE regress_migrate_stranger, regress_migrate_owner, regress_migrate_super;
