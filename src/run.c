/*-------------------------------------------------------------------------
 *
 * run.c
 *	  One plan in the caller's transaction: lock, execute, record; and what of
 *	  that is the same in a worker (run.h).
 *
 * A run is all or nothing here: one subtransaction for its steps, so that a
 * failure leaves the caller's transaction as it was before, while the
 * failure itself is recorded beyond it.  What a step leaves set (settings,
 * role, search path) ends with the step.
 *
 * Expects READ COMMITTED, so that what another run committed while we waited
 * for the lock is seen.
 *
 *-------------------------------------------------------------------------
 */
#include "run.h"
#include "lint.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "commands/extension.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/ipc.h"
#include "tcop/tcopprot.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/ps_status.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"

/* No more of a failing statement than this goes into the log, in bytes. */
#define RECORDED_STATEMENT (64 * 1024)

/* The run of this process, for as long as its scripts are being executed. */
static MigRun *running = NULL;

/*
 * mig_refuse_nested
 *		Raise an error where a migration calls.
 */
void
mig_refuse_nested(const char *function)
{
	if (running != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_NESTED),
				 errmsg("%s() cannot be called by a migration", function)));
}

/*
 * mig_refuse_unless_writable
 *		The same, and where nothing can be recorded.
 */
void
mig_refuse_unless_writable(const char *function)
{
	mig_refuse_nested(function);
	if (RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
				 errmsg("%s() cannot run on a standby", function),
				 errhint("Call it on the primary. migrate_current(), migrate_status and migrate_history work here.")));
	if (XactReadOnly)
		ereport(ERROR,
				(errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
				 errmsg("%s() cannot run in a read-only transaction", function)));
	if (creating_extension)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("%s() cannot be called by an extension's script", function),
				 errdetail("What the migrations create would become part of that extension.")));
	if (IsInParallelMode())
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_STATE),
				 errmsg("%s() cannot run during a parallel operation", function)));
}

/*
 * mig_refuse_unless_ready
 *		The same where the caller's transaction is to do it.
 */
void
mig_refuse_unless_ready(const char *function)
{
	mig_refuse_unless_writable(function);
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_STATE),
				 errmsg("%s() needs the isolation level READ COMMITTED", function),
				 errdetail("With a snapshot as old as the transaction, what another run has applied would not be seen."),
				 errhint("Begin the transaction with ISOLATION LEVEL READ COMMITTED.")));
}

/*
 * mig_run_plan
 *		Make the run's plan, by its project and direction.
 */
void
mig_run_plan(MigRun *run, const char *target)
{
	int			n;
	MigEntry   *entries = mig_catalog_load(run->project, &n);

	run->has_baselines = n > 0 && entries[0].kind == MIG_KIND_BASELINE;
	run->plan = run->down ? mig_plan_down(entries, n, target) :
		mig_plan_up(entries, n, target, mig_out_of_order);
}

/*
 * mig_run_report_skipped
 *		Say what the plan leaves out.
 */
void
mig_run_report_skipped(const MigRun *run)
{
	ListCell   *lc;

	foreach(lc, run->plan->skipped)
	{
		MigEntry   *entry = (MigEntry *) lfirst(lc);

		ereport(NOTICE,
				(errmsg("migration %s is out of order and was skipped",
						mig_label(entry->version, entry->name))));
	}
}

/* Refuse a plan that cannot run as a whole in the caller's transaction. */
static void
refuse_worker_steps(const MigPlan *plan)
{
	StringInfoData list;
	int			n = 0;
	int			i;

	initStringInfo(&list);
	for (i = 0; i < plan->nsteps; i++)
	{
		const MigSide *side = mig_step_side(&plan->steps[i]);

		const char *why = mig_step_worker(&plan->steps[i]);

		if (why == NULL)
			continue;
		if (++n <= 10)
			appendStringInfo(&list, "%s%s: %s%s%s", n > 1 ? "; " : "",
							 mig_step_label(&plan->steps[i]), why,
							 side->path ? " of " : "", side->path ? side->path : "");
	}
	if (n > 0)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_NEEDS_WORKER),
				 errmsg_plural("%d migration of this plan cannot run in a transaction",
							   "%d migrations of this plan cannot run in a transaction",
							   n, n),
				 errdetail("%s%s.", list.data, n > 10 ? "; and others" : ""),
				 errhint("Nothing was run. CALL %s() runs them through a worker, where each migration commits by itself.",
						 plan->down ? "migrate_undo" : "migrate_deploy")));
}

