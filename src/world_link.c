/*-------------------------------------------------------------------------
 *
 * world_link.c
 *	  The catalogs as a text leaves them: constraints, indexes, and what tables
 *	  have from others.
 *
 * What a partitioned table has, each of its partitions has or gets: an index
 * that fits is taken, else one is made.
 *
 * Needs a transaction; takes no lock but those of catalog lookups.
 *
 *-------------------------------------------------------------------------
 */
#include "world_change.h"

#include "catalog/pg_am.h"
#include "catalog/pg_constraint.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_target.h"
#include "utils/builtins.h"

#include "compat.h"

/* An index to be made on a table. */
typedef struct Shape
{
	const char *name;			/* NULL: to be chosen */
	List	   *key;			/* AttrNumbers, 0 for expressions */
	List	   *mentions;
	List	   *names;			/* char *: its own columns, as they are called */
	Oid			am;
	bool		unique;
	bool		primary;
	bool		exclusion;
	bool		partial;
	bool		plain;
	char		constraint;		/* CONSTRAINT_* that it is for; '\0': none */
	bool		deferrable;
	bool		deferred;
} Shape;

/* Columns of one relation to those of the same names of another. */
typedef struct Mapping
{
	MigRel	   *from;
	MigRel	   *to;
	bool		failed;
} Mapping;

static AttrNumber
map_number(Mapping *mapping, AttrNumber number)
{
	MigColumn  *mine = mig_rel_column_at(mapping->from, number);
	MigColumn  *theirs = mine != NULL ? mig_rel_column(mapping->to, mine->name) : NULL;

	if (theirs == NULL)
	{
		mapping->failed = true;
		return number;
	}
	return theirs->number;
}

static List *
map_numbers(Mapping *mapping, List *numbers)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, numbers)
		result = lappend_int(result, lfirst_int(lc) > 0 ?
							 map_number(mapping, lfirst_int(lc)) : lfirst_int(lc));
	return result;
}

static Node *
map_vars(Node *node, void *context)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Var))
	{
		Var		   *var = copyObject((Var *) node);

		if (var->varattno > 0)
			var->varattno = map_number(context, var->varattno);
		return (Node *) var;
	}
	return expression_tree_mutator(node, map_vars, context);
}

/* NULL: not all of its columns are there */
static Node *
map_expr(MigRel *from, MigRel *to, Node *expr)
{
	Mapping		mapping = {from, to, false};
	Node	   *result = map_vars(expr, &mapping);

	return mapping.failed ? NULL : result;
}

/* The columns that a cooked expression reads. */
static List *
expr_columns(Node *expr)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, pull_var_clause(expr, 0))
	{
		Var		   *var = lfirst(lc);

		if (var->varattno > 0)
			result = list_append_unique_int(result, var->varattno);
	}
	return result;
}

static char *
string_of(Node *node)
{
	return pstrdup(strVal(node));
}

/* Strings as char *. */
static List *
names_of(List *strings)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, strings)
		result = lappend(result, string_of(lfirst(lc)));
	return result;
}

/* The numbers of columns, in order; false: there is not one of each name. */
static bool
column_numbers(MigRel *rel, List *strings, List **numbers)
{
	ListCell   *lc;

	*numbers = NIL;
	foreach(lc, strings)
	{
		MigColumn  *column = mig_rel_column(rel, strVal(lfirst(lc)));

		if (column == NULL)
			return false;
		*numbers = lappend_int(*numbers, column->number);
	}
	return true;
}

static MigConstraint *
constraint_of_index(MigRel *rel, MigRel *index)
{
	ListCell   *lc;

	mig_rel_read_constraints(rel);
	foreach(lc, rel->constraints)
	{
		MigConstraint *constraint = lfirst(lc);

		if (!constraint->dropped && constraint->kind != CONSTRAINT_FOREIGN &&
			mig_constraint_index(constraint) == index)
			return constraint;
	}
	return NULL;
}

