/*-------------------------------------------------------------------------
 *
 * deploy.c
 *	  One plan in a worker, where each step commits by itself.
 *
 * A migration that can be is one transaction: script, verify script, state
 * and log.  One that cannot, because a statement refuses a transaction or the
 * script has transactions of its own, goes unit by unit (MigUnit), each of
 * which commits together with the journal's entry that it is done.  Only a
 * statement that refuses a transaction is journaled before and after; what a
 * crash leaves in between is judged by its effect (judge.c).
 *
 * Expects a process of its own, connected, without a transaction; begins and
 * ends all transactions itself.  Nothing waits with a snapshot but a
 * migration's own statements.
 *
 *-------------------------------------------------------------------------
 */
#include "run.h"
#include "compat.h"
#include "lint.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

typedef struct Deploy
{
	MigRun		run;
	int64		job;
	int64		lock;			/* number of the project's locks */
	MemoryContext context;		/* the run's, outlives transactions */
	MemoryContext step_context; /* the step's, outlives them too */
	const char *session_role;	/* settings that say who this session is */
	const char *role;
	bool		holds_run;
	int			steps_done;
	bool		half_done;		/* the current step has a journal */
	bool		still_applied;	/* ... and is on its way down, not begun */
	bool		own_transactions;	/* the current script has some */
	MigJournal	journal;
	int			lock_timeout;	/* of DDL, ms */
} Deploy;

static void
begin(Deploy *deploy)
{
	MemoryContext context = CurrentMemoryContext;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	MemoryContextSwitchTo(context);
}

static void
commit(Deploy *deploy)
{
	MemoryContext context = CurrentMemoryContext;

	CommitTransactionCommand();
	MemoryContextSwitchTo(context);
}

static void
rollback(Deploy *deploy)
{
	MemoryContext context = CurrentMemoryContext;

	AbortOutOfAnyTransaction();
	MemoryContextSwitchTo(context);
}

/* Wait for a lock of the project, without a snapshot, and say for whom. */
static void
wait_for_lock(Deploy *deploy, MigLockClass class, LOCKMODE mode)
{
	const char *project = deploy->run.project;
	char	   *holder;

	begin(deploy);
	holder = mig_catalog_lock_holder(project);
	if (mig_lock_wait != 0)
		ereport(NOTICE,
				(errmsg("waiting for another run of project \"%s\" to end", project),
				 errdetail("%s", holder)));
	pgstat_report_activity(STATE_RUNNING, "migrate: waiting for another run to end");

	/* without the locks of that look, which could be in the other's way */
	commit(deploy);
	begin(deploy);
	if (mig_lock_wait == 0 ? !mig_session_lock(class, deploy->lock, mode) :
		!mig_session_lock_wait(class, deploy->lock, mode, mig_lock_wait))
		mig_lock_not_available(project, holder);
	commit(deploy);
}

/* Hold the run lock; the worker's lock is there, or does not matter yet. */
static void
take_run_lock(Deploy *deploy)
{
	bool		taken;

	if (deploy->holds_run)
		return;
	begin(deploy);
	taken = mig_session_lock(MIG_LOCK_RUN, deploy->lock, ExclusiveLock);
	commit(deploy);
	if (!taken)
		wait_for_lock(deploy, MIG_LOCK_RUN, ExclusiveLock);
	deploy->holds_run = true;
}

static void
release_run_lock(Deploy *deploy)
{
	begin(deploy);
	mig_session_unlock(MIG_LOCK_RUN, deploy->lock, ExclusiveLock);
	commit(deploy);
	deploy->holds_run = false;
}

/* Become the one who runs; see lock.c. */
static void
take_locks(Deploy *deploy)
{
	for (;;)
	{
		bool		alone;

		take_run_lock(deploy);
		begin(deploy);
		alone = mig_session_lock(MIG_LOCK_WORKER, deploy->lock, ExclusiveLock);
		commit(deploy);
		if (alone)
			return;
		release_run_lock(deploy);
		wait_for_lock(deploy, MIG_LOCK_WORKER, ShareLock);
		begin(deploy);
		mig_session_unlock(MIG_LOCK_WORKER, deploy->lock, ShareLock);
		commit(deploy);
	}
}

/* A script may give all advisory locks of its session back. */
static void
protect_locks(Deploy *deploy)
{
	mig_transaction_lock(MIG_LOCK_JOB, deploy->job);
	mig_transaction_lock(MIG_LOCK_WORKER, deploy->lock);
	if (deploy->holds_run)
		mig_transaction_lock(MIG_LOCK_RUN, deploy->lock);
}

