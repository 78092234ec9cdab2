/*-------------------------------------------------------------------------
 *
 * reversible.c
 *	  Does a migration's down script undo its up script?
 *
 * Both are rehearsed: up, down, up again, and what the database consists of is
 * compared with what it was.  If rows were touched it is done once more, and
 * what they hold is compared too.  Then up stays, as far as the rehearsal is
 * concerned, and the next migration is tried on top of it: what it left is
 * what the next one finds, so each state is looked at once.
 *
 * An applied migration is tried the other way round, from where it is the
 * newest one: down, up, down again.
 *
 * Expects to be in a rehearsal's subtransaction, which takes everything back.
 *
 *-------------------------------------------------------------------------
 */
#include "reversible.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

/* What goes on while migrations are tried, one after the other. */
typedef struct Trying
{
	MigDryRun  *dry;
	MigSnapshot *now;			/* what there is now; NULL: look */
	MemoryContext context;		/* of the snapshots that last */
	MemoryContext results;
	const char *stopped;		/* why no more can be tried, or NULL */
	List	   *trials;			/* of MigTrial * */
} Trying;

/* A subtransaction, and what its rollback does not take back by itself. */
typedef struct Level
{
	MemoryContext context;
	ResourceOwner owner;
	int			nest;
	bool		lacking;
} Level;

/* What came of a script. */
typedef enum Outcome
{
	DONE,
	FAILED,
	LACKING						/* something of it cannot be rehearsed */
} Outcome;

static Level
begin_level(const MigDryRun *dry)
{
	Level		level;

	level.context = CurrentMemoryContext;
	level.owner = CurrentResourceOwner;
	level.nest = GetCurrentTransactionNestLevel();
	level.lacking = dry->lacking;
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(level.context);
	return level;
}

static void
end_level(MigDryRun *dry, const Level *level, bool rollback)
{
	MemoryContext context = CurrentMemoryContext;

	while (GetCurrentTransactionNestLevel() > level->nest)
	{
		if (rollback)
			RollbackAndReleaseCurrentSubTransaction();
		else
			ReleaseCurrentSubTransaction();
	}
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = level->owner;
	if (rollback)
		dry->lacking = level->lacking;
	mig_recorder_sync(dry->recorder, rollback);
}

/*
 * mig_trial_add
 *		Something about a migration; the caller fills in the rest, in the
 *		trial's memory.
 */
MigFinding *
mig_trial_add(MigTrial *trial, MigReversal weight, const char *problem)
{
	MemoryContext caller = MemoryContextSwitchTo(trial->context);
	MigFinding *finding = palloc0(sizeof(MigFinding));

	finding->weight = weight;
	finding->problem = pstrdup(problem);
	finding->lost = -1;
	trial->findings = lappend(trial->findings, finding);
	trial->verdict = Max(trial->verdict, weight);
	MemoryContextSwitchTo(caller);
	return finding;
}

static bytea *
hash_text(const char *text)
{
	pg_cryptohash_ctx *hash = mig_hash_begin();

	mig_hash_update(hash, text, strlen(text));
	return mig_hash_end(hash);
}

static MigTrial *
new_trial(Trying *trying, const MigEntry *entry, const MigStored *stored)
{
	MemoryContext caller = MemoryContextSwitchTo(trying->results);
	MigTrial   *trial = palloc0(sizeof(MigTrial));

	trial->context = trying->results;
	trial->key = entry->key;
	trial->version = entry->version;
	trial->name = entry->name;
	trial->tried = true;
	if (stored != NULL)
	{
		trial->up = hash_text(stored->up.text);
		if (stored->down.text != NULL)
			trial->down = hash_text(stored->down.text);
	}
	trying->trials = lappend(trying->trials, trial);
	MemoryContextSwitchTo(caller);
	return trial;
}

/* What there is; until the step ends, or for longer. */
static MigSnapshot *
look(Trying *trying)
{
	MemoryContext caller = MemoryContextSwitchTo(trying->context);
	MigSnapshot *snapshot = mig_snapshot_take(0);

	MemoryContextSwitchTo(caller);
	mig_recorder_sync(trying->dry->recorder, false);
	return snapshot;
}

static void
forget(MigSnapshot *snapshot)
{
	if (snapshot != NULL)
		MemoryContextDelete(snapshot->context);
}

