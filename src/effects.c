/*-------------------------------------------------------------------------
 *
 * effects.c
 *	  What a statement would do to relations: the statements that are neither
 *	  queries nor a matter of tables' and indexes' definitions.
 *
 * The other kinds are in effects_query.c (also views and COPY),
 * effects_table.c (ALTER TABLE), effects_create.c (tables,
 * indexes) and effects_drop.c.  All of them read the statement as the parser
 * left it, the world and the catalogs; nothing is executed, and no user's
 * relation is opened or locked.  They expect a transaction and a snapshot.
 *
 * Effects are those on locks that are kept until the transaction ends, or for
 * commands that refuse one, until they end.
 *
 *-------------------------------------------------------------------------
 */
#include "effects_internal.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_publication.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "commands/tablespace.h"
#include "compat.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/* From how many relations on they are looked up in a table. */
#define MANY_RELATIONS 16

typedef struct EffectEntry
{
	MigRel	   *rel;			/* key */
	MigEffect  *effect;
} EffectEntry;

static void statement_effects(MigEffects *e, Node *stmt);

static void
remember(MigEffects *e, MigEffect *effect)
{
	EffectEntry *entry;

	entry = hash_search(e->by_rel, &effect->rel, HASH_ENTER, NULL);
	entry->effect = effect;
}

static MigEffect *
find_effect(MigEffects *e, MigRel *rel)
{
	ListCell   *lc;

	if (e->by_rel == NULL && list_length(e->list) >= MANY_RELATIONS)
	{
		HASHCTL		ctl = {0};

		ctl.keysize = sizeof(MigRel *);
		ctl.entrysize = sizeof(EffectEntry);
		ctl.hcxt = CurrentMemoryContext;
		e->by_rel = hash_create("effects", 64, &ctl,
								HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
		foreach(lc, e->list)
			remember(e, lfirst(lc));
	}
	if (e->by_rel)
	{
		EffectEntry *entry = hash_search(e->by_rel, &rel, HASH_FIND, NULL);

		return entry ? entry->effect : NULL;
	}
	foreach(lc, e->list)
	{
		MigEffect  *effect = lfirst(lc);

		if (effect->rel == rel)
			return effect;
	}
	return NULL;
}

/* The effect on a relation, a new one if there was none so far. */
MigEffect *
mig_effects_of(MigEffects *e, MigRel *rel)
{
	MigEffect  *effect = find_effect(e, rel);

	if (effect == NULL)
	{
		effect = palloc0(sizeof(MigEffect));
		effect->rel = rel;
		e->list = lappend(e->list, effect);
		if (e->by_rel)
			remember(e, effect);
	}
	return effect;
}

/* The relation, which the statement names; NULL if rel is. */
MigRel *
mig_effects_rel(MigEffects *e, MigRel *rel)
{
	if (rel)
		e->named = list_append_unique_ptr(e->named, rel);
	return rel;
}

MigRel *
mig_effects_find(MigEffects *e, const RangeVar *name)
{
	if (name == NULL)
		return NULL;
	return mig_effects_rel(e, mig_world_find(e->world, name));
}

MigRel *
mig_effects_find_list(MigEffects *e, List *names)
{
	return mig_effects_rel(e, mig_world_find_list(e->world, names));
}

void
mig_effects_lock(MigEffects *e, MigRel *rel, LOCKMODE mode)
{
	if (rel)
		mig_effects_of(e, rel)->modes |= LOCKBIT_ON(mode);
}

void
mig_effects_lock_oid(MigEffects *e, Oid relid, LOCKMODE mode)
{
	if (OidIsValid(relid))
		mig_effects_lock(e, mig_world_rel(e->world, relid), mode);
}

void
mig_effects_lock_tree(MigEffects *e, MigRel *rel, LOCKMODE mode)
{
	ListCell   *lc;

	foreach(lc, mig_rel_tree(rel))
		mig_effects_lock(e, lfirst(lc), mode);
}

void
mig_effects_lock_indexes(MigEffects *e, MigRel *rel, LOCKMODE mode)
{
	ListCell   *lc;

	foreach(lc, mig_rel_indexes(rel))
		mig_effects_lock(e, lfirst(lc), mode);
}

static void
give_reason(MigEffect *effect, const char *why)
{
	if (effect->reason == NULL)
		effect->reason = why;
}

/* The command reads all of it, unless it is known that nothing is there. */
void
mig_effects_scan(MigEffects *e, MigRel *rel, const char *why)
{
	MigEffect  *effect;

	if (mig_rel_is_empty(rel))
		return;
	effect = mig_effects_of(e, rel);
	effect->scans = true;
	give_reason(effect, why);
}

/* An index of a table is built anew; NULL: one that the statement makes. */
void
mig_effects_build(MigEffects *e, MigRel *table, MigRel *index, const char *why)
{
	MigEffect  *effect = mig_effects_of(e, table);

	effect->builds = true;
	effect->modes |= LOCKBIT_ON(ShareLock);
	if (index)
	{
		mig_effects_lock(e, index, AccessExclusiveLock);
		mig_effects_of(e, index)->builds = true;
	}
	mig_effects_scan(e, table, why);
}

/* All that a table, matview or sequence has in files is made anew. */
void
mig_effects_rewrite(MigEffects *e, MigRel *rel, const char *why)
{
	MigEffect  *effect = mig_effects_of(e, rel);
	MigRel	   *toast = mig_rel_toast(rel);
	ListCell   *lc;

	effect->modes |= LOCKBIT_ON(AccessExclusiveLock);
	if (effect->rewrites)
		return;
	effect->rewrites = true;
	effect->reason = why;
	if (rel->kind != RELKIND_SEQUENCE)
		mig_effects_scan(e, rel, why);
	foreach(lc, mig_rel_indexes(rel))
		mig_effects_build(e, rel, lfirst(lc), why);
	if (toast)
	{
		mig_effects_lock(e, toast, AccessExclusiveLock);
		mig_effects_lock_indexes(e, toast, AccessExclusiveLock);
	}
}

/* What is in it is gone, but it stays; or it goes too. */
void
mig_effects_lose(MigEffects *e, MigRel *rel, const char *why)
{
	MigEffect  *effect = mig_effects_of(e, rel);

	effect->loses = true;
	effect->reason = why;
}

static bool
option_is_on(List *options, const char *name)
{
	ListCell   *lc;
	bool		on = false;

	foreach(lc, options)
	{
		DefElem    *option = lfirst(lc);

		if (strcmp(option->defname, name) == 0)
		{
			char	   *value = option->arg ? defGetString(option) : NULL;

			/* what is no boolean fails */
			if (value == NULL || !parse_bool(value, &on))
				on = value == NULL;
		}
	}
	return on;
}

/* Relations of some kinds, of a schema or of all but the system's. */
static List *
relations_of(MigEffects *e, Oid schema, const char *kinds)
{
	Relation	class = table_open(RelationRelationId, AccessShareLock);
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple	tuple;
	List	   *result = NIL;

	ScanKeyInit(&key, Anum_pg_class_relnamespace, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(schema));
	scan = systable_beginscan(class, InvalidOid, false, NULL,
							  OidIsValid(schema) ? 1 : 0, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);

		if (strchr(kinds, form->relkind) != NULL &&
			form->oid >= FirstNormalObjectId)
			result = lappend_oid(result, form->oid);
	}
	systable_endscan(scan);
	table_close(class, AccessShareLock);
	return result;
}

