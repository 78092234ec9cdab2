-- Requirements: the order up and down that they make, and what is refused.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS migrate;
SET LOCAL migrate.project = 'pgtap requires';
SET LOCAL migrate.record_failures = off;

-- Registers migrations written as "1: 2 3; 2; @v: 1": version, then what it
-- requires; @ is a repeatable, ! a migration without a down script.
CREATE FUNCTION pg_temp.register(migrations text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	m text[];
BEGIN
	FOR m IN SELECT regexp_match(item, '^ *(@?)(!?)([^:]*[^: ]) *:? *(.*)$')
			   FROM regexp_split_to_table(migrations, ';') item LOOP
		PERFORM migrate_register(CASE m[1] WHEN '' THEN m[3] END,
								 CASE m[1] WHEN '' THEN 'n' ELSE '' END || m[3], 'SELECT 1',
								 CASE m[2] WHEN '' THEN 'SELECT 2' END,
								 requires => string_to_array(nullif(m[4], ''), ' '));
	END LOOP;
END $$;

-- The versions of the steps of a plan or a run, or the error with its detail.
CREATE FUNCTION pg_temp.steps(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
	detail text;
BEGIN
	EXECUTE format('SELECT coalesce(string_agg(version, '' ''), ''nothing'') FROM %s', query) INTO result;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' | ', SQLSTATE || ': ' || SQLERRM, nullif(detail, ''));
END $$;

-- What some actions come to, one after the other; nothing of it stays.
CREATE FUNCTION pg_temp.story(migrations text, VARIADIC actions text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	results text[];
	action text;
BEGIN
	PERFORM pg_temp.register(migrations);
	FOREACH action IN ARRAY actions LOOP
		IF action LIKE 'migrate%' THEN
			results := results || pg_temp.steps(action);
		ELSIF action LIKE 'register %' THEN
			PERFORM pg_temp.register(substr(action, 10));
		ELSE
			EXECUTE action;
		END IF;
	END LOOP;
	RAISE EXCEPTION USING errcode = 'PGTAP', message = array_to_string(results, ' / ');
EXCEPTION WHEN SQLSTATE 'PGTAP' THEN
	RETURN SQLERRM;
END $$;

-- A plan, which must be what a run does, in one go and step by step, and the
-- reverse of what a rollback does; or the error of all of them.
CREATE FUNCTION pg_temp.order_of(migrations text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	planned text;
	step text;
	steps text[];
	result text;
	reverse text;
BEGIN
	PERFORM pg_temp.register(migrations);
	planned := pg_temp.steps('migrate_plan()');
	result := pg_temp.steps('migrate_apply()');
	IF result <> planned THEN
		planned := planned || ', but the run is ' || result;
	END IF;
	IF planned NOT LIKE 'MG%' THEN
		SELECT string_agg(v, ' ' ORDER BY n DESC) INTO reverse FROM string_to_table(result, ' ') WITH ORDINALITY s (v, n);
		result := pg_temp.steps('migrate_rollback(''base'')');
		IF result <> reverse THEN
			planned := planned || ', but the rollback is ' || result;
		END IF;
		LOOP
			step := pg_temp.steps('migrate_apply(''+1'')');
			EXIT WHEN step = 'nothing';
			steps := steps || step;
			EXIT WHEN step LIKE 'MG%';
		END LOOP;
		IF array_to_string(steps, ' ') <> planned THEN
			planned := planned || ', but the steps are ' || array_to_string(steps, ' ');
		END IF;
	END IF;
	RAISE EXCEPTION USING errcode = 'PGTAP', message = planned;
EXCEPTION WHEN SQLSTATE 'PGTAP' THEN
	RETURN SQLERRM;
END $$;

CREATE TEMPORARY TABLE orders (n int GENERATED ALWAYS AS IDENTITY, what text NOT NULL UNIQUE, migrations text NOT NULL, result text NOT NULL);
INSERT INTO orders (what, migrations, result) VALUES
	('none', '1; 2; 3', '1 2 3'),
	('what is so anyway', '1; 2: 1; 3: 1 2', '1 2 3'),
	('a chain backwards', '1: 2; 2: 3; 3', '3 2 1'),
	('a diamond', '1; 2: 1; 3: 1; 4: 2 3', '1 2 3 4'),
	('a diamond backwards', '1: 2 3; 2: 4; 3: 4; 4', '4 2 3 1'),
	('a diamond backwards, the other way round', '1: 3 2; 2: 4; 3: 4; 4', '4 3 2 1'),
	('from the middle', '1; 2: 5; 3; 4; 5', '1 5 2 3 4'),
	('two from the middle', '1; 2: 5; 3: 6; 4; 5; 6', '1 5 2 6 3 4'),
	('a long way', '1: 9; 2; 3: 1; 9: 7; 7', '7 9 1 2 3'),
	('one twice', '1: 2 2; 2: 3 3; 3', '3 2 1'),
	('by another spelling', '1: 02.0; 2', '2 1'),
	('by name', '1: n2; 2', '2 1'),
	('a repeatable requires a version', '1; 2; @v: 1', '1 2 v'),
	('a repeatable requires a repeatable', '1; @a: b; @b: c; @c', '1 c b a'),
	('a version requires a repeatable', '1; 2: v; 3; @v', '1 v 2 3'),
	('a version requires a repeatable, which requires a version', '1; 2: v; 3; 4; @v: 4', '1 4 v 2 3'),
	('itself', '1; 2: 2', 'MG012: migration 2_n2 requires itself | Each requires the next: 2_n2 -> 2_n2.'),
	('a circle of two', '1: 2; 2: 1', 'MG012: migration 1_n1 requires itself | Each requires the next: 1_n1 -> 2_n2 -> 1_n1.'),
	('a circle of three', '1; 2: 4; 3: 2; 4: 1 3', 'MG012: migration 2_n2 requires itself | Each requires the next: 2_n2 -> 4_n4 -> 3_n3 -> 2_n2.'),
	('a circle behind another', '1: 2; 2: 3; 3: 2', 'MG012: migration 2_n2 requires itself | Each requires the next: 2_n2 -> 3_n3 -> 2_n2.'),
	('a circle of repeatables', '1; @a: b; @b: a', 'MG012: migration a requires itself | Each requires the next: a -> b -> a.'),
	('a circle of both kinds', '1: v; @v: 1', 'MG012: migration 1_n1 requires itself | Each requires the next: 1_n1 -> v -> 1_n1.'),
	('one that is missing', '1; 2: 7', 'MG012: migration 2_n2 requires "7", which is not registered'),
	('a name that is missing', '1; 2: no_name; 3: 8', 'MG012: migration 2_n2 requires "no_name", which is not registered'),
	('a repeatable''s is missing', '1; @v: 7', 'MG012: migration v requires "7", which is not registered');

CREATE TEMPORARY TABLE stories (n int GENERATED ALWAYS AS IDENTITY, what text NOT NULL UNIQUE, migrations text NOT NULL, actions text[] NOT NULL, result text NOT NULL);
-- targets
INSERT INTO stories (what, migrations, actions, result) VALUES
	('a target takes what it requires along', '1; 2: 4; 3; 4', '{migrate_plan(''2''),migrate_apply(''2'')}', '1 4 2 / 1 4 2'),
	('a target leaves alone what is above it', '1; 2; 3: 2', '{migrate_apply(''1''),migrate_apply()}', '1 / 2 3'),
	('a circle above the target', '1; 2: 3; 3: 2', '{migrate_apply(''1'')}', '1'),
	('a repeatable waits for all versions', '1; 2; @v: 1', '{migrate_apply(''1''),migrate_apply()}', '1 / 2 v'),
	('what is applied is not applied again', '1; 2', '{migrate_apply(),register 3: 1 2,register @v: 3,migrate_apply()}', '1 2 / 3 v'),
	('what is marked counts as applied', '1; 2: 1; 3', '{"SELECT migrate_mark(''1'', ''r'')",migrate_apply()}', '2 3'),
	('in order, since it requires the highest', '1; 3', '{migrate_apply(),register 2: 3,migrate_apply()}', '1 3 / 2'),
	('in order, since what it requires does', '1; 3', '{migrate_apply(),register 2: 4,register 4: 3,migrate_apply()}', '1 3 / 4 2'),
	('out of order', '1; 3', '{migrate_apply(),register 2: 1,migrate_apply()}',
		'1 3 / MG002: 1 pending migration is out of order | Lower than the applied version 3: 2_n2.'),
	('out of order, but required', '1; 3', '{migrate_apply(),register 2,register 4: 2,"SET LOCAL migrate.out_of_order = skip",migrate_apply()}', '1 3 / 2 4'),
	('out of order and skipped', '1; 3', '{migrate_apply(),register 2,register 4: 3,"SET LOCAL migrate.out_of_order = skip",migrate_apply()}', '1 3 / 4'),
	('a repeatable takes a migration out of order along', '1; 3', '{migrate_apply(),register 2,register @v: 2,"SET LOCAL migrate.out_of_order = skip",migrate_apply()}', '1 3 / 2 v'),
	('what is required is forgotten', '1; 2: 3; 3', '{"SELECT migrate_unregister(''3'')",migrate_apply(),register 3,migrate_apply()}',
		'MG012: migration 2_n2 requires "3", which is not registered / 1 3 2'),
	('the circle is opened', '1: 2; 2: 1', '{migrate_plan(),register 2,migrate_apply()}',
		'MG012: migration 1_n1 requires itself | Each requires the next: 1_n1 -> 2_n2 -> 1_n1. / 2 1');
-- down
INSERT INTO stories (what, migrations, actions, result) VALUES
	('down: what came last goes first', '1: 3; 2; 3', '{migrate_apply(),migrate_rollback(),migrate_rollback(),migrate_rollback(),migrate_rollback()}', '3 1 2 / 2 / 1 / 3 / nothing'),
	('down: several steps', '1: 3; 2; 3', '{migrate_apply(),migrate_plan(''-2''),migrate_rollback(''-2'')}', '3 1 2 / 2 1 / 2 1'),
	('down: what stays requires it', '1: 3; 2; 3', '{migrate_apply(),migrate_plan(''2''),migrate_rollback(''2''),migrate_current() AS f(version)}',
		'3 1 2 / MG012: cannot roll back migration 3_n3, because 1_n1 requires it / MG012: cannot roll back migration 3_n3, because 1_n1 requires it / 3'),
	('down: what stays requires it, through another', '1: 3; 2; 3: 4; 4', '{migrate_apply(),migrate_rollback(''3'')}',
		'4 3 1 2 / MG012: cannot roll back migration 4_n4, because 3_n3 requires it'),
	('down: a repeatable goes before what it requires', '1; 2; 3; @v: 2', '{migrate_apply(),migrate_rollback(''2''),migrate_rollback(''1''),migrate_apply()}', '1 2 3 v / 3 / v 2 / 2 3 v'),
	('down: repeatables in a row', '1; 2; @a: b; @b: 2; @c', '{migrate_apply(),migrate_rollback(''1'')}', '1 2 b a c / a b 2'),
	('down: a repeatable without a down script stays', '1; 2; @!v: 2', '{migrate_apply(),migrate_rollback(''1''),migrate_rollback(''base'')}', '1 2 v / 2 / 1'),
	('down: a required repeatable without a down script stays, too', '1; 2: v; @!v', '{migrate_apply(),migrate_rollback(''base'')}', '1 v 2 / 2 1'),
	('down: no down script in between', '1; !2: 1; 3: 2', '{migrate_apply(),migrate_rollback(''base''),migrate_rollback()}',
		'1 2 3 / MG006: cannot roll back without a down script: 2_n2 / 3'),
	('down: what is pending does not matter', '1; 2', '{migrate_apply(),register 3: 7,register 4: 5,register 5: 4,migrate_rollback()}', '1 2 / 2'),
	('down: a requirement added afterwards', '1; 2; 3', '{migrate_apply(),register 1: 3,migrate_rollback(''2'')}',
		'1 2 3 / MG012: cannot roll back migration 3_n3, because 1_n1 requires it');

CREATE TEMPORARY TABLE invalid (n int GENERATED ALWAYS AS IDENTITY, requires text[], state text);
INSERT INTO invalid (requires, state) VALUES
	('{""}', '22023'), ('{"1",""}', '22023'), (ARRAY[E'1\n2'], '22023'), (ARRAY[repeat('1', 513)], '22023'), ('{1,NULL}', '22004');

SELECT plan(14 + (SELECT count(*)::int FROM orders) + (SELECT count(*)::int FROM stories) + (SELECT count(*)::int FROM invalid));

SELECT is(pg_temp.order_of(migrations), result, 'order: ' || what) FROM orders ORDER BY n;
SELECT is(pg_temp.story(migrations, VARIADIC actions), result, what) FROM stories ORDER BY n;
SELECT throws_ok(format('SELECT migrate_register(''1'', ''x'', ''SELECT 1'', requires => %L)', requires), state, NULL,
				 'refused: ' || left(to_json(requires)::text, 20))
  FROM invalid ORDER BY n;

-- a version comes before a name
SELECT is(migrate_register('1', 'first', 'SELECT 1', requires => '{3}'), 'registered', 'one that requires 3');
SELECT is(migrate_register('3', 'third', 'SELECT 1') || migrate_register('9', '3', 'SELECT 1'), 'registeredregistered', 'the version 3, and one called 3');
SELECT is(pg_temp.steps('migrate_plan()'), '3 1 9', 'the version is meant');

-- in a text, a file and an argument at once
SELECT is(migrate_register('1', 'first', E'-- migrate:requires 3\nSELECT 1', requires => '{9}'), 'replaced', 'requirements in the text as well');
SELECT is(pg_temp.steps('migrate_plan()'), '9 3 1', 'both hold');
SELECT is((SELECT action FROM migrate_register_file('0_zero.sql', E'-- migrate:requires 3, third\n-- migrate:requires 9\n-- migrate:up\nSELECT 1')), 'registered', 'requirements in a file');
SELECT is(pg_temp.steps('migrate_plan()'), '3 9 0 1', 'all hold');
SELECT is(count(migrate_unregister(version)::text), 4::bigint, 'four are forgotten') FROM migrate_status;

-- a thousand, each of which requires the next, and one that requires all
SELECT is(count(migrate_register(i::text, 'm', 'SELECT 1', 'SELECT 2', requires => CASE WHEN i < 1000 THEN ARRAY[(i + 1)::text] END)),
		  1000::bigint, 'a thousand are registered') FROM generate_series(1, 1000) i;
SELECT migrate_register('0', 'zero', 'SELECT 1', 'SELECT 2', requires => array_agg(i::text)) AS set FROM generate_series(1, 1000) i \gset
CREATE TEMPORARY TABLE expected AS
	SELECT string_agg(i::text, ' ' ORDER BY i DESC) || ' 0' AS up, '0 ' || string_agg(i::text, ' ' ORDER BY i) AS down FROM generate_series(1, 1000) i;
SELECT ok(pg_temp.steps('migrate_plan()') = up, 'the plan begins with the last') FROM expected;
SELECT ok(pg_temp.steps('migrate_apply()') = up, 'so does the run') FROM expected;
SELECT throws_ok('SELECT migrate_rollback(''999'')', 'MG012', 'cannot roll back migration 1000_m, because 999_m requires it', 'the last is required');
SELECT ok(pg_temp.steps('migrate_rollback(''base'')') = down, 'the rollback begins with the first') FROM expected;
SELECT is(count(*), 1001::bigint, 'all are pending again') FROM migrate_pending();

SELECT * FROM finish();
ROLLBACK;
