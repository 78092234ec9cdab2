/*-------------------------------------------------------------------------
 *
 * effects_drop.c
 *	  What goes with an object that is dropped, and what that locks.
 *
 * A walk over pg_depend as the server's own, but without its locks; what the
 * text itself made or dropped is known to the world alone.  It is taken for
 * granted that the statement succeeds: what it would refuse to drop without
 * CASCADE is not told apart.
 *
 * Expects a transaction; locks catalogs only.
 *
 *-------------------------------------------------------------------------
 */
#include "effects_internal.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_data_wrapper.h"
#include "catalog/pg_language.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_shdepend.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "commands/defrem.h"
#include "commands/policy.h"
#include "commands/proclang.h"
#include "commands/trigger.h"
#include "compat.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "parser/parse_func.h"
#include "parser/parse_oper.h"
#include "rewrite/rewriteSupport.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

typedef struct Drop
{
	MigEffects *e;
	HTAB	   *seen;			/* of MigDropped */
} Drop;

static void drop_object(Drop *drop, Oid class_oid, Oid oid, int32 sub);
static void drop_rel(Drop *drop, MigRel *rel);

static Drop
begin_drop(MigEffects *e)
{
	Drop		drop = {e, NULL};
	HASHCTL		ctl = {0};

	ctl.keysize = sizeof(MigDropped);
	ctl.entrysize = sizeof(MigDropped);
	ctl.hcxt = CurrentMemoryContext;
	drop.seen = hash_create("dropped", 32, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	return drop;
}

static void
end_drop(Drop *drop)
{
	hash_destroy(drop->seen);
}

/* Is this the first time that it is met? */
static bool
first_time(Drop *drop, Oid class_oid, Oid oid, int32 sub)
{
	MigDropped	key = {class_oid, oid, 0};
	bool		found;

	if (sub != 0 && hash_search(drop->seen, &key, HASH_FIND, NULL))
		return false;
	key.sub = sub;
	hash_search(drop->seen, &key, HASH_ENTER, &found);
	return !found;
}

/*
 * The table of an object whose catalog says of which one it is; of a
 * constraint of a domain, none.  Of a default, its column's number too.
 */
static Oid
table_of(Oid class_oid, Oid oid, AttrNumber *number)
{
	Oid			index;
	AttrNumber	key;
	Relation	catalog;
	SysScanDesc scan;
	ScanKeyData scankey;
	HeapTuple	tuple;
	Oid			table = InvalidOid;

	switch (class_oid)
	{
		case ConstraintRelationId:
			index = ConstraintOidIndexId;
			key = Anum_pg_constraint_oid;
			break;
		case TriggerRelationId:
			index = TriggerOidIndexId;
			key = Anum_pg_trigger_oid;
			break;
		case PolicyRelationId:
			index = PolicyOidIndexId;
			key = Anum_pg_policy_oid;
			break;
		case RewriteRelationId:
			index = RewriteOidIndexId;
			key = Anum_pg_rewrite_oid;
			break;
		case AttrDefaultRelationId:
			index = AttrDefaultOidIndexId;
			key = Anum_pg_attrdef_oid;
			break;
		case StatisticExtRelationId:
			index = StatisticExtOidIndexId;
			key = Anum_pg_statistic_ext_oid;
			break;
		default:
			return InvalidOid;
	}
	catalog = table_open(class_oid, AccessShareLock);
	ScanKeyInit(&scankey, key, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(oid));
	scan = systable_beginscan(catalog, index, true, NULL, 1, &scankey);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		switch (class_oid)
		{
			case ConstraintRelationId:
				table = ((Form_pg_constraint) GETSTRUCT(tuple))->conrelid;
				break;
			case TriggerRelationId:
				table = ((Form_pg_trigger) GETSTRUCT(tuple))->tgrelid;
				break;
			case PolicyRelationId:
				table = ((Form_pg_policy) GETSTRUCT(tuple))->polrelid;
				break;
			case RewriteRelationId:
				table = ((Form_pg_rewrite) GETSTRUCT(tuple))->ev_class;
				break;
			case AttrDefaultRelationId:
				table = ((Form_pg_attrdef) GETSTRUCT(tuple))->adrelid;
				*number = ((Form_pg_attrdef) GETSTRUCT(tuple))->adnum;
				break;
			case StatisticExtRelationId:
				table = ((Form_pg_statistic_ext) GETSTRUCT(tuple))->stxrelid;
				break;
		}
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return table;
}

/* Has the text dropped what belongs to a table, or the table, already? */
static bool
is_gone(Drop *drop, Oid class_oid, Oid oid, Oid table, AttrNumber number)
{
	MigRel	   *rel = OidIsValid(table) ? mig_world_rel(drop->e->world, table) : NULL;
	ListCell   *lc;

	if (rel != NULL && rel->dropped)
		return true;
	if (rel != NULL && class_oid == AttrDefaultRelationId)
	{
		MigColumn  *column = mig_rel_column_at(rel, number);

		/* of another type it is another one */
		return column == NULL || (!column->has_default && !column->generated) ||
			column->type.oid != get_atttype(table, number);
	}
	if (rel == NULL || class_oid != ConstraintRelationId || !rel->constraints_read)
		return false;
	foreach(lc, rel->constraints)
	{
		MigConstraint *constraint = lfirst(lc);

		if (constraint->oid == oid)
			return constraint->dropped;
	}
	return false;
}

/* What dropping it locks, beside what goes with it; false: it has gone. */
static bool
lock_for_drop(Drop *drop, Oid class_oid, Oid oid, int32 sub)
{
	MigEffects *e = drop->e;
	MigRel	   *rel;
	Oid			table;
	AttrNumber	number = 0;

	if (class_oid == RelationRelationId)
	{
		rel = mig_world_rel(e->world, oid);
		if (rel == NULL || rel->dropped)
			return false;
		mig_effects_lock(e, rel, AccessExclusiveLock);
		if (sub == 0)
			drop_rel(drop, rel);
		return true;
	}
	table = table_of(class_oid, oid, &number);
	if (is_gone(drop, class_oid, oid, table, number))
		return false;
	/* the catalogs have the query that a view had before */
	if (class_oid == RewriteRelationId && (rel = mig_world_rel(e->world, table)) != NULL &&
		rel->queries > 0)
		return false;
	mig_effects_lock_oid(e, table, class_oid == StatisticExtRelationId ?
						 ShareUpdateExclusiveLock : AccessExclusiveLock);
	return true;
}

/*
 * What an object is a part of is dropped in its stead.  (Of partitions' parts
 * it is the other parts that lead here.)
 */
static bool
drop_owner(Drop *drop, Oid class_oid, Oid oid, int32 sub)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	MigDropped	owner = {0};

	ScanKeyInit(&key[0], Anum_pg_depend_classid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(class_oid));
	ScanKeyInit(&key[1], Anum_pg_depend_objid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(oid));
	scan = systable_beginscan(depend, DependDependerIndexId, true, NULL, 2, key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		if ((form->deptype == DEPENDENCY_INTERNAL || form->deptype == DEPENDENCY_EXTENSION) &&
			(sub == 0 || form->objsubid == sub) &&
			!(form->refclassid == class_oid && form->refobjid == oid))
		{
			owner.class_oid = form->refclassid;
			owner.oid = form->refobjid;
			owner.sub = form->refobjsubid;
			break;
		}
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	if (OidIsValid(owner.oid))
		drop_object(drop, owner.class_oid, owner.oid, owner.sub);
	return OidIsValid(owner.oid);
}

/* Has the text dropped a column, or given it another type? */
static bool
lost_type(Drop *drop, Oid relid, AttrNumber number, Oid type)
{
	MigRel	   *rel = mig_world_rel(drop->e->world, relid);
	MigColumn  *column = rel != NULL ? mig_rel_column_at(rel, number) : NULL;

	return column == NULL || column->type.oid != type;
}

static bool
sequence_is_parted(MigRel *table, MigRel *sequence)
{
	return !list_member_ptr(mig_rel_sequences(table), sequence);
}

static bool
is_table(const MigRel *rel)
{
	return rel->kind == RELKIND_RELATION || rel->kind == RELKIND_PARTITIONED_TABLE ||
		rel->kind == RELKIND_FOREIGN_TABLE;
}

/* Has the text ended what the catalogs say of a relation: whose it is? */
static bool
is_parted(Drop *drop, Oid class_oid, Oid oid, Oid relid)
{
	MigWorld   *world = drop->e->world;
	MigRel	   *rel = mig_world_rel(world, relid);
	MigRel	   *other;

	if (rel == NULL)
		return false;
	if (class_oid == NamespaceRelationId)
	{
		bool		dropped;
		const char *schema = mig_world_schema_of(world, oid, &dropped);

		return schema && !dropped && strcmp(schema, rel->schema) != 0;
	}
	if (class_oid != RelationRelationId)
		return false;
	other = mig_world_rel(world, oid);
	if (other == NULL || !is_table(other))
		return false;
	if (rel->kind == RELKIND_SEQUENCE)
		return sequence_is_parted(other, rel);
	return is_table(rel) && !list_member_ptr(mig_rel_parents(rel), other);
}

/* In the server's order, which does not depend on where the catalog has them. */
static int
youngest_first(const ListCell *a, const ListCell *b)
{
	const MigDropped *one = (const MigDropped *) lfirst(a);
	const MigDropped *other = (const MigDropped *) lfirst(b);

	if (one->oid != other->oid)
		return one->oid > other->oid ? -1 : 1;
	if (one->class_oid != other->class_oid)
		return one->class_oid < other->class_oid ? -1 : 1;
	return one->sub - other->sub;
}

static void
drop_dependents(Drop *drop, Oid class_oid, Oid oid, int32 sub)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData key[3];
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *found = NIL;
	ListCell   *lc;

	ScanKeyInit(&key[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(class_oid));
	ScanKeyInit(&key[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(oid));
	ScanKeyInit(&key[2], Anum_pg_depend_refobjsubid, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(sub));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL,
							  sub != 0 ? 3 : 2, key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);
		MigDropped *dropped;

		/* columns of one relation that need each other */
		if (form->classid == class_oid && form->objid == oid && sub == 0)
			continue;
		if (form->classid == RelationRelationId &&
			is_parted(drop, class_oid, oid, form->objid))
			continue;
		dropped = palloc(sizeof(MigDropped));
		dropped->class_oid = form->classid;
		dropped->oid = form->objid;
		dropped->sub = form->objsubid;
		found = lappend(found, dropped);
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	list_sort(found, youngest_first);
	foreach(lc, found)
	{
		MigDropped *dropped = lfirst(lc);

		if (class_oid == TypeRelationId && dropped->class_oid == RelationRelationId &&
			dropped->sub != 0 && lost_type(drop, dropped->oid, dropped->sub, oid))
			continue;
		drop_object(drop, dropped->class_oid, dropped->oid, dropped->sub);
	}
	list_free_deep(found);
}

static void
drop_object(Drop *drop, Oid class_oid, Oid oid, int32 sub)
{
	CHECK_FOR_INTERRUPTS();
	check_stack_depth();
	if (!first_time(drop, class_oid, oid, sub) ||
		!lock_for_drop(drop, class_oid, oid, sub))
		return;
	drop_owner(drop, class_oid, oid, sub);
	drop_dependents(drop, class_oid, oid, sub);
}

/* A foreign key goes: both tables lose their triggers. */
static void
drop_foreign_key(Drop *drop, MigConstraint *constraint)
{
	mig_effects_lock(drop->e, constraint->rel, AccessExclusiveLock);
	mig_effects_lock(drop->e, mig_constraint_target(constraint), AccessExclusiveLock);
}

/* Views whose queries are the text's. */
static void
drop_views(Drop *drop, List *views)
{
	ListCell   *lc;

	foreach(lc, views)
	{
		MigRel	   *view = lfirst(lc);

		if (view->old && view->queries > 0)
			drop_object(drop, RelationRelationId, view->oid, 0);
		else if (!view->old && (mig_effects_of(drop->e, view)->modes &
								LOCKBIT_ON(AccessExclusiveLock)) == 0)
			drop_rel(drop, view);
	}
}

/* An index, with those of partitions, and foreign keys that need it. */
static void
drop_index(Drop *drop, MigRel *table, MigRel *index)
{
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, mig_rel_references(table))
	{
		MigConstraint *constraint = lfirst(lc);

		if (!OidIsValid(constraint->oid) && mig_constraint_index(constraint) == index)
			drop_foreign_key(drop, constraint);
	}
	foreach(lc, mig_rel_children(index))
	{
		MigRel	   *child = lfirst(lc);

		if (child->old)
			drop_object(drop, RelationRelationId, child->oid, 0);
		else
			drop_rel(drop, child);
	}
}