/* The tables OF a composite type. */
void
mig_effects_lock_typed(MigEffects *e, MigRel *rel, LOCKMODE mode)
{
	Relation	class;
	TableScanDesc scan;
	ScanKeyData key;
	HeapTuple	tuple;
	List	   *found = NIL;
	ListCell   *lc;

	if (!OidIsValid(rel->type))
		return;
	class = table_open(RelationRelationId, AccessShareLock);
	ScanKeyInit(&key, Anum_pg_class_reloftype, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(rel->type));
	scan = table_beginscan_catalog(class, 1, &key);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
		found = lappend_oid(found, ((Form_pg_class) GETSTRUCT(tuple))->oid);
	table_endscan(scan);
	table_close(class, AccessShareLock);
	foreach(lc, found)
		mig_effects_lock_oid(e, lfirst_oid(lc), mode);
}

/* TRUNCATE: what the tables named and, with CASCADE, others lose. */
static void
truncate_effects(MigEffects *e, TruncateStmt *stmt)
{
	List	   *rels = NIL;
	ListCell   *lc;
	int			i;

	foreach(lc, stmt->relations)
	{
		RangeVar   *name = lfirst_node(RangeVar, lc);
		MigRel	   *rel = mig_effects_find(e, name);

		if (rel)
			rels = list_concat_unique_ptr(rels, name->inh ? mig_rel_tree(rel) :
										  list_make1(rel));
	}
	/* the list grows */
	for (i = 0; i < list_length(rels); i++)
	{
		MigRel	   *rel = list_nth(rels, i);

		CHECK_FOR_INTERRUPTS();
		mig_effects_lock(e, rel, AccessExclusiveLock);
		if (stmt->behavior == DROP_CASCADE)
		{
			foreach(lc, mig_rel_references(rel))
				rels = list_append_unique_ptr(rels, ((MigConstraint *) lfirst(lc))->rel);
		}
	}
	foreach(lc, rels)
	{
		MigRel	   *rel = lfirst(lc);
		MigRel	   *toast = mig_rel_toast(rel);
		ListCell   *lc2;

		if (stmt->restart_seqs)
		{
			foreach(lc2, mig_rel_sequences(rel))
				mig_effects_lock(e, lfirst(lc2), AccessExclusiveLock);
		}
		if (rel->kind == RELKIND_PARTITIONED_TABLE)
			continue;
		mig_effects_lose(e, rel, MIG_WHY_TRUNCATE);
		mig_effects_lock(e, rel, ShareLock);
		mig_effects_lock_indexes(e, rel, AccessExclusiveLock);
		if (toast)
		{
			mig_effects_lock(e, toast, ShareLock);
			mig_effects_lock(e, toast, AccessExclusiveLock);
			mig_effects_lock_indexes(e, toast, AccessExclusiveLock);
		}
	}
}

