/*-------------------------------------------------------------------------
 *
 * assess.c
 *	  The verdict on a plan, migration by migration: the SQL functions.
 *
 * Lint goes through the plan; each script is judged as it is done with it.
 * Takes no lock on a user's relation and changes nothing, unless a dry run is
 * asked for.
 *
 *-------------------------------------------------------------------------
 */
#include "assess.h"

#include <math.h>

#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(migrate_assess);
PG_FUNCTION_INFO_V1(migrate_plan_risk);

#define REASONS 10				/* of an axis that are given */

/* A plan under judgement. */
typedef struct Assessment
{
	MigPlan    *plan;
	MigVerdictRow *rows;		/* of its steps */
	int			next;			/* step that is not judged yet */
	bool		levels_only;
	List	   *measured;		/* of MigMeasured *, in the plan's order */
	ListCell   *next_measured;
	MigRolledBack *rolled_back;
	int			nrolled_back;
} Assessment;

static const char *const ways_back[] = {"none needed", "easy", "lossy", "impossible"};

/* When this text was last rolled back, 0 if it never was. */
static TimestampTz
last_rolled_back(const Assessment *all, const MigEntry *entry)
{
	int			low = 0;
	int			high = all->nrolled_back;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (mig_key_cmp(all->rolled_back[middle].key, entry->key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < all->nrolled_back; low++)
	{
		const MigRolledBack *one = &all->rolled_back[low];

		if (mig_key_cmp(one->key, entry->key) != 0)
			break;
		if (entry->checksum && mig_key_cmp(one->checksum, entry->checksum) == 0)
			return one->at;
	}
	return 0;
}

static const char *
first_reason(const MigVerdictRow *row, MigAxis axis, MigLevel level)
{
	ListCell   *lc;

	foreach(lc, row->reasons[axis])
	{
		const MigReason *reason = (const MigReason *) lfirst(lc);

		if (reason->level == level)
			return reason->text;
	}
	return NULL;
}

/* Is a restore point or a backup advised, and why? */
static char *
advice(const MigVerdictRow *row)
{
	const char *lost = first_reason(row, MIG_AXIS_DATA, MIG_LEVEL_HIGH);
	bool		archiving = XLogArchivingActive();
	char	   *why;

	if (lost)
		return psprintf("Back up first what no script can bring back: %s. %s", lost,
						archiving ? "Set migrate.restore_point too, so that its moment can be found in point-in-time recovery." :
						"A restore point would be of no use, since this server archives no WAL.");
	if (row->level[MIG_AXIS_DATA] < MIG_LEVEL_MEDIUM)
		return NULL;
	if (row->back == MIG_BACK_IMPOSSIBLE)
		why = psprintf("there is no way back by script (%s)", row->back_why);
	else if (row->back == MIG_BACK_LOSSY)
		why = psprintf("the way back loses data (%s)", row->back_why);
	else
		return NULL;
	if (archiving)
		return psprintf("Set migrate.restore_point, so that its moment can be found in point-in-time recovery: %s.", why);
	return psprintf("Back up first, since this server archives no WAL for a restore point: %s.", why);
}

/* What the dry run has measured of a step; steps come in the plan's order. */
static List *
measured_of(Assessment *all, int step)
{
	List	   *result = NIL;

	for (; all->next_measured; all->next_measured = lnext(all->measured, all->next_measured))
	{
		MigMeasured *one = (MigMeasured *) lfirst(all->next_measured);

		if (one->step > step)
			break;
		if (one->step == step)
		{
			if (strcmp(one->version, all->plan->steps[step - 1].entry->version) != 0)
				ereport(ERROR,
						(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
						 errmsg("the plan has changed at this moment"),
						 errhint("Call again.")));
			result = lappend(result, one);
		}
	}
	return result;
}

/* Scripts come in the plan's order; steps that run none are between them. */
static void
judge_script(const MigLintedScript *script, void *arg)
{
	Assessment *all = (Assessment *) arg;

	for (; all->next < all->plan->nsteps; all->next++)
	{
		MigVerdictRow *row = &all->rows[all->next];

		if (row->step->entry != script->entry)
			continue;
		row->linted = script;
		mig_assess_levels(row);
		if (!all->levels_only)
		{
			mig_assess_work(row);
			mig_assess_back(row, last_rolled_back(all, row->step->entry));
		}
		row->linted = NULL;
		all->next++;
		return;
	}
}

/*
 * Judge a plan, in the current memory context.  A dry run comes last: what it
 * leaves in the files would make everything look larger than it is.
 */
static void
assess(Assessment *all, const char *target, bool dry_run)
{
	int			n;
	MigEntry   *entries = mig_catalog_load(mig_project, &n);
	int			i;

	all->plan = mig_plan_to(entries, n, target, mig_out_of_order);
	all->rows = palloc_extended(sizeof(MigVerdictRow) * (all->plan->nsteps + 1),
								MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	all->next = 0;
	for (i = 0; i < all->plan->nsteps; i++)
		all->rows[i].step = &all->plan->steps[i];
	if (!all->levels_only)
		all->rolled_back = mig_log_rolled_back(mig_project, &all->nrolled_back);
	mig_lint_steps(all->plan, mig_project, judge_script, all);
	if (all->levels_only)
		return;

	if (dry_run)
		all->measured = mig_assess_measure(target);
	all->next_measured = list_head(all->measured);
	for (i = 0; i < all->plan->nsteps; i++)
	{
		MigVerdictRow *row = &all->rows[i];
		List	   *measured = measured_of(all, i + 1);

		mig_assess_measured(row, measured);
		if (row->level[MIG_AXIS_DATA] == MIG_LEVEL_LOW && row->reasons[MIG_AXIS_DATA] == NIL)
			mig_assess_reason(row, MIG_AXIS_DATA, MIG_LEVEL_LOW,
							  "nothing is lost, and what clients use stays");
		mig_assess_duration(row, measured);
		if (row->back_why == NULL)
			mig_assess_back(row, 0);	/* it runs no script */
		mig_assess_back_again(row);
		row->advice = advice(row);
	}
}

/* The worst first, else as they are in the script. */
static int
compare_reasons(const ListCell *a, const ListCell *b)
{
	return (int) ((const MigReason *) lfirst(b))->level - (int) ((const MigReason *) lfirst(a))->level;
}

static Datum
reasons_array(const List *reasons)
{
	List	   *sorted = list_copy(reasons);
	int			n = list_length(sorted);
	Datum		texts[REASONS + 1];
	ListCell   *lc;
	int			used = 0;

	list_sort(sorted, compare_reasons);
	foreach(lc, sorted)
	{
		if (used == REASONS)
		{
			texts[used++] = CStringGetTextDatum(psprintf("and %d more", n - REASONS));
			break;
		}
		texts[used++] = CStringGetTextDatum(((const MigReason *) lfirst(lc))->text);
	}
	return PointerGetDatum(construct_array(texts, used, TEXTOID, -1, false, TYPALIGN_INT));
}

static Datum
ms_interval(double ms)
{
	Interval   *interval = palloc0(sizeof(Interval));

	interval->time = (int64) rint(Min(ms, 1e15) * 1000);
	return IntervalPGetDatum(interval);
}

static Datum
text_value(const char *text, bool *isnull)
{
	*isnull = text == NULL;
	return text ? CStringGetTextDatum(text) : (Datum) 0;
}

enum
{
	COLUMN_STEP, COLUMN_VERSION, COLUMN_NAME, COLUMN_ACTION, COLUMN_WORST,
	COLUMN_AVAILABILITY, COLUMN_AVAILABILITY_REASONS, COLUMN_DATA,
	COLUMN_DATA_REASONS, COLUMN_WILL_FAIL, COLUMN_FAILURE_REASONS,
	COLUMN_ROLLBACK, COLUMN_ROLLBACK_REASON, COLUMN_DURATION,
	COLUMN_DURATION_BASIS, COLUMN_ADVICE, COLUMNS
};

static void
put_row(ReturnSetInfo *returned, const MigVerdictRow *row, int number)
{
	const MigStep *step = row->step;
	Datum		values[COLUMNS] = {0};
	bool		nulls[COLUMNS] = {false};
	int			axis;

	values[COLUMN_STEP] = Int32GetDatum(number);
	values[COLUMN_VERSION] = CStringGetTextDatum(step->entry->version);
	values[COLUMN_NAME] = CStringGetTextDatum(step->entry->name);
	values[COLUMN_ACTION] = CStringGetTextDatum(step->action == MIG_COVER ? "cover" :
												step->action == MIG_ROLLBACK ? "rollback" : "apply");
	values[COLUMN_WORST] = CStringGetTextDatum(mig_level_name(mig_assess_worst(row)));
	for (axis = 0; axis < MIG_JUDGED; axis++)
	{
		values[COLUMN_AVAILABILITY + 2 * axis] = CStringGetTextDatum(mig_level_name(row->level[axis]));
		values[COLUMN_AVAILABILITY_REASONS + 2 * axis] = reasons_array(row->reasons[axis]);
	}
	values[COLUMN_ROLLBACK] = CStringGetTextDatum(ways_back[row->back]);
	values[COLUMN_ROLLBACK_REASON] = text_value(row->back_why, &nulls[COLUMN_ROLLBACK_REASON]);
	nulls[COLUMN_DURATION] = row->ms < 0;
	if (row->ms >= 0)
		values[COLUMN_DURATION] = ms_interval(row->ms);
	values[COLUMN_DURATION_BASIS] = text_value(row->ms_why, &nulls[COLUMN_DURATION_BASIS]);
	values[COLUMN_ADVICE] = text_value(row->advice, &nulls[COLUMN_ADVICE]);
	tuplestore_putvalues(returned->setResult, returned->setDesc, values, nulls);
}

Datum
migrate_assess(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *returned = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext caller;
	MemoryContext context;
	MemoryContext row_context;
	Assessment	all = {0};
	int			i;

	InitMaterializedSRF(fcinfo, 0);
	context = mig_call_context(&caller);
	row_context = AllocSetContextCreate(context, "migrate row", ALLOCSET_DEFAULT_SIZES);
	assess(&all, mig_text_argument(fcinfo, 0, NULL), !PG_ARGISNULL(1) && PG_GETARG_BOOL(1));
	MemoryContextSwitchTo(row_context);
	for (i = 0; i < all.plan->nsteps; i++)
	{
		put_row(returned, &all.rows[i], i + 1);
		MemoryContextReset(row_context);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return (Datum) 0;
}

/*
 * migrate_plan() is SQL, so that its caller pays for the risk only if he asks
 * for that column: the planner leaves out what is not used.
 */

/* What migrate_plan_risk() keeps between the rows of a query. */
typedef struct Risks
{
	Assessment	all;
	char	   *target;
	bool		known;
	MigLevel   *levels;			/* of the steps */
	int			nsteps;
} Risks;

static void
assess_risks(void *arg)
{
	Risks	   *risks = (Risks *) arg;

	assess(&risks->all, risks->target, false);
	risks->known = true;
}

static Risks *
judge_risks(char *target)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "migrate call", ALLOCSET_DEFAULT_SIZES);
	Risks	   *risks = palloc0(sizeof(Risks));
	int			i;

	risks->target = target;
	risks->all.levels_only = true;
	/* what cannot be judged can be planned */
	MemoryContextSwitchTo(context);
	(void) mig_try(assess_risks, risks, NULL);
	MemoryContextSwitchTo(caller);
	if (risks->known)
	{
		risks->nsteps = risks->all.plan->nsteps;
		risks->levels = palloc_extended(sizeof(MigLevel) * (risks->nsteps + 1), MCXT_ALLOC_HUGE);
		for (i = 0; i < risks->nsteps; i++)
			risks->levels[i] = mig_assess_worst(&risks->all.rows[i]);
	}
	MemoryContextDelete(context);
	return risks;
}

Datum
migrate_plan_risk(PG_FUNCTION_ARGS)
{
	Risks	   *risks = (Risks *) fcinfo->flinfo->fn_extra;
	char	   *target = mig_text_argument(fcinfo, 0, NULL);
	int			step;

	if (PG_ARGISNULL(1))
		PG_RETURN_NULL();
	step = PG_GETARG_INT32(1);
	mig_require_plan_right();
	if (risks == NULL || (target == NULL) != (risks->target == NULL) ||
		(target && strcmp(target, risks->target) != 0))
	{
		MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);

		risks = judge_risks(target ? pstrdup(target) : NULL);
		fcinfo->flinfo->fn_extra = risks;
		MemoryContextSwitchTo(old);
	}
	if (!risks->known || step < 1 || step > risks->nsteps)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(mig_level_name(risks->levels[step - 1])));
}
