-- Changelogs of Liquibase at work: order, preconditions, runOnChange in its
-- place, runAlways, variables, contexts, rollback.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
CREATE SCHEMA liquibase;
SET search_path = liquibase, public;
SET migrate.project = 'liquibase';
CREATE TABLE trace (id int GENERATED ALWAYS AS IDENTITY, what text);

CREATE FUNCTION load(tables text, views text) RETURNS TABLE (version text, name text, action text)
LANGUAGE sql AS $$
	SELECT r.version, r.name, r.action
	  FROM migrate_register_files(
		ARRAY['db/master.xml', 'db/a_views.sql', 'db/b_tables.sql'],
		ARRAY['<databaseChangeLog>
<property name="Note" value="written"/>
<include file="db/b_tables.sql"/>
<include file="db/a_views.sql"/>
</databaseChangeLog>', views, tables]) r
$$;

\set tables '--liquibase formatted sql\n--changeset bob:10\n--comment the customers\nCREATE TABLE customer (id int);\nINSERT INTO trace (what) VALUES (''10 ${note} ${unknown}'');\n--rollback DROP TABLE\n--rollback customer;\n--changeset bob:9\nCREATE TABLE product (id int);\n/* liquibase rollback\n DROP TABLE product;\n*/\n'
\set views '--liquibase formatted sql\n--changeset bob:v runOnChange:true\nCREATE OR REPLACE VIEW customers AS SELECT id FROM customer;\nINSERT INTO trace (what) VALUES (''view'');\n--rollback DROP VIEW customers;\n--changeset bob:w\nCREATE TABLE after_view AS SELECT * FROM customers;\n--rollback DROP TABLE after_view;\n--changeset bob:x runAlways:true\nINSERT INTO trace (what) VALUES (''always'');\n--rollback empty\n'
SELECT * FROM load(:'tables', :'views');
SELECT version, name, kind, state, reversible FROM migrate_status;
SELECT step, version, action FROM migrate_plan();
SELECT version, action FROM migrate_apply();
SELECT what FROM trace ORDER BY id;
-- what always runs is all that is left
SELECT version, action FROM migrate_apply();
SELECT what FROM trace ORDER BY id;

-- a new text of the view runs in its place, before what comes after it
\set views2 '--liquibase formatted sql\n--changeset bob:v runOnChange:true\nCREATE OR REPLACE VIEW customers AS SELECT id, 1 AS n FROM customer;\nINSERT INTO trace (what) VALUES (''view 2'');\n--rollback DROP VIEW customers;\n--changeset bob:w\nCREATE TABLE after_view AS SELECT * FROM customers;\n--rollback DROP TABLE after_view;\n--changeset bob:x runAlways:true\nINSERT INTO trace (what) VALUES (''always'');\n--rollback empty\n--changeset bob:y\nINSERT INTO trace (what) SELECT ''y '' || count(n) FROM customers;\n--rollback empty\n'
SELECT * FROM load(:'tables', :'views2');
SELECT step, version, action FROM migrate_plan();
SELECT version, action FROM migrate_apply();
SELECT what FROM trace ORDER BY id;
-- a changeset that was applied does not become another one
SELECT version, action FROM load(:'tables', replace(:'views2', 'after_view AS', 'after_view2 AS')) WHERE action <> 'unchanged';
SELECT * FROM migrate_apply();
SELECT version, action FROM load(:'tables', :'views2') WHERE action <> 'unchanged';

-- back, by the names of changesets
SELECT version, action FROM migrate_rollback('b_tables.sql::9::bob');
SELECT to_regclass('customer') AS customer, to_regclass('product') AS product, to_regclass('customers') AS customers;
SELECT version, action FROM migrate_rollback('base');
SELECT to_regclass('customer') AS customer, to_regclass('product') AS product;

-- a value from outside comes first
TRUNCATE trace;
SET migrate.variables = 'NOTE=given, unknown=known';
SELECT version, action FROM migrate_apply('b_tables.sql::10::bob');
SELECT what FROM trace ORDER BY id;
RESET migrate.variables;
DROP TABLE trace CASCADE;
SET migrate.project = 'liquibase preconditions';

-- preconditions
CREATE TABLE changesets (n int GENERATED ALWAYS AS IDENTITY, id text, preconditions text);
CREATE FUNCTION load_changesets() RETURNS TABLE (version text, action text) LANGUAGE sql AS $$
	SELECT r.version, r.action FROM migrate_register_files(ARRAY['db/p.sql'],
		(SELECT ARRAY[E'--liquibase formatted sql\n' || string_agg(
			format(E'--changeset bob:%s\n%s\nCREATE TABLE p_%1$s ();\n--rollback DROP TABLE p_%1$s;\n', id, preconditions), '' ORDER BY n)]
		   FROM changesets)) r
$$;
INSERT INTO changesets (id, preconditions) VALUES
	('met', E'--preconditions onFail:HALT\n--precondition-sql-check expectedResult:t SELECT 1 = 1'),
	('table', '--precondition-table-exists table:P_MET'),
	('schema', E'--preconditions onFail:HALT onError:HALT\n--precondition-table-exists table:p_met schema:LIQUIBASE\n--precondition-view-exists view:pg_class_view'),
	('mark', E'--preconditions onFail:MARK_RAN\n--precondition-table-exists table:p_nothing'),
	('skip', E'--preconditions onFail:CONTINUE\n--precondition-sql-check expectedResult:t SELECT true\n--precondition-view-exists view:p_met'),
	('warn', E'--preconditions onFail:WARN\n--precondition-sql-check expectedResult:x SELECT NULL'),
	('last', E'--preconditions\n--precondition-sql-check expectedResult:"it''s 5" SELECT ''it''''s '' || count(*) FROM pg_class WHERE relname LIKE ''p\\_%'' AND relnamespace = ''liquibase''::regnamespace;');
CREATE VIEW pg_class_view AS SELECT * FROM pg_class;
SELECT * FROM load_changesets();
SELECT version, action FROM migrate_apply('p.sql::skip::bob');
SELECT version, state, how FROM migrate_status;
-- the last one counts the tables: there is one less
SELECT * FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
UPDATE changesets SET preconditions = replace(preconditions, 's 5', 's 4') WHERE id = 'last';
SELECT * FROM load_changesets() WHERE action <> 'unchanged';
SELECT version, action FROM migrate_apply();
SELECT relname FROM pg_class WHERE relnamespace = 'liquibase'::regnamespace AND relname LIKE 'p\_%' ORDER BY 1;
SELECT version, action FROM migrate_apply();
-- what was skipped runs when its time has come
CREATE VIEW p_view AS SELECT 1 AS one;
UPDATE changesets SET preconditions = replace(preconditions, 'p_met', 'p_view') WHERE id = 'skip';
SELECT * FROM load_changesets() WHERE action <> 'unchanged';
SET migrate.out_of_order = allow;
SELECT version, action FROM migrate_apply();
RESET migrate.out_of_order;
-- an error in a precondition ends the run, whatever is to follow from a failure; in a worker too
INSERT INTO changesets (id, preconditions) VALUES
	('error', E'--preconditions onFail:WARN\n--precondition-sql-check 1 SELECT 1\n\n--precondition-sql-check expectedResult:1 SELECT 1 / 0');
SELECT * FROM load_changesets() WHERE action <> 'unchanged';
SELECT * FROM migrate_apply();
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
UPDATE changesets SET preconditions = E'--preconditions onFail:HALT\n--precondition-sql-check 1 SELECT 2' WHERE id = 'error';
SELECT * FROM load_changesets() WHERE action <> 'unchanged';
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
UPDATE changesets SET preconditions = E'--preconditions onFail:MARK_RAN\n--precondition-sql-check 1 SELECT 2' WHERE id = 'error';
SELECT * FROM load_changesets() WHERE action <> 'unchanged';
CALL migrate_deploy();
SELECT version, state, how FROM migrate_status;
SELECT to_regclass('p_error');

-- holes and tags
SET migrate.project = 'liquibase holes';
SELECT version, action FROM migrate_register_files(ARRAY['db/master.yaml', 'db/a.sql'], ARRAY[
'databaseChangeLog:
  - include:
      file: a.sql
      relativeToChangelogFile: true
  - changeSet:
      id: 1
      author: bob
      changes:
        - tagDatabase:
            tag: v1
  - changeSet:
      id: 2
      author: bob
      changes:
        - createTable:
            tableName: x
', E'--liquibase formatted sql\n--changeset bob:1\nCREATE TABLE h1 ();\n--rollback DROP TABLE h1;\n']);
SELECT version, name, state, remark FROM migrate_status;
SELECT * FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
SELECT version, action FROM migrate_apply('@v1');
SELECT migrate_mark('master.yaml::2::bob', 'Liquibase has run it');
SELECT version, state, how FROM migrate_status;

-- what is for other databases; without a transaction
SET migrate.project = 'liquibase contexts';
SET client_min_messages = notice;
SET migrate.contexts = 'prod, eu';
SET migrate.labels = 'not slow';
SELECT version, action FROM migrate_register_files(ARRAY['db/a.sql', 'db/note.json'], ARRAY[E'--liquibase formatted sql
SELECT ''nobody runs this'';
--changeset bob:1 context:test
CREATE TABLE c1 ();
--changeset bob:2 context:"prod and !us"
CREATE TABLE c2 (i int);
--changeset bob:3 labels:slow,big
CREATE TABLE c3 ();
--changeset bob:4 runInTransaction:false labels:big
CREATE INDEX CONCURRENTLY c2_i ON c2 (i);
--rollback DROP INDEX CONCURRENTLY c2_i;
--changeset bob:5 dbms:oracle
CREATE TABLE c5 ();
--changeset bob:6 ignore:true
CREATE TABLE c6 ();
', '{}']);
SET client_min_messages = warning;
RESET migrate.contexts;
RESET migrate.labels;
CALL migrate_deploy();
SELECT version, state FROM migrate_status;
CALL migrate_undo('-1');
SELECT version, state FROM migrate_status;

-- an applied changeset that becomes repeatable, and is none any more, has run
SET migrate.project = 'liquibase kinds';
CREATE FUNCTION load_kind(attributes text, body text) RETURNS TABLE (version text, action text) LANGUAGE sql AS $$
	SELECT version, action FROM migrate_register_files('{db/k.sql}',
		ARRAY[E'--liquibase formatted sql\n--changeset bob:1' || attributes || E'\n' || body
			  || E'\n--changeset bob:2\nCREATE TABLE k2 ();'])
$$;
SELECT * FROM load_kind('', 'CREATE VIEW k1 AS SELECT 1 AS a;');
SELECT version, action FROM migrate_apply();
SELECT * FROM load_kind(' runOnChange:true', 'CREATE VIEW k1 AS SELECT 1 AS a;');
SELECT version, kind, state FROM migrate_status;
SELECT count(*) FROM migrate_plan();
SELECT * FROM load_kind(' runOnChange:true', 'CREATE OR REPLACE VIEW k1 AS SELECT 1 AS a, 2 AS b;');
SELECT version, action FROM migrate_apply();
SELECT * FROM load_kind('', 'CREATE OR REPLACE VIEW k1 AS SELECT 1 AS a, 2 AS b;');
SELECT version, kind, state FROM migrate_status;
SELECT count(*) FROM migrate_plan();

DROP SCHEMA liquibase CASCADE;
