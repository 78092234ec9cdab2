-- Baseline scripts: one stands for all versions up to its own.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
CREATE SCHEMA baseline;
SET search_path = baseline, public;

-- on an empty project it runs in their place
SET migrate.project = 'baseline';
SELECT version, action FROM migrate_register_file('sql/V1__one.sql', 'CREATE TABLE f1 ()');
SELECT version, action FROM migrate_register_file('sql/V2__two.sql', 'CREATE TABLE f2 ()');
SELECT version, action FROM migrate_register_file('sql/B2__base.sql', 'CREATE TABLE f1 (); CREATE TABLE f2 (); CREATE TABLE fb ()');
SELECT version, action FROM migrate_register_file('sql/V3__three.sql', 'CREATE TABLE f3 ()');
SELECT version, kind, state FROM migrate_status;
SELECT step, version, name, action, mode, reason FROM migrate_plan();
SELECT version, name, action, statements FROM migrate_apply();
SELECT version, kind, state, how FROM migrate_status;
SELECT to_regclass('f1'), to_regclass('fb'), to_regclass('f3'), migrate_current();
SELECT event, outcome, version, name FROM migrate_history;
SELECT count(*) FROM migrate_apply();
-- with nothing pending any more it is not run again, nor can it be rolled back
SELECT * FROM migrate_rollback('base');
\echo :LAST_ERROR_SQLSTATE
SELECT version, action FROM migrate_register_file('sql/B3__newer.sql', 'CREATE TABLE fb3 ()');
SELECT count(*) FROM migrate_apply();

-- where something is applied it is passed over
SET migrate.project = 'baseline_late';
DROP TABLE f1, f2, f3, fb;
SELECT version, action FROM migrate_register_file('sql/V1__one.sql', 'CREATE TABLE f1 ()');
SELECT version FROM migrate_apply();
SELECT version, action FROM migrate_register_file('sql/V2__two.sql', 'CREATE TABLE f2 ()');
SELECT version, action FROM migrate_register_file('sql/B2__base.sql', 'CREATE TABLE f1 (); CREATE TABLE f2 (); CREATE TABLE fb ()');
SELECT version, kind, state FROM migrate_status;
SELECT version, name, action FROM migrate_apply();
SELECT version, kind, state FROM migrate_status;

-- up to a version below it, it is not used
SET migrate.project = 'baseline_below';
DROP TABLE f1, f2;
SELECT version, action FROM migrate_register_file('sql/V1__one.sql', 'CREATE TABLE f1 ()');
SELECT version, action FROM migrate_register_file('sql/V2__two.sql', 'CREATE TABLE f2 ()');
SELECT version, action FROM migrate_register_file('sql/B1.5__base.sql', 'CREATE TABLE f1 ()');
SELECT version, action FROM migrate_register_file('sql/B2__base.sql', 'CREATE TABLE f1 (); CREATE TABLE f2 ()');
SELECT version, name, action FROM migrate_plan('1');
SELECT version, name, action FROM migrate_plan('1.5');
SELECT version, name, action FROM migrate_plan();
SELECT * FROM migrate_verify_log();
DROP SCHEMA baseline CASCADE;
