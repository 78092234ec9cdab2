-- Deferred constraints: a violation is told of the migration that caused it,
-- and the next one may alter the table and rely on deferral again.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'apply_deferred';
\set SHOW_CONTEXT always
CREATE SCHEMA apply_deferred;
SET search_path = apply_deferred, public;

SELECT migrate_register('1', 'tables', 'CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (id int REFERENCES parent INITIALLY DEFERRED, u int UNIQUE DEFERRABLE);');
SELECT version FROM migrate_apply();

-- violated by 2, which is not the last: 2 is named, no statement is
SELECT migrate_register('2', 'orphan', 'INSERT INTO child VALUES (7, 1); SELECT 1;');
SELECT migrate_register('3', 'other', 'SELECT 1');
SELECT * FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
SELECT version, sqlstate, line, statement_no, statement FROM migrate_history ORDER BY id DESC LIMIT 1;
SELECT version, state FROM migrate_status;

-- satisfied at its end: the next one alters the table with no event pending,
-- and the one after it relies on deferral once more
SELECT migrate_register('2', 'orphan', 'INSERT INTO child VALUES (7, 1); INSERT INTO parent VALUES (7)');
SELECT migrate_register('3', 'other', 'ALTER TABLE child ADD more text; ALTER TABLE parent ADD more text');
SELECT migrate_register('4', 'again', 'INSERT INTO child VALUES (8, 2); INSERT INTO parent VALUES (8);');
SELECT version FROM migrate_apply();

-- a constraint made in the same call
SELECT migrate_register('5', 'new', 'CREATE TABLE a (i int PRIMARY KEY, j int UNIQUE DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE b (i int, CONSTRAINT b_fk FOREIGN KEY (i) REFERENCES a DEFERRABLE INITIALLY IMMEDIATE);');
SELECT migrate_register('6', 'swap', 'INSERT INTO a VALUES (1, 1), (2, 2); UPDATE a SET j = 3 - j; INSERT INTO a VALUES (3, 1); DELETE FROM a WHERE i = 3;');
SELECT migrate_register('7', 'set', 'SET CONSTRAINTS b_fk DEFERRED; INSERT INTO b VALUES (5); INSERT INTO a VALUES (5);');
SELECT migrate_register('8', 'alter', 'ALTER TABLE b ADD c int; ALTER TABLE a DROP j');
SELECT version FROM migrate_apply();
-- that SET CONSTRAINTS ends with its migration
SELECT migrate_register('9', 'immediate', 'INSERT INTO b VALUES (6); INSERT INTO a VALUES (6);');
SELECT * FROM migrate_apply();
SELECT migrate_unregister('9');

-- constraint triggers are deferrable as well
SELECT migrate_register('10', 'trigger', $m$
CREATE TABLE fired (t text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
	$f$ BEGIN INSERT INTO fired VALUES (new.i || ' of ' || (SELECT count(*) FROM a)); RETURN NULL; END $f$;
CREATE CONSTRAINT TRIGGER note AFTER INSERT ON a DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW EXECUTE FUNCTION note();
INSERT INTO a VALUES (10);
INSERT INTO a VALUES (11);
$m$);
SELECT migrate_register('11', 'eleven', 'INSERT INTO fired VALUES (''then 11'')');
SELECT version FROM migrate_apply();
SELECT * FROM fired;

-- partitioned tables
SELECT migrate_register('12', 'parts', $m$
CREATE TABLE p (i int, FOREIGN KEY (i) REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED) PARTITION BY LIST (i);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (21, 22);
INSERT INTO p VALUES (21);
INSERT INTO parent VALUES (21);
$m$);
SELECT migrate_register('13', 'alter_parts', 'ALTER TABLE p ADD j int; ALTER TABLE p DETACH PARTITION p1');
SELECT version FROM migrate_apply();
SELECT migrate_register('14', 'bad_part', 'INSERT INTO p1 VALUES (99)');
SELECT * FROM migrate_apply();
SELECT migrate_unregister('14');

-- deferral is as it was for the caller who goes on
BEGIN;
SELECT migrate_register('15', 'caller', 'INSERT INTO child (id) VALUES (31); INSERT INTO parent VALUES (31)');
SELECT version FROM migrate_apply();
INSERT INTO child (id) VALUES (33);
INSERT INTO parent VALUES (33);
COMMIT;
SELECT count(*) FROM child WHERE id IN (31, 33);

-- in a down script
SELECT migrate_register('17', 'down', 'SELECT 1', 'DELETE FROM parent WHERE id = 7');
SELECT version FROM migrate_apply();
SELECT * FROM migrate_rollback();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_current();
DROP SCHEMA apply_deferred CASCADE;
