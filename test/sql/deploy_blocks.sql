-- Transactions of a script's own, what needs a commit, and what commits itself.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'deploy_blocks';
\set SHOW_CONTEXT always
CREATE SCHEMA deploy_blocks;
SET search_path = deploy_blocks, public;
-- who was in which transaction: equal numbers were in one
CREATE TABLE trail (id int GENERATED ALWAYS AS IDENTITY, what text, xid text DEFAULT pg_current_xact_id()::text,
	level text DEFAULT current_setting('transaction_isolation'));
CREATE VIEW seen AS
	SELECT what, dense_rank() OVER (ORDER BY min) AS transaction, level
	  FROM (SELECT *, min(id) OVER (PARTITION BY xid) FROM trail) t
	 ORDER BY id;
CREATE PROCEDURE deploy(version text, script text, verify text DEFAULT NULL) LANGUAGE plpgsql AS $$
BEGIN
	TRUNCATE trail;
	PERFORM migrate_register(version, 'm', script, NULL, verify);
	CALL migrate_deploy();
END $$;

-- without any: one transaction; with a pair around all of it, the same
CALL deploy('1', $$INSERT INTO trail (what) VALUES ('a'); INSERT INTO trail (what) VALUES ('b')$$);
TABLE seen;
CALL deploy('2', $$BEGIN; INSERT INTO trail (what) VALUES ('a'); INSERT INTO trail (what) VALUES ('b'); COMMIT$$);
TABLE seen;
-- and it takes all of it back
CALL deploy('3', $$BEGIN; INSERT INTO trail (what) VALUES ('a'); SELECT 1 / 0; COMMIT$$);
TABLE seen;
SELECT count(*) FROM migrate_journal WHERE project = migrate_project();

-- two blocks, and statements around them, each by itself
CALL deploy('3', $$INSERT INTO trail (what) VALUES ('before');
BEGIN; INSERT INTO trail (what) VALUES ('a'); INSERT INTO trail (what) VALUES ('b'); COMMIT;
INSERT INTO trail (what) VALUES ('between');
INSERT INTO trail (what) VALUES ('between too');
START TRANSACTION; INSERT INTO trail (what) VALUES ('c'); END;
INSERT INTO trail (what) VALUES ('after')$$);
TABLE seen;
SELECT statements FROM migrate_history ORDER BY id DESC LIMIT 1;
-- an error in the second block: the first one stays, and is not repeated
CALL deploy('4', $$BEGIN; INSERT INTO trail (what) VALUES ('a'); COMMIT;
BEGIN;
INSERT INTO trail (what) VALUES ('b');
SELECT 1 / 0;
COMMIT;
INSERT INTO trail (what) VALUES ('c')$$);
TABLE seen;
SELECT done, total, begun, outcome, message FROM migrate_journal WHERE project = migrate_project();
SELECT migrate_register('4', 'm', $$BEGIN; INSERT INTO trail (what) VALUES ('a'); COMMIT;
BEGIN;
INSERT INTO trail (what) VALUES ('b');
SELECT 1 / 1;
COMMIT;
INSERT INTO trail (what) VALUES ('c')$$);
CALL migrate_deploy();
TABLE seen;
-- what was a block's may not become another one's
CALL deploy('5', $$BEGIN; INSERT INTO trail (what) VALUES ('a'); INSERT INTO trail (what) VALUES ('b'); COMMIT;
BEGIN; SELECT 1 / 0; COMMIT$$);
SELECT migrate_register('5', 'm', $$BEGIN; INSERT INTO trail (what) VALUES ('a'); COMMIT;
BEGIN; INSERT INTO trail (what) VALUES ('b'); SELECT 1; COMMIT$$);
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_register('5', 'm', $$BEGIN; INSERT INTO trail (what) VALUES ('a'); INSERT INTO trail (what) VALUES ('b'); COMMIT;
BEGIN; SELECT 1; COMMIT$$);
CALL migrate_deploy();
TABLE seen;

