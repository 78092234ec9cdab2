/*-------------------------------------------------------------------------
 *
 * dryrun_report.c
 *	  What a dry run found, as rows and as a document.
 *
 * Both have the same fields for a statement, under the same names.
 *
 *-------------------------------------------------------------------------
 */
#include "dryrun.h"
#include "lint.h"
#include "compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "storage/lmgr.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/tuplestore.h"

/* Version of the document's form; the README describes it. */
#define DOCUMENT_FORMAT 1

/*
 * mig_dry_add_row
 *		A row for the current script as a whole, or for what stands for it.
 */
MigDryRow *
mig_dry_add_row(MigDryRun *dry, const char *script)
{
	MemoryContext caller = MemoryContextSwitchTo(dry->context);
	MigDryRow  *row = palloc0(sizeof(MigDryRow));
	const MigRun *run = &dry->run;

	if (run->plan != NULL)
	{
		const MigEntry *entry = run->plan->steps[run->step].entry;

		row->step = run->step + 1;
		row->version = entry->version;
		row->name = entry->name;
	}
	dry->rows = lappend(dry->rows, row);
	row->number = list_length(dry->rows);
	row->script = script;
	row->path = run->execution.script && run->execution.script->path ?
		pstrdup(run->execution.script->path) : NULL;
	row->transaction = dry->transaction;
	MemoryContextSwitchTo(caller);
	return row;
}

/*
 * mig_dry_add_statement
 *		A row for a statement, by its number in the script.
 */
MigDryRow *
mig_dry_add_statement(MigDryRun *dry, const char *script, const MigStatement *stmt,
					  int number)
{
	MigDryRow  *row = mig_dry_add_row(dry, script);
	MemoryContext caller = MemoryContextSwitchTo(dry->context);

	row->statement = number;
	row->line = stmt->line;
	row->command = GetCommandTagName(CreateCommandTag(stmt->raw->stmt));
	row->sql = mig_statement_text(stmt);
	MemoryContextSwitchTo(caller);
	return row;
}

typedef enum FieldKind
{
	FIELD_NULL,
	FIELD_INT,
	FIELD_FLOAT,
	FIELD_BOOL,
	FIELD_TEXT,
	FIELD_JSON
} FieldKind;

typedef struct Field
{
	const char *name;
	FieldKind	kind;
	int64		integer;		/* or boolean */
	double		real;
	const char *text;
} Field;

#define MAX_FIELDS 48

typedef struct Fields
{
	Field		field[MAX_FIELDS];
	int			n;
} Fields;

static Field *
add_field(Fields *fields, const char *name, FieldKind kind)
{
	Field	   *field = &fields->field[fields->n++];

	Assert(fields->n <= MAX_FIELDS);
	memset(field, 0, sizeof(Field));
	field->name = name;
	field->kind = kind;
	return field;
}

static void
add_text(Fields *fields, const char *name, const char *text)
{
	add_field(fields, name, text ? FIELD_TEXT : FIELD_NULL)->text = text;
}

static void
add_json(Fields *fields, const char *name, const char *json)
{
	add_field(fields, name, json ? FIELD_JSON : FIELD_NULL)->text = json;
}

static void
add_int(Fields *fields, const char *name, int64 value)
{
	add_field(fields, name, FIELD_INT)->integer = value;
}

/* A number that is not known is 0. */
static void
add_number(Fields *fields, const char *name, int value)
{
	add_field(fields, name, value > 0 ? FIELD_INT : FIELD_NULL)->integer = value;
}

static void
add_bool(Fields *fields, const char *name, bool value)
{
	add_field(fields, name, FIELD_BOOL)->integer = value;
}

/* ... or -1, if it may be 0. */
static void
add_amount(Fields *fields, const char *name, int64 value)
{
	add_field(fields, name, value >= 0 ? FIELD_INT : FIELD_NULL)->integer = value;
}

/* Milliseconds, to the microsecond; what is not known is negative. */
static void
add_ms(Fields *fields, const char *name, double value)
{
	add_field(fields, name, value >= 0 ? FIELD_FLOAT : FIELD_NULL)->real = floor(value * 1000 + 0.5) / 1000;
}

