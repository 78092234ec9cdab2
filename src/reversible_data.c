/*-------------------------------------------------------------------------
 *
 * reversible_data.c
 *	  What becomes of rows: which relations had theirs touched, and how many of
 *	  their rows and values are there no more.
 *
 * Touched is what was written to, rewritten or dropped, and what has lost a
 * column: by counters, file numbers and the numbers of columns, so it takes
 * one pass over two catalogs.  What was touched is read before and after as
 * hashes of values, a row of hashes each, into tuplestores, which go to disk
 * beyond work_mem; SQL compares them.
 *
 * Rows are read as the role that runs the migrations: their types may have
 * functions of users.  Expects a transaction; what may fail has a
 * subtransaction of its own.
 *
 *-------------------------------------------------------------------------
 */
#include "reversible.h"
#include "compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_sequence.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/queryenvironment.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/tuplestore.h"

/* So many rows are read at a time. */
#define BATCH 1000

typedef struct Column
{
	Oid			relid;
	AttrNumber	number;
	Oid			type;
	int32		typmod;
} Column;

typedef struct Holding
{
	Oid			relid;
	Oid			file;
	int64		writes;
} Holding;

/* What tells whether rows were touched; of tables and sequences. */
struct MigHoldings
{
	Holding    *relations;		/* by OID */
	int			n;
	int			allocated;
	Column	   *columns;		/* by relation and number */
	int			ncolumns;
	int			columns_allocated;
};

/* A table's rows as hashes, or a sequence's place. */
typedef struct Data
{
	char	   *schema;
	char	   *relation;
	char	   *identity;
	bool		sequence;
	bool		failed;			/* a finding says why */
	int64		last;			/* value of a sequence, */
	bool		used;			/* ... which was given out */
	int64		rows;
	bool		counted;		/* ... and no more: there are too many */
	int			ncolumns;
	char	  **columns;		/* their names, */
	char	  **exprs;			/* ... and what is hashed */
	bool	   *in_key;			/* primary */
	bool		has_key;
	TupleDesc	desc;
	Tuplestorestate *store;
} Data;

static int
compare_holdings(const void *a, const void *b)
{
	Oid			left = ((const Holding *) a)->relid;
	Oid			right = ((const Holding *) b)->relid;

	return left < right ? -1 : left > right;
}

static int
compare_columns(const void *a, const void *b)
{
	const Column *left = (const Column *) a;
	const Column *right = (const Column *) b;

	if (left->relid != right->relid)
		return left->relid < right->relid ? -1 : 1;
	return (int) left->number - (int) right->number;
}

static void
read_classes(MigHoldings *holdings)
{
	Relation	classes = table_open(RelationRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(classes, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);
		int64		counters[MIG_COUNTERS] = {0};
		Holding    *holding;

		if (form->oid < FirstNormalObjectId ||
			form->relpersistence == RELPERSISTENCE_TEMP ||
			(form->relkind != RELKIND_RELATION && form->relkind != RELKIND_SEQUENCE))
			continue;
		if (holdings->n == holdings->allocated)
		{
			holdings->allocated *= 2;
			holdings->relations = repalloc_huge(holdings->relations,
												sizeof(Holding) * holdings->allocated);
		}
		holding = &holdings->relations[holdings->n++];
		holding->relid = form->oid;
		holding->file = form->relfilenode;
		(void) mig_inspect_counters(form->oid, counters);
		holding->writes = counters[MIG_COUNT_INSERTED] + counters[MIG_COUNT_UPDATED] +
			counters[MIG_COUNT_DELETED];
	}
	systable_endscan(scan);
	table_close(classes, AccessShareLock);
	qsort(holdings->relations, holdings->n, sizeof(Holding), compare_holdings);
}

