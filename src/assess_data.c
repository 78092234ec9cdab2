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

#include "access/htup_details.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
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

/* Is all that a DML statement writes new, or empty? */
static MigRel *
written_relation(const MigLinted *linted)
{
	ListCell   *lc;

	foreach(lc, linted->effects)
	{
		const MigEffect *effect = (const MigEffect *) lfirst(lc);

		if (effect->named && effect->rel->old && (effect->modes & LOCKBIT_ON(RowExclusiveLock)) &&
			!mig_rel_is_empty(effect->rel))
			return effect->rel;
	}
	return NULL;
}

/* Does an UPDATE write only columns that the text has added? */
static bool
only_new_columns(MigRel *rel, const UpdateStmt *update)
{
	ListCell   *lc;

	foreach(lc, update->targetList)
	{
		const MigColumn *column = mig_rel_column(rel, ((ResTarget *) lfirst(lc))->name);

		if (column == NULL || column->old)
			return false;
	}
	return true;
}

static void
judge_write(const MigJudged *judged, const char *verb, bool all)
{
	Node	   *node = judged->linted->stmt->raw->stmt;
	MigRel	   *rel = written_relation(judged->linted);

	if (rel == NULL ||
		(IsA(node, UpdateStmt) && only_new_columns(rel, (UpdateStmt *) node)))
		return;
	mig_judged_reason(judged, MIG_AXIS_DATA, all ? MIG_LEVEL_HIGH : MIG_LEVEL_MEDIUM,
			  "line %d: %s rows of %s%s, whose former values are kept nowhere",
			  judged->line, verb, mig_rel_label(rel),
			  mig_assess_parentheses(NULL, rel));
}

/* The relation from before that the statement names, or NULL. */
static MigRel *
named_old(const MigLinted *linted)
{
	ListCell   *lc;

	foreach(lc, linted->effects)
	{
		const MigEffect *effect = (const MigEffect *) lfirst(lc);

		if (effect->named && effect->rel->old)
			return effect->rel;
	}
	return NULL;
}

/* Do values of a type lose something as those of the same with that typmod? */
static bool
cuts_off(Oid type, int32 from, int32 to)
{
	if (to < 0 || from == to)
		return false;
	switch (type)
	{
		case NUMERICOID:
			/* the scale, by which values are rounded, is in the low bits */
			return from < 0 || ((to - VARHDRSZ) & 0x7ff) < ((from - VARHDRSZ) & 0x7ff);
		case TIMEOID:
		case TIMETZOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
		case INTERVALOID:
			return from < 0 || to < from;
		default:
			return false;
	}
}

/*
 * A column's type changes: from what the catalogs say, to what the world says
 * by now.  What there is no implicit cast for may not fit.
 */
static void
judge_type(const MigJudged *judged, MigRel *rel, const AlterTableCmd *cmd)
{
	const MigColumn *column = mig_rel_column(rel, cmd->name);
	HeapTuple	tuple = OidIsValid(rel->oid) ? SearchSysCacheAttName(rel->oid, cmd->name) : NULL;
	Form_pg_attribute attribute;
	bool		narrows;
	Oid			function;

	if (!HeapTupleIsValid(tuple) || column == NULL || !column->old)
	{
		if (HeapTupleIsValid(tuple))
			ReleaseSysCache(tuple);
		return;
	}
	attribute = (Form_pg_attribute) GETSTRUCT(tuple);
	if (!OidIsValid(column->type.oid) || ((ColumnDef *) cmd->def)->raw_default)
		narrows = false;
	else if (attribute->atttypid == column->type.oid)
		narrows = cuts_off(column->type.oid, attribute->atttypmod, column->type.typmod);
	else
		narrows = find_coercion_pathway(column->type.oid, attribute->atttypid,
										COERCION_IMPLICIT, &function) == COERCION_PATH_NONE;
	ReleaseSysCache(tuple);
	if (narrows && !mig_rel_is_empty(rel))
		mig_judged_reason(judged, MIG_AXIS_DATA, MIG_LEVEL_HIGH,
						  "line %d: values of %s.%s may lose something as another type, and are kept nowhere%s",
						  judged->line, mig_rel_label(rel), quote_identifier(cmd->name),
						  mig_assess_parentheses(NULL, rel));
	else
		mig_judged_reason(judged, MIG_AXIS_DATA, MIG_LEVEL_MEDIUM,
						  "line %d: clients find another type in %s.%s",
						  judged->line, mig_rel_label(rel), quote_identifier(cmd->name));
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
judge_alter(const MigJudged *judged, const AlterTableStmt *alter)
{
	MigRel	   *rel = named_old(judged->linted);
	ListCell   *lc;

	if (rel == NULL)
		return;
	foreach(lc, alter->cmds)
	{
		const AlterTableCmd *cmd = (const AlterTableCmd *) lfirst(lc);

		switch (cmd->subtype)
		{
			case AT_AlterColumnType:
				judge_type(judged, rel, cmd);
				break;
			case AT_AddColumn:
				if (is_required((ColumnDef *) cmd->def))
					mig_judged_reason(judged, MIG_AXIS_DATA, MIG_LEVEL_MEDIUM,
									  "line %d: clients must know of the new column %s",
									  judged->line, quote_identifier(((ColumnDef *) cmd->def)->colname));
				break;
			case AT_SetUnLogged:
				mig_judged_reason(judged, MIG_AXIS_DATA,
								  mig_rel_is_empty(rel) ? MIG_LEVEL_MEDIUM : MIG_LEVEL_HIGH,
								  "line %d: a crash would empty %s%s, and a standby does not have it",
								  judged->line, mig_rel_label(rel), mig_assess_parentheses(NULL, rel));
				break;
			case AT_DropExpression:
			case AT_DropIdentity:
				mig_judged_reason(judged, MIG_AXIS_DATA, MIG_LEVEL_MEDIUM,
								  "line %d: clients must give %s.%s a value from now on",
								  judged->line, mig_rel_label(rel), quote_identifier(cmd->name));
				break;
			case AT_DetachPartition:
				mig_judged_reason(judged, MIG_AXIS_DATA, MIG_LEVEL_MEDIUM,
								  "line %d: clients of %s no longer find the rows of the partition",
								  judged->line, mig_rel_label(rel));
				break;
			default:
				break;
		}
	}
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
			(effect->rel->kind == RELKIND_RELATION || effect->rel->kind == RELKIND_PARTITIONED_TABLE ||
			 effect->rel->kind == RELKIND_MATVIEW))
			mig_judged_reason(judged, MIG_AXIS_DATA,
					  effect->rel->kind == RELKIND_MATVIEW || mig_rel_is_empty(effect->rel) ?
					  MIG_LEVEL_MEDIUM : MIG_LEVEL_HIGH,
					  "line %d: with %s what is in %s%s is gone", judged->line, judged->command,
					  mig_rel_label(effect->rel),
					  mig_assess_parentheses(NULL, effect->rel));
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
			if (calls_walker(node, NULL))
				mig_judged_reason(judged, MIG_AXIS_DATA, MIG_LEVEL_LOW,
						  "line %d: what the functions that it calls do is not to be seen in the text",
						  judged->line);
			return;
		case T_DoStmt:
		case T_CallStmt:
		case T_ExecuteStmt:
			mig_judged_reason(judged, MIG_AXIS_DATA, MIG_LEVEL_MEDIUM,
					  "line %d: what %s does is not to be seen in the text; a dry run shows it",
					  judged->line, judged->command);
			return;
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
			if (named_old(linted))
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