static void
reindex_rel(MigEffects *e, MigRel *rel, bool concurrently)
{
	MigRel	   *toast = mig_rel_toast(rel);
	ListCell   *lc;
	MigRel	   *each[2];
	int			i;

	if (rel->kind == RELKIND_PARTITIONED_TABLE)
	{
		foreach(lc, mig_rel_children(rel))
			reindex_rel(e, lfirst(lc), concurrently);
		return;
	}
	each[0] = rel;
	each[1] = toast;
	for (i = 0; i < 2; i++)
	{
		if (each[i] == NULL)
			continue;
		mig_effects_lock(e, each[i], concurrently ? ShareUpdateExclusiveLock : ShareLock);
		foreach(lc, mig_rel_indexes(each[i]))
		{
			MigRel	   *index = lfirst(lc);

			if (!concurrently)
				mig_effects_lock(e, index, AccessExclusiveLock);
			else
				mig_effects_lock(e, index, ShareUpdateExclusiveLock);
			mig_effects_of(e, index)->builds = true;
			if (i == 0)
			{
				mig_effects_of(e, rel)->builds = true;
				mig_effects_scan(e, rel, MIG_WHY_REINDEX);
			}
		}
	}
}

static void
reindex_index(MigEffects *e, MigRel *index, bool concurrently)
{
	MigRel	   *table = mig_index_table(index);

	if (index->kind == RELKIND_PARTITIONED_INDEX)
	{
		ListCell   *lc;

		foreach(lc, mig_rel_children(index))
			reindex_index(e, lfirst(lc), concurrently);
		return;
	}
	mig_effects_lock(e, index, concurrently ? ShareUpdateExclusiveLock :
					 AccessExclusiveLock);
	mig_effects_of(e, index)->builds = true;
	if (table)
	{
		mig_effects_lock(e, table, concurrently ? ShareUpdateExclusiveLock : ShareLock);
		mig_effects_of(e, table)->builds = true;
		mig_effects_scan(e, table, MIG_WHY_REINDEX);
	}
}

static void
reindex_effects(MigEffects *e, ReindexStmt *stmt)
{
	bool		concurrently = option_is_on(stmt->params, "concurrently");
	MigRel	   *rel;
	ListCell   *lc;

	switch (stmt->kind)
	{
		case REINDEX_OBJECT_INDEX:
			rel = mig_effects_rel(e, mig_world_find_index(e->world, stmt->relation));
			if (rel)
				reindex_index(e, rel, concurrently);
			break;
		case REINDEX_OBJECT_TABLE:
			rel = mig_effects_find(e, stmt->relation);
			if (rel)
				reindex_rel(e, rel, concurrently);
			break;
		case REINDEX_OBJECT_SCHEMA:
			foreach(lc, relations_of(e, get_namespace_oid(stmt->name, true), "rm"))
				reindex_rel(e, mig_world_rel(e->world, lfirst_oid(lc)), concurrently);
			break;
		case REINDEX_OBJECT_DATABASE:
			foreach(lc, relations_of(e, InvalidOid, "rm"))
				reindex_rel(e, mig_world_rel(e->world, lfirst_oid(lc)), concurrently);
			break;
		default:
			break;
	}
}

/* The index that a table was last clustered on, or NULL. */
static MigRel *
clustered_index(MigRel *rel)
{
	ListCell   *lc;

	foreach(lc, mig_rel_indexes(rel))
	{
		MigRel	   *index = lfirst(lc);
		HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index->oid));
		bool		clustered;

		if (!HeapTupleIsValid(tuple))
			continue;
		clustered = ((Form_pg_index) GETSTRUCT(tuple))->indisclustered;
		ReleaseSysCache(tuple);
		if (clustered)
			return index;
	}
	return NULL;
}

static void
cluster_rel(MigEffects *e, MigRel *rel)
{
	ListCell   *lc;

	if (rel->kind == RELKIND_PARTITIONED_TABLE)
	{
		mig_effects_lock(e, rel, AccessExclusiveLock);
		foreach(lc, mig_rel_children(rel))
			cluster_rel(e, lfirst(lc));
		return;
	}
	mig_effects_rewrite(e, rel, MIG_WHY_CLUSTER);
}

static void
cluster_effects(MigEffects *e, ClusterStmt *stmt)
{
	ListCell   *lc;

	if (stmt->relation)
	{
		MigRel	   *rel = mig_effects_find(e, stmt->relation);

		if (rel == NULL)
			return;
		if (stmt->indexname)
		{
			foreach(lc, mig_rel_indexes(rel))
			{
				MigRel	   *index = lfirst(lc);

				if (strcmp(index->name, stmt->indexname) == 0)
					mig_effects_rel(e, index);
			}
		}
		cluster_rel(e, rel);
		return;
	}
	foreach(lc, relations_of(e, InvalidOid, "rm"))
	{
		MigRel	   *rel = mig_world_rel(e->world, lfirst_oid(lc));

		if (clustered_index(rel))
			cluster_rel(e, rel);
	}
}

