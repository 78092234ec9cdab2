-- The guard as one session sees it: what is said in each mode, and what is
-- recorded.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'guard';
CREATE SCHEMA guard;
CREATE ROLE regress_migrate_owner;
GRANT ALL ON SCHEMA guard TO regress_migrate_owner;
SET search_path = guard, public;
\set VERBOSITY default
-- what this session has recorded since it last asked
SELECT coalesce(max(id), 0) AS last FROM migrate_ddl \gset
CREATE VIEW seen AS
	SELECT id, tag, object_type AS type, object_identity AS identity, object_count AS n, outside,
		   version, script, statement
	  FROM migrate_ddl_history;

-- off
SELECT migrate_guard_mode();
CREATE TABLE before ();

-- record
SELECT migrate_guard_on();
SELECT migrate_guard_mode();
SELECT evtname, evtevent, evtfoid::regproc, evtenabled FROM pg_event_trigger ORDER BY evtname;
-- they belong to nobody's extension, and go with ours
SELECT DISTINCT classid::regclass, refclassid::regclass, deptype FROM pg_depend
 WHERE classid = 'pg_event_trigger'::regclass ORDER BY 2 DESC;
SET ROLE regress_migrate_owner;
CREATE TABLE item (id int UNIQUE, price numeric);
ALTER TABLE item
	ALTER price TYPE float8; -- rewritten
COMMENT ON COLUMN item.price IS 'without tax';
DROP TABLE item;
RESET ROLE;
SELECT tag, type, identity, n, outside, statement FROM seen WHERE id > :last ORDER BY id;
SELECT id AS last FROM migrate_ddl ORDER BY id DESC LIMIT 1 \gset
SELECT session_role = session_user AS session, acting_role, application, pid = pg_backend_pid() AS pid, rewrites
  FROM migrate_ddl WHERE id = :last - 2;

-- warn
SELECT migrate_guard_on('warn');
CREATE TABLE item (id int UNIQUE, price numeric);
CREATE VIEW prices AS SELECT price FROM item;
DROP TABLE item CASCADE;
CREATE TEMP TABLE mine (id int);
DROP TABLE mine;
SELECT tag, type, identity, n, outside, statement FROM seen WHERE id > :last ORDER BY id;
SELECT jsonb_pretty(objects) FROM migrate_ddl ORDER BY id DESC LIMIT 1;
SELECT id AS last FROM migrate_ddl ORDER BY id DESC LIMIT 1 \gset

-- error
SELECT migrate_guard_on('error');
CREATE TABLE item (id int UNIQUE, price numeric);
DROP TABLE before;
BEGIN;
SAVEPOINT s;
CREATE SEQUENCE numbers;
ROLLBACK TO s;
CREATE TEMP TABLE mine (id int);
COMMIT;
CREATE INDEX CONCURRENTLY ON seen (id);
SELECT count(*) FROM seen WHERE id > :last;
-- runs
SELECT migrate_register('1', 'item', 'CREATE TABLE guard.item (id int UNIQUE)', 'DROP TABLE guard.item');
SELECT version FROM migrate_apply();
SELECT version FROM migrate_rollback();
SELECT tag, identity, outside, version, script, statement FROM seen WHERE id > :last ORDER BY id;
SELECT id AS last FROM migrate_ddl ORDER BY id DESC LIMIT 1 \gset
-- whoever may
SET migrate.guard = record;
DROP VIEW seen;
SET migrate.guard = sometimes;
RESET migrate.guard;
DROP TABLE before;
SELECT tag, object_identity FROM migrate_ddl WHERE id > :last;
SET ROLE regress_migrate_owner;
SET migrate.guard = off;
SELECT migrate_guard_mode();
SELECT count(*) FROM migrate_ddl;
SELECT count(*) FROM migrate_ddl_history;
SELECT migrate_guard_off();
RESET ROLE;
GRANT EXECUTE ON FUNCTION migrate_guard_off() TO regress_migrate_owner;
SET migrate.guard = off;
GRANT EXECUTE ON FUNCTION migrate_guard_off(), migrate_guard_on(text) TO regress_migrate_owner;
RESET migrate.guard;
SET ROLE regress_migrate_owner;
SELECT migrate_guard_off();
SELECT migrate_guard_on('record');
RESET ROLE;

-- arguments
SELECT migrate_guard_on('loud');
SELECT migrate_guard_on(NULL);
SELECT migrate_guard_forget(NULL);
SELECT migrate_guard_error();

-- off again
SELECT migrate_guard_off();
SELECT migrate_guard_off();
SELECT count(*) FROM pg_event_trigger;
REVOKE ALL ON FUNCTION migrate_guard_off(), migrate_guard_on(text) FROM regress_migrate_owner;
SELECT migrate_guard_forget('1 day'), migrate_guard_forget('-1 day') > 5 AS all;
\set VERBOSITY terse
DROP SCHEMA guard CASCADE;
DROP ROLE regress_migrate_owner;
