/*-------------------------------------------------------------------------
 *
 * world_rel.c
 *	  The catalogs as a text leaves them: relations and what belongs to them.
 *
 * An old relation is read from the catalogs when it is first asked for, its
 * columns, constraints, indexes and so on when these are; from then on it is
 * what the text makes of it.  No relation but catalogs is opened or locked.
 *
 * Needs a transaction; each scan of a catalog has a snapshot of its own.
 *
 *-------------------------------------------------------------------------
 */
#include "world_internal.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/partition.h"
#include "catalog/pg_am.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_partitioned_table.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "compat.h"
#include "statistics.h"

typedef struct RelEntry
{
	Oid			oid;
	MigRel	   *rel;
} RelEntry;

/* What mig_rel_cook_check() has tried. */
typedef struct CookCall
{
	MigRel	   *rel;
	Node	   *raw;
	const char *source;
	Node	   *expr;
} CookCall;

static bool
fits_constraint(Form_pg_index index, const oidvector *opclasses,
				const int2vector *options, MigRel *rel)
{
	if (!index->indimmediate || rel->am != BTREE_AM_OID)
		return false;
	for (int i = 0; i < index->indnkeyatts; i++)
	{
		Oid			type;
		TypeCacheEntry *entry;

		if (index->indkey.values[i] == 0 || options->values[i] != 0)
			return false;
		type = get_atttype(index->indrelid, index->indkey.values[i]);
		if (!OidIsValid(type))
			return false;
		entry = lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY);
		if (entry->btree_opf != get_opclass_family(opclasses->values[i]))
			return false;
	}
	return true;
}

/* What pg_index has of an index. */
static void
read_index(MigRel *rel)
{
	HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(rel->oid));
	Form_pg_index form;
	Datum		opclasses;
	Datum		options;
	bool		null;

	if (!HeapTupleIsValid(tuple))
		return;
	form = (Form_pg_index) GETSTRUCT(tuple);
	rel->table_oid = form->indrelid;
	for (int i = 0; i < form->indnkeyatts; i++)
		rel->key = lappend_int(rel->key, form->indkey.values[i]);
	rel->unique = form->indisunique;
	rel->primary = form->indisprimary;
	rel->exclusion = form->indisexclusion;
	rel->valid = form->indisvalid;
	rel->partial = !heap_attisnull(tuple, Anum_pg_index_indpred, NULL);
	if (rel->unique)
	{
		opclasses = SysCacheGetAttr(INDEXRELID, tuple, Anum_pg_index_indclass, &null);
		options = SysCacheGetAttr(INDEXRELID, tuple, Anum_pg_index_indoption, &null);
		rel->plain = fits_constraint(form, (oidvector *) DatumGetPointer(opclasses),
									 (int2vector *) DatumGetPointer(options), rel);
	}
	else
	{
		rel->plain = rel->am == BTREE_AM_OID;
		for (int i = 0; i < form->indnkeyatts; i++)
			rel->plain = rel->plain && form->indkey.values[i] != 0;
	}
	ReleaseSysCache(tuple);
}

static void
read_partition_key(MigRel *rel)
{
	HeapTuple	tuple = SearchSysCache1(PARTRELID, ObjectIdGetDatum(rel->oid));
	Form_pg_partitioned_table form;

	if (!HeapTupleIsValid(tuple))
		return;
	form = (Form_pg_partitioned_table) GETSTRUCT(tuple);
	rel->strategy = form->partstrat;
	rel->default_partition = form->partdefid;
	for (int i = 0; i < form->partnatts; i++)
		rel->partition_key = lappend_int(rel->partition_key,
										 form->partattrs.values[i]);
	ReleaseSysCache(tuple);
}

