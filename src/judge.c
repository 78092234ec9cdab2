/*-------------------------------------------------------------------------
 *
 * judge.c
 *	  Was a statement done that refuses a transaction?
 *
 * Such a statement and its record cannot be one, so a crash may come between
 * them.  What it was meant to bring about is then looked for in the catalogs.
 * Only looks, as the role that runs the migrations; what must be cleared away
 * first is returned as SQL.
 *
 * Expects a transaction; takes no lock on a user's relation.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* A note: what a statement is to bring about was so before it began. */
#define WAS_SO "was so before"

typedef struct IndexState
{
	Oid			oid;
	bool		valid;
} IndexState;

/* The indexes of a table (IndexState *), those being built included. */
static List *
indexes_of(Oid heap)
{
	Relation	rel = table_open(IndexRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *result = NIL;

	ScanKeyInit(&key, Anum_pg_index_indrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(heap));
	scan = systable_beginscan(rel, IndexIndrelidIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_index form = (Form_pg_index) GETSTRUCT(tuple);
		IndexState *state = palloc(sizeof(IndexState));

		state->oid = form->indexrelid;
		state->valid = form->indisvalid && form->indisready && form->indislive;
		result = lappend(result, state);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return result;
}

static char *
qualified_name(Oid relation)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)),
									  get_rel_name(relation));
}

static char *
drop_index(Oid index)
{
	return psprintf("DROP INDEX CONCURRENTLY IF EXISTS %s", qualified_name(index));
}

/* The index of that name on the statement's table, or NULL. */
static IndexState *
named_index(const IndexStmt *stmt, Oid heap)
{
	Oid			oid = get_relname_relid(stmt->idxname, get_rel_namespace(heap));
	ListCell   *lc;

	foreach(lc, indexes_of(heap))
	{
		IndexState *state = (IndexState *) lfirst(lc);

		if (state->oid == oid)
			return state;
	}
	return NULL;
}

static Oid
relation_oid(RangeVar *name)
{
	return RangeVarGetRelid(name, NoLock, true);
}

/*
 * Transient indexes that a REINDEX CONCURRENTLY leaves behind (OIDs), of the
 * relations that the statement is about.
 */
static List *
reindex_leftovers(const ReindexStmt *stmt)
{
	static const char *const query =
		"SELECT i.indexrelid FROM pg_catalog.pg_index i"
		" JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid"
		" JOIN pg_catalog.pg_class t ON t.oid OPERATOR(pg_catalog.=) i.indrelid"
		" WHERE NOT i.indisvalid AND c.relname OPERATOR(pg_catalog.~) '_cc(new|old)[0-9]*$'"
		" AND ($1 OPERATOR(pg_catalog.=) 0 OR t.oid OPERATOR(pg_catalog.=) $1"
		" OR t.oid OPERATOR(pg_catalog.=) (SELECT h.reltoastrelid FROM pg_catalog.pg_class h"
		" WHERE h.oid OPERATOR(pg_catalog.=) $1))";
	Oid			types[1] = {OIDOID};
	Datum		values[1] = {ObjectIdGetDatum(InvalidOid)};
	MemoryContext caller = CurrentMemoryContext;
	List	   *result = NIL;
	uint64		i;

	if (stmt->kind == REINDEX_OBJECT_INDEX || stmt->kind == REINDEX_OBJECT_TABLE)
	{
		Oid			oid = relation_oid(stmt->relation);

		if (OidIsValid(oid) && stmt->kind == REINDEX_OBJECT_INDEX)
			oid = IndexGetRelation(oid, true);
		if (!OidIsValid(oid))
			return NIL;
		values[0] = ObjectIdGetDatum(oid);
	}
	PushActiveSnapshot(GetTransactionSnapshot());
	SPI_connect();
	if (SPI_execute_with_args(query, 1, types, values, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not look for indexes that are left over");
	for (i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		Oid			oid = DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[i],
														 SPI_tuptable->tupdesc, 1, &isnull));
		MemoryContext old = MemoryContextSwitchTo(caller);

		result = lappend_oid(result, oid);
		MemoryContextSwitchTo(old);
	}
	SPI_finish();
	PopActiveSnapshot();
	return result;
}