/*
 * mig_run_trusts
 *		May this session run what that role has registered?
 *
 * Whoever registers a text decides what its runner executes.  A superuser
 * must not do that for someone who is none: also not under another role,
 * because a script may reset it.
 */
bool
mig_run_trusts(const char *registered_by, bool registrant_superuser)
{
	Oid			role;

	if (mig_trust_registrants ||
		!(superuser() || superuser_arg(GetSessionUserId()) ||
		  superuser_arg(GetAuthenticatedUserId())))
		return true;
	role = get_role_oid(registered_by, true);
	return registrant_superuser && OidIsValid(role) && superuser_arg(role);
}

static void
refuse_untrusted(const char *label, const char *registered_by, bool registrant_superuser)
{
	if (!mig_run_trusts(registered_by, registrant_superuser))
		ereport(ERROR,
				(errcode(ERRCODE_MIG_UNTRUSTED),
				 errmsg("a superuser must not run migration %s, which \"%s\" registered",
						label, registered_by),
				 errdetail("Its text could do anything with a superuser's rights."),
				 errhint("Nothing was run. Connect as a role that owns the objects; or read the text with migrate_script(), and register it yourself or set migrate.trust_registrants to on.")));
}

/*
 * mig_run_refuse_untrusted
 *		Refuse a plan with texts that this session should not run.
 */
void
mig_run_refuse_untrusted(const MigRun *run)
{
	ListCell   *lc;
	int			i;

	for (i = 0; i < run->plan->nsteps; i++)
	{
		const MigEntry *entry = run->plan->steps[i].entry;

		if (run->plan->steps[i].action != MIG_COVER)
			refuse_untrusted(mig_step_label(&run->plan->steps[i]),
							 entry->registered_by, entry->registrant_superuser);
	}
	foreach(lc, run->hooks)
	{
		const MigHook *hook = (const MigHook *) lfirst(lc);

		refuse_untrusted(hook->name, hook->registered_by, hook->registrant_superuser);
	}
}

/*
 * mig_run_set
 *		Set a setting for the run, unless its value is empty.  The caller has
 *		opened a level of settings.
 */
void
mig_run_set(const char *name, const char *value)
{
	if (value[0] != '\0')
		(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
}

/*
 * mig_run_limit_lock_wait
 *		Open a level of settings in which locks are waited for as long as
 *		another run is: for those who look at a migration that somebody may be
 *		registering.
 */
int
mig_run_limit_lock_wait(void)
{
	return mig_limit_lock_waits(mig_lock_wait == 0 ? 1 : Max(mig_lock_wait, 0));
}

static void
lock_plan_callback(void *arg)
{
	errcontext("locking the migrations of the plan against being registered anew; nothing was run");
}

static void
lock_plan(const char *project, const MigPlan *plan)
{
	ErrorContextCallback callback;
	int			nest = mig_run_limit_lock_wait();

	callback.callback = lock_plan_callback;
	callback.arg = NULL;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	mig_catalog_lock_plan(project, plan);
	error_context_stack = callback.previous;
	AtEOXact_GUC(true, nest);
}

static int64
elapsed_us(const MigRun *run)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, run->clock);
	return (int64) INSTR_TIME_GET_MICROSEC(now);
}

static void
set_applied(const MigRun *run, const MigStored *stored, const MigResult *result,
			const MigEntry *entry)
{
	mig_state_set_applied(run->project, entry, stored->checksum, stored->fingerprint,
						  result->step.action == MIG_COVER ? "baseline" :
						  result->step.action == MIG_MARKED ? "marked" : "run",
						  result->statements, GetCurrentTimestamp(),
						  run->base.acting_role, result->duration_us);
}

/*
 * mig_step_begin
 *		Start the clock of the current step, and say what is being done.
 */
void
mig_step_begin(MigRun *run)
{
	const MigStep *step = &run->plan->steps[run->step];
	MigExecution *execution = &run->execution;

	run->started = GetCurrentTimestamp();
	INSTR_TIME_SET_CURRENT(run->clock);
	run->results[run->step].step = *step;
	execution->label = mig_step_label(step);
	execution->what = run->down ? "down" : "up";
	execution->progress = run->progress;
	snprintf(run->progress, sizeof(run->progress), "[%d/%d] %.*s", run->step + 1,
			 run->plan->nsteps,
			 pg_mbcliplen(execution->label, strlen(execution->label), MIG_PROGRESS_LABEL),
			 execution->label);
	set_ps_display(run->progress);
}

