-- What an error says where PostgreSQL's own position does not tell the line:
-- bodies, functions that are called, COPY; and what the hints advise.
\set ON_ERROR_STOP on
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS migrate;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE SCHEMA IF NOT EXISTS errors;
SET search_path = errors, public;

CREATE FUNCTION pg_temp.fail(script text, OUT code text, OUT line int, OUT statement_no int, OUT context text, OUT hint text, OUT history text) LANGUAGE plpgsql AS $$
DECLARE
	h record;
BEGIN
	PERFORM set_config('migrate.project', 'errors ' || clock_timestamp(), true);
	PERFORM migrate_register('7', 'case', script);
	BEGIN
		PERFORM migrate_apply();
	EXCEPTION WHEN OTHERS OR assert_failure OR query_canceled THEN
		code := SQLSTATE;
		GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT, hint = PG_EXCEPTION_HINT;
		SELECT * INTO h FROM migrate_history;
		line := h.line;
		statement_no := h.statement_no;
		-- what was recorded is what was raised
		history := concat_ws(', ', CASE WHEN h.sqlstate <> SQLSTATE THEN 'another SQLSTATE' END, CASE WHEN h.message <> SQLERRM THEN 'another message' END,
							 CASE WHEN h.outcome <> 'failed' THEN 'not failed' END, CASE WHEN NOT starts_with(context, h.context) THEN 'another context: ' || h.context END);
	END;
END $$;

CREATE TEMP TABLE cases (i int GENERATED ALWAYS AS IDENTITY, what text, script text, sqlstate text, line int, statement_no int);
INSERT INTO cases (what, script, sqlstate, line, statement_no) VALUES
	('a runtime error: where the statement begins', E'SELECT 1;\n\nSELECT 1 +\n 1 / 0;', '22012', 3, 2),
	('an unknown column: where it stands', E'SELECT 1;\n\nSELECT 1 +\n nope;', '42703', 4, 2),
	('an unknown table, in a subquery', E'SELECT\n(SELECT 1\nFROM nowhere)', '42P01', 3, 1),
	('an unknown function', E'SELECT 1,\n nofunction(1)', '42883', 2, 1),
	('an unknown type, in DDL', E'CREATE TABLE t (\n a int,\n b notype\n)', '42704', 3, 1),
	('an invalid literal', E'SELECT 1,\n ''x''::int', '22P02', 2, 1),
	('a missing table, in DDL: no position', E'\nALTER TABLE\n nowhere ADD a int', '42P01', 2, 1),
	('a default that does not fit', E'CREATE TABLE t (\n a int DEFAULT\n ''x''\n)', '22P02', 3, 1),
	('a check that cannot be', E'CREATE TABLE t (\n a int,\n CHECK (b > 0)\n)', '42703', 3, 1),
	('a view', E'CREATE VIEW v AS\nSELECT 1 AS a,\n nope AS b', '42703', 3, 1),
	('SQL body', E'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$\n\nSELECT nope\n$$', '42703', 3, 1),
	('SQL body, quoted', E'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS ''\n\nSELECT nope\n''', '42703', 3, 1),
	('SQL body on the second line', E'SELECT 1;\nCREATE FUNCTION f()\nRETURNS int LANGUAGE sql AS\n$$ SELECT\n nope $$', '42703', 5, 2),
	('SQL body after multi-byte characters', E'-- äöü€🐘\nCREATE FUNCTION f(ä text DEFAULT ''€🐘'') RETURNS int LANGUAGE sql AS $$\n-- 🐘\nSELECT\n nope $$', '42703', 5, 1),
	('BEGIN ATOMIC body', E'CREATE FUNCTION f() RETURNS int\nBEGIN ATOMIC\n SELECT 1;\n SELECT nope;\nEND', '42703', 4, 1),
	('PL/pgSQL syntax', E'CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n RETURN 1 +;\nEND $$', '42601', 3, 1),
	('PL/pgSQL syntax, deep', E'SELECT 1;\n\nCREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $body$\nDECLARE\n x int;\nBEGIN\n IF x THEN\n  x := 1\n END IF;\nEND $body$', '42601', 9, 2),
	('PL/pgSQL unknown variable', E'CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$\nBEGIN\n nope := 1;\nEND $$', '42601', 3, 1),
	('PL/pgSQL at run time: the statement that calls', E'CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n RETURN 1 / 0;\nEND $$;\n\nSELECT\n f()', '22012', 6, 2),
	('PL/pgSQL unknown column at run time', E'CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n RETURN (SELECT nope);\nEND $$;\nSELECT f()', '42703', 5, 2),
	('DO', E'\nDO $$\nBEGIN\n PERFORM 1 / 0;\nEND $$', '22012', 2, 1),
	('DO with a syntax error', E'\nDO $$\nBEGIN\n PERFORM (;\nEND $$', '42601', 4, 1),
	('EXECUTE in DO', E'DO $$\nBEGIN\n EXECUTE ''SELECT nope'';\nEND $$', '42703', 3, 1),
	('a statement that is its body', E'SELECT 1;\nDO ''SELEC 1''', '42601', 2, 2),
	('the body twice in a statement: the statement', E'SELECT 1;\nCREATE FUNCTION f(t text DEFAULT ''SELECT nope'')\nRETURNS int LANGUAGE sql AS ''SELECT nope''', '42703', 2, 2),
	('RAISE', E'SELECT 1; DO $$ BEGIN RAISE SQLSTATE ''XX123''; END $$', 'XX123', 1, 2),
	('an assertion', E'DO $$ BEGIN\n ASSERT false; END $$', 'P0004', 1, 1),
	('a trigger', E'CREATE TABLE t (i int);\nCREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS ''BEGIN RAISE EXCEPTION ''''no''''; END'';\nCREATE TRIGGER t BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();\n\nINSERT INTO t\nVALUES (1)', 'P0001', 5, 4),
	('EXECUTE of no prepared statement', E'SELECT 1;\n\nEXECUTE nope', '26000', 3, 2),
	('a cursor', E'DECLARE c CURSOR FOR SELECT 1;\nFETCH FROM nope', '34000', 2, 2),
	('a parameter', E'SELECT\n $1', '42P02', 2, 1),
	('division in a CHECK of COPY', E'CREATE TABLE t (i int CHECK (1 / i > 0));\nCOPY t FROM stdin;\n1\n0\n\\.\n', '22012', 4, 2),
	('COPY too many columns', E'CREATE TABLE t (i int);\nCOPY t FROM stdin;\n1\n1\t2\n\\.\n', '22P04', 4, 2),
	('COPY csv, an open quote: where the data end', E'CREATE TABLE t (i text);\nCOPY t FROM stdin (FORMAT csv);\n1\n"2\n\\.\n', '22P04', 5, 2),
	('COPY unknown option', E'CREATE TABLE t (i text);\n\nCOPY t FROM stdin (NOPE);\n1\n\\.\n', '42601', 3, 2),
	('COPY into a view', E'CREATE VIEW v AS SELECT 1 AS a;\n\nCOPY v FROM stdin;\n1\n\\.\n', '42809', 3, 2),
	('a statement of 10,000 characters', E'SELECT 1;\nSELECT ' || repeat(E'1 +\n', 2500) || 'nope', '42703', 2502, 2),
	('a statement that is cancelled', E'SELECT 1;\nSET LOCAL statement_timeout = 50;\nSELECT 1;\nDO $$ BEGIN PERFORM pg_cancel_backend(pg_backend_pid()); PERFORM pg_sleep(10); END $$', '57014', 4, 4),
	('a lock timeout', E'SELECT 1;\nDO $$ BEGIN RAISE lock_not_available; END $$', '55P03', 2, 2);