static void
retake_locks(Deploy *deploy)
{
	if (!mig_session_lock(MIG_LOCK_JOB, deploy->job, ExclusiveLock) ||
		!mig_session_lock(MIG_LOCK_WORKER, deploy->lock, ExclusiveLock) ||
		(deploy->holds_run && !mig_session_lock(MIG_LOCK_RUN, deploy->lock, ExclusiveLock)))
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("a statement of the script gave up the run lock, and another run has it now"),
				 errhint("Take pg_advisory_unlock_all() out of the script.")));
}

static void
set_session(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SET, true, 0, false);
}

/*
 * Settings of a step: for a level of settings that ends with a transaction,
 * or for the session.
 */
static void
set_for_step(Deploy *deploy, bool session)
{
	char		timeout[32];
	void		(*set) (const char *, const char *) = session ? set_session : mig_run_set;

	deploy->run.execution.own_lock_timeout = LockTimeout;
	deploy->run.execution.ddl_lock_timeout = deploy->lock_timeout > 0 ?
		deploy->lock_timeout : -1;
	if (deploy->lock_timeout > 0)
	{
		snprintf(timeout, sizeof(timeout), "%d", deploy->lock_timeout);
		set("lock_timeout", timeout);
	}
	if (mig_search_path[0] != '\0')
		set("search_path", mig_search_path);
	if (mig_role[0] != '\0')
		set("role", mig_role);
}

/* Undo what a script has set in the session: as it was when it began. */
static void
reset_session(Deploy *deploy)
{
	ResetAllOptions();
	set_session("session_authorization", deploy->session_role);
	set_session("role", deploy->role);
}

static MigScript *
step_script(const MigRun *run, MigStored *stored)
{
	return run->down ? &stored->down : &stored->up;
}

static bool
is_one_transaction(const MigParsed *parsed)
{
	return !parsed->script->no_transaction && parsed->nunits == 1 &&
		!parsed->units[0].block && !parsed->units[0].toplevel;
}

/* Record that the current step is done, end its level of settings, and commit. */
static void
finish_step(Deploy *deploy, const MigStored *stored, int nest)
{
	MigRun	   *run = &deploy->run;

	mig_step_record(run, stored);
	AtEOXact_GUC(false, nest);
	if (deploy->half_done)
		(void) mig_journal_delete(run->project, run->plan->steps[run->step].entry->key);
	retake_locks(deploy);
	if (run->has_baselines && run->step == run->plan->nsteps - 1)
		mig_state_settle_baselines(run->project);
	mig_chain_close(&run->chain);
	commit(deploy);
	deploy->half_done = false;
}

/* The rest of a migration that is one transaction, which has been begun. */
static void
run_in_transaction(Deploy *deploy, MigStored *stored, const MigParsed *parsed)
{
	MigRun	   *run = &deploy->run;
	const MigStep *step = &run->plan->steps[run->step];
	Oid			user;
	int			security;
	int			nest = NewGUCNestLevel();

	set_for_step(deploy, false);
	if (run->step == 0)
		mig_hooks_run(run, MIG_HOOK_BEFORE_RUN, mig_run_payload(run, 0, NULL));
	if (parsed != NULL)
	{
		int			inner = NewGUCNestLevel();

		run->execution.script = parsed->script;
		run->execution.what = run->down ? "down" : "up";
		GetUserIdAndSecContext(&user, &security);
		mig_execute_statements(&run->execution, parsed, 0, parsed->nstmts);
		mig_step_settle(run, stored);
		AtEOXact_GUC(false, inner);
		SetUserIdAndSecContext(user, security);
		run->results[run->step].statements = parsed->nstmts;
	}
	if (run->down)
		mig_state_set_rolled_back(run->project, step->entry->key);
	finish_step(deploy, stored, nest);
}

static void
refuse_changed_script(const Deploy *deploy)
{
	const MigRun *run = &deploy->run;

	ereport(ERROR,
			(errcode(ERRCODE_MIG_HALF_DONE),
			 errmsg("migration %s is half done, and what is done of it is not what its script says now",
					mig_step_label(&run->plan->steps[run->step])),
			 errdetail("%d of %d statements of its %s script are done.",
					   deploy->journal.done, deploy->journal.total,
					   run->down ? "down" : "up"),
			 errhint("Register the text that ran so far, and change only what comes after; or finish or undo it by hand and say so with migrate_mark() or migrate_unmark().")));
}