static void
read_columns(MigHoldings *holdings)
{
	Relation	attributes = table_open(AttributeRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(attributes, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_attribute form = (Form_pg_attribute) GETSTRUCT(tuple);
		Column	   *column;

		if (form->attrelid < FirstNormalObjectId || form->attnum <= 0 || form->attisdropped)
			continue;
		if (holdings->ncolumns == holdings->columns_allocated)
		{
			holdings->columns_allocated *= 2;
			holdings->columns = repalloc_huge(holdings->columns,
											  sizeof(Column) * holdings->columns_allocated);
		}
		column = &holdings->columns[holdings->ncolumns++];
		column->relid = form->attrelid;
		column->number = form->attnum;
		column->type = form->atttypid;
		column->typmod = form->atttypmod;
	}
	systable_endscan(scan);
	table_close(attributes, AccessShareLock);
	qsort(holdings->columns, holdings->ncolumns, sizeof(Column), compare_columns);
}

/*
 * mig_holdings_read
 *		What mig_holdings_touched() compares with later; palloc'd.
 */
MigHoldings *
mig_holdings_read(void)
{
	MigHoldings *holdings = palloc0(sizeof(MigHoldings));

	holdings->allocated = 256;
	holdings->relations = palloc(sizeof(Holding) * holdings->allocated);
	holdings->columns_allocated = 1024;
	holdings->columns = palloc(sizeof(Column) * holdings->columns_allocated);
	read_classes(holdings);
	read_columns(holdings);
	return holdings;
}

/*
 * mig_holdings_touched
 *		The OIDs of the tables and sequences of before whose data may be
 *		another now.
 */
List *
mig_holdings_touched(const MigHoldings *before)
{
	MigHoldings *after = mig_holdings_read();
	List	   *touched = NIL;
	int			j = 0;
	int			c = 0;
	int			d = 0;
	int			i;

	for (i = 0; i < before->n; i++)
	{
		const Holding *old = &before->relations[i];
		const Holding *new = NULL;
		bool		changed;

		while (j < after->n && after->relations[j].relid < old->relid)
			j++;
		if (j < after->n && after->relations[j].relid == old->relid)
			new = &after->relations[j];
		changed = new == NULL || new->file != old->file || new->writes != old->writes;

		/* each column that there was, and that has not changed, is there */
		while (c < before->ncolumns && before->columns[c].relid < old->relid)
			c++;
		while (d < after->ncolumns && after->columns[d].relid < old->relid)
			d++;
		for (; !changed && c < before->ncolumns && before->columns[c].relid == old->relid; c++)
		{
			const Column *column = &before->columns[c];

			while (d < after->ncolumns && compare_columns(&after->columns[d], column) < 0)
				d++;
			changed = d == after->ncolumns ||
				compare_columns(&after->columns[d], column) != 0 ||
				after->columns[d].type != column->type ||
				after->columns[d].typmod != column->typmod;
		}
		if (changed)
			touched = lappend_oid(touched, old->relid);
	}
	return touched;
}

/* The text of a value, so that what is equal has the same. */
static char *
value_expression(Oid type, const char *name)
{
	const char *column = quote_identifier(name);

	return getBaseType(type) == NUMERICOID ?
		psprintf("pg_catalog.trim_scale(t.%s)::pg_catalog.text", column) :
		psprintf("t.%s::pg_catalog.text", column);
}

/* What is to be read of a table, by its catalogs. */
static void
describe_columns(Data *data, Oid relid)
{
	Relation	relation = table_open(relid, AccessShareLock);
	TupleDesc	desc = RelationGetDescr(relation);
	Oid			key = mig_primary_key(relation);
	int			i;

	data->columns = palloc(sizeof(char *) * Max(desc->natts, 1));
	data->exprs = palloc(sizeof(char *) * Max(desc->natts, 1));
	data->in_key = palloc0(sizeof(bool) * Max(desc->natts, 1));
	for (i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (attribute->attisdropped)
			continue;
		data->columns[data->ncolumns] = pstrdup(NameStr(attribute->attname));
		data->exprs[data->ncolumns] = value_expression(attribute->atttypid,
													   NameStr(attribute->attname));
		if (OidIsValid(key))
		{
			HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(key));
			Form_pg_index form;
			int			j;

			if (!HeapTupleIsValid(tuple))
				elog(ERROR, "cache lookup failed for index %u", key);
			form = (Form_pg_index) GETSTRUCT(tuple);
			for (j = 0; j < form->indnkeyatts; j++)
			{
				if (form->indkey.values[j] == attribute->attnum)
					data->in_key[data->ncolumns] = data->has_key = true;
			}
			ReleaseSysCache(tuple);
		}
		data->ncolumns++;
	}
	table_close(relation, AccessShareLock);
}