static Shape
shape_of(MigRel *index)
{
	MigRel	   *table = mig_index_table(index);
	MigConstraint *constraint = constraint_of_index(table, index);
	Shape		shape = {0};
	ListCell   *lc;
	int			i = 0;

	shape.key = index->key;
	shape.mentions = index->mentions;
	foreach(lc, mig_rel_columns(index))
	{
		MigColumn  *column = lfirst(lc);
		MigColumn  *own;

		shape.names = lappend(shape.names, column->name);
		/* what an old one includes */
		if (index->old && i++ >= list_length(index->key) &&
			(own = mig_rel_column(table, column->name)) != NULL)
			shape.mentions = lappend_int(shape.mentions, own->number);
	}
	shape.am = index->am;
	shape.unique = index->unique;
	shape.primary = index->primary;
	shape.exclusion = index->exclusion;
	shape.partial = index->partial;
	shape.plain = index->plain;
	if (constraint != NULL)
	{
		shape.constraint = constraint->kind;
		shape.deferrable = constraint->deferrable;
		shape.deferred = constraint->deferred;
	}
	return shape;
}

static char *
choose_index_name(MigRel *rel, const Shape *shape)
{
	if (shape->primary)
		return mig_choose_name(rel->world, rel->schema, rel->name, NULL, "pkey", true);
	return mig_choose_name(rel->world, rel->schema, rel->name,
						   mig_join_names(shape->names),
						   shape->exclusion ? "excl" :
						   shape->constraint != '\0' ? "key" : "idx",
						   shape->constraint != '\0');
}

void
mig_index_link(MigRel *parent, MigRel *child)
{
	MigConstraint *constraint;

	mig_rel_read_children(parent);
	mig_rel_read_parents(child);
	parent->children = list_append_unique_ptr(parent->children, child);
	parent->has_subclass = true;
	child->parents = list_append_unique_ptr(child->parents, parent);
	child->is_partition = true;
	constraint = constraint_of_index(mig_index_table(child), child);
	if (constraint != NULL &&
		constraint_of_index(mig_index_table(parent), parent) != NULL)
		constraint->inherited = true;
	/* one made on the parent alone becomes valid with the last partition's */
	if (!parent->valid && child->valid)
	{
		int			n = 0;
		ListCell   *lc;

		foreach(lc, mig_rel_children(parent))
			n += ((MigRel *) lfirst(lc))->valid ? 1 : 0;
		if (n >= list_length(mig_rel_children(mig_index_table(parent))))
			parent->valid = true;
	}
}

static MigRel *make_index(MigRel *rel, const Shape *shape, bool recurse);

/* A partition has an index that fits its parent's, or gets one. */
static void
partition_index(MigRel *index, const Shape *shape, MigRel *partition)
{
	Mapping		mapping = {mig_index_table(index), partition, false};
	Shape		own = *shape;
	ListCell   *lc;
	MigRel	   *child;

	own.name = NULL;
	own.key = map_numbers(&mapping, shape->key);
	own.mentions = map_numbers(&mapping, shape->mentions);
	if (mapping.failed)
		return;
	foreach(lc, mig_rel_indexes(partition))
	{
		MigRel	   *other = lfirst(lc);

		if (other->unique == shape->unique && other->valid &&
			other->am == shape->am && other->partial == shape->partial &&
			!list_member_int(other->key, 0) && equal(other->key, own.key) &&
			mig_rel_parents(other) == NIL &&
			(shape->constraint == '\0' ||
			 constraint_of_index(partition, other) != NULL))
		{
			mig_index_link(index, other);
			return;
		}
	}
	child = make_index(partition, &own, true);
	if (child != NULL)
		mig_index_link(index, child);
}

