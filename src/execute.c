/*-------------------------------------------------------------------------
 *
 * execute.c
 *	  One script, or a part of it, in the transaction that is there.
 *
 * Runs statement by statement, each from the whole script as source text, so
 * that every error position is one in the script and can be told as a line
 * of its file; follows execute_sql_string() of commands/extension.c.  Knows
 * nothing of plans, records and locks, nor who began the transaction.
 * Settings that a script leaves behind are the caller's to undo.
 *
 * Expects a transaction without an error; pushes and pops its own snapshots.
 * Only mig_execute_toplevel() may commit it and begin others.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_type.h"
#include "commands/copy.h"
#include "commands/copyfrom_internal.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "parser/analyze.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
#include "pgstat.h"
#include "tcop/dest.h"
#include "storage/proc.h"
#include "tcop/pquery.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/portal.h"
#include "utils/resowner.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timeout.h"

/* A statement longer than this is not repeated in an error. */
#define QUOTED_STATEMENT 8192

/* Where a verify script's rows go: the first column must not be false. */
typedef struct VerifyReceiver
{
	DestReceiver pub;
	bool		checks;			/* is the first column a boolean */
	bool	   *answer;			/* where to note that it is not true; NULL:
								 * raise an error */
} VerifyReceiver;

/* Data of the COPY that is running; its callback has no argument. */
static const char *copy_data = NULL;
static int	copy_left = 0;

static char *
describe(MigExecution *execution)
{
	StringInfoData buf;

	initStringInfo(&buf);
	if (execution->label == NULL)
		return pstrdup("deferred constraints of the calling transaction, before the first migration");
	appendStringInfo(&buf, "migration %s, %s script", execution->label, execution->what);
	if (execution->script && execution->script->path)
		appendStringInfo(&buf, " (%s)", execution->script->path);
	if (execution->line > 0)
		appendStringInfo(&buf, ", line %d", execution->line);
	if (execution->statement_no > 0)
		appendStringInfo(&buf, ", statement %d", execution->statement_no);
	return buf.data;
}

/*
 * Our callback is the innermost for the script itself: a position that is
 * still set is one in the script, because functions called by it have turned
 * theirs into internal positions already.
 */
static void
execution_callback(void *arg)
{
	MigExecution *execution = (MigExecution *) arg;
	const MigStatement *stmt = execution->stmt;
	int			position = geterrposition();
	char	   *last = execution->context_line;
	MemoryContext old;

	/* without a statement it is a parse error, and script.c has left the line */
	if (stmt != NULL)
		execution->line = stmt->line;
	if (stmt != NULL && position > 0)
	{
		int			offset = mig_position_to_offset(stmt->source, position);

		execution->line = mig_script_line(execution->script, stmt->source,
										  stmt->source_start, position);
		errposition(0);
		if (offset >= stmt->start && offset <= stmt->start + stmt->len &&
			stmt->len <= QUOTED_STATEMENT)
		{
			internalerrposition(pg_mbstrlen_with_len(stmt->source + stmt->start,
													 offset - stmt->start) + 1);
			internalerrquery(mig_statement_text(stmt));
		}
	}
	else if (stmt != NULL && execution->copy != NULL)
	{
		CopyFromState copy = (CopyFromState) execution->copy;

		/* the data begin on the line after the statement's last */
		if (copy->cur_lineno > 0)
		{
			const char *data = stmt->data;
			const char *text = execution->script->text;

			execution->line += copy->cur_lineno - 1;
			for (text += stmt->source_start + stmt->start; text < data; text++)
			{
				if (*text == '\n')
					execution->line++;
			}
		}
	}

	/* there may be any number of notices */
	old = MemoryContextSwitchTo(execution->memory);
	execution->context_line = describe(execution);
	MemoryContextSwitchTo(old);
	if (last)
		pfree(last);
	errcontext("%s", execution->context_line);
}

