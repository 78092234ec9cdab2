-- Which commands can run in the caller's transaction and which cannot, as
-- migrate_plan() tells from the text alone.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS migrate;
SET LOCAL migrate.project = 'pgtap classes';
SET LOCAL migrate.record_failures = off;
CREATE SCHEMA pgtap_classes;
SELECT set_config('search_path', 'pgtap_classes, ' || current_setting('search_path'), true) <> '' AS set \gset

-- What the plan says of a script: mode, number of statements, reason.
CREATE FUNCTION plan_of(path text, script text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	IF path IS NULL THEN
		PERFORM migrate_register('1', 'x', script);
	ELSE
		PERFORM migrate_register_file(path, script);
	END IF;
	SELECT concat_ws(' ', mode, statements, reason) INTO STRICT result FROM migrate_plan();
	PERFORM migrate_unregister('1');
	RETURN result;
END $$;

-- What a run says that has a migration before this one.
CREATE FUNCTION refusal_of(path text, script text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM migrate_register('0', 'before', 'CREATE TABLE must_not_be_there ()');
	IF path IS NULL THEN
		PERFORM migrate_register('1', 'x', script);
	ELSE
		PERFORM migrate_register_file(path, script);
	END IF;
	BEGIN
		PERFORM migrate_apply();
		RETURN 'none';
	EXCEPTION WHEN OTHERS THEN
		RETURN concat_ws(' ', SQLSTATE, to_regclass('must_not_be_there'), (SELECT max(event) FROM migrate_history));
	END;
END $$;

CREATE TEMPORARY TABLE commands (
	n int GENERATED ALWAYS AS IDENTITY,
	command text NOT NULL UNIQUE,
	refuses text					-- the name that the reason gives it
);

-- what refuses a transaction
INSERT INTO commands (command, refuses) VALUES
	('create index concurrently n on nt(a)', 'CREATE INDEX CONCURRENTLY'),
	('create unique index concurrently if not exists n on nt(a) where a > 0', 'CREATE INDEX CONCURRENTLY'),
	('drop index concurrently nt_i', 'DROP INDEX CONCURRENTLY'),
	('drop index concurrently if exists s.nt_i restrict', 'DROP INDEX CONCURRENTLY'),
	('reindex index concurrently nt_i', 'REINDEX CONCURRENTLY'),
	('reindex table concurrently nt', 'REINDEX CONCURRENTLY'),
	('reindex (concurrently) table nt', 'REINDEX CONCURRENTLY'),
	('reindex (verbose, concurrently true) table nt', 'REINDEX CONCURRENTLY'),
	('reindex (verbose, concurrently true) index nt_i', 'REINDEX CONCURRENTLY'),
	('reindex schema ns', 'REINDEX SCHEMA'),
	('reindex schema concurrently ns', 'REINDEX SCHEMA'),
	('reindex database postgres', 'REINDEX DATABASE'),
	('reindex system postgres', 'REINDEX SYSTEM'),
	('vacuum', 'VACUUM'),
	('vacuum nt', 'VACUUM'),
	('vacuum full nt', 'VACUUM'),
	('vacuum analyze nt', 'VACUUM'),
	('vacuum (analyze, freeze) nt, nu', 'VACUUM'),
	('cluster', 'CLUSTER'),
	('cluster verbose', 'CLUSTER'),
	('alter system set work_mem = ''4MB''', 'ALTER SYSTEM'),
	('alter system reset all', 'ALTER SYSTEM'),
	('create database xdb', 'CREATE DATABASE'),
	('create database xdb template template0 encoding ''UTF8''', 'CREATE DATABASE'),
	('drop database if exists xdb', 'DROP DATABASE'),
	('drop database xdb with (force)', 'DROP DATABASE'),
	('alter database postgres set tablespace pg_default', 'ALTER DATABASE SET TABLESPACE'),
	('create tablespace xx location ''/nonexistent''', 'CREATE TABLESPACE'),
	('drop tablespace if exists xx', 'DROP TABLESPACE'),
	('alter table np detach partition np1 concurrently', 'ALTER TABLE ... DETACH PARTITION CONCURRENTLY'),
	('create subscription s connection ''dbname=x'' publication p', 'CREATE SUBSCRIPTION'),
	('create subscription s connection ''dbname=x'' publication p with (enabled = false)', 'CREATE SUBSCRIPTION'),
	('create subscription s connection ''dbname=x'' publication p with (create_slot = on, slot_name = ''s'')', 'CREATE SUBSCRIPTION'),
	('alter subscription s refresh publication', 'ALTER SUBSCRIPTION ... REFRESH'),
	('alter subscription s refresh publication with (copy_data = false)', 'ALTER SUBSCRIPTION ... REFRESH'),
	('alter subscription s set publication p', 'ALTER SUBSCRIPTION with refresh'),
	('alter subscription s add publication p with (refresh = true)', 'ALTER SUBSCRIPTION with refresh'),
	('alter subscription s drop publication p', 'ALTER SUBSCRIPTION with refresh');

-- what does not, or not that the text would tell: partitioned tables,
-- subscriptions with a slot, and procedures that commit
INSERT INTO commands (command) VALUES
	('create index n on nt(a)'),
	('create index "concurrently" on nt(a)'),
	('drop index nt_i'),
	('drop table if exists nt'),
	('reindex table np'),
	('reindex table nt'),
	('reindex index nt_i'),
	('reindex (verbose) table nt'),
	('reindex (concurrently false) table nt'),
	('analyze'),
	('analyze nt'),
	('analyze (verbose) nt'),
	('cluster nt using nt_i'),
	('cluster np using np_i'),
	('cluster nt'),
	('alter type nty add value ''zz'''),
	('alter table np detach partition np1'),
	('alter table np detach partition np1 finalize'),
	('alter table np attach partition np1 default'),
	('create subscription s connection ''dbname=x'' publication p with (connect = false)'),
	('create subscription s connection ''dbname=x'' publication p with (create_slot = false)'),
	('drop subscription if exists s'),
	('alter subscription s set publication p with (refresh = false)'),
	('alter subscription s add publication p with (refresh = off)'),
	('alter subscription s disable'),
	('alter subscription s set (slot_name = none)'),
	('alter subscription s connection ''dbname=y'''),
	('alter subscription s owner to x'),
	('discard plans'),
	('discard temp'),
	('discard sequences'),
	('checkpoint'),
	('listen x'),
	('notify x'),
	('unlisten *'),
	('load ''$libdir/plpgsql'''),
	('set local lock_timeout = ''1s'''),
	('set lock_timeout = ''1s'''),
	('reset all'),
	('set constraints all immediate'),
	('set transaction read only'),
	('savepoint x'),
	('release x'),
	('rollback to x'),
	('set role x'),
	('set session authorization x'),
	('set session authorization default'),
	('lock table nt'),
	('copy nt from stdin'),
	('copy nt to ''/some/file'''),
	('copy nt from program ''false'''),
	('call pcommit()'),
	('do $q$ begin commit; end $q$'),
	('do $q$ begin execute ''vacuum''; end $q$'),
	('create procedure p() language sql as ''vacuum'''),
	('create event trigger e on ddl_command_end execute function etf()'),
	('refresh materialized view nmv'),
	('refresh materialized view concurrently nmv'),
	('declare c cursor with hold for select 1'),
	('prepare q as select 1'),
	('execute q'),
	('deallocate all'),
	('create role rr'),
	('drop role rr'),
	('grant a to b'),
	('alter role postgres set work_mem = ''4MB'''),
	('alter database postgres set work_mem = ''4MB'''),
	('alter database postgres connection limit 5'),
	('alter database postgres owner to postgres'),
	('alter database postgres rename to other'),
	('alter tablespace xx rename to yy'),
	('create extension if not exists pg_trgm'),
	('create table nt as select 1'),
	('drop table nt, nu cascade'),
	('truncate nt'),
	('select setval(''nsq'', 100)'),
	('select pg_advisory_lock(42)'),
	('select dblink_connect(''x'', ''host=127.0.0.1'')'),
	('select pg_switch_wal()'),
	('select ''vacuum; begin;'' as "commit;"'),
	('alter table nt set tablespace pg_default'),
	('alter table all in tablespace pg_default set tablespace xx'),
	('alter table nt set logged'),
	('import foreign schema x from server y into public'),
	('reassign owned by rr to postgres'),
	('drop owned by rr'),
	('explain select 1'),
	('explain analyze insert into nt values (5)'),
	('create publication pp for table nt'),
	('create temp table tt(a int) on commit drop'),
	('merge into nt using (select 1 a) s on nt.a = s.a when matched then do nothing'),
	('with x as (insert into nt values (9) returning a) select * from x'),
	('comment on table nt is ''vacuum'''),
	('security label on table nt is ''x'''),
	('grant select on nt to public'),
	('alter large object 1 owner to postgres'),
	('create access method am2 type table handler heap_tableam_handler'),
	('create function f() returns int begin atomic select 1; end');

CREATE TEMPORARY TABLE cases (
	n int GENERATED ALWAYS AS IDENTITY,
	what text NOT NULL UNIQUE,
	path text,
	script text NOT NULL,
	result text NOT NULL
);

-- plain pairs are left out, and savepoints are statements
INSERT INTO cases (what, script, result) VALUES
	('BEGIN and COMMIT', 'BEGIN; SELECT 1; SELECT 2; COMMIT;', 'transaction 2'),
	('BEGIN and COMMIT with nothing in between', 'BEGIN; COMMIT', 'transaction 0'),
	('START TRANSACTION and END', 'START TRANSACTION; SELECT 1; END', 'transaction 1'),
	('WORK and TRANSACTION', 'BEGIN WORK; SELECT 1; COMMIT WORK; begin transaction; SELECT 2; end transaction', 'transaction 2'),
	('COMMIT AND NO CHAIN', 'BEGIN; SELECT 1; COMMIT AND NO CHAIN', 'transaction 1'),
	('several pairs', 'BEGIN; SELECT 1; COMMIT; BEGIN; SELECT 2; END; START TRANSACTION; SELECT 3; COMMIT;', 'transaction 3'),
	('statements around a pair', E'SET lock_timeout = 0;\nBEGIN; SELECT 1; COMMIT;\nSELECT 2', 'transaction 3'),
	('a pair and comments', E'-- c\nBEGIN; -- c\n/* BEGIN; */ SELECT 1;\nCOMMIT; -- done', 'transaction 1'),
	('a pair around COPY', E'BEGIN;\nCOPY t FROM stdin;\nCOMMIT;\n\\.\nSELECT 1;\nCOMMIT;\n', 'transaction 2'),
	('savepoints', E'SELECT 1;\nSAVEPOINT a;\nSELECT 2;\nROLLBACK TO a;\nRELEASE a;\n', 'transaction 5'),
	('savepoints in a pair', E'BEGIN;\nSAVEPOINT a;\nRELEASE a;\nCOMMIT;\n', 'transaction 2'),
	('BEGIN in a body is none', E'DO $$ BEGIN NULL; END $$;\nCREATE PROCEDURE p() BEGIN ATOMIC SELECT 1; END', 'transaction 2');

-- anything else is no matter of the caller's transaction; what begins and ends
-- transactions is not counted either
INSERT INTO cases (what, script, result) VALUES
	('COMMIT alone', 'COMMIT', 'worker 0 COMMIT, line 1'),
	('END alone', 'END', 'worker 0 COMMIT, line 1'),
	('COMMIT AND CHAIN alone', 'COMMIT AND CHAIN', 'worker 0 COMMIT, line 1'),
	('ROLLBACK alone', 'ROLLBACK', 'worker 0 ROLLBACK, line 1'),
	('ABORT alone', 'ABORT', 'worker 0 ROLLBACK, line 1'),
	('COMMIT without BEGIN', E'SELECT 1;\nCOMMIT;\nSELECT 2;', 'worker 2 COMMIT, line 2'),
	('BEGIN in BEGIN', E'-- c\nBEGIN;\nBEGIN;\nSELECT 1;\nCOMMIT;\nCOMMIT;', 'worker 1 BEGIN, line 3'),
	('COMMIT before BEGIN', E'COMMIT;\nBEGIN;\nCOMMIT', 'worker 0 COMMIT, line 1'),
	('BEGIN with an isolation level', E'\n\nBEGIN ISOLATION LEVEL SERIALIZABLE;\nSELECT 1;\nCOMMIT;', 'worker 1 BEGIN, line 3'),
	('START TRANSACTION READ ONLY', E'START TRANSACTION READ ONLY; SELECT 1; COMMIT;', 'worker 1 START TRANSACTION, line 1'),
	('COMMIT AND CHAIN', E'BEGIN;\nSELECT 1;\nCOMMIT AND CHAIN;\nSELECT 2;\nCOMMIT', 'worker 2 COMMIT, line 3'),
	('ROLLBACK', E'BEGIN;\nSELECT 1;\nROLLBACK;', 'worker 1 ROLLBACK, line 3'),
	('the first of several', E'SELECT 1;\nVACUUM;\nCREATE DATABASE x;\n', 'worker 3 VACUUM, line 2'),
	('the line, behind COPY data', E'COPY t FROM stdin;\nVACUUM;\n\\.\n\nVACUUM;\n', 'worker 2 VACUUM, line 5'),
	('the line, CRLF', E'SELECT 1;\r\n\r\nVACUUM;\r\n', 'worker 2 VACUUM, line 3');

-- and what has no meaning in a migration is an error of its text
INSERT INTO cases (what, script, result) VALUES
	('BEGIN alone', 'begin', 'transaction the script ends inside the transaction that it begins on line 1, line 1'),
	('START TRANSACTION alone', E'\nstart transaction', 'transaction the script ends inside the transaction that it begins on line 2, line 2'),
	('BEGIN without COMMIT', E'SELECT 1;\n\nBEGIN;\nSELECT 2;', 'transaction the script ends inside the transaction that it begins on line 3, line 3'),
	('the second BEGIN without COMMIT', E'BEGIN;\nSELECT 1;\nCOMMIT;\nBEGIN;', 'transaction the script ends inside the transaction that it begins on line 4, line 4'),
	('COMMIT AND CHAIN without another', E'BEGIN;\nSELECT 1;\nCOMMIT AND CHAIN;\nSELECT 2;', 'transaction the script ends inside the transaction that it begins on line 1, line 1'),
	('a pair around what refuses', E'BEGIN;\nSELECT 1;\n\nVACUUM;\nCOMMIT;', 'transaction VACUUM cannot run inside the transaction that the script begins on line 1, line 4'),
	('a pair around what refuses, behind another', E'VACUUM;\nBEGIN;\nCOMMIT;\nBEGIN;\nCREATE INDEX CONCURRENTLY ON t (i);\nCOMMIT;', 'transaction CREATE INDEX CONCURRENTLY cannot run inside the transaction that the script begins on line 4, line 5'),
	('PREPARE TRANSACTION', E'BEGIN;\nSELECT 1;\nPREPARE TRANSACTION ''x'';\n', 'transaction PREPARE TRANSACTION cannot run in a migration, line 3'),
	('COMMIT PREPARED', 'commit prepared ''x''', 'transaction COMMIT PREPARED cannot run in a migration, line 1'),
	('ROLLBACK PREPARED', 'rollback prepared ''x''', 'transaction ROLLBACK PREPARED cannot run in a migration, line 1'),
	('DISCARD ALL', E'SELECT 1;\nDISCARD ALL', 'transaction DISCARD ALL cannot run in a migration, line 2'),
	('SET TRANSACTION SNAPSHOT', E'BEGIN;\nSET TRANSACTION SNAPSHOT ''00000003-0000001B-1'';\nCOMMIT', 'transaction SET TRANSACTION SNAPSHOT cannot run in a migration, line 2');

-- who asks for it
INSERT INTO cases (what, path, script, result) VALUES
	('the directive', NULL, E'-- migrate:no-transaction\nSELECT 1;', 'worker 1 its author asks for no transaction'),
	('the directive behind comments', NULL, E'-- c\n\n-- migrate:no-transaction\nSELECT 1;', 'worker 1 its author asks for no transaction'),
	('the directive behind a statement', NULL, E'SELECT 1;\n-- migrate:no-transaction\n', 'transaction 1'),
	('the directive and a command that refuses', NULL, E'-- migrate:no-transaction\nSELECT 1; VACUUM;', 'worker 2 VACUUM, line 2'),
	('the directive and a pair', NULL, E'-- migrate:no-transaction\nBEGIN; SELECT 1; COMMIT;', 'worker 1 its author asks for no transaction'),
	('native: transaction:false', '1_x.sql', E'-- migrate:up transaction:false\nSELECT 1;', 'worker 1 its author asks for no transaction'),
	('native: transaction:true', '1_x.sql', E'-- migrate:up transaction:true\nSELECT 1;', 'transaction 1'),
	('native: the line in the file', '1_x.sql', E'-- c\n-- migrate:up\nSELECT 1;\nVACUUM;', 'worker 2 VACUUM, line 4'),
	('native: only the down script', '1_x.sql', E'-- migrate:up\nSELECT 1;\n-- migrate:down\nVACUUM;', 'transaction 1'),
	('goose: NO TRANSACTION', '1_x.sql', E'-- +goose NO TRANSACTION\n-- +goose Up\nSELECT 1;', 'worker 1 its author asks for no transaction'),
	('sqlx: no-transaction', '1_x.sql', E'-- no-transaction\nSELECT 1;', 'worker 1 its author asks for no transaction');

SELECT plan(12 + (SELECT count(*)::int FROM commands) + (SELECT count(*)::int FROM cases)
			   + (SELECT count(*)::int FROM commands WHERE refuses IS NOT NULL)
			   + (SELECT count(*)::int FROM cases WHERE result !~ '^transaction [0-9]'));

SELECT is(plan_of(NULL, command),
		  CASE WHEN refuses IS NULL THEN 'transaction 1' ELSE 'worker 1 ' || refuses || ', line 1' END,
		  command)
  FROM commands ORDER BY n;
SELECT is(plan_of(path, script), result, what) FROM cases ORDER BY n;

-- SET TRANSACTION asks for no less than a BEGIN that says the same, and is
-- refused in a run, which is a subtransaction
SELECT alike(plan_of(NULL, script), 'worker %', script) FROM (VALUES
	(1, 'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE'),
	(2, 'BEGIN; SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT 1; COMMIT'),
	-- since PostgreSQL 17 and 18
	(3, 'ALTER SUBSCRIPTION s SET (failover = true)'),
	(4, 'ALTER SUBSCRIPTION s SET (two_phase = false)')) AS v (n, script) ORDER BY n;

-- whatever it is, a run refuses it before anything runs
SELECT is(refusal_of(NULL, command), 'MG005', 'refused: ' || command) FROM commands WHERE refuses IS NOT NULL ORDER BY n;
SELECT is(refusal_of(path, script), CASE WHEN result LIKE 'worker%' THEN 'MG005' ELSE 'MG015' END, 'refused: ' || what)
  FROM cases WHERE result !~ '^transaction [0-9]' ORDER BY n;
SELECT migrate_unregister('0') AS set, migrate_unregister('1') AS set2 \gset

-- a run says no before it does anything, and which migrations they are
SELECT migrate_register('1', 'one', 'CREATE TABLE one ()') AS set \gset
SELECT migrate_register('2', 'two', E'SELECT 1;\nVACUUM one') AS set \gset
SELECT migrate_register('3', 'three', E'-- migrate:no-transaction\nSELECT 1') AS set \gset
CREATE FUNCTION detail_of(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	EXECUTE command;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN detail;
END $$;
SELECT throws_ok('SELECT migrate_apply()', 'MG005', '2 migrations of this plan cannot run in a transaction', 'a run with both kinds');
SELECT is(detail_of('SELECT migrate_apply()'),
		  '2_two: VACUUM, line 2; 3_three: its author asks for no transaction.', 'and which they are');
SELECT is(to_regclass('one'), NULL, 'nothing was run');
SELECT throws_ok('SELECT migrate_apply(''2'')', 'MG005', '1 migration of this plan cannot run in a transaction', 'a run with one');
SELECT lives_ok('SELECT migrate_apply(''1'')', 'what comes before can run');

-- the same on the way down
SELECT migrate_unregister('2') AS set, migrate_unregister('3') AS set2 \gset
SELECT migrate_register('4', 'four', 'SELECT 1', E'\nDROP INDEX CONCURRENTLY i;') AS set \gset
SELECT migrate_register('5', 'five', 'SELECT 1', E'-- migrate:no-transaction\nSELECT 1') AS set \gset
SELECT count(*) AS set FROM migrate_apply() \gset
SELECT results_eq('SELECT version, action, mode, reason FROM migrate_plan(''-2'')',
	$$VALUES ('5', 'rollback', 'worker', 'its author asks for no transaction'),
			 ('4', 'rollback', 'worker', 'DROP INDEX CONCURRENTLY, line 2')$$, 'down scripts in a plan');
SELECT throws_ok('SELECT migrate_rollback(''-2'')', 'MG005', '2 migrations of this plan cannot run in a transaction', 'down scripts in a run');
SELECT is(migrate_current(), '5', 'nothing was rolled back');

SELECT * FROM finish();
ROLLBACK;
