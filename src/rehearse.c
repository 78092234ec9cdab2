/*-------------------------------------------------------------------------
 *
 * rehearse.c
 *	  Scripts are run as they would be, every statement is recorded, and all is
 *	  rolled back.
 *
 * One subtransaction around all of it takes everything back: rows, catalogs,
 * settings, and the run lock, which it holds as a run does.  Each statement
 * has one of its own within, so that what fails does not take the rest along.
 * What a rollback does not reach is the recorder's to undo or to name.
 *
 * Expects READ COMMITTED, as a run does.
 *
 *-------------------------------------------------------------------------
 */
#include "dryrun.h"
#include "compat.h"

#include "access/xact.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"

/* A wait for a lock is noticed when it has lasted so long, in ms. */
#define NOTICED_WAIT 10


/* What one row does. */
typedef struct Action
{
	const MigParsed *parsed;	/* its statement at index, */
	int			index;
	bool		nothing;		/* ... which is not run at all, */
	const MigScript *script;	/* ... or else a script that is undone, */
	bool		by_rows;
	bool	   *answer;			/* ... which is a precondition, if not NULL, */
	bool		deferred;		/* ... or what is deferred */
	const MigStatement *original;	/* it stands for this statement */
} Action;


static char *
setting(const char *name)
{
	return GetConfigOptionByName(name, NULL, false);
}

/* What is in force now; most statements share what the last one had. */
static MigDrySettings *
read_settings(MigDryRun *dry)
{
	MigDrySettings now;
	MigDrySettings *last = dry->settings;

	now.lock_timeout = LockTimeout == mig_dry_run_lock_timeout ? dry->lock_timeout :
		setting("lock_timeout");
	now.statement_timeout = setting("statement_timeout");
	now.timezone = setting("TimeZone");
	now.search_path = setting("search_path");
	if (last == NULL || strcmp(last->lock_timeout, now.lock_timeout) != 0 ||
		strcmp(last->statement_timeout, now.statement_timeout) != 0 ||
		strcmp(last->timezone, now.timezone) != 0 ||
		strcmp(last->search_path, now.search_path) != 0)
	{
		MemoryContext caller = MemoryContextSwitchTo(dry->context);

		last = palloc(sizeof(MigDrySettings));
		last->lock_timeout = pstrdup(now.lock_timeout);
		last->statement_timeout = pstrdup(now.statement_timeout);
		last->timezone = pstrdup(now.timezone);
		last->search_path = pstrdup(now.search_path);
		MemoryContextSwitchTo(caller);
		dry->settings = last;
	}
	return last;
}

/*
 * Is the error one that the real run, which may commit before this statement,
 * need not have?
 */
static bool
is_artefact(const MigDryRun *dry, const ErrorData *error, const Node *stmt)
{
	switch (error->sqlerrcode)
	{
		case ERRCODE_UNSAFE_NEW_ENUM_VALUE_USAGE:
		case ERRCODE_OBJECT_IN_USE:
			return dry->transaction > 1 || dry->locked;
		case ERRCODE_ACTIVE_SQL_TRANSACTION:
		case ERRCODE_INVALID_TRANSACTION_TERMINATION:
			return true;
		case ERRCODE_INVALID_TRANSACTION_STATE:
		case ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE:
			/* COPY FREEZE wants a transaction of its own */
			return stmt != NULL && IsA(stmt, CopyStmt);
		case ERRCODE_SYNTAX_ERROR:
			return false;
		default:
			return dry->lacking &&
				ERRCODE_TO_CATEGORY(error->sqlerrcode) != MAKE_SQLSTATE('M', 'G', '0', '0', '0');
	}
}

static void
set_error(MigDryRun *dry, MigDryRow *row, ErrorData *error, const Node *stmt)
{
	row->sqlstate = pstrdup(unpack_sql_state(error->sqlerrcode));
	row->message = error->message;
	row->detail = error->detail;
	row->hint = error->hint;
	row->error_line = dry->run.execution.line;
	row->artefact = is_artefact(dry, error, stmt);
	row->status = MIG_DRY_FAILED;
	if (error->sqlerrcode == ERRCODE_ACTIVE_SQL_TRANSACTION)
	{
		row->status = MIG_DRY_REFUSED;
		row->reason = "It refuses to run in a transaction; CALL migrate_deploy() can run it.";
	}
	if (row->artefact)
		row->lacks = dry->lacking = true;
	else
		dry->stopped = true;
}

