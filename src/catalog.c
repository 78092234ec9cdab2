/*-------------------------------------------------------------------------
 *
 * catalog.c
 *	  The extension's own tables, and nobody else's: this is the only file
 *	  that reads or writes them from C.
 *
 * Every function runs its SQL as the extension's owner, with row security
 * off, and gives the caller's identity back before it returns; no text from
 * a migration is ever executed in between.  All names are qualified, all
 * values are parameters.  The functions expect a transaction with an active
 * snapshot (or take one through SPI) and leave results in the caller's
 * memory context.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "common/cryptohash.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/pg_lsn.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(migrate_state_changed);
PG_FUNCTION_INFO_V1(migrate_log_append_only);
PG_FUNCTION_INFO_V1(migrate_verify_log);

#define EQ " OPERATOR(pg_catalog.=) "
#define LT " OPERATOR(pg_catalog.<) "

/* The tables' schema stands for %s in the statements below. */
typedef enum QueryNo
{
	Q_HAS_UNSETTLED,
	Q_LOAD,
	Q_LOCK_PLAN,
	Q_FETCH,
	Q_FETCH_ALL,
	Q_LOCK,
	Q_LOCK_STATE,
	Q_INSERT,
	Q_UPDATE,
	Q_SET_NO_TRANSACTION,
	Q_DELETE,
	Q_IS_APPLIED,
	Q_FILES_GONE,
	Q_LAST_FORMAT,
	Q_SET_APPLIED,
	Q_SET_ROLLED_BACK,
	Q_SET_REPAIRED,
	Q_SETTLE,
	Q_SETTLE_BASELINES,
	Q_UNSETTLE_ALL,
	Q_CURRENT,
	Q_LOCK_HOLDER,
	Q_NEW_CHAIN,
	Q_LOCK_CHAIN,
	Q_APPEND,
	Q_SET_CHAIN,
	Q_READ_CHAINS,
	Q_READ_LOG,
	Q_COUNT
} QueryNo;

#define MAX_ARGS 33

typedef struct QueryText
{
	const char *sql;
	int			nargs;
	Oid			types[MAX_ARGS];
} QueryText;

#define PROJECT_KEY "project" EQ "$1 AND version_key" EQ "$2"

