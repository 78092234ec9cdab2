/*-------------------------------------------------------------------------
 *
 * assess_measured.c
 *	  What a dry run says of a plan: what fails in it, and what statements do
 *	  whose text does not tell.
 *
 * The dry run is asked by SQL and as the caller, who needs the right to it.
 * Memory is the caller's current context.
 *
 *-------------------------------------------------------------------------
 */
#include "assess.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "statistics.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

enum
{
	FIELD_STEP = 1, FIELD_VERSION, FIELD_SCRIPT, FIELD_STATEMENT, FIELD_MS, FIELD_MESSAGE,
	FIELD_SQLSTATE, FIELD_ARTEFACT, FIELD_LOCKS, FIELD_REWRITES, FIELD_SCANS,
	FIELD_ROWS, FIELD_OBJECTS
};

/* What was done to a relation that was there before. */
typedef struct Touched
{
	char	   *name;			/* hash key, as the dry run says it */
	char	   *mode;			/* the strongest lock that others wait for, or
								 * NULL */
	bool		blocks_reads;
	bool		rewritten;
	bool		emptied;
	double		bytes;			/* before it was rewritten */
	double		read;			/* rows, by scans of all of it */
	double		deleted;
	double		updated;
} Touched;

/* The relations that a statement touched, and in which order. */
typedef struct Touch
{
	HTAB	   *table;
	List	   *order;			/* of Touched * */
} Touch;

static char *
text_field(uint64 row, int column, MemoryContext context)
{
	char	   *value = SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);

	return value ? MemoryContextStrdup(context, value) : NULL;
}

static double
number_field(uint64 row, int column, double otherwise)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &isnull);

	return isnull ? otherwise : DatumGetFloat8(value);
}

static bool
bool_field(uint64 row, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &isnull);

	return !isnull && DatumGetBool(value);
}

static Jsonb *
json_field(uint64 row, int column, MemoryContext context)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &isnull);
	Jsonb	   *json = isnull ? NULL : DatumGetJsonbP(value);

	return json ? memcpy(MemoryContextAlloc(context, VARSIZE(json)), json, VARSIZE(json)) : NULL;
}

/*
 * mig_assess_measure
 *		Have a dry run made; a List of MigMeasured *, in the plan's order.
 */
List *
mig_assess_measure(const char *target)
{
	MemoryContext context = CurrentMemoryContext;
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {target ? CStringGetTextDatum(target) : (Datum) 0};

	/* the details only of what may have to be judged by them */
	char	   *sql = psprintf("SELECT step::pg_catalog.float8, version, script, statement::pg_catalog.float8, ms,"
							   " message, sqlstate, artefact, CASE WHEN u THEN locks END, CASE WHEN u THEN rewrites END,"
							   " CASE WHEN u THEN scans END, CASE WHEN u THEN rows END, CASE WHEN u THEN objects END"
							   " FROM %s.migrate_dry_run($1), LATERAL (SELECT command OPERATOR(pg_catalog.=) ANY ("
							   "'{DO,CALL,EXECUTE,SELECT,INSERT,SELECT INTO,CREATE TABLE AS}'::pg_catalog.text[]) AS u) x"
							   " WHERE step IS NOT NULL",
							   mig_catalog_schema());
	List	   *result = NIL;
	uint64		i;

	SPI_connect();
	if (SPI_execute_with_args(sql, 1, types, values, target ? " " : "n", false, 0) != SPI_OK_SELECT)
		elog(ERROR, "the dry run gave no rows");
	for (i = 0; i < SPI_processed; i++)
	{
		MigMeasured *one = MemoryContextAllocZero(context, sizeof(MigMeasured));
		MemoryContext old = MemoryContextSwitchTo(context);

		result = lappend(result, one);
		MemoryContextSwitchTo(old);
		one->step = (int) number_field(i, FIELD_STEP, 0);
		one->version = text_field(i, FIELD_VERSION, context);
		one->script = text_field(i, FIELD_SCRIPT, context);
		one->number = (int) number_field(i, FIELD_STATEMENT, 0);
		one->ms = number_field(i, FIELD_MS, -1);
		one->error = text_field(i, FIELD_MESSAGE, context);
		one->sqlstate = text_field(i, FIELD_SQLSTATE, context);
		one->artefact = bool_field(i, FIELD_ARTEFACT);
		one->locks = json_field(i, FIELD_LOCKS, context);
		one->rewrites = json_field(i, FIELD_REWRITES, context);
		one->scans = json_field(i, FIELD_SCANS, context);
		one->rows = json_field(i, FIELD_ROWS, context);
		one->objects = json_field(i, FIELD_OBJECTS, context);
	}
	SPI_finish();
	return result;
}