static void
append_fields(StringInfo buf, const Fields *fields)
{
	int			i;

	appendStringInfoChar(buf, '{');
	for (i = 0; i < fields->n; i++)
	{
		const Field *field = &fields->field[i];

		appendStringInfo(buf, "%s\"%s\": ", i > 0 ? ", " : "", field->name);
		switch (field->kind)
		{
			case FIELD_NULL:
				appendStringInfoString(buf, "null");
				break;
			case FIELD_INT:
				appendStringInfo(buf, INT64_FORMAT, field->integer);
				break;
			case FIELD_FLOAT:
				appendStringInfo(buf, "%.3f", field->real);
				break;
			case FIELD_BOOL:
				appendStringInfoString(buf, field->integer ? "true" : "false");
				break;
			case FIELD_TEXT:
				escape_json(buf, field->text);
				break;
			case FIELD_JSON:
				appendStringInfoString(buf, field->text);
				break;
		}
	}
	appendStringInfoChar(buf, '}');
}

/* The next element of an array that a '[' began. */
static void
append_element(StringInfo buf, const Fields *fields)
{
	if (buf->data[buf->len - 1] != '[')
		appendStringInfoString(buf, ", ");
	append_fields(buf, fields);
}

/*
 * mig_depth_name
 *		How a depth is called.
 */
const char *
mig_depth_name(MigDepth depth)
{
	return depth == MIG_DEPTH_LINT ? "lint" :
		depth == MIG_DEPTH_PROBE ? "probe" : "execute";
}

static const char *
status_name(MigDryStatus status)
{
	switch (status)
	{
		case MIG_DRY_DONE:
			return "done";
		case MIG_DRY_FAILED:
			return "failed";
		case MIG_DRY_NOT_RUN:
			return "not run";
		case MIG_DRY_REFUSED:
			return "refused";
		case MIG_DRY_PROBED:
			return "probed";
		case MIG_DRY_PREDICTED:
			return "predicted";
	}
	return NULL;
}

static const char *
mode_name(LOCKMODE mode)
{
	return mode == NoLock ? NULL : GetLockmodeName(DEFAULT_LOCKMETHOD, mode);
}

/* A query locks every index of its tables, so an index counts like these. */
static void
add_blocks(Fields *fields, LOCKMODE mode, bool matters)
{
	add_bool(fields, "blocks_reads", matters && DoLockModesConflict(mode, AccessShareLock));
	add_bool(fields, "blocks_writes", matters && DoLockModesConflict(mode, RowExclusiveLock));
}

/* What an item is of. */
typedef struct Within
{
	const MigObservation *seen;
	double		held_ms;		/* how long its locks */
} Within;

typedef void (*AddItem) (Fields *fields, const void *item, const Within *within);

static void
add_lock(Fields *fields, const void *item, const Within *within)
{
	const MigSeenLock *lock = (const MigSeenLock *) item;
	const MigSeenRel *rel = lock->rel;

	if (rel != NULL)
	{
		add_text(fields, "relation", lock->name);
		add_text(fields, "kind", mig_relkind_name(rel->kind));
		add_text(fields, "of", OidIsValid(rel->table) ? rel->table_name : NULL);
	}
	else
	{
		add_text(fields, "relation", psprintf("(%u,%u,%u)", lock->tag.locktag_field2,
											  lock->tag.locktag_field3,
											  lock->tag.locktag_field4));
		add_text(fields, "kind", "advisory lock");
		add_text(fields, "of", NULL);
	}
	add_text(fields, "mode", mode_name(lock->mode));
	add_bool(fields, "existed", rel != NULL && rel->old);
	add_bool(fields, "named", lock->named);
	add_blocks(fields, lock->mode, rel != NULL && rel->old);
	add_bool(fields, "predicted", lock->predicted);
	add_ms(fields, "held_ms", within->held_ms);
}

static void
add_wait(Fields *fields, const void *item, const Within *within)
{
	const MigSeenWait *wait = (const MigSeenWait *) item;

	add_text(fields, "relation", wait->relation);
	add_text(fields, "mode", mode_name(wait->mode));
	add_ms(fields, "ms", within->seen->predicted || wait->mode == NoLock ? -1 : wait->ms);
	add_bool(fields, "granted", wait->granted);
	add_json(fields, "sessions", wait->sessions ? wait->sessions : "[]");
}

static void
add_rewrite(Fields *fields, const void *item, const Within *within)
{
	const MigSeenRewrite *rewrite = (const MigSeenRewrite *) item;

	add_text(fields, "relation", rewrite->relation);
	add_text(fields, "kind", mig_relkind_name(rewrite->kind));
	add_bool(fields, "existed", rewrite->old);
	add_text(fields, "reason", rewrite->reason);
	add_amount(fields, "old_bytes", rewrite->old_bytes);
	add_amount(fields, "new_bytes", rewrite->new_bytes);
}