static const QueryText query_texts[Q_COUNT] = {
	[Q_HAS_UNSETTLED] = {
		"SELECT 1 FROM %s.migrate_migration WHERE project" EQ "$1 AND NOT settled LIMIT 1",
		1, {TEXTOID}
	},
	[Q_LOAD] = {
		"SELECT coalesce(m.version_key, s.version_key), coalesce(m.version, s.version),"
		" coalesce(m.name, s.name), coalesce(m.kind, s.kind), m.version_key IS NOT NULL,"
		" s.how, CASE WHEN m.kind" EQ "'repeatable' THEN m.checksum" EQ "s.checksum"
		" ELSE m.fingerprint" EQ "s.fingerprint END, m.checksum, m.requires, m.registered_by, m.registrant_superuser,"
		" m.up_statements, CASE WHEN m.up_no_transaction THEN coalesce(m.up_worker, 'its author asks for no transaction') ELSE m.up_worker END,"
		" m.up_broken, m.up_path, m.down IS NOT NULL,"
		" m.down_statements, CASE WHEN m.down_no_transaction THEN coalesce(m.down_worker, 'its author asks for no transaction') ELSE m.down_worker END,"
		" m.down_broken, m.down_path, m.checksum" EQ "s.checksum"
		" FROM (SELECT * FROM %1$s.migrate_migration WHERE project" EQ "$1) m"
		" FULL JOIN (SELECT * FROM %1$s.migrate_state WHERE project" EQ "$1 AND target_schema" EQ "'') s"
		" ON m.version_key" EQ "s.version_key"
		" ORDER BY 1",
		1, {TEXTOID}
	},
	[Q_LOCK_PLAN] = {
		"SELECT version_key, checksum FROM %s.migrate_migration WHERE project" EQ "$1"
		" AND version_key" EQ "ANY ($2) ORDER BY 1 FOR NO KEY UPDATE",
		2, {TEXTOID, BYTEAARRAYOID}
	},
	[Q_FETCH] = {
		"SELECT up, up_path, up_line, up_no_transaction, down, down_path, down_line,"
		" down_no_transaction, verify, verify_path, verify_line, checksum, fingerprint,"
		" name, format, requires FROM %s.migrate_migration WHERE " PROJECT_KEY,
		2, {TEXTOID, BYTEAOID}
	},
	[Q_FETCH_ALL] = {
		"SELECT name, version, kind, requires, up, up_path, up_line, up_no_transaction,"
		" down, down_path, down_line, down_no_transaction, verify, verify_path,"
		" verify_line, format, file_gone, checksum, registrant_superuser"
		" FROM %s.migrate_migration WHERE " PROJECT_KEY,
		2, {TEXTOID, BYTEAOID}
	},
	[Q_LOCK] = {
		"SELECT 1 FROM %s.migrate_migration WHERE " PROJECT_KEY " FOR NO KEY UPDATE",
		2, {TEXTOID, BYTEAOID}
	},
	[Q_LOCK_STATE] = {
		"SELECT 1 FROM %s.migrate_state WHERE target_schema" EQ "'' AND " PROJECT_KEY
		" FOR SHARE",
		2, {TEXTOID, BYTEAOID}
	},
#define STATE_OF(what) \
	"EXISTS (SELECT FROM %1$s.migrate_state s WHERE s.project" EQ "$1" \
	" AND s.target_schema" EQ "'' AND " what ")"
#define SETTLED \
	"CASE WHEN $5" EQ "'repeatable' THEN " \
	STATE_OF("s.version_key" EQ "$2 AND s.checksum" EQ "$6") \
	" WHEN $5" EQ "'baseline' THEN " STATE_OF("true") \
	" ELSE " STATE_OF("s.version_key" EQ "$2 AND s.fingerprint" EQ "$7") " END"
	[Q_INSERT] = {
		"INSERT INTO %1$s.migrate_migration (project, version_key, version, name, kind,"
		" checksum, fingerprint, requires, up, up_path, up_line, up_no_transaction,"
		" up_statements, up_worker, up_broken, down, down_path, down_line,"
		" down_no_transaction, down_statements, down_worker, down_broken, verify,"
		" verify_path, verify_line, format, registered_by, registrant_superuser, settled)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,"
		" $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, " SETTLED ")"
		" ON CONFLICT DO NOTHING",
		28, {TEXTOID, BYTEAOID, TEXTOID, TEXTOID, TEXTOID, BYTEAOID, BYTEAOID,
			TEXTARRAYOID, TEXTOID, TEXTOID, INT4OID, BOOLOID, INT4OID, TEXTOID, TEXTOID,
			TEXTOID, TEXTOID, INT4OID, BOOLOID, INT4OID, TEXTOID, TEXTOID, TEXTOID,
		TEXTOID, INT4OID, TEXTOID, TEXTOID, BOOLOID}
	},
	[Q_UPDATE] = {
		"UPDATE %1$s.migrate_migration SET version = $3, name = $4, kind = $5,"
		" checksum = $6, fingerprint = $7, requires = $8, up = $9, up_path = $10,"
		" up_line = $11, up_no_transaction = $12, up_statements = $13, up_worker = $14,"
		" up_broken = $15, down = $16, down_path = $17, down_line = $18,"
		" down_no_transaction = $19, down_statements = $20, down_worker = $21,"
		" down_broken = $22, verify = $23, verify_path = $24, verify_line = $25,"
		" format = $26, registered_by = $27, registrant_superuser = $28, registered_at = pg_catalog.clock_timestamp(),"
		" file_gone = false, settled = " SETTLED " WHERE " PROJECT_KEY,
		28, {TEXTOID, BYTEAOID, TEXTOID, TEXTOID, TEXTOID, BYTEAOID, BYTEAOID,
			TEXTARRAYOID, TEXTOID, TEXTOID, INT4OID, BOOLOID, INT4OID, TEXTOID, TEXTOID,
			TEXTOID, TEXTOID, INT4OID, BOOLOID, INT4OID, TEXTOID, TEXTOID, TEXTOID,
		TEXTOID, INT4OID, TEXTOID, TEXTOID, BOOLOID}
	},
	[Q_SET_NO_TRANSACTION] = {
		"UPDATE %s.migrate_migration SET up_no_transaction = $3,"
		" down_no_transaction = $4 WHERE " PROJECT_KEY,
		4, {TEXTOID, BYTEAOID, BOOLOID, BOOLOID}
	},
	[Q_DELETE] = {
		"DELETE FROM %s.migrate_migration WHERE " PROJECT_KEY,
		2, {TEXTOID, BYTEAOID}
	},
	[Q_IS_APPLIED] = {
		"SELECT checksum, fingerprint FROM %s.migrate_state WHERE target_schema" EQ "''"
		" AND " PROJECT_KEY,
		2, {TEXTOID, BYTEAOID}
	},
	[Q_FILES_GONE] = {
		"UPDATE %s.migrate_migration SET file_gone = true WHERE project" EQ "$1"
		" AND pg_catalog.starts_with(up_path, $2)"
		" AND NOT file_gone AND NOT EXISTS (SELECT FROM pg_catalog.unnest($3) k"
		" WHERE k" EQ "version_key)"
		" RETURNING version, name, up_path",
		3, {TEXTOID, TEXTOID, BYTEAARRAYOID}
	},
	[Q_LAST_FORMAT] = {
		"SELECT version, format FROM %s.migrate_migration WHERE project" EQ "$1"
		" AND version_key" LT "'\\x20'::pg_catalog.bytea"
		" AND version_key OPERATOR(pg_catalog.>=) '\\x10'::pg_catalog.bytea"
		" ORDER BY version_key DESC LIMIT 1",
		1, {TEXTOID}
	},
	[Q_SET_APPLIED] = {
		"INSERT INTO %s.migrate_state (project, version_key, version, name, kind, how,"
		" checksum, fingerprint, statements_done, statements_total, applied_at,"
		" applied_by, duration_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10,"
		" $11, $12) ON CONFLICT (project, target_schema, version_key) DO UPDATE SET"
		" version = excluded.version, name = excluded.name, how = excluded.how,"
		" checksum = excluded.checksum, fingerprint = excluded.fingerprint,"
		" statements_done = excluded.statements_done,"
		" statements_total = excluded.statements_total,"
		" applied_at = excluded.applied_at, applied_by = excluded.applied_by,"
		" duration_us = excluded.duration_us WHERE excluded.kind" EQ "'repeatable'",
		12, {TEXTOID, BYTEAOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, BYTEAOID, BYTEAOID,
		INT4OID, TIMESTAMPTZOID, TEXTOID, INT8OID}
	},
	[Q_SET_ROLLED_BACK] = {
		"DELETE FROM %s.migrate_state WHERE target_schema" EQ "'' AND " PROJECT_KEY,
		2, {TEXTOID, BYTEAOID}
	},
	[Q_SET_REPAIRED] = {
		"UPDATE %1$s.migrate_state s SET checksum = m.checksum, fingerprint = m.fingerprint"
		" FROM %1$s.migrate_migration m WHERE s.target_schema" EQ "''"
		" AND m.project" EQ "s.project AND m.version_key" EQ "s.version_key"
		" AND s.project" EQ "$1 AND s.version_key" EQ "$2",
		2, {TEXTOID, BYTEAOID}
	},
	[Q_SETTLE] = {
		"UPDATE %s.migrate_migration SET settled = coalesce(CASE WHEN kind" EQ "'repeatable'"
		" THEN checksum" EQ "$3 ELSE fingerprint" EQ "$4 END, false) WHERE " PROJECT_KEY,
		4, {TEXTOID, BYTEAOID, BYTEAOID, BYTEAOID}
	},
	[Q_SETTLE_BASELINES] = {
		"UPDATE %s.migrate_migration SET settled = $2 WHERE project" EQ "$1"
		" AND kind" EQ "'baseline' AND settled OPERATOR(pg_catalog.<>) $2",
		2, {TEXTOID, BOOLOID}
	},
	[Q_UNSETTLE_ALL] = {
		"UPDATE %s.migrate_migration SET settled = false WHERE settled",
		0, {0}
	},
	[Q_CURRENT] = {
		"SELECT version FROM %s.migrate_state WHERE project" EQ "$1"
		" AND target_schema" EQ "'' AND version_key" LT "'\\x20'::pg_catalog.bytea"
		" ORDER BY version_key DESC LIMIT 1",
		1, {TEXTOID}
	},
	[Q_LOCK_HOLDER] = {
		"SELECT pg_catalog.format('It is held by pid %%s (role %%s, application \"%%s\","
		" address %%s) since %%s: %%s.', pid, role, application,"
		" coalesce(client_addr::pg_catalog.text, 'local'),"
		" pg_catalog.to_char(since, 'HH24:MI:SS'), doing)"
		" FROM %s.migrate_lock_holders() WHERE project" EQ "$1 LIMIT 1",
		1, {TEXTOID}
	},
	[Q_NEW_CHAIN] = {
		"INSERT INTO %s.migrate_log_head VALUES ($1, 0, $2) ON CONFLICT DO NOTHING",
		2, {TEXTOID, BYTEAOID}
	},
	[Q_LOCK_CHAIN] = {
		"SELECT entries, hash FROM %s.migrate_log_head WHERE project" EQ "$1"
		" FOR NO KEY UPDATE",
		1, {TEXTOID}
	},
	[Q_APPEND] = {
		"INSERT INTO %s.migrate_log VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
		" $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25,"
		" $26, $27, $28, $29, $30, $31, $32, $33)",
		33, {TEXTOID, INT8OID, TEXTOID, TEXTOID, TEXTOID, BYTEAOID, TEXTOID, TEXTOID,
			BYTEAOID, INT4OID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID, TEXTOID, TEXTOID,
			TEXTOID, TEXTOID, INT4OID, INT4OID, PG_LSNOID, TEXTOID, TEXTOID, TEXTOID,
			TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID, INT4OID, TEXTOID,
		BYTEAOID, BYTEAOID}
	},
	[Q_SET_CHAIN] = {
		"UPDATE %s.migrate_log_head SET entries = $2, hash = $3 WHERE project" EQ "$1",
		3, {TEXTOID, INT8OID, BYTEAOID}
	},
	[Q_READ_CHAINS] = {
		"SELECT coalesce(h.project, l.project), h.entries, h.hash"
		" FROM %1$s.migrate_log_head h FULL JOIN (SELECT DISTINCT project"
		" FROM %1$s.migrate_log) l ON l.project" EQ "h.project ORDER BY 1",
		0, {0}
	},
	[Q_READ_LOG] = {
		"SELECT * FROM %s.migrate_log WHERE project" EQ "$1 ORDER BY id",
		1, {TEXTOID}
	},
};

