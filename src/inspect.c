/*-------------------------------------------------------------------------
 *
 * inspect.c
 *	  The recorder: what a statement did, by differences of what the server
 *	  counts and holds before and after it.
 *
 * What is looked at grows with what was locked, never with the catalogs.
 *
 * Expects a subtransaction of the caller's, whose rollback undoes all, and
 * takes no lock but those on catalogs, which it gives back.
 *
 *-------------------------------------------------------------------------
 */
#include "inspect.h"
#include "lint.h"
#include "compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_namespace.h"
#include "commands/prepare.h"
#include "pgstat.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

/*
 * mig_inspect_counters
 *		The statistics of a relation that this transaction has not reported yet;
 *		false if there are none.
 */
bool
mig_inspect_counters(Oid relid, int64 *counters)
{
	PgStat_TableStatus *entry = find_tabstat_entry(relid);
	PgStat_TableXactStatus *level;

	if (entry == NULL)
		return false;
	counters[MIG_COUNT_SCANS] = mig_tabstat(entry, numscans);
	counters[MIG_COUNT_TUPLES] = mig_tabstat(entry, tuples_returned);
	counters[MIG_COUNT_INSERTED] = mig_tabstat(entry, tuples_inserted);
	counters[MIG_COUNT_UPDATED] = mig_tabstat(entry, tuples_updated);
	counters[MIG_COUNT_DELETED] = mig_tabstat(entry, tuples_deleted);

	/* from PostgreSQL 16 on these are included, and there is no level here */
	for (level = entry->trans; level != NULL; level = level->upper)
	{
		counters[MIG_COUNT_INSERTED] += level->tuples_inserted;
		counters[MIG_COUNT_UPDATED] += level->tuples_updated;
		counters[MIG_COUNT_DELETED] += level->tuples_deleted;
	}
	return true;
}

static MigSeenRewrite *
add_rewrite(MigRecorder *recorder, const MigSeenRel *rel, const char *reason)
{
	MigSeenRewrite *rewrite = palloc0(sizeof(MigSeenRewrite));

	rewrite->relation = rel->name;
	rewrite->kind = rel->kind;
	rewrite->old = rel->old;
	rewrite->reason = reason;
	recorder->seen->rewrites = lappend(recorder->seen->rewrites, rewrite);
	return rewrite;
}

static void
add_index(MigRecorder *recorder, const MigSeenRel *rel, const char *action,
		  const FormData_pg_class *form)
{
	MigSeenIndex *index = palloc0(sizeof(MigSeenIndex));

	index->index = rel->name;
	index->table = rel->table_name;
	index->table_oid = rel->table;
	index->action = action;
	index->old = rel->old;
	index->bytes = mig_inspect_file_size(form);
	recorder->seen->indexes = lappend(recorder->seen->indexes, index);
}

/* Changes of a relation's row that no hook is told of. */
static bool
is_altered(HeapTuple before, HeapTuple after)
{
	Form_pg_class old = (Form_pg_class) GETSTRUCT(before);
	Form_pg_class new = (Form_pg_class) GETSTRUCT(after);
	static const AttrNumber columns[] = {Anum_pg_class_relacl, Anum_pg_class_reloptions};
	int			i;

	if (old->relrowsecurity != new->relrowsecurity ||
		old->relforcerowsecurity != new->relforcerowsecurity ||
		old->relreplident != new->relreplident ||
		old->relowner != new->relowner)
		return true;
	for (i = 0; i < lengthof(columns); i++)
	{
		bool		old_null;
		bool		new_null;
		Datum		old_value = SysCacheGetAttr(RELOID, before, columns[i], &old_null);
		Datum		new_value = SysCacheGetAttr(RELOID, after, columns[i], &new_null);

		if (old_null != new_null)
			return true;
		if (!old_null &&
			(VARSIZE_ANY(DatumGetPointer(old_value)) != VARSIZE_ANY(DatumGetPointer(new_value)) ||
			 memcmp(DatumGetPointer(old_value), DatumGetPointer(new_value),
					VARSIZE_ANY(DatumGetPointer(old_value))) != 0))
			return true;
	}
	return false;
}

