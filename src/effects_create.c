/*-------------------------------------------------------------------------
 *
 * effects_create.c
 *	  Effects of what is made: tables, indexes, foreign keys, partitions.
 *
 * See effects.c for what all of these expect.
 *
 *-------------------------------------------------------------------------
 */
#include "effects_internal.h"

#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "parser/parse_type.h"
#include "utils/lsyscache.h"

static bool
is_partitioned(MigRel *rel)
{
	return rel->kind == RELKIND_PARTITIONED_TABLE;
}

/* Is an index of a child one that a parent's index may take as its own? */
static bool
index_fits(MigRel *parent, MigRel *child, List *names, bool unique, MigRel *index)
{
	ListCell   *lc;
	ListCell   *lc2;

	if (index->unique != unique || index->partial || index->exclusion || !index->valid ||
		list_length(index->key) != list_length(names) || mig_rel_parents(index) != NIL)
		return false;
	forboth(lc, index->key, lc2, names)
	{
		MigColumn  *column = mig_rel_column_at(child, lfirst_int(lc));

		if (column == NULL || strcmp(column->name, lfirst(lc2)) != 0)
			return false;
	}
	return true;
}

/* The names of an index's columns; NIL if there are expressions. */
static List *
key_names(MigRel *table, List *key)
{
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, key)
	{
		MigColumn  *column = mig_rel_column_at(table, lfirst_int(lc));

		if (column == NULL)
			return NIL;
		names = lappend(names, column->name);
	}
	return names;
}

/* A table, and with it its partitions, gets an index. */
static void
index_tree(MigEffects *e, MigRel *rel, MigRel *top, List *names, bool unique,
		   LOCKMODE mode, bool recurse)
{
	ListCell   *lc;

	mig_effects_lock(e, rel, mode);
	if (is_partitioned(rel))
	{
		if (!recurse)
			return;
		foreach(lc, mig_rel_children(rel))
			index_tree(e, lfirst(lc), top, names, unique, mode, true);
		return;
	}
	if (rel != top && names != NIL)
	{
		foreach(lc, mig_rel_indexes(rel))
		{
			MigRel	   *index = lfirst(lc);

			if (index_fits(top, rel, names, unique, index))
			{
				mig_effects_lock(e, index, mode);
				return;
			}
		}
	}
	mig_effects_of(e, rel)->builds = true;
	mig_effects_scan(e, rel, MIG_WHY_INDEX);
}

/* names: of its columns, NIL if there is more to it than these */
void
mig_effects_index_on(MigEffects *e, MigRel *rel, List *names, bool unique,
					 LOCKMODE mode, bool recurse)
{
	index_tree(e, rel, rel, names, unique, mode, recurse);
}

void
mig_effects_create_index(MigEffects *e, IndexStmt *stmt)
{
	MigRel	   *rel = mig_effects_find(e, stmt->relation);
	LOCKMODE	mode = stmt->concurrent ? ShareUpdateExclusiveLock : ShareLock;
	List	   *names = NIL;
	ListCell   *lc;

	if (rel == NULL)
		return;
	if (stmt->if_not_exists && stmt->idxname &&
		mig_world_find_index(e->world, makeRangeVar(rel->schema, stmt->idxname, -1)))
	{
		mig_effects_lock(e, rel, mode);
		return;
	}
	foreach(lc, stmt->indexParams)
	{
		IndexElem  *elem = lfirst_node(IndexElem, lc);

		if (elem->name == NULL || elem->opclass || elem->collation ||
			stmt->whereClause || stmt->indexIncludingParams ||
			elem->ordering == SORTBY_DESC || elem->nulls_ordering != SORTBY_NULLS_DEFAULT)
		{
			names = NIL;
			break;
		}
		names = lappend(names, elem->name);
	}
	foreach(lc, stmt->indexParams)
	{
		if (lfirst_node(IndexElem, lc)->expr)
			mig_effects_expression_needs(e, lfirst_node(IndexElem, lc)->expr, 0);
	}
	if (stmt->whereClause)
		mig_effects_expression_needs(e, stmt->whereClause, 0);
	mig_effects_index_on(e, rel, names, stmt->unique, mode, stmt->relation->inh);
}

/* Columns that a foreign key references (String). */
List *
mig_constraint_target_names(MigConstraint *constraint)
{
	MigRel	   *target = mig_constraint_target(constraint);
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, target ? constraint->target_columns : NIL)
	{
		MigColumn  *column = mig_rel_column_at(target, lfirst_int(lc));

		if (column)
			names = lappend(names, makeString(column->name));
	}
	return names;
}

/* Is an index the one that keeps the columns (String) unique? */
static bool
is_referenced(MigRel *rel, MigRel *index, List *columns)
{
	ListCell   *lc;

	if (columns == NIL)
		return index->primary;
	if (!index->unique || index->partial || list_length(index->key) != list_length(columns))
		return false;
	foreach(lc, columns)
	{
		MigColumn  *column = mig_rel_column(rel, strVal(lfirst(lc)));

		if (column == NULL || !list_member_int(index->key, column->number))
			return false;
	}
	return true;
}