/*
 * mig_step_is_due
 *		Is the current step's script to be run?  If a precondition is not met
 *		that is its result, or an error.
 */
bool
mig_step_is_due(MigRun *run, const MigStored *stored)
{
	const MigStep *step = &run->plan->steps[run->step];
	MigResult  *result = &run->results[run->step];
	Oid			user;
	int			security;
	int			nest;
	bool		met;

	if (step->action != MIG_APPLY || stored->check.text == NULL)
		return step->action != MIG_COVER;

	GetUserIdAndSecContext(&user, &security);
	nest = NewGUCNestLevel();
	run->execution.what = "precondition";
	met = mig_execute_check(&run->execution, &stored->check);
	AtEOXact_GUC(false, nest);
	SetUserIdAndSecContext(user, security);
	run->execution.what = "up";
	if (met)
		return true;
	if (strcmp(stored->check_fail, MIG_CHECK_WARN) == 0)
	{
		ereport(WARNING,
				(errcode(ERRCODE_MIG_PRECONDITION),
				 errmsg("the precondition of migration %s is not met, which runs all the same",
						run->execution.label)));
		return true;
	}
	if (strcmp(stored->check_fail, MIG_CHECK_HALT) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_PRECONDITION),
				 errmsg("the precondition of migration %s is not met", run->execution.label),
				 errdetail("It is: %s", stored->check.text)));
	result->step.action = strcmp(stored->check_fail, MIG_CHECK_MARK) == 0 ?
		MIG_MARKED : MIG_SKIPPED;
	return false;
}

/*
 * mig_step_settle
 *		After the step's script: what it has deferred, and whether it did what
 *		it should.
 */
void
mig_step_settle(MigRun *run, const MigStored *stored)
{
	mig_fire_deferred(&run->execution, &run->deferrable);
	if (!run->down && stored->verify.text != NULL)
	{
		run->execution.what = "verify";
		mig_execute_verify(&run->execution, &stored->verify,
						   !mig_format_verifies_by_errors(stored->format));
	}
}

/*
 * mig_step_record
 *		Run the hooks that follow the current step, record that it is done,
 *		and notify.
 */
void
mig_step_record(MigRun *run, const MigStored *stored)
{
	MigResult  *result = &run->results[run->step];
	const MigEntry *entry = result->step.entry;
	char	   *payload;
	MigEvent	event;

	result->duration_us = elapsed_us(run);
	payload = mig_step_payload(run, result);
	mig_hooks_run(run, MIG_HOOK_AFTER_EACH, payload);
	if (run->step == run->plan->nsteps - 1)
		mig_hooks_run(run, MIG_HOOK_AFTER_RUN, payload);

	event = run->base;
	if (result->step.action == MIG_COVER)
		event.event = "baseline";
	else if (result->step.action == MIG_MARKED || result->step.action == MIG_SKIPPED)
	{
		event.event = result->step.action == MIG_MARKED ? "mark" : "skip";
		event.reason = "its precondition is not met";
	}
	mig_event_about(&event, entry);
	event.started = run->started;
	event.statements = result->statements;
	event.duration_us = result->duration_us;
	event.path = (run->down ? stored->down.path : stored->up.path);
	if (!run->down && result->step.action != MIG_SKIPPED)
	{
		set_applied(run, stored, result, entry);

		/* a baseline script is its version as well, if there is no other */
		if (entry->kind == MIG_KIND_BASELINE && !result->step.covered)
		{
			MigEntry	version = *entry;

			version.key = mig_version_key(MIG_KIND_VERSIONED, entry->version);
			version.order = mig_order_of_version(entry->order);
			set_applied(run, stored, result, &version);
		}
	}
	mig_chain_append(&run->chain, &event);
	mig_notify(payload);
}

/*
 * mig_step_report
 *		Tell the client that the current step is done, and forget what was
 *		executed: its memory may go.
 */
