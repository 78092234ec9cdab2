/*-------------------------------------------------------------------------
 *
 * apply.c
 *	  The SQL functions that look at and change what is applied, in the
 *	  caller's transaction.
 *
 * Each works in a memory context of its own.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "drift.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(migrate_apply);
PG_FUNCTION_INFO_V1(migrate_rollback);
PG_FUNCTION_INFO_V1(migrate_plan_steps);
PG_FUNCTION_INFO_V1(migrate_script);
PG_FUNCTION_INFO_V1(migrate_baseline);
PG_FUNCTION_INFO_V1(migrate_mark);
PG_FUNCTION_INFO_V1(migrate_unmark);
PG_FUNCTION_INFO_V1(migrate_repair);
PG_FUNCTION_INFO_V1(migrate_resolve);

static Datum
text_value(const char *text, bool *isnull)
{
	*isnull = text == NULL;
	return text ? CStringGetTextDatum(text) : (Datum) 0;
}

static Datum
microseconds_interval(int64 us)
{
	Interval   *interval = palloc0(sizeof(Interval));

	interval->time = us;
	return IntervalPGetDatum(interval);
}

static const char *
past_action(MigAction action)
{
	return action == MIG_ROLLBACK ? "rolled back" :
		action == MIG_COVER ? "covered" :
		action == MIG_MARKED ? "marked" :
		action == MIG_SKIPPED ? "skipped" : "applied";
}

static Datum
run_and_return(FunctionCallInfo fcinfo, bool down)
{
	ReturnSetInfo *returned = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext caller;
	MemoryContext context;
	MigResult  *results;
	int			n;
	int			i;

	InitMaterializedSRF(fcinfo, 0);
	context = mig_call_context(&caller);
	results = mig_run(mig_text_argument(fcinfo, 0, NULL), down, &n);
	for (i = 0; i < n; i++)
	{
		MigResult  *result = &results[i];
		Datum		values[5] = {
			CStringGetTextDatum(result->step.entry->version),
			CStringGetTextDatum(result->step.entry->name),
			CStringGetTextDatum(past_action(result->step.action)),
			Int32GetDatum(result->statements),
			microseconds_interval(result->duration_us)
		};
		bool		nulls[5] = {false};

		tuplestore_putvalues(returned->setResult, returned->setDesc, values, nulls);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return (Datum) 0;
}

Datum
migrate_apply(PG_FUNCTION_ARGS)
{
	return run_and_return(fcinfo, false);
}

Datum
migrate_rollback(PG_FUNCTION_ARGS)
{
	return run_and_return(fcinfo, true);
}

static MigPlan *
plan_to(const char *target)
{
	int			n;
	MigEntry   *entries = mig_catalog_load(mig_project, &n);

	return mig_plan_to(entries, n, target, mig_out_of_order);
}

Datum
migrate_plan_steps(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *returned = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext caller;
	MemoryContext context;
	MigPlan    *plan;
	MigRehearsed *rehearsed;
	int			nrehearsed;
	int			i;

	mig_require_plan_right();
	InitMaterializedSRF(fcinfo, 0);
	context = mig_call_context(&caller);
	plan = plan_to(mig_text_argument(fcinfo, 0, NULL));
	rehearsed = mig_state_rehearsed(mig_project, &nrehearsed);
	for (i = 0; i < plan->nsteps; i++)
	{
		const MigStep *step = &plan->steps[i];
		const MigSide *side = mig_step_side(step);
		bool		covered = step->action == MIG_COVER;
		const char *worker = mig_step_worker(step);
		Datum		values[9] = {0};
		bool		nulls[9] = {false};

		values[0] = Int32GetDatum(i + 1);
		values[1] = CStringGetTextDatum(step->entry->version);
		values[2] = CStringGetTextDatum(step->entry->name);
		values[3] = CStringGetTextDatum(covered ? "cover" :
										step->action == MIG_ROLLBACK ? "rollback" : "apply");
		values[4] = text_value(covered ? NULL : worker ? "worker" : "transaction",
							   &nulls[4]);
		values[5] = text_value(covered ? "a baseline script stands for it" :
							   side->broken ? side->broken : worker, &nulls[5]);
		nulls[6] = covered || side->statements < 0;
		values[6] = Int32GetDatum(side->statements);
		values[7] = text_value(side->path, &nulls[7]);
		values[8] = text_value(mig_rehearsed_verdict(rehearsed, nrehearsed, step->entry->key),
							   &nulls[8]);
		tuplestore_putvalues(returned->setResult, returned->setDesc, values, nulls);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return (Datum) 0;
}

/* A text in a comment must not end the comment. */
static void
append_comment(StringInfo buf, const char *text)
{
	for (; *text; text++)
		appendStringInfoChar(buf, *text == '\n' || *text == '\r' ? ' ' : *text);
}