/* Attributes of migrate_log, and of Q_APPEND's parameters. */
enum
{
	LOG_PROJECT, LOG_ID, LOG_EVENT, LOG_OUTCOME, LOG_TARGET_SCHEMA,
	LOG_VERSION_KEY, LOG_VERSION, LOG_NAME, LOG_CHECKSUM, LOG_STATEMENTS,
	LOG_STARTED, LOG_FINISHED, LOG_DURATION, LOG_SESSION_ROLE,
	LOG_ACTING_ROLE, LOG_CLIENT_ADDR, LOG_APPLICATION, LOG_PID,
	LOG_SERVER_VERSION, LOG_LSN, LOG_RESTORE_POINT, LOG_REASON, LOG_SQLSTATE,
	LOG_MESSAGE, LOG_DETAIL, LOG_HINT, LOG_CONTEXT, LOG_PATH, LOG_LINE,
	LOG_STATEMENT_NO, LOG_STATEMENT, LOG_PREVIOUS_HASH, LOG_HASH, LOG_COLUMNS
};

/* Plans kept for the session, for the schema of this name. */
static SPIPlanPtr plans[Q_COUNT];
static char *plans_schema = NULL;

typedef struct Visit
{
	Oid			user;
	int			security;
	MemoryContext caller;
} Visit;

/*
 * mig_extension
 *		Where the extension is installed and whose it is; false if it is not.
 *
 * Looks in the catalog each time, as extension.c does for names: ALTER
 * EXTENSION and ALTER SCHEMA may move it under us.
 */
bool
mig_extension(Oid *schema, Oid *owner)
{
	Relation	rel = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber,
				F_NAMEEQ, CStringGetDatum("migrate"));
	scan = systable_beginscan(rel, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		*schema = ((Form_pg_extension) GETSTRUCT(tuple))->extnamespace;
		*owner = ((Form_pg_extension) GETSTRUCT(tuple))->extowner;
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return HeapTupleIsValid(tuple);
}

/*
 * mig_catalog_schema
 *		The extension's schema, quoted for use in SQL.  palloc'd.
 */
char *
mig_catalog_schema(void)
{
	Oid			schema;
	Oid			owner;

	if (!mig_extension(&schema, &owner))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("extension \"migrate\" is not installed in this database")));
	return pstrdup(quote_identifier(get_namespace_name(schema)));
}

/* Become the owner and connect to SPI; leave() undoes both. */
static Visit
enter(void)
{
	Visit		visit;
	Oid			schema;
	Oid			owner;
	const char *name;

	if (!mig_extension(&schema, &owner))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("extension \"migrate\" is not installed in this database")));
	name = get_namespace_name(schema);
	if (plans_schema == NULL || strcmp(plans_schema, name) != 0)
	{
		int			i;

		for (i = 0; i < Q_COUNT; i++)
		{
			if (plans[i])
				SPI_freeplan(plans[i]);
			plans[i] = NULL;
		}
		if (plans_schema)
			pfree(plans_schema);
		plans_schema = MemoryContextStrdup(TopMemoryContext, name);
	}

	visit.caller = CurrentMemoryContext;
	GetUserIdAndSecContext(&visit.user, &visit.security);
	SetUserIdAndSecContext(owner, visit.security |
						   SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	return visit;
}

static void
leave(const Visit *visit)
{
	SPI_finish();
	SetUserIdAndSecContext(visit->user, visit->security);
}

/* Put the schema where the statement says %s or %1$s. */
static char *
query_sql(QueryNo query)
{
	StringInfoData sql;
	const char *p = query_texts[query].sql;

	initStringInfo(&sql);
	while (*p)
	{
		if (strncmp(p, "%1$s", 4) == 0)
		{
			appendStringInfoString(&sql, quote_identifier(plans_schema));
			p += 4;
		}
		else if (strncmp(p, "%s", 2) == 0)
		{
			appendStringInfoString(&sql, quote_identifier(plans_schema));
			p += 2;
		}
		else
		{
			if (strncmp(p, "%%", 2) == 0)
				p++;
			appendStringInfoChar(&sql, *p++);
		}
	}
	return sql.data;
}

static SPIPlanPtr
query_plan(QueryNo query)
{
	if (plans[query] == NULL)
	{
		const QueryText *text = &query_texts[query];
		SPIPlanPtr	plan = SPI_prepare(query_sql(query), text->nargs,
									   (Oid *) text->types);

		if (plan == NULL)
			elog(ERROR, "could not prepare statement %d: %s", query,
				 SPI_result_code_string(SPI_result));
		SPI_keepplan(plan);
		plans[query] = plan;
	}
	return plans[query];
}

/* Run one of our statements; returns the number of rows. */
static uint64
run_query(QueryNo query, Datum *values, const bool *nulls)
{
	char		flags[MAX_ARGS];
	int			i;
	int			result;

	for (i = 0; i < query_texts[query].nargs; i++)
		flags[i] = nulls && nulls[i] ? 'n' : ' ';
	result = SPI_execute_plan(query_plan(query), values, flags, false, 0);
	if (result < 0)
		elog(ERROR, "statement %d failed: %s", query, SPI_result_code_string(result));
	return SPI_processed;
}

/* Fields of a row of the last result, copied to the caller's memory. */
static Datum
field(const Visit *visit, uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc,
						 column, isnull);
}

static char *
text_field(const Visit *visit, uint64 row, int column)
{
	bool		isnull;
	Datum		value = field(visit, row, column, &isnull);
	MemoryContext old;
	char	   *result;

	if (isnull)
		return NULL;
	old = MemoryContextSwitchTo(visit->caller);
	result = TextDatumGetCString(value);
	MemoryContextSwitchTo(old);
	return result;
}

static bytea *
bytea_field(const Visit *visit, uint64 row, int column)
{
	bool		isnull;
	Datum		value = field(visit, row, column, &isnull);
	MemoryContext old;
	bytea	   *result;

	if (isnull)
		return NULL;
	old = MemoryContextSwitchTo(visit->caller);
	result = DatumGetByteaPCopy(value);
	MemoryContextSwitchTo(old);
	return result;
}

static int64
int_field(const Visit *visit, uint64 row, int column, int64 otherwise)
{
	bool		isnull;
	Datum		value = field(visit, row, column, &isnull);

	if (isnull)
		return otherwise;
	return SPI_gettypeid(SPI_tuptable->tupdesc, column) == INT8OID ?
		DatumGetInt64(value) : DatumGetInt32(value);
}

static bool
bool_field(const Visit *visit, uint64 row, int column)
{
	bool		isnull;
	Datum		value = field(visit, row, column, &isnull);

	return !isnull && DatumGetBool(value);
}