/* What is said of a statement that failed, or was not run. */
static void
add_failure(MigTrial *trial, MigReversal weight, const MigDryRow *row, const char *problem,
			const char *script)
{
	MigFinding *finding = mig_trial_add(trial, weight, problem);

	finding->script = script;
	finding->statement = row->statement;
	finding->line = row->error_line > 0 ? row->error_line : row->line;
	if (row->sqlstate != NULL)
		finding->sqlstate = MemoryContextStrdup(trial->context, row->sqlstate);
}

/* Is a failure of these circumstances, and not of the script? */
static bool
is_of_the_moment(const MigDryRow *row)
{
	static const char *const states[] = {"55P03", "40P01", "40001", "53", "58"};
	int			i;

	for (i = 0; row->sqlstate != NULL && i < lengthof(states); i++)
	{
		if (strncmp(row->sqlstate, states[i], strlen(states[i])) == 0)
			return true;
	}
	return false;
}

/*
 * Run a script of the current step, and record that it is applied or not any
 * more.  What went wrong is a finding of that weight; trial NULL: of nobody.
 */
static Outcome
run_script(Trying *trying, MigTrial *trial, const MigStored *stored, bool down,
		   const char *script, MigReversal weight)
{
	MigDryRun  *dry = trying->dry;
	MigRun	   *run = &dry->run;
	MigResult  *result = &run->results[run->step];
	int			first = list_length(dry->rows);
	Outcome		outcome = DONE;
	Oid			user;
	int			security;
	int			nest;
	int			i;

	CHECK_FOR_INTERRUPTS();
	run->down = down;
	result->step.action = down ? MIG_ROLLBACK : MIG_APPLY;
	dry->stopped = false;
	dry->transaction++;
	GetUserIdAndSecContext(&user, &security);
	nest = NewGUCNestLevel();
	result->statements = mig_rehearse_script(dry, down ? "down" : "up",
											 down ? &stored->down : &stored->up);
	if (!down)
		mig_rehearse_verify(dry, stored);
	AtEOXact_GUC(false, nest);
	SetUserIdAndSecContext(user, security);
	for (i = first; i < list_length(dry->rows) && outcome == DONE; i++)
	{
		const MigDryRow *row = (const MigDryRow *) list_nth(dry->rows, i);

		if (row->lacks)
			outcome = LACKING;
		else if (row->status == MIG_DRY_FAILED)
			outcome = FAILED;
		if (outcome == DONE || trial == NULL)
			continue;
		if (outcome == FAILED && is_of_the_moment(row))
		{
			/* what was found at another time is worth more */
			trial->tried = false;
			weight = MIG_UNTESTED;
		}
		if (outcome == FAILED)
			add_failure(trial, weight, row,
						psprintf("%s fails%s: %s", script,
								 strcmp(row->script, "verify") == 0 ? " its verify script" : "",
								 row->message), script);
		else
			add_failure(trial, MIG_UNTESTED, row,
						psprintf("a statement cannot be rehearsed: %s",
								 row->message ? row->message : row->reason), script);
	}
	if (dry->stopped && outcome == DONE)
		elog(ERROR, "a script stopped, and nothing says why");
	if (!dry->stopped)
		mig_rehearse_record(dry, stored);
	return outcome;
}

static char *
copy_text(const MigTrial *trial, const MigSnapshotRow *row)
{
	return row && row->definition ? MemoryContextStrdup(trial->context, row->definition) : NULL;
}

/*
 * The body of a function in a language whose words are SQL's, within its
 * definition; NULL: it is another language, or the server's wording.
 */
static char *
body_of(const char *definition, int *start)
{
	const char *quote = strstr(definition, "\nAS $");
	const char *language = strstr(definition, "\n LANGUAGE ");
	const char *body;
	const char *end;

	if (quote == NULL || language == NULL || language > quote)
		return NULL;
	language += strlen("\n LANGUAGE ");
	if (strncmp(language, "sql", 3) != 0 && strncmp(language, "plpgsql", 7) != 0)
		return NULL;
	quote += strlen("\nAS ");
	*start = quote - definition;
	body = strchr(quote + 1, '$');
	if (body == NULL)
		return NULL;
	body++;
	end = definition + strlen(definition);
	while (end > body && end[-1] == '\n')
		end--;
	end -= body - quote;
	return end < body ? NULL : pnstrdup(body, end - body);
}

