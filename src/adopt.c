/*-------------------------------------------------------------------------
 *
 * adopt.c
 *	  Takes over what another tool has applied: migrate_adopt().
 *
 * Matches the rows of a tool's history with the registered migrations, holds
 * the tool's checksums against their texts, and records them as applied.
 *
 * All of it is in the caller's transaction: the run lock, the tool's own lock
 * and one on its table are taken before anything is read, and held to its end.
 * A dry run takes none of them and writes nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "adopt.h"
#include "drift.h"

#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(migrate_adopt);

/*
 * Which history?
 */

static char *
describe(const MigHistory *history)
{
	StringInfoData text;
	ListCell   *lc;

	initStringInfo(&text);
	appendStringInfo(&text, "%s (", mig_history_name(history));
	foreach(lc, history->tools)
		appendStringInfo(&text, "%s%s", lc == list_head(history->tools) ? "" : " or ",
						 ((const MigTool *) lfirst(lc))->name);
	appendStringInfoChar(&text, ')');
	return text.data;
}

static char *
describe_all(List *histories)
{
	StringInfoData text;
	ListCell   *lc;
	int			n = 0;

	initStringInfo(&text);
	foreach(lc, histories)
	{
		if (n == MIG_LISTED)
		{
			appendStringInfo(&text, " and %d more", list_length(histories) - n);
			break;
		}
		appendStringInfo(&text, "%s%s", n++ > 0 ? ", " : "", describe((MigHistory *) lfirst(lc)));
	}
	return text.data;
}

/* Several tools make tables of one shape: the registered files may tell. */
static void
choose_tool(MigHistory *history)
{
	char	   *version;
	char	   *format;
	ListCell   *lc;

	if (list_length(history->tools) == 1)
		return;
	format = mig_catalog_last_format(mig_project, &version);
	foreach(lc, history->tools)
	{
		const MigTool *tool = (const MigTool *) lfirst(lc);

		if (format != NULL && tool->format != NULL && strcmp(tool->format, format) == 0)
		{
			history->tools = list_make1((void *) tool);
			return;
		}
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s may be the history of several tools", mig_history_name(history)),
			 errdetail("Their tables have the same columns: %s.", describe(history)),
			 errhint("Pass tool => '%s', or whichever it is.",
					 ((const MigTool *) linitial(history->tools))->name)));
}

static MigHistory *
choose_history(Oid source, const MigTool *tool)
{
	MigHistory *history;
	List	   *found;

	if (OidIsValid(source))
		history = mig_history_of(source, tool);
	else
	{
		found = mig_history_find(tool);
		if (found == NIL)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_TABLE),
					 tool ? errmsg("no history of %s was found in this database", tool->title) :
					 errmsg("no history of another tool was found in this database"),
					 errdetail("Tables that you may not read are not looked at. The tools are %s.",
							   mig_tool_names()),
					 errhint("Pass its table as source if it has another name than usual.")));
		if (list_length(found) > 1)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("several histories of other tools were found in this database"),
					 errdetail("They are %s.", describe_all(found)),
					 errhint("Pass the one to adopt as source.")));
		history = linitial(found);
	}
	choose_tool(history);
	return history;
}

static const MigTool *
tool_argument(char *name, char **project)
{
	const MigTool *tool;
	char	   *colon;

	*project = NULL;
	if (name == NULL)
		return NULL;
	colon = strchr(name, ':');
	if (colon != NULL && strncmp(name, "sqitch:", 7) == 0)
	{
		*colon = '\0';
		*project = colon + 1;
	}
	tool = mig_tool_find(name);
	if (tool == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown tool \"%s\"", name),
				 errhint("The tools are %s.", mig_tool_names())));
	return tool;
}

/*
 * Outcome.
 */

/* What a stranger's table holds need not fit into a message. */
static char *
clipped(const char *text)
{
	return pnstrdup(text, pg_mbcliplen(text, strlen(text), 300));
}

static void
add_problem(StringInfo list, int *n, const char *label, const char *problem)
{
	if ((*n)++ < MIG_LISTED)
		appendStringInfo(list, "%s%s: %s", list->len > 0 ? "; " : "", clipped(label),
						 clipped(problem));
}

static char *
stray_label(const MigToolRow *row)
{
	char	   *version;
	char	   *name;

	mig_row_name(row, &version, &name);
	return strcmp(version, name) == 0 ? version : mig_label(version, name);
}

