/*-------------------------------------------------------------------------
 *
 * effects_table.c
 *	  Effects of ALTER TABLE, and of what is written like it for indexes,
 *	  views and sequences.
 *
 * The lock on what is altered is what the server itself says of the commands.
 * Each relation's rewrite or scan is noted while the commands are gone
 * through, as there is one of them at the end, whatever asks for it.
 *
 * See effects.c for what all of these expect.
 *
 *-------------------------------------------------------------------------
 */
#include "effects_internal.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "commands/tablecmds.h"
#include "commands/tablespace.h"
#include "compat.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/* What the commands ask of one relation. */
typedef struct Work
{
	MigRel	   *rel;
	const char *rewrite;		/* why, or NULL */
	const char *scan;			/* why, or NULL */
	List	   *indexes;		/* of MigRel *: made anew, or taken over if
								 * nothing is rewritten */
	List	   *checked;		/* of MigConstraint *: FOREIGN KEYs to check
								 * again if it is rewritten */
} Work;

typedef struct Alter
{
	MigEffects *e;
	MigRel	   *rel;
	bool		recurse;		/* no ONLY */
	LOCKMODE	mode;
	List	   *work;			/* of Work * */
	List	   *unfilled;		/* char *: new columns that are NULL so far */
} Alter;

static Work *
work_on(Alter *alter, MigRel *rel)
{
	ListCell   *lc;
	Work	   *work;

	foreach(lc, alter->work)
	{
		work = lfirst(lc);
		if (work->rel == rel)
			return work;
	}
	work = palloc0(sizeof(Work));
	work->rel = rel;
	/* most recently met first: commands come in runs */
	alter->work = lcons(work, alter->work);
	return work;
}

static bool
has_rows(MigRel *rel)
{
	return rel->kind == RELKIND_RELATION || rel->kind == RELKIND_MATVIEW;
}

static void
ask_scan(Alter *alter, MigRel *rel, const char *why)
{
	Work	   *work;

	if (!has_rows(rel))
		return;
	work = work_on(alter, rel);
	if (work->scan == NULL)
		work->scan = why;
}

static void
ask_rewrite(Alter *alter, MigRel *rel, const char *why)
{
	Work	   *work;

	if (!has_rows(rel))
		return;
	work = work_on(alter, rel);
	if (work->rewrite == NULL)
		work->rewrite = why;
}

static void
do_work(Alter *alter)
{
	MigEffects *e = alter->e;
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, alter->work)
	{
		Work	   *work = lfirst(lc);

		if (work->rewrite)
		{
			mig_effects_rewrite(e, work->rel, work->rewrite);
			foreach(lc2, work->checked)
			{
				MigConstraint *constraint = lfirst(lc2);

				mig_effects_foreign_key(e, constraint->rel,
										mig_constraint_target(constraint),
										mig_constraint_target_names(constraint), true);
			}
		}
		else if (work->scan)
			mig_effects_scan(e, work->rel, work->scan);
		foreach(lc2, work->indexes)
		{
			if (!work->rewrite)
				mig_effects_build(e, work->rel, lfirst(lc2), MIG_WHY_INDEX);
		}
	}
}

/* What a command is done to: all below too, which are locked. */
static List *
tree_of(Alter *alter, bool recurse)
{
	if (!recurse || !alter->recurse)
		return list_make1(alter->rel);
	mig_effects_lock_tree(alter->e, alter->rel, alter->mode);
	return mig_rel_tree(alter->rel);
}

static void
lock_tree(Alter *alter)
{
	(void) tree_of(alter, true);
}

/*
 * Columns get NOT NULL: rows are looked at unless none can be NULL.
 */
static void
set_not_null(Alter *alter, const char *name, bool validate)
{
	MigColumn  *own = mig_rel_column(alter->rel, name);
	ListCell   *lc;

	/* what is so for a parent is so for its children */
	if (own && own->not_null && mig_predict_not_null(alter->rel, own))
		return;
	foreach(lc, tree_of(alter, true))
	{
		MigRel	   *rel = lfirst(lc);
		MigColumn  *column = mig_rel_column(rel, name);

		/* not there: the statement adds it too */
		if (validate && (column == NULL || !mig_predict_not_null(rel, column)))
			ask_scan(alter, rel, MIG_WHY_NOT_NULL);
	}
}

/* The names of columns in a constraint (String). */
static List *
names_of(List *keys)
{
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, keys)
		names = lappend(names, strVal(lfirst(lc)));
	return names;
}

static void
add_index_constraint(Alter *alter, Constraint *constraint, List *names)
{
	MigEffects *e = alter->e;
	ListCell   *lc;

	if (constraint->indexname)
	{
		MigRel	   *index = NULL;

		foreach(lc, mig_rel_indexes(alter->rel))
		{
			if (strcmp(((MigRel *) lfirst(lc))->name, constraint->indexname) == 0)
				index = lfirst(lc);
		}
		if (index == NULL)
			return;
		mig_effects_rel(e, index);
		mig_effects_lock(e, index, AccessShareLock);
		if (constraint->conname && strcmp(index->name, constraint->conname) != 0)
			mig_effects_lock(e, index, ShareUpdateExclusiveLock);
		if (constraint->contype != CONSTR_PRIMARY)
			return;
		foreach(lc, index->key)
		{
			MigColumn  *column = mig_rel_column_at(alter->rel, lfirst_int(lc));

			if (column)
				set_not_null(alter, column->name, true);
		}
		return;
	}
	if (constraint->contype == CONSTR_PRIMARY)
	{
		foreach(lc, names)
			set_not_null(alter, lfirst(lc), true);
	}
	mig_effects_index_on(e, alter->rel,
						 constraint->contype == CONSTR_EXCLUSION ? NIL : names,
						 true, ShareLock, alter->recurse);
}

