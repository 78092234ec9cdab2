/*-------------------------------------------------------------------------
 *
 * world_change.c
 *	  The catalogs as a text leaves them: single changes.
 *
 * Names are chosen as the server would choose them.  What depends on
 * something goes with it; what a statement does to a table, it does to those
 * that inherit from it.
 *
 * Needs a transaction; takes no lock but those of catalog lookups.
 *
 *-------------------------------------------------------------------------
 */
#include "world_change.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_am.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "compat.h"

/* What names there are in an expression as the parser leaves it. */
typedef struct RawNames
{
	List	   *names;			/* char * */
	bool		star;
} RawNames;

static bool
constraint_name_used(MigWorld *world, const char *schema, const char *name)
{
	MigConstraint *own = mig_world_named_constraint(world, schema, name);
	Relation	catalog;
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *tables = NIL;
	ListCell   *lc;
	Oid			namespace;

	if (own != NULL && !own->dropped && !own->rel->dropped)
		return true;
	if (!mig_world_schema(world, schema, &namespace) || !OidIsValid(namespace))
		return false;
	catalog = table_open(ConstraintRelationId, AccessShareLock);
	ScanKeyInit(&key[0], Anum_pg_constraint_conname, BTEqualStrategyNumber,
				F_NAMEEQ, CStringGetDatum(name));
	ScanKeyInit(&key[1], Anum_pg_constraint_connamespace, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(namespace));
	scan = systable_beginscan(catalog, ConstraintNameNspIndexId, true, NULL, 2, key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		tables = lappend_oid(tables, ((Form_pg_constraint) GETSTRUCT(tuple))->conrelid);
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	foreach(lc, tables)
	{
		MigRel	   *rel = OidIsValid(lfirst_oid(lc)) ?
			mig_world_rel(world, lfirst_oid(lc)) : NULL;

		/* a domain's, or one that is still there */
		if (!OidIsValid(lfirst_oid(lc)) ||
			(rel != NULL && !rel->dropped && mig_rel_constraint(rel, name) != NULL))
			return true;
	}
	return false;
}

static bool
constraint_is_free(MigWorld *world, const char *schema, const char *name)
{
	return !constraint_name_used(world, schema, name);
}

static bool
relation_is_free(MigWorld *world, const char *schema, const char *name)
{
	return mig_world_find_in(world, schema, name) == NULL;
}

static bool
both_are_free(MigWorld *world, const char *schema, const char *name)
{
	return relation_is_free(world, schema, name) &&
		constraint_is_free(world, schema, name);
}

static char *
choose_name(MigWorld *world, const char *schema, const char *name1,
			const char *name2, const char *label,
			bool (*is_free) (MigWorld *world, const char *schema, const char *name))
{
	char	   *name = makeObjectName(name1, name2, label);
	char		numbered[NAMEDATALEN];
	int		   *last;
	int			number = 0;

	if (is_free(world, schema, name))
		return name;
	last = mig_world_last_number(world, schema, name);
	if (*last > MIG_FEW_NAMES)
		number = *last;
	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		snprintf(numbered, sizeof(numbered), "%s%d", label, ++number);
		name = makeObjectName(name1, name2, numbered);
		if (is_free(world, schema, name))
			break;
		pfree(name);
	}
	*last = number;
	return name;
}

/*
 * mig_choose_name
 *		A relation's name that is free, and free for a constraint too if that is
 *		wanted.
 */
char *
mig_choose_name(MigWorld *world, const char *schema, const char *name1,
				const char *name2, const char *label, bool constraint)
{
	return choose_name(world, schema, name1, name2, label,
					   constraint ? both_are_free : relation_is_free);
}

char *
mig_choose_constraint_name(MigWorld *world, const char *schema, const char *name1,
						   const char *name2, const char *label)
{
	return choose_name(world, schema, name1, name2, label, constraint_is_free);
}