static TupleDesc
hashes_desc(int n)
{
	TupleDesc	desc = CreateTemplateTupleDesc(n);
	int			i;

	for (i = 0; i < n; i++)
	{
		char		name[NAMEDATALEN];

		snprintf(name, sizeof(name), "h%d", i);
		TupleDescInitEntry(desc, (AttrNumber) (i + 1), name, INT8OID, -1, 0);
	}
	return desc;
}

/* Which row there is, the one of a query. */
static Datum
read_single(const char *query, bool *isnull)
{
	if (SPI_execute(query, false, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "could not read with: %s", query);
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, isnull);
}

static int64
read_count(const char *query)
{
	bool		isnull;
	Datum		value = read_single(query, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

/* Hashes of all rows, unless there are more than are to be compared. */
static void
read_hashes(Data *data, const char *from)
{
	StringInfoData query;
	SPIPlanPtr	plan;
	Portal		portal;
	Datum	   *values = palloc(sizeof(Datum) * data->ncolumns);
	bool	   *nulls = palloc(sizeof(bool) * data->ncolumns);
	int			i;

	initStringInfo(&query);
	appendStringInfoString(&query, "SELECT ");
	for (i = 0; i < data->ncolumns; i++)
		appendStringInfo(&query, "%spg_catalog.hashtextextended(%s COLLATE \"C\", 0)",
						 i > 0 ? ", " : "", data->exprs[i]);
	appendStringInfo(&query, " FROM %s", from);
	if (mig_reversible_rows >= 0)
		appendStringInfo(&query, " LIMIT " INT64_FORMAT, (int64) mig_reversible_rows + 1);
	plan = SPI_prepare(query.data, 0, NULL);
	if (plan == NULL)
		elog(ERROR, "could not prepare: %s", query.data);
	portal = SPI_cursor_open(NULL, plan, NULL, NULL, false);
	while (true)
	{
		uint64		row;

		CHECK_FOR_INTERRUPTS();
		SPI_cursor_fetch(portal, true, BATCH);
		if (SPI_processed == 0)
			break;
		for (row = 0; row < SPI_processed; row++)
		{
			heap_deform_tuple(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, values, nulls);
			tuplestore_putvalues(data->store, data->desc, values, nulls);
		}
		data->rows += SPI_processed;
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_cursor_close(portal);
	SPI_freeplan(plan);
}

static void
read_relation(Data *data, Oid relid)
{
	char	   *name = quote_qualified_identifier(data->schema, data->relation);
	int			nest = NewGUCNestLevel();
	char	   *from;

	mig_pin_wording();
	(void) set_config_option("row_security", "off", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	if (data->sequence)
	{
		bool		isnull;

		SPI_connect();
		data->last = read_count(psprintf("SELECT last_value, is_called FROM %s", name));
		data->used = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
												2, &isnull));
		SPI_finish();
		AtEOXact_GUC(false, nest);
		return;
	}
	describe_columns(data, relid);
	data->desc = hashes_desc(data->ncolumns);
	from = psprintf("%s%s t", get_rel_relkind(relid) == RELKIND_PARTITIONED_TABLE ? "" : "ONLY ",
					name);
	SPI_connect();
	data->counted = mig_reversible_rows == 0 || data->ncolumns == 0;
	if (!data->counted)
	{
		read_hashes(data, from);
		data->counted = mig_reversible_rows >= 0 && data->rows > mig_reversible_rows;
	}
	if (data->counted)
		data->rows = read_count(psprintf("SELECT pg_catalog.count(*) FROM %s", from));
	SPI_finish();
	AtEOXact_GUC(false, nest);
}

static MigFinding *
add_finding(MigTrial *trial, MigReversal weight, const char *problem, const Data *data,
			const char *component, const char *script)
{
	MigFinding *finding = mig_trial_add(trial, weight, problem);

	finding->kind = data->sequence ? "sequence" : "table";
	finding->identity = MemoryContextStrdup(trial->context, data->identity);
	finding->component = component;
	finding->script = script;
	return finding;
}

static void
add_unreadable(MigTrial *trial, const Data *data, const ErrorData *error, const char *script)
{
	MemoryContext caller = MemoryContextSwitchTo(trial->context);
	MigFinding *finding;

	finding = add_finding(trial, MIG_UNTESTED,
						  psprintf("its data cannot be read: %s", error->message), data,
						  data->sequence ? "position" : "rows", script);
	finding->sqlstate = pstrdup(unpack_sql_state(error->sqlerrcode));
	MemoryContextSwitchTo(caller);
}

typedef struct Reading
{
	Data	   *data;
	Oid			relid;
} Reading;

static void
read_into(void *arg)
{
	const Reading *reading = (const Reading *) arg;

	read_relation(reading->data, reading->relid);
}

/*
 * Read a relation in a subtransaction: the role may not be allowed to, or a
 * type's function may fail.
 */
static void
try_to_read(Data *data, Oid relid, int memory, MigTrial *trial, const char *script)
{
	Reading		reading = {data, relid};
	ErrorData  *error;

	data->store = tuplestore_begin_heap(true, false, memory);
	error = mig_subtransaction(read_into, &reading, true);
	if (error == NULL)
		return;
	if (mig_is_interrupt(error))
		ReThrowError(error);
	data->failed = true;
	add_unreadable(trial, data, error, script);
}

static Data *
make_data(const char *schema, const char *relation, bool sequence)
{
	Data	   *data = palloc0(sizeof(Data));

	data->schema = pstrdup(schema);
	data->relation = pstrdup(relation);
	data->identity = quote_qualified_identifier(schema, relation);
	data->sequence = sequence;
	return data;
}

/*
 * mig_data_read
 *		The data of relations, of partitions that of the table they are part
 *		of, as it is now; for mig_data_compare(), which must follow unless this
 *		subtransaction is rolled back.
 */
List *
mig_data_read(const List *relations, MigTrial *trial)
{
	List	   *roots = NIL;
	List	   *result = NIL;
	int			memory;
	const ListCell *lc;

	foreach(lc, relations)
	{
		Oid			relid = lfirst_oid(lc);

		if (OidIsValid(getExtensionOfObject(RelationRelationId, relid)))
			continue;
		if (get_rel_relispartition(relid))
			relid = llast_oid(get_partition_ancestors(relid));
		roots = lappend_oid(roots, relid);
	}
	list_sort(roots, list_oid_cmp);
	list_deduplicate_oid(roots);
	memory = Max(work_mem / Max(list_length(roots), 1), 64);
	foreach(lc, roots)
	{
		Oid			relid = lfirst_oid(lc);
		Data	   *data = make_data(get_namespace_name(get_rel_namespace(relid)),
									 get_rel_name(relid),
									 get_rel_relkind(relid) == RELKIND_SEQUENCE);

		CHECK_FOR_INTERRUPTS();
		try_to_read(data, relid, memory, trial, NULL);
		result = lappend(result, data);
	}
	return result;
}

/* What the snapshots say of an object that is gone, or NULL. */
static MigFinding *
find_missing(MigTrial *trial, const char *kind, const char *identity)
{
	ListCell   *lc;

	foreach(lc, trial->findings)
	{
		MigFinding *finding = (MigFinding *) lfirst(lc);

		if (finding->change != NULL && strcmp(finding->change, "dropped") == 0 &&
			finding->lost < 0 && strcmp(finding->kind, kind) == 0 &&
			strcmp(finding->identity, identity) == 0)
			return finding;
	}
	return NULL;
}

static void
add_lost_rows(MigTrial *trial, const Data *data, int64 lost, const char *script)
{
	MigFinding *finding = find_missing(trial, "table", data->identity);

	if (finding == NULL)
	{
		if (lost == 0)
			return;
		finding = add_finding(trial, MIG_LOSSY, "rows are lost", data, "rows", script);
		finding->change = "dropped";
	}
	finding->lost = lost;
}

static void
add_extra_rows(MigTrial *trial, const Data *data, int64 extra, const char *script)
{
	MigFinding *finding;
	MemoryContext caller;

	if (extra == 0)
		return;
	finding = add_finding(trial, MIG_IRREVERSIBLE, "rows are left over", data, "rows", script);
	finding->change = "added";
	caller = MemoryContextSwitchTo(trial->context);
	finding->actual = psprintf(INT64_FORMAT " more", extra);
	MemoryContextSwitchTo(caller);
}

static void
add_lost_values(MigTrial *trial, const Data *data, int column, int64 lost, bool gone,
				const char *script)
{
	char	   *identity = psprintf("%s.%s", data->identity,
									quote_identifier(data->columns[column]));
	MigFinding *finding = gone ? find_missing(trial, "column", identity) : NULL;

	if (finding == NULL)
	{
		if (lost == 0)
			return;
		finding = add_finding(trial, MIG_LOSSY, "values are lost", data, "values", script);
		finding->kind = "column";
		finding->identity = MemoryContextStrdup(trial->context, identity);
		finding->change = "changed";
	}
	finding->lost = lost;
}

static void
register_store(const char *name, const Data *data)
{
	EphemeralNamedRelation relation = palloc0(sizeof(EphemeralNamedRelationData));

	relation->md.name = pstrdup(name);
	relation->md.tupdesc = data->desc;
	relation->md.enrtype = ENR_NAMED_TUPLESTORE;
	relation->md.enrtuples = data->rows;
	relation->reldata = data->store;
	if (SPI_register_relation(relation) != SPI_OK_REL_REGISTER)
		elog(ERROR, "could not register tuples as \"%s\"", name);
}

/* The column of that name, or -1. */
static int
find_column(const Data *data, const char *name)
{
	int			i;

	for (i = 0; i < data->ncolumns; i++)
	{
		if (strcmp(data->columns[i], name) == 0)
			return i;
	}
	return -1;
}

/* Of a column of both: its number in each. */
typedef struct Pair
{
	int			old;
	int			new;
} Pair;

/* The columns that both have, or those of the key. */
static Pair *
find_pairs(const Data *old, const Data *new, bool key, int *n)
{
	Pair	   *pairs = palloc(sizeof(Pair) * Max(old->ncolumns, 1));
	int			i;

	*n = 0;
	for (i = 0; i < old->ncolumns; i++)
	{
		int			j = find_column(new, old->columns[i]);

		if (j < 0 || (key && !old->in_key[i]))
			continue;
		pairs[*n].old = i;
		pairs[(*n)++].new = j;
	}
	return pairs;
}

static bool
has_all_of_key(const Data *old, const Data *new)
{
	int			i;

	for (i = 0; i < old->ncolumns; i++)
	{
		if (old->in_key[i] && find_column(new, old->columns[i]) < 0)
			return false;
	}
	return old->has_key;
}

/* Rows of which the key tells which is which; false: none has stayed. */
static bool
compare_by_key(MigTrial *trial, const Data *old, const Data *new, const char *script)
{
	StringInfoData query;
	HeapTuple	tuple;
	TupleDesc	desc;
	bool		isnull;
	int64		lost;
	int64		extra;
	int			nkeys;
	Pair	   *keys = find_pairs(old, new, true, &nkeys);
	int			n = 3;
	int			i;

	/* a key is never null, so that its hash tells whether there is a row */
	initStringInfo(&query);
	appendStringInfo(&query, "SELECT count(*) FILTER (WHERE a.h%d IS NULL), count(*) FILTER (WHERE b.h%d IS NULL)",
					 keys[0].new, keys[0].old);
	for (i = 0; i < old->ncolumns; i++)
	{
		int			j = find_column(new, old->columns[i]);

		if (j >= 0 && !old->in_key[i])
			appendStringInfo(&query, ", count(*) FILTER (WHERE a.h%d IS NOT NULL AND b.h%d IS NOT NULL AND b.h%d IS DISTINCT FROM a.h%d)",
							 keys[0].new, keys[0].old, i, j);
	}
	appendStringInfoString(&query, " FROM migrate_before b FULL JOIN migrate_after a ON ");
	for (i = 0; i < nkeys; i++)
		appendStringInfo(&query, "%sb.h%d = a.h%d", i > 0 ? " AND " : "", keys[i].old,
						 keys[i].new);
	(void) read_count(query.data);
	tuple = SPI_tuptable->vals[0];
	desc = SPI_tuptable->tupdesc;
	lost = DatumGetInt64(SPI_getbinval(tuple, desc, 1, &isnull));
	extra = DatumGetInt64(SPI_getbinval(tuple, desc, 2, &isnull));
	if (lost == old->rows && extra == new->rows && lost > 0 && extra > 0)
		return false;
	add_lost_rows(trial, old, lost, script);
	add_extra_rows(trial, old, extra, script);
	for (i = 0; i < old->ncolumns; i++)
	{
		if (find_column(new, old->columns[i]) >= 0 && !old->in_key[i])
			add_lost_values(trial, old, i,
							DatumGetInt64(SPI_getbinval(tuple, desc, n++, &isnull)),
							false, script);
	}
	return true;
}

/*
 * How many combinations of the columns are not there any more, or not as
 * often; a second column of the result has those that were not there before.
 */
static int64
count_gone(const Pair *pairs, int n)
{
	StringInfoData names;
	StringInfoData before;
	StringInfoData after;
	int			i;

	initStringInfo(&names);
	initStringInfo(&before);
	initStringInfo(&after);
	for (i = 0; i < n; i++)
	{
		appendStringInfo(&names, "%sk%d", i > 0 ? ", " : "", i);
		appendStringInfo(&before, "h%d, ", pairs[i].old);
		appendStringInfo(&after, "h%d, ", pairs[i].new);
	}
	return read_count(psprintf("WITH s AS (SELECT sum(n) AS n FROM"
							   " (SELECT %s1 FROM migrate_before UNION ALL"
							   " SELECT %s-1 FROM migrate_after) d (%s, n) GROUP BY %s HAVING sum(n) <> 0)"
							   " SELECT coalesce(sum(n) FILTER (WHERE n > 0), 0)::int8,"
							   " coalesce(-sum(n) FILTER (WHERE n < 0), 0)::int8 FROM s",
							   before.data, after.data, names.data, names.data));
}

/* Rows that are what they consist of. */
static void
compare_as_bag(MigTrial *trial, const Data *old, const Data *new, const char *script)
{
	int			npairs;
	Pair	   *pairs = find_pairs(old, new, false, &npairs);
	bool		told = false;
	bool		isnull;
	int64		lost;
	int64		extra;
	int64		fewer;
	int			i;

	lost = count_gone(pairs, npairs);
	extra = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull));
	fewer = Max(lost - extra, 0);
	add_lost_rows(trial, old, fewer, script);
	add_extra_rows(trial, old, Max(extra - lost, 0), script);
	if (lost == 0 || extra == 0)
		return;
	for (i = 0; i < npairs; i++)
	{
		int64		gone = count_gone(&pairs[i], 1);

		CHECK_FOR_INTERRUPTS();
		if (gone > fewer)
		{
			add_lost_values(trial, old, pairs[i].old, gone - fewer, false, script);
			told = true;
		}
	}
	if (!told && fewer == 0 && extra == lost)
	{
		MigFinding *finding = add_finding(trial, MIG_LOSSY, "values have moved between rows",
										  old, "rows", script);

		finding->change = "changed";
		finding->lost = lost;
	}
}

