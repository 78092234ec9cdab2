-- What runs, in which order: targets, requirements, policies.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'plan';
CREATE SCHEMA plan;
SET search_path = plan, public;

SELECT * FROM migrate_plan();
-- by number, part by part
SELECT count(migrate_register(v, 'v', 'SELECT 1', 'SELECT 1'))
  FROM unnest('{10,9,2,1.10,1.2,1.9.9,021,v2,v10,100}'::text[]) v;
SELECT step, version, action, mode, reason, statements FROM migrate_plan();
SELECT version, state FROM migrate_pending();

-- targets
SELECT version FROM migrate_plan('2');
SELECT version FROM migrate_plan('0002.0');
SELECT version FROM migrate_plan('+3');
SELECT count(*) FROM migrate_plan('+100');
\set VERBOSITY terse
SELECT version FROM migrate_plan('3');
\echo :LAST_ERROR_SQLSTATE
SELECT version FROM migrate_plan('');
\echo :LAST_ERROR_SQLSTATE
SELECT version FROM migrate_plan('+0');
\echo :LAST_ERROR_SQLSTATE
SELECT version FROM migrate_plan('+');
SELECT version FROM migrate_plan('+1x');
SELECT version FROM migrate_plan('+-1');
SELECT version FROM migrate_plan('++1');
SELECT version FROM migrate_plan('+99999999999999999999');
SELECT version FROM migrate_plan('-0');
SELECT version FROM migrate_plan('--1');
SELECT version FROM migrate_plan('garbage');
SELECT version FROM migrate_plan('BASE');
SELECT migrate_apply('-1');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_apply('base');
SELECT migrate_rollback('+1');
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY default
-- nothing is applied: nothing to roll back
SELECT count(*) FROM migrate_plan('-1');
SELECT count(*) FROM migrate_plan('base');
SELECT count(*) FROM migrate_rollback();

-- a target below what is applied leads down, and back up again
SELECT version FROM migrate_apply('10');
SELECT step, version, action FROM migrate_plan('1.10');
SELECT step, version, action FROM migrate_plan('10');
SELECT step, version, action FROM migrate_plan('-2');
SELECT count(*) FROM migrate_plan('-100');
SELECT count(*) FROM migrate_plan('base');
SELECT step, version, action FROM migrate_plan('21');
SELECT version FROM migrate_plan(NULL);

-- out of order: pending, and below what is applied
SELECT migrate_register('3', 'late', 'SELECT 1', 'SELECT 1'), migrate_register('4', 'later', 'SELECT 1');
SELECT version, state FROM migrate_pending();
SELECT version FROM migrate_plan();
\echo :LAST_ERROR_SQLSTATE
SELECT version FROM migrate_apply();
SELECT version FROM migrate_plan('3');
-- what lies above the target does not matter, what lies below does
SELECT version FROM migrate_plan('021');
SET migrate.out_of_order = skip;
SELECT version FROM migrate_plan();
SELECT version FROM migrate_plan('3');
SET migrate.out_of_order = allow;
SELECT version FROM migrate_plan();
SELECT version FROM migrate_plan('3');
SELECT version, action FROM migrate_apply('4');
RESET migrate.out_of_order;
SELECT version, state FROM migrate_pending();
-- skipped and required: it runs after all, since it must
SELECT migrate_register('5', 'needed', 'SELECT 1', 'SELECT 1'), migrate_register('101', 'needs', 'SELECT 1', requires => '{needed}');
SET migrate.out_of_order = skip;
SELECT version FROM migrate_plan('101');
RESET migrate.out_of_order;
SELECT migrate_unregister('5'), migrate_unregister('101');
SELECT version FROM migrate_apply();
SELECT migrate_current();

-- requirements by version, by number, by name, and of each other's order
SET migrate.project = 'plan_requires';
SELECT migrate_register('1', 'one', '', requires => '{3,02}'), migrate_register('2', 'two', '', requires => '{three}'),
	   migrate_register('3', 'three', ''), migrate_register('4', 'four', '', '', requires => '{1,2,3,1}');
SELECT step, version FROM migrate_plan();
SELECT step, version FROM migrate_plan('1');
SELECT step, version FROM migrate_plan('2');
SELECT step, version FROM migrate_plan('+2');
-- a circle
SELECT migrate_register('3', 'three', '', requires => '{1}');
SELECT * FROM migrate_plan();
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM migrate_apply();
SELECT migrate_register('3', 'three', '', requires => '{three}');
SELECT * FROM migrate_plan();
-- a target that is not in it cannot be told from it
SELECT migrate_register('3', 'three', '', requires => '{nobody}');
SELECT * FROM migrate_plan();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_register('3', 'three', '', '');
SELECT version FROM migrate_apply('1');
-- on the way down what needs something goes first, and nothing that stays may need what goes
SELECT migrate_register('1', 'one', '', '', requires => '{3,02}'), migrate_register('2', 'two', '', '', requires => '{three}');
SELECT step, version, action FROM migrate_plan('base');
SELECT step, version, action FROM migrate_plan('-1');
SELECT step, version, action FROM migrate_plan('2');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM migrate_rollback('1');
SELECT version FROM migrate_rollback('-2');
SELECT version FROM migrate_rollback('base');

