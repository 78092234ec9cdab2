/*-------------------------------------------------------------------------
 *
 * assess_data.c
 *	  What becomes of data, and of those who use it, by a statement itself:
 *	  what there is no rule for, or whose finding is suppressed.
 *
 * By the parse tree, the effects and the world as its script leaves it; reads
 * catalogs, takes no locks.  Memory is the caller's current context.
 *
 *-------------------------------------------------------------------------
 */
#include "assess.h"
#include "rules.h"

#include "access/htup_details.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

static bool
calls_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, FuncCall))
		return true;
	return raw_expression_tree_walker(node, calls_walker, context);
}

/*
 * mig_assess_calls
 *		Does a statement call a function by name?
 */
bool
mig_assess_calls(Node *node)
{
	return calls_walker(node, NULL);
}

/* What a DML statement writes to that was there and is not empty, or NULL. */
static const MigEffect *
written_relation(const MigLinted *linted)
{
	ListCell   *lc;

	foreach(lc, linted->effects)
	{
		const MigEffect *effect = (const MigEffect *) lfirst(lc);

		if (effect->named && effect->rel->old && !effect->empty &&
			effect->rel->kind != RELKIND_SEQUENCE &&
			effect->rel->persistence != RELPERSISTENCE_TEMP &&
			(effect->modes & LOCKBIT_ON(RowExclusiveLock)))
			return effect;
	}
	return NULL;
}

static void
judge_write(const MigJudged *judged, const char *verb, bool all)
{
	Node	   *node = judged->linted->stmt->raw->stmt;
	const MigEffect *effect = written_relation(judged->linted);

	if (effect == NULL ||
		(IsA(node, UpdateStmt) && mig_rules_fills(effect->rel, (UpdateStmt *) node)))
		return;
	mig_judged_reason(judged, MIG_AXIS_DATA, all ? MIG_LEVEL_HIGH : MIG_LEVEL_MEDIUM,
					  "line %d: %s rows of %s%s, whose former values are kept nowhere",
					  judged->line, verb, effect->label, mig_assess_parentheses(NULL, effect));
}

/* The relation from before that the statement names, or NULL. */
static const MigEffect *
named_old(const MigLinted *linted)
{
	ListCell   *lc;

	foreach(lc, linted->effects)
	{
		const MigEffect *effect = (const MigEffect *) lfirst(lc);

		if (effect->named && effect->rel->old &&
			effect->rel->persistence != RELPERSISTENCE_TEMP)
			return effect;
	}
	return NULL;
}

/* A column as the catalogs have it, as it was before all texts; a copy. */
static Form_pg_attribute
column_before(const MigRel *rel, const char *column)
{
	HeapTuple	tuple = OidIsValid(rel->oid) ? SearchSysCacheAttName(rel->oid, column) : NULL;
	Form_pg_attribute copy;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	copy = palloc(ATTRIBUTE_FIXED_PART_SIZE);
	memcpy(copy, GETSTRUCT(tuple), ATTRIBUTE_FIXED_PART_SIZE);
	ReleaseSysCache(tuple);
	return copy;
}

/* Must a client say a value for a new column? */
static bool
is_required(const ColumnDef *def)
{
	bool		required = def->is_not_null;
	ListCell   *lc;

	foreach(lc, def->constraints)
	{
		switch (((const Constraint *) lfirst(lc))->contype)
		{
			case CONSTR_NOTNULL:
			case CONSTR_PRIMARY:
				required = true;
				break;
			case CONSTR_DEFAULT:
			case CONSTR_IDENTITY:
			case CONSTR_GENERATED:
				return false;
			default:
				break;
		}
	}
	return required && def->raw_default == NULL;
}