static void
write_journal(Deploy *deploy, const char *message)
{
	MigRun	   *run = &deploy->run;

	mig_journal_write(run->project, run->plan->steps[run->step].entry->key,
					  &deploy->journal, message, deploy->job);
}

/* A migration is not applied any more once its down script has begun. */
static void
leave_applied(Deploy *deploy)
{
	MigRun	   *run = &deploy->run;

	if (deploy->still_applied)
		mig_state_set_rolled_back(run->project, run->plan->steps[run->step].entry->key);
	deploy->still_applied = false;
}

static void
advance_journal(Deploy *deploy, const MigParsed *parsed, int upto)
{
	MigJournal *journal = &deploy->journal;

	leave_applied(deploy);
	for (; journal->done < upto; journal->done++)
		journal->done_hash = mig_statement_hash(journal->done_hash,
												&parsed->stmts[journal->done]);
	mig_journal_settle(journal);
	write_journal(deploy, NULL);
}

/* Run SQL of our own that refuses a transaction. */
static void
run_first(Deploy *deploy, const char *sql)
{
	MigRun	   *run = &deploy->run;
	MigExecution execution = run->execution;
	MigScript	script = {(char *) sql, NULL, 1, false};
	MigParsed  *parsed;

	ereport(NOTICE,
			(errmsg("migration %s: clearing away what an earlier attempt has left: %s",
					run->execution.label, sql)));
	execution.what = "repair";
	parsed = mig_execute_parse(&execution, &script);
	begin(deploy);
	mig_execute_toplevel(&execution, parsed, 0);
	commit(deploy);
}

static void
refuse_in_doubt(Deploy *deploy)
{
	const MigJournal *journal = &deploy->journal;
	const MigEntry *entry = deploy->run.plan->steps[deploy->run.step].entry;
	char	   *version = quote_literal_cstr(entry->version);

	ereport(ERROR,
			(errcode(ERRCODE_MIG_HALF_DONE),
			 errmsg("migration %s was interrupted in statement %d, and it cannot be told whether that is done",
					deploy->run.execution.label, journal->begun),
			 errdetail("%d of %d statements are done. In doubt is: %s",
					   journal->done, journal->total, journal->statement),
			 errhint("Look, and call migrate_resolve(%s, 'done') or migrate_resolve(%s, 'retry'); then go on.",
					 version, version)));
}

/*
 * Find out about a statement that was begun and may be done: the one that
 * was, whatever the script says now.
 */
static void
judge_begun(Deploy *deploy, const MigParsed *parsed)
{
	MigJournal *journal = &deploy->journal;
	MigScript	script = {journal->statement, NULL, 1, false};
	const MigStatement *stmt = mig_script_parse(&script, NULL)->stmts;
	MigVerdict	verdict = MIG_ASK;
	List	   *first = NIL;
	ListCell   *lc;

	begin(deploy);
	if (!journal->unknown)
		verdict = mig_judge(stmt, journal->note, &first);
	commit(deploy);
	foreach(lc, first)
		run_first(deploy, (char *) lfirst(lc));

	begin(deploy);
	switch (verdict)
	{
		case MIG_IS_DONE:
			if (journal->done >= parsed->nstmts ||
				mig_key_cmp(mig_statement_hash(NULL, stmt),
							mig_statement_hash(NULL, &parsed->stmts[journal->done])) != 0)
				refuse_changed_script(deploy);
			ereport(NOTICE,
					(errmsg("migration %s: statement %d was done before, and is not repeated",
							deploy->run.execution.label, journal->begun)));
			advance_journal(deploy, parsed, journal->done + 1);
			break;
		case MIG_REPEAT:
			mig_journal_settle(journal);
			write_journal(deploy, NULL);
			break;
		case MIG_ASK:
			journal->unknown = true;
			write_journal(deploy, "its outcome is not known");
			break;
	}
	commit(deploy);
	if (verdict == MIG_ASK)
		refuse_in_doubt(deploy);
}

/* The journal as it is about to begin a statement that may commit by itself. */
static void
begin_in_journal(Deploy *deploy, const MigStatement *stmt, int index, char *note)
{
	leave_applied(deploy);
	deploy->journal.begun = index + 1;
	deploy->journal.statement = mig_statement_text(stmt);
	deploy->journal.note = note;
	write_journal(deploy, NULL);
}