/* mig_join_names: the columns' part of a chosen name; of char * */
char *
mig_join_names(List *names)
{
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	foreach(lc, names)
	{
		if (buf.len > 0)
			appendStringInfoChar(&buf, '_');
		appendStringInfoString(&buf, lfirst(lc));
		if (buf.len >= NAMEDATALEN)
			break;
	}
	return buf.data;
}

/*
 * mig_world_make
 *		A new relation; NULL: there is one of that name, or no such schema.
 */
MigRel *
mig_world_make(MigWorld *world, const char *schema, const char *name, char kind,
			   char persistence)
{
	MigRel	   *rel;

	if (schema == NULL || !mig_world_schema_exists(world, schema) ||
		mig_world_find_in(world, schema, name) != NULL)
		return NULL;
	rel = palloc0(sizeof(MigRel));
	rel->world = world;
	rel->schema = pstrdup(schema);
	rel->name = pstrdup(name);
	rel->kind = kind;
	rel->persistence = strcmp(schema, TEMP_SCHEMA) == 0 ? RELPERSISTENCE_TEMP :
		persistence;
	rel->made_in = world->transaction;
	rel->owner = GetUserId();
	if (kind == RELKIND_RELATION || kind == RELKIND_MATVIEW)
		rel->am = HEAP_TABLE_AM_OID;
	rel->populated = true;
	rel->valid = true;
	rel->no_pages = true;
	rel->columns_read = rel->constraints_read = rel->references_read = true;
	rel->indexes_read = rel->children_read = rel->parents_read = true;
	rel->sequences_read = true;
	rel->types_seen = world->type_changes;
	mig_world_set_name(world, schema, name, rel);
	return rel;
}

/* So that mig_type_tables() finds what no catalog has yet. */
static void
note_type_use(MigRel *rel, MigColumn *column)
{
	MigTypeUse *use;

	if (column->type.oid < FirstNormalObjectId)
		return;
	use = palloc(sizeof(MigTypeUse));
	use->rel = rel;
	use->column = column;
	rel->world->added_uses = lappend(rel->world->added_uses, use);
}

MigColumn *
mig_rel_add_column(MigRel *rel, const char *name, const MigTypeRef *type)
{
	MigColumn  *column = palloc0(sizeof(MigColumn));

	mig_rel_read_columns(rel);
	column->name = pstrdup(name);
	column->number = list_length(rel->columns) + 1;
	column->type = *type;
	column->type.serial = false;
	column->local = true;
	if (OidIsValid(type->oid))
		column->storage = get_typstorage(type->oid);
	rel->columns = lappend(rel->columns, column);
	if (rel->kind != RELKIND_INDEX && rel->kind != RELKIND_PARTITIONED_INDEX)
		note_type_use(rel, column);
	return column;
}

void
mig_column_set_type(MigRel *rel, MigColumn *column, const MigTypeRef *type)
{
	column->type = *type;
	column->type.serial = false;
	if (OidIsValid(type->oid))
		column->storage = get_typstorage(type->oid);
	note_type_use(rel, column);
}

MigConstraint *
mig_rel_add_constraint(MigRel *rel, char kind, const char *name, List *columns)
{
	MigConstraint *constraint = palloc0(sizeof(MigConstraint));

	mig_rel_read_constraints(rel);
	constraint->rel = rel;
	constraint->name = pstrdup(name);
	constraint->kind = kind;
	constraint->columns = columns;
	constraint->valid = true;
	constraint->enforced = true;
	constraint->made_in = rel->world->transaction;
	constraint->validated_in = rel->world->transaction;
	rel->constraints = lappend(rel->constraints, constraint);
	mig_world_set_constraint_name(rel->world, rel->schema, name, constraint);
	return constraint;
}

void
mig_sequence_disown(MigRel *sequence)
{
	Oid			table;
	int32		column;
	MigRel	   *rel = sequence->table;

	if (rel == NULL && sequence->old &&
		sequenceIsOwned(sequence->oid, DEPENDENCY_AUTO, &table, &column))
		rel = mig_world_rel(sequence->world, table);
	sequence->table = NULL;
	if (rel == NULL)
		return;
	mig_rel_read_sequences(rel);
	rel->sequences = list_delete_ptr(rel->sequences, sequence);
}

