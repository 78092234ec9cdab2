-- The verdict on a plan: whose, how it is asked for, by whom, and what it says
-- where it cannot be.  What it says of each kind of statement is tested elsewhere.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'assess';
CREATE SCHEMA assess;
SET search_path = assess, public;
\pset null (null)
\set SHOW_CONTEXT never
CREATE TABLE customer (id integer PRIMARY KEY, name text);
INSERT INTO customer SELECT i, 'c' || i FROM generate_series(1, 500) i;
ANALYZE customer;
SET migrate.lint_rows = 100;

-- nothing to judge
SELECT * FROM migrate_assess();
SELECT step, risk FROM migrate_plan();
-- targets that there are not
SELECT * FROM migrate_assess('1');
SELECT * FROM migrate_assess('+1');
SELECT * FROM migrate_assess('-1');
SELECT * FROM migrate_assess('');

-- all that is said of a migration
SELECT migrate_register('1', 'first', E'ALTER TABLE customer ADD born date;\nCREATE INDEX ON customer (name);\nDROP TABLE IF EXISTS nowhere', 'DROP INDEX customer_name_idx; ALTER TABLE customer DROP born');
SELECT migrate_register('2', 'second', E'ALTER TABLE customer ALTER COLUMN born SET NOT NULL;\nDELETE FROM customer', NULL);
SELECT migrate_register('3', 'third', 'SELECT {{unknown}}', NULL);
\x on
SELECT * FROM migrate_assess('2');
\x off
-- what cannot be parsed
SELECT version, worst, failure_reasons, rollback, rollback_reason, duration_estimate, duration_basis FROM migrate_assess() WHERE version = '3';
-- scripts without a value
SET migrate.project = 'assess_variables';
SET migrate.variables = 'made=one, gone=one';
SELECT version FROM migrate_register_file('00001_one.sql', E'-- +goose Up\n-- +goose ENVSUB ON\nCREATE TABLE ${made} (id int);\n-- +goose Down\n-- +goose ENVSUB ON\nDROP TABLE ${gone};\n');
SELECT worst, failure_reasons, rollback, rollback_reason FROM migrate_assess();
SET migrate.variables = 'made=one';
SELECT worst, failure_reasons, rollback, rollback_reason FROM migrate_assess();
SET migrate.variables = 'gone=one';
SELECT worst, failure_reasons, rollback, rollback_reason FROM migrate_assess();
RESET migrate.variables;
SELECT migrate_unregister('00001');
SET migrate.project = 'assess';
-- no more than ten reasons, the worst first
SELECT migrate_register('3', 'third', string_agg(format('ALTER TABLE customer ADD c%s int;', i), E'\n') || E'\nVACUUM FULL customer', NULL) FROM generate_series(1, 15) i;
SELECT cardinality(availability_reasons), availability_reasons[1], availability_reasons[11] FROM migrate_assess() WHERE version = '3';

-- the worst, with the plan; one that cannot be judged can be planned
SELECT step, version, name, action, mode, risk FROM migrate_plan();
SELECT step, version FROM migrate_plan();
SELECT version, risk FROM migrate_plan('1');
-- and nothing is judged where the risk is not asked for
EXPLAIN (VERBOSE, COSTS OFF) SELECT step, version FROM migrate_plan();
EXPLAIN (VERBOSE, COSTS OFF) SELECT step, risk FROM migrate_plan();
SELECT current_database() AS database \gset
ALTER DATABASE :"database" SET migrate.lint_rules = 'ban-drop-table=off';
-- a name that there is no longer comes from a configuration file
UPDATE pg_db_role_setting SET setconfig = '{migrate.lint_rules=no-such-rule=off}' WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database());
\c
SET client_min_messages = warning;
SET migrate.project = 'assess';
SET search_path = assess, public;
SET migrate.lint_rows = 100;
\pset null (null)
SELECT version, risk FROM migrate_plan();
SELECT version, worst FROM migrate_assess();
ALTER DATABASE :"database" RESET migrate.lint_rules;
RESET migrate.lint_rules;
\c
SET client_min_messages = warning;
SET migrate.project = 'assess';
SET search_path = assess, public;
SET migrate.lint_rows = 100;
\pset null (null)
\set SHOW_CONTEXT never
-- each row of a plan by itself
SELECT migrate_plan_risk(NULL, 1), migrate_plan_risk('1', 1), migrate_plan_risk(NULL, 2), migrate_plan_risk('1', 2), migrate_plan_risk(NULL, 0), migrate_plan_risk(NULL, NULL);
SELECT migrate_plan_risk('9', 1);
SELECT v, migrate_plan_risk(t, v) FROM (VALUES ('1', 1), (NULL, 2), ('2', 2), (NULL, 3), ('1', 2)) x (t, v);

