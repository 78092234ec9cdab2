-- What verification says, to whom, and what is raised.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'verify';
SET migrate.record_failures = off;
-- this is for other tests
SET migrate.drift = off;
\set SHOW_CONTEXT always
\set superuser :USER
\set password ''
\getenv password PGPASSWORD
CREATE ROLE regress_migrate_stranger LOGIN PASSWORD :'password';
CREATE ROLE regress_migrate_owner;
CREATE SCHEMA verify;
GRANT ALL ON SCHEMA verify TO regress_migrate_stranger, regress_migrate_owner;
SET search_path = verify, public;
-- of the database as a whole nothing is said here: other tests have been in it
CREATE VIEW found AS
	SELECT check_name, severity, version, object, problem, action FROM migrate_verify() WHERE project IS NOT NULL;

SELECT * FROM migrate_verify() WHERE project = 'verify';
SELECT migrate_register('001', 'item', 'CREATE TABLE item (id int PRIMARY KEY, price numeric)', 'DROP TABLE item',
	E'SELECT count(*) = 2\n  FROM pg_attribute\n WHERE attrelid = ''verify.item''::regclass AND attnum > 0');
SELECT migrate_register('002', 'priced', 'ALTER TABLE item ALTER price SET NOT NULL', 'ALTER TABLE item ALTER price DROP NOT NULL',
	E'BEGIN;\nINSERT INTO item VALUES (1, 1);\nROLLBACK;');
SELECT version FROM migrate_apply();
SELECT * FROM found;

-- one finding of each severity, and what to do
ALTER TABLE item DROP price;
SELECT migrate_register('004', 'four', 'SELECT 4');
\x on
SELECT * FROM found;
\x off
SELECT migrate_verify_or_fail();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_verify_or_fail('wrong');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_verify_or_fail(NULL);
\echo :LAST_ERROR_SQLSTATE

-- nothing is kept of what scripts did: transaction, settings, rows, locks
CREATE TABLE item2 (id int);
SELECT migrate_register('001', 'item', 'CREATE TABLE item (id int PRIMARY KEY, price numeric)', 'DROP TABLE item',
	'SET work_mem = ''123kB''; SET ROLE regress_migrate_owner; SET search_path = nowhere; SELECT pg_advisory_lock(1, 2) IS NOT NULL; LISTEN verified; SELECT true');
SELECT migrate_register('002', 'priced', 'ALTER TABLE item ALTER price SET NOT NULL', 'ALTER TABLE item ALTER price DROP NOT NULL',
	'LOCK verify.item2; INSERT INTO verify.item2 VALUES (1); CREATE TEMP TABLE gone (i int); DECLARE c CURSOR FOR SELECT 1; SELECT true');
BEGIN;
SELECT pg_current_xact_id_if_assigned() IS NULL AS untouched;
SAVEPOINT s;
SELECT check_name, severity, version, problem FROM found;
SHOW transaction_read_only;
SELECT current_setting('work_mem') <> '123kB' AS work_mem, current_user = session_user AS role, current_setting('search_path') AS search_path;
SELECT count(*) AS locks FROM pg_locks WHERE pid = pg_backend_pid()
	AND (locktype = 'advisory' OR mode NOT IN ('AccessShareLock', 'ExclusiveLock'));
SELECT count(*) AS listening FROM pg_listening_channels();
SELECT count(*) AS cursors FROM pg_cursors WHERE name = 'c';
SELECT to_regclass('pg_temp.gone'), count(*) FROM item2;
INSERT INTO item2 VALUES (2);
COMMIT;
-- what only reads takes no transaction number
SELECT migrate_register('002', 'priced', 'ALTER TABLE item ALTER price SET NOT NULL', 'ALTER TABLE item ALTER price DROP NOT NULL', 'SELECT true');
BEGIN;
SELECT count(*) FROM found;
SELECT pg_current_xact_id_if_assigned() IS NULL AS untouched;
COMMIT;

