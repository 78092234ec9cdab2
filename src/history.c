/*-------------------------------------------------------------------------
 *
 * history.c
 *	  Finds, locks and reads the tables in which other tools keep their
 *	  history.
 *
 * The tables are strangers': whoever made one may mean harm.  So only ordinary
 * tables are looked at, never a view, a foreign table or a partition's parent,
 * and they are read by a scan of their rows, without a query: nothing of
 * theirs, no rule, policy, index expression or cast, is ever evaluated.  It is
 * all done with the caller's rights, who needs USAGE of the schema and SELECT
 * on the table, and must not be subject to its row security, which would hide
 * rows.
 *
 * Locks belong to the transaction.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "compat.h"
#include "history.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/indexing.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "commands/dbcommands.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#define TOOL_LOCK_TRIES 20		/* of 10 ms each */

/* More than any project has; so that a table cannot fill our memory. */
#define MAX_ROWS 1000000

/*
 * mig_history_name
 *		Its qualified name.
 */
char *
mig_history_name(const MigHistory *history)
{
	return quote_qualified_identifier(history->schema, history->table);
}

/* What a column of this type may be of, or 0. */
static int
field_type(Oid type)
{
	switch (type)
	{
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
			return MIG_FIELD_TEXT;
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return MIG_FIELD_NUMBER;
		case BOOLOID:
			return MIG_FIELD_BOOL;
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return MIG_FIELD_TIME;
		case BYTEAOID:
			return MIG_FIELD_BYTES;
		case TEXTARRAYOID:
		case VARCHARARRAYOID:
			return MIG_FIELD_TEXTS;
		default:
			return 0;
	}
}

/*
 * The columns of a table (Form_pg_attribute), from the catalog: the table need
 * not be locked, nor anybody waited for who has it.
 */
