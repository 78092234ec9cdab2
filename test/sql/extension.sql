-- The extension as an object: where it is, what belongs to it, how it goes.
SET client_min_messages = warning;
\set maindb :DBNAME
CREATE DATABASE regress_migrate_extension TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c regress_migrate_extension
SET client_min_messages = warning;
SET migrate.project = 'extension';

-- in a schema with a name that needs quotes, and does not like formats
CREATE SCHEMA "Mixed ""%s"" case; --";
CREATE EXTENSION migrate SCHEMA "Mixed ""%s"" case; --";
SELECT extnamespace::regnamespace, extrelocatable, extversion FROM pg_extension WHERE extname = 'migrate';
ALTER EXTENSION migrate SET SCHEMA public;
\echo :LAST_ERROR_SQLSTATE
SET search_path = public, "Mixed ""%s"" case; --";
SELECT migrate_register('1', 'one', 'CREATE TABLE public.one (id serial PRIMARY KEY)', 'DROP TABLE public.one');
SELECT migrate_register('2', 'two', $m$CREATE SCHEMA made; CREATE VIEW made.v AS SELECT 1 AS i; CREATE FUNCTION made.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
	CREATE TYPE made.t AS ENUM ('a'); CREATE EXTENSION IF NOT EXISTS plpgsql; INSERT INTO public.one DEFAULT VALUES$m$);
SELECT version, action FROM migrate_apply();
SELECT migrate_register('3', 'three', 'SELECT 1 / 0');
SELECT version FROM migrate_apply();
SELECT version, state FROM migrate_status;
SELECT outcome, version FROM migrate_history;
BEGIN;
SELECT version FROM migrate_rollback('-2');
ROLLBACK;
SELECT migrate_script() LIKE '%SELECT "Mixed ""\%s"" case; --".migrate_mark(''3'', %' AS qualified;
SELECT schema FROM migrate_identity();
SELECT * FROM migrate_verify_log();
-- without it in the search path, and when its schema was renamed, also within a session
SET search_path = public;
SELECT "Mixed ""%s"" case; --".migrate_current();
ALTER SCHEMA "Mixed ""%s"" case; --" RENAME TO ext;
SELECT ext.migrate_current(), ext.migrate_require('2');
SELECT version, state FROM ext.migrate_status;
SELECT ext.migrate_unregister('3');
SELECT ext.migrate_register('3', 'three', 'SELECT 1');
BEGIN;
SELECT version FROM ext.migrate_apply();
SELECT project, doing IS NOT NULL AS doing FROM ext.migrate_lock_holder;
COMMIT;
SELECT * FROM ext.migrate_verify_log();

-- what a migration creates is no member
SELECT pg_describe_object(classid, objid, objsubid) AS member
  FROM pg_depend JOIN pg_extension e ON e.oid = refobjid AND refclassid = 'pg_extension'::regclass
 WHERE e.extname = 'migrate' AND deptype = 'e' AND pg_describe_object(classid, objid, objsubid) !~ 'ext\.migrate_|migrate_[a-z_]*(\[\])?$';
-- and members are all that is in the schema; their number, so that a new one is noticed
SELECT CASE WHEN classid = 'pg_proc'::regclass THEN 'function' WHEN classid = 'pg_class'::regclass THEN 'relation' WHEN classid = 'pg_trigger'::regclass THEN 'trigger' ELSE classid::regclass::text END AS kind, count(*)
  FROM pg_depend JOIN pg_extension e ON e.oid = refobjid AND refclassid = 'pg_extension'::regclass
 WHERE e.extname = 'migrate' AND deptype = 'e' AND classid <> 'pg_type'::regclass GROUP BY 1 ORDER BY 1;
SELECT count(*) AS strangers FROM pg_class c WHERE relnamespace = 'ext'::regnamespace AND relkind IN ('r', 'v', 'S')
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e');
-- all of them are named migrate_, so that \df migrate_* and \d migrate_* show the product
SELECT proname FROM pg_proc WHERE pronamespace = 'ext'::regnamespace AND proname NOT LIKE 'migrate\_%';
SELECT relname FROM pg_class WHERE relnamespace = 'ext'::regnamespace AND relname NOT LIKE 'migrate\_%';
-- and say what they are for
SELECT proname FROM pg_proc WHERE pronamespace = 'ext'::regnamespace AND obj_description(oid, 'pg_proc') IS NULL;
SELECT relname FROM pg_class WHERE relnamespace = 'ext'::regnamespace AND relkind = 'v' AND obj_description(oid, 'pg_class') IS NULL;
-- every table and sequence is dumped with its rows, but what is of another server
SELECT relname FROM pg_class c, pg_extension e
 WHERE e.extname = 'migrate' AND c.relnamespace = 'ext'::regnamespace AND c.relkind IN ('r', 'S') AND NOT c.oid = ANY (e.extconfig) ORDER BY 1;

-- a migration cannot drop it; the superuser can, and what was made stays
SELECT ext.migrate_register('4', 'drops', 'DROP EXTENSION migrate');
SELECT version FROM ext.migrate_apply();
SELECT version FROM ext.migrate_rollback('99');
DROP EXTENSION IF EXISTS migrate;
SELECT to_regclass('public.one'), to_regclass('made.v'), (SELECT count(*) FROM public.one), to_regprocedure('made.f()');
SELECT count(*) FROM pg_class WHERE relnamespace = 'ext'::regnamespace;
-- again, empty, and in the first schema of the search path
CREATE EXTENSION migrate;
SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'migrate';
SELECT count(*) FROM migrate_history;
SELECT migrate_current();
SELECT migrate_register('1', 'one', 'SELECT 1');
SELECT version FROM migrate_apply();
-- what depends on it does not go silently
CREATE VIEW depends AS SELECT * FROM migrate_status;
DROP EXTENSION migrate;
\echo :LAST_ERROR_SQLSTATE
DROP VIEW depends;
DROP EXTENSION migrate;

-- the library without the extension
\c regress_migrate_extension
CREATE EXTENSION migrate;
SELECT migrate_project();
BEGIN;
DROP EXTENSION migrate;
ROLLBACK;
SELECT migrate_current();
\c :maindb
DROP DATABASE regress_migrate_extension;