static void
add_altered(MigRecorder *recorder, const MigSeenRel *rel)
{
	MigSeenObject *object;
	ListCell   *lc;

	if (rel->kind == RELKIND_TOASTVALUE)
		return;
	foreach(lc, recorder->in_order)
	{
		MigObjectEvent *event = (MigObjectEvent *) lfirst(lc);

		if (event->key[0] == RelationRelationId && event->key[1] == rel->relid &&
			event->sub == 0)
			return;
	}
	object = palloc(sizeof(MigSeenObject));
	object->action = "altered";
	object->type = pstrdup(mig_relkind_name(rel->kind));
	object->identity = rel->name;
	recorder->seen->objects = lappend(recorder->seen->objects, object);
}

static void
examine(MigRecorder *recorder, const MigTouched *touched, HeapTuple before,
		HeapTuple after, const List *dropped)
{
	Form_pg_class old = HeapTupleIsValid(before) ? (Form_pg_class) GETSTRUCT(before) : NULL;
	Form_pg_class new = (Form_pg_class) GETSTRUCT(after);
	MigSeenRel *rel;

	/* somebody else's may be invalidated as well */
	if (!TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(after->t_data)))
		return;
	if (old == NULL)
	{
		if (new->relkind == RELKIND_INDEX)
		{
			rel = mig_inspect_relation(recorder, touched->relid);
			if (!rel->hidden && new->relnamespace != PG_TOAST_NAMESPACE)
				add_index(recorder, rel, list_member_oid(dropped, new->relfilenode) ?
						  "reused" : "built", new);
		}
		return;
	}
	rel = mig_inspect_relation(recorder, touched->relid);
	if (rel->hidden)
		return;
	if (old->relfilenode != new->relfilenode)
	{
		if (new->relkind == RELKIND_INDEX)
			add_index(recorder, rel, "rebuilt", new);
		else if (RELKIND_HAS_TABLE_AM(new->relkind))
		{
			MigSeenRewrite *rewrite =
				add_rewrite(recorder, rel, touched->rewritten ? touched->reason :
							touched->truncated ? MIG_WHY_TRUNCATE :
							old->reltablespace != new->reltablespace ? MIG_WHY_TABLESPACE :
							MIG_WHY_TRUNCATE);

			rewrite->old_bytes = mig_inspect_size(old, recorder->before);
			rewrite->new_bytes = mig_inspect_size(new, NULL);
		}
	}
	if (is_altered(before, after))
		add_altered(recorder, rel);
}

/* What the statement has made of the relations that it touched. */
static void
examine_touched(MigRecorder *recorder)
{
	HASH_SEQ_STATUS status;
	MigTouched *touched;
	MigTouched *all = palloc(sizeof(MigTouched) * hash_get_num_entries(recorder->touched));
	HeapTuple  *befores = palloc(sizeof(HeapTuple) * hash_get_num_entries(recorder->touched));
	HeapTuple  *afters = palloc(sizeof(HeapTuple) * hash_get_num_entries(recorder->touched));
	List	   *dropped = NIL;
	int			n = 0;
	int			i;

	/* looking them up may add some, of the catalogs' */
	hash_seq_init(&status, recorder->touched);
	while ((touched = hash_seq_search(&status)) != NULL)
		all[n++] = *touched;
	for (i = 0; i < n; i++)
	{
		befores[i] = mig_inspect_class(all[i].relid, recorder->before);
		afters[i] = mig_inspect_class(all[i].relid, NULL);
		if (HeapTupleIsValid(befores[i]) && !HeapTupleIsValid(afters[i]) &&
			((Form_pg_class) GETSTRUCT(befores[i]))->relkind == RELKIND_INDEX)
			dropped = lappend_oid(dropped,
								  ((Form_pg_class) GETSTRUCT(befores[i]))->relfilenode);
		if (!HeapTupleIsValid(afters[i]))
		{
			MigSeenRel *rel = hash_search(recorder->rels, &all[i].relid, HASH_FIND, NULL);

			if (rel != NULL)
				mig_inspect_enter(recorder, rel->relid)->gone = true;
		}
	}
	for (i = 0; i < n; i++)
	{
		MemoryContext caller = MemoryContextSwitchTo(recorder->context);

		if (HeapTupleIsValid(afters[i]))
			examine(recorder, &all[i], befores[i], afters[i], dropped);
		MemoryContextSwitchTo(caller);
	}
}

