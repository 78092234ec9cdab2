-- The verdict, case by case: scripts, their three levels and the way back, and
-- a reason that must be among those given.
BEGIN;
SET LOCAL client_min_messages = error;
SELECT no_plan();

CREATE SCHEMA assess;
SET LOCAL search_path = assess, public;
SET LOCAL migrate.project = 'assess_cases';
SET LOCAL migrate.lint_rows = 100;

CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN plain AS text;
CREATE DOMAIN short AS text CHECK (length(VALUE) < 5);
CREATE SEQUENCE sq;
CREATE TABLE par (id bigint PRIMARY KEY, code text);
INSERT INTO par SELECT g, 'c' || g FROM generate_series(1, 300) g;
CREATE TABLE big (id bigint PRIMARY KEY, a int NOT NULL, b text DEFAULT 'x', c varchar(50),
	e int, par_id bigint REFERENCES par, st mood, n numeric(10, 2), nul int, v varchar(50), j json, pos positive,
	gen int GENERATED ALWAYS AS (a + 1) STORED, ident int GENERATED ALWAYS AS IDENTITY);
INSERT INTO big (id, a, b, c, e, par_id, st, n, nul, v)
	SELECT g, g, 'b' || g, 'c', g, g, 'ok', g, nullif(g, 7), 'v' FROM generate_series(1, 300) g;
CREATE INDEX big_b_idx ON big (b);
CREATE INDEX big_par_id_idx ON big (par_id);
CREATE INDEX broken ON big (e);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass;
ALTER TABLE big ADD CONSTRAINT later CHECK (a > 0) NOT VALID;
ALTER TABLE big ADD CONSTRAINT proven CHECK (e IS NOT NULL);
CREATE TABLE small (id bigint PRIMARY KEY, a int);
INSERT INTO small SELECT g, g FROM generate_series(1, 10) g;
CREATE TABLE none (id bigint PRIMARY KEY, a int);
CREATE VIEW vw AS SELECT id, c FROM big;
CREATE MATERIALIZED VIEW mv AS SELECT id, b FROM big;
CREATE UNIQUE INDEX mv_idx ON mv (id);
CREATE TABLE p (id bigint NOT NULL, k int NOT NULL) PARTITION BY RANGE (k);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (1000);
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (1000) TO (2000);
INSERT INTO p SELECT g, g FROM generate_series(1, 1500) g;
CREATE TABLE wide (id bigint, k int) PARTITION BY LIST (k);
DO $$ BEGIN
	FOR g IN 1..12 LOOP
		EXECUTE format('CREATE TABLE wide%s PARTITION OF wide FOR VALUES IN (%1$s)', g);
	END LOOP;
END $$;
CREATE FUNCTION trg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER tg BEFORE INSERT ON big FOR EACH ROW EXECUTE FUNCTION trg();
CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT $1';
CREATE TABLE deferred (id int UNIQUE DEFERRABLE INITIALLY DEFERRED);
INSERT INTO deferred VALUES (1);
ANALYZE par, big, small, none, mv, p, wide, deferred;


-- Everything that is said of a plan of one migration: levels and way back in one
-- text, the rest in another.
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
	  INTO STRICT result FROM migrate_assess() a;
	PERFORM migrate_unregister('1');
	RETURN result;
END $$;

