/*-------------------------------------------------------------------------
 *
 * catalog.c
 *	  The extension's own tables: how they are reached, and the migrations.
 *
 * Only this file, state.c, journal.c, log.c, fileset.c, variables.c, drift*.c,
 * guard.c and statistics*.c touch our tables.  How they do it is in this one;
 * catalog.h offers it to the others.
 *
 * Every function runs its SQL as the extension's owner, with row security
 * off, and gives the caller's identity back before it returns; no text from
 * a migration is ever executed in between.  All names are qualified, all
 * values are parameters.  The functions expect a transaction, take a snapshot
 * if there is none, for as long as they last, and leave results in the
 * caller's memory context.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "catalog.h"
#include "compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

/* Plans kept for the session, for the schema of this name. */
static SPIPlanPtr plans[Q_COUNT];
static char *plans_schema = NULL;

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

static void
require_extension(Oid *schema, Oid *owner)
{
	if (!mig_extension(schema, owner))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("extension \"migrate\" is not installed in this database")));
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

	require_extension(&schema, &owner);
	return pstrdup(quote_identifier(get_namespace_name(schema)));
}

/* Raise an error unless the caller may execute a function of ours. */
static void
require_right(const char *name, const Oid *types, int ntypes)
{
	Oid			schema;
	Oid			owner;
	Oid			function;
	AclResult	result;

	require_extension(&schema, &owner);
	function = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(name),
							   PointerGetDatum(buildoidvector(types, ntypes)),
							   ObjectIdGetDatum(schema));
	result = OidIsValid(function) ? mig_proc_aclcheck(function, GetUserId(), ACL_EXECUTE) :
		ACLCHECK_NO_PRIV;
	if (result != ACLCHECK_OK)
		aclcheck_error(result, OBJECT_FUNCTION, name);
}

/*
 * mig_require_plan_right
 *		Raise an error unless the caller may see the plan.
 *
 * For the functions that migrate_plan() is made of: they are everyone's, so
 * that who was granted the one need not be granted the others.
 */
void
mig_require_plan_right(void)
{
	static const Oid types[] = {TEXTOID};

	require_right("migrate_plan", types, lengthof(types));
}

/*
 * mig_require_register_right
 *		Raise an error unless the caller may register migrations.
 */
void
mig_require_register_right(void)
{
	static const Oid types[] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTARRAYOID};

	require_right("migrate_register", types, lengthof(types));
}

/*
 * mig_enter
 *		Become the owner and connect to SPI; mig_leave() undoes both.
 */