/* Whatever was altered may have another name when the next statement begins. */
static void
set_stale(MigRecorder *recorder)
{
	HASH_SEQ_STATUS status;
	MigTouched *touched;

	hash_seq_init(&status, recorder->touched);
	while ((touched = hash_seq_search(&status)) != NULL)
	{
		MigSeenRel *rel = hash_search(recorder->rels, &touched->relid, HASH_FIND, NULL);

		if (rel != NULL)
			rel->stale = true;
	}
}

static MigSeenScan *
scan_of(MigRecorder *recorder, const MigSeenRel *rel)
{
	MigSeenScan *scan;
	ListCell   *lc;

	foreach(lc, recorder->seen->scans)
	{
		scan = (MigSeenScan *) lfirst(lc);
		if (scan->relid == rel->relid)
			return scan;
	}
	scan = palloc0(sizeof(MigSeenScan));
	scan->relid = rel->relid;
	scan->relation = rel->name;
	scan->old = rel->old;
	recorder->seen->scans = lappend(recorder->seen->scans, scan);
	return scan;
}

static const char *
reason_of_scan(const MigRecorder *recorder, const MigSeenScan *scan)
{
	ListCell   *lc;

	foreach(lc, recorder->seen->rewrites)
	{
		MigSeenRewrite *rewrite = (MigSeenRewrite *) lfirst(lc);

		if (strcmp(rewrite->relation, scan->relation) == 0)
			return rewrite->reason;
	}
	if (recorder->scan_reasons != NIL)
	{
		const char *reason = (const char *) linitial(recorder->scan_reasons);

		return strcmp(reason, MIG_WHY_PARTITION) == 0 && !mig_inspect_is_named(recorder, scan->relation) ?
			MIG_WHY_DEFAULT_PARTITION : reason;
	}
	foreach(lc, recorder->seen->indexes)
	{
		if (((MigSeenIndex *) lfirst(lc))->table_oid == scan->relid)
			return MIG_WHY_INDEX;
	}
	return MIG_WHY_QUERY;
}

/* What was counted for a relation since the last time; an index's is put off. */
static void
read_relation(MigRecorder *recorder, MigSeenRel *rel, List **indexes)
{
	MigObservation *seen = recorder->seen;
	int64		now[MIG_COUNTERS];
	int64		delta[MIG_COUNTERS];
	int			i;

	if (!rel->known || rel->hidden || rel->gone ||
		(rel->kind != RELKIND_RELATION && rel->kind != RELKIND_MATVIEW &&
		 rel->kind != RELKIND_INDEX))
		return;
	if (!mig_inspect_counters(rel->relid, now) ||
		memcmp(now, rel->counters, sizeof(now)) == 0)
		return;
	for (i = 0; i < MIG_COUNTERS; i++)
	{
		/* TRUNCATE takes back what was inserted */
		delta[i] = Max(now[i] - rel->counters[i], 0);
		rel->counters[i] = now[i];
	}
	if (rel->kind == RELKIND_INDEX)
	{
		if (delta[MIG_COUNT_SCANS] > 0)
		{
			MigSeenScan *scan = palloc0(sizeof(MigSeenScan));

			scan->relid = rel->table;
			scan->index_scans = delta[MIG_COUNT_SCANS];
			*indexes = lappend(*indexes, scan);
		}
		return;
	}
	MemoryContextSwitchTo(recorder->context);
	if (delta[MIG_COUNT_SCANS] > 0 || delta[MIG_COUNT_TUPLES] > 0)
	{
		MigSeenScan *scan = scan_of(recorder, rel);

		scan->scans = delta[MIG_COUNT_SCANS];
		scan->tuples = delta[MIG_COUNT_TUPLES];
	}
	if (delta[MIG_COUNT_INSERTED] > 0 || delta[MIG_COUNT_UPDATED] > 0 ||
		delta[MIG_COUNT_DELETED] > 0)
	{
		MigSeenRows *rows = palloc0(sizeof(MigSeenRows));

		rows->relation = rel->name;
		rows->old = rel->old;
		rows->inserted = delta[MIG_COUNT_INSERTED];
		rows->updated = delta[MIG_COUNT_UPDATED];
		rows->deleted = delta[MIG_COUNT_DELETED];
		seen->rows = lappend(seen->rows, rows);
	}
	MemoryContextSwitchTo(recorder->scratch);
}

