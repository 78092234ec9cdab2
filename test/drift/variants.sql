-- Changes of a schema, one of each kind and more, and what is reported of each:
-- test/perl/Variants.pm tells how to read this.  Names are of names.txt.

-- schema: created
CREATE SCHEMA fresh;
-- undo
DROP SCHEMA fresh;
-- = schema | fresh | definition, owner | added
-- schema: created for a role
CREATE SCHEMA AUTHORIZATION drift_a;
-- = schema | drift_a | definition, owner | added
-- schema: dropped
DROP SCHEMA extra_empty;
-- = schema | extra_empty | definition, owner | dropped
-- schema: renamed
ALTER SCHEMA extra_empty RENAME TO extra_void;
-- undo
ALTER SCHEMA extra_void RENAME TO extra_empty;
-- = schema | extra_empty | definition, owner | dropped
-- = schema | extra_void | definition, owner | added
-- schema: owner
ALTER SCHEMA extra_empty OWNER TO drift_a;
-- undo
ALTER SCHEMA extra_empty OWNER TO CURRENT_USER;
-- = schema | extra_empty | owner | changed
-- schema: comment
COMMENT ON SCHEMA {H} IS 'said';
-- = schema | {H} | comment | changed
-- schema: comment taken away
COMMENT ON SCHEMA extra IS NULL;
-- undo
COMMENT ON SCHEMA extra IS 'more';
-- = schema | extra | comment | changed
-- schema: granted
GRANT CREATE ON SCHEMA {H} TO drift_a;
-- undo
REVOKE CREATE ON SCHEMA {H} FROM drift_a;
-- = schema | {H} | privileges | changed
-- schema: revoked
REVOKE USAGE ON SCHEMA extra FROM drift_b;
-- undo
GRANT USAGE ON SCHEMA extra TO drift_b;
-- = schema | extra | privileges | changed
-- schema: grant option
GRANT USAGE ON SCHEMA extra TO drift_a WITH GRANT OPTION;
-- undo
REVOKE GRANT OPTION FOR USAGE ON SCHEMA extra FROM drift_a;
-- = schema | extra | privileges | changed

-- table: created
CREATE TABLE {S}.fresh (id integer PRIMARY KEY, t text NOT NULL DEFAULT 'x' CHECK (t <> ''), r integer REFERENCES extra.item);
-- undo
DROP TABLE {S}.fresh;
-- + public.fresh | column 3, constraint 3
-- = table | public.fresh | definition, owner | added
-- table: created unlogged
CREATE UNLOGGED TABLE {S}.fresh (id integer);
-- undo
DROP TABLE {S}.fresh;
-- + public.fresh | column 1
-- = table | public.fresh | definition, owner | added
-- table: created like another
CREATE TABLE {S}.fresh (LIKE {T} INCLUDING ALL);
-- undo
DROP TABLE {S}.fresh;
-- + minder: public.fresh | column 5, constraint 1, index 1
-- + crates: public.fresh | column 8, constraint 1, index 1
-- + trigger: public.fresh | column 9, constraint 1, index 2
-- = table | public.fresh | definition, owner | added
-- table: created from a query
CREATE TABLE {S}.fresh AS SELECT * FROM {T};
-- undo
DROP TABLE {S}.fresh;
-- + minder: public.fresh | column 5
-- + crates: public.fresh | column 8
-- + trigger: public.fresh | column 9
-- = table | public.fresh | definition, owner | added
-- table: created of a type
CREATE TABLE extra.fresh OF extra.pair (PRIMARY KEY (x));
-- undo
DROP TABLE extra.fresh;
-- + extra.fresh | column 2, constraint 1
-- = table | extra.fresh | definition, owner | added
-- table: dropped
DROP TABLE {T};
-- + minder: {T} | column 5, constraint 2, index 1
-- + crates: {T} | column 8, constraint 2, index 1, sequence 1
-- + trigger: {T} | column 9, constraint 2, index 2
-- = crates: table | {T} | comment, definition, owner | dropped
-- = minder: table | {T} | definition, owner | dropped
-- = trigger: table | {T} | definition, owner | dropped
-- table: dropped, and what refers to it
DROP TABLE {P} CASCADE;
-- + trigger: {P} | column 3, constraint 1, index 1
-- + minder: {P} | column 3, constraint 2, index 1
-- + crates: {P} | column 7, constraint 3, index 1, sequence 1, trigger 2
-- = constraint | {P_fkey} | definition | dropped
-- = table | {P} | definition, owner | dropped
-- table: renamed
ALTER TABLE {U} RENAME TO otherwise;
-- + crates: public.otherwise | column 2, constraint 1
-- + minder: public.otherwise | column 3, constraint 2
-- + trigger: public.otherwise | column 5, index 2
-- + crates: {U} | column 2, constraint 1
-- + minder: {U} | column 3, constraint 2
-- + trigger: {U} | column 5
-- = crates: table | public.otherwise | comment, definition, owner | added
-- = minder: table | public.otherwise | definition, owner | added
-- = trigger: table | public.otherwise | definition, owner | added
-- = crates: table | {U} | comment, definition, owner | dropped
-- = minder: table | {U} | definition, owner | dropped
-- = trigger: table | {U} | definition, owner | dropped
-- table: renamed, and referred to
ALTER TABLE {P} RENAME TO otherwise;
-- + trigger: public.otherwise | column 3, constraint 1, index 1
-- + minder: public.otherwise | column 3, constraint 2, index 1
-- + crates: public.otherwise | column 7, constraint 3, index 1, sequence 1, trigger 2
-- + trigger: {P} | column 3, constraint 1
-- + minder: {P} | column 3, constraint 2
-- + crates: {P} | column 7, constraint 3, trigger 2
-- ~ constraint | {P_fkey} | definition | changed
-- = table | public.otherwise | definition, owner | added
-- = table | {P} | definition, owner | dropped
-- table: schema
ALTER TABLE {U} SET SCHEMA extra_empty;
-- + trigger: extra_empty."SecretStore" | column 5, index 2
-- + minder: extra_empty.evaluation_outputs | column 3, constraint 2
-- + crates: extra_empty.processed_log_files | column 2, constraint 1
-- + crates: {U} | column 2, constraint 1
-- + minder: {U} | column 3, constraint 2
-- + trigger: {U} | column 5, index 2
-- = trigger: table | extra_empty."SecretStore" | definition, owner | added
-- = minder: table | extra_empty.evaluation_outputs | definition, owner | added
-- = crates: table | extra_empty.processed_log_files | comment, definition, owner | added
-- = crates: table | {U} | comment, definition, owner | dropped
-- = minder: table | {U} | definition, owner | dropped
-- = trigger: table | {U} | definition, owner | dropped
-- table: owner
ALTER TABLE {U} OWNER TO drift_a;
-- undo
ALTER TABLE {U} OWNER TO CURRENT_USER;
-- = table | {U} | owner | changed
-- table: owner, of its sequences too
ALTER TABLE extra.line OWNER TO drift_a;
-- undo
ALTER TABLE extra.line OWNER TO CURRENT_USER;
-- = sequence | extra.line_number_seq | owner | changed
-- = table | extra.line | owner | changed
-- table: unlogged
ALTER TABLE {U} SET UNLOGGED;
-- undo
ALTER TABLE {U} SET LOGGED;
-- = table | {U} | definition | changed
-- table: logged
ALTER TABLE extra.light SET LOGGED;
-- undo
ALTER TABLE extra.light SET UNLOGGED;
-- = table | extra.light | definition | changed
-- table: storage parameter
ALTER TABLE {T} SET (fillfactor = 80);
-- undo
ALTER TABLE {T} RESET (fillfactor);
-- = table | {T} | storage | changed
-- table: storage parameter changed
ALTER TABLE extra.bare SET (fillfactor = 71);
-- undo
ALTER TABLE extra.bare SET (fillfactor = 70);
-- = table | extra.bare | storage | changed
-- table: storage parameter reset
ALTER TABLE extra.bare RESET (fillfactor);
-- = table | extra.bare | storage | changed
-- table: TOAST parameter
ALTER TABLE {T} SET (toast.autovacuum_vacuum_threshold = 77);
-- undo
ALTER TABLE {T} RESET (toast.autovacuum_vacuum_threshold);
-- = table | {T} | storage | changed
-- table: autovacuum off
ALTER TABLE {U} SET (autovacuum_enabled = off);
-- undo
ALTER TABLE {U} RESET (autovacuum_enabled);
-- = table | {U} | storage | changed
-- table: access method
ALTER TABLE {T} SET ACCESS METHOD drift_heap;
-- undo
ALTER TABLE {T} SET ACCESS METHOD heap;
-- = table | {T} | storage | changed
-- table: tablespace
ALTER TABLE {T} SET TABLESPACE drift_space;
-- undo
ALTER TABLE {T} SET TABLESPACE pg_default;
-- = table | {T} | storage | changed
-- table: row level security
ALTER TABLE {T} ENABLE ROW LEVEL SECURITY;
-- undo
ALTER TABLE {T} DISABLE ROW LEVEL SECURITY;
-- = table | {T} | definition | changed
-- table: row level security disabled
ALTER TABLE extra.parent DISABLE ROW LEVEL SECURITY;
-- undo
ALTER TABLE extra.parent ENABLE ROW LEVEL SECURITY;
-- = table | extra.parent | definition | changed
-- table: row level security forced
ALTER TABLE {T} FORCE ROW LEVEL SECURITY;
-- undo
ALTER TABLE {T} NO FORCE ROW LEVEL SECURITY;
-- = table | {T} | definition | changed
-- table: replica identity full
ALTER TABLE {T} REPLICA IDENTITY FULL;
-- undo
ALTER TABLE {T} REPLICA IDENTITY DEFAULT;
-- = table | {T} | definition | changed
-- table: replica identity nothing
ALTER TABLE {T} REPLICA IDENTITY NOTHING;
-- undo
ALTER TABLE {T} REPLICA IDENTITY DEFAULT;
-- = table | {T} | definition | changed
-- table: replica identity by an index
ALTER TABLE extra.line REPLICA IDENTITY USING INDEX line_number;
-- undo
ALTER TABLE extra.line REPLICA IDENTITY DEFAULT;
-- = table | extra.line | definition | changed
-- table: clustered
ALTER TABLE {T} CLUSTER ON {T_index};
-- undo
ALTER TABLE {T} SET WITHOUT CLUSTER;
-- = index | public.{T_index} | storage | changed
-- table: clustered no more
ALTER TABLE extra.line SET WITHOUT CLUSTER;
-- undo
ALTER TABLE extra.line CLUSTER ON line_amount;
-- = index | extra.line_amount | storage | changed
-- table: of a type no more
ALTER TABLE extra.typed NOT OF;
-- = table | extra.typed | definition | changed
-- table: comment
COMMENT ON TABLE {U} IS 'noted';
-- = table | {U} | comment | changed
-- table: comment changed
COMMENT ON TABLE extra.item IS 'other things';
-- undo
COMMENT ON TABLE extra.item IS 'things';
-- = table | extra.item | comment | changed
-- table: comment taken away
COMMENT ON TABLE extra.item IS NULL;
-- = table | extra.item | comment | changed
-- table: granted
GRANT SELECT, UPDATE ON {T} TO drift_a;
-- undo
REVOKE SELECT, UPDATE ON {T} FROM drift_a;
-- = table | {T} | privileges | changed
-- table: granted to all
GRANT SELECT ON {T} TO PUBLIC;
-- undo
REVOKE SELECT ON {T} FROM PUBLIC;
-- = table | {T} | privileges | changed
-- table: granted by another
SET ROLE drift_a;
GRANT SELECT ON extra.item TO drift_b;
RESET ROLE;
-- = table | extra.item | privileges | changed
-- table: revoked
REVOKE INSERT ON extra.item FROM drift_a;
-- = table | extra.item | privileges | changed
-- table: grant option revoked
REVOKE GRANT OPTION FOR INSERT ON extra.item FROM drift_a;
-- undo
GRANT INSERT ON extra.item TO drift_a WITH GRANT OPTION;
-- = table | extra.item | privileges | changed
-- table: revoked from its owner
REVOKE DELETE ON {T} FROM CURRENT_USER;
-- undo
GRANT DELETE ON {T} TO CURRENT_USER;
-- = table | {T} | privileges | changed
-- table: all in a schema granted
GRANT SELECT ON ALL TABLES IN SCHEMA extra_place, extra_empty TO drift_b;
CREATE TABLE extra_place.quiet (a integer);
GRANT SELECT ON ALL TABLES IN SCHEMA extra_place TO drift_b;
-- + extra_place.quiet | column 1
-- = table | extra_place.quiet | definition, owner, privileges | added
-- table: label [unseen]
INSERT INTO pg_catalog.pg_seclabel VALUES ('{U}'::regclass, 'pg_class'::regclass, 0, 'drift', 'secret');
-- undo
DELETE FROM pg_catalog.pg_seclabel WHERE objoid = '{U}'::regclass;
-- = table | {U} | label | changed
-- table: label changed [unseen]
UPDATE pg_catalog.pg_seclabel SET label = 'top secret' WHERE provider = 'drift';
-- undo
UPDATE pg_catalog.pg_seclabel SET label = 'secret' WHERE provider = 'drift';
-- = table | extra.parent | label | changed

-- table: inherits
ALTER TABLE extra.orphan INHERIT extra.parent;
-- undo
ALTER TABLE extra.orphan NO INHERIT extra.parent;
-- = table | extra.orphan | definition | changed
-- table: inherits no more
ALTER TABLE extra.child NO INHERIT extra.parent;
-- = table | extra.child | definition | changed
-- table: created as a child
CREATE TABLE {S}.fresh (more text) INHERITS ({T});
-- undo
DROP TABLE {S}.fresh;
-- + trigger: public.fresh | column 10
-- + minder: public.fresh | column 6
-- + crates: public.fresh | column 9
-- = table | public.fresh | definition, owner | added
-- table: column of a parent
ALTER TABLE extra.parent ADD c integer;
-- undo
ALTER TABLE extra.parent DROP c;
-- = column | extra.child.c | definition | added
-- = column | extra.parent.c | definition | added
-- table: column of a parent alone
ALTER TABLE ONLY extra.parent DROP b;
-- = column | extra.parent.b | definition | dropped