/* Of a relation, what the catalogs do not say, or not as an object. */
static void
drop_rel(Drop *drop, MigRel *rel)
{
	MigEffects *e = drop->e;
	MigRel	   *table = mig_index_table(rel);
	ListCell   *lc;

	mig_effects_lock(e, rel, AccessExclusiveLock);
	mig_effects_lock(e, table, AccessExclusiveLock);
	if (table)
	{
		drop_index(drop, table, rel);
		return;
	}
	if (rel->kind == RELKIND_RELATION || rel->kind == RELKIND_MATVIEW)
		mig_effects_lose(e, rel, MIG_WHY_DROP);
	if (rel->is_partition)
	{
		foreach(lc, mig_rel_parents(rel))
		{
			mig_effects_lock(e, lfirst(lc), AccessExclusiveLock);
			mig_effects_lock(e, mig_rel_default_partition(lfirst(lc)),
							 AccessExclusiveLock);
		}
	}
	foreach(lc, mig_rel_constraints(rel))
	{
		MigConstraint *constraint = lfirst(lc);

		/* one that was its parent's may be its own since */
		if (constraint->kind == CONSTRAINT_FOREIGN &&
			(!OidIsValid(constraint->oid) || !constraint->inherited))
			drop_foreign_key(drop, constraint);
	}
	foreach(lc, mig_rel_references(rel))
	{
		MigConstraint *constraint = lfirst(lc);

		if (!OidIsValid(constraint->oid))
			drop_foreign_key(drop, constraint);
	}
	foreach(lc, mig_rel_indexes(rel))
		mig_effects_lock(e, lfirst(lc), AccessExclusiveLock);
	foreach(lc, mig_rel_children(rel))
	{
		MigRel	   *child = lfirst(lc);

		/* an old one is found by the catalogs, unless it was attached here */
		if (!child->old || child->is_partition)
		{
			if (child->old)
				drop_object(drop, RelationRelationId, child->oid, 0);
			else
				drop_rel(drop, child);
		}
	}
	foreach(lc, mig_rel_sequences(rel))
		mig_effects_lock(e, lfirst(lc), AccessExclusiveLock);
	drop_views(drop, mig_rel_views(rel, 0));
}