CREATE TEMP TABLE cases (n int GENERATED ALWAYS AS IDENTITY, up text, down text, levels text, why text);
INSERT INTO cases (up, down, levels, why) VALUES
('CREATE TABLE new (id int)', 'DROP TABLE new', 'none low none, easy', 'back: by the down script, which drops new and what has been written there'),
('CREATE TABLE new (id int); CREATE INDEX ON new (id); ALTER TABLE new ALTER id TYPE bigint; ALTER TABLE new ADD CHECK (id > 0); UPDATE new SET id = 2; DELETE FROM new; TRUNCATE new; DROP TABLE new', NULL, 'none low none, impossible', 'data: nothing is lost, and what clients use stays'),
('CREATE TABLE new (r bigint REFERENCES par)', 'DROP TABLE new', 'low low none, easy', 'fk-without-index'),
('CREATE TEMP TABLE temporary (id int); DROP TABLE temporary', NULL, 'none low none, impossible', ''),
('CREATE FUNCTION g() RETURNS int LANGUAGE sql AS ''SELECT 1''', 'DROP FUNCTION g()', 'none low none, easy', ''),
('CREATE VIEW seen AS SELECT * FROM big', 'DROP VIEW seen', 'none low none, easy', ''),
('', '', 'none none none, none needed', 'back: it changes nothing that stays'),
('SELECT 1', NULL, 'none none none, none needed', ''),
('SELECT nextval(''sq'')', NULL, 'none low none, impossible', ''),
('ALTER TRIGGER tg ON big RENAME TO tg2', NULL, 'low low none, impossible', ''),
('SELECT f(1)', NULL, 'none low low, impossible', E'not to be seen in the text(.|\\n)*not counted: line 1 \\(SELECT\\)'),
('SET work_mem = ''1MB''; SHOW work_mem', NULL, 'none none none, none needed', ''),
('CREATE INDEX ON big (a)', 'DROP INDEX big_a_idx', 'high low none, easy', 'availability: line 1: CREATE INDEX on big without CONCURRENTLY'),
('CREATE INDEX ON small (a)', 'DROP INDEX small_a_idx', 'medium low none, easy', ''),
('CREATE INDEX ON none (a)', 'DROP INDEX none_a_idx', 'low low none, easy', E'CREATE INDEX builds an index on "none" \\(0 rows, 0 bytes\\) under ShareLock: writers wait'),
('CREATE INDEX CONCURRENTLY n ON big (a)', 'DROP INDEX CONCURRENTLY n', 'low low none, easy', 'under ShareUpdateExclusiveLock: other DDL waits'),
('BEGIN; CREATE INDEX CONCURRENTLY n ON big (a); COMMIT', NULL, 'low low high, impossible', 'failure: line 1: CREATE INDEX CONCURRENTLY in a transaction'),
('DROP INDEX big_b_idx', 'CREATE INDEX big_b_idx ON big (b)', 'low low none, easy', ''),
('DROP INDEX CONCURRENTLY big_b_idx', NULL, 'low low none, impossible', ''),
('ALTER INDEX big_b_idx RENAME TO other', NULL, 'low low none, impossible', ''),
('REINDEX TABLE big', NULL, 'high none none, none needed', ''),
('REINDEX TABLE CONCURRENTLY big', NULL, 'low none none, none needed', ''),
('REINDEX TABLE none', NULL, 'low none none, none needed', ''),
('CREATE INDEX ON mv (b)', NULL, 'high low none, impossible', ''),
('ALTER TABLE big ADD x int', 'ALTER TABLE big DROP x', 'low low none, easy', E'ALTER TABLE takes AccessExclusiveLock on big: readers and writers wait\n'),
('ALTER TABLE big ADD x int DEFAULT 5', 'ALTER TABLE big DROP x', 'low low none, easy', 'basis: lint: nothing is scanned or rewritten'),
('ALTER TABLE big ADD x float DEFAULT random()', 'ALTER TABLE big DROP x', 'high low none, easy', E'adding-field-with-default(.|\\n)*basis: assumed: 200 MB/s read, 100 MB/s indexed, 40 MB/s written'),
('ALTER TABLE none ADD x float DEFAULT random()', 'ALTER TABLE none DROP x', 'low low none, easy', ''),
('ALTER TABLE big ADD x int NOT NULL', 'ALTER TABLE big DROP x', 'high medium high, easy', 'failure: .*adding-required-field'),
('ALTER TABLE none ADD x int NOT NULL', 'ALTER TABLE none DROP x', 'low medium none, easy', 'data: line 1: clients must know of the new column x'),
('ALTER TABLE big ADD x int NOT NULL DEFAULT 1', 'ALTER TABLE big DROP x', 'low low none, easy', ''),
('ALTER TABLE big ADD x positive', NULL, 'high low none, impossible', 'constrained-domain-column'),
('ALTER TABLE big ADD x plain', NULL, 'low low none, impossible', ''),
('ALTER TABLE big DROP a', 'ALTER TABLE big ADD a int', 'low high none, lossy', 'back: the down script cannot bring back what the up script loses: .*ban-drop-column'),
('ALTER TABLE none DROP a', 'ALTER TABLE none ADD a int', 'low medium none, easy', ''),
('ALTER TABLE big DROP IF EXISTS nosuch', NULL, 'low low none, impossible', ''),
('ALTER TABLE big ADD x int; ALTER TABLE big DROP x', NULL, 'low low none, impossible', ''),
('ALTER TABLE big RENAME a TO z', 'ALTER TABLE big RENAME z TO a', 'low medium none, easy', 'column a of big becomes z'),
('ALTER TABLE big RENAME TO large', 'ALTER TABLE large RENAME TO big', 'low medium none, easy', 'takes AccessExclusiveLock on big: '),
('ALTER TABLE big ALTER b DROP DEFAULT', NULL, 'low medium none, impossible', 'clients that leave out big.b get another value'),
('ALTER TABLE big ALTER a DROP DEFAULT', NULL, 'low low none, impossible', ''),
('ALTER TABLE big ALTER b SET DEFAULT ''y''', NULL, 'low low none, impossible', ''),
('ALTER TABLE big ALTER a DROP NOT NULL', NULL, 'low medium none, impossible', ''),
('ALTER TABLE big ALTER e DROP NOT NULL', NULL, 'low low none, impossible', ''),
('ALTER TABLE big ALTER gen DROP EXPRESSION', NULL, 'low medium none, impossible', 'clients must give big.gen a value'),
('ALTER TABLE big ALTER ident DROP IDENTITY', NULL, 'low medium none, impossible', 'clients must give big.ident a value'),
('ALTER TABLE big ALTER nul SET NOT NULL', 'ALTER TABLE big ALTER nul DROP NOT NULL', 'high low none, easy', 'clients that write NULL into big.nul would fail'),
('ALTER TABLE big ALTER e SET NOT NULL', 'ALTER TABLE big ALTER e DROP NOT NULL', 'low low none, easy', ''),
('ALTER TABLE big ALTER a TYPE bigint', 'ALTER TABLE big ALTER a TYPE int', 'high medium none, easy', 'clients find another type in big.a'),
('ALTER TABLE small ALTER a TYPE smallint', 'ALTER TABLE small ALTER a TYPE int', 'medium medium medium, easy', 'failure: line 1: a value of small.a that does not fit the new type would make it fail'),
('ALTER TABLE none ALTER a TYPE smallint', NULL, 'low medium none, impossible', ''),
('ALTER TABLE big ALTER n TYPE numeric(12,2)', NULL, 'low medium none, impossible', ''),
('ALTER TABLE big ALTER n TYPE numeric(8,2)', NULL, 'high medium medium, impossible', ''),
('ALTER TABLE big ALTER n TYPE numeric(10,1)', NULL, 'high high none, impossible', 'data: line 1: values of big.n may lose something'),
('ALTER TABLE big ALTER n TYPE numeric(12,4)', NULL, 'high medium none, impossible', ''),
('ALTER TABLE big ALTER n TYPE int', 'ALTER TABLE big ALTER n TYPE numeric(10, 2)', 'high high none, lossy', 'values of big.n may lose something'),
('ALTER TABLE big ALTER a TYPE text', NULL, 'high medium none, impossible', ''),
('ALTER TABLE big ALTER a TYPE float8', NULL, 'high medium none, impossible', ''),
('ALTER TABLE big ALTER a TYPE float4', NULL, 'high high none, impossible', ''),
('ALTER TABLE big ALTER v TYPE varchar(100)', NULL, 'low medium none, impossible', ''),
('ALTER TABLE big ALTER v TYPE text', NULL, 'low medium none, impossible', ''),
('ALTER TABLE big ALTER v TYPE varchar(10)', NULL, 'high medium medium, impossible', ''),
('ALTER TABLE big ALTER v TYPE varchar(10) USING v::varchar(10)', NULL, 'high high none, impossible', ''),
('ALTER TABLE big ALTER a TYPE bigint USING a::bigint', NULL, 'high medium none, impossible', ''),
('ALTER TABLE big ALTER a TYPE bigint USING a + 1', NULL, 'high high none, impossible', ''),
('ALTER TABLE big ALTER v TYPE plain', NULL, 'low medium none, impossible', ''),
('ALTER TABLE big ALTER v TYPE short', NULL, 'high medium medium, impossible', ''),
('ALTER TABLE big ALTER a TYPE positive', NULL, 'high medium medium, impossible', ''),
('ALTER TABLE big ALTER j TYPE jsonb', NULL, 'high medium none, impossible', ''),
('ALTER TABLE big ALTER c TYPE text', NULL, 'low medium high, impossible', 'failure: .*column c of big is used by vw'),
('ALTER TABLE big ALTER a TYPE uuid', NULL, 'low medium high, impossible', ''),
('ALTER TABLE big ADD CONSTRAINT n CHECK (a > 0)', 'ALTER TABLE big DROP CONSTRAINT n', 'high low none, easy', 'constraint-missing-not-valid'),
('ALTER TABLE big ADD CONSTRAINT n CHECK (a > 0) NOT VALID', 'ALTER TABLE big DROP CONSTRAINT n', 'low low none, easy', 'clients that write into big what the constraint forbids would fail'),
('ALTER TABLE big VALIDATE CONSTRAINT later', NULL, 'low low none, impossible', E'reads all of big \\(check; 300 rows, [0-9]+ kB\\) under ShareUpdateExclusiveLock'),
('ALTER TABLE big ADD UNIQUE (a)', NULL, 'high low none, impossible', 'disallowed-unique-constraint'),
('ALTER TABLE none ADD UNIQUE (a)', NULL, 'low low none, impossible', ''),
('ALTER TABLE big ADD FOREIGN KEY (par_id) REFERENCES par', NULL, 'high low none, impossible', ''),
('ALTER TABLE big ADD FOREIGN KEY (par_id) REFERENCES par NOT VALID', NULL, 'low low none, impossible', ''),
('ALTER TABLE big DROP CONSTRAINT later', NULL, 'low medium none, impossible', ''),
('ALTER TABLE big DROP CONSTRAINT big_par_id_fkey', NULL, 'low medium none, impossible', 'locks par too'),
('ALTER DOMAIN positive ADD CHECK (VALUE < 1000)', NULL, 'high low none, impossible', ''),
('DROP TABLE small', NULL, 'low high none, impossible', 'advice: Back up first what no script can bring back: line 1: DROP TABLE small'),
('DROP TABLE none', 'CREATE TABLE none (id bigint PRIMARY KEY, a int)', 'low medium none, easy', ''),
('DROP TABLE big', NULL, 'low high high, impossible', 'failure: line 1: big is used by vw, mv'),
('DROP TABLE IF EXISTS nosuch', NULL, 'none low none, impossible', ''),
('DROP TABLE nosuch', NULL, 'none low high, impossible', 'failure: line 1: there is no relation nosuch'),
('TRUNCATE big', NULL, 'low high none, impossible', 'ban-truncate'),
('TRUNCATE none', NULL, 'low medium none, impossible', ''),
('TRUNCATE par CASCADE', NULL, 'low high none, impossible', 'empties big'),
('DELETE FROM big', 'SELECT 1', 'none high none, lossy', ''),
('DELETE FROM big WHERE id = 1', 'SELECT 1', 'none medium none, easy', 'data: line 1: deletes rows of big'),
('DELETE FROM none', NULL, 'none low none, impossible', ''),
('UPDATE small SET a = 1', 'SELECT 1', 'none high none, lossy', 'changes all rows of small'),
('UPDATE big SET nul = 1 WHERE id = 1', NULL, 'none medium none, impossible', ''),
('ALTER TABLE big ADD x int; UPDATE big SET x = 1', 'ALTER TABLE big DROP x', 'high low none, lossy', E'availability: .*also while the statements after it run(.|\\n)*the down script drops big.x in line 1, which the up script fills in line 1'),
('INSERT INTO small VALUES (1000, 1)', 'DELETE FROM small WHERE id = 1000', 'none low none, easy', ''),
('INSERT INTO small VALUES (1, 1) ON CONFLICT DO NOTHING', NULL, 'none low none, impossible', ''),
('INSERT INTO small VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET a = 2', NULL, 'none medium none, impossible', 'may change rows of small'),
('WITH gone AS (DELETE FROM small RETURNING id) SELECT id FROM gone', NULL, 'none medium none, impossible', ''),
('ALTER TABLE big SET UNLOGGED', 'ALTER TABLE big SET LOGGED', 'high high none, lossy', 'a crash would empty big'),
('ALTER TABLE none SET UNLOGGED', 'ALTER TABLE none SET LOGGED', 'medium medium none, easy', ''),
('DROP SCHEMA assess CASCADE', NULL, 'medium high none, impossible', 'which are many to be locked at once'),
('DROP TYPE mood CASCADE', NULL, 'low high none, impossible', 'CASCADE reaches big'),
('DROP VIEW vw', 'CREATE VIEW vw AS SELECT id, c FROM big', 'low medium none, easy', ''),
('CREATE OR REPLACE VIEW vw AS SELECT id, c FROM big', NULL, 'low low none, impossible', ''),
('DROP MATERIALIZED VIEW mv', NULL, 'low medium none, impossible', 'with DROP MATERIALIZED VIEW what is in mv'),
('REFRESH MATERIALIZED VIEW mv', NULL, 'high none none, none needed', ''),
('REFRESH MATERIALIZED VIEW CONCURRENTLY mv', NULL, 'low none none, none needed', ''),
('DROP FUNCTION f(int)', NULL, 'none medium none, impossible', ''),
('ALTER FUNCTION f(int) RENAME TO g', NULL, 'none medium none, impossible', ''),
('ALTER TYPE mood ADD VALUE ''new''', NULL, 'none low none, impossible', ''),
('ALTER TYPE mood RENAME VALUE ''sad'' TO ''bad''', NULL, 'none medium none, impossible', ''),
('DROP SEQUENCE sq', NULL, 'low medium none, impossible', ''),
('ALTER SEQUENCE sq RESTART', NULL, 'low medium none, impossible', 'numbers that sq has given out may come again'),
('ALTER SEQUENCE sq INCREMENT 2', NULL, 'low low none, impossible', ''),
('ALTER TABLE big ENABLE ROW LEVEL SECURITY', NULL, 'low medium none, impossible', ''),
('ALTER TABLE big DISABLE TRIGGER tg', NULL, 'low medium none, impossible', ''),
('CREATE TRIGGER t2 BEFORE INSERT ON big FOR EACH ROW EXECUTE FUNCTION trg()', NULL, 'low low none, impossible', ''),
('DROP TRIGGER tg ON big', NULL, 'low medium none, impossible', ''),
('GRANT SELECT ON big TO public', NULL, 'none low none, impossible', ''),
('REVOKE SELECT ON big FROM public', NULL, 'none medium none, impossible', 'REVOKE takes rights away'),
('COMMENT ON TABLE big IS ''x''', NULL, 'low none none, none needed', ''),
('ALTER TABLE big SET SCHEMA public', NULL, 'low medium none, impossible', 'takes a name away'),
('CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (2000) TO (3000)', 'DROP TABLE p3', 'low low none, easy', 'has p locked against all use'),
('ALTER TABLE p DETACH PARTITION p1', NULL, 'low medium none, impossible', 'clients of p no longer find'),
('DROP TABLE p1', NULL, 'low high none, impossible', ''),
('ALTER TABLE wide ADD x int', NULL, 'medium low none, impossible', 'and likewise with 12 other relations, which are many'),
('VACUUM big', NULL, 'low none none, none needed', ''),
('VACUUM FULL big', NULL, 'high none none, none needed', ''),
('CLUSTER big USING big_pkey', NULL, 'high none none, none needed', ''),
('ANALYZE big', NULL, 'low none none, none needed', ''),
('LOCK TABLE big', NULL, 'low none none, none needed', ''),
('SET lock_timeout = 0; ALTER TABLE big ADD x int', NULL, 'medium low none, impossible', 'big is locked without a lock_timeout'),
('SET lock_timeout = 0; ALTER TABLE big RESET (fillfactor)', NULL, 'low low none, impossible', ''),
('SET LOCAL lock_timeout = ''1s''; ALTER TABLE big ADD x int', NULL, 'low low none, impossible', ''),
('SET lock_timeout = ''1s''; CREATE INDEX ON big (a)', NULL, 'high low none, impossible', ''),
(E'-- migrate:ignore require-concurrent-index-creation for a test\nCREATE INDEX ON big (a); TRUNCATE small', 'SELECT 1', 'high high none, lossy', E'CREATE INDEX builds an index on big \\(index build; 300 rows, [0-9]+ kB\\) under ShareLock'),
(E'-- migrate:ignore ban-drop-table for a test\nDROP TABLE small', 'SELECT 1', 'low high none, lossy', E'with DROP TABLE what is in small \\(10 rows, 8192 bytes\\) is gone'),
(E'-- migrate:ignore ban-truncate for a test\nTRUNCATE big', 'SELECT 1', 'low high none, lossy', E'with TRUNCATE TABLE what is in big \\(300 rows'),
(E'-- migrate:ignore ban-drop-column for a test\nALTER TABLE big DROP a', 'SELECT 1', 'low high none, lossy', 'what is in big.a is gone'),
(E'-- migrate:ignore delete-without-where for a test\nDELETE FROM big', 'SELECT 1', 'none high none, lossy', 'deletes all rows of big'),
(E'-- migrate:ignore update-without-where for a test\nUPDATE big SET nul = 1', 'SELECT 1', 'none high none, lossy', 'changes all rows of big'),
(E'-- migrate:ignore ban-drop-not-null for a test\nALTER TABLE big ALTER a DROP NOT NULL', 'SELECT 1', 'low medium none, easy', 'clients may find NULL in big.a'),
(E'-- migrate:ignore ban-drop-constraint for a test\nALTER TABLE big DROP CONSTRAINT later', 'SELECT 1', 'low medium none, easy', 'clients of big may find what later kept out'),
(E'-- migrate:ignore renaming-table for a test\nALTER TABLE big RENAME TO x', 'SELECT 1', 'low medium none, easy', 'takes a name away'),
(E'-- migrate:ignore fk-without-index for a test\nALTER TABLE big ADD FOREIGN KEY (a) REFERENCES par NOT VALID', 'SELECT 1', 'low low none, easy', ''),
('ALTER TABLE big ADD FOREIGN KEY (a) REFERENCES par NOT VALID', 'SELECT 1', 'medium low none, easy', 'fk-without-index'),
(E'-- migrate:ignore dynamic-statement for a test\nDO $$BEGIN END$$', NULL, 'none medium none, impossible', 'what DO does is not to be seen in the text; a dry run shows it'),
('DO $$BEGIN DELETE FROM big; END$$', NULL, 'none medium low, impossible', E'not counted: line 1 \\(DO\\)'),
('CALL nosuch()', NULL, 'none medium low, impossible', ''),
('CREATE TABEL x', NULL, 'none none high, none needed', E'failure: syntax error at or near .TABEL.(.|\\n)*back: it cannot run'),
('SELECT {{nosuch}}; CREATE TABLE ''''', NULL, 'none none high, none needed', ''),
('CREATE TABLE big (id int)', NULL, 'none low high, impossible', 'duplicate-table'),
('ALTER TABLE big ADD a int', NULL, 'low low high, impossible', 'duplicate-column'),
('CREATE INDEX CONCURRENTLY IF NOT EXISTS broken ON big (e)', NULL, 'low low high, impossible', 'invalid-index'),
('ALTER TABLE small ADD FOREIGN KEY (a) REFERENCES big (nul)', NULL, 'high low high, impossible', 'invalid-foreign-key'),
('CREATE TABLE n1 (id int, a int, x int); CREATE TABLE n2 (id int, b int, x int); CREATE VIEW nv AS SELECT n1.*, n2.b FROM n1 JOIN n2 ON n1.id = n2.id; ALTER TABLE n2 ALTER b TYPE bigint', NULL, 'none low high, impossible', 'is used by nv'),
('CREATE TABLE n1 (id int, a int, x int); CREATE TABLE n2 (id int, b int, x int); CREATE VIEW nv AS SELECT n1.*, n2.b FROM n1 JOIN n2 ON n1.id = n2.id; ALTER TABLE n2 ALTER id TYPE bigint', NULL, 'none low high, impossible', 'is used by nv'),
('CREATE TABLE n1 (id int, a int, x int); CREATE TABLE n2 (id int, b int, x int); CREATE VIEW nv AS SELECT n1.*, n2.b FROM n1 JOIN n2 ON n1.id = n2.id; ALTER TABLE n2 ALTER x TYPE bigint', NULL, 'none low none, impossible', ''),
('CREATE TABLE n1 (id int, a int, x int); CREATE TABLE n2 (id int, b int, x int); CREATE VIEW nv AS SELECT n1.x FROM n1, n2; ALTER TABLE n2 ALTER x TYPE bigint', NULL, 'none low none, impossible', ''),
('CREATE TABLE n1 (id int, a int, x int); CREATE TABLE n2 (id int, b int, x int); CREATE VIEW nv AS SELECT m.x FROM n1, n2 m; ALTER TABLE n2 ALTER x TYPE bigint', NULL, 'none low high, impossible', 'is used by nv'),
('CREATE TABLE n1 (id int, a int, x int); CREATE TABLE n2 (id int, b int, x int); CREATE VIEW nv AS SELECT x FROM n2; ALTER TABLE n2 ALTER x TYPE bigint', NULL, 'none low high, impossible', 'is used by nv'),
('CREATE TABLE n1 (id int, a int, x int); CREATE TABLE n2 (id int, b int, x int); CREATE VIEW nv AS SELECT n2 FROM n2; ALTER TABLE n2 ALTER x TYPE bigint', NULL, 'none low high, impossible', 'is used by nv'),
('CREATE TABLE n1 (id int, a int, x int); CREATE TABLE n2 (id int, b int, x int); CREATE VIEW nv AS SELECT j.x FROM (n2 CROSS JOIN (SELECT 1) s) j; ALTER TABLE n2 ALTER x TYPE bigint', NULL, 'none low high, impossible', 'is used by nv'),
('CREATE TABLE n1 (id int, a int, x int); CREATE TABLE n2 (id int, b int, x int); CREATE VIEW nv AS SELECT b FROM n1 JOIN n2 USING (x); ALTER TABLE n2 ALTER x TYPE bigint', NULL, 'none low high, impossible', 'is used by nv'),
('CREATE TABLE n1 (id int, a int, x int); CREATE TABLE n2 (id int, b int, x int); CREATE VIEW nv AS SELECT b FROM n1 JOIN n2 USING (id); ALTER TABLE n2 ALTER x TYPE bigint', NULL, 'none low none, impossible', ''),
('CREATE TABLE n1 (id int, a int, x int); CREATE TABLE n2 (id int, b int, x int); CREATE VIEW nv AS SELECT b FROM n1 NATURAL JOIN n2; ALTER TABLE n2 ALTER x TYPE bigint', NULL, 'none low high, impossible', 'is used by nv'),
('CREATE TABLE n1 (id int, a int, x int); CREATE TABLE n2 (id int, b int, x int); CREATE VIEW nv AS WITH n2 AS (SELECT 1 AS x) SELECT x FROM n2; ALTER TABLE n2 ALTER x TYPE bigint', NULL, 'none low none, impossible', ''),
('CREATE TABLE new (id int)', 'DROP TABLE small', 'none low none, lossy', 'drops small in line 1, which the up script does not create'),
('CREATE TABLE new (id int)', 'DROP TABEL new', 'none low none, impossible', 'its down script cannot run: syntax error'),
('CREATE TABLE new (id int)', '-- nothing', 'none low none, impossible', 'its down script is empty'),
('CREATE TABLE new (id int)', 'DROP TABLE assess.new', 'none low none, easy', ''),
('CREATE TABLE assess.new (id int)', 'DROP TABLE other.new', 'none low none, lossy', ''),
('CREATE TABLE new AS SELECT * FROM big', 'DROP TABLE new', 'none low none, lossy', 'which the up script fills'),
('CREATE TABLE new (id int); INSERT INTO new VALUES (1)', 'DELETE FROM new; DROP TABLE new', 'none low none, lossy', ''),
('ALTER TABLE big ADD x int', 'TRUNCATE big; ALTER TABLE big DROP x', 'low low none, lossy', 'drops big in line 1, which the up script does not create');

CREATE TEMP TABLE judged AS SELECT c.*, j.levels AS got, j.why AS said FROM cases c, LATERAL judge(c.up, c.down) j ORDER BY n;
SELECT is(got, levels, left(up, 100)) FROM judged ORDER BY n;
SELECT matches(said, why, left(up, 100)) FROM judged WHERE why <> '' ORDER BY n;

-- Levels by settings and sizes.
CREATE FUNCTION levels(up text, setting text, value text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	before text := current_setting(setting);
	result text;
BEGIN
	PERFORM set_config(setting, value, true);
	result := regexp_replace((judge(up, NULL)).levels, ',.*', '');
	PERFORM set_config(setting, before, true);
	RETURN result;
END $$;
SELECT is(levels(up, setting, value), expected, concat_ws(' ', setting, '=', value, up)) FROM (VALUES
	-- a rule that is off says nothing; a lock, a scan or a loss is still one
	('migrate.lint_rules', 'index=off', 'CREATE INDEX ON big (a)', 'high low none'),
	('migrate.lint_rules', 'data=off', 'DROP TABLE small', 'low high none'),
	('migrate.lint_rules', 'fk-without-index=off', 'ALTER TABLE big ADD FOREIGN KEY (a) REFERENCES par NOT VALID', 'low low none'),
	('migrate.lint_rules', 'adding-required-field=off', 'ALTER TABLE big ADD x int NOT NULL', 'high medium none'),
	('migrate.lint_rules', 'dynamic-statement=off', 'DO $x$BEGIN END$x$', 'none medium none'),
	('migrate.lint_rules', 'style=error', 'CREATE TABLE new (a char(3), b int)', 'none low none'),
	-- what is graded differently is as much in the way
	('migrate.lint_rules', 'require-concurrent-index-creation=info', 'CREATE INDEX ON big (a)', 'high low none'),
	('migrate.lint_rules', 'brief-lock=error', 'DROP TRIGGER tg ON big', 'low medium none'),
	-- who waits how long
	('migrate.lock_timeout', '0', 'ALTER TABLE big ADD x int', 'medium low none'),
	('migrate.lock_timeout', '2s', 'ALTER TABLE big ADD x int', 'low low none'),
	('migrate.lock_timeout', '0', 'ALTER TABLE big RESET (fillfactor)', 'low low none'),
	('migrate.lock_timeout', '0', 'CREATE TABLE new (id int)', 'none low none'),
	('migrate.lock_timeout', '0', 'UPDATE big SET nul = 1 WHERE id = 1', 'none medium none'),
	-- what is large
	('migrate.lint_rows', '301', 'CREATE INDEX ON big (a)', 'medium low none'),
	('migrate.lint_rows', '300', 'CREATE INDEX ON big (a)', 'high low none'),
	('migrate.lint_rows', '0', 'CREATE INDEX ON small (a)', 'high low none'),
	('migrate.lint_rows', '0', 'CREATE INDEX ON none (a)', 'low low none'),
	('migrate.lint_size', '8kB', 'CREATE INDEX ON small (a)', 'high low none'),
	('migrate.lint_size', '9kB', 'CREATE INDEX ON small (a)', 'medium low none')
) v (setting, value, up, expected);

-- By another server's sizes.
SELECT migrate_statistics_import('{"format": 1, "relations": [
	{"schema": "assess", "name": "small", "kind": "table", "rows": 1000000, "bytes": 81920000},
	{"schema": "assess", "name": "none", "kind": "table", "rows": 5000, "bytes": 409600},
	{"schema": "assess", "name": "big", "kind": "table", "rows": 20, "bytes": 8192},
	{"schema": "assess", "name": "par", "kind": "table", "rows": 0, "bytes": 0}]}');
SELECT is(regexp_replace(j.levels, ',.*', ''), expected, 'imported sizes: ' || up) FROM (VALUES
	('CREATE INDEX ON small (a)', 'high low none'),
	('CREATE INDEX ON none (a)', 'high low none'),
	('CREATE INDEX ON big (a)', 'medium low none'),
	('CREATE INDEX ON par (code)', 'low low none'),
	('DROP TABLE none', 'low high none'),
	('ALTER TABLE par DROP code', 'low medium none'),
	('ALTER TABLE none ADD x int NOT NULL', 'high medium high'),
	('ALTER TABLE par ADD x int NOT NULL', 'low medium none'),
	('CREATE INDEX ON p (k)', 'high low none')
) v (up, expected), LATERAL judge(up, NULL) j;

-- How long: by the sizes, and no less where there is more.
CREATE FUNCTION ms(up text, OUT ms float8, OUT basis text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM migrate_register('1', 'x', up, NULL);
	SELECT extract(epoch FROM duration_estimate) * 1000, duration_basis INTO STRICT ms, basis FROM migrate_assess();
	PERFORM migrate_unregister('1');
END $$;
CREATE FUNCTION imported_ms(up text, rows bigint, OUT ms float8, OUT basis text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM migrate_statistics_import(jsonb_build_object('format', 1, 'relations', jsonb_build_array(
		jsonb_build_object('schema', 'assess', 'name', 'big', 'kind', 'table', 'rows', rows, 'bytes', rows * 100))));
	SELECT m.ms, m.basis INTO ms, basis FROM ms(up) m;
END $$;
SELECT is(10 * round((imported_ms(up, 20 * 1024 * 1024)).ms / 10)::int, expected, '2000 MB: ' || up) FROM (VALUES
	('ALTER TABLE big ALTER nul SET NOT NULL', 10000),
	('ALTER TABLE big VALIDATE CONSTRAINT later', 10000),
	('CREATE INDEX ON big (a)', 20000),
	('ALTER TABLE big SET UNLOGGED', 50000),
	('UPDATE big SET nul = 1', 50000),
	('DELETE FROM big', 50000),
	('DELETE FROM big WHERE id = 1', 10000),
	('VACUUM big', 10000),
	('ALTER TABLE big ALTER nul SET NOT NULL; CREATE INDEX ON big (a)', 30000),
	('ALTER TABLE big ADD x int', 0),
	('DROP TABLE big', 0),
	('CREATE TABLE new (id int); CREATE INDEX ON new (id)', 0),
	('TRUNCATE big; CREATE INDEX ON big (a)', 0)
) v (up, expected);
SELECT is(array_agg(m.ms ORDER BY rows), array_agg(m.ms ORDER BY m.ms), 'no less where there is more: ' || up)
  FROM unnest(ARRAY['CREATE INDEX ON big (a)', 'ALTER TABLE big ALTER a TYPE bigint', 'UPDATE big SET nul = 1', 'DROP TABLE big']) up,
	   unnest(ARRAY[0, 1, 1000, 1000000, 1000000000, 1000000000000000]) rows, LATERAL imported_ms(up, rows) m
 GROUP BY up;
SELECT is((imported_ms(up, 100)).basis, basis, 'basis: ' || up) FROM (VALUES
	('ALTER TABLE big ADD x int', 'lint: nothing is scanned or rewritten'),
	('CREATE INDEX ON big (a)', 'assumed: 200 MB/s read, 100 MB/s indexed, 40 MB/s written'),
	('DO $x$BEGIN END$x$', 'lint; not counted: line 1 (DO)'),
	(E'CREATE INDEX ON big (a);\nSELECT f(1);\nDO $x$BEGIN END$x$', 'assumed: 200 MB/s read, 100 MB/s indexed, 40 MB/s written; not counted: line 2 (SELECT), line 3 (DO)'),
	(repeat(E'DO $x$BEGIN END$x$;\n', 7), 'lint; not counted: line 1 (DO), line 2 (DO), line 3 (DO), line 4 (DO), line 5 (DO) and 2 more')
) v (up, basis);
SELECT migrate_statistics_forget();

-- Steps that roll back are judged by their down scripts, and the way back from
-- them is to apply again.
SELECT migrate_register('1', 'one', 'CREATE TABLE one (id int)', 'DROP TABLE one');
SELECT migrate_register('2', 'two', 'INSERT INTO one VALUES (1)', 'DELETE FROM one');
SELECT migrate_register('3', 'three', 'SELECT 1', 'SELECT 1');
SELECT migrate_register('4', 'four', 'ALTER TABLE one ADD x int', 'CREATE INDEX ON big (nul)');
SELECT results_eq('SELECT step, version, action, availability, data, will_fail, rollback FROM migrate_assess()', $$VALUES
	(1, '1', 'apply', 'none', 'low', 'none', 'easy'), (2, '2', 'apply', 'none', 'low', 'none', 'lossy'),
	(3, '3', 'apply', 'none', 'none', 'none', 'none needed'), (4, '4', 'apply', 'none', 'low', 'none', 'easy')$$,
	'a plan of four: what comes later is judged by what comes before');
SELECT migrate_apply();
SELECT results_eq($$SELECT step, version, action, availability, data, will_fail, rollback,
	regexp_replace(rollback_reason, '(loses):.*', '\1') FROM migrate_assess('base')$$, $$VALUES
	(1, '4', 'rollback', 'high', 'low', 'none', 'easy', 'by applying it again'),
	(2, '3', 'rollback', 'none', 'none', 'none', 'easy', 'by applying it again'),
	(3, '2', 'rollback', 'none', 'high', 'none', 'lossy', 'applying it again cannot bring back what the down script loses'),
	(4, '1', 'rollback', 'low', 'high', 'none', 'lossy', 'applying it again cannot bring back what the down script loses')$$,
	'a plan that rolls back');
SELECT is((SELECT count(*) FROM migrate_assess()), 0::bigint, 'an empty plan');

-- Proven is the very text that was rolled back here.
SELECT migrate_rollback('2');
SELECT matches(rollback_reason, CASE version WHEN '3' THEN 'changes nothing' ELSE '^by the down script; it was last rolled back so at 20' END,
	'rolled back before: ' || version) FROM migrate_assess();
SELECT migrate_register('4', 'four', 'ALTER TABLE one ADD y bigint', 'ALTER TABLE one DROP y');
SELECT matches(rollback_reason, 'drops one.y and .*; that it works is not proven here$', 'not with this text') FROM migrate_assess() WHERE version = '4';
SELECT migrate_apply();
SELECT migrate_rollback('2');
SELECT matches(rollback_reason, 'drops one.y and .*; it was last rolled back so at 20', 'now it is') FROM migrate_assess() WHERE version = '4';
SELECT migrate_rollback('base');
SELECT migrate_unregister(version) FROM migrate_status;

-- Repeatables.
SELECT migrate_register(NULL, 'seen', 'CREATE OR REPLACE VIEW vw AS SELECT id, c FROM big', NULL);
SELECT migrate_register(NULL, 'worse', 'DELETE FROM small', NULL);
SELECT results_eq('SELECT version, availability, data, will_fail, rollback, rollback_reason FROM migrate_assess() ORDER BY version COLLATE "C"', $$VALUES
	('seen', 'low', 'low', 'none', 'easy', 'by registering its former text and applying that'),
	('worse', 'none', 'high', 'none', 'impossible', 'it has no down script; and it loses data: line 1: DELETE of all rows of small (about 10 rows, 8192 bytes) (delete-without-where)')$$,
	'repeatables');
SELECT migrate_unregister('seen'), migrate_unregister('worse');

-- What a baseline script stands for runs nothing.
SET LOCAL migrate.project = 'assess_cover';
SELECT migrate_register_file('V1__a.sql', 'CREATE TABLE cover (id int);');
SELECT migrate_register_file('V2__b.sql', 'ALTER TABLE cover ADD b int; INSERT INTO cover VALUES (1);');
SELECT migrate_register_file('B2__base.sql', 'CREATE TABLE cover (id int, b int);');
SELECT migrate_register_file('V3__c.sql', 'ALTER TABLE cover DROP b;');
SELECT results_eq('SELECT version, action, worst, rollback, rollback_reason FROM migrate_assess()', $$VALUES
	('2', 'apply', 'low', 'impossible', 'it has no down script'), ('1', 'cover', 'none', 'none needed', 'it runs nothing'),
	('2', 'cover', 'none', 'none needed', 'it runs nothing'), ('3', 'apply', 'low', 'impossible', 'it has no down script')$$,
	'a baseline script, and what it stands for');
SET LOCAL migrate.project = 'assess_cases';

-- migrate_plan() has the worst.
SELECT migrate_register('1', 'a', 'SELECT 1', NULL), migrate_register('2', 'b', 'CREATE TABLE b (id int)', NULL),
	migrate_register('3', 'c', 'ALTER TABLE big RENAME a TO z', NULL), migrate_register('4', 'd', 'DROP TABLE small', NULL),
	migrate_register('5', 'e', 'ALTER TABLE b ADD x int', NULL);
SELECT results_eq('SELECT version, risk FROM migrate_plan()', 'SELECT version, worst FROM migrate_assess()', 'the worst is the risk');
SELECT is((SELECT string_agg(risk, ' ' ORDER BY step) FROM migrate_plan()), 'none low medium high low', 'of each');
SELECT is((SELECT string_agg(risk, ' ' ORDER BY step) FROM migrate_plan('3')), 'none low medium', 'to a target');
SELECT is((SELECT string_agg(concat_ws(' ', a.risk, b.risk), ', ' ORDER BY a.step) FROM migrate_plan('2') a, migrate_plan('3') b WHERE a.step = b.step - 1),
	'none low, low medium', 'of two plans at once');
SELECT is((SELECT risk FROM migrate_plan() ORDER BY step DESC LIMIT 1), 'low', 'of the last alone');
SELECT migrate_unregister(v::text) FROM generate_series(1, 5) v;

SELECT * FROM finish();
ROLLBACK;
