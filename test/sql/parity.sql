-- What this environment consists of, and what differs in another: here the two
-- are one at two times.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'parity';
SET migrate.environment = 'production';
CREATE SCHEMA parity;
SELECT migrate_register('1', 'shop', 'CREATE TABLE parity.customer (id bigint PRIMARY KEY, name text NOT NULL); CREATE INDEX customer_name ON parity.customer (name); CREATE VIEW parity.names AS SELECT name FROM parity.customer', 'DROP VIEW parity.names; DROP TABLE parity.customer');
SELECT migrate_register('2', 'rank', 'ALTER TABLE parity.customer ADD rank text', verify => 'SELECT true');
SELECT migrate_register('3', 'later', 'SELECT 1');
SELECT migrate_register(NULL, 'again', 'SELECT 1');
SELECT version FROM migrate_apply('2');
\pset null '(null)'
\a
-- its shape, and that it is one line
CREATE TEMPORARY TABLE was AS SELECT migrate_manifest() AS m, migrate_manifest(definitions => true) AS defined;
SELECT jsonb_object_keys(m), jsonb_typeof(m -> jsonb_object_keys(m)) FROM was ORDER BY 1;
SELECT k FROM was, jsonb_object_keys(m -> 'identity') k ORDER BY 1;
SELECT m ->> 'format', m #>> '{identity,environment}', m #>> '{identity,project}', m #>> '{identity,acting_role}' = current_user AS me FROM was;
SELECT x ->> 'version', x ->> 'kind', x ->> 'state', x ->> 'how', length(x ->> 'up'), length(x ->> 'down'), length(x ->> 'verify'), x ->> 'applied' = x ->> 'up' AS as_registered
  FROM was, jsonb_array_elements(m -> 'migrations') x;