-- partition: attached
ALTER TABLE extra.measure ATTACH PARTITION extra.measure_loose FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
-- = index | extra.measure_loose_place_idx | definition | added
-- = table | extra.measure_loose | definition | changed
-- partition: attached as the default
ALTER TABLE extra.measure ATTACH PARTITION extra.measure_loose DEFAULT;
-- = index | extra.measure_loose_place_idx | definition | added
-- = table | extra.measure_loose | definition | changed
-- partition: detached
ALTER TABLE extra.measure DETACH PARTITION extra.measure_2024;
-- = index | extra.measure_2024_place_idx | definition | changed
-- = table | extra.measure_2024 | definition | changed
-- partition: detached concurrently [alone]
ALTER TABLE extra.measure DETACH PARTITION extra.measure_2025 CONCURRENTLY;
-- undo
ALTER TABLE extra.measure_2025 DROP CONSTRAINT measure_2025_day_check;
ALTER TABLE extra.measure ATTACH PARTITION extra.measure_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
-- = constraint | measure_2025_day_check on extra.measure_2025 | definition | added
-- = index | extra.measure_2025_place_idx | definition | changed
-- = table | extra.measure_2025 | definition | changed
-- partition: created
CREATE TABLE {S}.piece PARTITION OF {K} FOR VALUES FROM ('2030-01-01') TO ('2031-01-01');
-- undo
DROP TABLE {S}.piece;
-- + trigger: public.piece | column 20, constraint 1, index 1
-- + crates: public.piece | column 3, index 1
-- + minder: public.piece | column 3, index 1
-- = table | public.piece | definition, owner | added
-- partition: created, with partitions of its own
CREATE TABLE extra.measure_more PARTITION OF extra.measure FOR VALUES FROM ('2030-01-01') TO ('2031-01-01') PARTITION BY HASH (value);
-- undo
DROP TABLE extra.measure_more;
-- + extra.measure_more | column 3, index 1
-- = table | extra.measure_more | definition, owner | added
-- partition: dropped
DROP TABLE extra.measure_2024;
-- + extra.measure_2024 | column 3, index 1
-- = table | extra.measure_2024 | definition, owner | dropped
-- partition: other bounds
ALTER TABLE extra.measure DETACH PARTITION extra.measure_2025;
ALTER TABLE extra.measure ATTACH PARTITION extra.measure_2025 FOR VALUES FROM ('2025-01-01') TO ('2025-07-01');
-- undo
ALTER TABLE extra.measure DETACH PARTITION extra.measure_2025;
ALTER TABLE extra.measure ATTACH PARTITION extra.measure_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
-- = table | extra.measure_2025 | definition | changed
-- partition: column of all
ALTER TABLE extra.measure ADD more text;
-- undo
ALTER TABLE extra.measure DROP more;
-- = column | extra.measure.more | definition | added
-- = column | extra.measure_2024.more | definition | added
-- = column | extra.measure_2025.more | definition | added
-- partition: default of its own
ALTER TABLE extra.measure_2024 ALTER place SET DEFAULT 'here';
-- undo
ALTER TABLE extra.measure_2024 ALTER place DROP DEFAULT;
-- = column | extra.measure_2024.place | default | changed
-- partition: index attached
ALTER INDEX extra.tally_value ATTACH PARTITION extra.tally_1_value;
-- = index | extra.tally_1_value | definition | changed
-- = index | extra.tally_value | definition | changed
-- partition: index of all
CREATE INDEX measure_day ON extra.measure (day);
-- undo
DROP INDEX extra.measure_day;
-- = index | extra.measure_2024_day_idx | definition | added
-- = index | extra.measure_2025_day_idx | definition | added
-- = index | extra.measure_day | definition | added
-- partition: trigger disabled in one
ALTER TABLE extra.measure_2024 DISABLE TRIGGER measure_stamp;
-- undo
ALTER TABLE extra.measure_2024 ENABLE TRIGGER measure_stamp;
-- = trigger | measure_stamp on extra.measure_2024 | definition | added
-- partition: foreign key of all
ALTER TABLE extra.measure ADD CONSTRAINT measure_fkey FOREIGN KEY (value) REFERENCES extra.item;
-- undo
ALTER TABLE extra.measure DROP CONSTRAINT measure_fkey;
-- = constraint | measure_fkey on extra.measure | definition | added
-- partition: key of all
ALTER TABLE extra.measure ADD CONSTRAINT measure_key UNIQUE (day, place);
-- undo
ALTER TABLE extra.measure DROP CONSTRAINT measure_key;
-- = constraint | measure_2024_day_place_key on extra.measure_2024 | definition | added
-- = constraint | measure_2025_day_place_key on extra.measure_2025 | definition | added
-- = constraint | measure_key on extra.measure | definition | added

-- column: added
ALTER TABLE {T} ADD COLUMN fresh text;
-- undo
ALTER TABLE {T} DROP COLUMN fresh;
-- = column | {T}.fresh | definition | added
-- column: added with a default
ALTER TABLE {T} ADD COLUMN fresh integer NOT NULL DEFAULT 7;
-- undo
ALTER TABLE {T} DROP COLUMN fresh;
-- = column | {T}.fresh | default, definition | added
-- column: added with a default that is no constant
ALTER TABLE {T} ADD COLUMN fresh timestamptz DEFAULT clock_timestamp();
-- undo
ALTER TABLE {T} DROP COLUMN fresh;
-- = column | {T}.fresh | default, definition | added
-- column: added, serial
ALTER TABLE {U} ADD COLUMN fresh serial;
-- undo
ALTER TABLE {U} DROP COLUMN fresh;
-- = column | {U}.fresh | default, definition | added
-- = trigger: sequence | public."SecretStore_fresh_seq" | definition, owner | added
-- = minder: sequence | public.evaluation_outputs_fresh_seq | definition, owner | added
-- = crates: sequence | public.processed_log_files_fresh_seq | definition, owner | added
-- column: added, generated
ALTER TABLE {T} ADD COLUMN fresh text GENERATED ALWAYS AS (lower({T_text})) STORED;
-- undo
ALTER TABLE {T} DROP COLUMN fresh;
-- = column | {T}.fresh | definition | added
-- column: added, generated virtually [18-]
ALTER TABLE {T} ADD COLUMN fresh text GENERATED ALWAYS AS (lower({T_text})) VIRTUAL;
-- undo
ALTER TABLE {T} DROP COLUMN fresh;
-- = column | {T}.fresh | definition | added
-- column: added as identity
ALTER TABLE {U} ADD COLUMN fresh bigint GENERATED ALWAYS AS IDENTITY;
-- undo
ALTER TABLE {U} DROP COLUMN fresh;
-- = column | {U}.fresh | definition | added
-- = trigger: sequence | public."SecretStore_fresh_seq" | definition, owner | added
-- = minder: sequence | public.evaluation_outputs_fresh_seq | definition, owner | added
-- = crates: sequence | public.processed_log_files_fresh_seq | definition, owner | added
-- column: added, unique
ALTER TABLE {U} ADD COLUMN fresh integer UNIQUE;
-- undo
ALTER TABLE {U} DROP COLUMN fresh;
-- = column | {U}.fresh | definition | added
-- = trigger: constraint | "SecretStore_fresh_key" on {U} | definition | added
-- = minder: constraint | evaluation_outputs_fresh_key on {U} | definition | added
-- = crates: constraint | processed_log_files_fresh_key on {U} | definition | added
-- column: added, referring to another table
ALTER TABLE {U} ADD COLUMN fresh integer REFERENCES extra.item;
-- undo
ALTER TABLE {U} DROP COLUMN fresh;
-- = column | {U}.fresh | definition | added
-- = trigger: constraint | "SecretStore_fresh_fkey" on {U} | definition | added
-- = minder: constraint | evaluation_outputs_fresh_fkey on {U} | definition | added
-- = crates: constraint | processed_log_files_fresh_fkey on {U} | definition | added
-- column: added with a check
ALTER TABLE {U} ADD COLUMN fresh integer CHECK (fresh > 0);
-- undo
ALTER TABLE {U} DROP COLUMN fresh;
-- = column | {U}.fresh | definition | added
-- = trigger: constraint | "SecretStore_fresh_check" on {U} | definition | added
-- = minder: constraint | evaluation_outputs_fresh_check on {U} | definition | added
-- = crates: constraint | processed_log_files_fresh_check on {U} | definition | added
-- column: dropped
ALTER TABLE {T} DROP COLUMN {T_text};
-- = crates: column | {T}.{T_text} | comment, definition | dropped
-- = minder: column | {T}.{T_text} | definition | dropped
-- = trigger: column | {T}.{T_text} | definition | dropped
-- column: dropped with its default
ALTER TABLE {T} DROP COLUMN {T_default};
-- = crates: column | {T}.{T_default} | comment, default, definition | dropped
-- = minder: column | {T}.{T_default} | default, definition | dropped
-- = trigger: column | {T}.{T_default} | default, definition | dropped
-- = minder: constraint | profile_selectors_pkey on {T} | definition | dropped
-- column: dropped with an index
ALTER TABLE extra.line DROP COLUMN text;
-- = column | extra.line.text | definition | dropped
-- = index | extra.line_text | definition | dropped
-- column: dropped with all that uses it
ALTER TABLE extra.item DROP COLUMN price CASCADE;
-- + extra.item_sums | index 1
-- = column | extra.item.price | default, definition, storage | dropped
-- = column | extra.item.twice | definition | dropped
-- = constraint | item_price_check on extra.item | comment, definition | dropped
-- = materialized view | extra.item_sums | columns, definition, owner, text | dropped
-- = statistics object | extra.item_stats | definition, owner | dropped
-- = view | extra.item_view | columns, definition, owner, text | dropped
-- column: renamed
ALTER TABLE {T} RENAME COLUMN {T_text} TO otherwise;
-- undo
ALTER TABLE {T} RENAME COLUMN otherwise TO {T_text};
-- = crates: -17: column | {T}.otherwise | comment, definition | added
-- = crates: 18-: column | {T}.otherwise | comment, definition, text | added
-- = minder: -17: column | {T}.otherwise | definition | added
-- = minder: 18-: column | {T}.otherwise | definition, text | added
-- = trigger: -17: column | {T}.otherwise | definition | added
-- = trigger: 18-: column | {T}.otherwise | definition, text | added
-- = crates: column | {T}.{T_text} | comment, definition | dropped
-- = minder: column | {T}.{T_text} | definition | dropped
-- = trigger: column | {T}.{T_text} | definition | dropped
-- column: renamed, that a foreign key and indexes use
ALTER TABLE {P} RENAME COLUMN id TO otherwise;
-- undo
ALTER TABLE {P} RENAME COLUMN otherwise TO id;
-- = crates: column | {P}.id | default, definition | dropped
-- = minder: column | {P}.id | default, definition | dropped
-- = trigger: column | {P}.id | definition | dropped
-- = crates: -17: column | {P}.otherwise | default, definition | added
-- = crates: 18-: column | {P}.otherwise | default, definition, text | added
-- = minder: -17: column | {P}.otherwise | default, definition | added
-- = minder: 18-: column | {P}.otherwise | default, definition, text | added
-- = trigger: -17: column | {P}.otherwise | definition | added
-- = trigger: 18-: column | {P}.otherwise | definition, text | added
-- ~ trigger: constraint | "InvitationCode_pkey" on {P} | definition | changed
-- ~ minder: constraint | bundles_pkey on {P} | definition | changed
-- ~ crates: constraint | categories_pkey on {P} | definition | changed
-- ~ constraint | {P_fkey} | definition | changed
-- ~ crates: sequence | public.categories_id_seq | definition | changed
-- column: type
ALTER TABLE {T} ALTER COLUMN {T_text} TYPE varchar(777);
-- undo
ALTER TABLE {T} ALTER COLUMN {T_text} TYPE {T_text_type};
-- = column | {T}.{T_text} | definition | changed
-- column: type, another modifier
ALTER TABLE extra.measure_loose ALTER COLUMN place TYPE varchar(10);
-- = column | extra.measure_loose.place | definition | changed
-- column: precision
ALTER TABLE extra.line ALTER COLUMN weight TYPE numeric(12, 2);
-- undo
ALTER TABLE extra.line ALTER COLUMN weight TYPE numeric(10, 2);
-- = column | extra.line.weight | definition | changed
-- column: collation
ALTER TABLE {T} ALTER COLUMN {T_text} TYPE {T_text_type} COLLATE "C";
-- undo
ALTER TABLE {T} ALTER COLUMN {T_text} TYPE {T_text_type} COLLATE "default";
-- = column | {T}.{T_text} | definition | changed
-- column: NOT NULL
ALTER TABLE {T} ALTER COLUMN {T_null} SET NOT NULL;
-- undo
ALTER TABLE {T} ALTER COLUMN {T_null} DROP NOT NULL;
-- = column | {T}.{T_null} | definition | changed
-- column: NOT NULL taken away
ALTER TABLE {T} ALTER COLUMN {T_text} DROP NOT NULL;
-- undo
ALTER TABLE {T} ALTER COLUMN {T_text} SET NOT NULL;
-- = column | {T}.{T_text} | definition | changed
-- column: default set
ALTER TABLE {T} ALTER COLUMN {T_text} SET DEFAULT 'unknown';
-- undo
ALTER TABLE {T} ALTER COLUMN {T_text} DROP DEFAULT;
-- = column | {T}.{T_text} | default | changed
-- column: default dropped
ALTER TABLE {T} ALTER COLUMN {T_default} DROP DEFAULT;
-- = column | {T}.{T_default} | default | changed
-- column: default changed
ALTER TABLE extra.item ALTER COLUMN price SET DEFAULT 1;
-- undo
ALTER TABLE extra.item ALTER COLUMN price SET DEFAULT 0;
-- = column | extra.item.price | default | changed
-- column: identity by default
ALTER TABLE extra.item ALTER COLUMN made SET GENERATED BY DEFAULT;
-- undo
ALTER TABLE extra.item ALTER COLUMN made SET GENERATED ALWAYS;
-- = column | extra.item.made | definition | changed
-- column: identity always
ALTER TABLE extra.item ALTER COLUMN loose SET GENERATED ALWAYS;
-- = column | extra.item.loose | definition | changed
-- column: identity's sequence
ALTER TABLE extra.item ALTER COLUMN made SET INCREMENT BY 3;
-- undo
ALTER TABLE extra.item ALTER COLUMN made SET INCREMENT BY 2;
-- = sequence | extra.item_made_seq | definition | changed
-- column: identity dropped
ALTER TABLE extra.item ALTER COLUMN made DROP IDENTITY;
-- = column | extra.item.made | definition | changed
-- = sequence | extra.item_made_seq | definition, owner | dropped
-- column: identity added
ALTER TABLE extra.line ALTER COLUMN item SET NOT NULL;
ALTER TABLE extra.line ALTER COLUMN item ADD GENERATED ALWAYS AS IDENTITY;
-- = column | extra.line.item | definition | changed
-- = sequence | extra.line_item_seq | definition, owner | added
-- column: generated no more
ALTER TABLE extra.item ALTER COLUMN twice DROP EXPRESSION;
-- = column | extra.item.twice | definition | changed
-- column: generated otherwise [17-]
ALTER TABLE extra.item ALTER COLUMN twice SET EXPRESSION AS (price * 3);
-- undo
ALTER TABLE extra.item ALTER COLUMN twice SET EXPRESSION AS (price * 2);
-- = column | extra.item.twice | definition | changed
-- column: statistics target
ALTER TABLE {T} ALTER COLUMN {T_text} SET STATISTICS 777;
-- undo
ALTER TABLE {T} ALTER COLUMN {T_text} SET STATISTICS -1;
-- = column | {T}.{T_text} | storage | changed
-- column: storage
ALTER TABLE {T} ALTER COLUMN {T_text} SET STORAGE EXTERNAL;
-- undo
ALTER TABLE {T} ALTER COLUMN {T_text} SET STORAGE EXTENDED;
-- = column | {T}.{T_text} | storage | changed
-- column: compression
ALTER TABLE {T} ALTER COLUMN {T_text} SET COMPRESSION pglz;
-- undo
ALTER TABLE {T} ALTER COLUMN {T_text} SET COMPRESSION DEFAULT;
-- = column | {T}.{T_text} | storage | changed
-- column: options
ALTER TABLE {T} ALTER COLUMN {T_text} SET (n_distinct = -0.5);
-- undo
ALTER TABLE {T} ALTER COLUMN {T_text} RESET (n_distinct);
-- = column | {T}.{T_text} | storage | changed
-- column: comment
COMMENT ON COLUMN {T}.{T_null} IS 'seldom known';
-- = column | {T}.{T_null} | comment | changed
-- column: comment changed
COMMENT ON COLUMN extra.item.name IS 'named';
-- undo
COMMENT ON COLUMN extra.item.name IS 'called';
-- = column | extra.item.name | comment | changed
-- column: comment taken away
COMMENT ON COLUMN extra.item.name IS '';
-- = column | extra.item.name | comment | changed
-- column: granted
GRANT SELECT ({T_text}) ON {T} TO drift_b;
-- undo
REVOKE SELECT ({T_text}) ON {T} FROM drift_b;
-- = column | {T}.{T_text} | privileges | changed
-- column: revoked
REVOKE UPDATE (name) ON extra.item FROM drift_b;
-- undo
GRANT UPDATE (name) ON extra.item TO drift_b;
-- = column | extra.item.name | privileges | changed
-- column: position
ALTER TABLE extra.measure_loose DROP day;
ALTER TABLE extra.measure_loose ADD day date NOT NULL;
-- = column | extra.measure_loose.day | position | changed

