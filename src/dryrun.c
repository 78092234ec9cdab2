/*-------------------------------------------------------------------------
 *
 * dryrun.c
 *	  The dry run: a plan, or a text that is no migration, is rehearsed, and
 *	  what was recorded is returned.
 *
 * Expects READ COMMITTED, as a run does.
 *
 *-------------------------------------------------------------------------
 */
#include "dryrun.h"
#include "compat.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(migrate_dry_run);
PG_FUNCTION_INFO_V1(migrate_dry_run_sql);
PG_FUNCTION_INFO_V1(migrate_dry_run_json);
PG_FUNCTION_INFO_V1(migrate_dry_run_sql_json);

static MigDepth
depth_argument(FunctionCallInfo fcinfo, int n)
{
	char	   *depth = mig_text_argument(fcinfo, n, "depth");

	if (strcmp(depth, "lint") == 0)
		return MIG_DEPTH_LINT;
	if (strcmp(depth, "probe") == 0)
		return MIG_DEPTH_PROBE;
	if (strcmp(depth, "execute") == 0)
		return MIG_DEPTH_EXECUTE;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown depth \"%s\"", depth),
			 errhint("Depths are lint, probe and execute.")));
	return MIG_DEPTH_EXECUTE;
}

static void
rehearse_step(MigDryRun *dry)
{
	MigRun	   *run = &dry->run;
	const MigStep *step = &run->plan->steps[run->step];
	MigResult  *result = &run->results[run->step];
	MigStored  *stored;
	MigJournal	journal;
	bool		resumed;
	Oid			user;
	int			security;
	int			nest;
	bool		due;

	mig_step_begin(run);
	dry->transaction++;
	stored = mig_catalog_fetch(run->project, step->entry->key);
	if (stored == NULL)
		elog(ERROR, "migration %s is gone", run->execution.label);
	resumed = step->entry->unfinished == (run->down ? 'd' : 'u') &&
		mig_journal_read(run->project, step->entry->key, &journal);
	mig_recorder_sync(dry->recorder, false);

	due = resumed || mig_rehearse_is_due(dry, stored);
	if (run->step == 0)
		mig_rehearse_hooks(dry, MIG_HOOK_BEFORE_RUN, mig_run_payload(run, 0, NULL));
	if (due)
	{
		GetUserIdAndSecContext(&user, &security);
		nest = NewGUCNestLevel();
		dry->journal = resumed ? &journal : NULL;
		result->statements = mig_rehearse_script(dry, run->down ? "down" : "up",
												 run->down ? &stored->down : &stored->up);
		dry->journal = NULL;
		if (!run->down)
			mig_rehearse_verify(dry, stored);
		AtEOXact_GUC(false, nest);
		SetUserIdAndSecContext(user, security);
	}
	mig_rehearse_record(dry, stored);
	mig_rehearse_hooks(dry, MIG_HOOK_AFTER_EACH, mig_step_payload(run, result));
	if (run->step == run->plan->nsteps - 1)
		mig_rehearse_hooks(dry, MIG_HOOK_AFTER_RUN, mig_step_payload(run, result));
}

static void
rehearse(MigDryRun *dry)
{
	MigRun	   *run = &dry->run;
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "migrate dry run step",
												  ALLOCSET_DEFAULT_SIZES);

	run->execution.progress = "dry run";
	mig_rehearsal_begin(dry);

	MemoryContextSwitchTo(context);
	if (dry->text != NULL)
	{
		MigScript	script = {0};

		script.text = (char *) dry->text;
		script.line = 1;
		run->execution.label = "dry run";
		dry->transaction = 1;
		(void) mig_rehearse_script(dry, "text", &script);
	}
	else
	{
		for (run->step = 0; run->step < run->plan->nsteps; run->step++)
		{
			rehearse_step(dry);
			MemoryContextSwitchTo(context);
			MemoryContextReset(context);
		}
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

static void
make_plan(MigDryRun *dry, const char *target)
{
	MigRun	   *run = &dry->run;
	int			n;
	MigEntry   *entries;
	MigPlan    *plan;

	mig_lock_for_change(run->project);
	entries = mig_catalog_load(run->project, &n);
	plan = mig_plan_to(entries, n, target, mig_out_of_order);
	run->plan = plan;
	run->down = plan->down;
	mig_run_report_skipped(run);
	run->hooks = mig_catalog_hooks(run->project);
	run->results = palloc0(sizeof(MigResult) * Max(plan->nsteps, 1));
	mig_run_refuse_untrusted(run);
}

static void
collect_relations(MigDryRun *dry)
{
	HASH_SEQ_STATUS status;
	MigSeenRel *rel;

	hash_seq_init(&status, dry->recorder->rels);
	while ((rel = hash_seq_search(&status)) != NULL)
	{
		if (rel->known && !rel->hidden && rel->modes != 0)
			dry->relations = lappend(dry->relations, rel);
	}
}

/* What is done and taken back. */
static void
body(MigDryRun *dry, void *arg)
{
	if (dry->text == NULL)
		make_plan(dry, (const char *) arg);
	if (dry->text != NULL || dry->run.plan->nsteps > 0)
		rehearse(dry);
}

static void
dry_run(MigDryRun *dry, const char *function, const char *target)
{
	dry->context = CurrentMemoryContext;
	if (dry->depth == MIG_DEPTH_LINT)
	{
		dry->run.project = pstrdup(mig_project);
		dry->run.rehearsed = true;
		mig_dry_predict(dry, target);
		return;
	}
	mig_rehearsal(dry, function, body, (void *) target);
	if (dry->recorder != NULL)
		collect_relations(dry);
}

static Datum
return_rows(FunctionCallInfo fcinfo, const char *function, bool is_text)
{
	MemoryContext caller;
	MemoryContext context;
	MigDryRun	dry = {0};

	InitMaterializedSRF(fcinfo, 0);
	context = mig_call_context(&caller);
	dry.depth = depth_argument(fcinfo, 1);
	if (is_text)
		dry.text = mig_text_argument(fcinfo, 0, "the text");
	dry_run(&dry, function, is_text ? NULL : mig_text_argument(fcinfo, 0, NULL));
	mig_dry_put_rows(fcinfo, &dry);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return (Datum) 0;
}

static Datum
return_document(FunctionCallInfo fcinfo, const char *function, bool is_text)
{
	MemoryContext caller;
	MemoryContext context = mig_call_context(&caller);
	MigDryRun	dry = {0};
	Datum		document;

	dry.depth = depth_argument(fcinfo, 1);
	if (is_text)
		dry.text = mig_text_argument(fcinfo, 0, "the text");
	dry_run(&dry, function, is_text ? NULL : mig_text_argument(fcinfo, 0, NULL));
	document = mig_dry_document(&dry);
	MemoryContextSwitchTo(caller);
	document = PointerGetDatum(PG_DETOAST_DATUM_COPY(document));
	MemoryContextDelete(context);
	return document;
}

Datum
migrate_dry_run(PG_FUNCTION_ARGS)
{
	return return_rows(fcinfo, "migrate_dry_run", false);
}

Datum
migrate_dry_run_sql(PG_FUNCTION_ARGS)
{
	return return_rows(fcinfo, "migrate_dry_run_sql", true);
}

Datum
migrate_dry_run_json(PG_FUNCTION_ARGS)
{
	return return_document(fcinfo, "migrate_dry_run_json", false);
}

Datum
migrate_dry_run_sql_json(PG_FUNCTION_ARGS)
{
	return return_document(fcinfo, "migrate_dry_run_sql_json", true);
}