static void
vacuum_rel(MigEffects *e, MigRel *rel, bool recurse, bool vacuum, bool analyze, bool full)
{
	MigRel	   *toast = mig_rel_toast(rel);
	ListCell   *lc;

	if (rel->kind == RELKIND_PARTITIONED_TABLE)
	{
		if (analyze)
			mig_effects_lock(e, rel, ShareUpdateExclusiveLock);
		if (recurse)
		{
			foreach(lc, mig_rel_children(rel))
				vacuum_rel(e, lfirst(lc), true, vacuum, analyze, full);
		}
		return;
	}
	if (MIG_VACUUM_RECURSES && recurse && rel->has_subclass)
	{
		foreach(lc, mig_rel_children(rel))
			vacuum_rel(e, lfirst(lc), true, vacuum, analyze, full);
	}
	if (full)
	{
		mig_effects_rewrite(e, rel, MIG_WHY_VACUUM_FULL);
		return;
	}
	mig_effects_lock(e, rel, ShareUpdateExclusiveLock);
	mig_effects_lock_indexes(e, rel, vacuum ? RowExclusiveLock : AccessShareLock);
	if (vacuum)
	{
		mig_effects_scan(e, rel, MIG_WHY_VACUUM);
		if (toast)
		{
			mig_effects_lock(e, toast, ShareUpdateExclusiveLock);
			mig_effects_lock_indexes(e, toast, RowExclusiveLock);
		}
	}
	/* statistics of a parent are of all */
	if (analyze && rel->has_subclass)
	{
		foreach(lc, mig_rel_tree(rel))
			mig_effects_lock(e, lfirst(lc), AccessShareLock);
	}
}

static void
vacuum_effects(MigEffects *e, VacuumStmt *stmt)
{
	bool		full = stmt->is_vacuumcmd && option_is_on(stmt->options, "full");
	bool		analyze = !stmt->is_vacuumcmd || option_is_on(stmt->options, "analyze");
	ListCell   *lc;

	foreach(lc, stmt->rels)
	{
		VacuumRelation *item = lfirst_node(VacuumRelation, lc);
		MigRel	   *rel = mig_effects_find(e, item->relation);

		if (rel)
			vacuum_rel(e, rel, item->relation->inh, stmt->is_vacuumcmd, analyze, full);
	}
	if (stmt->rels == NIL)
	{
		foreach(lc, relations_of(e, InvalidOid, "rmp"))
			vacuum_rel(e, mig_world_rel(e->world, lfirst_oid(lc)), false,
					   stmt->is_vacuumcmd, analyze, full);
	}
}

static void
refresh_effects(MigEffects *e, RefreshMatViewStmt *stmt)
{
	MigRel	   *rel = mig_effects_find(e, stmt->relation);

	if (rel == NULL || rel->kind != RELKIND_MATVIEW)
		return;
	if (stmt->concurrent)
	{
		/* the query runs first, then what differs is changed */
		mig_effects_stored_query(e, rel, AccessShareLock);
		mig_effects_lock(e, rel, ExclusiveLock);
		mig_effects_lock(e, rel, RowExclusiveLock);
		mig_effects_lock_indexes(e, rel, RowExclusiveLock);
		mig_effects_scan(e, rel, MIG_WHY_REFRESH);
		return;
	}
	if (!stmt->skipData)
		mig_effects_stored_query(e, rel, AccessShareLock);
	mig_effects_rewrite(e, rel, MIG_WHY_REFRESH);
	/* what is read of it is its new contents, for its indexes */
	mig_effects_of(e, rel)->scans = !stmt->skipData && mig_rel_indexes(rel) != NIL;
	if (stmt->skipData)
		mig_effects_of(e, rel)->loses = true;
}

static void
lock_effects(MigEffects *e, LockStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->relations)
	{
		RangeVar   *name = lfirst_node(RangeVar, lc);
		MigRel	   *rel = mig_effects_find(e, name);

		if (rel == NULL)
			continue;
		if (rel->kind == RELKIND_VIEW)
			mig_effects_view_sources(e, rel, stmt->mode);
		else if (name->inh)
			mig_effects_lock_tree(e, rel, stmt->mode);
		mig_effects_lock(e, rel, stmt->mode);
	}
}

static void
trigger_effects(MigEffects *e, CreateTrigStmt *stmt)
{
	MigRel	   *rel = mig_effects_find(e, stmt->relation);
	ListCell   *lc;

	if (rel == NULL)
		return;
	mig_effects_lock(e, rel, ShareRowExclusiveLock);
	mig_effects_lock(e, mig_effects_find(e, stmt->constrrel), AccessShareLock);
	if (stmt->row && rel->kind == RELKIND_PARTITIONED_TABLE)
	{
		foreach(lc, mig_rel_tree(rel))
			mig_effects_lock(e, lfirst(lc), ShareRowExclusiveLock);
	}
}