/* mig_rel_own_sequence: whose it was before, it is no longer */
void
mig_rel_own_sequence(MigRel *rel, MigColumn *column, MigRel *sequence)
{
	mig_sequence_disown(sequence);
	mig_rel_read_sequences(rel);
	sequence->table = rel;
	sequence->key = list_make1_int(column->number);
	rel->sequences = list_append_unique_ptr(rel->sequences, sequence);
}

/* mig_rel_add_sequence: a serial or identity column's */
MigRel *
mig_rel_add_sequence(MigRel *rel, MigColumn *column)
{
	char	   *name = mig_choose_name(rel->world, rel->schema, rel->name,
									   column->name, "seq", false);
	MigRel	   *sequence = mig_world_make(rel->world, rel->schema, name,
										  RELKIND_SEQUENCE, rel->persistence);

	if (sequence != NULL)
		mig_rel_own_sequence(rel, column, sequence);
	return sequence;
}

static void
forget_constraint_name(MigConstraint *constraint)
{
	MigRel	   *rel = constraint->rel;

	if (constraint->name != NULL &&
		mig_world_named_constraint(rel->world, rel->schema, constraint->name) == constraint)
		mig_world_set_constraint_name(rel->world, rel->schema, constraint->name, NULL);
}

static void
drop_all(List *rels, bool cascade)
{
	ListCell   *lc;

	foreach(lc, rels)
		mig_rel_drop(lfirst(lc), cascade);
}

/*
 * mig_rel_drop
 *		With all that cannot be without it.  The foreign keys that reference it
 *		need no more than that it is marked.
 */
void
mig_rel_drop(MigRel *rel, bool cascade)
{
	MigWorld   *world = rel->world;

	if (rel->dropped)
		return;
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	rel->dropped = true;
	mig_world_set_name(world, rel->schema, rel->name, NULL);
	if (rel->kind == RELKIND_SEQUENCE)
		return;
	if (rel->kind == RELKIND_INDEX || rel->kind == RELKIND_PARTITIONED_INDEX)
	{
		drop_all(mig_rel_children(rel), cascade);
		return;
	}
	drop_all(mig_rel_indexes(rel), cascade);
	drop_all(mig_rel_sequences(rel), cascade);
	if (rel->kind == RELKIND_PARTITIONED_TABLE || cascade)
		drop_all(mig_rel_children(rel), cascade);
	if (cascade)
		drop_all(mig_rel_views(rel, 0), true);
}

/*
 * mig_same_constraints
 *		What the tables that inherit from a constraint's table have of it.
 */
List *
mig_same_constraints(MigConstraint *constraint)
{
	List	   *result = NIL;
	ListCell   *lc;
	ListCell   *lc2;
	ListCell   *lc3;
	ListCell   *lc4;

	if (constraint->no_inherit && constraint->kind != CONSTRAINT_FOREIGN &&
		constraint->kind != CONSTRAINT_PRIMARY &&
		constraint->kind != CONSTRAINT_UNIQUE &&
		constraint->kind != CONSTRAINT_EXCLUSION)
		return NIL;
	foreach(lc, mig_rel_children(constraint->rel))
	{
		MigRel	   *child = lfirst(lc);

		mig_rel_read_constraints(child);
		foreach(lc2, child->constraints)
		{
			MigConstraint *other = lfirst(lc2);
			bool		same = other->kind == constraint->kind &&
				other->inherited && !other->dropped &&
				list_length(other->columns) == list_length(constraint->columns);

			if (same && constraint->kind == CONSTRAINT_CHECK)
				same = strcmp(other->name, constraint->name) == 0;
			else if (same)
			{
				forboth(lc3, constraint->columns, lc4, other->columns)
				{
					MigColumn  *mine = mig_rel_column_at(constraint->rel, lfirst_int(lc3));
					MigColumn  *theirs = mig_rel_column_at(child, lfirst_int(lc4));

					if (mine == NULL || theirs == NULL ||
						strcmp(mine->name, theirs->name) != 0)
						same = false;
				}
				if (constraint->kind == CONSTRAINT_FOREIGN)
					same = same && mig_constraint_target(other) ==
						mig_constraint_target(constraint);
			}
			if (same)
				result = lappend(result, other);
		}
	}
	return result;
}

