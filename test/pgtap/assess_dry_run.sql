-- The verdict with a dry run: what fails in it, what it saw of statements whose
-- text does not tell, and how long things took.  What is there before has to be
-- committed: to a transaction what it made itself is new.
SET client_min_messages = error;
SELECT no_plan();

CREATE SCHEMA assess_dry;
SET search_path = assess_dry, public;
SET migrate.project = 'assess_dry';
SET migrate.lint_rows = 100;

CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE big (id bigint PRIMARY KEY, a int NOT NULL, st mood, n numeric(10, 2), nul int, v varchar(50));
INSERT INTO big SELECT g, g, 'ok', g, nullif(g, 7), 'v' FROM generate_series(1, 300) g;
CREATE TABLE small (id bigint PRIMARY KEY, a int);
INSERT INTO small SELECT g, g FROM generate_series(1, 10) g;
CREATE TABLE none (id bigint PRIMARY KEY, a int);
CREATE TABLE deferred (id int UNIQUE DEFERRABLE INITIALLY DEFERRED);
INSERT INTO deferred VALUES (1);
CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT $1';
ANALYZE big, small, none, deferred;

CREATE TYPE verdict AS (levels text, why text);
CREATE FUNCTION judge(up text, down text) RETURNS verdict LANGUAGE plpgsql AS $$
DECLARE
	result verdict;
BEGIN
	PERFORM migrate_register('1', 'x', up, down);
	SELECT concat_ws(' ', a.availability, a.data, a.will_fail || ',', a.rollback),
		   concat_ws(E'\n', 'availability: ' || array_to_string(a.availability_reasons, '; '),
					 'data: ' || array_to_string(a.data_reasons, '; '),
					 'failure: ' || array_to_string(a.failure_reasons, '; '),
					 'back: ' || a.rollback_reason, 'basis: ' || a.duration_basis, 'advice: ' || a.advice)
	  INTO STRICT result FROM migrate_assess(dry_run => true) a;
	PERFORM migrate_unregister('1');
	RETURN result;
END $$;

CREATE TEMP TABLE cases (n int GENERATED ALWAYS AS IDENTITY, up text, down text, levels text, why text);
INSERT INTO cases (up, down, levels, why) VALUES
('ALTER TABLE small ADD x int', 'ALTER TABLE small DROP x', 'low low none, easy', E'failure: \n(.|\n)*basis: dry run$'),
('ALTER TABLE big ALTER nul SET NOT NULL', NULL, 'high low high, impossible', 'failure: statement 1 of the up script failed in the dry run: column "nul" of relation "big" contains null values \(23502\)'),
('CREATE UNIQUE INDEX ON big ((a % 10))', NULL, 'high low high, impossible', 'could not create unique index "big_expr_idx" \(23505\)'),
('CREATE UNIQUE INDEX CONCURRENTLY n ON big ((a % 10))', NULL, 'low low high, impossible', 'could not create unique index "n" \(23505\)'),
('CREATE UNIQUE INDEX CONCURRENTLY n ON big (a)', NULL, 'low low none, impossible', 'basis: dry run$'),
('ALTER TABLE big ADD CHECK (a > 10)', NULL, 'high low high, impossible', '\(23514\)'),
('ALTER TABLE big ADD FOREIGN KEY (a) REFERENCES small', NULL, 'high low high, impossible', '\(23503\)'),
('INSERT INTO small VALUES (1, 1)', NULL, 'none low high, impossible', '\(23505\)'),
('INSERT INTO deferred VALUES (1)', NULL, 'none low high, impossible', 'failure: the up script failed in the dry run: .*\(23505\)'),
('SELECT nosuch()', NULL, 'none low high, impossible', '\(42883\)'),
('ALTER TABLE small ALTER a TYPE smallint', NULL, 'medium medium medium, impossible', 'that does not fit'),
('UPDATE small SET a = 100000 WHERE id = 1; ALTER TABLE small ALTER a TYPE smallint', NULL, 'medium medium high, impossible', '\(22003\)'),
(E'ALTER TYPE mood ADD VALUE \'new\'; INSERT INTO big (id, a, st) VALUES (1000, 1, \'new\')', NULL, 'none low low, impossible', 'statement 2 of the up script failed in the dry run, as it may in no other: .*\(55P04\)'),
('VACUUM small', NULL, 'low none none, none needed', ''),
('DO $$BEGIN DELETE FROM small WHERE id > 5; END$$', 'SELECT 1', 'none medium low, easy', 'DO deletes 5 and changes 0 rows of assess_dry.small in the dry run'),
('DO $$BEGIN DELETE FROM small; END$$', 'SELECT 1', 'none high low, lossy', E'DO deletes 10 and changes 0 rows(.|\n)*cannot bring back what is lost'),
('DO $$BEGIN UPDATE small SET a = 3; END$$', NULL, 'none high low, impossible', 'advice: Back up first'),
('DO $$BEGIN INSERT INTO small VALUES (1000); END$$', NULL, 'none low low, impossible', 'data: nothing is lost'),
('DO $$BEGIN CREATE TABLE n (a int); INSERT INTO n VALUES (1); UPDATE n SET a = 2; DELETE FROM n; DROP TABLE n; END$$', NULL, 'none low low, impossible', ''),
('CREATE TABLE n (a int); DO $$BEGIN DROP TABLE n; END$$', NULL, 'none low low, impossible', ''),
('DO $$BEGIN DROP TABLE small; END$$', NULL, 'low high low, impossible', 'DO drops table assess_dry.small in the dry run'),
('DO $$BEGIN DROP TABLE none; END$$', NULL, 'low medium low, impossible', 'DO takes AccessExclusiveLock on assess_dry."none" in the dry run: readers and writers wait'),
('DO $$BEGIN TRUNCATE none; END$$', NULL, 'low medium low, impossible', 'DO empties assess_dry."none"'),
('DO $$BEGIN TRUNCATE small; END$$', NULL, 'low high low, impossible', 'DO empties assess_dry.small'),
('DO $$BEGIN ALTER TABLE big DROP v; END$$', 'ALTER TABLE big ADD v text', 'low high low, lossy', 'DO drops table column assess_dry.big.v'),
('DO $$BEGIN ALTER TABLE none DROP a; END$$', 'ALTER TABLE none ADD a int', 'low medium low, easy', ''),
('DO $$BEGIN ALTER TABLE big ALTER n TYPE numeric(20, 4); END$$', NULL, 'high low low, impossible', 'DO rewrites assess_dry.big under AccessExclusiveLock'),
('DO $$BEGIN CREATE INDEX ON big (a); END$$', NULL, 'high low low, impossible', 'DO reads [0-9]+ rows of assess_dry.big, and takes ShareLock'),
('DO $$BEGIN CREATE INDEX ON small (a); END$$', NULL, 'medium low low, impossible', ''),
('DO $$BEGIN CREATE INDEX ON none (a); END$$', NULL, 'low low low, impossible', ''),
('SET lock_timeout = 0; DO $$BEGIN ALTER TABLE none ADD x int; END$$', NULL, 'medium low low, impossible', ''),
('DO $$BEGIN DROP FUNCTION f(int); END$$', NULL, 'none medium low, impossible', 'DO drops function assess_dry.f\(integer\)'),
('DO $$BEGIN RAISE EXCEPTION ''no''; END$$', NULL, 'none medium high, impossible', 'failed in the dry run: no \(P0001\)'),
('DO $$BEGIN END$$', NULL, 'none low low, impossible', 'basis: dry run$'),
('SELECT f(1)', NULL, 'none low low, impossible', 'data: nothing is lost');
CREATE TEMP TABLE rehearsed AS SELECT c.*, j.levels AS got, j.why AS said FROM cases c, LATERAL judge(c.up, c.down) j ORDER BY n;
SELECT is(got, levels, left(up, 100)) FROM rehearsed ORDER BY n;
SELECT matches(said, why, left(up, 100)) FROM rehearsed WHERE why <> '' ORDER BY n;