/* A table gets a check, and what inherits from it; where it is, it is merged. */
static void
add_check_to(Alter *alter, MigRel *rel, Constraint *constraint, bool checked)
{
	ListCell   *lc;

	check_stack_depth();
	mig_effects_lock(alter->e, rel, alter->mode);
	if (rel != alter->rel && constraint->conname &&
		mig_rel_constraint(rel, constraint->conname))
		return;
	if (checked)
		ask_scan(alter, rel, MIG_WHY_CHECK);
	if (!alter->recurse || constraint->is_no_inherit)
		return;
	foreach(lc, mig_rel_children(rel))
		add_check_to(alter, lfirst(lc), constraint, checked);
}

static bool
is_unfilled(Alter *alter, List *names)
{
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, names)
	{
		foreach(lc2, alter->unfilled)
		{
			if (strcmp(strVal(lfirst(lc)), lfirst(lc2)) == 0)
				return true;
		}
	}
	return false;
}

/* A foreign key of a column that is NULL: no row is compared with another. */
static void
check_unfilled(Alter *alter, MigRel *target)
{
	MigEffects *e = alter->e;
	MigRel	   *rel = alter->rel;
	ListCell   *lc;

	mig_effects_lock(e, target, RowShareLock);
	mig_effects_scan_referenced(e, target, false);
	foreach(lc, rel->kind == RELKIND_PARTITIONED_TABLE ? mig_rel_tree(rel) : list_make1(rel))
	{
		mig_effects_lock_indexes(e, lfirst(lc), AccessShareLock);
		ask_scan(alter, lfirst(lc), MIG_WHY_FOREIGN_KEY);
	}
}

static void
add_constraint(Alter *alter, Constraint *constraint)
{
	bool		checked = !constraint->skip_validation && mig_declared_enforced(constraint);
	MigRel	   *target;
	ListCell   *lc;

	if (MIG_ADD_CONSTRAINT_LOCKS_TREE)
		lock_tree(alter);
	switch (constraint->contype)
	{
		case CONSTR_CHECK:
			if (constraint->raw_expr)
				mig_effects_expression_needs(alter->e, constraint->raw_expr, 0);
			add_check_to(alter, alter->rel, constraint, checked);
			break;
		case CONSTR_NOTNULL:
			foreach(lc, constraint->keys)
				set_not_null(alter, strVal(lfirst(lc)), checked);
			break;
		case CONSTR_PRIMARY:
		case CONSTR_UNIQUE:
		case CONSTR_EXCLUSION:
			add_index_constraint(alter, constraint, names_of(constraint->keys));
			break;
		case CONSTR_FOREIGN:
			target = mig_effects_find(alter->e, constraint->pktable);
			mig_effects_foreign_key(alter->e, alter->rel, target, constraint->pk_attrs,
									checked && !is_unfilled(alter, constraint->fk_attrs));
			if (checked && target && is_unfilled(alter, constraint->fk_attrs))
				check_unfilled(alter, target);
			break;
		default:
			break;
	}
}

/* What a new column's definition says of it. */
typedef struct NewColumn
{
	MigTypeRef	type;
	Node	   *value;			/* DEFAULT, raw */
	bool		identity;
	bool		generated;
	bool		stored;
	bool		not_null;
	bool		check;
	bool		no_inherit;
	Constraint *index;			/* PRIMARY KEY or UNIQUE */
	List	   *foreign;		/* of Constraint * */
	const char *rewrite;		/* why, or NULL */
	bool		filled;			/* not with NULL */
} NewColumn;

static void
read_column(Alter *alter, ColumnDef *def, NewColumn *column)
{
	ListCell   *lc;
	Constraint *last = NULL;

	memset(column, 0, sizeof(*column));
	if (def->typeName)
		mig_world_resolve_type(alter->e->world, def->typeName, &column->type);
	column->not_null = def->is_not_null;
	column->value = def->raw_default;
	foreach(lc, def->constraints)
	{
		Constraint *constraint = lfirst_node(Constraint, lc);

		switch (constraint->contype)
		{
			case CONSTR_DEFAULT:
				column->value = constraint->raw_expr;
				break;
			case CONSTR_IDENTITY:
				column->identity = true;
				break;
			case CONSTR_GENERATED:
				column->generated = true;
				column->stored = !mig_is_virtual(mig_generated_kind(constraint));
				break;
			case CONSTR_NOTNULL:
				column->not_null = true;
				break;
			case CONSTR_CHECK:
				column->check = mig_declared_enforced(constraint);
				column->no_inherit = constraint->is_no_inherit;
				last = constraint;
				break;
			case CONSTR_PRIMARY:
			case CONSTR_UNIQUE:
				column->index = constraint;
				break;
			case CONSTR_FOREIGN:
				column->foreign = lappend(column->foreign, constraint);
				last = constraint;
				break;
			default:
				/* NOT ENFORCED comes after what it is about */
				if (mig_marks_not_enforced(constraint) && last &&
					last->contype == CONSTR_CHECK)
					column->check = false;
				else if (mig_marks_not_enforced(constraint) && last)
					last->skip_validation = true;
				break;
		}
	}
}

