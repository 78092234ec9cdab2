-- Operators, functions, casts and tables that a hostile role puts first in
-- everybody's search path change nothing and are never called.
\set maindb :DBNAME
SET client_min_messages = warning;
-- own database: the schema of the extension comes last, as with a careless DBA
CREATE DATABASE regress_migrate_hijack TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c regress_migrate_hijack
SET client_min_messages = warning;
CREATE SCHEMA ext;
CREATE EXTENSION migrate SCHEMA ext;
CREATE ROLE regress_migrate_mallory;
GRANT ALL ON SCHEMA public TO regress_migrate_mallory;
CREATE SCHEMA evil AUTHORIZATION regress_migrate_mallory;
-- it can create in the extension's schema as well
GRANT ALL ON SCHEMA ext TO regress_migrate_mallory;

CREATE TABLE public.calls (what text);
GRANT INSERT ON public.calls TO PUBLIC;
SET SESSION AUTHORIZATION regress_migrate_mallory;
-- a function for each name that our SQL and the views use, and operators
SET search_path = pg_catalog;
DO $$
DECLARE
	schema text;
	what text;
	types text;
BEGIN
	FOREACH schema IN ARRAY '{evil,public,pg_temp,ext}'::text[] LOOP
		FOREACH types IN ARRAY '{text,bytea,bigint,integer,oid,boolean,text[],timestamptz,pg_lsn,name,regclass}'::text[] LOOP
			EXECUTE pg_catalog.format('CREATE FUNCTION %1$s.op(%2$s, %2$s) RETURNS boolean LANGUAGE plpgsql AS %3$L', schema, types,
				pg_catalog.format('BEGIN INSERT INTO public.calls VALUES (%L); RETURN false; END', schema || '.op ' || types));
			FOREACH what IN ARRAY '{=,<>,<,>,<=,>=}'::text[] LOOP
				EXECUTE pg_catalog.format('CREATE OPERATOR %1$s.%2$s (LEFTARG = %3$s, RIGHTARG = %3$s, FUNCTION = %1$s.op)', schema, what, types);
			END LOOP;
		END LOOP;
		EXECUTE pg_catalog.format('CREATE FUNCTION %1$s.cat(text, text) RETURNS text LANGUAGE plpgsql AS %2$L', schema,
			pg_catalog.format('BEGIN INSERT INTO public.calls VALUES (%L); RETURN ''x''; END', schema || '.||'));
		EXECUTE pg_catalog.format('CREATE OPERATOR %1$s.|| (LEFTARG = text, RIGHTARG = text, FUNCTION = %1$s.cat)', schema);
		FOREACH what IN ARRAY '{clock_timestamp(),now(),inet_client_addr(),pg_backend_pid(),current_database()}'::text[] LOOP
			EXECUTE pg_catalog.format('CREATE FUNCTION %s.%s RETURNS text LANGUAGE plpgsql AS %L', schema, what,
				pg_catalog.format('BEGIN INSERT INTO public.calls VALUES (%L); RETURN ''x''; END', schema || '.' || what));
		END LOOP;
		FOREACH what IN ARRAY '{current_setting(text\, boolean),current_setting(text),format(text\, VARIADIC text[]),starts_with(text\, text),encode(bytea\, text),to_char(timestamptz\, text),unnest(bytea[]),lower(text),length(text)}'::text[] LOOP
			EXECUTE pg_catalog.format('CREATE FUNCTION %s.%s RETURNS text LANGUAGE plpgsql AS %L', schema, what,
				pg_catalog.format('BEGIN INSERT INTO public.calls VALUES (%L); RETURN ''x''; END', schema || '.' || what));
		END LOOP;
		CONTINUE WHEN schema = 'ext';
		FOREACH what IN ARRAY '{migrate_migration,migrate_state,migrate_log,migrate_log_head,migrate_status,migrate_history,pg_locks,pg_stat_activity,pg_database,pg_extension,pg_constraint}'::text[] LOOP
			EXECUTE pg_catalog.format('CREATE TABLE %s.%I (project text, version_key bytea, version text)', schema, what);
		END LOOP;
		FOREACH what IN ARRAY '{migrate_project(),migrate_lock_key(text),migrate_lock_holders()}'::text[] LOOP
			EXECUTE pg_catalog.format('CREATE FUNCTION %s.%s RETURNS text LANGUAGE plpgsql AS %L', schema, what,
				pg_catalog.format('BEGIN INSERT INTO public.calls VALUES (%L); RETURN ''x''; END', schema || '.' || what));
		END LOOP;
	END LOOP;
