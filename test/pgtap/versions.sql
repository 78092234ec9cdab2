-- The order of versions: which are one, which come first, and which are none.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS migrate;
SET LOCAL migrate.project = 'pgtap versions';

-- Registers these versions in no order at all; the order that they are in then.
CREATE FUNCTION pg_temp.sorted(versions text[]) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	result text[];
	planned text[];
BEGIN
	PERFORM migrate_register(v, 'name of ' || v, 'SELECT 1') FROM unnest(versions) v ORDER BY md5(v);
	SELECT array_agg(version) INTO result FROM migrate_status;
	SELECT array_agg(version ORDER BY step) INTO planned FROM migrate_plan();
	PERFORM migrate_unregister(v) FROM unnest(versions) v;
	IF planned IS DISTINCT FROM result THEN
		RAISE EXCEPTION 'the plan has another order than the status: %', planned;
	END IF;
	RETURN result;
END $$;

CREATE TEMPORARY TABLE orders (n int GENERATED ALWAYS AS IDENTITY, what text, versions text[]);
INSERT INTO orders (what, versions) VALUES
	('by number', '{1,2,9,10,11,20,99,100,1000}'),
	('whatever the width', '{000,1,02,003,9,00010,11,0100,1000}'),
	('part by part', '{0.9,1,1.0.1,1.1,1.2,1.2.0.1,1.2.1,1.9,1.10,1.10.2,1.10.10,2,10.0.1,11}'),
	('text before the number', '{1,V1,V10,v1,v2,v10,v10.1,v11}'),
	('text alone, bytewise', '{A,B,Z,a,b,init,z,ä,€}'),
	('text behind the number, bytewise', '{1,1-rc,1A,1_x,1a,1b,2,2a}'),
	('text behind the number comes before its parts', '{1,1a,1.0.1,1.1,1.1a,1.1.1,2}'),
	('times', '{20241231235959,20250101000000,20250101120000,20250102000000,20260101000000}'),
	('times with something finer', '{20250101120000,202501011200000001,202501011200000002,202501011200000010,20250101120001,20250102000000}'),
	('finer by different widths', '{20250101115959,202501011200001,20250101120000123,20250101120001}'),
	('minutes and seconds that run over', '{20250101129999,202501011299991,20250101130000}'),
	('long numbers that are no times', '{20251231000000,99999999999999,100000000000000,20251301120000123,99999999999999999999,123456789012345678901234567890,223456789012345678901234567890,1000000000000000000000000000000}'),
	('dates and times', '{2025,202501,20250101,1700000000,202501011200,1700000000000,20250101120000}'),
	('numbers, then seconds, then times', '{1,2,000100,1700000000,1700000001,20250101120000}'),
	('hyphens', '{2024-12-31,2025-01-01,2025-01-01-120000,2025-01-02,2025-02-01,2026-01-01}'),
	('prisma: the name goes on', '{20250101120000,20250101120000_a,20250101120000_b,20250101120001_a,init}'),
	('dots that part nothing', '{1,1.,1..2,1.a,2,.1}'),
	('blanks within', '{1,1 2,1 3,10}');

CREATE TEMPORARY TABLE pairs (n int GENERATED ALWAYS AS IDENTITY, a text, b text, same boolean);
INSERT INTO pairs (a, b, same) VALUES
	('21', '021', true), ('021', '21', true), ('0', '000', true), ('1.0', '1', true), ('1', '1.0.0', true), ('0.0', '0', true),
	('01.02', '1.2', true), ('1.2', '1.02.000', true), ('v1', 'v01', true), ('v1.0', 'v1', true), ('1a', '01a', true), ('007-x', '7-x', true),
	('20250101120000', '020250101120000', true), ('123456789012345678901234567890', '00123456789012345678901234567890', true),
	('1', '11', false), ('1.1', '11', false), ('1.10', '1.1', false), ('1', '10', false), ('1a', '1A', false), ('v1', 'V1', false),
	('1', '1-0', false), ('1', '1.', false), ('1', '1_', false), ('1', 'v1', false), ('10', '1.0', false), ('1.2', '1-2', false),
	('20250101120000', '202501011200000', false), ('20250101120000', '202501011200000000', false);

CREATE TEMPORARY TABLE refused (n int GENERATED ALWAYS AS IDENTITY, version text);
INSERT INTO refused (version) VALUES
	(''), (' '), ('   '), (' 1'), ('1 '), (E'1\n'), (E'1\n2'), (E'\t1'), (E'1\r'), (E'\x01'), (E'1\x7F2'), (repeat('1', 513)), (repeat('ä', 257)),
	-- these would be taken for targets
	('+1'), ('-1'), ('base');

SELECT plan(21 + (SELECT count(*)::int FROM orders) + (SELECT count(*)::int FROM pairs)
			+ (SELECT count(*)::int FROM refused));

SELECT is(pg_temp.sorted(versions), versions, 'order: ' || what) FROM orders ORDER BY n;

