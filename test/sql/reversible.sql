-- migrate_reversible(): what it refuses, what it says of what cannot be tried,
-- what it keeps, and that nothing else stays.  What is found of which defect
-- is tested elsewhere.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'reversible';
CREATE SCHEMA reversible;
SET search_path = reversible, public;
\pset null (null)
\set SHOW_CONTEXT never
CREATE TABLE customer (id integer PRIMARY KEY, name text);
INSERT INTO customer SELECT i, 'c' || i % 400 FROM generate_series(1, 500) i;
CREATE VIEW left_over AS
	SELECT (SELECT count(*) FROM customer) AS customers, to_regclass('one') AS one,
		   (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks,
		   current_setting('lock_timeout') AS lock_timeout, current_setting('client_min_messages') AS messages,
		   (SELECT count(*) FROM migrate_history) AS events;

-- nothing to do, and nothing by that name
SELECT * FROM migrate_reversible();
SELECT * FROM migrate_reversible('7');

-- all columns
SELECT migrate_register('1', 'one', 'CREATE TABLE one (id integer PRIMARY KEY); CREATE INDEX name ON customer (name)',
						E'DROP TABLE one;\n');
SELECT migrate_register('2', 'two', 'UPDATE customer SET name = id', E'SELECT 1;\n  SELECT 1/0');
SELECT migrate_register('3', 'three', 'UPDATE customer SET name = id WHERE id > 400; DELETE FROM customer WHERE id < 3', 'SELECT');
\x on
SELECT * FROM migrate_reversible();
\x off
SELECT * FROM left_over;

-- what is kept, and shown as long as the texts are the same
SELECT version, name, verdict, findings, rehearsed_at > now() - interval '1 minute' AS just_now, rehearsed_by = current_user AS by_me
  FROM migrate_rehearsal WHERE project = 'reversible' ORDER BY version;
SELECT step, version, rehearsed FROM migrate_plan();
SELECT migrate_register('2', 'two', 'UPDATE customer SET name = id', 'SELECT 2');
SELECT migrate_register('3', 'three', 'UPDATE customer SET name = id WHERE id > 401; DELETE FROM customer WHERE id < 3', 'SELECT');
SELECT step, version, rehearsed FROM migrate_plan();
SELECT version, verdict, problem, lost FROM migrate_reversible('2');
SELECT step, version, rehearsed FROM migrate_plan();
BEGIN;
SELECT version, verdict FROM migrate_reversible('3');
ROLLBACK;
SELECT step, version, rehearsed FROM migrate_plan();

-- one that is applied: from where it is the newest
SELECT version FROM migrate_apply('2');
SELECT version, verdict, problem, kind, identity, script, statement, line, sqlstate FROM migrate_reversible('2');
SELECT version, verdict, problem, kind, identity, script, statement, line, sqlstate FROM migrate_reversible('1');
SELECT step, version, action, rehearsed FROM migrate_plan('base');
-- what it has come to hold would go
SELECT migrate_register('4', 'four', 'CREATE TABLE four (id integer, t text); INSERT INTO four VALUES (1, ''seed'')', 'DROP TABLE four');
SELECT version, verdict, problem, lost FROM migrate_reversible('4');
SELECT version FROM migrate_apply();
INSERT INTO four SELECT i, 't' FROM generate_series(1, 6) i;
SELECT version, verdict, problem, kind, identity, lost, script FROM migrate_reversible('4');
-- what is above it has no way back
SELECT migrate_register('5', 'five', 'SELECT 5');
SELECT version FROM migrate_apply();
SELECT version, verdict, problem FROM migrate_reversible('5');
SELECT version, verdict, problem FROM migrate_reversible('4');
SELECT migrate_register('6', 'six', 'SELECT 6', 'SELECT 1/0');
SELECT migrate_register('7', 'seven', 'SELECT 7', 'SELECT 7');
SELECT version FROM migrate_apply();
SELECT version, verdict, problem, script, statement FROM migrate_reversible('6');
SELECT migrate_register('5', 'five', 'SELECT 5', 'SELECT 5');
SELECT version, verdict, problem FROM migrate_reversible('4');
DROP TABLE one;

-- what cannot be tried, and what comes after it
SET migrate.project = 'reversible more';
SELECT migrate_register('1', 'database', 'CREATE DATABASE reversible_never', 'DROP DATABASE reversible_never');
SELECT migrate_register('2', 'vacuum', 'VACUUM customer', 'VACUUM customer');
SELECT version, verdict, problem, script, statement, line, sqlstate FROM migrate_reversible();
SELECT version, verdict FROM migrate_rehearsal WHERE project = 'reversible more' ORDER BY version;
SELECT migrate_register('3', 'enum', 'CREATE TYPE e AS ENUM (''a''); ALTER TYPE e ADD VALUE ''b''', 'DROP TYPE e');
SELECT migrate_register('4', 'enum used', 'CREATE TABLE one (e e DEFAULT ''b'')', 'DROP TABLE one');
SELECT migrate_register('5', 'commits', 'DO $$BEGIN COMMIT; END$$', 'SELECT 5');
SELECT version, verdict, problem, script, statement, line, sqlstate FROM migrate_reversible() WHERE version > '2';
SELECT migrate_register_file('R__views.sql', 'CREATE OR REPLACE VIEW w AS SELECT 1 AS a');
SELECT name, verdict, problem FROM migrate_reversible() WHERE version > '5';
SELECT * FROM left_over;
SET migrate.project = 'reversible verified';
SELECT migrate_register('1', 'before it', 'CREATE TABLE one ()', 'DROP TABLE one', 'SELECT to_regclass(''one'') IS NOT NULL');
SELECT migrate_register('2', 'verified', 'CREATE TABLE two ()', 'DROP TABLE two', E'\nSELECT 1 / count(*) FROM pg_class WHERE relname = ''none''');
SELECT migrate_register('3', 'after it', 'SELECT 3', 'SELECT 3');
SELECT version, verdict, problem, script, statement, line, sqlstate FROM migrate_reversible();
SELECT version, verdict FROM migrate_rehearsal WHERE project = 'reversible verified' ORDER BY version;
SELECT version, verdict, problem FROM migrate_reversible('3');
SELECT * FROM left_over;

-- tables that are too large are counted
SET migrate.project = 'reversible rows';
SELECT migrate_register('1', 'one', 'UPDATE customer SET name = lower(name)', 'UPDATE customer SET name = lower(name)');
SELECT migrate_register('2', 'two', 'DELETE FROM customer WHERE id <= 20', 'SELECT 1');
SELECT version, verdict, problem FROM migrate_reversible();
SET migrate.reversible_rows = 499;
SELECT version, verdict, problem, identity, component, lost FROM migrate_reversible();
SET migrate.reversible_rows = 0;
SELECT version, verdict, problem, identity, component, lost FROM migrate_reversible('1');
SET migrate.reversible_rows = -1;
SELECT version, verdict, problem, identity, component, lost FROM migrate_reversible();
RESET migrate.reversible_rows;

-- values of all kinds, of columns with names of all kinds
SET migrate.project = 'reversible values';
CREATE TABLE kinds ("a ""b" integer PRIMARY KEY, i interval, n numeric, f float8, b bytea, j json, x point, d date, a integer[], c char(5), u uuid, m money, e text);
INSERT INTO kinds SELECT i, make_interval(hours => i), i / 8.0, i / 7.0, int4send(i), json_build_object('a', i), point(i, i), date '2020-01-01' + i,
	ARRAY[i, NULL], i, gen_random_uuid(), i, NULL FROM generate_series(1, 9) i;
CREATE TABLE "no columns" ();
INSERT INTO "no columns" DEFAULT VALUES;
SELECT migrate_register('3', 'keeps', 'CREATE TABLE kept AS TABLE kinds; TRUNCATE kinds; DELETE FROM "no columns"',
	'SET timezone = ''Asia/Tokyo''; SET datestyle = german; SET intervalstyle = iso_8601; SET extra_float_digits = 0; INSERT INTO kinds SELECT * FROM kept; DROP TABLE kept; INSERT INTO "no columns" DEFAULT VALUES');
SELECT migrate_register('1', 'loses', 'UPDATE kinds SET i = ''2 h'', n = 0.125, f = f + 1e-15, b = NULL, j = ''{"a": 1}'', x = NULL, d = d + 1, a = ''{1}'', c = ''x'', m = 1, e = ''new'' WHERE "a ""b" = 2', 'SELECT 1');
SELECT migrate_register('2', 'key', 'UPDATE kinds SET "a ""b" = "a ""b" + 100', 'SELECT 1');
SELECT version, verdict, problem, identity, lost FROM migrate_reversible();

-- hooks run as in a run, but are no part of what is compared
SET migrate.project = 'reversible hooks';
CREATE TABLE log (n serial, at text);
SELECT migrate_register_file('beforeMigrate.sql', 'INSERT INTO log (at) VALUES (''before'')');
SELECT migrate_register_file('afterEachMigrate.sql', 'INSERT INTO log (at) VALUES (''after''); CREATE TABLE IF NOT EXISTS made_by_hook ()');
SELECT migrate_register_file('V1__one.sql', 'ALTER TABLE log ADD COLUMN c integer');
SELECT migrate_register_file('U1__one.sql', 'ALTER TABLE log DROP COLUMN c');
SELECT migrate_register_file('V2__two.sql', 'ALTER TABLE log ADD COLUMN d integer; DROP TABLE made_by_hook');
SELECT migrate_register_file('U2__two.sql', 'ALTER TABLE log DROP COLUMN d');
SELECT version, verdict, problem, kind, identity FROM migrate_reversible();
SELECT count(*) FROM log;

-- where it is refused
SET migrate.project = 'reversible rows';
BEGIN READ ONLY;
SELECT * FROM migrate_reversible();
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT * FROM migrate_reversible();
ROLLBACK;
SET migrate.project = 'reversible nested';
SELECT migrate_register('1', 'one', 'SELECT * FROM migrate_reversible()', 'SELECT 1');
SELECT version, verdict, problem, sqlstate FROM migrate_reversible();

-- cancelled: nothing stays, and the session goes on
SELECT migrate_register('1', 'one', 'CREATE TABLE one (); DELETE FROM customer', 'SELECT pg_sleep(60)');
SET statement_timeout = '300ms';
SELECT * FROM migrate_reversible();
RESET statement_timeout;
SELECT * FROM left_over;
SELECT migrate_register('1', 'one', 'CREATE TABLE one ()', 'SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(1)');
SELECT * FROM migrate_reversible();
SELECT * FROM left_over;

-- a role: what it may not read is not judged
CREATE ROLE regress_migrate_reversible;
GRANT USAGE, CREATE ON SCHEMA reversible TO regress_migrate_reversible;
GRANT UPDATE ON customer TO regress_migrate_reversible;
SET migrate.project = 'reversible role';
SET ROLE regress_migrate_reversible;
SELECT * FROM migrate_reversible();
RESET ROLE;
GRANT EXECUTE ON FUNCTION migrate_reversible(text), migrate_register(text, text, text, text, text, text[]) TO regress_migrate_reversible;
SET ROLE regress_migrate_reversible;
SELECT migrate_register('1', 'one', 'CREATE TABLE one ()', 'DROP TABLE one');
SELECT migrate_register('2', 'two', 'UPDATE customer SET name = ''x''', 'SELECT 1');
SELECT version, verdict, problem, kind, identity, sqlstate FROM migrate_reversible();
RESET ROLE;
GRANT SELECT ON customer TO regress_migrate_reversible;
SET ROLE regress_migrate_reversible;
SELECT version, verdict, problem, kind, identity, lost FROM migrate_reversible();
RESET ROLE;
ALTER TABLE customer ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON customer USING (id < 10);
SET ROLE regress_migrate_reversible;
SELECT version, verdict, problem, kind, identity, lost FROM migrate_reversible();
RESET ROLE;
-- a superuser does not run what it registered
SET SESSION AUTHORIZATION regress_migrate_reversible;
SELECT migrate_register('3', 'three', 'SELECT 3', 'SELECT 3');
RESET SESSION AUTHORIZATION;
SELECT * FROM migrate_reversible();
SELECT * FROM left_over;

REVOKE ALL ON FUNCTION migrate_reversible(text), migrate_register(text, text, text, text, text, text[]) FROM regress_migrate_reversible;
DELETE FROM migrate_rehearsal WHERE project LIKE 'reversible%';
DROP SCHEMA reversible CASCADE;
DROP ROLE regress_migrate_reversible;