/* What was counted for the relations that the statement may have got to. */
static void
read_statistics(MigRecorder *recorder)
{
	MigObservation *seen = recorder->seen;
	MemoryContext caller = MemoryContextSwitchTo(recorder->scratch);
	HASH_SEQ_STATUS status;
	MigSeenRel *rel;
	MigTouched *touched;
	List	   *indexes = NIL;
	ListCell   *lc;
	ListCell   *lc2;

	if (recorder->suspect_all)
	{
		hash_seq_init(&status, recorder->rels);
		while ((rel = hash_seq_search(&status)) != NULL)
			read_relation(recorder, mig_inspect_enter(recorder, rel->relid), &indexes);
	}
	else
	{
		hash_seq_init(&status, recorder->touched);
		while ((touched = hash_seq_search(&status)) != NULL)
		{
			rel = hash_search(recorder->rels, &touched->relid, HASH_FIND, NULL);
			if (rel != NULL)
				mig_suspect(recorder, rel);
		}
		foreach(lc, recorder->suspects)
		{
			rel = (MigSeenRel *) lfirst(lc);
			if (!rel->known)
				rel = mig_inspect_relation(recorder, rel->relid);
			read_relation(recorder, rel, &indexes);
			foreach(lc2, rel->indexes)
				read_relation(recorder, (MigSeenRel *) lfirst(lc2), &indexes);
		}
	}
	MemoryContextSwitchTo(recorder->context);
	foreach(lc, indexes)
	{
		MigSeenScan *index = (MigSeenScan *) lfirst(lc);

		rel = hash_search(recorder->rels, &index->relid, HASH_FIND, NULL);
		if (rel != NULL && rel->known && !rel->hidden && rel->kind != RELKIND_TOASTVALUE)
			scan_of(recorder, rel)->index_scans += index->index_scans;
	}
	foreach(lc, seen->scans)
		((MigSeenScan *) lfirst(lc))->reason = reason_of_scan(recorder, lfirst(lc));
	MemoryContextSwitchTo(caller);
}

/*
 * mig_observe_leak
 *		Name what a rollback does not undo, once in a dry run.
 */
void
mig_observe_leak(MigRecorder *recorder, const char *kind, const char *object,
				 const char *detail)
{
	MemoryContext caller;
	MigSeenLeak *leak;
	ListCell   *lc;

	foreach(lc, recorder->seen->leaks)
	{
		leak = (MigSeenLeak *) lfirst(lc);
		if (strcmp(leak->kind, kind) == 0 &&
			strcmp(leak->object ? leak->object : "", object ? object : "") == 0)
			return;
	}
	caller = MemoryContextSwitchTo(recorder->context);
	leak = palloc(sizeof(MigSeenLeak));
	leak->kind = kind;
	leak->object = object ? pstrdup(object) : NULL;
	leak->detail = detail;
	recorder->seen->leaks = lappend(recorder->seen->leaks, leak);
	MemoryContextSwitchTo(caller);
}

