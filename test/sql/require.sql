-- What an application asks when it starts: migrate_require(), migrate_wait_for().
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'require';
SET client_min_messages = notice;
\set database :DBNAME
SELECT system_identifier AS system FROM migrate_identity() \gset

-- nothing is there yet
SELECT migrate_require('1');
CALL migrate_wait_for('1', '0');
SELECT migrate_register('1', 'one', 'CREATE TABLE require_one ()', 'DROP TABLE require_one');
SELECT migrate_register('2', 'two', 'SELECT 2', 'SELECT 2');
SELECT migrate_register(NULL, 'repeatable', 'SELECT 3', 'SELECT 3');
CALL migrate_wait_for('1', '0');
-- the message is told once, however often it looks
CALL migrate_wait_for('1', '300 ms');
CALL migrate_wait_for(timeout => '100 ms', version => '3');
\set VERBOSITY sqlstate
CALL migrate_wait_for('1', '0.001 s');
\set VERBOSITY default

-- applied: true, and no message
SET client_min_messages = warning;
SELECT version FROM migrate_apply();
SET client_min_messages = notice;
SELECT migrate_require('1'), migrate_require('002'), migrate_require('repeatable');
CALL migrate_wait_for('1');
CALL migrate_wait_for('002', '0');
CALL migrate_wait_for('repeatable', '1 hour');
CALL migrate_wait_for('3', '0');

-- which database and environment this is
SELECT migrate_require('1', :'database');
SELECT migrate_require('1', :'database', NULL, :'system');
SELECT migrate_require('1', system_identifier => :'system');
CALL migrate_wait_for('1', NULL, :'database', NULL, :'system');
SELECT migrate_require('1', 'shop');
SELECT migrate_require('1', environment => 'production');
SELECT migrate_require('1', 'shop', 'production');
SET migrate.environment = 'staging';
SELECT migrate_require('1', :'database', 'staging');
CALL migrate_wait_for('1', '0', :'database', 'staging', :'system');
SELECT migrate_require('1', 'shop', 'production');
SELECT migrate_require('1', :'database', 'Staging');
-- identity is the first to be told, and without delay
SELECT migrate_require('3', environment => 'production');
CALL migrate_wait_for('3', '1 hour', 'shop');
CALL migrate_wait_for('3', '1 hour', environment => 'production');
SELECT migrate_require('3', :'database', 'staging');
-- an empty one is not the same as none
SELECT migrate_require('1', environment => '');
SELECT migrate_require('1', '');
SET migrate.environment = '';
SELECT migrate_require('1', environment => '');
-- the code, and another server; its own number differs from test to test
\set VERBOSITY sqlstate
SELECT migrate_require('1', system_identifier => '1');
SELECT migrate_require('1', system_identifier => '');
CALL migrate_wait_for('1', NULL, NULL, NULL, '1');
SELECT migrate_require('1', 'shop');
\set VERBOSITY default
-- hostile texts are texts
SELECT migrate_require('1', '%s%n"');
SET migrate.environment = '%d"';
SELECT migrate_require('1', environment => '''; --');
RESET migrate.environment;

-- another project is another matter
SET migrate.project = 'other %s';
SELECT migrate_require('1');
CALL migrate_wait_for('1', '10 ms');
SET migrate.project = 'require';

-- what is no version, and no timeout
SELECT migrate_require(NULL);
SELECT migrate_require(NULL, 'shop');
CALL migrate_wait_for(NULL);
CALL migrate_wait_for('');
CALL migrate_wait_for('1', '-1 s');

-- where it could not commit, also if it had nothing to wait for
BEGIN;
CALL migrate_wait_for('1');
ROLLBACK;
CREATE FUNCTION require_f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CALL migrate_wait_for('1'); END $$;
SELECT require_f();
CREATE PROCEDURE require_set() LANGUAGE plpgsql SET search_path FROM CURRENT AS $$ BEGIN CALL migrate_wait_for('1'); END $$;
CALL require_set();
DO $$ BEGIN CALL migrate_wait_for('1'); EXCEPTION WHEN lock_not_available THEN NULL; END $$;
SELECT 1 \; CALL migrate_wait_for('1') \; SELECT 2;
-- where it can: before it waits, it commits
CREATE TABLE require_note (note text);
DO $$
BEGIN
	INSERT INTO require_note VALUES ('kept');
	CALL migrate_wait_for('3', '50 ms');
END $$;
SELECT * FROM require_note;
DO $$
DECLARE
	note text;
BEGIN
	INSERT INTO require_note VALUES ('and this');
	CALL migrate_wait_for('2', '1 s');
	ROLLBACK;
	FOR note IN SELECT r.note FROM require_note r ORDER BY 1 DESC LOOP
		CALL migrate_wait_for('2', '1 s');
		RAISE NOTICE '%', note;
	END LOOP;
END $$;

-- whatever the session's transactions are like
SET default_transaction_read_only = on;
SET default_transaction_isolation = serializable;
SET default_transaction_deferrable = on;
SELECT migrate_require('1');
CALL migrate_wait_for('1', '1 s');
CALL migrate_wait_for('3', '50 ms');
RESET default_transaction_read_only;
RESET default_transaction_isolation;
RESET default_transaction_deferrable;
SET statement_timeout = '100 ms';
CALL migrate_wait_for('3', '1 hour');
RESET statement_timeout;

-- everybody's, and no search path or operator of a user's takes part
CREATE ROLE regress_migrate_application;
CREATE SCHEMA require_trap;
GRANT USAGE ON SCHEMA require_trap TO PUBLIC;
CREATE FUNCTION require_trap.eq(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
CREATE OPERATOR require_trap.= (LEFTARG = text, RIGHTARG = text, FUNCTION = require_trap.eq);
SELECT extnamespace::regnamespace AS ext FROM pg_extension WHERE extname = 'migrate' \gset
SET search_path = require_trap, pg_catalog, :ext;
SET ROLE regress_migrate_application;
SELECT migrate_require('1', :'database'), migrate_current();
CALL migrate_wait_for('1', '1 s', :'database');
CALL migrate_wait_for('3', '50 ms');
SELECT migrate_require('3');
RESET ROLE;
RESET search_path;

-- a migration does not wait for itself
SET client_min_messages = warning;
SELECT migrate_register('4', 'four', 'CALL migrate_wait_for(''1'')');
\set VERBOSITY terse
SELECT version FROM migrate_apply();
\set VERBOSITY default
SELECT migrate_unregister('4');

-- it leaves nothing behind
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
SELECT version FROM migrate_rollback('base');
DROP TABLE require_note;
DROP FUNCTION require_f;
DROP PROCEDURE require_set;
DROP SCHEMA require_trap CASCADE;
DROP ROLE regress_migrate_application;