static void
run_toplevel_unit(Deploy *deploy, const MigParsed *parsed, const MigUnit *unit)
{
	const MigStatement *stmt = &parsed->stmts[unit->first];
	MigExecution *execution = &deploy->run.execution;
	ErrorContextCallback callback;
	List	   *first;
	ListCell   *lc;

	begin(deploy);
	first = mig_judge_before(stmt);
	commit(deploy);
	foreach(lc, first)
		run_first(deploy, (char *) lfirst(lc));

	begin(deploy);
	begin_in_journal(deploy, stmt, unit->first, mig_judge_note(stmt));
	commit(deploy);

	begin(deploy);
	mig_execute_toplevel(execution, parsed, unit->first);
	commit(deploy);

	begin(deploy);
	retake_locks(deploy);
	execution->stmt = stmt;
	execution->statement_no = unit->first + 1;
	mig_execution_push(&callback, execution);
	mig_judge_after(stmt);
	error_context_stack = callback.previous;
	execution->stmt = NULL;
	advance_journal(deploy, parsed, unit->first + 1);
	commit(deploy);
}

/* Is it worth to run a statement at top level: could it commit by itself? */
static bool
may_commit(const MigParsed *parsed, const MigUnit *unit)
{
	const MigStatement *stmt = &parsed->stmts[unit->first];

	if (unit->block || unit->count != 1 || stmt->class != MIG_CLASS_PLAIN)
		return false;
	switch (nodeTag(stmt->raw->stmt))
	{
		case T_SelectStmt:
		case T_InsertStmt:
		case T_UpdateStmt:
		case T_DeleteStmt:
		case T_MergeStmt:
			return false;
		default:
			return true;
	}
}

static void
set_block_options(const MigUnit *unit)
{
	ListCell   *lc;

	foreach(lc, unit->options)
	{
		DefElem    *option = (DefElem *) lfirst(lc);

		/* the journal is written in it, so it cannot be read-only */
		if (strcmp(option->defname, "transaction_read_only") != 0)
			SetPGVariable(option->defname, list_make1(option->arg), true);
	}
}

static void
refuse_savepoint(Deploy *deploy, const MigParsed *parsed, int index)
{
	MigExecution *execution = &deploy->run.execution;
	ErrorContextCallback callback;

	execution->stmt = &parsed->stmts[index];
	execution->statement_no = index + 1;
	mig_execution_push(&callback, execution);
	ereport(ERROR,
			(errcode(ERRCODE_NO_ACTIVE_SQL_TRANSACTION),
			 errmsg("%s can only be used in transaction blocks", execution->stmt->command),
			 errhint("Put it between BEGIN and COMMIT.")));
}

static void
run_unit(Deploy *deploy, const MigParsed *parsed, const MigUnit *unit)
{
	if (unit->toplevel)
	{
		run_toplevel_unit(deploy, parsed, unit);
		return;
	}
	begin(deploy);
	set_block_options(unit);
	protect_locks(deploy);
	if (!unit->block && parsed->stmts[unit->first].class == MIG_CLASS_XACT)
		refuse_savepoint(deploy, parsed, unit->first);
	if (may_commit(parsed, unit))
	{
		/* to be seen afterwards only if the statement commits on its way */
		begin_in_journal(deploy, &parsed->stmts[unit->first], unit->first, NULL);
		mig_execute_toplevel(&deploy->run.execution, parsed, unit->first);
	}
	else
		mig_execute_statements(&deploy->run.execution, parsed, unit->first, unit->count);
	if (unit->rollback)
	{
		rollback(deploy);
		begin(deploy);
	}
	else
		mig_fire_deferred(&deploy->run.execution, &deploy->run.deferrable);
	retake_locks(deploy);
	advance_journal(deploy, parsed, unit->first + unit->count);
	commit(deploy);
}

/* Catch an error, abort, and give it back. */
static ErrorData *
catch_error(Deploy *deploy, MemoryContext context)
{
	ErrorData  *error;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	FlushErrorState();
	disable_all_timeouts(false);
	rollback(deploy);
	deploy->run.chain.open = false;
	return error;
}