MigRel *
mig_world_rel(MigWorld *world, Oid oid)
{
	RelEntry   *entry = hash_search(world->by_oid, &oid, HASH_FIND, NULL);
	HeapTuple	tuple;
	MigSize		size;
	Form_pg_class form;
	MemoryContext context;
	MigRel	   *rel;
	const char *schema;

	if (entry != NULL)
		return entry->rel;
	CHECK_FOR_INTERRUPTS();
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(oid));
	if (!HeapTupleIsValid(tuple))
		return NULL;
	form = (Form_pg_class) GETSTRUCT(tuple);

	context = MemoryContextSwitchTo(world->context);
	rel = palloc0(sizeof(MigRel));
	rel->world = world;
	rel->oid = oid;
	schema = mig_world_schema_of(world, form->relnamespace, &rel->dropped);
	rel->schema = pstrdup(schema != NULL ? schema : "");
	rel->name = pstrdup(NameStr(form->relname));
	rel->kind = form->relkind;
	rel->persistence = form->relpersistence;
	rel->old = true;
	rel->type = form->reltype;
	rel->owner = form->relowner;
	rel->am = form->relam;
	rel->tablespace = form->reltablespace;
	rel->toast = form->reltoastrelid;
	rel->is_partition = form->relispartition;
	rel->row_security = form->relrowsecurity;
	rel->has_subclass = form->relhassubclass;
	rel->populated = form->relispopulated;
	rel->valid = true;
	mig_relation_size(form, &size);
	rel->tuples = size.tuples;
	rel->bytes = size.bytes;
	rel->no_pages = size.no_pages;
	if (rel->kind == RELKIND_INDEX || rel->kind == RELKIND_PARTITIONED_INDEX)
		read_index(rel);
	else if (rel->kind == RELKIND_PARTITIONED_TABLE)
		read_partition_key(rel);
	MemoryContextSwitchTo(context);
	ReleaseSysCache(tuple);

	entry = hash_search(world->by_oid, &oid, HASH_ENTER, NULL);
	entry->rel = rel;
	return rel;
}

/*
 * The relations that the objects of a class, found in a catalog by one OID,
 * are: all scans below are of this form.
 */
static SysScanDesc
begin_scan(Relation catalog, Oid index, AttrNumber attribute, Oid oid)
{
	ScanKeyData key;

	ScanKeyInit(&key, attribute, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(oid));
	return systable_beginscan(catalog, index, true, NULL, 1, &key);
}

/*
 * mig_dependents
 *		The objects of a class that depend on one, or on its part if that is not
 *		0; once for each part that they depend on.  An object's own part is in
 *		*parts, which may be NULL.
 */
List *
mig_dependents(Oid refclass, Oid refobject, int32 refpart, Oid class, List **parts)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData key[3];
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *result = NIL;

	ScanKeyInit(&key[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(refclass));
	ScanKeyInit(&key[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(refobject));
	ScanKeyInit(&key[2], Anum_pg_depend_refobjsubid, BTEqualStrategyNumber,
				F_INT4EQ, Int32GetDatum(refpart));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL,
							  refpart != 0 ? 3 : 2, key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		if (form->classid != class)
			continue;
		result = lappend_oid(result, form->objid);
		if (parts != NULL)
			*parts = lappend_int(*parts, form->objsubid);
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	return result;
}

/* OIDs without repetitions, in ascending order */
static List *
distinct_oids(List *oids)
{
	list_sort(oids, list_oid_cmp);
	list_deduplicate_oid(oids);
	return oids;
}

/* Altered types are the text's also where a column was read before. */
static void
refresh_types(MigRel *rel)
{
	ListCell   *lc;

	if (rel->types_seen == rel->world->type_changes)
		return;
	foreach(lc, rel->columns)
	{
		MigColumn  *column = lfirst(lc);
		Oid			element;

		if (column->type.own != NULL || !OidIsValid(column->type.oid))
			continue;
		column->type.own = mig_world_type(rel->world, column->type.oid, false);
		if (column->type.own == NULL &&
			OidIsValid(element = get_element_type(column->type.oid)))
		{
			column->type.own = mig_world_type(rel->world, element, false);
			column->type.own_array = column->type.own != NULL;
		}
	}
	rel->types_seen = rel->world->type_changes;
}

void
mig_rel_read_columns(MigRel *rel)
{
	MemoryContext context;
	HeapTuple	class;
	int			n = 0;

	if (rel->columns_read || !rel->old)
	{
		refresh_types(rel);
		return;
	}
	rel->columns_read = true;
	context = MemoryContextSwitchTo(rel->world->context);
	class = SearchSysCache1(RELOID, ObjectIdGetDatum(rel->oid));
	if (HeapTupleIsValid(class))
	{
		n = ((Form_pg_class) GETSTRUCT(class))->relnatts;
		ReleaseSysCache(class);
	}
	for (int i = 1; i <= n; i++)
	{
		HeapTuple	tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(rel->oid),
											Int16GetDatum(i));
		Form_pg_attribute form;
		MigColumn  *column;

		if (!HeapTupleIsValid(tuple))
			continue;
		form = (Form_pg_attribute) GETSTRUCT(tuple);
		column = palloc0(sizeof(MigColumn));
		column->name = pstrdup(NameStr(form->attname));
		column->number = i;
		column->type.oid = form->atttypid;
		column->type.typmod = form->atttypmod;
		column->type.collation = form->attcollation;
		column->old = true;
		column->dropped = form->attisdropped;
		column->not_null = form->attnotnull;
		column->has_default = form->atthasdef && form->attgenerated == '\0';
		column->inherited = form->attinhcount > 0;
		column->local = form->attislocal;
		column->identity = form->attidentity;
		column->generated = form->attgenerated;
		column->storage = form->attstorage;
		column->compression = form->attcompression;
		rel->columns = lappend(rel->columns, column);
		ReleaseSysCache(tuple);
	}
	MemoryContextSwitchTo(context);
	rel->types_seen = 0;
	refresh_types(rel);
}