static MigRel *
make_index(MigRel *rel, const Shape *shape, bool recurse)
{
	const char *name = shape->name != NULL ? shape->name : choose_index_name(rel, shape);
	bool		partitioned = rel->kind == RELKIND_PARTITIONED_TABLE;
	MigRel	   *index;
	ListCell   *lc;
	ListCell   *cell;

	check_stack_depth();
	if (shape->constraint != '\0' && mig_rel_constraint(rel, name) != NULL)
		return NULL;
	index = mig_world_make(rel->world, rel->schema, name,
						   partitioned ? RELKIND_PARTITIONED_INDEX : RELKIND_INDEX,
						   rel->persistence);
	if (index == NULL)
		return NULL;
	mig_rel_read_indexes(rel);
	index->table = rel;
	index->am = shape->am;
	index->key = list_copy(shape->key);
	index->mentions = list_copy(shape->mentions);
	index->unique = shape->unique;
	index->primary = shape->primary;
	index->exclusion = shape->exclusion;
	index->partial = shape->partial;
	index->plain = shape->plain;
	cell = list_head(shape->key);
	foreach(lc, shape->names)
	{
		MigColumn  *column = cell != NULL ? mig_rel_column_at(rel, lfirst_int(cell)) : NULL;
		MigTypeRef	none = {0};

		(void) mig_rel_add_column(index, lfirst(lc), column != NULL ? &column->type : &none);
		if (cell != NULL)
			cell = lnext(shape->key, cell);
	}
	rel->indexes = lappend(rel->indexes, index);
	if (shape->constraint != '\0')
	{
		MigConstraint *constraint = mig_rel_add_constraint(rel, shape->constraint, name,
														   list_copy(shape->key));

		constraint->index = index;
		constraint->deferrable = shape->deferrable;
		constraint->deferred = shape->deferred;
		constraint->no_inherit = !partitioned;
	}
	if (shape->primary)
	{
		foreach(lc, shape->key)
		{
			MigColumn  *column = mig_rel_column_at(rel, lfirst_int(lc));

			if (column != NULL)
				mig_rel_set_not_null(rel, column, NULL, true, false, true);
		}
	}
	if (partitioned)
	{
		List	   *partitions = mig_rel_children(rel);

		if (recurse)
		{
			foreach(lc, partitions)
				partition_index(index, shape, lfirst(lc));
		}
		else if (partitions != NIL)
			index->valid = false;
	}
	return index;
}

/* A name that is not yet one of the index's columns. */
static char *
distinct_name(List *names, const char *wanted)
{
	char	   *name = pstrdup(wanted);

	for (int i = 1;; i++)
	{
		ListCell   *lc;
		bool		taken = false;

		foreach(lc, names)
			taken = taken || strcmp(lfirst(lc), name) == 0;
		if (!taken)
			return name;
		name = psprintf("%s%d", wanted, i);
	}
}

/* false: a column is not there */
static bool
add_elements(MigRel *rel, Shape *shape, List *elements, bool included)
{
	ListCell   *lc;

	foreach(lc, elements)
	{
		const IndexElem *element = lfirst_node(IndexElem, lc);
		MigColumn  *column = NULL;
		const char *name;

		if (element->name != NULL)
		{
			column = mig_rel_column(rel, element->name);
			/* a system column can be none, an unknown one may be there */
			if (column == NULL && !rel->incomplete)
				return false;
			name = element->name;
		}
		else
		{
			char	   *figured = FigureIndexColname(element->expr);

			name = figured != NULL ? figured : "expr";
			shape->mentions = list_concat(shape->mentions,
										  mig_numbers_of(rel, mig_raw_names(element->expr, NULL)));
		}
		shape->names = lappend(shape->names, distinct_name(shape->names, name));
		if (included)
		{
			if (column != NULL)
				shape->mentions = lappend_int(shape->mentions, column->number);
			continue;
		}
		shape->key = lappend_int(shape->key, column != NULL ? column->number : 0);
		if (column == NULL || element->ordering == SORTBY_DESC ||
			element->nulls_ordering == SORTBY_NULLS_FIRST ||
			element->opclass != NIL || element->collation != NIL)
			shape->plain = false;
	}
	return true;
}

static Oid
access_method(const char *name)
{
	if (name == NULL || strcmp(name, "btree") == 0)
		return BTREE_AM_OID;
	return get_index_am_oid(name, true);
}