/* A table gets it, and what inherits from it; where it is, it is merged. */
static void
add_column_to(Alter *alter, MigRel *rel, const char *name, const NewColumn *column)
{
	ListCell   *lc;

	check_stack_depth();
	mig_effects_lock(alter->e, rel, alter->mode);
	if (mig_rel_column(rel, name))
		return;
	if (column->rewrite)
		ask_rewrite(alter, rel, column->rewrite);
	if (column->check && (!column->no_inherit || rel == alter->rel))
		ask_scan(alter, rel, MIG_WHY_CHECK);
	if (column->not_null && !column->rewrite && !column->filled)
		ask_scan(alter, rel, MIG_WHY_NOT_NULL);
	/* a default is evaluated once, or for each row */
	if (column->value)
		mig_effects_default(alter->e, column->value,
							column->rewrite == NULL || !mig_rel_is_empty(rel));
	if (!alter->recurse)
		return;
	foreach(lc, mig_rel_children(rel))
		add_column_to(alter, lfirst(lc), name, column);
}

static void
add_column(Alter *alter, AlterTableCmd *cmd)
{
	MigEffects *e = alter->e;
	ColumnDef  *def = castNode(ColumnDef, cmd->def);
	NewColumn	column;
	ListCell   *lc;

	if (mig_rel_column(alter->rel, def->colname))
		return;
	read_column(alter, copyObject(def), &column);
	if (column.type.serial || column.identity)
		column.rewrite = MIG_WHY_IDENTITY;
	else if (column.generated)
		column.rewrite = column.stored ? MIG_WHY_GENERATED : NULL;
	else if (mig_type_is_constrained(e->world, &column.type))
		column.rewrite = MIG_WHY_DOMAIN_COLUMN;
	else
	{
		MigDefault	value = mig_predict_default(e->world, &column.type, column.value,
												e->source);

		if (value.rewrites)
			column.rewrite = MIG_WHY_DEFAULT;
		column.filled = !value.is_null;
	}
	if (column.rewrite == NULL && !column.filled)
		alter->unfilled = lappend(alter->unfilled, def->colname);
	mig_effects_type_needs(e, &column.type);
	add_column_to(alter, alter->rel, def->colname, &column);
	if (column.index)
		mig_effects_index_on(e, alter->rel, NIL, true, ShareLock, alter->recurse);
	foreach(lc, column.foreign)
	{
		Constraint *constraint = lfirst(lc);
		bool		valued = column.value || column.filled || column.type.serial ||
			column.generated;

		mig_effects_foreign_key(e, alter->rel, mig_effects_find(e, constraint->pktable),
								constraint->pk_attrs,
								valued && !constraint->skip_validation &&
								mig_declared_enforced(constraint));
	}
}

static void
drop_column_of(Alter *alter, MigRel *rel, MigColumn *column)
{
	ListCell   *lc;

	check_stack_depth();
	mig_effects_drop_column(alter->e, rel, column);
	foreach(lc, mig_rel_children(rel))
	{
		MigRel	   *child = lfirst(lc);
		MigColumn  *other = mig_rel_column(child, column->name);

		/* those that keep the column learn whose it is now */
		mig_effects_lock(alter->e, child, alter->mode);
		if (alter->recurse && other && mig_column_goes_with(child, other, rel))
			drop_column_of(alter, child, other);
	}
}

static void
drop_column(Alter *alter, AlterTableCmd *cmd)
{
	MigColumn  *column = mig_rel_column(alter->rel, cmd->name);

	if (column)
		drop_column_of(alter, alter->rel, column);
}

static void
drop_constraint(Alter *alter, AlterTableCmd *cmd)
{
	MigConstraint *constraint = mig_rel_constraint(alter->rel, cmd->name);
	ListCell   *lc;

	if (constraint == NULL)
		return;
	mig_effects_drop_constraint(alter->e, constraint);
	if (constraint->kind != CONSTRAINT_CHECK && constraint->kind != 'n')
		return;
	/* those that keep it learn whose it is now */
	foreach(lc, constraint->no_inherit ? NIL : mig_rel_children(alter->rel))
		mig_effects_lock(alter->e, lfirst(lc), alter->mode);
	foreach(lc, tree_of(alter, !constraint->no_inherit))
	{
		MigRel	   *rel = lfirst(lc);

		constraint = mig_rel_constraint(rel, cmd->name);
		if (constraint)
			mig_effects_drop_constraint(alter->e, constraint);
	}
}