static void
append_bookkeeping(StringInfo buf, const char *schema, const MigStep *step)
{
	appendStringInfo(buf, "SELECT %s.%s(%s, 'run by hand from migrate_script()');\n",
					 schema,
					 step->action == MIG_ROLLBACK ? "migrate_unmark" : "migrate_mark",
					 quote_literal_cstr(step->entry->version));
}

/* Does the script bring its own BEGIN, so that ours would be in the way? */
static bool
has_own_transaction(const MigScript *script)
{
	MigParsed  *parsed = mig_script_parse(script, NULL);

	return parsed->own_transactions;
}

static void
append_step(StringInfo buf, const char *schema, const MigStep *step, int number,
			int nsteps)
{
	const MigSide *side = mig_step_side(step);
	MigStored  *stored = mig_catalog_fetch(mig_project, step->entry->key);
	const MigScript *script;
	bool		alone;

	appendStringInfo(buf, "\n-- [%d/%d] ", number, nsteps);
	append_comment(buf, mig_step_label(step));
	if (side->path)
	{
		appendStringInfoString(buf, ", ");
		append_comment(buf, side->path);
	}
	appendStringInfoChar(buf, '\n');
	if (stored == NULL)
		elog(ERROR, "a planned migration is not registered");
	if (step->action == MIG_COVER)
	{
		append_bookkeeping(buf, schema, step);
		return;
	}

	script = mig_expand_variables(step->action == MIG_ROLLBACK ? &stored->down : &stored->up,
								  NULL);
	if (step->action == MIG_APPLY && stored->check.text)
	{
		appendStringInfo(buf, "-- precondition, else %s: ", stored->check_fail);
		append_comment(buf, stored->check.text);
		appendStringInfoChar(buf, '\n');
	}
	alone = side->worker != NULL || side->broken != NULL || has_own_transaction(script);
	if (!alone)
		appendStringInfoString(buf, "BEGIN;\n");
	appendStringInfoString(buf, script->text);
	/* the text may end in a comment, or without its semicolon */
	appendStringInfoString(buf, "\n;\n");
	append_bookkeeping(buf, schema, step);
	if (!alone)
		appendStringInfoString(buf, "COMMIT;\n");
}

Datum
migrate_script(PG_FUNCTION_ARGS)
{
	MemoryContext caller;
	MemoryContext context;
	MigPlan    *plan;
	StringInfoData buf;
	char	   *schema;
	text	   *result;
	int			i;

	context = mig_call_context(&caller);
	plan = plan_to(mig_text_argument(fcinfo, 0, NULL));
	schema = mig_catalog_schema();
	initStringInfo(&buf);
	appendStringInfoString(&buf, "-- For psql. Stops at the first error; what ran before it is recorded.\n"
						   "\\set ON_ERROR_STOP on\n");
	appendStringInfo(&buf, "SET migrate.project = %s;\n", quote_literal_cstr(mig_project));
	for (i = 0; i < plan->nsteps; i++)
		append_step(&buf, schema, &plan->steps[i], i + 1, plan->nsteps);
	MemoryContextSwitchTo(caller);
	result = cstring_to_text_with_len(buf.data, buf.len);
	MemoryContextDelete(context);
	PG_RETURN_TEXT_P(result);
}