void
mig_constraint_drop(MigConstraint *constraint, bool cascade)
{
	MigRel	   *rel = constraint->rel;
	List	   *same;
	ListCell   *lc;

	if (constraint->dropped)
		return;
	check_stack_depth();
	same = mig_same_constraints(constraint);
	constraint->dropped = true;
	forget_constraint_name(constraint);
	if (constraint->kind == 'n')
	{
		MigColumn  *column = constraint->columns != NIL ?
			mig_rel_column_at(rel, linitial_int(constraint->columns)) : NULL;

		if (column != NULL)
			column->not_null = false;
	}
	else if (constraint->kind == CONSTRAINT_PRIMARY ||
			 constraint->kind == CONSTRAINT_UNIQUE ||
			 constraint->kind == CONSTRAINT_EXCLUSION)
	{
		MigRel	   *index = mig_constraint_index(constraint);

		if (cascade && index != NULL)
		{
			foreach(lc, mig_rel_references(rel))
			{
				MigConstraint *reference = lfirst(lc);

				if (mig_constraint_index(reference) == index)
					mig_constraint_drop(reference, true);
			}
		}
		if (index != NULL)
			mig_rel_drop(index, cascade);
	}
	foreach(lc, same)
		mig_constraint_drop(lfirst(lc), cascade);
}

/*
 * mig_column_goes_with
 *		Does a table lose the column when that parent does, or does it keep it as
 *		its own, or as another parent's?
 */
bool
mig_column_goes_with(MigRel *rel, MigColumn *column, MigRel *parent)
{
	ListCell   *lc;

	if (!column->inherited || column->local)
		return false;
	foreach(lc, mig_rel_parents(rel))
	{
		MigRel	   *other = lfirst(lc);

		if (other != parent && mig_rel_column(other, column->name) != NULL)
			return false;
	}
	return true;
}

void
mig_column_drop(MigRel *rel, MigColumn *column, bool cascade, bool recurse)
{
	List	   *depending = NIL;	/* OIDs of indexes and sequences */
	List	   *views = NIL;
	ListCell   *lc;

	if (column->dropped)
		return;
	check_stack_depth();
	if (cascade)
		views = mig_rel_views(rel, column->number);
	if (rel->old && column->old)
		depending = mig_dependents(RelationRelationId, rel->oid, column->number,
								   RelationRelationId, NULL);
	foreach(lc, mig_rel_constraints(rel))
	{
		MigConstraint *constraint = lfirst(lc);

		if (list_member_int(constraint->columns, column->number))
			mig_constraint_drop(constraint, cascade);
	}
	foreach(lc, mig_rel_indexes(rel))
	{
		MigRel	   *index = lfirst(lc);

		if (list_member_int(index->key, column->number) ||
			list_member_int(index->mentions, column->number) ||
			(index->old && list_member_oid(depending, index->oid)))
		{
			ListCell   *lc2;

			foreach(lc2, cascade ? mig_rel_references(rel) : NIL)
			{
				MigConstraint *reference = lfirst(lc2);

				if (mig_constraint_index(reference) == index)
					mig_constraint_drop(reference, true);
			}
			mig_rel_drop(index, cascade);
		}
	}
	foreach(lc, mig_rel_sequences(rel))
	{
		MigRel	   *sequence = lfirst(lc);

		if (sequence->table == rel ? list_member_int(sequence->key, column->number) :
			list_member_oid(depending, sequence->oid))
			mig_rel_drop(sequence, cascade);
	}
	column->dropped = true;
	drop_all(views, true);
	foreach(lc, rel->old && column->old ?
			mig_dependents(RelationRelationId, rel->oid, column->number,
						   AttrDefaultRelationId, NULL) : NIL)
	{
		ObjectAddress address = GetAttrDefaultColumnAddress(lfirst_oid(lc));
		MigColumn  *other = address.objectId == rel->oid ?
			mig_rel_column_at(rel, address.objectSubId) : NULL;

		/* what is generated of it goes too */
		if (other != NULL && other->generated != '\0')
			mig_column_drop(rel, other, cascade, recurse);
	}
	if (!recurse)
		return;
	foreach(lc, mig_rel_children(rel))
	{
		MigRel	   *child = lfirst(lc);
		MigColumn  *other = mig_rel_column(child, column->name);

		if (other != NULL && mig_column_goes_with(child, other, rel))
			mig_column_drop(child, other, cascade, true);
	}
}

