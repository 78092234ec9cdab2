-- What changes nothing that is reported, read like variants.sql.

-- upkeep: ANALYZE
ANALYZE {T};
-- upkeep: VACUUM FULL [alone]
VACUUM FULL {T}, extra.item, extra.item_sums;
-- upkeep: VACUUM FREEZE [alone]
VACUUM (FREEZE, ANALYZE) {P}, extra.item;
-- upkeep: REINDEX [alone]
REINDEX TABLE {T};
REINDEX INDEX {S}.{T_index};
REINDEX SCHEMA extra;
-- upkeep: REINDEX CONCURRENTLY [alone]
REINDEX TABLE CONCURRENTLY {P};
REINDEX INDEX CONCURRENTLY extra.line_amount;
-- upkeep: CLUSTER
CLUSTER extra.line;
-- upkeep: CLUSTER by the index that it is clustered by
CLUSTER extra.line USING line_amount;
-- upkeep: CHECKPOINT [alone]
CHECKPOINT;
-- upkeep: REFRESH MATERIALIZED VIEW
REFRESH MATERIALIZED VIEW {M};
REFRESH MATERIALIZED VIEW extra.item_sums WITH NO DATA;
REFRESH MATERIALIZED VIEW extra.item_sums;
-- upkeep: REFRESH MATERIALIZED VIEW CONCURRENTLY [alone]
REFRESH MATERIALIZED VIEW CONCURRENTLY extra.item_sums;
-- upkeep: an index that was there for a while [alone]
CREATE INDEX CONCURRENTLY fresh ON {T} ({T_text});
DROP INDEX CONCURRENTLY {S}.fresh;
-- upkeep: an index built anew
DROP INDEX extra.line_text;
CREATE INDEX line_text ON extra.line (lower(text)) WHERE amount > 0;
-- upkeep: statistics are reset
SELECT pg_stat_reset() \g /dev/null

-- data: a sequence is used
SELECT nextval('{Q}'), nextval('extra.counter') \g /dev/null
-- data: a sequence is set
SELECT setval('{Q}', 100000), setval('extra.counter', 7, false) \g /dev/null
-- data: a sequence begins anew
ALTER SEQUENCE {Q} RESTART;
ALTER SEQUENCE extra.counter RESTART WITH 1000;
-- data: an identity begins anew
ALTER TABLE extra.item ALTER COLUMN made RESTART WITH 50;
-- data: rows
INSERT INTO extra.item (id, name, price, code) SELECT i, 'n' || i, i, 'c' || i FROM generate_series(1, 100) i;
UPDATE extra.item SET price = price + 1;
DELETE FROM extra.item WHERE id < 50;
-- data: TRUNCATE
TRUNCATE extra.item, extra.line, extra.light RESTART IDENTITY CASCADE;
-- data: values that are stored outside of the table
INSERT INTO extra.bare SELECT 1, string_agg(md5(i::text), '') FROM generate_series(1, 5000) i;
-- data: a large object
SELECT lo_create(0) \g /dev/null
-- data: a partition becomes full
INSERT INTO extra.measure VALUES ('2024-05-05', 'x', 1), ('2025-05-05', 'y', 2);
-- data: locks
LOCK TABLE {T}, extra.item IN ACCESS EXCLUSIVE MODE;