static List *
list_field(const Visit *visit, uint64 row, int column)
{
	bool		isnull;
	Datum		value = field(visit, row, column, &isnull);
	MemoryContext old;
	Datum	   *elements;
	int			n;
	int			i;
	List	   *result = NIL;

	if (isnull || ARR_NDIM(DatumGetArrayTypeP(value)) == 0)
		return NIL;
	old = MemoryContextSwitchTo(visit->caller);
	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT,
					  &elements, NULL, &n);
	for (i = 0; i < n; i++)
		result = lappend(result, TextDatumGetCString(elements[i]));
	MemoryContextSwitchTo(old);
	return result;
}

static void
script_fields(const Visit *visit, uint64 row, int column, bool transaction,
			  MigScript *script)
{
	script->text = text_field(visit, row, column);
	script->path = text_field(visit, row, column + 1);
	script->line = int_field(visit, row, column + 2, 1);
	script->no_transaction = transaction && bool_field(visit, row, column + 3);
}

static const char *
kind_name(char kind)
{
	return kind == MIG_KIND_BASELINE ? "baseline" :
		kind == MIG_KIND_REPEATABLE ? "repeatable" : "versioned";
}

/* Most statements are about one migration of a project. */
#define DatumProjectKey(project, key) \
	{CStringGetTextDatum(project), PointerGetDatum(key)}

static uint64
run_for_key(QueryNo query, const char *project, const bytea *key)
{
	Datum		values[2] = DatumProjectKey(project, key);

	return run_query(query, values, NULL);
}

/*
 * mig_catalog_has_unsettled
 *		Is anything registered that is not applied, or not as registered?
 *		One look into a partial index.
 */
bool
mig_catalog_has_unsettled(const char *project)
{
	Visit		visit = enter();
	Datum		values[1] = {CStringGetTextDatum(project)};
	bool		result = run_query(Q_HAS_UNSETTLED, values, NULL) > 0;

	leave(&visit);
	return result;
}

/*
 * mig_catalog_load
 *		All migrations of the project, registered, applied or both, in order
 *		of their keys, without their texts.
 */
MigEntry *
mig_catalog_load(const char *project, int *n)
{
	Visit		visit = enter();
	Datum		values[1] = {CStringGetTextDatum(project)};
	uint64		rows = run_query(Q_LOAD, values, NULL);
	MigEntry   *entries = MemoryContextAllocHuge(visit.caller,
												 sizeof(MigEntry) * Max(rows, 1));
	uint64		i;

	memset(entries, 0, sizeof(MigEntry) * Max(rows, 1));
	for (i = 0; i < rows; i++)
	{
		MigEntry   *entry = &entries[i];
		char	   *kind = text_field(&visit, i, 4);
		char	   *how = text_field(&visit, i, 6);

		entry->key = bytea_field(&visit, i, 1);
		entry->version = text_field(&visit, i, 2);
		entry->name = text_field(&visit, i, 3);
		entry->kind = strcmp(kind, "baseline") == 0 ? MIG_KIND_BASELINE :
			strcmp(kind, "repeatable") == 0 ? MIG_KIND_REPEATABLE : MIG_KIND_VERSIONED;
		entry->registered = bool_field(&visit, i, 5);
		entry->applied = how != NULL;
		entry->how = how ? how[0] : '\0';
		entry->settled = bool_field(&visit, i, 7);
		entry->checksum = bytea_field(&visit, i, 8);
		entry->requires = list_field(&visit, i, 9);
		entry->registered_by = text_field(&visit, i, 10);
		entry->registrant_superuser = bool_field(&visit, i, 11);
		entry->up.exists = entry->registered;
		entry->up.statements = int_field(&visit, i, 12, -1);
		entry->up.worker = text_field(&visit, i, 13);
		entry->up.broken = text_field(&visit, i, 14);
		entry->up.path = text_field(&visit, i, 15);
		entry->down.exists = bool_field(&visit, i, 16);
		entry->down.statements = int_field(&visit, i, 17, -1);
		entry->down.worker = text_field(&visit, i, 18);
		entry->down.broken = text_field(&visit, i, 19);
		entry->down.path = text_field(&visit, i, 20);
		entry->same_text = bool_field(&visit, i, 21);
	}
	leave(&visit);
	*n = (int) rows;
	return entries;
}

/*
 * mig_catalog_lock_plan
 *		Lock the migrations of a plan, so that until the transaction ends
 *		nobody replaces a text that we run.
 *
 * Raises an error if one was replaced or removed since the plan was made.
 */
void
mig_catalog_lock_plan(const char *project, const MigPlan *plan)
{
	Visit		visit = enter();
	Datum	   *keys = palloc(sizeof(Datum) * Max(plan->nsteps, 1));
	Datum		values[2];
	uint64		rows;
	uint64		found = 0;
	int			i;

	for (i = 0; i < plan->nsteps; i++)
		keys[i] = PointerGetDatum(plan->steps[i].entry->key);
	values[0] = CStringGetTextDatum(project);
	values[1] = PointerGetDatum(construct_array(keys, plan->nsteps, BYTEAOID, -1,
												false, TYPALIGN_INT));
	rows = run_query(Q_LOCK_PLAN, values, NULL);

	for (i = 0; i < plan->nsteps; i++)
	{
		const MigEntry *entry = plan->steps[i].entry;
		uint64		low = 0;
		uint64		high = rows;

		while (low < high)
		{
			uint64		middle = low + (high - low) / 2;
			bool		isnull;
			bytea	   *key = DatumGetByteaPP(field(&visit, middle, 1, &isnull));
			int			order = mig_key_cmp(key, entry->key);

			if (order == 0)
			{
				bytea	   *checksum = DatumGetByteaPP(field(&visit, middle, 2, &isnull));

				if (mig_key_cmp(checksum, entry->checksum) == 0)
					found++;
				break;
			}
			if (order < 0)
				low = middle + 1;
			else
				high = middle;
		}
	}
	leave(&visit);
	if (found != plan->nsteps)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("migrations were registered anew while this run was being planned"),
				 errhint("Nothing was run. Look at migrate_plan() and call again.")));
}

/*
 * mig_catalog_fetch
 *		A migration's texts, or NULL if it is not registered.
 */