/*
 * mig_rel_move
 *		A new schema and name; false: there is no such schema, or the name is
 *		taken.
 */
bool
mig_rel_move(MigRel *rel, const char *schema, const char *name)
{
	MigWorld   *world = rel->world;
	List	   *own = NIL;
	bool		moved = strcmp(schema, rel->schema) != 0;
	ListCell   *lc;

	if (!mig_world_schema_exists(world, schema) ||
		mig_world_find_in(world, schema, name) != NULL)
		return false;
	if (moved && rel->kind != RELKIND_INDEX && rel->kind != RELKIND_PARTITIONED_INDEX &&
		rel->kind != RELKIND_SEQUENCE)
		own = list_concat(mig_rel_indexes(rel), mig_rel_sequences(rel));
	mig_world_set_name(world, rel->schema, rel->name, NULL);
	rel->schema = pstrdup(schema);
	rel->name = pstrdup(name);
	mig_world_set_name(world, schema, name, rel);
	foreach(lc, own)
	{
		MigRel	   *other = lfirst(lc);

		(void) mig_rel_move(other, schema, other->name);
	}
	return true;
}

/* mig_constraint_rename: the index of one is called as it is */
void
mig_constraint_rename(MigConstraint *constraint, const char *name)
{
	MigRel	   *rel = constraint->rel;
	List	   *same = constraint->kind == CONSTRAINT_CHECK || constraint->kind == 'n' ?
		mig_same_constraints(constraint) : NIL;
	MigRel	   *index = NULL;
	ListCell   *lc;

	check_stack_depth();
	if (mig_rel_constraint(rel, name) != NULL)
		return;
	if (constraint->kind == CONSTRAINT_PRIMARY ||
		constraint->kind == CONSTRAINT_UNIQUE ||
		constraint->kind == CONSTRAINT_EXCLUSION)
		index = mig_constraint_index(constraint);
	if (index != NULL && strcmp(index->name, name) != 0 &&
		!mig_rel_move(index, index->schema, name))
		return;
	forget_constraint_name(constraint);
	constraint->name = pstrdup(name);
	mig_world_set_constraint_name(rel->world, rel->schema, name, constraint);
	foreach(lc, same)
		mig_constraint_rename(lfirst(lc), name);
}

void
mig_column_rename(MigRel *rel, const char *from, const char *to, bool recurse)
{
	MigColumn  *column = mig_rel_column(rel, from);
	ListCell   *lc;

	check_stack_depth();
	if (column == NULL || mig_rel_column(rel, to) != NULL)
		return;
	column->name = pstrdup(to);
	foreach(lc, recurse ? mig_rel_children(rel) : NIL)
		mig_column_rename(lfirst(lc), from, to, true);
}

static MigConstraint *
not_null_constraint(MigRel *rel, MigColumn *column)
{
	ListCell   *lc;

	mig_rel_read_constraints(rel);
	foreach(lc, rel->constraints)
	{
		MigConstraint *constraint = lfirst(lc);

		if (constraint->kind == 'n' && !constraint->dropped &&
			list_member_int(constraint->columns, column->number))
			return constraint;
	}
	return NULL;
}

