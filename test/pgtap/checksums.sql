-- Which edits of an applied migration are nothing, cosmetic, or a change that
-- stops every run until it is taken back or repaired.  Every case is tried
-- under both settings of standard_conforming_strings, which must not matter.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS migrate;
SET LOCAL migrate.project = 'pgtap checksums';
SET LOCAL migrate.record_failures = off;
CREATE SCHEMA pgtap_checksums;
SELECT set_config('search_path', 'pgtap_checksums, ' || current_setting('search_path'), true) <> '' AS set \gset
CREATE TABLE t (v text);
CREATE TABLE "T" (v text);

CREATE FUNCTION pg_temp.register(path text, script text) RETURNS void LANGUAGE sql AS $$
	SELECT CASE WHEN path IS NULL THEN migrate_register('1', 'x', script)
				ELSE (SELECT action FROM migrate_register_file(path, script)) END;
$$;
CREATE FUNCTION pg_temp.state(OUT state text) LANGUAGE plpgsql AS $$
DECLARE
	remark text;
BEGIN
	SELECT s.state || coalesce(': ' || s.remark, '') INTO STRICT state FROM migrate_status s;
	state := CASE state WHEN 'applied' THEN 'nothing'
						WHEN 'applied: cosmetic change since it was applied' THEN 'cosmetic'
						ELSE state END;
	BEGIN
		PERFORM migrate_apply();
		IF state LIKE 'changed%' THEN
			state := state || ', but a run goes on';
		END IF;
	EXCEPTION WHEN SQLSTATE 'MG001' THEN
		IF state NOT LIKE 'changed%' THEN
			state := state || ', but no run goes on';
		END IF;
	END;
END $$;