/* Leaks that show in what was recorded. */
static void
find_leaks(MigRecorder *recorder)
{
	ListCell   *lc;

	foreach(lc, recorder->seen->locks)
	{
		MigSeenLock *lock = (MigSeenLock *) lfirst(lc);

		if (lock->rel == NULL || lock->mode != RowExclusiveLock)
			continue;
		if (lock->rel->kind == RELKIND_SEQUENCE && lock->rel->old)
			mig_observe_leak(recorder, "sequence", lock->name,
							 "The sequence was advanced, and its lock stays until the transaction ends.");
		else if (lock->rel->kind == RELKIND_FOREIGN_TABLE)
			mig_observe_leak(recorder, "foreign table", lock->name,
							 "The other server may not take part in the rollback.");
	}
	foreach(lc, recorder->seen->rows)
	{
		MigSeenRows *rows = (MigSeenRows *) lfirst(lc);

		if (rows->old && rows->inserted + rows->updated > 0)
			mig_observe_leak(recorder, "bloat", rows->relation,
							 "The row versions that were rolled back stay until VACUUM.");
	}
}

static int
cmp_locks(const ListCell *a, const ListCell *b)
{
	const MigSeenLock *left = (const MigSeenLock *) lfirst(a);
	const MigSeenLock *right = (const MigSeenLock *) lfirst(b);
	int			cmp;

	if (left->rel == NULL || right->rel == NULL)
		cmp = left->rel == right->rel ? memcmp(&left->tag, &right->tag, sizeof(LOCKTAG)) :
			left->rel == NULL ? 1 : -1;
	else
		cmp = strcmp(left->name, right->name);
	return cmp != 0 ? cmp : left->mode - right->mode;
}

static int
cmp_rewrites(const ListCell *a, const ListCell *b)
{
	return strcmp(((const MigSeenRewrite *) lfirst(a))->relation,
				  ((const MigSeenRewrite *) lfirst(b))->relation);
}

static int
cmp_indexes(const ListCell *a, const ListCell *b)
{
	const MigSeenIndex *left = (const MigSeenIndex *) lfirst(a);
	const MigSeenIndex *right = (const MigSeenIndex *) lfirst(b);

	return strcmp(left->index ? left->index : left->table,
				  right->index ? right->index : right->table);
}

static int
cmp_scans(const ListCell *a, const ListCell *b)
{
	return strcmp(((const MigSeenScan *) lfirst(a))->relation,
				  ((const MigSeenScan *) lfirst(b))->relation);
}

static int
cmp_rows(const ListCell *a, const ListCell *b)
{
	return strcmp(((const MigSeenRows *) lfirst(a))->relation,
				  ((const MigSeenRows *) lfirst(b))->relation);
}

/*
 * mig_sort_observation
 *		By names: they come as hash tables have them.
 */
void
mig_sort_observation(MigObservation *seen)
{
	list_sort(seen->locks, cmp_locks);
	list_sort(seen->rewrites, cmp_rewrites);
	list_sort(seen->indexes, cmp_indexes);
	list_sort(seen->scans, cmp_scans);
	list_sort(seen->rows, cmp_rows);
}

