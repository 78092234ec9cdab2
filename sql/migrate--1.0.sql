/* migrate--1.0.sql */

-- complain if the script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION migrate" to load this file. \quit

--
-- What is stored.  The tables belong to the extension's owner; everyone else
-- reaches them through the functions and views.
--

CREATE TABLE migrate_migration (
	project text COLLATE "C" NOT NULL,
	version_key bytea NOT NULL,
	version text COLLATE "C" NOT NULL,
	name text COLLATE "C" NOT NULL,
	kind text COLLATE "C" NOT NULL CHECK (kind IN ('versioned', 'repeatable', 'baseline')),
	settled boolean NOT NULL DEFAULT false,
	checksum bytea NOT NULL,
	fingerprint bytea NOT NULL,
	requires text[] NOT NULL DEFAULT '{}',
	up text NOT NULL,
	up_path text,
	up_line integer NOT NULL DEFAULT 1,
	up_no_transaction boolean NOT NULL DEFAULT false,
	up_statements integer,
	up_worker text,
	up_broken text,
	down text,
	down_path text,
	down_line integer NOT NULL DEFAULT 1,
	down_no_transaction boolean NOT NULL DEFAULT false,
	down_statements integer,
	down_worker text,
	down_broken text,
	verify text,
	verify_path text,
	verify_line integer NOT NULL DEFAULT 1,
	format text NOT NULL,
	file_gone boolean NOT NULL DEFAULT false,
	registered_by text NOT NULL,
	registrant_superuser boolean NOT NULL,
	registered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	PRIMARY KEY (project, version_key)
);

CREATE INDEX migrate_migration_unsettled_idx ON migrate_migration (project)
	WHERE NOT settled;

CREATE TABLE migrate_state (
	project text COLLATE "C" NOT NULL,
	target_schema text COLLATE "C" NOT NULL DEFAULT '',
	version_key bytea NOT NULL,
	version text COLLATE "C" NOT NULL,
	name text COLLATE "C" NOT NULL,
	kind text COLLATE "C" NOT NULL CHECK (kind IN ('versioned', 'repeatable', 'baseline')),
	how text COLLATE "C" NOT NULL CHECK (how IN ('run', 'baseline', 'marked')),
	checksum bytea NOT NULL,
	fingerprint bytea NOT NULL,
	statements_done integer NOT NULL,
	statements_total integer NOT NULL,
	job bigint,
	applied_at timestamptz NOT NULL,
	applied_by text NOT NULL,
	duration_us bigint NOT NULL,
	PRIMARY KEY (project, target_schema, version_key)
);

-- One hash chain a project.  The hash covers every column before it, in this
-- order; migrate_log_head remembers where the chain ends.
CREATE TABLE migrate_log (
	project text COLLATE "C" NOT NULL,
	id bigint NOT NULL,
	event text COLLATE "C" NOT NULL,
	outcome text COLLATE "C" NOT NULL CHECK (outcome IN ('ok', 'failed')),
	target_schema text COLLATE "C" NOT NULL,
	version_key bytea NOT NULL,
	version text COLLATE "C" NOT NULL,
	name text COLLATE "C" NOT NULL,
	checksum bytea,
	statements integer,
	started_at timestamptz NOT NULL,
	finished_at timestamptz NOT NULL,
	duration_us bigint NOT NULL,
	session_role text NOT NULL,
	acting_role text NOT NULL,
	client_addr text,
	application text,
	pid integer NOT NULL,
	server_version integer NOT NULL,
	wal_lsn pg_lsn,
	restore_point text,
	reason text,
	sqlstate text,
	message text,
	detail text,
	hint text,
	context text,
	path text,
	line integer,
	statement_no integer,
	statement text,
	previous_hash bytea NOT NULL,
	hash bytea NOT NULL,
	PRIMARY KEY (project, id)
);

CREATE INDEX migrate_log_failed_idx ON migrate_log (project, version_key)
	WHERE outcome = 'failed';

CREATE TABLE migrate_log_head (
	project text COLLATE "C" PRIMARY KEY,
	entries bigint NOT NULL,
	hash bytea NOT NULL
);

SELECT pg_catalog.pg_extension_config_dump('migrate_migration', '');
SELECT pg_catalog.pg_extension_config_dump('migrate_state', '');
SELECT pg_catalog.pg_extension_config_dump('migrate_log', '');
SELECT pg_catalog.pg_extension_config_dump('migrate_log_head', '');

