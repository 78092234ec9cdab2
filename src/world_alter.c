/*-------------------------------------------------------------------------
 *
 * world_alter.c
 *	  The catalogs as a text leaves them: ALTER TABLE and its like.
 *
 * Subcommands are done in the order of the server's passes.
 *
 * Needs a transaction; takes no lock but those of catalog lookups.
 *
 *-------------------------------------------------------------------------
 */
#include "world_table.h"

#include "catalog/pg_constraint.h"
#include "catalog/pg_type.h"
#include "catalog/namespace.h"
#include "commands/defrem.h"
#include "commands/tablespace.h"
#include "miscadmin.h"
#include "utils/acl.h"

#include "compat.h"

#define PASSES 5

static int
pass_of(const AlterTableCmd *cmd)
{
	switch (cmd->subtype)
	{
		case AT_DropColumn:
		case AT_DropConstraint:
			return 0;
		case AT_AlterColumnType:
			return 1;
		case AT_AddColumn:
			return 2;
		case AT_AddConstraint:
			return IsA(cmd->def, Constraint) &&
				((Constraint *) cmd->def)->contype == CONSTR_FOREIGN ? 4 : 3;
		case AT_AttachPartition:
		case AT_DetachPartition:
		case AT_ValidateConstraint:
		case AT_AddInherit:
		case AT_DropInherit:
			return 4;
		default:
			return 3;
	}
}

/* A new column of a parent is one of each child too. */
static void
inherit_column(MigRel *rel, MigColumn *from)
{
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, mig_rel_children(rel))
	{
		MigRel	   *child = lfirst(lc);
		MigColumn  *own = mig_rel_column(child, from->name);

		if (own == NULL)
		{
			own = mig_rel_add_column(child, from->name, &from->type);
			own->local = false;
			own->has_default = from->has_default;
			own->generated = from->generated;
			if (child->is_partition)
				own->identity = from->identity;
			if (from->not_null)
				mig_rel_set_not_null(child, own, NULL, true, false, false);
		}
		else
		{
			/* merged: what is below has it already */
			own->inherited = true;
			continue;
		}
		own->inherited = true;
		inherit_column(child, from);
	}
}

static void
add_column(MigRel *rel, const ColumnDef *def, const char *source, bool recurse)
{
	List	   *declared = NIL;
	ListCell   *lc;

	if (!mig_world_define_column(rel, def, false, &declared))
		return;
	if (recurse)
		inherit_column(rel, mig_rel_column(rel, def->colname));
	foreach(lc, declared)
		(void) mig_rel_declare(rel, lfirst(lc), source, false, recurse);
}

static void
set_column_type(MigRel *rel, const char *name, const MigTypeRef *type, bool recurse)
{
	MigColumn  *column = mig_rel_column(rel, name);
	ListCell   *lc;

	check_stack_depth();
	if (column == NULL)
		return;
	mig_column_set_type(rel, column, type);
	foreach(lc, recurse ? mig_rel_children(rel) : NIL)
		set_column_type(lfirst(lc), name, type, true);
}

static void
set_column_default(MigRel *rel, const char *name, bool has, bool recurse)
{
	MigColumn  *column = mig_rel_column(rel, name);
	ListCell   *lc;

	check_stack_depth();
	if (column == NULL)
		return;
	column->has_default = has;
	foreach(lc, recurse ? mig_rel_children(rel) : NIL)
		set_column_default(lfirst(lc), name, has, true);
}

static bool
is_null_default(const Node *node)
{
	return node == NULL || (IsA(node, A_Const) && ((const A_Const *) node)->isnull);
}

static void
alter_constraint(MigRel *rel, const mig_AlterConstraint *alter)
{
	MigConstraint *constraint = mig_rel_constraint(rel, alter->conname);

	if (constraint == NULL)
		return;
	if (mig_alters_deferrable(alter))
	{
		constraint->deferrable = alter->deferrable;
		constraint->deferred = alter->initdeferred;
	}
	if (mig_alters_enforced(alter))
	{
		constraint->enforced = mig_alter_enforced(alter);
		constraint->valid = constraint->enforced;
		constraint->validated_in = constraint->enforced ? rel->world->transaction : 0;
	}
	if (mig_alters_inherit(alter))
		constraint->no_inherit = mig_alter_no_inherit(alter);
}