static void
add_index(Fields *fields, const void *item, const Within *within)
{
	const MigSeenIndex *index = (const MigSeenIndex *) item;

	add_text(fields, "index", index->index);
	add_text(fields, "table", index->table);
	add_bool(fields, "existed", index->old);
	add_text(fields, "action", index->action);
	add_amount(fields, "bytes", index->bytes);
}

static void
add_scan(Fields *fields, const void *item, const Within *within)
{
	const MigSeenScan *scan = (const MigSeenScan *) item;

	add_text(fields, "relation", scan->relation);
	add_bool(fields, "existed", scan->old);
	add_int(fields, "sequential", scan->scans);
	add_amount(fields, "tuples", scan->tuples);
	add_int(fields, "index", scan->index_scans);
	add_text(fields, "reason", scan->reason);
}

static void
add_rows(Fields *fields, const void *item, const Within *within)
{
	const MigSeenRows *rows = (const MigSeenRows *) item;

	add_text(fields, "relation", rows->relation);
	add_bool(fields, "existed", rows->old);
	add_int(fields, "inserted", rows->inserted);
	add_int(fields, "updated", rows->updated);
	add_int(fields, "deleted", rows->deleted);
}

static void
add_object(Fields *fields, const void *item, const Within *within)
{
	const MigSeenObject *object = (const MigSeenObject *) item;

	add_text(fields, "action", object->action);
	add_text(fields, "type", object->type);
	add_text(fields, "identity", object->identity);
}

static void
add_leak(Fields *fields, const void *item, const Within *within)
{
	const MigSeenLeak *leak = (const MigSeenLeak *) item;

	add_text(fields, "kind", leak->kind);
	add_text(fields, "object", leak->object);
	add_text(fields, "detail", leak->detail);
}

static void
append_items(StringInfo buf, const List *items, AddItem add, const Within *within)
{
	ListCell   *lc;

	foreach(lc, items)
	{
		Fields		fields = {.n = 0};

		add(&fields, lfirst(lc), within);
		append_element(buf, &fields);
	}
}

static char *
array_json(const List *items, AddItem add, const Within *within)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoChar(&buf, '[');
	append_items(&buf, items, add, within);
	appendStringInfoChar(&buf, ']');
	return buf.data;
}

static char *
settings_json(const MigDrySettings *settings)
{
	StringInfoData buf;
	Fields		fields = {.n = 0};

	if (settings == NULL)
		return NULL;
	add_text(&fields, "lock_timeout", settings->lock_timeout);
	add_text(&fields, "statement_timeout", settings->statement_timeout);
	add_text(&fields, "TimeZone", settings->timezone);
	add_text(&fields, "search_path", settings->search_path);
	initStringInfo(&buf);
	append_fields(&buf, &fields);
	return buf.data;
}

static bool
is_measured(const MigDryRow *row)
{
	return row->seen != NULL && !row->seen->predicted;
}

/* The columns of a row, in their order. */
static void
fill_row(Fields *fields, const MigDryRow *row, double held_ms)
{
	static const MigObservation nothing;
	const MigObservation *seen = row->seen ? row->seen : &nothing;
	const Within within = {seen, held_ms};

	fields->n = 0;
	add_number(fields, "step", row->step);
	add_text(fields, "version", row->version);
	add_text(fields, "name", row->name);
	add_text(fields, "path", row->path);
	add_text(fields, "script", row->script);
	add_number(fields, "statement", row->statement);
	add_number(fields, "line", row->line);
	add_text(fields, "command", row->command);
	add_text(fields, "query", row->sql);
	add_text(fields, "status", status_name(row->status));
	add_text(fields, "reason", row->reason);
	add_text(fields, "substitute", row->substitute);
	add_text(fields, "sqlstate", row->sqlstate);
	add_text(fields, "message", row->message);
	add_text(fields, "detail", row->detail);
	add_text(fields, "hint", row->hint);
	add_number(fields, "error_line", row->error_line);
	add_bool(fields, "artefact", row->artefact);
	add_int(fields, "transaction", row->transaction);
	if (is_measured(row))
	{
		add_ms(fields, "ms", seen->ms);
		add_ms(fields, "lock_wait_ms", seen->lock_wait_ms);
		add_int(fields, "wal_bytes", seen->wal.wal_bytes);
		add_int(fields, "wal_records", seen->wal.wal_records);
		add_int(fields, "wal_fpi", seen->wal.wal_fpi);
		add_int(fields, "buffers_hit", seen->buffers.shared_blks_hit);
		add_int(fields, "buffers_read", seen->buffers.shared_blks_read);
		add_int(fields, "buffers_dirtied", seen->buffers.shared_blks_dirtied);
		add_int(fields, "buffers_written", seen->buffers.shared_blks_written);
		add_int(fields, "temporary_bytes", seen->buffers.temp_blks_written * BLCKSZ);
	}
	else
	{
		static const char *const names[] = {
			"ms", "lock_wait_ms", "wal_bytes", "wal_records", "wal_fpi", "buffers_hit",
			"buffers_read", "buffers_dirtied", "buffers_written", "temporary_bytes"
		};
		int			i;

		for (i = 0; i < lengthof(names); i++)
			(void) add_field(fields, names[i], FIELD_NULL);
	}
	add_json(fields, "locks", array_json(seen->locks, add_lock, &within));
	add_json(fields, "waits_for", array_json(seen->waits, add_wait, &within));
	add_json(fields, "rewrites", array_json(seen->rewrites, add_rewrite, &within));
	add_json(fields, "indexes", array_json(seen->indexes, add_index, &within));
	add_json(fields, "scans", array_json(seen->scans, add_scan, &within));
	add_json(fields, "rows", array_json(seen->rows, add_rows, &within));
	add_json(fields, "objects", array_json(seen->objects, add_object, &within));
	add_json(fields, "settings", settings_json(row->settings));
	add_json(fields, "leaks", array_json(seen->leaks, add_leak, &within));
}