CREATE FUNCTION migrate_state_changed() RETURNS trigger
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_state_changed() IS
	'trigger: keeps migrate_migration.settled true to migrate_state';

CREATE TRIGGER migrate_state_changed
	AFTER INSERT OR UPDATE OR DELETE ON migrate_state
	FOR EACH ROW EXECUTE FUNCTION migrate_state_changed();
ALTER TABLE migrate_state ENABLE ALWAYS TRIGGER migrate_state_changed;
CREATE TRIGGER migrate_state_truncated
	AFTER TRUNCATE ON migrate_state
	FOR EACH STATEMENT EXECUTE FUNCTION migrate_state_changed();
ALTER TABLE migrate_state ENABLE ALWAYS TRIGGER migrate_state_truncated;

CREATE FUNCTION migrate_log_append_only() RETURNS trigger
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_log_append_only() IS
	'trigger: refuses to change or delete what the log holds';

CREATE TRIGGER migrate_log_append_only
	BEFORE UPDATE OR DELETE OR TRUNCATE ON migrate_log
	FOR EACH STATEMENT EXECUTE FUNCTION migrate_log_append_only();
ALTER TABLE migrate_log ENABLE ALWAYS TRIGGER migrate_log_append_only;

--
-- Register
--

CREATE FUNCTION migrate_register(version text, name text, up text,
								 down text DEFAULT NULL,
								 verify text DEFAULT NULL,
								 requires text[] DEFAULT '{}')
	RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_register(text, text, text, text, text, text[]) IS
	'register a migration by its texts: registered, unchanged or replaced';