/* A foreign key is of a table and its partitions, not of what inherits. */
static List *
partitions_of(MigRel *rel)
{
	return is_partitioned(rel) ? mig_rel_tree(rel) : list_make1(rel);
}

/* The lock on a table that a foreign key is to reference. */
void
mig_effects_reference(MigEffects *e, MigRel *target, List *columns)
{
	ListCell   *lc;

	mig_effects_lock(e, target, AccessShareLock);
	foreach(lc, partitions_of(target))
	{
		MigRel	   *rel = lfirst(lc);
		ListCell   *lc2;

		mig_effects_lock(e, rel, ShareRowExclusiveLock);
		if (!mig_dependencies_lock())
			continue;
		foreach(lc2, mig_rel_indexes(rel))
		{
			MigRel	   *index = lfirst(lc2);

			if (is_referenced(rel, index, columns))
				mig_effects_lock(e, index, AccessShareLock);
		}
	}
}

/*
 * Two tables get a foreign key between them; validate: rows that are there
 * are compared.  columns: String, the target's; NIL: its primary key.
 */
void
mig_effects_foreign_key(MigEffects *e, MigRel *rel, MigRel *target, List *columns,
						bool validate)
{
	ListCell   *lc;
	bool		scans = false;

	foreach(lc, partitions_of(rel))
		mig_effects_lock(e, lfirst(lc), ShareRowExclusiveLock);
	if (target == NULL)
		return;
	mig_effects_reference(e, target, columns);
	if (!validate)
		return;
	mig_effects_lock(e, target, RowShareLock);
	foreach(lc, partitions_of(rel))
	{
		MigRel	   *each = lfirst(lc);

		if (is_partitioned(each))
			continue;
		mig_effects_lock_indexes(e, each, AccessShareLock);
		mig_effects_scan(e, each, MIG_WHY_FOREIGN_KEY);
		scans |= !mig_rel_is_empty(each);
	}
	mig_effects_scan_referenced(e, target, scans);
}

/* ... to which rows of others are compared. */
void
mig_effects_scan_referenced(MigEffects *e, MigRel *target, bool scans)
{
	ListCell   *lc;

	foreach(lc, partitions_of(target))
	{
		MigRel	   *rel = lfirst(lc);

		mig_effects_plan_one(e, rel, AccessShareLock);
		if (scans && !is_partitioned(rel))
			mig_effects_scan(e, rel, MIG_WHY_FOREIGN_KEY);
	}
}

/* Rows of rel, or of its partitions, are compared with a bound. */
void
mig_effects_scan_for_partition(MigEffects *e, MigRel *parent, MigRel *rel,
							   const PartitionBoundSpec *bound, bool negated)
{
	ListCell   *lc;

	if (mig_predict_partition(parent, rel, bound, negated, e->source))
		return;
	if (is_partitioned(rel))
	{
		foreach(lc, mig_rel_children(rel))
		{
			mig_effects_lock(e, lfirst(lc), AccessExclusiveLock);
			mig_effects_scan_for_partition(e, parent, lfirst(lc), bound, negated);
		}
		return;
	}
	mig_effects_scan(e, rel, negated ? MIG_WHY_DEFAULT_PARTITION : MIG_WHY_PARTITION);
}

/* Does a table have the foreign key that its parent to be has? */
static bool
has_foreign_key(MigRel *rel, MigConstraint *wanted)
{
	ListCell   *lc;
	ListCell   *lc2;
	ListCell   *lc3;

	foreach(lc, mig_rel_constraints(rel))
	{
		MigConstraint *constraint = lfirst(lc);
		bool		same = constraint->kind == CONSTRAINT_FOREIGN && !constraint->inherited &&
			constraint->valid && constraint->deferrable == wanted->deferrable &&
			constraint->deferred == wanted->deferred &&
			mig_constraint_target(constraint) == mig_constraint_target(wanted) &&
			equal(constraint->target_columns, wanted->target_columns) &&
			list_length(constraint->columns) == list_length(wanted->columns);

		if (!same)
			continue;
		forboth(lc2, constraint->columns, lc3, wanted->columns)
		{
			MigColumn  *own = mig_rel_column_at(rel, lfirst_int(lc2));
			MigColumn  *other = mig_rel_column_at(wanted->rel, lfirst_int(lc3));

			same = same && own && other && strcmp(own->name, other->name) == 0;
		}
		if (same)
			return true;
	}
	return false;
}