static void
append_oids(StringInfo buf, List *oids)
{
	ListCell   *lc;

	foreach(lc, oids)
		appendStringInfo(buf, " %u", lfirst_oid(lc));
}

/* Numbers of a note, from its nth on. */
static List *
note_oids(const char *note, int skip)
{
	List	   *result = NIL;
	char	   *end;

	while (note != NULL && *note)
	{
		Oid			oid = (Oid) strtoul(note, &end, 10);

		if (end == note)
			break;
		if (skip-- <= 0)
			result = lappend_oid(result, oid);
		note = end;
	}
	return result;
}

/*
 * An index without a name is known by not having been there before; two of
 * those cannot be told apart.
 */
static MigVerdict
judge_unnamed_index(Oid heap, const char *note, List **first)
{
	List	   *before = note_oids(note, 1);
	List	   *noted = note_oids(note, 0);
	IndexState *built = NULL;
	ListCell   *lc;

	/* a restored copy has other OIDs, and no INVALID index */
	if (noted == NIL || linitial_oid(noted) != heap)
		return MIG_ASK;
	foreach(lc, indexes_of(heap))
	{
		IndexState *state = (IndexState *) lfirst(lc);

		if (list_member_oid(before, state->oid))
			continue;
		if (built != NULL)
			return MIG_ASK;
		built = state;
	}
	if (built == NULL)
		return MIG_REPEAT;
	if (built->valid)
		return MIG_IS_DONE;
	*first = list_make1(drop_index(built->oid));
	return MIG_REPEAT;
}

static MigVerdict
judge_create_index(const IndexStmt *stmt, const char *note, List **first)
{
	Oid			heap = relation_oid(stmt->relation);
	IndexState *state;

	/* where there is no table the statement itself says so best */
	if (!OidIsValid(heap))
		return MIG_REPEAT;
	if (stmt->idxname == NULL)
		return judge_unnamed_index(heap, note, first);
	state = named_index(stmt, heap);
	if (state == NULL)
		return MIG_REPEAT;
	if (state->valid)
		return MIG_IS_DONE;
	*first = list_make1(drop_index(state->oid));
	return MIG_REPEAT;
}

static MigVerdict
judge_detach(const AlterTableStmt *stmt, List **first)
{
	PartitionCmd *command = (PartitionCmd *) ((AlterTableCmd *) linitial(stmt->cmds))->def;
	Oid			parent = relation_oid(stmt->relation);
	Oid			child = relation_oid(command->name);
	Oid			types[2] = {OIDOID, OIDOID};
	Datum		values[2] = {ObjectIdGetDatum(child), ObjectIdGetDatum(parent)};
	MigVerdict	verdict = MIG_REPEAT;
	bool		pending = false;

	if (!OidIsValid(parent) || !OidIsValid(child))
		return MIG_REPEAT;
	PushActiveSnapshot(GetTransactionSnapshot());
	SPI_connect();
	if (SPI_execute_with_args("SELECT inhdetachpending FROM pg_catalog.pg_inherits"
							  " WHERE inhrelid OPERATOR(pg_catalog.=) $1"
							  " AND inhparent OPERATOR(pg_catalog.=) $2", 2,
							  types, values, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not look for a partition");
	if (SPI_processed == 0)
		verdict = MIG_IS_DONE;
	else
	{
		bool		isnull;

		pending = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0],
											 SPI_tuptable->tupdesc, 1, &isnull));
	}
	SPI_finish();
	PopActiveSnapshot();
	if (pending)
	{
		*first = list_make1(psprintf("ALTER TABLE %s DETACH PARTITION %s FINALIZE",
									 qualified_name(parent), qualified_name(child)));
		verdict = MIG_IS_DONE;
	}
	return verdict;
}

/*
 * mig_judge
 *		Was a statement done that was begun?  *first is SQL (char *) to run
 *		before anything else.
 */