/* The table of an object that is named by it and a name within it. */
static MigRel *
table_of_object(MigEffects *e, Node *object)
{
	List	   *names;

	if (object == NULL || !IsA(object, List))
		return NULL;
	names = castNode(List, object);
	if (list_length(names) < 2)
		return NULL;
	return mig_effects_find_list(e, list_copy_head(names, list_length(names) - 1));
}

/* COMMENT, SECURITY LABEL, and what an extension takes in or gives up. */
static void
object_effects(MigEffects *e, ObjectType type, Node *object, LOCKMODE mode)
{
	switch (type)
	{
		case OBJECT_TABLE:
		case OBJECT_INDEX:
		case OBJECT_VIEW:
		case OBJECT_MATVIEW:
		case OBJECT_SEQUENCE:
		case OBJECT_FOREIGN_TABLE:
			if (IsA(object, List))
				mig_effects_lock(e, mig_effects_find_list(e, castNode(List, object)), mode);
			break;
		case OBJECT_COLUMN:
			mig_effects_lock(e, table_of_object(e, object), mode);
			break;
		case OBJECT_TABCONSTRAINT:
		case OBJECT_TRIGGER:
		case OBJECT_RULE:
		case OBJECT_POLICY:
			mig_effects_lock(e, table_of_object(e, object), AccessShareLock);
			break;
		default:
			break;
	}
}

static void
grant_effects(MigEffects *e, GrantStmt *stmt)
{
	ListCell   *lc;

	if (!MIG_GRANT_LOCKS || stmt->targtype != ACL_TARGET_OBJECT ||
		(stmt->objtype != OBJECT_TABLE && stmt->objtype != OBJECT_SEQUENCE))
		return;
	foreach(lc, stmt->objects)
	{
		Node	   *name = lfirst(lc);

		if (IsA(name, RangeVar))
			mig_effects_lock(e, mig_effects_find(e, (RangeVar *) name), AccessShareLock);
	}
}

static void
rename_effects(MigEffects *e, RenameStmt *stmt)
{
	MigRel	   *rel;
	MigConstraint *constraint;

	switch (stmt->renameType)
	{
		case OBJECT_TABLE:
		case OBJECT_INDEX:
		case OBJECT_VIEW:
		case OBJECT_MATVIEW:
		case OBJECT_SEQUENCE:
		case OBJECT_FOREIGN_TABLE:
			rel = mig_effects_find(e, stmt->relation);
			if (rel == NULL)
				rel = mig_effects_rel(e, mig_world_find_index(e->world, stmt->relation));
			if (rel == NULL)
				break;
			mig_effects_lock(e, rel, stmt->renameType == OBJECT_INDEX &&
							 (rel->kind == RELKIND_INDEX ||
							  rel->kind == RELKIND_PARTITIONED_INDEX) ?
							 ShareUpdateExclusiveLock : AccessExclusiveLock);
			break;
		case OBJECT_COLUMN:
		case OBJECT_ATTRIBUTE:
			rel = mig_effects_find(e, stmt->relation);
			if (rel == NULL)
				break;
			if (stmt->relation->inh)
				mig_effects_lock_tree(e, rel, AccessExclusiveLock);
			mig_effects_lock(e, rel, AccessExclusiveLock);
			if (rel->kind == RELKIND_COMPOSITE_TYPE && stmt->behavior == DROP_CASCADE)
				mig_effects_lock_typed(e, rel, AccessExclusiveLock);
			break;
		case OBJECT_TABCONSTRAINT:
			rel = mig_effects_find(e, stmt->relation);
			if (rel == NULL)
				break;
			mig_effects_lock(e, rel, AccessExclusiveLock);
			constraint = mig_rel_constraint(rel, stmt->subname);
			if (constraint && stmt->relation->inh && !constraint->no_inherit &&
				(constraint->kind == CONSTRAINT_CHECK || constraint->kind == 'n'))
				mig_effects_lock_tree(e, rel, AccessExclusiveLock);
			/* its index has the same name */
			if (constraint && constraint->kind != CONSTRAINT_FOREIGN)
				mig_effects_lock(e, mig_constraint_index(constraint), ShareUpdateExclusiveLock);
			break;
		case OBJECT_TRIGGER:
			rel = mig_effects_find(e, stmt->relation);
			if (rel == NULL)
				break;
			mig_effects_lock(e, rel, AccessExclusiveLock);
			if (rel->kind == RELKIND_PARTITIONED_TABLE)
				mig_effects_lock_tree(e, rel, AccessExclusiveLock);
			break;
		case OBJECT_RULE:
		case OBJECT_POLICY:
			mig_effects_lock(e, mig_effects_find(e, stmt->relation), AccessExclusiveLock);
			break;
		case OBJECT_TYPE:
			if (IsA(stmt->object, List))
			{
				/* a composite one is a relation */
				rel = mig_effects_find_list(e, castNode(List, stmt->object));
				if (rel && rel->kind == RELKIND_COMPOSITE_TYPE)
					mig_effects_lock(e, rel, AccessExclusiveLock);
			}
			break;
		default:
			break;
	}
}

