-- Each kind of defect is seeded in a sound database: exactly its rows come, and
-- none any more when it is mended as they say.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS migrate;
CREATE ROLE regress_migrate_owner;
CREATE ROLE regress_migrate_stranger;
CREATE SCHEMA v;
GRANT ALL ON SCHEMA v TO regress_migrate_owner, regress_migrate_stranger;
GRANT EXECUTE ON FUNCTION migrate_register(text, text, text, text, text, text[]), migrate_verify() TO regress_migrate_stranger;
SET LOCAL search_path = v, public;
SET LOCAL migrate.project = 'verify';
SET LOCAL migrate.record_failures = off;
-- what most tests do by hand would be drift
SET LOCAL migrate.drift = off;
SELECT current_setting('server_version_num')::int / 10000 AS major \gset
SELECT plan(219);

-- what is found: check, severity, version or object, problem
CREATE FUNCTION found() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' | ', check_name, severity, coalesce(version, object), problem), E'\n')
	  FROM migrate_verify()
$$;

-- What is found after the seed, and after what mends it; then all is undone.
CREATE FUNCTION seeded(seed text, remedy text, OUT before text, OUT after text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE seed;
	before := found();
	EXECUTE remedy;
	after := found();
	RAISE SQLSTATE 'UNDO0';
EXCEPTION WHEN SQLSTATE 'UNDO0' THEN
END $$;

CREATE FUNCTION test(what text, seed text, expected text, remedy text DEFAULT NULL, left_over text DEFAULT NULL)
RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	s record := seeded(seed, coalesce(remedy, 'SELECT 1'));
BEGIN
	RETURN NEXT is(s.before, expected, what);
	IF remedy IS NOT NULL THEN
		RETURN NEXT is(s.after, left_over, what || ': mended');
	END IF;
END $$;

--
-- A sound database: of every kind something that is as it should be
--
-- all at once, because what is not among them is gone
CREATE FUNCTION load(leave_out text DEFAULT '-', added text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	paths text[] := '{m/001_customer.sql,m/002_order.sql,m/003_domain.sql,m/004_trigger.sql,m/005_view.sql,m/orders.sql,m/before_run.sql}';
	contents text[] := ARRAY[
		E'-- migrate:up\nCREATE TABLE customer (id int PRIMARY KEY, name text NOT NULL CHECK (name <> ''''));\n'
		'-- migrate:down\nDROP TABLE customer;\n-- migrate:verify\nSELECT count(*) >= 0 FROM customer;\n',
		E'-- migrate:up\nCREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customer, total numeric);\n'
		'CREATE INDEX orders_customer ON orders (customer);\n-- migrate:down\nDROP TABLE orders;\n'
		'-- migrate:verify\n\nSELECT true;\nINSERT INTO customer VALUES (1, ''a'');\nINSERT INTO orders VALUES (1, 1, 1);\n'
		'SELECT count(*) = 1\n  FROM orders;\n',
		E'-- migrate:up\nCREATE DOMAIN positive AS int CHECK (VALUE > 0);\nCREATE TABLE part (k int, v positive) PARTITION BY RANGE (k);\n'
		'CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10);\nCREATE INDEX part_v ON part (v);\n'
		'ALTER TABLE part ADD FOREIGN KEY (k) REFERENCES customer;\n-- migrate:down\nDROP TABLE part;\nDROP DOMAIN positive;\n',
		E'-- migrate:up\nCREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $f$BEGIN RETURN NEW; END$f$;\n'
		'CREATE TRIGGER noted BEFORE INSERT ON customer FOR EACH ROW EXECUTE FUNCTION noted();\n'
		'CREATE TRIGGER noted BEFORE INSERT ON part FOR EACH ROW EXECUTE FUNCTION noted();\n'
		'-- migrate:down\nDROP TRIGGER noted ON customer;\nDROP TRIGGER noted ON part;\nDROP FUNCTION noted();\n',
		E'-- migrate:up\nCREATE VIEW names AS SELECT name FROM customer;\n-- migrate:down\nDROP VIEW names;\n',
		E'-- migrate:repeatable\n-- migrate:up\nCREATE OR REPLACE VIEW order_count AS SELECT count(*) FROM orders;\n'
		'-- migrate:down\nDROP VIEW order_count;\n',
		E'-- migrate:repeatable before-run\n-- migrate:up\nSELECT 1;\n'];
	i int := coalesce(array_position(paths, leave_out), 0);
BEGIN
	IF i > 0 THEN
		paths := paths[:i - 1] || paths[i + 1:];
		contents := contents[:i - 1] || contents[i + 1:];
	END IF;
	IF added IS NOT NULL THEN
		paths := paths || 'm/006_added.sql'::text;
		contents := contents || added;
	END IF;
	RETURN (SELECT string_agg(DISTINCT action, ', ') FROM migrate_register_files(paths, contents));
END $$;
SELECT is(found(), NULL, 'nothing is registered, and nothing is wrong');
SELECT is(load(), 'registered', 'a history');
SELECT is(found(), E'pending | warning | 001 | it is registered and waits to be run\n'
	'pending | warning | 002 | it is registered and waits to be run\n'
	'pending | warning | 003 | it is registered and waits to be run\n'
	'pending | warning | 004 | it is registered and waits to be run\n'
	'pending | warning | 005 | it is registered and waits to be run\n'
	'pending | warning | orders | it is registered and waits to be run', 'all of it is pending');
SELECT is((SELECT count(*) FROM migrate_apply()), 6::bigint, 'it is applied');
SELECT is(found(), NULL, 'a sound database has no row');
SELECT is(migrate_verify_or_fail('info'), 0, 'and no error');
SELECT is((SELECT count(*) FROM customer), 0::bigint, 'what a verify script wrote is not there');

--
-- Files and records
--
SELECT test('another text', $$SELECT migrate_register('005', 'view', 'CREATE VIEW names AS SELECT 1', NULL)$$,
	'changed | error | 005 | the registered text is another than the one that ran',
	$$SELECT migrate_repair('005')$$);
SELECT test('another text, taken back', $$SELECT migrate_register('005', 'view', 'CREATE VIEW names AS SELECT 1', NULL)$$,
	'changed | error | 005 | the registered text is another than the one that ran', $$SELECT load()$$);
SELECT test('another text of one that was marked', $$SELECT migrate_register('006', 'marked', 'SELECT 6'); SELECT migrate_mark('006', 'test');
	SELECT migrate_register('006', 'marked', 'SELECT 7')$$,
	'changed | error | 006 | the registered text is another than the one that was recorded as applied',
	$$SELECT migrate_register('006', 'marked', 'SELECT 6')$$);
SELECT test('another comment', $$SELECT migrate_register('005', 'view', E'-- names\nCREATE VIEW names AS SELECT name FROM customer;\n', 'DROP VIEW names;')$$,
	'cosmetic change | info | 005 | the registered text has other comments or white space than the one that ran',
	$$SELECT migrate_repair('005')$$);
SELECT test('two have a version', $$DELETE FROM migrate_migration WHERE version = '005'; SELECT migrate_register('005', 'mine', 'SELECT 5')$$,
	'conflict | error | 005 | two have this version: "view" is applied, and "mine" is registered',
	$$DELETE FROM migrate_migration WHERE version = '005'; SELECT load()$$);
SELECT test('applied and not registered', $$DELETE FROM migrate_migration WHERE version = '005'$$,
	'missing | error | 005 | it is applied, and not registered', $$SELECT load()$$);
SELECT test('... for good', $$DELETE FROM migrate_migration WHERE version = '005'$$,
	'missing | error | 005 | it is applied, and not registered', $$SELECT migrate_unmark('005', 'no concern')$$);
SELECT test('given another number', $$CREATE TEMP TABLE t AS SELECT up, down FROM migrate_migration WHERE version = '005';
	DELETE FROM migrate_migration WHERE version = '005'; SELECT migrate_register('006', 'view', up, down) FROM t$$,
	E'missing | error | 005 | it is applied, and not registered; its text is registered as 006\n'
	'pending | warning | 006 | it is registered and waits to be run',
	$$DO $d$ BEGIN EXECUTE (SELECT regexp_replace(action, '^.*: (SELECT .*)\.$', '\1') FROM migrate_verify() WHERE check_name = 'missing'); END $d$ $$,
	'gap | info | 006 | there is no version between 004 and this one');
SELECT test('a file is gone', $$SELECT load('m/005_view.sql')$$,
	'missing | warning | 005 | its file was not there when its directory was registered last', $$SELECT load()$$);
SELECT test('the file of a repeatable is gone', $$SELECT load('m/orders.sql')$$,
	'missing | warning | orders | its file was not there when its directory was registered last', $$SELECT load()$$);
SELECT test('the file of what is pending is gone', $$SELECT load('-', E'-- migrate:up\nSELECT 6;\n'); SELECT load()$$,
	'missing | warning | 006 | it is pending, and its file was not there when its directory was registered last',
	$$SELECT migrate_unregister('006')$$);
SELECT test('pending', $$SELECT load('-', E'-- migrate:up\nSELECT 6;\n')$$,
	'pending | warning | 006 | it is registered and waits to be run', $$SELECT migrate_apply()$$);
SELECT test('a repeatable has a new text', $$SELECT migrate_register(NULL, 'orders', 'SELECT 1', NULL)$$,
	'pending | warning | orders | it is registered and waits to be run', $$SELECT migrate_apply()$$);
SELECT test('a precondition may keep it', $$SELECT migrate_register('006', 'later', 'SELECT 6');
	UPDATE migrate_migration SET precondition = 'SELECT false', precondition_else = 'skip' WHERE version = '006'$$,
	'pending | info | 006 | it is registered and waits to be run; its precondition may keep it waiting',
	$$UPDATE migrate_migration SET precondition = NULL, precondition_else = NULL WHERE version = '006'; SELECT migrate_apply()$$);
SELECT test('a hole', $$SET LOCAL migrate.project = 'hole'; SELECT migrate_register_files('{m/00006_code.go,m/00007_x.sql}', ARRAY['package m', E'-- +goose Up\nSELECT 7;\n'])$$,
	E'hole | warning | 00006 | it is written in Go: only its own tool can run it\npending | warning | 00007 | it is registered and waits to be run',
	$$SELECT migrate_mark('00006', 'by goose'); SELECT migrate_apply()$$);

-- late ones, with a gap that they fill
SELECT test('out of order', $$SELECT migrate_register('007', 'seven', 'SELECT 7'); SELECT migrate_apply(); SELECT migrate_register('006', 'six', 'SELECT 6')$$,
	'out of order | error | 006 | it is pending and comes before 007, which is applied: no run goes on before that is settled',
	$$SET LOCAL migrate.out_of_order = allow; SELECT migrate_apply()$$);
SELECT test('out of order, where that is allowed', $$SET LOCAL migrate.out_of_order = allow; SELECT migrate_register('007', 'seven', 'SELECT 7');
	SELECT migrate_apply(); SELECT migrate_register('006', 'six', 'SELECT 6')$$,
	'out of order | warning | 006 | it is pending and comes before 007, which is applied: the next run applies it late', $$SELECT migrate_apply()$$);
SELECT test('out of order, where it is skipped', $$SET LOCAL migrate.out_of_order = skip; SELECT migrate_register('007', 'seven', 'SELECT 7');
	SELECT migrate_apply(); SELECT migrate_register('006', 'six', 'SELECT 6')$$,
	'out of order | warning | 006 | it is pending and comes before 007, which is applied: no run will apply it', $$SELECT migrate_unregister('006')$$,
	'gap | info | 007 | there is no version between 005 and this one');
SELECT test('a gap', $$SELECT migrate_register('009', 'nine', 'SELECT 9'); SELECT migrate_apply()$$,
	'gap | info | 009 | there is no version between 005 and this one', $$SELECT migrate_register('006', 'six', 'SELECT 6'),
	migrate_register('007', 'seven', 'SELECT 7'), migrate_register('008', 'eight', 'SELECT 8'); SET LOCAL migrate.out_of_order = allow; SELECT migrate_apply()$$);
SELECT test('no gap: dates', $$SET LOCAL migrate.project = 'dates'; SELECT migrate_register(v, 'x', 'SELECT 1') FROM
	unnest('{20240101,20240102,20240103,20240301,20240520,20240708,20241231}'::text[]) v; SELECT migrate_apply()$$, NULL);
SELECT test('no gap: tens', $$SET LOCAL migrate.project = 'tens'; SELECT migrate_register(v, 'x', 'SELECT 1') FROM
	unnest('{10,20,30,40}'::text[]) v; SELECT migrate_apply()$$, NULL);
SELECT test('no gap: dots', $$SET LOCAL migrate.project = 'dots'; SELECT migrate_register(v, 'x', 'SELECT 1') FROM
	unnest('{1,2,3,3.1,4}'::text[]) v; SELECT migrate_apply()$$, NULL);
SELECT test('gaps: with a letter, and from a baseline on', $$SET LOCAL migrate.project = 'letters'; SELECT migrate_register(v, 'x', 'SELECT 1') FROM
	unnest('{V3,V4,V5,V8,V9,V10,V12,V13}'::text[]) v; SELECT migrate_apply()$$,
	E'gap | info | V8 | there is no version between V5 and this one\ngap | info | V12 | there is no version between V10 and this one');
SELECT test('no gap: other numbers from here on', $$SET LOCAL migrate.project = 'huge'; SELECT migrate_register(v, 'x', 'SELECT 1') FROM
	unnest('{1,2,3,14,15,27,20240101,999999999999999999,99999999999999999999999999}'::text[]) v; SELECT migrate_apply()$$, NULL);
SELECT test('... but these', $$SET LOCAL migrate.project = 'huge'; SELECT migrate_register(v, 'x', 'SELECT 1') FROM
	unnest('{1,2,3,14,15,26,27,28,40}'::text[]) v; SELECT migrate_apply()$$,
	E'gap | info | 14 | there is no version between 3 and this one\ngap | info | 26 | there is no version between 15 and this one');

-- texts that do not parse
SELECT test('an up script', $$SELECT migrate_register('006', 'six', E'SELECT 1;\nSELEC 2')$$,
	E'broken | error | 006 | its up script cannot be parsed: syntax error at or near "SELEC", line 2\npending | warning | 006 | it is registered and waits to be run',
	$$SELECT migrate_register('006', 'six', 'SELECT 2'); SELECT migrate_apply()$$);
SELECT test('an up script that is not to run', $$SELECT migrate_register('006', 'six', 'SELEC 2'); SELECT migrate_mark('006', 'test')$$,
	'broken | warning | 006 | its up script, which is not to run here, cannot be parsed: syntax error at or near "SELEC", line 1');
SELECT test('a down script', $$SELECT migrate_register('006', 'six', 'SELECT 1', 'SELEC 2'); SELECT migrate_apply()$$,
	'broken | warning | 006 | its down script cannot be parsed: syntax error at or near "SELEC", line 1',
	$$SELECT migrate_register('006', 'six', 'SELECT 1', 'SELECT 2')$$);
SELECT test('a verify script of what is pending', $$SELECT migrate_register('006', 'six', 'SELECT 1', NULL, E'SELECT true;\n\nSELEC 2')$$,
	E'broken | error | 006 | its verify script cannot be parsed: line 3: syntax error at or near "SELEC"\npending | warning | 006 | it is registered and waits to be run',
	$$SELECT migrate_register('006', 'six', 'SELECT 1', NULL, 'SELECT true'); SELECT migrate_apply()$$);
SELECT test('a variable that has no value any more', $$SELECT migrate_set_variable('tablename', 'x');
	SELECT migrate_register_file('m/V6__six.sql', 'CREATE TABLE ${tablename} ()'); SELECT migrate_set_variable('tablename', NULL)$$,
	E'broken | error | 6 | its up script cannot be parsed: line 1: variable "tablename" has no value (It is used in line 1 of m/V6__six.sql.)\npending | warning | 6 | it is registered and waits to be run',
	$$SELECT migrate_set_variable('tablename', 'x'); SELECT migrate_apply()$$);
SELECT test('a hook', $$SELECT migrate_register_file('m/after.sql', E'-- migrate:repeatable after-run\n-- migrate:up\nSELEC 1;\n')$$,
	'broken | error | after | the hook cannot be parsed: syntax error at or near "SELEC", line 3', $$SELECT migrate_unregister('after')$$);
SELECT test('a requirement that is nowhere', $$SELECT migrate_register('006', 'six', 'SELECT 6', NULL, NULL, '{nowhere}')$$,
	E'requirement | error | migration 006_six requires "nowhere", which is not registered\npending | warning | 006 | it is registered and waits to be run',
	$$SELECT migrate_register('006', 'six', 'SELECT 6'); SELECT migrate_apply()$$);
SELECT test('a circle of requirements', $$SELECT migrate_register('006', 'six', 'SELECT 6', NULL, NULL, '{007}'), migrate_register('007', 'seven', 'SELECT 7', NULL, NULL, '{006}')$$,
	E'requirement | error | migration 006_six requires itself\npending | warning | 006 | it is registered and waits to be run\npending | warning | 007 | it is registered and waits to be run',
	$$SELECT migrate_register('006', 'six', 'SELECT 6'); SELECT migrate_apply()$$);

-- what a worker has left; its journal is all that there is then
CREATE FUNCTION leave(outcome text, message text, begun int DEFAULT NULL, direction text DEFAULT 'up') RETURNS text LANGUAGE sql AS $$
	SELECT migrate_register('006', 'six', E'SELECT 1;\nSELECT 2;\nSELECT 3;\n', 'SELECT 1');
	INSERT INTO migrate_journal (project, version_key, version, name, direction, by_statement, done, total, done_hash, begun, begun_statement, outcome, message, began_at)
	SELECT project, version_key, version, name, direction, true, 1, 3, '', begun, CASE WHEN begun > 0 THEN 'CREATE DATABASE x' END, outcome, message, now()
	  FROM migrate_migration WHERE version = '006' AND project = 'verify';
	SELECT ''
$$;
SELECT test('interrupted', $$SELECT leave(NULL, NULL)$$, 'interrupted | error | 006 | it is half done: up script, 1 of 3 statements done',
	$$SELECT migrate_mark('006', 'test')$$);
SELECT test('failed half way', $$SELECT leave('failed', 'division by zero')$$,
	'failed | error | 006 | it is half done: up script, 1 of 3 statements done: division by zero', $$SELECT migrate_unmark('006', 'test'); SELECT migrate_unregister('006')$$);
SELECT test('unresolved', $$SELECT leave('unknown', 'its outcome is not known', 2)$$,
	'unresolved | error | 006 | it is not known whether statement 2 is done: CREATE DATABASE x', $$SELECT migrate_resolve('006', 'retry')$$,
	'interrupted | error | 006 | it is half done: up script, 1 of 3 statements done');
SELECT is((SELECT string_agg(a, ' ') FROM (SELECT leave(NULL, NULL, NULL, 'down') || (SELECT action FROM migrate_verify()) AS a) x),
	'CALL migrate_undo() goes on from there.', 'interrupted on the way down');
SELECT migrate_unmark('006', 'test') AS x \gset
SELECT migrate_unregister('006') AS x \gset
SELECT test('a job that failed before its first step', $$INSERT INTO migrate_job (id, project, action, outcome, session_role, acting_role, finished_at, message)
	VALUES (1000000, 'verify', 'deploy', 'failed', 'x', 'x', clock_timestamp(), 'lint has 1 finding'); SELECT migrate_register('006', 'six', 'SELECT 6')$$,
	E'job | warning | job 1000000 | the last job (deploy) failed: lint has 1 finding\npending | warning | 006 | it is registered and waits to be run',
	$$SELECT migrate_apply()$$);
SELECT test('... and what it was about is gone', $$INSERT INTO migrate_job (id, project, action, outcome, session_role, acting_role, finished_at, message)
	VALUES (1000000, 'verify', 'deploy', 'failed', 'x', 'x', clock_timestamp(), 'lint has 1 finding')$$, NULL);
SELECT test('a job that was canceled', $$INSERT INTO migrate_job (id, project, action, outcome, session_role, acting_role, finished_at)
	VALUES (1000000, 'verify', 'undo', 'canceled', 'x', 'x', clock_timestamp())$$,
	'job | info | job 1000000 | the last job (undo) was canceled',
	$$INSERT INTO migrate_job (id, project, action, outcome, session_role, acting_role) VALUES (1000001, 'verify', 'undo', 'done', 'x', 'x')$$);
SELECT test('a job whose worker is gone', $$INSERT INTO migrate_job (id, project, action, session_role, acting_role) VALUES (1000000, 'verify', 'deploy', 'x', 'x');
	SELECT migrate_register('006', 'six', 'SELECT 6')$$,
	E'job | warning | job 1000000 | the last job (deploy) ended without an outcome\npending | warning | 006 | it is registered and waits to be run',
	$$SELECT migrate_apply()$$);
SELECT test('a job of another project', $$INSERT INTO migrate_job (project, action, session_role, acting_role) VALUES ('other', 'deploy', 'x', 'x')$$, NULL);

-- the log
CREATE FUNCTION tamper(change text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	ALTER TABLE migrate_log DISABLE TRIGGER migrate_log_append_only;
	EXECUTE change;
	ALTER TABLE migrate_log ENABLE ALWAYS TRIGGER migrate_log_append_only;
END $$;
SELECT test('an entry was changed', $$SELECT tamper('UPDATE migrate_log SET acting_role = ''nobody'' WHERE project = ''verify'' AND id = 2')$$,
	'log | error | entry 2 | this entry was changed');
SELECT test('an entry was deleted', $$SELECT tamper('DELETE FROM migrate_log WHERE project = ''verify'' AND id = 2')$$,
	'log | error | entry 2 | this entry is missing');
SELECT format('log | error | entry %s | the last entry is missing', max(id)) AS expected FROM migrate_log WHERE project = 'verify' \gset
SELECT test('the last entry was deleted', $$SELECT tamper('DELETE FROM migrate_log WHERE project = ''verify'' AND id = (SELECT max(id) FROM migrate_log WHERE project = ''verify'')')$$,
	:'expected');
SELECT test('another project is none of ours', $$SET LOCAL migrate.project = 'other'; SELECT migrate_register('1', 'x', 'SELECT 1'); SELECT migrate_apply();
	SELECT tamper('DELETE FROM migrate_log WHERE project = ''other'''); SELECT migrate_register('2', 'x', 'SELE'); SET LOCAL migrate.project = 'verify'$$, NULL);
SELECT test('the trigger that keeps it is disabled', $$ALTER TABLE migrate_log DISABLE TRIGGER migrate_log_append_only$$,
	'disabled trigger | info | migrate_log_append_only on public.migrate_log | it is disabled',
	$$ALTER TABLE migrate_log ENABLE ALWAYS TRIGGER migrate_log_append_only$$);

--
-- Objects
--
CREATE FUNCTION mark_index(name text, changes text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('UPDATE pg_index SET %s WHERE indexrelid = %L::regclass', changes, name);
	-- as CREATE INDEX CONCURRENTLY has its table be looked at anew
	UPDATE pg_class SET relhasindex = relhasindex WHERE oid = name::regclass;
END $$;
SELECT test('an INVALID index', $$SELECT mark_index('orders_customer', 'indisvalid = false')$$,
	'invalid index | error | v.orders_customer | it is INVALID: no query of v.orders uses it, and all writes maintain it', $$REINDEX INDEX orders_customer$$);
SELECT test('one that was never built', $$SELECT mark_index('orders_customer', 'indisvalid = false, indisready = false')$$,
	'invalid index | error | v.orders_customer | it is INVALID: no query of v.orders uses it', $$REINDEX INDEX orders_customer$$);
SELECT test('one that was to be dropped', $$SELECT mark_index('orders_customer', 'indisvalid = false, indisready = false, indislive = false')$$,
	'invalid index | error | v.orders_customer | the DROP INDEX CONCURRENTLY of it, on v.orders, was interrupted', $$DROP INDEX orders_customer$$);
SELECT test('what REINDEX CONCURRENTLY has left', $$CREATE INDEX orders_customer_ccnew1 ON orders (customer); SELECT mark_index('orders_customer_ccnew1', 'indisvalid = false')$$,
	'invalid index | error | v.orders_customer_ccnew1 | it is INVALID: no query of v.orders uses it, and all writes maintain it', $$DROP INDEX orders_customer_ccnew1$$);
SELECT test('... of a TOAST table', $$CREATE TEMP TABLE t AS SELECT indexrelid::regclass::text AS i FROM pg_index WHERE indrelid = (SELECT reltoastrelid FROM pg_class WHERE oid = 'customer'::regclass);
	SELECT mark_index(i, 'indisvalid = false') FROM t$$,
	(SELECT format('invalid index | error | %s | it is INVALID: no query of pg_toast.pg_toast_%s uses it, and all writes maintain it', indexrelid::regclass, 'customer'::regclass::oid)
	   FROM pg_index WHERE indrelid = (SELECT reltoastrelid FROM pg_class WHERE oid = 'customer'::regclass)),
	-- its only index cannot be dropped, as what is left over can
	$$DO $d$ BEGIN ASSERT (SELECT action LIKE '%: DROP INDEX CONCURRENTLY pg_toast.%, and repeat the REINDEX.' FROM migrate_verify()); END $d$; SELECT mark_index(i, 'indisvalid = true') FROM t$$);
SELECT test('an index of a partitioned table', $$CREATE INDEX part_k ON ONLY part (k)$$,
	'invalid index | warning | v.part_k | it is INVALID: a partition of v.part has no valid index for it',
	$$CREATE INDEX part_1_k ON part_1 (k); ALTER INDEX part_k ATTACH PARTITION part_1_k$$);
SELECT test('names with quotes', $$CREATE SCHEMA "a.b"; CREATE TABLE "a.b"."C d" ("e""" int); CREATE INDEX "F'g" ON "a.b"."C d" ("e""" ); SELECT mark_index('"a.b"."F''g"', 'indisvalid = false')$$,
	$$invalid index | error | "a.b"."F'g" | it is INVALID: no query of "a.b"."C d" uses it, and all writes maintain it$$, $$REINDEX INDEX "a.b"."F'g"$$);
SELECT test('a temporary table has an index of its own', $$CREATE TEMP TABLE mine (i int UNIQUE); SELECT mark_index('mine_i_key', 'indisvalid = false');
	ALTER TABLE mine ADD CHECK (i > 0) NOT VALID$$, NULL);
SELECT test('a CHECK that is NOT VALID', $$ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0) NOT VALID$$,
	'constraint not valid | warning | positive on v.orders | it is NOT VALID: rows from before it were never checked', $$ALTER TABLE v.orders VALIDATE CONSTRAINT positive$$);
SELECT test('a FOREIGN KEY that is NOT VALID', $$ALTER TABLE orders ADD CONSTRAINT again FOREIGN KEY (customer) REFERENCES customer NOT VALID$$,
	'constraint not valid | warning | again on v.orders | it is NOT VALID: rows from before it were never checked', $$ALTER TABLE v.orders VALIDATE CONSTRAINT again$$);
SELECT test('a domain''s', $$ALTER DOMAIN positive ADD CONSTRAINT less CHECK (VALUE < 100) NOT VALID$$,
	'constraint not valid | warning | less on v.positive | it is NOT VALID: rows from before it were never checked',
	$$DO $d$ BEGIN EXECUTE (SELECT rtrim(action, '.') FROM migrate_verify()); END $d$ $$);
SELECT test('one that partitions inherit is one', $$ALTER TABLE part ADD CONSTRAINT k CHECK (k > 0) NOT VALID$$,
	'constraint not valid | warning | k on v.part | it is NOT VALID: rows from before it were never checked', $$ALTER TABLE part VALIDATE CONSTRAINT k$$);
SELECT t.* FROM test('NOT NULL', $$ALTER TABLE orders ADD CONSTRAINT n NOT NULL total NOT VALID$$,
	'constraint not valid | warning | n on v.orders | it is NOT VALID: rows from before it were never checked', $$ALTER TABLE v.orders VALIDATE CONSTRAINT n$$) t WHERE :major >= 18
 UNION ALL SELECT skip('PostgreSQL 18 has NOT NULL that is NOT VALID', 2) WHERE :major < 18;
SELECT t.* FROM test('NOT ENFORCED', $$ALTER TABLE part ADD CONSTRAINT n CHECK (k <> 5) NOT ENFORCED; ALTER TABLE orders ALTER CONSTRAINT orders_customer_fkey NOT ENFORCED$$,
	E'constraint not enforced | info | n on v.part | it is NOT ENFORCED: nothing is checked\nconstraint not enforced | info | orders_customer_fkey on v.orders | it is NOT ENFORCED: nothing is checked',
	$$ALTER TABLE v.orders ALTER CONSTRAINT orders_customer_fkey ENFORCED; ALTER TABLE part DROP CONSTRAINT n$$) t WHERE :major >= 18
 UNION ALL SELECT skip('PostgreSQL 18 has NOT ENFORCED', 2) WHERE :major < 18;
SELECT test('a disabled trigger', $$ALTER TABLE customer DISABLE TRIGGER noted$$, 'disabled trigger | info | noted on v.customer | it is disabled',
	$$ALTER TABLE customer ENABLE TRIGGER noted$$);
SELECT test('of a partitioned table, one row', $$ALTER TABLE part DISABLE TRIGGER noted$$, 'disabled trigger | info | noted on v.part | it is disabled',
	$$DO $d$ BEGIN EXECUTE (SELECT rtrim(regexp_replace(action, '^.*: ', ''), '.') FROM migrate_verify()); END $d$ $$);
SELECT test('of a partition', $$ALTER TABLE part_1 DISABLE TRIGGER noted$$, 'disabled trigger | info | noted on v.part_1 | it is disabled',
	$$ALTER TABLE part_1 ENABLE TRIGGER noted$$);
SELECT test('one that fires for replicas is meant', $$ALTER TABLE customer ENABLE REPLICA TRIGGER noted$$, NULL);
SELECT test('the triggers of a foreign key', $$ALTER TABLE orders DISABLE TRIGGER ALL$$,
	'disabled trigger | warning | orders_customer_fkey on v.orders | the foreign key is not checked, because triggers of it are disabled', $$ALTER TABLE v.orders ENABLE TRIGGER ALL$$);
SELECT test('... of the other table', $$ALTER TABLE customer DISABLE TRIGGER ALL$$,
	E'disabled trigger | warning | orders_customer_fkey on v.orders | the foreign key is not checked, because triggers of it are disabled\n'
	'disabled trigger | warning | part_k_fkey on v.part | the foreign key is not checked, because triggers of it are disabled\n'
	'disabled trigger | info | noted on v.customer | it is disabled',
	$$ALTER TABLE customer ENABLE TRIGGER ALL$$);
SELECT test('an event trigger', $$CREATE FUNCTION heard() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER heard ON sql_drop EXECUTE FUNCTION heard();
	ALTER EVENT TRIGGER heard DISABLE$$, 'disabled trigger | info | event trigger heard | it is disabled', $$ALTER EVENT TRIGGER heard ENABLE$$);

-- the guard
SELECT test('a guard that is whole', $$SELECT migrate_guard_on('record')$$, NULL);
SELECT test('a part of it is disabled', $$SELECT migrate_guard_on('warn'); ALTER EVENT TRIGGER migrate_guard_command DISABLE$$,
	'guard | warning | event trigger migrate_guard_command | this part of the guard is disabled', $$SELECT migrate_guard_on('warn')$$);
SELECT test('a part of it fires for replicas only', $$SELECT migrate_guard_on('warn'); ALTER EVENT TRIGGER migrate_guard_drop ENABLE REPLICA$$,
	'guard | warning | event trigger migrate_guard_drop | this part of the guard is disabled', $$SELECT migrate_guard_off()$$);
SELECT test('a part of it is missing', $$SELECT migrate_guard_on('record'); DROP EVENT TRIGGER migrate_guard_rewrite$$,
	'guard | warning | event trigger migrate_guard_rewrite | this part of the guard is missing', $$SELECT migrate_guard_on('record')$$);
SELECT test('a part of it has another mode', $$SELECT migrate_guard_on('record'); DROP EVENT TRIGGER migrate_guard_drop;
	CREATE EVENT TRIGGER migrate_guard_drop ON sql_drop EXECUTE FUNCTION migrate_guard_warn()$$,
	'guard | warning | event trigger migrate_guard_drop | this part of the guard has mode warn, and another part has record', $$SELECT migrate_guard_on('record')$$);

--
-- Drift
--
SAVEPOINT drift;
DELETE FROM migrate_reference;
DELETE FROM migrate_object;
SET LOCAL migrate.drift = warn;
SELECT is(found(), 'drift | info | no run has left a snapshot yet: what was changed by hand cannot be told', 'no reference');
SELECT is(migrate_verify_or_fail(), 1, 'which is no error');
SELECT migrate_accept_drift('as it is') IS NOT NULL AS accepted \gset
SELECT is(found(), NULL, 'there is one, and no drift');
SELECT test('dropped', $$DROP INDEX orders_customer$$,
	'drift | error | index v.orders_customer | it is not as the last run has left it: dropped', $$CREATE INDEX orders_customer ON orders (customer)$$);
SELECT test('changed', $$ALTER TABLE customer ALTER name DROP NOT NULL$$,
	'drift | error | column v.customer.name | it is not as the last run has left it: its definition changed', $$ALTER TABLE customer ALTER name SET NOT NULL$$);
SELECT test('added, and what comes with it', $$CREATE TABLE extra (id int PRIMARY KEY, c int CHECK (c > 0))$$,
	'drift | warning | table v.extra | it is not as the last run has left it: added', $$SELECT migrate_accept_drift('extra')$$);
SELECT test('only a comment, and rights', $$COMMENT ON TABLE customer IS 'x'; GRANT SELECT ON customer TO regress_migrate_stranger$$,
	'drift | warning | table v.customer | it is not as the last run has left it: its comment, privileges changed',
	$$COMMENT ON TABLE customer IS NULL; REVOKE SELECT ON customer FROM regress_migrate_stranger$$);
SELECT test('by whom', $$SELECT migrate_guard_on('record'); SELECT migrate_accept_drift('guard'); ALTER TABLE customer ALTER name DROP NOT NULL; COMMENT ON COLUMN customer.name IS 'x'$$,
	format('drift | error | column v.customer.name | it is not as the last run has left it: its comment, definition changed; last command: COMMENT by %s', session_user),
	$$SELECT migrate_accept_drift('as meant')$$);
SELECT test('what a migration does is none', $$SELECT migrate_register('006', 'six', 'CREATE TABLE six (id int)'); SELECT migrate_apply()$$, NULL);
SELECT test('a run that was lost', $$INSERT INTO migrate_unsettled (project) VALUES ('verify'); DROP INDEX orders_customer$$,
	'drift | info | a run is at work, or has ended without leaving a snapshot: what it has changed cannot be told from drift',
	$$SELECT migrate_register('006', 'six', 'SELECT 6'); SELECT migrate_apply()$$);
SELECT test('not if nobody is to know', $$SET LOCAL migrate.drift = off; DROP INDEX orders_customer$$, NULL);
ROLLBACK TO drift;

--
-- Verify scripts
--
CREATE FUNCTION script(verify text, up text DEFAULT 'SELECT 6') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM migrate_register('006', 'six', up);
	PERFORM migrate_apply();
	PERFORM migrate_register('006', 'six', up, NULL, verify);
END $$;
CREATE TABLE kept (v text);
CREATE SEQUENCE s;

SELECT test('false', $$SELECT script(E'SELECT true;\n\nSELECT 1 = 2,\n  1')$$, 'verify script | error | 006 | line 3: the verify script answered false',
	$$SELECT migrate_register('006', 'six', 'SELECT 6', NULL, 'SELECT true')$$);
SELECT test('null', $$SELECT script('SELECT null::boolean')$$, 'verify script | error | 006 | line 1: the verify script answered null');
SELECT test('an error', $$SELECT script(E'SELECT 1;\nSELECT 1 / 0')$$, 'verify script | error | 006 | line 2: division by zero');
SELECT test('an error with a detail', $$SELECT script('INSERT INTO customer VALUES (1, ''''); SELECT true')$$,
	E'verify script | error | 006 | line 1: new row for relation "customer" violates check constraint "customer_name_check" (Failing row contains (1, ).)');
SELECT test('an error in a function', $$SELECT script(E'SELECT true;\nDO $d$\nBEGIN\n  PERFORM nowhere();\nEND $d$')$$,
	'verify script | error | 006 | line 2: function nowhere() does not exist');
SELECT test('one that does not parse', $$SELECT script(E'SELECT true;\nSELEC 1')$$, 'verify script | error | 006 | line 2: syntax error at or near "SELEC"');
SELECT test('one that no transaction can have', $$SELECT script('VACUUM customer')$$, 'verify script | error | 006 | line 1: VACUUM cannot run in the transaction that is there');
SELECT test('one that does not end', $$CREATE FUNCTION endless(i int) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN endless(i + 1); END'; SELECT script('SELECT endless(1)')$$,
	format('verify script | error | 006 | line 1: %s', 'stack depth limit exceeded'));
SELECT test('one that says much', $$SELECT script(E'DO $d$ BEGIN RAISE ''%'', repeat(''\u00e4'', 5000000); END $d$')$$,
	'verify script | error | 006 | line 1: ' || repeat(U&'\00e4', 4092) || '...');
SELECT test('one that is long', $$SELECT script(repeat(E'SELECT true;\n', 10000) || 'SELECT false')$$,
	'verify script | error | 006 | line 10001: the verify script answered false');
SELECT test('true, other types, no rows', $$SELECT script('SELECT true; SELECT 0; SELECT false WHERE false; SELECT ''no''')$$, NULL);
SELECT test('the object is not there any more', $$DROP TABLE orders CASCADE$$,
	'verify script | error | 002 | line 10: relation "orders" does not exist', $$CREATE TABLE orders (a int, b int, c int)$$);
SELECT test('several that fail', $$DROP TABLE orders CASCADE; ALTER TABLE customer RENAME TO client; SELECT script('SELECT false')$$,
	E'verify script | error | 001 | line 6: relation "customer" does not exist\nverify script | error | 002 | line 9: relation "customer" does not exist\n'
	'verify script | error | 006 | line 1: the verify script answered false');
SELECT test('of a text that was changed something else is said', $$SELECT migrate_register('005', 'view', 'SELECT 5', NULL, 'SELECT false')$$,
	'changed | error | 005 | the registered text is another than the one that ran');
SELECT test('of a baselined one', $$SELECT migrate_register('006', 'six', 'SELECT 6', NULL, 'SELECT false'); SELECT migrate_baseline('006')$$,
	'verify script | error | 006 | line 1: the verify script answered false');
SELECT test('one that is rolled back has none to run', $$SELECT migrate_register('006', 'six', 'SELECT 6', 'SELECT 6'); SELECT migrate_apply(); SELECT migrate_rollback();
	SELECT migrate_register('006', 'six', 'SELECT 6', 'SELECT 6', 'SELECT false')$$, 'pending | warning | 006 | it is registered and waits to be run');

-- read-only if that is enough
SELECT test('it reads only', $$SELECT script('SELECT current_setting(''transaction_read_only'') = ''on'' AND pg_current_xact_id_if_assigned() IS NOT NULL')$$, NULL);
SELECT test('it writes', $$SELECT script('INSERT INTO kept VALUES (1); SELECT current_setting(''transaction_read_only'') = ''off'' AND (SELECT count(*) = 1 FROM kept)')$$, NULL,
	$$SELECT 1$$);
SELECT test('it catches what it is refused', $$SELECT script(E'DO $d$ BEGIN INSERT INTO customer VALUES (1, ''a'');\nRAISE ''it was let in''; EXCEPTION WHEN read_only_sql_transaction THEN NULL; END $d$')$$,
	'verify script | error | 006 | line 1: it was let in');
SELECT test('it catches everything', $$CREATE FUNCTION refuses(n text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN INSERT INTO customer VALUES (1, n); RETURN false; EXCEPTION WHEN OTHERS THEN RETURN true; END';
	SELECT script('SELECT refuses(''''''''), refuses(''a''); SELECT refuses(''a'')')$$,
	'verify script | error | 006 | line 1: the verify script answered false');
SELECT test('it would write if it could', $$SELECT script('SET transaction_read_only = off; INSERT INTO kept VALUES (1); SELECT true')$$, NULL);
SELECT test('DDL', $$SELECT script('CREATE TEMP TABLE t (i int); CREATE TABLE tt (i int); SELECT nextval(''v.s'') > 0; DROP TABLE customer CASCADE; SELECT true')$$, NULL);
SELECT test('blocks of its own', $$SELECT script(E'BEGIN;\nINSERT INTO kept VALUES (1);\nROLLBACK;\nSELECT count(*) = 0 FROM kept;\nBEGIN;\nINSERT INTO kept VALUES (1);\nCOMMIT;\nSELECT count(*) = 0 FROM kept')$$,
	'verify script | error | 006 | line 8: the verify script answered false');
SELECT test('a savepoint', $$SELECT script(E'SAVEPOINT a;\nINSERT INTO kept VALUES (1);\nROLLBACK TO a;\nSELECT count(*) = 0 FROM kept')$$, NULL);
SELECT is((SELECT count(*) FROM kept), 0::bigint, 'nothing of them is kept');
SELECT hasnt_table('v', 'tt', 'no table either');

-- settings as the run has them
SELECT test('the search path of a run', $$CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.there (i int); SELECT script('SELECT true FROM there; SELECT current_schema() = ''elsewhere''');
	SET LOCAL migrate.search_path = 'elsewhere'$$,
	E'verify script | error | 001 | line 6: relation "customer" does not exist\nverify script | error | 002 | line 9: relation "customer" does not exist',
	$$SET LOCAL migrate.search_path = ''$$, 'verify script | error | 006 | line 1: relation "there" does not exist');
SELECT test('the role of a run', $$SELECT script('SELECT current_user = ''regress_migrate_owner'''); SET LOCAL migrate.role = 'regress_migrate_owner'$$,
	E'verify script | error | 001 | line 6: permission denied for table customer\nverify script | error | 002 | line 9: permission denied for table customer',
	$$SET LOCAL migrate.role = ''$$, 'verify script | error | 006 | line 1: the verify script answered false');
SELECT test('what its up script has set', $$SELECT script('SELECT current_setting(''search_path'') = ''x'' AND current_setting(''work_mem'') = ''123kB''', 'SET search_path = x; SET LOCAL work_mem = ''123kB''; SELECT 1')$$, NULL);
SELECT test('... by set_config()', $$SELECT script('SELECT current_setting(''search_path'') = ''''', 'SELECT pg_catalog.set_config(''search_path'', '''', false); SELECT 1')$$, NULL);
SELECT test('... which fails', $$SELECT script('SELECT true', E'CREATE ROLE regress_migrate_gone;\nSET ROLE regress_migrate_gone; RESET ROLE; DROP ROLE regress_migrate_gone')$$,
	'verify script | error | 006 | up script, line 2: role "regress_migrate_gone" does not exist');
SELECT test('... and reset', $$SELECT script('SELECT current_setting(''work_mem'') <> ''123kB''', 'SET work_mem = ''123kB''; RESET work_mem')$$, NULL);
SELECT test('what it sets ends with it', $$SELECT script('SET work_mem = ''124kB''; SET ROLE regress_migrate_owner; SELECT true'); SELECT migrate_register('007', 'seven', 'SELECT 7');
	SELECT migrate_apply(); SELECT migrate_register('007', 'seven', 'SELECT 7', NULL, 'SELECT current_setting(''work_mem'') <> ''124kB'' AND current_user = session_user')$$, NULL);
SELECT test('a format whose scripts fail by errors only', $$SELECT script('SELECT false'); UPDATE migrate_migration SET format = 'sqitch' WHERE version = '006'$$, NULL);

-- what it must not do
SELECT test('it cannot run migrations', $$SELECT script('SELECT migrate_apply()')$$, 'verify script | error | 006 | line 1: migrate_apply() cannot be called by a migration');
SELECT test('nor verify', $$SELECT script('SELECT migrate_verify()')$$, 'verify script | error | 006 | line 1: migrate_verify() cannot be called by a migration');
SELECT throws_ok($$SELECT migrate_register('006', 'six', 'SELECT * FROM migrate_verify()'), migrate_apply()$$, 'MG008', NULL, 'and no migration calls it');
SELECT test('advisory locks of it are let go', $$SELECT script('SELECT pg_advisory_lock(4711); SELECT true')$$, NULL,
	$$DO $d$ BEGIN ASSERT (SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711); END $d$ $$);
SELECT test('what a guard would say of it', $$SELECT migrate_guard_on('error'); SELECT script('CREATE TABLE tt (); SELECT true')$$, NULL,
	$$DO $d$ BEGIN ASSERT (SELECT count(*) = 0 FROM migrate_ddl WHERE object_identity = 'v.tt'); END $d$ $$);

-- whose scripts
CREATE FUNCTION strange() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM migrate_register('006', 'six', 'SELECT 6');
	PERFORM migrate_apply();
	SET LOCAL SESSION AUTHORIZATION regress_migrate_stranger;
	PERFORM migrate_register('006', 'six', 'SELECT 6', NULL, 'SELECT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)');
	SET LOCAL SESSION AUTHORIZATION DEFAULT;
END $$;
SELECT test('a stranger''s', $$SELECT strange()$$,
	'verify script | warning | 006 | a superuser must not run its verify script, because "regress_migrate_stranger" registered it', $$SET LOCAL migrate.trust_registrants = on$$);

--
-- What is raised
--
CREATE FUNCTION raised(severity text, OUT code text, OUT message text, OUT detail text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
	message := migrate_verify_or_fail(severity) || ' lesser';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END $$;
SAVEPOINT raised;
SELECT is(raised('error')::text, '(,"0 lesser",,)', 'all is well');
ALTER TABLE customer DISABLE TRIGGER noted;
ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0) NOT VALID;
SELECT is(raised('error')::text, '(,"2 lesser",,)', 'lesser findings are counted');
SELECT is((raised('warning')).code, 'MG029', 'a warning, if warnings are asked for');
SELECT is((raised('warning')).message, 'verification found 1 warning', 'which is counted');
SELECT is((raised('warning')).detail, 'warning: constraint not valid, positive on v.orders: it is NOT VALID: rows from before it were never checked', 'and named');
SELECT is((raised('info')).message, 'verification found 1 warning and 1 info', 'all of them');
SELECT is((raised('info')).hint, 'migrate_verify() says what to do about each.', 'with a hint');
SELECT migrate_register(to_char(n, 'FM000'), 'x', 'SELECT 1', 'SELEC') IS NULL AS x FROM generate_series(6, 105) n \g /dev/null
SELECT count(*) AS x FROM migrate_apply() \gset
SELECT is((raised('warning')).message, 'verification found 101 warnings', 'many are counted');
SELECT is(regexp_count((raised('warning')).detail, E'\n'), 10, 'and ten are listed');
SELECT matches((raised('warning')).detail, 'and 91 more$', 'and the others counted');
SELECT migrate_register('106', 'long', 'SELECT 1') \g /dev/null
SELECT count(*) FROM migrate_apply() \g /dev/null
SELECT migrate_register('106', 'long', 'SELECT 1', NULL, E'DO $d$ BEGIN RAISE ''%'', repeat(''x'', 5000000); END $d$') \g /dev/null
SELECT cmp_ok(length((raised('error')).detail), '<', 1100, 'not all of a long one');
SELECT migrate_unmark('106', 'test'), migrate_unregister('106') \g /dev/null
SELECT is((raised('wrong')).code, '22023', 'an unknown severity');
SELECT is((raised(NULL)).code, '22004', 'none');
SELECT is((SELECT string_agg(severity, ',' ORDER BY n) FROM (SELECT DISTINCT severity, min(ordinality) AS n FROM migrate_verify() WITH ORDINALITY GROUP BY 1) s),
	'warning,info', 'the worst come first');
SELECT is((SELECT array_agg(version ORDER BY ordinality) FROM migrate_verify() WITH ORDINALITY WHERE check_name = 'broken'),
	(SELECT array_agg(to_char(n, 'FM000') ORDER BY n) FROM generate_series(6, 105) n), 'in order of the versions');
SELECT is((SELECT string_agg(DISTINCT check_name || ':' || coalesce(project, '-'), ' ' ORDER BY check_name || ':' || coalesce(project, '-')) FROM migrate_verify()),
	'broken:verify constraint not valid:- disabled trigger:-', 'with its project, unless it is the database''s');
ROLLBACK TO raised;
SELECT is(found(), NULL, 'in the end all is well again');
SELECT is((SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory' AND NOT (objsubid = 19783)), 0::bigint, 'no lock is left');

SELECT * FROM finish();
ROLLBACK;
