/*-------------------------------------------------------------------------
 *
 * assess_back.c
 *	  How one gets back from a migration: by what its scripts say.
 *
 * The other script is only read, by the names in it: what the way there fills
 * or creates, and what the way back drops.  Its variables get their values in
 * a subtransaction, because they may have none.  Memory is the caller's
 * current context.
 *
 *-------------------------------------------------------------------------
 */
#include "assess.h"

#include "catalog/namespace.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/* What a statement does to a table or column, by name. */
typedef struct Deed
{
	const char *schema;			/* NULL: as it is found */
	const char *table;
	const char *column;			/* NULL: all of the table */
	int			line;
} Deed;

/* What is done to a table or column of a name, in one schema or another. */
typedef struct Named
{
	char	   *name;			/* hash key, quoted */
	List	   *deeds;			/* of Deed *, one for each way to say the
								 * schema */
} Named;

/* What of a script matters for the way back. */
typedef struct Deeds
{
	HTAB	   *makes;			/* of Named */
	HTAB	   *fills;			/* of Named; a table's for its columns too */
	List	   *drops;			/* of Deed * */
	int			statements;
} Deeds;

static bool
same_name(const char *a, const char *b)
{
	return a == NULL || b == NULL || strcmp(a, b) == 0;
}

static Deed *
make_deed(const RangeVar *range, const char *column, int line)
{
	Deed	   *deed = palloc(sizeof(Deed));

	deed->schema = range->schemaname;
	deed->table = range->relname;
	deed->column = column;
	deed->line = line;
	return deed;
}

static char *
key_of(const char *table, const char *column)
{
	return column ? quote_qualified_identifier(table, column) :
		pstrdup(quote_identifier(table));
}

static void
note_deed(HTAB *names, const char *column, Deed *deed)
{
	char	   *key = key_of(deed->table, column);
	bool		found;
	Named	   *named = hash_search(names, &key, HASH_ENTER, &found);
	ListCell   *lc;

	if (!found)
		named->deeds = NIL;
	foreach(lc, named->deeds)
	{
		const Deed *other = (const Deed *) lfirst(lc);

		if (other->schema == deed->schema ||
			(other->schema && deed->schema && strcmp(other->schema, deed->schema) == 0))
			return;
	}
	named->deeds = lappend(named->deeds, deed);
}

/* What is done to what a deed is about, or to a column of it. */
static const Deed *
find_deed(HTAB *names, const Deed *about, const char *column)
{
	char	   *key = key_of(about->table, column);
	Named	   *named = hash_search(names, &key, HASH_FIND, NULL);
	ListCell   *lc;

	if (named == NULL)
		return NULL;
	foreach(lc, named->deeds)
	{
		if (same_name(((const Deed *) lfirst(lc))->schema, about->schema))
			return (const Deed *) lfirst(lc);
	}
	return NULL;
}

static void
note_made(Deeds *deeds, const RangeVar *range, const char *column, int line)
{
	note_deed(deeds->makes, column, make_deed(range, column, line));
}

static void
note_filled(Deeds *deeds, const RangeVar *range, const char *column, int line)
{
	Deed	   *deed = make_deed(range, column, line);

	note_deed(deeds->fills, NULL, deed);
	if (column)
		note_deed(deeds->fills, column, deed);
}

static void
note_dropped(Deeds *deeds, const RangeVar *range, const char *column, int line)
{
	deeds->drops = lappend(deeds->drops, make_deed(range, column, line));
}

static void
begin_deeds(Deeds *deeds)
{
	deeds->makes = mig_string_table("migrate names", sizeof(Named), 16);
	deeds->fills = mig_string_table("migrate names", sizeof(Named), 16);
	deeds->drops = NIL;
	deeds->statements = 0;
}

static void
read_alter(Deeds *deeds, const AlterTableStmt *alter, int line)
{
	ListCell   *lc;

	foreach(lc, alter->cmds)
	{
		const AlterTableCmd *cmd = (const AlterTableCmd *) lfirst(lc);

		if (cmd->subtype == AT_AddColumn)
			note_made(deeds, alter->relation, ((const ColumnDef *) cmd->def)->colname, line);
		else if (cmd->subtype == AT_DropColumn)
			note_dropped(deeds, alter->relation, cmd->name, line);
	}
}

static void
read_drop(Deeds *deeds, const DropStmt *drop, int line)
{
	ListCell   *lc;

	if (drop->removeType != OBJECT_TABLE)
		return;
	foreach(lc, drop->objects)
	{
		List	   *names = (List *) lfirst(lc);

		/* that many would be an error there */
		if (list_length(names) <= 3)
			note_dropped(deeds, makeRangeVarFromNameList(names), NULL, line);
	}
}