-- constraint: check
ALTER TABLE {T} ADD CONSTRAINT fresh_check CHECK ({T_text} <> '');
-- undo
ALTER TABLE {T} DROP CONSTRAINT fresh_check;
-- = constraint | fresh_check on {T} | definition | added
-- constraint: check not valid
ALTER TABLE {T} ADD CONSTRAINT fresh_check CHECK ({T_text} <> '') NOT VALID;
-- undo
ALTER TABLE {T} DROP CONSTRAINT fresh_check;
-- = constraint | fresh_check on {T} | definition | added
-- constraint: check not enforced [18-]
ALTER TABLE {T} ADD CONSTRAINT fresh_check CHECK ({T_text} <> '') NOT ENFORCED;
-- undo
ALTER TABLE {T} DROP CONSTRAINT fresh_check;
-- = constraint | fresh_check on {T} | definition | added
-- constraint: check of a parent alone
ALTER TABLE extra.parent ADD CONSTRAINT fresh_check CHECK (a > 0) NO INHERIT;
-- undo
ALTER TABLE extra.parent DROP CONSTRAINT fresh_check;
-- = constraint | fresh_check on extra.parent | definition | added
-- constraint: check that is inherited
ALTER TABLE extra.parent ADD CONSTRAINT fresh_check CHECK (a > 0);
-- undo
ALTER TABLE extra.parent DROP CONSTRAINT fresh_check;
-- = constraint | fresh_check on extra.child | definition | added
-- = constraint | fresh_check on extra.parent | definition | added
-- constraint: check dropped
ALTER TABLE extra.item DROP CONSTRAINT item_price_check;
-- = constraint | item_price_check on extra.item | comment, definition | dropped
-- constraint: check renamed
ALTER TABLE extra.item RENAME CONSTRAINT item_code_check TO otherwise;
-- undo
ALTER TABLE extra.item RENAME CONSTRAINT otherwise TO item_code_check;
-- = constraint | item_code_check on extra.item | definition | dropped
-- = constraint | otherwise on extra.item | definition | added
-- constraint: check replaced by another
ALTER TABLE extra.item DROP CONSTRAINT item_code_check, ADD CONSTRAINT item_code_check CHECK (code <> 'y') NOT VALID;
-- = constraint | item_code_check on extra.item | definition | changed
-- constraint: check validated
ALTER TABLE extra.item VALIDATE CONSTRAINT item_code_check;
-- = constraint | item_code_check on extra.item | definition | changed
-- constraint: real check validated
ALTER TABLE {C} VALIDATE CONSTRAINT {C_check};
-- = constraint | {C_check} on {C} | definition | changed
-- constraint: unique
ALTER TABLE {T} ADD CONSTRAINT fresh_key UNIQUE ({T_text});
-- undo
ALTER TABLE {T} DROP CONSTRAINT fresh_key;
-- = constraint | fresh_key on {T} | definition | added
-- constraint: unique, and null too
ALTER TABLE {T} ADD CONSTRAINT fresh_key UNIQUE NULLS NOT DISTINCT ({T_null});
-- undo
ALTER TABLE {T} DROP CONSTRAINT fresh_key;
-- = constraint | fresh_key on {T} | definition | added
-- constraint: unique, deferred
ALTER TABLE {T} ADD CONSTRAINT fresh_key UNIQUE ({T_text}) DEFERRABLE INITIALLY DEFERRED;
-- undo
ALTER TABLE {T} DROP CONSTRAINT fresh_key;
-- = constraint | fresh_key on {T} | definition | added
-- constraint: unique by an index that there is
ALTER TABLE extra.line ADD CONSTRAINT line_number UNIQUE USING INDEX line_number;
-- = constraint | line_number on extra.line | definition | added
-- = index | extra.line_number | definition | dropped
-- constraint: unique dropped
ALTER TABLE extra.item DROP CONSTRAINT item_code_key;
-- = constraint | item_code_key on extra.item | definition | dropped
-- constraint: unique renamed
ALTER TABLE extra.item RENAME CONSTRAINT item_code_key TO otherwise;
-- undo
ALTER TABLE extra.item RENAME CONSTRAINT otherwise TO item_code_key;
-- = constraint | item_code_key on extra.item | definition | dropped
-- = constraint | otherwise on extra.item | definition | added
-- constraint: primary key
ALTER TABLE extra.line ADD CONSTRAINT line_pkey PRIMARY KEY (number);
-- = constraint | line_pkey on extra.line | definition | added
-- constraint: primary key of nullable columns
ALTER TABLE extra.bare ADD PRIMARY KEY (a);
-- = column | extra.bare.a | definition | changed
-- = constraint | bare_pkey on extra.bare | definition | added
-- constraint: primary key dropped
ALTER TABLE {T} DROP CONSTRAINT {T_pkey};
-- = constraint | {T_pkey} on {T} | definition | dropped
-- constraint: primary key renamed
ALTER TABLE {T} RENAME CONSTRAINT {T_pkey} TO otherwise;
-- undo
ALTER TABLE {T} RENAME CONSTRAINT otherwise TO {T_pkey};
-- = constraint | otherwise on {T} | definition | added
-- = constraint | {T_pkey} on {T} | definition | dropped
-- constraint: foreign key
ALTER TABLE extra.bare ADD CONSTRAINT bare_fkey FOREIGN KEY (a) REFERENCES extra.item ON DELETE SET NULL;
-- undo
ALTER TABLE extra.bare DROP CONSTRAINT bare_fkey;
-- = constraint | bare_fkey on extra.bare | definition | added
-- constraint: foreign key not valid
ALTER TABLE extra.bare ADD CONSTRAINT bare_fkey FOREIGN KEY (a) REFERENCES extra.item NOT VALID;
-- undo
ALTER TABLE extra.bare DROP CONSTRAINT bare_fkey;
-- = constraint | bare_fkey on extra.bare | definition | added
-- constraint: foreign key dropped
ALTER TABLE {T} DROP CONSTRAINT {T_fkey};
-- = constraint | {T_fkey} on {T} | definition | dropped
-- constraint: foreign key renamed
ALTER TABLE {T} RENAME CONSTRAINT {T_fkey} TO otherwise;
-- undo
ALTER TABLE {T} RENAME CONSTRAINT otherwise TO {T_fkey};
-- = constraint | otherwise on {T} | definition | added
-- = constraint | {T_fkey} on {T} | definition | dropped
-- constraint: foreign key deferrable
ALTER TABLE {T} ALTER CONSTRAINT {T_fkey} DEFERRABLE INITIALLY DEFERRED;
-- undo
ALTER TABLE {T} ALTER CONSTRAINT {T_fkey} NOT DEFERRABLE;
-- = constraint | {T_fkey} on {T} | definition | changed
-- constraint: foreign key with another action
ALTER TABLE extra.line DROP CONSTRAINT line_item_fkey,
	ADD CONSTRAINT line_item_fkey FOREIGN KEY (item) REFERENCES extra.item ON DELETE CASCADE;
-- = constraint | line_item_fkey on extra.line | definition | changed
-- constraint: foreign key not enforced [18-]
ALTER TABLE {T} ALTER CONSTRAINT {T_fkey} NOT ENFORCED;
-- = constraint | {T_fkey} on {T} | definition | changed
-- constraint: exclusion
ALTER TABLE extra.bare ADD CONSTRAINT bare_excl EXCLUDE USING btree (a WITH =) WHERE (a > 0);
-- undo
ALTER TABLE extra.bare DROP CONSTRAINT bare_excl;
-- = constraint | bare_excl on extra.bare | definition | added
-- constraint: exclusion dropped
ALTER TABLE extra.item DROP CONSTRAINT item_during_excl;
-- = constraint | item_during_excl on extra.item | definition | dropped
-- constraint: of a period [18-]
ALTER TABLE extra.item ADD whenever daterange, ADD CONSTRAINT item_period UNIQUE (during, whenever WITHOUT OVERLAPS);
-- undo
ALTER TABLE extra.item DROP whenever;
-- = column | extra.item.whenever | definition | added
-- = constraint | item_period on extra.item | definition | added
-- constraint: NOT NULL by name [18-]
ALTER TABLE {T} ADD CONSTRAINT otherwise NOT NULL {T_null};
-- undo
ALTER TABLE {T} DROP CONSTRAINT otherwise;
-- = column | {T}.{T_null} | definition, text | changed
-- constraint: comment
COMMENT ON CONSTRAINT {T_fkey} ON {T} IS 'belongs to';
-- undo
COMMENT ON CONSTRAINT {T_fkey} ON {T} IS NULL;
-- = constraint | {T_fkey} on {T} | comment | changed
-- constraint: comment of a key
COMMENT ON CONSTRAINT {T_pkey} ON {T} IS 'the key';
-- undo
COMMENT ON CONSTRAINT {T_pkey} ON {T} IS NULL;
-- = constraint | {T_pkey} on {T} | comment | changed
-- constraint: comment taken away
COMMENT ON CONSTRAINT item_price_check ON extra.item IS NULL;
-- = constraint | item_price_check on extra.item | comment | changed

-- index: created
CREATE INDEX fresh ON {T} ({T_text});
-- undo
DROP INDEX {S}.fresh;
-- = index | public.fresh | definition | added
-- index: created unique
CREATE UNIQUE INDEX fresh ON {T} ({T_text}, {T_null}) NULLS NOT DISTINCT;
-- undo
DROP INDEX {S}.fresh;
-- = index | public.fresh | definition | added
-- index: created, partial
CREATE INDEX fresh ON {T} ({T_text}) WHERE {T_null} IS NOT NULL;
-- undo
DROP INDEX {S}.fresh;
-- = index | public.fresh | definition | added
-- index: created on an expression
CREATE INDEX fresh ON {T} (lower({T_text}));
-- undo
DROP INDEX {S}.fresh;
-- = index | public.fresh | definition | added
-- index: created with an order, an operator class and a collation
CREATE INDEX fresh ON {T} ({T_text} COLLATE "C" text_pattern_ops DESC NULLS LAST) INCLUDE ({T_null});
-- undo
DROP INDEX {S}.fresh;
-- = index | public.fresh | definition | added
-- index: created by another method
CREATE INDEX fresh ON {T} USING hash ({T_text});
-- undo
DROP INDEX {S}.fresh;
-- = index | public.fresh | definition | added
-- index: created with parameters
CREATE INDEX fresh ON {T} USING brin ({T_text}) WITH (pages_per_range = 4) TABLESPACE drift_space;
-- undo
DROP INDEX {S}.fresh;
-- = index | public.fresh | definition, storage | added
-- index: created with a class of one's own
CREATE INDEX fresh ON extra.bare (a extra.backward);
-- undo
DROP INDEX extra.fresh;
-- = index | extra.fresh | definition | added
-- index: created concurrently [alone]
CREATE INDEX CONCURRENTLY fresh ON {T} ({T_text});
-- undo
DROP INDEX {S}.fresh;
-- = index | public.fresh | definition | added
-- index: created concurrently, and failed [alone fails unseen]
CREATE UNIQUE INDEX CONCURRENTLY fresh ON extra.twice (a);
-- undo
DROP INDEX extra.fresh;
-- = index | extra.fresh | definition | added
-- index: dropped
DROP INDEX {S}.{T_index};
-- = index | public.{T_index} | definition | dropped
-- index: dropped concurrently [alone]
DROP INDEX CONCURRENTLY extra.line_item;
-- undo
CREATE INDEX line_item ON extra.line (item);
-- = index | extra.line_item | definition | dropped
-- index: renamed
ALTER INDEX {S}.{T_index} RENAME TO otherwise;
-- undo
ALTER INDEX {S}.otherwise RENAME TO {T_index};
-- = index | public.{T_index} | definition | dropped
-- = index | public.otherwise | definition | added
-- index: storage parameter
ALTER INDEX {S}.{T_index} SET (fillfactor = 66);
-- undo
ALTER INDEX {S}.{T_index} RESET (fillfactor);
-- = index | public.{T_index} | storage | changed
-- index: storage parameter reset
ALTER INDEX extra.line_amount RESET (fillfactor);
-- = index | extra.line_amount | storage | changed
-- index: statistics of an expression
ALTER INDEX extra.line_text ALTER COLUMN 1 SET STATISTICS 99;
-- undo
ALTER INDEX extra.line_text ALTER COLUMN 1 SET STATISTICS -1;
-- = index | extra.line_text | storage | changed
-- index: tablespace
ALTER INDEX {S}.{T_index} SET TABLESPACE drift_space;
-- undo
ALTER INDEX {S}.{T_index} SET TABLESPACE pg_default;
-- = index | public.{T_index} | storage | changed
-- index: comment
COMMENT ON INDEX {S}.{T_index} IS 'for speed';
-- = index | public.{T_index} | comment | changed
-- index: comment taken away
COMMENT ON INDEX extra.line_amount IS NULL;
-- = index | extra.line_amount | comment | changed
-- index: depends on an extension
ALTER INDEX extra.line_item DEPENDS ON EXTENSION hstore;
-- undo
ALTER INDEX extra.line_item NO DEPENDS ON EXTENSION hstore;
-- = index | extra.line_item | definition | changed
-- index: other columns by the same name
DROP INDEX extra.line_amount;
CREATE INDEX line_amount ON extra.line (amount, item) WITH (fillfactor = 80);
COMMENT ON INDEX extra.line_amount IS 'how many';
ALTER TABLE extra.line CLUSTER ON line_amount;
-- = index | extra.line_amount | definition | changed
-- index: predicate by the same name
DROP INDEX extra.line_text;
CREATE INDEX line_text ON extra.line (lower(text)) WHERE amount > 1;
-- = index | extra.line_text | definition | changed