/* An int2[] of pg_constraint, as a list. */
static List *
read_numbers(HeapTuple tuple, TupleDesc desc, AttrNumber attribute)
{
	bool		null;
	Datum		value = heap_getattr(tuple, attribute, desc, &null);
	ArrayType  *array;
	List	   *result = NIL;

	if (null)
		return NIL;
	array = DatumGetArrayTypeP(value);
	for (int i = 0; i < ARR_DIMS(array)[0]; i++)
		result = lappend_int(result, ((int16 *) ARR_DATA_PTR(array))[i]);
	return result;
}

/*
 * A FOREIGN KEY to a partitioned table has a row for each of its partitions
 * too, of the same table: the one that was declared stands for all.
 */
static Oid
declared_constraint(Oid oid)
{
	for (;;)
	{
		HeapTuple	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(oid));
		HeapTuple	parent;
		Form_pg_constraint form;
		bool		same = false;

		if (!HeapTupleIsValid(tuple))
			return oid;
		form = (Form_pg_constraint) GETSTRUCT(tuple);
		if (OidIsValid(form->conparentid))
		{
			parent = SearchSysCache1(CONSTROID, ObjectIdGetDatum(form->conparentid));
			if (HeapTupleIsValid(parent))
			{
				same = ((Form_pg_constraint) GETSTRUCT(parent))->conrelid ==
					form->conrelid;
				ReleaseSysCache(parent);
			}
			if (same)
				oid = form->conparentid;
		}
		ReleaseSysCache(tuple);
		if (!same)
			return oid;
	}
}

static MigConstraint *
read_constraint(MigRel *rel, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);
	MigConstraint *constraint;

	if (form->contype != CONSTRAINT_CHECK && form->contype != CONSTRAINT_FOREIGN &&
		form->contype != CONSTRAINT_PRIMARY && form->contype != CONSTRAINT_UNIQUE &&
		form->contype != CONSTRAINT_EXCLUSION && form->contype != 'n')
		return NULL;
	if (form->contype == CONSTRAINT_FOREIGN && OidIsValid(form->conparentid) &&
		declared_constraint(form->oid) != form->oid)
		return NULL;
	constraint = palloc0(sizeof(MigConstraint));
	constraint->rel = rel;
	constraint->oid = form->oid;
	constraint->name = pstrdup(NameStr(form->conname));
	constraint->kind = form->contype;
	constraint->valid = form->convalidated;
	constraint->enforced = mig_constraint_enforced(form);
	constraint->deferrable = form->condeferrable;
	constraint->deferred = form->condeferred;
	constraint->no_inherit = form->connoinherit;
	constraint->inherited = form->coninhcount > 0;
	constraint->columns = read_numbers(tuple, desc, Anum_pg_constraint_conkey);
	constraint->target_oid = form->confrelid;
	constraint->target_columns = read_numbers(tuple, desc, Anum_pg_constraint_confkey);
	constraint->index_oid = form->conindid;
	if (form->contype == CONSTRAINT_CHECK)
	{
		bool		null;
		Datum		value = heap_getattr(tuple, Anum_pg_constraint_conbin, desc, &null);

		if (!null)
			constraint->expr = stringToNode(TextDatumGetCString(value));
	}
	return constraint;
}