/*
 * How long what each row locked is held: to the end of the transaction that a
 * worker would have it in.
 */
static double *
held_times(const MigDryRun *dry)
{
	int			n = list_length(dry->rows);
	double	   *held = palloc(sizeof(double) * Max(n, 1));
	double		sum = 0;
	int			transaction = 0;
	int			i;

	for (i = n - 1; i >= 0; i--)
	{
		const MigDryRow *row = (const MigDryRow *) list_nth(dry->rows, i);

		if (row->transaction != transaction)
			sum = 0;
		transaction = row->transaction;
		if (is_measured(row))
			sum += row->seen->ms;
		held[i] = dry->depth == MIG_DEPTH_LINT ? -1 : sum;
	}
	return held;
}

static Datum
field_datum(const Field *field, Oid type)
{
	switch (type)
	{
		case BOOLOID:
			return BoolGetDatum(field->integer != 0);
		case INT4OID:
			return Int32GetDatum((int32) field->integer);
		case INT8OID:
			return Int64GetDatum(field->integer);
		case FLOAT8OID:
			return Float8GetDatum(field->real);
		case JSONBOID:
			return DirectFunctionCall1(jsonb_in, CStringGetDatum(field->text));
		default:
			return CStringGetTextDatum(field->text);
	}
}

/*
 * mig_dry_put_rows
 *		Return a row for each statement.
 */