static void
validate_constraint(Alter *alter, AlterTableCmd *cmd)
{
	MigEffects *e = alter->e;
	MigConstraint *constraint = mig_rel_constraint(alter->rel, cmd->name);
	MigRel	   *target;
	ListCell   *lc;

	if (constraint == NULL || constraint->valid)
		return;
	if (constraint->kind == CONSTRAINT_FOREIGN)
	{
		bool		scans = false;

		target = mig_constraint_target(constraint);
		if (target == NULL)
			return;
		mig_effects_lock(e, target, RowShareLock);
		foreach(lc, alter->rel->kind == RELKIND_PARTITIONED_TABLE ?
				tree_of(alter, true) : list_make1(alter->rel))
		{
			MigRel	   *rel = lfirst(lc);

			if (!has_rows(rel))
				continue;
			mig_effects_lock_indexes(e, rel, AccessShareLock);
			ask_scan(alter, rel, MIG_WHY_FOREIGN_KEY);
			scans |= !mig_rel_is_empty(rel);
		}
		mig_effects_scan_referenced(e, target, scans);
		return;
	}
	foreach(lc, tree_of(alter, !constraint->no_inherit))
	{
		MigRel	   *rel = lfirst(lc);
		MigConstraint *own = mig_rel_constraint(rel, cmd->name);

		if (own == NULL || !own->valid)
			ask_scan(alter, rel, constraint->kind == 'n' ? MIG_WHY_NOT_NULL : MIG_WHY_CHECK);
	}
}

static void
alter_constraint(Alter *alter, AlterTableCmd *cmd)
{
	MigEffects *e = alter->e;
	MigConstraint *constraint;
	MigRel	   *target;
	mig_AlterConstraint *change = castNode(mig_AlterConstraint, cmd->def);

	constraint = mig_rel_constraint(alter->rel, change->conname);
	if (constraint == NULL)
		return;
	if (mig_alters_inherit(change))
		lock_tree(alter);
	if (constraint->kind != CONSTRAINT_FOREIGN)
		return;
	if (alter->rel->kind == RELKIND_PARTITIONED_TABLE)
		lock_tree(alter);
	if (!mig_alters_enforced(change) || mig_alter_enforced(change) == constraint->enforced)
		return;
	target = mig_constraint_target(constraint);
	if (mig_alter_enforced(change))
	{
		mig_effects_foreign_key(e, alter->rel, target,
								mig_constraint_target_names(constraint), true);
		mig_effects_lock(e, alter->rel, AccessExclusiveLock);
	}
	else
		mig_effects_drop_constraint(e, constraint);
}

/* The opclass that an index has, or would have by default, for a key column. */
static Oid
index_opclass(MigRel *index, int place, Oid type, Oid am, Oid *collation)
{
	HeapTuple	tuple = OidIsValid(index->oid) ?
		SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index->oid)) : NULL;
	Oid			result = InvalidOid;

	*collation = InvalidOid;
	if (HeapTupleIsValid(tuple))
	{
		Datum		datum;
		bool		isnull;

		datum = SysCacheGetAttr(INDEXRELID, tuple, Anum_pg_index_indclass, &isnull);
		if (!isnull)
			result = ((oidvector *) DatumGetPointer(datum))->values[place];
		datum = SysCacheGetAttr(INDEXRELID, tuple, Anum_pg_index_indcollation, &isnull);
		if (!isnull)
			*collation = ((oidvector *) DatumGetPointer(datum))->values[place];
		ReleaseSysCache(tuple);
	}
	return OidIsValid(result) ? result : GetDefaultOpClass(type, am);
}

/* Does an index stay as it is when a column's values do? */
static bool
index_is_kept(MigRel *index, MigColumn *column, const MigTypeRef *type)
{
	Oid			am = OidIsValid(index->am) ? index->am : BTREE_AM_OID;
	int			place = 0;
	ListCell   *lc;

	if (index->partial || !index->valid || !OidIsValid(type->oid) ||
		list_member_int(index->key, 0))
		return false;
	foreach(lc, index->key)
	{
		if (lfirst_int(lc) == column->number)
		{
			Oid			collation;
			Oid			opclass = index_opclass(index, place, column->type.oid, am, &collation);
			Oid			before = GetDefaultOpClass(column->type.oid, am);
			Oid			after = GetDefaultOpClass(type->oid, am);

			if (opclass == before && after != opclass)
				return false;
			if (OidIsValid(collation) && collation == column->type.collation &&
				collation != type->collation)
				return false;
			if (column->type.oid != type->oid &&
				IsPolymorphicType(get_opclass_input_type(opclass)))
				return false;
		}
		place++;
	}
	return true;
}

/* FOREIGN KEYs on a column whose type changes are dropped and made anew. */
static void
remake_foreign_key(Alter *alter, MigRel *rel, MigConstraint *constraint,
				   MigColumn *column, const MigTypeRef *type)
{
	MigRel	   *target = mig_constraint_target(constraint);
	Oid			before = GetDefaultOpClass(column->type.oid, BTREE_AM_OID);
	Oid			after = OidIsValid(type->oid) ? GetDefaultOpClass(type->oid, BTREE_AM_OID) : InvalidOid;

	mig_effects_lock(alter->e, constraint->rel, AccessExclusiveLock);
	mig_effects_lock(alter->e, target, AccessExclusiveLock);
	if (target && target->kind == RELKIND_PARTITIONED_TABLE)
		mig_effects_lock_tree(alter->e, target, AccessExclusiveLock);
	if (target)
		mig_effects_reference(alter->e, target, mig_constraint_target_names(constraint));
	if (!constraint->valid || !constraint->enforced)
		return;
	if (before != after)
		mig_effects_foreign_key(alter->e, constraint->rel, target,
								mig_constraint_target_names(constraint), true);
	else
		work_on(alter, rel)->checked = lappend(work_on(alter, rel)->checked, constraint);
}