/*
 * mig_rel_declare_index
 *		What a CREATE INDEX makes; NULL: nothing.
 */
MigRel *
mig_rel_declare_index(MigRel *rel, const IndexStmt *stmt, bool recurse)
{
	Shape		shape = {0};

	shape.name = stmt->idxname;
	shape.unique = stmt->unique;
	shape.am = access_method(stmt->accessMethod);
	shape.partial = stmt->whereClause != NULL;
	shape.plain = shape.am == BTREE_AM_OID;
	if (!add_elements(rel, &shape, stmt->indexParams, false) ||
		!add_elements(rel, &shape, stmt->indexIncludingParams, true))
		return NULL;
	if (stmt->whereClause != NULL)
		shape.mentions = list_concat(shape.mentions,
									 mig_numbers_of(rel, mig_raw_names(stmt->whereClause, NULL)));
	return make_index(rel, &shape, recurse);
}

/* PRIMARY KEY, UNIQUE or EXCLUDE with an index of its own. */
static bool
declare_key(MigRel *rel, const MigDeclared *declared, bool recurse)
{
	const Constraint *con = declared->con;
	List	   *keys = con->keys != NIL ? con->keys : declared->keys;
	Shape		shape = {0};
	ListCell   *lc;

	shape.name = con->conname;
	shape.am = access_method(con->contype == CONSTR_EXCLUSION ? con->access_method : NULL);
	shape.unique = con->contype != CONSTR_EXCLUSION;
	shape.primary = con->contype == CONSTR_PRIMARY;
	shape.exclusion = con->contype == CONSTR_EXCLUSION;
	shape.partial = con->where_clause != NULL;
	shape.plain = shape.unique && !declared->deferrable;
	shape.constraint = shape.primary ? CONSTRAINT_PRIMARY :
		shape.unique ? CONSTRAINT_UNIQUE : CONSTRAINT_EXCLUSION;
	shape.deferrable = declared->deferrable;
	shape.deferred = declared->deferred;
	if (shape.exclusion)
	{
		List	   *elements = NIL;

		foreach(lc, con->exclusions)
			elements = lappend(elements, linitial(lfirst_node(List, lc)));
		if (!add_elements(rel, &shape, elements, false))
			return false;
	}
	else
	{
		if (!column_numbers(rel, keys, &shape.key))
			return false;
		shape.names = names_of(keys);
	}
	foreach(lc, con->including)
	{
		MigColumn  *column = mig_rel_column(rel, strVal(lfirst(lc)));

		if (column == NULL)
			return false;
		shape.mentions = lappend_int(shape.mentions, column->number);
		shape.names = lappend(shape.names, string_of(lfirst(lc)));
	}
	if (shape.primary)
	{
		foreach(lc, mig_rel_constraints(rel))
		{
			if (((MigConstraint *) lfirst(lc))->kind == CONSTRAINT_PRIMARY)
				return false;
		}
	}
	return make_index(rel, &shape, recurse) != NULL;
}

/* ADD CONSTRAINT ... USING INDEX */
static bool
declare_using_index(MigRel *rel, const MigDeclared *declared)
{
	const Constraint *con = declared->con;
	MigRel	   *index = mig_world_find_in(rel->world, rel->schema, con->indexname);
	const char *name = con->conname != NULL ? con->conname : con->indexname;
	MigConstraint *constraint;
	ListCell   *lc;

	if (index == NULL || mig_index_table(index) != rel ||
		mig_rel_constraint(rel, name) != NULL)
		return false;
	if (strcmp(name, index->name) != 0 && !mig_rel_move(index, index->schema, name))
		return false;
	constraint = mig_rel_add_constraint(rel, con->contype == CONSTR_PRIMARY ?
										CONSTRAINT_PRIMARY : CONSTRAINT_UNIQUE,
										name, list_copy(index->key));
	constraint->index = index;
	constraint->deferrable = declared->deferrable;
	constraint->deferred = declared->deferred;
	constraint->no_inherit = true;
	if (con->contype == CONSTR_PRIMARY)
	{
		index->primary = true;
		foreach(lc, index->key)
		{
			MigColumn  *column = mig_rel_column_at(rel, lfirst_int(lc));

			if (column != NULL)
				mig_rel_set_not_null(rel, column, NULL, true, false, true);
		}
	}
	return true;
}