-- any numbers with dots compare as the lists of their numbers do
SELECT setseed(0.5) AS set \gset
CREATE TEMPORARY TABLE random AS
	SELECT DISTINCT ON (parts) parts, array_to_string(parts, '.') AS version
	  FROM (SELECT ARRAY[(random() * 12)::int, (random() * 12)::int, 1 + (random() * 120)::int] AS parts FROM generate_series(1, 300)
			UNION ALL
			SELECT ARRAY[(random() * 12)::int, 1 + (random() * 12)::int] FROM generate_series(1, 100)
			UNION ALL
			SELECT ARRAY[1 + (random() * 1e9)::int] FROM generate_series(1, 100)) r;
SELECT is(pg_temp.sorted(array_agg(version)), array_agg(version ORDER BY parts), 'order: hundreds of versions of up to three numbers') FROM random;

-- two of one version
CREATE FUNCTION pg_temp.conflict(a text, b text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM migrate_register(a, 'first', 'SELECT 1');
	BEGIN
		RETURN migrate_register(b, 'second', 'SELECT 1');
	EXCEPTION WHEN OTHERS THEN
		RETURN SQLSTATE || ': ' || SQLERRM;
	END;
END $$;
CREATE FUNCTION pg_temp.forget() RETURNS bigint LANGUAGE sql AS
	'SELECT count(migrate_unregister(version)::text) FROM migrate_status';
SELECT is(result, CASE WHEN same THEN format('MG003: two migrations have the version %s: %s_first and %s_second', b, a, b) ELSE 'registered' END,
		  format('%s and %s are %s', a, b, CASE WHEN same THEN 'one version' ELSE 'two' END))
  FROM (SELECT n, a, b, same, pg_temp.conflict(a, b) AS result, pg_temp.forget() FROM pairs ORDER BY n) p;

-- what is no version
SELECT throws_ok(format('SELECT migrate_register(%L, ''x'', ''SELECT 1'')', version), '22023', NULL,
				 format('refused: %s', left(to_json(version)::text, 20)))
  FROM refused ORDER BY n;
SELECT is(count(*), 0::bigint, 'nothing of it was registered') FROM migrate_status;
SELECT throws_ok('SELECT migrate_register('''', ''x'', ''SELECT 1'')', '22023', 'version must not be empty', 'an empty version is told so');
SELECT throws_ok($$SELECT migrate_register('1 ', 'x', 'SELECT 1')$$, '22023', 'version "1 " has a blank at an end or a control character', 'and one with a blank');

-- as long as can be
SELECT lives_ok($$SELECT migrate_register(repeat('7', 512), 'digits', 'SELECT 1')$$, '512 digits');
SELECT lives_ok($$SELECT migrate_register(string_agg(md5(i::text), ''), 'letters', 'SELECT 1') FROM generate_series(1, 16) i$$, '512 letters and digits');
SELECT lives_ok($$SELECT migrate_register(repeat('1.', 255) || '1', 'parts', 'SELECT 1')$$, '256 numbers');
SELECT is(count(*), 3::bigint, 'all of them are there') FROM migrate_status;
SELECT is(pg_temp.forget(), 3::bigint, 'and can be forgotten');

-- another spelling of a version is that version
SELECT is(migrate_register('21', 'x', 'SELECT 1'), 'registered', 'a version');
SELECT is(migrate_register('021', 'x', 'SELECT 1'), 'unchanged', 'in another spelling');
SELECT results_eq('SELECT version COLLATE "default" FROM migrate_status', ARRAY['021'], 'the last spelling is shown');
SELECT migrate_register('22.0', 'y', 'SELECT 1', 'SELECT 2') AS set \gset
SELECT results_eq('SELECT version FROM migrate_plan(''0021.0'')', ARRAY['021'], 'a target');
SELECT results_eq('SELECT version FROM migrate_apply(''22'')', ARRAY['021', '22.0'], 'a target of a run');
SELECT ok(migrate_require('21') AND migrate_require('00022'), 'a required version');
SELECT results_eq('SELECT version FROM migrate_rollback(''21.0'')', ARRAY['22.0'], 'a target of a rollback');
SELECT lives_ok('SELECT migrate_unregister(''022'')', 'a version to forget');

-- repeatables come last, by name, and share no version with the others
SELECT count(migrate_register(NULL, name, 'SELECT 1')) FROM unnest('{b,a,B,10,9,"all views"}'::text[]) name \gset set_
SELECT migrate_register('9', 'nine', 'SELECT 1'), migrate_register('zzz', 'z', 'SELECT 1') \gset set_
SELECT results_eq('SELECT version COLLATE "default", kind COLLATE "default" FROM migrate_status',
	$$VALUES ('9', 'versioned'), ('021', 'versioned'), ('zzz', 'versioned'), ('10', 'repeatable'), ('9', 'repeatable'),
			 ('B', 'repeatable'), ('a', 'repeatable'), ('all views', 'repeatable'), ('b', 'repeatable')$$,
	'repeatables come last');
SELECT throws_ok(format('SELECT migrate_register(NULL, %L, ''SELECT 1'')', name), '22023', NULL, 'no name: ' || to_json(name)::text)
  FROM unnest(ARRAY['', '  ', E'a\nb']) name;

SELECT * FROM finish();
ROLLBACK;