void
mig_step_report(MigRun *run)
{
	const MigResult *result = &run->results[run->step];

	ereport(NOTICE,
			(errmsg("[%d/%d] %s%s: %d %s, %.0f ms", run->step + 1,
					run->plan->nsteps,
					run->down ? "rolled back " :
					result->step.action == MIG_COVER ? "covered by the baseline: " :
					result->step.action == MIG_MARKED ? "precondition not met, marked as applied: " :
					result->step.action == MIG_SKIPPED ? "precondition not met, skipped: " : "",
					mig_step_label(&result->step), result->statements,
					result->statements == 1 ? "statement" : "statements",
					result->duration_us / 1000.0)));
	run->execution.script = NULL;
	run->execution.context_line = NULL;
	run->execution.stmt = NULL;
	run->execution.line = 0;
	run->execution.statement_no = 0;
}

static void
run_step(MigRun *run)
{
	const MigStep *step = &run->plan->steps[run->step];
	MigResult  *result = &run->results[run->step];
	MigStored  *stored;
	Oid			user;
	int			security;
	int			nest;
	bool		due;

	mig_step_begin(run);
	stored = mig_catalog_fetch(run->project, step->entry->key);
	if (stored == NULL)
		elog(ERROR, "migration %s is gone", run->execution.label);

	due = mig_step_is_due(run, stored);
	if (run->step == 0)
		mig_hooks_run(run, MIG_HOOK_BEFORE_RUN, mig_run_payload(run, 0, NULL));
	if (due)
	{
		run->execution.label = mig_step_label(step);
		run->execution.what = run->down ? "down" : "up";
		GetUserIdAndSecContext(&user, &security);
		nest = NewGUCNestLevel();
		result->statements = mig_execute_script(&run->execution,
												run->down ? &stored->down : &stored->up);
		mig_step_settle(run, stored);
		AtEOXact_GUC(false, nest);
		SetUserIdAndSecContext(user, security);
	}
	if (run->down)
		mig_state_set_rolled_back(run->project, step->entry->key);
	mig_step_record(run, stored);
	mig_step_report(run);
}

/* Raise an error if a script has no values for its variables. */
static void
require_values(MigRun *run, const MigScript *script)
{
	ErrorContextCallback callback;

	run->execution.script = script;
	mig_execution_push(&callback, &run->execution);
	(void) mig_expand_variables(script, &run->execution.line);
	error_context_stack = callback.previous;
	run->execution.script = NULL;
}

/*
 * mig_run_parse_broken
 *		What registration could not parse fails before anything has run, and
 *		so does what has no values any more.
 */
void
mig_run_parse_broken(MigRun *run)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "migrate broken",
												  ALLOCSET_DEFAULT_SIZES);
	ListCell   *lc;

	MemoryContextSwitchTo(context);
	for (run->step = 0; run->step < run->plan->nsteps; run->step++)
	{
		const MigStep *step = &run->plan->steps[run->step];
		const MigSide *side = mig_step_side(step);
		MigStored  *stored;
		MigScript  *script;

		if ((side->broken == NULL && !side->variables) || step->action == MIG_COVER)
			continue;
		CHECK_FOR_INTERRUPTS();
		stored = mig_catalog_fetch(run->project, step->entry->key);
		if (stored == NULL)
			continue;
		script = run->down ? &stored->down : &stored->up;
		run->execution.label = mig_step_label(step);
		run->execution.what = run->down ? "down" : "up";
		if (side->broken)
			(void) mig_execute_parse(&run->execution, script);
		else
			require_values(run, script);
		run->execution.script = NULL;
		MemoryContextReset(context);
	}
	run->step = 0;
	foreach(lc, run->hooks)
	{
		const MigHook *hook = (const MigHook *) lfirst(lc);

		if (hook->script.variables == NULL)
			continue;
		run->execution.label = hook->name;
		run->execution.what = hook->when;
		require_values(run, &hook->script);
		MemoryContextReset(context);
	}
	run->execution.label = NULL;
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

static void
run_steps(MigRun *run)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "migrate step",
												  ALLOCSET_DEFAULT_SIZES);
	char		timeout[32];
	int			nest = NewGUCNestLevel();

	run->deferrable.context = caller;
	run->execution.memory = context;
	run->execution.ddl_lock_timeout = -1;
	snprintf(timeout, sizeof(timeout), "%d", mig_lock_timeout);
	if (mig_lock_timeout > 0)
		mig_run_set("lock_timeout", timeout);
	mig_run_set("search_path", mig_search_path);
	mig_run_set("role", mig_role);

	mig_run_parse_broken(run);
	mig_event_init(&run->base, run->project, run->down ? "rollback" : "apply");
	mig_restore_point(run);

	/* what the caller has left to its commit is not the first migration's */
	run->execution.label = NULL;
	mig_fire_deferred(&run->execution, &run->deferrable);

	for (run->step = 0; run->step < run->plan->nsteps; run->step++)
	{
		MemoryContextSwitchTo(context);
		run_step(run);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(context);
	}
	mig_chain_close(&run->chain);
	mig_notify(mig_run_payload(run, run->plan->nsteps, NULL));
	MemoryContextDelete(context);
	AtEOXact_GUC(false, nest);
}

