-- Which commands can run in a transaction, told before anything runs.
\set ON_ERROR_STOP on
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS migrate;
CREATE EXTENSION IF NOT EXISTS pgtap;

CREATE TEMP TABLE cases (i int GENERATED ALWAYS AS IDENTITY, mode text, statement text);
-- those that refuse, with all that the parser alone can tell
INSERT INTO cases (mode, statement) SELECT 'worker', s FROM unnest(ARRAY[
	'create index concurrently n on nt (a)', 'create unique index concurrently if not exists n on nt (a)', 'drop index concurrently nt_i', 'DROP INDEX CONCURRENTLY IF EXISTS nt_i',
	'reindex index concurrently nt_i', 'reindex table concurrently nt', 'reindex (concurrently) table nt', 'reindex (verbose, concurrently true) index nt_i',
	'reindex schema ns', 'reindex schema concurrently ns', 'reindex database postgres', 'reindex system postgres',
	'vacuum', 'vacuum nt', 'vacuum full nt', 'vacuum (analyze, freeze) nt', 'vacuum analyze nt',
	'cluster', 'cluster verbose',
	'alter system set work_mem = ''4MB''', 'alter system reset all',
	'create database xdb', 'drop database if exists xdb', 'alter database postgres set tablespace pg_default',
	'create tablespace xx location ''/nonexistent''', 'drop tablespace if exists xx',
	'alter table np detach partition np1 concurrently',
	'create subscription s connection ''dbname=x'' publication p', 'create subscription s connection ''dbname=x'' publication p with (create_slot = true)',
	'create subscription s connection ''dbname=x'' publication p with (enabled = false)',
	'alter subscription s refresh publication', 'alter subscription s set publication p', 'alter subscription s add publication p', 'alter subscription s drop publication p',
	'discard all',
	'begin', 'start transaction', 'commit', 'end', 'rollback', 'abort', 'savepoint x', 'release x', 'rollback to x', 'commit and chain',
	'prepare transaction ''x''', 'commit prepared ''x''', 'rollback prepared ''x''',
	-- a pair that says more than a transaction that is there anyway
	'begin isolation level serializable; select 1; commit', 'begin; select 1; rollback', 'begin; select 1; commit and chain', 'begin; savepoint x; commit', 'select 1; commit; select 2',
	-- anywhere in a script
	'select 1; vacuum; select 2', 'begin; vacuum; commit', E'-- migrate:no-transaction\nselect 1']) s;
INSERT INTO cases (mode, statement) SELECT 'transaction', s FROM unnest(ARRAY[
	'create index n on nt (a)', 'drop index nt_i', 'reindex index nt_i', 'reindex table nt', 'reindex (verbose) table nt', 'reindex (concurrently false) table nt',
	'analyze', 'analyze nt', 'cluster nt using nt_i', 'cluster nt', 'alter database postgres set work_mem = ''4MB''', 'alter database postgres connection limit 5', 'alter database postgres rename to x',
	'alter type nty add value ''zz''', 'alter table np detach partition np1', 'alter table np detach partition np1 finalize', 'alter table np attach partition np1 for values in (1)',
	'create subscription s connection ''dbname=x'' publication p with (connect = false)', 'create subscription s connection ''dbname=x'' publication p with (create_slot = false)',
	'drop subscription if exists s', 'alter subscription s disable', 'alter subscription s set publication p with (refresh = false)', 'alter subscription s owner to x',
	'discard plans', 'discard temp', 'discard sequences', 'checkpoint', 'listen x', 'unlisten x', 'notify x', 'load ''x''',
	'set local lock_timeout = ''1s''', 'set lock_timeout = ''1s''', 'reset all', 'set role x', 'set session authorization x', 'lock table nt', 'copy nt from stdin', 'copy nt to ''/some/file''', 'copy nt from program ''x''',
	'call p()', 'do $q$ begin commit; end $q$', 'do $q$ begin execute ''vacuum''; end $q$', 'create event trigger e on ddl_command_end execute function etf()',
	'refresh materialized view concurrently nmv', 'set transaction isolation level serializable', 'set constraints all immediate', 'declare c cursor for select 1',
	'prepare q as select 1', 'execute q', 'deallocate all', 'create role rr', 'drop role rr', 'grant a to b', 'alter role a set work_mem = ''1MB''', 'create extension x', 'drop table x', 'drop table x, y cascade', 'truncate x',
	'create table x (i int)', 'create table x as select 1', 'select 1', 'insert into x values (1)', 'comment on table x is ''vacuum''', 'select ''vacuum''', 'explain select 1', 'explain analyze select 1',
	'create procedure p() language sql as ''vacuum''', 'create function f() returns void begin atomic select 1; end', 'security label on table x is ''y''', 'import foreign schema a from server b into c',
	'begin; select 1; commit', 'start transaction; select 1; end', 'begin work; select 1; commit work; begin; select 2; commit transaction', '-- vacuum', '']) s;

CREATE FUNCTION pg_temp.mode(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('migrate.project', 'classes ' || clock_timestamp(), true);
	PERFORM migrate_register('1', 'case', statement);
	RETURN (SELECT CASE WHEN statements IS NULL THEN 'broken: ' || reason ELSE p.mode END FROM migrate_plan() p);
END $$;

-- what the plan calls a worker's is refused by migrate_apply(), with nothing run
CREATE FUNCTION pg_temp.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('migrate.project', 'classes ' || clock_timestamp(), true);
	PERFORM migrate_register('1', 'first', 'CREATE TABLE must_not_be_there ()');
	PERFORM migrate_register('2', 'case', statement);
	PERFORM migrate_apply();
	RETURN 'ran';
EXCEPTION WHEN OTHERS THEN
	RETURN concat(SQLSTATE, (SELECT ' ' || count(*) FROM migrate_history), ' ' || to_regclass('must_not_be_there'));
END $$;

SELECT plan((SELECT count(*)::int FROM cases) + (SELECT count(*)::int FROM cases c WHERE c.mode = 'worker') + 3);
SELECT is(pg_temp.mode(statement), mode, replace(statement, E'\n', ' ')) FROM cases ORDER BY i;
SELECT is(pg_temp.refused(statement), 'MG005 0', 'refused: ' || replace(statement, E'\n', ' ')) FROM cases c WHERE c.mode = 'worker' ORDER BY i;

-- the reason names the command and its line
SELECT set_config('migrate.project', 'classes reason ' || clock_timestamp(), false) \g /dev/null
SELECT migrate_register('1', 'a', E'SELECT 1;\n\n/* x */ CREATE INDEX CONCURRENTLY n ON nt (a);\nVACUUM') \g /dev/null
SELECT is((SELECT reason FROM migrate_plan()), 'CREATE INDEX CONCURRENTLY, line 3', 'the first of two is named');
SELECT migrate_register_file('m/1_a.up.sql', E'-- migrate:no-transaction\nSELECT 1') \g /dev/null
SELECT is((SELECT reason FROM migrate_plan()), 'its author asks for no transaction', 'the directive');
SELECT migrate_register_file('m/1_a.up.sql', E'-- migrate:no-transaction\nSELECT 1;\nVACUUM') \g /dev/null
SELECT is((SELECT reason FROM migrate_plan()), 'VACUUM, line 3', 'the directive and a reason for it');
SELECT * FROM finish();