static void
change_type(Alter *alter, AlterTableCmd *cmd)
{
	MigEffects *e = alter->e;
	ColumnDef  *def = castNode(ColumnDef, cmd->def);
	MigTypeRef	type;
	ListCell   *lc;
	ListCell   *lc2;

	if (!mig_world_resolve_type(e->world, def->typeName, &type))
		return;
	if (def->collClause)
	{
		Oid			collation = get_collation_oid(def->collClause->collname, true);

		if (OidIsValid(collation))
			type.collation = collation;
	}
	foreach(lc, tree_of(alter, true))
	{
		MigRel	   *rel = lfirst(lc);
		MigColumn  *column = mig_rel_column(rel, cmd->name);
		MigTypeChange change;

		if (column == NULL)
			continue;
		change = mig_predict_type_change(rel, column, def, e->source, NULL);
		if (change == MIG_TYPE_FAILS)
		{
			mig_effects_of(e, rel)->reason = MIG_WHY_NO_CONVERSION;
			return;
		}
		if (change == MIG_TYPE_REWRITES && !mig_is_virtual(column->generated))
			ask_rewrite(alter, rel, MIG_WHY_TYPE);
		mig_effects_type_needs(e, &type);
		e->retyped = lappend(e->retyped, column);
		if (column->has_default)
			mig_effects_default_needs(e, rel, column);
		foreach(lc2, mig_rel_indexes(rel))
		{
			MigRel	   *index = lfirst(lc2);

			if (!mig_index_mentions(index, column->number))
				continue;
			mig_effects_lock(e, index, AccessExclusiveLock);
			if (index->kind != RELKIND_INDEX)
				continue;
			mig_effects_lock(e, rel, ShareLock);
			if (change != MIG_TYPE_FREE || !index_is_kept(index, column, &type))
				work_on(alter, rel)->indexes = lappend(work_on(alter, rel)->indexes, index);
		}
		foreach(lc2, mig_rel_constraints(rel))
		{
			MigConstraint *constraint = lfirst(lc2);

			if (!list_member_int(constraint->columns, column->number))
				continue;
			if (constraint->kind == CONSTRAINT_CHECK && constraint->valid &&
				constraint->enforced)
				ask_scan(alter, rel, MIG_WHY_CHECK);
			else if (constraint->kind == CONSTRAINT_FOREIGN)
				remake_foreign_key(alter, rel, constraint, column, &type);
		}
		foreach(lc2, mig_rel_references(rel))
		{
			MigConstraint *constraint = lfirst(lc2);

			if (constraint->rel != rel && mig_constraint_references(constraint, column))
				remake_foreign_key(alter, rel, constraint, column, &type);
		}
	}
}

static void
change_owner(Alter *alter, AlterTableCmd *cmd)
{
	if (alter->rel->owner != get_rolespec_oid(cmd->newowner, true))
		mig_effects_new_owner(alter->e, alter->rel);
}

static void
change_tablespace(Alter *alter, AlterTableCmd *cmd)
{
	MigEffects *e = alter->e;
	MigRel	   *rel = alter->rel;
	MigRel	   *toast = mig_rel_toast(rel);
	Oid			to = get_tablespace_oid(cmd->name, true);
	MigEffect  *effect;

	if (to == MyDatabaseTableSpace)
		to = InvalidOid;
	if (rel->tablespace == to || rel->kind == RELKIND_PARTITIONED_TABLE ||
		rel->kind == RELKIND_PARTITIONED_INDEX)
		return;
	effect = mig_effects_of(e, rel);
	effect->rewrites = true;
	effect->reason = MIG_WHY_TABLESPACE;
	if (toast)
	{
		mig_effects_lock(e, toast, alter->mode);
		mig_effects_lock_indexes(e, toast, alter->mode);
	}
}

static void
attach_index(Alter *alter, PartitionCmd *cmd)
{
	MigEffects *e = alter->e;
	MigRel	   *index = mig_effects_rel(e, mig_world_find_index(e->world, cmd->name));

	mig_effects_lock(e, index, AccessExclusiveLock);
	mig_effects_lock(e, mig_index_table(alter->rel), AccessShareLock);
	if (index)
		mig_effects_lock(e, mig_index_table(index), AccessShareLock);
}

static void
attach_partition(Alter *alter, PartitionCmd *cmd)
{
	MigEffects *e = alter->e;
	MigRel	   *parent = alter->rel;
	MigRel	   *other = mig_rel_default_partition(parent);
	MigRel	   *rel;

	if (parent->kind == RELKIND_PARTITIONED_INDEX || parent->kind == RELKIND_INDEX)
	{
		attach_index(alter, cmd);
		return;
	}
	rel = mig_effects_find(e, cmd->name);
	if (rel == NULL)
		return;
	mig_effects_lock_tree(e, rel, AccessExclusiveLock);
	mig_effects_scan_for_partition(e, parent, rel, cmd->bound, false);
	mig_effects_inherit_from(e, parent, rel);
	if (other)
	{
		mig_effects_lock(e, other, AccessExclusiveLock);
		if (cmd->bound && !cmd->bound->is_default)
			mig_effects_scan_for_partition(e, parent, other, cmd->bound, true);
	}
}

