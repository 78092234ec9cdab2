/*-------------------------------------------------------------------------
 *
 * snapshot_sql.c
 *	  The SQL functions that show snapshots and compare them.
 *
 * Each works in a memory context of its own.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "snapshot.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(migrate_snapshot);
PG_FUNCTION_INFO_V1(migrate_snapshot_compare);

#define RESULT_MEMORY (64 * 1024)	/* kB */

/*
 * mig_without_argument
 *		An argument that names the components to leave out, as a set.
 */
int
mig_without_argument(FunctionCallInfo fcinfo, int n)
{
	Datum	   *names;
	bool	   *nulls;
	int			count;
	int			without = 0;
	int			i;

	if (PG_ARGISNULL(n))
		return 0;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(n), TEXTOID, -1, false, TYPALIGN_INT,
					  &names, &nulls, &count);
	for (i = 0; i < count; i++)
	{
		MigComponent component;
		char	   *name;

		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("a component must not be null")));
		name = TextDatumGetCString(names[i]);
		if (!mig_component_of(name, &component))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("there is no component \"%s\" of a snapshot", name),
					 errhint("Components are columns, comment, default, definition, label, owner, position, privileges, storage, text and version.")));
		without |= MIG_COMPONENT_BIT(component);
	}
	return without;
}

/*
 * Have a result in memory, as what it is made of is anyway: by work_mem it
 * would be written to a file.
 */
static void
keep_in_memory(ReturnSetInfo *returned)
{
	MemoryContext caller = MemoryContextSwitchTo(returned->econtext->ecxt_per_query_memory);

	tuplestore_end(returned->setResult);
	returned->setResult = tuplestore_begin_heap((returned->allowedModes & SFRM_Materialize_Random) != 0,
												false, Max(work_mem, RESULT_MEMORY));
	MemoryContextSwitchTo(caller);
}

Datum
migrate_snapshot(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *returned = (ReturnSetInfo *) fcinfo->resultinfo;
	int			without = mig_without_argument(fcinfo, 0);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "migrate snapshots",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext row_context = AllocSetContextCreate(context, "migrate snapshot shown",
													  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller;
	MigSnapshot *snapshot;
	Datum		components[MIG_NCOMPONENTS];
	const char *kind = NULL;
	Datum		kind_datum = (Datum) 0;
	const char *identity = NULL;
	Datum		identity_datum = (Datum) 0;
	int			i;

	InitMaterializedSRF(fcinfo, 0);
	keep_in_memory(returned);
	caller = MemoryContextSwitchTo(context);
	snapshot = mig_snapshot_take(without);
	for (i = 0; i < MIG_NCOMPONENTS; i++)
		components[i] = CStringGetTextDatum(mig_component_name((MigComponent) i));
	for (i = 0; i < snapshot->nrows; i++)
	{
		const MigSnapshotRow *row = &snapshot->rows[i];
		Datum		values[5];
		bool		nulls[5] = {false};

		CHECK_FOR_INTERRUPTS();
		if (kind == NULL || strcmp(kind, row->kind) != 0)
		{
			MemoryContextSwitchTo(context);
			kind = row->kind;
			kind_datum = CStringGetTextDatum(kind);
		}
		MemoryContextSwitchTo(row_context);
		/* an object has several rows */
		if (identity != row->identity)
		{
			MemoryContextReset(row_context);
			identity = row->identity;
			identity_datum = CStringGetTextDatum(identity);
		}
		values[0] = kind_datum;
		values[1] = identity_datum;
		values[2] = components[row->component];
		values[3] = CStringGetTextDatum(mig_snapshot_hash_text(row));
		values[4] = CStringGetTextDatum(row->definition);
		tuplestore_putvalues(returned->setResult, returned->setDesc, values, nulls);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return (Datum) 0;
}

static void
refuse_rows(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("these are not the rows of a snapshot"),
			 errdetail("%s", detail),
			 errhint("They are (SELECT jsonb_agg(s) FROM migrate_snapshot() s).")));
}