static void
act(MigDryRun *dry, const Action *action)
{
	MigExecution *execution = &dry->run.execution;

	if (action->nothing)
		return;
	if (action->parsed != NULL)
		mig_execute_statements(execution, action->parsed, action->index, 1);
	else if (action->answer != NULL)
		*action->answer = mig_execute_check(execution, action->script);
	else if (action->script != NULL)
		mig_execute_verify(execution, action->script, action->by_rows);
	else
		mig_fire_deferred(execution, &dry->run.deferrable);
}

/* The lock_timeout that a script sets must not let a dry run wait longer. */
static int
limit_lock_timeout(const Node *stmt)
{
	int			saved = LockTimeout;

	if (mig_dry_run_lock_timeout > 0 &&
		(LockTimeout == 0 || LockTimeout > mig_dry_run_lock_timeout) &&
		(stmt == NULL || !IsA(stmt, VariableSetStmt)))
		LockTimeout = mig_dry_run_lock_timeout;
	return saved;
}

static void
restore_lock_timeout(int saved)
{
	if (LockTimeout == mig_dry_run_lock_timeout)
		LockTimeout = saved;
}

/*
 * What lint says of a statement, where locks of it need not show: what an
 * earlier transaction of a real run would have released is still held.
 */
static List *
foretell(const MigDryRun *dry, const Action *action)
{
	if (action->original != NULL)
		return mig_dry_effects(action->original);
	if (action->parsed == NULL || (dry->transaction == 1 && !dry->locked))
		return NIL;
	return mig_dry_effects(&action->parsed->stmts[action->index]);
}

/*
 * Begin the subtransaction of a statement, and foretell its effects there: one
 * only for that would cost more than they do.
 */
static List *
begin_statement(const MigDryRun *dry, const Action *action)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	int			level = GetCurrentTransactionNestLevel();
	List	   *volatile effects = NIL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		effects = foretell(dry, action);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		/* the statement will say what is wrong with it */
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		while (GetCurrentTransactionNestLevel() > level)
			RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(caller);
		CurrentResourceOwner = owner;
		if (mig_is_interrupt(error))
			ReThrowError(error);
		FreeErrorData(error);
		BeginInternalSubTransaction(NULL);
		MemoryContextSwitchTo(caller);
	}
	PG_END_TRY();
	return effects;
}

/*
 * Do what a row stands for, in a subtransaction of its own that lasts as long
 * as the dry run, and record it.
 */
static void
observe(MigDryRun *dry, MigDryRow *row, const Action *action)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	int			level = GetCurrentTransactionNestLevel();
	MigRecorder *recorder = dry->recorder;
	Node	   *stmt = action->parsed ? action->parsed->stmts[action->index].raw->stmt : NULL;
	List	   *effects;
	int			saved;

	row->settings = read_settings(dry);
	saved = limit_lock_timeout(stmt);
	effects = begin_statement(dry, action);
	mig_observe_begin(recorder, row->sql ? row->sql : "", row->number);
	if (action->parsed != NULL &&
		action->parsed->stmts[action->index].class == MIG_CLASS_COPY_IN)
		recorder->suspect_all = true;
	mig_observe_expect(recorder, dry->transaction, mig_dry_expected(effects),
					   action->original != NULL);
	PG_TRY();
	{
		act(dry, action);
		row->seen = mig_observe_end(recorder);
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(caller);
		CurrentResourceOwner = owner;
		restore_lock_timeout(saved);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(dry->context);
		error = CopyErrorData();
		FlushErrorState();
		mig_observe_error(recorder);
		while (GetCurrentTransactionNestLevel() > level)
			RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(caller);
		CurrentResourceOwner = owner;
		restore_lock_timeout(saved);
		mig_execution_error(&dry->run.execution, error);
		if (!recorder->stopped && mig_is_interrupt(error))
			ReThrowError(error);

		row->seen = mig_observe_failed(recorder);
		if (recorder->stopped)
		{
			row->status = MIG_DRY_PROBED;
			row->reason = "It was stopped before it rewrote a relation.";
			dry->lacking = true;
			FreeErrorData(error);
		}
		else
		{
			MemoryContextSwitchTo(dry->context);
			set_error(dry, row, error, stmt);
			MemoryContextSwitchTo(caller);
		}
	}
	PG_END_TRY();
	if (action->nothing)
	{
		MemoryContextSwitchTo(dry->context);
		mig_dry_add_effects(dry, row->seen, effects);
		mig_sort_observation(row->seen);
		row->seen->predicted = true;
		MemoryContextSwitchTo(caller);
	}
	if (row->seen->waits != NIL)
	{
		mig_dry_describe_waits(dry, row);
		mig_recorder_sync(recorder, false);
	}
}