-- an order that requirements have made is none to complain of, step by step
SET migrate.project = 'plan_steps';
SELECT migrate_register('1', 'one', '', requires => '{3,2}'), migrate_register('2', 'two', '', requires => '{three}'), migrate_register('3', 'three', '');
SELECT version FROM migrate_apply('+1');
SELECT version FROM migrate_apply('+1');
SELECT version, state FROM migrate_status;
-- but it does not excuse one that has nothing to do with it
SELECT migrate_register('1.5', 'late', '');
SELECT version FROM migrate_apply();
SELECT migrate_unregister('1.5');
SELECT version FROM migrate_apply();

-- repeatables: after the versioned ones, when their text is new, in their order
SET migrate.project = 'plan_repeatable';
CREATE TABLE ran (what text);
SELECT migrate_register('1', 'one', 'INSERT INTO ran VALUES (1)', 'SELECT 1'), migrate_register('2', 'two', 'INSERT INTO ran VALUES (2)', 'SELECT 1');
SELECT migrate_register(NULL, 'b', 'INSERT INTO ran VALUES (''b'')'), migrate_register(NULL, 'c', 'INSERT INTO ran VALUES (''c'')'),
	   migrate_register(NULL, 'a', 'INSERT INTO ran VALUES (''a'')', requires => '{c}');
SELECT step, version, action FROM migrate_plan();
-- not while the schema is incomplete
SELECT step, version, action FROM migrate_plan('1');
SELECT step, version, action FROM migrate_plan('2');
SELECT step, version, action FROM migrate_plan('+3');
SELECT version FROM migrate_apply();
SELECT string_agg(what, ' ') FROM ran;
SELECT count(*) FROM migrate_apply();
SELECT migrate_current();
SELECT version, state FROM migrate_status;
-- again when changed, even if only in a comment
SELECT migrate_register(NULL, 'b', 'INSERT INTO ran VALUES (''b2'') -- changed');
SELECT migrate_register(NULL, 'c', 'INSERT INTO ran VALUES (''c'') -- a comment');
SELECT version, state FROM migrate_pending();
SELECT version, kind FROM migrate_apply() JOIN migrate_status USING (version);
SELECT string_agg(what, ' ') FROM ran;
SELECT version, event FROM migrate_history WHERE version = 'b';
-- back to an older text is a change as well
SELECT migrate_register(NULL, 'b', 'INSERT INTO ran VALUES (''b'')');
SELECT version FROM migrate_apply();
-- after a later version of the same call
SELECT migrate_register(NULL, 'b', 'INSERT INTO ran VALUES (''b3'')'), migrate_register('3', 'three', 'INSERT INTO ran VALUES (3)', 'SELECT 1');
SELECT version FROM migrate_apply();
-- a step down does not touch them; nor do they make a version out of order
SELECT version FROM migrate_rollback();
SELECT version FROM migrate_apply();
SELECT string_agg(what, ' ') FROM ran;
SELECT migrate_require('a'), migrate_require('3');

-- without down scripts
SET migrate.project = 'plan_down';
SELECT migrate_register('1', 'one', '', ''), migrate_register('2', 'two', ''), migrate_register('3', 'three', ''), migrate_register('4', 'four', '', '');
SELECT count(*) FROM migrate_apply();
SELECT version, action FROM migrate_plan('-1');
SELECT version, action FROM migrate_plan('base');
\echo :LAST_ERROR_SQLSTATE
SELECT version, action FROM migrate_plan('-2');

-- the script of a plan, for psql
SET migrate.project = 'plan_script';
SELECT migrate_register('1', 'one', 'CREATE TABLE s1 () -- no semicolon', 'DROP TABLE s1'),
	   migrate_register('2', 'two', 'BEGIN; CREATE TABLE s2 (); COMMIT;'),
	   migrate_register('3', 'three', 'CREATE INDEX CONCURRENTLY s3 ON ran (what)');
SELECT migrate_script();
SELECT migrate_script('1');
SELECT version FROM migrate_apply('1');
SELECT migrate_script('-1');
SELECT migrate_script('1');
DROP SCHEMA plan CASCADE;