static void
read_statement(Deeds *deeds, const MigStatement *stmt)
{
	Node	   *node = stmt->raw->stmt;
	ListCell   *lc;

	switch (nodeTag(node))
	{
		case T_CreateStmt:
			note_made(deeds, ((CreateStmt *) node)->relation, NULL, stmt->line);
			break;
		case T_CreateTableAsStmt:
			if (((CreateTableAsStmt *) node)->objtype != OBJECT_TABLE)
				break;
			note_made(deeds, ((CreateTableAsStmt *) node)->into->rel, NULL, stmt->line);
			if (!((CreateTableAsStmt *) node)->into->skipData)
				note_filled(deeds, ((CreateTableAsStmt *) node)->into->rel, NULL, stmt->line);
			break;
		case T_InsertStmt:
			note_filled(deeds, ((InsertStmt *) node)->relation, NULL, stmt->line);
			break;
		case T_MergeStmt:
			note_filled(deeds, ((MergeStmt *) node)->relation, NULL, stmt->line);
			break;
		case T_CopyStmt:
			if (((CopyStmt *) node)->is_from && ((CopyStmt *) node)->relation)
				note_filled(deeds, ((CopyStmt *) node)->relation, NULL, stmt->line);
			break;
		case T_UpdateStmt:
			foreach(lc, ((UpdateStmt *) node)->targetList)
				note_filled(deeds, ((UpdateStmt *) node)->relation,
							((ResTarget *) lfirst(lc))->name, stmt->line);
			break;
		case T_AlterTableStmt:
			if (((AlterTableStmt *) node)->objtype == OBJECT_TABLE)
				read_alter(deeds, (AlterTableStmt *) node, stmt->line);
			break;
		case T_DropStmt:
			read_drop(deeds, (DropStmt *) node, stmt->line);
			break;
		case T_TruncateStmt:
			foreach(lc, ((TruncateStmt *) node)->relations)
				note_dropped(deeds, (RangeVar *) lfirst(lc), NULL, stmt->line);
			break;
		case T_DeleteStmt:
			if (((DeleteStmt *) node)->whereClause == NULL)
				note_dropped(deeds, ((DeleteStmt *) node)->relation, NULL, stmt->line);
			break;
		default:
			break;
	}
	deeds->statements++;
}

static void
read_parsed(Deeds *deeds, const MigParsed *parsed)
{
	int			i;

	for (i = 0; i < parsed->nstmts; i++)
	{
		CHECK_FOR_INTERRUPTS();
		read_statement(deeds, &parsed->stmts[i]);
	}
}

static void
read_linted(Deeds *deeds, const MigLintedScript *linted)
{
	int			i;

	for (i = 0; i < linted->nstatements; i++)
	{
		CHECK_FOR_INTERRUPTS();
		read_statement(deeds, linted->statements[i].stmt);
	}
}

/* A script to be parsed, and what became of it. */
typedef struct ParseCall
{
	const MigScript *script;
	MigParsed  *parsed;
} ParseCall;

static void
parse(void *arg)
{
	ParseCall  *call = (ParseCall *) arg;

	call->parsed = mig_script_parse(mig_expand_variables(call->script, NULL), NULL);
}

static char *
deed_name(const Deed *deed)
{
	StringInfoData buf;

	initStringInfo(&buf);
	if (deed->schema)
		appendStringInfo(&buf, "%s.", quote_identifier(deed->schema));
	appendStringInfoString(&buf, quote_identifier(deed->table));
	if (deed->column)
		appendStringInfo(&buf, ".%s", quote_identifier(deed->column));
	return buf.data;
}

static void
answer(MigVerdictRow *row, MigWayBack back, char *why)
{
	row->back = back;
	row->back_why = why;
}

/* The first reason for which data is lost, or NULL. */
static const char *
loss(const MigVerdictRow *row)
{
	ListCell   *lc;

	foreach(lc, row->reasons[MIG_AXIS_DATA])
	{
		const MigReason *reason = (const MigReason *) lfirst(lc);

		if (reason->level == MIG_LEVEL_HIGH)
			return reason->text;
	}
	return NULL;
}