/*
 * mig_execution_error
 *		Finish a caught error: where it points into a quoted part of the
 *		statement, such as a function's body, tell the line of that.
 */
void
mig_execution_error(MigExecution *execution, ErrorData *error)
{
	const MigStatement *stmt = execution->stmt;
	char	   *old_line = execution->context_line;
	char	   *text;
	char	   *found;
	char	   *place;

	if (stmt == NULL || old_line == NULL || error->internalquery == NULL ||
		error->internalpos <= 0 || error->context == NULL ||
		stmt->len > QUOTED_STATEMENT)
		return;
	text = mig_statement_text(stmt);
	found = strstr(text, error->internalquery);
	if (found == NULL || found == text || strstr(found + 1, error->internalquery))
		return;
	place = strstr(error->context, old_line);
	if (place == NULL)
		return;

	execution->line = stmt->line;
	for (found += mig_position_to_offset(error->internalquery, error->internalpos);
		 found > text; found--)
	{
		if (found[-1] == '\n')
			execution->line++;
	}
	execution->context_line = describe(execution);
	*place = '\0';
	error->context = psprintf("%s%s%s", error->context, execution->context_line,
							  place + strlen(old_line));
}

static void
verify_startup(DestReceiver *self, int operation, TupleDesc desc)
{
	VerifyReceiver *receiver = (VerifyReceiver *) self;

	receiver->checks = desc->natts > 0 && TupleDescAttr(desc, 0)->atttypid == BOOLOID;
}

static bool
verify_receive(TupleTableSlot *slot, DestReceiver *self)
{
	VerifyReceiver *receiver = (VerifyReceiver *) self;

	if (receiver->checks)
	{
		bool		isnull;
		Datum		value = slot_getattr(slot, 1, &isnull);

		if (!isnull && DatumGetBool(value))
			return true;
		if (receiver->answer)
			*receiver->answer = false;
		else
			ereport(ERROR,
					(errcode(ERRCODE_MIG_VERIFY_FAILED),
					 errmsg("the verify script answered %s",
							isnull ? "null" : "false")));
	}
	return true;
}

static void
verify_nothing(DestReceiver *self)
{
}

static int
copy_callback(void *buffer, int minread, int maxread)
{
	int			n = Min(copy_left, maxread);

	memcpy(buffer, copy_data, n);
	copy_data += n;
	copy_left -= n;
	return n;
}

/* DoCopy()'s checks: the right to insert into the columns, no row security. */
static void
check_copy_rights(Relation rel, CopyStmt *copy)
{
	AclResult	result = pg_class_aclcheck(RelationGetRelid(rel), GetUserId(), ACL_INSERT);
	ListCell   *lc;

	if (!rel->rd_islocaltemp)
		PreventCommandIfReadOnly("COPY FROM");
	if (result != ACLCHECK_OK && copy->attlist != NIL)
	{
		result = ACLCHECK_OK;
		foreach(lc, copy->attlist)
		{
			AttrNumber	attnum = get_attnum(RelationGetRelid(rel), strVal(lfirst(lc)));

			if (attnum != InvalidAttrNumber && result == ACLCHECK_OK)
				result = pg_attribute_aclcheck(RelationGetRelid(rel), attnum,
											   GetUserId(), ACL_INSERT);
		}
	}
	if (result != ACLCHECK_OK)
		aclcheck_error(result, get_relkind_objtype(rel->rd_rel->relkind),
					   RelationGetRelationName(rel));
	if (check_enable_rls(RelationGetRelid(rel), InvalidOid, false) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("COPY FROM not supported with row-level security"),
				 errhint("Use INSERT statements instead.")));
}

/*
 * COPY FROM stdin with the data lines of the script, as DoCopy() and the
 * logical replication's copy_table() do it.
 */
