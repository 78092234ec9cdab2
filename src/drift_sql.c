/*-------------------------------------------------------------------------
 *
 * drift_sql.c
 *	  The SQL functions that show what has changed a database since its last
 *	  run, who did, and take it as it is.
 *
 * migrate_drift() only reads, also on a standby.  Who changed what is known
 * as far as the guard has seen it.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "catalog.h"
#include "drift.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(migrate_drift);
PG_FUNCTION_INFO_V1(migrate_drift_since);
PG_FUNCTION_INFO_V1(migrate_accept_drift);

/* So many objects are named in the log when they are accepted. */
#define LOGGED 100

/* No more commands on one object are looked at, from the last one back. */
#define LOOKED_AT 100

/* No more parents are looked at, from a table up. */
#define LEVELS 8

/* What of an object a command changes. */
typedef enum Aspect
{
	ASPECT_COMMENT,
	ASPECT_PRIVILEGES,
	ASPECT_LABEL,
	ASPECT_REST,
	ASPECTS
} Aspect;

/* A command that the guard saw, outside of runs. */
typedef struct Ddl
{
	int64		id;
	TimestampTz seen;
	char	   *session_role;
	char	   *acting_role;
	char	   *client_addr;
	char	   *application;
	char	   *tag;
	char	   *statement;
} Ddl;

/* The commands on an object. */
typedef struct Changed
{
	char	   *identity;		/* hash key */
	List	   *commands[ASPECTS];	/* of Ddl *, last one last */
} Changed;

static Aspect
aspect_of_tag(const char *tag)
{
	if (strcmp(tag, "COMMENT") == 0)
		return ASPECT_COMMENT;
	if (strcmp(tag, "GRANT") == 0 || strcmp(tag, "REVOKE") == 0 ||
		strcmp(tag, "ALTER DEFAULT PRIVILEGES") == 0)
		return ASPECT_PRIVILEGES;
	if (strcmp(tag, "SECURITY LABEL") == 0)
		return ASPECT_LABEL;
	return ASPECT_REST;
}

static Aspect
aspect_of_component(MigComponent component)
{
	return component == MIG_COMMENT ? ASPECT_COMMENT :
		component == MIG_PRIVILEGES ? ASPECT_PRIVILEGES :
		component == MIG_LABEL ? ASPECT_LABEL : ASPECT_REST;
}

static void
note_changed(HTAB *changed, char *identity, Ddl *ddl)
{
	Aspect		aspect = aspect_of_tag(ddl->tag);
	Changed    *entry;
	bool		found;

	if (identity == NULL)
		return;
	entry = hash_search(changed, &identity, HASH_ENTER, &found);
	if (!found)
		memset(entry->commands, 0, sizeof(entry->commands));
	if (entry->commands[aspect] == NIL || llast(entry->commands[aspect]) != ddl)
		entry->commands[aspect] = lappend(entry->commands[aspect], ddl);
}

