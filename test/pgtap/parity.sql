-- migrate_compare(): every kind of change, seen from both sides of it, and
-- every way in which migrations differ.

\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS migrate;
SELECT no_plan();
SET LOCAL migrate.project = 'pgtap parity';

-- Objects: what snapshot.sql makes and changes, one of each kind.
\set fixture `sed -n "/^CREATE ROLE snap_owner/,/^COMMENT ON TABLE t IS/p" test/pgtap/snapshot.sql`
\set cases `sed -n "/^CREATE TEMPORARY TABLE cases/,/');$/p" test/pgtap/snapshot.sql`
:fixture
:cases
SELECT cmp_ok(count(*), '>=', 200::bigint, 'there are cases') FROM cases;

CREATE TEMPORARY TABLE was AS SELECT migrate_manifest() AS m, migrate_manifest(true) AS defined;

-- What differs from a manifest: objects with their components.
CREATE FUNCTION pg_temp.seen(manifest jsonb) RETURNS text[] LANGUAGE sql AS $$
	SELECT coalesce(array_agg(line ORDER BY line COLLATE "C"), '{}')
	  FROM (SELECT concat_ws(' ', change, subject, identity) ||
				   CASE change WHEN 'differs' THEN ': ' || string_agg(component, ', ' ORDER BY component) ELSE '' END
			  FROM public.migrate_compare(manifest)
			 WHERE part_of IS NULL GROUP BY change, subject, identity) x (line)
$$;
-- The same of both sides of a command, of which nothing is kept.
CREATE FUNCTION pg_temp.both_sides(command text, OUT forth text[], OUT back text[]) LANGUAGE plpgsql AS $$
DECLARE
	after jsonb;
BEGIN
	BEGIN
		EXECUTE command;
		forth := (SELECT pg_temp.seen(m) FROM pg_temp.was);
		after := public.migrate_manifest();
		RAISE EXCEPTION USING ERRCODE = 'ZZ001';
	EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
	END;
	back := pg_temp.seen(after);
END $$;
CREATE FUNCTION pg_temp.worded(expected text, added text, dropped text) RETURNS text[] LANGUAGE sql AS $$
	SELECT coalesce(array_agg(line ORDER BY line COLLATE "C"), '{}')
	  FROM (SELECT regexp_replace(regexp_replace(regexp_replace(w, '^added', added), '^dropped', dropped), '^changed', 'differs')
			  FROM unnest(string_to_array(nullif(expected, ''), '; ')) w) x (line)
$$;
CREATE TEMPORARY TABLE sides AS SELECT number, command, expected, forth, back FROM cases, pg_temp.both_sides(command);
SELECT is(forth, pg_temp.worded(expected, 'extra here', 'missing here'), command) FROM sides ORDER BY number;
-- of two columns that changed places either has moved
SELECT is(CASE WHEN expected LIKE '%: position' THEN array_replace(back, 'differs column s.part2.v: position', 'differs column s.part2.k: position') ELSE back END,
		  pg_temp.worded(expected, 'missing here', 'extra here'), 'seen from there: ' || command) FROM sides ORDER BY number;

SELECT is(pg_temp.seen(m), '{}', 'nothing differs from itself') FROM was;
SELECT is(pg_temp.seen(defined), '{}', '... with definitions') FROM was;
SELECT is(pg_temp.seen(defined::text::jsonb), '{}', '... as text') FROM was;

-- definitions: ours always, theirs if the manifest has them
ALTER TABLE t ALTER COLUMN e TYPE numeric(12, 2);
SELECT results_eq('SELECT c.identity, c.component, c.here, c.there, c.here_hash <> c.there_hash FROM was, migrate_compare(m) c',
	$$ VALUES ('s.t.e', 'definition', 'numeric(12,2)', NULL, true) $$, 'a definition here');