static void
set_schema_effects(MigEffects *e, AlterObjectSchemaStmt *stmt)
{
	MigRel	   *rel;
	ListCell   *lc;

	switch (stmt->objectType)
	{
		case OBJECT_TABLE:
		case OBJECT_VIEW:
		case OBJECT_MATVIEW:
		case OBJECT_SEQUENCE:
		case OBJECT_FOREIGN_TABLE:
			rel = mig_effects_find(e, stmt->relation);
			if (rel == NULL)
				break;
			mig_effects_lock(e, rel, AccessExclusiveLock);
			foreach(lc, mig_rel_sequences(rel))
				mig_effects_lock(e, lfirst(lc), AccessExclusiveLock);
			break;
		default:
			break;
	}
}

/* All tables with a column of a domain whose values are looked at. */
static void
domain_effects(MigEffects *e, AlterDomainStmt *stmt)
{
	bool		scans = false;
	Oid			domain;
	TypeName   *name;
	MigTypeRef	ref;
	ListCell   *lc;

	switch (stmt->subtype)
	{
		case 'O':				/* SET NOT NULL */
		case 'V':				/* VALIDATE */
			scans = true;
			break;
		case 'C':				/* ADD */
			scans = !castNode(Constraint, stmt->def)->skip_validation;
			break;
		default:
			break;
	}
	if (!scans)
		return;
	name = makeTypeNameFromNameList(stmt->typeName);
	if (!mig_world_resolve_type(e->world, name, &ref))
		return;
	domain = OidIsValid(ref.oid) ? ref.oid : ref.own ? ref.own->oid : InvalidOid;
	if (!OidIsValid(domain))
		return;
	if (stmt->subtype == 'O')
	{
		HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(domain));
		bool		not_null = false;

		if (HeapTupleIsValid(tuple))
		{
			not_null = ((Form_pg_type) GETSTRUCT(tuple))->typnotnull;
			ReleaseSysCache(tuple);
		}
		if (not_null)
			return;
	}
	foreach(lc, mig_type_tables(e->world, domain))
	{
		MigTypeUse *use = lfirst(lc);

		if (use->rel->kind != RELKIND_RELATION && use->rel->kind != RELKIND_MATVIEW)
			continue;
		mig_effects_lock(e, use->rel, ShareLock);
		mig_effects_scan(e, use->rel, MIG_WHY_DOMAIN);
	}
}

/* Is there an OWNED BY, and whose is it then; NULL: of no table. */
static MigRel *
owned_by(MigEffects *e, List *options)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		DefElem    *option = lfirst_node(DefElem, lc);

		if (strcmp(option->defname, "owned_by") == 0 && option->arg &&
			IsA(option->arg, List))
		{
			List	   *names = castNode(List, option->arg);

			if (list_length(names) > 1)
				return mig_effects_find_list(e, list_copy_head(names,
															   list_length(names) - 1));
		}
	}
	return NULL;
}

static void
alter_sequence_effects(MigEffects *e, AlterSeqStmt *stmt)
{
	MigRel	   *rel = mig_effects_find(e, stmt->sequence);

	if (rel == NULL)
		return;
	mig_effects_lock(e, rel, ShareRowExclusiveLock);
	mig_effects_lock(e, rel, RowExclusiveLock);
	mig_effects_lock(e, owned_by(e, stmt->options), AccessShareLock);
}

static void
publication_effects(MigEffects *e, List *objects, const char *replaced)
{
	Oid			oid = replaced ? get_publication_oid(replaced, true) : InvalidOid;
	ListCell   *lc;

	if (OidIsValid(oid))
	{
		foreach(lc, GetPublicationRelations(oid, PUBLICATION_PART_ROOT))
			mig_effects_lock_oid(e, lfirst_oid(lc), ShareUpdateExclusiveLock);
	}

	foreach(lc, objects)
	{
		PublicationObjSpec *object = lfirst_node(PublicationObjSpec, lc);
		MigRel	   *rel;

		if (object->pubtable == NULL)
			continue;
		rel = mig_effects_find(e, object->pubtable->relation);
		if (rel == NULL)
			continue;
		mig_effects_lock(e, rel, ShareUpdateExclusiveLock);
		if (object->pubtable->relation->inh && rel->kind != RELKIND_PARTITIONED_TABLE)
			mig_effects_lock_tree(e, rel, ShareUpdateExclusiveLock);
	}
}

static void
statistics_effects(MigEffects *e, CreateStatsStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->relations)
	{
		if (IsA(lfirst(lc), RangeVar))
			mig_effects_lock(e, mig_effects_find(e, lfirst(lc)),
							 ShareUpdateExclusiveLock);
	}
}

static void
view_effects(MigEffects *e, ViewStmt *stmt)
{
	mig_effects_query(e, stmt->query, MIG_QUERY_ANALYSED);
	if (stmt->replace)
		mig_effects_lock(e, mig_effects_find(e, stmt->view), AccessExclusiveLock);
}

static void
create_as_effects(MigEffects *e, CreateTableAsStmt *stmt, MigQueryStage stage)
{
	bool		there = stmt->if_not_exists &&
		mig_world_find(e->world, stmt->into->rel) != NULL;

	mig_effects_query(e, stmt->query, stmt->into->skipData || there ?
					  MIG_QUERY_ANALYSED : stage);
}

