-- When an edited migration is the same, the same but for comments and white
-- space, or changed: what the state is after the second text is registered.
\set ON_ERROR_STOP on
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS migrate;
CREATE EXTENSION IF NOT EXISTS pgtap;

CREATE TEMP TABLE cases (i int GENERATED ALWAYS AS IDENTITY, what text, old text, new text, state text, remark text);
CREATE FUNCTION pg_temp.cosmetic() RETURNS text LANGUAGE sql AS $$ SELECT 'cosmetic change since it was applied' $$;
INSERT INTO cases (what, old, new, state, remark) VALUES
	-- nothing
	('the same', 'SELECT 1;', 'SELECT 1;', 'applied', NULL),
	('LF to CRLF', E'SELECT 1;\nSELECT 2;\n', E'SELECT 1;\r\nSELECT 2;\r\n', 'applied', NULL),
	('LF to CR', E'SELECT 1;\nSELECT 2;\n', E'SELECT 1;\rSELECT 2;\r', 'applied', NULL),
	('CRLF in a string', E'SELECT ''a\r\nb'';', E'SELECT ''a\nb'';', 'applied', NULL),
	('CRLF in an E string', E'SELECT E''a\r\nb'';', E'SELECT E''a\nb'';', 'applied', NULL),
	('CRLF in a body', E'DO $$\r\nBEGIN\r\nEND $$;', E'DO $$\nBEGIN\nEND $$;', 'applied', NULL),
	('CRLF in COPY data', E'CREATE TEMP TABLE c (i int);\r\nCOPY c FROM stdin;\r\n1\r\n\\.\r\n', E'CREATE TEMP TABLE c (i int);\nCOPY c FROM stdin;\n1\n\\.\n', 'applied', NULL),
	('CRLF in an identifier', E'SELECT 1 AS "a\r\nb";', E'SELECT 1 AS "a\nb";', 'applied', NULL),
	('blanks at the end', E'SELECT 1;', E'SELECT 1; \t\n\n', 'applied', NULL),
	('a byte order mark', E'SELECT 1;', E'\uFEFFSELECT 1;', 'applied', NULL),
	-- cosmetic
	('a comment', 'SELECT 1;', '-- why' || E'\nSELECT 1;', 'applied', pg_temp.cosmetic()),
	('a comment within', 'SELECT 1, 2;', 'SELECT 1, /* two: */ 2;', 'applied', pg_temp.cosmetic()),
	('a nested comment', 'SELECT 1, 2;', 'SELECT 1, /* two /* and */ a half */ 2;', 'applied', pg_temp.cosmetic()),
	('a comment at the end', 'SELECT 1;', 'SELECT 1; -- done', 'applied', pg_temp.cosmetic()),
	('white space', 'SELECT 1,2;', E'SELECT\t1 ,\n\n  2 ;', 'applied', pg_temp.cosmetic()),
	('blank lines first', 'SELECT 1;', E'\n\nSELECT 1;', 'applied', pg_temp.cosmetic()),
	('keywords in capitals', 'select 1 as a;', 'SELECT 1 AS a;', 'applied', pg_temp.cosmetic()),
	('identifiers folded', 'SELECT 1 AS abc;', 'SELECT 1 AS ABC;', 'applied', pg_temp.cosmetic()),
	('a comment, and CRLF in a string', E'SELECT ''a\r\nb'';', E'-- c\nSELECT ''a\nb'';', 'applied', pg_temp.cosmetic()),
	('an empty script and a comment', '', '-- nothing', 'applied', pg_temp.cosmetic()),
	('a comment changed', E'-- one\nSELECT 1', E'-- two\nSELECT 1', 'applied', pg_temp.cosmetic()),
	('a comment with quotes', 'SELECT 1;', 'SELECT 1; -- it''s "so" $$', 'applied', pg_temp.cosmetic()),
	-- changed
	('a number', 'SELECT 1;', 'SELECT 2;', 'changed', NULL),
	('a digit more', 'SELECT 1;', 'SELECT 1.0;', 'changed', NULL),
	('white space in a string', 'SELECT ''a b'';', 'SELECT ''a  b'';', 'changed', NULL),
	('a line end in a string', E'SELECT ''a\nb'';', E'SELECT ''a\n\nb'';', 'changed', NULL),
	('case in a string', 'SELECT ''a'';', 'SELECT ''A'';', 'changed', NULL),
	('a comment in a body', 'DO $$ BEGIN END $$;', 'DO $$ BEGIN /* c */ END $$;', 'changed', NULL),
	('case in a quoted identifier', 'SELECT 1 AS "a";', 'SELECT 1 AS "A";', 'changed', NULL),
	('a comment that swallows a statement', E'SELECT 1;\nSELECT 2;', E'SELECT 1; -- SELECT 2;', 'changed', NULL),
	('a statement out of a comment', E'SELECT 1; -- SELECT 2;', E'SELECT 1;\nSELECT 2;', 'changed', NULL),
	('a token cut in two', 'SELECT 12;', 'SELECT 1 2;', 'changed', NULL),
	('words put together', 'SELECT 1 a;', 'SELECT 1a;', 'changed', NULL),
	('a statement more', 'SELECT 1;', 'SELECT 1; SELECT 1;', 'changed', NULL),
	('statements swapped', 'SELECT 1; SELECT 2;', 'SELECT 2; SELECT 1;', 'changed', NULL),
	('an operator', 'SELECT 1 < 2;', 'SELECT 1 <= 2;', 'changed', NULL),
	('white space in an operator', 'SELECT 1 <= 2;', 'SELECT 1 < = 2;', 'changed', NULL),
	('a string instead of an identifier', 'SELECT 1 AS x;', 'SELECT 1 AS "x" , ''x'';', 'changed', NULL),
	('two strings instead of one', 'SELECT ''ab'';', 'SELECT ''a'', ''b'';', 'changed', NULL),
	('everything gone', 'SELECT 1;', '', 'changed', NULL),
	('COPY data', E'CREATE TEMP TABLE c (i int);\nCOPY c FROM stdin;\n1\n\\.\n', E'CREATE TEMP TABLE c (i int);\nCOPY c FROM stdin;\n2\n\\.\n', 'changed', NULL),
	('COPY data that look like a comment', E'CREATE TEMP TABLE c (t text);\nCOPY c FROM stdin;\na\n\\.\n', E'CREATE TEMP TABLE c (t text);\nCOPY c FROM stdin;\na\n-- b\n\\.\n', 'changed', NULL),
	('a syntax error', 'SELECT 1;', 'SELEC 1;', 'changed', NULL),
	('what the lexer refuses', 'SELECT 1;', 'SELECT ''1;', 'changed', NULL);