static void
judge_command(const MigJudged *judged, const MigEffect *effect, const AlterTableCmd *cmd)
{
	const char *column = cmd->name ? quote_identifier(cmd->name) : "";
	Form_pg_attribute before;

	switch (cmd->subtype)
	{
		case AT_AlterColumnType:
			mig_assess_type(judged, effect, cmd);
			break;
		case AT_AddColumn:
			if (is_required((ColumnDef *) cmd->def))
				mig_judged_reason(judged, MIG_AXIS_DATA, MIG_LEVEL_MEDIUM,
								  "line %d: clients must know of the new column %s",
								  judged->line, quote_identifier(((ColumnDef *) cmd->def)->colname));
			break;
		case AT_ColumnDefault:
			if (cmd->def == NULL && cmd->name &&
				(before = column_before(effect->rel, cmd->name)) != NULL && before->atthasdef)
				mig_judged_reason(judged, MIG_AXIS_DATA, MIG_LEVEL_MEDIUM,
								  "line %d: clients that leave out %s.%s get another value",
								  judged->line, effect->label, column);
			break;
		case AT_DropColumn:
			if (column_before(effect->rel, cmd->name))
				mig_judged_reason(judged, MIG_AXIS_DATA,
								  effect->empty ? MIG_LEVEL_MEDIUM : MIG_LEVEL_HIGH,
								  "line %d: what is in %s.%s is gone%s", judged->line,
								  effect->label, column, mig_assess_parentheses(NULL, effect));
			break;
		case AT_DropNotNull:
			if ((before = column_before(effect->rel, cmd->name)) != NULL && before->attnotnull)
				mig_judged_reason(judged, MIG_AXIS_DATA, MIG_LEVEL_MEDIUM,
								  "line %d: clients may find NULL in %s.%s",
								  judged->line, effect->label, column);
			break;
		case AT_DropConstraint:
			if (OidIsValid(effect->rel->oid) &&
				OidIsValid(get_relation_constraint_oid(effect->rel->oid, cmd->name, true)))
				mig_judged_reason(judged, MIG_AXIS_DATA, MIG_LEVEL_MEDIUM,
								  "line %d: clients of %s may find what %s kept out",
								  judged->line, effect->label, column);
			break;
		case AT_DisableTrig:
		case AT_DisableTrigAll:
		case AT_DisableTrigUser:
		case AT_DisableRule:
		case AT_EnableRowSecurity:
		case AT_DisableRowSecurity:
		case AT_ForceRowSecurity:
			mig_judged_reason(judged, MIG_AXIS_DATA, MIG_LEVEL_MEDIUM,
							  "line %d: clients of %s find other rows, or may write what they could not",
							  judged->line, effect->label);
			break;
		case AT_SetNotNull:
			mig_judged_reason(judged, MIG_AXIS_DATA, MIG_LEVEL_LOW,
							  "line %d: clients that write NULL into %s.%s would fail",
							  judged->line, effect->label, column);
			break;
		case AT_AddConstraint:
			mig_judged_reason(judged, MIG_AXIS_DATA, MIG_LEVEL_LOW,
							  "line %d: clients that write into %s what the constraint forbids would fail",
							  judged->line, effect->label);
			break;
		case AT_SetUnLogged:
			if (effect->rel->persistence != RELPERSISTENCE_UNLOGGED || effect->rewrites)
				mig_judged_reason(judged, MIG_AXIS_DATA,
								  effect->empty ? MIG_LEVEL_MEDIUM : MIG_LEVEL_HIGH,
								  "line %d: a crash would empty %s%s, and a standby does not have it",
								  judged->line, effect->label, mig_assess_parentheses(NULL, effect));
			break;
		case AT_DropExpression:
		case AT_DropIdentity:
			mig_judged_reason(judged, MIG_AXIS_DATA, MIG_LEVEL_MEDIUM,
							  "line %d: clients must give %s.%s a value from now on",
							  judged->line, effect->label, column);
			break;
		case AT_DetachPartition:
			mig_judged_reason(judged, MIG_AXIS_DATA, MIG_LEVEL_MEDIUM,
							  "line %d: clients of %s no longer find the rows of the partition",
							  judged->line, effect->label);
			break;
		case AT_ChangeOwner:
			mig_judged_reason(judged, MIG_AXIS_DATA, MIG_LEVEL_MEDIUM,
							  "line %d: who used %s as its owner may no longer do so",
							  judged->line, effect->label);
			break;
		default:
			break;
	}
}