/* The same command in a form that runs in a transaction, and its name. */
static Node *
substitute_of(const Node *node, const char **name)
{
	Node	   *copy = copyObjectImpl(node);
	ListCell   *lc;

	*name = NULL;
	switch (nodeTag(node))
	{
		case T_IndexStmt:
			((IndexStmt *) copy)->concurrent = false;
			*name = "CREATE INDEX";
			break;
		case T_DropStmt:
			((DropStmt *) copy)->concurrent = false;
			*name = "DROP INDEX";
			break;
		case T_ReindexStmt:
			if (((ReindexStmt *) node)->relation == NULL)
				break;
			foreach(lc, ((ReindexStmt *) copy)->params)
			{
				if (strcmp(((DefElem *) lfirst(lc))->defname, "concurrently") == 0)
					((ReindexStmt *) copy)->params =
						foreach_delete_current(((ReindexStmt *) copy)->params, lc);
			}
			*name = "REINDEX";
			break;
		case T_AlterTableStmt:
			foreach(lc, ((AlterTableStmt *) copy)->cmds)
			{
				AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

				if (cmd->subtype == AT_DetachPartition)
				{
					((PartitionCmd *) cmd->def)->concurrent = false;
					*name = "ALTER TABLE ... DETACH PARTITION";
				}
			}
			break;
		default:
			break;
	}
	return *name ? copy : NULL;
}

/* Could what it does not do be missed by the statements after it? */
static bool
leaves_something(const Node *stmt)
{
	switch (nodeTag(stmt))
	{
		case T_VacuumStmt:
		case T_ReindexStmt:
		case T_ClusterStmt:
		case T_AlterSystemStmt:
			return false;
		default:
			return true;
	}
}

/* A statement that refuses a transaction. */
static void
rehearse_toplevel(MigDryRun *dry, MigDryRow *row, const MigParsed *parsed, int index)
{
	const MigStatement *stmt = &parsed->stmts[index];
	const char *name;
	Node	   *plain = substitute_of(stmt->raw->stmt, &name);
	MemoryContext caller = MemoryContextSwitchTo(dry->context);
	MigParsed	replaced = *parsed;
	MigStatement statement = *stmt;
	Action		action = {&replaced, 0};

	row->reason = psprintf("%s cannot run in a transaction; CALL migrate_deploy() can run it.",
						   stmt->command);
	MemoryContextSwitchTo(caller);
	row->status = MIG_DRY_REFUSED;
	row->substitute = name;
	statement.class = MIG_CLASS_PLAIN;
	statement.raw = copyObject(stmt->raw);
	if (plain != NULL)
		statement.raw->stmt = plain;
	replaced.stmts = &statement;
	replaced.nstmts = 1;
	action.nothing = plain == NULL;
	action.original = stmt;
	observe(dry, row, &action);
	dry->run.execution.stmt = NULL;
	if (plain == NULL)
	{
		row->lacks = leaves_something(stmt->raw->stmt);
		dry->lacking = dry->lacking || row->lacks;
	}
	else if (row->status == MIG_DRY_REFUSED)
	{
		mig_dry_add_transaction_waits(dry, row);
		mig_recorder_sync(dry->recorder, false);
	}
}

static void
not_run(MigDryRun *dry, MigDryRow *row)
{
	row->status = MIG_DRY_NOT_RUN;
	row->reason = "A statement before it failed.";
}

/* What the transaction's end would check; told of if it is of note. */
static void
rehearse_deferred(MigDryRun *dry, const char *script)
{
	MigDryRow  *row;
	Action		action = {0};

	if (dry->stopped)
		return;
	action.deferred = true;
	row = mig_dry_add_row(dry, script);
	row->command = "deferred constraints";
	observe(dry, row, &action);
	if (row->status == MIG_DRY_DONE && row->seen->locks == NIL &&
		row->seen->scans == NIL && row->seen->rows == NIL)
		dry->rows = list_delete_last(dry->rows);
}