MigStored *
mig_catalog_fetch(const char *project, const bytea *key)
{
	MigStored  *stored = NULL;
	Visit		visit = enter();

	if (run_for_key(Q_FETCH, project, key) > 0)
	{
		stored = MemoryContextAllocZero(visit.caller, sizeof(MigStored));
		script_fields(&visit, 0, 1, true, &stored->up);
		script_fields(&visit, 0, 5, true, &stored->down);
		script_fields(&visit, 0, 9, false, &stored->verify);
		stored->checksum = bytea_field(&visit, 0, 12);
		stored->fingerprint = bytea_field(&visit, 0, 13);
		stored->name = text_field(&visit, 0, 14);
		stored->format = text_field(&visit, 0, 15);
		stored->requires = list_field(&visit, 0, 16);
	}
	leave(&visit);
	return stored;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
same_script(const MigScript *a, const MigScript *b)
{
	return same_text(a->text, b->text) && a->no_transaction == b->no_transaction;
}

static bool
same_place(const MigScript *a, const MigScript *b)
{
	return same_text(a->path, b->path) && a->line == b->line;
}

static bool
same_list(List *a, List *b)
{
	ListCell   *la;
	ListCell   *lb;

	if (list_length(a) != list_length(b))
		return false;
	forboth(la, a, lb, b)
	{
		if (strcmp(lfirst(la), lfirst(lb)) != 0)
			return false;
	}
	return true;
}

static Datum
text_datum(const char *text, bool *isnull)
{
	*isnull = text == NULL;
	return text ? CStringGetTextDatum(text) : (Datum) 0;
}

/* Parameters for one script and what registration found out about it. */
static void
script_params(const MigScript *script, const MigSide *side, Datum *values,
			  bool *nulls)
{
	values[0] = text_datum(script->text, &nulls[0]);
	values[1] = text_datum(script->path, &nulls[1]);
	values[2] = Int32GetDatum(script->line);
	if (side == NULL)
		return;
	values[3] = BoolGetDatum(script->no_transaction);
	nulls[4] = side->statements < 0;
	values[4] = Int32GetDatum(side->statements);
	values[5] = text_datum(side->worker, &nulls[5]);
	values[6] = text_datum(side->broken, &nulls[6]);
}

/* Say what a new text of an applied migration means. */
static void
report_edit(const MigSource *source, bool same_text, bool same_tokens)
{
	char	   *label = mig_label(source->version, source->name);

	if (same_text)
		return;
	if (same_tokens)
		ereport(NOTICE,
				(errmsg("applied migration %s was edited, in comments or white space only",
						label)));
	else
		ereport(WARNING,
				(errcode(ERRCODE_MIG_CHANGED),
				 errmsg("applied migration %s was registered with another text", label),
				 errhint("Nothing will run until the text that ran is registered again, or this one is accepted with migrate_repair().")));
}

/*
 * mig_catalog_register
 *		Store a migration: "registered", "unchanged" or "replaced".
 *
 * A version that is registered under another name is a conflict.  A new text
 * for an applied migration is stored, and said aloud: it stays unsettled
 * unless only comments or white space changed.
 */
const char *
mig_catalog_register(const char *project, const MigSource *source,
					 const MigSide *up, const MigSide *down)
{
	Visit		visit = enter();
	bytea	   *key = mig_version_key(source->kind, source->version);
	bytea	   *checksum = mig_checksum(source->up.text);
	bytea	   *fingerprint = mig_fingerprint(&source->up);
	Datum		values[28];
	bool		nulls[28] = {false};
	bool		superuser_registers = superuser_arg(GetSessionUserId());
	Datum	   *requires = palloc(sizeof(Datum) * Max(list_length(source->requires), 1));
	int			nrequires = 0;
	ListCell   *lc;
	const char *action = NULL;

	foreach(lc, source->requires)
		requires[nrequires++] = CStringGetTextDatum(lfirst(lc));

	values[0] = CStringGetTextDatum(project);
	values[1] = PointerGetDatum(key);
	values[2] = CStringGetTextDatum(source->version);
	values[3] = CStringGetTextDatum(source->name);
	values[4] = CStringGetTextDatum(kind_name(source->kind));
	values[5] = PointerGetDatum(checksum);
	values[6] = PointerGetDatum(fingerprint);
	values[7] = PointerGetDatum(construct_array(requires, nrequires, TEXTOID, -1,
												false, TYPALIGN_INT));
	script_params(&source->up, up, &values[8], &nulls[8]);
	script_params(&source->down, down, &values[15], &nulls[15]);
	script_params(&source->verify, NULL, &values[22], &nulls[22]);
	values[25] = CStringGetTextDatum(source->format);
	values[26] = CStringGetTextDatum(GetUserNameFromId(GetSessionUserId(), false));
	values[27] = BoolGetDatum(superuser_registers);

	while (action == NULL)
	{
		if (run_for_key(Q_FETCH_ALL, project, key) > 0)
		{
			char	   *name = text_field(&visit, 0, 1);
			char	   *version = text_field(&visit, 0, 2);
			char	   *path = text_field(&visit, 0, 6);
			bool		same_checksum = mig_key_cmp(bytea_field(&visit, 0, 18), checksum) == 0;
			MigScript	old_up;
			MigScript	old_down;
			MigScript	old_verify;
			bool		same;

			if (strcmp(name, source->name) != 0)
				ereport(ERROR,
						(errcode(ERRCODE_MIG_CONFLICT),
						 errmsg("two migrations have the version %s: %s and %s",
								source->version, mig_label(version, name),
								mig_label(source->version, source->name)),
						 path != NULL || source->up.path != NULL ?
						 errdetail("Registered from %s, now read from %s.",
								   path ? path : "a call",
								   source->up.path ? source->up.path : "a call") : 0,
						 errhint("Give one of them another number, or use migrate_unregister() first if it was renamed.")));
			script_fields(&visit, 0, 5, true, &old_up);
			script_fields(&visit, 0, 9, true, &old_down);
			script_fields(&visit, 0, 13, false, &old_verify);
			same = same_script(&old_up, &source->up) &&
				same_script(&old_down, &source->down) &&
				same_script(&old_verify, &source->verify) &&
				same_list(list_field(&visit, 0, 4), source->requires);

			/* a superuser who registers a stranger's text answers for it */
			if (same && (bool_field(&visit, 0, 19) || !superuser_registers) &&
				same_place(&old_up, &source->up) &&
				same_place(&old_down, &source->down) &&
				same_place(&old_verify, &source->verify) &&
				strcmp(version, source->version) == 0 &&
				!bool_field(&visit, 0, 17))
				action = "unchanged";
			else
			{
				/*
				 * Whether it is settled is decided by a snapshot taken when
				 * nobody else can change that any more.
				 */
				run_for_key(Q_LOCK, project, key);
				run_query(Q_UPDATE, values, nulls);
				action = same ? "unchanged" : "replaced";
				if (!same_checksum && source->kind == MIG_KIND_VERSIONED &&
					run_for_key(Q_IS_APPLIED, project, key) > 0)
					report_edit(source,
								mig_key_cmp(bytea_field(&visit, 0, 1), checksum) == 0,
								mig_key_cmp(bytea_field(&visit, 0, 2), fingerprint) == 0);
			}
		}
		else
		{
			run_for_key(Q_LOCK_STATE, project, key);
			if (run_query(Q_INSERT, values, nulls) > 0)
				action = "registered";
		}
	}
	leave(&visit);
	return action;
}

/*
 * mig_catalog_set_no_transaction
 *		Say of a registered migration which of its scripts must run outside of
 *		a transaction.
 */
void
mig_catalog_set_no_transaction(const char *project, const bytea *key, bool up, bool down)
{
	Visit		visit = enter();
	Datum		values[4] = {
		CStringGetTextDatum(project), PointerGetDatum(key),
		BoolGetDatum(up), BoolGetDatum(down)
	};

	run_query(Q_SET_NO_TRANSACTION, values, NULL);
	leave(&visit);
}

/*
 * mig_catalog_unregister
 *		Forget a migration.  The caller has seen that it is not applied.
 */
void
mig_catalog_unregister(const char *project, const bytea *key)
{
	Visit		visit = enter();

	run_for_key(Q_DELETE, project, key);
	leave(&visit);
}

/*
 * mig_catalog_files_gone
 *		Note that of the migrations loaded from a directory only these are
 *		still there; the labels (char *) of those newly found missing.
 */
List *
mig_catalog_files_gone(const char *project, const char *directory, ArrayType *keys)
{
	Visit		visit = enter();
	Datum		values[3] = {
		CStringGetTextDatum(project), CStringGetTextDatum(directory), PointerGetDatum(keys)
	};
	uint64		rows = run_query(Q_FILES_GONE, values, NULL);
	List	   *labels = NIL;
	uint64		i;

	for (i = 0; i < rows; i++)
	{
		char	   *version = text_field(&visit, i, 1);
		char	   *name = text_field(&visit, i, 2);
		char	   *path = text_field(&visit, i, 3);
		MemoryContext old = MemoryContextSwitchTo(visit.caller);

		labels = lappend(labels, psprintf("%s (%s)", mig_label(version, name), path));
		MemoryContextSwitchTo(old);
	}
	leave(&visit);
	return labels;
}

/*
 * mig_catalog_last_format
 *		Format and version of the highest registered migration, NULL if none.
 */
char *
mig_catalog_last_format(const char *project, char **version)
{
	Visit		visit = enter();
	Datum		values[1] = {CStringGetTextDatum(project)};
	char	   *format = NULL;

	*version = NULL;
	if (run_query(Q_LAST_FORMAT, values, NULL) > 0)
	{
		*version = text_field(&visit, 0, 1);
		format = text_field(&visit, 0, 2);
	}
	leave(&visit);
	return format;
}

/*
 * mig_catalog_set_applied
 *		Record that a migration is applied.
 *
 * The primary key makes this possible once: whoever comes second gets an
 * error, unless it is a repeatable.
 */
void
mig_catalog_set_applied(const char *project, const MigEntry *entry,
						const bytea *checksum, const bytea *fingerprint,
						const char *how, int statements, TimestampTz at,
						const char *by, int64 duration_us)
{
	Visit		visit = enter();
	bytea	   *key = entry->kind == MIG_KIND_BASELINE ?
		mig_version_key(MIG_KIND_VERSIONED, entry->version) : entry->key;
	Datum		values[12] = {
		CStringGetTextDatum(project), PointerGetDatum(key),
		CStringGetTextDatum(entry->version), CStringGetTextDatum(entry->name),
		CStringGetTextDatum(kind_name(entry->kind)), CStringGetTextDatum(how),
		PointerGetDatum(checksum), PointerGetDatum(fingerprint),
		Int32GetDatum(statements), TimestampTzGetDatum(at),
		CStringGetTextDatum(by), Int64GetDatum(duration_us)
	};

	if (run_query(Q_SET_APPLIED, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_APPLIED),
				 errmsg("migration %s is applied already",
						mig_label(entry->version, entry->name))));
	leave(&visit);
}

