-- Lint of texts that nobody would write, and of plans that go on for long: an
-- answer, or an error that says what is wrong, and the session lives on.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS migrate;
SET LOCAL migrate.project = 'pgtap lint_text';
CREATE SCHEMA pgtap_lint;
SELECT set_config('search_path', 'pgtap_lint, ' || current_setting('search_path'), true) <> '' AS set \gset
SET LOCAL migrate.lint_rows = 1000;
CREATE TABLE t (a integer PRIMARY KEY, b text);
INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1, 2000) i;
ANALYZE t;

-- Lines and columns of a rule's findings.
CREATE FUNCTION places(sql text, rule text) RETURNS text LANGUAGE sql AS
	$$SELECT string_agg(line || ':' || "column", ' ') FROM migrate_lint_sql(sql) l WHERE l.rule = places.rule$$;
CREATE FUNCTION number(sql text, rule text) RETURNS bigint LANGUAGE sql AS
	$$SELECT count(*) FROM migrate_lint_sql(sql) l WHERE l.rule = number.rule$$;
-- Is a text's end reached, or is it refused as a finding with such a message?
CREATE FUNCTION survives(sql text, message text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	found text;
BEGIN
	SELECT min(l.message) INTO found FROM migrate_lint_sql(sql) l WHERE rule = 'syntax-error';
	RETURN CASE WHEN message IS NULL THEN is(found, NULL) ELSE matches(found, message) END;
END $$;

SELECT no_plan();

-- nothing, and next to it
SELECT is_empty($$SELECT * FROM migrate_lint_sql('')$$, 'an empty text');
SELECT is_empty($$SELECT * FROM migrate_lint_sql(E' \t\r\n;;\n;')$$, 'semicolons');
SELECT is_empty($$SELECT * FROM migrate_lint_sql('-- a comment')$$, 'a comment alone');
SELECT is_empty($$SELECT * FROM migrate_lint_sql(E'/* /* nested */ */ -- and\n-- more')$$, 'comments');
SELECT survives('/* without an end', 'unterminated');
SELECT survives(E'SELECT ''without an end', 'unterminated');
SELECT survives(E'\x01\x7f', 'syntax error');
SELECT survives(E'SELECT U&''\\DEFG''', 'Unicode');
SELECT survives('SELECT 1; \gexec', 'meta-command');
SELECT survives('COPY t TO STDOUT', 'TO STDOUT');
SELECT survives('PREPARE TRANSACTION ''x''', 'PREPARE TRANSACTION');
SELECT survives('EXPLAIN SELECT; LISTEN x; NOTIFY x; SHOW x.y; SET x.y = 1; LOAD ''x''; CHECKPOINT');
SELECT survives(E'\uFEFFSELECT 1', 'syntax error');

-- places are characters and lines, whatever ends a line
SELECT is(places(E'SELECT 1;\r\nSELECT ''ä\n\u20ac'';CREATE INDEX ON t (b);\n\n\tCREATE INDEX ON t (b)', 'require-concurrent-index-creation'), '3:4 5:2');
SELECT is(places('/* ä */ DROP TABLE t', 'ban-drop-table'), '1:9');

-- many and large
SELECT is(number((SELECT string_agg('CREATE INDEX ON t (b);', E'\n') FROM generate_series(1, 10000)), 'require-concurrent-index-creation'),
	10000::bigint, '10,000 statements');
SELECT is(number((SELECT string_agg('CREATE INDEX ON t (b);', ' ') FROM generate_series(1, 10000)), 'require-concurrent-index-creation'),
	10000::bigint, '... in one line');
SELECT is(number((SELECT string_agg('/* migrate:ignore index because */ CREATE INDEX ON t (b);', ' ') FROM generate_series(1, 10000)), 'require-concurrent-index-creation'),
	0::bigint, '... all of them suppressed');
SELECT is(number(repeat('-- migrate:ignore ban-drop-table none' || E'\n', 10000) || 'SELECT 1', 'unused-ignore'),
	10000::bigint, '10,000 suppressions of nothing');
SELECT is(number('-- migrate:ignore ' || repeat('nothing,', 10000) || 'nothing at all' || E'\nSELECT 1', 'unused-ignore'),
	1::bigint, 'one of 10,000 rules');
SELECT is(number((SELECT string_agg(format('CREATE TABLE n%s (a integer); CREATE INDEX ON n%1$s (a); ALTER TABLE n%1$s ADD b integer NOT NULL DEFAULT 1;', i), ' ')
	FROM generate_series(1, 3000) i), 'require-concurrent-index-creation'), 0::bigint, 'tables of the text''s own');
SELECT is(number('ALTER TABLE t ' || (SELECT string_agg('ADD COLUMN c' || i || ' integer DEFAULT 1', ', ') FROM generate_series(1, 1500) i)
	|| '; DROP TABLE t', 'ban-drop-table'), 1::bigint, 'an ALTER TABLE of 1,500 columns');
SELECT is(places('SELECT ''' || repeat('x', 5000000) || ''';' || E'\nDROP TABLE t', 'ban-drop-table'), '2:1', 'a literal of 5 MB');
SELECT is(places('SELECT $x$' || repeat(E'-- migrate:ignore x y\n', 200000) || '$x$; DROP TABLE t', 'ban-drop-table'), '200001:6',
	'4 MB in dollars that look like suppressions');
SELECT is(places('ALTER TABLE t ADD COLUMN c text DEFAULT ''' || repeat('x', 5000000) || ''';' || E'\nDROP TABLE t', 'ban-drop-table'), '2:1',
	'a default of 5 MB');
SELECT ok(max(length(statement)) BETWEEN 8000 AND 8200, 'of a long statement its beginning is repeated')
  FROM migrate_lint_sql('DROP TABLE t, ' || (SELECT string_agg('t' || i, ', ') FROM generate_series(1, 10000) i));
SELECT is(number('BEGIN;' || repeat('SAVEPOINT s; DROP TABLE t; ROLLBACK TO s;', 3000) || 'COMMIT', 'ban-drop-table'), 3000::bigint,
	'3,000 savepoints');

-- deep
SELECT survives('SELECT ' || repeat('(', 100000) || '1' || repeat(')', 100000), 'memory exhausted|stack depth');
SELECT survives('ALTER TABLE t ADD COLUMN c integer DEFAULT ' || repeat('(', 4000) || '1' || repeat(')', 4000));
SELECT lives_ok(format($$SELECT * FROM migrate_lint_sql('ALTER TABLE t ADD COLUMN c integer DEFAULT 1%s')$$, repeat('+1', 100000)), 'a long sum');
SELECT lives_ok(format($$SELECT * FROM migrate_lint_sql('ALTER TABLE t ADD CHECK (a > 0%s)')$$, repeat(' OR NOT (a > 1', 3000) || repeat(')', 3000)), 'deep in a CHECK');
SELECT lives_ok(format($$SELECT * FROM migrate_lint_sql('UPDATE t SET a = 1 WHERE %s')$$, repeat('a = 1 AND ', 50000) || 'true'), 'a long condition');
SELECT lives_ok(format($$SELECT * FROM migrate_lint_sql('CREATE VIEW v AS %s')$$, repeat('SELECT * FROM (', 2000) || 'SELECT 1' || repeat(') s', 2000)), 'deep subqueries');
SELECT lives_ok(format($$SELECT * FROM migrate_lint_sql('CREATE VIEW v AS %s')$$, repeat('SELECT 1 UNION ALL ', 20000) || 'SELECT 1'), 'a long union');
SELECT is(places('ALTER TABLE t ADD CHECK (a > 0' || repeat('+1', 100000) || E');\nDROP TABLE t', 'ban-drop-table'), '2:1',
	'what comes behind is judged all the same');

-- a plan that goes on from what those before it have made
SELECT lives_ok($$SELECT migrate_register(i::text, 'm' || i, format('CREATE TABLE p%1$s (a integer, b text); INSERT INTO p%1$s VALUES (1, ''x'')', i))
	FROM generate_series(1, 300, 2) i$$);
SELECT lives_ok($$SELECT migrate_register(i::text, 'm' || i, format('ALTER TABLE p%1$s ALTER COLUMN a SET NOT NULL, ALTER COLUMN b TYPE varchar(10); CREATE INDEX ON p%1$s (b);
	ALTER TABLE p%1$s ADD PRIMARY KEY (a); ALTER TABLE p%1$s RENAME TO q%1$s; DROP TABLE q%1$s', i - 1)) FROM generate_series(2, 300, 2) i$$);
SELECT is_empty($$SELECT version, rule, message FROM migrate_lint() WHERE severity IN ('error', 'warning')$$, '300 migrations, each after the other');
SELECT lives_ok($$SELECT migrate_register('301', 'm', 'CREATE INDEX ON t (b); CREATE TABLE p1 (); CREATE TABLE q1 ()')$$);
SELECT results_eq($$SELECT version, rule FROM migrate_lint() WHERE severity = 'error'$$, $$VALUES ('301', 'require-concurrent-index-creation')$$);
SELECT is_empty($$SELECT rule FROM migrate_lint(version => '300') WHERE severity = 'error'$$, 'one of them, the others being done');

SELECT finish();
ROLLBACK;