void
mig_rel_read_constraints(MigRel *rel)
{
	MemoryContext context;
	Relation	catalog;
	SysScanDesc scan;
	HeapTuple	tuple;

	if (rel->constraints_read || !rel->old)
		return;
	rel->constraints_read = true;
	context = MemoryContextSwitchTo(rel->world->context);
	catalog = table_open(ConstraintRelationId, AccessShareLock);
	scan = begin_scan(catalog, ConstraintRelidTypidNameIndexId,
					  Anum_pg_constraint_conrelid, rel->oid);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		MigConstraint *constraint = read_constraint(rel, tuple,
													RelationGetDescr(catalog));

		if (constraint != NULL)
			rel->constraints = lappend(rel->constraints, constraint);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	MemoryContextSwitchTo(context);
}

/* pg_constraint has no index on what is referenced, but pg_depend does. */
void
mig_rel_read_references(MigRel *rel)
{
	List	   *oids;
	ListCell   *lc;
	MemoryContext context;

	if (rel->references_read || !rel->old)
		return;
	rel->references_read = true;
	oids = distinct_oids(mig_dependents(RelationRelationId, rel->oid, 0,
										ConstraintRelationId, NULL));
	foreach(lc, oids)
	{
		HeapTuple	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(lfirst_oid(lc)));
		Form_pg_constraint form;
		Oid			child = InvalidOid;
		Oid			declared;
		MigRel	   *other;
		ListCell   *lc2;

		if (!HeapTupleIsValid(tuple))
			continue;
		form = (Form_pg_constraint) GETSTRUCT(tuple);
		if (form->contype == CONSTRAINT_FOREIGN && form->confrelid == rel->oid)
			child = form->conrelid;
		ReleaseSysCache(tuple);
		if (!OidIsValid(child))
			continue;
		declared = declared_constraint(lfirst_oid(lc));
		other = mig_world_rel(rel->world, child);
		if (other == NULL)
			continue;
		mig_rel_read_constraints(other);
		context = MemoryContextSwitchTo(rel->world->context);
		foreach(lc2, other->constraints)
		{
			MigConstraint *constraint = lfirst(lc2);

			/* two rows may be of one declared constraint */
			if (constraint->oid == declared)
				rel->references = list_append_unique_ptr(rel->references, constraint);
		}
		MemoryContextSwitchTo(context);
	}
}

void
mig_rel_read_indexes(MigRel *rel)
{
	Relation	catalog;
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *oids = NIL;
	ListCell   *lc;
	MemoryContext context;

	if (rel->indexes_read || !rel->old)
		return;
	rel->indexes_read = true;
	catalog = table_open(IndexRelationId, AccessShareLock);
	scan = begin_scan(catalog, IndexIndrelidIndexId, Anum_pg_index_indrelid, rel->oid);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		oids = lappend_oid(oids, ((Form_pg_index) GETSTRUCT(tuple))->indexrelid);
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);

	context = MemoryContextSwitchTo(rel->world->context);
	foreach(lc, distinct_oids(oids))
	{
		MigRel	   *index = mig_world_rel(rel->world, lfirst_oid(lc));

		if (index != NULL)
		{
			index->table = rel;
			rel->indexes = lappend(rel->indexes, index);
		}
	}
	MemoryContextSwitchTo(context);
}

