/*-------------------------------------------------------------------------
 *
 * rules_later.c
 *	  What later statements of the same transaction take back: a name that is
 *	  free only until then, a default or a constraint that comes again.
 *
 * Looks at the statements alone; takes no lock.
 *
 *-------------------------------------------------------------------------
 */
#include "rules.h"

#include "catalog/pg_constraint.h"

#include "compat.h"

/* How many statements are looked at. */
#define LOOK_AHEAD 50

typedef bool (*Takes) (const MigAlter *alter, const AlterTableCmd *cmd, const void *what);

/* The later statements of the transaction: from, and the end of them. */
static int
end_of_later(const MigLint *lint)
{
	return Min(lint->unit_end, lint->current->number + LOOK_AHEAD);
}

static const Node *
later(const MigLint *lint, int i)
{
	return lint->script->statements[i].stmt->raw->stmt;
}

/*
 * mig_rules_name_follows
 *		Will something of that name, which a RENAME makes free, be there when
 *		the transaction ends?
 */
bool
mig_rules_name_follows(const MigLint *lint, bool type, const char *name)
{
	int			end = end_of_later(lint);
	int			i;

	for (i = lint->current->number; i < end; i++)
	{
		const Node *stmt = later(lint, i);
		const char *made = NULL;

		switch (nodeTag(stmt))
		{
			case T_RenameStmt:
				{
					const RenameStmt *rename = (const RenameStmt *) stmt;
					bool		of_type = rename->renameType == OBJECT_TYPE ||
						rename->renameType == OBJECT_DOMAIN;

					if (of_type == type && rename->renameType != OBJECT_COLUMN &&
						rename->renameType != OBJECT_TABCONSTRAINT &&
						rename->renameType != OBJECT_INDEX)
						made = rename->newname;
					break;
				}
			case T_ViewStmt:
				made = type ? NULL : ((const ViewStmt *) stmt)->view->relname;
				break;
			case T_CreateStmt:
				made = type ? NULL : ((const CreateStmt *) stmt)->relation->relname;
				break;
			case T_CreateEnumStmt:
				made = type ? strVal(llast(((const CreateEnumStmt *) stmt)->typeName)) : NULL;
				break;
			case T_CompositeTypeStmt:
				made = type ? ((const CompositeTypeStmt *) stmt)->typevar->relname : NULL;
				break;
			case T_CreateDomainStmt:
				made = type ? strVal(llast(((const CreateDomainStmt *) stmt)->domainname)) : NULL;
				break;
			default:
				break;
		}
		if (made != NULL && strcmp(made, name) == 0)
			return true;
	}
	return false;
}

/* Does another command of the statement, or of a later one, do it? */
static bool
follows(const MigAlter *alter, Takes takes, const void *what)
{
	const MigLint *lint = alter->lint;
	const RangeVar *name = alter->stmt->relation;
	int			end = end_of_later(lint);
	ListCell   *lc;
	int			i;

	foreach(lc, alter->stmt->cmds)
	{
		if (takes(alter, lfirst_node(AlterTableCmd, lc), what))
			return true;
	}
	for (i = lint->current->number; i < end; i++)
	{
		const AlterTableStmt *stmt = (const AlterTableStmt *) later(lint, i);

		if (!IsA(stmt, AlterTableStmt) || strcmp(stmt->relation->relname, name->relname) != 0)
			continue;
		foreach(lc, stmt->cmds)
		{
			if (takes(alter, lfirst_node(AlterTableCmd, lc), what))
				return true;
		}
	}
	return false;
}

static bool
sets_default(const MigAlter *alter, const AlterTableCmd *cmd, const void *what)
{
	return cmd->subtype == AT_ColumnDefault && cmd->def != NULL &&
		strcmp(cmd->name, alter->column->name) == 0;
}

static bool
sets_not_null(const MigAlter *alter, const AlterTableCmd *cmd, const void *what)
{
	return cmd->subtype == AT_SetNotNull && strcmp(cmd->name, alter->column->name) == 0;
}

static bool
drops_not_null(const MigAlter *alter, const AlterTableCmd *cmd, const void *what)
{
	return cmd->subtype == AT_DropNotNull && strcmp(cmd->name, alter->column->name) == 0;
}

static bool
same_columns(MigRel *rel, List *numbers, List *names)
{
	ListCell   *lc;
	ListCell   *lc2;

	if (list_length(numbers) != list_length(names))
		return false;
	forboth(lc, numbers, lc2, names)
	{
		MigColumn  *column = mig_rel_column_at(rel, lfirst_int(lc));

		if (column == NULL || strcmp(column->name, strVal(lfirst(lc2))) != 0)
			return false;
	}
	return true;
}

/* Another one in its place: it may say something else, but of the same. */
static bool
replaces(const MigAlter *alter, const AlterTableCmd *cmd, const void *what)
{
	MigConstraint *old = (MigConstraint *) what;
	const Constraint *new = (const Constraint *) cmd->def;
	MigRel	   *target;

	if (cmd->subtype != AT_AddConstraint || !IsA(new, Constraint) ||
		!mig_declared_enforced(new))
		return false;
	switch (old->kind)
	{
		case CONSTRAINT_CHECK:
			return new->contype == CONSTR_CHECK && new->conname != NULL &&
				strcmp(new->conname, old->name) == 0;
		case CONSTRAINT_FOREIGN:
			target = mig_constraint_target(old);
			return new->contype == CONSTR_FOREIGN && target != NULL &&
				strcmp(new->pktable->relname, target->name) == 0 &&
				same_columns(old->rel, old->columns, new->fk_attrs);
		case CONSTRAINT_PRIMARY:
		case CONSTRAINT_UNIQUE:
			return new->contype == (old->kind == CONSTRAINT_PRIMARY ? CONSTR_PRIMARY : CONSTR_UNIQUE) &&
				new->indexname == NULL && same_columns(old->rel, old->columns, new->keys);
		default:
			return false;
	}
}

/* Is a default that is dropped set again? */
bool
mig_rules_default_follows(const MigAlter *alter)
{
	return follows(alter, sets_default, NULL);
}

/* ... NOT NULL */
bool
mig_rules_not_null_follows(const MigAlter *alter)
{
	return follows(alter, sets_not_null, NULL);
}

/* Will a column that is NOT NULL be so no more? */
bool
mig_rules_null_follows(const MigAlter *alter)
{
	return follows(alter, drops_not_null, NULL);
}

/* Does another constraint take the place of one that is dropped? */
bool
mig_rules_constraint_follows(const MigAlter *alter, const MigConstraint *constraint)
{
	return follows(alter, replaces, constraint);
}