-- What an edit comes to; and what is wrong if it can be neither taken back nor
-- repaired.
CREATE FUNCTION pg_temp.edit(path text, before text, after text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	verdict text;
	repaired text;
BEGIN
	PERFORM pg_temp.register(path, before);
	PERFORM migrate_apply();
	IF pg_temp.state() <> 'nothing' THEN
		verdict := 'applied it is ' || pg_temp.state();
	END IF;
	PERFORM pg_temp.register(coalesce('other/' || path, path), after);
	verdict := concat(verdict, pg_temp.state());
	PERFORM pg_temp.register(path, before);
	IF pg_temp.state() <> 'nothing' THEN
		verdict := verdict || ', taken back it is ' || pg_temp.state();
	END IF;
	PERFORM pg_temp.register(path, after);
	repaired := migrate_repair('1');
	IF repaired <> (CASE verdict WHEN 'nothing' THEN 'unchanged' ELSE 'repaired' END) THEN
		verdict := verdict || ', ' || repaired;
	END IF;
	-- a text that cannot be parsed can be accepted, too
	IF pg_temp.state() NOT IN ('nothing', replace(verdict, 'changed', 'applied')) THEN
		verdict := verdict || ', repaired it is ' || pg_temp.state();
	END IF;
	RAISE EXCEPTION USING errcode = 'PGTAP', message = verdict;
EXCEPTION
	WHEN SQLSTATE 'PGTAP' THEN
		RETURN SQLERRM;
END $$;

CREATE TEMPORARY TABLE cases (
	n int GENERATED ALWAYS AS IDENTITY,
	verdict text NOT NULL,
	what text NOT NULL UNIQUE,
	path text,
	before text NOT NULL,
	after text NOT NULL
);
INSERT INTO cases (verdict, what, before, after) VALUES
	('nothing', 'nothing', 'SELECT 1', 'SELECT 1'),
	('nothing', 'CRLF', E'SELECT 1;\nSELECT\n2;\n', E'SELECT 1;\r\nSELECT\r\n2;\r\n'),
	('nothing', 'LF', E'SELECT 1;\r\nSELECT 2;\r\n', E'SELECT 1;\nSELECT 2;\n'),
	('nothing', 'CRLF in a string', E'SELECT ''a\nb''', E'SELECT ''a\r\nb'''),
	('nothing', 'CRLF in a body', E'DO $$\nBEGIN END\n$$;\n', E'DO $$\r\nBEGIN END\r\n$$;\r\n'),
	('nothing', 'CRLF in COPY data', E'COPY t FROM stdin;\na\n\\.\nSELECT 1;\n', E'COPY t FROM stdin;\r\na\r\n\\.\r\nSELECT 1;\r\n'),
	('nothing', 'a line end at the end', 'SELECT 1;', E'SELECT 1;\n'),
	('nothing', 'no line end at the end', E'SELECT 1;\n', 'SELECT 1;'),
	('nothing', 'blanks at the end', 'SELECT 1;', E'SELECT 1; \t\r\n\n  '),
	('nothing', 'no text and blanks', '', E' \n'),
	('cosmetic', 'a comment', 'SELECT 1', E'-- why\nSELECT 1'),
	('cosmetic', 'a comment at the end', 'SELECT 1', 'SELECT 1 -- why'),
	('cosmetic', 'a comment within', 'SELECT 1 + 2', 'SELECT 1 /* and */ + 2'),
	('cosmetic', 'a nested comment', 'SELECT 1, 2', E'SELECT 1/* a /* b */\n ''c */, 2'),
	('cosmetic', 'a comment for blanks', 'SELECT 1', 'SELECT/**/1'),
	('cosmetic', 'another text of a comment', '-- a; $$ ''\nSELECT 1', '-- b\nSELECT 1'),
	('cosmetic', 'no comment', E'-- why\nSELECT 1; /* a */', 'SELECT 1;'),
	('cosmetic', 'a comment in CRLF lines', E'SELECT 1;\nSELECT ''a\nb'';\n', E'-- why\r\nSELECT 1;\r\nSELECT ''a\r\nb'';\r\n'),
	('cosmetic', 'comments only', '-- a', '/* b */'),
	('cosmetic', 'white space', 'SELECT 1,2;SELECT 3', E'SELECT  1 ,\n\t2 ;\n\fSELECT 3'),
	('cosmetic', 'white space before', 'SELECT 1', E'\n\n  SELECT 1'),
	('cosmetic', 'blanks at the end of a line', E'SELECT 1;\nSELECT 2;', E'SELECT 1;  \nSELECT 2;'),
	('cosmetic', 'less white space', 'SELECT (1) + 2 :: int', 'SELECT(1)+2::int'),
	('cosmetic', 'the case of keywords', 'SELECT 1 FROM t', 'select 1 From t'),
	('cosmetic', 'the case of an identifier', 'SELECT v FROM t AS tt', 'SELECT V FROM T AS tT'),
	('cosmetic', 'quotes around an identifier in small letters', 'SELECT v FROM t', 'SELECT "v" FROM "t"'),
	('cosmetic', 'the tag of a dollar quote', 'SELECT $a$x''y$a$', 'SELECT $$x''y$$'),
	('cosmetic', 'a dollar quote for quotes', 'SELECT ''x''''y''', 'SELECT $q$x''y$q$'),
	('cosmetic', 'an E string of the same value', E'SELECT ''a\\b''', E'SELECT E''a\\\\b'''),
	('cosmetic', 'a string in two parts', 'SELECT ''ab''', E'SELECT ''a''\n''b'''),
	('cosmetic', 'a comment before COPY', E'COPY t FROM stdin;\na\n\\.\nSELECT 1', E'-- a\nCOPY  t FROM stdin ; -- b\na\n\\.\n\n SELECT 1'),
	('cosmetic', 'another key of pg_dump', E'\\restrict abc\nSELECT 1;\n\\unrestrict abc\n', E'\\restrict xyz1\nSELECT 1;\n\\unrestrict xyz1\n'),
	('cosmetic', 'a directive', 'SELECT 1', E'-- migrate:no-transaction\nSELECT 1'),
	('changed', 'a number', 'SELECT 1', 'SELECT 2'),
	('changed', 'digits put together', 'SELECT 1, 23', 'SELECT 12, 3'),
	('changed', 'another statement', 'SELECT 1;', 'SELECT 1; SELECT 2;'),
	('changed', 'a statement less', 'SELECT 1; SELECT 2;', 'SELECT 1;'),
	('changed', 'the order', 'SELECT 1; SELECT 2;', 'SELECT 2; SELECT 1;'),
	('changed', 'a statement that is a comment now', E'SELECT 1;\nSELECT 2;', E'SELECT 1;\n-- SELECT 2;'),
	('changed', 'no text any more', 'SELECT 1', ''),
	('changed', 'a string', 'SELECT ''a''', 'SELECT ''b'''),
	('changed', 'the case of a string', 'SELECT ''a''', 'SELECT ''A'''),
	('changed', 'white space in a string', 'SELECT ''a b''', 'SELECT ''a  b'''),
	('changed', 'a blank at the end of a string''s line', E'SELECT ''a\nb''', E'SELECT ''a \nb'''),
	('changed', 'a line end in a string', 'SELECT ''a b''', E'SELECT ''a\nb'''),
	('changed', 'what looks like a comment in a string', 'SELECT ''a''', 'SELECT ''a -- b'''),
	('changed', 'what a backslash means', E'SELECT ''a\\n''', E'SELECT E''a\\n'''),
	('changed', 'two strings put together', 'SELECT ''a'', ''bc''', 'SELECT ''ab'', ''c'''),
	('changed', 'a string for an identifier', 'SELECT ''v'' FROM t', 'SELECT v FROM t'),
	('changed', 'the case of a quoted identifier', 'SELECT 1 FROM "T"', 'SELECT 1 FROM "t"'),
	('changed', 'quotes around an identifier in capitals', 'SELECT 1 FROM T', 'SELECT 1 FROM "T"'),
	('changed', 'quotes around a keyword', 'SELECT 1 AS a FROM t WHERE true', 'SELECT 1 AS a FROM t "where" WHERE true'),
	('changed', 'letters beyond ASCII in another case', 'SELECT 1 AS ä', 'SELECT 1 AS Ä'),
	('changed', 'a comment in a body', E'DO $$\nBEGIN END\n$$', E'DO $$\nBEGIN /* a */ END\n$$'),
	('changed', 'white space in a body', E'DO $$\nBEGIN END\n$$', E'DO $$\n  BEGIN END\n$$'),
	('changed', 'a dollar quote within', 'SELECT $a$ $b$ $a$', 'SELECT $a$ $c$ $a$'),
	('changed', 'an operator', 'SELECT 1 + 2', 'SELECT 1 - 2'),
	('changed', 'COPY data', E'COPY t FROM stdin;\na\n\\.\n', E'COPY t FROM stdin;\nb\n\\.\n'),
	('changed', 'a line of COPY data', E'COPY t FROM stdin;\na\n\\.\n', E'COPY t FROM stdin;\na\na\n\\.\n'),
	('changed', 'a blank in COPY data', E'COPY t FROM stdin;\na\n\\.\n', E'COPY t FROM stdin;\na \n\\.\n'),
	('changed', 'what looks like a comment in COPY data', E'COPY t FROM stdin;\na\n\\.\n', E'COPY t FROM stdin;\n-- a\na\n\\.\n'),
	('changed', 'the case of COPY data', E'COPY t FROM stdin;\na\n\\.\n', E'COPY t FROM stdin;\nA\n\\.\n');
-- what the parser does not understand any more
INSERT INTO cases (verdict, what, before, after) VALUES
	('changed: syntax error at or near "SELEC", line 2', 'a syntax error', 'SELECT 1', E'\nSELEC 1'),
	('changed: unterminated quoted string at or near "''a", line 1', 'a string without an end', 'SELECT ''a''', 'SELECT ''a'),
	('changed: psql meta-command "\echo" cannot run inside the server, line 1', 'a command of psql', 'SELECT 1', '\echo 1');
INSERT INTO cases (verdict, what, path, before, after) VALUES
	('nothing', 'file: another path', 'm/1_x.sql', 'SELECT 1', 'SELECT 1'),
	('nothing', 'file: a byte order mark', 'm/1_x.sql', 'SELECT 1', E'\uFEFFSELECT 1'),
	('nothing', 'file: no byte order mark', 'm/1_x.sql', E'\uFEFFSELECT 1', 'SELECT 1'),
	('nothing', 'file: a byte order mark, CRLF and blanks', 'm/1_x.sql', E'SELECT 1;\nSELECT 2;', E'\uFEFFSELECT 1;\r\nSELECT 2;\r\n \r\n'),
	('nothing', 'file: another down section', 'm/1_x.sql', E'-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;\n', E'-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 3;\n'),
	('nothing', 'file: no down section', 'm/1_x.sql', E'-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;\n', E'-- migrate:up\nSELECT 1;\n'),
	('nothing', 'file: a verify section', 'm/1_x.sql', E'-- migrate:up\nSELECT 1;\n', E'-- migrate:up\nSELECT 1;\n\n-- migrate:verify\nSELECT true;\n'),
	('nothing', 'file: a comment before the section', 'm/1_x.sql', E'-- migrate:up\nSELECT 1;\n', E'-- why\n\n-- migrate:up\nSELECT 1;\n'),
	('nothing', 'file: from plain to native', 'm/1_x.sql', E'SELECT 1;\n', E'-- migrate:up\nSELECT 1;\n'),
	('cosmetic', 'file: a comment in the section', 'm/1_x.sql', E'-- migrate:up\nSELECT 1;\n', E'-- migrate:up\n-- why\nSELECT 1;\n'),
	('changed', 'file: another up section', 'm/1_x.sql', E'-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;\n', E'-- migrate:up\nSELECT 2;\n-- migrate:down\nSELECT 2;\n');

SELECT plan(12 + 2 * count(*)::int) FROM cases;
SELECT is(pg_temp.edit(path, before, after), verdict, verdict || ': ' || what) FROM cases ORDER BY n;
SET LOCAL standard_conforming_strings = off;
SELECT is(pg_temp.edit(path, before, after), verdict, verdict || ': ' || what || ' (standard_conforming_strings off)') FROM cases ORDER BY n;
SET LOCAL standard_conforming_strings = on;

-- quoted alike, registered under one setting and applied under the other
SELECT migrate_register('1', 'x', E'SELECT ''a\\''') AS set \gset
SELECT count(*) AS set FROM migrate_apply() \gset
SET LOCAL standard_conforming_strings = off;
SELECT migrate_register('1', 'x', E'/* c */ SELECT ''a\\''') AS set \gset
SET LOCAL standard_conforming_strings = on;
SELECT is(pg_temp.state(), 'cosmetic', 'the setting makes no difference between them');

-- down and verify scripts may be corrected at any time
SELECT migrate_register('2', 'y', 'SELECT 1', 'SELECT 2', 'SELECT true') AS set \gset
SELECT count(*) AS set FROM migrate_apply() \gset
SELECT is(migrate_register('2', 'y', 'SELECT 1', 'SELECT 3', 'SELECT 1 = 1'), 'replaced', 'other down and verify scripts');
SELECT is((SELECT concat(state, remark) FROM migrate_status WHERE version = '2'), 'applied', 'are no change');
SELECT is(migrate_repair('2'), 'unchanged', 'there is nothing to repair');
SELECT is(migrate_register('2', 'y', 'SELECT 1'), 'replaced', 'none at all');
SELECT is((SELECT concat(state, remark, reversible) FROM migrate_status WHERE version = '2'), 'appliedf', 'are no change either');

-- a repeatable runs again whenever its text changes, but not for its line ends
SELECT migrate_register(NULL, 'r', E'SELECT 1;\nSELECT 2;\n') AS set \gset
SELECT count(*) AS set FROM migrate_apply() \gset
SELECT migrate_register(NULL, 'r', E'SELECT 1;\r\nSELECT 2;\r\n') AS set \gset
SELECT is((SELECT concat(state, remark) FROM migrate_status WHERE version = 'r'), 'applied', 'a repeatable: CRLF');
SELECT migrate_register(NULL, 'r', E'SELECT 1;\nSELECT 3;\n') AS set \gset
SELECT is((SELECT concat(state, remark) FROM migrate_status WHERE version = 'r'), 'pending', 'a repeatable: another text');
SELECT results_eq('SELECT version FROM migrate_apply()', ARRAY['r'], 'runs again');
SELECT is((SELECT concat(state, remark) FROM migrate_status WHERE version = 'r'), 'applied', 'and is applied then');

-- the two kinds of repair are in the history
SELECT migrate_register('1', 'x', 'SELECT 1') AS set \gset
SELECT is(migrate_repair('1'), 'repaired', 'a repair');
SELECT is((SELECT event || ' ' || outcome FROM migrate_history ORDER BY id DESC LIMIT 1), 'repair ok', 'is in the history');

SELECT * FROM finish();
ROLLBACK;