static List *
columns_of(Oid relation)
{
	Relation	catalog = table_open(AttributeRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *columns = NIL;

	ScanKeyInit(&keys[0], Anum_pg_attribute_attrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relation));
	ScanKeyInit(&keys[1], Anum_pg_attribute_attnum, BTGreaterStrategyNumber, F_INT2GT,
				Int16GetDatum(0));
	scan = systable_beginscan(catalog, AttributeRelidNumIndexId, true, NULL, 2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_attribute form = (Form_pg_attribute) GETSTRUCT(tuple);

		if (!form->attisdropped)
		{
			Form_pg_attribute copy = palloc(ATTRIBUTE_FIXED_PART_SIZE);

			memcpy(copy, form, ATTRIBUTE_FIXED_PART_SIZE);
			columns = lappend(columns, copy);
		}
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return columns;
}

/*
 * Where a tool's columns are in the table: attribute numbers, 0 for one that
 * is not there.  False if the table is not of that shape.
 */
static bool
fits_shape(const MigTool *tool, List *columns, AttrNumber *attributes)
{
	int			wanted = 0;
	int			i;

	for (i = 0; i < MIG_TOOL_COLUMNS && tool->columns[i].name; i++)
	{
		const MigToolColumn *column = &tool->columns[i];
		ListCell   *lc;

		attributes[i] = 0;
		foreach(lc, columns)
		{
			Form_pg_attribute attribute = (Form_pg_attribute) lfirst(lc);

			if (strcmp(NameStr(attribute->attname), column->name) == 0 &&
				(field_type(attribute->atttypid) & column->type) != 0)
				attributes[i] = attribute->attnum;
		}
		if (attributes[i] != 0)
			wanted++;
		else if (!(column->type & MIG_FIELD_OPTIONAL))
			return false;
	}
	return !tool->closed || list_length(columns) == wanted;
}

/* A table of the same schema, or InvalidOid. */
static Oid
beside(Oid schema, const char *table)
{
	return get_relname_relid(table, schema);
}

/* Is there beside the table what the tool's own has beside it? */
static bool
fits_surroundings(const MigTool *tool, Oid schema)
{
	if (strcmp(tool->name, "sqitch") == 0)
		return OidIsValid(beside(schema, "projects")) && OidIsValid(beside(schema, "events"));
	return true;
}

/*
 * The tools that may have made a table.  One by whose name it goes has
 * precedence; in a search it must be that where the shape says too little.
 */
static List *
tools_of(const MigHistory *history, bool search)
{
	List	   *columns = columns_of(history->relation);
	Oid			schema = history->schema_oid;
	AttrNumber	attributes[MIG_TOOL_COLUMNS];
	List	   *all = NIL;
	List	   *named = NIL;
	int			i;

	for (i = 0; i < mig_ntools; i++)
	{
		const MigTool *tool = &mig_tools[i];
		bool		same_name = pg_strcasecmp(history->table, tool->table) == 0;

		if (!fits_shape(tool, columns, attributes) || !fits_surroundings(tool, schema))
			continue;
		if (same_name)
			named = lappend(named, (void *) tool);
		if (same_name || !search || !tool->named)
			all = lappend(all, (void *) tool);
	}
	return named != NIL ? named : all;
}

static bool
has_tool(List *tools, const char *name)
{
	ListCell   *lc;

	foreach(lc, tools)
	{
		if (strcmp(((const MigTool *) lfirst(lc))->name, name) == 0)
			return true;
	}
	return false;
}

/* Rails has a second table, which tells it from those of its shape. */
static List *
tell_rails(List *tools, Oid schema)
{
	if (has_tool(tools, "rails") && OidIsValid(beside(schema, "ar_internal_metadata")))
		return list_make1((void *) mig_tool_find("rails"));
	return tools;
}

static bool
may_read(Oid relation, Oid schema)
{
	return mig_namespace_aclcheck(schema, GetUserId(), ACL_USAGE) == ACLCHECK_OK &&
		pg_class_aclcheck(relation, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
}

/* The ordinary tables that the caller may read (MigHistory *). */
static List *
candidates(void)
{
	Relation	catalog = table_open(RelationRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(catalog, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	tuple;
	List	   *result = NIL;
	Oid			own_schema;
	Oid			own_owner;

	if (!mig_extension(&own_schema, &own_owner))
		own_schema = InvalidOid;
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);
		MigHistory *history;

		if (form->relkind != RELKIND_RELATION || form->relpersistence == RELPERSISTENCE_TEMP ||
			form->relnamespace == PG_CATALOG_NAMESPACE || form->relnamespace == PG_TOAST_NAMESPACE ||
			(form->relnamespace == own_schema &&
			 strncmp(NameStr(form->relname), "migrate_", 8) == 0) ||
			!may_read(form->oid, form->relnamespace))
			continue;
		history = palloc0(sizeof(MigHistory));
		history->relation = form->oid;
		history->schema_oid = form->relnamespace;
		history->table = pstrdup(NameStr(form->relname));
		result = lappend(result, history);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return result;
}

/*
 * mig_history_find
 *		What in this database looks like a tool's history (MigHistory *), if
 *		the caller may read it; of one tool, or of any.
 */
List *
mig_history_find(const MigTool *only)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, candidates())
	{
		MigHistory *history = (MigHistory *) lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		history->tools = tell_rails(tools_of(history, only == NULL), history->schema_oid);
		if (only != NULL && has_tool(history->tools, only->name))
			history->tools = list_make1((void *) only);
		else if (only != NULL)
			history->tools = NIL;
		history->schema = get_namespace_name(history->schema_oid);

		/* it may have been dropped just now */
		if (history->tools != NIL && history->schema != NULL)
			result = lappend(result, history);
	}
	return result;
}

static char *
column_names(const MigTool *tool)
{
	StringInfoData columns;
	int			i;

	initStringInfo(&columns);
	for (i = 0; i < MIG_TOOL_COLUMNS && tool->columns[i].name; i++)
	{
		if (!(tool->columns[i].type & MIG_FIELD_OPTIONAL))
			appendStringInfo(&columns, "%s%s", i > 0 ? ", " : "", tool->columns[i].name);
	}
	return columns.data;
}

/* Open a stranger's table, or say why it is not read. */
static Relation
open_table(Oid relation, LOCKMODE mode)
{
	Relation	rel = try_relation_open(relation, mode);
	AclResult	acl;

	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("there is no table with the OID %u", relation)));
	acl = mig_namespace_aclcheck(RelationGetNamespace(rel), GetUserId(), ACL_USAGE);
	if (acl != ACLCHECK_OK)
		aclcheck_error(acl, OBJECT_SCHEMA, get_namespace_name(RelationGetNamespace(rel)));
	if (rel->rd_rel->relkind != RELKIND_RELATION || RELATION_IS_OTHER_TEMP(rel))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not an ordinary table", RelationGetRelationName(rel)),
				 errdetail("A view or a foreign table could be anything, and do anything when it is read; no tool keeps its history in one.")));
	acl = pg_class_aclcheck(relation, GetUserId(), ACL_SELECT);
	if (acl != ACLCHECK_OK)
		aclcheck_error(acl, OBJECT_TABLE, RelationGetRelationName(rel));
	if (check_enable_rls(relation, InvalidOid, true) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("row-level security may hide rows of \"%s\"", RelationGetRelationName(rel)),
				 errhint("Call as the table's owner, or as a role with BYPASSRLS.")));
	return rel;
}