CREATE FUNCTION pg_temp.edit(old text, new text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('migrate.project', 'fingerprints ' || clock_timestamp(), true);
	DROP TABLE IF EXISTS pg_temp.c;
	PERFORM migrate_register('1', 'case', old);
	PERFORM migrate_apply();
	PERFORM migrate_register('1', 'case', new);
	RETURN (SELECT concat_ws(': ', state, remark) FROM migrate_status);
END $$;

SELECT plan((SELECT 2 * count(*)::int FROM cases) + 3);
-- of a broken text the remark is why
SELECT is(CASE WHEN what IN ('white space in an operator', 'a syntax error', 'what the lexer refuses', 'a token cut in two', 'words put together') THEN left(pg_temp.edit(old, new), 7) ELSE pg_temp.edit(old, new) END,
	concat_ws(': ', state, remark), what) FROM cases ORDER BY i;

-- and back: the text that ran is applied, with no remark
CREATE FUNCTION pg_temp.edit_back(old text, new text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_temp.edit(old, new);
	PERFORM migrate_register('1', 'case', old);
	RETURN (SELECT concat_ws(': ', state, remark) FROM migrate_status);
END $$;
SELECT is(pg_temp.edit_back(old, new), 'applied', 'and back: ' || what) FROM cases ORDER BY i;

-- the checksum is the SHA-256 of the text, as any other tool computes it
SELECT set_config('migrate.project', 'checksums ' || clock_timestamp(), false) \g /dev/null
SELECT migrate_register('1', 'one', E'SELECT ''ä€🐘'';\nSELECT 2;') \g /dev/null
SELECT is((SELECT checksum FROM migrate_migration WHERE project = migrate_project()),
	sha256(convert_to(E'SELECT ''ä€🐘'';\nSELECT 2;', 'UTF8')), 'SHA-256 of the UTF-8 text');
SELECT migrate_register('2', 'two', E'\uFEFFSELECT ''ä€🐘'';\r\nSELECT 2;\r\n\r\n') \g /dev/null
SELECT is((SELECT count(DISTINCT checksum) FROM migrate_migration WHERE project = migrate_project()), 1::bigint, 'line ends, mark and blanks at the end do not count');
SELECT migrate_apply() \g /dev/null
SELECT is((SELECT count(DISTINCT checksum) FROM migrate_history), 1::bigint, 'and it is what the history says');
SELECT * FROM finish();