static bool
is_word(char c)
{
	return IS_HIGHBIT_SET(c) || c == '_' || (c >= '0' && c <= '9') ||
		(c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/*
 * An identity as a snapshot has it: without the server's schema; and what
 * versions call in two ways is called in one.
 */
static char *
settle_identity(char *identity, const char *type)
{
	static const char schema[] = "pg_catalog.";
	char	   *from;
	char	   *to;
	bool		quoted = false;

	if (identity != NULL && type != NULL && strcmp(type, "transform") == 0 &&
		strstr(identity, " on language ") == NULL && (from = strstr(identity, " language ")) != NULL)
		identity = psprintf("%.*s on%s", (int) (from - identity), identity, from);
	if (identity == NULL || strstr(identity, schema) == NULL)
		return identity;
	for (from = to = identity; *from; from++)
	{
		if (*from == '"')
			quoted = !quoted;
		if (!quoted && strncmp(from, schema, strlen(schema)) == 0 &&
			(from == identity || !is_word(from[-1])))
			from += strlen(schema) - 1;
		else
			*to++ = *from;
	}
	*to = '\0';
	return identity;
}

/* A view's columns are no objects of a snapshot, but what the view has. */
static char *
view_of_column(const char *type, const char *identity)
{
	MigSnapshotRow row = {.kind = "column",.identity = identity};

	if (type == NULL || identity == NULL ||
		(strcmp(type, "view column") != 0 && strcmp(type, "materialized view column") != 0))
		return NULL;
	return mig_snapshot_whole(&row);
}

/* What the guard has seen since, by the objects concerned. */
static HTAB *
read_ddl(const MigReference *reference)
{
	HTAB	   *changed = mig_string_table("migrate changed objects", sizeof(Changed), 64);
	Datum		values[2] = {
		TimestampTzGetDatum(reference->since), CStringGetTextDatum(reference->snapshot)
	};
	MigVisit	visit = mig_enter();
	uint64		n = mig_read_query(Q_DDL_SINCE, values);
	uint64		i;
	Ddl		   *ddl = NULL;

	for (i = 0; i < n; i++)
	{
		int64		id = mig_int_field(i, 1, 0);
		char	   *identity;
		char	   *was;
		char	   *type;
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		if (ddl == NULL || ddl->id != id)
		{
			ddl = MemoryContextAllocZero(visit.caller, sizeof(Ddl));
			ddl->id = id;
			ddl->seen = DatumGetTimestampTz(SPI_getbinval(SPI_tuptable->vals[i],
														  SPI_tuptable->tupdesc, 2, &isnull));
			ddl->session_role = mig_text_field(&visit, i, 3);
			ddl->acting_role = mig_text_field(&visit, i, 4);
			ddl->client_addr = mig_text_field(&visit, i, 5);
			ddl->application = mig_text_field(&visit, i, 6);
			ddl->tag = mig_text_field(&visit, i, 7);
			ddl->statement = mig_text_field(&visit, i, 8);
		}
		identity = mig_text_field(&visit, i, 9);
		was = mig_text_field(&visit, i, 10);
		type = mig_text_field(&visit, i, 11);
		MemoryContextSwitchTo(visit.caller);
		identity = settle_identity(identity, type);
		was = settle_identity(was, type);
		note_changed(changed, identity, ddl);
		note_changed(changed, was, ddl);
		note_changed(changed, view_of_column(type, identity), ddl);
	}
	mig_leave(&visit);
	return changed;
}

/* Is a name in a statement, in whatever case? */
static bool
mentions(const char *statement, const char *name)
{
	Size		len = strlen(name);
	const char *p;

	for (p = statement; len > 0 && *p; p++)
	{
		if (pg_strncasecmp(p, name, len) == 0 && !is_word(p[len]) &&
			(p == statement || !is_word(p[-1])))
			return true;
	}
	return false;
}

/*
 * The last command on an object, of those that have a name in them if any do;
 * or of these only.
 */
static const Ddl *
last_ddl(HTAB *changed, const char *identity, Aspect aspect, const char *name, bool named)
{
	const Changed *found = identity ? hash_search(changed, &identity, HASH_FIND, NULL) : NULL;
	const List *commands = found ? found->commands[aspect] : NIL;
	int			i;

	if (commands == NIL)
		return NULL;
	for (i = list_length(commands) - 1; name && i >= Max(0, list_length(commands) - LOOKED_AT); i--)
	{
		const Ddl  *ddl = list_nth(commands, i);

		if (ddl->statement != NULL && mentions(ddl->statement, name))
			return ddl;
	}
	return named ? NULL : llast(commands);
}

/* The definition of an object; NULL: it has none. */
static const char *
definition_of(const MigSnapshot *snapshot, const char *kind, const char *identity,
			  const MigSnapshotRow **row)
{
	MigSnapshotRow key = {.kind = kind,.identity = identity,.component = MIG_DEFINITION};
	int			low = 0;
	int			high = snapshot->nrows;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;
		int			order = mig_snapshot_row_cmp(&snapshot->rows[middle], &key);

		if (order == 0)
		{
			if (row)
				*row = &snapshot->rows[middle];
			return snapshot->rows[middle].definition;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* What it is part of, which its definition may have to tell. */
static const char *
whole_of(const MigSnapshot *snapshot, const MigSnapshotRow *row)
{
	const char *whole = mig_snapshot_whole(row);
	const MigSnapshotRow *definition;

	if (whole != NULL || row->component == MIG_DEFINITION ||
		definition_of(snapshot, row->kind, row->identity, &definition) == NULL)
		return whole;
	return mig_snapshot_whole(definition);
}

/* The last command with a name in it on a parent of a table, or on its. */
static const Ddl *
parents_ddl(HTAB *changed, const MigSnapshot *snapshot, const char *table, Aspect aspect,
			const char *name, int levels)
{
	static const char *const words[] = {" PARTITION OF ", " INHERITS "};
	const char *definition = levels > 0 ? definition_of(snapshot, "table", table, NULL) : NULL;
	const char *p = NULL;
	int			i;

	for (i = 0; i < lengthof(words) && definition != NULL && p == NULL; i++)
	{
		p = strstr(definition, words[i]);
		if (p != NULL)
			p += strlen(words[i]);
	}
	while (p != NULL)
	{
		const char *parent = mig_qualified_name(p);
		const Ddl  *ddl = last_ddl(changed, parent, aspect, name, true);

		if (ddl == NULL)
			ddl = parents_ddl(changed, snapshot, parent, aspect, name, levels - 1);
		if (ddl != NULL)
			return ddl;
		p += strlen(parent);
		p = strncmp(p, ", ", 2) == 0 ? p + 2 : NULL;
	}
	return NULL;
}

/* Of a part of a table: the last command that made it inherit that. */
static const Ddl *
inherited_ddl(HTAB *changed, const MigSnapshot *snapshot, const MigSnapshotRow *row,
			  const char *whole, Aspect aspect)
{
	const char *name = mig_snapshot_part_name(row);
	const char *p = definition_of(snapshot, row->kind, row->identity, NULL);

	/* an index or key of a partition has a name of its own */
	p = p ? strstr(p, " PARTITION OF ") : NULL;
	if (p != NULL)
	{
		MigSnapshotRow parent = {.kind = "column"};
		const Ddl  *ddl;

		parent.identity = mig_qualified_name(p + strlen(" PARTITION OF "));
		ddl = last_ddl(changed, parent.identity, aspect, NULL, false);
		if (ddl != NULL)
			return ddl;
		name = mig_snapshot_part_name(&parent);
	}
	return parents_ddl(changed, snapshot, whole, aspect, name, LEVELS);
}

/*
 * Who changed it: the last command on the object, on what it is part of, or on
 * what that inherits it from.
 */
static const Ddl *
find_ddl(HTAB *changed, const MigDifference *difference, const MigSnapshot *before,
		 const MigSnapshot *now)
{
	const MigSnapshotRow *row = difference->before ? difference->before : difference->after;
	const MigSnapshot *snapshot = difference->after ? now : before;
	const char *whole = difference->part_of ? difference->part_of : whole_of(snapshot, row);
	Aspect		aspect = difference->change == MIG_CHANGED ?
		aspect_of_component(row->component) : ASPECT_REST;
	const char *name = mig_snapshot_part_name(row);
	const Ddl  *ddl = last_ddl(changed, row->identity, aspect, NULL, false);

	if (ddl == NULL)
		ddl = last_ddl(changed, whole, aspect, name, false);
	if (ddl == NULL && aspect != ASPECT_REST)
		ddl = last_ddl(changed, row->identity, ASPECT_REST, NULL, false);
	if (ddl == NULL && aspect != ASPECT_REST)
		ddl = last_ddl(changed, whole, ASPECT_REST, name, false);
	if (ddl == NULL && whole != NULL)
		ddl = inherited_ddl(changed, snapshot, row, whole, aspect);
	return ddl;
}

Datum
migrate_drift(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *returned = (ReturnSetInfo *) fcinfo->resultinfo;
	int			without = mig_without_argument(fcinfo, 0);
	MemoryContext caller;
	MemoryContext context;
	MigReference *reference;
	MigSnapshot *now;
	MigDifference *differences;
	HTAB	   *changed;
	bool		others;
	int			n;
	int			i;

	InitMaterializedSRF(fcinfo, 0);
	context = mig_call_context(&caller);
	reference = mig_reference_and_now(without, true, &now, &others);
	if (reference->version == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("there is nothing yet to compare this database with"),
				 errhint("The first run leaves a snapshot, if migrate.drift is not off, and so do migrate_baseline(), migrate_adopt() and migrate_accept_drift().")));
	differences = mig_reference_compare(reference, now, &n);
	changed = read_ddl(reference);
	for (i = 0; i < n; i++)
	{
		const MigDifference *difference = &differences[i];
		const Ddl  *ddl = find_ddl(changed, difference, reference->rows, now);
		Datum		values[14] = {0};
		bool		nulls[14] = {false};

		CHECK_FOR_INTERRUPTS();
		mig_difference_values(difference, values, nulls);
		if (ddl != NULL)
			values[7] = TimestampTzGetDatum(ddl->seen);
		nulls[7] = ddl == NULL;
		values[8] = mig_text_datum(ddl ? ddl->session_role : NULL, &nulls[8]);
		values[9] = mig_text_datum(ddl ? ddl->acting_role : NULL, &nulls[9]);
		values[10] = mig_text_datum(ddl ? ddl->client_addr : NULL, &nulls[10]);
		values[11] = mig_text_datum(ddl ? ddl->application : NULL, &nulls[11]);
		values[12] = mig_text_datum(ddl ? ddl->tag : NULL, &nulls[12]);
		values[13] = mig_text_datum(ddl ? ddl->statement : NULL, &nulls[13]);
		tuplestore_putvalues(returned->setResult, returned->setDesc, values, nulls);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return (Datum) 0;
}

Datum
migrate_drift_since(PG_FUNCTION_ARGS)
{
	MemoryContext caller;
	MemoryContext context = mig_call_context(&caller);
	MigReference *reference = mig_reference_read();
	TimestampTz since = reference ? reference->since : 0;
	bool		none = reference == NULL;

	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	if (none)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(since);
}

Datum
migrate_accept_drift(PG_FUNCTION_ARGS)
{
	MemoryContext caller;
	MemoryContext context = mig_call_context(&caller);
	char	   *reason = mig_reason_argument(fcinfo, 0);
	StringInfoData list;
	MigChain	chain = {0};
	MigEvent	event;
	int			n;

	mig_refuse_unless_ready("migrate_accept_drift");
	mig_lock_for_change(mig_project);
	chain.project = mig_project;
	mig_event_init(&event, mig_project, "accept drift");
	event.key = (bytea *) cstring_to_text("");
	event.version = event.name = "";
	event.reason = reason;
	event.started = GetCurrentTimestamp();
	initStringInfo(&list);
	n = mig_reference_replace(mig_project, "accept", LOGGED, &list);
	event.detail = list.len > 0 ? list.data : NULL;
	event.finished = GetCurrentTimestamp();
	event.duration_us = event.finished - event.started;
	mig_chain_append(&chain, &event);
	mig_chain_close(&chain);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	PG_RETURN_INT32(n);
}