/*
 * mig_history_of
 *		A table as a tool's history; of that tool, or of those that it may be
 *		of.  Raises an error if it is of none, or may not be read.
 */
MigHistory *
mig_history_of(Oid relation, const MigTool *tool)
{
	Relation	rel = open_table(relation, AccessShareLock);
	AttrNumber	attributes[MIG_TOOL_COLUMNS];
	MigHistory *history = palloc0(sizeof(MigHistory));

	history->relation = relation;
	history->schema_oid = RelationGetNamespace(rel);
	history->schema = get_namespace_name(history->schema_oid);
	history->table = pstrdup(RelationGetRelationName(rel));
	if (tool == NULL)
		history->tools = tell_rails(tools_of(history, false), history->schema_oid);
	else if (fits_shape(tool, columns_of(relation), attributes) &&
			 fits_surroundings(tool, history->schema_oid))
		history->tools = list_make1((void *) tool);
	if (history->tools == NIL && tool != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is not a history of %s", mig_history_name(history), tool->title),
				 errdetail("Such a table has these columns, of their usual types%s: %s.",
						   tool->closed ? ", and no others" : "", column_names(tool))));
	if (history->tools == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is not the history of a known tool", mig_history_name(history)),
				 errdetail("Histories are known by their columns. The tools are %s.",
						   mig_tool_names())));
	relation_close(rel, NoLock);
	return history;
}

/*
 * Locks.
 */

/* Who has another tool's advisory lock, for a detail. */
static char *
lock_holders(int64 key)
{
	char	   *holders = mig_advisory_holders(key);

	return holders ? psprintf("It is held by %s.", holders) : pstrdup("Its holder has just ended.");
}

static void
lock_callback(void *arg)
{
	errcontext("waiting for table \"%s\", which somebody is changing", (const char *) arg);
}

/* Lock a table against changes; wait for it as long as migrate.lock_wait. */
static void
lock_table(Oid relation)
{
	ErrorContextCallback callback;
	int			nest;

	if (ConditionalLockRelationOid(relation, ShareLock))
		return;
	if (mig_lock_wait == 0)
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("could not obtain lock on table \"%s\"", get_rel_name(relation)),
				 errhint("Somebody is changing it. Nothing was adopted; try again, or set migrate.lock_wait to wait.")));
	callback.callback = lock_callback;
	callback.arg = get_rel_name(relation);
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	nest = mig_limit_lock_waits(Max(mig_lock_wait, 0));
	LockRelationOid(relation, ShareLock);
	AtEOXact_GUC(true, nest);
	error_context_stack = callback.previous;
}