static void
inherit_check(MigRel *rel, MigConstraint *check, bool recurse)
{
	MigConstraint *own = mig_rel_constraint(rel, check->name);
	Mapping		mapping = {check->rel, rel, false};
	ListCell   *lc;

	check_stack_depth();
	if (own == NULL)
	{
		own = mig_rel_add_constraint(rel, CONSTRAINT_CHECK, check->name,
									 map_numbers(&mapping, check->columns));
		own->valid = check->valid;
		own->enforced = check->enforced;
		own->validated_in = check->valid ? rel->world->transaction : 0;
		if (check->expr != NULL)
			own->expr = map_expr(check->rel, rel, check->expr);
	}
	own->inherited = true;
	foreach(lc, recurse ? mig_rel_children(rel) : NIL)
		inherit_check(lfirst(lc), own, true);
}

static bool
declare_check(MigRel *rel, const MigDeclared *declared, const char *source,
			  bool fresh, bool recurse)
{
	const Constraint *con = declared->con;
	Node	   *expr = mig_rel_cook_check(rel, con->raw_expr, source);
	List	   *columns = expr != NULL ? expr_columns(expr) :
		mig_numbers_of(rel, mig_raw_names(con->raw_expr, NULL));
	const char *name = con->conname;
	MigConstraint *constraint;
	ListCell   *lc;

	if (name == NULL)
		name = mig_choose_constraint_name(rel->world, rel->schema, rel->name,
										  list_length(columns) == 1 ?
										  mig_rel_column_at(rel, linitial_int(columns))->name :
										  NULL, "check");
	constraint = mig_rel_constraint(rel, name);
	if (constraint != NULL)
	{
		/* merged with an inherited one, or refused */
		return constraint->inherited;
	}
	constraint = mig_rel_add_constraint(rel, CONSTRAINT_CHECK, name, columns);
	constraint->enforced = declared->enforced;
	constraint->valid = declared->enforced && (fresh || !con->skip_validation);
	if (!constraint->valid)
		constraint->validated_in = 0;
	constraint->no_inherit = con->is_no_inherit;
	constraint->expr = expr;
	foreach(lc, recurse && !con->is_no_inherit ? mig_rel_children(rel) : NIL)
		inherit_check(lfirst(lc), constraint, true);
	return true;
}

/* The index of the referenced table that a foreign key relies on. */
static MigRel *
referenced_index(MigRel *target, List *columns)
{
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, mig_rel_indexes(target))
	{
		MigRel	   *index = lfirst(lc);
		bool		all = index->unique && !index->partial &&
			list_length(index->key) == list_length(columns);

		foreach(lc2, index->key)
			all = all && list_member_int(columns, lfirst_int(lc2));
		if (all)
			return index;
	}
	return NULL;
}

static void
add_reference(MigRel *target, MigConstraint *constraint)
{
	ListCell   *lc;

	check_stack_depth();
	mig_rel_read_references(target);
	target->references = list_append_unique_ptr(target->references, constraint);
	if (target->kind != RELKIND_PARTITIONED_TABLE)
		return;
	foreach(lc, mig_rel_children(target))
		add_reference(lfirst(lc), constraint);
}

