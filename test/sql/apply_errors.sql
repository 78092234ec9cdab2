-- An error says which migration, file line and statement, and what was kept.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'apply_errors';
CREATE SCHEMA apply_errors;
SET search_path = apply_errors, public;
\set SHOW_CONTEXT always

-- Forty lines, an error on line 14; above it a function's body, a nested
-- comment and characters of two, three and four bytes.
SELECT migrate_register('14', 'acceptance', $migration$-- Zähler für Wörter: äöü €uro 🐘
CREATE TABLE wörter (wort text PRIMARY KEY, zähler int);
/* außen
   /* innen; kein Ende: */
   'offen bis hier; "auch dies */
CREATE FUNCTION zähle(w text) RETURNS void LANGUAGE plpgsql AS $f$
BEGIN
	-- ein ; im Rumpf; und 'Anführung
	UPDATE wörter SET zähler = zähler + 1 WHERE wort = w;
END;
$f$;
INSERT INTO wörter VALUES ('€ä🐘', 1), ('semi;kolon', 2);
SELECT zähle('€ä🐘'), '🐘🐘🐘',
       "gibt es nicht" FROM wörter;
CREATE TABLE t15 ();
CREATE TABLE t16 ();
CREATE TABLE t17 ();
CREATE TABLE t18 ();
CREATE TABLE t19 ();
CREATE TABLE t20 ();
CREATE TABLE t21 ();
CREATE TABLE t22 ();
CREATE TABLE t23 ();
CREATE TABLE t24 ();
CREATE TABLE t25 ();
CREATE TABLE t26 ();
CREATE TABLE t27 ();
CREATE TABLE t28 ();
CREATE TABLE t29 ();
CREATE TABLE t30 ();
CREATE TABLE t31 ();
CREATE TABLE t32 ();
CREATE TABLE t33 ();
CREATE TABLE t34 ();
CREATE TABLE t35 ();
CREATE TABLE t36 ();
CREATE TABLE t37 ();
CREATE TABLE t38 ();
CREATE TABLE t39 ();
CREATE TABLE t40 ();
$migration$);
SELECT * FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM migrate_state WHERE project = 'apply_errors';
\x on
SELECT event, outcome, version, name, sqlstate, message, line, statement_no, statement, context
  FROM migrate_history;
\x off
SELECT version, state, remark FROM migrate_status;
SELECT migrate_unregister('14');

-- the file's path, and its own lines although the up script begins further down
SELECT version, action FROM migrate_register_file('db/migrations/15_file.sql', $file$-- licence
--
-- migrate:up

CREATE TABLE one ();
CREATE TABLE one ();
-- migrate:down
DROP TABLE one;
DROP TABLE one;
$file$);
SELECT * FROM migrate_apply();
SELECT path, line, statement_no FROM migrate_history WHERE version = '15';
SELECT action FROM migrate_register_file('db/migrations/15_file.sql', $file$-- licence
--
-- migrate:up

CREATE TABLE one ();
-- migrate:down
DROP TABLE one;
DROP TABLE one;
$file$);
SELECT version FROM migrate_apply();
-- a failing down keeps what is there
SELECT * FROM migrate_rollback();
SELECT migrate_current(), to_regclass('one');
SELECT event, outcome, version, path, line, statement_no
  FROM migrate_history WHERE version = '15' ORDER BY id DESC LIMIT 1;

-- a function's body: the line of the body's mistake, not of CREATE FUNCTION
SELECT migrate_register('16', 'body', $m$SELECT 1;

CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$
	SELECT 1;
	SELECT nowhere;
$$;
$m$);
SELECT * FROM migrate_apply();
SELECT migrate_register('16', 'body', $m$SELECT 1;

CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	x int;
BEGIN
	IF x THEN
		RETURN 1
	END IF;
END $$;
$m$);
SELECT * FROM migrate_apply();
-- a mistake that comes out when a function runs, called from line 5
SELECT migrate_register('16', 'body', $m$
CREATE FUNCTION f(i int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	RETURN 1 / i;
END $$; -- line 5 is where this ends
SELECT f(1),
	f(0);
$m$);
SELECT * FROM migrate_apply();
-- DO: the position inside is plpgsql's own business, the statement is ours
SELECT migrate_register('16', 'body', $m$

DO $$
BEGIN
	PERFORM 1;
	RAISE EXCEPTION USING ERRCODE = 'P1234', MESSAGE = 'own message',
		DETAIL = 'own detail', HINT = 'own hint';
END $$;
$m$);
SELECT * FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
\x on
SELECT sqlstate, message, detail, hint, line, statement_no FROM migrate_history ORDER BY id DESC LIMIT 1;
\x off
-- a constraint has no position: the line where its statement begins
SELECT migrate_register('16', 'body', $m$CREATE TABLE u (i int PRIMARY KEY);
-- the next one
/* begins
 here */ INSERT INTO u
 VALUES (1), (1);
$m$);
SELECT * FROM migrate_apply();

-- a syntax error fails before anything runs, also in a later migration
SELECT migrate_register('17', 'syntax', E'CREATE TABLE v ();\n\nCREATE TABEL w ();\n');
SELECT migrate_unregister('16');
SELECT migrate_register('16', 'fine', 'CREATE TABLE x ()');
SELECT * FROM migrate_apply();
SELECT line, statement_no, statement FROM migrate_history ORDER BY id DESC LIMIT 1;
-- unterminated
SELECT migrate_register('17', 'syntax', E'CREATE TABLE v ();\nSELECT $x$ \n\n');
SELECT * FROM migrate_apply();
SELECT migrate_register('17', 'syntax', E'SELECT 1;\nSELECT 2;\n/* open \n\n');
SELECT * FROM migrate_apply();

-- COMMIT in a procedure, and a command that only refuses when it runs
SELECT migrate_register('17', 'syntax', E'CREATE PROCEDURE p() LANGUAGE plpgsql AS ''BEGIN COMMIT; END'';\nCALL p();');
SELECT * FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_register('17', 'syntax', $m$CREATE TABLE part (i int) PARTITION BY LIST (i);
REINDEX TABLE part;$m$);
SELECT * FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE

-- an enum value cannot be used in the transaction that adds it
SELECT migrate_register('17', 'syntax', '');
SELECT version FROM migrate_apply();
SELECT migrate_register('18', 'enum', E'CREATE TYPE colour AS ENUM (''red'')');
SELECT version FROM migrate_apply();
SELECT migrate_register('19', 'blue', E'ALTER TYPE colour ADD VALUE ''blue''');
SELECT migrate_register('20', 'use', E'CREATE TABLE c (c colour);\nINSERT INTO c VALUES (''blue'')');
SELECT * FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
SELECT version FROM migrate_apply('19');
SELECT version FROM migrate_apply('20');

-- SET CONSTRAINTS, LOCK and other things that need a transaction block
SELECT migrate_register('21', 'block', $m$
LOCK TABLE c;
SET LOCAL statement_timeout = '1min';
SET CONSTRAINTS ALL DEFERRED;
$m$);
SELECT version, statements FROM migrate_apply();
\echo :SQLSTATE

-- who asks for no record gets none; the message does not promise it
SELECT migrate_register('22', 'unrecorded', 'SELECT 1 / 0');
SET migrate.record_failures = off;
SELECT * FROM migrate_apply();
RESET migrate.record_failures;
SELECT count(*) FROM migrate_history WHERE version = '22';
DROP SCHEMA apply_errors CASCADE;