static void
execute_copy(MigExecution *execution, const MigStatement *stmt)
{
	CopyStmt   *copy = castNode(CopyStmt, stmt->raw->stmt);
	ParseState *pstate;
	ParseNamespaceItem *item;
	Relation	rel;
	Node	   *where = NULL;
	List	   *options = NIL;
	ListCell   *lc;
	CopyFromState state;

	PushActiveSnapshot(GetTransactionSnapshot());
	rel = table_openrv(copy->relation, RowExclusiveLock);
	check_copy_rights(rel, copy);

	pstate = make_parsestate(NULL);
	pstate->p_sourcetext = stmt->source;
	item = addRangeTableEntryForRelation(pstate, rel, RowExclusiveLock, NULL,
										 false, false);
	if (copy->whereClause)
	{
		addNSItemToQuery(pstate, item, false, true, true);
		where = transformExpr(pstate, copy->whereClause, EXPR_KIND_COPY_WHERE);
		where = coerce_to_boolean(pstate, where, "WHERE");
		assign_expr_collations(pstate, where);
		where = eval_const_expressions(NULL, where);
		where = (Node *) canonicalize_qual((Expr *) where, false);
		where = (Node *) make_ands_implicit((Expr *) where);
	}

	/* the script is in the server's encoding, whatever its file was in */
	foreach(lc, copy->options)
	{
		if (strcmp(((DefElem *) lfirst(lc))->defname, "encoding") != 0)
			options = lappend(options, lfirst(lc));
	}
	options = lappend(options,
					  makeDefElem("encoding",
								  (Node *) makeString(pstrdup(GetDatabaseEncodingName())), -1));

	copy_data = stmt->data;
	copy_left = stmt->data_len;
	state = BeginCopyFrom(pstate, rel, where, NULL, false, copy_callback,
						  copy->attlist, options);
	execution->copy = state;
	(void) CopyFrom(state);
	execution->copy = NULL;
	EndCopyFrom(state);
	free_parsestate(pstate);
	table_close(rel, NoLock);
	PopActiveSnapshot();
}

static void
execute_planned(PlannedStmt *planned, const char *source, DestReceiver *receiver)
{
	PushActiveSnapshot(GetTransactionSnapshot());
	if (planned->utilityStmt == NULL)
	{
		QueryDesc  *query = CreateQueryDesc(planned, source, GetActiveSnapshot(),
											NULL, receiver, NULL, NULL, 0);

		ExecutorStart(query, 0);
		mig_ExecutorRun(query, ForwardScanDirection, 0);
		ExecutorFinish(query);
		ExecutorEnd(query);
		FreeQueryDesc(query);
	}
	else
	{
		if (IsA(planned->utilityStmt, TransactionStmt))
			elog(ERROR, "transaction control inside a script");
		ProcessUtility(planned, source, false, PROCESS_UTILITY_QUERY, NULL, NULL,
					   receiver, NULL);
	}
	PopActiveSnapshot();
}

static void
execute_statement(MigExecution *execution, const MigStatement *stmt,
				  DestReceiver *receiver)
{
	List	   *queries;
	List	   *planned;
	ListCell   *lc;

	CHECK_FOR_INTERRUPTS();
	CommandCounterIncrement();
	if (stmt->class == MIG_CLASS_COPY_IN)
	{
		execute_copy(execution, stmt);
		return;
	}

	PushActiveSnapshot(GetTransactionSnapshot());
	queries = pg_analyze_and_rewrite_fixedparams(stmt->raw, stmt->source, NULL, 0, NULL);
	planned = pg_plan_queries(queries, stmt->source, CURSOR_OPT_PARALLEL_OK, NULL);
	PopActiveSnapshot();

	foreach(lc, planned)
	{
		CommandCounterIncrement();
		execute_planned(lfirst_node(PlannedStmt, lc), stmt->source, receiver);
	}
}

typedef struct Savepoint
{
	const char *name;
	int			level;			/* the subtransaction that it began */
} Savepoint;