/* Does an old index depend on a column of its table, also by a constraint? */
static bool
depends_on_column(Oid class_oid, Oid oid, Oid table, AttrNumber number, Oid *constraint)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found = false;

	ScanKeyInit(&key[0], Anum_pg_depend_classid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(class_oid));
	ScanKeyInit(&key[1], Anum_pg_depend_objid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(oid));
	scan = systable_beginscan(depend, DependDependerIndexId, true, NULL, 2, key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		if (form->refclassid == RelationRelationId && form->refobjid == table &&
			form->refobjsubid == number)
			found = true;
		else if (constraint && form->refclassid == ConstraintRelationId)
			*constraint = form->refobjid;
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	return found;
}

/* Is a column in an index, in whatever place? */
bool
mig_index_mentions(MigRel *index, AttrNumber number)
{
	MigRel	   *table = mig_index_table(index);
	Oid			constraint = InvalidOid;

	if (list_member_int(index->key, number))
		return true;
	if (!index->old || table == NULL)
		return false;
	if (depends_on_column(RelationRelationId, index->oid, table->oid, number, &constraint))
		return true;
	return OidIsValid(constraint) &&
		depends_on_column(ConstraintRelationId, constraint, table->oid, number, NULL);
}

/* The column that an old sequence belongs to, 0 if it is none of the table. */
AttrNumber
mig_sequence_column(MigRel *sequence, MigRel *table)
{
	ListCell   *lc;

	if (!sequence->old || !table->old)
		return 0;
	foreach(lc, mig_rel_columns(table))
	{
		MigColumn  *column = lfirst(lc);

		if (column->old && depends_on_column(RelationRelationId, sequence->oid, table->oid,
											 column->number, NULL))
			return column->number;
	}
	return 0;
}