/* Do two functions differ in white space or comments of their bodies only? */
static bool
is_cosmetic(const MigSnapshotRow *before, const MigSnapshotRow *after)
{
	MigScript	scripts[2] = {{0}};
	int			starts[2];

	if (before == NULL || after == NULL || before->component != MIG_DEFINITION ||
		before->definition == NULL || after->definition == NULL ||
		(strcmp(before->kind, "function") != 0 && strcmp(before->kind, "procedure") != 0))
		return false;
	scripts[0].text = body_of(before->definition, &starts[0]);
	scripts[1].text = body_of(after->definition, &starts[1]);
	return scripts[0].text != NULL && scripts[1].text != NULL && starts[0] == starts[1] &&
		strncmp(before->definition, after->definition, starts[0]) == 0 &&
		mig_key_cmp(mig_fingerprint(&scripts[0]), mig_fingerprint(&scripts[1])) == 0;
}

/*
 * What differs from what it was; true if anything does that matters.  A column
 * that is made again goes to the end, and no script can help that.
 */
static bool
add_differences(MigTrial *trial, const MigSnapshot *before, const MigSnapshot *after,
				const char *script, bool with_positions)
{
	int			n;
	MigDifference *differences = mig_snapshot_compare(before, after, &n);
	bool		found = false;
	int			i;

	for (i = 0; i < n; i++)
	{
		const MigDifference *difference = &differences[i];
		const MigSnapshotRow *row = difference->before ? difference->before : difference->after;
		bool		position = row->component == MIG_POSITION;
		bool		cosmetic = is_cosmetic(difference->before, difference->after);
		MigFinding *finding;

		CHECK_FOR_INTERRUPTS();
		if (!position && !cosmetic)
			found = true;
		/* an object that came or went is one finding, with its parts */
		if (difference->part_of != NULL || (position && !with_positions) ||
			((difference->change == MIG_ADDED || difference->change == MIG_DROPPED) &&
			 row->component != MIG_DEFINITION))
			continue;
		finding = mig_trial_add(trial, position || cosmetic ? MIG_REVERSIBLE : MIG_IRREVERSIBLE,
								cosmetic ? "differs in white space or comments" :
								position ? "the order of columns is another" :
								difference->before == NULL ? "is left over" :
								difference->after == NULL ? "is missing" : "differs");
		finding->kind = MemoryContextStrdup(trial->context, row->kind);
		finding->identity = MemoryContextStrdup(trial->context, row->identity);
		finding->component = mig_component_name(row->component);
		finding->change = mig_change_name(difference->change);
		finding->expected = copy_text(trial, difference->before);
		finding->actual = copy_text(trial, difference->after);
		finding->script = script;
	}
	pfree(differences);
	return found;
}

/* Down, after up, and up again; of whose rows is to be looked at afterwards. */
static List *
try_back(Trying *trying, MigTrial *trial, const MigStored *stored,
		 const MigHoldings *holdings, const MigSnapshot *before, const MigSnapshot *up)
{
	MigDryRun  *dry = trying->dry;
	Level		level = begin_level(dry);
	List	   *touched = NIL;
	MigSnapshot *snapshot;
	bool		differs;

	if (run_script(trying, trial, stored, true, "down", MIG_IRREVERSIBLE) == DONE)
	{
		snapshot = look(trying);
		differs = add_differences(trial, before, snapshot, "down", true);
		touched = mig_holdings_touched(holdings);
		forget(snapshot);
		if (run_script(trying, trial, stored, false, "up again", MIG_IRREVERSIBLE) == DONE &&
			!differs)
		{
			snapshot = look(trying);
			(void) add_differences(trial, up, snapshot, "up again", trial->findings == NIL);
			forget(snapshot);
		}
	}
	end_level(dry, &level, true);
	return touched;
}

/* The same once more, for what becomes of rows; false if up fails this time. */
static bool
try_data(Trying *trying, MigTrial *trial, const MigStored *stored, const List *touched)
{
	MigDryRun  *dry = trying->dry;
	List	   *data = mig_data_read(touched, trial);
	Level		level;

	mig_recorder_sync(dry->recorder, false);
	if (run_script(trying, trial, stored, false, "up", MIG_UNTESTED) != DONE)
		return false;
	level = begin_level(dry);
	if (run_script(trying, trial, stored, true, "down", MIG_IRREVERSIBLE) == DONE)
	{
		mig_data_compare(data, trial, "down");
		mig_recorder_sync(dry->recorder, false);
	}
	end_level(dry, &level, true);
	return true;
}