static void
judge_alter(const MigJudged *judged, const AlterTableStmt *alter)
{
	const MigEffect *effect = named_old(judged->linted);
	ListCell   *lc;

	if (effect == NULL)
		return;
	foreach(lc, alter->cmds)
		judge_command(judged, effect, (const AlterTableCmd *) lfirst(lc));
}

/*
 * Does a RENAME or SET SCHEMA take a name from what was there before?  Of what
 * is no relation that is not known.
 */
static bool
takes_name(const MigJudged *judged, const Node *node)
{
	switch (IsA(node, RenameStmt) ? ((const RenameStmt *) node)->renameType :
			((const AlterObjectSchemaStmt *) node)->objectType)
	{
		case OBJECT_INDEX:
		case OBJECT_TABCONSTRAINT:
		case OBJECT_TRIGGER:
		case OBJECT_RULE:
		case OBJECT_POLICY:
			return false;
		case OBJECT_TABLE:
		case OBJECT_VIEW:
		case OBJECT_MATVIEW:
		case OBJECT_SEQUENCE:
		case OBJECT_FOREIGN_TABLE:
		case OBJECT_COLUMN:
			return named_old(judged->linted) != NULL;
		default:
			return true;
	}
}

/* Does a sequence begin anew? */
static bool
restarts(const AlterSeqStmt *alter)
{
	ListCell   *lc;

	foreach(lc, alter->options)
	{
		if (strcmp(((DefElem *) lfirst(lc))->defname, "restart") == 0)
			return true;
	}
	return false;
}

static void
judge_drop(const MigJudged *judged, const DropStmt *drop)
{
	switch (drop->removeType)
	{
		case OBJECT_INDEX:
		case OBJECT_STATISTIC_EXT:
			return;
		case OBJECT_TABLE:
		case OBJECT_VIEW:
		case OBJECT_MATVIEW:
		case OBJECT_SEQUENCE:
		case OBJECT_FOREIGN_TABLE:
			if (named_old(judged->linted) == NULL)
				return;
			break;
		default:
			break;
	}
	mig_judged_reason(judged, MIG_AXIS_DATA, MIG_LEVEL_MEDIUM,
					  "line %d: %s takes away what clients may use",
					  judged->line, judged->command);
}

/*
 * mig_assess_data
 *		What becomes of data and of those who use it, by a statement alone.
 */