void
mig_effects_drop_rel(MigEffects *e, MigRel *rel)
{
	Drop		drop = begin_drop(e);

	if (rel->old)
		drop_object(&drop, RelationRelationId, rel->oid, 0);
	else
		drop_rel(&drop, rel);
	end_drop(&drop);
}

void
mig_effects_drop_object(MigEffects *e, Oid class_oid, Oid oid, int32 sub)
{
	Drop		drop;

	if (!OidIsValid(oid))
		return;
	drop = begin_drop(e);
	drop_object(&drop, class_oid, oid, sub);
	end_drop(&drop);
}

void
mig_effects_drop_constraint(MigEffects *e, MigConstraint *constraint)
{
	Drop		drop = begin_drop(e);
	MigRel	   *index = NULL;
	ListCell   *lc;

	mig_effects_lock(e, constraint->rel, AccessExclusiveLock);
	if (constraint->kind == CONSTRAINT_FOREIGN)
		drop_foreign_key(&drop, constraint);
	else if (constraint->kind == CONSTRAINT_PRIMARY ||
			 constraint->kind == CONSTRAINT_UNIQUE ||
			 constraint->kind == CONSTRAINT_EXCLUSION)
		index = mig_constraint_index(constraint);
	if (OidIsValid(constraint->oid))
		drop_object(&drop, ConstraintRelationId, constraint->oid, 0);
	if (index)
	{
		mig_effects_lock(e, index, AccessExclusiveLock);
		foreach(lc, mig_rel_references(constraint->rel))
		{
			MigConstraint *reference = lfirst(lc);

			if (!OidIsValid(reference->oid) && mig_constraint_index(reference) == index)
				drop_foreign_key(&drop, reference);
		}
	}
	end_drop(&drop);
}