-- what a block rolls back is rolled back, and done
CALL deploy('6', $$BEGIN; INSERT INTO trail (what) VALUES ('gone'); ROLLBACK;
INSERT INTO trail (what) VALUES ('stays');
BEGIN; INSERT INTO trail (what) VALUES ('gone'); ABORT$$);
TABLE seen;
SELECT state FROM migrate_status WHERE version = '6';
-- chains
CALL deploy('7', $$BEGIN ISOLATION LEVEL REPEATABLE READ;
INSERT INTO trail (what) VALUES ('a');
COMMIT AND CHAIN;
INSERT INTO trail (what) VALUES ('b');
ROLLBACK AND CHAIN;
INSERT INTO trail (what) VALUES ('c');
COMMIT AND NO CHAIN;
INSERT INTO trail (what) VALUES ('d')$$);
TABLE seen;
-- levels, and what else a block can be
CALL deploy('8', $$BEGIN ISOLATION LEVEL SERIALIZABLE; INSERT INTO trail (what) VALUES ('a'); COMMIT;
BEGIN; SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; INSERT INTO trail (what) VALUES ('b'); COMMIT;
BEGIN; INSERT INTO trail (what) VALUES ('c'); COMMIT;
START TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE; SELECT * FROM trail; COMMIT;
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;
INSERT INTO trail (what) VALUES ('d')$$);
TABLE seen;
-- a COMMIT or a BEGIN too many is a WARNING elsewhere, and nothing here
CALL deploy('9', $$COMMIT; INSERT INTO trail (what) VALUES ('a'); ROLLBACK; BEGIN; INSERT INTO trail (what) VALUES ('b');
BEGIN; INSERT INTO trail (what) VALUES ('c'); COMMIT; COMMIT; INSERT INTO trail (what) VALUES ('d')$$);
TABLE seen;
-- only BEGIN and COMMIT, and nothing at all
CALL deploy('10', 'BEGIN; COMMIT; BEGIN; ROLLBACK');
CALL deploy('11', '-- migrate:no-transaction');
SELECT migrate_current(), statements FROM migrate_history ORDER BY id DESC LIMIT 1;
-- deferred constraints are checked at each block's end
CREATE TABLE parent (i int PRIMARY KEY);
CREATE TABLE child (i int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
CALL deploy('12', $$BEGIN; INSERT INTO child VALUES (1); INSERT INTO parent VALUES (1); COMMIT;
BEGIN; INSERT INTO child VALUES (2); COMMIT; INSERT INTO parent VALUES (2)$$);
SELECT done, total FROM migrate_journal WHERE project = migrate_project();
SELECT line, statement_no, statement FROM migrate_history ORDER BY id DESC LIMIT 1;
SELECT migrate_register('12', 'm', $$BEGIN; INSERT INTO child VALUES (1); INSERT INTO parent VALUES (1); COMMIT;
BEGIN; INSERT INTO child VALUES (2); INSERT INTO parent VALUES (2); COMMIT$$);
CALL migrate_deploy();
SELECT * FROM child;

-- a new value of an enum in the script that adds it: its own commit, and only that
CREATE TYPE colour AS ENUM ('red');
CALL deploy('13', $$INSERT INTO trail (what) VALUES ('first');
ALTER TYPE colour ADD VALUE 'green';
ALTER TYPE colour ADD VALUE 'blue';
CREATE TABLE paint (c colour);
INSERT INTO paint VALUES ('green'), ('blue');
INSERT INTO trail (what) VALUES ('second')$$);
TABLE seen;
SELECT c FROM paint;
-- as the last statement it is one transaction with what comes before
CALL deploy('14', $$INSERT INTO trail (what) VALUES ('x'); SELECT 1 / 0; ALTER TYPE colour ADD VALUE 'black'$$);
SELECT count(*) FROM migrate_journal WHERE project = migrate_project();
CALL deploy('14', $$INSERT INTO trail (what) VALUES ('x'); ALTER TYPE colour ADD VALUE 'black'$$);
CALL deploy('15', $$INSERT INTO paint VALUES ('black'); ALTER TYPE colour RENAME VALUE 'black' TO 'dark'; INSERT INTO paint VALUES ('dark')$$);
SELECT c FROM paint ORDER BY c;
-- the same in the caller's transaction cannot be
SELECT migrate_register('16', 'm', $$ALTER TYPE colour ADD VALUE 'white'; INSERT INTO paint VALUES ('white')$$);
SELECT * FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
CALL migrate_deploy();
SELECT c FROM paint WHERE c = 'white';

-- procedures and blocks that commit: found out when they run
CREATE PROCEDURE commits() LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO deploy_blocks.trail (what) VALUES ('p1');
	COMMIT;
	INSERT INTO deploy_blocks.trail (what) VALUES ('p2');
	ROLLBACK;
	INSERT INTO deploy_blocks.trail (what) VALUES ('p3');
END $$;
CALL deploy('17', $$INSERT INTO trail (what) VALUES ('before'); CALL commits(); INSERT INTO trail (what) VALUES ('after')$$);
TABLE seen;
CALL deploy('18', $$-- migrate:no-transaction
INSERT INTO trail (what) VALUES ('before'); CALL commits(); INSERT INTO trail (what) VALUES ('after')$$);
TABLE seen;
CALL deploy('19', $$INSERT INTO trail (what) VALUES ('before');
DO $d$ BEGIN FOR i IN 1..3 LOOP INSERT INTO trail (what) VALUES ('loop ' || i); COMMIT; END LOOP; END $d$;
INSERT INTO trail (what) VALUES ('after')$$, 'SELECT count(*) = 5 FROM trail');
TABLE seen;
-- a NOTICE tells of it
SET client_min_messages = notice;
\set VERBOSITY terse
DO $$ BEGIN PERFORM migrate_register('20', 'm', E'SELECT 1;\n\nDO $d$ BEGIN COMMIT; RAISE ''after the commit''; END $d$'); CALL migrate_deploy(); END $$;
\set VERBOSITY default
SET client_min_messages = warning;
-- it has committed and failed: nobody can know what of it is done
SELECT done, total, begun FROM migrate_journal WHERE project = migrate_project();
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_resolve('20', 'done');
CALL migrate_deploy();
SELECT state FROM migrate_status WHERE version = '20';
-- in a block of its own it cannot, as everywhere
CALL deploy('21', E'BEGIN;\nCALL commits();\nCOMMIT');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_unregister('21');

-- a statement that only refuses when it runs, in and outside of a pair
CREATE TABLE part (i int) PARTITION BY LIST (i);
CREATE TABLE part1 PARTITION OF part FOR VALUES IN (1);
CREATE INDEX part_i ON part (i);
CALL deploy('22', $$INSERT INTO trail (what) VALUES ('before'); REINDEX TABLE part; INSERT INTO trail (what) VALUES ('after')$$);
TABLE seen;
CALL deploy('23', $$BEGIN; INSERT INTO trail (what) VALUES ('before'); REINDEX TABLE part; INSERT INTO trail (what) VALUES ('after'); COMMIT$$);
\echo :LAST_ERROR_SQLSTATE
TABLE seen;
SELECT version, state FROM migrate_status WHERE state <> 'applied';
SELECT count(*) FROM migrate_journal WHERE project = migrate_project();

-- what goes on has the settings that lasted, not those that were rolled back
SET migrate.project = 'deploy_blocks_settings';
CREATE SCHEMA deploy_blocks_wrong;
CREATE SCHEMA deploy_blocks_right;
SELECT migrate_register('1', 'settings', $$BEGIN; SET search_path TO deploy_blocks_wrong; ROLLBACK;
BEGIN; SET search_path TO deploy_blocks_right; SAVEPOINT a; SET search_path TO deploy_blocks_wrong; ROLLBACK TO a; COMMIT;
CREATE TABLE t1 ();
SELECT 1/0;$$);
CALL migrate_deploy();
SELECT migrate_register('1', 'settings', $$BEGIN; SET search_path TO deploy_blocks_wrong; ROLLBACK;
BEGIN; SET search_path TO deploy_blocks_right; SAVEPOINT a; SET search_path TO deploy_blocks_wrong; ROLLBACK TO a; COMMIT;
CREATE TABLE t1 ();
CREATE TABLE t2 ();$$);
CALL migrate_deploy();
SELECT schemaname, tablename FROM pg_tables WHERE schemaname LIKE 'deploy_blocks_%' ORDER BY 1, 2;

-- a verify script or a hook that refuses a transaction is no reason to do without one
SET migrate.project = 'deploy_blocks_verify';
CREATE TABLE deploy_blocks.kept (i int);
SELECT migrate_register('1', 'verify', 'INSERT INTO deploy_blocks.kept VALUES (1); INSERT INTO deploy_blocks.kept VALUES (2)',
	NULL, 'DO $$ BEGIN COMMIT; END $$');
CALL migrate_deploy();
SELECT count(*) FROM deploy_blocks.kept;
DROP SCHEMA deploy_blocks_wrong, deploy_blocks_right CASCADE;
DROP SCHEMA deploy_blocks CASCADE;