static HTAB *
make_table(MigRecorder *recorder, const char *name, Size key, Size entry)
{
	HASHCTL		ctl = {0};

	ctl.keysize = key;
	ctl.entrysize = entry;
	ctl.hcxt = recorder->context;
	return hash_create(name, 64, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static HTAB *
make_touched(MigRecorder *recorder)
{
	return make_table(recorder, "migrate touched relations", sizeof(Oid),
					  sizeof(MigTouched));
}

static HTAB *
make_events(MigRecorder *recorder)
{
	return make_table(recorder, "migrate object events", 3 * sizeof(Oid),
					  sizeof(MigObjectEvent));
}

/* Empty a table; one that has grown would be slow to go through for ever. */
static void
clear_table(MigRecorder *recorder, HTAB **table, HTAB *(*make) (MigRecorder *))
{
	HASH_SEQ_STATUS status;
	void	   *entry;

	if (hash_get_num_entries(*table) == 0)
		return;
	if (hash_get_num_entries(*table) > 256)
	{
		hash_destroy(*table);
		*table = make(recorder);
		return;
	}
	hash_seq_init(&status, *table);
	while ((entry = hash_seq_search(&status)) != NULL)
		(void) hash_search(*table, entry, HASH_REMOVE, NULL);
}

static void
forget_statement(MigRecorder *recorder)
{
	recorder->active = false;
	set_stale(recorder);
	clear_table(recorder, &recorder->touched, make_touched);
	clear_table(recorder, &recorder->events, make_events);
	recorder->in_order = NIL;
	recorder->suspects = NIL;
	recorder->suspect_all = false;
	recorder->rewrite_reasons = NIL;
	recorder->scan_reasons = NIL;
	recorder->expected = NIL;
	recorder->instead = false;
	recorder->wait = NULL;
	if (recorder->before != NULL)
		UnregisterSnapshotFromOwner(recorder->before, recorder->owner);
	recorder->before = NULL;
	MemoryContextReset(recorder->scratch);
}

/*
 * mig_observe_begin
 *		A statement is about to run.  text must last until it is done.
 */
void
mig_observe_begin(MigRecorder *recorder, const char *text, int number)
{
	MemoryContext caller = MemoryContextSwitchTo(recorder->context);

	recorder->seen = palloc0(sizeof(MigObservation));
	MemoryContextSwitchTo(caller);
	recorder->text = text;
	recorder->number = number;
	recorder->stopped = false;
	recorder->serial++;
	CommandCounterIncrement();
	recorder->before = RegisterSnapshotOnOwner(GetTransactionSnapshot(), recorder->owner);
	recorder->wal = pgWalUsage;
	recorder->buffers = pgBufferUsage;
	recorder->active = true;
	INSTR_TIME_SET_CURRENT(recorder->began);
}

/*
 * mig_observe_expect
 *		... and takes these locks, by what is known of it: those that are held
 *		since an earlier transaction are added to those that are seen; or, if
 *		it is run in another form, they count instead.  They must last until
 *		it is done.
 */
void
mig_observe_expect(MigRecorder *recorder, int transaction, List *expected, bool instead)
{
	recorder->transaction = transaction;
	recorder->expected = expected;
	recorder->instead = instead;
}

static void
stop_clock(MigRecorder *recorder)
{
	MigObservation *seen = recorder->seen;
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, recorder->began);
	seen->ms = INSTR_TIME_GET_MILLISEC(now);
	WalUsageAccumDiff(&seen->wal, &pgWalUsage, &recorder->wal);
	BufferUsageAccumDiff(&seen->buffers, &pgBufferUsage, &recorder->buffers);
	recorder->active = false;
}

/*
 * mig_observe_end
 *		It is done: what it did.
 */
MigObservation *
mig_observe_end(MigRecorder *recorder)
{
	MemoryContext caller = MemoryContextSwitchTo(recorder->scratch);
	MigObservation *seen = recorder->seen;

	/* its last changes are seen now, and told to the relation cache */
	CommandCounterIncrement();
	stop_clock(recorder);
	mig_absorb_locks(recorder, seen);
	MemoryContextSwitchTo(recorder->context);
	mig_name_locks(recorder, seen);
	MemoryContextSwitchTo(recorder->scratch);
	examine_touched(recorder);
	MemoryContextSwitchTo(recorder->context);
	mig_listen_objects(recorder);
	MemoryContextSwitchTo(recorder->scratch);
	read_statistics(recorder);
	mig_sort_observation(seen);
	find_leaks(recorder);
	MemoryContextSwitchTo(caller);
	forget_statement(recorder);
	return seen;
}

/*
 * mig_observe_error
 *		It has raised an error that is caught, in a transaction that is still
 *		to be aborted: see what it held.
 */
void
mig_observe_error(MigRecorder *recorder)
{
	/* whoever raised it may have one of those that are needed here */
	LWLockReleaseAll();
	stop_clock(recorder);
	if (recorder->wait != NULL)
	{
		recorder->wait->ms = (GetCurrentTimestamp() - recorder->wait_began) / 1000.0;
		recorder->wait = NULL;
	}
	mig_absorb_locks(recorder, recorder->seen);
}

/*
 * mig_observe_failed
 *		... and its subtransaction is aborted: what it did until then.
 */
MigObservation *
mig_observe_failed(MigRecorder *recorder)
{
	MemoryContext caller = MemoryContextSwitchTo(recorder->context);
	MigObservation *seen = recorder->seen;
	HASH_SEQ_STATUS status;
	MigTouched *touched;

	mig_name_locks(recorder, seen);
	hash_seq_init(&status, recorder->touched);
	while ((touched = hash_seq_search(&status)) != NULL)
	{
		MigSeenRel *rel;

		if (!touched->rewritten)
			continue;
		rel = mig_inspect_relation(recorder, touched->relid);
		if (rel->known && !rel->hidden)
		{
			MigSeenRewrite *rewrite = add_rewrite(recorder, rel, touched->reason);

			rewrite->old_bytes = rel->bytes;
			rewrite->new_bytes = -1;
		}
	}
	read_statistics(recorder);
	mig_sort_observation(seen);
	find_leaks(recorder);
	MemoryContextSwitchTo(caller);
	forget_statement(recorder);
	mig_absorb_locks(recorder, NULL);
	MemoryContextReset(recorder->scratch);
	return seen;
}

/*
 * mig_recorder_sync
 *		What is locked now was not locked by a statement.  After a rollback,
 *		what was seen of relations may no longer be so.
 */
void
mig_recorder_sync(MigRecorder *recorder, bool rolled_back)
{
	if (rolled_back)
		recorder->rollbacks++;
	mig_absorb_locks(recorder, NULL);
	MemoryContextReset(recorder->scratch);
}

/*
 * Counters that are not zero yet belong to earlier statements of the session.
 * Only here is every relation looked at, once.
 */
static void
read_first_statistics(MigRecorder *recorder)
{
	Relation	classes = table_open(RelationRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(classes, InvalidOid, false, recorder->start, 0, NULL);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);
		int64		counters[MIG_COUNTERS];

		if (form->oid < FirstNormalObjectId ||
			(form->relkind != RELKIND_RELATION && form->relkind != RELKIND_MATVIEW &&
			 form->relkind != RELKIND_INDEX) || !mig_inspect_counters(form->oid, counters))
			continue;
		memcpy(mig_inspect_enter(recorder, form->oid)->counters, counters, sizeof(counters));
	}
	systable_endscan(scan);
	table_close(classes, AccessShareLock);
}