MigVisit
mig_enter(void)
{
	MigVisit	visit;
	Oid			schema;
	Oid			owner;
	const char *name;

	require_extension(&schema, &owner);
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
	visit.snapshot = !ActiveSnapshotSet();
	if (visit.snapshot)
		PushActiveSnapshot(GetTransactionSnapshot());
	GetUserIdAndSecContext(&visit.user, &visit.security);
	SetUserIdAndSecContext(owner, visit.security |
						   SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	return visit;
}

/*
 * mig_leave
 *		Give the caller's identity back.  What SPI holds goes with it.
 */
void
mig_leave(const MigVisit *visit)
{
	SPI_finish();
	SetUserIdAndSecContext(visit->user, visit->security);
	if (visit->snapshot)
		PopActiveSnapshot();
}

/* Put the schema where the statement says %s. */
static char *
query_sql(MigQueryNo query)
{
	StringInfoData sql;
	const char *p = mig_query_texts[query].sql;

	initStringInfo(&sql);
	while (*p)
	{
		if (strncmp(p, "%s", 2) == 0)
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

/*
 * mig_query_plan
 *		The plan of one of our statements, after mig_enter().
 */
SPIPlanPtr
mig_query_plan(MigQueryNo query)
{
	if (plans[query] == NULL)
	{
		const MigQueryText *text = &mig_query_texts[query];
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

/*
 * mig_query_types
 *		The types of a statement's parameters.
 */
const Oid  *
mig_query_types(MigQueryNo query)
{
	return mig_query_texts[query].types;
}

static uint64
execute(MigQueryNo query, Datum *values, const bool *nulls, bool read_only)
{
	char		flags[MIG_QUERY_ARGS];
	int			i;
	int			result;

	for (i = 0; i < mig_query_texts[query].nargs; i++)
		flags[i] = nulls && nulls[i] ? 'n' : ' ';
	result = SPI_execute_plan(mig_query_plan(query), values, flags, read_only, 0);
	if (result < 0)
		elog(ERROR, "statement %d failed: %s", query, SPI_result_code_string(result));
	return SPI_processed;
}

/*
 * mig_run_query
 *		Run one of our statements, after mig_enter(); the number of rows.
 */
uint64
mig_run_query(MigQueryNo query, Datum *values, const bool *nulls)
{
	return execute(query, values, nulls, false);
}

/*
 * mig_read_query
 *		The same of one that only reads, as things are now, also where the
 *		transaction's snapshot is older.
 */
uint64
mig_read_query(MigQueryNo query, Datum *values)
{
	uint64		n;

	PushActiveSnapshot(GetLatestSnapshot());
	n = execute(query, values, NULL, true);
	PopActiveSnapshot();
	return n;
}

/*
 * mig_array_datum
 *		An array of values, for a statement's parameter.  palloc'd.
 */
Datum
mig_array_datum(Datum *values, int n, Oid type)
{
	int16		length;
	bool		by_value;
	char		align;

	get_typlenbyvalalign(type, &length, &by_value, &align);
	return PointerGetDatum(construct_array(values, n, type, length, by_value, align));
}

static Datum
field(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc,
						 column, isnull);
}

/*
 * mig_text_field, mig_bytea_field, mig_int_field, mig_bool_field
 *		A field of a row of the last result, columns from 1; what is no plain
 *		value is copied to the visitor's memory.
 */
char *
mig_text_field(const MigVisit *visit, uint64 row, int column)
{
	bool		isnull;
	Datum		value = field(row, column, &isnull);
	MemoryContext old;
	char	   *result;

	if (isnull)
		return NULL;
	old = MemoryContextSwitchTo(visit->caller);
	result = TextDatumGetCString(value);
	MemoryContextSwitchTo(old);
	return result;
}

bytea *
mig_bytea_field(const MigVisit *visit, uint64 row, int column)
{
	bool		isnull;
	Datum		value = field(row, column, &isnull);
	MemoryContext old;
	bytea	   *result;

	if (isnull)
		return NULL;
	old = MemoryContextSwitchTo(visit->caller);
	result = DatumGetByteaPCopy(value);
	MemoryContextSwitchTo(old);
	return result;
}

int64
mig_int_field(uint64 row, int column, int64 otherwise)
{
	bool		isnull;
	Datum		value = field(row, column, &isnull);

	if (isnull)
		return otherwise;
	return SPI_gettypeid(SPI_tuptable->tupdesc, column) == INT4OID ?
		DatumGetInt32(value) : DatumGetInt64(value);
}

bool
mig_bool_field(uint64 row, int column)
{
	bool		isnull;
	Datum		value = field(row, column, &isnull);

	return !isnull && DatumGetBool(value);
}

static List *
list_field(const MigVisit *visit, uint64 row, int column)
{
	bool		isnull;
	Datum		value = field(row, column, &isnull);
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
script_fields(const MigVisit *visit, uint64 row, int column, bool transaction,
			  MigScript *script)
{
	script->text = mig_text_field(visit, row, column);
	script->path = mig_text_field(visit, row, column + 1);
	script->line = mig_int_field(row, column + 2, 1);
	script->no_transaction = transaction && mig_bool_field(row, column + 3);
	script->variables = NULL;
}

/*
 * mig_kind_name, mig_kind_of
 *		A kind as the tables have it.
 */
const char *
mig_kind_name(char kind)
{
	return kind == MIG_KIND_BASELINE ? "baseline" :
		kind == MIG_KIND_REPEATABLE ? "repeatable" : "versioned";
}

char
mig_kind_of(const char *name)
{
	return strcmp(name, "baseline") == 0 ? MIG_KIND_BASELINE :
		strcmp(name, "repeatable") == 0 ? MIG_KIND_REPEATABLE : MIG_KIND_VERSIONED;
}

/*
 * mig_run_for_key
 *		The same for a statement about one migration of a project.
 */
uint64
mig_run_for_key(MigQueryNo query, const char *project, const bytea *key)
{
	Datum		values[2] = {CStringGetTextDatum(project), PointerGetDatum(key)};

	return mig_run_query(query, values, NULL);
}

/*
 * mig_catalog_has_unsettled
 *		Is anything registered that is not applied, or not as registered?
 *		One look into a partial index.
 */
bool
mig_catalog_has_unsettled(const char *project)
{
	MigVisit	visit = mig_enter();
	Datum		values[1] = {CStringGetTextDatum(project)};
	bool		result = mig_run_query(Q_HAS_UNSETTLED, values, NULL) > 0;

	mig_leave(&visit);
	return result;
}

static int
compare_by_key(const void *a, const void *b, void *arg)
{
	const MigEntry *entries = (const MigEntry *) arg;

	return mig_key_cmp(entries[*(const int *) a].key, entries[*(const int *) b].key);
}

/* Entries are sorted by what runs first; find them by their keys, too. */
static void
index_by_key(MigEntry *entries, int n)
{
	int		   *indexes = palloc_extended(sizeof(int) * Max(n, 1), MCXT_ALLOC_HUGE);
	int			i;

	for (i = 0; i < n; i++)
		indexes[i] = i;
	qsort_arg(indexes, n, sizeof(int), compare_by_key, entries);
	for (i = 0; i < n; i++)
		entries[i].by_key = indexes[i];
	pfree(indexes);
}

/* Is a version, a tag (@tag), or a version as of a tag, applied in a project? */
static bool
is_met(const char *project, const char *required)
{
	const char *tag = strchr(required, '@');

	if (tag && tag[1])
	{
		Datum		values[2] = {CStringGetTextDatum(project), CStringGetTextDatum(tag + 1)};

		return mig_run_query(Q_IS_TAG_APPLIED, values, NULL) > 0;
	}
	return mig_run_for_key(Q_IS_APPLIED, project,
						   mig_version_key(MIG_KIND_VERSIONED, required)) > 0;
}

/*
 * Requirements "project:version" that another project meets, and conflicts
 * "!project:version" that it does not, are no concern of the plan.
 */
static void
settle_foreign(MigEntry *entries, int n)
{
	int			i;

	for (i = 0; i < n; i++)
	{
		ListCell   *lc;

		if (entries[i].applied)
			continue;
		foreach(lc, entries[i].requires)
		{
			char	   *required = (char *) lfirst(lc);
			bool		conflict = required[0] == '!';
			char	   *colon;

			required += conflict;
			colon = strchr(required, ':');
			if (colon == NULL || colon == required || colon[1] == '\0')
				continue;
			if (is_met(pnstrdup(required, colon - required), colon + 1) != conflict)
				entries[i].requires = foreach_delete_current(entries[i].requires, lc);
		}
	}
}

/*
 * mig_catalog_load
 *		All migrations of the project, registered, applied or both, in the
 *		order in which they run, without their texts.
 */
MigEntry *
mig_catalog_load(const char *project, int *n)
{
	MigVisit	visit = mig_enter();
	Datum		values[1] = {CStringGetTextDatum(project)};
	uint64		rows = mig_run_query(Q_LOAD, values, NULL);
	MigEntry   *entries = MemoryContextAllocHuge(visit.caller,
												 sizeof(MigEntry) * Max(rows, 1));
	uint64		i;

	memset(entries, 0, sizeof(MigEntry) * Max(rows, 1));
	for (i = 0; i < rows; i++)
	{
		MigEntry   *entry = &entries[i];
		char	   *how = mig_text_field(&visit, i, 6);

		entry->key = mig_bytea_field(&visit, i, 1);
		entry->version = mig_text_field(&visit, i, 2);
		entry->name = mig_text_field(&visit, i, 3);
		entry->kind = mig_kind_of(mig_text_field(&visit, i, 4));
		entry->registered = mig_bool_field(i, 5);
		entry->applied = how != NULL;
		entry->how = how ? how[0] : '\0';
		entry->settled = mig_bool_field(i, 7);
		entry->checksum = mig_bytea_field(&visit, i, 8);
		entry->requires = list_field(&visit, i, 9);
		entry->registered_by = mig_text_field(&visit, i, 10);
		entry->registrant_superuser = mig_bool_field(i, 11);
		entry->up.exists = entry->registered;
		entry->up.statements = mig_int_field(i, 12, -1);
		entry->up.worker = mig_text_field(&visit, i, 13);
		entry->up.broken = mig_text_field(&visit, i, 14);
		entry->up.path = mig_text_field(&visit, i, 15);
		entry->down.exists = mig_bool_field(i, 16);
		entry->down.statements = mig_int_field(i, 17, -1);
		entry->down.worker = mig_text_field(&visit, i, 18);
		entry->down.broken = mig_text_field(&visit, i, 19);
		entry->down.path = mig_text_field(&visit, i, 20);
		entry->same_text = mig_bool_field(i, 21);
		how = mig_text_field(&visit, i, 22);
		entry->unfinished = how ? how[0] : '\0';
		entry->done = mig_int_field(i, 23, 0);
		entry->total = mig_int_field(i, 24, 0);
		entry->order = mig_bytea_field(&visit, i, 25);
		entry->tags = list_field(&visit, i, 26);
		entry->always = mig_bool_field(i, 27);
		entry->hole = mig_text_field(&visit, i, 28);
		entry->may_wait = mig_bool_field(i, 29);
		entry->up.variables = mig_bool_field(i, 30);
		entry->down.variables = mig_bool_field(i, 31);
		entry->placed = mig_is_placed(entry->order);
	}
	index_by_key(entries, (int) rows);
	settle_foreign(entries, (int) rows);
	mig_leave(&visit);
	*n = (int) rows;
	return entries;
}

static void
refuse_replaced(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("migrations were registered anew while this run was being planned"),
			 errhint("Nothing was run. Look at migrate_plan() and call again.")));
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
	MigVisit	visit = mig_enter();
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
	rows = mig_run_query(Q_LOCK_PLAN, values, NULL);

	for (i = 0; i < plan->nsteps; i++)
	{
		const MigEntry *entry = plan->steps[i].entry;
		uint64		low = 0;
		uint64		high = rows;

		while (low < high)
		{
			uint64		middle = low + (high - low) / 2;
			bool		isnull;
			bytea	   *key = DatumGetByteaPP(field(middle, 1, &isnull));
			int			order = mig_key_cmp(key, entry->key);

			if (order == 0)
			{
				bytea	   *checksum = DatumGetByteaPP(field(middle, 2, &isnull));

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
	mig_leave(&visit);
	if (found != plan->nsteps)
		refuse_replaced();
}

static MigStored *
fetch(MigQueryNo query, const char *project, const bytea *key)
{
	MigStored  *stored = NULL;
	MigVisit	visit = mig_enter();

	if (mig_run_for_key(query, project, key) > 0)
	{
		stored = MemoryContextAllocZero(visit.caller, sizeof(MigStored));
		script_fields(&visit, 0, 1, true, &stored->up);
		script_fields(&visit, 0, 5, true, &stored->down);
		script_fields(&visit, 0, 9, false, &stored->verify);
		stored->checksum = mig_bytea_field(&visit, 0, 12);
		stored->fingerprint = mig_bytea_field(&visit, 0, 13);
		stored->name = mig_text_field(&visit, 0, 14);
		stored->format = mig_text_field(&visit, 0, 15);
		stored->requires = list_field(&visit, 0, 16);
		stored->check.text = mig_text_field(&visit, 0, 17);
		stored->check.path = stored->up.path;
		stored->check.line = mig_int_field(0, 18, 1);
		stored->check_fail = mig_text_field(&visit, 0, 19);
		stored->up.variables = mig_text_field(&visit, 0, 20);
		stored->down.variables = mig_text_field(&visit, 0, 21);
	}
	mig_leave(&visit);
	return stored;
}

/*
 * mig_catalog_fetch
 *		A migration's texts, or NULL if it is not registered.
 */
MigStored *
mig_catalog_fetch(const char *project, const bytea *key)
{
	return fetch(Q_FETCH, project, key);
}

/*
 * mig_catalog_fetch_locked
 *		The same for a step of a plan; nobody replaces the texts until the
 *		transaction ends.  Raises an error if somebody has since it was planned.
 */
MigStored *
mig_catalog_fetch_locked(const char *project, const MigEntry *entry)
{
	MigStored  *stored = fetch(Q_FETCH_LOCKED, project, entry->key);

	if (stored == NULL || mig_key_cmp(stored->checksum, entry->checksum) != 0)
		refuse_replaced();
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
	return same_text(a->text, b->text) && a->no_transaction == b->no_transaction &&
		same_text(a->variables, b->variables);
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

/*
 * mig_text_datum
 *		A text as a parameter, NULL as a null.
 */
Datum
mig_text_datum(const char *text, bool *isnull)
{
	*isnull = text == NULL;
	return text ? CStringGetTextDatum(text) : (Datum) 0;
}

/* Parameters for one script and what registration found out about it. */
static void
script_params(const MigScript *script, const MigSide *side, Datum *values,
			  bool *nulls)
{
	values[0] = mig_text_datum(script->text, &nulls[0]);
	values[1] = mig_text_datum(script->path, &nulls[1]);
	values[2] = Int32GetDatum(script->line);
	if (side == NULL)
		return;
	values[3] = BoolGetDatum(script->no_transaction);
	nulls[4] = side->statements < 0;
	values[4] = Int32GetDatum(side->statements);
	values[5] = mig_text_datum(side->worker, &nulls[5]);
	values[6] = mig_text_datum(side->broken, &nulls[6]);
}

/* A List of char * as a parameter. */
static Datum
list_datum(List *list)
{
	Datum	   *elements = palloc(sizeof(Datum) * Max(list_length(list), 1));
	int			n = 0;
	ListCell   *lc;

	foreach(lc, list)
		elements[n++] = CStringGetTextDatum(lfirst(lc));
	return PointerGetDatum(construct_array(elements, n, TEXTOID, -1, false, TYPALIGN_INT));
}

typedef enum Difference
{
	DIFFERS_NOT,
	DIFFERS_AROUND,				/* its file, lines, or who answers for it */
	DIFFERS_IN_TEXT
} Difference;

/*
 * How does a migration differ from the row that was just fetched?  Another
 * name is a conflict.
 */
static Difference
compare_stored(const MigVisit *visit, const MigSource *source,
			   const bytea *order_key, bool superuser_registers)
{
	char	   *name = mig_text_field(visit, 0, 1);
	char	   *version = mig_text_field(visit, 0, 2);
	bytea	   *order = mig_bytea_field(visit, 0, 19);
	MigScript	up;
	MigScript	down;
	MigScript	verify;
	char	   *check;

	script_fields(visit, 0, 5, true, &up);
	script_fields(visit, 0, 9, true, &down);
	script_fields(visit, 0, 13, false, &verify);
	check = mig_text_field(visit, 0, 23);
	up.variables = mig_text_field(visit, 0, 26);
	down.variables = mig_text_field(visit, 0, 27);
	if (strcmp(name, source->name) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_CONFLICT),
				 errmsg("two migrations have the version %s: %s and %s",
						source->version, mig_label(version, name),
						mig_label(source->version, source->name)),
				 up.path != NULL || source->up.path != NULL ?
				 errdetail("Registered from %s, now read from %s.",
						   up.path ? up.path : "a call",
						   source->up.path ? source->up.path : "a call") : 0,
				 errhint("Give one of them another number, or use migrate_unregister() first if it was renamed.")));
	if (!same_script(&up, &source->up) || !same_script(&down, &source->down) ||
		!same_script(&verify, &source->verify) ||
		!same_list(list_field(visit, 0, 4), source->requires) ||
		!same_text(check, source->check.text) ||
		!same_text(mig_text_field(visit, 0, 25), source->check_fail) ||
		!same_text(mig_text_field(visit, 0, 22), source->hole) ||
		mig_bool_field(0, 21) != source->always)
		return DIFFERS_IN_TEXT;

	/* a superuser who registers a stranger's text answers for it */
	if (!same_place(&up, &source->up) || !same_place(&down, &source->down) ||
		!same_place(&verify, &source->verify) ||
		mig_int_field(0, 24, 1) != source->check.line ||
		!same_list(list_field(visit, 0, 20), source->tags) ||
		mig_key_cmp(order, order_key) != 0 ||
		strcmp(version, source->version) != 0 || mig_bool_field(0, 17) ||
		(superuser_registers && !mig_bool_field(0, 18)))
		return DIFFERS_AROUND;
	return DIFFERS_NOT;
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
 * In a format that has an order of its own a migration may become repeatable,
 * or cease to be: it is still the one that is registered and applied.
 */
static void
change_kind(const char *project, const MigSource *source, bytea *key)
{
	char		other = source->kind == MIG_KIND_REPEATABLE ?
		MIG_KIND_VERSIONED : MIG_KIND_REPEATABLE;
	Datum		values[4] = {
		CStringGetTextDatum(project), PointerGetDatum(mig_version_key(other, source->version)),
		PointerGetDatum(key), CStringGetTextDatum(mig_kind_name(source->kind))
	};

	if (mig_run_query(Q_CHANGE_KIND, values, NULL) > 0)
		mig_run_query(Q_CHANGE_STATE_KIND, values, NULL);
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
	MigVisit	visit = mig_enter();
	bytea	   *key = mig_version_key(source->kind, source->version);
	bytea	   *checksum = mig_checksum(source->up.text);
	bytea	   *fingerprint = mig_fingerprint(&source->up);
	bytea	   *order_key = mig_order_key(source->kind, source->place, key);
	Datum		values[38];
	bool		nulls[38] = {false};
	bool		superuser_registers = superuser_arg(GetSessionUserId());
	const char *action = NULL;
	bool		locked = false;

	values[0] = CStringGetTextDatum(project);
	values[1] = PointerGetDatum(key);
	values[2] = CStringGetTextDatum(source->version);
	values[3] = CStringGetTextDatum(source->name);
	values[4] = CStringGetTextDatum(mig_kind_name(source->kind));
	values[5] = PointerGetDatum(checksum);
	values[6] = PointerGetDatum(fingerprint);
	values[7] = list_datum(source->requires);
	script_params(&source->up, up, &values[8], &nulls[8]);
	script_params(&source->down, down, &values[15], &nulls[15]);
	script_params(&source->verify, NULL, &values[22], &nulls[22]);
	values[25] = CStringGetTextDatum(source->format);
	values[26] = CStringGetTextDatum(GetUserNameFromId(GetSessionUserId(), false));
	values[27] = BoolGetDatum(superuser_registers);
	values[28] = mig_text_datum(source->hook, &nulls[28]);
	values[29] = PointerGetDatum(order_key);
	values[30] = list_datum(source->tags);
	values[31] = BoolGetDatum(source->always);
	values[32] = mig_text_datum(source->hole, &nulls[32]);
	values[33] = mig_text_datum(source->check.text, &nulls[33]);
	values[34] = Int32GetDatum(source->check.line);
	values[35] = mig_text_datum(source->check_fail, &nulls[35]);
	values[36] = mig_text_datum(source->up.variables, &nulls[36]);
	values[37] = mig_text_datum(source->down.variables, &nulls[37]);

	if (source->place > 0 && source->kind != MIG_KIND_BASELINE)
		change_kind(project, source, key);
	while (action == NULL)
	{
		Difference	difference;

		if (mig_run_for_key(Q_FETCH_ALL, project, key) == 0)
		{
			mig_run_for_key(Q_LOCK_STATE, project, key);
			if (mig_run_query(Q_INSERT, values, nulls) > 0)
				action = "registered";
			locked = false;
			continue;
		}
		difference = compare_stored(&visit, source, order_key, superuser_registers);
		if (difference == DIFFERS_NOT)
			action = "unchanged";
		else if (!locked)
		{
			/*
			 * Look again when nobody else can change it: also whether it is
			 * settled must be decided by a snapshot taken then.
			 */
			locked = mig_run_for_key(Q_LOCK, project, key) > 0;
		}
		else
		{
			Datum		place[3] = {values[0], values[1], values[29]};

			mig_run_query(Q_UPDATE, values, nulls);
			mig_run_query(Q_MOVE, place, NULL);
			action = difference == DIFFERS_IN_TEXT ? "replaced" : "unchanged";
			if (difference == DIFFERS_IN_TEXT && source->kind == MIG_KIND_VERSIONED &&
				mig_run_for_key(Q_IS_APPLIED, project, key) > 0)
				report_edit(source,
							mig_key_cmp(mig_bytea_field(&visit, 0, 1), checksum) == 0,
							mig_key_cmp(mig_bytea_field(&visit, 0, 2), fingerprint) == 0);
		}
	}
	mig_leave(&visit);
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
	MigVisit	visit = mig_enter();
	Datum		values[4] = {
		CStringGetTextDatum(project), PointerGetDatum(key),
		BoolGetDatum(up), BoolGetDatum(down)
	};

	mig_run_query(Q_SET_NO_TRANSACTION, values, NULL);
	mig_leave(&visit);
}

/*
 * mig_catalog_hooks
 *		The hooks of a project (MigHook *), in order of their names.
 */
List *
mig_catalog_hooks(const char *project)
{
	MigVisit	visit = mig_enter();
	Datum		values[1] = {CStringGetTextDatum(project)};
	uint64		rows = mig_run_query(Q_HOOKS, values, NULL);
	List	   *hooks = NIL;
	uint64		i;

	for (i = 0; i < rows; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(visit.caller);
		MigHook    *hook = palloc0(sizeof(MigHook));

		hooks = lappend(hooks, hook);
		MemoryContextSwitchTo(old);
		hook->when = mig_text_field(&visit, i, 1);
		hook->name = mig_text_field(&visit, i, 2);
		hook->script.text = mig_text_field(&visit, i, 3);
		hook->script.path = mig_text_field(&visit, i, 4);
		hook->script.line = mig_int_field(i, 5, 1);
		hook->registered_by = mig_text_field(&visit, i, 6);
		hook->registrant_superuser = mig_bool_field(i, 7);
		hook->script.variables = mig_text_field(&visit, i, 8);
	}
	mig_leave(&visit);
	return hooks;
}

/*
 * mig_catalog_unregister
 *		Forget a migration.  The caller has seen that it is not applied.
 */
void
mig_catalog_unregister(const char *project, const bytea *key)
{
	MigVisit	visit = mig_enter();

	mig_run_for_key(Q_DELETE, project, key);
	mig_leave(&visit);
}

/*
 * mig_catalog_files_gone
 *		Note that of the migrations loaded from a directory only these are
 *		still there; the labels (char *) of the others.
 */
List *
mig_catalog_files_gone(const char *project, const char *directory, ArrayType *keys)
{
	MigVisit	visit = mig_enter();
	Datum		values[3] = {
		CStringGetTextDatum(project), CStringGetTextDatum(directory), PointerGetDatum(keys)
	};
	uint64		rows = mig_run_query(Q_FILES_GONE, values, NULL);
	List	   *labels = NIL;
	uint64		i;

	for (i = 0; i < rows; i++)
	{
		char	   *version = mig_text_field(&visit, i, 1);
		char	   *name = mig_text_field(&visit, i, 2);
		char	   *path = mig_text_field(&visit, i, 3);
		MemoryContext old = MemoryContextSwitchTo(visit.caller);

		labels = lappend(labels, psprintf("%s (%s)", mig_label(version, name), path));
		MemoryContextSwitchTo(old);
	}
	mig_leave(&visit);
	return labels;
}

/*
 * mig_catalog_last_format
 *		Format and version of the highest registered migration, NULL if none.
 */
char *
mig_catalog_last_format(const char *project, char **version)
{
	MigVisit	visit = mig_enter();
	Datum		values[1] = {CStringGetTextDatum(project)};
	char	   *format = NULL;

	*version = NULL;
	if (mig_run_query(Q_LAST_FORMAT, values, NULL) > 0)
	{
		*version = mig_text_field(&visit, 0, 1);
		format = mig_text_field(&visit, 0, 2);
	}
	mig_leave(&visit);
	return format;
}

/*
 * mig_catalog_lock_holder
 *		A sentence on who holds the run lock, palloc'd.
 */
char *
mig_catalog_lock_holder(const char *project)
{
	MigVisit	visit = mig_enter();
	Datum		values[1] = {CStringGetTextDatum(project)};
	char	   *holder = NULL;

	if (mig_run_query(Q_LOCK_HOLDER, values, NULL) > 0)
		holder = mig_text_field(&visit, 0, 1);
	mig_leave(&visit);
	return holder ? holder : pstrdup("Its holder has just ended.");
}

/*
 * mig_catalog_busy
 *		Is anybody else running migrations of the project?  Only looks: to try
 *		the locks would be in the way of those who take them.
 */
bool
mig_catalog_busy(const char *project)
{
	MigVisit	visit = mig_enter();
	int64		number = mig_lock_number(project);
	Datum		values[3] = {
		ObjectIdGetDatum(MyDatabaseId), ObjectIdGetDatum((uint32) ((uint64) number >> 32)),
		ObjectIdGetDatum((uint32) number)
	};
	bool		busy = mig_run_query(Q_BUSY, values, NULL) > 0;

	mig_leave(&visit);
	return busy;
}