/* A partition gets what its parent has: indexes, foreign keys. */
void
mig_effects_inherit_from(MigEffects *e, MigRel *parent, MigRel *child)
{
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, mig_rel_indexes(parent))
	{
		MigRel	   *index = lfirst(lc);
		List	   *names = index->partial ? NIL : key_names(parent, index->key);
		bool		found = false;

		mig_effects_lock(e, index, ShareUpdateExclusiveLock);
		if (child == NULL)
			continue;
		foreach(lc2, mig_rel_indexes(child))
			found = found || index_fits(parent, child, names, index->unique, lfirst(lc2));
		if (!found)
			mig_effects_index_on(e, child, names, index->unique, ShareLock, true);
	}
	foreach(lc, mig_rel_constraints(parent))
	{
		MigConstraint *constraint = lfirst(lc);

		if (constraint->kind != CONSTRAINT_FOREIGN)
			continue;
		if (child && has_foreign_key(child, constraint))
		{
			/* it becomes a part of the parent's, and loses its triggers */
			mig_effects_lock(e, mig_constraint_target(constraint), AccessExclusiveLock);
		}
		else if (child)
			mig_effects_foreign_key(e, child, mig_constraint_target(constraint),
									mig_constraint_target_names(constraint),
									constraint->valid && constraint->enforced);
		else if (mig_constraint_target(constraint))
			mig_effects_reference(e, mig_constraint_target(constraint),
								  mig_constraint_target_names(constraint));
	}
	/* what refers to the parent refers to it too */
	foreach(lc, mig_rel_references(parent))
	{
		MigConstraint *constraint = lfirst(lc);

		mig_effects_lock(e, constraint->rel, ShareRowExclusiveLock);
		foreach(lc2, child && mig_dependencies_lock() ? mig_rel_indexes(child) : NIL)
		{
			if (is_referenced(child, lfirst(lc2), mig_constraint_target_names(constraint)))
				mig_effects_lock(e, lfirst(lc2), AccessShareLock);
		}
	}
}

/* CREATE TABLE ... PARTITION OF */
static void
new_partition(MigEffects *e, MigRel *parent, const PartitionBoundSpec *bound)
{
	MigRel	   *other = mig_rel_default_partition(parent);

	mig_effects_lock(e, parent, AccessExclusiveLock);
	if (other)
	{
		mig_effects_lock(e, other, AccessExclusiveLock);
		if (bound && !bound->is_default)
			mig_effects_scan_for_partition(e, parent, other, bound, true);
	}
	mig_effects_inherit_from(e, parent, NULL);
}

static void
new_foreign_key(MigEffects *e, CreateStmt *stmt, Constraint *constraint)
{
	MigRel	   *target;

	if (constraint->contype != CONSTR_FOREIGN || constraint->pktable == NULL)
		return;
	if (constraint->pktable->schemaname == NULL &&
		strcmp(constraint->pktable->relname, stmt->relation->relname) == 0)
		return;
	target = mig_effects_find(e, constraint->pktable);
	if (target == NULL)
		return;
	mig_effects_reference(e, target, constraint->pk_attrs);
}

void
mig_effects_create_table(MigEffects *e, CreateStmt *stmt)
{
	ListCell   *lc;
	ListCell   *lc2;

	if (stmt->if_not_exists && mig_world_find(e->world, stmt->relation))
		return;
	foreach(lc, stmt->inhRelations)
	{
		MigRel	   *parent = mig_effects_find(e, lfirst_node(RangeVar, lc));

		if (parent == NULL)
			continue;
		mig_effects_columns_need(e, parent);
		if (stmt->partbound)
			new_partition(e, parent, stmt->partbound);
		else
			mig_effects_lock(e, parent, ShareUpdateExclusiveLock);
	}
	if (stmt->ofTypename)
	{
		MigTypeRef	type;

		if (mig_world_resolve_type(e->world, stmt->ofTypename, &type) &&
			OidIsValid(type.oid))
			mig_effects_lock_oid(e, get_typ_typrelid(type.oid), AccessShareLock);
	}
	foreach(lc, stmt->tableElts)
	{
		Node	   *element = lfirst(lc);

		if (IsA(element, TableLikeClause))
		{
			TableLikeClause *like = (TableLikeClause *) element;
			MigRel	   *rel = mig_effects_find(e, like->relation);

			if (rel == NULL)
				continue;
			mig_effects_lock(e, rel, AccessShareLock);
			mig_effects_columns_need(e, rel);
			if (like->options & CREATE_TABLE_LIKE_DEFAULTS)
				mig_effects_default_needs(e, rel, NULL);
		}
		else if (IsA(element, ColumnDef))
		{
			mig_effects_column_needs(e, (ColumnDef *) element);
			foreach(lc2, ((ColumnDef *) element)->constraints)
			{
				Constraint *constraint = lfirst_node(Constraint, lc2);

				if (constraint->contype == CONSTR_DEFAULT)
					mig_effects_default(e, constraint->raw_expr, false);
				new_foreign_key(e, stmt, constraint);
			}
		}
		else if (IsA(element, Constraint))
			new_foreign_key(e, stmt, (Constraint *) element);
	}
	foreach(lc, stmt->constraints)
	{
		if (IsA(lfirst(lc), Constraint))
			new_foreign_key(e, stmt, lfirst(lc));
	}
}