/*
 * mig_catalog_set_rolled_back
 *		Record that a migration is not applied any more.
 */
void
mig_catalog_set_rolled_back(const char *project, const bytea *key)
{
	Visit		visit = enter();

	if (run_for_key(Q_SET_ROLLED_BACK, project, key) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_NOT_APPLIED),
				 errmsg("the migration is not applied any more")));
	leave(&visit);
}

/*
 * mig_catalog_set_repaired
 *		Take the registered text as the one that ran.
 */
void
mig_catalog_set_repaired(const char *project, const bytea *key)
{
	Visit		visit = enter();

	run_for_key(Q_SET_REPAIRED, project, key);
	leave(&visit);
}

/*
 * mig_catalog_settle_baselines
 *		Baseline scripts wait only while nothing is applied.
 */
void
mig_catalog_settle_baselines(const char *project)
{
	Visit		visit = enter();
	Datum		values[2] = {CStringGetTextDatum(project), (Datum) 0};

	values[1] = BoolGetDatum(run_query(Q_CURRENT, values, NULL) > 0);
	run_query(Q_SETTLE_BASELINES, values, NULL);
	leave(&visit);
}

/*
 * mig_catalog_is_applied
 */
bool
mig_catalog_is_applied(const char *project, const bytea *key)
{
	Visit		visit = enter();
	bool		result = run_for_key(Q_IS_APPLIED, project, key) > 0;

	leave(&visit);
	return result;
}

/*
 * mig_catalog_current
 *		The highest applied version, palloc'd, or NULL.
 *
 * Applications ask this all the time, so it goes straight to the index, as
 * systable_beginscan_ordered does, under the active snapshot.
 */
char *
mig_catalog_current(const char *project)
{
	bytea	   *limit;
	Oid			schema;
	Oid			owner;
	Oid			heap_oid;
	Oid			index_oid;
	Relation	heap;
	Relation	index;
	IndexScanDesc scan;
	ScanKeyData keys[3];
	TupleTableSlot *slot;
	char	   *version = NULL;

	if (!mig_extension(&schema, &owner))
		return NULL;
	heap_oid = get_relname_relid("migrate_state", schema);
	index_oid = get_relname_relid("migrate_state_pkey", schema);
	if (!OidIsValid(heap_oid) || !OidIsValid(index_oid))
		elog(ERROR, "migrate_state is missing");

	/* above every versioned key, below every repeatable */
	limit = palloc(VARHDRSZ + 1);
	SET_VARSIZE(limit, VARHDRSZ + 1);
	*VARDATA(limit) = 0x20;

	heap = table_open(heap_oid, AccessShareLock);
	index = index_open(index_oid, AccessShareLock);
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_TEXTEQ,
				CStringGetTextDatum(project));
	keys[0].sk_collation = index->rd_indcollation[0];
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_TEXTEQ,
				CStringGetTextDatum(""));
	keys[1].sk_collation = index->rd_indcollation[1];
	ScanKeyInit(&keys[2], 3, BTLessStrategyNumber, F_BYTEALT,
				PointerGetDatum(limit));
	scan = mig_index_beginscan(heap, index, GetActiveSnapshot(), 3);
	index_rescan(scan, keys, 3, NULL, 0);
	slot = table_slot_create(heap, NULL);
	if (index_getnext_slot(scan, BackwardScanDirection, slot))
	{
		bool		isnull;

		version = TextDatumGetCString(slot_getattr(slot, 4, &isnull));
	}
	ExecDropSingleTupleTableSlot(slot);
	index_endscan(scan);
	index_close(index, AccessShareLock);
	table_close(heap, AccessShareLock);
	return version;
}

/*
 * mig_catalog_lock_holder
 *		A sentence on who holds the run lock, palloc'd.
 */
char *
mig_catalog_lock_holder(const char *project)
{
	Visit		visit = enter();
	Datum		values[1] = {CStringGetTextDatum(project)};
	char	   *holder = NULL;

	if (run_query(Q_LOCK_HOLDER, values, NULL) > 0)
		holder = text_field(&visit, 0, 1);
	leave(&visit);
	return holder ? holder : pstrdup("Its holder has just ended.");
}

/* Keep migrate_migration.settled true, whoever writes the state. */
Datum
migrate_state_changed(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	HeapTuple	tuple;
	TupleDesc	desc;
	Visit		visit;
	Datum		values[4];
	bool		nulls[4] = {false};
	bool		isnull;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("migrate_state_changed() must be called as a trigger")));
	if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
	{
		visit = enter();
		run_query(Q_UNSETTLE_ALL, NULL, NULL);
		leave(&visit);
		return PointerGetDatum(NULL);
	}

	desc = RelationGetDescr(trigger->tg_relation);
	tuple = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ?
		trigger->tg_newtuple : trigger->tg_trigtuple;
	values[0] = heap_getattr(tuple, 1, desc, &isnull);
	values[1] = heap_getattr(tuple, 3, desc, &isnull);
	if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		nulls[2] = nulls[3] = true;
	else
	{
		values[2] = heap_getattr(tuple, 8, desc, &isnull);
		values[3] = heap_getattr(tuple, 9, desc, &isnull);
	}
	visit = enter();
	run_query(Q_SETTLE, values, nulls);
	leave(&visit);
	return PointerGetDatum(NULL);
}