/* A partition has its parent's foreign keys. */
static void
inherit_foreign_key(MigRel *rel, MigConstraint *parent)
{
	Mapping		mapping = {parent->rel, rel, false};
	List	   *columns = map_numbers(&mapping, parent->columns);
	MigConstraint *own = NULL;
	const char *name = parent->name;
	ListCell   *lc;

	check_stack_depth();
	if (mapping.failed)
		return;
	foreach(lc, mig_rel_constraints(rel))
	{
		MigConstraint *other = lfirst(lc);

		if (other->kind == CONSTRAINT_FOREIGN && !other->inherited &&
			mig_constraint_target(other) == mig_constraint_target(parent) &&
			equal(other->columns, columns) &&
			equal(other->target_columns, parent->target_columns))
			own = other;
	}
	if (own == NULL)
	{
		if (mig_rel_constraint(rel, name) != NULL)
		{
			List	   *names = NIL;

			foreach(lc, columns)
				names = lappend(names, mig_rel_column_at(rel, lfirst_int(lc))->name);
			name = mig_choose_constraint_name(rel->world, rel->schema, rel->name,
											  mig_join_names(names), "fkey");
		}
		own = mig_rel_add_constraint(rel, CONSTRAINT_FOREIGN, name, columns);
		own->valid = parent->valid;
		own->validated_in = parent->valid ? rel->world->transaction : 0;
		own->enforced = parent->enforced;
		own->deferrable = parent->deferrable;
		own->deferred = parent->deferred;
		own->target = mig_constraint_target(parent);
		own->target_oid = parent->target_oid;
		own->target_columns = parent->target_columns;
		own->index = mig_constraint_index(parent);
		own->index_oid = parent->index_oid;
		if (own->target != NULL)
			add_reference(own->target, own);
	}
	own->inherited = true;
	if (rel->kind == RELKIND_PARTITIONED_TABLE)
	{
		foreach(lc, mig_rel_children(rel))
			inherit_foreign_key(lfirst(lc), own);
	}
}

static bool
declare_foreign_key(MigRel *rel, const MigDeclared *declared, bool fresh, bool recurse)
{
	const Constraint *con = declared->con;
	List	   *keys = con->fk_attrs != NIL ? con->fk_attrs : declared->keys;
	MigRel	   *target = mig_world_find(rel->world, con->pktable);
	const char *name = con->conname;
	List	   *columns;
	List	   *targets = NIL;
	MigConstraint *constraint;
	ListCell   *lc;

	if (!column_numbers(rel, keys, &columns))
		return false;
	if (target == NULL && !rel->world->opaque)
		return false;
	if (target != NULL && con->pk_attrs != NIL)
	{
		if (!column_numbers(target, con->pk_attrs, &targets))
			return false;
	}
	else if (target != NULL)
	{
		foreach(lc, mig_rel_constraints(target))
		{
			MigConstraint *other = lfirst(lc);

			if (other->kind == CONSTRAINT_PRIMARY)
				targets = list_copy(other->columns);
		}
	}
	if (name == NULL)
		name = mig_choose_constraint_name(rel->world, rel->schema, rel->name,
										  mig_join_names(names_of(keys)), "fkey");
	else if (mig_rel_constraint(rel, name) != NULL)
		return false;
	constraint = mig_rel_add_constraint(rel, CONSTRAINT_FOREIGN, name, columns);
	constraint->enforced = declared->enforced;
	constraint->valid = declared->enforced && (fresh || !con->skip_validation);
	if (!constraint->valid)
		constraint->validated_in = 0;
	constraint->deferrable = declared->deferrable;
	constraint->deferred = declared->deferred;
	constraint->no_inherit = rel->kind != RELKIND_PARTITIONED_TABLE;
	constraint->target_columns = targets;
	if (target != NULL)
	{
		constraint->target = target;
		constraint->target_oid = target->oid;
		constraint->index = referenced_index(target, targets);
		add_reference(target, constraint);
	}
	if (recurse && rel->kind == RELKIND_PARTITIONED_TABLE)
	{
		foreach(lc, mig_rel_children(rel))
			inherit_foreign_key(lfirst(lc), constraint);
	}
	return true;
}

/*
 * mig_rel_declare
 *		A constraint of a statement; fresh: the table is made by it too.  False:
 *		it cannot be had.
 */
