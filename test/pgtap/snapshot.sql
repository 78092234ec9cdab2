-- migrate_snapshot(): what changes tells of itself and of nothing else, and
-- what is no change tells nothing.  migrate_snapshot_stamp() sees all of it.

\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS migrate;
SELECT no_plan();

CREATE ROLE snap_owner;
CREATE ROLE snap_reader;
CREATE SCHEMA s;
CREATE SCHEMA "S 2";
SET search_path = s, public;

CREATE TABLE t (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	gone integer,
	a text NOT NULL DEFAULT 'x',
	b integer CONSTRAINT b_check CHECK (b > 0),
	c timestamptz DEFAULT '2020-02-02 12:00:00+00',
	d varchar(10) CHECK (d IN ('a', 'b')),
	e numeric(10, 2),
	g integer GENERATED ALWAYS AS (b * 2) STORED);
ALTER TABLE t DROP COLUMN gone;
CREATE INDEX t_a ON t (a);
CREATE INDEX t_expression ON t (lower(a)) WHERE b > 1;
CREATE UNIQUE INDEX t_unique ON t (b, d);
CREATE TABLE "T 2" ("select" integer REFERENCES t (id), "x.y" text);
CREATE TABLE parent (k integer NOT NULL, v text) PARTITION BY RANGE (k);
CREATE TABLE part1 PARTITION OF parent FOR VALUES FROM (1) TO (10);
CREATE TABLE part2 (k integer NOT NULL, v text);
CREATE TABLE old_parent (p integer);
CREATE TABLE old_child (q integer) INHERITS (old_parent);
CREATE VIEW v AS SELECT id, a, b FROM t WHERE d IN ('a', 'b');
CREATE MATERIALIZED VIEW m AS SELECT a, count(*) AS n FROM t GROUP BY a;
CREATE SEQUENCE q;
CREATE TYPE color AS ENUM ('red', 'green');
CREATE TYPE pair AS (x integer, y text);
CREATE TYPE span AS RANGE (subtype = float8);
CREATE DOMAIN positive AS integer DEFAULT 1 CONSTRAINT is_positive CHECK (VALUE > 0);
CREATE FUNCTION f(x integer, y text DEFAULT 'z') RETURNS integer LANGUAGE sql AS 'SELECT x';
CREATE FUNCTION f2() RETURNS integer LANGUAGE sql RETURN 1;
CREATE PROCEDURE p() LANGUAGE sql AS '';
CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION ef() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE AGGREGATE total(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0');
CREATE FUNCTION eq(color, integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE OPERATOR === (LEFTARG = color, RIGHTARG = integer, FUNCTION = eq);
CREATE OPERATOR FAMILY fam USING btree;
CREATE OPERATOR CLASS cls FOR TYPE integer USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(integer);
CREATE FUNCTION to_color(integer) RETURNS color LANGUAGE sql IMMUTABLE AS $$SELECT 'red'::s.color$$;
CREATE CAST (integer AS color) WITH FUNCTION to_color(integer);
CREATE COLLATION coll (LC_COLLATE = 'C', LC_CTYPE = 'C');
CREATE CONVERSION conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE TEXT SEARCH DICTIONARY dict (TEMPLATE = simple);
CREATE TEXT SEARCH CONFIGURATION conf (PARSER = default);
ALTER TEXT SEARCH CONFIGURATION conf ADD MAPPING FOR word WITH dict;
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf();
CREATE EVENT TRIGGER snap_event ON ddl_command_start EXECUTE FUNCTION ef();
CREATE RULE r AS ON DELETE TO "T 2" DO INSTEAD NOTHING;
CREATE POLICY pol ON t FOR SELECT TO snap_reader USING (b > 0);
CREATE POLICY pol2 ON t USING (b IN (SELECT "select" FROM "T 2"));
CREATE STATISTICS st ON a, b FROM t;
CREATE FOREIGN DATA WRAPPER fdw;
CREATE SERVER srv FOREIGN DATA WRAPPER fdw;
CREATE USER MAPPING FOR snap_reader SERVER srv OPTIONS (password 'secret');
CREATE FOREIGN TABLE ft (z integer OPTIONS (o 'x')) SERVER srv OPTIONS (one '1');
CREATE PUBLICATION pub FOR TABLE t (id, b) WHERE (b > 0);
CREATE PUBLICATION pub2 FOR TABLES IN SCHEMA s;
CREATE SUBSCRIPTION sub CONNECTION 'dbname=x password=hidden' PUBLICATION pub
	WITH (connect = false, slot_name = NONE, enabled = false);
CREATE ACCESS METHOD am TYPE INDEX HANDLER bthandler;
ALTER DEFAULT PRIVILEGES FOR ROLE snap_owner IN SCHEMA s GRANT SELECT ON TABLES TO snap_reader;
GRANT SELECT ON t TO snap_reader;
COMMENT ON TABLE t IS 'a table';

CREATE TEMPORARY TABLE before_all AS
	SELECT jsonb_agg(x) AS rows FROM migrate_snapshot() x;

-- What a command changes, of which nothing is kept: objects with their
-- components, but not what is a part of another that came or went.
CREATE FUNCTION pg_temp.changes(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
	stamp bigint := public.migrate_snapshot_stamp();
	stamp_now bigint;
BEGIN
	BEGIN
		BEGIN
			EXECUTE command;
		-- a subtransaction
		EXCEPTION WHEN SQLSTATE 'ZZ002' THEN
		END;
		stamp_now := public.migrate_snapshot_stamp();
		SELECT coalesce(string_agg(line, '; ' ORDER BY line COLLATE "C"), '') INTO result
		  FROM (SELECT concat_ws(' ', change, kind, identity) ||
					   CASE change WHEN 'changed' THEN ': ' || string_agg(component, ', ' ORDER BY component) ELSE '' END
				  FROM pg_temp.before_all, public.migrate_snapshot_compare(rows)
				 WHERE part_of IS NULL GROUP BY change, kind, identity) x (line);
		RAISE EXCEPTION USING ERRCODE = 'ZZ001';
	EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
		IF stamp IS NULL OR stamp_now IS NULL OR result <> '' AND stamp = stamp_now THEN
			result := concat_ws('; ', result, format('stamps %s, %s', stamp, stamp_now));
		END IF;
		UPDATE pg_temp.cases c SET same_stamp = stamp = stamp_now WHERE c.command = changes.command;
		RETURN result;
	END;
END $$;

CREATE TEMPORARY TABLE cases (number serial, command text, expected text, same_stamp boolean);
INSERT INTO cases (command, expected) VALUES
-- schemas
('CREATE SCHEMA s3', 'added schema s3'),
('DROP SCHEMA "S 2"', 'dropped schema "S 2"'),
('ALTER SCHEMA "S 2" OWNER TO snap_owner', 'changed schema "S 2": owner'),
('GRANT USAGE ON SCHEMA s TO snap_reader', 'changed schema s: privileges'),
('COMMENT ON SCHEMA s IS ''x''', 'changed schema s: comment'),
-- tables
('CREATE TABLE n (a integer)', 'added table s.n'),
('CREATE TABLE n (a serial PRIMARY KEY, b text UNIQUE, CHECK (b <> ''''))', 'added table s.n'),
('CREATE TABLE n AS SELECT 1 AS a', 'added table s.n'),
('CREATE UNLOGGED TABLE n (a integer)', 'added table s.n'),
('DROP TABLE "T 2" CASCADE', 'dropped policy pol2 on s.t; dropped table s."T 2"'),
('ALTER TABLE old_child RENAME TO young_child', 'added table s.young_child; dropped table s.old_child'),
('ALTER TABLE part2 SET SCHEMA "S 2"', 'added table "S 2".part2; dropped table s.part2'),
('ALTER TABLE t OWNER TO snap_owner', 'changed sequence s.t_id_seq: owner; changed table s.t: owner'),
('ALTER TABLE part2 SET UNLOGGED', 'changed table s.part2: definition'),
('ALTER TABLE t SET (fillfactor = 70)', 'changed table s.t: storage'),
('ALTER TABLE t SET (toast.autovacuum_enabled = off)', 'changed table s.t: storage'),
('ALTER TABLE t ENABLE ROW LEVEL SECURITY', 'changed table s.t: definition'),
('ALTER TABLE t FORCE ROW LEVEL SECURITY', 'changed table s.t: definition'),
('ALTER TABLE t REPLICA IDENTITY FULL', 'changed table s.t: definition'),
('ALTER TABLE t REPLICA IDENTITY NOTHING', 'changed table s.t: definition'),
('ALTER TABLE t CLUSTER ON t_a', 'changed index s.t_a: storage'),
('ALTER TABLE parent ATTACH PARTITION part2 FOR VALUES FROM (10) TO (20)', 'changed table s.part2: definition'),
('ALTER TABLE parent DETACH PARTITION part1', 'changed table s.part1: definition'),
('ALTER TABLE part2 ADD COLUMN p integer; ALTER TABLE part2 INHERIT old_parent', 'added column s.part2.p; changed table s.part2: definition'),
('ALTER TABLE old_child NO INHERIT old_parent', 'changed table s.old_child: definition'),
('GRANT INSERT ON t TO snap_reader', 'changed table s.t: privileges'),
('GRANT SELECT ON t TO snap_reader WITH GRANT OPTION', 'changed table s.t: privileges'),
('REVOKE SELECT ON t FROM snap_reader', 'changed table s.t: privileges'),
('REVOKE DELETE ON part2 FROM CURRENT_USER', 'changed table s.part2: privileges'),
('COMMENT ON TABLE t IS ''another''', 'changed table s.t: comment'),
('COMMENT ON TABLE t IS NULL', 'changed table s.t: comment'),
-- columns
('ALTER TABLE part2 ADD COLUMN z integer', 'added column s.part2.z'),
('ALTER TABLE part2 DROP COLUMN k', 'dropped column s.part2.k'),
('ALTER TABLE part2 RENAME COLUMN v TO w', 'added column s.part2.w; dropped column s.part2.v'),
('ALTER TABLE part2 ALTER COLUMN k TYPE bigint', 'changed column s.part2.k: definition'),
('ALTER TABLE t ALTER COLUMN e TYPE numeric(12, 2)', 'changed column s.t.e: definition'),
('ALTER TABLE part2 ALTER COLUMN v TYPE text COLLATE "C"', 'changed column s.part2.v: definition'),
('ALTER TABLE part2 ALTER COLUMN v SET NOT NULL', 'changed column s.part2.v: definition'),
('ALTER TABLE t ALTER COLUMN a DROP NOT NULL', 'changed column s.t.a: definition'),
('ALTER TABLE part2 ALTER COLUMN v SET DEFAULT ''q''', 'changed column s.part2.v: default'),
('ALTER TABLE t ALTER COLUMN a SET DEFAULT ''y''', 'changed column s.t.a: default'),
('ALTER TABLE t ALTER COLUMN a DROP DEFAULT', 'changed column s.t.a: default'),
('ALTER TABLE t ALTER COLUMN e SET DEFAULT NULL', ''),
('ALTER TABLE t ALTER COLUMN g DROP EXPRESSION', 'changed column s.t.g: definition'),
('ALTER TABLE t ALTER COLUMN id SET GENERATED BY DEFAULT', 'changed column s.t.id: definition'),
('ALTER TABLE t ALTER COLUMN id DROP IDENTITY', 'changed column s.t.id: definition; dropped sequence s.t_id_seq'),
('ALTER TABLE part2 ALTER COLUMN k ADD GENERATED ALWAYS AS IDENTITY', 'added sequence s.part2_k_seq; changed column s.part2.k: definition'),
('ALTER TABLE t ALTER COLUMN id SET INCREMENT 5', 'changed sequence s.t_id_seq: definition'),
('ALTER TABLE t ALTER COLUMN a SET STORAGE EXTERNAL', 'changed column s.t.a: storage'),
('ALTER TABLE t ALTER COLUMN a SET COMPRESSION pglz', 'changed column s.t.a: storage'),
('ALTER TABLE t ALTER COLUMN a SET STATISTICS 500', 'changed column s.t.a: storage'),
('ALTER TABLE t ALTER COLUMN a SET (n_distinct = 5)', 'changed column s.t.a: storage'),
('GRANT UPDATE (e) ON t TO snap_reader', 'changed column s.t.e: privileges'),
('COMMENT ON COLUMN t.e IS ''x''', 'changed column s.t.e: comment'),
('COMMENT ON COLUMN v.a IS ''x''', 'changed column s.v.a: comment'),
('ALTER TABLE part2 DROP COLUMN k; ALTER TABLE part2 ADD COLUMN k integer NOT NULL', 'changed column s.part2.k: position'),
-- constraints
('ALTER TABLE part2 ADD PRIMARY KEY (k)', 'added constraint part2_pkey on s.part2'),
('ALTER TABLE part2 ADD UNIQUE (k, v)', 'added constraint part2_k_v_key on s.part2'),
('ALTER TABLE part2 ADD CHECK (k > 0)', 'added constraint part2_k_check on s.part2'),
('ALTER TABLE part2 ADD CHECK (k > 0) NOT VALID', 'added constraint part2_k_check on s.part2'),
('ALTER TABLE part2 ADD CONSTRAINT ex EXCLUDE USING btree (k WITH =)', 'added constraint ex on s.part2'),
('ALTER TABLE part2 ADD FOREIGN KEY (k) REFERENCES t', 'added constraint part2_k_fkey on s.part2'),
('ALTER TABLE t DROP CONSTRAINT b_check', 'dropped constraint b_check on s.t'),
('ALTER TABLE t RENAME CONSTRAINT b_check TO other', 'added constraint other on s.t; dropped constraint b_check on s.t'),
('ALTER TABLE "T 2" ALTER CONSTRAINT "T 2_select_fkey" DEFERRABLE', 'changed constraint "T 2_select_fkey" on s."T 2": definition'),
('COMMENT ON CONSTRAINT t_pkey ON t IS ''x''', 'changed constraint t_pkey on s.t: comment'),
('ALTER TABLE t DROP CONSTRAINT t_pkey CASCADE', 'dropped constraint "T 2_select_fkey" on s."T 2"; dropped constraint t_pkey on s.t'),
('ALTER TABLE t DROP CONSTRAINT t_pkey CASCADE; ALTER TABLE t ADD PRIMARY KEY (id) DEFERRABLE',
 'changed constraint t_pkey on s.t: definition; dropped constraint "T 2_select_fkey" on s."T 2"'),
('COMMENT ON CONSTRAINT b_check ON t IS ''x''', 'changed constraint b_check on s.t: comment'),
-- indexes
('CREATE INDEX n ON t (e)', 'added index s.n'),
('CREATE UNIQUE INDEX n ON t (e DESC NULLS LAST, a text_pattern_ops) INCLUDE (b)', 'added index s.n'),
('DROP INDEX t_a', 'dropped index s.t_a'),
('DROP INDEX t_a; CREATE INDEX t_a ON t (a DESC)', 'changed index s.t_a: definition'),
('DROP INDEX t_a; CREATE INDEX t_a ON t (a COLLATE "C")', 'changed index s.t_a: definition'),
('DROP INDEX t_a; CREATE INDEX t_a ON t (a text_pattern_ops)', 'changed index s.t_a: definition'),
('DROP INDEX t_a; CREATE INDEX t_a ON t USING hash (a)', 'changed index s.t_a: definition'),
('DROP INDEX t_a; CREATE INDEX t_a ON t (a) INCLUDE (b)', 'changed index s.t_a: definition'),
('DROP INDEX t_unique; CREATE UNIQUE INDEX t_unique ON t (b, d) NULLS NOT DISTINCT', 'changed index s.t_unique: definition'),
('DROP INDEX t_expression; CREATE INDEX t_expression ON t (lower(a)) WHERE b > 2', 'changed index s.t_expression: definition'),
('ALTER INDEX t_a RENAME TO t_b', 'added index s.t_b; dropped index s.t_a'),
('ALTER INDEX t_a SET (fillfactor = 50)', 'changed index s.t_a: storage'),
('ALTER INDEX t_expression SET (fillfactor = 50)', 'changed index s.t_expression: storage'),
('ALTER INDEX t_pkey SET (fillfactor = 50)', 'changed index s.t_pkey: storage'),
('ALTER INDEX t_expression ALTER COLUMN 1 SET STATISTICS 100', 'changed index s.t_expression: storage'),
('COMMENT ON INDEX t_a IS ''x''', 'changed index s.t_a: comment'),
('UPDATE pg_index SET indisvalid = false WHERE indexrelid = ''t_a''::regclass', 'changed index s.t_a: definition'),
-- sequences
('CREATE SEQUENCE n', 'added sequence s.n'),
('DROP SEQUENCE q', 'dropped sequence s.q'),
('ALTER SEQUENCE q INCREMENT 2', 'changed sequence s.q: definition'),
('ALTER SEQUENCE q CYCLE', 'changed sequence s.q: definition'),
('ALTER SEQUENCE q AS smallint', 'changed sequence s.q: definition'),
('ALTER SEQUENCE q OWNED BY t.b', 'changed sequence s.q: definition'),
('GRANT USAGE ON SEQUENCE q TO snap_reader', 'changed sequence s.q: privileges'),
-- views
('CREATE VIEW n AS SELECT 1 AS a', 'added view s.n'),
('DROP VIEW v', 'dropped view s.v'),
('CREATE OR REPLACE VIEW v AS SELECT id, a, b FROM t WHERE d = ''a''', 'changed view s.v: text'),
('CREATE OR REPLACE VIEW v AS SELECT id, a, b, e FROM t WHERE d IN (''a'', ''b'')', 'changed view s.v: columns, text'),
('CREATE OR REPLACE VIEW v AS SELECT id, a, b FROM t, part2 WHERE d IN (''a'', ''b'')', 'changed view s.v: definition, text'),
('ALTER VIEW v RENAME COLUMN b TO bb', 'changed view s.v: columns, text'),
('ALTER VIEW v SET (security_barrier)', 'changed view s.v: definition'),
('ALTER VIEW v ALTER COLUMN b SET DEFAULT 1', 'changed column s.v.b: default'),
('ALTER VIEW v OWNER TO snap_owner', 'changed view s.v: owner'),
('GRANT SELECT ON v TO PUBLIC', 'changed view s.v: privileges'),
('CREATE MATERIALIZED VIEW n AS SELECT 1 AS a', 'added materialized view s.n'),
('DROP MATERIALIZED VIEW m', 'dropped materialized view s.m'),
('CREATE INDEX n ON m (n)', 'added index s.n'),
('ALTER MATERIALIZED VIEW m SET (fillfactor = 50)', 'changed materialized view s.m: storage'),
('COMMENT ON MATERIALIZED VIEW m IS ''x''', 'changed materialized view s.m: comment'),
-- rules, triggers, policies
('CREATE RULE n AS ON UPDATE TO "T 2" DO INSTEAD NOTHING', 'added rule n on s."T 2"'),
('DROP RULE r ON "T 2"', 'dropped rule r on s."T 2"'),
('CREATE OR REPLACE RULE r AS ON DELETE TO "T 2" DO ALSO NOTHING', 'changed rule r on s."T 2": definition, text'),
('ALTER TABLE "T 2" DISABLE RULE r', 'changed rule r on s."T 2": definition'),
('CREATE TRIGGER n AFTER UPDATE ON t EXECUTE FUNCTION tf()', 'added trigger n on s.t'),
('DROP TRIGGER tr ON t', 'dropped trigger tr on s.t'),
('CREATE OR REPLACE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW WHEN (NEW.b > 1) EXECUTE FUNCTION tf()', 'changed trigger tr on s.t: definition'),
('ALTER TABLE t DISABLE TRIGGER tr', 'changed trigger tr on s.t: definition'),
('ALTER TABLE t ENABLE ALWAYS TRIGGER tr', 'changed trigger tr on s.t: definition'),
('CREATE TRIGGER n BEFORE INSERT ON parent FOR EACH ROW EXECUTE FUNCTION tf()', 'added trigger n on s.parent'),
('CREATE EVENT TRIGGER n ON sql_drop EXECUTE FUNCTION ef()', 'added event trigger n'),
('ALTER EVENT TRIGGER snap_event DISABLE', 'changed event trigger snap_event: definition'),
('CREATE POLICY n ON t USING (true)', 'added policy n on s.t'),
('DROP POLICY pol ON t', 'dropped policy pol on s.t'),
('ALTER POLICY pol ON t USING (b > 1)', 'changed policy pol on s.t: definition'),
('ALTER POLICY pol ON t TO snap_owner', 'changed policy pol on s.t: definition'),
('ALTER POLICY pol2 ON t USING (b IN (SELECT "select" + 1 FROM "T 2"))', 'changed policy pol2 on s.t: text'),
-- statistics
('CREATE STATISTICS n ON b, d FROM t', 'added statistics object s.n'),
('DROP STATISTICS st', 'dropped statistics object s.st'),
('ALTER STATISTICS st SET STATISTICS 100', 'changed statistics object s.st: storage'),
-- functions
('CREATE FUNCTION n() RETURNS integer LANGUAGE sql AS ''SELECT 1''', 'added function s.n()'),
('CREATE FUNCTION f(text) RETURNS integer LANGUAGE sql AS ''SELECT 1''', 'added function s.f(text)'),
('DROP FUNCTION f(integer, text)', 'dropped function s.f(integer,text)'),
('CREATE OR REPLACE FUNCTION f(x integer, y text DEFAULT ''z'') RETURNS integer LANGUAGE sql AS ''SELECT x + 1''', 'changed function s.f(integer,text): definition'),
('CREATE OR REPLACE FUNCTION f(x integer, y text DEFAULT ''zz'') RETURNS integer LANGUAGE sql AS ''SELECT x''', 'changed function s.f(integer,text): definition'),
('CREATE OR REPLACE FUNCTION f2() RETURNS integer LANGUAGE sql RETURN 2', 'changed function s.f2(): text'),
('ALTER FUNCTION f STABLE', 'changed function s.f(integer,text): definition'),
('ALTER FUNCTION f STRICT', 'changed function s.f(integer,text): definition'),
('ALTER FUNCTION f SECURITY DEFINER', 'changed function s.f(integer,text): definition'),
('ALTER FUNCTION f LEAKPROOF', 'changed function s.f(integer,text): definition'),
('ALTER FUNCTION f PARALLEL SAFE', 'changed function s.f(integer,text): definition'),
('ALTER FUNCTION f COST 7', 'changed function s.f(integer,text): definition'),
('ALTER FUNCTION f SET search_path = s', 'changed function s.f(integer,text): definition'),
('ALTER FUNCTION f OWNER TO snap_owner', 'changed function s.f(integer,text): owner'),
('REVOKE EXECUTE ON FUNCTION f FROM PUBLIC', 'changed function s.f(integer,text): privileges'),
('COMMENT ON FUNCTION f IS ''x''', 'changed function s.f(integer,text): comment'),
('CREATE PROCEDURE n() LANGUAGE sql AS ''''', 'added procedure s.n()'),
('ALTER PROCEDURE p SECURITY DEFINER', 'changed procedure s.p(): definition'),
('DROP PROCEDURE p', 'dropped procedure s.p()'),
('CREATE AGGREGATE n(integer) (SFUNC = int4pl, STYPE = integer)', 'added aggregate s.n(integer)'),
('CREATE OR REPLACE AGGREGATE total(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = ''1'')', 'changed aggregate s.total(integer): definition'),
('DROP AGGREGATE total(integer)', 'dropped aggregate s.total(integer)'),
-- operators
('CREATE OPERATOR ==== (LEFTARG = color, RIGHTARG = integer, FUNCTION = eq)', 'added operator s.====(s.color,integer)'),
('ALTER OPERATOR === (color, integer) SET (RESTRICT = eqsel)', 'changed operator s.===(s.color,integer): definition'),
('DROP OPERATOR === (color, integer)', 'dropped operator s.===(s.color,integer)'),
('ALTER OPERATOR FAMILY fam USING btree ADD OPERATOR 1 < (integer, bigint)', 'changed operator family s.fam USING btree: definition'),
('DROP OPERATOR CLASS cls USING hash', 'dropped operator class s.cls USING hash'),
('ALTER OPERATOR CLASS cls USING hash OWNER TO snap_owner', 'changed operator class s.cls USING hash: owner'),
-- types
('CREATE TYPE n AS ENUM (''a'')', 'added type s.n'),
('ALTER TYPE color RENAME VALUE ''green'' TO ''blue''', 'changed type s.color: definition'),
('DROP TYPE span', 'dropped type s.span'),
('CREATE TYPE n AS (a integer)', 'added type s.n'),
('ALTER TYPE pair ADD ATTRIBUTE z integer', 'added column s.pair.z'),
('ALTER TYPE pair ALTER ATTRIBUTE x TYPE bigint', 'changed column s.pair.x: definition'),
('ALTER TYPE color OWNER TO snap_owner', 'changed type s.color: owner'),
('REVOKE USAGE ON TYPE color FROM PUBLIC', 'changed type s.color: privileges'),
('CREATE TYPE n', 'added type s.n'),
('CREATE DOMAIN n AS text', 'added domain s.n'),
('ALTER DOMAIN positive SET NOT NULL', 'changed domain s.positive: definition'),
('ALTER DOMAIN positive SET DEFAULT 2', 'changed domain s.positive: default'),
('ALTER DOMAIN positive DROP CONSTRAINT is_positive', 'dropped constraint is_positive on s.positive'),
('ALTER DOMAIN positive ADD CONSTRAINT small CHECK (VALUE < 9)', 'added constraint small on s.positive'),
-- the rest
('DROP CAST (integer AS color)', 'dropped cast (integer AS s.color)'),
('CREATE CAST (color AS integer) WITH INOUT AS ASSIGNMENT', 'added cast (s.color AS integer)'),
('CREATE COLLATION n (LC_COLLATE = ''C'', LC_CTYPE = ''C'')', 'added collation s.n'),
('DROP COLLATION coll', 'dropped collation s.coll'),
('DROP CONVERSION conv', 'dropped conversion s.conv'),
('ALTER TEXT SEARCH DICTIONARY dict (accept = false)', 'changed text search dictionary s.dict: definition'),
('ALTER TEXT SEARCH CONFIGURATION conf ADD MAPPING FOR int WITH dict', 'changed text search configuration s.conf: definition'),
('ALTER TEXT SEARCH CONFIGURATION conf ALTER MAPPING FOR word WITH simple', 'changed text search configuration s.conf: definition'),
('CREATE TEXT SEARCH PARSER n (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype)', 'added text search parser s.n'),
('CREATE TEXT SEARCH TEMPLATE n (LEXIZE = dsimple_lexize)', 'added text search template s.n'),
('ALTER SERVER srv OPTIONS (host ''h'')', 'changed server srv: definition'),
('GRANT USAGE ON FOREIGN SERVER srv TO snap_reader', 'changed server srv: privileges'),
('ALTER FOREIGN DATA WRAPPER fdw OPTIONS (x ''y'')', 'changed foreign-data wrapper fdw: definition'),
('CREATE USER MAPPING FOR PUBLIC SERVER srv', 'added user mapping public on server srv'),
('ALTER USER MAPPING FOR snap_reader SERVER srv OPTIONS (ADD "user" ''u'')', 'changed user mapping snap_reader on server srv: definition'),
('ALTER FOREIGN TABLE ft OPTIONS (SET one ''2'')', 'changed foreign table s.ft: definition'),
('ALTER FOREIGN TABLE ft ALTER COLUMN z OPTIONS (SET o ''y'')', 'changed column s.ft.z: definition'),
('ALTER PUBLICATION pub SET (publish = ''insert'')', 'changed publication pub: definition'),
('ALTER PUBLICATION pub SET TABLE t (id, b)', 'changed publication table s.t in publication pub: definition'),
('ALTER PUBLICATION pub DROP TABLE t', 'dropped publication table s.t in publication pub'),
('ALTER PUBLICATION pub2 ADD TABLES IN SCHEMA "S 2"', 'added publication schema "S 2" in publication pub2'),
('CREATE PUBLICATION n FOR ALL TABLES', 'added publication n'),
('ALTER SUBSCRIPTION sub SET (binary = true)', 'changed subscription sub: definition'),
('ALTER SUBSCRIPTION sub OWNER TO CURRENT_USER', ''),
('DROP SUBSCRIPTION sub', 'dropped subscription sub'),
('DROP ACCESS METHOD am', 'dropped access method am'),
('ALTER DEFAULT PRIVILEGES FOR ROLE snap_owner IN SCHEMA s GRANT INSERT ON TABLES TO snap_reader',
 'changed default privileges for role snap_owner in schema s on tables: privileges'),
('ALTER DEFAULT PRIVILEGES FOR ROLE snap_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC',
 'changed default privileges for role snap_owner on functions: privileges'),
-- no provider is loaded
('INSERT INTO pg_seclabel VALUES (''t''::regclass, ''pg_class''::regclass, 0, ''p'', ''l'')', 'changed table s.t: label'),
('INSERT INTO pg_seclabel VALUES (''t''::regclass, ''pg_class''::regclass, 3, ''p'', ''l'')', 'changed column s.t.a: label'),
('INSERT INTO pg_seclabel VALUES (''positive''::regtype, ''pg_type''::regclass, 0, ''p'', ''l'')', 'changed domain s.positive: label'),
('CREATE EXTENSION citext SCHEMA "S 2"', 'added extension citext'),
-- nothing
('ANALYZE', ''),
('REINDEX TABLE t', ''),
('CLUSTER t USING t_a', 'changed index s.t_a: storage'),
('REFRESH MATERIALIZED VIEW m', ''),
('SELECT nextval(''q''), setval(''t_id_seq'', 50)', ''),
('INSERT INTO t (a, b, d) SELECT ''x'', i, ''a'' FROM generate_series(1, 100) i', ''),
('TRUNCATE t CASCADE', ''),
('SET LOCAL search_path = "S 2"; SET LOCAL TimeZone = ''Asia/Tokyo''; SET LOCAL DateStyle = ''German''', ''),
('SET LOCAL quote_all_identifiers = on; SET LOCAL extra_float_digits = 0; SET LOCAL IntervalStyle = iso_8601', ''),
('ALTER TABLE part2 ADD COLUMN x integer; ALTER TABLE part2 DROP COLUMN x', ''),
('CREATE TEMPORARY TABLE x (a serial PRIMARY KEY)', ''),
('CREATE TEMPORARY VIEW x AS SELECT 1', ''),
('GRANT ALL ON part2 TO CURRENT_USER', ''),
('REVOKE ALL ON part2 FROM snap_reader', ''),
('CREATE OR REPLACE VIEW v AS SELECT id, a, b FROM t WHERE d IN (''a'', ''b'')', ''),
('DROP INDEX t_expression; CREATE INDEX t_expression ON t (lower(a)) WHERE b > 1', ''),
('ALTER SUBSCRIPTION sub SET (slot_name = NONE)', ''),
('CREATE TABLE s.big (a integer); DROP TABLE s.big', '');

SELECT is(pg_temp.changes(command), expected, command) FROM cases ORDER BY number;
SELECT set_eq('SELECT command FROM cases WHERE same_stamp', ARRAY[
	'ALTER SUBSCRIPTION sub OWNER TO CURRENT_USER',
	'ANALYZE',
	'SELECT nextval(''q''), setval(''t_id_seq'', 50)',
	'INSERT INTO t (a, b, d) SELECT ''x'', i, ''a'' FROM generate_series(1, 100) i',
	'SET LOCAL search_path = "S 2"; SET LOCAL TimeZone = ''Asia/Tokyo''; SET LOCAL DateStyle = ''German''',
	'SET LOCAL quote_all_identifiers = on; SET LOCAL extra_float_digits = 0; SET LOCAL IntervalStyle = iso_8601',
	'CREATE TABLE s.big (a integer); DROP TABLE s.big'], 'what does not touch the catalogs keeps the stamp');
-- one transaction, one object: each command that writes it is told from others
CREATE TEMPORARY TABLE stamps (number serial, stamp bigint);
CREATE FUNCTION pg_temp.stamped(command text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE command;
	INSERT INTO pg_temp.stamps (stamp) VALUES (public.migrate_snapshot_stamp());
END $$;
SELECT pg_temp.stamped('SELECT 1');
SELECT pg_temp.stamped('COMMENT ON SCHEMA s IS ''x''');
SELECT pg_temp.stamped('COMMENT ON SCHEMA s IS ''y''');
SAVEPOINT again;
SELECT pg_temp.stamped('COMMENT ON SCHEMA s IS ''z''');
RELEASE again;
SELECT pg_temp.stamped('COMMENT ON SCHEMA s IS ''x''');
SELECT is(count(DISTINCT stamp), 5::bigint, 'four commands on one object, four more stamps') FROM stamps;
SELECT pg_temp.stamped('SELECT 1');
SELECT is(count(DISTINCT stamp), 5::bigint, 'and none by what writes nothing') FROM stamps;
SELECT cmp_ok(count(*), '>=', 120::bigint, 'so many kinds of change') FROM cases WHERE expected <> '';

-- rows
SELECT is_empty($$
	SELECT kind, identity, component FROM migrate_snapshot() GROUP BY 1, 2, 3 HAVING count(*) > 1 $$,
	'no two rows are of the same');
SELECT results_eq($$ SELECT kind, identity, component FROM migrate_snapshot() $$,
	$$ SELECT kind, identity, component FROM migrate_snapshot()
		ORDER BY kind COLLATE "C", identity COLLATE "C", component COLLATE "C" $$, 'they are in order');
SELECT is_empty($$ SELECT * FROM migrate_snapshot() WHERE definition ~ 'secret|hidden' $$, 'no passwords');
SELECT is_empty($$
	SELECT identity FROM migrate_snapshot()
	 WHERE identity ~ 'pg_catalog|information_schema|migrate_|pg_toast|pg_temp' AND kind <> 'cast' $$,
	'nothing of the server, of extensions or of us');
SELECT is_empty($$ SELECT * FROM migrate_snapshot() WHERE hash !~ CASE component
	WHEN 'text' THEN '^' || current_setting('server_version_num')::integer / 10000 || ':[0-9a-f]{32}$'
	ELSE '^[0-9a-f]{32}$' END $$, 'hashes are such, and those of texts tell the major version');
SELECT is_empty($$
	SELECT * FROM migrate_snapshot(ARRAY['owner', 'privileges', 'comment', 'storage', 'position', 'text'])
	 WHERE component NOT IN ('definition', 'default', 'columns', 'version') $$, 'components are left out');
SELECT is(definition, 'a table', 'a comment is told as it is') FROM migrate_snapshot()
 WHERE kind = 'table' AND identity = 's.t' AND component = 'comment';
SELECT throws_ok($$ SELECT migrate_snapshot('{nothing}') $$, '22023', 'there is no component "nothing" of a snapshot');

-- as the server words views and indexes
CREATE VIEW renamed AS SELECT a AS x, b AS y FROM t UNION (SELECT d, b FROM t EXCEPT SELECT a, b FROM t);
ALTER VIEW renamed RENAME COLUMN x TO "the x";
CREATE VIEW listed (p, q) AS VALUES (1, 'a'), (2, 'b');
ALTER VIEW listed RENAME COLUMN p TO r;
CREATE VIEW recursive AS WITH RECURSIVE w (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM w WHERE i < 9) SELECT i FROM w ORDER BY i;
CREATE INDEX w1 ON t (a COLLATE "C", b DESC, d text_pattern_ops NULLS FIRST) INCLUDE (e) WITH (fillfactor = 50);
CREATE INDEX w2 ON t USING hash (b);
CREATE INDEX w3 ON ONLY parent (k);
CREATE INDEX w4 ON "T 2" ("select", "x.y" DESC NULLS LAST);
CREATE INDEX w5 ON t USING brin (b int4_minmax_multi_ops (values_per_range = 16));
CREATE INDEX w6 ON t USING brin (a, c);
CREATE FUNCTION pg_temp.worded(relation oid, index boolean) RETURNS text LANGUAGE sql SET search_path = ''
	AS 'SELECT CASE WHEN index THEN pg_get_indexdef(relation) ELSE pg_get_viewdef(relation) END';
SELECT set_eq($$ SELECT identity, definition FROM migrate_snapshot() WHERE component = 'text' AND kind LIKE '%view'
				   AND identity <> 's.v' $$,
	$$ SELECT 's.' || quote_ident(relname), rtrim(pg_temp.worded(c.oid, false), ';') FROM pg_class c
		WHERE relkind IN ('v', 'm') AND relnamespace = 's'::regnamespace
		  AND relname <> 'v' $$, 'views');
SELECT set_eq($$ SELECT identity, replace(definition, ' INVALID', '') FROM migrate_snapshot() WHERE component = 'definition' AND kind = 'index' $$,
	$$ SELECT 's.' || quote_ident(relname), replace(pg_temp.worded(c.oid, true), ' WITH (fillfactor=''50'')', '')
		 FROM pg_class c
		WHERE relkind IN ('i', 'I') AND relnamespace = 's'::regnamespace
		  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = c.oid AND contype IN ('p', 'u')) $$, 'indexes');
ALTER TABLE t ADD CONSTRAINT w7 UNIQUE NULLS NOT DISTINCT (a, b) INCLUDE (c) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE part2 ADD PRIMARY KEY (v, k);
ALTER TABLE t ADD CONSTRAINT w8 UNIQUE (e) DEFERRABLE;
SELECT set_eq($$ SELECT identity, definition FROM migrate_snapshot() WHERE component = 'definition' AND kind = 'constraint'
				   AND identity LIKE '% on s.%' AND definition ~ '^(PRIMARY|UNIQUE)' $$,
	$$ SELECT quote_ident(conname) || ' on s.' || quote_ident(relname), pg_get_constraintdef(k.oid)
		 FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid
		WHERE contype IN ('p', 'u') AND relnamespace = 's'::regnamespace $$, 'keys');
ALTER TABLE part2 DROP CONSTRAINT part2_pkey;
-- Checks, which are written from the snapshot's own columns where they are plain.
CREATE TYPE "Pair" AS (x integer, y text);
CREATE FUNCTION fits(VARIADIC a integer[]) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE TABLE checked (
	gone integer, a integer, "B c" text, "select" boolean, t timestamptz, n numeric(6, 2), arr integer[], p "Pair",
	j jsonb, v varchar(9), i interval, dom positive, col color, c char(3), bits bit(4));
ALTER TABLE checked DROP COLUMN gone;
DO $do$
DECLARE
	expression text;
	number integer := 0;
BEGIN
	FOREACH expression IN ARRAY ARRAY[
		'a > 0', $$NOT (a = 1 OR a = 2) AND "B c" <> 'it''s'$$, 'a > 0 AND a < 10 AND a <> 5', 'a BETWEEN 1 AND 9',
		$$"B c" LIKE 'a%' AND "B c" NOT ILIKE '%_b' ESCAPE 'x'$$, $$"B c" ~ '^\w+$'$$, '"select"', '"select" IS NOT TRUE',
		'"select" IS UNKNOWN', 'a IS NULL OR "B c" IS NOT NULL', 'a IS DISTINCT FROM 3', 'NULLIF(a, 3) = 4',
		'COALESCE(a, 1, 2) = 1', 'GREATEST(a, 3) > LEAST(1, a)', 'a = ANY (arr)', 'a = ALL (ARRAY[1, 2, 3])',
		'a NOT IN (1, 2)', $$"B c" IN ('x', 'y')$$, $$arr[1] > 0 AND arr[1:2] = '{1,2}'$$, 'cardinality(arr) = 3',
		'(p).x > 0', 'p IS NOT NULL', $$p = ROW(1, 'x')::s."Pair"$$, $$ROW(a, "B c") < ROW(1, 'x')$$, 'checked IS NOT NULL',
		'tableoid > 0', $$j ? 'x' AND j -> 'a' ->> 'b' = 'c'$$, $$j @> '{"a": 1}'$$, $$jsonb_typeof(j) = 'object'$$,
		$$v = 'x'::text$$, 'length(v) > 2', $$t > '2020-01-01 00:00:00+01'$$, 't < CURRENT_TIMESTAMP',
		$$date_trunc('day', t) = t$$, 'EXTRACT(year FROM t) > 2000', $$t AT TIME ZONE 'UTC' > '2001-01-01'$$,
		$$i > '1 mon 2 days'$$, 'n > 1.50', 'n::integer % 2 = 0', $$n::text <> '1'$$, '-a < +a', '@ a = 1',
		'a::bigint * 2 > 1::smallint', 'a = 2147483648', $$"B c" COLLATE "C" > 'x'$$, $$"B c" || a = 'x1'$$,
		$$"B c" < 'x' COLLATE "POSIX"$$, $$CASE WHEN a > 0 THEN "B c" = 'x' ELSE false END$$, 'CASE a WHEN 1 THEN true END',
		'dom > 3', 'dom::integer = 1', $$col = 'red'$$, $$col IN ('red', 'green')$$, $$col::text = 'red'$$, 'col === 1',
		'fits(1, 2, a)', 'fits(VARIADIC arr)', 'f(a) > 1', $$f(y => 'q', x => a) = 1$$, $$c = 'ab'$$, $$c::text = 'ab'$$,
		$$bits = B'1010'$$, $$a = '-1'::integer$$, 'a > -1', $$n > 'NaN'$$, $$overlay("B c" placing 'x' from 1 for 2) = 'q'$$,
		$$position('x' in "B c") = 1$$, $$substring("B c" from 1 for 2) = 'q'$$, $$trim(both 'x' from "B c") = 'q'$$,
		'"B c" IS NORMALIZED', '(t, i) OVERLAPS (t, i)', $$arr::text[] = '{1}'$$, 'arr::bigint[] @> ARRAY[1::bigint]',
		$$"B c" SIMILAR TO 'a|b'$$, 'current_user = "B c"', 'true', 'NULL', '1 = 1', 'a = (1)',
		$$((a > 0) = ("B c" > '')) IS TRUE$$, 'num_nonnulls(a, n) = 1', $$concat(a, n, t) <> ''$$,
		$$ARRAY[a, 1] <> '{}'::integer[]$$, $$v || ARRAY['a', v]::text <> ''$$, $$xmlelement(name foo, a) IS DOCUMENT$$]
	LOOP
		number := number + 1;
		EXECUTE format('ALTER TABLE checked ADD CONSTRAINT e%s CHECK (%s)', number, expression);
	END LOOP;
END $do$;
ALTER TABLE checked ADD CONSTRAINT later CHECK (a > 0) NOT VALID, ADD CONSTRAINT alone CHECK (a > 0) NO INHERIT;
ALTER TABLE checked RENAME a TO "The A";
CREATE FUNCTION pg_temp.checks() RETURNS TABLE (name text, definition text) LANGUAGE sql SET search_path = '' AS $$
	SELECT quote_ident(conname) || ' on s.checked', pg_get_constraintdef(oid) FROM pg_constraint
	 WHERE conrelid = 's.checked'::regclass AND contype = 'c' $$;
SELECT set_eq($$ SELECT identity, definition FROM migrate_snapshot()
				  WHERE component = 'definition' AND identity LIKE '% on s.checked' $$, 'SELECT * FROM pg_temp.checks()', 'checks');
SELECT cmp_ok(count(*), '>', 80::bigint, '... so many') FROM pg_temp.checks();
SELECT is(definition, 'ARRAY[(''a''::character varying)::text, (''b''::character varying)::text]',
		  'an IN on varchar is as it is when it is read again')
  FROM (SELECT substring(definition FROM 'ARRAY.*?\]') FROM migrate_snapshot()
		 WHERE identity = 't_d_check on s.t' AND component = 'definition') x (definition);

-- comparison
SELECT is_empty($$ SELECT * FROM before_all, migrate_snapshot_compare(rows, rows) $$, 'nothing differs from itself');
SELECT set_eq($$
	SELECT c.component, c.change FROM before_all,
		migrate_snapshot_compare(rows, (SELECT jsonb_agg(r || CASE WHEN r ->> 'component' = 'text'
			THEN '{"hash": "14:00000000000000000000000000000000"}' ELSE '{}'::jsonb END)
			FROM jsonb_array_elements(rows) r)) c $$,
	$$ VALUES ('text', 'not comparable') $$, 'wording of another major version is not compared');
SELECT is_empty($$
	SELECT * FROM before_all, migrate_snapshot_compare(rows, (SELECT jsonb_agg(r)
		FROM jsonb_array_elements(rows) r WHERE r ->> 'component' <> 'owner'), '{owner}') $$,
	'nor is what is left out');
SELECT set_eq($$
	SELECT c.kind, c.identity, c.change, c.part_of FROM migrate_snapshot_compare((SELECT jsonb_agg(x) FROM migrate_snapshot() x
		WHERE identity NOT LIKE '%s.part2%'), NULL) c WHERE c.component = 'definition' $$,
	$$ VALUES ('column', 's.part2.k', 'added', 's.part2'), ('column', 's.part2.v', 'added', 's.part2'),
			  ('table', 's.part2', 'added', NULL) $$, 'parts of what was added');
SELECT throws_ok($$ SELECT migrate_snapshot_compare('{}') $$, '22023', 'these are not the rows of a snapshot');
SELECT throws_ok($$ SELECT migrate_snapshot_compare('[1]') $$, '22023', 'these are not the rows of a snapshot');
SELECT throws_ok($$ SELECT migrate_snapshot_compare('[{"kind": "table"}]') $$, '22023', 'these are not the rows of a snapshot');
SELECT throws_ok($$ SELECT migrate_snapshot_compare('[{"kind": "table", "identity": "x", "component": "definition", "hash": "1"}]') $$,
	'22023', 'these are not the rows of a snapshot');
SELECT throws_ok($$ SELECT migrate_snapshot_compare(NULL) $$, '22004', 'before must not be null');

-- rights and settings
SELECT throws_ok($$ SET LOCAL ROLE snap_reader; SELECT public.migrate_snapshot() $$, '42501');
GRANT EXECUTE ON FUNCTION migrate_snapshot(text[]), migrate_snapshot_compare(jsonb, jsonb, text[]) TO snap_reader;
GRANT SELECT ON before_all TO snap_reader;
CREATE TEMPORARY TABLE now_all AS SELECT jsonb_agg(x) AS rows FROM migrate_snapshot() x;
CREATE TEMPORARY TABLE results (what text, value text);
GRANT ALL ON now_all, results TO snap_reader;
SET LOCAL ROLE snap_reader;
SET LOCAL search_path = '';
SET LOCAL DateStyle = 'German';
INSERT INTO results SELECT 'differences', count(*) FROM pg_temp.now_all, public.migrate_snapshot_compare(rows);
INSERT INTO results SELECT 'rows', count(*) > 100 FROM public.migrate_snapshot();
INSERT INTO results SELECT 'state', concat_ws(', ', current_user, '"' || current_setting('search_path') || '"', current_setting('DateStyle'));
RESET ROLE;
SET LOCAL search_path = public;
SELECT results_eq('SELECT * FROM results', $$ VALUES ('differences', '0'), ('rows', 'true'),
	('state', 'snap_reader, """", German, DMY') $$, 'a role without rights sees the same, and has its settings again');
SELECT * FROM finish();
ROLLBACK;