static void
detach_partition(Alter *alter, PartitionCmd *cmd)
{
	MigEffects *e = alter->e;
	MigRel	   *rel = mig_effects_find(e, cmd->name);
	MigRel	   *up;
	ListCell   *lc;

	if (rel == NULL)
		return;
	mig_effects_lock(e, mig_rel_default_partition(alter->rel), AccessExclusiveLock);
	/* CONCURRENTLY, the end of it is short and under a lock on the partition */
	mig_effects_lock_tree(e, rel, AccessExclusiveLock);
	foreach(lc, mig_rel_indexes(rel))
	{
		MigRel	   *index = lfirst(lc);

		if (mig_rel_parents(index) != NIL)
			mig_effects_lock(e, index, AccessExclusiveLock);
	}
	foreach(lc, mig_rel_constraints(rel))
	{
		MigConstraint *constraint = lfirst(lc);

		if (constraint->kind == CONSTRAINT_FOREIGN && constraint->inherited)
			mig_effects_lock(e, mig_constraint_target(constraint), ShareRowExclusiveLock);
	}
	/* what refers to the parent may not refer to its rows */
	foreach(lc, mig_rel_references(rel))
	{
		MigConstraint *constraint = lfirst(lc);

		if (constraint->rel == rel || !constraint->enforced)
			continue;
		mig_effects_lock(e, constraint->rel, AccessExclusiveLock);
		for (up = alter->rel; up; up = mig_rel_parents(up) ? linitial(mig_rel_parents(up)) : NULL)
			mig_effects_lock(e, up, AccessShareLock);
		mig_effects_planned(e, constraint->rel, AccessShareLock);
		mig_effects_planned(e, rel, AccessShareLock);
		if (mig_rel_is_empty(constraint->rel))
			continue;
		mig_effects_scan(e, constraint->rel, MIG_WHY_FOREIGN_KEY);
		if (has_rows(rel))
			mig_effects_scan(e, rel, MIG_WHY_FOREIGN_KEY);
	}
}

static void
set_options(Alter *alter)
{
	mig_effects_lock(alter->e, mig_rel_toast(alter->rel), alter->mode);
}

static MigRel *
index_by_name(MigRel *rel, const char *name)
{
	ListCell   *lc;

	foreach(lc, mig_rel_indexes(rel))
	{
		MigRel	   *index = lfirst(lc);

		if (name && strcmp(index->name, name) == 0)
			return index;
	}
	return NULL;
}

/* The sequence of an identity column. */
static MigRel *
identity_sequence(MigRel *rel, const char *name)
{
	MigColumn  *column = mig_rel_column(rel, name);
	ListCell   *lc;

	if (column == NULL || column->identity == '\0')
		return NULL;
	foreach(lc, mig_rel_sequences(rel))
	{
		MigRel	   *sequence = lfirst(lc);

		if (mig_sequence_column(sequence, rel) == column->number)
			return sequence;
	}
	return NULL;
}

static void
change_persistence(Alter *alter, char persistence)
{
	ListCell   *lc;

	if (alter->rel->persistence == persistence)
		return;
	if (alter->rel->kind == RELKIND_SEQUENCE)
	{
		mig_effects_of(alter->e, alter->rel)->rewrites = true;
		mig_effects_of(alter->e, alter->rel)->reason = MIG_WHY_PERSISTENCE;
		return;
	}
	ask_rewrite(alter, alter->rel, MIG_WHY_PERSISTENCE);
	foreach(lc, mig_rel_sequences(alter->rel))
		mig_effects_lock(alter->e, lfirst(lc), AccessExclusiveLock);
}

static void
set_expression(Alter *alter, AlterTableCmd *cmd)
{
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, tree_of(alter, true))
	{
		MigRel	   *rel = lfirst(lc);
		MigColumn  *column = mig_rel_column(rel, cmd->name);

		if (column == NULL)
			continue;
		if (!mig_is_virtual(column->generated))
			ask_rewrite(alter, rel, MIG_WHY_GENERATED);
		foreach(lc2, mig_rel_constraints(rel))
		{
			MigConstraint *constraint = lfirst(lc2);

			if (constraint->kind == CONSTRAINT_CHECK && constraint->valid &&
				list_member_int(constraint->columns, column->number))
				ask_scan(alter, rel, MIG_WHY_CHECK);
		}
	}
}

