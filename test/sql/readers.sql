-- What the readers of other tools' files say without refusing anything.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
CREATE SCHEMA readers;
SET search_path = readers, public;
SET client_min_messages = notice;

-- graphile-migrate: what is not committed, unless there is nothing in it
SET migrate.project = 'graphile';
SELECT version, action FROM migrate_register_files(
	ARRAY['m/committed/000001.sql', 'm/current.sql'],
	ARRAY[E'--! Previous: -\n--! Hash: sha1:370757d654a15d29e824a96c113d86b77588d500\n\nCREATE TABLE a ();\n',
		  E'-- Enter migration here\n']);
SELECT version, action FROM migrate_register_files(
	ARRAY['m/committed/000001.sql', 'm/current/1.sql', 'm/current/2.sql', 'm/fixtures/f.sql'],
	ARRAY[E'--! Previous: -\n--! Hash: sha1:370757d654a15d29e824a96c113d86b77588d500\n\nCREATE TABLE a ();\n',
		  'SELECT 1;', '', 'SELECT 1;']);
SELECT * FROM migrate_new('x');

-- drizzle: what the journal does not name
SET migrate.project = 'drizzle';
SELECT version, action FROM migrate_register_files(
	ARRAY['m/0000_a.sql', 'm/0001_b.sql', 'm/meta/0000_snapshot.json', 'm/meta/_journal.json'],
	ARRAY['CREATE TABLE b ();--> statement-breakpoint' || E'\nCREATE TABLE c ();', 'X', '{}', '{"entries": [{"tag": "0000_a"}]}']);
-- the journal is needed
SELECT version, name, action FROM migrate_register_file('m/0002_c.sql', 'CREATE TABLE d ();');
SELECT * FROM migrate_register_file('m/meta/_journal.json', '{"entries": []}');
SELECT version FROM migrate_register_files(ARRAY['m/meta/_journal.json', 'm/a.sql'], ARRAY[E'{"entries":\n[', '']);

-- Atlas: a directive that has no blank line after it
SET migrate.project = 'atlas';
WITH f AS (SELECT '1_a.sql' AS name, E'-- atlas:txmode none\nCREATE TABLE e ();\n' AS text),
	 h AS (SELECT *, encode(sha256(convert_to(name || text, 'UTF8')), 'base64') AS hash FROM f)
SELECT version, action FROM h, migrate_register_files(
	ARRAY[name, 'atlas.sum'],
	ARRAY[text, format(E'h1:%s\n%s h1:%s\n', encode(sha256(convert_to(name || hash, 'UTF8')), 'base64'), name, hash)]);

-- Flyway: events that nothing here is like
SET migrate.project = 'flyway';
SELECT version, action FROM migrate_register_files(
	ARRAY['V1__a.sql', 'afterMigrate__x.sql', 'beforeEachMigrate.sql', 'afterMigrate.sh', 'afterClean.sql', 'afterClean.sql.conf', 'V2__b.java'],
	ARRAY['CREATE TABLE ${name} ();', 'SELECT ''${name}'';', 'SELECT 1;', NULL, 'SELECT 1;', 'executeInTransaction=false', NULL]);
SELECT migrate_set_variable('name', 'f');
SELECT version, action FROM migrate_register_files(
	ARRAY['V1__a.sql', 'afterMigrate__x.sql', 'beforeEachMigrate.sql', 'afterMigrate.sh', 'afterClean.sql', 'afterClean.sql.conf', 'V2__b.java'],
	ARRAY['CREATE TABLE ${name} ();', 'SELECT ''${name}'';', 'SELECT 1;', NULL, 'SELECT 1;', 'executeInTransaction=false', NULL]);
SET client_min_messages = warning;
SELECT version, action FROM migrate_apply('1');
SET client_min_messages = notice;
SELECT to_regclass('f');
-- what came after is in the way until it is marked
SET client_min_messages = warning;
SELECT version, action FROM migrate_apply();
SET client_min_messages = notice;
\echo :LAST_ERROR_SQLSTATE

-- names in another order than numbers
SET migrate.project = 'dbmate';
SELECT version, action FROM migrate_register_files(
	ARRAY['10_b.sql', '9_a.sql', '8_r.sql'], ARRAY[E'-- migrate:up\n', E'-- migrate:up\n', E'-- migrate:repeatable\n']);
SELECT version, action FROM migrate_register_files(
	ARRAY['10_b.sql', '09_a.sql'], ARRAY[E'-- migrate:up\n', E'-- migrate:up\n']);

-- Atlas: a checkpoint stands for what came before it where nothing is applied
SET migrate.project = 'checkpoint';
CREATE TEMP TABLE files AS
	SELECT ARRAY['10_b.sql', '1_a.sql', '9_c.sql', '9z_d.sql'] AS names,
		   ARRAY['CREATE TABLE g ();', 'CREATE TABLE h ();', E'-- atlas:checkpoint v1\n\nCREATE TABLE g (); CREATE TABLE h ();', 'CREATE TABLE i ();'] AS texts;
CREATE TEMP VIEW sums AS
	SELECT n, names[1:n] || ARRAY['atlas.sum'] AS names,
		   texts[1:n] || ARRAY['h1:' || encode(sha256(convert_to(string_agg(name || hash, '' ORDER BY i), 'UTF8')), 'base64') || E'\n'
							   || string_agg(name || ' h1:' || hash, E'\n' ORDER BY i)] AS texts
	  FROM files, generate_series(1, 4) n, generate_series(1, n) i,
		   LATERAL (SELECT names[i] AS name,
						   encode(sha256(convert_to((SELECT string_agg(names[k] || texts[k], '' ORDER BY k) FROM generate_series(1, i) k), 'UTF8')), 'base64') AS hash) h
	 GROUP BY n, names, texts;
SELECT version, action FROM sums, migrate_register_files(names, texts) WHERE n = 4;
SET client_min_messages = warning;
SELECT version, action FROM migrate_apply();
SET client_min_messages = notice;
SELECT version, kind, state, how FROM migrate_status;
SET migrate.project = 'no checkpoint';
DROP TABLE g, h, i;
SELECT version, action FROM sums, migrate_register_files(names, texts) WHERE n = 2;
SET client_min_messages = warning;
SELECT version, action FROM migrate_apply();
SET client_min_messages = notice;
SELECT version, action FROM sums, migrate_register_files(names, texts) WHERE n = 4;
SET client_min_messages = warning;
SELECT version, action FROM migrate_apply();
SET client_min_messages = notice;
SELECT version, kind, state, how FROM migrate_status;

SET client_min_messages = warning;
DROP SCHEMA readers CASCADE;