/*
 * mig_execute_savepoint
 *		SAVEPOINT, RELEASE and ROLLBACK TO, as subtransactions of the one that
 *		is there, because that need not be a transaction block.
 *
 * Takes the savepoints that there are, and returns those that there are then,
 * in the current memory context.
 */
List *
mig_execute_savepoint(List *savepoints, TransactionStmt *command)
{
	MemoryContext context = CurrentMemoryContext;
	Savepoint  *savepoint = NULL;

	if (command->kind != TRANS_STMT_SAVEPOINT)
	{
		int			i;

		for (i = list_length(savepoints) - 1; i >= 0 && savepoint == NULL; i--)
		{
			savepoint = (Savepoint *) list_nth(savepoints, i);
			if (strcmp(savepoint->name, command->savepoint_name) != 0)
				savepoint = NULL;
		}
		if (savepoint == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_S_E_INVALID_SPECIFICATION),
					 errmsg("savepoint \"%s\" does not exist", command->savepoint_name)));
		savepoints = list_truncate(savepoints, i + 1);
		while (GetCurrentTransactionNestLevel() >= savepoint->level)
		{
			if (command->kind == TRANS_STMT_RELEASE)
				ReleaseCurrentSubTransaction();
			else
				RollbackAndReleaseCurrentSubTransaction();
		}
		MemoryContextSwitchTo(context);
	}
	if (command->kind != TRANS_STMT_RELEASE)
	{
		BeginInternalSubTransaction(NULL);
		MemoryContextSwitchTo(context);
		savepoint = palloc(sizeof(Savepoint));
		savepoint->name = command->savepoint_name;
		savepoint->level = GetCurrentTransactionNestLevel();
		savepoints = lappend(savepoints, savepoint);
	}
	return savepoints;
}

/*
 * mig_is_in_the_way
 *		Does a statement wait for locks in front of which readers would queue?
 *
 * The concurrent commands do not: they wait for others without being in the
 * way.
 */
bool
mig_is_in_the_way(const MigStatement *stmt)
{
	Node	   *node = stmt->raw->stmt;

	switch (nodeTag(node))
	{
		case T_SelectStmt:
		case T_InsertStmt:
		case T_UpdateStmt:
		case T_DeleteStmt:
		case T_MergeStmt:
		case T_CopyStmt:
		case T_CallStmt:
		case T_ExecuteStmt:
		case T_IndexStmt:
		case T_DropStmt:
		case T_AlterTableStmt:
		case T_ReindexStmt:
			break;
		case T_VacuumStmt:
			return mig_vacuum_is_full((VacuumStmt *) node);
		default:
			return true;
	}
	return (IsA(node, IndexStmt) || IsA(node, DropStmt) ||
			IsA(node, AlterTableStmt) || IsA(node, ReindexStmt)) &&
		!(stmt->class == MIG_CLASS_TOPLEVEL && strstr(stmt->command, "CONCURRENTLY") != NULL);
}

/*
 * Whatever waits in front of readers does so under the run's lock_timeout,
 * unless the script has set its own; all else under the session's.
 */
static bool
has_own_lock_timeout(const MigExecution *execution, const MigStatement *stmt)
{
	return execution->ddl_lock_timeout >= 0 &&
		LockTimeout == execution->ddl_lock_timeout &&
		LockTimeout != execution->own_lock_timeout && !mig_is_in_the_way(stmt);
}

static void
begin_statement(const MigExecution *execution)
{
	if (execution->in_worker && StatementTimeout > 0)
		enable_timeout_after(STATEMENT_TIMEOUT, StatementTimeout);
}

static void
end_statement(const MigExecution *execution)
{
	if (!execution->in_worker)
		return;
	disable_timeout(STATEMENT_TIMEOUT, false);

	/* who reads a worker's messages knows the server's encoding only */
	if (pg_get_client_encoding() != GetDatabaseEncoding())
		(void) SetClientEncoding(GetDatabaseEncoding());
}