/* A list of the world's with the relations of these OIDs that there are. */
static List *
append_rels(MigWorld *world, List *rels, const List *oids)
{
	MemoryContext context = MemoryContextSwitchTo(world->context);
	ListCell   *lc;

	foreach(lc, oids)
	{
		MigRel	   *rel = mig_world_rel(world, lfirst_oid(lc));

		if (rel != NULL)
			rels = lappend(rels, rel);
	}
	MemoryContextSwitchTo(context);
	return rels;
}

void
mig_rel_read_children(MigRel *rel)
{
	if (rel->children_read || !rel->old)
		return;
	rel->children_read = true;
	rel->children = append_rels(rel->world, rel->children,
								find_inheritance_children(rel->oid, NoLock));
}

void
mig_rel_read_parents(MigRel *rel)
{
	Relation	catalog;
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *oids = NIL;

	if (rel->parents_read || !rel->old)
		return;
	rel->parents_read = true;
	catalog = table_open(InheritsRelationId, AccessShareLock);
	scan = begin_scan(catalog, InheritsRelidSeqnoIndexId,
					  Anum_pg_inherits_inhrelid, rel->oid);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		oids = lappend_oid(oids, ((Form_pg_inherits) GETSTRUCT(tuple))->inhparent);
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	rel->parents = append_rels(rel->world, rel->parents, oids);
}

void
mig_rel_read_sequences(MigRel *rel)
{
	if (rel->sequences_read || !rel->old)
		return;
	rel->sequences_read = true;
	rel->sequences = append_rels(rel->world, rel->sequences, getOwnedSequences(rel->oid));
}

/* Those of a list of relations that are still there. */
static List *
not_dropped(List *rels)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, rels)
	{
		MigRel	   *rel = lfirst(lc);

		if (!rel->dropped)
			result = lappend(result, rel);
	}
	return result;
}

/*
 * Is a constraint gone, or what it is of or references?  What was dropped was
 * asked for before, unless with its schema.
 */
static bool
constraint_gone(MigConstraint *constraint)
{
	MigWorld   *world = constraint->rel->world;

	if (constraint->dropped || constraint->rel->dropped)
		return true;
	if (constraint->kind != CONSTRAINT_FOREIGN)
		return false;
	if (constraint->target == NULL && OidIsValid(constraint->target_oid) &&
		(hash_get_num_entries(world->schemas_by_oid) > 0 ||
		 hash_search(world->by_oid, &constraint->target_oid, HASH_FIND, NULL) != NULL))
		(void) mig_constraint_target(constraint);
	return constraint->target != NULL && constraint->target->dropped;
}

static List *
constraints_not_dropped(List *constraints)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, constraints)
	{
		MigConstraint *constraint = lfirst(lc);

		if (!constraint_gone(constraint))
			result = lappend(result, constraint);
	}
	return result;
}

List *
mig_rel_columns(MigRel *rel)
{
	List	   *result = NIL;
	ListCell   *lc;

	mig_rel_read_columns(rel);
	foreach(lc, rel->columns)
	{
		MigColumn  *column = lfirst(lc);

		if (!column->dropped)
			result = lappend(result, column);
	}
	return result;
}

MigColumn *
mig_rel_column(MigRel *rel, const char *name)
{
	ListCell   *lc;

	mig_rel_read_columns(rel);
	foreach(lc, rel->columns)
	{
		MigColumn  *column = lfirst(lc);

		if (!column->dropped && strcmp(column->name, name) == 0)
			return column;
	}
	return NULL;
}

MigColumn *
mig_rel_column_at(MigRel *rel, AttrNumber number)
{
	MigColumn  *column;

	mig_rel_read_columns(rel);
	if (number < 1 || number > list_length(rel->columns))
		return NULL;
	column = list_nth(rel->columns, number - 1);
	return column->dropped || column->number != number ? NULL : column;
}

List *
mig_rel_constraints(MigRel *rel)
{
	mig_rel_read_constraints(rel);
	return constraints_not_dropped(rel->constraints);
}

