-- COPY FROM stdin with its data inline, and psql's meta-commands.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'apply_copy';
CREATE SCHEMA apply_copy;
SET search_path = apply_copy, public;
\set SHOW_CONTEXT always

SELECT migrate_register('1', 'copy', E'CREATE TABLE t (i int, s text, d date DEFAULT ''2020-01-01'');
COPY t (i, s) FROM stdin;
1\ta;b ''c'' $$ /* -- ; "
2\t\\N
3\ttab\\tbackslash\\\\ newline\\n \\\\. ä€🐘
\\.
INSERT INTO t VALUES (4, ''after'');
COPY t FROM stdin WITH (FORMAT csv, HEADER, DELIMITER ''|'');
i|s|d
5|"a|b
c"|2021-02-03
6||2021-02-04
\\.
COPY t FROM STDIN WHERE i % 2 = 0;
7\todd\t2022-01-01
8\teven\t2022-01-01
\\.
COPY t(i,s)
	FROM
	stdin
	(DELIMITER '','');
9,nine
\\.
COPY t FROM stdin;
\\.
COPY t (i, s) FROM stdin; -- psql takes a comment here
11	eleven
\\.
-- the last has no end, and no line feed after its last line either
COPY t FROM stdin;
10\tten\t2023-01-01');
SELECT statements FROM migrate_plan();
SELECT version, statements FROM migrate_apply();
SELECT * FROM t ORDER BY i;

-- CRLF: carriage returns are no data
SELECT migrate_register('2', 'crlf', E'CREATE TABLE crlf (i int, s text);\r\nCOPY crlf FROM stdin;\r\n1\ta\r\n2\tb\r\n\\.\r\nSELECT 1;\r\n');
SELECT version, statements FROM migrate_apply();
SELECT i, s, length(s) FROM crlf;

-- triggers, defaults and checks work as in any COPY
SELECT migrate_register('3', 'checks', E'CREATE TABLE checked (i int CHECK (i > 0), j int GENERATED ALWAYS AS (i * 2) STORED, k serial);
COPY checked (i) FROM stdin;
5
6
\\.
CREATE TABLE part (i int) PARTITION BY LIST (i);
CREATE TABLE part1 PARTITION OF part FOR VALUES IN (1);
COPY part FROM stdin;
1
1
\\.
');
SELECT version, statements FROM migrate_apply();
SELECT * FROM checked;
SELECT count(*) FROM part1;

-- an error in the third data line: that line of the file
SELECT migrate_register('4', 'third', E'-- one\nCREATE TABLE u (i int, j int);\n\nCOPY u\n FROM stdin;\n1\t1\n2\t2\n3\tx\n4\t4\n\\.\nSELECT 1;\n');
SELECT * FROM migrate_apply();
SELECT line, statement_no, statement FROM migrate_history ORDER BY id DESC LIMIT 1;
SELECT migrate_register('4', 'third', E'CREATE TABLE u (i int, j int);\nCOPY u FROM stdin;\n1\t1\n2\n\\.\n');
SELECT * FROM migrate_apply();
SELECT migrate_register('4', 'third', E'CREATE TABLE u (i int PRIMARY KEY);\nCOPY u FROM stdin;\n1\n2\n1\n\\.\n');
SELECT * FROM migrate_apply();
SELECT migrate_register('4', 'third', E'CREATE TABLE u (i int CHECK (i < 2));\nCOPY u FROM stdin;\n1\n2\n\\.\n');
SELECT * FROM migrate_apply();
-- in the statement itself
SELECT migrate_register('4', 'third', E'CREATE TABLE u (i int);\n\nCOPY u (i, nope) FROM stdin;\n1\n\\.\n');
SELECT * FROM migrate_apply();
SELECT migrate_register('4', 'third', E'CREATE TABLE u (i int);\n\nCOPY u FROM stdin WHERE nope > 1;\n1\n\\.\n');
SELECT * FROM migrate_apply();
SELECT migrate_register('4', 'third', E'CREATE TABLE u (i int);\n\n\nCOPY nowhere FROM stdin;\n1\n\\.\n');
SELECT * FROM migrate_apply();
-- after the data the lines are counted on
SELECT migrate_register('4', 'third', E'CREATE TABLE u (i int);\nCOPY u FROM stdin;\n1\n2\n\\.\n\nSELECT nope;\n');
SELECT * FROM migrate_apply();
SELECT migrate_register('4', 'third', E'CREATE TABLE u (i int);\nCOPY u FROM stdin;\n1\n2\n\\.\n\nSELEC 1;\n');
SELECT * FROM migrate_apply();
-- a function that fails in a trigger on the second row
SELECT migrate_register('4', 'third', E'CREATE TABLE u (i int);
CREATE FUNCTION no_twos() RETURNS trigger LANGUAGE plpgsql AS
	''BEGIN IF new.i = 2 THEN RAISE ''''no twos''''; END IF; RETURN new; END'';
CREATE TRIGGER no_twos BEFORE INSERT ON u FOR EACH ROW EXECUTE FUNCTION no_twos();
COPY u FROM stdin;
1
2
\\.
');
SELECT * FROM migrate_apply();
SELECT migrate_unregister('4');

-- the data are part of what was applied
SELECT migrate_register('3', 'checks', E'COPY checked (i) FROM stdin;\n5\n6\n\\.\n');
SELECT version, state FROM migrate_status WHERE version = '3';
SELECT migrate_repair('3');
SELECT migrate_register('3', 'checks', E'COPY checked (i) FROM stdin;\n5\n7\n\\.\n');
SELECT version, state FROM migrate_status WHERE version = '3';
SELECT migrate_register('3', 'checks', E'-- comment\nCOPY checked (i)   FROM stdin;\n5\n6\n\\.\n');
SELECT version, state, remark FROM migrate_status WHERE version = '3';

-- what pg_dump puts around its output has no meaning here
SELECT migrate_register('5', 'dump', E'--\n-- PostgreSQL database dump\n--\n\n\\restrict aXbY1\n\nCREATE TABLE dumped (i int);\nCOPY dumped (i) FROM stdin;\n1\n\\.\n\n\\unrestrict aXbY1\n');
SELECT version, statements FROM migrate_apply();
SELECT * FROM dumped;
SELECT migrate_register('6', 'dump_line', E'\\restrict a\n\nSELECT 1;\n\\unrestrict a\nSELECT nope;\n');
SELECT * FROM migrate_apply();

-- any other meta-command is refused before anything runs
SELECT migrate_register('6', 'dump_line', E'SELECT 1;\n\n\\set x 1\nSELECT :x;\n');
SELECT * FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
SELECT line, statement_no, statement FROM migrate_history ORDER BY id DESC LIMIT 1;
SELECT migrate_register('6', 'dump_line', E'\\i other.sql\n');
SELECT * FROM migrate_apply();
SELECT migrate_register('6', 'dump_line', E'SELECT 1 AS x \\gset\n');
SELECT * FROM migrate_apply();
SELECT migrate_register('6', 'dump_line', E'SELECT 1;\n\\! rm x\n');
SELECT * FROM migrate_apply();
SELECT migrate_register('6', 'dump_line', E'\\restricted\n');
SELECT * FROM migrate_apply();
SELECT migrate_register('6', 'dump_line', E'CREATE TABLE x ();\nCOPY x FROM stdin; SELECT 2;\n\\.\n');
SELECT * FROM migrate_apply();
SELECT migrate_register('6', 'dump_line', E'SELECT 1;\n\\.\n');
SELECT * FROM migrate_apply();
-- a backslash in a string, a comment or a body is none
SELECT migrate_register('6', 'dump_line', $m$SELECT '\set', E'\\i', $$
\set x
$$; -- \i
/*
\i x
*/
SELECT "\q" FROM (VALUES (1)) AS v("\q");
$m$);
SELECT version, statements FROM migrate_apply();