static void
report_activity(const MigExecution *execution, int nstmts)
{
	char		activity[256];

	snprintf(activity, sizeof(activity), "migrate: %s, %s script, statement %d of %d",
			 execution->progress, execution->what, execution->statement_no, nstmts);
	pgstat_report_activity(STATE_RUNNING, activity);
}

/*
 * mig_execution_push
 *		Have errors say where in the script they are, until the caller sets
 *		error_context_stack back.
 */
void
mig_execution_push(ErrorContextCallback *callback, MigExecution *execution)
{
	callback->callback = execution_callback;
	callback->arg = execution;
	callback->previous = error_context_stack;
	error_context_stack = callback;
}

/*
 * mig_execute_parse
 *		Make a script the one that is executed.  Its statements are in the
 *		current memory context.
 *
 * Errors are those of mig_script_parse(), with a context line that says
 * where.
 */
MigParsed *
mig_execute_parse(MigExecution *execution, const MigScript *script)
{
	ErrorContextCallback callback;
	MigParsed  *parsed;

	execution->script = script;
	execution->stmt = NULL;
	execution->statement_no = 0;
	execution->line = 0;
	execution->context_line = NULL;
	execution->copy = NULL;
	mig_execution_push(&callback, execution);
	script = mig_expand_variables(script, &execution->line);
	execution->script = script;
	parsed = mig_script_parse(script, &execution->line);
	error_context_stack = callback.previous;
	return parsed;
}