END $$;
CREATE TYPE evil.text AS (x int);
CREATE TYPE evil.bytea AS (x int);
CREATE DOMAIN evil.bigint AS pg_catalog.int4 CHECK (false);
RESET SESSION AUTHORIZATION;

-- the hijack works for whoever is careless: this test can fail
SET search_path = evil, public, pg_temp, pg_catalog;
SELECT 'a'::pg_catalog.text = 'a'::pg_catalog.text AS equal;
SELECT count(*) FROM public.calls;
TRUNCATE public.calls;

-- every function, with the evil schemas first and our own last
SET search_path = evil, public, pg_temp, pg_catalog, ext;
SET migrate.project = 'hijack';
SELECT ext.migrate_register('1', 'one', 'CREATE TABLE public.one ()', 'DROP TABLE public.one');
SELECT ext.migrate_register('1', 'one', 'CREATE TABLE public.one ()', 'DROP TABLE public.one');
SELECT ext.migrate_register('2', 'two', 'CREATE TABLE public.two (i pg_catalog.int4 UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO public.two SELECT 1', 'DROP TABLE public.two', 'SELECT true');
SELECT ext.migrate_register('3', 'three', E'COPY public.two FROM stdin;\n2\n\\.\n', 'SELECT 1', requires => '{2}');
SELECT * FROM ext.migrate_register_file('m/4_four.sql', E'-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 1;\n');
SELECT ext.migrate_register(NULL, 'view', '-- migrate:repeatable');
SELECT path FROM ext.migrate_new('five', 'number');
SELECT step, version, mode FROM ext.migrate_plan();
SELECT version, state FROM ext.migrate_pending();
SELECT ext.migrate_script() OPERATOR(pg_catalog.<>) ''::pg_catalog.text AS script;
SELECT version, action FROM ext.migrate_apply('3');
SELECT ext.migrate_current(), ext.migrate_require('2'), ext.migrate_project();
SELECT version, state FROM ext.migrate_status;
SELECT id, event, outcome, version FROM ext.migrate_history;
SELECT version FROM ext.migrate_apply();
SELECT version FROM ext.migrate_rollback();
SELECT ext.migrate_mark('4', 'by hand');
SELECT ext.migrate_unmark('4', 'by hand');
SELECT ext.migrate_repair('2');
SELECT ext.migrate_register('7', 'seven', 'SELECT 1');
SELECT ext.migrate_baseline('7');
SELECT ext.migrate_unmark('7', 'x');
SELECT ext.migrate_unmark('4', 'x');
SELECT version FROM ext.migrate_apply('4');
SELECT ext.migrate_unregister('7');
BEGIN;
SELECT version FROM ext.migrate_rollback('3');
SELECT ext.migrate_register('8', 'eight', 'SELECT 1');
SELECT version FROM ext.migrate_apply('8');
SELECT project, waiting FROM ext.migrate_lock_holder;
ROLLBACK;
SELECT ext.migrate_register('9', 'nine', 'SELECT 1 / 0');
SELECT version FROM ext.migrate_apply();
SELECT version, state FROM ext.migrate_status WHERE state OPERATOR(pg_catalog.=) 'failed'::pg_catalog.text;
SELECT project, schema, extension_version FROM ext.migrate_identity();
SELECT * FROM ext.migrate_verify_log();
-- none of it was called, no table of theirs has a row
SELECT DISTINCT what FROM public.calls;
SELECT (SELECT pg_catalog.count(*) FROM evil.migrate_state) AS evil, (SELECT pg_catalog.count(*) FROM public.migrate_log) AS public,
	   (SELECT pg_catalog.count(*) FROM pg_temp.migrate_migration) AS temp;
-- and with a search path for runs that is theirs
SET migrate.search_path = 'evil, public';
SELECT ext.migrate_unregister('9');
SELECT ext.migrate_register('9', 'nine', 'SELECT 1');
SELECT version FROM ext.migrate_apply();
SELECT DISTINCT what FROM public.calls;
-- the right tables have it all
SET search_path = pg_catalog;
SELECT count(*) FROM ext.migrate_state WHERE project = 'hijack';

\c :maindb
SET client_min_messages = warning;
DROP DATABASE regress_migrate_hijack;
DROP ROLE regress_migrate_mallory;
