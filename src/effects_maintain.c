/*-------------------------------------------------------------------------
 *
 * effects_maintain.c
 *	  Effects of what is done to the contents of whole relations: TRUNCATE,
 *	  REINDEX, CLUSTER, VACUUM and ANALYZE, REFRESH, moving to a tablespace.
 *
 * See effects.c for what all of these expect.
 *
 *-------------------------------------------------------------------------
 */
#include "effects_internal.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "commands/defrem.h"
#include "commands/tablespace.h"
#include "compat.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/syscache.h"

/* Is a boolean option on? */
bool
mig_effects_option(List *options, const char *name)
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

/* TRUNCATE: what the tables named and, with CASCADE, others lose. */
void
mig_effects_truncate(MigEffects *e, TruncateStmt *stmt)
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

void
mig_effects_reindex(MigEffects *e, ReindexStmt *stmt)
{
	bool		concurrently = mig_effects_option(stmt->params, "concurrently");
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

void
mig_effects_cluster(MigEffects *e, ClusterStmt *stmt)
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

void
mig_effects_vacuum(MigEffects *e, VacuumStmt *stmt)
{
	bool		full = stmt->is_vacuumcmd && mig_effects_option(stmt->options, "full");
	bool		analyze = !stmt->is_vacuumcmd || mig_effects_option(stmt->options, "analyze");
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

void
mig_effects_refresh(MigEffects *e, RefreshMatViewStmt *stmt)
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

void
mig_effects_move_all(MigEffects *e, AlterTableMoveAllStmt *stmt)
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