static char *
text_member(JsonbContainer *object, const char *key)
{
	const JsonbValue *value = getKeyJsonValueFromContainer(object, key, strlen(key), NULL);

	return value && value->type == jbvString ?
		pnstrdup(value->val.string.val, value->val.string.len) : NULL;
}

static double
number_member(JsonbContainer *object, const char *key)
{
	const JsonbValue *value = getKeyJsonValueFromContainer(object, key, strlen(key), NULL);

	return value && value->type == jbvNumeric ?
		DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(value->val.numeric))) : 0;
}

static bool
bool_member(JsonbContainer *object, const char *key)
{
	const JsonbValue *value = getKeyJsonValueFromContainer(object, key, strlen(key), NULL);

	return value && value->type == jbvBool && value->val.boolean;
}

/* The relation that an entry is about, if it was there before; else NULL. */
static Touched *
touched_by(Touch *touch, JsonbContainer *object)
{
	char	   *name = text_member(object, "relation");
	Touched    *touched;
	bool		found;

	if (name == NULL || !bool_member(object, "existed"))
		return NULL;
	touched = hash_search(touch->table, &name, HASH_ENTER, &found);
	if (!found)
	{
		memset((char *) touched + sizeof(char *), 0, sizeof(Touched) - sizeof(char *));
		touch->order = lappend(touch->order, touched);
	}
	return touched;
}

static void
note_lock(Touch *touch, JsonbContainer *object)
{
	const char *kind = text_member(object, "kind");
	Touched    *touched;

	if (!bool_member(object, "blocks_writes") || kind == NULL ||
		strcmp(kind, "index") == 0 || strcmp(kind, "TOAST table") == 0)
		return;
	touched = touched_by(touch, object);
	if (touched == NULL || (touched->blocks_reads && !bool_member(object, "blocks_reads")))
		return;
	touched->mode = text_member(object, "mode");
	touched->blocks_reads = bool_member(object, "blocks_reads");
}

static void
note_rewrite(Touch *touch, JsonbContainer *object)
{
	Touched    *touched = touched_by(touch, object);
	const char *why = text_member(object, "reason");

	if (touched == NULL)
		return;
	if (why && strcmp(why, MIG_WHY_TRUNCATE) == 0)
		touched->emptied = true;
	else
		touched->rewritten = true;
	touched->bytes = Max(touched->bytes, number_member(object, "old_bytes"));
}

static void
note_scan(Touch *touch, JsonbContainer *object)
{
	Touched    *touched = number_member(object, "sequential") > 0 ? touched_by(touch, object) : NULL;

	if (touched)
		touched->read += number_member(object, "tuples");
}

static void
note_rows(Touch *touch, JsonbContainer *object)
{
	Touched    *touched = touched_by(touch, object);

	if (touched == NULL)
		return;
	touched->deleted += number_member(object, "deleted");
	touched->updated += number_member(object, "updated");
}

static void
each_entry(const Jsonb *array, Touch *touch, void (*note) (Touch *, JsonbContainer *))
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	value;

	if (array == NULL)
		return;
	it = JsonbIteratorInit((JsonbContainer *) &array->root);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		CHECK_FOR_INTERRUPTS();
		if (token == WJB_ELEM && value.type == jbvBinary)
			note(touch, value.val.binary.data);
	}
}