/* One migration for a change of its records; the run lock is held then. */
static MigEntry *
entry_for_change(const char *function, const char *version, MigEntry **entries,
				 int *n)
{
	MigEntry   *entry;

	mig_refuse_unless_ready(function);
	mig_lock_for_change(mig_project);
	*entries = mig_catalog_load(mig_project, n);
	entry = mig_plan_find(*entries, *n, version);
	if (entry == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_UNKNOWN_VERSION),
				 errmsg("version \"%s\" is not registered", version),
				 errhint("Register its file first, or see migrate_status for the versions there are.")));
	return entry;
}

static void
log_change(MigChain *chain, const char *event_name, const MigEntry *entry,
		   const char *reason)
{
	MigEvent	event;

	chain->project = mig_project;
	mig_event_init(&event, mig_project, event_name);
	mig_event_about(&event, entry);
	event.reason = reason;
	mig_chain_append(chain, &event);
}

static void
set_applied(const MigEntry *entry, const char *how)
{
	MigStored  *stored = mig_catalog_fetch(mig_project, entry->key);

	if (stored == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_UNKNOWN_VERSION),
				 errmsg("version \"%s\" is not registered", entry->version)));
	(void) mig_journal_delete(mig_project, entry->key);
	mig_state_set_applied(mig_project, entry, stored->checksum, stored->fingerprint,
						  how, 0, GetCurrentTimestamp(),
						  GetUserNameFromId(GetUserId(), false), 0);
}

/*
 * Register a dump as the baseline script of a version.  Nothing that is
 * applied already may come after it: on a fresh database it would run on top
 * of its own effects.
 */
static void
register_baseline(const char *version, const char *script)
{
	MigSource  *source;
	MigEntry   *entries;
	MigEntry	baseline = {0};
	const MigEntry *same;
	bool		placed = false;
	int			n;
	int			i;

	mig_require_register_right();
	entries = mig_catalog_load(mig_project, &n);
	same = mig_plan_find(entries, n, version);
	if (same != NULL && same->kind == MIG_KIND_REPEATABLE)
		same = NULL;
	baseline.key = mig_version_key(MIG_KIND_BASELINE, version);
	baseline.order = baseline.key;
	if (same != NULL && same->placed)
		baseline.order = same->order;
	for (i = 0; i < n; i++)
	{
		placed = placed || entries[i].placed;
		if (entries[i].kind != MIG_KIND_REPEATABLE && entries[i].applied &&
			mig_version_above(&entries[i], &baseline))
			ereport(ERROR,
					(errcode(ERRCODE_MIG_OUT_OF_ORDER),
					 errmsg("version %s is applied, which comes after %s",
							entries[i].version, version),
					 errdetail("A fresh database would run it again after the baseline."),
					 errhint("Give the baseline the highest version that is applied, or one above.")));
	}
	if (placed && (same == NULL || !same->placed))
		ereport(ERROR,
				(errcode(ERRCODE_MIG_UNKNOWN_VERSION),
				 errmsg("version \"%s\" is not registered", version),
				 errdetail("The order of these migrations is their format's: a version of which nothing is registered has no place in it.")));

	source = mig_baseline_source(version, script ? pstrdup(script) : mig_dump_schema());
	if (same != NULL && same->placed)
		source->place = mig_place_of(same->order);
	for (i = 0; i < n; i++)
	{
		MigStored  *stored;

		if (mig_key_cmp(entries[i].key, baseline.key) != 0 || !entries[i].applied)
			continue;
		stored = mig_catalog_fetch(mig_project, baseline.key);
		if (stored != NULL &&
			mig_key_cmp(stored->fingerprint, mig_fingerprint(&source->up)) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_MIG_APPLIED),
					 errmsg("the baseline of version %s is applied already, with another text",
							entries[i].version),
					 errhint("Give the schema of today a version of its own.")));
		if (stored != NULL)
			return;
	}
	(void) mig_register_source(source);
}