void
mig_dry_put_rows(FunctionCallInfo fcinfo, const MigDryRun *dry)
{
	ReturnSetInfo *returned = (ReturnSetInfo *) fcinfo->resultinfo;
	TupleDesc	desc = returned->setDesc;
	double	   *held = held_times(dry);
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "migrate dry run row",
												  ALLOCSET_DEFAULT_SIZES);
	ListCell   *lc;

	MemoryContextSwitchTo(context);
	foreach(lc, dry->rows)
	{
		const MigDryRow *row = (const MigDryRow *) lfirst(lc);
		Fields		fields;
		Datum		values[MAX_FIELDS];
		bool		nulls[MAX_FIELDS];
		int			i;

		fill_row(&fields, row, held[foreach_current_index(lc)]);
		if (fields.n != desc->natts)
			elog(ERROR, "a row of a dry run has %d columns, not %d", fields.n, desc->natts);
		for (i = 0; i < fields.n; i++)
		{
			nulls[i] = fields.field[i].kind == FIELD_NULL;
			values[i] = nulls[i] ? (Datum) 0 :
				field_datum(&fields.field[i], TupleDescAttr(desc, i)->atttypid);
		}
		tuplestore_putvalues(returned->setResult, desc, values, nulls);
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

static int
cmp_relations(const ListCell *a, const ListCell *b)
{
	const MigSeenRel *left = (const MigSeenRel *) lfirst(a);
	const MigSeenRel *right = (const MigSeenRel *) lfirst(b);

	if (left->first != right->first)
		return left->first - right->first;
	return strcmp(left->name, right->name);
}

static void
append_relations(StringInfo buf, const MigDryRun *dry, const double *held)
{
	List	   *relations = list_copy(dry->relations);
	ListCell   *lc;

	list_sort(relations, cmp_relations);
	foreach(lc, relations)
	{
		const MigSeenRel *rel = (const MigSeenRel *) lfirst(lc);
		const MigDryRow *row = (const MigDryRow *) list_nth(dry->rows, rel->first - 1);
		LOCKMODE	mode = AccessExclusiveLock;
		Fields		fields = {.n = 0};

		if (!rel->old)
			continue;
		while (!(rel->modes & LOCKBIT_ON(mode)))
			mode--;
		add_text(&fields, "relation", rel->first_name);
		add_text(&fields, "kind", mig_relkind_name(rel->kind));
		add_text(&fields, "of", OidIsValid(rel->table) ? rel->table_name : NULL);
		add_text(&fields, "mode", mode_name(mode));
		add_blocks(&fields, mode, true);
		add_number(&fields, "step", row->step);
		add_number(&fields, "statement", row->statement);
		add_number(&fields, "line", row->line);
		add_ms(&fields, "held_ms", held[rel->first - 1]);
		add_amount(&fields, "bytes", rel->bytes);
		append_element(buf, &fields);
	}
}

/* A step's rows as one; true while there are more. */
static void
append_migrations(StringInfo buf, const MigDryRun *dry)
{
	int			n = list_length(dry->rows);
	int			i = 0;

	while (i < n)
	{
		const MigDryRow *first = (const MigDryRow *) list_nth(dry->rows, i);
		MigDryStatus worst = MIG_DRY_DONE;
		double		ms = 0;
		int64		wal = 0;
		int			statements = 0;
		Fields		fields = {.n = 0};

		for (; i < n; i++)
		{
			const MigDryRow *row = (const MigDryRow *) list_nth(dry->rows, i);

			if (row->step != first->step)
				break;
			if (row->statement > 0)
				statements++;
			if (row->status == MIG_DRY_FAILED ||
				(row->status != MIG_DRY_DONE && worst == MIG_DRY_DONE))
				worst = row->status;
			if (is_measured(row))
			{
				ms += row->seen->ms;
				wal += row->seen->wal.wal_bytes;
			}
		}
		add_number(&fields, "step", first->step);
		add_text(&fields, "version", first->version);
		add_text(&fields, "name", first->name);
		add_text(&fields, "status", status_name(worst));
		add_int(&fields, "statements", statements);
		add_ms(&fields, "ms", dry->depth == MIG_DEPTH_LINT ? -1 : ms);
		add_amount(&fields, "wal_bytes", dry->depth == MIG_DEPTH_LINT ? -1 : wal);
		append_element(buf, &fields);
	}
}

/*
 * mig_dry_document
 *		All of it as jsonb.
 */
Datum
mig_dry_document(const MigDryRun *dry)
{
	StringInfoData buf;
	Fields		fields = {.n = 0};
	double	   *held = held_times(dry);
	bool		failed = false;
	ListCell   *lc;

	foreach(lc, dry->rows)
	{
		if (((const MigDryRow *) lfirst(lc))->status == MIG_DRY_FAILED)
			failed = true;
	}
	add_int(&fields, "format", DOCUMENT_FORMAT);
	add_text(&fields, "project", dry->text ? NULL : dry->run.project);
	add_text(&fields, "depth", mig_depth_name(dry->depth));
	add_text(&fields, "direction", dry->text ? NULL : dry->run.down ? "down" : "up");
	add_int(&fields, "server_version", mig_server_version());
	add_bool(&fields, "failed", failed);
	initStringInfo(&buf);
	append_fields(&buf, &fields);
	buf.data[--buf.len] = '\0';

	appendStringInfoString(&buf, ", \"migrations\": [");
	append_migrations(&buf, dry);
	appendStringInfoString(&buf, "], \"statements\": [");
	foreach(lc, dry->rows)
	{
		fill_row(&fields, (const MigDryRow *) lfirst(lc), held[foreach_current_index(lc)]);
		append_element(&buf, &fields);
	}
	appendStringInfoString(&buf, "], \"relations\": [");
	append_relations(&buf, dry, held);
	appendStringInfoString(&buf, "], \"leaks\": [");
	foreach(lc, dry->rows)
	{
		if (((const MigDryRow *) lfirst(lc))->seen != NULL)
			append_items(&buf, ((const MigDryRow *) lfirst(lc))->seen->leaks, add_leak, NULL);
	}
	appendStringInfoString(&buf, "]}");
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(buf.data));
}