/*
 * How bad it is that a table or column is gone, by the name that an identity
 * has for it; now that the dry run is undone it is there again, or was not
 * there before.
 */
static MigLevel
level_of_drop(const char *identity, bool is_column)
{
	List	   *names = textToQualifiedNameList(cstring_to_text(identity));
	const char *column = is_column ? strVal(llast(names)) : NULL;
	MigLevel	level = MIG_LEVEL_NONE;
	HeapTuple	tuple;
	Oid			oid;

	if (is_column)
		names = list_truncate(names, list_length(names) - 1);
	if (names == NIL || list_length(names) > 3)
		return MIG_LEVEL_HIGH;
	oid = RangeVarGetRelid(makeRangeVarFromNameList(names), NoLock, true);
	tuple = OidIsValid(oid) ? SearchSysCache1(RELOID, ObjectIdGetDatum(oid)) : NULL;
	if (!HeapTupleIsValid(tuple))
		return MIG_LEVEL_NONE;
	if (column == NULL || get_attnum(oid, column) != InvalidAttrNumber)
	{
		MigSize		size;

		mig_relation_size((Form_pg_class) GETSTRUCT(tuple), &size);
		level = size.no_pages && size.tuples == 0 ? MIG_LEVEL_MEDIUM : MIG_LEVEL_HIGH;
	}
	ReleaseSysCache(tuple);
	return level;
}

static void
judge_lock(MigVerdictRow *row, const Touched *touched, const char *what, int lock_timeout)
{
	const char *wait = touched->blocks_reads ? "readers and writers wait" : "writers wait";
	bool		small = touched->read < mig_lint_rows &&
		touched->bytes < mig_lint_size * 1024.0;

	if (touched->rewritten && touched->bytes > 0)
		mig_assess_reason(row, MIG_AXIS_AVAILABILITY, small ? MIG_LEVEL_MEDIUM : MIG_LEVEL_HIGH,
						  "%s rewrites %s under %s in the dry run: %s",
						  what, touched->name, touched->mode, wait);
	else if (touched->read > 0)
		mig_assess_reason(row, MIG_AXIS_AVAILABILITY, small ? MIG_LEVEL_MEDIUM : MIG_LEVEL_HIGH,
						  "%s reads %.0f rows of %s, and takes %s in the dry run: %s",
						  what, touched->read, touched->name, touched->mode, wait);
	else
		mig_assess_reason(row, MIG_AXIS_AVAILABILITY,
						  lock_timeout > 0 ? MIG_LEVEL_LOW : MIG_LEVEL_MEDIUM,
						  "%s takes %s on %s in the dry run: %s",
						  what, touched->mode, touched->name, wait);
}

static void
judge_rows(MigVerdictRow *row, const Touched *touched, const char *what)
{
	if (touched->emptied)
		mig_assess_reason(row, MIG_AXIS_DATA, touched->bytes > 0 ? MIG_LEVEL_HIGH : MIG_LEVEL_MEDIUM,
						  "%s empties %s in the dry run", what, touched->name);
	if (touched->deleted + touched->updated > 0)
		mig_assess_reason(row, MIG_AXIS_DATA,
						  touched->read > 0 && touched->deleted + touched->updated >= touched->read ?
						  MIG_LEVEL_HIGH : MIG_LEVEL_MEDIUM,
						  "%s deletes %.0f and changes %.0f rows of %s in the dry run, whose former values are kept nowhere",
						  what, touched->deleted, touched->updated, touched->name);
}