/* After an error in a unit: what of it may be done? */
static void
look_back(Deploy *deploy, const MigParsed *parsed, const MigUnit *unit)
{
	MigRun	   *run = &deploy->run;
	const bytea *key = run->plan->steps[run->step].entry->key;

	if (unit->toplevel)
	{
		if (mig_judge_failed(&parsed->stmts[unit->first], deploy->journal.note))
			mig_journal_settle(&deploy->journal);
		return;
	}

	/* a statement that commits on its way has left its mark */
	begin(deploy);
	(void) mig_journal_read(run->project, key, &deploy->journal);
	deploy->still_applied = run->down && mig_state_is_applied(run->project, key);
	commit(deploy);
}

static void
run_unit_with_retries(Deploy *deploy, const MigParsed *parsed, const MigUnit *unit)
{
	MemoryContext context = CurrentMemoryContext;
	MigRun	   *run = &deploy->run;
	volatile int attempt = 1;
	volatile bool again;

	do
	{
		ErrorData  *volatile error = NULL;

		again = false;
		PG_TRY();
		{
			if (deploy->journal.begun != 0)
				judge_begun(deploy, parsed);
			if (deploy->journal.done <= unit->first)
				run_unit(deploy, parsed, unit);
		}
		PG_CATCH();
		{
			error = catch_error(deploy, context);
		}
		PG_END_TRY();
		if (error != NULL)
		{
			look_back(deploy, parsed, unit);
			if (!mig_is_worth_retry(run, error) ||
				(!unit->toplevel && deploy->journal.begun != 0))
				ReThrowError(error);
			mig_prepare_retry(run, error, attempt++, deploy->lock_timeout);
			again = true;
		}
	} while (again);
}

/*
 * A migration that commits on its way.  The transaction that was begun to
 * look at it is still open.
 */
static void
run_by_units(Deploy *deploy, MigStored *stored, const MigParsed *parsed, bool found)
{
	MigRun	   *run = &deploy->run;
	const MigEntry *entry = run->plan->steps[run->step].entry;
	MigJournal *journal = &deploy->journal;
	int			nest;
	int			i;

	if (run->step == 0)
	{
		nest = NewGUCNestLevel();
		set_for_step(deploy, false);
		mig_hooks_run(run, MIG_HOOK_BEFORE_RUN, mig_run_payload(run, 0, NULL));
		AtEOXact_GUC(false, nest);
	}
	run->execution.script = parsed->script;
	deploy->still_applied = run->down && mig_state_is_applied(run->project, entry->key);
	if (!found)
	{
		journal->down = run->down;
		journal->done_hash = mig_statement_hash(NULL, NULL);
		journal->total = parsed->nstmts;
		mig_journal_begin(run->project, entry, journal, deploy->job);
	}
	else
	{
		if (journal->down != run->down)
			elog(ERROR, "migration %s is half done in the other direction",
				 run->execution.label);
		if (!mig_journal_fits(journal, parsed))
			refuse_changed_script(deploy);
		journal->total = parsed->nstmts;
		write_journal(deploy, journal->unknown ? "its outcome is not known" : NULL);
		if (journal->done > 0)
			ereport(NOTICE,
					(errmsg("migration %s goes on after statement %d of %d",
							run->execution.label, journal->done, journal->total)));
	}
	retake_locks(deploy);
	set_for_step(deploy, true);
	mig_execute_settings(&run->execution, parsed, journal->done, false);
	commit(deploy);
	deploy->half_done = true;

	/* from here on it may wait for those who wait for the run lock */
	release_run_lock(deploy);
	if (journal->begun != 0)
		judge_begun(deploy, parsed);
	for (i = 0; i < parsed->nunits; i++)
	{
		const MigUnit *unit = &parsed->units[i];

		if (unit->first >= journal->done)
			run_unit_with_retries(deploy, parsed, unit);
	}

	begin(deploy);
	protect_locks(deploy);
	leave_applied(deploy);
	mig_step_settle(run, stored);
	reset_session(deploy);
	nest = NewGUCNestLevel();
	set_for_step(deploy, false);
	run->results[run->step].statements = parsed->nstmts;
	finish_step(deploy, stored, nest);
}

static void
fetch_callback(void *arg)
{
	errcontext("locking migration %s against being registered anew; nothing of it was run",
			   ((Deploy *) arg)->run.execution.label);
}

/* The step's texts. */
static MigStored *
fetch_locked(Deploy *deploy)
{
	MigRun	   *run = &deploy->run;
	ErrorContextCallback callback;
	MigStored  *stored;
	int			nest = mig_run_limit_lock_wait();

	callback.callback = fetch_callback;
	callback.arg = deploy;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	stored = mig_catalog_fetch_locked(run->project, run->plan->steps[run->step].entry);
	error_context_stack = callback.previous;
	AtEOXact_GUC(true, nest);
	return stored;
}

