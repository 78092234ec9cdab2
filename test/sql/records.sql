-- The records: baseline, mark, unmark, repair; changed, cosmetic and missing.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'records';
CREATE SCHEMA records;
SET search_path = records, public;
SELECT migrate_current(), (SELECT count(*) FROM migrate_history);
SELECT count(migrate_register(i::text, 'm' || i, format('CREATE TABLE t%s ()', i), format('DROP TABLE t%s', i))) FROM generate_series(1, 9) i;
SELECT migrate_register(NULL, 'repeatable', 'CREATE OR REPLACE VIEW r AS SELECT 1 AS one');

-- baseline: everything up to a version, without running it
SELECT migrate_baseline('3');
SELECT version, state, how, duration, applied_by = current_user AS by_me FROM migrate_status WHERE state <> 'pending';
SELECT to_regclass('t1'), migrate_current();
SELECT migrate_baseline('3');
SELECT migrate_baseline('4');
SELECT migrate_baseline('99');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_baseline('repeatable');
\set VERBOSITY sqlstate
SELECT migrate_baseline(NULL);
\set VERBOSITY default
SELECT version FROM migrate_apply('5');

-- mark and unmark, with a reason
SELECT migrate_mark('6', '');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_mark('6', E' \n');
\set VERBOSITY sqlstate
SELECT migrate_mark('6', NULL);
\set VERBOSITY default
SELECT migrate_mark('99', 'x');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_mark('6', 'run by hand, ticket 7');
SELECT migrate_mark('6', 'once more');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_mark('repeatable', 'is there');
SELECT version, state, how FROM migrate_status WHERE how = 'marked';
SELECT migrate_unmark('7', 'x');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_unmark('6', ' ');
SELECT migrate_unmark('6', 'was not run after all');
SELECT migrate_unmark('repeatable', 'is not there');
SELECT event, outcome, version, reason FROM migrate_history WHERE event IN ('mark', 'unmark') ORDER BY id;
SELECT version FROM migrate_apply('6');

-- edited after it ran: an error that lists it, whatever the target
SELECT migrate_register('5', 'm5', 'CREATE TABLE t5 (i int)', 'DROP TABLE t5');
SELECT migrate_register('6', 'm6', 'CREATE TABLE t6 (i int)', 'DROP TABLE t6');
SELECT version, state, remark FROM migrate_status WHERE version IN ('5', '6');
SELECT * FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM migrate_apply('7');
SELECT * FROM migrate_plan();
SELECT migrate_current();
-- the text that ran makes it right again
SELECT migrate_register('6', 'm6', 'CREATE TABLE t6 ()', 'DROP TABLE t6');
SELECT version, state, remark FROM migrate_status WHERE version IN ('5', '6');
-- or one accepts the new one
SELECT migrate_repair('5');
SELECT migrate_repair('5');
SELECT version, state, remark FROM migrate_status WHERE version IN ('5', '6');
SELECT event, outcome, version, checksum = encode(sha256('CREATE TABLE t5 (i int)'), 'hex') AS new FROM migrate_history ORDER BY id DESC LIMIT 1;
SELECT migrate_repair('7');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_repair('99');
\echo :LAST_ERROR_SQLSTATE
SELECT version FROM migrate_apply('7');

-- comments and white space: accepted, and said
SELECT migrate_register('7', 'm7', E'/* why */\r\nCREATE   table\n t7 ( ) -- done\n', 'DROP TABLE t7');
SELECT version, state, remark FROM migrate_status WHERE version = '7';
SELECT count(*) FROM migrate_plan('+1');
SELECT migrate_repair('7');
SELECT version, state, remark FROM migrate_status WHERE version = '7';
-- another down or verify script is no change of what ran
SELECT migrate_register('7', 'm7', E'/* why */\r\nCREATE   table\n t7 ( ) -- done\n', 'DROP TABLE IF EXISTS t7', 'SELECT true');
SELECT version, state, remark FROM migrate_status WHERE version = '7';
-- a baselined one is only known by its text: another is a change
SELECT migrate_register('2', 'm2', 'CREATE TABLE t2 (i int)', 'DROP TABLE t2');
SELECT version, state FROM migrate_status WHERE version = '2';
SELECT migrate_register('2', 'm2', 'CREATE TABLE t2 ()', 'DROP TABLE t2');

-- current and require
SELECT migrate_current(), migrate_require('7'), migrate_require('007'), migrate_require('1');
\set VERBOSITY terse
SELECT migrate_require('8');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_require('99');
SELECT migrate_require('repeatable');
SELECT migrate_require('');
\set VERBOSITY sqlstate
SELECT migrate_require(NULL);
\set VERBOSITY terse

-- the states
SELECT migrate_register('8', 'm8', 'SELECT 1 / 0');
SELECT * FROM migrate_apply();
\set VERBOSITY default
SELECT migrate_register('6.5', 'between', 'SELECT 1'), migrate_register('10', 'worker', 'VACUUM'), migrate_register('11', 'broken', 'SELEKT');
SELECT version, kind, state, how, reversible, remark FROM migrate_status;
SELECT * FROM migrate_pending();
-- a failure is over once the version was applied, marked, or is registered anew and applied
SELECT migrate_mark('8', 'by hand');
SELECT version, state, remark FROM migrate_status WHERE version = '8';
SELECT migrate_unmark('8', 'not by hand');
SELECT version, state, remark FROM migrate_status WHERE version = '8';

-- a migration whose file went away is missing, not forgotten; the owner may have deleted its row
DELETE FROM migrate_migration WHERE project = 'records' AND version = '4';
SELECT version, name, kind, state FROM migrate_status WHERE version = '4';
SET migrate.out_of_order = skip;
SELECT version, action FROM migrate_plan('9');
RESET migrate.out_of_order;
SELECT migrate_repair('4');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_register('4', 'm4', 'CREATE TABLE t4 ()', 'DROP TABLE t4');
SELECT version, state FROM migrate_status WHERE version = '4';
SELECT migrate_register('4', 'm4', 'CREATE TABLE t4 (changed int)', 'DROP TABLE t4');
SELECT version, state FROM migrate_status WHERE version = '4';
SELECT migrate_unmark('4', 'x');

-- all the same in the log, in order
SELECT id, event, outcome, version, reason FROM migrate_history;
SELECT * FROM migrate_verify_log();

DROP SCHEMA records CASCADE;