MigConstraint *
mig_rel_constraint(MigRel *rel, const char *name)
{
	ListCell   *lc;

	mig_rel_read_constraints(rel);
	foreach(lc, rel->constraints)
	{
		MigConstraint *constraint = lfirst(lc);

		if (constraint->name != NULL && strcmp(constraint->name, name) == 0 &&
			!constraint_gone(constraint))
			return constraint;
	}
	return NULL;
}

List *
mig_rel_references(MigRel *rel)
{
	mig_rel_read_references(rel);
	return constraints_not_dropped(rel->references);
}

List *
mig_rel_indexes(MigRel *rel)
{
	mig_rel_read_indexes(rel);
	return not_dropped(rel->indexes);
}

List *
mig_rel_children(MigRel *rel)
{
	mig_rel_read_children(rel);
	return not_dropped(rel->children);
}

List *
mig_rel_parents(MigRel *rel)
{
	mig_rel_read_parents(rel);
	return not_dropped(rel->parents);
}

/* One that inherits twice from another is met again and again: seen once. */
static List *
add_tree(List *tree, HTAB *seen, MigRel *rel)
{
	ListCell   *lc;
	bool		found;

	check_stack_depth();
	hash_search(seen, &rel, HASH_ENTER, &found);
	if (found)
		return tree;
	tree = lappend(tree, rel);
	mig_rel_read_children(rel);
	foreach(lc, rel->children)
	{
		MigRel	   *child = lfirst(lc);

		if (!child->dropped)
			tree = add_tree(tree, seen, child);
	}
	return tree;
}