/* Is its precondition, if it has one, met? */
static bool
is_due(Deploy *deploy, const MigStored *stored)
{
	int			nest = NewGUCNestLevel();
	bool		due;

	set_for_step(deploy, false);
	due = mig_step_is_due(&deploy->run, stored);
	AtEOXact_GUC(false, nest);
	return due;
}

/* One attempt at the current step. */
static void
run_step(Deploy *deploy, bool by_statement)
{
	MigRun	   *run = &deploy->run;
	const MigStep *step = &run->plan->steps[run->step];
	MigStored  *stored;
	MigParsed  *parsed = NULL;
	bool		found = false;

	take_run_lock(deploy);
	begin(deploy);
	protect_locks(deploy);
	mig_step_begin(run);
	stored = fetch_locked(deploy);
	if (step->entry->unfinished != '\0')
		found = mig_journal_read(run->project, step->entry->key, &deploy->journal);
	deploy->half_done = found;
	if (found || is_due(deploy, stored))
	{
		parsed = mig_execute_parse(&run->execution, step_script(run, stored));
		deploy->own_transactions = parsed->own_transactions;
		if (found)
			by_statement = deploy->journal.by_statement;
		deploy->journal.by_statement = by_statement;
		if (by_statement)
			mig_script_by_statement(parsed);
		if (found || by_statement || !is_one_transaction(parsed))
		{
			run_by_units(deploy, stored, parsed, found);
			return;
		}
	}
	run_in_transaction(deploy, stored, parsed);
}

static void
run_step_with_retries(Deploy *deploy)
{
	MemoryContext context = CurrentMemoryContext;
	MigRun	   *run = &deploy->run;
	volatile int attempt = 1;
	volatile bool by_statement = false;
	volatile bool again;

	deploy->half_done = false;
	memset(&deploy->journal, 0, sizeof(MigJournal));
	do
	{
		ErrorData  *volatile error = NULL;

		again = false;
		PG_TRY();
		{
			run_step(deploy, by_statement);
		}
		PG_CATCH();
		{
			error = catch_error(deploy, context);
		}
		PG_END_TRY();
		if (error != NULL)
		{
			/* its units were tried again by themselves */
			if (deploy->half_done)
				ReThrowError(error);
			if (!by_statement && !deploy->own_transactions &&
				deploy->run.execution.stmt != NULL &&
				strcmp(run->execution.what, run->down ? "down" : "up") == 0 &&
				(error->sqlerrcode == ERRCODE_ACTIVE_SQL_TRANSACTION ||
				 error->sqlerrcode == ERRCODE_INVALID_TRANSACTION_TERMINATION))
			{
				ereport(NOTICE,
						(errmsg("migration %s has a statement that refuses a transaction, and runs statement by statement",
								deploy->run.execution.label),
						 errdetail("Line %d: %s", deploy->run.execution.line, error->message)));
				by_statement = true;
			}
			else if (mig_is_worth_retry(run, error))
				mig_prepare_retry(run, error, attempt++, deploy->lock_timeout);
			else
				ReThrowError(error);
			again = true;
		}
	} while (again);
	mig_step_report(&deploy->run);
	(void) pgstat_report_stat(false);
}