-- in transactions of every kind
BEGIN READ ONLY;
SELECT version, check_name FROM found;
COMMIT;
SELECT migrate_register('002', 'priced', 'ALTER TABLE item ALTER price SET NOT NULL', 'ALTER TABLE item ALTER price DROP NOT NULL', 'INSERT INTO item2 VALUES (1)');
BEGIN READ ONLY;
SELECT check_name, severity, version, problem, action FROM found WHERE version = '002';
ROLLBACK;
SET default_transaction_read_only = on;
SELECT version, check_name FROM found;
SELECT migrate_verify_or_fail();
RESET default_transaction_read_only;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT version, check_name FROM found;
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT version, check_name FROM found;
COMMIT;

-- an error of a script is a row, a cancel is not
SELECT migrate_register('002', 'priced', 'ALTER TABLE item ALTER price SET NOT NULL', 'ALTER TABLE item ALTER price DROP NOT NULL', 'SELECT pg_sleep(100)');
SET statement_timeout = '200ms';
SELECT * FROM migrate_verify();
\echo :LAST_ERROR_SQLSTATE
RESET statement_timeout;
SELECT migrate_register('002', 'priced', 'ALTER TABLE item ALTER price SET NOT NULL', 'ALTER TABLE item ALTER price DROP NOT NULL',
	E'DO $$ BEGIN RAISE insufficient_privilege USING MESSAGE = ''not like this'', DETAIL = ''A detail.''; END $$');
SELECT check_name, severity, version, problem FROM found WHERE version = '002';
-- and so is a role that is not there
SET migrate.role = 'regress_migrate_nowhere';
SELECT check_name, severity, version, problem FROM found WHERE severity = 'error';
RESET migrate.role;

-- nobody's until it is granted
SELECT migrate_register('002', 'priced', 'ALTER TABLE item ALTER price SET NOT NULL', 'ALTER TABLE item ALTER price DROP NOT NULL',
	'SELECT current_user = ''regress_migrate_stranger''; SELECT count(*) = 0 FROM verify.item');
SET ROLE regress_migrate_owner;
SELECT * FROM migrate_verify();
SELECT migrate_verify_or_fail();
SELECT * FROM migrate_verify_records();
SELECT * FROM migrate_verify_objects();
RESET ROLE;
GRANT EXECUTE ON FUNCTION migrate_verify(), migrate_verify_or_fail(text), migrate_register(text, text, text, text, text, text[]) TO regress_migrate_stranger;
\c - regress_migrate_stranger
SET client_min_messages = warning;
SET migrate.drift = off;
SET migrate.project = 'verify';
SET search_path = verify, public;
-- with its own rights, by no other grant
SELECT check_name, severity, version, problem FROM migrate_verify() WHERE project = 'verify';
SELECT migrate_verify_or_fail();
SELECT migrate_register('001', 'item', 'CREATE TABLE item (id int PRIMARY KEY, price numeric)', 'DROP TABLE item',
	'SELECT rolsuper FROM pg_roles WHERE rolname = current_user');
SELECT check_name, severity, version, problem FROM migrate_verify() WHERE version = '001';
\c - :superuser
SET client_min_messages = warning;
SET migrate.drift = off;
SET migrate.project = 'verify';
SET search_path = verify, public;
SELECT check_name, severity, version, problem, action FROM found WHERE version = '001';
SET migrate.trust_registrants = on;
SELECT check_name, severity, version, problem FROM found WHERE version = '001';
RESET migrate.trust_registrants;

-- no run is needed, and none is held up: the lock is not taken
BEGIN;
SELECT count(*) > 0 AS found FROM migrate_verify();
SELECT count(*) AS run_locks FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
COMMIT;
-- called by a migration or by what it calls
SELECT migrate_register('005', 'five', 'SELECT migrate_verify_or_fail()');
SELECT version FROM migrate_apply('5');
\echo :LAST_ERROR_SQLSTATE
SELECT check_name, version FROM found WHERE severity <> 'info';

DROP SCHEMA verify CASCADE;
DROP OWNED BY regress_migrate_stranger, regress_migrate_owner;
DROP ROLE regress_migrate_stranger, regress_migrate_owner;