Datum
migrate_log_append_only(PG_FUNCTION_ARGS)
{
	ereport(ERROR,
			(errcode(ERRCODE_MIG_APPEND_ONLY),
			 errmsg("the migration log can be appended to, not edited"),
			 errhint("What it says is history; record a correction with migrate_mark(), migrate_unmark() or migrate_repair().")));
	return PointerGetDatum(NULL);
}

static void
hash_field(pg_cryptohash_ctx *hash, Oid type, Datum value, bool isnull)
{
	uint8		header[9];
	uint64		number;

	if (isnull)
	{
		header[0] = 'n';
		(void) pg_cryptohash_update(hash, header, 1);
		return;
	}
	if (type == TEXTOID || type == BYTEAOID)
	{
		struct varlena *packed = PG_DETOAST_DATUM_PACKED(value);
		char	   *data = VARDATA_ANY(packed);
		int			len = VARSIZE_ANY_EXHDR(packed);

		if (type == TEXTOID)
		{
			char	   *utf8 = pg_server_to_any(data, len, PG_UTF8);

			if (utf8 != data)
			{
				data = utf8;
				len = strlen(utf8);
			}
		}
		header[0] = 'v';
		number = pg_hton64((uint64) len);
		memcpy(header + 1, &number, 8);
		(void) pg_cryptohash_update(hash, header, 9);
		(void) pg_cryptohash_update(hash, (uint8 *) data, len);
		return;
	}
	header[0] = 'i';
	number = pg_hton64(type == INT4OID ? (uint64) (int64) DatumGetInt32(value) :
					   (uint64) DatumGetInt64(value));
	memcpy(header + 1, &number, 8);
	(void) pg_cryptohash_update(hash, header, 9);
}

/* The hash of a log entry: of every column but the last. */
static void
hash_entry(Datum *values, bool *nulls, uint8 *result)
{
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);
	int			i;

	if (hash == NULL || pg_cryptohash_init(hash) < 0)
		elog(ERROR, "could not initialize SHA-256");
	for (i = 0; i < LOG_HASH; i++)
		hash_field(hash, query_texts[Q_APPEND].types[i], values[i], nulls[i]);
	if (pg_cryptohash_final(hash, result, MIG_HASH_LENGTH) < 0)
		elog(ERROR, "could not finish SHA-256: %s", pg_cryptohash_error(hash));
	pg_cryptohash_free(hash);
}

static bytea *
hash_bytea(const uint8 *hash)
{
	bytea	   *result = palloc(VARHDRSZ + MIG_HASH_LENGTH);

	SET_VARSIZE(result, VARHDRSZ + MIG_HASH_LENGTH);
	memcpy(VARDATA(result), hash, MIG_HASH_LENGTH);
	return result;
}

/* The client's address as text, NULL for a local one. */
static char *
client_address(void)
{
	LOCAL_FCINFO(fcinfo, 0);
	Datum		address;

	InitFunctionCallInfoData(*fcinfo, NULL, 0, InvalidOid, NULL, NULL);
	address = inet_client_addr(fcinfo);
	return fcinfo->isnull ? NULL :
		DatumGetCString(DirectFunctionCall1(inet_out, address));
}

/*
 * mig_event_init
 *		Begin an event: what happened, by whom and from where.
 */
void
mig_event_init(MigEvent *event, const char *project, const char *name)
{
	memset(event, 0, sizeof(MigEvent));
	event->project = project;
	event->event = name;
	event->statements = -1;
	event->session_role = GetUserNameFromId(GetSessionUserId(), true);
	event->acting_role = GetUserNameFromId(GetUserId(), true);
	event->client_addr = client_address();
	event->application = application_name ? pstrdup(application_name) : NULL;
	event->pid = MyProcPid;
}

/*
 * mig_event_about
 *		Say which migration an event is about, and that it is over now.
 */
void
mig_event_about(MigEvent *event, const MigEntry *entry)
{
	event->key = entry->key;
	event->version = entry->version;
	event->name = entry->name;
	event->checksum = entry->checksum;
	event->started = event->finished = GetCurrentTimestamp();
	event->wal_lsn = GetXLogInsertRecPtr();
}

/* Lock the end of the project's chain for this transaction. */
static void
chain_open(MigChain *chain)
{
	uint8		zero[MIG_HASH_LENGTH] = {0};
	Datum		values[2] = {
		CStringGetTextDatum(chain->project), PointerGetDatum(hash_bytea(zero))
	};
	bool		isnull;
	bytea	   *hash;

	if (run_query(Q_LOCK_CHAIN, values, NULL) == 0)
	{
		run_query(Q_NEW_CHAIN, values, NULL);
		if (run_query(Q_LOCK_CHAIN, values, NULL) == 0)
			elog(ERROR, "could not begin the log of project \"%s\"", chain->project);
	}
	chain->entries = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
												 SPI_tuptable->tupdesc, 1, &isnull));
	hash = DatumGetByteaPP(SPI_getbinval(SPI_tuptable->vals[0],
										 SPI_tuptable->tupdesc, 2, &isnull));
	if (VARSIZE_ANY_EXHDR(hash) != MIG_HASH_LENGTH)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the end of the migration log was tampered with"),
				 errhint("See migrate_verify_log().")));
	memcpy(chain->hash, VARDATA_ANY(hash), MIG_HASH_LENGTH);
	chain->open = true;
}

/*
 * mig_chain_append
 *		Append an event to its project's log.
 *
 * The first append locks the chain until the transaction ends; several may
 * follow, and mig_chain_close() must come after the last.
 */