void
mig_assess_data(const MigJudged *judged)
{
	const MigLinted *linted = judged->linted;
	Node	   *node = linted->stmt->raw->stmt;
	ListCell   *lc;

	foreach(lc, linted->effects)
	{
		const MigEffect *effect = (const MigEffect *) lfirst(lc);

		if (effect->loses && effect->rel->old &&
			effect->rel->persistence != RELPERSISTENCE_TEMP &&
			(effect->rel->kind == RELKIND_RELATION || effect->rel->kind == RELKIND_PARTITIONED_TABLE ||
			 effect->rel->kind == RELKIND_MATVIEW))
			mig_judged_reason(judged, MIG_AXIS_DATA,
							  effect->rel->kind == RELKIND_MATVIEW || effect->empty ?
							  MIG_LEVEL_MEDIUM : MIG_LEVEL_HIGH,
							  "line %d: with %s what is in %s%s is gone", judged->line,
							  judged->command, effect->label, mig_assess_parentheses(NULL, effect));
	}

	switch (nodeTag(node))
	{
		case T_VariableSetStmt:
		case T_VariableShowStmt:
		case T_TransactionStmt:
		case T_ConstraintsSetStmt:
		case T_ExplainStmt:
		case T_VacuumStmt:
		case T_ReindexStmt:
		case T_ClusterStmt:
		case T_CheckPointStmt:
		case T_CommentStmt:
		case T_LockStmt:
		case T_NotifyStmt:
		case T_ListenStmt:
		case T_UnlistenStmt:
		case T_DiscardStmt:
		case T_LoadStmt:
		case T_PrepareStmt:
		case T_DeallocateStmt:
		case T_RefreshMatViewStmt:
			return;
		case T_SelectStmt:
			if (mig_assess_calls(node))
				mig_assess_unseen_reason(judged, MIG_AXIS_DATA, MIG_LEVEL_LOW,
										 "what the functions that it calls do is not to be seen in the text");
			/* in a WITH */
			judge_write(judged, "writes", false);
			return;
		case T_DoStmt:
		case T_CallStmt:
		case T_ExecuteStmt:
			mig_assess_unseen_reason(judged, MIG_AXIS_DATA, MIG_LEVEL_MEDIUM,
									 psprintf("what %s does is not to be seen in the text; a dry run shows it",
											  judged->command));
			return;
		case T_InsertStmt:
			if (((InsertStmt *) node)->onConflictClause &&
				((InsertStmt *) node)->onConflictClause->action == ONCONFLICT_UPDATE)
				judge_write(judged, "may change", false);
			break;
		case T_UpdateStmt:
			judge_write(judged, ((UpdateStmt *) node)->whereClause ? "changes" : "changes all",
						((UpdateStmt *) node)->whereClause == NULL);
			break;
		case T_DeleteStmt:
			judge_write(judged, ((DeleteStmt *) node)->whereClause ? "deletes" : "deletes all",
						((DeleteStmt *) node)->whereClause == NULL);
			break;
		case T_MergeStmt:
			judge_write(judged, "changes", false);
			break;
		case T_AlterTableStmt:
			judge_alter(judged, (AlterTableStmt *) node);
			break;
		case T_RenameStmt:
		case T_AlterObjectSchemaStmt:
			if (takes_name(judged, node))
				mig_judged_reason(judged, MIG_AXIS_DATA, MIG_LEVEL_MEDIUM,
								  "line %d: %s takes a name away that clients may use",
								  judged->line, judged->command);
			break;
		case T_DropStmt:
			judge_drop(judged, (DropStmt *) node);
			break;
		case T_DropOwnedStmt:
			mig_judged_reason(judged, MIG_AXIS_DATA, MIG_LEVEL_HIGH,
							  "line %d: with %s all that a role owns is gone",
							  judged->line, judged->command);
			break;
		case T_AlterSeqStmt:
			if (named_old(linted) && restarts((AlterSeqStmt *) node))
				mig_judged_reason(judged, MIG_AXIS_DATA, MIG_LEVEL_MEDIUM,
								  "line %d: numbers that %s has given out may come again",
								  judged->line, named_old(linted)->label);
			break;
		case T_DropRoleStmt:
			mig_judged_reason(judged, MIG_AXIS_DATA, MIG_LEVEL_MEDIUM,
							  "line %d: %s takes away what clients may use",
							  judged->line, judged->command);
			break;
		case T_AlterEnumStmt:
			if (((AlterEnumStmt *) node)->oldVal)
				mig_judged_reason(judged, MIG_AXIS_DATA, MIG_LEVEL_MEDIUM,
								  "line %d: a label gets another name, which clients may use",
								  judged->line);
			break;
		case T_GrantStmt:
			if (!((GrantStmt *) node)->is_grant)
				mig_judged_reason(judged, MIG_AXIS_DATA, MIG_LEVEL_MEDIUM,
								  "line %d: REVOKE takes rights away that clients may use",
								  judged->line);
			break;
		default:
			break;
	}
	/* whatever else it is, it adds something */
	judged->row->level[MIG_AXIS_DATA] = Max(judged->row->level[MIG_AXIS_DATA], MIG_LEVEL_LOW);
}