/* Without another migration a baseline script is its version as well. */
static void
set_version_applied(const MigEntry *baseline)
{
	MigEntry	version = *baseline;
	MigStored  *stored = mig_catalog_fetch(mig_project, baseline->key);

	version.key = mig_version_key(MIG_KIND_VERSIONED, baseline->version);
	version.order = mig_order_of_version(baseline->order);
	mig_state_set_applied(mig_project, &version, stored->checksum, stored->fingerprint,
						  "baseline", 0, GetCurrentTimestamp(),
						  GetUserNameFromId(GetUserId(), false), 0);
}

static MigEntry *
find_by_key(MigEntry *entries, int n, const bytea *key)
{
	int			i;

	for (i = 0; i < n; i++)
	{
		if (mig_key_cmp(entries[i].key, key) == 0)
			return &entries[i];
	}
	return NULL;
}

Datum
migrate_baseline(PG_FUNCTION_ARGS)
{
	MemoryContext caller;
	MemoryContext context = mig_call_context(&caller);
	char	   *version = mig_text_argument(fcinfo, 0, "version");
	char	   *script = mig_text_argument(fcinfo, 2, NULL);
	bool		registers = script != NULL || (!PG_ARGISNULL(1) && PG_GETARG_BOOL(1));
	MigEntry   *entries;
	MigEntry   *last;
	MigChain	chain = {0};
	int			n;
	int			i;
	int			marked = 0;

	if (registers)
	{
		mig_refuse_unless_ready("migrate_baseline");
		mig_lock_for_change(mig_project);
		register_baseline(version, script);
		entries = mig_catalog_load(mig_project, &n);
		last = find_by_key(entries, n, mig_version_key(MIG_KIND_BASELINE, version));
		if (last == NULL)
			elog(ERROR, "the baseline is not registered");
	}
	else
		last = entry_for_change("migrate_baseline", version, &entries, &n);
	if (last->kind == MIG_KIND_REPEATABLE)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_UNKNOWN_VERSION),
				 errmsg("\"%s\" is a repeatable migration, not a version", last->version),
				 errhint("Use migrate_mark() for a single migration.")));
	for (i = 0; i < n; i++)
	{
		MigEntry   *entry = &entries[i];

		if (entry->applied && entry->unfinished == '\0')
			continue;
		if (entry != last || !registers)
		{
			if (entry->kind != MIG_KIND_VERSIONED ||
				(registers ? mig_version_above(entry, last) : entry > last))
				continue;
		}
		set_applied(entry, "baseline");
		log_change(&chain, "baseline", entry, NULL);
		marked++;
	}
	if (registers && find_by_key(entries, n, mig_version_key(MIG_KIND_VERSIONED, version)) == NULL)
		set_version_applied(last);
	mig_chain_close(&chain);
	mig_state_settle_baselines(mig_project);
	mig_reference_begin(mig_project);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	PG_RETURN_INT32(marked);
}

Datum
migrate_mark(PG_FUNCTION_ARGS)
{
	MemoryContext caller;
	MemoryContext context = mig_call_context(&caller);
	char	   *reason = mig_reason_argument(fcinfo, 1);
	MigEntry   *entries;
	MigEntry   *entry;
	MigChain	chain = {0};
	int			n;

	entry = entry_for_change("migrate_mark", mig_text_argument(fcinfo, 0, "version"), &entries, &n);
	if (entry->applied && entry->kind != MIG_KIND_REPEATABLE && entry->unfinished == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_MIG_APPLIED),
				 errmsg("migration %s is applied already",
						mig_label(entry->version, entry->name))));
	set_applied(entry, "marked");
	log_change(&chain, "mark", entry, reason);
	mig_chain_close(&chain);
	mig_state_settle_baselines(mig_project);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	PG_RETURN_VOID();
}