void
mig_chain_append(MigChain *chain, const MigEvent *event)
{
	Visit		visit = enter();
	Datum		values[LOG_COLUMNS] = {0};
	bool		nulls[LOG_COLUMNS] = {false};

	if (!chain->open)
		chain_open(chain);

	values[LOG_PROJECT] = CStringGetTextDatum(chain->project);
	values[LOG_ID] = Int64GetDatum(chain->entries + 1);
	values[LOG_EVENT] = CStringGetTextDatum(event->event);
	values[LOG_OUTCOME] = CStringGetTextDatum(event->failed ? "failed" : "ok");
	values[LOG_TARGET_SCHEMA] = CStringGetTextDatum("");
	values[LOG_VERSION_KEY] = PointerGetDatum(event->key);
	values[LOG_VERSION] = CStringGetTextDatum(event->version);
	values[LOG_NAME] = CStringGetTextDatum(event->name);
	nulls[LOG_CHECKSUM] = event->checksum == NULL;
	values[LOG_CHECKSUM] = PointerGetDatum(event->checksum);
	nulls[LOG_STATEMENTS] = event->statements < 0;
	values[LOG_STATEMENTS] = Int32GetDatum(event->statements);
	values[LOG_STARTED] = TimestampTzGetDatum(event->started);
	values[LOG_FINISHED] = TimestampTzGetDatum(event->finished);
	values[LOG_DURATION] = Int64GetDatum(event->duration_us);
	values[LOG_SESSION_ROLE] = CStringGetTextDatum(event->session_role ? event->session_role : "?");
	values[LOG_ACTING_ROLE] = CStringGetTextDatum(event->acting_role ? event->acting_role : "?");
	values[LOG_CLIENT_ADDR] = text_datum(event->client_addr, &nulls[LOG_CLIENT_ADDR]);
	values[LOG_APPLICATION] = text_datum(event->application, &nulls[LOG_APPLICATION]);
	values[LOG_PID] = Int32GetDatum(event->pid);
	values[LOG_SERVER_VERSION] = Int32GetDatum(mig_server_version());
	nulls[LOG_LSN] = event->wal_lsn == 0;
	values[LOG_LSN] = LSNGetDatum(event->wal_lsn);
	nulls[LOG_RESTORE_POINT] = true;
	values[LOG_REASON] = text_datum(event->reason, &nulls[LOG_REASON]);
	values[LOG_SQLSTATE] = text_datum(event->sqlstate, &nulls[LOG_SQLSTATE]);
	values[LOG_MESSAGE] = text_datum(event->message, &nulls[LOG_MESSAGE]);
	values[LOG_DETAIL] = text_datum(event->detail, &nulls[LOG_DETAIL]);
	values[LOG_HINT] = text_datum(event->hint, &nulls[LOG_HINT]);
	values[LOG_CONTEXT] = text_datum(event->context, &nulls[LOG_CONTEXT]);
	values[LOG_PATH] = text_datum(event->path, &nulls[LOG_PATH]);
	nulls[LOG_LINE] = event->line <= 0;
	values[LOG_LINE] = Int32GetDatum(event->line);
	nulls[LOG_STATEMENT_NO] = event->statement_no <= 0;
	values[LOG_STATEMENT_NO] = Int32GetDatum(event->statement_no);
	values[LOG_STATEMENT] = text_datum(event->statement, &nulls[LOG_STATEMENT]);
	values[LOG_PREVIOUS_HASH] = PointerGetDatum(hash_bytea(chain->hash));
	hash_entry(values, nulls, chain->hash);
	values[LOG_HASH] = PointerGetDatum(hash_bytea(chain->hash));
	run_query(Q_APPEND, values, nulls);
	chain->entries++;
	leave(&visit);
}

/*
 * mig_chain_close
 *		Remember where the chain now ends.  Harmless if nothing was appended.
 */
void
mig_chain_close(MigChain *chain)
{
	if (chain->open)
	{
		Visit		visit = enter();
		Datum		values[3] = {
			CStringGetTextDatum(chain->project), Int64GetDatum(chain->entries),
			PointerGetDatum(hash_bytea(chain->hash))
		};

		run_query(Q_SET_CHAIN, values, NULL);
		chain->open = false;
		leave(&visit);
	}
}

static void
add_problem(ReturnSetInfo *result, const char *project, int64 id,
			const char *problem)
{
	Datum		values[3] = {
		CStringGetTextDatum(project), Int64GetDatum(id), CStringGetTextDatum(problem)
	};
	bool		nulls[3] = {false};

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* Follow one project's chain; its entries come in order of their numbers. */
static void
verify_chain(ReturnSetInfo *result, const char *project, bool has_head,
			 int64 entries, const bytea *head)
{
	Datum		value = CStringGetTextDatum(project);
	Portal		portal = SPI_cursor_open(NULL, query_plan(Q_READ_LOG), &value,
										 NULL, true);
	uint8		previous[MIG_HASH_LENGTH] = {0};
	int64		expected = 1;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "migrate verify log",
												  ALLOCSET_DEFAULT_SIZES);

	for (;;)
	{
		uint64		i;

		SPI_cursor_fetch(portal, true, 1000);
		if (SPI_processed == 0)
			break;
		for (i = 0; i < SPI_processed; i++)
		{
			Datum		values[LOG_COLUMNS];
			bool		nulls[LOG_COLUMNS];
			uint8		hash[MIG_HASH_LENGTH];
			bytea	   *stored;
			bytea	   *stored_previous;
			int64		id;
			MemoryContext old = MemoryContextSwitchTo(context);

			heap_deform_tuple(SPI_tuptable->vals[i], SPI_tuptable->tupdesc,
							  values, nulls);
			id = DatumGetInt64(values[LOG_ID]);
			if (id > expected)
				add_problem(result, project, expected,
							id - expected == 1 ? "this entry is missing" :
							psprintf("%lld entries from here on are missing",
									 (long long) (id - expected)));
			stored = DatumGetByteaPP(values[LOG_HASH]);
			stored_previous = DatumGetByteaPP(values[LOG_PREVIOUS_HASH]);
			hash_entry(values, nulls, hash);
			if (VARSIZE_ANY_EXHDR(stored) != MIG_HASH_LENGTH ||
				memcmp(VARDATA_ANY(stored), hash, MIG_HASH_LENGTH) != 0)
				add_problem(result, project, id, "this entry was changed");
			else if (id == expected &&
					 (VARSIZE_ANY_EXHDR(stored_previous) != MIG_HASH_LENGTH ||
					  memcmp(VARDATA_ANY(stored_previous), previous, MIG_HASH_LENGTH) != 0))
				add_problem(result, project, id,
							"this entry does not follow the one before it");
			memset(previous, 0, sizeof(previous));
			memcpy(previous, VARDATA_ANY(stored),
				   Min(VARSIZE_ANY_EXHDR(stored), MIG_HASH_LENGTH));
			expected = id + 1;
			MemoryContextSwitchTo(old);
			MemoryContextReset(context);
		}
		SPI_freetuptable(SPI_tuptable);
		CHECK_FOR_INTERRUPTS();
	}
	SPI_cursor_close(portal);
	MemoryContextDelete(context);

	if (!has_head)
		add_problem(result, project, expected - 1, "the end of the log is not known any more");
	else if (expected - 1 < entries)
		add_problem(result, project, expected,
					entries == expected ? "the last entry is missing" :
					psprintf("the last %lld entries are missing",
							 (long long) (entries - expected + 1)));
	else if (expected - 1 > entries ||
			 VARSIZE_ANY_EXHDR(head) != MIG_HASH_LENGTH ||
			 memcmp(VARDATA_ANY(head), previous, MIG_HASH_LENGTH) != 0)
		add_problem(result, project, expected - 1, "the log does not end where it was left");
}

Datum
migrate_verify_log(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Visit		visit;
	SPITupleTable *chains;
	uint64		rows;
	uint64		i;

	InitMaterializedSRF(fcinfo, 0);
	visit = enter();
	rows = run_query(Q_READ_CHAINS, NULL, NULL);
	chains = SPI_tuptable;
	for (i = 0; i < rows; i++)
	{
		HeapTuple	tuple = chains->vals[i];
		bool		no_head;
		bool		isnull;
		char	   *project = SPI_getvalue(tuple, chains->tupdesc, 1);
		int64		entries = DatumGetInt64(SPI_getbinval(tuple, chains->tupdesc, 2, &no_head));
		Datum		head = SPI_getbinval(tuple, chains->tupdesc, 3, &isnull);

		verify_chain(result, project, !no_head, entries,
					 no_head ? NULL : DatumGetByteaPP(head));
	}
	leave(&visit);
	return (Datum) 0;
}