static void
judge_objects(MigVerdictRow *row, const Jsonb *objects, const char *what)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	value;

	if (objects == NULL)
		return;
	it = JsonbIteratorInit((JsonbContainer *) &objects->root);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		const char *action;
		const char *type;
		const char *identity;
		MigLevel	level = MIG_LEVEL_MEDIUM;

		if (token != WJB_ELEM || value.type != jbvBinary)
			continue;
		action = text_member(value.val.binary.data, "action");
		type = text_member(value.val.binary.data, "type");
		identity = text_member(value.val.binary.data, "identity");
		if (action == NULL || type == NULL || identity == NULL || strcmp(action, "dropped") != 0 ||
			strcmp(type, "index") == 0)
			continue;
		if (strcmp(type, "table") == 0 || strcmp(type, "table column") == 0)
			level = level_of_drop(identity, strcmp(type, "table") != 0);
		if (level > MIG_LEVEL_NONE)
			mig_assess_reason(row, MIG_AXIS_DATA, level, "%s drops %s %s in the dry run",
							  what, type, identity);
	}
}

/* Forget what was assumed of a statement that could not be seen. */
static void
forget_unseen(MigVerdictRow *row, int number)
{
	int			axis;

	for (axis = 0; axis < MIG_JUDGED; axis++)
	{
		List	   *kept = NIL;
		MigLevel	level = axis == MIG_AXIS_DATA ? Min(row->level[axis], MIG_LEVEL_LOW) : MIG_LEVEL_NONE;
		ListCell   *lc;

		foreach(lc, row->reasons[axis])
		{
			MigReason  *reason = (MigReason *) lfirst(lc);

			if (reason->unseen == number)
				continue;
			kept = lappend(kept, reason);
			level = Max(level, reason->level);
		}
		row->reasons[axis] = kept;
		row->level[axis] = level;
	}
}

/* A statement whose text does not tell what it does was run. */
static void
judge_seen(MigVerdictRow *row, const MigMeasured *one, const char *what, int lock_timeout)
{
	Touch		touch = {0};
	ListCell   *lc;

	forget_unseen(row, one->number);
	touch.table = mig_string_table("migrate relations", sizeof(Touched), 16);
	each_entry(one->locks, &touch, note_lock);
	each_entry(one->rewrites, &touch, note_rewrite);
	each_entry(one->scans, &touch, note_scan);
	each_entry(one->rows, &touch, note_rows);
	foreach(lc, touch.order)
	{
		const Touched *touched = (const Touched *) lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		if (touched->mode)
			judge_lock(row, touched, what, lock_timeout);
		judge_rows(row, touched, what);
	}
	judge_objects(row, one->objects, what);
	hash_destroy(touch.table);
}

/*
 * mig_assess_measured
 *		What failed in the dry run will fail again; and what was not to be seen
 *		has been seen.
 */
void
mig_assess_measured(MigVerdictRow *row, const List *measured)
{
	const char *script = row->step->action == MIG_ROLLBACK ? "down" : "up";
	ListCell   *lc;

	foreach(lc, measured)
	{
		const MigMeasured *one = (const MigMeasured *) lfirst(lc);
		const char *what;
		int			lock_timeout;

		if (one->error == NULL)
		{
			if (one->ms >= 0 && strcmp(one->script, script) == 0 &&
				(what = mig_assess_unseen(row, one->number, &lock_timeout)) != NULL)
				judge_seen(row, one, what, lock_timeout);
			continue;
		}
		what = one->number > 0 ? psprintf("statement %d of the %s script", one->number, one->script) :
			psprintf("the %s script", one->script);
		if (strcmp(one->sqlstate, "55P03") == 0)
			mig_assess_reason(row, MIG_AXIS_FAILURE, MIG_LEVEL_MEDIUM,
							  "%s did not get its lock in the dry run: %s (%s)",
							  what, one->error, one->sqlstate);
		else if (one->artefact)
			mig_assess_reason(row, MIG_AXIS_FAILURE, MIG_LEVEL_LOW,
							  "%s failed in the dry run, as it may in no other: %s (%s)",
							  what, one->error, one->sqlstate);
		else
			mig_assess_reason(row, MIG_AXIS_FAILURE, MIG_LEVEL_HIGH,
							  "%s failed in the dry run: %s (%s)", what, one->error, one->sqlstate);
	}
}