SELECT plan((SELECT 3 * count(*)::int FROM cases) + 9);
SELECT is(f.code || ' line ' || f.line || ' statement ' || f.statement_no, c.sqlstate || ' line ' || c.line || ' statement ' || c.statement_no, what)
  FROM cases c, LATERAL pg_temp.fail(script) f ORDER BY i;
SELECT is(f.history, '', 'recorded: ' || what) FROM cases c, LATERAL pg_temp.fail(script) f ORDER BY i;
-- the context's own line, and what is left of the run
SELECT ok(f.context ~ ('(^|\n)migration 7_case, up script, line ' || c.line || ', statement ' || c.statement_no || '\n.*\nmigrate_apply\(\) of 1 migration: nothing of this run was kept, the failure is in migrate_history$'),
	'context: ' || what)
  FROM cases c, LATERAL pg_temp.fail(script) f ORDER BY i;

-- hints: the script's own is kept, where there is none one says what to do
SELECT is((pg_temp.fail('DO $$ BEGIN RAISE ''x'' USING HINT = ''my hint''; END $$')).hint, 'my hint', 'the hint of the script');
SELECT matches((pg_temp.fail('SELECT 1 / 0')).hint, 'register it again', 'a hint where there is none');
SELECT matches((pg_temp.fail('CREATE TABLE p (i int) PARTITION BY LIST (i); REINDEX TABLE p')).hint, 'CALL migrate_deploy\(\)', 'a statement that refuses when it runs');
SELECT matches((pg_temp.fail('DO $$ BEGIN COMMIT; END $$')).hint, 'migrate:no-transaction, and CALL migrate_deploy\(\)', 'a block that commits');
CREATE TYPE errors.e AS ENUM ('a');
SELECT matches((pg_temp.fail('ALTER TYPE errors.e ADD VALUE ''b''; SELECT ''b''::errors.e')).hint, 'CALL migrate_deploy\(\)', 'a new value of an old enum: how to go on');
SELECT is((pg_temp.fail('ALTER TYPE errors.e ADD VALUE ''b''; SELECT ''b''::errors.e')).code, '55P04', 'and its SQLSTATE');

-- the role that is recorded is the one that ran it, not the one a script took on
SELECT lives_ok($$SELECT pg_temp.fail('SET ROLE pg_monitor; SELECT 1 / 0')$$, 'a failure under another role');
SELECT set_config('migrate.project', 'errors roles ' || clock_timestamp(), false) \g /dev/null
SELECT migrate_register('1', 'role', 'SET ROLE pg_monitor; SELECT 1 / 0') \g /dev/null
SELECT throws_ok('SELECT migrate_apply()', '22012');
SELECT is((SELECT acting_role FROM migrate_history), current_user::text, 'who is to blame');
SELECT * FROM finish();
DROP SCHEMA errors CASCADE;