/* Partitions have the triggers for each row. */
static bool
has_row_trigger(MigRel *rel, const AlterTableCmd *cmd)
{
	bool		all = cmd->subtype == AT_EnableTrigAll || cmd->subtype == AT_DisableTrigAll;
	bool		user = cmd->subtype == AT_EnableTrigUser || cmd->subtype == AT_DisableTrigUser;
	Relation	catalog;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found = false;
	ListCell   *lc;

	foreach(lc, rel->world->calls)
	{
		MigCall    *call = lfirst(lc);

		if (call->rel == rel && call->in_partitions &&
			(all || user || strcmp(call->trigger, cmd->name) == 0))
			return true;
	}
	if (!rel->old)
		return false;
	catalog = table_open(TriggerRelationId, AccessShareLock);
	ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(rel->oid));
	scan = systable_beginscan(catalog, TriggerRelidNameIndexId, true, NULL, 1, &key);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);

		found = TRIGGER_FOR_ROW(form->tgtype) &&
			(all || (user && !form->tgisinternal) ||
			 (!all && !user && strcmp(NameStr(form->tgname), cmd->name) == 0));
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return found;
}

/* Does SET change more than the sequence of an identity column? */
static bool
sets_generated(List *options)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		if (strcmp(lfirst_node(DefElem, lc)->defname, "generated") == 0)
			return true;
	}
	return false;
}

static void
alter_command(Alter *alter, AlterTableCmd *cmd)
{
	MigEffects *e = alter->e;
	MigRel	   *rel = alter->rel;
	MigRel	   *other;

	switch (cmd->subtype)
	{
		case AT_AddColumn:
			add_column(alter, cmd);
			break;
		case AT_DropColumn:
			drop_column(alter, cmd);
			break;
		case AT_SetNotNull:
			set_not_null(alter, cmd->name, true);
			break;
		case AT_AlterColumnType:
			change_type(alter, cmd);
			break;
		case AT_AddConstraint:
			add_constraint(alter, castNode(Constraint, cmd->def));
			break;
		case AT_DropConstraint:
			drop_constraint(alter, cmd);
			break;
		case AT_ValidateConstraint:
			validate_constraint(alter, cmd);
			break;
		case AT_AlterConstraint:
			alter_constraint(alter, cmd);
			break;
		case AT_ColumnDefault:
			lock_tree(alter);
			if (cmd->def)
				mig_effects_default(e, cmd->def, false);
			break;
		case AT_DropNotNull:
		case AT_SetStatistics:
		case AT_SetStorage:
		case AT_DropExpression:
			lock_tree(alter);
			break;
		case AT_SetLogged:
			change_persistence(alter, RELPERSISTENCE_PERMANENT);
			break;
		case AT_SetUnLogged:
			change_persistence(alter, RELPERSISTENCE_UNLOGGED);
			break;
		case AT_SetAccessMethod:
			if (get_table_am_oid(cmd->name ? cmd->name : default_table_access_method, true) != rel->am)
				ask_rewrite(alter, rel, MIG_WHY_ACCESS_METHOD);
			break;
		case AT_SetTableSpace:
			change_tablespace(alter, cmd);
			break;
		case AT_ChangeOwner:
			change_owner(alter, cmd);
			break;
		case AT_SetRelOptions:
		case AT_ResetRelOptions:
		case AT_ReplaceRelOptions:
			set_options(alter);
			break;
		case AT_ClusterOn:
			other = mig_effects_rel(e, index_by_name(rel, cmd->name));
			mig_effects_lock(e, other, alter->mode);
			break;
		case AT_ReplicaIdentity:
			other = index_by_name(rel, castNode(ReplicaIdentityStmt, cmd->def)->name);
			mig_effects_lock(e, mig_effects_rel(e, other), ShareLock);
			break;
		case AT_AddInherit:
			mig_effects_lock(e, mig_effects_find(e, castNode(RangeVar, cmd->def)),
							 ShareUpdateExclusiveLock);
			mig_effects_lock_tree(e, rel, AccessShareLock);
			break;
		case AT_DropInherit:
			mig_effects_lock(e, mig_effects_find(e, castNode(RangeVar, cmd->def)),
							 AccessShareLock);
			break;
		case AT_AttachPartition:
			attach_partition(alter, castNode(PartitionCmd, cmd->def));
			break;
		case AT_DetachPartition:
			detach_partition(alter, castNode(PartitionCmd, cmd->def));
			break;
		case AT_DetachPartitionFinalize:
			mig_effects_lock(e, mig_effects_find(e, castNode(PartitionCmd, cmd->def)->name),
							 AccessExclusiveLock);
			break;
		case AT_EnableTrig:
		case AT_EnableAlwaysTrig:
		case AT_EnableReplicaTrig:
		case AT_EnableTrigAll:
		case AT_EnableTrigUser:
		case AT_DisableTrig:
		case AT_DisableTrigAll:
		case AT_DisableTrigUser:
			if (rel->kind == RELKIND_PARTITIONED_TABLE && has_row_trigger(rel, cmd))
				lock_tree(alter);
			break;
		case AT_AddIdentity:
			if (MIG_IDENTITY_OF_PARTITIONS && rel->kind == RELKIND_PARTITIONED_TABLE)
				lock_tree(alter);
			break;
		case AT_SetIdentity:
			other = identity_sequence(rel, cmd->name);
			if (other)
				mig_effects_lock(e, other, ShareRowExclusiveLock);
			if (MIG_IDENTITY_OF_PARTITIONS && rel->kind == RELKIND_PARTITIONED_TABLE &&
				sets_generated((List *) cmd->def))
				lock_tree(alter);
			break;
		case AT_DropIdentity:
			mig_effects_lock(e, identity_sequence(rel, cmd->name), AccessExclusiveLock);
			if (MIG_IDENTITY_OF_PARTITIONS && rel->kind == RELKIND_PARTITIONED_TABLE)
				lock_tree(alter);
			break;
		case AT_AddOf:
			{
				MigTypeRef	type;

				if (mig_world_resolve_type(e->world, castNode(TypeName, cmd->def), &type) &&
					OidIsValid(type.oid))
					mig_effects_lock_oid(e, get_typ_typrelid(type.oid), AccessShareLock);
				break;
			}
		default:
			if (mig_is_set_expression(cmd->subtype))
				set_expression(alter, cmd);
			break;
	}
}

