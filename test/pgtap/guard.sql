-- What the guard records of each command: one row, and which objects.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS migrate;
CREATE ROLE regress_migrate_other;
CREATE ROLE regress_migrate_third;
CREATE SCHEMA g;
SET search_path = g, public;
SELECT plan(193);

-- tag, object, and those that are objects of the command; NULL: no row.
-- PostgreSQL 18 has constraints for NOT NULL.
CREATE FUNCTION seen_of(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	last bigint := (SELECT coalesce(max(id), 0) FROM migrate_ddl);
BEGIN
	EXECUTE command;
	RETURN (SELECT string_agg(tag || ': ' || coalesce(object_type || ' ' || object_identity, '-') ||
							  coalesce(' rewrites ' || array_to_string(rewrites, ', '), '') || ' =' ||
							  coalesce((SELECT string_agg(format(' %s %s %s%s%s', o->>'command', o->>'type', o->>'identity', ' was ' || (o->>'was'),
											CASE WHEN o ? 'cascade' THEN ' (cascade)' END), ',' ORDER BY n)
										  FROM jsonb_array_elements(objects) WITH ORDINALITY e (o, n)
										 WHERE o->>'identity' NOT LIKE '%\_not\_null on %'), ''),
							  E'\n' ORDER BY id)
			  FROM migrate_ddl WHERE id > last);
END $$;
-- one check a command
CREATE FUNCTION test(command text, expected text) RETURNS text LANGUAGE sql AS $$
	SELECT is(seen_of(command), expected, command)
$$;

SELECT migrate_guard_on('record') AS guard \gset

SELECT test('CREATE SCHEMA g2', 'CREATE SCHEMA: schema g2 = CREATE SCHEMA schema g2');
SELECT test('CREATE SCHEMA g3 CREATE TABLE a (x int) CREATE VIEW b AS SELECT 1 AS y',
			'CREATE SCHEMA: schema g3 = CREATE SCHEMA schema g3, CREATE TABLE table g3.a, CREATE VIEW view g3.b');
SELECT test('CREATE TABLE t (id int, v text, CHECK (id > 0))',
			'CREATE TABLE: table g.t = CREATE TABLE table g.t');
SELECT test('CREATE TABLE IF NOT EXISTS t ()', NULL);
SELECT test('CREATE TABLE s (id serial PRIMARY KEY, t_id int, UNIQUE (t_id))',
			'CREATE TABLE: table g.s = CREATE SEQUENCE sequence g.s_id_seq, CREATE TABLE table g.s, CREATE INDEX index g.s_pkey, CREATE INDEX index g.s_t_id_key, ALTER SEQUENCE sequence g.s_id_seq');
SELECT test('CREATE TABLE i (id bigint GENERATED ALWAYS AS IDENTITY)',
			'CREATE TABLE: table g.i = CREATE SEQUENCE sequence g.i_id_seq, CREATE TABLE table g.i, ALTER SEQUENCE sequence g.i_id_seq');
SELECT test('CREATE UNLOGGED TABLE u (id int)', 'CREATE TABLE: table g.u = CREATE TABLE table g.u');
SELECT test('CREATE TABLE c () INHERITS (t)', 'CREATE TABLE: table g.c = CREATE TABLE table g.c');
SELECT test('CREATE TABLE p (k int) PARTITION BY RANGE (k)',
			'CREATE TABLE: table g.p = CREATE TABLE table g.p');
SELECT test('CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)',
			'CREATE TABLE: table g.p1 = CREATE TABLE table g.p1');
SELECT test('CREATE TABLE p2 (k int)', 'CREATE TABLE: table g.p2 = CREATE TABLE table g.p2');
SELECT test('ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (10) TO (20)',
			'ALTER TABLE: table g.p = ALTER TABLE table g.p, ALTER TABLE table g.p2');
SELECT test('ALTER TABLE p DETACH PARTITION p2', 'ALTER TABLE: table g.p = ALTER TABLE table g.p, ALTER TABLE table g.p2');
SELECT test('CREATE TABLE l (LIKE t INCLUDING ALL)',
			'CREATE TABLE: table g.l = CREATE TABLE table g.l, ALTER TABLE table g.l');
SELECT test('CREATE TABLE ctas AS SELECT 1 AS one',
			'CREATE TABLE AS: table g.ctas = CREATE TABLE AS table g.ctas');
SELECT test('ALTER TABLE t ADD COLUMN n int DEFAULT 1', 'ALTER TABLE: table g.t = ALTER TABLE table g.t');
SELECT test('ALTER TABLE t ADD PRIMARY KEY (id)', 'ALTER TABLE: table g.t = ALTER TABLE table g.t');
SELECT test('ALTER TABLE s ADD FOREIGN KEY (t_id) REFERENCES t',
			'ALTER TABLE: table g.s = ALTER TABLE table g.s');
SELECT test('ALTER TABLE t ALTER COLUMN v SET NOT NULL, ALTER COLUMN n DROP DEFAULT',
			'ALTER TABLE: table g.t = DROP default value for g.c.n, DROP default value for g.t.n, ALTER TABLE table g.t');
SELECT test('ALTER TABLE IF EXISTS nowhere ADD COLUMN x int', NULL);
SELECT test('ALTER TABLE t DROP COLUMN n',
			'ALTER TABLE: table g.t = DROP table column g.t.n, DROP table column g.c.n, ALTER TABLE table g.t');
SELECT test('ALTER TABLE t RENAME COLUMN v TO w',
			'ALTER TABLE: table column g.t.w = ALTER TABLE table column g.t.w was g.t.v');
SELECT test('ALTER TABLE t RENAME TO t9', 'ALTER TABLE: table g.t9 = ALTER TABLE table g.t9 was g.t');
SELECT test('ALTER TABLE t9 RENAME TO t', 'ALTER TABLE: table g.t = ALTER TABLE table g.t was g.t9');
SELECT test('ALTER TABLE t RENAME CONSTRAINT t_id_check TO t_check',
			'ALTER TABLE: table constraint t_check on g.t = ALTER TABLE table constraint t_check on g.t was t_id_check on g.t');
SELECT test('ALTER TABLE l SET SCHEMA g2', 'ALTER TABLE: table g2.l = ALTER TABLE table g2.l was g.l');
SELECT test('ALTER TABLE g2.l OWNER TO regress_migrate_other',
			'ALTER TABLE: table g2.l = ALTER TABLE table g2.l');
SELECT test('ALTER TABLE t SET (fillfactor = 90)', 'ALTER TABLE: table g.t = ALTER TABLE table g.t');
SELECT test('ALTER TABLE t ENABLE ROW LEVEL SECURITY', 'ALTER TABLE: table g.t = ALTER TABLE table g.t');
SELECT test('ALTER TABLE t CLUSTER ON t_pkey', 'ALTER TABLE: table g.t = ALTER TABLE table g.t, ALTER TABLE index g.t_pkey');
SELECT test('ALTER TABLE t DROP CONSTRAINT t_check',
			'ALTER TABLE: table g.t = DROP table constraint t_check on g.c, DROP table constraint t_check on g.t, ALTER TABLE table g.t');
SELECT test('CREATE INDEX x ON t (w)', 'CREATE INDEX: index g.x = CREATE INDEX index g.x');
SELECT test('CREATE UNIQUE INDEX ON p1 (k)',
			'CREATE INDEX: index g.p1_k_idx = CREATE INDEX index g.p1_k_idx');
SELECT test('CREATE INDEX ON p (k)', 'CREATE INDEX: index g.p_k_idx = CREATE INDEX index g.p_k_idx');
SELECT test('ALTER INDEX x RENAME TO y', 'ALTER INDEX: index g.y = ALTER INDEX index g.y was g.x');
SELECT test('ALTER INDEX y SET (fillfactor = 80)', 'ALTER INDEX: index g.y = ALTER INDEX index g.y');
SELECT test('REINDEX INDEX y', NULL);
SELECT test('DROP INDEX y', 'DROP INDEX: index g.y = DROP index g.y');
SELECT test('CREATE SEQUENCE q', 'CREATE SEQUENCE: sequence g.q = CREATE SEQUENCE sequence g.q');
SELECT test('ALTER SEQUENCE q RESTART WITH 5', 'ALTER SEQUENCE: sequence g.q = ALTER SEQUENCE sequence g.q');
SELECT test('CREATE VIEW v AS SELECT id FROM t', 'CREATE VIEW: view g.v = CREATE VIEW view g.v');
SELECT test('CREATE OR REPLACE VIEW v AS SELECT id FROM t WHERE id > 1',
			'CREATE VIEW: view g.v = CREATE VIEW view g.v');
SELECT test('ALTER VIEW v RENAME TO vv', 'ALTER VIEW: view g.vv = ALTER VIEW view g.vv was g.v');
SELECT test('CREATE RULE r AS ON INSERT TO vv DO INSTEAD NOTHING',
			'CREATE RULE: rule r on g.vv = CREATE RULE rule r on g.vv');
SELECT test('CREATE MATERIALIZED VIEW m AS SELECT 1 AS one',
			'CREATE MATERIALIZED VIEW: materialized view g.m = CREATE MATERIALIZED VIEW materialized view g.m');
SELECT test('REFRESH MATERIALIZED VIEW m', NULL);
SELECT test('ALTER MATERIALIZED VIEW m RENAME TO mm',
			'ALTER MATERIALIZED VIEW: materialized view g.mm = ALTER MATERIALIZED VIEW materialized view g.mm was g.m');
SELECT test('CREATE FUNCTION f(a int, b text DEFAULT ''x'') RETURNS int LANGUAGE sql AS ''SELECT 1''',
			'CREATE FUNCTION: function g.f(integer,pg_catalog.text) = CREATE FUNCTION function g.f(integer,pg_catalog.text)');
SELECT test('CREATE OR REPLACE FUNCTION f(a int, b text DEFAULT ''x'') RETURNS int LANGUAGE sql AS ''SELECT 2''',
			'CREATE FUNCTION: function g.f(integer,pg_catalog.text) = CREATE FUNCTION function g.f(integer,pg_catalog.text)');
SELECT test('ALTER FUNCTION f(int, text) STABLE',
			'ALTER FUNCTION: function g.f(integer,pg_catalog.text) = ALTER FUNCTION function g.f(integer,pg_catalog.text)');
SELECT test('ALTER FUNCTION f(int, text) RENAME TO f0',
			'ALTER FUNCTION: function g.f0(integer,pg_catalog.text) = ALTER FUNCTION function g.f0(integer,pg_catalog.text) was g.f(integer,pg_catalog.text)');
SELECT test('ALTER FUNCTION f0(int, text) SET SCHEMA g2',
			'ALTER FUNCTION: function g2.f0(integer,pg_catalog.text) = ALTER FUNCTION function g2.f0(integer,pg_catalog.text) was g.f0(integer,pg_catalog.text)');
SELECT test('ALTER FUNCTION g2.f0(int, text) SET SCHEMA g',
			'ALTER FUNCTION: function g.f0(integer,pg_catalog.text) = ALTER FUNCTION function g.f0(integer,pg_catalog.text) was g2.f0(integer,pg_catalog.text)');
SELECT test('ALTER FUNCTION f0(int, text) RENAME TO f',
			'ALTER FUNCTION: function g.f(integer,pg_catalog.text) = ALTER FUNCTION function g.f(integer,pg_catalog.text) was g.f0(integer,pg_catalog.text)');
SELECT test('CREATE PROCEDURE pr() LANGUAGE sql AS ''''',
			'CREATE PROCEDURE: procedure g.pr() = CREATE PROCEDURE procedure g.pr()');
SELECT test('CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS ''BEGIN RETURN NULL; END''',
			'CREATE FUNCTION: function g.tf() = CREATE FUNCTION function g.tf()');
SELECT test('CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf()',
			'CREATE TRIGGER: trigger tr on g.t = CREATE TRIGGER trigger tr on g.t');
SELECT test('ALTER TABLE t DISABLE TRIGGER tr', 'ALTER TABLE: table g.t = ALTER TABLE table g.t');
SELECT test('ALTER TRIGGER tr ON t RENAME TO tr2',
			'ALTER TRIGGER: trigger tr2 on g.t = ALTER TRIGGER trigger tr2 on g.t was tr on g.t');
SELECT test('CREATE POLICY po ON t USING (true)',
			'CREATE POLICY: policy po on g.t = CREATE POLICY policy po on g.t');
SELECT test('ALTER POLICY po ON t USING (false)',
			'ALTER POLICY: policy po on g.t = ALTER POLICY policy po on g.t');
SELECT test('CREATE AGGREGATE ag(int) (SFUNC = int4pl, STYPE = int)',
			'CREATE AGGREGATE: aggregate g.ag(integer) = CREATE AGGREGATE aggregate g.ag(integer)');
SELECT test('CREATE OPERATOR g.@#@ (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl)',
			'CREATE OPERATOR: operator g.@#@(integer,integer) = CREATE OPERATOR operator g.@#@(integer,integer)');
SELECT test('CREATE TYPE e AS ENUM (''a'', ''b'')', 'CREATE TYPE: type g.e = CREATE TYPE type g.e');
SELECT test('ALTER TYPE e ADD VALUE ''c'' BEFORE ''b''', 'ALTER TYPE: type g.e = ALTER TYPE type g.e');
SELECT test('CREATE TYPE ct AS (a int, b text)', 'CREATE TYPE: type g.ct = CREATE TYPE type g.ct');
SELECT test('ALTER TYPE ct ADD ATTRIBUTE c int',
			'ALTER TYPE: composite type g.ct = ALTER TYPE composite type g.ct');
SELECT test('CREATE TYPE ra AS RANGE (subtype = float8)', 'CREATE TYPE: type g.ra = CREATE TYPE type g.ra');
SELECT test('CREATE DOMAIN d AS int CHECK (VALUE > 0)', 'CREATE DOMAIN: type g.d = CREATE DOMAIN type g.d');
SELECT test('ALTER DOMAIN d SET DEFAULT 1', 'ALTER DOMAIN: type g.d = ALTER DOMAIN type g.d');
SELECT test('ALTER SCHEMA g2 RENAME TO "G2"', 'ALTER SCHEMA: schema "G2" = ALTER SCHEMA schema "G2" was g2');
SELECT test('ALTER SCHEMA "G2" RENAME TO g2', 'ALTER SCHEMA: schema g2 = ALTER SCHEMA schema g2 was "G2"');
SELECT test('ALTER TYPE e RENAME VALUE ''c'' TO ''d''', 'ALTER TYPE: type g.e = ALTER TYPE type g.e');
SELECT test('CREATE CAST (e AS int) WITH INOUT',
			'CREATE CAST: cast (g.e AS integer) = CREATE CAST cast (g.e AS integer)');
SELECT test('CREATE COLLATION co (locale = ''C'')',
			'CREATE COLLATION: collation g.co = CREATE COLLATION collation g.co');
SELECT test('CREATE STATISTICS st ON id, w FROM t',
			'CREATE STATISTICS: statistics object g.st = CREATE STATISTICS statistics object g.st');
SELECT test('CREATE TEXT SEARCH CONFIGURATION ts (COPY = simple)',
			'CREATE TEXT SEARCH CONFIGURATION: text search configuration g.ts = CREATE TEXT SEARCH CONFIGURATION text search configuration g.ts');
SELECT test('ALTER TEXT SEARCH CONFIGURATION ts ALTER MAPPING FOR word WITH simple',
			'ALTER TEXT SEARCH CONFIGURATION: text search configuration g.ts = ALTER TEXT SEARCH CONFIGURATION text search configuration g.ts');
SELECT test('CREATE TEXT SEARCH DICTIONARY td (TEMPLATE = simple)',
			'CREATE TEXT SEARCH DICTIONARY: text search dictionary g.td = CREATE TEXT SEARCH DICTIONARY text search dictionary g.td');
SELECT test('CREATE FOREIGN DATA WRAPPER w',
			'CREATE FOREIGN DATA WRAPPER: foreign-data wrapper w = CREATE FOREIGN DATA WRAPPER foreign-data wrapper w');
SELECT test('CREATE SERVER sv FOREIGN DATA WRAPPER w', 'CREATE SERVER: server sv = CREATE SERVER server sv');
SELECT test('CREATE FOREIGN TABLE ft (a int) SERVER sv',
			'CREATE FOREIGN TABLE: foreign table g.ft = CREATE FOREIGN TABLE foreign table g.ft');
SELECT test('CREATE USER MAPPING FOR regress_migrate_other SERVER sv',
			'CREATE USER MAPPING: user mapping regress_migrate_other on server sv = CREATE USER MAPPING user mapping regress_migrate_other on server sv');
SELECT test('CREATE PUBLICATION pu FOR TABLE t',
			'CREATE PUBLICATION: publication pu = CREATE PUBLICATION publication pu');
SELECT test('ALTER PUBLICATION pu DROP TABLE t',
			'ALTER PUBLICATION: publication relation g.c in publication pu = DROP publication relation g.c in publication pu, DROP publication relation g.t in publication pu');
SELECT test('CREATE EXTENSION tcn SCHEMA g2',
			'CREATE EXTENSION: extension tcn = CREATE EXTENSION extension tcn');
SELECT test('ALTER EXTENSION tcn SET SCHEMA g3',
			'ALTER EXTENSION: extension tcn = ALTER EXTENSION extension tcn');
SELECT test('GRANT SELECT ON t TO regress_migrate_other', 'GRANT: table g.t = GRANT table g.t');
SELECT test('GRANT SELECT (id), UPDATE ON t, s TO regress_migrate_other',
			'GRANT: table g.t = GRANT table g.t, GRANT table g.s');
SELECT test('REVOKE UPDATE ON t FROM regress_migrate_other', 'REVOKE: table g.t = REVOKE table g.t');
SELECT test('GRANT USAGE ON SEQUENCE q TO regress_migrate_other', 'GRANT: sequence g.q = GRANT sequence g.q');
SELECT test('GRANT EXECUTE ON FUNCTION f(int, text) TO regress_migrate_other',
			'GRANT: function g.f(integer,pg_catalog.text) = GRANT function g.f(integer,pg_catalog.text)');
SELECT test('GRANT USAGE ON SCHEMA g2 TO regress_migrate_other', 'GRANT: schema g2 = GRANT schema g2');
SELECT test('GRANT USAGE ON TYPE e TO regress_migrate_other', 'GRANT: type g.e = GRANT type g.e');
SELECT test('GRANT USAGE ON FOREIGN SERVER sv TO regress_migrate_other',
			'GRANT: server sv = GRANT server sv');
SELECT test('GRANT SELECT ON ALL TABLES IN SCHEMA g3 TO regress_migrate_other',
			'GRANT: table g3.a = GRANT table g3.a, GRANT view g3.b');
SELECT test('ALTER DEFAULT PRIVILEGES IN SCHEMA g2, g3 GRANT SELECT ON TABLES TO regress_migrate_other',
			'ALTER DEFAULT PRIVILEGES: default acl for role postgres in schema g2 on tables = ALTER DEFAULT PRIVILEGES default acl for role postgres in schema g2 on tables, ALTER DEFAULT PRIVILEGES default acl for role postgres in schema g3 on tables');
SELECT test('ALTER DEFAULT PRIVILEGES FOR ROLE regress_migrate_other REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC',
			'ALTER DEFAULT PRIVILEGES: default acl for role regress_migrate_other on functions = ALTER DEFAULT PRIVILEGES default acl for role regress_migrate_other on functions');
SELECT test('COMMENT ON TABLE t IS ''table''', 'COMMENT: table g.t = COMMENT table g.t');
SELECT test('COMMENT ON COLUMN t.id IS ''column''',
			'COMMENT: table column g.t.id = COMMENT table column g.t.id');
SELECT test('COMMENT ON CONSTRAINT t_pkey ON t IS ''constraint''',
			'COMMENT: table constraint t_pkey on g.t = COMMENT table constraint t_pkey on g.t');
SELECT test('COMMENT ON TRIGGER tr2 ON t IS ''trigger''',
			'COMMENT: trigger tr2 on g.t = COMMENT trigger tr2 on g.t');
SELECT test('CREATE ROLE regress_migrate_new', NULL);
SELECT test('COMMENT ON ROLE regress_migrate_new IS ''role''', NULL);
SELECT test('DROP ROLE regress_migrate_new', NULL);
SELECT test('TRUNCATE u', NULL);
SELECT test('ANALYZE t', NULL);
SELECT test('CREATE TEMP TABLE tt (id serial PRIMARY KEY, v text CHECK (v <> ''''))', NULL);
SELECT test('CREATE INDEX ON tt (v)', NULL);
SELECT test('CREATE TRIGGER trt BEFORE INSERT ON tt FOR EACH ROW EXECUTE FUNCTION tf()', NULL);
SELECT test('CREATE POLICY pt ON tt', NULL);
SELECT test('CREATE RULE rt AS ON DELETE TO tt DO INSTEAD NOTHING', NULL);
SELECT test('ALTER TABLE tt ALTER COLUMN v SET DEFAULT ''x'', ALTER COLUMN id TYPE bigint', NULL);
SELECT test('GRANT SELECT ON tt TO PUBLIC', NULL);
SELECT test('COMMENT ON COLUMN tt.v IS ''temporary''', NULL);
SELECT test('COMMENT ON TRIGGER trt ON tt IS ''temporary''', NULL);
SELECT test('ALTER TABLE tt ALTER COLUMN v DROP DEFAULT', NULL);
SELECT test('DROP POLICY pt ON tt', NULL);
SELECT test('DROP TRIGGER trt ON tt', NULL);
SELECT test('CREATE VIEW tv AS SELECT * FROM tt', NULL);
SELECT test('CREATE FUNCTION pg_temp.ftemp() RETURNS int LANGUAGE sql AS ''SELECT 1''', NULL);
SELECT test('CREATE TEMP TABLE ttas AS SELECT 1 AS one', NULL);
SELECT test('DROP TABLE tt, ttas CASCADE', NULL);
SELECT test('DROP TABLE IF EXISTS nowhere', NULL);
SELECT test('DROP EXTENSION tcn',
			'DROP EXTENSION: extension tcn = DROP extension tcn, DROP function g3.triggered_change_notification() (cascade)');
SELECT test('DROP POLICY po ON t', 'DROP POLICY: policy po on g.t = DROP policy po on g.t');
SELECT test('DROP TRIGGER tr2 ON t', 'DROP TRIGGER: trigger tr2 on g.t = DROP trigger tr2 on g.t');
SELECT test('DROP RULE r ON vv', 'DROP RULE: rule r on g.vv = DROP rule r on g.vv');
SELECT test('DROP VIEW vv', 'DROP VIEW: view g.vv = DROP view g.vv');
SELECT test('DROP TABLE c', 'DROP TABLE: table g.c = DROP table g.c');
SELECT test('DROP FUNCTION f',
			'DROP FUNCTION: function g.f(integer,pg_catalog.text) = DROP function g.f(integer,pg_catalog.text)');
SELECT test('DROP FUNCTION tf() CASCADE', 'DROP FUNCTION: function g.tf() = DROP function g.tf()');
SELECT test('DROP TYPE e CASCADE',
			'DROP TYPE: type g.e = DROP type g.e, DROP cast (g.e AS integer) (cascade)');
SELECT test('DROP DOMAIN d',
			'DROP DOMAIN: type g.d = DROP type g.d, DROP domain constraint d_check on g.d (cascade)');
SELECT test('DROP SERVER sv CASCADE',
			'DROP SERVER: server sv = DROP server sv, DROP foreign table g.ft (cascade), DROP user mapping regress_migrate_other on server sv (cascade)');
SELECT test('DROP TABLE t CASCADE',
			'DROP TABLE: table g.t = DROP table g.t, DROP table constraint t_pkey on g.t (cascade), DROP index g.t_pkey (cascade), DROP table constraint s_t_id_fkey on g.s (cascade), DROP statistics object g.st (cascade)');
SELECT test('DROP SCHEMA g3 CASCADE',
			'DROP SCHEMA: schema g3 = DROP schema g3, DROP table g3.a (cascade), DROP view g3.b (cascade), DROP default acl for role postgres in schema g3 on tables (cascade)');
SELECT test('GRANT SELECT ON s TO regress_migrate_third', 'GRANT: table g.s = GRANT table g.s');
SELECT test('DROP OWNED BY regress_migrate_third',
			'DROP OWNED: role regress_migrate_third = REVOKE table g.s, DROP OWNED role regress_migrate_third');
SELECT test('REASSIGN OWNED BY regress_migrate_other TO CURRENT_USER', NULL);

-- a command within a function: the client's statement, and where in it
CREATE FUNCTION make() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE made (id int); END $$;
SELECT test('SELECT g.make()', 'CREATE TABLE: table g.made = CREATE TABLE table g.made');
SELECT ok(statement ~ '^SELECT test\(', 'the statement is the client''s')
  FROM migrate_ddl ORDER BY id DESC LIMIT 1;
SELECT matches(context, '^SQL statement "CREATE TABLE made \(id int\)"\nPL/pgSQL function (g\.)?make\(\)',
			   'the command''s own text is in the context')
  FROM migrate_ddl ORDER BY id DESC LIMIT 1;
SELECT ok((session_role, acting_role, application, pid, project, version, job) IS NOT DISTINCT FROM
		  (session_user::text, current_user::text, current_setting('application_name'), pg_backend_pid(),
		   NULL::text, NULL::text, NULL::bigint), 'by whom, and outside of a run')
  FROM migrate_ddl ORDER BY id DESC LIMIT 1;
SELECT is(xid::text, pg_current_xact_id()::text, 'in which transaction')
  FROM migrate_ddl ORDER BY id DESC LIMIT 1;

-- rewrites
CREATE TABLE rewritten (a int, b int);
CREATE TABLE rewritten_too () INHERITS (rewritten);
SELECT test('ALTER TABLE rewritten ALTER a TYPE bigint',
			'ALTER TABLE: table g.rewritten rewrites g.rewritten, g.rewritten_too = ALTER TABLE table g.rewritten');
SELECT test('ALTER TABLE rewritten ADD c int',
			'ALTER TABLE: table g.rewritten = ALTER TABLE table g.rewritten');

-- what fails leaves nothing, and nothing of it turns up later
CREATE FUNCTION fail() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
CREATE TABLE kept (a int);
CREATE EVENT TRIGGER zz_fail ON sql_drop EXECUTE FUNCTION fail();
SELECT test('DO $d$ BEGIN DROP TABLE g.kept; EXCEPTION WHEN OTHERS THEN NULL; END $d$', NULL);
DROP EVENT TRIGGER zz_fail;
SELECT test('ALTER TABLE kept ADD b int', 'ALTER TABLE: table g.kept = ALTER TABLE table g.kept');

-- a command within a command
CREATE FUNCTION another() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
	IF tg_tag = 'DROP TABLE' THEN CREATE TABLE g.another (); END IF;
END $$;
CREATE EVENT TRIGGER zz_another ON sql_drop EXECUTE FUNCTION another();
SELECT test('DROP TABLE g.kept', E'CREATE TABLE: table g.another = CREATE TABLE table g.another\n'
			'DROP TABLE: table g.kept = DROP table g.kept');
DROP EVENT TRIGGER zz_another;

-- in a dry run it is silent: nothing of that stays
SELECT is(seen_of('SELECT migrate_dry_run_sql(''CREATE TABLE g.rehearsed ()'')'), NULL, 'a dry run');

-- a session may be exempt, which is for superusers to say
SET migrate.guard = off;
SELECT test('CREATE TABLE exempt ()', NULL);
RESET migrate.guard;
SET LOCAL ROLE regress_migrate_third;
SELECT throws_ok('SET migrate.guard = off', '42501', NULL, 'nobody exempts himself');
SELECT throws_ok('SELECT migrate_guard_off()', '42501', NULL, 'nor is the guard his');
RESET ROLE;

-- a record that cannot be made is a warning, and the command stays
ALTER TABLE migrate_ddl RENAME TO elsewhere;
SELECT lives_ok('CREATE TABLE unrecorded ()', 'without the table');
SELECT ok(to_regclass('g.unrecorded') IS NOT NULL, 'the command is done');
ALTER TABLE elsewhere RENAME TO migrate_ddl;
SELECT test('DROP TABLE unrecorded', 'DROP TABLE: table g.unrecorded = DROP table g.unrecorded');

-- refused
CREATE FUNCTION refused(command text) RETURNS text LANGUAGE sql AS $$
	SELECT throws_ok(command, 'MG027', NULL, 'refused: ' || command)
$$;
SELECT migrate_guard_on('error') AS guard \gset
SELECT refused('CREATE TABLE no ()');
SELECT refused('SELECT 1 AS one INTO no');
SELECT refused('DROP TABLE rewritten CASCADE');
SELECT refused('ALTER TABLE rewritten ALTER b TYPE bigint');
SELECT refused('GRANT SELECT ON rewritten TO PUBLIC');
SELECT refused('COMMENT ON TABLE rewritten IS ''refused''');
SELECT refused('CREATE EXTENSION tcn');
SELECT refused('DO $d$ BEGIN CREATE TEMP TABLE one (); CREATE TABLE no (); END $d$');
SELECT lives_ok('CREATE TEMP TABLE two ()', 'a temporary table is not');
SELECT lives_ok('CREATE TABLE IF NOT EXISTS rewritten ()', 'nor is what changes nothing');
SELECT is(array_agg(x)::text, '{t,t,t}', 'nothing was changed')
  FROM (VALUES (to_regclass('no') IS NULL), (to_regclass('one') IS NULL),
			   (obj_description('rewritten'::regclass) IS NULL)) v (x);

-- what a run does is its migration's
SET migrate.project = 'guarded';
SELECT migrate_register('1', 'one', 'CREATE TABLE g.by_run (id int); COMMENT ON TABLE g.by_run IS ''x''',
						'DROP TABLE g.by_run') AS registered \gset
SELECT test('SELECT migrate_apply()', E'CREATE TABLE: table g.by_run = CREATE TABLE table g.by_run\n'
			'COMMENT: table g.by_run = COMMENT table g.by_run');
SELECT is(format('%s %s %s %s: %s', project, version, name, script, statement),
		  'guarded 1 one up: COMMENT ON TABLE g.by_run IS ''x''', 'attributed, up')
  FROM migrate_ddl ORDER BY id DESC LIMIT 1;
SELECT test('SELECT migrate_rollback()', 'DROP TABLE: table g.by_run = DROP table g.by_run');
SELECT is(format('%s %s %s %s: %s', project, version, name, script, statement),
		  'guarded 1 one down: DROP TABLE g.by_run', 'attributed, down')
  FROM migrate_ddl ORDER BY id DESC LIMIT 1;
SELECT refused('CREATE TABLE no ()');

-- off
SELECT is(migrate_guard_mode(), 'error', 'the mode');
SELECT is(migrate_guard_off(), true, 'off');
SELECT is(migrate_guard_off(), false, 'it was off');
SELECT is(migrate_guard_mode(), 'off', 'the mode, off');
SELECT test('CREATE TABLE no ()', NULL);

-- older ones are forgotten
UPDATE migrate_ddl SET seen_at = seen_at - interval '1 year' WHERE tag = 'COMMENT';
SELECT is(migrate_guard_forget('6 months'), count(*), 'forgotten')
  FROM migrate_ddl WHERE tag = 'COMMENT';
SELECT is(count(*) FILTER (WHERE tag = 'COMMENT') || ' ' || (count(*) > 100), '0 true', 'and no more')
  FROM migrate_ddl;

-- passwords are not recorded, whatever text they are in; nor is more than is allowed
SELECT migrate_guard_on('record') AS guard \gset
CREATE FUNCTION text_of(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	PERFORM migrate_register('9', 'x', command), migrate_apply();
	result := (SELECT statement FROM migrate_ddl ORDER BY id DESC LIMIT 1);
	RAISE EXCEPTION USING ERRCODE = 'TX000', MESSAGE = result;
EXCEPTION WHEN SQLSTATE 'TX000' THEN
	RETURN result;
END $$;
CREATE FOREIGN DATA WRAPPER w2;
CREATE SERVER s2 FOREIGN DATA WRAPPER w2;
CREATE TABLE g.users_of (password text);
SELECT is(text_of($$CREATE USER MAPPING FOR PUBLIC SERVER s2 OPTIONS ("user" 'u', password 'se''cret', other E'geh\'eim', more $x$x$x$)$$),
		  $$CREATE USER MAPPING FOR PUBLIC SERVER s2 OPTIONS ("user" '***', password '***', other E'***', more $x$***$x$)$$,
		  'options of a user mapping');
SELECT is(text_of($$ALTER SERVER s2 OPTIONS (host 'h', sslpassword 'secret', "api_key" 'secret')$$),
		  $$ALTER SERVER s2 OPTIONS (host 'h', sslpassword '***', "api_key" '***')$$,
		  'those of a server that are called so');
SELECT is(text_of($q$DO $d$ BEGIN EXECUTE 'CREATE ROLE regress_migrate_pw PASSWORD ''secret'''; CREATE TABLE g.pw (password text DEFAULT 'x'); END $d$$q$),
		  $q$DO $d$ BEGIN EXECUTE 'CREATE ROLE regress_migrate_pw PASSWORD ''***'''; CREATE TABLE g.pw (password text DEFAULT 'x'); END $d$$q$,
		  'a string in a string');
SELECT is(text_of($$COMMENT ON SCHEMA g IS 'host=h password=secret user=u, postgresql://u:secret@h/d, {"password": "secret", "x": "y"}'$$),
		  $$COMMENT ON SCHEMA g IS 'host=h password=*** user=u, postgresql://u:***@h/d, {"password": "***", "x": "y"}'$$,
		  'connection strings, URLs, JSON');
SELECT is(text_of($$ALTER ROLE CURRENT_USER SET application_name = ''; COMMENT ON SCHEMA g IS 'set_config(''app.password'', ''secret'')'$$),
		  $$COMMENT ON SCHEMA g IS 'set_config(''app.password'', ''***'')'$$, 'a name in quotes');
SELECT is(text_of($$COMMENT ON SCHEMA g IS 'password'''$$), $$COMMENT ON SCHEMA g IS 'password'''$$, 'a word at the end');
SELECT is(text_of($$COMMENT ON SCHEMA g IS 'user mapping options (n N''secret'', x''secret'') N''shown'''$$),
		  $$COMMENT ON SCHEMA g IS 'user mapping options (n N''***'', x''***'') N''shown'''$$, 'options within a string');
SELECT is(text_of($$CREATE TABLE g.users (id int, password text NOT NULL CHECK (password <> ''), token_id int DEFAULT 7)$$),
		  $$CREATE TABLE g.users (id int, password text NOT NULL CHECK (password <> ''), token_id int DEFAULT 7)$$,
		  'columns that are called so');
SELECT is(text_of($$ALTER FUNCTION g.text_of(text) SET app.jwt_secret TO 'secret'$$),
		  $$ALTER FUNCTION g.text_of(text) SET app.jwt_secret TO '***'$$, 'SET ... TO');
SELECT is(text_of(E'ALTER SERVER s2 OPTIONS (sslpassword \'one\'\n  \'two\', host \'h\')'),
		  E'ALTER SERVER s2 OPTIONS (sslpassword \'***\'\n  \'***\', host \'h\')', 'a literal that goes on in the next line');
SELECT is(text_of('ALTER TABLE g.users_of RENAME password TO "to"'),
		  'ALTER TABLE g.users_of RENAME password TO "to"', 'a column that is renamed');
SELECT is(octet_length(text_of(format('COMMENT ON SCHEMA g IS %L', repeat('x', 5000000)))), 8192, 'a long statement is cut');
SELECT ok(text_of('COMMENT ON SCHEMA g IS ' || quote_literal(repeat('x', 8140) || ' password=secret')) NOT LIKE '%secr%',
		  'also within a password');

SELECT * FROM finish();
ROLLBACK;
