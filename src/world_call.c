/*-------------------------------------------------------------------------
 *
 * world_call.c
 *	  The catalogs as a text leaves them: which functions are called by what
 *	  the text gave to old relations, so that they cannot go without it.
 *
 * Functions are told apart by name and number of arguments alone.
 *
 * Needs a transaction; takes no lock.
 *
 *-------------------------------------------------------------------------
 */
#include "world_table.h"

#include "nodes/nodeFuncs.h"

typedef struct Calls
{
	MigRel	   *rel;
	MigRel	   *index;
} Calls;

static MigCall *
note_call(MigRel *rel, List *names, int nargs)
{
	MigCall    *call = palloc0(sizeof(MigCall));

	call->function = pstrdup(strVal(llast(names)));
	call->nargs = nargs;
	call->rel = rel;
	rel->world->calls = lappend(rel->world->calls, call);
	return call;
}

static bool
note_calls(Node *node, void *context)
{
	Calls	   *calls = context;

	if (node == NULL)
		return false;
	if (IsA(node, FuncCall))
	{
		FuncCall   *call = (FuncCall *) node;

		note_call(calls->rel, call->funcname, list_length(call->args))->index = calls->index;
	}
	return raw_expression_tree_walker(node, note_calls, context);
}

static void
note_in_constraint(Calls *calls, const Constraint *constraint)
{
	note_calls(constraint->raw_expr, calls);
}

static void
note_in_column(Calls *calls, const ColumnDef *def)
{
	ListCell   *lc;

	note_calls(def->raw_default, calls);
	foreach(lc, def->constraints)
	{
		if (IsA(lfirst(lc), Constraint))
			note_in_constraint(calls, lfirst(lc));
	}
}

static void
note_in_alter(MigRel *rel, const AlterTableStmt *stmt)
{
	Calls		calls = {rel, NULL};
	ListCell   *lc;

	foreach(lc, stmt->cmds)
	{
		const AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

		switch (cmd->subtype)
		{
			case AT_AddColumn:
				note_in_column(&calls, castNode(ColumnDef, cmd->def));
				break;
			case AT_AddConstraint:
				if (IsA(cmd->def, Constraint))
					note_in_constraint(&calls, (Constraint *) cmd->def);
				break;
			case AT_ColumnDefault:
				note_calls(cmd->def, &calls);
				break;
			default:
				break;
		}
	}
}

static void
note_in_index(MigRel *rel, const IndexStmt *stmt)
{
	Calls		calls = {rel, NULL};
	ListCell   *lc;

	/* the one that was made last */
	mig_rel_read_indexes(rel);
	if (rel->indexes != NIL && !((MigRel *) llast(rel->indexes))->old)
		calls.index = llast(rel->indexes);
	foreach(lc, stmt->indexParams)
		note_calls(lfirst_node(IndexElem, lc)->expr, &calls);
	note_calls(stmt->whereClause, &calls);
}

static void
note_trigger(MigRel *rel, const CreateTrigStmt *stmt)
{
	MigCall    *call = note_call(rel, stmt->funcname, 0);

	call->trigger = pstrdup(stmt->trigname);
	call->in_partitions = stmt->row && rel->kind == RELKIND_PARTITIONED_TABLE;
}

/*
 * mig_world_note_calls
 *		After a statement was done: what it gave to an old relation.
 */
void
mig_world_note_calls(MigWorld *world, Node *node)
{
	const RangeVar *name;
	MigRel	   *rel;
	Calls		calls = {0};

	switch (nodeTag(node))
	{
		case T_AlterTableStmt:
			name = ((AlterTableStmt *) node)->relation;
			break;
		case T_IndexStmt:
			name = ((IndexStmt *) node)->relation;
			break;
		case T_CreateTrigStmt:
			name = ((CreateTrigStmt *) node)->relation;
			break;
		case T_CreatePolicyStmt:
			name = ((CreatePolicyStmt *) node)->table;
			break;
		default:
			return;
	}
	rel = mig_world_find(world, name);
	if (rel == NULL || !rel->old)
		return;
	calls.rel = rel;
	switch (nodeTag(node))
	{
		case T_AlterTableStmt:
			note_in_alter(rel, (AlterTableStmt *) node);
			break;
		case T_IndexStmt:
			note_in_index(rel, (IndexStmt *) node);
			break;
		case T_CreateTrigStmt:
			note_trigger(rel, (CreateTrigStmt *) node);
			break;
		default:
			note_calls(((CreatePolicyStmt *) node)->qual, &calls);
			note_calls(((CreatePolicyStmt *) node)->with_check, &calls);
			break;
	}
}

/* mig_world_drop_trigger: one that the text made */
void
mig_world_drop_trigger(MigWorld *world, List *names)
{
	MigRel	   *rel = mig_world_find_list(world, list_truncate(list_copy(names),
															   list_length(names) - 1));
	MigCall    *call = rel != NULL ? mig_rel_new_trigger(rel, strVal(llast(names))) : NULL;

	if (call != NULL)
		world->calls = list_delete_ptr(world->calls, call);
}

MigCall *
mig_rel_new_trigger(MigRel *rel, const char *name)
{
	ListCell   *lc;

	foreach(lc, rel->world->calls)
	{
		MigCall    *call = lfirst(lc);

		if (call->rel == rel && call->trigger != NULL && strcmp(call->trigger, name) == 0)
			return call;
	}
	return NULL;
}

List *
mig_world_calls(MigWorld *world, List *names, int nargs)
{
	const char *name = strVal(llast(names));
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, world->calls)
	{
		MigCall    *call = lfirst(lc);

		if (strcmp(call->function, name) == 0 && !call->rel->dropped &&
			(nargs < 0 || nargs == call->nargs) &&
			(call->index == NULL || !call->index->dropped))
			result = lappend(result, call);
	}
	return result;
}