-- What was measured is scaled.
CREATE FUNCTION ms(up text, OUT ms float8, OUT basis text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM migrate_register('1', 'x', up, NULL);
	SELECT extract(epoch FROM duration_estimate) * 1000, duration_basis INTO STRICT ms, basis FROM migrate_assess(dry_run => true);
	PERFORM migrate_unregister('1');
END $$;
CREATE FUNCTION imported_ms(up text, rows bigint, OUT ms float8, OUT basis text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM migrate_statistics_import(jsonb_build_object('format', 1, 'relations', jsonb_build_array(
		jsonb_build_object('schema', 'assess_dry', 'name', 'big', 'kind', 'table', 'rows', rows, 'bytes', rows * 100))));
	SELECT m.ms, m.basis INTO ms, basis FROM ms(up) m;
END $$;
CREATE TABLE timed (id int, v text);
INSERT INTO timed SELECT g, 'v' FROM generate_series(1, 20000) g;
ANALYZE timed;
CREATE FUNCTION timed_ms(up text, factor bigint) RETURNS float8 LANGUAGE plpgsql AS $$
BEGIN
	PERFORM migrate_statistics_import(jsonb_build_object('format', 1, 'relations', jsonb_build_array(
		jsonb_build_object('schema', 'assess_dry', 'name', 'timed', 'kind', 'table', 'rows', 20000 * factor, 'bytes', 1000000 * factor))));
	RETURN (ms(up)).ms;
END $$;
SELECT cmp_ok(timed_ms(up, 1000) / timed_ms(up, 1), '>', 100::float8, 'a thousand times as large: ' || up) FROM (VALUES
	('CREATE INDEX ON timed (id)'), ('ALTER TABLE timed ALTER id TYPE bigint'), ('DELETE FROM timed WHERE id < 0')) v (up);
SELECT is((imported_ms('CREATE INDEX ON big (a)', 1000000)).basis, 'dry run, scaled by the imported sizes', 'measured and scaled');
SELECT is((imported_ms('CREATE INDEX ON small (a)', 1000000)).basis, 'dry run', 'measured, and as large as here');
SELECT is((imported_ms('ALTER TABLE big ALTER nul SET NOT NULL; CREATE INDEX ON big (a)', 1000000)).basis,
	'dry run, scaled by the imported sizes; assumed: 200 MB/s read, 100 MB/s indexed, 40 MB/s written', 'what failed stopped the rest');
SELECT migrate_statistics_import('{"format": 1, "relations": [{"schema": "assess_dry", "name": "none", "kind": "table", "rows": 1000000, "bytes": 81920000}]}');
SELECT is((ms('CREATE INDEX ON none (a)')).basis, 'assumed: 200 MB/s read, 100 MB/s indexed, 40 MB/s written', 'what is empty here cannot be scaled');


SELECT migrate_statistics_forget();
SELECT * FROM finish();
DROP SCHEMA assess_dry CASCADE;
