-- What refuses a transaction, data in scripts, and its own cleaning up.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'deploy_toplevel';
\set SHOW_CONTEXT always
CREATE SCHEMA deploy_toplevel;
SET search_path = deploy_toplevel, public;
CREATE TABLE t (i int, j int);
INSERT INTO t SELECT i, i FROM generate_series(1, 100) i;

-- indexes, with names of their own and without
SELECT migrate_register('1', 'indexes', $$CREATE INDEX CONCURRENTLY t_i ON t (i);
CREATE INDEX CONCURRENTLY ON t (j);
CREATE INDEX CONCURRENTLY ON t (j);
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_i ON t (i);
CREATE INDEX CONCURRENTLY t_ij ON t (i, j);
DROP INDEX CONCURRENTLY t_ij;
DROP INDEX CONCURRENTLY IF EXISTS t_ij$$);
CALL migrate_deploy();
SELECT c.relname, x.indisvalid, x.indisunique FROM pg_index x JOIN pg_class c ON c.oid = indexrelid WHERE indrelid = 't'::regclass ORDER BY 1;
-- one that fails leaves an INVALID index, which the next attempt clears away
SELECT migrate_register('2', 'unique', E'INSERT INTO t VALUES (1001, 1);\nCREATE UNIQUE INDEX CONCURRENTLY t_u ON t (j);\nINSERT INTO t VALUES (1002, 1002)');
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT c.relname, x.indisvalid FROM pg_index x JOIN pg_class c ON c.oid = indexrelid WHERE indrelid = 't'::regclass AND NOT indisvalid;
SELECT version, state, remark FROM migrate_status WHERE version = '2';
SELECT done, total, begun FROM migrate_journal WHERE project = migrate_project();
UPDATE t SET j = i;
CALL migrate_deploy();
SELECT c.relname, x.indisvalid FROM pg_index x JOIN pg_class c ON c.oid = indexrelid WHERE indrelid = 't'::regclass AND c.relname LIKE 't\_u%';
SELECT count(*) FROM t WHERE i > 1000;
-- somebody else's INVALID index of that name as well
DROP INDEX t_u;
UPDATE t SET j = 1 WHERE i < 3;
CREATE UNIQUE INDEX CONCURRENTLY t_other ON t ((j + 1));
UPDATE t SET j = i;
SELECT migrate_register('3', 'other', 'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_other ON t ((j + 1))');
CALL migrate_deploy();
SELECT x.indisvalid FROM pg_index x WHERE indexrelid = 't_other'::regclass;
-- another relation of that name is an error, not a success
CREATE VIEW taken AS SELECT 1;
SELECT migrate_register('4', 'taken', 'CREATE INDEX CONCURRENTLY IF NOT EXISTS taken ON t (i)');
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
DROP VIEW taken;
CALL migrate_deploy();
SELECT relkind FROM pg_class WHERE oid = 'taken'::regclass;

-- the others
SELECT migrate_register('5', 'others', $$VACUUM t;
VACUUM (ANALYZE, FULL) t;
REINDEX INDEX CONCURRENTLY t_i;
REINDEX TABLE CONCURRENTLY t;
REINDEX (CONCURRENTLY) TABLE t;
REINDEX SCHEMA deploy_toplevel;
CLUSTER t USING t_i;
CLUSTER;
ALTER SYSTEM SET work_mem = '17MB';
ALTER SYSTEM RESET work_mem;
CREATE DATABASE regress_migrate_db TEMPLATE template0;
ALTER DATABASE regress_migrate_db SET TABLESPACE pg_default;
DROP DATABASE regress_migrate_db;
CREATE TABLE np (i int) PARTITION BY LIST (i);
CREATE TABLE np1 PARTITION OF np FOR VALUES IN (1);
ALTER TABLE np DETACH PARTITION np1 CONCURRENTLY;
SELECT 1$$);
CALL migrate_deploy();
SELECT state FROM migrate_status WHERE version = '5';
SELECT statements FROM migrate_history ORDER BY id DESC LIMIT 1;
SELECT count(*) FROM pg_inherits WHERE inhparent = 'np'::regclass;
SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass AND NOT indisvalid;
SELECT count(*) FROM pg_file_settings WHERE name = 'work_mem' AND sourcefile LIKE '%auto.conf';
-- an error of one of them has its line, and is no doubt about what is done
SELECT migrate_register('6', 'nowhere', E'SELECT 1;\n\nVACUUM nowhere;\nCREATE DATABASE regress_migrate_db ENCODING nonsense');
CALL migrate_deploy();
SELECT migrate_register('6', 'nowhere', E'SELECT 1;\n\nVACUUM t;\n  CREATE DATABASE regress_migrate_db ENCODING nonsense');
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT line, statement_no, statement FROM migrate_history ORDER BY id DESC LIMIT 2;
SELECT done, total, begun FROM migrate_journal WHERE project = migrate_project();
SELECT migrate_register('6', 'nowhere', E'SELECT 1;\n\nVACUUM t;\n  SELECT 2');
CALL migrate_deploy();
SELECT state FROM migrate_status WHERE version = '6';