/* Up, and whether there is a way back; up stays. */
static void
try_up(Trying *trying, MigTrial *trial, const MigStored *stored)
{
	MigDryRun  *dry = trying->dry;
	MigSnapshot *before = trying->now ? trying->now : look(trying);
	MigHoldings *holdings = mig_holdings_read();
	MigSnapshot *after;
	List	   *touched;
	Level		level = begin_level(dry);

	switch (run_script(trying, trial, stored, false, "up", MIG_UNTESTED))
	{
		case FAILED:
			end_level(dry, &level, true);
			trying->now = before;
			trying->stopped = "a migration before it fails";
			return;
		case LACKING:
			end_level(dry, &level, false);
			forget(before);
			trying->now = NULL;
			return;
		case DONE:
			break;
	}
	after = look(trying);
	touched = try_back(trying, trial, stored, holdings, before, after);
	if (touched != NIL)
	{
		end_level(dry, &level, true);
		level = begin_level(dry);
		if (!try_data(trying, trial, stored, touched))
			trying->stopped = "a migration before it fails";
	}
	end_level(dry, &level, false);
	forget(before);
	trying->now = after;
}

/* Why a pending migration is not tried; NULL: it is. */
static const char *
reason_not_to_try(const MigStep *step, const MigStored *stored, MigReversal *weight)
{
	*weight = MIG_UNTESTED;
	if (step->action == MIG_COVER)
		return "a baseline script stands for it";
	if (step->entry->kind == MIG_KIND_BASELINE)
		return "a baseline is not rolled back";
	if (step->entry->unfinished != '\0')
		return "it is half done";
	if (step->entry->kind == MIG_KIND_REPEATABLE && step->entry->applied)
		return "a repeatable migration that is applied is not rolled back to its former text";
	if (step->entry->kind == MIG_KIND_REPEATABLE && stored->down.text == NULL)
		return "a repeatable migration without a down script stays when others are rolled back";
	*weight = MIG_IRREVERSIBLE;
	return stored->down.text == NULL ? "it has no down script" : NULL;
}

/* A step of a plan; tried, or only taken. */
static void
take_step(Trying *trying, bool tried)
{
	MigDryRun  *dry = trying->dry;
	MigRun	   *run = &dry->run;
	const MigStep *step = &run->plan->steps[run->step];
	MigResult  *result = &run->results[run->step];
	MigStored  *stored;
	MigJournal	journal;
	MigTrial   *trial = NULL;
	MigReversal weight;
	const char *reason;
	bool		down = run->plan->down;
	bool		resumed;

	run->down = down;
	mig_step_begin(run);
	stored = mig_catalog_fetch(run->project, step->entry->key);
	if (stored == NULL)
		elog(ERROR, "migration %s is gone", run->execution.label);
	if (tried)
		trial = new_trial(trying, step->entry, stored);
	if (trying->stopped != NULL)
	{
		(void) mig_trial_add(trial, MIG_UNTESTED, trying->stopped);
		trial->tried = false;
		return;
	}
	dry->stopped = false;
	reason = reason_not_to_try(step, stored, &weight);
	resumed = step->entry->unfinished == (down ? 'd' : 'u') &&
		mig_journal_read(run->project, step->entry->key, &journal);
	if (resumed || mig_rehearse_is_due(dry, stored))
	{
		if (dry->stopped)
			trying->stopped = "a precondition is not met";
		else if (tried && reason == NULL)
			try_up(trying, trial, stored);
		else
		{
			dry->journal = resumed ? &journal : NULL;
			if (run_script(trying, trial, stored, down, down ? "down" : "up",
						   MIG_UNTESTED) == FAILED)
				trying->stopped = psprintf("migration %s before it fails",
										   mig_step_label(step));
			dry->journal = NULL;
			forget(trying->now);
			trying->now = NULL;
		}
	}
	else
	{
		if (step->action != MIG_COVER)
			reason = "its precondition is not met";
		weight = MIG_UNTESTED;
		mig_rehearse_record(dry, stored);
	}
	if (trial != NULL && reason != NULL)
	{
		(void) mig_trial_add(trial, weight, reason);
		trial->tried = weight == MIG_IRREVERSIBLE;
	}
	if (trial != NULL && trying->stopped != NULL && trial->findings == NIL)
		(void) mig_trial_add(trial, MIG_UNTESTED, trying->stopped);
	if (trying->stopped != NULL || run->hooks == NIL)
		return;

	dry->stopped = false;
	mig_rehearse_hooks(dry, MIG_HOOK_AFTER_EACH, mig_step_payload(run, result));
	if (dry->stopped)
		trying->stopped = "a hook fails";
	forget(trying->now);
	trying->now = NULL;
}