/*
 * Take the lock of a tool that is not at work.  An adoption that ends lets go
 * of ours a moment before it lets go of that one, so look more than once.
 */
static bool
try_tool_lock(int64 key)
{
	int			tries;

	for (tries = 0; tries < TOOL_LOCK_TRIES; tries++)
	{
		if (DatumGetBool(DirectFunctionCall1(pg_try_advisory_xact_lock_int8, Int64GetDatum(key))))
			return true;
		CHECK_FOR_INTERRUPTS();
		pg_usleep(10 * 1000L);
	}
	return false;
}

/*
 * mig_history_lock
 *		Keep the tool from its work until the transaction ends: by the lock
 *		that it takes itself, and by one on its table.
 */
void
mig_history_lock(const MigHistory *history)
{
	const MigTool *tool = linitial(history->tools);

	if (tool->lock != NULL)
	{
		int64		key = tool->lock(history->schema, history->table,
									 get_database_name(MyDatabaseId));

		if (!try_tool_lock(key))
			ereport(ERROR,
					(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
					 errmsg("%s is at work in this database", tool->title),
					 errdetail("The advisory lock " INT64_FORMAT " is the one that it takes. %s",
							   key, lock_holders(key)),
					 errhint("Nothing was adopted. Try again when it has ended.")));
	}
	lock_table(history->relation);
}

/* The table in which the tool says that it is at work, or InvalidOid. */
static Oid
lock_table_of(const MigHistory *history)
{
	const MigTool *tool = linitial(history->tools);
	char	   *name = psprintf("%s%s", history->table, tool->lock_table);

	return beside(history->schema_oid, name);
}

/*
 * mig_history_refuse_locked
 *		Raise an error if the tool says in a table that it is at work.  keep:
 *		hold that table, so that it does not begin now.
 */
void
mig_history_refuse_locked(const MigHistory *history, bool keep)
{
	const MigTool *tool = linitial(history->tools);
	Oid			relation;
	Relation	rel;
	TableScanDesc scan;
	TupleTableSlot *slot;
	AttrNumber	attribute = 0;
	bool		locked = false;
	int			i;

	if (tool->lock_table == NULL)
		return;
	relation = lock_table_of(history);
	if (!OidIsValid(relation))
		return;
	rel = open_table(relation, AccessShareLock);
	if (keep)
		lock_table(relation);
	for (i = 0; i < RelationGetDescr(rel)->natts; i++)
	{
		Form_pg_attribute form = TupleDescAttr(RelationGetDescr(rel), i);

		if (!form->attisdropped && strcmp(NameStr(form->attname), tool->lock_column) == 0 &&
			(form->atttypid == BOOLOID || form->atttypid == INT4OID))
			attribute = form->attnum;
	}
	PushActiveSnapshot(GetTransactionSnapshot());
	scan = table_beginscan(rel, GetActiveSnapshot(), 0, NULL);
	slot = table_slot_create(rel, NULL);
	while (attribute > 0 && table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		bool		isnull;
		Datum		value = slot_getattr(slot, attribute, &isnull);
		Oid			type = TupleDescAttr(RelationGetDescr(rel), attribute - 1)->atttypid;

		CHECK_FOR_INTERRUPTS();
		if (!isnull && (type == BOOLOID ? DatumGetBool(value) : DatumGetInt32(value) != 0))
			locked = true;
	}
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	PopActiveSnapshot();
	relation_close(rel, NoLock);
	if (locked)
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("%s is at work in this database, or was ended in the middle", tool->title),
				 errdetail("The table \"%s\" says so.", get_rel_name(relation)),
				 errhint("Nothing was adopted. Wait for it to end. If nobody is at it any more, find out what it has left half done, and release the lock by its own means.")));
}