Datum
migrate_unmark(PG_FUNCTION_ARGS)
{
	MemoryContext caller;
	MemoryContext context = mig_call_context(&caller);
	char	   *reason = mig_reason_argument(fcinfo, 1);
	MigEntry   *entries;
	MigEntry   *entry;
	MigChain	chain = {0};
	int			n;

	entry = entry_for_change("migrate_unmark", mig_text_argument(fcinfo, 0, "version"), &entries, &n);
	if (!entry->applied && entry->unfinished == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_MIG_NOT_APPLIED),
				 errmsg("migration %s is not applied",
						mig_label(entry->version, entry->name))));
	if (!mig_journal_delete(mig_project, entry->key))
		mig_state_set_rolled_back(mig_project, entry->key);
	log_change(&chain, "unmark", entry, reason);
	mig_chain_close(&chain);
	mig_state_settle_baselines(mig_project);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	PG_RETURN_VOID();
}

Datum
migrate_repair(PG_FUNCTION_ARGS)
{
	MemoryContext caller;
	MemoryContext context = mig_call_context(&caller);
	MigEntry   *entries;
	MigEntry   *entry;
	MigChain	chain = {0};
	const char *action = "unchanged";
	int			n;

	entry = entry_for_change("migrate_repair", mig_text_argument(fcinfo, 0, "version"), &entries, &n);
	if (!entry->applied || entry->unfinished != '\0')
		ereport(ERROR,
				(errcode(ERRCODE_MIG_NOT_APPLIED),
				 errmsg("migration %s is not applied",
						mig_label(entry->version, entry->name)),
				 errhint("What is pending runs as it is registered and needs no repair.")));
	mig_require_text(entry);
	if (!entry->settled || !entry->same_text)
	{
		mig_state_set_repaired(mig_project, entry->key);
		log_change(&chain, "repair", entry, NULL);
		mig_chain_close(&chain);
		action = "repaired";
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	PG_RETURN_TEXT_P(cstring_to_text(action));
}

/* The statement in doubt is done; the script need not be what it was. */
static void
count_as_done(MigJournal *journal)
{
	MigScript	script = {journal->statement, NULL, 1, false};
	MigParsed  *parsed = mig_script_parse(&script, NULL);

	journal->done_hash = mig_statement_hash(journal->done_hash, &parsed->stmts[0]);
	journal->done = journal->begun;
}

Datum
migrate_resolve(PG_FUNCTION_ARGS)
{
	MemoryContext caller;
	MemoryContext context = mig_call_context(&caller);
	char	   *outcome = mig_text_argument(fcinfo, 1, "outcome");
	bool		done = strcmp(outcome, "done") == 0;
	MigEntry   *entries;
	MigEntry   *entry;
	MigJournal	journal;
	MigChain	chain = {0};
	int			n;

	if (!done && strcmp(outcome, "retry") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid outcome \"%s\"", outcome),
				 errhint("It is done, or retry.")));
	entry = entry_for_change("migrate_resolve", mig_text_argument(fcinfo, 0, "version"), &entries, &n);
	if (!mig_journal_read(mig_project, entry->key, &journal) || journal.begun == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no statement of migration %s is in doubt",
						mig_label(entry->version, entry->name)),
				 entry->unfinished != '\0' ?
				 errhint("CALL %s() goes on with it.",
						 entry->unfinished == 'u' ? "migrate_deploy" : "migrate_undo") : 0));
	if (done)
		count_as_done(&journal);
	log_change(&chain, "resolve", entry,
			   psprintf("statement %d: %s", journal.begun, outcome));
	mig_chain_close(&chain);
	mig_journal_settle(&journal);
	mig_journal_write(mig_project, entry->key, &journal, NULL, 0);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	PG_RETURN_VOID();
}
