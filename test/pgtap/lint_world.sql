-- What a text made of the catalogs is what its next statements are judged by.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS migrate;
SELECT plan(23);

CREATE SCHEMA lw;
CREATE SCHEMA lw2;
SET search_path = lw, public;
CREATE TABLE t (id bigint PRIMARY KEY, a int, b text);
INSERT INTO t SELECT g, g, 'x' FROM generate_series(1, 100) g;
CREATE TABLE c (id bigint PRIMARY KEY, t_id bigint REFERENCES t);
CREATE TABLE lw2.t (id int, z int);
INSERT INTO lw2.t VALUES (1, 1);
CREATE TABLE p (k int, v text) PARTITION BY RANGE (k);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
CREATE TABLE loose (k int, v text);
CREATE DOMAIN d AS text;

-- the last statement's relations: lock, and s(can), r(ewrite) or nothing
CREATE FUNCTION last_of(text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(relation || ' ' || lock ||
							   CASE WHEN rewrites THEN ' r' WHEN scans THEN ' s' ELSE '' END,
							   ', ' ORDER BY relation), '')
	FROM (SELECT e.*, max(e.statement) OVER () AS last
		  FROM migrate_lint_effects($1) e) x
	WHERE statement = last AND kind IN ('r', 'p', 'v') AND existed
$$;
-- the same of all relations, new ones too
CREATE FUNCTION named_in(text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(relation || CASE WHEN existed THEN '' ELSE '+' END, ', '
							   ORDER BY relation), '')
	FROM (SELECT e.*, max(e.statement) OVER () AS last
		  FROM migrate_lint_effects($1) e) x
	WHERE statement = last AND kind IN ('r', 'p')
$$;

CREATE TEMPORARY TABLE locks AS
	SELECT relation, mode FROM pg_locks
	WHERE pid = pg_backend_pid() AND locktype = 'relation';

SELECT is(named_in('CREATE TABLE n (a int); ALTER TABLE n ADD b int'), 'n+',
		  'a table that the text made is new');
SELECT is(named_in('ALTER TABLE t RENAME TO n; ALTER TABLE n ADD x int'), 'n',
		  'a renamed table is the old one');
SELECT is(named_in('ALTER TABLE t RENAME TO n; CREATE TABLE t (a int); ALTER TABLE t ADD x int'),
		  't+', 'its old name may be another''s');
SELECT is(named_in('DROP TABLE t CASCADE; CREATE TABLE t (a int); ALTER TABLE t ADD x int'),
		  't+', 'a dropped table may be made again');
SELECT is(named_in('CREATE TABLE n (a int); ALTER TABLE n SET SCHEMA lw2; ALTER TABLE lw2.n ADD x int'),
		  'lw2.n+', 'a table moves to another schema');
SELECT is(named_in('SET search_path = lw2; ALTER TABLE t ADD x int'), 't',
		  'the path that the text sets is searched');
SELECT is(last_of('SET search_path = lw2; ALTER TABLE t ALTER z SET NOT NULL'),
		  't AccessExclusiveLock s', '... so that it finds the other table''s column');
SELECT is(last_of('SET search_path = lw2; RESET search_path; ALTER TABLE t ALTER a SET NOT NULL'),
		  't AccessExclusiveLock s', 'RESET has the session''s again');
SELECT is(named_in('SELECT set_config(''search_path'', ''lw2'', false); ALTER TABLE lw.t ADD x int'),
		  'lw.t', 'set_config() sets it too');
SELECT is(named_in('ALTER SCHEMA lw2 RENAME TO lw3; ALTER TABLE lw3.t ADD x int'), 'lw3.t',
		  'a renamed schema has its tables');

SELECT is(last_of('ALTER TABLE t RENAME a TO aa; ALTER TABLE t ALTER aa SET NOT NULL'),
		  't AccessExclusiveLock s', 'a renamed column is found');
SELECT is(last_of('ALTER TABLE t ALTER a SET NOT NULL; ALTER TABLE t ALTER a SET NOT NULL'),
		  't AccessExclusiveLock', 'a column that is NOT NULL need not be looked at');
SELECT is(last_of('ALTER TABLE t ADD CONSTRAINT n CHECK (a IS NOT NULL) NOT VALID;'
				  'ALTER TABLE t VALIDATE CONSTRAINT n; ALTER TABLE t ALTER a SET NOT NULL'),
		  't AccessExclusiveLock', 'a constraint that was validated proves it');
SELECT is(last_of('ALTER TABLE t ADD CONSTRAINT n CHECK (a IS NOT NULL) NOT VALID;'
				  'ALTER TABLE t ALTER a SET NOT NULL'),
		  't AccessExclusiveLock s', '... one that was not does not');
SELECT is(last_of('ALTER TABLE t ALTER a TYPE bigint; ALTER TABLE t ALTER a TYPE bigint'),
		  't AccessExclusiveLock', 'a type that was changed is what it was changed to');

SELECT is(last_of('DROP TABLE t CASCADE'),
		  'c AccessExclusiveLock, t AccessExclusiveLock', 'a table that is referenced');
SELECT is(last_of('ALTER TABLE c DROP CONSTRAINT c_t_id_fkey; DROP TABLE t CASCADE'),
		  't AccessExclusiveLock', '... is not any more');
SELECT is(last_of('CREATE TABLE n (t_id bigint REFERENCES t); ALTER TABLE c DROP t_id; DROP TABLE n'),
		  't AccessExclusiveLock', 'a table of the text references an old one');

SELECT is(last_of('ALTER TABLE p ATTACH PARTITION loose FOR VALUES FROM (10) TO (20);'
				  'ALTER TABLE p ADD x int'),
		  'loose AccessExclusiveLock, p AccessExclusiveLock, p1 AccessExclusiveLock',
		  'a partition that was attached has what its parent gets');
SELECT is(last_of('ALTER TABLE p DETACH PARTITION p1; ALTER TABLE p ADD x int'),
		  'p AccessExclusiveLock', '... one that was detached has not');

SELECT is(last_of('ALTER DOMAIN d ADD CHECK (VALUE <> ''''); ALTER TABLE t ADD x d'),
		  't AccessExclusiveLock r', 'a domain that the text constrained');
SELECT is(last_of('CREATE DOMAIN n AS text CHECK (VALUE <> ''''); ALTER TABLE t ADD x n'),
		  't AccessExclusiveLock r', '... or made with a constraint');

SELECT is_empty($$
	SELECT relation::regclass, mode FROM pg_locks
	WHERE pid = pg_backend_pid() AND locktype = 'relation' AND
		  relation IN (SELECT oid FROM pg_class
					   WHERE relnamespace IN ('lw'::regnamespace, 'lw2'::regnamespace))
	EXCEPT SELECT relation, mode FROM locks $$, 'nothing is locked for it');

SELECT * FROM finish();
ROLLBACK;
