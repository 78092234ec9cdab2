-- What migrate_register_file() makes of a path and a content: every format,
-- and what is refused.  Whole directories are the other tests' matter.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS migrate;
SET LOCAL migrate.project = 'pgtap formats';

-- Registers files, given as path, content, path, content ... in this order,
-- and describes the migration that is there then: format, kind, version, name
-- and requirements, and on a line for each script its first line in the file
-- and its text.  Or the error.  Nothing of it stays.
CREATE FUNCTION pg_temp.read(files text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	FOR i IN 1 .. cardinality(files) BY 2 LOOP
		PERFORM migrate_register_file(files[i], files[i + 1]);
	END LOOP;
	SELECT format('%s %s %s %s%s', format, kind, version, name,
				  ' requires ' || nullif(array_to_string(requires, ' '), ''))
		   || E'\n' || format('up %s%s <%s>', up_line,
				  CASE WHEN up_no_transaction THEN ' no transaction' END, up)
		   || CASE WHEN down IS NULL THEN '' ELSE
				  E'\n' || format('down %s%s <%s>', down_line,
				  CASE WHEN down_no_transaction THEN ' no transaction' END, down) END
		   || CASE WHEN verify IS NULL THEN '' ELSE
				  E'\n' || format('verify %s <%s>', verify_line, verify) END
	  INTO STRICT result
	  FROM migrate_migration WHERE project = migrate_project();
	RAISE EXCEPTION USING errcode = 'PGTAP', message = result;
EXCEPTION
	WHEN SQLSTATE 'PGTAP' THEN
		RETURN SQLERRM;
	WHEN OTHERS THEN
		RETURN SQLSTATE || ': ' || SQLERRM;
END $$;

CREATE TEMPORARY TABLE cases (
	n int GENERATED ALWAYS AS IDENTITY,
	what text NOT NULL UNIQUE,
	files text[] NOT NULL,
	result text NOT NULL
);

-- native
INSERT INTO cases (what, files, result) VALUES
	('native: all sections', ARRAY['m/0007_add_x.sql', E'-- licence\n/* c */\n-- migrate:requires 3, 5\n-- migrate:up transaction:false\nA;\n-- migrate:down\nB;\n-- migrate:verify\nC;'],
	 E'native versioned 0007 add_x requires 3 5\nup 5 no transaction <A;\n>\ndown 7 <B;\n>\nverify 9 <C;>'),
	('native: directives in any case, with blanks or without', ARRAY['1.2-add-x.sql', E'--MIGRATE:Up\nA;\n--   migrate:DOWN   transaction:FALSE \t\nB;\n'],
	 E'native versioned 1.2 add-x\nup 2 <A;\n>\ndown 4 no transaction <B;\n>'),
	('native: CRLF', ARRAY['1_a.sql', E'-- x\r\n-- migrate:up\r\nA;\r\n-- migrate:down transaction:false\r\nB;\r\n'],
	 E'native versioned 1 a\nup 3 <A;\r\n>\ndown 5 no transaction <B;\r\n>'),
	('native: lone CR', ARRAY['1_a.sql', E'-- migrate:up\rA;\r-- migrate:down\rB;\r'],
	 E'native versioned 1 a\nup 2 <A;\r>\ndown 4 <B;\r>'),
	('native: byte order mark', ARRAY['1_a.sql', E'\uFEFF-- migrate:up\nA;\n'],
	 E'native versioned 1 a\nup 2 <A;\n>'),
	('native: an empty down section', ARRAY['1_a.sql', E'-- migrate:up\nA;\n-- migrate:down'],
	 E'native versioned 1 a\nup 2 <A;\n>\ndown 4 <>'),
	('native: only a comment', ARRAY['1_a.sql', E'-- migrate:up\n-- nothing\n'],
	 E'native versioned 1 a\nup 2 <-- nothing\n>'),
	('native: requirements, several lines', ARRAY['1_a.sql', E'-- migrate:requires 3,7 9\n-- migrate:requires\t2025_x\n-- migrate:up\nA;\n-- migrate:requires 11\n'],
	 E'native versioned 1 a requires 3 7 9 2025_x 11\nup 4 <A;\n-- migrate:requires 11\n>'),
	('native: requires nothing', ARRAY['1_a.sql', E'-- migrate:requires ,\n-- migrate:up\n'],
	 'MG010: no version after "-- migrate:requires" in file "1_a.sql", line 1'),
	('native: no-transaction for both sections', ARRAY['1_a.sql', E'-- migrate:no-transaction\n-- migrate:up\nA;\n-- migrate:down\nB;\n'],
	 E'native versioned 1 a\nup 3 no transaction <A;\n>\ndown 5 no transaction <B;\n>'),
	('native: no-transaction for one section', ARRAY['1_a.sql', E'-- migrate:up\nA;\n-- migrate:down\n-- migrate:no-transaction\nB;\n'],
	 E'native versioned 1 a\nup 2 <A;\n>\ndown 4 no transaction <-- migrate:no-transaction\nB;\n>'),
	('native: transaction:true', ARRAY['1_a.sql', E'-- migrate:up transaction:true\nA;\n'],
	 E'native versioned 1 a\nup 2 <A;\n>'),
	('native: unknown option', ARRAY['1_a.sql', E'\n-- migrate:up transaction:no\nA;\n'],
	 'MG010: unknown option "transaction:no" of "-- migrate:up" in file "1_a.sql", line 2'),
	('native: verify has no option', ARRAY['1_a.sql', E'-- migrate:up\n-- migrate:verify transaction:false\n'],
	 'MG010: unknown option "transaction:false" of "-- migrate:verify" in file "1_a.sql", line 2'),
	('native: unknown directive', ARRAY['1_a.sql', E'-- migrate:up\nA;\n-- migrate:dwon\nB;\n'],
	 'MG010: unknown directive "-- migrate:dwon" in file "1_a.sql", line 3'),
	('native: unknown directive only', ARRAY['1_a.sql', E'-- migrate:upp\nA;\n'],
	 'MG010: unknown directive "-- migrate:upp" in file "1_a.sql", line 1'),
	('native: ignore', ARRAY['1_a.sql', E'-- migrate:up\nA;\n-- migrate:ignore this and that\nB;\n'],
	 E'native versioned 1 a\nup 2 <A;\n-- migrate:ignore this and that\nB;\n>'),
	('native: prose is no directive', ARRAY['1_a.sql', E'-- migrate: the users\n-- see migrate:down\n--- migrate:down\n-- migrate:up\nA; -- migrate:down\n'],
	 E'native versioned 1 a\nup 5 <A; -- migrate:down\n>'),
	('native: text before up', ARRAY['1_a.sql', E'-- c\n\nSET x = 1;\n-- migrate:up\nA;\n'],
	 'MG010: text before "-- migrate:up" in file "1_a.sql", line 3'),
	('native: two up sections', ARRAY['1_a.sql', E'-- migrate:up\nA;\n-- migrate:up\nB;\n'],
	 'MG010: second section "up" in file "1_a.sql", line 3'),
	('native: two down sections', ARRAY['1_a.sql', E'-- migrate:up\nA;\n-- migrate:down\n-- migrate:down\nB;\n'],
	 'MG010: second section "down" in file "1_a.sql", line 4'),
	('native: down before up', ARRAY['1_a.sql', E'-- migrate:down\nA;\n-- migrate:up\nB;\n'],
	 'MG010: misplaced directive "-- migrate:down" in file "1_a.sql", line 1'),
	('native: indented directive', ARRAY['1_a.sql', E'-- migrate:up\nA;\n  -- migrate:down\nB;\n'],
	 'MG010: indented directive in file "1_a.sql", line 3'),
	('native: a number alone is the name as well', ARRAY['001.sql', E'-- migrate:up\n'],
	 E'native versioned 001 001\nup 2 <>'),
	('native: an empty name is the number', ARRAY['001_.sql', E'-- migrate:up\n'],
	 E'native versioned 001 001\nup 2 <>'),
	('native: directive in a dollar quote', ARRAY['1_a.sql', E'-- migrate:up\nCREATE FUNCTION f() AS $f$\n-- migrate:down\n$$ $g$\n-- migrate:up\n$f$;\n-- migrate:down\nB;\n'],
	 E'native versioned 1 a\nup 2 <CREATE FUNCTION f() AS $f$\n-- migrate:down\n$$ $g$\n-- migrate:up\n$f$;\n>\ndown 8 <B;\n>'),
	('native: directive in a string', ARRAY['1_a.sql', E'-- migrate:up\nSELECT ''it''''s\n-- migrate:down\n\\'', '''';\n-- migrate:down\nB;\n'],
	 E'native versioned 1 a\nup 2 <SELECT ''it''''s\n-- migrate:down\n\\'', '''';\n>\ndown 6 <B;\n>'),
	('native: directive in an E string', ARRAY['1_a.sql', E'-- migrate:up\nSELECT E''\\''\n-- migrate:down\n'', ''x\\'';\n-- migrate:down\nB;\n'],
	 E'native versioned 1 a\nup 2 <SELECT E''\\''\n-- migrate:down\n'', ''x\\'';\n>\ndown 6 <B;\n>'),
	('native: directive in the continuation of an E string', ARRAY['1_a.sql', E'-- migrate:up\nSELECT E''a''\n -- c\n ''b\\''\n-- migrate:down\n'';\n-- migrate:down\nB;\n'],
	 E'native versioned 1 a\nup 2 <SELECT E''a''\n -- c\n ''b\\''\n-- migrate:down\n'';\n>\ndown 8 <B;\n>'),
	('native: a type name before the quote makes no E string', ARRAY['1_a.sql', E'-- migrate:up\nSELECT date''\\'';\n-- migrate:down\nB;\n'],
	 E'native versioned 1 a\nup 2 <SELECT date''\\'';\n>\ndown 4 <B;\n>'),
	('native: directive in an identifier', ARRAY['1_a.sql', E'-- migrate:up\nSELECT 1 AS "a""\n-- migrate:down\n";\n-- migrate:down\nB;\n'],
	 E'native versioned 1 a\nup 2 <SELECT 1 AS "a""\n-- migrate:down\n";\n>\ndown 6 <B;\n>'),
	('native: directive in a nested comment', ARRAY['1_a.sql', E'-- migrate:up\n/* a /* b */\n-- migrate:down\n*/\n-- migrate:down\nB;\n'],
	 E'native versioned 1 a\nup 2 </* a /* b */\n-- migrate:down\n*/\n>\ndown 6 <B;\n>'),
	('native: a dollar in a name quotes nothing', ARRAY['1_a.sql', E'-- migrate:up\nSELECT a$b$, $1, c FROM t$b$;\n-- migrate:down\nB;\n'],
	 E'native versioned 1 a\nup 2 <SELECT a$b$, $1, c FROM t$b$;\n>\ndown 4 <B;\n>'),
	('native: quotes in a comment quote nothing', ARRAY['1_a.sql', E'-- migrate:up\n-- don''t $$ /* \nA;\n-- migrate:down\nB;\n'],
	 E'native versioned 1 a\nup 2 <-- don''t $$ /* \nA;\n>\ndown 5 <B;\n>'),
	('native: quotes in COPY data quote nothing', ARRAY['1_a.sql', E'-- migrate:up\nCOPY t FROM stdin;\nit''s\t/*\n\\.\n-- migrate:down\nB;\n'],
	 E'native versioned 1 a\nup 2 <COPY t FROM stdin;\nit''s\t/*\n\\.\n>\ndown 6 <B;\n>'),
	('native: directive in a leading comment is none', ARRAY['1_a.sql', E'/*\n-- migrate:up\n*/\nA;\n'],
	 E'plain versioned 1 a\nup 1 </*\n-- migrate:up\n*/\nA;\n>'),
	('native: repeatable', ARRAY['views.sql', E'-- migrate:repeatable\nCREATE OR REPLACE VIEW v AS SELECT 1;\n'],
	 E'native repeatable views views\nup 1 <-- migrate:repeatable\nCREATE OR REPLACE VIEW v AS SELECT 1;\n>'),
	('native: repeatable with a number and sections', ARRAY['m/5_views.sql', E'-- migrate:repeatable\n-- migrate:requires 4\n-- migrate:up\nA;\n-- migrate:verify\nC;\n'],
	 E'native repeatable views views requires 4\nup 4 <A;\n>\nverify 6 <C;\n>'),
	('native: repeatable after up', ARRAY['views.sql', E'-- migrate:up\nA;\n-- migrate:repeatable\n'],
	 'MG010: misplaced directive "-- migrate:repeatable" in file "views.sql", line 3'),
	('native: repeatable, down without up', ARRAY['views.sql', E'-- migrate:repeatable\nA;\n-- migrate:down\n'],
	 'MG010: misplaced directive "-- migrate:down" in file "views.sql", line 3'),
	('native: a name without a version', ARRAY['views.sql', E'-- migrate:up\nA;\n'],
	 'MG010: file "views.sql" is not a migration of a known format'),
	('native: directives of another format as well', ARRAY['1_a.sql', E'-- +goose Up\nA;\n-- migrate:down\nB;\n'],
	 'MG010: file "1_a.sql" has directives of two formats');

-- goose
INSERT INTO cases (what, files, result) VALUES
	('goose: both sections', ARRAY['1_a.sql', E'-- +goose Up\n-- +goose StatementBegin\nA;\n-- +goose StatementEnd\n-- +goose Down\nB;\n'],
	 E'goose versioned 1 a\nup 2 <-- +goose StatementBegin\nA;\n-- +goose StatementEnd\n>\ndown 6 <B;\n>'),
	('goose: case, CRLF, no transaction', ARRAY['1_a.sql', E'-- c\r\n--+GOOSE NO transaction\r\n--  +goose up\r\nA;\r\n-- +goose down\r\n'],
	 E'goose versioned 1 a\nup 4 no transaction <A;\r\n>\ndown 6 no transaction <>'),
	('goose: text before Up', ARRAY['1_a.sql', E'SET x=1;\n-- +goose Up\nA;\n'],
	 'MG010: text before "-- +goose Up" in file "1_a.sql", line 1'),
	('goose: no Up', ARRAY['1_a.sql', E'-- +goose NO TRANSACTION\nA;\n'],
	 'MG010: file "1_a.sql" has no line "-- +goose Up"'),
	('goose: Down before Up', ARRAY['1_a.sql', E'-- +goose Down\nA;\n-- +goose Up\n'],
	 'MG010: misplaced directive "-- +goose Down" in file "1_a.sql", line 1'),
	('goose: StatementBegin without an end', ARRAY['1_a.sql', E'-- +goose Up\n-- +goose StatementBegin\nA;\n'],
	 'MG010: unterminated "-- +goose StatementBegin" in file "1_a.sql", line 2'),
	('goose: a section within a statement', ARRAY['1_a.sql', E'-- +goose Up\n-- +goose StatementBegin\nA;\n-- +goose Down\n'],
	 'MG010: unterminated "-- +goose StatementBegin" in file "1_a.sql", line 2'),
	('goose: StatementBegin twice', ARRAY['1_a.sql', E'-- +goose Up\n-- +goose StatementBegin\n-- +goose StatementBegin\n'],
	 'MG010: unterminated "-- +goose StatementBegin" in file "1_a.sql", line 2'),
	('goose: StatementEnd alone', ARRAY['1_a.sql', E'-- +goose Up\n-- +goose StatementEnd\n'],
	 'MG010: misplaced directive "-- +goose StatementEnd" in file "1_a.sql", line 2'),
	('goose: StatementBegin before Up', ARRAY['1_a.sql', E'-- +goose StatementBegin\n-- +goose Up\n'],
	 'MG010: misplaced directive "-- +goose StatementBegin" in file "1_a.sql", line 1'),
	('goose: ENVSUB ON', ARRAY['1_a.sql', E'-- +goose ENVSUB ON\n-- +goose Up\nA\n'],
	 E'goose versioned 1 a\nup 3 <A\n>'),
	('goose: ENVSUB OFF', ARRAY['1_a.sql', E'-- +goose ENVSUB OFF\n-- +goose Up\nA\n'],
	 E'goose versioned 1 a\nup 3 <A\n>'),
	('goose: unknown directive', ARRAY['1_a.sql', E'-- +goose Up it\nA\n'],
	 'MG010: unknown directive "-- +goose Up it" in file "1_a.sql", line 1'),
	('goose: indented directive', ARRAY['1_a.sql', E'-- +goose Up\nA\n -- +goose Down\nB\n'],
	 'MG010: indented directive in file "1_a.sql", line 3'),
	('goose: two Up sections', ARRAY['1_a.sql', E'-- +goose Up\nA\n-- +goose Up\nB\n'],
	 'MG010: second section "Up" in file "1_a.sql", line 3'),
	('goose: directive in a dollar quote', ARRAY['1_a.sql', E'-- +goose Up\nDO $$\n-- +goose Down\n$$;\n-- +goose Down\nB\n'],
	 E'goose versioned 1 a\nup 2 <DO $$\n-- +goose Down\n$$;\n>\ndown 6 <B\n>'),
	('goose: a dash after the number', ARRAY['1-a.sql', E'-- +goose Up\nA\n'],
	 'MG010: file "1-a.sql" is not named as a migration of format goose'),
	('goose: a number alone is the name as well', ARRAY['1.sql', E'-- +goose Up\nA\n'],
	 E'goose versioned 1 1\nup 2 <A\n>'),
	('goose: requirements', ARRAY['2_a.sql', E'-- +goose Up\n-- migrate:requires 1\nA\n'],
	 E'goose versioned 2 a requires 1\nup 2 <-- migrate:requires 1\nA\n>');

-- sql-migrate, graphile-migrate and node-pg-migrate; more in formats_readers
INSERT INTO cases (what, files, result) VALUES
	('sql-migrate: the number alone', ARRAY['m/1-a.sql', E'-- +migrate Up\nA'],
	 E'sql-migrate versioned 1 a\nup 2 <A>'),
	('sql-migrate: no number', ARRAY['m/init.sql', E'-- +migrate Up\nA'],
	 E'sql-migrate versioned init init\nup 2 <A>'),
	('graphile: its hash', ARRAY['000007-x.sql', E'--! Previous: sha1:370757d654a15d29e824a96c113d86b77588d500\n--! Hash: sha1:74549db610ca6ebb4442c626619aaa8e02356f01\n\n--! no-transaction\nCREATE INDEX CONCURRENTLY i ON a (:COLUMN)\n'],
	 'MG022: file "000007-x.sql" is not what its hash says'),
	('graphile: what is not committed', ARRAY['m/current.sql', 'A'],
	 'MG010: file "m/current.sql" is not a migration of a known format'),
	('node: a file alone', ARRAY['m/1_a.sql', E'-- Up Migration\nA'],
	 E'node-pg-migrate versioned 1 a\nup 2 <A>'),
	('node: a hole alone', ARRAY['m/1_a.js', 'x'],
	 E'node-pg-migrate versioned 1 a\nup 1 <>');

-- golang-migrate and sqlx
INSERT INTO cases (what, files, result) VALUES
	('golang-migrate: up alone', ARRAY['m/1_a.up.sql', 'A'],
	 E'golang-migrate versioned 1 a\nup 1 <A>'),
	('golang-migrate: up, then down', ARRAY['m/1_a.up.sql', 'A', 'm/1_a.down.sql', 'B'],
	 E'golang-migrate versioned 1 a\nup 1 <A>\ndown 1 <B>'),
	('golang-migrate: an empty down', ARRAY['m/1_a.up.sql', 'A', 'm/1_a.down.sql', ''],
	 E'golang-migrate versioned 1 a\nup 1 <A>\ndown 1 <>'),
	('golang-migrate: a new up keeps the down', ARRAY['m/1_a.up.sql', 'A', 'm/1_a.down.sql', 'B', 'm/1_a.up.sql', 'A2'],
	 E'golang-migrate versioned 1 a\nup 1 <A2>\ndown 1 <B>'),
	('golang-migrate: a new down keeps the up', ARRAY['m/1_a.up.sql', 'A', 'm/1_a.down.sql', 'B', 'm/1_a.down.sql', 'B2'],
	 E'golang-migrate versioned 1 a\nup 1 <A>\ndown 1 <B2>'),
	('golang-migrate: a down of the same number with another name', ARRAY['m/1_a.up.sql', 'A', 'm/1_b.down.sql', 'B'],
	 E'golang-migrate versioned 1 a\nup 1 <A>\ndown 1 <B>'),
	('golang-migrate: capitals', ARRAY['x/m/1_a.UP.SQL', 'A', 'x/m/1_a.DOWN.SQL', 'B'],
	 E'golang-migrate versioned 1 a\nup 1 <A>\ndown 1 <B>'),
	('golang-migrate: down without up', ARRAY['m/2_b.down.sql', 'B'],
	 'MG010: there is no up script for "m/2_b.down.sql"'),
	('golang-migrate: two ups of one number', ARRAY['m/1_a.up.sql', 'A', 'm/01_b.up.sql', 'B'],
	 'MG003: two migrations have the version 01: 1_a and 01_b'),
	('golang-migrate: a number alone is the name as well', ARRAY['m/001.up.sql', 'A'],
	 E'golang-migrate versioned 001 001\nup 1 <A>'),
	('golang-migrate: an empty name is the number', ARRAY['m/001_.up.sql', 'A'],
	 E'golang-migrate versioned 001 001\nup 1 <A>'),
	('golang-migrate: a dot in the number', ARRAY['m/1.2_a.up.sql', 'A'],
	 'MG010: file "m/1.2_a.up.sql" is not named as a migration of format golang-migrate'),
	('golang-migrate: a section', ARRAY['m/1_a.up.sql', E'-- migrate:up\nA'],
	 'MG010: misplaced directive "-- migrate:up" in file "m/1_a.up.sql", line 1'),
	('golang-migrate: no-transaction and requirements', ARRAY['m/1_a.up.sql', E'-- migrate:no-transaction\n-- migrate:requires 0\nA', 'm/1_a.down.sql', 'B'],
	 E'golang-migrate versioned 1 a requires 0\nup 1 no transaction <-- migrate:no-transaction\n-- migrate:requires 0\nA>\ndown 1 <B>'),
	('golang-migrate: requirements of a down', ARRAY['m/1_a.up.sql', 'A', 'm/1_a.down.sql', E'-- migrate:requires 0\n'],
	 'MG010: misplaced directive "-- migrate:requires" in file "m/1_a.down.sql", line 1'),
	('golang-migrate: no directive after the first statement', ARRAY['m/1_a.up.sql', E'A;\n-- migrate:no-transaction\n'],
	 E'golang-migrate versioned 1 a\nup 1 <A;\n-- migrate:no-transaction\n>'),
	('sqlx: without a transaction', ARRAY['1_a.sql', E'-- no-transaction\nA'],
	 E'sqlx versioned 1 a\nup 1 no transaction <-- no-transaction\nA>'),
	('sqlx: up without a transaction, and down', ARRAY['1_a.up.sql', E'-- no-transaction\r\nA', '1_a.down.sql', 'B'],
	 E'sqlx versioned 1 a\nup 1 no transaction <-- no-transaction\r\nA>\ndown 1 <B>'),
	('sqlx: its mark must be the first bytes', ARRAY['1_a.up.sql', E'\n-- no-transaction\nA'],
	 E'golang-migrate versioned 1 a\nup 1 <\n-- no-transaction\nA>'),
	('sqlx: its mark means nothing in a native file', ARRAY['1_a.sql', E'-- no-transaction\n-- migrate:up\nA'],
	 E'native versioned 1 a\nup 3 <A>');

-- diesel and prisma, where the directory is the name
INSERT INTO cases (what, files, result) VALUES
	('diesel: up and down', ARRAY['m/2025-11-19-091444-0000_add_x/up.sql', 'A', 'm/2025-11-19-091444-0000_add_x/down.sql', 'B'],
	 E'diesel versioned 202511190914440000 add_x\nup 1 <A>\ndown 1 <B>'),
	('diesel: run_in_transaction', ARRAY['m/1_a/up.sql', 'A', 'm/1_a/down.sql', '', 'm/1_a/metadata.toml', E'# c\nrun_in_transaction = false # why\n'],
	 E'diesel versioned 1 a\nup 1 no transaction <A>\ndown 1 no transaction <>'),
	('diesel: run_in_transaction outlasts a new text', ARRAY['m/1_a/up.sql', 'A', 'm/1_a/metadata.toml', 'run_in_transaction = false', 'm/1_a/up.sql', 'A2', 'm/1_a/down.sql', 'B'],
	 E'diesel versioned 1 a\nup 1 no transaction <A2>\ndown 1 no transaction <B>'),
	('diesel: run_in_transaction becomes true again', ARRAY['m/1_a/up.sql', 'A', 'm/1_a/metadata.toml', 'run_in_transaction = false', 'm/1_a/metadata.toml', 'run_in_transaction = true'],
	 E'diesel versioned 1 a\nup 1 <A>'),
	('diesel: settings without up', ARRAY['m/1_a/metadata.toml', 'run_in_transaction = false'],
	 'MG010: there is no up script for "m/1_a/metadata.toml"'),
	('diesel: down without up', ARRAY['m/1_a/down.sql', 'B'],
	 'MG010: there is no up script for "m/1_a/down.sql"'),
	('diesel: a value that is none', ARRAY['m/1_a/up.sql', 'A', 'm/1_a/metadata.toml', 'run_in_transaction = no'],
	 'MG010: invalid value "no" of run_in_transaction in file "m/1_a/metadata.toml", line 1'),
	('diesel: the setting in another table', ARRAY['m/1_a/up.sql', 'A', 'm/1_a/metadata.toml', E'x = 1\n[t]\nrun_in_transaction = false\n'],
	 'MG010: file "m/1_a/metadata.toml" does not set run_in_transaction'),
	('diesel: dates with and without dashes are one version', ARRAY['m/2020-01-01_a/up.sql', 'A', 'm/20200101_b/up.sql', 'B'],
	 'MG003: two migrations have the version 20200101: 20200101_a and 20200101_b'),
	('diesel: no version', ARRAY['m/helpers/up.sql', 'A'],
	 'MG010: file "m/helpers/up.sql" is not named as a migration of format diesel'),
	('diesel: no name', ARRAY['m/2020-01-01-000000/up.sql', 'A'],
	 'MG010: file "m/2020-01-01-000000/up.sql" gives its migration no name'),
	('diesel: no directory', ARRAY['up.sql', 'A'],
	 'MG010: file "up.sql" is not a migration of a known format'),
	('prisma: the whole name is the version', ARRAY['m/20200101_a_b/migration.sql', 'A'],
	 E'prisma versioned 20200101_a_b a_b\nup 1 <A>'),
	('prisma: no number', ARRAY['m/init/migration.sql', 'A'],
	 E'prisma versioned init init\nup 1 <A>'),
	('prisma: no name', ARRAY['m/2020_/migration.sql', 'A'],
	 'MG010: file "m/2020_/migration.sql" gives its migration no name'),
	('prisma: no directory', ARRAY['migration.sql', 'A'],
	 'MG010: file "migration.sql" is not a migration of a known format');

-- Flyway
INSERT INTO cases (what, files, result) VALUES
	('flyway: versioned', ARRAY['m/V1_2__add_x.sql', 'A'],
	 E'flyway versioned 1.2 add x\nup 1 <A>'),
	('flyway: undo', ARRAY['m/V1_2__add_x.sql', 'A', 'm/U1.2__add_x.sql', 'B'],
	 E'flyway versioned 1.2 add x\nup 1 <A>\ndown 1 <B>'),
	('flyway: undo with a description of its own', ARRAY['m/V1_2__add_x.sql', 'A', 'm/U1.2__undo.sql', 'B'],
	 E'flyway versioned 1.2 add x\nup 1 <A>\ndown 1 <B>'),
	('flyway: repeatable', ARRAY['m/R__all_views.sql', 'A'],
	 E'flyway repeatable all views all views\nup 1 <A>'),
	('flyway: baseline', ARRAY['m/B1.2__base.sql', 'A'],
	 E'flyway baseline 1.2 base\nup 1 <A>'),
	('flyway: executeInTransaction', ARRAY['m/V1__x.sql', 'A', 'm/V1__x.sql.conf', E'executeInTransaction=false\n'],
	 E'flyway versioned 1 x\nup 1 no transaction <A>'),
	('flyway: executeInTransaction is of one file', ARRAY['m/V1__x.sql', 'A', 'm/U1__x.sql', 'B', 'm/V1__x.sql.conf', 'executeInTransaction = false'],
	 E'flyway versioned 1 x\nup 1 no transaction <A>\ndown 1 <B>'),
	('flyway: executeInTransaction of the undo script', ARRAY['m/V1__x.sql', 'A', 'm/U1__x.sql', 'B', 'm/U1__x.sql.conf', 'executeInTransaction = false'],
	 E'flyway versioned 1 x\nup 1 <A>\ndown 1 no transaction <B>'),
	('flyway: executeInTransaction outlasts a new text', ARRAY['m/V1__x.sql', 'A', 'm/V1__x.sql.conf', 'executeInTransaction=false', 'm/V1__x.sql', 'A2'],
	 E'flyway versioned 1 x\nup 1 no transaction <A2>'),
	('flyway: another setting', ARRAY['m/V1__x.sql', 'A', 'm/V1__x.sql.conf', E'\ngroup=true'],
	 'MG010: unsupported setting "group" in file "m/V1__x.sql.conf", line 2'),
	('flyway: a hook', ARRAY['m/afterEachMigrate__x.sql', 'A'],
	 E'flyway repeatable afterEachMigrate__x afterEachMigrate__x\nup 1 <A>'),
	('flyway: a hook by a directive', ARRAY['m/afterMigrate.sql', E'-- migrate:repeatable\nA'],
	 E'native repeatable afterMigrate afterMigrate\nup 1 <-- migrate:repeatable\nA>'),
	('flyway: encoding', ARRAY['m/V1__x.sql', 'A', 'm/V1__x.sql.conf', E'encoding=UTF-8'],
	 E'flyway versioned 1 x\nup 1 <A>'),
	('flyway: settings that need the other files', ARRAY['m/V1__x.sql', 'A', 'm/V1__x.sql.conf', E'executeInTransaction=true\nshouldExecute=false'],
	 'MG010: a setting that needs the other files of the directory in file "m/V1__x.sql.conf", line 2'),
	('flyway: a value that is none', ARRAY['m/V1__x.sql', 'A', 'm/V1__x.sql.conf', 'executeInTransaction=no'],
	 'MG010: invalid value "no" of executeInTransaction in file "m/V1__x.sql.conf", line 1'),
	('flyway: undo without its migration', ARRAY['m/U2__x.sql', 'A'],
	 'MG010: there is no up script for "m/U2__x.sql"'),
	('flyway: settings without their migration', ARRAY['m/V2__x.sql.conf', 'executeInTransaction=false'],
	 'MG010: there is no up script for "m/V2__x.sql.conf"'),
	('flyway: no description', ARRAY['m/V1.sql', 'A'],
	 'MG010: file "m/V1.sql" gives its migration no name'),
	('flyway: an empty description', ARRAY['m/V1__.sql', 'A'],
	 'MG010: file "m/V1__.sql" gives its migration no name'),
	('flyway: one underscore', ARRAY['m/V1_x.sql', 'A'],
	 'MG010: file "m/V1_x.sql" is not named as a migration of format flyway'),
	('flyway: a letter in the version', ARRAY['m/V1a__x.sql', 'A'],
	 'MG010: file "m/V1a__x.sql" is not named as a migration of format flyway'),
	('flyway: a small v', ARRAY['m/v1__x.sql', 'A'],
	 'MG010: file "m/v1__x.sql" is not a migration of a known format'),
	('flyway: two of one version', ARRAY['m/V1__x.sql', 'A', 'm/V1_0__y.sql', 'B'],
	 'MG003: two migrations have the version 1.0: 1_x and 1.0_y');

-- numbered files without anything in them, and names that are none
INSERT INTO cases (what, files, result) VALUES
	('plain: a number and a name', ARRAY['m/1_a.sql', 'A'],
	 E'plain versioned 1 a\nup 1 <A>'),
	('plain: dots, dashes, byte order mark', ARRAY['/srv/m/1.2-b-c.sql', E'\uFEFFB'],
	 E'plain versioned 1.2 b-c\nup 1 <B>'),
	('plain: no text', ARRAY['3_empty.sql', ''],
	 E'plain versioned 3 empty\nup 1 <>'),
	('plain: without a transaction', ARRAY['1_a.sql', E'-- c\n\n-- migrate:no-transaction\nA'],
	 E'plain versioned 1 a\nup 1 no transaction <-- c\n\n-- migrate:no-transaction\nA>'),
	('plain: indented directive', ARRAY['m/1_a.sql', E'  -- migrate:no-transaction\nA'],
	 'MG010: indented directive in file "m/1_a.sql", line 1'),
	('plain: a number alone is the name as well', ARRAY['m/1.sql', 'A'],
	 E'plain versioned 1 1\nup 1 <A>'),
	('no version', ARRAY['x1_a.sql', 'SELECT 1;'],
	 'MG010: file "x1_a.sql" is not a migration of a known format'),
	('not SQL', ARRAY['README.md', 'hello'],
	 'MG010: file "README.md" is not a migration of a known format'),
	('no separator', ARRAY['001x.sql', 'A;'],
	 'MG010: file "001x.sql" is not a migration of a known format');

SELECT plan(count(*)::int) FROM cases;
SELECT is(pg_temp.read(files), result, what) FROM cases ORDER BY n;
SELECT * FROM finish();
ROLLBACK;
