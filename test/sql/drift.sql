-- Drift: what is said of it, what is kept, and what a run does about it.  In a
-- database of its own, as it is a matter of the whole database.
SET client_min_messages = warning;
CREATE DATABASE regress_migrate_drift;
CREATE ROLE regress_migrate_reader;
\c regress_migrate_drift
SET client_min_messages = warning;
SET migrate.drift = warn;
CREATE EXTENSION migrate;
CREATE TABLE before (a int);
\set VERBOSITY default
CREATE VIEW drift AS
	SELECT kind, identity, component, change, old_definition, new_definition, part_of FROM migrate_drift();

-- nothing is known before the first run
SELECT migrate_drift_since();
SELECT * FROM migrate_drift();

-- what was there before the first run is no drift
SELECT migrate_register('1', 'item', 'CREATE TABLE item (id int PRIMARY KEY, name text); CREATE INDEX ON item (name)',
						'DROP TABLE item');
SELECT version, action FROM migrate_apply();
SELECT migrate_drift_since() <= now() AS since;
SELECT * FROM drift;
SELECT origin, project, job, taken_by = session_user AS me, stamp IS NOT NULL AS clean FROM migrate_reference;

-- by hand: the last statement on the object is named, where the guard sees it
SELECT migrate_guard_on();
ALTER TABLE item ADD COLUMN price numeric DEFAULT 0;
ALTER TABLE item ADD COLUMN weight int;
COMMENT ON TABLE item IS 'what we sell';
DROP INDEX item_name_idx;
GRANT SELECT ON item TO regress_migrate_reader;
CREATE TABLE "new one" (id serial);
SELECT migrate_guard_off();
ALTER TABLE before RENAME a TO b;
SELECT * FROM drift;
SELECT identity, component, session_role = session_user AS me, application, tag, statement
  FROM migrate_drift() WHERE part_of IS NULL;
-- components can be left out, and others are refused
SELECT identity, component FROM migrate_drift('{definition,default,owner,position}');
SELECT * FROM migrate_drift('{colour}');
SELECT * FROM migrate_drift('{NULL}');

-- a run warns, or refuses
SELECT migrate_register('2', 'more', 'CREATE TABLE more (a int); ALTER TABLE item ADD COLUMN colour text;
	COMMENT ON TABLE item IS ''the goods''', 'DROP TABLE more; ALTER TABLE item DROP COLUMN colour');
SET migrate.drift = error;
SELECT version, action FROM migrate_apply();
CALL migrate_deploy();
SELECT version FROM migrate_pending();
SELECT count(*) FROM migrate_history WHERE outcome = 'failed';
SET migrate.drift = warn;
SELECT version, action FROM migrate_apply();
-- what the run has changed is no drift, and all else still is
SELECT kind, identity, component, change FROM drift WHERE part_of IS NULL;
SELECT identity, statement FROM migrate_drift() WHERE identity = 'public.item.price' AND component = 'definition';
-- nor is what is rolled back
BEGIN;
SELECT version, action FROM migrate_rollback();
SELECT count(*) FROM drift;
ROLLBACK;
SELECT count(*) FROM drift;
-- a run by a worker
SET migrate.drift = record;
CALL migrate_undo('1');
SELECT kind, identity, component, change FROM drift WHERE part_of IS NULL;
SELECT origin, project, job IS NOT NULL AS job, stamp IS NOT NULL AS clean FROM migrate_reference;

-- what is accepted is in the history
SELECT migrate_accept_drift(NULL);
SELECT migrate_accept_drift(E' \n');
SELECT migrate_accept_drift('the night of the sale');
SELECT count(*) FROM drift;
SELECT event, version, reason, detail FROM migrate_history ORDER BY id DESC LIMIT 1;
SELECT count(*) FROM migrate_verify_log();
SELECT migrate_accept_drift('once more');
SELECT origin, stamp IS NOT NULL AS clean FROM migrate_reference;

-- a migration that accepts is refused
SELECT migrate_register('3', 'sly', 'SELECT migrate_accept_drift(''nobody sees'')');
SELECT version FROM migrate_apply();
SELECT migrate_unregister('3');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT migrate_accept_drift('old snapshot');
ROLLBACK;
BEGIN READ ONLY;
SELECT count(*) FROM migrate_drift();
SELECT migrate_accept_drift('read only');
ROLLBACK;

-- off: the run leaves nothing, so that what it does is drift
SET migrate.drift = off;
SELECT version, action FROM migrate_apply();
SELECT kind, identity FROM drift WHERE part_of IS NULL;
SET migrate.drift = warn;
SELECT migrate_accept_drift('it was off');
SET migrate.drift = perhaps;

-- with data only, nothing changes
SELECT id AS last FROM migrate_reference \gset
SELECT migrate_register('4', 'data', 'INSERT INTO more VALUES (1)');
SELECT version, action FROM migrate_apply();
SELECT id = :last AS same FROM migrate_reference;
SELECT count(*) FROM drift;

-- an existing database begins with its baseline
SET migrate.project = 'other';
TRUNCATE migrate_reference, migrate_object;
SELECT migrate_register('1', 'x', 'SELECT 1');
SELECT migrate_baseline('1');
SELECT origin, project FROM migrate_reference;
SELECT count(*) FROM drift;
DROP VIEW drift;
SELECT kind, identity, component, change FROM migrate_drift();

-- rights: not for everybody
SET ROLE regress_migrate_reader;
SELECT migrate_drift_since() IS NOT NULL AS since;
SELECT * FROM migrate_drift();
SELECT migrate_accept_drift('me');
RESET ROLE;
GRANT EXECUTE ON FUNCTION migrate_drift TO regress_migrate_reader;
SET ROLE regress_migrate_reader;
SELECT count(*) FROM migrate_drift();
SELECT count(*) FROM migrate_object;
RESET ROLE;

\c contrib_regression
SET client_min_messages = warning;
DROP DATABASE regress_migrate_drift;
DROP ROLE regress_migrate_reader;