void
mig_rel_set_not_null(MigRel *rel, MigColumn *column, const char *name, bool valid,
					 bool no_inherit, bool recurse)
{
	ListCell   *lc;

	check_stack_depth();
	if (mig_not_null_is_constraint() && rel->kind != RELKIND_INDEX)
	{
		MigConstraint *constraint = not_null_constraint(rel, column);

		if (constraint == NULL)
		{
			if (name == NULL)
				name = mig_choose_constraint_name(rel->world, rel->schema, rel->name,
												  column->name, "not_null");
			constraint = mig_rel_add_constraint(rel, 'n', name,
												list_make1_int(column->number));
			constraint->no_inherit = no_inherit;
			constraint->valid = valid;
			if (!valid)
				constraint->validated_in = 0;
		}
		else if (valid && !constraint->valid)
		{
			constraint->valid = true;
			constraint->validated_in = rel->world->transaction;
		}
	}
	column->not_null = true;
	foreach(lc, recurse && !no_inherit ? mig_rel_children(rel) : NIL)
	{
		MigRel	   *child = lfirst(lc);
		MigColumn  *other = mig_rel_column(child, column->name);
		MigConstraint *constraint;

		if (other == NULL)
			continue;
		mig_rel_set_not_null(child, other, name, valid, false, true);
		constraint = not_null_constraint(child, other);
		if (constraint != NULL)
			constraint->inherited = true;
	}
}

void
mig_rel_drop_not_null(MigRel *rel, MigColumn *column, bool recurse)
{
	MigConstraint *constraint = not_null_constraint(rel, column);
	ListCell   *lc;

	check_stack_depth();
	if (constraint != NULL)
		mig_constraint_drop(constraint, false);
	column->not_null = false;
	if (constraint != NULL)
		return;
	foreach(lc, recurse ? mig_rel_children(rel) : NIL)
	{
		MigRel	   *child = lfirst(lc);
		MigColumn  *other = mig_rel_column(child, column->name);

		if (other != NULL)
			mig_rel_drop_not_null(child, other, true);
	}
}

void
mig_constraint_validate(MigConstraint *constraint, bool recurse)
{
	ListCell   *lc;

	check_stack_depth();
	if (!constraint->valid && constraint->enforced)
	{
		constraint->valid = true;
		constraint->validated_in = constraint->rel->world->transaction;
	}
	foreach(lc, recurse ? mig_same_constraints(constraint) : NIL)
		mig_constraint_validate(lfirst(lc), true);
}

static bool
collect_names(Node *node, void *context)
{
	RawNames   *names = context;

	if (node == NULL)
		return false;
	if (IsA(node, ColumnRef))
	{
		ListCell   *lc;

		foreach(lc, ((ColumnRef *) node)->fields)
		{
			Node	   *field = lfirst(lc);

			/* a.b may be a table's column or a column's field */
			if (IsA(field, A_Star))
				names->star = true;
			else if (IsA(field, String))
				names->names = lappend(names->names, pstrdup(strVal(field)));
		}
		return false;
	}
	return raw_expression_tree_walker(node, collect_names, context);
}

/* mig_raw_names: what may be columns in an expression or query, as char * */
List *
mig_raw_names(Node *raw, bool *star)
{
	RawNames	names = {NIL, false};

	collect_names(raw, &names);
	if (star != NULL)
		*star = names.star;
	return names.names;
}

/*
 * mig_numbers_of
 *		The numbers of columns by their names (char *): each once, without those
 *		that there are not.
 */
List *
mig_numbers_of(MigRel *rel, List *names)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, names)
	{
		MigColumn  *column = mig_rel_column(rel, lfirst(lc));

		if (column != NULL)
			result = list_append_unique_int(result, column->number);
	}
	return result;
}