SELECT regexp_replace((m #> '{objects,index,parity.customer_name}')::text, '[0-9a-f]{32}', 'HASH', 'g') FROM was;
SELECT regexp_replace((defined #> '{objects,column,parity.customer.name}')::text, '[0-9a-f]{32}', 'HASH', 'g') FROM was;
SELECT position(E'\n' IN m::text) AS line_ends FROM was;
-- nothing differs
SELECT c.* FROM was, migrate_compare(m) c;
SELECT c.* FROM was, migrate_compare(defined) c;

-- what is missing here, is here and was not there, and differs
SELECT version FROM migrate_apply();
SELECT migrate_register('4', 'new', 'SELECT 1');
SELECT migrate_register('1', 'shop', 'CREATE TABLE parity.customer (id bigint PRIMARY KEY, name text NOT NULL); CREATE INDEX customer_name ON parity.customer (name); /* the names */ CREATE VIEW parity.names AS SELECT name FROM parity.customer', 'DROP VIEW parity.names; DROP TABLE parity.customer CASCADE');
SELECT migrate_register('2', 'rank', 'ALTER TABLE parity.customer ADD rank text');
DROP INDEX parity.customer_name;
ALTER TABLE parity.customer ALTER rank SET NOT NULL;
CREATE TABLE parity.orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text);
COMMENT ON VIEW parity.names IS 'theirs';
SELECT c.subject, c.identity, c.component, c.change, c.here, c.there, c.here_hash IS NOT NULL AS hash_here, c.there_hash IS NOT NULL AS hash_there, c.part_of FROM was, migrate_compare(m) c;
-- the same seen from the other side, with definitions
CREATE TEMPORARY TABLE is_now AS SELECT migrate_manifest(true) AS m;
DROP TABLE parity.orders;
COMMENT ON VIEW parity.names IS NULL;
SELECT migrate_unregister('4');
SELECT c.subject, c.identity, c.component, c.change, c.here, c.there, c.part_of FROM is_now, migrate_compare(m, without => '{privileges,owner}') c WHERE c.part_of IS NULL;
-- nothing of a snapshot is compared that is left out
SELECT c.subject, c.identity, c.component, c.change FROM is_now, migrate_compare(m, without => '{definition,comment,default,position}') c;

-- what is no manifest
CREATE FUNCTION parity.refused(manifest jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text; hint text;
BEGIN
	PERFORM migrate_compare(manifest);
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, SQLERRM, nullif(detail, ''), nullif(hint, ''));
END $$;
SELECT parity.refused(NULL);
SELECT parity.refused(x::jsonb) FROM unnest(ARRAY['7', '"x"', 'null', '[]', '{}', '[{"format": 1}]']) x;
SELECT parity.refused(jsonb_set(m, '{format}', x::jsonb)) FROM was, unnest(ARRAY['"1"', 'null', '0', '1.5', '2', '1e300', '-1', '[1]']) x;
SELECT parity.refused(m - 'identity') FROM was;
SELECT parity.refused(jsonb_set(m, '{identity,project}', x::jsonb)) FROM was, unnest(ARRAY['"other"', '7', 'null']) x;
SELECT parity.refused(m - 'migrations') FROM was;
SELECT parity.refused(jsonb_set(m, '{migrations}', x::jsonb)) FROM was, unnest(ARRAY['{}', '7', '[7]', '[[]]', '[{}]', '[{"version": "1"}]', '[{"version": 1, "name": "x", "kind": "versioned"}]',
	'[{"version": "1", "name": "x", "kind": "odd"}]', '[{"version": "", "name": "x", "kind": "versioned"}]', '[{"version": "\u0001", "name": "x", "kind": "versioned"}]',
	'[{"version": "1", "name": "x", "kind": "versioned", "up": "zz"}]', '[{"version": "1", "name": "x", "kind": "versioned"}, {"version": "001", "name": "y", "kind": "versioned"}]']) x;
SELECT parity.refused(m - 'objects') FROM was;
SELECT parity.refused(jsonb_set(m, '{objects}', x::jsonb)) FROM was, unnest(ARRAY['[]', '7', '{"table": 7}', '{"table": {"x": 7}}', '{"table": {"x": []}}', '{"table": {"x": {}}}', '{"table": {"x": {"of": "y"}}}',
	'{"table": {"x": {"colour": "y"}}}', '{"table": {"x": {"of": 7}}}', '{"table": {"x": {"definition": 7}}}', '{"table": {"x": {"definition": null}}}', '{"table": {"x": {"definition": ""}}}',
	'{"table": {"x": {"definition": "52ca2fea44954300e526e6bd7546104g"}}}', '{"table": {"x": {"definition": "52CA2FEA44954300E526E6BD75461043"}}}', '{"table": {"x": {"definition": "52ca2fea44954300e526e6bd7546104"}}}',
	'{"table": {"x": {"text": "0:52ca2fea44954300e526e6bd75461043"}}}', '{"table": {"x": {"text": "99999:52ca2fea44954300e526e6bd75461043"}}}', '{"table": {"x": {"text": ":52ca2fea44954300e526e6bd75461043"}}}',
	'{"table": {"x": {"definition": []}}}', '{"table": {"x": {"definition": ["52ca2fea44954300e526e6bd75461043"]}}}', '{"table": {"x": {"definition": ["52ca2fea44954300e526e6bd75461043", 7]}}}', '{"table": {"x": {"definition": ["52ca2fea44954300e526e6bd75461043", "d", "e"]}}}',
	'{"table": {"x": {"definition": [["52ca2fea44954300e526e6bd75461043"], "d"]}}}', '{"table": {"x": {"definition": {"0": "52ca2fea44954300e526e6bd75461043"}}}}',
	'{"": {"": {"definition": "52ca2fea44954300e526e6bd75461043"}}}', '{"column": {"": {"position": "52ca2fea44954300e526e6bd75461043"}, ".": {"position": "52ca2fea44954300e526e6bd75461043"}, "\"": {"position": "52ca2fea44954300e526e6bd75461043"}}}']) x;
SELECT migrate_compare(m, '{colour}') FROM was;
SELECT migrate_compare(m, ARRAY[NULL]) FROM was;
-- what has nothing to do with it is passed over
SELECT parity.refused(m || '{"more": [[[{}]]]}') FROM was;
SELECT parity.refused(jsonb_set(m, '{migrations,0,more}', '{"x": []}')) FROM was;
-- in a read-only transaction
BEGIN READ ONLY;
SELECT count(*) > 2 AS some FROM jsonb_each(migrate_manifest() -> 'objects' -> 'column');
SELECT count(*) FROM was, migrate_compare(m) c WHERE c.change = 'applied here';
COMMIT;
-- not everybody's
CREATE ROLE regress_parity;
SET ROLE regress_parity;
SELECT migrate_manifest();
SELECT migrate_compare('{}');
RESET ROLE;
GRANT EXECUTE ON FUNCTION migrate_manifest, migrate_compare TO regress_parity;
GRANT SELECT ON was TO regress_parity;
SET ROLE regress_parity;
SELECT migrate_manifest() #>> '{identity,acting_role}', jsonb_array_length(migrate_manifest() -> 'migrations');
SELECT count(*) FROM was, migrate_compare(m) c WHERE c.change = 'applied here';
RESET ROLE;
\a
DROP OWNED BY regress_parity;
DROP ROLE regress_parity;
DROP SCHEMA parity CASCADE;