/* A field of a row; NULL if there is none. */
static char *
row_field(JsonbContainer *row, const char *name)
{
	JsonbValue	buf;
	JsonbValue *value = getKeyJsonValueFromContainer(row, name, strlen(name), &buf);

	if (value == NULL || value->type == jbvNull)
		return NULL;
	if (value->type != jbvString)
		refuse_rows("What is in a row is no string.");
	return pnstrdup(value->val.string.val, value->val.string.len);
}

/* The rows that migrate_snapshot() returned. */
static MigSnapshot *
read_rows(Jsonb *rows, int without)
{
	MigSnapshot *snapshot = mig_snapshot_new(without);
	JsonbIterator *it;
	JsonbValue	value;
	JsonbIteratorToken token;

	if (!JB_ROOT_IS_ARRAY(rows) || JB_ROOT_IS_SCALAR(rows))
		refuse_rows("There is no array.");
	it = JsonbIteratorInit(&rows->root);
	(void) JsonbIteratorNext(&it, &value, true);
	while ((token = JsonbIteratorNext(&it, &value, true)) == WJB_ELEM)
	{
		JsonbContainer *object = value.type == jbvBinary ? value.val.binary.data : NULL;
		MigSnapshotRow *row;
		MigComponent component;
		const char *kind;
		const char *identity;
		const char *name;
		const char *hash;

		CHECK_FOR_INTERRUPTS();
		if (object == NULL || !JsonContainerIsObject(object))
			refuse_rows("A row is no object.");
		kind = row_field(object, "kind");
		identity = row_field(object, "identity");
		name = row_field(object, "component");
		hash = row_field(object, "hash");
		if (kind == NULL || identity == NULL || name == NULL || hash == NULL ||
			!mig_component_of(name, &component))
			refuse_rows("A row has no kind, identity, component or hash.");
		row = mig_snapshot_add(snapshot, kind, identity, component);
		row->definition = row_field(object, "definition");
		if (!mig_snapshot_set_hash(row, hash))
			refuse_rows("A row's hash is none.");
	}
	mig_snapshot_sort(snapshot);
	return snapshot;
}

static Datum
definition_value(const MigSnapshotRow *row, bool *isnull)
{
	*isnull = row == NULL || row->definition == NULL;
	return *isnull ? (Datum) 0 : CStringGetTextDatum(row->definition);
}

/*
 * mig_difference_values
 *		What the functions that show differences say of one: the first
 *		MIG_DIFFERENCE_VALUES columns.
 */
void
mig_difference_values(const MigDifference *difference, Datum *values, bool *nulls)
{
	const MigSnapshotRow *row = difference->before ? difference->before : difference->after;

	values[0] = CStringGetTextDatum(row->kind);
	values[1] = CStringGetTextDatum(row->identity);
	values[2] = CStringGetTextDatum(mig_component_name(row->component));
	values[3] = CStringGetTextDatum(mig_change_name(difference->change));
	values[4] = definition_value(difference->before, &nulls[4]);
	values[5] = definition_value(difference->after, &nulls[5]);
	nulls[6] = difference->part_of == NULL;
	if (!nulls[6])
		values[6] = CStringGetTextDatum(difference->part_of);
}

Datum
migrate_snapshot_compare(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *returned = (ReturnSetInfo *) fcinfo->resultinfo;
	int			without = mig_without_argument(fcinfo, 2);
	MemoryContext context;
	MemoryContext caller;
	MigSnapshot *before;
	MigSnapshot *after;
	MigDifference *differences;
	int			n;
	int			i;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("before must not be null")));
	context = mig_call_context(&caller);
	before = read_rows(PG_GETARG_JSONB_P(0), without);
	after = PG_ARGISNULL(1) ? mig_snapshot_take(without) :
		read_rows(PG_GETARG_JSONB_P(1), without);
	differences = mig_snapshot_compare(before, after, &n);
	for (i = 0; i < n; i++)
	{
		Datum		values[MIG_DIFFERENCE_VALUES] = {0};
		bool		nulls[MIG_DIFFERENCE_VALUES] = {false};

		CHECK_FOR_INTERRUPTS();
		mig_difference_values(&differences[i], values, nulls);
		tuplestore_putvalues(returned->setResult, returned->setDesc, values, nulls);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return (Datum) 0;
}