static bool
drops(const AlterTableCmd *cmd)
{
	return cmd->subtype == AT_DropColumn || cmd->subtype == AT_DropConstraint;
}

static pg_noinline void
alter_others(Alter *alter, AlterTableStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->cmds)
	{
		AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

		CHECK_FOR_INTERRUPTS();
		if (!drops(cmd))
			alter_command(alter, cmd);
	}
}

static List *
mark(List *marked, bool *dropped)
{
	if (*dropped)
		return marked;
	*dropped = true;
	return lappend(marked, dropped);
}

static List *
mark_constraint(List *marked, MigConstraint *constraint)
{
	MigRel	   *index = constraint->kind == CONSTRAINT_FOREIGN ? NULL :
		mig_constraint_index(constraint);

	if (index)
		marked = mark(marked, &index->dropped);
	return mark(marked, &constraint->dropped);
}

static List *
mark_column(List *marked, MigRel *rel, MigColumn *column)
{
	ListCell   *lc;

	foreach(lc, mig_rel_constraints(rel))
	{
		MigConstraint *constraint = lfirst(lc);

		if (list_member_int(constraint->columns, column->number))
			marked = mark_constraint(marked, constraint);
	}
	foreach(lc, mig_rel_indexes(rel))
	{
		MigRel	   *index = lfirst(lc);

		if (mig_index_mentions(index, column->number))
			marked = mark(marked, &index->dropped);
	}
	return mark(marked, &column->dropped);
}

static pg_noinline List *
mark_dropped(Alter *alter, AlterTableStmt *stmt)
{
	List	   *marked = NIL;
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, alter->recurse ? mig_rel_tree(alter->rel) : list_make1(alter->rel))
	{
		MigRel	   *rel = lfirst(lc);

		foreach(lc2, stmt->cmds)
		{
			AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc2);

			if (cmd->subtype == AT_DropColumn)
			{
				MigColumn  *column = mig_rel_column(rel, cmd->name);

				if (column && (rel == alter->rel || (column->inherited && !column->local)))
					marked = mark_column(marked, rel, column);
			}
			else if (cmd->subtype == AT_DropConstraint)
			{
				MigConstraint *constraint = mig_rel_constraint(rel, cmd->name);

				if (constraint && (rel == alter->rel || constraint->inherited))
					marked = mark_constraint(marked, constraint);
			}
		}
	}
	return marked;
}

static void
unmark(List *marked)
{
	ListCell   *lc;

	foreach(lc, marked)
		*(bool *) lfirst(lc) = false;
}

/* The commands that drop nothing, as if the others had been done. */
static void
alter_without_dropped(Alter *alter, AlterTableStmt *stmt)
{
	List	   *marked = mark_dropped(alter, stmt);

	PG_TRY();
	{
		alter_others(alter, stmt);
		do_work(alter);
	}
	PG_CATCH();
	{
		unmark(marked);
		PG_RE_THROW();
	}
	PG_END_TRY();
	unmark(marked);
}

void
mig_effects_alter_table(MigEffects *e, AlterTableStmt *stmt)
{
	Alter		alter = {e};
	bool		dropping = false;
	ListCell   *lc;

	alter.rel = mig_effects_find(e, stmt->relation);
	if (alter.rel == NULL && stmt->objtype == OBJECT_INDEX)
		alter.rel = mig_effects_rel(e, mig_world_find_index(e->world, stmt->relation));
	if (alter.rel == NULL)
		return;
	alter.recurse = stmt->relation->inh;
	alter.mode = AlterTableGetLockLevel(stmt->cmds);
	mig_effects_lock(e, alter.rel, alter.mode);
	/* CASCADE, to the tables OF a type */
	if (alter.rel->kind == RELKIND_COMPOSITE_TYPE)
	{
		foreach(lc, stmt->cmds)
		{
			if (lfirst_node(AlterTableCmd, lc)->behavior == DROP_CASCADE)
				mig_effects_lock_typed(e, alter.rel, alter.mode);
		}
		return;
	}
	/* what is dropped is not there for the other commands */
	foreach(lc, stmt->cmds)
	{
		AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

		if (!drops(cmd))
			continue;
		CHECK_FOR_INTERRUPTS();
		alter_command(&alter, cmd);
		dropping = true;
	}
	if (dropping && list_length(stmt->cmds) > 1)
		alter_without_dropped(&alter, stmt);
	else
	{
		alter_others(&alter, stmt);
		do_work(&alter);
	}
}