List *
mig_rel_tree(MigRel *rel)
{
	HASHCTL		ctl = {0};
	HTAB	   *seen;
	List	   *tree;

	mig_rel_read_children(rel);
	if (rel->children == NIL)
		return list_make1(rel);
	ctl.keysize = sizeof(MigRel *);
	ctl.entrysize = sizeof(MigRel *);
	ctl.hcxt = CurrentMemoryContext;
	seen = hash_create("relations of a tree", 64, &ctl,
					   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	tree = add_tree(NIL, seen, rel);
	hash_destroy(seen);
	return tree;
}

MigRel *
mig_rel_default_partition(MigRel *rel)
{
	MigRel	   *result = rel->default_rel;

	if (result == NULL && OidIsValid(rel->default_partition))
		result = mig_world_rel(rel->world, rel->default_partition);
	return result != NULL && !result->dropped ? result : NULL;
}

List *
mig_rel_sequences(MigRel *rel)
{
	mig_rel_read_sequences(rel);
	return not_dropped(rel->sequences);
}

/* The relation whose rule it is. */
static Oid
rule_relation(Relation rewrite, Oid rule)
{
	SysScanDesc scan = begin_scan(rewrite, RewriteOidIndexId, Anum_pg_rewrite_oid, rule);
	HeapTuple	tuple = systable_getnext(scan);
	Oid			result = InvalidOid;

	if (HeapTupleIsValid(tuple))
		result = ((Form_pg_rewrite) GETSTRUCT(tuple))->ev_class;
	systable_endscan(scan);
	return result;
}

/* Does a view of the text read the column, as far as its names tell? */
static bool
view_reads(const MigViewUse *use, MigRel *rel, AttrNumber number)
{
	MigColumn  *column = number != 0 ? mig_rel_column_at(rel, number) : NULL;
	ListCell   *lc;

	if (column == NULL || use->all)
		return true;
	foreach(lc, use->names)
	{
		if (strcmp(lfirst(lc), column->name) == 0)
			return true;
	}
	return false;
}

List *
mig_rel_views(MigRel *rel, AttrNumber column)
{
	List	   *result = NIL;
	ListCell   *lc;

	if (rel->old)
	{
		List	   *rules = mig_dependents(RelationRelationId, rel->oid, column,
										   RewriteRelationId, NULL);
		List	   *oids = NIL;

		if (rules != NIL)
		{
			Relation	rewrite = table_open(RewriteRelationId, AccessShareLock);

			foreach(lc, distinct_oids(rules))
				oids = lappend_oid(oids, rule_relation(rewrite, lfirst_oid(lc)));
			table_close(rewrite, AccessShareLock);
		}
		foreach(lc, distinct_oids(oids))
		{
			MigRel	   *view = mig_world_rel(rel->world, lfirst_oid(lc));

			if (view != NULL && view != rel && !view->dropped && view->queries == 0 &&
				(view->kind == RELKIND_VIEW || view->kind == RELKIND_MATVIEW))
				result = lappend(result, view);
		}
	}
	foreach(lc, rel->uses)
	{
		MigViewUse *use = lfirst(lc);

		if (!use->view->dropped && use->query == use->view->queries &&
			view_reads(use, rel, column))
			result = list_append_unique_ptr(result, use->view);
	}
	return result;
}

MigRel *
mig_rel_toast(MigRel *rel)
{
	return OidIsValid(rel->toast) ? mig_world_rel(rel->world, rel->toast) : NULL;
}

MigRel *
mig_constraint_target(MigConstraint *constraint)
{
	if (constraint->target == NULL && OidIsValid(constraint->target_oid))
		constraint->target = mig_world_rel(constraint->rel->world,
										   constraint->target_oid);
	return constraint->target;
}

bool
mig_constraint_references(MigConstraint *constraint, MigColumn *column)
{
	MigRel	   *target = mig_constraint_target(constraint);
	ListCell   *lc;

	foreach(lc, target != NULL ? constraint->target_columns : NIL)
	{
		MigColumn  *other = mig_rel_column_at(target, lfirst_int(lc));

		/* columns of partitions have the names of their parents' */
		if (other != NULL && strcmp(other->name, column->name) == 0)
			return true;
	}
	return false;
}

MigRel *
mig_constraint_index(MigConstraint *constraint)
{
	if (constraint->index == NULL && OidIsValid(constraint->index_oid))
		constraint->index = mig_world_rel(constraint->rel->world,
										  constraint->index_oid);
	return constraint->index;
}

MigRel *
mig_index_table(MigRel *index)
{
	if (index->table == NULL && OidIsValid(index->table_oid))
		index->table = mig_world_rel(index->world, index->table_oid);
	return index->table;
}

static List *
add_type_uses(MigWorld *world, Oid type, List *uses)
{
	List	   *numbers = NIL;
	List	   *oids;
	Oid			array;
	ListCell   *lc;
	ListCell   *lc2;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	oids = mig_dependents(TypeRelationId, type, 0, RelationRelationId, &numbers);
	forboth(lc, oids, lc2, numbers)
	{
		MigRel	   *rel = mig_world_rel(world, lfirst_oid(lc));
		MigColumn  *column;
		MigTypeUse *use;

		if (rel == NULL || rel->dropped ||
			(column = mig_rel_column_at(rel, lfirst_int(lc2))) == NULL ||
			column->type.oid != type)
			continue;
		use = palloc(sizeof(MigTypeUse));
		use->rel = rel;
		use->column = column;
		uses = lappend(uses, use);
	}
	foreach(lc, world->added_uses)
	{
		MigTypeUse *use = lfirst(lc);

		if (!use->rel->dropped && !use->column->dropped &&
			use->column->type.oid == type)
			uses = lappend(uses, use);
	}
	foreach(lc, mig_dependents(TypeRelationId, type, 0, TypeRelationId, NULL))
	{
		if (get_typtype(lfirst_oid(lc)) == TYPTYPE_DOMAIN)
			uses = add_type_uses(world, lfirst_oid(lc), uses);
	}
	array = get_array_type(type);
	if (OidIsValid(array))
		uses = add_type_uses(world, array, uses);
	return uses;
}

List *
mig_type_tables(MigWorld *world, Oid type)
{
	return add_type_uses(world, type, NIL);
}

bool
mig_rel_is_empty(MigRel *rel)
{
	ListCell   *lc;

	if (rel->filled)
		return false;
	if (rel->kind == RELKIND_PARTITIONED_TABLE)
	{
		mig_rel_read_children(rel);
		foreach(lc, rel->children)
		{
			MigRel	   *child = lfirst(lc);

			if (!child->dropped && !mig_rel_is_empty(child))
				return false;
		}
		return true;
	}
	if (rel->kind != RELKIND_RELATION && rel->kind != RELKIND_MATVIEW &&
		rel->kind != RELKIND_TOASTVALUE)
		return false;
	return !rel->old || (rel->no_pages && rel->tuples == 0);
}

/* Would its name alone mean it? */
static bool
is_visible(const MigRel *rel)
{
	ListCell   *lc;

	foreach(lc, mig_world_path(rel->world))
	{
		const char *schema = lfirst(lc);
		MigRel	   *found;

		/* what was dropped is still called as it was */
		if (strcmp(schema, rel->schema) == 0)
			return true;
		found = mig_world_find_in(rel->world, schema, rel->name);
		if (found != NULL)
			return found == rel;
	}
	return false;
}

char *
mig_rel_label(const MigRel *rel)
{
	return quote_qualified_identifier(is_visible(rel) ? NULL : rel->schema,
									  rel->name);
}

/* A column as a Var; NULL: its type is not one that the server knows. */
static Node *
column_var(const MigColumn *column, int location)
{
	Var		   *var;

	if (!OidIsValid(column->type.oid))
		return NULL;
	var = makeVar(1, column->number, column->type.oid, column->type.typmod,
				  column->type.collation, 0);
	var->location = location;
	return (Node *) var;
}

/* The row as a whole, of which no more is known than that it is one. */
static Node *
row_var(int location)
{
	Var		   *var = makeVar(1, InvalidAttrNumber, RECORDOID, -1, InvalidOid, 0);

	var->location = location;
	return (Node *) var;
}

/* Names of columns, for the parser. */
static Node *
resolve_column(ParseState *pstate, ColumnRef *ref)
{
	MigRel	   *rel = pstate->p_ref_hook_state;
	int			n = list_length(ref->fields);
	Node	   *last = llast(ref->fields);
	MigColumn  *column;

	if (n > 3 || (n > 1 && strcmp(strVal(list_nth(ref->fields, n - 2)), rel->name) != 0) ||
		(n > 2 && strcmp(strVal(linitial(ref->fields)), rel->schema) != 0))
		return NULL;
	if (IsA(last, A_Star))
		return n > 1 ? row_var(ref->location) : NULL;
	column = mig_rel_column(rel, strVal(last));
	if (column != NULL)
		return column_var(column, ref->location);
	if (n == 1 && strcmp(strVal(last), rel->name) == 0)
		return row_var(ref->location);
	return NULL;
}

ParseState *
mig_rel_parse_state(MigWorld *world, MigRel *rel, const char *source)
{
	ParseState *pstate = make_parsestate(NULL);

	pstate->p_sourcetext = source;
	if (rel != NULL)
	{
		pstate->p_pre_columnref_hook = resolve_column;
		pstate->p_ref_hook_state = rel;
	}
	return pstate;
}

static void
cook_check(void *arg)
{
	CookCall   *call = arg;
	ParseState *pstate = mig_rel_parse_state(call->rel->world, call->rel, call->source);
	Node	   *expr;

	expr = transformExpr(pstate, copyObject(call->raw), EXPR_KIND_CHECK_CONSTRAINT);
	expr = coerce_to_boolean(pstate, expr, "CHECK");
	assign_expr_collations(pstate, expr);
	free_parsestate(pstate);
	call->expr = expr;
}

Node *
mig_rel_cook_check(MigRel *rel, Node *raw, const char *source)
{
	CookCall	call = {rel, raw, source, NULL};
	MemoryContext context = CurrentMemoryContext;
	MemoryContext scratch = AllocSetContextCreate(context, "migrate check",
												  ALLOCSET_SMALL_SIZES);
	Node	   *result = NULL;

	/* the parser leaves much behind */
	MemoryContextSwitchTo(scratch);
	if (mig_try(cook_check, &call, NULL))
	{
		MemoryContextSwitchTo(context);
		result = copyObject(call.expr);
	}
	MemoryContextSwitchTo(context);
	MemoryContextDelete(scratch);
	return result;
}