-- COPY to or from files and programs is the server's business, stdout is nobody's
SELECT migrate_register('7', 'stdout', E'SELECT 1;\nCOPY t TO stdout;\n');
SELECT * FROM migrate_apply();
SELECT migrate_register('7', 'stdout', E'SELECT 1;\nCOPY (SELECT 1) TO STDOUT (FORMAT csv);\n');
SELECT * FROM migrate_apply();
SELECT migrate_register('7', 'stdout', E'SELECT 1;\nCOPY t FROM ''/nonexistent/file'';\n');
SELECT * FROM migrate_apply();
-- stdin as a name of something else
SELECT migrate_register('7', 'stdout', 'CREATE TABLE stdin (stdin int); SELECT stdin FROM stdin; INSERT INTO stdin SELECT 1;');
SELECT version, statements FROM migrate_apply();

-- the rights of the role that applies hold
CREATE ROLE regress_migrate_copy;
CREATE TABLE rights (i int, j int);
CREATE TABLE secure (i int);
ALTER TABLE secure ENABLE ROW LEVEL SECURITY;
GRANT USAGE ON SCHEMA apply_copy TO regress_migrate_copy;
GRANT INSERT (i) ON rights TO regress_migrate_copy;
GRANT INSERT, SELECT ON secure TO regress_migrate_copy;
SET migrate.role = 'regress_migrate_copy';
SELECT migrate_register('8', 'rights', E'COPY rights (i) FROM stdin;\n1\n\\.\n');
SELECT version FROM migrate_apply();
SELECT migrate_register('9', 'no_right', E'COPY rights (i, j) FROM stdin;\n1\t2\n\\.\n');
SELECT version FROM migrate_apply();
SELECT migrate_register('9', 'no_right', E'COPY secure FROM stdin;\n1\n\\.\n');
SELECT version FROM migrate_apply();
SELECT migrate_register('9', 'no_right', E'COPY migrate_state FROM stdin;\n1\n\\.\n');
SELECT version FROM migrate_apply();
RESET migrate.role;
SELECT * FROM rights;
SELECT count(*) FROM secure;

SELECT * FROM migrate_verify_log();
DROP SCHEMA apply_copy CASCADE;
DROP ROLE regress_migrate_copy;