/* What there is to do, and whether it may be done; false if there is nothing. */
static bool
plan(Deploy *deploy, const char *target, const char *client_addr)
{
	MigRun	   *run = &deploy->run;
	int			nest;

	begin(deploy);
	protect_locks(deploy);
	mig_run_plan(run, target);
	mig_run_report_skipped(run);
	if (run->plan->nsteps > 0)
	{
		run->hooks = mig_catalog_hooks(run->project);
		mig_run_refuse_untrusted(run);
		mig_lint_gate(run->plan, run->project);
		mig_tracking_begin(&run->tracking, run->project, deploy->job);
		run->results = MemoryContextAllocExtended(deploy->context,
												  sizeof(MigResult) * run->plan->nsteps,
												  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
		nest = NewGUCNestLevel();
		mig_run_set("role", mig_role);
		mig_event_init(&run->base, run->project, run->down ? "rollback" : "apply");
		run->base.client_addr = client_addr;
		run->base.job = deploy->job;
		mig_run_parse_broken(run);
		mig_restore_point(run);
		mig_chain_close(&run->chain);
		AtEOXact_GUC(false, nest);
	}
	commit(deploy);
	return run->plan->nsteps > 0;
}

/* What of the run is kept, as the last line of an error's context. */
static void
say_what_is_kept(Deploy *deploy, ErrorData *error)
{
	MigRun	   *run = &deploy->run;
	const MigEntry *entry = run->plan->steps[Min(run->step, run->plan->nsteps - 1)].entry;
	const char *function = run->down ? "migrate_undo" : "migrate_deploy";
	StringInfoData buf;

	initStringInfo(&buf);
	if (error->context)
		appendStringInfo(&buf, "%s\n", error->context);
	appendStringInfo(&buf, "%s() of %d %s: ", function, run->plan->nsteps,
					 run->plan->nsteps == 1 ? "migration" : "migrations");
	if (deploy->steps_done > 0)
		appendStringInfo(&buf, "%d %s done and kept, ", deploy->steps_done,
						 deploy->steps_done == 1 ? "is" : "are");
	if (deploy->half_done)
		appendStringInfo(&buf, "of this one %d of %d statements are done and kept%s",
						 deploy->journal.done, deploy->journal.total,
						 deploy->journal.begun != 0 && run->execution.stmt != NULL &&
						 (IsA(run->execution.stmt->raw->stmt, IndexStmt) ||
						  IsA(run->execution.stmt->raw->stmt, ReindexStmt)) ?
						 " (what the next has left behind, such as an INVALID index, is cleared away by the next run)" : "");
	else if (entry->unfinished != '\0')
		appendStringInfo(&buf, "of this one %d of %d statements were done before and are kept",
						 entry->done, entry->total);
	else
		appendStringInfoString(&buf, "nothing of this one was kept");
	if (mig_record_failures)
		appendStringInfoString(&buf, ", the failure is in migrate_history");
	error->context = buf.data;
	if (error->hint == NULL)
		error->hint = pstrdup(error->sqlerrcode == ERRCODE_QUERY_CANCELED ||
							  error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE ?
							  "Call again to go on." :
							  deploy->half_done ?
							  "Correct the script from that statement on, register it again and repeat the call: it goes on from there." :
							  "Correct the script, register it again and repeat the call.");
}

static void
run_failure_hooks(Deploy *deploy, const char *payload)
{
	MigRun	   *run = &deploy->run;
	MemoryContext context = CurrentMemoryContext;
	int			step = run->step;
	int			nest;

	PG_TRY();
	{
		begin(deploy);
		protect_locks(deploy);
		nest = NewGUCNestLevel();
		set_for_step(deploy, false);
		mig_hooks_run(run, MIG_HOOK_ON_FAILURE, payload);
		AtEOXact_GUC(false, nest);
		commit(deploy);
	}
	PG_CATCH();
	{
		ErrorData  *error = catch_error(deploy, context);

		HOLD_CANCEL_INTERRUPTS();
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("a hook that was to run on a failure has failed itself: %s",
						error->message),
				 error->context ? errdetail("%s", error->context) : 0));
	}
	PG_END_TRY();
	run->step = step;
}

/*
 * Record that the run has failed, in a transaction of its own.  A cancel must
 * not stop this, but the end of the process may.
 */
static void
record_failure(Deploy *deploy, ErrorData *error)
{
	MigRun	   *run = &deploy->run;
	MemoryContext context = CurrentMemoryContext;
	bool		planned = run->base.project != NULL;
	char	   *volatile payload = NULL;

	HOLD_CANCEL_INTERRUPTS();
	PG_TRY();
	{
		begin(deploy);
		reset_session(deploy);
		commit(deploy);
		begin(deploy);
		if (deploy->half_done && deploy->journal.done == 0 && deploy->journal.begun == 0)
		{
			/* as if it had not been tried, like one that was rolled back */
			(void) mig_journal_delete(run->project,
									  run->plan->steps[run->step].entry->key);
			deploy->half_done = false;
		}
		if (deploy->half_done)
			write_journal(deploy, error->message);
		if (planned && mig_record_failures)
		{
			MigEvent	event;

			mig_run_failure_event(run, error, &event);
			if (deploy->half_done)
				event.statements = deploy->journal.done;
			mig_chain_append(&run->chain, &event);
			mig_chain_close(&run->chain);
		}
		if (planned)
		{
			payload = mig_run_payload(run, deploy->steps_done, error);
			mig_notify(payload);
			say_what_is_kept(deploy, error);
		}
		mig_job_finish(deploy->job, run->plan->nsteps, deploy->steps_done, error);
		commit(deploy);
	}
	PG_CATCH();
	{
		ErrorData  *other = catch_error(deploy, context);

		HOLD_CANCEL_INTERRUPTS();
		ereport(WARNING,
				(errcode(other->sqlerrcode),
				 errmsg("the failure could not be recorded: %s", other->message)));
	}
	PG_END_TRY();
	if (payload != NULL && run->hooks != NIL)
		run_failure_hooks(deploy, payload);

	/* an error that a hook has caught has let go of it */
	if (QueryCancelHoldoffCount > 0)
		RESUME_CANCEL_INTERRUPTS();
}