/* SAVEPOINT and its like; they are nothing that could be recorded. */
static List *
rehearse_savepoint(MigDryRun *dry, MigDryRow *row, List *savepoints,
				   const MigStatement *stmt)
{
	MemoryContext caller = CurrentMemoryContext;
	List	   *volatile left = savepoints;

	row->settings = read_settings(dry);
	PG_TRY();
	{
		left = mig_execute_savepoint(savepoints,
									 castNode(TransactionStmt, stmt->raw->stmt));
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(dry->context);
		error = CopyErrorData();
		FlushErrorState();
		dry->run.execution.line = stmt->line;
		set_error(dry, row, error, NULL);
		MemoryContextSwitchTo(caller);
	}
	PG_END_TRY();
	mig_recorder_sync(dry->recorder, true);
	return left;
}

static void
end_subtransactions(int level, bool rollback)
{
	MemoryContext caller = CurrentMemoryContext;

	while (GetCurrentTransactionNestLevel() > level)
	{
		if (rollback)
			RollbackAndReleaseCurrentSubTransaction();
		else
			ReleaseCurrentSubTransaction();
	}
	MemoryContextSwitchTo(caller);
}

/* The statements that a worker would commit together. */
static void
rehearse_unit(MigDryRun *dry, const char *script, const MigParsed *parsed,
			  const MigUnit *unit)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	int			level = GetCurrentTransactionNestLevel();
	MemoryContext context = AllocSetContextCreate(caller, "migrate dry run statement",
												  ALLOCSET_DEFAULT_SIZES);
	List	   *savepoints = NIL;
	int			i;

	if (unit->rollback)
	{
		BeginInternalSubTransaction(NULL);
		MemoryContextSwitchTo(caller);
	}
	for (i = unit->first; i < unit->first + unit->count; i++)
	{
		const MigStatement *stmt = &parsed->stmts[i];
		MigDryRow  *row = mig_dry_add_statement(dry, script, stmt, i + 1);
		Action		action = {parsed, i};

		CHECK_FOR_INTERRUPTS();
		if (dry->stopped)
			not_run(dry, row);
		else if (stmt->class == MIG_CLASS_XACT)
			savepoints = rehearse_savepoint(dry, row, savepoints, stmt);
		else
		{
			MemoryContextSwitchTo(context);
			if (stmt->class == MIG_CLASS_TOPLEVEL)
				rehearse_toplevel(dry, row, parsed, i);
			else
				observe(dry, row, &action);
			MemoryContextSwitchTo(caller);
			MemoryContextReset(context);
		}
	}
	end_subtransactions(level, unit->rollback);
	CurrentResourceOwner = owner;
	if (unit->rollback)
		mig_recorder_sync(dry->recorder, true);
	MemoryContextDelete(context);
}

/* Its statements, or NULL: then it is broken, and a row says so. */
static MigParsed *
parse_script(MigDryRun *dry, const char *kind, const MigScript *script)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	MigParsed  *volatile parsed = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		parsed = mig_execute_parse(&dry->run.execution, script);
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(caller);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		ErrorData  *error;
		MigDryRow  *row;

		MemoryContextSwitchTo(dry->context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(caller);
		CurrentResourceOwner = owner;
		if (mig_is_interrupt(error))
			ReThrowError(error);
		row = mig_dry_add_row(dry, kind);
		row->line = dry->run.execution.line;
		row->path = script->path;
		if (dry->stopped)
			not_run(dry, row);
		else
		{
			MemoryContextSwitchTo(dry->context);
			set_error(dry, row, error, NULL);
			row->artefact = false;
			MemoryContextSwitchTo(caller);
		}
		dry->stopped = true;
	}
	PG_END_TRY();
	return parsed;
}

/* The step goes on where it stopped, unless its script does not fit. */
static void
resume(MigDryRun *dry, const char *kind, MigParsed *parsed)
{
	const MigJournal *journal = dry->journal;
	MigDryRow  *row;

	if (mig_journal_fits(journal, parsed))
	{
		mig_execute_settings(&dry->run.execution, parsed, journal->done, false);
		return;
	}
	row = mig_dry_add_row(dry, kind);
	if (dry->stopped)
		not_run(dry, row);
	else
	{
		row->status = MIG_DRY_FAILED;
		row->sqlstate = MemoryContextStrdup(dry->context,
											unpack_sql_state(ERRCODE_MIG_HALF_DONE));
		row->message = "it is half done, and what is done of it is not what its script says now";
	}
	dry->stopped = true;
}

/* What a worker had begun may be done; only the run that resumes judges that. */
static bool
is_in_doubt(MigDryRun *dry, const char *kind, const MigParsed *parsed, int first)
{
	MigDryRow  *row;

	if (dry->journal == NULL || dry->journal->begun == 0 || dry->journal->done != first)
		return false;
	row = mig_dry_add_statement(dry, kind, &parsed->stmts[first], first + 1);
	row->status = MIG_DRY_NOT_RUN;
	row->reason = "It was begun before and may be done; CALL migrate_deploy() judges that.";
	row->lacks = dry->lacking = true;
	return true;
}