-- found out when it runs
CREATE TABLE part (i int PRIMARY KEY) PARTITION BY LIST (i);
CREATE TABLE part1 PARTITION OF part FOR VALUES IN (1);
SELECT migrate_register('7', 'partitioned', E'INSERT INTO part VALUES (1);\nREINDEX TABLE part;\nREINDEX INDEX part_pkey;\nSELECT 1 / 0');
CALL migrate_deploy();
SELECT migrate_register('7', 'partitioned', E'INSERT INTO part VALUES (1);\nREINDEX TABLE part;\nREINDEX INDEX part_pkey;\nSELECT 1');
CALL migrate_deploy();
SELECT count(*), (SELECT state FROM migrate_status WHERE version = '7') FROM part;

-- COPY data, in one transaction and statement by statement, and where it went wrong
SELECT migrate_register('8', 'copy', E'CREATE TABLE c (i int, t text);\nCOPY c FROM stdin;\n1\tone\n2\t\\N\n\\.\nCOPY c (t, i) FROM stdin (FORMAT csv);\n"three, four",3\n\\.\nUPDATE c SET i = i + 10;\n');
SELECT migrate_register('9', 'copy', E'-- migrate:no-transaction\nCOPY c FROM stdin;\n21\tVACUUM;\n\\.\nVACUUM c;\nCOPY c FROM stdin;\n22\tCOMMIT;\n\\.\n');
SELECT migrate_register('10', 'copy', E'VACUUM c;\nBEGIN;\nCOPY c FROM stdin;\n31\tx\n\\.\nCOMMIT;\nCOPY c FROM stdin;\n32\tx\nthirty-three\tx\n\\.\nSELECT 1');
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM c ORDER BY i;
SELECT line, statement_no FROM migrate_history ORDER BY id DESC LIMIT 1;
SELECT migrate_register('10', 'copy', E'VACUUM c;\nBEGIN;\nCOPY c FROM stdin;\n31\ty\n\\.\nCOMMIT;\nCOPY c FROM stdin;\n32\tx\n33\tx\n\\.\nSELECT 1');
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_register('10', 'copy', E'VACUUM c;\nBEGIN;\nCOPY c FROM stdin;\n31\tx\n\\.\nCOMMIT;\nCOPY c FROM stdin;\n32\tx\n33\tx\n\\.\nSELECT 1');
CALL migrate_deploy();
SELECT i FROM c WHERE i > 30 ORDER BY i;

-- what is pending in front of it and behind it is a matter of its own
SELECT migrate_register('11', 'plain', 'CREATE TABLE p11 ()');
SELECT migrate_register('12', 'vacuum', 'VACUUM p11');
SELECT migrate_register('13', 'plain', 'CREATE TABLE p13 ()');
CALL migrate_deploy();
SELECT version, outcome, statements FROM migrate_history ORDER BY id DESC LIMIT 3;
SELECT count(*) FROM migrate_journal WHERE project = migrate_project();
-- what fails, because what it wants was so before, fails again
SET migrate.project = 'deploy_toplevel_before';
CREATE TABLE before (a int, b int);
CREATE INDEX before_i ON before (a);
CREATE TABLE before_parent (a int) PARTITION BY LIST (a);
CREATE TABLE before_child (a int);
SELECT migrate_register('1', 'index', 'CREATE INDEX CONCURRENTLY before_i ON before (b)');
CALL migrate_deploy();
CALL migrate_deploy();
SELECT migrate_register('1', 'index', 'DROP INDEX CONCURRENTLY before_nothing');
CALL migrate_deploy();
CALL migrate_deploy();
SELECT migrate_register('1', 'index', 'ALTER TABLE before_parent DETACH PARTITION before_child CONCURRENTLY');
CALL migrate_deploy();
CALL migrate_deploy();
SELECT migrate_register('1', 'index', 'CREATE INDEX CONCURRENTLY IF NOT EXISTS before_i ON before (a); DROP INDEX CONCURRENTLY IF EXISTS before_nothing');
CALL migrate_deploy();
SELECT version, state FROM migrate_status;
DROP SCHEMA deploy_toplevel CASCADE;