static void
run_statements(MigExecution *execution, const MigParsed *parsed, int first,
			   int count, DestReceiver *receiver)
{
	ErrorContextCallback callback;
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	int			level = GetCurrentTransactionNestLevel();
	MemoryContext context;
	MemoryContext statement_context;
	List	   *savepoints = NIL;
	int			i;

	/*
	 * An error leaves these to the caller's context, which it deletes after
	 * it has used what execution points at.
	 */
	context = AllocSetContextCreate(caller, "migrate script", ALLOCSET_SMALL_SIZES);
	statement_context = AllocSetContextCreate(context, "migrate statement",
											  ALLOCSET_DEFAULT_SIZES);
	mig_execution_push(&callback, execution);
	for (i = first; i < first + count; i++)
	{
		const MigStatement *stmt = &parsed->stmts[i];
		int			nest = 0;

		execution->stmt = stmt;
		execution->statement_no = i + 1;
		report_activity(execution, parsed->nstmts);
		if (stmt->class == MIG_CLASS_XACT)
		{
			CHECK_FOR_INTERRUPTS();
			MemoryContextSwitchTo(context);
			savepoints = mig_execute_savepoint(savepoints,
											   castNode(TransactionStmt, stmt->raw->stmt));
			continue;
		}
		MemoryContextSwitchTo(statement_context);
		begin_statement(execution);
		if (has_own_lock_timeout(execution, stmt))
			nest = mig_limit_lock_waits(execution->own_lock_timeout);
		execute_statement(execution, stmt, receiver);
		if (nest > 0)
			AtEOXact_GUC(true, nest);
		end_statement(execution);
		MemoryContextReset(statement_context);
	}
	CommandCounterIncrement();
	while (GetCurrentTransactionNestLevel() > level)
		ReleaseCurrentSubTransaction();
	CurrentResourceOwner = owner;

	error_context_stack = callback.previous;
	execution->stmt = NULL;
	execution->statement_no = 0;
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

/*
 * mig_execute_statements
 *		Run some of the statements of a script in the current transaction.
 *
 * Raises whatever they raise, with a context line that says where; execution
 * then holds the same as fields.  The caller catches errors outside of a
 * (sub)transaction of its own and frees the current memory context.
 */
void
mig_execute_statements(MigExecution *execution, const MigParsed *parsed,
					   int first, int count)
{
	run_statements(execution, parsed, first, count, None_Receiver);
}

/* A SET, or a SELECT of nothing but set_config(). */
static bool
is_setting(const MigStatement *stmt, bool local)
{
	Node	   *node = stmt->raw->stmt;

	if (IsA(node, VariableSetStmt))
		return (local || !((VariableSetStmt *) node)->is_local) &&
			stmt->class == MIG_CLASS_PLAIN;
	if (IsA(node, SelectStmt))
	{
		SelectStmt *select = (SelectStmt *) node;
		FuncCall   *call;

		if (list_length(select->targetList) != 1 || select->fromClause != NIL ||
			!IsA(linitial(select->targetList), ResTarget))
			return false;
		call = (FuncCall *) ((ResTarget *) linitial(select->targetList))->val;
		return call != NULL && IsA(call, FuncCall) &&
			strcmp(strVal(llast(call->funcname)), "set_config") == 0;
	}
	return false;
}

/* Is a statement of a block undone by a ROLLBACK TO a savepoint before it? */
static bool
is_undone(const MigParsed *parsed, int first, int index, int end)
{
	int			i;

	for (i = index + 1; i < end; i++)
	{
		TransactionStmt *back = (TransactionStmt *) parsed->stmts[i].raw->stmt;
		int			j;

		if (!IsA(back, TransactionStmt) || back->kind != TRANS_STMT_ROLLBACK_TO)
			continue;
		for (j = i - 1; j >= first; j--)
		{
			TransactionStmt *savepoint = (TransactionStmt *) parsed->stmts[j].raw->stmt;

			if (IsA(savepoint, TransactionStmt) &&
				savepoint->kind == TRANS_STMT_SAVEPOINT &&
				strcmp(savepoint->savepoint_name, back->savepoint_name) == 0)
				break;
		}
		if (j >= first && j < index)
			return true;
	}
	return false;
}

/*
 * mig_execute_settings
 *		Set what the statements that were done before have left to those after;
 *		also by SET LOCAL, if local.
 */
void
mig_execute_settings(MigExecution *execution, const MigParsed *parsed, int done,
					 bool local)
{
	int			i;
	int			j;

	for (i = 0; i < parsed->nunits; i++)
	{
		const MigUnit *unit = &parsed->units[i];
		int			end = Min(unit->first + unit->count, done);

		for (j = unit->first; j < end && !unit->rollback; j++)
		{
			if (is_setting(&parsed->stmts[j], local) && !is_undone(parsed, unit->first, j, end))
				mig_execute_statements(execution, parsed, j, 1);
		}
	}
}

/* Run what is undone by the script itself at its end. */
static void
run_and_undo(MigExecution *execution, const MigParsed *parsed, int first,
			 int count, DestReceiver *receiver)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	run_statements(execution, parsed, first, count, receiver);
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
}

/* As a whole it may be undone anyway: then it may undo blocks itself. */
static int
execute_script(MigExecution *execution, const MigScript *script,
			   DestReceiver *receiver, bool undone)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "migrate parse",
												  ALLOCSET_DEFAULT_SIZES);
	ErrorContextCallback callback;
	MigParsed  *parsed;
	const MigStatement *refused;
	int			nstmts;
	int			i;

	MemoryContextSwitchTo(context);
	parsed = mig_execute_parse(execution, script);
	refused = undone ? parsed->needs_commit : parsed->needs_worker;
	if (refused != NULL)
	{
		mig_execution_push(&callback, execution);
		execution->stmt = refused;
		ereport(ERROR,
				(errcode(ERRCODE_MIG_NEEDS_WORKER),
				 errmsg("%s cannot run in the transaction that is there",
						refused->command)));
	}
	nstmts = parsed->nstmts;
	if (parsed->needs_worker == NULL)
		run_statements(execution, parsed, 0, nstmts, receiver);
	else
	{
		for (i = 0; i < parsed->nunits; i++)
		{
			const MigUnit *unit = &parsed->units[i];

			(unit->rollback ? run_and_undo : run_statements)
				(execution, parsed, unit->first, unit->count, receiver);
		}
	}

	/* with values in it it goes with its statements */
	execution->script = script;
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return nstmts;
}