/*
 * mig_rehearse_script
 *		A script, statement by statement; how many it has.
 */
int
mig_rehearse_script(MigDryRun *dry, const char *kind, const MigScript *script)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "migrate dry run script",
												  ALLOCSET_DEFAULT_SIZES);
	MigParsed  *parsed;
	int			nstmts = 0;
	int			done = 0;
	int			i;

	MemoryContextSwitchTo(context);
	dry->run.execution.what = kind;
	parsed = parse_script(dry, kind, script);
	if (parsed != NULL && dry->journal != NULL)
	{
		if (dry->journal->by_statement)
			mig_script_by_statement(parsed);
		resume(dry, kind, parsed);
		done = dry->journal->done;
	}
	mig_recorder_sync(dry->recorder, false);
	for (i = 0; parsed != NULL && i < parsed->nunits; i++)
	{
		if (parsed->units[i].first < done)
			continue;
		if (i > 0)
			dry->transaction++;
		if (is_in_doubt(dry, kind, parsed, parsed->units[i].first))
			continue;
		rehearse_unit(dry, kind, parsed, &parsed->units[i]);
		if (!parsed->units[i].rollback && parsed->units[i].count > 0)
			rehearse_deferred(dry, kind);
		nstmts = parsed->nstmts;
	}
	dry->run.execution.script = NULL;
	dry->run.execution.context_line = NULL;
	dry->run.execution.stmt = NULL;
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return nstmts;
}

/* A script that asks something, and undoes what it did. */
static MigDryRow *
rehearse_question(MigDryRun *dry, const char *kind, const MigScript *script,
				  bool by_rows, bool *answer)
{
	Action		action = {NULL};
	MigDryRow  *row;

	dry->run.execution.what = kind;
	dry->run.execution.script = script;
	row = mig_dry_add_row(dry, kind);
	row->line = script->line;
	row->sql = MemoryContextStrdup(dry->context, script->text);
	action.script = script;
	action.by_rows = by_rows;
	action.answer = answer;
	if (dry->stopped)
		not_run(dry, row);
	else
		observe(dry, row, &action);
	dry->run.execution.script = NULL;
	dry->run.execution.context_line = NULL;
	dry->run.execution.stmt = NULL;
	return row;
}

/*
 * mig_rehearse_verify
 *		The verify script of a migration, if it has one.
 */
void
mig_rehearse_verify(MigDryRun *dry, const MigStored *stored)
{
	if (stored->verify.text != NULL)
		(void) rehearse_question(dry, "verify", &stored->verify,
								 !mig_format_verifies_by_errors(stored->format), NULL);
}

/*
 * mig_rehearse_is_due
 *		Is the script of the current step to be run?
 */
bool
mig_rehearse_is_due(MigDryRun *dry, const MigStored *stored)
{
	MigRun	   *run = &dry->run;
	const MigStep *step = &run->plan->steps[run->step];
	MigDryRow  *row;
	bool		met = true;
	Oid			user;
	int			security;
	int			nest;

	if (step->action != MIG_APPLY || stored->check.text == NULL)
		return step->action != MIG_COVER;
	GetUserIdAndSecContext(&user, &security);
	nest = NewGUCNestLevel();
	row = rehearse_question(dry, "precondition", &stored->check, false, &met);
	AtEOXact_GUC(false, nest);
	SetUserIdAndSecContext(user, security);
	if (row->status != MIG_DRY_DONE || met)
		return true;
	if (strcmp(stored->check_fail, MIG_CHECK_HALT) == 0)
	{
		MemoryContext caller = MemoryContextSwitchTo(dry->context);

		row->status = MIG_DRY_FAILED;
		row->sqlstate = pstrdup(unpack_sql_state(ERRCODE_MIG_PRECONDITION));
		row->message = psprintf("the precondition of migration %s is not met",
								mig_step_label(step));
		MemoryContextSwitchTo(caller);
		dry->stopped = true;
		return true;
	}
	if (strcmp(stored->check_fail, MIG_CHECK_WARN) == 0)
	{
		row->reason = "It is not met; the migration runs all the same.";
		return true;
	}
	row->reason = strcmp(stored->check_fail, MIG_CHECK_MARK) == 0 ?
		"It is not met; the migration is marked as applied." :
		"It is not met; the migration is skipped.";
	run->results[run->step].step.action =
		strcmp(stored->check_fail, MIG_CHECK_MARK) == 0 ? MIG_MARKED : MIG_SKIPPED;
	return false;
}