static void
rule_effects(MigEffects *e, RuleStmt *stmt)
{
	ListCell   *lc;

	mig_effects_lock(e, mig_effects_find(e, stmt->relation), AccessExclusiveLock);
	foreach(lc, stmt->actions)
		mig_effects_query(e, lfirst(lc), MIG_QUERY_ANALYSED);
	if (stmt->whereClause)
		mig_effects_query(e, stmt->whereClause, MIG_QUERY_ANALYSED);
}

static void
policy_effects(MigEffects *e, RangeVar *table, Node *qual, Node *check)
{
	mig_effects_lock(e, mig_effects_find(e, table), AccessExclusiveLock);
	if (qual)
		mig_effects_query(e, qual, MIG_QUERY_ANALYSED);
	if (check)
		mig_effects_query(e, check, MIG_QUERY_ANALYSED);
}

static void
move_all_effects(MigEffects *e, AlterTableMoveAllStmt *stmt)
{
	const char *kinds;
	Oid			from = get_tablespace_oid(stmt->orig_tablespacename, true);
	ListCell   *lc;

	if (!OidIsValid(from) || strcmp(stmt->orig_tablespacename, stmt->new_tablespacename) == 0)
		return;
	if (from == MyDatabaseTableSpace)
		from = InvalidOid;
	if (stmt->objtype == OBJECT_INDEX)
		kinds = "iI";
	else if (stmt->objtype == OBJECT_MATVIEW)
		kinds = "m";
	else
		kinds = "rp";
	foreach(lc, relations_of(e, InvalidOid, kinds))
	{
		MigRel	   *rel = mig_world_rel(e->world, lfirst_oid(lc));

		if (rel && !rel->dropped && rel->tablespace == from)
		{
			mig_effects_lock(e, rel, AccessExclusiveLock);
			if (rel->kind == RELKIND_RELATION || rel->kind == RELKIND_MATVIEW)
				mig_effects_of(e, rel)->rewrites = true;
			mig_effects_of(e, rel)->reason = MIG_WHY_TABLESPACE;
		}
	}
}