static void
compare_rows(MigTrial *trial, const Data *old, const Data *new, const char *script)
{
	int			nest;
	int			common = 0;
	int			i;

	if (old->counted || new->counted)
	{
		MigFinding *finding;
		MemoryContext caller;

		add_lost_rows(trial, old, Max(old->rows - new->rows, 0), script);
		add_extra_rows(trial, old, Max(new->rows - old->rows, 0), script);
		if (old->ncolumns == 0)
			return;
		caller = MemoryContextSwitchTo(trial->context);
		finding = add_finding(trial, MIG_UNTESTED,
							  psprintf("only its rows were counted, as there are more than migrate.reversible_rows (%d)",
									   mig_reversible_rows),
							  old, "values", script);
		MemoryContextSwitchTo(caller);
		finding->change = NULL;
		return;
	}
	if (old->rows == 0)
	{
		add_extra_rows(trial, old, new->rows, script);
		return;
	}
	nest = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	SPI_connect();
	register_store("migrate_before", old);
	register_store("migrate_after", new);
	for (i = 0; i < old->ncolumns; i++)
	{
		if (find_column(new, old->columns[i]) >= 0)
			common++;
		else
			add_lost_values(trial, old, i,
							read_count(psprintf("SELECT count(h%d) FROM migrate_before", i)),
							true, script);
	}
	if (common > 0 &&
		(!has_all_of_key(old, new) || !compare_by_key(trial, old, new, script)))
		compare_as_bag(trial, old, new, script);
	SPI_finish();
	AtEOXact_GUC(false, nest);
}