-- sequence: created
CREATE SEQUENCE {S}.fresh START 5 CACHE 2;
-- undo
DROP SEQUENCE {S}.fresh;
-- = sequence | public.fresh | definition, owner | added
-- sequence: dropped
DROP SEQUENCE extra.counter;
-- = sequence | extra.counter | definition, owner | dropped
-- sequence: renamed
ALTER SEQUENCE {Q} RENAME TO otherwise;
-- ~ column | {Q_column} | default | changed
-- = sequence | {Q_schema}.otherwise | definition, owner | added
-- = sequence | {Q} | definition, owner | dropped
-- sequence: increment
ALTER SEQUENCE {Q} INCREMENT BY 2;
-- undo
ALTER SEQUENCE {Q} INCREMENT BY 1;
-- = sequence | {Q} | definition | changed
-- sequence: bounds
ALTER SEQUENCE {Q} MINVALUE 0 MAXVALUE 1000;
-- = sequence | {Q} | definition | changed
-- sequence: start
ALTER SEQUENCE {Q} START 7;
-- undo
ALTER SEQUENCE {Q} START 1;
-- = sequence | {Q} | definition | changed
-- sequence: cache
ALTER SEQUENCE {Q} CACHE 7;
-- undo
ALTER SEQUENCE {Q} CACHE 1;
-- = sequence | {Q} | definition | changed
-- sequence: cycle
ALTER SEQUENCE {Q} CYCLE;
-- undo
ALTER SEQUENCE {Q} NO CYCLE;
-- = sequence | {Q} | definition | changed
-- sequence: type
ALTER SEQUENCE extra.counter AS integer;
-- undo
ALTER SEQUENCE extra.counter AS bigint;
-- = sequence | extra.counter | definition | changed
-- sequence: owned by a column
ALTER SEQUENCE extra.counter OWNED BY extra.bare.a;
-- undo
ALTER SEQUENCE extra.counter OWNED BY NONE;
-- = sequence | extra.counter | definition | changed
-- sequence: owned by none
ALTER SEQUENCE extra.counter_owned OWNED BY NONE;
-- undo
ALTER SEQUENCE extra.counter_owned OWNED BY extra.bare.a;
-- = sequence | extra.counter_owned | definition | changed
-- sequence: owner
ALTER SEQUENCE extra.counter OWNER TO drift_a;
-- = sequence | extra.counter | owner | changed
-- sequence: schema
ALTER SEQUENCE extra.counter SET SCHEMA extra_empty;
-- = sequence | extra.counter | definition, owner | dropped
-- = sequence | extra_empty.counter | definition, owner | added
-- sequence: unlogged
ALTER SEQUENCE extra.counter SET UNLOGGED;
-- undo
ALTER SEQUENCE extra.counter SET LOGGED;
-- = sequence | extra.counter | definition | changed
-- sequence: comment
COMMENT ON SEQUENCE {Q} IS 'one, two';
-- = sequence | {Q} | comment | changed
-- sequence: granted
GRANT USAGE, SELECT ON SEQUENCE {Q} TO drift_a;
-- undo
REVOKE ALL ON SEQUENCE {Q} FROM drift_a;
-- = sequence | {Q} | privileges | changed