static void
attach(MigRel *rel, const PartitionCmd *cmd)
{
	MigRel	   *child = mig_world_find(rel->world, cmd->name);

	if (child == NULL || child == rel || mig_rel_parents(child) != NIL)
		return;
	if (rel->kind == RELKIND_PARTITIONED_INDEX)
	{
		if (child->kind == RELKIND_INDEX || child->kind == RELKIND_PARTITIONED_INDEX)
			mig_index_link(rel, child);
		return;
	}
	mig_rel_link(rel, child, true, cmd->bound != NULL && cmd->bound->is_default);
	mig_rel_inherit_columns(child, rel);
	mig_rel_inherit(child, rel, true);
}

static void
set_inherit(MigRel *rel, const RangeVar *name, bool inherit)
{
	MigRel	   *parent = mig_world_find(rel->world, name);

	if (parent == NULL || parent == rel)
		return;
	if (!inherit)
	{
		mig_rel_unlink(parent, rel);
		return;
	}
	mig_rel_link(parent, rel, false, false);
	mig_rel_inherit_columns(rel, parent);
	mig_rel_inherit(rel, parent, false);
}

/* Those that belong to it change with it. */
static void
set_owner(MigRel *rel, Oid owner)
{
	ListCell   *lc;

	rel->owner = owner;
	if (rel->kind == RELKIND_INDEX || rel->kind == RELKIND_PARTITIONED_INDEX ||
		rel->kind == RELKIND_SEQUENCE)
		return;
	foreach(lc, mig_rel_indexes(rel))
		((MigRel *) lfirst(lc))->owner = owner;
	foreach(lc, mig_rel_sequences(rel))
		((MigRel *) lfirst(lc))->owner = owner;
}

static void
set_persistence(MigRel *rel, char persistence)
{
	ListCell   *lc;

	rel->persistence = persistence;
	if (rel->kind == RELKIND_SEQUENCE)
		return;
	foreach(lc, mig_rel_indexes(rel))
		((MigRel *) lfirst(lc))->persistence = persistence;
	foreach(lc, mig_rel_sequences(rel))
		((MigRel *) lfirst(lc))->persistence = persistence;
}