-- again: the same comments
COMMENT ON TABLE extra.item IS 'things';
COMMENT ON COLUMN extra.item.name IS 'called';
COMMENT ON SCHEMA extra_empty IS NULL;
COMMENT ON SCHEMA extra IS E'm\u006fre';
-- again: the same storage parameters
ALTER TABLE extra.bare SET (fillfactor = 70, toast.autovacuum_enabled = off);
ALTER INDEX extra.line_amount SET (fillfactor = 80);
-- again: the same statistics target
ALTER TABLE extra.item ALTER name SET STATISTICS 500;
ALTER TABLE {T} ALTER {T_text} SET STATISTICS -1;
-- again: the same storage and compression
ALTER TABLE extra.item ALTER code SET STORAGE EXTERNAL;
ALTER TABLE {T} ALTER {T_text} SET STORAGE EXTENDED, ALTER {T_text} SET COMPRESSION DEFAULT;
-- again: the same type
ALTER TABLE {T} ALTER {T_text} TYPE {T_text_type};
-- again: the same default
ALTER TABLE extra.item ALTER price SET DEFAULT 0;
ALTER TABLE {T} ALTER {T_null} DROP DEFAULT;
-- again: NOT NULL
ALTER TABLE {T} ALTER {T_text} SET NOT NULL, ALTER {T_null} DROP NOT NULL;
-- again: the same owner
ALTER TABLE {T} OWNER TO CURRENT_USER;
ALTER SCHEMA extra OWNER TO CURRENT_USER;
ALTER FUNCTION {F}() OWNER TO postgres;
-- again: the same tablespace, access method and persistence
ALTER TABLE {T} SET TABLESPACE pg_default;
ALTER TABLE {T} SET ACCESS METHOD heap;
ALTER TABLE {T} SET LOGGED;
-- again: the same replica identity and row security
ALTER TABLE {T} REPLICA IDENTITY DEFAULT, DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
ALTER TABLE extra.parent ENABLE ROW LEVEL SECURITY;
-- again: the same view
CREATE OR REPLACE VIEW extra.item_view AS SELECT i.id, i.name, i.price FROM extra.item AS i WHERE i.price > 0;
CREATE OR REPLACE VIEW extra.item_view AS SELECT id, name, price FROM extra.item WHERE price > 0;
-- again: the same function
CREATE OR REPLACE FUNCTION extra.two() RETURNS integer IMMUTABLE LANGUAGE 'sql' AS $x$SELECT 2$x$;
CREATE OR REPLACE FUNCTION extra.plus(a int, b int = 1) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN a + b; END';
-- again: the same properties of a function
ALTER FUNCTION extra.plus(integer, integer) VOLATILE COST 100 PARALLEL UNSAFE SECURITY INVOKER RESET ALL;
-- again: the same procedure, aggregate and trigger
CREATE OR REPLACE PROCEDURE extra.proceed(INOUT n integer) LANGUAGE plpgsql AS 'BEGIN n := n + 1; END';
CREATE OR REPLACE AGGREGATE extra.total(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0');
CREATE OR REPLACE TRIGGER item_stamp BEFORE INSERT OR UPDATE ON extra.item FOR EACH ROW EXECUTE FUNCTION extra.stamp();
-- again: the same rule and policy
CREATE OR REPLACE RULE line_quiet AS ON DELETE TO extra.line DO INSTEAD NOTHING;
ALTER POLICY item_mine ON extra.item TO drift_a USING (name = 'mine');
-- again: the same privileges
GRANT SELECT, INSERT ON extra.item TO drift_a WITH GRANT OPTION;
GRANT UPDATE (name) ON extra.item TO drift_b;
REVOKE UPDATE ON {T} FROM drift_a;
-- again: privileges for a while
GRANT ALL ON {T} TO drift_a, drift_b WITH GRANT OPTION;
REVOKE ALL ON {T} FROM drift_a, drift_b;
GRANT SELECT ({T_text}) ON {T} TO PUBLIC;
REVOKE SELECT ({T_text}) ON {T} FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {F}() TO drift_a;
REVOKE EXECUTE ON FUNCTION {F}() FROM drift_a;
GRANT USAGE ON TYPE {O} TO drift_a;
REVOKE USAGE ON TYPE {O} FROM drift_a;
-- again: all privileges of the owner
REVOKE ALL ON {T} FROM CURRENT_USER;
GRANT ALL ON {T} TO CURRENT_USER;
-- again: the same default privileges
ALTER DEFAULT PRIVILEGES FOR ROLE drift_a GRANT SELECT ON TABLES TO drift_b;
-- again: default privileges for a while
ALTER DEFAULT PRIVILEGES FOR ROLE drift_b REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE drift_b GRANT EXECUTE ON FUNCTIONS TO PUBLIC;
-- again: the same default, constraint and owner of a domain
ALTER DOMAIN extra.short SET DEFAULT 'none';
ALTER DOMAIN extra.short VALIDATE CONSTRAINT short_filled;
ALTER DOMAIN extra.strict SET NOT NULL;
-- again: IF NOT EXISTS
CREATE SCHEMA IF NOT EXISTS extra;
CREATE TABLE IF NOT EXISTS extra.item (other text);
CREATE INDEX IF NOT EXISTS line_item ON extra.line (number);
CREATE SEQUENCE IF NOT EXISTS extra.counter START 99;
CREATE EXTENSION IF NOT EXISTS hstore;
ALTER TYPE extra.mood ADD VALUE IF NOT EXISTS 'fair';
ALTER TABLE {T} ADD COLUMN IF NOT EXISTS {T_text} integer;
-- again: IF EXISTS
DROP TABLE IF EXISTS extra.missing;
ALTER TABLE {T} DROP COLUMN IF EXISTS missing, DROP CONSTRAINT IF EXISTS missing;
-- again: the same version of an extension
ALTER EXTENSION hstore UPDATE TO '1.7';
-- again: a valid constraint validated
ALTER TABLE {T} VALIDATE CONSTRAINT {T_fkey};
-- again: triggers enabled
ALTER TABLE {T} DISABLE TRIGGER ALL;
ALTER TABLE {T} ENABLE TRIGGER ALL;
-- again: a name and back
ALTER TABLE {P} RENAME TO otherwise;
ALTER TABLE {S}.otherwise RENAME TO {P_name};
ALTER TABLE {T} RENAME COLUMN {T_text} TO otherwise;
ALTER TABLE {T} RENAME COLUMN otherwise TO {T_text};
-- again: a schema and back
ALTER TABLE {U} SET SCHEMA extra_empty;
ALTER TABLE extra_empty.{U_name} SET SCHEMA {S};
-- again: dropped and created
DROP TABLE extra.bare CASCADE;
CREATE TABLE extra.bare (a integer, b text) WITH (fillfactor = 70, toast.autovacuum_enabled = off);
CREATE SEQUENCE extra.counter_owned OWNED BY extra.bare.a;
-- again: what a subtransaction has undone
SAVEPOINT s;
ALTER TABLE {T} ADD fresh integer;
DROP TABLE {P} CASCADE;
ROLLBACK TO s;
-- again: detached and attached
ALTER TABLE extra.measure DETACH PARTITION extra.measure_2024;
ALTER TABLE extra.measure ATTACH PARTITION extra.measure_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');

-- columns: with gaps between their numbers
ALTER TABLE {T} ADD gone_1 integer, ADD gone_2 text;
ALTER TABLE {T} DROP gone_1, DROP gone_2;
-- columns: with other numbers
DROP TABLE extra.orphan;
CREATE TABLE extra.orphan (gone integer, a integer, gone_2 text, b text, own integer);
ALTER TABLE extra.orphan DROP gone, DROP gone_2, REPLICA IDENTITY FULL;
-- columns: of a partition, with other numbers
ALTER TABLE extra.measure DETACH PARTITION extra.measure_2024;
DROP TABLE extra.measure_2024;
CREATE TABLE extra.measure_2024 (gone integer, day date CONSTRAINT measure_day_not_null NOT NULL, place text, value integer);
ALTER TABLE extra.measure_2024 DROP gone;
CREATE INDEX measure_2024_place_idx ON extra.measure_2024 (place);
ALTER TABLE extra.measure ATTACH PARTITION extra.measure_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
-- columns: of a composite type, with other numbers
ALTER TYPE {O} ADD ATTRIBUTE gone integer;
ALTER TYPE {O} DROP ATTRIBUTE gone;
-- columns: the order of labels by other numbers
DROP TRANSFORM FOR extra.mood LANGUAGE talk;
ALTER TABLE extra.item ALTER feeling TYPE text;
DROP TYPE extra.mood;
CREATE TYPE extra.mood AS ENUM ('happy');
ALTER TYPE extra.mood ADD VALUE 'sad' BEFORE 'happy';
ALTER TYPE extra.mood ADD VALUE 'fair' BEFORE 'happy';
CREATE TRANSFORM FOR extra.mood LANGUAGE talk (FROM SQL WITH FUNCTION extra.from_sql(internal));
ALTER TABLE extra.item ALTER feeling TYPE extra.mood USING NULL;

-- temporary: a table
CREATE TEMPORARY TABLE fresh (id serial PRIMARY KEY, t text DEFAULT 'x' CHECK (t <> ''));
COMMENT ON TABLE fresh IS 'gone soon';
GRANT SELECT ON fresh TO PUBLIC;
CREATE INDEX ON fresh (t);
-- temporary: other objects
CREATE TEMPORARY VIEW fresh AS SELECT 1;
CREATE TEMPORARY SEQUENCE fresh_seq;
CREATE FUNCTION pg_temp.fresh() RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE TYPE pg_temp.fresh_type AS ENUM ('a');
CREATE DOMAIN pg_temp.fresh_domain AS text;
CREATE OPERATOR pg_temp.<<<< (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4lt);
-- temporary: a table in the place of another
CREATE TEMPORARY TABLE item (id integer);
SET LOCAL search_path = extra;

-- settings: search_path
SET LOCAL search_path = extra, public, pg_catalog;
-- settings: no search_path
SET LOCAL search_path = '';
-- settings: formats of times
SET LOCAL TimeZone = 'Asia/Kathmandu';
SET LOCAL DateStyle = 'German, DMY';
SET LOCAL IntervalStyle = 'sql_standard';
-- settings: formats of values
SET LOCAL extra_float_digits = -15;
SET LOCAL bytea_output = 'escape';
SET LOCAL xmlbinary = 'hex';
SET LOCAL lc_monetary = 'C.UTF-8';
SET LOCAL lc_numeric = 'C.UTF-8';
SET LOCAL lc_time = 'C.UTF-8';
-- settings: quotes
SET LOCAL quote_all_identifiers = on;
SET LOCAL standard_conforming_strings = off;
SET LOCAL escape_string_warning = on;
SET LOCAL backslash_quote = on;
-- settings: messages
SET LOCAL lc_messages = 'C.UTF-8';
SET LOCAL client_encoding = 'LATIN1';
-- settings: plans
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_indexscan = off;
SET LOCAL enable_seqscan = off;
SET LOCAL work_mem = '64kB';
SET LOCAL jit_above_cost = 0;
SET LOCAL max_parallel_workers_per_gather = 4;
SET LOCAL from_collapse_limit = 1;
SET LOCAL plan_cache_mode = force_generic_plan;
-- settings: row security
SET LOCAL row_security = off;
-- settings: defaults
SET LOCAL default_tablespace = drift_space;
SET LOCAL default_table_access_method = drift_heap;
SET LOCAL default_toast_compression = 'pglz';
SET LOCAL check_function_bodies = off;
-- settings: a role
SET LOCAL ROLE drift_super;
-- settings: isolation
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;
-- settings: read only
SET TRANSACTION READ ONLY;
-- settings: of a database
ALTER DATABASE {database} SET TimeZone = 'Asia/Tokyo';
ALTER DATABASE {database} RESET ALL;
COMMENT ON DATABASE {database} IS 'drift';
ALTER DATABASE {database} CONNECTION LIMIT 50;
GRANT CREATE ON DATABASE {database} TO drift_a;

-- cluster: a role
CREATE ROLE drift_other LOGIN PASSWORD 'x' CREATEDB;
ALTER ROLE drift_other SET search_path = nowhere;
GRANT drift_other TO drift_a;
COMMENT ON ROLE drift_other IS 'other';
DROP ROLE drift_other;
-- cluster: a role with privileges
ALTER ROLE drift_a CREATEROLE VALID UNTIL '2040-01-01';
ALTER ROLE drift_b SET work_mem = '1MB';
GRANT drift_a TO drift_b;
-- cluster: a tablespace
COMMENT ON TABLESPACE drift_space IS 'spare';
GRANT CREATE ON TABLESPACE drift_space TO drift_a;
-- cluster: replication
SELECT pg_create_physical_replication_slot('drift_slot'), pg_drop_replication_slot('drift_slot') \g /dev/null
-- secrets: the password of a user mapping
ALTER USER MAPPING FOR drift_a SERVER drift_server OPTIONS (SET password 'changed');
-- secrets: how a subscription connects
ALTER SUBSCRIPTION drift_subscription CONNECTION 'host=elsewhere password=secret';
-- secrets: whether a subscription is at work
ALTER SUBSCRIPTION drift_subscription SET (slot_name = 'one');
ALTER SUBSCRIPTION drift_subscription ENABLE;
ALTER SUBSCRIPTION drift_subscription DISABLE;
ALTER SUBSCRIPTION drift_subscription SET (slot_name = NONE);