/* What the way back costs, both scripts being known. */
static void
compare(MigVerdictRow *row, const Deeds *there, const Deeds *back, const char *proof)
{
	const char *lost = loss(row);
	const Deed *dropped = NULL;
	ListCell   *lc;

	if (lost)
	{
		answer(row, MIG_BACK_LOSSY,
			   psprintf("the down script cannot bring back what the up script loses: %s", lost));
		return;
	}
	foreach(lc, back->drops)
	{
		const Deed *drop = (const Deed *) lfirst(lc);
		const Deed *filled = find_deed(there->fills, drop, drop->column);

		if (filled)
		{
			answer(row, MIG_BACK_LOSSY,
				   psprintf("the down script drops %s in line %d, which the up script fills in line %d",
							deed_name(drop), drop->line, filled->line));
			return;
		}
		if (find_deed(there->makes, drop, drop->column) == NULL &&
			find_deed(there->makes, drop, NULL) == NULL)
		{
			answer(row, MIG_BACK_LOSSY,
				   psprintf("the down script drops %s in line %d, which the up script does not create",
							deed_name(drop), drop->line));
			return;
		}
		dropped = drop;
	}
	answer(row, MIG_BACK_EASY,
		   dropped ? psprintf("by the down script, which drops %s and what has been written there until then; %s",
							  deed_name(dropped), proof) :
		   psprintf("by the down script; %s", proof));
}

static void
back_from_rollback(MigVerdictRow *row)
{
	const char *lost = loss(row);

	if (!row->step->entry->registered || !row->step->entry->up.exists)
		answer(row, MIG_BACK_IMPOSSIBLE, "its up script is not registered");
	else if (lost)
		answer(row, MIG_BACK_LOSSY,
			   psprintf("applying it again cannot bring back what the down script loses: %s", lost));
	else
		answer(row, MIG_BACK_EASY, "by applying it again");
}

/*
 * mig_assess_back
 *		Judge the way back from a step; its levels are judged already.
 *
 * rolled_back: when this text was last rolled back, 0 if it never was.
 */
void
mig_assess_back(MigVerdictRow *row, TimestampTz rolled_back)
{
	const MigEntry *entry = row->step->entry;
	const char *lost = loss(row);
	const char *unhelped = lost ? psprintf("; and it loses data: %s", lost) : "";

	if (row->linted == NULL)
		answer(row, MIG_BACK_NOT_NEEDED, "it runs nothing");
	else if (row->step->action == MIG_ROLLBACK)
		back_from_rollback(row);
	else if (row->linted->broken)
		answer(row, MIG_BACK_NOT_NEEDED, "it cannot run");
	else if (row->level[MIG_AXIS_DATA] == MIG_LEVEL_NONE)
		answer(row, MIG_BACK_NOT_NEEDED, "it changes nothing that stays");
	else if (!entry->down.exists && entry->kind == MIG_KIND_REPEATABLE && lost == NULL)
		answer(row, MIG_BACK_EASY, "by registering its former text and applying that");
	else if (!entry->down.exists)
		answer(row, MIG_BACK_IMPOSSIBLE, psprintf("it has no down script%s", unhelped));
	else if (entry->down.broken)
		answer(row, MIG_BACK_IMPOSSIBLE,
			   psprintf("its down script cannot run: %s%s", entry->down.broken, unhelped));
	else
	{
		ErrorData  *error = NULL;
		MigStored  *stored = mig_catalog_fetch(mig_project, entry->key);
		ParseCall	call = {0};
		Deeds		there;
		Deeds		back;

		if (stored && stored->down.text)
		{
			call.script = &stored->down;
			(void) mig_try(parse, &call, &error);
		}
		if (call.parsed == NULL)
		{
			answer(row, MIG_BACK_IMPOSSIBLE,
				   psprintf("its down script cannot run: %s%s",
							error ? error->message : "it is gone", unhelped));
			return;
		}
		begin_deeds(&there);
		begin_deeds(&back);
		read_linted(&there, row->linted);
		read_parsed(&back, call.parsed);
		if (back.statements == 0)
			answer(row, MIG_BACK_IMPOSSIBLE, psprintf("its down script is empty%s", unhelped));
		else
			compare(row, &there, &back,
					rolled_back ? psprintf("it was last rolled back so at %s",
										   timestamptz_to_str(rolled_back)) :
					"that it works is not proven here");
	}
}

/*
 * mig_assess_back_again
 *		What was an easy way back is not one if a dry run has shown a loss.
 */
void
mig_assess_back_again(MigVerdictRow *row)
{
	const char *lost = loss(row);

	if (lost && row->back == MIG_BACK_EASY)
		answer(row, MIG_BACK_LOSSY,
			   psprintf("%s cannot bring back what is lost: %s",
						row->step->action == MIG_ROLLBACK ? "applying it again" : "the down script", lost));
}