void
mig_effects_drop_column(MigEffects *e, MigRel *rel, MigColumn *column)
{
	Drop		drop = begin_drop(e);
	ListCell   *lc;

	mig_effects_lock(e, rel, AccessExclusiveLock);
	if (rel->old && column->old)
		drop_object(&drop, RelationRelationId, rel->oid, column->number);
	foreach(lc, mig_rel_constraints(rel))
	{
		MigConstraint *constraint = lfirst(lc);

		if (constraint->kind == CONSTRAINT_FOREIGN && !OidIsValid(constraint->oid) &&
			list_member_int(constraint->columns, column->number))
			drop_foreign_key(&drop, constraint);
	}
	foreach(lc, mig_rel_references(rel))
	{
		MigConstraint *constraint = lfirst(lc);

		if (!OidIsValid(constraint->oid) &&
			mig_constraint_references(constraint, column))
			drop_foreign_key(&drop, constraint);
	}
	foreach(lc, mig_rel_indexes(rel))
	{
		MigRel	   *index = lfirst(lc);

		if (!index->old && list_member_int(index->key, column->number))
			drop_rel(&drop, index);
	}
	drop_views(&drop, mig_rel_views(rel, column->number));
	end_drop(&drop);
}

/* What is named in a DROP, when it is no relation. */
typedef struct ObjectSearch
{
	ObjectType	type;
	Node	   *object;
	Oid			class_oid;
	Oid			oid;
} ObjectSearch;