/* What to do next, where the error itself does not say it. */
static char *
hint_for(const ErrorData *error)
{
	const char *ours = NULL;

	switch (error->sqlerrcode)
	{
		case ERRCODE_ACTIVE_SQL_TRANSACTION:
			ours = "The statement refuses to run in a transaction. CALL migrate_deploy() can run it, and CALL migrate_undo() if it is in a down script.";
			break;
		case ERRCODE_UNSAFE_NEW_ENUM_VALUE_USAGE:
			ours = "CALL migrate_deploy() commits each migration by itself; or apply the one that adds the value first, and commit.";
			break;
		case ERRCODE_INVALID_TRANSACTION_TERMINATION:
			ours = "A procedure or DO block that commits cannot run in the caller's transaction. Mark the migration with -- migrate:no-transaction, and CALL migrate_deploy().";
			break;
		case ERRCODE_QUERY_CANCELED:
			ours = "Call again to go on.";
			break;
		default:
			if (error->hint)
				return error->hint;
			return pstrdup("Correct the script, register it again and repeat the call.");
	}
	return error->hint ? psprintf("%s %s", error->hint, ours) : pstrdup(ours);
}

/*
 * mig_run_failure_event
 *		What the log says of the failure of the current step.  Without an error
 *		it looks nothing up, as befits a process's end.
 */
void
mig_run_failure_event(MigRun *run, const ErrorData *error, MigEvent *event)
{
	const MigExecution *execution = &run->execution;

	if (run->step >= run->plan->nsteps)
		run->step = run->plan->nsteps - 1;
	*event = run->base;
	mig_event_about(event, run->plan->steps[run->step].entry);
	event->failed = true;
	event->started = run->started ? run->started : event->finished;
	event->duration_us = run->started ? elapsed_us(run) : 0;
	event->statements = Max(execution->statement_no - 1, 0);
	if (execution->script)
		event->path = execution->script->path;
	event->line = execution->line;
	event->statement_no = execution->statement_no;
	if (execution->stmt)
		event->statement = mig_statement_text(execution->stmt);
	else if (execution->script && execution->line > 0)
		event->statement = mig_script_line_text(execution->script, execution->line);
	if (event->statement && strlen(event->statement) > RECORDED_STATEMENT)
		event->statement = pnstrdup(event->statement,
									pg_mbcliplen(event->statement, strlen(event->statement),
												 RECORDED_STATEMENT));
	if (error != NULL)
	{
		event->sqlstate = unpack_sql_state(error->sqlerrcode);
		event->message = error->message;
		event->detail = error->detail;
		event->hint = error->hint;
		event->context = error->context;
	}
}

/*
 * A session that is terminated gets no chance to catch an error; its record
 * is left to a worker.  Looks nothing up: this is the process's end.
 */
static void
exit_callback(int code, Datum arg)
{
	MigRun	   *run = running;
	MigEvent	event;

	running = NULL;
	/* before the first step nobody was looked up, and nothing has run */
	if (run == NULL || run->base.project == NULL)
		return;
	if (run->execution.stmt)
		run->execution.line = run->execution.stmt->line;
	mig_run_failure_event(run, NULL, &event);
	event.sqlstate = "57P01";
	event.message = "the session was terminated while the migration was running";
	mig_record_failure(&event, false);
}

/* Remember a failure beyond the transaction, and say what is left of the run. */
static void
report_failure(MigRun *run, ErrorData *error, const char *function)
{
	MigEvent	event;
	bool		recorded;

	/* a failure before the first step comes before anybody was looked up */
	if (run->base.project == NULL)
		mig_event_init(&run->base, run->project, run->down ? "rollback" : "apply");
	mig_run_failure_event(run, error, &event);
	recorded = mig_record_failure(&event, true);

	error->context = psprintf("%s%s%s() of %d %s: nothing of this run was kept%s",
							  error->context ? error->context : "",
							  error->context ? "\n" : "", function,
							  run->plan->nsteps,
							  run->plan->nsteps == 1 ? "migration" : "migrations",
							  recorded ? ", the failure is in migrate_history" : "");
	error->hint = hint_for(error);
}

