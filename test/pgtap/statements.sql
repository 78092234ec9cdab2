-- Where the statements of a script begin and end, and which line an error is
-- told of.  Every case is run under both settings of
-- standard_conforming_strings, which must not matter.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS migrate;
SET LOCAL migrate.project = 'pgtap statements';
SET LOCAL migrate.record_failures = off;
CREATE SCHEMA pgtap_statements;
SELECT set_config('search_path', 'pgtap_statements, ' || current_setting('search_path'), true) <> '' AS set \gset

CREATE TABLE t (n int GENERATED ALWAYS AS IDENTITY, v text);
CREATE TABLE i (i int);
CREATE FUNCTION fail(text) RETURNS void LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION USING message = $1; END';

-- Registers and applies a file, or a script if the path is null, and rolls it
-- back if it has a down script: how many statements the plan says there are,
-- or why it says that there is no telling; what of table t was loaded; and the
-- error with the place that its CONTEXT names.  Nothing of it stays.
CREATE FUNCTION run(path text, script text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	planned text;
	loaded text;
	place text;
	state text;
BEGIN
	IF path IS NULL THEN
		PERFORM migrate_register('1', 'x', script);
	ELSE
		PERFORM migrate_register_file(path, script);
	END IF;
	SELECT coalesce(statements::text, 'broken: ' || reason) INTO STRICT planned FROM migrate_plan();
	PERFORM migrate_apply();
	IF (SELECT reversible FROM migrate_status) THEN
		PERFORM migrate_rollback();
	END IF;
	SELECT string_agg(v, '|' ORDER BY n) INTO loaded FROM t;
	RAISE EXCEPTION USING errcode = 'PGTAP', message = planned || coalesce(', loaded ' || loaded, '');
EXCEPTION
	WHEN SQLSTATE 'PGTAP' THEN
		RETURN SQLERRM;
	WHEN OTHERS THEN
		state := SQLSTATE;
		GET STACKED DIAGNOSTICS place = PG_EXCEPTION_CONTEXT;
		place := substring(place FROM
			'migration [^ ]+, ([^ ]+ script( [(][^)]*[)])?(, line [0-9]+)?(, statement [0-9]+)?)');
		place := replace(place, 'up script, ', '');
		IF planned LIKE 'broken: %' THEN
			RETURN concat(planned, '; ', state, ' ', place);
		END IF;
		RETURN concat(planned, '; ', place, ': ', SQLERRM);
END $$;

CREATE TEMPORARY TABLE cases (
	id int GENERATED ALWAYS AS IDENTITY,
	what text NOT NULL UNIQUE,
	path text,
	script text NOT NULL,
	result text NOT NULL
);

-- ends of statements
INSERT INTO cases (what, script, result) VALUES
	('one statement', 'SELECT 1/0', '1; line 1, statement 1: division by zero'),
	('no final semicolon', E'SELECT 1;\nSELECT 1/0', '2; line 2, statement 2: division by zero'),
	('final blanks', E'SELECT 1;\nSELECT 1/0 ;  \n\n', '2; line 2, statement 2: division by zero'),
	('several on a line', 'SELECT 1; SELECT 2; SELECT 1/0; SELECT 3', '4; line 1, statement 3: division by zero'),
	('the line of the first token', E'SELECT 1;\n\n\n  SELECT\n 1/0;\n', '2; line 4, statement 2: division by zero'),
	('the line of an error position', E'SELECT 1;\nSELECT\n\n nosuch;\n', '2; line 4, statement 2: column "nosuch" does not exist'),
	('an error position on the first line', 'SELECT nosuch', '1; line 1, statement 1: column "nosuch" does not exist'),
	('empty statements', E';;SELECT 1;;\n;;\nSELECT 1/0;;', '2; line 3, statement 2: division by zero'),
	('no text', '', '0'),
	('blanks', E' \t\n \r\n', '0'),
	('a semicolon', ';', '0'),
	('semicolons', E';\n ; /* ; */ ;-- ;', '0'),
	('a comment', '-- nothing', '0'),
	('comments', E'-- nothing\n/* at\nall */\n', '0'),
	('CRLF', E'SELECT 1;\r\nSELECT\r\n2;\r\nSELECT 1/0;\r\n', '3; line 4, statement 3: division by zero'),
	('CRLF and a position', E'SELECT 1;\r\nSELECT 1,\r\n\r\nnosuch;\r\n', '2; line 4, statement 2: column "nosuch" does not exist'),
	('tabs and form feeds', E'\tSELECT\t1\t;\f\n\t\fSELECT\t1/0\t;', '2; line 2, statement 2: division by zero'),
	('many', repeat(E'SELECT 1;\n', 2000) || 'SELECT 1/0;', '2001; line 2001, statement 2001: division by zero'),
	('a pair of BEGIN and COMMIT does not count', E'BEGIN;\nSELECT 1;\nSELECT 1/0;\nCOMMIT;\n', '2; line 3, statement 2: division by zero');

-- comments
INSERT INTO cases (what, script, result) VALUES
	('comments before', E'-- a\n/* b\n*/\nSELECT 1/0', '1; line 4, statement 1: division by zero'),
	('semicolons in comments', E'-- a; b;\nSELECT 1 /* ; */ ; -- ;\nSELECT 1/0', '2; line 3, statement 2: division by zero'),
	('nested comments', E'/* a /* b; */ ; */ SELECT 1; /* /**/ /*\n*/ */\nSELECT 1/0', '2; line 3, statement 2: division by zero'),
	('quotes in comments', E'-- it''s\n/* "a $$ ''b */ SELECT 1;\n-- $x$\nSELECT 1/0', '2; line 4, statement 2: division by zero'),
	('a comment that a carriage return ends', E'-- a\rSELECT 1/0', '1; line 1, statement 1: division by zero'),
	('comments within', E'SELECT -- a;\n1 /* ;\n; */ + 1;\nSELECT 1/0', '2; line 4, statement 2: division by zero'),
	('no comment in a string', E'SELECT ''-- a'', ''/* b'';\nSELECT 1/0', '2; line 2, statement 2: division by zero'),
	('minus signs', E'SELECT 5 - -1, 5- -1;\nSELECT 1/0', '2; line 2, statement 2: division by zero');

-- quoted texts
INSERT INTO cases (what, script, result) VALUES
	('semicolons in a string', E'SELECT '';'', '';;\n;'';\nSELECT 1/0', '2; line 3, statement 2: division by zero'),
	('doubled quotes', E'SELECT ''it''''s;'', '''''';'';\nSELECT 1/0', '2; line 2, statement 2: division by zero'),
	('semicolons in an identifier', E'SELECT 1 AS ";", 2 AS "a"";b";\nSELECT 1/0', '2; line 2, statement 2: division by zero'),
	('a backslash ends no string', E'SELECT fail(''a\\'');\nSELECT 1', E'2; line 1, statement 1: a\\'),
	('an E string', E'SELECT E''a\\'';'';\nSELECT fail(E''b\\''c'')', E'2; line 2, statement 2: b''c'),
	('an E string in small letters', E'SELECT e''\\\\'', e''\\'';'';\nSELECT 1/0', '2; line 2, statement 2: division by zero'),
	('a continued string', E'SELECT ''a''\n'';b'';\nSELECT fail(''c''\n''d'')', '2; line 3, statement 2: cd'),
	('a continued E string', E'SELECT E''a''\n''\\'';b'';\nSELECT 1/0', '2; line 3, statement 2: division by zero'),
	('a Unicode string', E'SELECT U&''\\0041;'', U&"\\0041;" FROM (SELECT 1 AS "A;") a;\nSELECT fail(U&''!0042'' UESCAPE ''!'')', '2; line 2, statement 2: B'),
	('a bit string', E'SELECT B''01'', X''1F'';\nSELECT 1/0', '2; line 2, statement 2: division by zero'),
	('a national string', E'SELECT N''a\\'';\nSELECT 1/0', '2; line 2, statement 2: division by zero'),
	('a dollar quote', E'SELECT $$;''"\n--;$$;\nSELECT fail($$a\\$$)', E'2; line 3, statement 2: a\\'),
	('nested dollar quotes', E'DO $a$ BEGIN PERFORM $b$;$$;$b$; END $a$;\nSELECT fail($_1ä$a$$b$_1$c$_1ä$)', '2; line 2, statement 2: a$$b$_1$c'),
	('a dollar in a name', E'SELECT 1 AS a$b, 2 AS c$b$;\nSELECT 1/0', '2; line 2, statement 2: division by zero'),
	('a parameter', E'SELECT 1;\nSELECT $1', '2; line 2, statement 2: there is no parameter $1'),
	('colons', E'DO $$DECLARE a int := 1; BEGIN NULL; END$$;\nSELECT (ARRAY[1, 2])[1:2]::text;\nSELECT 1/0', '3; line 3, statement 3: division by zero');

-- several bytes a character
INSERT INTO cases (what, script, result) VALUES
	('letters of several bytes', E'SELECT ''äöü€😀;'' AS größe;\nSELECT 1/0', '2; line 2, statement 2: division by zero'),
	('an identifier of several bytes', E'CREATE TABLE "größe;€" ("ä;" int);\nSELECT "ä;", 1/0 FROM "größe;€" UNION ALL SELECT 1, 1/0', '2; line 2, statement 2: division by zero'),
	('a position behind them', E'/* €€€€€€€€€€\n */ SELECT ''äöü'' AS "ß",\n\n nosuch,\n1', '1; line 4, statement 1: column "nosuch" does not exist'),
	('a syntax error behind them', E'/* €€€€€€€€€€\n */ SELECT ''äöü'';\n\n 😀 1;\n\n\n', 'broken: syntax error at or near "😀", line 4; 42601 line 4'),
	('COPY data of several bytes', E'COPY t (v) FROM stdin;\näöü\n€\n\\.\nSELECT nosuch', '2; line 5, statement 2: column "nosuch" does not exist');

-- statements with statements in them
INSERT INTO cases (what, script, result) VALUES
	('BEGIN ATOMIC', E'CREATE FUNCTION f() RETURNS int\nBEGIN ATOMIC\nSELECT 1;\nSELECT 2;\nEND;\nSELECT 1/0', '2; line 6, statement 2: division by zero'),
	('BEGIN ATOMIC with CASE ... END', E'CREATE PROCEDURE p() BEGIN ATOMIC; SELECT CASE WHEN true THEN 1 END; SELECT 2 AS "end"; END; SELECT 1/0', '2; line 1, statement 2: division by zero'),
	('BEGIN ATOMIC without a statement', E'CREATE PROCEDURE p() BEGIN ATOMIC END;\nSELECT 1/0', '2; line 2, statement 2: division by zero'),
	('a position in BEGIN ATOMIC', E'CREATE PROCEDURE p() BEGIN ATOMIC\nSELECT 1;\nSELECT nosuch;\nEND', '1; line 3, statement 1: column "nosuch" does not exist'),
	('a rule of several commands', E'CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2;);\nSELECT 1/0', '2; line 2, statement 2: division by zero'),
	('CREATE SCHEMA with elements', E'CREATE SCHEMA pgtap_inner CREATE TABLE a () CREATE TABLE b ();\nSELECT 1/0', '2; line 2, statement 2: division by zero'),
	('the line in a body that the parser sees', E'SELECT 1;\nCREATE FUNCTION f() RETURNS int LANGUAGE sql AS $f$\nSELECT 1;\nSELECT nosuch;\n$f$;\n', '2; line 4, statement 2: column "nosuch" does not exist'),
	('the line in a body that plpgsql sees', E'SELECT 1;\nDO $$\nBEGIN\n\n  blah blah;\nEND\n$$;\n', '2; line 5, statement 2: syntax error at or near "blah"'),
	('an error of a body that runs', E'SELECT 1;\nDO $$\nBEGIN\n PERFORM 1/0;\nEND\n$$;\n', '2; line 2, statement 2: division by zero');

-- COPY
INSERT INTO cases (what, script, result) VALUES
	('COPY', E'COPY t (v) FROM stdin;\na\nb\n\\.\nSELECT 1/0;\n', '2; line 5, statement 2: division by zero'),
	('COPY, loaded', E'COPY t (v) FROM stdin;\na\nb\n\\.\n', '1, loaded a|b'),
	('COPY, several', E'COPY t (v) FROM stdin;\na\n\\.\nSELECT 1;\n\nCOPY t (v) FROM stdin;\nb\nc\n\\.\nCOPY t (v) FROM stdin;\nd\n\\.\n', '4, loaded a|b|c|d'),
	('COPY, several, and an error', E'COPY t (v) FROM stdin;\na\n\\.\nSELECT 1;\n\nCOPY t (v) FROM stdin;\nb\nc\n\\.\n\nSELECT 1,\nnosuch;', '4; line 12, statement 4: column "nosuch" does not exist'),
	('COPY without a line', E'COPY t (v) FROM stdin;\n\\.\nINSERT INTO t (v) SELECT count(*) FROM t;\n', '2, loaded 0'),
	('COPY with an empty line', E'COPY t (v) FROM stdin;\n\n\\.\nINSERT INTO t (v) SELECT count(*) FROM t;\n', '2, loaded |1'),
	('COPY without an end', E'COPY t (v) FROM stdin;\na\nb\n', '1, loaded a|b'),
	('COPY whose last line has no end', E'COPY t (v) FROM stdin;\na\nb', '1, loaded a|b'),
	('COPY whose end has no line end', E'COPY t (v) FROM stdin;\na\n\\.', '1, loaded a'),
	('COPY with nothing behind it', E'COPY t (v) FROM stdin;', '1'),
	('COPY without its semicolon', E'COPY t (v) FROM stdin', '1'),
	('COPY, CRLF', E'SELECT 1;\r\nCOPY t (v) FROM stdin;\r\na\r\nb\r\n\\.\r\nSELECT 2;\r\n', '3, loaded a|b'),
	('COPY, CRLF, without a line', E'COPY t (v) FROM stdin;\r\n\\.\r\nSELECT 1/0;', '2; line 3, statement 2: division by zero'),
	('COPY of what SQL would quote', E'COPY t (v) FROM stdin;\n;\n''\n$$\n--\n/*\n"\nSELECT 1/0;\n\\.\nSELECT 1;\n', '2, loaded ;|''|$$|--|/*|"|SELECT 1/0;'),
	('COPY of backslashes', E'COPY t (v) FROM stdin;\n\\\\.\na\\tb\n\\N\nc\\\\i\n\\.\nSELECT 1;\n', E'2, loaded \\.|a\tb|c\\i'),
	('COPY of what looks like COPY', E'COPY t (v) FROM stdin;\nCOPY t (v) FROM stdin;\na\n\\.\nSELECT 1;\n', '2, loaded COPY t (v) FROM stdin;|a'),
	('COPY in capitals and pieces', E'copy t\n(v)\nFrom -- c\nSTDIN\n;\na\n\\.\nSELECT 1/0', '2; line 8, statement 2: division by zero'),
	('COPY from stdout, which is the client as well', E'COPY t (v) FROM stdout;\na\n\\.\nSELECT 1/0', '2; line 4, statement 2: division by zero'),
	('COPY with options', E'COPY t (v) FROM stdin WITH (FORMAT csv, DELIMITER '';'', HEADER);\nv\n"a;b"\n\\.\nSELECT 1', '2, loaded a;b'),
	('COPY with a condition', E'COPY t (v) FROM stdin WHERE v <> '';'';\na\n;\n\\.\nSELECT 1', '2, loaded a'),
	('COPY and a comment on its line', E'COPY t (v) FROM stdin; -- it''s this\na\n\\.\n', '1, loaded a'),
	('COPY and another statement before it on its line', E'SELECT 1; COPY t (v) FROM stdin;\na\n\\.\nSELECT 1', '3, loaded a'),
	('COPY and another statement on its line', E'SELECT 1;\nCOPY t (v) FROM stdin; SELECT 1;\na\n\\.\n', 'broken: text after COPY ... FROM stdin; on the same line, line 2; MG015 line 2'),
	('a string with an end of COPY', E'SELECT ''a\n\\.\nb'';\nSELECT 1/0', '2; line 4, statement 2: division by zero'),
	('a string with an end of COPY, then COPY', E'SELECT ''stdin\n\\.\nb'';\nCOPY t (v) FROM stdin;\na\n\\.\nSELECT 1;', '3, loaded a'),
	('a body with an end of COPY between COPYs', E'COPY t (v) FROM stdin;\na\n\\.\nDO $$ BEGIN\n/*\n\\.\n*/ END $$;\nCOPY t (v) FROM stdin;\nb\n\\.\nSELECT 1/0', '4; line 11, statement 4: division by zero'),
	('a comment with an end of COPY', E'/* COPY t FROM stdin;\n\\.\n*/\nSELECT 1/0', '1; line 4, statement 1: division by zero'),
	('an end of COPY alone', E'SELECT 1;\n\\.\nSELECT 1;\n', E'broken: psql meta-command "\\." cannot run inside the server, line 2; MG015 line 2'),
	('a second end of COPY', E'COPY t (v) FROM stdin;\na\n\\.\n\\.\nSELECT 1;\n', E'broken: psql meta-command "\\." cannot run inside the server, line 4; MG015 line 4'),
	('a table called stdin', E'CREATE TABLE stdin (v text);\nSELECT * FROM stdin;\nINSERT INTO stdin SELECT ''a'' FROM stdin;\nCOPY stdin FROM stdin;\nb\n\\.\nINSERT INTO t (v) SELECT v FROM stdin', '5, loaded b'),
	('COPY to the client', E'SELECT 1;\nCOPY t (v) TO stdout;\n', 'broken: COPY ... TO STDOUT cannot run in a migration, line 2; MG015 line 2'),
	('COPY to the client, by its other name', E'SELECT 1;\nCOPY t (v) TO stdin;\n', 'broken: COPY ... TO STDOUT cannot run in a migration, line 2; MG015 line 2'),
	('COPY of a query to the client', E'SELECT 1;\n\nCOPY (SELECT 1 FROM t) TO stdout;\n', 'broken: COPY ... TO STDOUT cannot run in a migration, line 3; MG015 line 3'),
	('COPY with bad data', E'SELECT 1;\nCOPY i FROM stdin;\n1\n2\nx\n3\n\\.\n', '2; line 5, statement 2: invalid input syntax for type integer: "x"'),
	('COPY with bad data, CRLF', E'SELECT 1;\r\nCOPY i\r\nFROM stdin;\r\n1\r\nx\r\n\\.\r\n', '2; line 5, statement 2: invalid input syntax for type integer: "x"'),
	('COPY of a column that is not there', E'COPY t (v, w) FROM stdin;\na\n\\.\n', '1; line 1, statement 1: column "w" of relation "t" does not exist'),
	('a syntax error behind COPY', E'COPY t (v) FROM stdin;\na\nb\n\\.\n\nSELEC 1;\n', 'broken: syntax error at or near "SELEC", line 6; 42601 line 6');

-- psql
INSERT INTO cases (what, script, result) VALUES
	('psql: restrict', E'\\restrict aB3\nSELECT 1;\n\n\\unrestrict aB3\nSELECT 1/0', '2; line 5, statement 2: division by zero'),
	('psql: restrict with a key that begins like a number', E'\\restrict 5wc1W\nSELECT 1;\n\n\\unrestrict 0x7yz\nSELECT 1/0', '2; line 5, statement 2: division by zero'),
	('psql: restrict around COPY', E'-- dump\n\n\\restrict aB3\n\nCOPY t (v) FROM stdin;\na\n\\.\n\n\\unrestrict aB3\n\nSELECT 1/0', '2; line 11, statement 2: division by zero'),
	('psql: restrict, CRLF', E'\\restrict aB3\r\nSELECT 1;\r\n\\unrestrict aB3\r\n', '1'),
	('psql: restrict within a line', E'SELECT 1; \\restrict a\n', E'broken: psql meta-command "\\restrict" cannot run inside the server, line 1; MG015 line 1'),
	('psql: include', E'SELECT 1;\n\\i other.sql\nSELECT 2;\n', E'broken: psql meta-command "\\i" cannot run inside the server, line 2; MG015 line 2'),
	('psql: include relative', E'\\ir ../other.sql', E'broken: psql meta-command "\\ir" cannot run inside the server, line 1; MG015 line 1'),
	('psql: gset', E'SELECT 1 AS a\n\\gset\nSELECT 2;', E'broken: psql meta-command "\\gset" cannot run inside the server, line 2; MG015 line 2'),
	('psql: gexec within a line', E'SELECT 1;\n\nSELECT ''SELECT 1'' \\gexec\n', E'broken: psql meta-command "\\gexec" cannot run inside the server, line 3; MG015 line 3'),
	('psql: echo', E'\n\n\\echo ''it''''s''\n', E'broken: psql meta-command "\\echo" cannot run inside the server, line 3; MG015 line 3'),
	('psql: echo with an open quote', E'\n\\echo it''s\nSELECT 1;', E'broken: psql meta-command "\\echo" cannot run inside the server, line 2; MG015 line 2'),
	('psql: copy', E'\\copy t from ''t.csv''', E'broken: psql meta-command "\\copy" cannot run inside the server, line 1; MG015 line 1'),
	('psql: set', E'-- c\n\\set a 1\nSELECT :a', E'broken: psql meta-command "\\set" cannot run inside the server, line 2; MG015 line 2'),
	('psql: connect', E'/* c\n*/ \\c other\n', E'broken: psql meta-command "\\c" cannot run inside the server, line 2; MG015 line 2'),
	('psql: a shell command', E'\\! ls', E'broken: psql meta-command "\\!" cannot run inside the server, line 1; MG015 line 1'),
	('psql: behind COPY', E'COPY t (v) FROM stdin;\na\n\\.\n\\echo b\n', E'broken: psql meta-command "\\echo" cannot run inside the server, line 4; MG015 line 4'),
	('psql: behind letters of several bytes', E'SELECT ''€€€€\n€'';\n\\echo b\n\n', E'broken: psql meta-command "\\echo" cannot run inside the server, line 3; MG015 line 3'),
	('psql: no command in a quoted text', E'SELECT ''\\i'', $$\n\\i x\n$$, 1 AS "\\i" -- \\i\n/* \\i */;\nSELECT 1/0', '2; line 5, statement 2: division by zero'),
	('psql: a variable', E'SELECT 1;\nSELECT :x;\n', 'broken: syntax error at or near ":", line 2; 42601 line 2'),
	('psql: a variable as a string', E'SELECT 1;\n\nSELECT :''x'';\n', 'broken: syntax error at or near ":", line 3; 42601 line 3'),
	('psql: a variable as an identifier', E'SELECT * FROM :"x";\n', 'broken: syntax error at or near ":", line 1; 42601 line 1');

-- what cannot be parsed
INSERT INTO cases (what, script, result) VALUES
	('a syntax error', E'SELECT 1;\n\nSELEC 2;\n', 'broken: syntax error at or near "SELEC", line 3; 42601 line 3'),
	('a syntax error, CRLF', E'SELECT 1;\r\n\r\nSELECT\r\n2 3;\r\n', 'broken: syntax error at or near "3", line 4; 42601 line 4'),
	('an end that is missing', E'SELECT 1;\nSELECT (', 'broken: syntax error at end of input, line 2; 42601 line 2'),
	('a string without an end', E'SELECT 1;\nSELECT ''a;\n\n', E'broken: unterminated quoted string at or near "''a;\n\n", line 2; 42601 line 2'),
	('a comment without an end', E'SELECT 1;\n/* /* */\n', E'broken: unterminated /* comment at or near "/* /* */\n", line 2; 42601 line 2'),
	('a dollar quote without an end', E'\nDO $a$ $b$', 'broken: unterminated dollar-quoted string at or near "$a$ $b$", line 2; 42601 line 2');

-- files, whose lines count from the file's first
INSERT INTO cases (what, path, script, result) VALUES
	('file: an up section', 'm/1_x.sql', E'-- licence\n\n-- migrate:up\nSELECT 1;\n\nSELECT 1/0;\n', '2; up script (m/1_x.sql), line 6, statement 2: division by zero'),
	('file: a position in an up section', 'm/1_x.sql', E'-- licence\n\n-- migrate:up\nSELECT 1,\nnosuch;\n', '1; up script (m/1_x.sql), line 5, statement 1: column "nosuch" does not exist'),
	('file: a syntax error', 'm/1_x.sql', E'-- licence\n\n-- migrate:up\nSELECT 1;\nSELEC 2;', 'broken: syntax error at or near "SELEC", line 5; 42601 up script (m/1_x.sql), line 5'),
	('file: a verify section', 'm/1_x.sql', E'-- migrate:up\nSELECT 1;\n-- migrate:verify\n\nSELECT true;\nSELECT 1/0;\n', '1; verify script (m/1_x.sql), line 6, statement 2: division by zero'),
	('file: a verify section that says no', 'm/1_x.sql', E'-- migrate:up\nSELECT 1;\n-- migrate:verify\n\nSELECT true;\n\nSELECT 1 = 2;\n', '1; verify script (m/1_x.sql), line 7, statement 2: the verify script answered false'),
	('file: a down section', 'm/1_x.sql', E'-- migrate:up\nSELECT 1;\n-- migrate:down\n-- c\nSELECT 2;\nSELECT nosuch;\n', '1; down script (m/1_x.sql), line 6, statement 2: column "nosuch" does not exist'),
	('file: COPY in a section', 'm/1_x.sql', E'-- migrate:up\nCOPY i FROM stdin;\n1\nx\n\\.\n-- migrate:down\nSELECT 1', '1; up script (m/1_x.sql), line 4, statement 1: invalid input syntax for type integer: "x"'),
	('file: CRLF and a byte order mark', 'm/1_x.sql', E'\uFEFF-- migrate:up\r\nSELECT 1;\r\nSELECT nosuch;\r\n', '2; up script (m/1_x.sql), line 3, statement 2: column "nosuch" does not exist'),
	('file: no sections', 'm/1_x.sql', E'-- c\nSELECT 1/0;\n', '1; up script (m/1_x.sql), line 2, statement 1: division by zero'),
	('file: goose', 'm/1_x.sql', E'-- +goose Up\n-- +goose StatementBegin\nDO $$ BEGIN\nPERFORM 1; END $$;\n-- +goose StatementEnd\nSELECT 1/0;\n', '2; up script (m/1_x.sql), line 6, statement 2: division by zero');

SELECT plan(2 * count(*)::int) FROM cases;
SELECT is(run(path, script), result, what) FROM cases ORDER BY id;
SET LOCAL standard_conforming_strings = off;
SELECT is(run(path, script), result, what || ' (standard_conforming_strings off)') FROM cases ORDER BY id;
SET LOCAL standard_conforming_strings = on;
SELECT * FROM finish();
ROLLBACK;