/* May raise an error; InvalidOid: not found, or of no interest. */
static void
find_object(void *arg)
{
	ObjectSearch *search = arg;
	Node	   *object = search->object;

	switch (search->type)
	{
		case OBJECT_FUNCTION:
		case OBJECT_PROCEDURE:
		case OBJECT_ROUTINE:
		case OBJECT_AGGREGATE:
			search->class_oid = ProcedureRelationId;
			search->oid = LookupFuncWithArgs(search->type,
											 castNode(ObjectWithArgs, object), true);
			break;
		case OBJECT_OPERATOR:
			search->class_oid = OperatorRelationId;
			search->oid = LookupOperWithArgs(castNode(ObjectWithArgs, object), true);
			break;
		case OBJECT_SCHEMA:
			search->class_oid = NamespaceRelationId;
			search->oid = get_namespace_oid(strVal(object), true);
			break;
		case OBJECT_EXTENSION:
			search->class_oid = ExtensionRelationId;
			search->oid = get_extension_oid(strVal(object), true);
			break;
		case OBJECT_LANGUAGE:
			search->class_oid = LanguageRelationId;
			search->oid = get_language_oid(strVal(object), true);
			break;
		case OBJECT_FOREIGN_SERVER:
			search->class_oid = ForeignServerRelationId;
			search->oid = get_foreign_server_oid(strVal(object), true);
			break;
		case OBJECT_FDW:
			search->class_oid = ForeignDataWrapperRelationId;
			search->oid = get_foreign_data_wrapper_oid(strVal(object), true);
			break;
		case OBJECT_COLLATION:
			search->class_oid = CollationRelationId;
			search->oid = get_collation_oid(castNode(List, object), true);
			break;
		case OBJECT_STATISTIC_EXT:
			search->class_oid = StatisticExtRelationId;
			search->oid = get_statistics_object_oid(castNode(List, object), true);
			break;
		case OBJECT_OPCLASS:
		case OBJECT_OPFAMILY:
		case OBJECT_CAST:
		case OBJECT_ACCESS_METHOD:
		case OBJECT_CONVERSION:
		case OBJECT_TRANSFORM:
		case OBJECT_TSCONFIGURATION:
		case OBJECT_TSDICTIONARY:
		case OBJECT_TSPARSER:
		case OBJECT_TSTEMPLATE:
			{
				Relation	rel = NULL;
				ObjectAddress address;

				/*
				 * no relations; what it locks is let go with the
				 * subtransaction
				 */
				address = get_object_address(search->type, object, &rel,
											 AccessShareLock, true);
				search->class_oid = address.classId;
				search->oid = address.objectId;
				break;
			}
		default:
			break;
	}
}

static void
drop_type(MigEffects *e, TypeName *name)
{
	MigTypeRef	ref;
	MigRel	   *rel;

	if (!mig_world_resolve_type(e->world, name, &ref))
		return;
	if (OidIsValid(ref.oid) || (ref.own && OidIsValid(ref.own->oid)))
	{
		mig_effects_drop_object(e, TypeRelationId,
								OidIsValid(ref.oid) ? ref.oid : ref.own->oid, 0);
		return;
	}
	/* columns of a type that the text made */
	rel = mig_world_find_list(e->world, name->names);
	if (rel && rel->kind == RELKIND_COMPOSITE_TYPE)
		mig_effects_lock(e, rel, AccessExclusiveLock);
}

/* A trigger, rule or policy of a table. */
static void
drop_of_table(MigEffects *e, ObjectType type, List *names, bool missing_ok)
{
	MigRel	   *rel;
	char	   *name;
	MigCall    *call;
	Oid			class_oid = InvalidOid;
	Oid			oid = InvalidOid;

	if (list_length(names) < 2)
		return;
	rel = mig_effects_find_list(e, list_copy_head(names, list_length(names) - 1));
	if (rel == NULL)
		return;
	name = strVal(llast(names));
	switch (rel->old ? type : OBJECT_TABLE)
	{
		case OBJECT_TRIGGER:
			class_oid = TriggerRelationId;
			oid = get_trigger_oid(rel->oid, name, true);
			break;
		case OBJECT_POLICY:
			class_oid = PolicyRelationId;
			oid = get_relation_policy_oid(rel->oid, name, true);
			break;
		case OBJECT_RULE:
			class_oid = RewriteRelationId;
			oid = get_rewrite_oid(rel->oid, name, true);
			break;
		default:
			break;
	}
	/* one that the text made is not in the catalogs */
	call = type == OBJECT_TRIGGER ? mig_rel_new_trigger(rel, name) : NULL;
	if (OidIsValid(oid) || call || !missing_ok)
		mig_effects_lock(e, rel, AccessExclusiveLock);
	if (call && call->in_partitions)
		mig_effects_lock_tree(e, rel, AccessExclusiveLock);
	mig_effects_drop_object(e, class_oid, oid, 0);
}

/* What the text had call a function goes with it. */
static void
drop_callers(MigEffects *e, ObjectWithArgs *function)
{
	ListCell   *lc;

	foreach(lc, mig_world_calls(e->world, function->objname,
								function->args_unspecified ? -1 :
								list_length(function->objargs)))
	{
		MigCall    *call = lfirst(lc);

		mig_effects_lock(e, call->rel, AccessExclusiveLock);
		if (call->in_partitions)
			mig_effects_lock_tree(e, call->rel, AccessExclusiveLock);
		if (call->index)
			mig_effects_drop_rel(e, call->index);
	}
}