bool
mig_rel_declare(MigRel *rel, const MigDeclared *declared, const char *source,
				bool fresh, bool recurse)
{
	const Constraint *con = declared->con;
	MigColumn  *column;

	switch (con->contype)
	{
		case CONSTR_CHECK:
			return declare_check(rel, declared, source, fresh, recurse);
		case CONSTR_PRIMARY:
		case CONSTR_UNIQUE:
		case CONSTR_EXCLUSION:
			if (con->indexname != NULL)
				return declare_using_index(rel, declared);
			return declare_key(rel, declared, recurse);
		case CONSTR_FOREIGN:
			return declare_foreign_key(rel, declared, fresh, recurse);
		case CONSTR_NOTNULL:
			if (con->keys == NIL)
				return false;
			column = mig_rel_column(rel, strVal(linitial(con->keys)));
			if (column == NULL)
				return false;
			mig_rel_set_not_null(rel, column, con->conname,
								 fresh || !con->skip_validation,
								 con->is_no_inherit, recurse);
			return true;
		default:
			return false;
	}
}

/* mig_rel_inherit_columns: those of a parent that it does not have yet */
void
mig_rel_inherit_columns(MigRel *rel, MigRel *parent)
{
	ListCell   *lc;

	foreach(lc, mig_rel_columns(parent))
	{
		MigColumn  *theirs = lfirst(lc);
		MigColumn  *own = mig_rel_column(rel, theirs->name);

		if (own == NULL)
		{
			own = mig_rel_add_column(rel, theirs->name, &theirs->type);
			own->local = false;
			own->has_default = theirs->has_default;
			own->generated = theirs->generated;
			own->storage = theirs->storage;
			own->compression = theirs->compression;
		}
		own->not_null = own->not_null || theirs->not_null;
		own->inherited = true;
		if (rel->is_partition)
			own->local = false;
	}
	if (parent->incomplete)
		rel->incomplete = true;
}

/*
 * mig_rel_inherit
 *		Constraints of a parent, and a partition's indexes and foreign keys; its
 *		columns have to be there.
 */
void
mig_rel_inherit(MigRel *rel, MigRel *parent, bool partition)
{
	ListCell   *lc;

	foreach(lc, mig_rel_constraints(parent))
	{
		MigConstraint *constraint = lfirst(lc);
		MigColumn  *column;

		if (constraint->kind == CONSTRAINT_CHECK && !constraint->no_inherit)
			inherit_check(rel, constraint, true);
		else if (constraint->kind == 'n' && !constraint->no_inherit)
		{
			column = mig_rel_column_at(parent, linitial_int(constraint->columns));
			if (column != NULL && (column = mig_rel_column(rel, column->name)) != NULL)
				mig_rel_set_not_null(rel, column, constraint->name, constraint->valid,
									 false, true);
		}
		else if (partition && constraint->kind == CONSTRAINT_FOREIGN)
			inherit_foreign_key(rel, constraint);
	}
	if (!partition)
		return;
	foreach(lc, mig_rel_indexes(parent))
	{
		Shape		shape = shape_of(lfirst(lc));

		partition_index(lfirst(lc), &shape, rel);
	}
	foreach(lc, mig_rel_references(parent))
		add_reference(rel, lfirst(lc));
}

void
mig_rel_link(MigRel *parent, MigRel *child, bool partition, bool is_default)
{
	MigRel	   *up = parent;

	mig_rel_read_children(parent);
	mig_rel_read_parents(child);
	parent->children = list_append_unique_ptr(parent->children, child);
	parent->has_subclass = true;
	child->parents = list_append_unique_ptr(child->parents, parent);
	if (!partition)
		return;
	child->is_partition = true;
	if (is_default)
		parent->default_rel = child;
	/* what was filled is known of each partition that was there then */
	while (up != NULL && up->kind == RELKIND_PARTITIONED_TABLE)
	{
		List	   *parents = mig_rel_parents(up);

		up->filled = false;
		up = parents != NIL ? linitial(parents) : NULL;
	}
}