static void
set_plan(Trying *trying, MigPlan *plan)
{
	MigRun	   *run = &trying->dry->run;

	run->plan = plan;
	run->down = plan->down;
	run->results = palloc0(sizeof(MigResult) * Max(plan->nsteps, 1));
	mig_run_refuse_untrusted(run);
}

/* As a run begins. */
static void
begin(Trying *trying)
{
	MigDryRun  *dry = trying->dry;
	MigRun	   *run = &dry->run;

	run->execution.progress = "rehearsed rollback";
	mig_rehearsal_begin(dry);

	/* nobody wants to be told the same again and again */
	if (client_min_messages < WARNING)
		mig_run_set("client_min_messages", "warning");
	run->step = 0;
	mig_step_begin(run);
	mig_rehearse_hooks(dry, MIG_HOOK_BEFORE_RUN, mig_run_payload(run, 0, NULL));
	if (dry->stopped)
		trying->stopped = "a hook fails";
}

/* Take the steps of the plan; only the one of the entry is tried, or all are. */
static void
take_steps(Trying *trying, const MigEntry *only, bool all)
{
	MigDryRun  *dry = trying->dry;
	MigRun	   *run = &dry->run;
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "migrate reversible step",
												  ALLOCSET_DEFAULT_SIZES);

	for (run->step = 0; run->step < run->plan->nsteps; run->step++)
	{
		bool		tried = all || run->plan->steps[run->step].entry == only;

		MemoryContextSwitchTo(context);
		dry->context = context;
		if (tried || trying->stopped == NULL)
			take_step(trying, tried);
		if (trying->stopped != NULL)
			trying->stopped = MemoryContextStrdup(trying->results, trying->stopped);
		MemoryContextSwitchTo(caller);
		dry->context = caller;
		dry->rows = NIL;
		dry->settings = NULL;
		MemoryContextReset(context);
		if (tried && !all)
			break;
	}
	MemoryContextDelete(context);
}

/* Down and up, from where the migration is applied. */
static void
try_down(Trying *trying, MigTrial *trial, const MigStored *stored)
{
	MigDryRun  *dry = trying->dry;
	MigSnapshot *applied = look(trying);
	MigHoldings *holdings = mig_holdings_read();
	MigSnapshot *gone;
	MigSnapshot *again;
	List	   *touched = NIL;
	List	   *data;
	bool		differs;
	Level		level = begin_level(dry);

	if (run_script(trying, trial, stored, true, "down", MIG_IRREVERSIBLE) == DONE)
	{
		gone = look(trying);
		if (run_script(trying, trial, stored, false, "up again", MIG_IRREVERSIBLE) == DONE)
		{
			again = look(trying);
			differs = add_differences(trial, applied, again, "up again", true);
			touched = mig_holdings_touched(holdings);
			forget(again);
			if (run_script(trying, trial, stored, true, "down again", MIG_IRREVERSIBLE) == DONE &&
				!differs)
			{
				again = look(trying);
				(void) add_differences(trial, gone, again, "down again",
									   trial->findings == NIL);
			}
		}
	}
	end_level(dry, &level, true);
	if (touched == NIL)
		return;

	level = begin_level(dry);
	data = mig_data_read(touched, trial);
	mig_recorder_sync(dry->recorder, false);
	if (run_script(trying, trial, stored, true, "down", MIG_IRREVERSIBLE) == DONE &&
		run_script(trying, trial, stored, false, "up again", MIG_IRREVERSIBLE) == DONE)
		mig_data_compare(data, trial, "up again");
	end_level(dry, &level, true);
}