/*
 * mig_execute_script
 *		Run a script in the current transaction; the number of statements.
 *
 * Errors as above, and ERRCODE_MIG_NEEDS_WORKER.
 */
int
mig_execute_script(MigExecution *execution, const MigScript *script)
{
	return execute_script(execution, script, None_Receiver, false);
}

/* Run a statement as exec_simple_query() of tcop/postgres.c runs its only one. */
static void
run_portal(const MigStatement *stmt)
{
	MemoryContext context = CurrentMemoryContext;
	RawStmt    *raw;
	List	   *plans;
	Portal		portal;

	/* it may have to be run again, and analysis scribbles on it */
	raw = copyObject(stmt->raw);
	PushActiveSnapshot(GetTransactionSnapshot());
	plans = pg_plan_queries(pg_analyze_and_rewrite_fixedparams(raw, stmt->source,
															   NULL, 0, NULL),
							stmt->source, CURSOR_OPT_PARALLEL_OK, NULL);
	PopActiveSnapshot();

	portal = CreatePortal("", true, true);
	portal->visible = false;
	PortalDefineQuery(portal, NULL, stmt->source, CreateCommandTag(raw->stmt), plans, NULL);
	PortalStart(portal, NULL, 0, InvalidSnapshot);
	MemoryContextSwitchTo(context);
	(void) mig_PortalRun(portal, FETCH_ALL, true, None_Receiver, None_Receiver, NULL);
	PortalDrop(portal, false);
}

/*
 * mig_execute_toplevel
 *		Run a statement as a client's command that is a transaction of its own.
 *
 * The caller has begun the transaction, and ends whichever is there on
 * return.  The current memory context must outlive both.
 */
void
mig_execute_toplevel(MigExecution *execution, const MigParsed *parsed, int index)
{
	const MigStatement *stmt = &parsed->stmts[index];
	ErrorContextCallback callback;
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "migrate top level",
												  ALLOCSET_DEFAULT_SIZES);
	int			saved_timeout = LockTimeout;
	bool		own_timeout = has_own_lock_timeout(execution, stmt);

	mig_execution_push(&callback, execution);
	execution->stmt = stmt;
	execution->statement_no = index + 1;
	report_activity(execution, parsed->nstmts);
	CHECK_FOR_INTERRUPTS();
	MemoryContextSwitchTo(context);
	begin_statement(execution);

	/* a level of settings could not last through the commits in there */
	PG_TRY();
	{
		if (own_timeout)
			LockTimeout = execution->own_lock_timeout;
		run_portal(stmt);
	}
	PG_FINALLY();
	{
		if (own_timeout)
			LockTimeout = saved_timeout;
	}
	PG_END_TRY();
	end_statement(execution);

	error_context_stack = callback.previous;
	execution->stmt = NULL;
	execution->statement_no = 0;
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

/* Run a script for what it answers, and undo what it did. */
static void
ask_script(MigExecution *execution, const MigScript *script, bool *answer)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	VerifyReceiver receiver = {{0}};

	receiver.pub.receiveSlot = verify_receive;
	receiver.pub.rStartup = verify_startup;
	receiver.pub.rShutdown = verify_nothing;
	receiver.pub.rDestroy = verify_nothing;
	receiver.pub.mydest = DestNone;
	receiver.answer = answer;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	(void) execute_script(execution, script, &receiver.pub, true);
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
}

/*
 * mig_execute_verify
 *		Run a verify script and undo what it did.
 *
 * It fails by an error or, by_rows, by a row whose first column is a boolean
 * and not true.
 */
void
mig_execute_verify(MigExecution *execution, const MigScript *script, bool by_rows)
{
	bool		ignored;

	ask_script(execution, script, by_rows ? NULL : &ignored);
}

/*
 * mig_execute_check
 *		The same for a precondition: is it met?  Only an error is one.
 */