/* A relation is no longer below another. */
void
mig_rel_unlink(MigRel *parent, MigRel *child)
{
	List	   *references = NIL;
	ListCell   *lc;

	mig_rel_read_children(parent);
	mig_rel_read_parents(child);
	parent->children = list_delete_ptr(parent->children, child);
	child->parents = list_delete_ptr(child->parents, parent);
	if (mig_rel_default_partition(parent) == child)
	{
		parent->default_rel = NULL;
		parent->default_partition = InvalidOid;
	}
	foreach(lc, mig_rel_indexes(child))
	{
		MigRel	   *index = lfirst(lc);
		ListCell   *lc2;

		foreach(lc2, mig_rel_parents(index))
		{
			MigRel	   *above = lfirst(lc2);

			if (mig_index_table(above) != parent)
				continue;
			mig_rel_read_children(above);
			above->children = list_delete_ptr(above->children, index);
			index->parents = list_delete_ptr(index->parents, above);
			index->is_partition = false;
		}
	}
	if (child->is_partition)
	{
		foreach(lc, mig_rel_references(child))
		{
			if (mig_constraint_target(lfirst(lc)) != parent)
				references = lappend(references, lfirst(lc));
		}
		child->references = references;
	}
	child->is_partition = false;
	if (child->parents != NIL)
		return;
	foreach(lc, mig_rel_columns(child))
	{
		((MigColumn *) lfirst(lc))->inherited = false;
		((MigColumn *) lfirst(lc))->local = true;
	}
	foreach(lc, mig_rel_constraints(child))
		((MigConstraint *) lfirst(lc))->inherited = false;
}

/* mig_rel_like: columns and checks, as LIKE has them */
void
mig_rel_like(MigRel *rel, MigRel *from, bits32 options)
{
	ListCell   *lc;

	foreach(lc, mig_rel_columns(from))
	{
		MigColumn  *theirs = lfirst(lc);
		MigColumn  *own;

		if (mig_rel_column(rel, theirs->name) != NULL)
			continue;
		own = mig_rel_add_column(rel, theirs->name, &theirs->type);
		own->not_null = theirs->not_null;
		if (theirs->not_null && mig_not_null_is_constraint())
			mig_rel_set_not_null(rel, own, NULL, true, false, false);
		if (options & CREATE_TABLE_LIKE_DEFAULTS)
			own->has_default = theirs->has_default;
		if (options & CREATE_TABLE_LIKE_GENERATED)
			own->generated = theirs->generated;
		if (options & CREATE_TABLE_LIKE_STORAGE)
			own->storage = theirs->storage;
		if (options & CREATE_TABLE_LIKE_COMPRESSION)
			own->compression = theirs->compression;
		if ((options & CREATE_TABLE_LIKE_IDENTITY) && theirs->identity != '\0')
		{
			own->identity = theirs->identity;
			(void) mig_rel_add_sequence(rel, own);
		}
	}
	if (from->incomplete)
		rel->incomplete = true;
	foreach(lc, options & CREATE_TABLE_LIKE_CONSTRAINTS ? mig_rel_constraints(from) : NIL)
	{
		MigConstraint *check = lfirst(lc);
		MigConstraint *own;
		Mapping		mapping = {from, rel, false};

		if (check->kind != CONSTRAINT_CHECK || mig_rel_constraint(rel, check->name) != NULL)
			continue;
		own = mig_rel_add_constraint(rel, CONSTRAINT_CHECK, check->name,
									 map_numbers(&mapping, check->columns));
		own->no_inherit = check->no_inherit;
		own->enforced = check->enforced;
		own->valid = check->enforced;
		if (check->expr != NULL)
			own->expr = map_expr(from, rel, check->expr);
	}
}

void
mig_rel_like_indexes(MigRel *rel, MigRel *from)
{
	ListCell   *lc;

	foreach(lc, mig_rel_indexes(from))
	{
		Shape		shape = shape_of(lfirst(lc));
		Mapping		mapping = {from, rel, false};

		shape.key = map_numbers(&mapping, shape.key);
		shape.mentions = map_numbers(&mapping, shape.mentions);
		if (!mapping.failed)
			(void) make_index(rel, &shape, true);
	}
}