/*
 * mig_recorder_begin
 *		Record in the current memory context from now on.  With probe, whoever
 *		begins to rewrite a relation gets an error.
 */
MigRecorder *
mig_recorder_begin(bool probe)
{
	MigRecorder *recorder = palloc0(sizeof(MigRecorder));
	MemoryContext caller;
	Oid			own_owner;

	recorder->context = CurrentMemoryContext;
	recorder->scratch = AllocSetContextCreate(CurrentMemoryContext, "migrate recorder",
											  ALLOCSET_DEFAULT_SIZES);
	recorder->owner = CurrentResourceOwner;
	recorder->probe = probe;
	if (!mig_extension(&recorder->own_schema, &own_owner))
		recorder->own_schema = InvalidOid;
	recorder->rels = make_table(recorder, "migrate relations", sizeof(Oid),
								sizeof(MigSeenRel));
	recorder->touched = make_touched(recorder);
	recorder->events = make_events(recorder);
	recorder->start = RegisterSnapshot(GetTransactionSnapshot());
	mig_begin_locks(recorder);
	recorder->logs_lock_waits = log_lock_waits;
	caller = MemoryContextSwitchTo(recorder->scratch);
	read_first_statistics(recorder);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(recorder->scratch);
	mig_listen(recorder);
	return recorder;
}

/*
 * mig_recorder_end
 *		Record no more.  All is rolled back; undo what that does not reach.
 */
void
mig_recorder_end(MigRecorder *recorder)
{
	ListCell   *lc;

	recorder->active = false;
	mig_unlisten();
	foreach(lc, recorder->prepared)
		DropPreparedStatement((char *) lfirst(lc), false);
}