static void
alter(MigRel *rel, const AlterTableCmd *cmd, const char *source, bool recurse)
{
	MigWorld   *world = rel->world;
	bool		cascade = cmd->behavior == DROP_CASCADE;
	MigColumn  *column;
	MigConstraint *constraint;
	MigTypeRef	type;

	switch (cmd->subtype)
	{
		case AT_AddColumn:
			add_column(rel, castNode(ColumnDef, cmd->def), source, recurse);
			break;
		case AT_DropColumn:
			column = mig_rel_column(rel, cmd->name);
			if (column != NULL && !column->inherited)
				mig_column_drop(rel, column, cascade, recurse);
			break;
		case AT_AlterColumnType:
			if (mig_world_resolve_type(world, castNode(ColumnDef, cmd->def)->typeName, &type))
			{
				CollateClause *clause = ((ColumnDef *) cmd->def)->collClause;

				if (clause != NULL)
					type.collation = get_collation_oid(clause->collname, true);
			}
			set_column_type(rel, cmd->name, &type, recurse);
			break;
		case AT_ColumnDefault:
			set_column_default(rel, cmd->name, !is_null_default(cmd->def), recurse);
			break;
		case AT_SetNotNull:
			column = mig_rel_column(rel, cmd->name);
			if (column != NULL)
				mig_rel_set_not_null(rel, column, NULL, true, false, recurse);
			break;
		case AT_DropNotNull:
			column = mig_rel_column(rel, cmd->name);
			if (column != NULL)
				mig_rel_drop_not_null(rel, column, recurse);
			break;
		case AT_DropExpression:
			column = mig_rel_column(rel, cmd->name);
			if (column != NULL)
				column->generated = '\0';
			break;
		case AT_SetStorage:
			column = mig_rel_column(rel, cmd->name);
			if (column != NULL)
				column->storage = mig_storage_of(strVal(cmd->def));
			break;
		case AT_AddIdentity:
			column = mig_rel_column(rel, cmd->name);
			if (column != NULL)
			{
				column->identity = castNode(Constraint, cmd->def)->generated_when;
				(void) mig_rel_add_sequence(rel, column);
			}
			break;
		case AT_DropIdentity:
			column = mig_rel_column(rel, cmd->name);
			if (column != NULL && column->identity != '\0')
			{
				ListCell   *lc;
				List	   *old = rel->old && column->old ?
					mig_dependents(RelationRelationId, rel->oid, column->number,
								   RelationRelationId, NULL) : NIL;

				column->identity = '\0';
				foreach(lc, mig_rel_sequences(rel))
				{
					MigRel	   *sequence = lfirst(lc);

					if (sequence->table == rel ?
						list_member_int(sequence->key, column->number) :
						list_member_oid(old, sequence->oid))
						mig_rel_drop(sequence, false);
				}
			}
			break;
		case AT_AddConstraint:
			{
				MigDeclared declared = {0};

				declared.con = castNode(Constraint, cmd->def);
				declared.deferrable = declared.con->deferrable;
				declared.deferred = declared.con->initdeferred;
				declared.enforced = mig_declared_enforced(declared.con);
				(void) mig_rel_declare(rel, &declared, source, false, recurse);
			}
			break;
		case AT_DropConstraint:
			constraint = mig_rel_constraint(rel, cmd->name);
			if (constraint != NULL && !constraint->inherited)
				mig_constraint_drop(constraint, cascade);
			break;
		case AT_ValidateConstraint:
			constraint = mig_rel_constraint(rel, cmd->name);
			if (constraint != NULL)
				mig_constraint_validate(constraint, recurse);
			break;
		case AT_AlterConstraint:
			alter_constraint(rel, (mig_AlterConstraint *) cmd->def);
			break;
		case AT_ChangeOwner:
			set_owner(rel, get_rolespec_oid(cmd->newowner, true));
			break;
		case AT_SetLogged:
			set_persistence(rel, RELPERSISTENCE_PERMANENT);
			break;
		case AT_SetUnLogged:
			set_persistence(rel, RELPERSISTENCE_UNLOGGED);
			break;
		case AT_SetAccessMethod:
			if (cmd->name != NULL)
				rel->am = get_table_am_oid(cmd->name, true);
			break;
		case AT_SetTableSpace:
			rel->tablespace = get_tablespace_oid(cmd->name, true);
			break;
		case AT_EnableRowSecurity:
			rel->row_security = true;
			break;
		case AT_DisableRowSecurity:
			rel->row_security = false;
			break;
		case AT_AddInherit:
			set_inherit(rel, (RangeVar *) cmd->def, true);
			break;
		case AT_DropInherit:
			set_inherit(rel, (RangeVar *) cmd->def, false);
			break;
		case AT_AttachPartition:
			attach(rel, castNode(PartitionCmd, cmd->def));
			break;
		case AT_DetachPartition:
		case AT_DetachPartitionFinalize:
			{
				MigRel	   *child = mig_world_find(world,
												   castNode(PartitionCmd, cmd->def)->name);

				if (child != NULL)
					mig_rel_unlink(rel, child);
			}
			break;
		default:
			/* nothing that is asked of the world */
			break;
	}
}

void
mig_world_alter_table(MigWorld *world, const AlterTableStmt *stmt, const char *source)
{
	MigRel	   *rel = mig_world_find(world, stmt->relation);
	ListCell   *lc;

	if (rel == NULL)
		return;
	if (list_length(stmt->cmds) == 1)
	{
		alter(rel, linitial_node(AlterTableCmd, stmt->cmds), source, stmt->relation->inh);
		return;
	}
	for (int pass = 0; pass < PASSES; pass++)
	{
		foreach(lc, stmt->cmds)
		{
			const AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

			if (pass_of(cmd) == pass)
				alter(rel, cmd, source, stmt->relation->inh);
		}
	}
}
