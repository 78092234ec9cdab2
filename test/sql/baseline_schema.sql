-- The schema of an existing database as a baseline script: what is left out of
-- a dump, what is recorded, what is refused.
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS migrate;
CREATE SCHEMA own;
CREATE EXTENSION migrate SCHEMA own;
SET migrate.project = 'baseline_schema';
SET search_path = own, public;
SELECT set_config('client_min_messages', 'notice', false);
\a

-- what is no part of the schema goes
SELECT migrate_baseline('10', script => $dump$--
-- PostgreSQL database dump
--

\restrict 5abc

SET statement_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SELECT pg_catalog.set_config('search_path', '', false);

--
-- Name: own; Type: SCHEMA
--

CREATE SCHEMA own;


ALTER SCHEMA own OWNER TO deployer;

--
-- Name: public; Type: SCHEMA
--

CREATE SCHEMA public;
COMMENT ON SCHEMA public IS 'stays; too';
COMMENT ON SCHEMA own IS 'goes';
CREATE SCHEMA "other one";

--
-- Name: migrate; Type: EXTENSION
--

CREATE EXTENSION IF NOT EXISTS migrate WITH SCHEMA own;
COMMENT ON EXTENSION migrate IS 'manager';
CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;
GRANT USAGE ON SCHEMA own TO deployer;
GRANT USAGE ON SCHEMA public TO deployer;
GRANT ALL ON FUNCTION own.migrate_apply(target text, OUT version text) TO deployer;
GRANT ALL ON PROCEDURE own.migrate_deploy(text) TO deployer;
GRANT SELECT ON TABLE own.migrate_status TO deployer;
GRANT SELECT ON TABLE own.not_ours TO deployer;
GRANT ALL ON FUNCTION own.migrate_nothing() TO deployer;
CREATE TABLE public.t (a text DEFAULT 'CREATE EXTENSION migrate;');
COPY own.migrate_migration (project, version) FROM stdin;
x	CREATE EXTENSION migrate;
\.
COPY public.t (a) FROM stdin;
CREATE SCHEMA own;
\.
INSERT INTO own.migrate_state VALUES (1);
INSERT INTO public.t VALUES ('own.migrate_state');
SELECT pg_catalog.setval('own.migrate_job_seq', 1, true);
SELECT pg_catalog.setval('public.t_seq', 1, true);
SELECT pg_catalog.setval('no name.', 1, true);
CREATE EVENT TRIGGER migrate_guard_command ON ddl_command_end EXECUTE FUNCTION own.migrate_guard_record();
ALTER EVENT TRIGGER migrate_guard_command ENABLE ALWAYS;
ALTER EVENT TRIGGER migrate_guard_command OWNER TO deployer;
COMMENT ON EVENT TRIGGER migrate_guard_command IS 'goes';
CREATE EVENT TRIGGER stays ON ddl_command_end EXECUTE FUNCTION public.audit();
ALTER EVENT TRIGGER stays ENABLE ALWAYS;
CREATE FUNCTION public.f() RETURNS text LANGUAGE sql AS $$ SELECT 'CREATE SCHEMA own; COMMENT ON EXTENSION migrate IS NULL;' $$;

\unrestrict 5abc
$dump$);
RESET search_path;
SET search_path = own, public;
SELECT up FROM migrate_migration WHERE project = 'baseline_schema';
-- a schema that holds more than the extension stays
CREATE TABLE own.not_ours ();
SET migrate.project = 'baseline_shared';
SELECT migrate_baseline('1', script => 'CREATE SCHEMA own; ALTER SCHEMA own OWNER TO x; GRANT USAGE ON SCHEMA own TO x; CREATE TABLE own.not_ours (); GRANT SELECT ON own.migrate_log TO x;GRANT SELECT ON own.not_ours, own.migrate_log TO x');
SELECT up FROM migrate_migration WHERE project = 'baseline_shared';
SET migrate.project = 'baseline_schema';
SELECT version, name, kind, state, how FROM migrate_status;
SELECT event, version, name FROM migrate_history;
SELECT migrate_current();
SELECT count(*) FROM migrate_plan();