/* What the text put into a schema goes with it. */
static void
drop_in_schema(MigEffects *e, const char *schema)
{
	ListCell   *lc;

	foreach(lc, mig_world_names_in(e->world, schema))
		mig_effects_drop_rel(e, lfirst(lc));
}

/* What belongs to a role here: of MigDropped *. */
static List *
owned_by_role(Oid role)
{
	Relation	depend = table_open(SharedDependRelationId, AccessShareLock);
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *result = NIL;

	ScanKeyInit(&key[0], Anum_pg_shdepend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(AuthIdRelationId));
	ScanKeyInit(&key[1], Anum_pg_shdepend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(role));
	scan = systable_beginscan(depend, SharedDependReferenceIndexId, true, NULL, 2, key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_shdepend form = (Form_pg_shdepend) GETSTRUCT(tuple);
		MigDropped *owned;

		if (form->dbid != MyDatabaseId || form->deptype != SHARED_DEPENDENCY_OWNER)
			continue;
		owned = palloc(sizeof(MigDropped));
		owned->class_oid = form->classid;
		owned->oid = form->objid;
		owned->sub = form->objsubid;
		result = lappend(result, owned);
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	return result;
}

/*
 * mig_effects_owned
 *		DROP OWNED, or if not drop, REASSIGN OWNED.
 */
void
mig_effects_owned(MigEffects *e, List *roles, bool drop)
{
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, roles)
	{
		Oid			role = get_rolespec_oid(lfirst_node(RoleSpec, lc), true);

		foreach(lc2, OidIsValid(role) ? owned_by_role(role) : NIL)
		{
			MigDropped *owned = lfirst(lc2);
			MigRel	   *rel;

			if (drop)
				mig_effects_drop_object(e, owned->class_oid, owned->oid, owned->sub);
			else if (owned->class_oid == RelationRelationId &&
					 (rel = mig_world_rel(e->world, owned->oid)) != NULL && !rel->dropped)
				mig_effects_new_owner(e, rel);
		}
	}
}

void
mig_effects_drop(MigEffects *e, DropStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->objects)
	{
		Node	   *object = lfirst(lc);
		MigRel	   *rel;
		ObjectSearch search;

		switch (stmt->removeType)
		{
			case OBJECT_TABLE:
			case OBJECT_VIEW:
			case OBJECT_MATVIEW:
			case OBJECT_SEQUENCE:
			case OBJECT_FOREIGN_TABLE:
			case OBJECT_INDEX:
				if (stmt->removeType == OBJECT_INDEX)
					rel = mig_effects_rel(e, mig_world_find_index(e->world,
																  makeRangeVarFromNameList(castNode(List, object))));
				else
					rel = mig_effects_find_list(e, castNode(List, object));
				if (rel == NULL)
					break;
				if (stmt->concurrent)
				{
					mig_effects_lock(e, rel, ShareUpdateExclusiveLock);
					mig_effects_lock(e, mig_index_table(rel), ShareUpdateExclusiveLock);
				}
				else
					mig_effects_drop_rel(e, rel);
				/* all partitions, even those without a part of it */
				if (rel->kind == RELKIND_PARTITIONED_INDEX)
					mig_effects_lock_tree(e, mig_index_table(rel), AccessExclusiveLock);
				break;
			case OBJECT_TYPE:
			case OBJECT_DOMAIN:
				drop_type(e, castNode(TypeName, object));
				break;
			case OBJECT_TRIGGER:
			case OBJECT_POLICY:
			case OBJECT_RULE:
				drop_of_table(e, stmt->removeType, castNode(List, object), stmt->missing_ok);
				break;
			default:
				search.type = stmt->removeType;
				search.object = object;
				search.oid = InvalidOid;
				if (mig_try(find_object, &search, NULL))
					mig_effects_drop_object(e, search.class_oid, search.oid, 0);
				if (IsA(object, ObjectWithArgs) && stmt->behavior == DROP_CASCADE)
					drop_callers(e, (ObjectWithArgs *) object);
				if (stmt->removeType == OBJECT_SCHEMA && stmt->behavior == DROP_CASCADE)
					drop_in_schema(e, strVal(object));
				break;
		}
	}
}