/* Refuse what cannot be adopted as it is. */
static void
refuse_problems(const MigAdoption *adoption)
{
	StringInfoData list;
	const char *title = adoption->tool->title;
	bool		fatal = false;
	int			n = 0;
	int			i;
	ListCell   *lc;

	initStringInfo(&list);
	foreach(lc, adoption->strays)
	{
		const MigStray *stray = (const MigStray *) lfirst(lc);

		if (stray->fatal)
		{
			fatal = true;
			add_problem(&list, &n, stray_label(stray->row), stray->problem);
		}
	}
	for (i = 0; i < adoption->nitems && !adoption->lenient; i++)
	{
		const MigClaim *item = &adoption->items[i];

		if (item->problem != NULL)
			add_problem(&list, &n, mig_label(item->entry->version, item->entry->name),
						item->problem);
	}
	foreach(lc, adoption->strays)
	{
		const MigStray *stray = (const MigStray *) lfirst(lc);

		if (!stray->fatal && !adoption->lenient)
			add_problem(&list, &n, stray_label(stray->row), stray->problem);
	}
	if (n == 0)
		return;
	if (n > MIG_LISTED)
		appendStringInfo(&list, "; and %d more", n - MIG_LISTED);
	if (fatal)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_HISTORY),
				 errmsg("the history %s of %s has a migration that failed",
						mig_history_name(adoption->history), title),
				 errdetail("%s.", list.data),
				 errhint("Nothing was adopted. %s",
						 adoption->tool->remedy ? adoption->tool->remedy :
						 "Finish or undo it by the tool's own means.")));
	ereport(ERROR,
			(errcode(ERRCODE_MIG_BAD_HISTORY),
			 errmsg("the history %s of %s does not fit what is registered",
					mig_history_name(adoption->history), title),
			 errdetail("%s.", list.data),
			 errhint("Nothing was adopted. Register what is missing, or the text that ran; migrate_adopt() with dry_run => true shows every migration, and lenient => true takes the registered texts as those that ran.")));
}

static const char *
item_action(const MigAdoption *adoption, const MigClaim *item)
{
	if (mig_done_here(item->entry))
		return "already applied";
	if (item->row == NULL || item->changed)
		return "pending";
	return item->problem && !adoption->lenient ? "refused" : "adopted";
}

static const char *
stray_action(const MigAdoption *adoption, const MigStray *stray)
{
	return stray->entry && adoption->lenient ? "adopted" : "refused";
}

static void
record(const MigAdoption *adoption, MigChain *chain, const MigEntry *entry,
	   const MigToolRow *row, const bytea *checksum, const bytea *fingerprint,
	   bool baseline)
{
	MigEvent	event;

	if (entry->unfinished != '\0')
		(void) mig_journal_delete(adoption->project, entry->key);
	if (entry->applied)
		mig_state_set_rolled_back(adoption->project, entry->key);
	mig_state_set_applied(adoption->project, entry, checksum, fingerprint,
						  baseline ? "baseline" : "adopted", 0,
						  row->dated ? row->at : adoption->now,
						  row->by && row->by[0] ? row->by : adoption->by,
						  baseline ? 0 : row->duration_us);
	mig_event_init(&event, adoption->project, "adopt");
	mig_event_about(&event, entry);
	event.reason = psprintf("from %s (%s)", mig_history_name(adoption->history),
							adoption->tool->title);
	mig_chain_append(chain, &event);
}

/* Record what the history says, in the order of the versions. */
static void
record_all(MigAdoption *adoption)
{
	MigChain	chain = {0};
	bytea	   *nothing = palloc0(VARHDRSZ);
	MemoryContext step = AllocSetContextCreate(CurrentMemoryContext, "migrate adopt step",
											   ALLOCSET_SMALL_SIZES);
	ListCell   *lc;
	int			i;

	SET_VARSIZE(nothing, VARHDRSZ);
	chain.project = adoption->project;
	for (i = 0; i < adoption->nitems; i++)
	{
		MigClaim   *item = &adoption->items[i];
		MemoryContext old;

		CHECK_FOR_INTERRUPTS();
		if (strcmp(item_action(adoption, item), "adopted") != 0)
			continue;
		mig_match_fetch(adoption, item);
		old = MemoryContextSwitchTo(step);
		record(adoption, &chain, item->entry, item->row, item->checksum,
			   item->fingerprint, item->baseline);

		/* a baseline script is its version as well, if there is no other */
		if (item->entry->kind == MIG_KIND_BASELINE &&
			!mig_match_has_version(adoption, item->entry->version))
		{
			MigEntry	version = *item->entry;

			version.key = mig_version_key(MIG_KIND_VERSIONED, version.version);
			version.order = mig_order_of_version(version.order);
			mig_state_set_applied(adoption->project, &version, item->checksum,
								  item->fingerprint, "adopted", 0,
								  item->row->dated ? item->row->at : adoption->now,
								  item->row->by ? item->row->by : adoption->by, 0);
		}
		MemoryContextSwitchTo(old);
		MemoryContextReset(step);
	}
	foreach(lc, adoption->strays)
	{
		const MigStray *stray = (const MigStray *) lfirst(lc);
		MemoryContext old = MemoryContextSwitchTo(step);

		if (strcmp(stray_action(adoption, stray), "adopted") == 0)
			record(adoption, &chain, stray->entry, stray->row, nothing, nothing, false);
		MemoryContextSwitchTo(old);
		MemoryContextReset(step);
	}
	mig_chain_close(&chain);
	mig_state_settle_baselines(adoption->project);
	mig_reference_begin(adoption->project);
	MemoryContextDelete(step);
}