-- the same again records nothing, also with other keys and comments
SET migrate.project = 'baseline_again';
SELECT migrate_baseline('7', script => 'CREATE TABLE again ()');
SELECT migrate_baseline('7', script => E'\\restrict x\n/* other */ CREATE  TABLE again ()\n');
SELECT migrate_baseline('7', script => 'CREATE TABLE another ()');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_baseline('6', script => 'CREATE TABLE again ()');
\echo :LAST_ERROR_SQLSTATE
-- a script of its own wins
SELECT migrate_baseline('8', from_schema => true, script => 'CREATE TABLE again8 ()');
SELECT version, kind, state, how FROM migrate_status;

-- with versions: those up to it count as applied, those above are still to run
SET migrate.project = 'baseline_versions';
SELECT migrate_register('1', 'one', 'CREATE TABLE own.one ()'), migrate_register('2', 'two', 'CREATE TABLE own.two ()'), migrate_register('3', 'three', 'CREATE TABLE own.three ()');
SELECT migrate_baseline('2', script => 'CREATE TABLE own.one (); CREATE TABLE own.two ()');
SELECT version, name, kind, state, how FROM migrate_status;
SELECT version, name FROM migrate_pending();
-- what would run again on top of it is refused
SELECT migrate_mark('3', 'test');
SELECT migrate_baseline('2.5', script => 'SELECT 1');
\echo :LAST_ERROR_SQLSTATE

-- on a fresh database the registered text runs, by its directive
SET migrate.project = 'baseline_fresh';
SELECT migrate_register('2', 'baseline', (SELECT up FROM migrate_migration WHERE project = 'baseline_versions' AND kind = 'baseline'));
SELECT * FROM migrate_register_file('sql/3_three.sql', E'-- migrate:up\nCREATE TABLE own.three ();');
SET client_min_messages = warning;
SELECT version, name, action, statements FROM migrate_apply();
SET client_min_messages = notice;
SELECT version, kind, state, how FROM migrate_status;
SELECT to_regclass('own.one'), to_regclass('own.two'), to_regclass('own.three');

-- the directive in files and texts
SET migrate.project = 'baseline_directive';
SELECT * FROM migrate_register_file('sql/4_all.sql', E'-- migrate:baseline\nCREATE TABLE own.four ();\n');
SELECT * FROM migrate_register_file('sql/5_all.sql', E'-- migrate:baseline\n-- migrate:up\nCREATE TABLE own.five ();\n');
SELECT version, name, kind FROM migrate_status;
SELECT * FROM migrate_register_file('sql/6_all.sql', E'-- migrate:up\n-- migrate:baseline\nSELECT 1;');
SELECT * FROM migrate_register_file('sql/6_all.sql', E'-- migrate:baseline all\nSELECT 1;');
SELECT * FROM migrate_register_file('sql/all.sql', E'-- migrate:repeatable\n-- migrate:baseline\nSELECT 1;');
SELECT * FROM migrate_register_file('sql/6_all.up.sql', E'-- migrate:baseline\nSELECT 1;');
SELECT migrate_register(NULL, 'all', E'-- migrate:baseline\nSELECT 1');
SELECT migrate_register('7', 'all', 'SELECT 1', E'-- migrate:baseline\nSELECT 1');

-- what is refused
SELECT migrate_baseline('9', script => 'CREATE TABLE (');
SELECT migrate_baseline('9', script => E'SELECT 1;\n\\connect shop\n');
SELECT migrate_baseline('9', script => E'SELECT 1;\nCOPY x TO stdout;');
SELECT migrate_baseline('', script => 'SELECT 1');
SELECT migrate_baseline(NULL, script => 'SELECT 1');
BEGIN;
CREATE TABLE own.uncommitted ();
SELECT migrate_baseline('9', from_schema => true);
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
CREATE ROLE regress_baseline;
GRANT USAGE ON SCHEMA own TO regress_baseline;
GRANT EXECUTE ON FUNCTION migrate_baseline TO regress_baseline;
SET ROLE regress_baseline;
SELECT migrate_baseline('9', script => 'SELECT 1');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
GRANT EXECUTE ON FUNCTION migrate_register TO regress_baseline;
SET ROLE regress_baseline;
SELECT migrate_baseline('9', from_schema => true);
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_baseline('9', script => 'SELECT 1');
RESET ROLE;
SELECT version, kind, state, how FROM migrate_status;
SELECT count(*) FROM migrate_verify_log() WHERE project LIKE 'baseline%';
\a
DROP OWNED BY regress_baseline;
DROP ROLE regress_baseline;
SET client_min_messages = warning;
DROP SCHEMA own CASCADE;