/* The plan that rolls back the newest one only. */
static MigPlan *
plan_of_one(MigEntry *entry)
{
	MigPlan    *plan = palloc0(sizeof(MigPlan));

	plan->steps = palloc0(sizeof(MigStep));
	plan->steps[0].entry = entry;
	plan->steps[0].action = MIG_ROLLBACK;
	plan->nsteps = 1;
	plan->down = true;
	return plan;
}

static void
try_applied(Trying *trying, MigEntry *entries, int n, MigEntry *entry)
{
	MigDryRun  *dry = trying->dry;
	MigRun	   *run = &dry->run;
	MigStored  *stored;
	MigTrial   *trial;
	MigPlan    *plan;

	mig_require_text(entry);
	stored = mig_catalog_fetch(run->project, entry->key);
	if (stored == NULL)
		elog(ERROR, "migration %s is gone", entry->version);
	if (entry->kind == MIG_KIND_BASELINE || entry->how == 'b' || entry->unfinished != '\0' ||
		!entry->down.exists)
	{
		trial = new_trial(trying, entry, stored);
		if (entry->unfinished != '\0')
			(void) mig_trial_add(trial, MIG_UNTESTED, "it is half done");
		else if (entry->kind == MIG_KIND_BASELINE || entry->how == 'b')
			(void) mig_trial_add(trial, MIG_UNTESTED, "a baseline is not rolled back");
		else
			(void) mig_trial_add(trial, MIG_IRREVERSIBLE, "it has no down script");
		return;
	}

	/* what is above it goes first; a repeatable has no place */
	plan = entry->kind == MIG_KIND_REPEATABLE ? NULL :
		mig_plan_down(entries, n, entry->version);
	if (plan != NULL && plan->nsteps > 0)
	{
		set_plan(trying, plan);
		begin(trying);
		take_steps(trying, NULL, false);
		set_plan(trying, plan_of_one(entry));
		run->step = 0;
		mig_step_begin(run);
	}
	else
	{
		set_plan(trying, plan_of_one(entry));
		begin(trying);
	}
	trial = new_trial(trying, entry, stored);
	if (trying->stopped != NULL)
	{
		(void) mig_trial_add(trial, MIG_UNTESTED, trying->stopped);
		trial->tried = false;
	}
	else
		try_down(trying, trial, stored);
}

static void
try_pending(Trying *trying, MigEntry *entries, int n, MigEntry *only)
{
	MigRun	   *run = &trying->dry->run;
	MigPlan    *plan = mig_plan_up(entries, n, only ? only->version : NULL, mig_out_of_order);
	int			i;

	for (i = 0; only != NULL && i < plan->nsteps; i++)
	{
		if (plan->steps[i].entry == only)
			break;
	}
	if (plan->nsteps == 0 || (only != NULL && i == plan->nsteps))
	{
		if (only != NULL)
			(void) mig_trial_add(new_trial(trying, only, NULL), MIG_UNTESTED,
								 "the plan leaves it out");
		return;
	}
	set_plan(trying, plan);
	if (only == NULL)
		mig_run_report_skipped(run);
	begin(trying);
	take_steps(trying, only, only == NULL);
}

/*
 * mig_reversible_try
 *		Try the migration of that version, or all that are pending (NULL): a
 *		list of MigTrial *, in the memory context of what is found.
 */
List *
mig_reversible_try(MigDryRun *dry, const char *version)
{
	MigRun	   *run = &dry->run;
	Trying		trying = {0};
	MigEntry   *entries;
	MigEntry   *entry = NULL;
	int			n;

	trying.dry = dry;
	trying.results = dry->context;
	trying.context = AllocSetContextCreate(CurrentMemoryContext, "migrate snapshots",
										   ALLOCSET_DEFAULT_SIZES);
	mig_lock_for_change(run->project);
	entries = mig_catalog_load(run->project, &n);
	run->hooks = mig_catalog_hooks(run->project);
	if (version != NULL)
	{
		entry = mig_plan_find(entries, n, version);
		if (entry == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_MIG_UNKNOWN_VERSION),
					 errmsg("version \"%s\" is not registered", version),
					 errhint("See migrate_status for the versions there are.")));
	}
	if (entry != NULL && entry->applied)
		try_applied(&trying, entries, n, entry);
	else
		try_pending(&trying, entries, n, entry);
	MemoryContextDelete(trying.context);
	return trying.trials;
}