static void
put_row(ReturnSetInfo *returned, const char *version, const char *name,
		const char *action, const char *problem, const MigToolRow *row)
{
	Datum		values[6] = {0};
	bool		nulls[6] = {false};

	nulls[0] = version == NULL;
	nulls[1] = name == NULL;
	nulls[3] = problem == NULL;
	nulls[4] = row == NULL || !row->dated;
	nulls[5] = row == NULL || row->by == NULL || row->by[0] == '\0';
	if (!nulls[0])
		values[0] = CStringGetTextDatum(version);
	if (!nulls[1])
		values[1] = CStringGetTextDatum(name);
	values[2] = CStringGetTextDatum(action);
	if (!nulls[3])
		values[3] = CStringGetTextDatum(problem);
	if (!nulls[4])
		values[4] = TimestampTzGetDatum(row->at);
	if (!nulls[5])
		values[5] = CStringGetTextDatum(row->by);
	tuplestore_putvalues(returned->setResult, returned->setDesc, values, nulls);
}

static void
return_rows(const MigAdoption *adoption, ReturnSetInfo *returned)
{
	ListCell   *lc;
	int			i;

	for (i = 0; i < adoption->nitems; i++)
	{
		const MigClaim *item = &adoption->items[i];

		/* a baseline script that did not run is no step that is left */
		if (item->row == NULL &&
			(item->entry->kind == MIG_KIND_BASELINE || !item->entry->registered))
			continue;
		put_row(returned, item->entry->version, item->entry->name,
				item_action(adoption, item), item->problem, item->row);
	}
	foreach(lc, adoption->strays)
	{
		const MigStray *stray = (const MigStray *) lfirst(lc);
		char	   *version;
		char	   *name;

		mig_row_name(stray->row, &version, &name);
		put_row(returned, version, name, stray_action(adoption, stray), stray->problem,
				stray->row);
	}
}

static bool
flag_argument(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name)));
	return PG_GETARG_BOOL(n);
}

Datum
migrate_adopt(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *returned = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			source = PG_ARGISNULL(0) ? InvalidOid : PG_GETARG_OID(0);
	char	   *tool_name = mig_text_argument(fcinfo, 1, NULL);
	ArrayType  *versions = PG_ARGISNULL(4) ? NULL : PG_GETARG_ARRAYTYPE_P(4);
	MigAdoption adoption = {0};
	char	   *sqitch_project;
	const MigTool *tool;
	MemoryContext context;
	MemoryContext caller;

	adoption.dry = flag_argument(fcinfo, 2, "dry_run");
	adoption.lenient = flag_argument(fcinfo, 3, "lenient");
	if (adoption.dry)
		mig_refuse_nested("migrate_adopt");
	else
		mig_refuse_unless_ready("migrate_adopt");
	InitMaterializedSRF(fcinfo, 0);
	context = AllocSetContextCreate(CurrentMemoryContext, "migrate adopt", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(context);
	tool = tool_argument(tool_name, &sqitch_project);
	adoption.project = pstrdup(mig_project);
	adoption.by = GetUserNameFromId(GetUserId(), false);
	adoption.now = GetCurrentTimestamp();
	adoption.scratch = AllocSetContextCreate(context, "migrate adopt text", ALLOCSET_DEFAULT_SIZES);

	if (!adoption.dry)
		mig_lock_for_change(adoption.project);
	adoption.history = choose_history(source, tool);
	adoption.tool = linitial(adoption.history->tools);
	if (versions != NULL && !adoption.tool->last_only)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("versions cannot be given for %s", adoption.tool->title),
				 errdetail("Its history says itself what was applied; only those of golang-migrate and Alembic do not.")));
	if (!adoption.dry)
		mig_history_lock(adoption.history);
	mig_match(&adoption, sqitch_project, versions);
	if (!adoption.dry)
	{
		refuse_problems(&adoption);
		record_all(&adoption);
	}
	return_rows(&adoption, returned);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return (Datum) 0;
}