-- it locks no table of a user, changes nothing, and does without rights to write
BEGIN READ ONLY;
SELECT version, worst FROM migrate_assess();
SELECT relation::regclass, mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation::regclass::text LIKE '%customer%';
COMMIT;
-- with a dry run too, but that it locks meanwhile
BEGIN;
SELECT version, worst, will_fail, failure_reasons, duration_basis FROM migrate_assess('2', dry_run => true);
SELECT relation::regclass, mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation::regclass::text LIKE '%customer%';
COMMIT;
SELECT count(*) FROM customer;
SELECT count(*) FROM migrate_history;
-- and where it must not write it cannot
BEGIN READ ONLY;
SELECT version, worst FROM migrate_assess('1', true);
ROLLBACK;
SELECT version, will_fail FROM migrate_assess('1', NULL);

-- another project has a plan of its own
SET migrate.project = 'assess_other';
SELECT migrate_register('1', 'theirs', 'CREATE TABLE theirs (id int)', 'DROP TABLE theirs');
SELECT version, name, worst FROM migrate_assess();
SELECT migrate_unregister('1');
SET migrate.project = 'assess';

-- half done by a worker: judged from where it goes on
SELECT migrate_unregister('2'), migrate_unregister('3');
SELECT version FROM migrate_apply();
SELECT migrate_register('2', 'half', E'DELETE FROM customer WHERE id > 5;\nDO $$BEGIN END$$;\nCREATE INDEX CONCURRENTLY half_idx ON customer (born);\nSELECT 1 / 0;\nALTER TABLE customer ADD more int',
	'ALTER TABLE customer DROP more; DROP INDEX half_idx');
SELECT mode, worst, availability, data, will_fail, duration_basis FROM migrate_plan() p JOIN migrate_assess() USING (step);
CALL migrate_deploy();
SELECT mode, worst, availability, data, data_reasons, will_fail, duration_basis FROM migrate_plan() p JOIN migrate_assess() USING (step);
SELECT migrate_register('2', 'half', E'DELETE FROM customer WHERE id > 5;\nDO $$BEGIN END$$;\nCREATE INDEX CONCURRENTLY half_idx ON customer (born);\nSELECT 1 / 1;\nALTER TABLE customer ADD more int',
	'ALTER TABLE customer DROP more; DROP INDEX half_idx');
CALL migrate_deploy();
SELECT step, version, action, worst, rollback FROM migrate_assess('base');
SELECT step, version, action, worst, rollback FROM migrate_assess('-1', true);
SELECT version, state FROM migrate_status;

-- who may: everybody who was granted it, but a dry run asks for the right to one
CREATE ROLE regress_migrate_judge;
CREATE ROLE regress_migrate_author;
SELECT migrate_register('3', 'third', 'CREATE TABLE third (id int)', NULL);
GRANT USAGE ON SCHEMA assess TO regress_migrate_judge;
GRANT ALL ON SCHEMA assess TO regress_migrate_author;
SET ROLE regress_migrate_judge;
SELECT version FROM migrate_assess();
RESET ROLE;
GRANT EXECUTE ON FUNCTION migrate_assess(text, boolean), migrate_plan(text) TO regress_migrate_judge;
SET ROLE regress_migrate_judge;
SELECT version, worst, data, rollback FROM migrate_assess();
SELECT version, risk FROM migrate_plan();
SELECT version FROM migrate_assess(dry_run => true);
SELECT migrate_plan_risk(NULL, 1);
RESET ROLE;
-- with the right to the dry run, what the role may not is what fails
GRANT EXECUTE ON FUNCTION migrate_dry_run(text, text) TO regress_migrate_judge;
SET ROLE regress_migrate_judge;
SELECT version, will_fail, failure_reasons FROM migrate_assess(dry_run => true);
RESET ROLE;
-- a superuser judges what another registered only in his name, and not at all
-- when he is gone
GRANT EXECUTE ON FUNCTION migrate_register(text, text, text, text, text, text[]) TO regress_migrate_author;
SET ROLE regress_migrate_author;
SELECT migrate_register('4', 'fourth', 'CREATE TABLE fourth (id int)', NULL);
RESET ROLE;
SELECT version, worst FROM migrate_assess();
UPDATE migrate_migration SET registered_by = 'regress_migrate_nobody_at_all' WHERE project = 'assess' AND version = '4';
SELECT version, worst FROM migrate_assess();
SELECT version, risk FROM migrate_plan();

-- it can be cancelled, and leaves nothing behind
SELECT migrate_unregister('3'), migrate_unregister('4');
SELECT migrate_register('5', 'long', repeat(E'ALTER TABLE customer ADD IF NOT EXISTS x int;\n', 3000), NULL);
SET statement_timeout = '1ms';
SELECT version, worst FROM migrate_assess();
RESET statement_timeout;
SELECT version, worst, cardinality(availability_reasons) FROM migrate_assess();

SELECT migrate_unregister('5');
SELECT version FROM migrate_rollback('base');
CALL migrate_undo('base');
SELECT migrate_unregister(version) FROM migrate_status;
DROP SCHEMA assess CASCADE;
REVOKE ALL ON FUNCTION migrate_assess(text, boolean), migrate_plan(text), migrate_dry_run(text, text),
	migrate_register(text, text, text, text, text, text[]) FROM regress_migrate_judge, regress_migrate_author;
DROP ROLE regress_migrate_judge, regress_migrate_author;
