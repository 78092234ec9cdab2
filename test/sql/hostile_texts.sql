-- Texts with everything in them that has a meaning somewhere, and large ones.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'hostile_texts';
CREATE SCHEMA hostile_texts;
SET search_path = hostile_texts, public;
\set SHOW_CONTEXT always

-- texts
SELECT migrate_register('63', 'texts', $m$CREATE TABLE texts (t text);
INSERT INTO texts VALUES ('it''s; %s %n'), (E'\\ \'; --'), ($x$ $$ ; $y$ ' " -- /* $x$), (U&'\0061;'), ('
;
'), ($ä$ umlaut ; tag $ä$), ('a'
';b');
CREATE TABLE "odd ""name; %s" ("a;b" text);
INSERT INTO "odd ""name; %s" SELECT ';' -- ; a comment '
	|| ';' /* ; " ' */;
;;;
$m$);
SELECT version, statements FROM migrate_apply('63');
SELECT t FROM texts;
SELECT "a;b" FROM "odd ""name; %s";
-- an error message with format characters is not a format
SELECT migrate_register('64', 'format', $m$SELECT '%s%n%d'::int$m$);
SELECT migrate_apply('64');
SELECT migrate_register('64', 'format', $m$DO $$ BEGIN RAISE '%', 'a %s %n' USING HINT = '%s', DETAIL = '%n'; END $$$m$);
SELECT migrate_apply('64');
\x on
SELECT message, detail, hint, context, statement FROM migrate_history ORDER BY id DESC LIMIT 1;
\x off

SELECT migrate_register('64', 'format', 'SELECT 1');

-- every character but NUL, in a string, an identifier and a comment
CREATE FUNCTION every_character() RETURNS text LANGUAGE sql AS
	$f$SELECT string_agg(chr(i), '' ORDER BY i) FROM generate_series(1, 70000) i WHERE i NOT BETWEEN 55296 AND 57343$f$;
SELECT migrate_register('65', 'chars', format('CREATE TABLE chars AS SELECT %L AS c, %s AS e, 1 AS %I; /* %s */ SELECT 1',
	c, '$every$' || c || '$every$', left(c, 60), translate(c, '/*', '')))
  FROM every_character() c;
SELECT version, statements FROM migrate_apply('65');
SELECT c = every_character() AS quoted, e = every_character() AS dollar FROM chars;

-- ten megabytes: one statement, many statements, one comment
SELECT migrate_register('66', 'one', 'CREATE TABLE ten_mb AS SELECT $x$' || repeat('0123456789', 1048576) || '$x$ AS t');
SELECT migrate_register('67', 'many', repeat(E'SELECT 1;\n', 200000) || 'SELECT nope;');
SELECT migrate_register('68', 'comment', '/*' || repeat('/* ä', 500000) || repeat('*/', 500000) || '*/ SELECT 1');
SELECT version, statements FROM migrate_plan();
SELECT version FROM migrate_apply('66');
SELECT length(t) FROM ten_mb;
\set VERBOSITY terse
SELECT version FROM migrate_apply('67');
\set VERBOSITY default
SELECT line, statement_no, statement FROM migrate_history ORDER BY id DESC LIMIT 1;
SELECT migrate_unregister('67');
SELECT version, statements FROM migrate_apply('68');
-- a long failing statement is neither repeated to the client nor kept as a whole
SELECT migrate_register('69', 'long', E'SELECT 1;\nSELECT ' || repeat('1 + ', 300000) || ' nope');
SET max_stack_depth = '2MB';
\set VERBOSITY terse
DO $$
DECLARE context text;
BEGIN
	PERFORM migrate_apply('69');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
	RAISE WARNING 'context is short: %', length(context) < 1000;
END $$;
SELECT line, statement_no, length(statement) <= 65536 AS cut FROM migrate_history ORDER BY id DESC LIMIT 1;
SELECT migrate_unregister('69');
-- nesting beyond the stack is an error, not a crash
SELECT migrate_register('69', 'deep', 'SELECT ' || repeat('(', 200000) || '1' || repeat(')', 200000));
SELECT version FROM migrate_apply('69');
SELECT migrate_unregister('69');

-- requirements in a long row, the first needs the last
SELECT count(migrate_register((1000 + i)::text, 'r' || i, '', requires => ARRAY[(1000 + i + 1)::text])) FROM generate_series(1, 3000) i;
SELECT migrate_register('4001', 'r3001', '');
SELECT count(*), min(version) FILTER (WHERE step = 2) AS second FROM migrate_plan();

SELECT * FROM migrate_verify_log();
DROP SCHEMA hostile_texts CASCADE;