static void
rehearse_hook(const MigHook *hook, void *arg)
{
	(void) mig_rehearse_script((MigDryRun *) arg, hook->when, &hook->script);
}

/*
 * mig_rehearse_hooks
 *		The hooks of a kind.
 */
void
mig_rehearse_hooks(MigDryRun *dry, const char *when, const char *payload)
{
	mig_hooks_each(&dry->run, when, payload, rehearse_hook, dry);
}

/*
 * mig_rehearse_record
 *		Later migrations, and hooks, may look at what is recorded as applied.
 */
void
mig_rehearse_record(MigDryRun *dry, const MigStored *stored)
{
	const MigRun *run = &dry->run;
	const MigResult *result = &run->results[run->step];
	const MigEntry *entry = result->step.entry;

	if (dry->stopped || result->step.action == MIG_SKIPPED)
		return;
	if (run->down)
		mig_state_set_rolled_back(run->project, entry->key);
	else
		mig_state_set_applied(run->project, entry, stored->checksum, stored->fingerprint,
							  result->step.action == MIG_COVER ? "baseline" :
							  result->step.action == MIG_MARKED ? "marked" : "run",
							  result->statements, GetCurrentTimestamp(),
							  GetUserNameFromId(GetUserId(), false), 0);
	mig_recorder_sync(dry->recorder, false);
}

/* As a run begins, but for how long locks are waited for. */
static void
set_up(MigDryRun *dry)
{
	char		value[32];

	if (mig_lock_timeout > 0)
	{
		snprintf(value, sizeof(value), "%d", mig_lock_timeout);
		mig_run_set("lock_timeout", value);
	}
	dry->lock_timeout = setting("lock_timeout");
	snprintf(value, sizeof(value), "%d", mig_dry_run_lock_timeout);
	mig_run_set("lock_timeout", value);
	mig_run_set("search_path", mig_search_path);
	mig_run_set("role", mig_role);
}

/* Have the server tell of waits early; who waits less is nobody's concern. */
static void
watch_waits(void)
{
	char		value[32];
	int			wait = NOTICED_WAIT;

	if (mig_dry_run_lock_timeout > 0)
		wait = Min(wait, Max(mig_dry_run_lock_timeout / 2, 1));
	snprintf(value, sizeof(value), "%d", Min(wait, DeadlockTimeout));
	(void) set_config_option("log_lock_waits", "on", PGC_SUSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("deadlock_timeout", value, PGC_SUSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

/*
 * mig_rehearsal_begin
 *		Scripts are run from here on, in the rehearsal's subtransaction.
 */
void
mig_rehearsal_begin(MigDryRun *dry)
{
	MigRun	   *run = &dry->run;

	mig_run_enter(run);
	run->deferrable.context = CurrentMemoryContext;
	run->execution.memory = CurrentMemoryContext;
	run->execution.ddl_lock_timeout = -1;
	set_up(dry);

	/* what the caller has left to its commit is not the first migration's */
	mig_fire_deferred(&run->execution, &run->deferrable);
	dry->recorder = mig_recorder_begin(dry->depth == MIG_DEPTH_PROBE);
	watch_waits();
}

/*
 * mig_rehearsal
 *		Do it and take it back.  What was found is in the current memory
 *		context, which is worth one that is deleted soon.
 */
void
mig_rehearsal(MigDryRun *dry, const char *function, MigRehearsal body, void *arg)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	int			level = GetCurrentTransactionNestLevel();
	ErrorData  *volatile error = NULL;
	MigAdvisory advisory;

	mig_refuse_unless_ready(function);
	dry->context = caller;
	dry->run.project = pstrdup(mig_project);
	dry->run.rehearsed = true;
	dry->locked = mig_inspect_holds_locks();
	mig_read_advisory(&advisory);

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		body(dry, arg);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();
	mig_run_leave();
	if (dry->recorder != NULL)
		dry->recorder->active = false;
	while (GetCurrentTransactionNestLevel() > level)
		RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	if (dry->recorder != NULL)
	{
		mig_recorder_end(dry->recorder);
		mig_restore_advisory(&advisory);
	}
	pgstat_report_activity(STATE_RUNNING, debug_query_string);
	if (error != NULL)
		ReThrowError(error);
}