SELECT results_eq('SELECT c.identity, c.component, c.here, c.there, c.here_hash <> c.there_hash FROM was, migrate_compare(defined) c',
	$$ VALUES ('s.t.e', 'definition', 'numeric(12,2)', 'numeric(10,2)', true) $$, '... and there');
ALTER TABLE t ALTER COLUMN e TYPE numeric(10, 2);

-- the wording of another major version
CREATE FUNCTION pg_temp.of_version(version text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT regexp_replace(m::text, '"text": "\d+:[0-9a-f]{8}', '"text": "' || version || ':00000000', 'g')::jsonb FROM pg_temp.was
$$;
SELECT set_eq($$ SELECT c.change, c.component FROM migrate_compare(pg_temp.of_version('14')) c $$,
	$$ VALUES ('not comparable', 'text') $$, 'is not compared');
SELECT set_eq($$ SELECT c.change, c.component FROM migrate_compare(pg_temp.of_version(split_part(current_setting('server_version'), '.', 1))) c $$,
	$$ VALUES ('differs', 'text') $$, '... that of the same is');
SELECT set_eq($$ SELECT c.change, c.component, c.here_hash IS NOT NULL AS h, c.there_hash IS NOT NULL AS t
				   FROM was, migrate_compare(jsonb_set(m #- '{objects,view,s.v,text}', '{identity,server_version}', '"14.1"')) c
				  WHERE c.identity = 's.v' $$,
	$$ VALUES ('not comparable', 'text', true, false) $$, '... nor where the other version has none');
SELECT set_eq($$ SELECT c.change, c.component FROM was, migrate_compare(m #- '{objects,view,s.v,text}') c $$,
	$$ VALUES ('differs', 'text') $$, '... but of the same version that is a difference');
SELECT is_empty($$ SELECT * FROM migrate_compare(pg_temp.of_version('14'), '{text}') c $$, '... unless it is left out');

SELECT is_empty($$ SELECT * FROM was WHERE defined::text ~ 'secret|hidden' $$, 'no passwords');
SELECT is_empty($$ SELECT k FROM was, jsonb_each(defined -> 'objects') o (kind, v), jsonb_object_keys(v) k
					WHERE k ~ 'pg_catalog|information_schema|migrate_|pg_toast|pg_temp' AND kind <> 'cast' $$,
	'nothing of the server, of extensions or of us');
SELECT is(migrate_manifest() - 'identity', migrate_manifest() - 'identity', 'it does not change by itself');

-- Migrations: a manifest of these, edited.
SELECT migrate_register('1', 'one', 'SELECT 1', 'SELECT -1', 'SELECT true'),
	   migrate_register('2', 'two', 'SELECT 2'),
	   migrate_register('2.1', 'more', 'SELECT 21');
SELECT version FROM migrate_apply('2');
SELECT migrate_register(NULL, 'again', 'SELECT 3'),
	   migrate_register('1', 'all', E'-- migrate:baseline\nSELECT 4');
DELETE FROM was;
INSERT INTO was SELECT migrate_manifest();
SELECT is((SELECT array_agg(concat_ws(' ', x ->> 'kind', x ->> 'version', x ->> 'state')) FROM was, jsonb_array_elements(m -> 'migrations') x),
	'{"baseline 1 ignored","versioned 1 applied","versioned 2 applied","versioned 2.1 pending","repeatable again pending"}', 'the migrations');

CREATE FUNCTION pg_temp.differs(edit text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	manifest jsonb;
	result text;
BEGIN
	EXECUTE format('SELECT jsonb_set(m, ''{migrations}'', %s) FROM (SELECT m, m -> ''migrations'' AS x FROM pg_temp.was) s', edit) INTO STRICT manifest;
	SELECT coalesce(string_agg(concat_ws(' ', identity, component, change, coalesce(there, '-') || '/' || coalesce(here, '-'),
										 CASE WHEN there_hash IS NOT NULL THEN 't' END || CASE WHEN here_hash IS NOT NULL THEN 'h' ELSE '' END), '; ' ORDER BY identity, component, here), '')
	  INTO result FROM public.migrate_compare(manifest);
	RETURN result;
END $$;
CREATE TEMPORARY TABLE edits (number serial, edit text, expected text);
INSERT INTO edits (edit, expected) VALUES
('x', ''),
('x - 0', '1 extra here -/ignored'),
('x - 1', '1 extra here -/applied'),
('x - 3', '2.1 extra here -/pending'),
('x - 4', 'again extra here -/pending'),
('''[]''', '1 extra here -/applied; 1 extra here -/ignored; 2 extra here -/applied; 2.1 extra here -/pending; again extra here -/pending'),
('x || ''{"version": "9", "name": "new", "kind": "versioned", "state": "applied"}''', '9 missing here applied/-'),
('x || jsonb_build_object(''version'', ''9'', ''name'', ''new'', ''kind'', ''versioned'', ''state'', ''applied'', ''up'', x #> ''{0,up}'')', '9 missing here applied/- t'),
('x || ''{"version": "all", "name": "all", "kind": "repeatable"}''', 'all missing here -/-'),
('x || ''{"version": "0", "name": "new", "kind": "baseline"}''', '0 missing here -/-'),
('jsonb_set(x, ''{1,version}'', ''"001"'')', ''),
('jsonb_set(x, ''{1,name}'', ''"uno"'')', '1 name differs uno/one'),
('jsonb_set(x, ''{1,up}'', to_jsonb(repeat(''0'', 64)))', '1 up cosmetic -/- th'),
('jsonb_set(jsonb_set(x, ''{1,up}'', to_jsonb(repeat(''0'', 64))), ''{1,up_fingerprint}'', to_jsonb(repeat(''0'', 64)))', '1 up differs -/- th'),
('x #- ''{1,up}''', '1 up extra here -/-'),
('jsonb_set(x, ''{1,down}'', to_jsonb(repeat(''0'', 64)))', '1 down differs -/- th'),
('x #- ''{1,down}''', '1 down extra here -/-'),
('jsonb_set(x, ''{2,down}'', to_jsonb(repeat(''0'', 64)))', '2 down missing here -/- t'),
('jsonb_set(x, ''{1,verify}'', to_jsonb(repeat(''0'', 64)))', '1 verify differs -/- th'),
('x #- ''{1,verify}''', '1 verify extra here -/-'),
('jsonb_set(x, ''{2,verify}'', to_jsonb(repeat(''0'', 64)))', '2 verify missing here -/- t'),
('x #- ''{1,applied}''', '1 state applied here applied/applied'),
('jsonb_set(x #- ''{1,applied}'', ''{1,state}'', ''"pending"'')', '1 state applied here pending/applied'),
('jsonb_set(jsonb_set(x, ''{3,applied}'', x #> ''{3,up}''), ''{3,state}'', ''"applied"'')', '2.1 state applied there applied/pending'),
('jsonb_set(x, ''{3,state}'', ''"failed"'')', '2.1 state differs failed/pending'),
('jsonb_set(x, ''{1,state}'', ''"changed"'')', ''),
('jsonb_set(x, ''{1,how}'', ''"baseline"'')', ''),
('jsonb_set(x, ''{1,applied}'', to_jsonb(repeat(''0'', 64)))', '1 applied cosmetic -/- th'),
('jsonb_set(jsonb_set(x, ''{1,applied}'', to_jsonb(repeat(''0'', 64))), ''{1,applied_fingerprint}'', to_jsonb(repeat(''0'', 64)))', '1 applied differs -/- th'),
-- a baseline script that is not needed is as good as applied
('jsonb_set(jsonb_set(x, ''{0,applied}'', x #> ''{0,up}''), ''{0,state}'', ''"applied"'')', ''),
('jsonb_set(x, ''{0,state}'', ''"pending"'')', '1 state applied here pending/ignored');
SELECT is(pg_temp.differs(edit), expected, edit) FROM edits ORDER BY number;

SELECT * FROM finish();
ROLLBACK;