/*
 * Rows.
 */

static void
read_field(Datum value, Oid type, MigToolField *field)
{
	switch (type)
	{
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
			field->text = TextDatumGetCString(value);
			break;
		case INT2OID:
			field->number = DatumGetInt16(value);
			break;
		case INT4OID:
			field->number = DatumGetInt32(value);
			break;
		case INT8OID:
			field->number = DatumGetInt64(value);
			break;
		case BOOLOID:
			field->truth = DatumGetBool(value);
			break;
		case TIMESTAMPOID:
			field->timed = true;
			field->time = DatumGetTimestampTz(DirectFunctionCall1(timestamp_timestamptz, value));
			break;
		case TIMESTAMPTZOID:
			field->timed = true;
			field->time = DatumGetTimestampTz(value);
			break;
		case BYTEAOID:
			{
				bytea	   *bytes = DatumGetByteaPP(value);
				size_t		len = VARSIZE_ANY_EXHDR(bytes);

				field->text = palloc(len * 2 + 1);
				field->text[hex_encode(VARDATA_ANY(bytes), len, field->text)] = '\0';
			}
			break;
		default:
			/* an array is only there to be known by */
			break;
	}
	if (field_type(type) == MIG_FIELD_NUMBER)
		field->text = psprintf(INT64_FORMAT, field->number);
}

static int
compare_rows(const void *a, const void *b)
{
	const MigToolRow *left = (const MigToolRow *) a;
	const MigToolRow *right = (const MigToolRow *) b;

	if (left->rank != right->rank)
		return left->rank < right->rank ? -1 : 1;
	return strcmp(left->identity, right->identity);
}

/*
 * mig_history_read
 *		The rows of a history, in the order in which they came about.
 */
MigToolRow *
mig_history_read(const MigHistory *history, int *n)
{
	const MigTool *tool = linitial(history->tools);
	Relation	rel = open_table(history->relation, AccessShareLock);
	TupleDesc	desc = RelationGetDescr(rel);
	AttrNumber	attributes[MIG_TOOL_COLUMNS];
	TableScanDesc scan;
	TupleTableSlot *slot;
	int			size = 64;
	MigToolRow *rows = palloc(sizeof(MigToolRow) * size);

	/* it may have been altered while nobody held it */
	if (!fits_shape(tool, columns_of(history->relation), attributes))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("%s was altered in the meantime", mig_history_name(history))));
	*n = 0;
	PushActiveSnapshot(GetTransactionSnapshot());
	scan = table_beginscan(rel, GetActiveSnapshot(), 0, NULL);
	slot = table_slot_create(rel, NULL);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		MigToolField fields[MIG_TOOL_COLUMNS] = {{0}};
		int			i;

		CHECK_FOR_INTERRUPTS();
		if (*n == MAX_ROWS)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("%s has more than %d rows", mig_history_name(history), MAX_ROWS)));
		if (*n == size)
		{
			size *= 2;
			rows = repalloc_huge(rows, sizeof(MigToolRow) * (Size) size);
		}
		for (i = 0; i < MIG_TOOL_COLUMNS && tool->columns[i].name; i++)
		{
			Datum		value;

			fields[i].isnull = true;
			if (attributes[i] == 0)
				continue;
			value = slot_getattr(slot, attributes[i], &fields[i].isnull);
			if (!fields[i].isnull)
				read_field(value, TupleDescAttr(desc, attributes[i] - 1)->atttypid, &fields[i]);
		}
		memset(&rows[*n], 0, sizeof(MigToolRow));
		tool->row(fields, &rows[*n]);
		(*n)++;
	}
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	PopActiveSnapshot();
	relation_close(rel, NoLock);
	qsort(rows, *n, sizeof(MigToolRow), compare_rows);
	return rows;
}