bool
mig_execute_check(MigExecution *execution, const MigScript *script)
{
	bool		answer = true;

	ask_script(execution, script, &answer);
	return answer;
}

/* Has a constraint of that schema and name a twin that is not deferrable? */
static bool
has_plain_namesake(Relation constraints, Oid namespace, const char *name)
{
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		result = false;

	ScanKeyInit(&keys[0], Anum_pg_constraint_conname, BTEqualStrategyNumber,
				F_NAMEEQ, CStringGetDatum(name));
	ScanKeyInit(&keys[1], Anum_pg_constraint_connamespace, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(namespace));
	scan = systable_beginscan(constraints, ConstraintNameNspIndexId, true, NULL, 2, keys);
	while (!result && HeapTupleIsValid(tuple = systable_getnext(scan)))
		result = !((Form_pg_constraint) GETSTRUCT(tuple))->condeferrable;
	systable_endscan(scan);
	return result;
}

static void
set_constraints(List *names, bool deferred)
{
	ConstraintsSetStmt *stmt;

	if (names == NIL)
		return;
	stmt = makeNode(ConstraintsSetStmt);
	stmt->constraints = names;
	stmt->deferred = deferred;
	AfterTriggerSetState(stmt);
}

/*
 * mig_fire_deferred
 *		Check deferred constraints now, so that a violation is told of the
 *		migration that caused it and the next one may alter the table.
 *
 * SET CONSTRAINTS ALL IMMEDIATE would last for the rest of the transaction,
 * and the next migration may rely on deferral; so only constraints with
 * events waiting are set, and set back.  There is no list of them to ask: the
 * deferrable ones are collected once, and then only those with higher OIDs
 * than any seen are looked at.  One that this
 * misses is checked at commit, as ever.
 */
void
mig_fire_deferred(MigExecution *execution, MigDeferrable *deferrable)
{
	Relation	constraints = table_open(ConstraintRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *immediate = NIL;
	List	   *deferred = NIL;
	ListCell   *lc;
	ErrorContextCallback callback;

	ScanKeyInit(&key, Anum_pg_constraint_oid, BTGreaterStrategyNumber, F_OIDGT,
				ObjectIdGetDatum(deferrable->highest));
	scan = systable_beginscan(constraints, ConstraintOidIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);

		if (form->oid > deferrable->highest)
			deferrable->highest = form->oid;
		if (form->condeferrable)
		{
			MemoryContext old = MemoryContextSwitchTo(deferrable->context);

			deferrable->constraints = lappend_oid(deferrable->constraints, form->oid);
			MemoryContextSwitchTo(old);
		}
	}
	systable_endscan(scan);

	foreach(lc, deferrable->constraints)
	{
		Form_pg_constraint form;
		RangeVar   *name;

		tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(lfirst_oid(lc)));
		if (!HeapTupleIsValid(tuple))
			continue;
		form = (Form_pg_constraint) GETSTRUCT(tuple);
		if (form->condeferrable &&
			(AfterTriggerPendingOnRel(form->conrelid) ||
			 (OidIsValid(form->confrelid) && AfterTriggerPendingOnRel(form->confrelid))))
		{
			name = makeRangeVar(get_namespace_name(form->connamespace),
								pstrdup(NameStr(form->conname)), -1);
			immediate = lappend(immediate, name);
			if (form->condeferred &&
				!has_plain_namesake(constraints, form->connamespace, NameStr(form->conname)))
				deferred = lappend(deferred, name);
		}
		ReleaseSysCache(tuple);
	}
	table_close(constraints, AccessShareLock);
	if (immediate == NIL)
		return;

	execution->stmt = NULL;
	execution->statement_no = 0;
	execution->line = 0;
	mig_execution_push(&callback, execution);
	set_constraints(immediate, false);
	error_context_stack = callback.previous;
	set_constraints(deferred, true);
	CommandCounterIncrement();
}