/*
 * Keep a snapshot of what was committed.  That cannot fail the run; what
 * cannot be kept is left to the next one.
 */
static void
leave_snapshot(Deploy *deploy)
{
	MemoryContext context = CurrentMemoryContext;

	if (!deploy->run.tracking.on)
		return;
	PG_TRY();
	{
		begin(deploy);
		protect_locks(deploy);
		mig_tracking_end(&deploy->run.tracking);
		commit(deploy);
	}
	PG_CATCH();
	{
		ErrorData  *error = catch_error(deploy, context);

		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("could not keep a snapshot of what the run has left: %s",
						error->message)));
	}
	PG_END_TRY();
}

static void
finish(Deploy *deploy)
{
	MigRun	   *run = &deploy->run;

	/* it is done, whoever would like to cancel it now */
	HOLD_CANCEL_INTERRUPTS();
	begin(deploy);
	if (run->plan->nsteps > 0)
		mig_notify(mig_run_payload(run, deploy->steps_done, NULL));
	mig_job_finish(deploy->job, run->plan->nsteps, deploy->steps_done, NULL);
	commit(deploy);
	RESUME_CANCEL_INTERRUPTS();
}

/*
 * mig_deploy
 *		Go to a target, each step by itself, and record how the job ended.
 *
 * Raises the error that stopped it, after recording it; what is done is kept.
 * The process is worth nothing afterwards but to end.
 */
void
mig_deploy(int64 job, bool down, const char *target, const char *client_addr)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "migrate deploy",
												  ALLOCSET_DEFAULT_SIZES);
	Deploy	   *deploy;
	MigRun	   *run;

	MemoryContextSwitchTo(context);
	deploy = palloc0(sizeof(Deploy));
	deploy->context = context;
	deploy->step_context = AllocSetContextCreate(context, "migrate step",
												 ALLOCSET_DEFAULT_SIZES);
	deploy->job = job;
	deploy->lock_timeout = mig_lock_timeout < 0 ? MIG_DDL_LOCK_TIMEOUT : mig_lock_timeout;
	run = &deploy->run;
	run->project = pstrdup(mig_project);
	run->chain.project = run->project;
	run->down = down;
	run->deferrable.context = context;
	run->execution.memory = deploy->step_context;
	run->execution.in_worker = true;
	run->execution.ddl_lock_timeout = -1;
	deploy->lock = mig_lock_number(run->project);
	deploy->session_role = pstrdup(GetConfigOption("session_authorization", false, false));
	deploy->role = pstrdup(GetConfigOption("role", false, false));
	mig_watch_lock_waits(deploy->lock_timeout);

	PG_TRY();
	{
		mig_run_enter(run);
		CHECK_FOR_INTERRUPTS();
		take_locks(deploy);
		if (plan(deploy, target, client_addr))
		{
			MemoryContextSwitchTo(deploy->step_context);
			for (run->step = 0; run->step < run->plan->nsteps; run->step++)
			{
				run_step_with_retries(deploy);
				deploy->steps_done++;
				MemoryContextReset(deploy->step_context);
			}
			MemoryContextSwitchTo(context);
			leave_snapshot(deploy);
		}
		finish(deploy);
		mig_run_leave();
	}
	PG_CATCH();
	{
		ErrorData  *error = catch_error(deploy, context);

		if (run->plan == NULL)
			run->plan = palloc0(sizeof(MigPlan));
		if (run->plan->nsteps > 0)
			mig_execution_error(&run->execution, error);
		record_failure(deploy, error);
		leave_snapshot(deploy);
		mig_run_leave();
		ReThrowError(error);
	}
	PG_END_TRY();
}