-- view: created
CREATE VIEW {S}.fresh AS SELECT {T_text} AS t FROM {T};
-- undo
DROP VIEW {S}.fresh;
-- = view | public.fresh | columns, definition, owner, text | added
-- view: created, recursive
CREATE RECURSIVE VIEW {S}.fresh (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM fresh WHERE n < 5;
-- undo
DROP VIEW {S}.fresh;
-- = view | public.fresh | columns, definition, owner, text | added
-- view: dropped
DROP VIEW {V};
-- = view | {V} | columns, definition, owner, text | dropped
-- view: replaced by another query
CREATE OR REPLACE VIEW extra.item_view AS SELECT id, name, price FROM extra.item WHERE price > 1;
-- undo
CREATE OR REPLACE VIEW extra.item_view AS SELECT id, name, price FROM extra.item WHERE price > 0;
-- = view | extra.item_view | text | changed
-- view: replaced with a column more
CREATE OR REPLACE VIEW extra.item_view AS SELECT id, name, price, code FROM extra.item WHERE price > 0;
-- = view | extra.item_view | columns, text | changed
-- view: renamed
ALTER VIEW {V} RENAME TO otherwise;
-- = view | {V_schema}.otherwise | columns, definition, owner, text | added
-- = view | {V} | columns, definition, owner, text | dropped
-- view: column renamed
ALTER VIEW extra.item_view RENAME COLUMN price TO cost;
-- undo
ALTER VIEW extra.item_view RENAME COLUMN cost TO price;
-- = view | extra.item_view | columns, text | changed
-- view: schema
ALTER VIEW {V} SET SCHEMA extra_empty;
-- = crates: view | extra_empty.item_view | columns, definition, owner, text | added
-- = trigger: view | extra_empty.item_view | columns, definition, owner, text | added
-- = minder: view | extra_empty.profiles_with_entity_profiles | columns, definition, owner, text | added
-- = view | {V} | columns, definition, owner, text | dropped
-- view: owner
ALTER VIEW {V} OWNER TO drift_a;
-- = view | {V} | owner | changed
-- view: options
ALTER VIEW {V} SET (security_barrier = true);
-- undo
ALTER VIEW {V} RESET (security_barrier);
-- = view | {V} | definition | changed
-- view: check option
ALTER VIEW extra.item_view SET (check_option = local);
-- undo
ALTER VIEW extra.item_view RESET (check_option);
-- = view | extra.item_view | definition | changed
-- view: default of a column
ALTER VIEW extra.item_view ALTER COLUMN price SET DEFAULT 3;
-- undo
ALTER VIEW extra.item_view ALTER COLUMN price DROP DEFAULT;
-- = column | extra.item_view.price | default | changed
-- view: comment
COMMENT ON VIEW {V} IS 'seen';
-- undo
COMMENT ON VIEW {V} IS NULL;
-- = view | {V} | comment | changed
-- view: comment on a column
COMMENT ON COLUMN extra.item_view.price IS 'each';
-- = column | extra.item_view.price | comment | changed
-- view: granted
GRANT SELECT ON {V} TO drift_a;
-- undo
REVOKE SELECT ON {V} FROM drift_a;
-- = view | {V} | privileges | changed
-- view: column granted
GRANT SELECT (price) ON extra.item_view TO drift_a;
-- undo
REVOKE SELECT (price) ON extra.item_view FROM drift_a;
-- = column | extra.item_view.price | privileges | changed

-- materialized view: created
CREATE MATERIALIZED VIEW {S}.fresh AS SELECT {T_text} AS t FROM {T};
-- undo
DROP MATERIALIZED VIEW {S}.fresh;
-- = materialized view | public.fresh | columns, definition, owner, text | added
-- materialized view: dropped
DROP MATERIALIZED VIEW {M};
-- + minder: {M} | index 1
-- + trigger: {M} | index 1
-- + crates: {M} | index 2
-- = materialized view | {M} | columns, definition, owner, text | dropped
-- materialized view: renamed
ALTER MATERIALIZED VIEW {M} RENAME TO otherwise;
-- + minder: extra.otherwise | index 1
-- + trigger: extra.otherwise | index 1
-- + crates: public.otherwise | index 2
-- = materialized view | {M_schema}.otherwise | columns, definition, owner, text | added
-- = materialized view | {M} | columns, definition, owner, text | dropped
-- materialized view: column renamed
ALTER MATERIALIZED VIEW extra.item_sums RENAME COLUMN price TO total;
-- undo
ALTER MATERIALIZED VIEW extra.item_sums RENAME COLUMN total TO price;
-- = materialized view | extra.item_sums | columns, text | changed
-- materialized view: schema
ALTER MATERIALIZED VIEW {M} SET SCHEMA extra_empty;
-- + minder: extra_empty.item_sums | index 1
-- + trigger: extra_empty.item_sums | index 1
-- + crates: extra_empty.recent_crate_downloads | index 2
-- + minder: {M} | index 1
-- + trigger: {M} | index 1
-- + crates: {M} | index 2
-- = minder: materialized view | extra_empty.item_sums | columns, definition, owner, text | added
-- = trigger: materialized view | extra_empty.item_sums | columns, definition, owner, text | added
-- = crates: materialized view | extra_empty.recent_crate_downloads | columns, definition, owner, text | added
-- = materialized view | {M} | columns, definition, owner, text | dropped
-- materialized view: owner
ALTER MATERIALIZED VIEW {M} OWNER TO drift_a;
-- = materialized view | {M} | owner | changed
-- materialized view: storage parameter
ALTER MATERIALIZED VIEW {M} SET (fillfactor = 90);
-- undo
ALTER MATERIALIZED VIEW {M} RESET (fillfactor);
-- = materialized view | {M} | storage | changed
-- materialized view: access method
ALTER MATERIALIZED VIEW {M} SET ACCESS METHOD drift_heap;
-- undo
ALTER MATERIALIZED VIEW {M} SET ACCESS METHOD heap;
-- = materialized view | {M} | storage | changed
-- materialized view: tablespace
ALTER MATERIALIZED VIEW {M} SET TABLESPACE drift_space;
-- = materialized view | {M} | storage | changed
-- materialized view: statistics target
ALTER MATERIALIZED VIEW extra.item_sums ALTER COLUMN name SET STATISTICS 12;
-- undo
ALTER MATERIALIZED VIEW extra.item_sums ALTER COLUMN name SET STATISTICS -1;
-- = column | extra.item_sums.name | storage | changed
-- materialized view: index
CREATE INDEX fresh ON extra.item_sums (price);
-- undo
DROP INDEX extra.fresh;
-- = index | extra.fresh | definition | added
-- materialized view: clustered
ALTER MATERIALIZED VIEW extra.item_sums CLUSTER ON item_sums_name;
-- undo
ALTER MATERIALIZED VIEW extra.item_sums SET WITHOUT CLUSTER;
-- = index | extra.item_sums_name | storage | changed
-- materialized view: comment
COMMENT ON MATERIALIZED VIEW {M} IS 'sums';
-- = materialized view | {M} | comment | changed
-- materialized view: granted
GRANT SELECT ON {M} TO drift_b;
-- undo
REVOKE SELECT ON {M} FROM drift_b;
-- = materialized view | {M} | privileges | changed
-- materialized view: depends on an extension
ALTER MATERIALIZED VIEW {M} DEPENDS ON EXTENSION hstore;
-- undo
ALTER MATERIALIZED VIEW {M} NO DEPENDS ON EXTENSION hstore;
-- = materialized view | {M} | definition | changed
-- materialized view: replaced by another query
DROP MATERIALIZED VIEW extra.item_sums;
CREATE MATERIALIZED VIEW extra.item_sums AS SELECT name, max(price) AS price FROM extra.item GROUP BY name;
CREATE UNIQUE INDEX item_sums_name ON extra.item_sums (name);
-- = materialized view | extra.item_sums | text | changed

-- rule: created
CREATE RULE fresh AS ON INSERT TO {U} DO ALSO NOTIFY inserted;
-- undo
DROP RULE fresh ON {U};
-- = rule | fresh on {U} | definition, text | added
-- rule: replaced
CREATE OR REPLACE RULE line_quiet AS ON DELETE TO extra.line DO INSTEAD DELETE FROM extra.bare WHERE a = OLD.number;
-- undo
CREATE OR REPLACE RULE line_quiet AS ON DELETE TO extra.line DO INSTEAD NOTHING;
-- = rule | line_quiet on extra.line | definition, text | changed
-- rule: dropped
DROP RULE line_quiet ON extra.line;
-- = rule | line_quiet on extra.line | definition, text | dropped
-- rule: renamed
ALTER RULE line_quiet ON extra.line RENAME TO otherwise;
-- undo
ALTER RULE otherwise ON extra.line RENAME TO line_quiet;
-- = rule | line_quiet on extra.line | definition, text | dropped
-- = rule | otherwise on extra.line | definition, text | added
-- rule: disabled
ALTER TABLE extra.line DISABLE RULE line_quiet;
-- undo
ALTER TABLE extra.line ENABLE RULE line_quiet;
-- = rule | line_quiet on extra.line | definition | changed
-- rule: always
ALTER TABLE extra.line ENABLE ALWAYS RULE line_quiet;
-- = rule | line_quiet on extra.line | definition | changed
-- rule: comment
COMMENT ON RULE line_quiet ON extra.line IS 'kept';
-- = rule | line_quiet on extra.line | comment | changed

-- function: created
CREATE FUNCTION {S}.fresh(a integer, OUT b text) LANGUAGE sql AS 'SELECT $1::text';
-- undo
DROP FUNCTION {S}.fresh;
-- = function | public.fresh(integer) | definition, owner | added
-- function: created with a body of SQL
CREATE FUNCTION {S}.fresh() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM {T}; END;
-- undo
DROP FUNCTION {S}.fresh;
-- = function | public.fresh() | definition, owner, text | added
-- function: another one by the same name
CREATE FUNCTION extra.two(integer) RETURNS integer LANGUAGE sql AS 'SELECT 2';
-- undo
DROP FUNCTION extra.two(integer);
-- = function | extra.two(integer) | definition, owner | added
-- function: dropped
DROP FUNCTION extra.many();
-- = function | extra.many() | definition, owner | dropped
-- function: dropped with its trigger
DROP FUNCTION {F}() CASCADE;
-- = function | {F}() | definition, owner | dropped
-- = trigger: trigger | item_check on extra.item | definition | dropped
-- = trigger: trigger | item_stamp on extra.item | definition | dropped
-- = trigger: trigger | measure_stamp on extra.measure | definition | dropped
-- = crates: trigger | trigger_crate_owners_set_updated_at on public.crate_owners | definition | dropped
-- = crates: trigger | trigger_crates_set_updated_at on public.crates | definition | dropped
-- = crates: trigger | trigger_versions_set_updated_at on public.versions | definition | dropped
-- = minder: trigger | update_profile_status on public.latest_evaluation_statuses | definition | dropped
-- function: replaced
CREATE OR REPLACE FUNCTION {F}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
-- = function | {F}() | definition | changed
-- function: a blank in its text
CREATE OR REPLACE FUNCTION extra.two() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT  2';
-- = function | extra.two() | definition | changed
-- function: volatility
ALTER FUNCTION extra.two() STABLE;
-- undo
ALTER FUNCTION extra.two() IMMUTABLE;
-- = function | extra.two() | definition | changed
-- function: strict
ALTER FUNCTION extra.plus(integer, integer) STRICT;
-- undo
ALTER FUNCTION extra.plus(integer, integer) CALLED ON NULL INPUT;
-- = function | extra.plus(integer,integer) | definition | changed
-- function: security
ALTER FUNCTION {F}() SECURITY DEFINER;
-- undo
ALTER FUNCTION {F}() SECURITY INVOKER;
-- = function | {F}() | definition | changed
-- function: leakproof
ALTER FUNCTION extra.two() LEAKPROOF;
-- undo
ALTER FUNCTION extra.two() NOT LEAKPROOF;
-- = function | extra.two() | definition | changed
-- function: parallel
ALTER FUNCTION {F}() PARALLEL SAFE;
-- undo
ALTER FUNCTION {F}() PARALLEL UNSAFE;
-- = function | {F}() | definition | changed
-- function: cost
ALTER FUNCTION {F}() COST 7;
-- undo
ALTER FUNCTION {F}() COST 100;
-- = function | {F}() | definition | changed
-- function: rows
ALTER FUNCTION extra.many() ROWS 3;
-- undo
ALTER FUNCTION extra.many() ROWS 1000;
-- = function | extra.many() | definition | changed
-- function: support
ALTER FUNCTION extra.many() SUPPORT pg_catalog.generate_series_int4_support;
-- = function | extra.many() | definition | changed
-- function: setting
ALTER FUNCTION {F}() SET search_path = pg_catalog, pg_temp;
-- undo
ALTER FUNCTION {F}() RESET search_path;
-- = function | {F}() | definition | changed
-- function: renamed
ALTER FUNCTION extra.two() RENAME TO otherwise;
-- undo
ALTER FUNCTION extra.otherwise() RENAME TO two;
-- = function | extra.otherwise() | comment, definition, owner | added
-- = function | extra.two() | comment, definition, owner | dropped
-- function: schema
ALTER FUNCTION extra.two() SET SCHEMA extra_empty;
-- = function | extra.two() | comment, definition, owner | dropped
-- = function | extra_empty.two() | comment, definition, owner | added
-- function: owner
ALTER FUNCTION {F}() OWNER TO drift_a;
-- = function | {F}() | owner | changed
-- function: default of a parameter
CREATE OR REPLACE FUNCTION extra.plus(a integer, b integer DEFAULT 2) RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN a + b; END';
-- undo
CREATE OR REPLACE FUNCTION extra.plus(a integer, b integer DEFAULT 1) RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN a + b; END';
-- = function | extra.plus(integer,integer) | definition | changed
-- function: name of a parameter
DROP FUNCTION extra.plus(integer, integer);
CREATE FUNCTION extra.plus(a integer, c integer DEFAULT 1) RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN a + b; END';
GRANT EXECUTE ON FUNCTION extra.plus(integer, integer) TO drift_a;
-- = function | extra.plus(integer,integer) | definition | changed
-- function: result
DROP FUNCTION extra.two();
CREATE FUNCTION extra.two() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 2';
COMMENT ON FUNCTION extra.two() IS 'two';
-- = function | extra.two() | definition | changed
-- function: comment
COMMENT ON FUNCTION {F}() IS 'does';
-- undo
COMMENT ON FUNCTION {F}() IS NULL;
-- = function | {F}() | comment | changed
-- function: comment taken away
COMMENT ON FUNCTION extra.two() IS NULL;
-- = function | extra.two() | comment | changed
-- function: granted
GRANT EXECUTE ON FUNCTION {F}() TO drift_a;
-- undo
REVOKE EXECUTE ON FUNCTION {F}() FROM drift_a;
-- = function | {F}() | privileges | changed
-- function: revoked from all
REVOKE EXECUTE ON FUNCTION {F}() FROM PUBLIC;
-- undo
GRANT EXECUTE ON FUNCTION {F}() TO PUBLIC;
-- = function | {F}() | privileges | changed
-- function: revoked
REVOKE EXECUTE ON FUNCTION extra.plus(integer, integer) FROM drift_a;
-- = function | extra.plus(integer,integer) | privileges | changed
-- function: depends on an extension
ALTER FUNCTION extra.two() DEPENDS ON EXTENSION hstore;
-- undo
ALTER FUNCTION extra.two() NO DEPENDS ON EXTENSION hstore;
-- = function | extra.two() | definition | changed
-- function: transforms
CREATE OR REPLACE FUNCTION extra.told(extra.mood) RETURNS text TRANSFORM FOR TYPE extra.mood LANGUAGE talk AS 'x';
-- = function | extra.told(extra.mood) | definition, owner | added
-- procedure: created
CREATE PROCEDURE {S}.fresh() LANGUAGE sql AS 'SELECT 1';
-- undo
DROP PROCEDURE {S}.fresh();
-- = procedure | public.fresh() | definition, owner | added
-- procedure: replaced
CREATE OR REPLACE PROCEDURE extra.proceed(INOUT n integer) LANGUAGE plpgsql AS 'BEGIN n := n + 2; END';
-- = procedure | extra.proceed(integer) | definition | changed
-- procedure: dropped
DROP PROCEDURE extra.proceed(integer);
-- = procedure | extra.proceed(integer) | definition, owner | dropped
-- procedure: security
ALTER PROCEDURE extra.proceed(integer) SECURITY DEFINER;
-- undo
ALTER PROCEDURE extra.proceed(integer) SECURITY INVOKER;
-- = procedure | extra.proceed(integer) | definition | changed
-- procedure: setting
ALTER PROCEDURE extra.proceed(integer) SET work_mem = '1MB';
-- undo
ALTER PROCEDURE extra.proceed(integer) RESET ALL;
-- = procedure | extra.proceed(integer) | definition | changed
-- procedure: owner
ALTER PROCEDURE extra.proceed(integer) OWNER TO drift_a;
-- = procedure | extra.proceed(integer) | owner | changed
-- procedure: renamed
ALTER PROCEDURE extra.proceed(integer) RENAME TO otherwise;
-- = procedure | extra.otherwise(integer) | definition, owner | added
-- = procedure | extra.proceed(integer) | definition, owner | dropped
-- procedure: comment
COMMENT ON PROCEDURE extra.proceed(integer) IS 'goes on';
-- = procedure | extra.proceed(integer) | comment | changed
-- procedure: revoked from all
REVOKE EXECUTE ON PROCEDURE extra.proceed(integer) FROM PUBLIC;
-- undo
GRANT EXECUTE ON PROCEDURE extra.proceed(integer) TO PUBLIC;
-- = procedure | extra.proceed(integer) | privileges | changed
-- aggregate: created
CREATE AGGREGATE {S}.fresh(text) (SFUNC = textcat, STYPE = text);
-- undo
DROP AGGREGATE {S}.fresh(text);
-- = aggregate | public.fresh(text) | definition, owner | added
-- aggregate: replaced
CREATE OR REPLACE AGGREGATE extra.total(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '1');
-- undo
CREATE OR REPLACE AGGREGATE extra.total(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0');
-- = aggregate | extra.total(integer) | definition | changed
-- aggregate: dropped
DROP AGGREGATE extra.total(integer);
-- = aggregate | extra.total(integer) | definition, owner | dropped
-- aggregate: renamed
ALTER AGGREGATE extra.total(integer) RENAME TO otherwise;
-- = aggregate | extra.otherwise(integer) | definition, owner | added
-- = aggregate | extra.total(integer) | definition, owner | dropped
-- aggregate: owner
ALTER AGGREGATE extra.total(integer) OWNER TO drift_a;
-- = aggregate | extra.total(integer) | owner | changed
-- aggregate: schema
ALTER AGGREGATE extra.total(integer) SET SCHEMA extra_empty;
-- = aggregate | extra.total(integer) | definition, owner | dropped
-- = aggregate | extra_empty.total(integer) | definition, owner | added
-- aggregate: comment
COMMENT ON AGGREGATE extra.total(integer) IS 'all';
-- = aggregate | extra.total(integer) | comment | changed
-- aggregate: granted
GRANT EXECUTE ON FUNCTION extra.total(integer) TO drift_b;
-- = aggregate | extra.total(integer) | privileges | changed

-- operator: created
CREATE OPERATOR {S}.<<<< (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4lt);
-- undo
DROP OPERATOR {S}.<<<< (integer, integer);
-- = operator | public.<<<<(integer,integer) | definition, owner | added
-- operator: created with a commutator that is not there yet
CREATE OPERATOR extra.<|> (LEFTARG = integer, RIGHTARG = bigint, FUNCTION = int48lt, COMMUTATOR = OPERATOR(extra.>|<));
-- = operator | extra.<|>(integer,bigint) | definition, owner | added
-- ~ operator | extra.>|<(bigint,integer) | definition, owner | added
-- operator: dropped
DROP OPERATOR extra.=== (integer, integer);
-- = operator | extra.===(integer,integer) | definition, owner | dropped
-- operator: estimators
ALTER OPERATOR extra.=== (integer, integer) SET (RESTRICT = eqsel, JOIN = eqjoinsel);
-- undo
ALTER OPERATOR extra.=== (integer, integer) SET (RESTRICT = NONE, JOIN = NONE);
-- = operator | extra.===(integer,integer) | definition | changed
-- operator: merges [17-]
ALTER OPERATOR extra.=== (integer, integer) SET (HASHES, MERGES);
-- = operator | extra.===(integer,integer) | definition | changed
-- operator: owner
ALTER OPERATOR extra.=== (integer, integer) OWNER TO drift_a;
-- = operator | extra.===(integer,integer) | owner | changed
-- operator: schema
ALTER OPERATOR extra.=== (integer, integer) SET SCHEMA extra_empty;
-- = operator | extra.===(integer,integer) | definition, owner | dropped
-- = operator | extra_empty.===(integer,integer) | definition, owner | added
-- operator: comment
COMMENT ON OPERATOR extra.=== (integer, integer) IS 'the same';
-- = operator | extra.===(integer,integer) | comment | changed
-- operator class: created
CREATE OPERATOR CLASS {S}.fresh FOR TYPE integer USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(integer);
-- = operator class | public.fresh USING hash | definition, owner | added
-- = operator family | public.fresh USING hash | definition, owner | added
-- operator class: dropped
DROP OPERATOR CLASS extra.backward USING btree;
-- = operator class | extra.backward USING btree | definition, owner | dropped
-- operator class: other members
DROP OPERATOR CLASS extra.backward USING btree;
CREATE OPERATOR CLASS extra.backward FOR TYPE integer USING btree FAMILY extra.family AS
	OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(integer, integer);
-- = operator class | extra.backward USING btree | definition | changed
-- operator class: renamed
ALTER OPERATOR CLASS extra.backward USING btree RENAME TO otherwise;
-- undo
ALTER OPERATOR CLASS extra.otherwise USING btree RENAME TO backward;
-- = operator class | extra.backward USING btree | definition, owner | dropped
-- = operator class | extra.otherwise USING btree | definition, owner | added
-- operator class: owner
ALTER OPERATOR CLASS extra.backward USING btree OWNER TO drift_a;
-- = operator class | extra.backward USING btree | owner | changed
-- operator class: schema
ALTER OPERATOR CLASS extra.backward USING btree SET SCHEMA extra_empty;
-- = operator class | extra.backward USING btree | definition, owner | dropped
-- = operator class | extra_empty.backward USING btree | definition, owner | added
-- operator class: comment
COMMENT ON OPERATOR CLASS extra.backward USING btree IS 'largest first';
-- = operator class | extra.backward USING btree | comment | changed
-- operator family: created
CREATE OPERATOR FAMILY {S}.fresh USING gist;
-- undo
DROP OPERATOR FAMILY {S}.fresh USING gist;
-- = operator family | public.fresh USING gist | definition, owner | added
-- operator family: members added
ALTER OPERATOR FAMILY extra.loose_family USING hash ADD OPERATOR 1 = (bigint, bigint), FUNCTION 1 hashint8(bigint);
-- undo
ALTER OPERATOR FAMILY extra.loose_family USING hash DROP OPERATOR 1 (bigint, bigint), FUNCTION 1 (bigint);
-- = operator family | extra.loose_family USING hash | definition | changed
-- operator family: dropped
DROP OPERATOR FAMILY extra.loose_family USING hash;
-- = operator family | extra.loose_family USING hash | definition, owner | dropped
-- operator family: renamed
ALTER OPERATOR FAMILY extra.loose_family USING hash RENAME TO otherwise;
-- = operator family | extra.loose_family USING hash | definition, owner | dropped
-- = operator family | extra.otherwise USING hash | definition, owner | added
-- operator family: owner
ALTER OPERATOR FAMILY extra.loose_family USING hash OWNER TO drift_a;
-- = operator family | extra.loose_family USING hash | owner | changed
-- operator family: comment
COMMENT ON OPERATOR FAMILY extra.loose_family USING hash IS 'few';
-- = operator family | extra.loose_family USING hash | comment | changed

-- type: composite created
CREATE TYPE {S}.fresh AS (a integer, b text COLLATE "C");
-- undo
DROP TYPE {S}.fresh;
-- + public.fresh | column 2
-- = type | public.fresh | definition, owner | added
-- type: attribute added
ALTER TYPE {O} ADD ATTRIBUTE fresh integer;
-- undo
ALTER TYPE {O} DROP ATTRIBUTE fresh;
-- = column | {O}.fresh | definition | added
-- type: attribute dropped
ALTER TYPE {O} DROP ATTRIBUTE {O_last};
-- = column | {O}.{O_last} | definition | dropped
-- type: attribute renamed
ALTER TYPE {O} RENAME ATTRIBUTE {O_last} TO otherwise;
-- undo
ALTER TYPE {O} RENAME ATTRIBUTE otherwise TO {O_last};
-- = column | {O}.otherwise | definition | added
-- = column | {O}.{O_last} | definition | dropped
-- type: attribute's type
ALTER TYPE {O} ALTER ATTRIBUTE {O_last} TYPE varchar(9);
-- = column | {O}.{O_last} | definition | changed
-- type: attribute and table of it
ALTER TYPE extra.pair ADD ATTRIBUTE z integer CASCADE;
-- undo
ALTER TYPE extra.pair DROP ATTRIBUTE z CASCADE;
-- = column | extra.pair.z | definition | added
-- ~ column | extra.typed.z | definition | added
-- type: comment on an attribute
COMMENT ON COLUMN {O}.{O_last} IS 'the last';
-- = column | {O}.{O_last} | comment | changed
-- type: renamed
ALTER TYPE {O} RENAME TO otherwise;
-- + trigger: extra.otherwise | column 3
-- + crates: public.otherwise | column 3
-- + minder: public.otherwise | column 5
-- + crates: {O} | column 3
-- + trigger: {O} | column 3
-- + minder: {O} | column 5
-- = type | {O_schema}.otherwise | definition, owner | added
-- = type | {O} | definition, owner | dropped
-- type: schema
ALTER TYPE {O} SET SCHEMA extra_empty;
-- + minder: extra_empty.profile_selector | column 5
-- + crates: extra_empty.semver_triple | column 3
-- + trigger: extra_empty.triple | column 3
-- + crates: {O} | column 3
-- + trigger: {O} | column 3
-- + minder: {O} | column 5
-- = minder: type | extra_empty.profile_selector | definition, owner | added
-- = crates: type | extra_empty.semver_triple | definition, owner | added
-- = trigger: type | extra_empty.triple | definition, owner | added
-- = type | {O} | definition, owner | dropped
-- type: owner
ALTER TYPE {O} OWNER TO drift_a;
-- = type | {O} | owner | changed
-- type: comment
COMMENT ON TYPE {O} IS 'parts';
-- undo
COMMENT ON TYPE {O} IS NULL;
-- = type | {O} | comment | changed
-- type: granted
GRANT USAGE ON TYPE {O} TO drift_a;
-- undo
REVOKE USAGE ON TYPE {O} FROM drift_a;
-- = type | {O} | privileges | changed
-- type: revoked from all
REVOKE USAGE ON TYPE {O} FROM PUBLIC;
-- undo
GRANT USAGE ON TYPE {O} TO PUBLIC;
-- = type | {O} | privileges | changed
-- type: dropped
DROP TYPE {O};
-- + crates: {O} | column 3
-- + trigger: {O} | column 3
-- + minder: {O} | column 5
-- = type | {O} | definition, owner | dropped
-- type: enum created
CREATE TYPE {S}.fresh AS ENUM ('a', 'b');
-- undo
DROP TYPE {S}.fresh;
-- = type | public.fresh | definition, owner | added
-- type: enum value added
ALTER TYPE {E} ADD VALUE 'fresh';
-- = type | {E} | definition | changed
-- type: enum value added before
ALTER TYPE {E} ADD VALUE 'fresh' BEFORE '{E_label}';
-- = type | {E} | definition | changed
-- type: enum value renamed
ALTER TYPE {E} RENAME VALUE '{E_label}' TO 'fresh';
-- undo
ALTER TYPE {E} RENAME VALUE 'fresh' TO '{E_label}';
-- = type | {E} | definition | changed
-- type: enum in another order
ALTER TYPE {E} RENAME VALUE '{E_label}' TO 'fresh';
ALTER TYPE {E} RENAME VALUE '{E_second}' TO '{E_label}';
ALTER TYPE {E} RENAME VALUE 'fresh' TO '{E_second}';
-- = type | {E} | definition | changed
-- type: enum dropped
ALTER TABLE extra.item ALTER feeling TYPE text;
DROP TRANSFORM FOR extra.mood LANGUAGE talk;
DROP TYPE extra.mood;
-- = column | extra.item.feeling | definition | changed
-- = transform | for extra.mood on language talk | definition | dropped
-- = type | extra.mood | definition, owner | dropped
-- type: range created
CREATE TYPE {S}.fresh AS RANGE (SUBTYPE = text, COLLATION = "C", MULTIRANGE_TYPE_NAME = freshes);
-- undo
DROP TYPE {S}.fresh;
-- = type | public.fresh | definition, owner | added
-- type: range dropped
DROP TYPE extra.span;
-- = type | extra.span | definition, owner | dropped
-- type: range renamed
ALTER TYPE extra.span RENAME TO otherwise;
-- = type | extra.otherwise | definition, owner | added
-- = type | extra.span | definition, owner | dropped
-- type: range owner
ALTER TYPE extra.span OWNER TO drift_a;
-- = type | extra.span | owner | changed
-- type: multirange renamed
ALTER TYPE extra.span_multirange RENAME TO otherwise;
-- undo
ALTER TYPE extra.otherwise RENAME TO span_multirange;
-- ~ type | extra.span | definition | changed
-- type: another subtype
DROP TYPE extra.span;
CREATE TYPE extra.span AS RANGE (SUBTYPE = float8);
-- = type | extra.span | definition | changed
-- type: shell created
CREATE TYPE {S}.fresh;
-- undo
DROP TYPE {S}.fresh;
-- = type | public.fresh | definition, owner | added
-- type: base function
ALTER TYPE extra.base SET (SEND = extra.base_send);
-- undo
ALTER TYPE extra.base SET (SEND = NONE);
-- = type | extra.base | definition | changed
-- type: comment on a base
COMMENT ON TYPE extra.base IS 'basic';
-- = type | extra.base | comment | changed
-- domain: created
CREATE DOMAIN {S}.fresh AS text COLLATE "C" DEFAULT 'a' NOT NULL CHECK (VALUE <> '');
-- undo
DROP DOMAIN {S}.fresh;
-- + public.fresh | constraint 1
-- = domain | public.fresh | default, definition, owner | added
-- domain: dropped
DROP DOMAIN extra.strict;
-- = domain | extra.strict | definition, owner | dropped
-- domain: default set
ALTER DOMAIN extra.strict SET DEFAULT 1;
-- undo
ALTER DOMAIN extra.strict DROP DEFAULT;
-- = domain | extra.strict | default | changed
-- domain: default dropped
ALTER DOMAIN extra.short DROP DEFAULT;
-- = domain | extra.short | default | changed
-- domain: NOT NULL
ALTER DOMAIN extra.short SET NOT NULL;
-- undo
ALTER DOMAIN extra.short DROP NOT NULL;
-- = domain | extra.short | definition | changed
-- domain: NOT NULL taken away
ALTER DOMAIN extra.strict DROP NOT NULL;
-- = domain | extra.strict | definition | changed
-- domain: constraint added
ALTER DOMAIN extra.strict ADD CONSTRAINT strict_positive CHECK (VALUE > 0);
-- undo
ALTER DOMAIN extra.strict DROP CONSTRAINT strict_positive;
-- = constraint | strict_positive on extra.strict | definition | added
-- domain: constraint added, not valid
ALTER DOMAIN extra.strict ADD CONSTRAINT strict_positive CHECK (VALUE > 0) NOT VALID;
-- = constraint | strict_positive on extra.strict | definition | added
-- domain: constraint validated
ALTER DOMAIN extra.unproven VALIDATE CONSTRAINT unproven_check;
-- = constraint | unproven_check on extra.unproven | definition | changed
-- domain: constraint dropped
ALTER DOMAIN extra.short DROP CONSTRAINT short_filled;
-- = constraint | short_filled on extra.short | definition | dropped
-- domain: constraint renamed
ALTER DOMAIN extra.short RENAME CONSTRAINT short_filled TO otherwise;
-- undo
ALTER DOMAIN extra.short RENAME CONSTRAINT otherwise TO short_filled;
-- = constraint | otherwise on extra.short | definition | added
-- = constraint | short_filled on extra.short | definition | dropped
-- domain: comment on a constraint
COMMENT ON CONSTRAINT short_filled ON DOMAIN extra.short IS 'not empty';
-- = constraint | short_filled on extra.short | comment | changed
-- domain: renamed
ALTER DOMAIN extra.strict RENAME TO otherwise;
-- = domain | extra.otherwise | definition, owner | added
-- = domain | extra.strict | definition, owner | dropped
-- domain: owner
ALTER DOMAIN extra.strict OWNER TO drift_a;
-- = domain | extra.strict | owner | changed
-- domain: schema
ALTER DOMAIN extra.strict SET SCHEMA extra_empty;
-- = domain | extra.strict | definition, owner | dropped
-- = domain | extra_empty.strict | definition, owner | added
-- domain: comment
COMMENT ON DOMAIN extra.strict IS 'never null';
-- = domain | extra.strict | comment | changed
-- domain: granted
GRANT USAGE ON DOMAIN extra.strict TO drift_a;
-- undo
REVOKE USAGE ON DOMAIN extra.strict FROM drift_a;
-- = domain | extra.strict | privileges | changed

-- trigger: created on a table
CREATE TRIGGER fresh AFTER UPDATE OF {T_text} ON {T} FOR EACH ROW WHEN (OLD.{T_text} IS DISTINCT FROM NEW.{T_text}) EXECUTE FUNCTION extra.stamp();
-- undo
DROP TRIGGER fresh ON {T};
-- = trigger | fresh on {T} | definition | added
-- trigger: created with a transition table
CREATE TRIGGER fresh AFTER INSERT ON {T} REFERENCING NEW TABLE AS news FOR EACH STATEMENT EXECUTE FUNCTION extra.stamp('x');
-- undo
DROP TRIGGER fresh ON {T};
-- = trigger | fresh on {T} | definition | added
-- trigger: created on a view
CREATE TRIGGER fresh INSTEAD OF INSERT ON extra.item_view FOR EACH ROW EXECUTE FUNCTION extra.stamp();
-- undo
DROP TRIGGER fresh ON extra.item_view;
-- = trigger | fresh on extra.item_view | definition | added
-- trigger: replaced
CREATE OR REPLACE TRIGGER item_stamp BEFORE INSERT ON extra.item FOR EACH ROW EXECUTE FUNCTION extra.stamp();
-- undo
CREATE OR REPLACE TRIGGER item_stamp BEFORE INSERT OR UPDATE ON extra.item FOR EACH ROW EXECUTE FUNCTION extra.stamp();
-- = trigger | item_stamp on extra.item | definition | changed
-- trigger: dropped
DROP TRIGGER {G} ON {G_table};
-- = trigger | {G} on {G_table} | definition | dropped
-- trigger: renamed
ALTER TRIGGER {G} ON {G_table} RENAME TO otherwise;
-- undo
ALTER TRIGGER otherwise ON {G_table} RENAME TO {G};
-- = trigger | otherwise on {G_table} | definition | added
-- = trigger | {G} on {G_table} | definition | dropped
-- trigger: disabled
ALTER TABLE {G_table} DISABLE TRIGGER {G};
-- undo
ALTER TABLE {G_table} ENABLE TRIGGER {G};
-- = trigger | {G} on {G_table} | definition | changed
-- trigger: for replicas
ALTER TABLE {G_table} ENABLE REPLICA TRIGGER {G};
-- = trigger | {G} on {G_table} | definition | changed
-- trigger: always
ALTER TABLE {G_table} ENABLE ALWAYS TRIGGER {G};
-- = trigger | {G} on {G_table} | definition | changed
-- trigger: comment
COMMENT ON TRIGGER {G} ON {G_table} IS 'fires';
-- = trigger | {G} on {G_table} | comment | changed
-- trigger: depends on an extension
ALTER TRIGGER {G} ON {G_table} DEPENDS ON EXTENSION hstore;
-- undo
ALTER TRIGGER {G} ON {G_table} NO DEPENDS ON EXTENSION hstore;
-- = trigger | {G} on {G_table} | definition | changed
-- trigger: deferred
DROP TRIGGER item_check ON extra.item;
CREATE CONSTRAINT TRIGGER item_check AFTER INSERT ON extra.item DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION extra.stamp();
-- = trigger | item_check on extra.item | definition | changed
-- event trigger: created [unseen]
CREATE EVENT TRIGGER fresh ON sql_drop WHEN TAG IN ('DROP CONVERSION') EXECUTE FUNCTION extra.watch();
-- undo
DROP EVENT TRIGGER fresh;
-- = event trigger | fresh | definition, owner | added
-- event trigger: dropped [unseen]
DROP EVENT TRIGGER drift_event;
-- = event trigger | drift_event | definition, owner | dropped
-- event trigger: disabled [unseen]
ALTER EVENT TRIGGER drift_event DISABLE;
-- undo
ALTER EVENT TRIGGER drift_event ENABLE;
-- = event trigger | drift_event | definition | changed
-- event trigger: always [unseen]
ALTER EVENT TRIGGER drift_event ENABLE ALWAYS;
-- = event trigger | drift_event | definition | changed
-- event trigger: renamed [unseen]
ALTER EVENT TRIGGER drift_event RENAME TO otherwise;
-- = event trigger | drift_event | definition, owner | dropped
-- = event trigger | otherwise | definition, owner | added
-- event trigger: comment [unseen]
COMMENT ON EVENT TRIGGER drift_event IS 'watches';
-- = event trigger | drift_event | comment | changed

-- policy: created
CREATE POLICY fresh ON {T} FOR UPDATE TO drift_a USING ({T_text} = 'a') WITH CHECK ({T_text} = 'b');
-- undo
DROP POLICY fresh ON {T};
-- = policy | fresh on {T} | definition | added
-- policy: created with a query
CREATE POLICY fresh ON {T} USING (EXISTS (SELECT FROM extra.bare WHERE b = {T_text}));
-- undo
DROP POLICY fresh ON {T};
-- = policy | fresh on {T} | definition, text | added
-- policy: dropped
DROP POLICY item_mine ON extra.item;
-- = policy | item_mine on extra.item | definition | dropped
-- policy: renamed
ALTER POLICY item_mine ON extra.item RENAME TO otherwise;
-- undo
ALTER POLICY otherwise ON extra.item RENAME TO item_mine;
-- = policy | item_mine on extra.item | definition | dropped
-- = policy | otherwise on extra.item | definition | added
-- policy: roles
ALTER POLICY item_mine ON extra.item TO drift_a, drift_b;
-- undo
ALTER POLICY item_mine ON extra.item TO drift_a;
-- = policy | item_mine on extra.item | definition | changed
-- policy: condition
ALTER POLICY item_mine ON extra.item USING (name = 'yours');
-- undo
ALTER POLICY item_mine ON extra.item USING (name = 'mine');
-- = policy | item_mine on extra.item | definition | changed
-- policy: check
ALTER POLICY item_limit ON extra.item WITH CHECK (id > 2);
-- = policy | item_limit on extra.item | definition | changed
-- policy: comment
COMMENT ON POLICY item_mine ON extra.item IS 'mine';
-- = policy | item_mine on extra.item | comment | changed

-- statistics: created
CREATE STATISTICS {S}.fresh (dependencies) ON {T_text}, {T_null} FROM {T};
-- undo
DROP STATISTICS {S}.fresh;
-- = statistics object | public.fresh | definition, owner | added
-- statistics: created on an expression
CREATE STATISTICS {S}.fresh ON (lower({T_text})) FROM {T};
-- undo
DROP STATISTICS {S}.fresh;
-- = statistics object | public.fresh | definition, owner | added
-- statistics: dropped
DROP STATISTICS extra.item_stats;
-- = statistics object | extra.item_stats | definition, owner | dropped
-- statistics: other kinds
DROP STATISTICS extra.item_stats;
CREATE STATISTICS extra.item_stats (ndistinct) ON name, price FROM extra.item;
-- = statistics object | extra.item_stats | definition | changed
-- statistics: renamed
ALTER STATISTICS extra.item_stats RENAME TO otherwise;
-- = statistics object | extra.item_stats | definition, owner | dropped
-- = statistics object | extra.otherwise | definition, owner | added
-- statistics: target
ALTER STATISTICS extra.item_stats SET STATISTICS 55;
-- undo
ALTER STATISTICS extra.item_stats SET STATISTICS -1;
-- = statistics object | extra.item_stats | storage | changed
-- statistics: owner
ALTER STATISTICS extra.item_stats OWNER TO drift_a;
-- = statistics object | extra.item_stats | owner | changed
-- statistics: schema
ALTER STATISTICS extra.item_stats SET SCHEMA extra_empty;
-- = statistics object | extra.item_stats | definition, owner | dropped
-- = statistics object | extra_empty.item_stats | definition, owner | added
-- statistics: comment
COMMENT ON STATISTICS extra.item_stats IS 'correlated';
-- = statistics object | extra.item_stats | comment | changed

-- foreign-data wrapper: created
CREATE FOREIGN DATA WRAPPER fresh;
-- undo
DROP FOREIGN DATA WRAPPER fresh;
-- = foreign-data wrapper | fresh | definition, owner | added
-- foreign-data wrapper: options
ALTER FOREIGN DATA WRAPPER drift_wrapper OPTIONS (SET a '2', ADD b '3');
-- undo
ALTER FOREIGN DATA WRAPPER drift_wrapper OPTIONS (SET a '1', DROP b);
-- = foreign-data wrapper | drift_wrapper | definition | changed
-- foreign-data wrapper: renamed
ALTER FOREIGN DATA WRAPPER drift_wrapper RENAME TO otherwise;
-- undo
ALTER FOREIGN DATA WRAPPER otherwise RENAME TO drift_wrapper;
-- = foreign-data wrapper | drift_wrapper | definition, owner | dropped
-- = foreign-data wrapper | otherwise | definition, owner | added
-- ~ server | drift_server | definition | changed
-- foreign-data wrapper: dropped
DROP FOREIGN DATA WRAPPER drift_wrapper CASCADE;
-- + drift_server | user mapping 1
-- + extra.far | column 2
-- = foreign table | extra.far | definition, owner | dropped
-- = foreign-data wrapper | drift_wrapper | definition, owner | dropped
-- = server | drift_server | definition, owner | dropped
-- foreign-data wrapper: comment
COMMENT ON FOREIGN DATA WRAPPER drift_wrapper IS 'far';
-- = foreign-data wrapper | drift_wrapper | comment | changed
-- foreign-data wrapper: granted
GRANT USAGE ON FOREIGN DATA WRAPPER drift_wrapper TO drift_a;
-- undo
REVOKE USAGE ON FOREIGN DATA WRAPPER drift_wrapper FROM drift_a;
-- = foreign-data wrapper | drift_wrapper | privileges | changed
-- server: created
CREATE SERVER fresh FOREIGN DATA WRAPPER drift_wrapper;
-- undo
DROP SERVER fresh;
-- = server | fresh | definition, owner | added
-- server: options
ALTER SERVER drift_server OPTIONS (SET host 'other');
-- undo
ALTER SERVER drift_server OPTIONS (SET host 'h');
-- = server | drift_server | definition | changed
-- server: version
ALTER SERVER drift_server VERSION '2';
-- undo
ALTER SERVER drift_server VERSION '1';
-- = server | drift_server | definition | changed
-- server: renamed
ALTER SERVER drift_server RENAME TO otherwise;
-- undo
ALTER SERVER otherwise RENAME TO drift_server;
-- + drift_server | user mapping 1
-- + otherwise | user mapping 1
-- ~ foreign table | extra.far | definition | changed
-- = server | drift_server | definition, owner | dropped
-- = server | otherwise | definition, owner | added
-- server: owner
ALTER SERVER drift_server OWNER TO drift_super;
-- = server | drift_server | owner | changed
-- server: comment
COMMENT ON SERVER drift_server IS 'there';
-- = server | drift_server | comment | changed
-- server: granted
GRANT USAGE ON FOREIGN SERVER drift_server TO drift_b;
-- undo
REVOKE USAGE ON FOREIGN SERVER drift_server FROM drift_b;
-- = server | drift_server | privileges | changed
-- user mapping: created
CREATE USER MAPPING FOR PUBLIC SERVER drift_server;
-- undo
DROP USER MAPPING FOR PUBLIC SERVER drift_server;
-- = user mapping | public on server drift_server | definition | added
-- user mapping: options
ALTER USER MAPPING FOR drift_a SERVER drift_server OPTIONS (ADD user 'x');
-- undo
ALTER USER MAPPING FOR drift_a SERVER drift_server OPTIONS (DROP user);
-- = user mapping | drift_a on server drift_server | definition | changed
-- user mapping: dropped
DROP USER MAPPING FOR drift_a SERVER drift_server;
-- = user mapping | drift_a on server drift_server | definition | dropped
-- foreign table: created
CREATE FOREIGN TABLE {S}.fresh (a integer NOT NULL, CHECK (a > 0)) SERVER drift_server;
-- undo
DROP FOREIGN TABLE {S}.fresh;
-- + public.fresh | column 1, constraint 1
-- = foreign table | public.fresh | definition, owner | added
-- foreign table: dropped
DROP FOREIGN TABLE extra.far;
-- + extra.far | column 2
-- = foreign table | extra.far | definition, owner | dropped
-- foreign table: options
ALTER FOREIGN TABLE extra.far OPTIONS (SET path '/else');
-- undo
ALTER FOREIGN TABLE extra.far OPTIONS (SET path '/');
-- = foreign table | extra.far | definition | changed
-- foreign table: options of a column
ALTER FOREIGN TABLE extra.far ALTER COLUMN a OPTIONS (SET name 'y');
-- undo
ALTER FOREIGN TABLE extra.far ALTER COLUMN a OPTIONS (SET name 'x');
-- = column | extra.far.a | definition | changed
-- foreign table: column
ALTER FOREIGN TABLE extra.far ADD COLUMN c date;
-- undo
ALTER FOREIGN TABLE extra.far DROP COLUMN c;
-- = column | extra.far.c | definition | added
-- foreign table: renamed
ALTER FOREIGN TABLE extra.far RENAME TO otherwise;
-- + extra.far | column 2
-- + extra.otherwise | column 2
-- = foreign table | extra.far | definition, owner | dropped
-- = foreign table | extra.otherwise | definition, owner | added
-- foreign table: owner
ALTER FOREIGN TABLE extra.far OWNER TO drift_a;
-- = foreign table | extra.far | owner | changed
-- foreign table: comment
COMMENT ON FOREIGN TABLE extra.far IS 'away';
-- = foreign table | extra.far | comment | changed

-- publication: created
CREATE PUBLICATION fresh FOR TABLE {T};
-- undo
DROP PUBLICATION fresh;
-- + fresh | publication table 1
-- = publication | fresh | definition, owner | added
-- publication: created for all tables
CREATE PUBLICATION fresh FOR ALL TABLES WITH (publish = 'insert', publish_via_partition_root = true);
-- undo
DROP PUBLICATION fresh;
-- = publication | fresh | definition, owner | added
-- publication: created with generated columns [18-]
CREATE PUBLICATION fresh FOR TABLE {T} WITH (publish_generated_columns = stored);
-- undo
DROP PUBLICATION fresh;
-- + fresh | publication table 1
-- = publication | fresh | definition, owner | added
-- publication: dropped
DROP PUBLICATION drift_publication;
-- + drift_publication | publication table 2
-- = publication | drift_publication | definition, owner | dropped
-- publication: table added
ALTER PUBLICATION drift_publication ADD TABLE {T};
-- undo
ALTER PUBLICATION drift_publication DROP TABLE {T};
-- = publication table | {T} in publication drift_publication | definition | added
-- publication: table dropped
ALTER PUBLICATION drift_publication DROP TABLE extra.line;
-- undo
ALTER PUBLICATION drift_publication ADD TABLE extra.line WHERE (amount > 1);
-- = publication table | extra.line in publication drift_publication | definition | dropped
-- publication: columns
ALTER PUBLICATION drift_publication SET TABLE extra.item (id), extra.line WHERE (amount > 1);
-- undo
ALTER PUBLICATION drift_publication SET TABLE extra.item (id, name), extra.line WHERE (amount > 1);
-- = publication table | extra.item in publication drift_publication | definition | changed
-- publication: filter
ALTER PUBLICATION drift_publication SET TABLE extra.item (id, name), extra.line WHERE (amount > 2);
-- = publication table | extra.line in publication drift_publication | definition | changed
-- publication: schema added
ALTER PUBLICATION drift_schemas ADD TABLES IN SCHEMA extra_empty;
-- undo
ALTER PUBLICATION drift_schemas DROP TABLES IN SCHEMA extra_empty;
-- = publication schema | extra_empty in publication drift_schemas | definition | added
-- publication: parameters
ALTER PUBLICATION drift_publication SET (publish = 'insert, update');
-- undo
ALTER PUBLICATION drift_publication SET (publish = 'insert, update, delete, truncate');
-- = publication | drift_publication | definition | changed
-- publication: by the root
ALTER PUBLICATION drift_publication SET (publish_via_partition_root = true);
-- undo
ALTER PUBLICATION drift_publication SET (publish_via_partition_root = false);
-- = publication | drift_publication | definition | changed
-- publication: renamed
ALTER PUBLICATION drift_publication RENAME TO otherwise;
-- + drift_publication | publication table 2
-- + otherwise | publication table 2
-- = publication | drift_publication | definition, owner | dropped
-- = publication | otherwise | definition, owner | added
-- publication: owner
ALTER PUBLICATION drift_publication OWNER TO drift_super;
-- = publication | drift_publication | owner | changed
-- publication: comment
COMMENT ON PUBLICATION drift_publication IS 'told';
-- = publication | drift_publication | comment | changed
-- subscription: created
CREATE SUBSCRIPTION fresh CONNECTION 'host=nowhere' PUBLICATION one WITH (connect = false, slot_name = NONE);
-- undo
DROP SUBSCRIPTION fresh;
-- = subscription | fresh | definition, owner | added
-- subscription: dropped
DROP SUBSCRIPTION drift_subscription;
-- = subscription | drift_subscription | definition, owner | dropped
-- subscription: publications
ALTER SUBSCRIPTION drift_subscription SET PUBLICATION one, two WITH (refresh = false);
-- undo
ALTER SUBSCRIPTION drift_subscription SET PUBLICATION one WITH (refresh = false);
-- = subscription | drift_subscription | definition | changed
-- subscription: parameters
ALTER SUBSCRIPTION drift_subscription SET (binary = true);
-- undo
ALTER SUBSCRIPTION drift_subscription SET (binary = false);
-- = subscription | drift_subscription | definition | changed
-- subscription: stops after an error
ALTER SUBSCRIPTION drift_subscription SET (disable_on_error = true);
-- = subscription | drift_subscription | definition | changed
-- subscription: synchronous commit
ALTER SUBSCRIPTION drift_subscription SET (synchronous_commit = 'local');
-- = subscription | drift_subscription | definition | changed
-- subscription: slot
ALTER SUBSCRIPTION drift_subscription SET (slot_name = 'drift_slot');
-- undo
ALTER SUBSCRIPTION drift_subscription SET (slot_name = NONE);
-- = subscription | drift_subscription | definition | changed
-- subscription: renamed
ALTER SUBSCRIPTION drift_subscription RENAME TO otherwise;
-- = subscription | drift_subscription | definition, owner | dropped
-- = subscription | otherwise | definition, owner | added
-- subscription: owner
ALTER SUBSCRIPTION drift_subscription OWNER TO drift_super;
-- = subscription | drift_subscription | owner | changed
-- subscription: comment
COMMENT ON SUBSCRIPTION drift_subscription IS 'heard';
-- = subscription | drift_subscription | comment | changed

-- extension: created
CREATE EXTENSION citext SCHEMA {S};
-- undo
DROP EXTENSION citext;
-- = extension | citext | comment, definition, version | added
-- extension: dropped
DROP EXTENSION hstore;
-- = extension | hstore | comment, definition, version | dropped
-- extension: version
ALTER EXTENSION hstore UPDATE TO '1.8';
-- = extension | hstore | version | changed
-- extension: schema
ALTER EXTENSION hstore SET SCHEMA extra_empty;
-- undo
ALTER EXTENSION hstore SET SCHEMA extra;
-- = extension | hstore | definition | changed
-- extension: comment
COMMENT ON EXTENSION hstore IS 'pairs';
-- = extension | hstore | comment | changed
-- extension: member added
ALTER EXTENSION hstore ADD FUNCTION extra.many();
-- undo
ALTER EXTENSION hstore DROP FUNCTION extra.many();
-- ~ function | extra.many() | definition, owner | dropped

-- default privileges: of a role
ALTER DEFAULT PRIVILEGES FOR ROLE drift_b GRANT SELECT ON TABLES TO drift_a;
-- undo
ALTER DEFAULT PRIVILEGES FOR ROLE drift_b REVOKE SELECT ON TABLES FROM drift_a;
-- = default privileges | for role drift_b on tables | privileges | changed
-- default privileges: in a schema
ALTER DEFAULT PRIVILEGES FOR ROLE drift_a IN SCHEMA {S} GRANT INSERT ON TABLES TO drift_b;
-- undo
ALTER DEFAULT PRIVILEGES FOR ROLE drift_a IN SCHEMA {S} REVOKE INSERT ON TABLES FROM drift_b;
-- = default privileges | for role drift_a in schema public on tables | privileges | changed
-- default privileges: changed
ALTER DEFAULT PRIVILEGES FOR ROLE drift_a GRANT INSERT ON TABLES TO drift_b;
-- undo
ALTER DEFAULT PRIVILEGES FOR ROLE drift_a REVOKE INSERT ON TABLES FROM drift_b;
-- = default privileges | for role drift_a on tables | privileges | changed
-- default privileges: taken away
ALTER DEFAULT PRIVILEGES FOR ROLE drift_a REVOKE SELECT ON TABLES FROM drift_b;
-- undo
ALTER DEFAULT PRIVILEGES FOR ROLE drift_a GRANT SELECT ON TABLES TO drift_b;
-- = default privileges | for role drift_a on tables | privileges | changed
-- default privileges: functions
ALTER DEFAULT PRIVILEGES FOR ROLE drift_a REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
-- undo
ALTER DEFAULT PRIVILEGES FOR ROLE drift_a GRANT EXECUTE ON FUNCTIONS TO PUBLIC;
-- = default privileges | for role drift_a on functions | privileges | changed
-- default privileges: types
ALTER DEFAULT PRIVILEGES FOR ROLE drift_a REVOKE USAGE ON TYPES FROM PUBLIC;
-- = default privileges | for role drift_a on types | privileges | changed
-- default privileges: schemas
ALTER DEFAULT PRIVILEGES FOR ROLE drift_a GRANT USAGE ON SCHEMAS TO drift_b;
-- = default privileges | for role drift_a on schemas | privileges | changed
-- default privileges: sequences
ALTER DEFAULT PRIVILEGES FOR ROLE drift_a GRANT ALL ON SEQUENCES TO drift_b WITH GRANT OPTION;
-- = default privileges | for role drift_a on sequences | privileges | changed

-- text search parser: created
CREATE TEXT SEARCH PARSER {S}.fresh (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
-- undo
DROP TEXT SEARCH PARSER {S}.fresh;
-- = text search parser | public.fresh | definition | added
-- text search parser: dropped
DROP TEXT SEARCH PARSER extra.tsparser;
-- = text search parser | extra.tsparser | definition | dropped
-- text search parser: renamed
ALTER TEXT SEARCH PARSER extra.tsparser RENAME TO otherwise;
-- = text search parser | extra.otherwise | definition | added
-- = text search parser | extra.tsparser | definition | dropped
-- text search parser: comment
COMMENT ON TEXT SEARCH PARSER extra.tsparser IS 'reads';
-- = text search parser | extra.tsparser | comment | changed
-- text search template: created
CREATE TEXT SEARCH TEMPLATE {S}.fresh (LEXIZE = dsimple_lexize);
-- undo
DROP TEXT SEARCH TEMPLATE {S}.fresh;
-- = text search template | public.fresh | definition | added
-- text search template: dropped
DROP TEXT SEARCH TEMPLATE extra.tstemplate;
-- = text search template | extra.tstemplate | definition | dropped
-- text search template: schema
ALTER TEXT SEARCH TEMPLATE extra.tstemplate SET SCHEMA extra_empty;
-- = text search template | extra.tstemplate | definition | dropped
-- = text search template | extra_empty.tstemplate | definition | added
-- text search dictionary: created
CREATE TEXT SEARCH DICTIONARY {S}.fresh (TEMPLATE = simple, STOPWORDS = english);
-- undo
DROP TEXT SEARCH DICTIONARY {S}.fresh;
-- = text search dictionary | public.fresh | definition, owner | added
-- text search dictionary: options
ALTER TEXT SEARCH DICTIONARY extra.tsdict (STOPWORDS = english, ACCEPT = false);
-- undo
ALTER TEXT SEARCH DICTIONARY extra.tsdict (STOPWORDS, ACCEPT);
-- = text search dictionary | extra.tsdict | definition | changed
-- text search dictionary: dropped
DROP TEXT SEARCH DICTIONARY extra.tsdict;
-- = text search dictionary | extra.tsdict | definition, owner | dropped
-- text search dictionary: owner
ALTER TEXT SEARCH DICTIONARY extra.tsdict OWNER TO drift_a;
-- = text search dictionary | extra.tsdict | owner | changed
-- text search dictionary: comment
COMMENT ON TEXT SEARCH DICTIONARY extra.tsdict IS 'words';
-- = text search dictionary | extra.tsdict | comment | changed
-- text search configuration: created
CREATE TEXT SEARCH CONFIGURATION {S}.fresh (PARSER = "default");
-- undo
DROP TEXT SEARCH CONFIGURATION {S}.fresh;
-- = text search configuration | public.fresh | definition, owner | added
-- text search configuration: mapping altered
ALTER TEXT SEARCH CONFIGURATION extra.tsconfig ALTER MAPPING FOR asciiword WITH extra.tsdict, simple;
-- = text search configuration | extra.tsconfig | definition | changed
-- text search configuration: mapping dropped
ALTER TEXT SEARCH CONFIGURATION extra.tsconfig DROP MAPPING FOR email;
-- undo
ALTER TEXT SEARCH CONFIGURATION extra.tsconfig ADD MAPPING FOR email WITH simple;
-- = text search configuration | extra.tsconfig | definition | changed
-- text search configuration: dictionary replaced
ALTER TEXT SEARCH CONFIGURATION extra.tsconfig ALTER MAPPING REPLACE english_stem WITH extra.tsdict;
-- undo
ALTER TEXT SEARCH CONFIGURATION extra.tsconfig ALTER MAPPING REPLACE extra.tsdict WITH english_stem;
-- = text search configuration | extra.tsconfig | definition | changed
-- text search configuration: dropped
DROP TEXT SEARCH CONFIGURATION extra.tsconfig;
-- = text search configuration | extra.tsconfig | definition, owner | dropped
-- text search configuration: renamed
ALTER TEXT SEARCH CONFIGURATION extra.tsconfig RENAME TO otherwise;
-- = text search configuration | extra.otherwise | definition, owner | added
-- = text search configuration | extra.tsconfig | definition, owner | dropped
-- text search configuration: comment
COMMENT ON TEXT SEARCH CONFIGURATION extra.tsconfig IS 'how';
-- = text search configuration | extra.tsconfig | comment | changed

-- cast: created
CREATE CAST (extra.pair AS text) WITH FUNCTION extra.pair_text(extra.pair) AS ASSIGNMENT;
-- undo
DROP CAST (extra.pair AS text);
-- = cast | (extra.pair AS text) | definition | added
-- cast: created without a function
CREATE CAST (extra.base AS integer) WITHOUT FUNCTION AS IMPLICIT;
-- undo
DROP CAST (extra.base AS integer);
-- = cast | (extra.base AS integer) | definition | added
-- cast: dropped
DROP CAST (bigint AS extra.base);
-- = cast | (bigint AS extra.base) | definition | dropped
-- cast: implicit
DROP CAST (bigint AS extra.base);
CREATE CAST (bigint AS extra.base) WITH FUNCTION extra.to_base(bigint) AS IMPLICIT;
-- = cast | (bigint AS extra.base) | definition | changed
-- cast: comment
COMMENT ON CAST (bigint AS extra.base) IS 'narrow';
-- = cast | (bigint AS extra.base) | comment | changed
-- collation: created
CREATE COLLATION {S}.fresh (LOCALE = 'POSIX');
-- undo
DROP COLLATION {S}.fresh;
-- = collation | public.fresh | definition, owner | added
-- collation: created by ICU
CREATE COLLATION {S}.fresh (PROVIDER = icu, LOCALE = 'und', DETERMINISTIC = false);
-- = collation | public.fresh | definition, owner | added
-- collation: dropped
DROP COLLATION extra.plain;
-- = collation | extra.plain | definition, owner | dropped
-- collation: renamed
ALTER COLLATION extra.plain RENAME TO otherwise;
-- = collation | extra.otherwise | definition, owner | added
-- = collation | extra.plain | definition, owner | dropped
-- collation: owner
ALTER COLLATION extra.plain OWNER TO drift_a;
-- = collation | extra.plain | owner | changed
-- collation: comment
COMMENT ON COLLATION extra.plain IS 'bytes';
-- = collation | extra.plain | comment | changed
-- conversion: created
CREATE CONVERSION {S}.fresh FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;
-- undo
DROP CONVERSION {S}.fresh;
-- = conversion | public.fresh | definition, owner | added
-- conversion: dropped
DROP CONVERSION extra.latin;
-- = conversion | extra.latin | definition, owner | dropped
-- conversion: renamed
ALTER CONVERSION extra.latin RENAME TO otherwise;
-- = conversion | extra.latin | definition, owner | dropped
-- = conversion | extra.otherwise | definition, owner | added
-- conversion: owner
ALTER CONVERSION extra.latin OWNER TO drift_a;
-- = conversion | extra.latin | owner | changed
-- conversion: comment
COMMENT ON CONVERSION extra.latin IS 'west';
-- = conversion | extra.latin | comment | changed
-- language: created
CREATE TRUSTED LANGUAGE fresh HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler VALIDATOR plpgsql_validator;
-- undo
DROP LANGUAGE fresh;
-- = language | fresh | definition, owner | added
-- language: dropped
DROP LANGUAGE talk CASCADE;
-- + talk | transform 1
-- = language | talk | definition, owner | dropped
-- language: renamed
ALTER LANGUAGE talk RENAME TO speak;
-- + speak | transform 1
-- + talk | transform 1
-- = language | speak | definition, owner | added
-- = language | talk | definition, owner | dropped
-- language: owner
ALTER LANGUAGE talk OWNER TO drift_a;
-- = language | talk | owner | changed
-- language: granted
CREATE OR REPLACE TRUSTED LANGUAGE talk HANDLER extra.talk_handler;
GRANT USAGE ON LANGUAGE talk TO drift_a;
-- = language | talk | definition, privileges | changed
-- language: comment
COMMENT ON LANGUAGE talk IS 'chat';
-- = language | talk | comment | changed
-- transform: created
CREATE TRANSFORM FOR extra.base LANGUAGE talk (FROM SQL WITH FUNCTION extra.from_sql(internal));
-- undo
DROP TRANSFORM FOR extra.base LANGUAGE talk;
-- = transform | for extra.base on language talk | definition | added
-- transform: dropped
DROP TRANSFORM FOR extra.mood LANGUAGE talk;
-- = transform | for extra.mood on language talk | definition | dropped
-- transform: comment
COMMENT ON TRANSFORM FOR extra.mood LANGUAGE talk IS 'moody';
-- = transform | for extra.mood on language talk | comment | changed
-- access method: created
CREATE ACCESS METHOD fresh TYPE INDEX HANDLER bthandler;
-- undo
DROP ACCESS METHOD fresh;
-- = access method | fresh | definition | added
-- access method: dropped
DROP ACCESS METHOD drift_heap;
-- = access method | drift_heap | definition | dropped
-- access method: comment
COMMENT ON ACCESS METHOD drift_heap IS 'heaps';
-- = access method | drift_heap | comment | changed

-- several: owned by one role reassigned [unseen]
ALTER TABLE {U} OWNER TO drift_a;
REASSIGN OWNED BY drift_a TO drift_b;
-- = table | {U} | owner | changed
-- several: privileges dropped
DROP OWNED BY drift_b;
-- = column | extra.item.name | privileges | changed
-- = default privileges | for role drift_a in schema extra_place on sequences | privileges | changed
-- = default privileges | for role drift_a on tables | privileges | changed
-- = schema | extra | privileges | changed

-- names: a column that views and expressions use
ALTER TABLE extra.item RENAME COLUMN price TO cost;
-- undo
ALTER TABLE extra.item RENAME COLUMN cost TO price;
-- = column | extra.item.cost | default, definition, storage | added
-- = column | extra.item.price | default, definition, storage | dropped
-- ~ column | extra.item.twice | definition | changed
-- ~ constraint | item_price_check on extra.item | definition | changed
-- ~ materialized view | extra.item_sums | text | changed
-- ~ statistics object | extra.item_stats | definition | changed
-- ~ view | extra.item_view | text | changed
-- names: a table that views and keys use
ALTER TABLE extra.item RENAME TO thing;
-- undo
ALTER TABLE extra.thing RENAME TO item;
-- = table | extra.item | comment, definition, owner, privileges | dropped
-- = table | extra.thing | comment, definition, owner, privileges | added
-- + extra.item | column 10, constraint 6, policy 2, publication table 1, trigger 2
-- + extra.thing | column 10, constraint 6, policy 2, publication table 1, sequence 2, trigger 2
-- ~ constraint | line_item_fkey on extra.line | definition | changed
-- ~ materialized view | extra.item_sums | definition, text | changed
-- ~ statistics object | extra.item_stats | definition | changed
-- ~ view | extra.item_view | definition, text | changed
-- names: a schema that is published
ALTER SCHEMA extra_place RENAME TO extra_other;
-- undo
ALTER SCHEMA extra_other RENAME TO extra_place;
-- = schema | extra_other | definition, owner | added
-- = schema | extra_place | definition, owner | dropped
-- ~ default privileges | for role drift_a in schema extra_other on sequences | privileges | changed
-- ~ default privileges | for role drift_a in schema extra_place on sequences | privileges | changed
-- ~ publication schema | extra_other in publication drift_schemas | definition | added
-- ~ publication schema | extra_place in publication drift_schemas | definition | dropped
-- names: a role that has privileges
ALTER ROLE drift_b RENAME TO drift_z;
-- undo
ALTER ROLE drift_z RENAME TO drift_b;
-- ~ column | extra.item.name | privileges | changed
-- ~ default privileges | for role drift_a in schema extra_place on sequences | privileges | changed
-- ~ default privileges | for role drift_a on tables | privileges | changed
-- ~ schema | extra | privileges | changed
-- names: a type of a column
ALTER TYPE extra.mood RENAME TO moods;
-- undo
ALTER TYPE extra.moods RENAME TO mood;
-- = type | extra.mood | definition, owner | dropped
-- = type | extra.moods | definition, owner | added
-- ~ column | extra.item.feeling | definition | changed
-- ~ transform | for extra.mood on language talk | definition | dropped
-- ~ transform | for extra.moods on language talk | definition | added
-- names: a function of triggers
ALTER FUNCTION extra.stamp() RENAME TO stamped;
-- undo
ALTER FUNCTION extra.stamped() RENAME TO stamp;
-- = function | extra.stamp() | definition, owner | dropped
-- = function | extra.stamped() | definition, owner | added
-- ~ trigger | item_check on extra.item | definition | changed
-- ~ trigger | item_stamp on extra.item | definition | changed
-- ~ trigger | measure_stamp on extra.measure | definition | changed