static void
statement_effects(MigEffects *e, Node *stmt)
{
	ListCell   *lc;

	check_stack_depth();
	if (mig_effects_is_query(stmt))
	{
		mig_effects_query(e, stmt, MIG_QUERY_RUN);
		return;
	}
	switch (nodeTag(stmt))
	{
		case T_AlterTableStmt:
			mig_effects_alter_table(e, (AlterTableStmt *) stmt);
			break;
		case T_CreateStmt:
			mig_effects_create_table(e, (CreateStmt *) stmt);
			break;
		case T_CreateForeignTableStmt:
			mig_effects_create_table(e, &((CreateForeignTableStmt *) stmt)->base);
			break;
		case T_IndexStmt:
			mig_effects_create_index(e, (IndexStmt *) stmt);
			break;
		case T_DropStmt:
			mig_effects_drop(e, (DropStmt *) stmt);
			break;
		case T_CopyStmt:
			mig_effects_copy(e, (CopyStmt *) stmt);
			break;
		case T_CreateTableAsStmt:
			create_as_effects(e, (CreateTableAsStmt *) stmt, MIG_QUERY_RUN);
			break;
		case T_ViewStmt:
			view_effects(e, (ViewStmt *) stmt);
			break;
		case T_TruncateStmt:
			truncate_effects(e, (TruncateStmt *) stmt);
			break;
		case T_ReindexStmt:
			reindex_effects(e, (ReindexStmt *) stmt);
			break;
		case T_ClusterStmt:
			cluster_effects(e, (ClusterStmt *) stmt);
			break;
		case T_VacuumStmt:
			vacuum_effects(e, (VacuumStmt *) stmt);
			break;
		case T_RefreshMatViewStmt:
			refresh_effects(e, (RefreshMatViewStmt *) stmt);
			break;
		case T_LockStmt:
			lock_effects(e, (LockStmt *) stmt);
			break;
		case T_CreateTrigStmt:
			trigger_effects(e, (CreateTrigStmt *) stmt);
			break;
		case T_RuleStmt:
			rule_effects(e, (RuleStmt *) stmt);
			break;
		case T_CreatePolicyStmt:
			policy_effects(e, ((CreatePolicyStmt *) stmt)->table,
						   ((CreatePolicyStmt *) stmt)->qual,
						   ((CreatePolicyStmt *) stmt)->with_check);
			break;
		case T_AlterPolicyStmt:
			policy_effects(e, ((AlterPolicyStmt *) stmt)->table,
						   ((AlterPolicyStmt *) stmt)->qual,
						   ((AlterPolicyStmt *) stmt)->with_check);
			break;
		case T_CreateStatsStmt:
			statistics_effects(e, (CreateStatsStmt *) stmt);
			break;
		case T_CommentStmt:
			object_effects(e, ((CommentStmt *) stmt)->objtype,
						   ((CommentStmt *) stmt)->object, ShareUpdateExclusiveLock);
			break;
		case T_SecLabelStmt:
			object_effects(e, ((SecLabelStmt *) stmt)->objtype,
						   ((SecLabelStmt *) stmt)->object, ShareUpdateExclusiveLock);
			break;
		case T_AlterExtensionContentsStmt:
			object_effects(e, ((AlterExtensionContentsStmt *) stmt)->objtype,
						   ((AlterExtensionContentsStmt *) stmt)->object,
						   ShareUpdateExclusiveLock);
			break;
		case T_AlterObjectDependsStmt:
			{
				AlterObjectDependsStmt *depends = (AlterObjectDependsStmt *) stmt;

				if (depends->relation)
					mig_effects_lock(e, mig_effects_find(e, depends->relation),
									 AccessExclusiveLock);
				break;
			}
		case T_GrantStmt:
			grant_effects(e, (GrantStmt *) stmt);
			break;
		case T_RenameStmt:
			rename_effects(e, (RenameStmt *) stmt);
			break;
		case T_AlterObjectSchemaStmt:
			set_schema_effects(e, (AlterObjectSchemaStmt *) stmt);
			break;
		case T_AlterDomainStmt:
			domain_effects(e, (AlterDomainStmt *) stmt);
			break;
		case T_AlterSeqStmt:
			alter_sequence_effects(e, (AlterSeqStmt *) stmt);
			break;
		case T_CreateSeqStmt:
			mig_effects_lock(e, owned_by(e, ((CreateSeqStmt *) stmt)->options),
							 AccessShareLock);
			break;
		case T_CreatePublicationStmt:
			publication_effects(e, ((CreatePublicationStmt *) stmt)->pubobjects, NULL);
			break;
		case T_AlterPublicationStmt:
			publication_effects(e, ((AlterPublicationStmt *) stmt)->pubobjects,
								((AlterPublicationStmt *) stmt)->action == AP_SetObjects ?
								((AlterPublicationStmt *) stmt)->pubname : NULL);
			break;
		case T_AlterTableMoveAllStmt:
			move_all_effects(e, (AlterTableMoveAllStmt *) stmt);
			break;
		case T_ExplainStmt:
			{
				ExplainStmt *explain = (ExplainStmt *) stmt;
				MigQueryStage stage = option_is_on(explain->options, "analyze") ?
					MIG_QUERY_RUN : MIG_QUERY_PLANNED;

				if (mig_effects_is_query(explain->query))
					mig_effects_query(e, explain->query, stage);
				else if (IsA(explain->query, CreateTableAsStmt))
					create_as_effects(e, (CreateTableAsStmt *) explain->query, stage);
				else if (IsA(explain->query, DeclareCursorStmt))
					mig_effects_query(e, ((DeclareCursorStmt *) explain->query)->query, stage);
				break;
			}
		case T_PrepareStmt:
			mig_effects_query(e, ((PrepareStmt *) stmt)->query, MIG_QUERY_ANALYSED);
			break;
		case T_DeclareCursorStmt:
			mig_effects_query(e, ((DeclareCursorStmt *) stmt)->query, MIG_QUERY_PLANNED);
			break;
		case T_CreateSchemaStmt:
			foreach(lc, ((CreateSchemaStmt *) stmt)->schemaElts)
				statement_effects(e, lfirst(lc));
			break;
		default:
			break;
	}
}

/*
 * mig_effects
 *		What a statement would do to the relations of a world.
 */
List *
mig_effects(MigWorld *world, const MigStatement *stmt)
{
	MigEffects	e = {0};
	ListCell   *lc;

	e.world = world;
	e.stmt = stmt;
	e.source = stmt->source;
	statement_effects(&e, stmt->raw->stmt);
	foreach(lc, e.named)
	{
		MigEffect  *effect = find_effect(&e, lfirst(lc));

		if (effect)
			effect->named = true;
	}
	if (e.by_rel)
		hash_destroy(e.by_rel);
	return e.list;
}

/*
 * mig_effect_strongest
 *		The mode that conflicts with most others.
 */
LOCKMODE
mig_effect_strongest(const MigEffect *effect)
{
	LOCKMODE	mode;

	for (mode = AccessExclusiveLock; mode > NoLock; mode--)
		if (effect->modes & LOCKBIT_ON(mode))
			return mode;
	return NoLock;
}

static bool
conflicts(const MigEffect *effect, LOCKMODE with)
{
	LOCKMODE	mode;

	for (mode = AccessShareLock; mode <= AccessExclusiveLock; mode++)
		if ((effect->modes & LOCKBIT_ON(mode)) && DoLockModesConflict(mode, with))
			return true;
	return false;
}

/*
 * mig_effect_blocks_reads
 *		Does a plain SELECT wait; for one of its indexes, of the table.
 */
bool
mig_effect_blocks_reads(const MigEffect *effect)
{
	return conflicts(effect, AccessShareLock);
}

/*
 * mig_effect_blocks_writes
 *		Do INSERT, UPDATE and DELETE wait; they lock a table's indexes too.
 */
bool
mig_effect_blocks_writes(const MigEffect *effect)
{
	return conflicts(effect, RowExclusiveLock);
}