/*
 * mig_run_enter, mig_run_leave
 *		This process executes the scripts of a run from now on; not any more.
 */
void
mig_run_enter(MigRun *run)
{
	static bool callback_set = false;

	if (!callback_set)
	{
		before_shmem_exit(exit_callback, (Datum) 0);
		callback_set = true;
	}
	running = run;
}

void
mig_run_leave(void)
{
	running = NULL;
}

/*
 * mig_run_current
 *		The run whose scripts this process executes now, or NULL.
 */
const MigRun *
mig_run_current(void)
{
	return running;
}

static void
execute_plan(MigRun *run, const char *function)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	int			level = GetCurrentTransactionNestLevel();

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		mig_run_enter(run);
		run_steps(run);
		mig_tracking_end(&run->tracking);
		mig_run_leave();
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		mig_run_leave();
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();

		/* a verify script has a subtransaction of its own within ours */
		while (GetCurrentTransactionNestLevel() > level)
			RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		pgstat_report_activity(STATE_RUNNING, debug_query_string);

		mig_execution_error(&run->execution, error);
		report_failure(run, error, function);
		ReThrowError(error);
	}
	PG_END_TRY();
	pgstat_report_activity(STATE_RUNNING, debug_query_string);
}

/*
 * mig_lock_for_change
 *		Take the run lock for this transaction; wait, and say for whom, if
 *		another session has it.
 */
void
mig_lock_for_change(const char *project)
{
	char	   *holder;

	if (!mig_lock_try(project))
	{
		holder = mig_catalog_lock_holder(project);
		if (mig_lock_wait != 0)
			ereport(NOTICE,
					(errmsg("waiting for another run of project \"%s\" to end", project),
					 errdetail("%s", holder)));
		mig_lock_wait_for(project, holder);
	}
	if (!mig_lock_worker_busy(project))
		return;

	/* whatever the worker waits for may be this transaction's snapshot */
	mig_lock_release(project);
	ereport(ERROR,
			(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
			 errmsg("a run of project \"%s\" is at work outside of a transaction", project),
			 errdetail("%s", mig_catalog_lock_holder(project)),
			 errhint("Nothing was run. Waiting here would stop it, because it may have to wait for this transaction; call again when it has ended. The procedures migrate_deploy() and migrate_undo() can wait.")));
}

/*
 * mig_run
 *		Go up or down to a target in the caller's transaction: what was done,
 *		in the current memory context, and how many steps.
 *
 * Takes the run lock, for the transaction, if there is anything to do.  An
 * error leaves the database as it was before the call.  The caller's memory
 * context is the run's: it is worth one that is deleted soon.
 */
MigResult *
mig_run(const char *target, bool down, int *n)
{
	const char *function = down ? "migrate_rollback" : "migrate_apply";
	MigResult  *results = NULL;
	MigRun		run;

	*n = 0;
	mig_refuse_unless_ready(function);
	memset(&run, 0, sizeof(run));
	run.project = pstrdup(mig_project);
	run.chain.project = run.project;
	run.down = down;

	if (!down && target == NULL && !mig_catalog_has_unsettled(run.project))
		return NULL;

	/* what a worker has half done is not what to plan from */
	if (!mig_lock_worker_busy(run.project))
	{
		mig_run_plan(&run, target);
		if (run.plan->nsteps == 0)
		{
			mig_run_report_skipped(&run);
			return NULL;
		}
	}
	mig_lock_for_change(run.project);

	/* what was planned may have been done by whoever held the lock */
	mig_run_plan(&run, target);
	mig_run_report_skipped(&run);
	if (run.plan->nsteps > 0)
	{
		run.hooks = mig_catalog_hooks(run.project);
		refuse_worker_steps(run.plan);
		mig_run_refuse_untrusted(&run);
		lock_plan(run.project, run.plan);
		mig_lint_gate(run.plan, run.project);
		mig_tracking_begin(&run.tracking, run.project, 0);

		results = palloc0(sizeof(MigResult) * run.plan->nsteps);
		run.results = results;
		execute_plan(&run, function);
		if (run.has_baselines)
			mig_state_settle_baselines(run.project);
		*n = run.plan->nsteps;
	}
	else
		mig_lock_release(run.project);
	return results;
}
