-- What migrate_apply() does when all goes well, and what a failure undoes.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'apply';
CREATE SCHEMA apply;
SET search_path = apply, public;

-- nothing is registered, so there is nothing to do and nothing to lock
SELECT version, name, action, statements FROM migrate_apply();
SELECT count(*) FROM migrate_lock_holder;
SELECT migrate_current();

SELECT migrate_register('001', 'users',
	'CREATE TABLE users (id int PRIMARY KEY); INSERT INTO users VALUES (1), (2);');
SELECT migrate_register('002', 'email', 'ALTER TABLE users ADD email text');
SELECT migrate_register('003', 'fill', 'UPDATE users SET email = id || ''@example.org''');
SELECT migrate_register('004', 'nothing', '-- a comment is a script too');

-- up to a version, by its number
SELECT version, name, action, statements FROM migrate_apply('2');
SELECT migrate_current();
SELECT version, state, how, applied_by = current_user AS by_me, duration >= '0' AS took
  FROM migrate_status;

-- so many steps
SELECT version, name, action, statements FROM migrate_apply('+1');
SELECT * FROM users ORDER BY id;

-- the rest; then nothing is pending, and no lock is taken
SELECT version, name, action, statements FROM migrate_apply();
BEGIN;
SELECT version, name, action, statements FROM migrate_apply();
SELECT version, name, action, statements FROM migrate_apply('+1');
SELECT version, name, action, statements FROM migrate_apply('003');
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory';
COMMIT;
SELECT version, state FROM migrate_status;

-- the caller's transaction decides: a rollback takes state and log with it
SELECT migrate_register('005', 'undone', 'CREATE TABLE undone ()');
BEGIN;
SELECT version FROM migrate_apply();
SELECT project, role = current_user AS role, doing LIKE 'migrate: %' AS doing FROM migrate_lock_holder;
SELECT migrate_current();
ROLLBACK;
SELECT migrate_current(), to_regclass('undone'), count(*) FILTER (WHERE version = '005') AS logged
  FROM migrate_history;
SELECT count(*) FROM migrate_lock_holder;

-- two calls in one transaction, the second after a caught failure
BEGIN;
SELECT version FROM migrate_apply();
SELECT migrate_register('006', 'fails', 'CREATE TABLE six (); SELECT 1 / 0');
SAVEPOINT s;
\set VERBOSITY terse
SET LOCAL migrate.record_failures = off;
SELECT version FROM migrate_apply();
ROLLBACK TO s;
SELECT migrate_unregister('006');
COMMIT;
SELECT version, state FROM migrate_status;

-- without that setting the second waits for the log, which the first holds,
-- but not for long, and says that there is no record
BEGIN;
SELECT migrate_register('005.1', 'more', 'SELECT 1'), migrate_register('005.2', 'fails', 'SELECT 1 / 0');
SELECT version FROM migrate_apply('5.1');
SAVEPOINT s;
\set VERBOSITY default
SELECT version FROM migrate_apply();
\set VERBOSITY terse
ROLLBACK TO s;
ROLLBACK;

-- all or nothing: the third of four fails, nothing is left of the first two
SELECT migrate_register('010', 'ten', 'CREATE TABLE ten ()');
SELECT migrate_register('011', 'eleven', 'CREATE TABLE eleven ()');
SELECT migrate_register('012', 'twelve', 'CREATE TABLE twelve (); SELECT 1 / 0');
SELECT migrate_register('013', 'thirteen', 'CREATE TABLE thirteen ()');
BEGIN;
SAVEPOINT s;
SELECT version FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
ROLLBACK TO s;
-- the transaction goes on as if the call had never been
SELECT to_regclass('ten'), to_regclass('eleven'), to_regclass('twelve');
COMMIT;
SELECT version, state, remark FROM migrate_status WHERE version > '005';
SELECT event, outcome, version, statements, sqlstate, message, line, statement_no, statement
  FROM migrate_history WHERE version = '012';
SELECT count(*) FROM migrate_history WHERE version IN ('010', '011', '013');

-- corrected and run again: the failure stays in the history
SELECT migrate_register('012', 'twelve', 'CREATE TABLE twelve ();');
SELECT version, action FROM migrate_apply();
SELECT version, state, remark FROM migrate_status WHERE version > '005';
SELECT event, outcome, version FROM migrate_history WHERE version > '005' ORDER BY id;

-- an exception handler around the call keeps its transaction, too
SELECT migrate_register('020', 'twenty', 'CREATE TABLE twenty (); SELECT 1 / 0');
DO $$
BEGIN
	PERFORM migrate_apply();
EXCEPTION WHEN division_by_zero THEN
	CREATE TABLE caught ();
END $$;
SELECT to_regclass('caught'), to_regclass('twenty');
SELECT version, state FROM migrate_status WHERE version = '020';
SELECT migrate_unregister('020');

-- a wrapping BEGIN and COMMIT say what holds anyway
SELECT migrate_register('030', 'wrapped', E'-- c\nBEGIN;\nCREATE TABLE wrapped ();\nCOMMIT;\n');
SELECT migrate_register('031', 'started', 'START TRANSACTION; CREATE TABLE started (); CREATE TABLE more (); END');
SELECT migrate_register('032', 'twice', 'BEGIN; CREATE TABLE a1 (); COMMIT; BEGIN; CREATE TABLE a2 (); COMMIT;');
SELECT version, mode, statements FROM migrate_plan();
BEGIN;
SELECT version, statements FROM migrate_apply();
ROLLBACK;
SELECT to_regclass('wrapped'), to_regclass('started'), to_regclass('a1');
SELECT version, statements FROM migrate_apply();

-- what rows a script selects are nobody's; functions, DO, and EXPLAIN run
SELECT migrate_register('040', 'mixed', $m$
	SELECT * FROM users;
	DO $$ BEGIN CREATE TABLE from_do (); END $$;
	EXPLAIN SELECT 1;
	VALUES (1);
	CREATE FUNCTION two() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END;
	CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN CREATE TABLE from_call (); END';
	CALL p();
	PREPARE q AS SELECT 1;
	EXECUTE q;
	DEALLOCATE q;
	DECLARE c CURSOR FOR SELECT 1;
	FETCH c;
	CLOSE c;
	CREATE TABLE from_as AS SELECT 1 AS x;
	SELECT 2 AS x INTO from_into;
	CREATE RULE r AS ON INSERT TO from_as DO ALSO UPDATE from_into SET x = new.x;
	INSERT INTO from_as VALUES (7);
$m$);
SELECT version, statements FROM migrate_apply();
SELECT two(), to_regclass('from_do'), to_regclass('from_call'), (SELECT x FROM from_into);

-- a version far down is run where policy allows, by a target too
SELECT migrate_register('0015', 'late', 'CREATE TABLE late ()');
SELECT version FROM migrate_apply('15');
\echo :LAST_ERROR_SQLSTATE
SET migrate.out_of_order = allow;
SELECT version FROM migrate_apply('15');
RESET migrate.out_of_order;

SELECT * FROM migrate_verify_log();
DROP SCHEMA apply CASCADE;