static char *
place_text(const Data *data)
{
	return psprintf(INT64_FORMAT "%s", data->last, data->used ? "" : ", not used yet");
}

/* A sequence that begins again would give out what it has given out before. */
static void
compare_places(MigTrial *trial, const Data *old, const Data *new, Oid relid, const char *script)
{
	HeapTuple	tuple = SearchSysCache1(SEQRELID, ObjectIdGetDatum(relid));
	bool		descends;
	MigFinding *finding;
	MemoryContext caller;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for sequence %u", relid);
	descends = ((Form_pg_sequence) GETSTRUCT(tuple))->seqincrement < 0;
	ReleaseSysCache(tuple);
	if (old->last == new->last ? !old->used || new->used :
		descends ? new->last < old->last : new->last > old->last)
		return;
	finding = add_finding(trial, MIG_LOSSY, "its position is lost", old, "position", script);
	finding->change = "changed";
	caller = MemoryContextSwitchTo(trial->context);
	finding->expected = place_text(old);
	finding->actual = place_text(new);
	MemoryContextSwitchTo(caller);
}

/*
 * mig_data_compare
 *		What is not there any more of data that was read before, and what is
 *		there besides.  Which was read is of no use after that.
 */
void
mig_data_compare(const List *data, MigTrial *trial, const char *script)
{
	const ListCell *lc;

	foreach(lc, data)
	{
		Data	   *old = (Data *) lfirst(lc);
		Data	   *new;
		Oid			schema = get_namespace_oid(old->schema, true);
		Oid			relid = OidIsValid(schema) ? get_relname_relid(old->relation, schema) :
			InvalidOid;
		char		kind = OidIsValid(relid) ? get_rel_relkind(relid) : '\0';

		CHECK_FOR_INTERRUPTS();
		if (old->failed)
			 /* a finding says so */ ;
		else if (old->sequence)
		{
			if (kind == RELKIND_SEQUENCE)
			{
				new = make_data(old->schema, old->relation, true);
				try_to_read(new, relid, work_mem, trial, script);
				tuplestore_end(new->store);
				if (!new->failed)
					compare_places(trial, old, new, relid, script);
			}
		}
		else if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
			add_lost_rows(trial, old, old->rows, script);
		else
		{
			new = make_data(old->schema, old->relation, false);
			try_to_read(new, relid, work_mem, trial, script);
			if (!new->failed)
				compare_rows(trial, old, new, script);
			tuplestore_end(new->store);
		}
		tuplestore_end(old->store);
	}
}
