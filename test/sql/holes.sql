-- Migrations that only their own tool can run.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
CREATE SCHEMA holes;
SET search_path = holes, public;
SET migrate.project = 'holes';

SELECT * FROM migrate_register_file('db/00001_a.sql', E'-- +goose Up\nCREATE TABLE a ();\n-- +goose Down\nDROP TABLE a;\n');
SELECT * FROM migrate_register_file('db/00002_b.sql', E'-- +goose Up\nCREATE TABLE b ();\n-- +goose Down\nDROP TABLE b;\n');
SELECT * FROM migrate_register_file('db/00003_fill.go', E'package migrations\n');
SELECT * FROM migrate_register_file('db/00004_c.sql', E'-- +goose Up\nCREATE TABLE c ();\n-- +goose Down\nDROP TABLE c;\n');
SELECT version, name, kind, state, remark, reversible FROM migrate_status;
SELECT version, state, remark FROM migrate_pending();

-- nothing is run, in whichever way, and the plan says so too
SELECT * FROM migrate_apply();
SELECT * FROM migrate_apply('4');
SELECT * FROM migrate_apply('+3');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM migrate_plan();
SELECT migrate_script();
CALL migrate_deploy();
SELECT count(*) FROM migrate_status WHERE state = 'applied';
SELECT to_regclass('a'), to_regclass('b');

-- up to the hole
SELECT version, action FROM migrate_apply('+2');
SELECT version, state FROM migrate_status;
SELECT * FROM migrate_apply();

-- its own tool has run it
SELECT migrate_mark('3', 'filled by the service');
SELECT version, state, how, remark FROM migrate_status;
SELECT version, action FROM migrate_apply();
SELECT version, state FROM migrate_pending();

-- nor is there a way back through it
SELECT * FROM migrate_rollback('1');
SELECT migrate_unmark('3', 'emptied by the service');
SELECT version, action FROM migrate_rollback('base');
SELECT version, state FROM migrate_status;

-- the file again, and written in SQL after all
SELECT * FROM migrate_register_file('db/00003_fill.go', E'package migrations\n');
SELECT * FROM migrate_register_file('db/00003_fill.sql', E'-- +goose Up\nCREATE TABLE filled ();\n');
SELECT version, state, path FROM migrate_status WHERE version = '00003';
SELECT version, action FROM migrate_apply();

-- what is no migration of its tool
SELECT * FROM migrate_register_file('db/00005_x_test.go', '');
SELECT * FROM migrate_register_file('db/main.go', '');

-- Flyway's in Java
SET migrate.project = 'holes of Flyway';
SELECT * FROM migrate_register_file('V1__A.java', '');
SELECT * FROM migrate_register_file('R__B.java', '');
SELECT version, name, kind, state, remark FROM migrate_status;
SELECT * FROM migrate_apply();

DROP SCHEMA holes CASCADE;