MigVerdict
mig_judge(const MigStatement *stmt, const char *note, List **first)
{
	Node	   *node = stmt->raw->stmt;
	ListCell   *lc;

	*first = NIL;
	if (note != NULL && strcmp(note, WAS_SO) == 0)
		return MIG_REPEAT;
	switch (nodeTag(node))
	{
		case T_IndexStmt:
			return judge_create_index((IndexStmt *) node, note, first);
		case T_DropStmt:
			return OidIsValid(relation_oid(makeRangeVarFromNameList((List *) linitial(((DropStmt *) node)->objects)))) ?
				MIG_REPEAT : MIG_IS_DONE;
		case T_ReindexStmt:
			foreach(lc, reindex_leftovers((ReindexStmt *) node))
			{
				if (!list_member_oid(note_oids(note, 0), lfirst_oid(lc)))
					*first = lappend(*first, drop_index(lfirst_oid(lc)));
			}
			return MIG_REPEAT;
		case T_AlterTableStmt:
			return judge_detach((AlterTableStmt *) node, first);
		case T_VacuumStmt:
		case T_ClusterStmt:
		case T_AlterSystemStmt:
		case T_AlterDatabaseStmt:
			return MIG_REPEAT;
		default:
			return MIG_ASK;
	}
}

/*
 * mig_judge_note
 *		What to remember before a statement begins, for mig_judge(); palloc'd,
 *		or NULL.
 */
char *
mig_judge_note(const MigStatement *stmt)
{
	Node	   *node = stmt->raw->stmt;
	StringInfoData buf;
	List	   *first;
	ListCell   *lc;

	initStringInfo(&buf);
	if (IsA(node, IndexStmt) && ((IndexStmt *) node)->idxname == NULL)
	{
		Oid			heap = relation_oid(((IndexStmt *) node)->relation);

		appendStringInfo(&buf, "%u", heap);
		foreach(lc, indexes_of(heap))
			appendStringInfo(&buf, " %u", ((IndexState *) lfirst(lc))->oid);
		return buf.data;
	}
	if (IsA(node, ReindexStmt))
	{
		append_oids(&buf, reindex_leftovers((ReindexStmt *) node));
		return buf.data;
	}
	if ((IsA(node, IndexStmt) || IsA(node, DropStmt) || IsA(node, AlterTableStmt)) &&
		mig_judge(stmt, NULL, &first) == MIG_IS_DONE && first == NIL)
		return pstrdup(WAS_SO);
	return NULL;
}

/*
 * mig_judge_before
 *		SQL (char *) to run before a statement is run for the first time: an
 *		INVALID index of its name, which an earlier attempt by whatever means
 *		has left, would make it fail, or do nothing.
 */
List *
mig_judge_before(const MigStatement *stmt)
{
	IndexStmt  *create = (IndexStmt *) stmt->raw->stmt;
	Oid			heap;
	IndexState *state;

	if (!IsA(create, IndexStmt) || create->idxname == NULL)
		return NIL;
	heap = relation_oid(create->relation);
	if (!OidIsValid(heap))
		return NIL;
	state = named_index(create, heap);
	return state == NULL || state->valid ? NIL : list_make1(drop_index(state->oid));
}

/*
 * mig_judge_failed
 *		Does a statement that has failed have no effect that counts, although
 *		one that was interrupted could not be judged?
 */
bool
mig_judge_failed(const MigStatement *stmt, const char *note)
{
	if (note != NULL && strcmp(note, WAS_SO) == 0)
		return true;
	switch (nodeTag(stmt->raw->stmt))
	{
		case T_IndexStmt:
		case T_DropStmt:
		case T_ReindexStmt:
		case T_AlterTableStmt:
			return false;
		default:
			return true;
	}
}

/*
 * mig_judge_after
 *		Raise an error if a statement that has succeeded did not do what it is
 *		there for.
 */
void
mig_judge_after(const MigStatement *stmt)
{
	IndexStmt  *create = (IndexStmt *) stmt->raw->stmt;
	Oid			heap;
	IndexState *state;

	if (!IsA(create, IndexStmt) || create->idxname == NULL)
		return;
	heap = relation_oid(create->relation);
	state = OidIsValid(heap) ? named_index(create, heap) : NULL;
	if (state == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("there is no index \"%s\" on \"%s\", although it was not created again",
						create->idxname, create->relation->relname),
				 errhint("Another relation has that name.")));
	if (!state->valid)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("index \"%s\" is INVALID", create->idxname),
				 errhint("Somebody else is building it, or has failed to. Repeat the call.")));
}