CREATE FUNCTION migrate_register_file(path text, content text,
									  OUT version text, OUT name text,
									  OUT action text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_register_file(text, text) IS
	'register a migration file, its format recognised from path and content';

CREATE FUNCTION migrate_load(directory text,
							 OUT version text, OUT name text, OUT format text,
							 OUT action text, OUT path text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_load(text) IS
	'register every migration of a directory on the server, all or none';

CREATE FUNCTION migrate_unregister(version text)
	RETURNS void
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_unregister(text) IS
	'forget a migration that is not applied';

CREATE FUNCTION migrate_new(name text, style text DEFAULT NULL,
							OUT path text, OUT content text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_new(text, text) IS
	'file name and template of a new migration with the next free version';

--
-- Look
--

CREATE FUNCTION migrate_project() RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN coalesce(nullif(current_setting('migrate.project', true), ''), 'default');
COMMENT ON FUNCTION migrate_project() IS
	'the project this session works on (setting migrate.project)';

CREATE FUNCTION migrate_current() RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE;
COMMENT ON FUNCTION migrate_current() IS
	'the highest applied version, NULL if none';

CREATE FUNCTION migrate_require(version text) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE;
COMMENT ON FUNCTION migrate_require(text) IS
	'true, or an error unless the version is applied';

CREATE VIEW migrate_status AS
	SELECT coalesce(m.version, s.version) AS version,
		   coalesce(m.name, s.name) AS name,
		   coalesce(m.kind, s.kind) AS kind,
		   CASE
				WHEN s.version_key IS NOT NULL AND m.version_key IS NULL
					AND s.kind <> 'baseline' THEN 'missing'
				WHEN c.same AND m.file_gone THEN 'missing'
				WHEN c.same OR m.version_key IS NULL THEN 'applied'
				WHEN s.version_key IS NOT NULL AND m.kind <> 'repeatable' THEN 'changed'
				WHEN m.kind = 'baseline' AND m.settled THEN 'ignored'
				WHEN f.version_key IS NOT NULL THEN 'failed'
				WHEN m.kind = 'versioned' AND m.version_key < t.version_key THEN 'out of order'
				ELSE 'pending'
		   END AS state,
		   s.how,
		   s.applied_at,
		   s.applied_by,
		   s.duration_us * interval '1 microsecond' AS duration,
		   m.down IS NOT NULL AND m.down_broken IS NULL AS reversible,
		   CASE
				WHEN f.version_key IS NOT NULL AND c.same IS NOT TRUE THEN f.message
				WHEN m.up_broken IS NOT NULL THEN m.up_broken
				WHEN c.same AND m.checksum <> s.checksum
					THEN 'cosmetic change since it was applied'
				WHEN s.version_key IS NULL AND m.up_worker IS NOT NULL
					THEN 'cannot run in a transaction: ' || m.up_worker
		   END AS remark,
		   m.up_path AS path,
		   m.registered_by,
		   m.registered_at
	  FROM (SELECT * FROM migrate_migration
			 WHERE project = migrate_project()) m
	  FULL JOIN (SELECT * FROM migrate_state
				  WHERE project = migrate_project() AND target_schema = '') s
		   ON s.version_key = m.version_key
	 CROSS JOIN LATERAL (SELECT CASE m.kind WHEN 'repeatable' THEN m.checksum = s.checksum
									ELSE m.fingerprint = s.fingerprint END AS same) c
	  LEFT JOIN (SELECT version_key
				   FROM migrate_state
				  WHERE project = migrate_project() AND target_schema = ''
					AND version_key < '\x20'
				  ORDER BY version_key DESC LIMIT 1) t ON true
	  LEFT JOIN (SELECT DISTINCT ON (e.version_key) e.version_key, e.message
				   FROM migrate_log e
				  WHERE e.project = migrate_project() AND e.outcome = 'failed'
					AND e.event = 'apply'
					AND NOT EXISTS (SELECT FROM migrate_log later
									 WHERE later.project = e.project
									   AND later.version_key = e.version_key
									   AND later.id > e.id
									   AND later.outcome = 'ok')
				  ORDER BY e.version_key, e.id DESC) f
		   ON f.version_key = m.version_key
	 ORDER BY coalesce(m.version_key, s.version_key);
COMMENT ON VIEW migrate_status IS
	'one row per migration of the project, in order, with its state';

CREATE VIEW migrate_history AS
	SELECT id, event, outcome, version, name, started_at, finished_at,
		   duration_us * interval '1 microsecond' AS duration,
		   statements, session_role, acting_role, client_addr, application, pid,
		   sqlstate, message, detail, hint, context, path, line, statement_no,
		   statement, reason, encode(checksum, 'hex') AS checksum,
		   server_version, wal_lsn, restore_point, target_schema,
		   encode(hash, 'hex') AS hash
	  FROM migrate_log
	 WHERE project = migrate_project()
	 ORDER BY id;
COMMENT ON VIEW migrate_history IS
	'every attempt ever made in the project, failures included, newest last';

CREATE FUNCTION migrate_pending(OUT version text, OUT name text, OUT kind text,
								OUT state text, OUT remark text, OUT path text)
	RETURNS SETOF record
	LANGUAGE sql STABLE ROWS 20
	BEGIN ATOMIC
		SELECT version, name, kind, state, remark, path
		  FROM migrate_status
		 WHERE state IN ('pending', 'failed', 'out of order');
	END;
COMMENT ON FUNCTION migrate_pending() IS
	'what is registered and still has to run, in order of version';

CREATE FUNCTION migrate_plan(target text DEFAULT NULL,
							 OUT step integer, OUT version text, OUT name text,
							 OUT action text, OUT mode text, OUT reason text,
							 OUT statements integer, OUT path text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE;
COMMENT ON FUNCTION migrate_plan(text) IS
	'what a run to the target would do, in order, and how';

CREATE FUNCTION migrate_script(target text DEFAULT NULL) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE;
COMMENT ON FUNCTION migrate_script(text) IS
	'the SQL that a run to the target would execute, ready for psql';

CREATE FUNCTION migrate_identity(OUT environment text, OUT project text,
								 OUT database text, OUT schema text,
								 OUT session_role text, OUT acting_role text,
								 OUT server_addr inet, OUT server_port integer,
								 OUT server_version text, OUT in_recovery boolean,
								 OUT system_identifier text,
								 OUT cluster_name text,
								 OUT extension_version text)
	LANGUAGE sql STABLE
	BEGIN ATOMIC
		SELECT nullif(current_setting('migrate.environment', true), ''),
			   migrate_project(), current_database()::text, n.nspname::text,
			   session_user::text, current_user::text,
			   inet_server_addr(), inet_server_port(),
			   current_setting('server_version'), pg_is_in_recovery(),
			   (SELECT c.system_identifier::text FROM pg_control_system() c),
			   nullif(current_setting('cluster_name'), ''),
			   e.extversion
		  FROM pg_extension e
		  JOIN pg_namespace n ON n.oid = e.extnamespace
		 WHERE e.extname = 'migrate';
	END;
COMMENT ON FUNCTION migrate_identity() IS
	'which server, database, schema, role and environment this is';

CREATE FUNCTION migrate_lock_key(project text, target_schema text DEFAULT '')
	RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION migrate_lock_key(text, text) IS
	'the run lock''s key: classid and objid of pg_locks as one number';

-- The activity of a run is not secret, other activity of its session is.
CREATE FUNCTION migrate_lock_holders(OUT project text, OUT pid integer,
									 OUT role text, OUT application text,
									 OUT client_addr inet, OUT since timestamptz,
									 OUT doing text, OUT waiting bigint)
	RETURNS SETOF record
	LANGUAGE sql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	BEGIN ATOMIC
		SELECT p.project, a.pid, a.usename::text, a.application_name,
			   a.client_addr, a.xact_start,
			   CASE WHEN a.query LIKE 'migrate: %' THEN a.query ELSE a.state END,
			   (SELECT count(*) FROM pg_locks w
				 WHERE w.locktype = 'advisory' AND w.objsubid = 19783
				   AND w.database = l.database AND w.classid = l.classid
				   AND w.objid = l.objid AND NOT w.granted)
		  FROM pg_locks l
		  JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
		  JOIN pg_stat_activity a ON a.pid = l.pid
		  LEFT JOIN (SELECT h.project FROM migrate_log_head h
					  UNION
					 SELECT m.project FROM migrate_migration m) p
			   ON migrate_lock_key(p.project)
				  = (l.classid::bigint << 32) | l.objid::bigint
		 WHERE l.locktype = 'advisory' AND l.objsubid = 19783 AND l.granted;
	END;
COMMENT ON FUNCTION migrate_lock_holders() IS
	'who holds a run lock of this database, behind the view migrate_lock_holder';

CREATE VIEW migrate_lock_holder AS
	SELECT * FROM migrate_lock_holders();
COMMENT ON VIEW migrate_lock_holder IS
	'who is running migrations in this database now, and where the run is';

CREATE FUNCTION migrate_verify_log(OUT project text, OUT id bigint,
								   OUT problem text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_verify_log() IS
	'a row for each break in the hash chain of the log; none if it is sound';

--
-- Act
--

CREATE FUNCTION migrate_apply(target text DEFAULT NULL,
							  OUT version text, OUT name text, OUT action text,
							  OUT statements integer, OUT duration interval)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_apply(text) IS
	'apply what is pending, up to the target, in the caller''s transaction: all or nothing';

CREATE FUNCTION migrate_rollback(target text DEFAULT NULL,
								 OUT version text, OUT name text, OUT action text,
								 OUT statements integer, OUT duration interval)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_rollback(text) IS
	'run down scripts, one step by default or down to the target, in the caller''s transaction';

CREATE FUNCTION migrate_baseline(version text) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_baseline(text) IS
	'record every registered version up to this one as applied without running it; how many';

CREATE FUNCTION migrate_mark(version text, reason text) RETURNS void
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_mark(text, text) IS
	'record one migration as applied without running it';

CREATE FUNCTION migrate_unmark(version text, reason text) RETURNS void
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_unmark(text, text) IS
	'record one migration as not applied without running its down script';

CREATE FUNCTION migrate_repair(version text) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_repair(text) IS
	'accept the registered text of an applied migration that was edited: repaired or unchanged';

--
-- What changes anything, or shows the texts, is nobody's until it is granted.
--

REVOKE EXECUTE ON FUNCTION
	migrate_state_changed(),
	migrate_log_append_only(),
	migrate_register(text, text, text, text, text, text[]),
	migrate_register_file(text, text),
	migrate_load(text),
	migrate_unregister(text),
	migrate_new(text, text),
	migrate_pending(),
	migrate_plan(text),
	migrate_script(text),
	migrate_lock_holders(),
	migrate_verify_log(),
	migrate_apply(text),
	migrate_rollback(text),
	migrate_baseline(text),
	migrate_mark(text, text),
	migrate_unmark(text, text),
	migrate_repair(text)
	FROM PUBLIC;
