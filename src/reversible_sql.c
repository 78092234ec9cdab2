/*-------------------------------------------------------------------------
 *
 * reversible_sql.c
 *	  The SQL function that has migrations tried for their way back: returns
 *	  what was found, and has the verdicts kept.
 *
 * What is found outlives the rehearsal's subtransaction in memory; verdicts
 * are written after it, in the caller's transaction.
 *
 *-------------------------------------------------------------------------
 */
#include "reversible.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(migrate_reversible);

typedef struct Request
{
	const char *version;
	List	   *trials;
} Request;

static const char *const verdict_names[] = {
	[MIG_REVERSIBLE] = "reversible",
	[MIG_UNTESTED] = "untested",
	[MIG_LOSSY] = "lossy",
	[MIG_IRREVERSIBLE] = "irreversible"
};

static void
body(MigDryRun *dry, void *arg)
{
	Request    *request = (Request *) arg;

	request->trials = mig_reversible_try(dry, request->version);
}

static Datum
text_value(const char *text, bool *isnull)
{
	*isnull = text == NULL;
	return text ? CStringGetTextDatum(text) : (Datum) 0;
}

static void
put_row(ReturnSetInfo *returned, const MigTrial *trial, const MigFinding *finding)
{
	static const MigFinding nothing = {.lost = -1};
	Datum		values[15];
	bool		nulls[15] = {false};

	if (finding == NULL)
		finding = &nothing;
	values[0] = CStringGetTextDatum(trial->version);
	values[1] = CStringGetTextDatum(trial->name);
	values[2] = CStringGetTextDatum(verdict_names[trial->verdict]);
	values[3] = text_value(finding->problem, &nulls[3]);
	values[4] = text_value(finding->kind, &nulls[4]);
	values[5] = text_value(finding->identity, &nulls[5]);
	values[6] = text_value(finding->component, &nulls[6]);
	values[7] = text_value(finding->change, &nulls[7]);
	values[8] = text_value(finding->expected, &nulls[8]);
	values[9] = text_value(finding->actual, &nulls[9]);
	values[10] = Int64GetDatum(finding->lost);
	nulls[10] = finding->lost < 0;
	values[11] = text_value(finding->script, &nulls[11]);
	values[12] = Int32GetDatum(finding->statement);
	nulls[12] = finding->statement == 0;
	values[13] = Int32GetDatum(finding->line);
	nulls[13] = finding->line == 0;
	values[14] = text_value(finding->sqlstate, &nulls[14]);
	tuplestore_putvalues(returned->setResult, returned->setDesc, values, nulls);
}

Datum
migrate_reversible(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *returned = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext caller;
	MemoryContext context;
	MemoryContext row_context;
	MigDryRun	dry = {0};
	Request		request = {0};
	ListCell   *lc;
	ListCell   *lc2;

	InitMaterializedSRF(fcinfo, 0);
	context = mig_call_context(&caller);
	row_context = AllocSetContextCreate(context, "migrate reversible row",
										ALLOCSET_DEFAULT_SIZES);
	dry.depth = MIG_DEPTH_EXECUTE;
	request.version = mig_text_argument(fcinfo, 0, NULL);
	mig_rehearsal(&dry, "migrate_reversible", body, &request);
	foreach(lc, request.trials)
	{
		MigTrial   *trial = (MigTrial *) lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(row_context);
		if (trial->findings == NIL)
			put_row(returned, trial, NULL);
		foreach(lc2, trial->findings)
			put_row(returned, trial, (MigFinding *) lfirst(lc2));
		if (trial->tried)
			mig_state_set_rehearsed(mig_project, trial->key, trial->version, trial->name,
									trial->up, trial->down, verdict_names[trial->verdict],
									list_length(trial->findings));
		MemoryContextSwitchTo(context);
		MemoryContextReset(row_context);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return (Datum) 0;
}
