/*-------------------------------------------------------------------------
 *
 * inspect_locks.c
 *	  Which relations are locked, and what they are called.
 *
 * Names are those from before the statement, by a snapshot that is taken
 * then: it still sees what the statement drops.
 *
 * Takes no lock but those on catalogs, which it gives back.
 *
 *-------------------------------------------------------------------------
 */
#include "inspect.h"
#include "compat.h"

#include <ctype.h>

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/indexing.h"
#include "catalog/pg_index.h"
#include "catalog/pg_namespace.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "storage/smgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"

/* A longer statement is searched for names no further, in bytes. */
#define SEARCHED_TEXT (64 * 1024)

typedef struct HeldLock
{
	LOCKTAG		tag;			/* hash key */
	LOCKMASK	shared;			/* in the shared table */
	LOCKMASK	fast;			/* by the fast path */
	LOCKMASK	modes;			/* both, as they were last told of */
	LOCKMASK	taken;			/* by statements of ... */
	int			transaction;	/* ... this one */
	bool		changed;		/* since then */
} HeldLock;

/* A lock in the shared table, in its list of this process. */
typedef struct ListedLock
{
	LOCKTAG		tag;
	LOCKMASK	modes;
	HeldLock   *held;			/* NULL: not told of */
} ListedLock;

/* ... and all of a partition of the table, which grows at its end. */
typedef struct MigLockList
{
	ListedLock *locks;
	int			n;
	int			size;
} MigLockList;

/* The row of a catalog by OID as a snapshot sees it; NULL: there is none. */
static HeapTuple
catalog_row(Oid catalog, Oid index, AttrNumber column, Oid oid, Snapshot snapshot)
{
	Relation	rel = table_open(catalog, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(oid));
	scan = systable_beginscan(rel, index, true, snapshot, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		tuple = heap_copytuple(tuple);
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return tuple;
}

/*
 * mig_inspect_class
 *		A relation's row of pg_class as a snapshot sees it.  palloc'd; NULL if
 *		there is none.
 */
HeapTuple
mig_inspect_class(Oid relid, Snapshot snapshot)
{
	return catalog_row(RelationRelationId, ClassOidIndexId, Anum_pg_class_oid, relid,
					   snapshot);
}

/*
 * mig_inspect_file_size
 *		Bytes in the main fork of a relation's file, which need not be its
 *		last.
 */
int64
mig_inspect_file_size(const FormData_pg_class *form)
{
	MigRelFile	file = {
		form->reltablespace ? form->reltablespace : MyDatabaseTableSpace,
		MyDatabaseId, form->relfilenode
	};
	SMgrRelation smgr;

	if (!OidIsValid(form->relfilenode) || !RELKIND_HAS_STORAGE(form->relkind) ||
		form->relisshared)
		return 0;
	smgr = smgropen(file, form->relpersistence == RELPERSISTENCE_TEMP ?
					mig_own_backend() : MIG_NO_BACKEND);
	return smgrexists(smgr, MAIN_FORKNUM) ?
		(int64) smgrnblocks(smgr, MAIN_FORKNUM) * BLCKSZ : 0;
}

/*
 * mig_inspect_size
 *		... and of its TOAST table.
 */
int64
mig_inspect_size(const FormData_pg_class *form, Snapshot snapshot)
{
	int64		size = mig_inspect_file_size(form);
	HeapTuple	toast = OidIsValid(form->reltoastrelid) ?
		mig_inspect_class(form->reltoastrelid, snapshot) : NULL;

	if (HeapTupleIsValid(toast))
	{
		size += mig_inspect_file_size((Form_pg_class) GETSTRUCT(toast));
		heap_freetuple(toast);
	}
	return size;
}

static char *
qualified_name(const FormData_pg_class *form, Snapshot snapshot)
{
	HeapTuple	tuple = catalog_row(NamespaceRelationId, NamespaceOidIndexId,
									Anum_pg_namespace_oid, form->relnamespace, snapshot);
	char	   *name;

	if (!HeapTupleIsValid(tuple))
		return pstrdup(quote_identifier(NameStr(form->relname)));
	name = quote_qualified_identifier(NameStr(((Form_pg_namespace) GETSTRUCT(tuple))->nspname),
									  NameStr(form->relname));
	heap_freetuple(tuple);
	return name;
}

/*
 * mig_inspect_enter
 *		The recorder's entry of a relation.
 */
MigSeenRel *
mig_inspect_enter(MigRecorder *recorder, Oid relid)
{
	bool		found;
	MigSeenRel *rel = hash_search(recorder->rels, &relid, HASH_ENTER, &found);

	if (!found)
		memset((char *) rel + sizeof(Oid), 0, sizeof(MigSeenRel) - sizeof(Oid));
	if (rel->rollbacks != recorder->rollbacks)
	{
		rel->rollbacks = recorder->rollbacks;
		rel->stale = true;
		rel->gone = false;
	}
	return rel;
}

static void
note_index(MigRecorder *recorder, Oid table, MigSeenRel *index)
{
	MigSeenRel *rel = mig_inspect_enter(recorder, table);
	MemoryContext caller = MemoryContextSwitchTo(recorder->context);

	rel->indexes = lappend(rel->indexes, index);
	MemoryContextSwitchTo(caller);
}

/* A new name or schema is that of the next statement. */
static void
describe_kin(MigRecorder *recorder, MigSeenRel *rel, const FormData_pg_class *form,
			 Snapshot snapshot)
{
	unsigned int owner;

	if (rel->kind == RELKIND_TOASTVALUE &&
		sscanf(NameStr(form->relname), "pg_toast_%u", &owner) == 1)
		rel->table = (Oid) owner;
	else if (rel->kind == RELKIND_INDEX || rel->kind == RELKIND_PARTITIONED_INDEX)
	{
		HeapTuple	index = catalog_row(IndexRelationId, IndexRelidIndexId,
										Anum_pg_index_indexrelid, rel->relid, snapshot);

		if (HeapTupleIsValid(index))
		{
			if (!OidIsValid(rel->table))
				note_index(recorder, ((Form_pg_index) GETSTRUCT(index))->indrelid, rel);
			rel->table = ((Form_pg_index) GETSTRUCT(index))->indrelid;
			heap_freetuple(index);
		}
	}
	if (OidIsValid(rel->table))
	{
		HeapTuple	table = mig_inspect_class(rel->table, snapshot);

		if (HeapTupleIsValid(table))
		{
			MemoryContext caller = MemoryContextSwitchTo(recorder->context);

			rel->table_name = qualified_name((Form_pg_class) GETSTRUCT(table), snapshot);
			MemoryContextSwitchTo(caller);
			heap_freetuple(table);
		}
	}
}

/*
 * mig_inspect_relation
 *		What a relation is, and what it was called before the statement;
 *		afterwards if that made it.
 */
MigSeenRel *
mig_inspect_relation(MigRecorder *recorder, Oid relid)
{
	MigSeenRel *rel = mig_inspect_enter(recorder, relid);
	Snapshot	snapshot = recorder->before;
	HeapTuple	tuple;
	Form_pg_class form;
	MemoryContext caller;

	if (rel->known && !rel->stale)
		return rel;
	tuple = mig_inspect_class(relid, snapshot);
	if (!HeapTupleIsValid(tuple))
	{
		snapshot = NULL;
		tuple = mig_inspect_class(relid, snapshot);
	}
	if (!HeapTupleIsValid(tuple))
	{
		rel->hidden = !rel->known;
		return rel;
	}
	form = (Form_pg_class) GETSTRUCT(tuple);
	caller = MemoryContextSwitchTo(recorder->context);
	rel->name = qualified_name(form, snapshot);
	MemoryContextSwitchTo(caller);
	rel->kind = form->relkind;
	/* lint reads sizes in there */
	rel->hidden = form->relnamespace == recorder->own_schema &&
		strncmp(NameStr(form->relname), "migrate_", 8) == 0;
	describe_kin(recorder, rel, form, snapshot);
	if (!rel->known)
	{
		HeapTuple	old = snapshot == NULL ? NULL :
			mig_inspect_class(relid, recorder->start);

		rel->old = HeapTupleIsValid(old);
		if (rel->old)
		{
			rel->bytes = mig_inspect_size((Form_pg_class) GETSTRUCT(old), recorder->start);
			heap_freetuple(old);
		}
	}
	rel->known = true;
	rel->stale = false;
	heap_freetuple(tuple);
	return rel;
}

/*
 * mig_suspect
 *		The statement may have read or written the relation.
 */
void
mig_suspect(MigRecorder *recorder, MigSeenRel *rel)
{
	MemoryContext caller;

	if (rel->suspected == recorder->serial)
		return;
	rel->suspected = recorder->serial;
	caller = MemoryContextSwitchTo(recorder->scratch);
	recorder->suspects = lappend(recorder->suspects, rel);
	MemoryContextSwitchTo(caller);
}

static bool
is_name_byte(char c)
{
	return isalnum((unsigned char) c) || c == '_' || c == '$' || (c & 0x80);
}

/*
 * mig_inspect_is_named
 *		Is the last part of a relation's name a word of the statement?
 */
bool
mig_inspect_is_named(const MigRecorder *recorder, const char *name)
{
	const char *end = recorder->text + strnlen(recorder->text, SEARCHED_TEXT);
	const char *last = name;
	const char *p;
	bool		quoted = false;
	int			len;

	for (p = name; *p; p++)
	{
		if (*p == '"')
			quoted = !quoted;
		else if (*p == '.' && !quoted)
			last = p + 1;
	}
	len = strlen(last);
	for (p = recorder->text; p + len <= end; p++)
	{
		if (*last == '"' ? strncmp(p, last, len) == 0 :
			(pg_strncasecmp(p, last, len) == 0 &&
			 (p == recorder->text || !is_name_byte(p[-1])) &&
			 (p + len == end || !is_name_byte(p[len]))))
			return true;
	}
	return false;
}

/* Is a lock one that is worth telling of? */
static bool
is_telling(const LOCKTAG *tag, LOCKMASK *modes)
{
	if (tag->locktag_type == LOCKTAG_ADVISORY)
		return true;
	if (tag->locktag_type != LOCKTAG_RELATION ||
		(tag->locktag_field1 != MyDatabaseId && tag->locktag_field1 != InvalidOid))
		return false;

	/* every command reads and writes the catalogs */
	if (tag->locktag_field2 < FirstNormalObjectId)
		*modes &= ~(LOCKBIT_ON(AccessShareLock) | LOCKBIT_ON(RowShareLock) |
					LOCKBIT_ON(RowExclusiveLock) | LOCKBIT_ON(ShareUpdateExclusiveLock));
	return *modes != 0;
}

static void
take_modes(const MigRecorder *recorder, HeldLock *held, LOCKMASK modes)
{
	if (held->transaction != recorder->transaction)
		held->taken = 0;
	held->transaction = recorder->transaction;
	held->taken |= modes;
}

/* Note that a lock has changed. */
static void
note_change(HeldLock *held, List **changed)
{
	if (!held->changed)
		*changed = lappend(*changed, held);
	held->changed = true;
}

static HeldLock *
enter_held(MigRecorder *recorder, const LOCKTAG *tag)
{
	bool		found;
	HeldLock   *held = hash_search(recorder->held, tag, HASH_ENTER, &found);

	if (!found)
		memset((char *) held + sizeof(LOCKTAG), 0, sizeof(HeldLock) - sizeof(LOCKTAG));
	return held;
}

/* What is listed from n on is there no more. */
static void
cut_list(MigLockList *list, int n, List **changed)
{
	int			i;

	for (i = n; i < list->n; i++)
	{
		if (list->locks[i].held != NULL)
		{
			list->locks[i].held->shared = 0;
			note_change(list->locks[i].held, changed);
		}
	}
	list->n = n;
}

static void
extend_list(MigRecorder *recorder, MigLockList *list)
{
	if (list->locks == NULL)
		list->locks = MemoryContextAlloc(recorder->context, sizeof(ListedLock) * 16);
	else
		list->locks = repalloc_huge(list->locks, sizeof(ListedLock) * list->size * 2);
	list->size = list->size == 0 ? 16 : list->size * 2;
}

/*
 * Compare the locks of a partition with those that were listed.  As a rule all
 * of these are still there, in the same order, and only new ones are looked
 * up.
 */
static void
compare_list(MigRecorder *recorder, int partition, List **changed)
{
	MigLockList *list = &recorder->lists[partition];
	PROCLOCK   *lock = NULL;
	int			i;

	for (i = 0; (lock = mig_next_proclock(partition, lock)) != NULL; i++)
	{
		const LOCKTAG *tag = &lock->tag.myLock->tag;
		ListedLock *listed = i < list->n ? &list->locks[i] : NULL;
		LOCKMASK	modes = lock->holdMask;

		if (listed != NULL && memcmp(&listed->tag, tag, sizeof(LOCKTAG)) == 0)
		{
			if (listed->modes == modes)
				continue;
		}
		else
		{
			cut_list(list, i, changed);
			if (list->n == list->size)
				extend_list(recorder, list);
			listed = &list->locks[list->n++];
			listed->tag = *tag;
		}
		listed->modes = modes;
		listed->held = is_telling(tag, &modes) ? enter_held(recorder, tag) : NULL;
		if (listed->held != NULL)
		{
			listed->held->shared = modes;
			note_change(listed->held, changed);
		}
	}
	cut_list(list, i, changed);
}

/* The fast path has few locks, of weak modes. */
static void
compare_fast_path(MigRecorder *recorder, List **changed)
{
	static const LOCKMODE weak[] = {AccessShareLock, RowShareLock, RowExclusiveLock};
	List	   *before = recorder->fast;
	ListCell   *lc;
	int			i;

	recorder->fast = NIL;
	foreach(lc, before)
	{
		((HeldLock *) lfirst(lc))->fast = 0;
		note_change((HeldLock *) lfirst(lc), changed);
	}
	list_free(before);
	for (i = 0; i < mig_fast_path_slots(); i++)
	{
		LOCKTAG		tag;
		LOCKMASK	modes = 0;
		HeldLock   *held;
		int			j;

		if (!OidIsValid(MyProc->fpRelId[i]))
			continue;
		SET_LOCKTAG_RELATION(tag, MyDatabaseId, MyProc->fpRelId[i]);
		for (j = 0; j < lengthof(weak); j++)
		{
			if (mig_LockHeldByMe(&tag, weak[j]))
				modes |= LOCKBIT_ON(weak[j]);
		}
		if (modes == 0 || !is_telling(&tag, &modes))
			continue;
		held = enter_held(recorder, &tag);
		held->fast = modes;
		note_change(held, changed);
		recorder->fast = lappend(recorder->fast, held);
	}
}

/*
 * mig_absorb_locks
 *		Go through the locks of this process, and add those that were not held
 *		the last time to the observation.  Looks nothing up.
 */
void
mig_absorb_locks(MigRecorder *recorder, MigObservation *seen)
{
	MemoryContext caller = MemoryContextSwitchTo(recorder->context);
	List	   *changed = NIL;
	ListCell   *lc;
	int			i;

	for (i = 0; i < NUM_LOCK_PARTITIONS; i++)
	{
		LWLockAcquire(LockHashPartitionLockByIndex(i), LW_SHARED);
		compare_list(recorder, i, &changed);
		LWLockRelease(LockHashPartitionLockByIndex(i));
	}
	LWLockAcquire(&MyProc->fpInfoLock, LW_SHARED);
	compare_fast_path(recorder, &changed);
	LWLockRelease(&MyProc->fpInfoLock);

	foreach(lc, changed)
	{
		HeldLock   *held = (HeldLock *) lfirst(lc);
		LOCKMASK	modes = held->shared | held->fast;
		LOCKMASK	fresh = modes & ~held->modes;
		LOCKMODE	mode;

		held->changed = false;
		held->modes = modes;
		if (seen == NULL || fresh == 0)
			continue;
		take_modes(recorder, held, fresh);
		for (mode = AccessShareLock; mode <= AccessExclusiveLock; mode++)
		{
			if (fresh & LOCKBIT_ON(mode))
			{
				MigSeenLock *new = palloc0(sizeof(MigSeenLock));

				new->tag = held->tag;
				new->mode = mode;
				seen->locks = lappend(seen->locks, new);
			}
		}
	}
	list_free(changed);
	MemoryContextSwitchTo(caller);
}

static LOCKMODE
strongest(LOCKMASK modes)
{
	LOCKMODE	mode = AccessExclusiveLock;

	while (mode > NoLock && !(modes & LOCKBIT_ON(mode)))
		mode--;
	return mode;
}

static void
note_mode(const MigRecorder *recorder, MigSeenRel *rel, LOCKMODE mode)
{
	if (mode > strongest(rel->modes))
	{
		rel->first = recorder->number;
		rel->first_name = rel->name;
	}
	rel->modes |= LOCKBIT_ON(mode);
}

static MigSeenLock *
add_lock(MigSeenRel *rel, LOCKMODE mode, bool named)
{
	MigSeenLock *lock = palloc0(sizeof(MigSeenLock));

	lock->rel = rel;
	lock->name = rel->name;
	lock->mode = mode;
	lock->named = named;
	lock->predicted = true;
	return lock;
}

/*
 * Locks that the statement takes, and that do not show: an earlier transaction
 * of a real run would have released them, and this one still holds them.
 */
static List *
add_expected(MigRecorder *recorder, List *locks)
{
	ListCell   *lc;

	foreach(lc, recorder->expected)
	{
		const MigExpected *expected = (const MigExpected *) lfirst(lc);
		LOCKMASK	modes = expected->modes;
		LOCKTAG		tag;
		HeldLock   *held;
		MigSeenRel *rel;
		LOCKMODE	mode;

		SET_LOCKTAG_RELATION(tag, MyDatabaseId, expected->relid);
		held = hash_search(recorder->held, &tag, HASH_FIND, NULL);
		if (held != NULL && held->transaction == recorder->transaction)
			modes &= ~held->taken;
		if (!recorder->instead)
			modes &= held != NULL ? held->modes : 0;
		if (modes == 0)
			continue;
		rel = mig_inspect_relation(recorder, expected->relid);
		if (rel->hidden || !rel->known)
			continue;
		for (mode = AccessShareLock; mode <= AccessExclusiveLock; mode++)
		{
			if (modes & LOCKBIT_ON(mode))
			{
				locks = lappend(locks, add_lock(rel, mode, expected->named));
				note_mode(recorder, rel, mode);
			}
		}
		if (held != NULL)
			take_modes(recorder, held, modes);
	}
	return locks;
}

/*
 * mig_name_locks
 *		Give the locks of the observation their names; forget those without.
 */
void
mig_name_locks(MigRecorder *recorder, MigObservation *seen)
{
	List	   *named = NIL;
	ListCell   *lc;

	foreach(lc, seen->locks)
	{
		MigSeenLock *lock = (MigSeenLock *) lfirst(lc);
		MigSeenRel *rel;

		if (lock->tag.locktag_type == LOCKTAG_RELATION)
		{
			rel = mig_inspect_relation(recorder, (Oid) lock->tag.locktag_field2);
			if (rel->hidden || !rel->known ||
				(recorder->instead && recorder->expected != NIL && rel->old &&
				 lock->mode >= ShareUpdateExclusiveLock))
				continue;
			mig_suspect(recorder, rel);
			lock->rel = rel;
			lock->name = rel->name;
			lock->named = mig_inspect_is_named(recorder, rel->name);
			note_mode(recorder, rel, lock->mode);
		}
		named = lappend(named, lock);
	}
	seen->locks = add_expected(recorder, named);
	foreach(lc, seen->waits)
	{
		MigSeenWait *wait = (MigSeenWait *) lfirst(lc);

		if (OidIsValid(wait->relid) && wait->relation == NULL)
		{
			MigSeenRel *rel = mig_inspect_relation(recorder, wait->relid);

			wait->relation = rel->name;
		}
		seen->lock_wait_ms += wait->ms;
	}
}

/*
 * mig_inspect_holds_locks
 *		Does the transaction hold a lock on a relation that is no catalog?
 */
bool
mig_inspect_holds_locks(void)
{
	LockData   *data = GetLockStatusData();
	int			i;

	for (i = 0; i < data->nelements; i++)
	{
		LockInstanceData *lock = &data->locks[i];

		if (lock->pid == MyProcPid && lock->holdMask != 0 &&
			lock->locktag.locktag_type == LOCKTAG_RELATION &&
			lock->locktag.locktag_field2 >= FirstNormalObjectId)
			return true;
	}
	return false;
}

/*
 * mig_read_advisory
 *		The advisory locks of the session and the transaction.
 */
void
mig_read_advisory(MigAdvisory *advisory)
{
	LockData   *data = GetLockStatusData();
	int			i;

	advisory->tags = palloc(sizeof(LOCKTAG) * Max(data->nelements, 1));
	advisory->modes = palloc(sizeof(LOCKMASK) * Max(data->nelements, 1));
	advisory->n = 0;
	for (i = 0; i < data->nelements; i++)
	{
		LockInstanceData *lock = &data->locks[i];

		if (lock->pid != MyProcPid || lock->holdMask == 0 ||
			lock->locktag.locktag_type != LOCKTAG_ADVISORY)
			continue;
		advisory->tags[advisory->n] = lock->locktag;
		advisory->modes[advisory->n++] = lock->holdMask;
	}
}

/*
 * mig_begin_locks
 *		What is locked before there is a statement.
 */
void
mig_begin_locks(MigRecorder *recorder)
{
	HASHCTL		ctl = {0};

	ctl.keysize = sizeof(LOCKTAG);
	ctl.entrysize = sizeof(HeldLock);
	ctl.hcxt = recorder->context;
	recorder->held = hash_create("migrate held locks", 64, &ctl,
								 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	recorder->lists = palloc0(sizeof(MigLockList) * NUM_LOCK_PARTITIONS);
}

static LOCKMASK
modes_in(const MigAdvisory *advisory, const LOCKTAG *tag)
{
	int			i;

	for (i = 0; i < advisory->n; i++)
	{
		if (memcmp(tag, &advisory->tags[i], sizeof(LOCKTAG)) == 0)
			return advisory->modes[i];
	}
	return 0;
}

/*
 * mig_restore_advisory
 *		Release the session's advisory locks that are new, and get those back
 *		that are gone.
 */
void
mig_restore_advisory(const MigAdvisory *before)
{
	MigAdvisory now;
	LOCKMODE	mode;
	int			i;

	mig_read_advisory(&now);
	for (mode = AccessShareLock; mode <= AccessExclusiveLock; mode++)
	{
		for (i = 0; i < now.n; i++)
		{
			if ((now.modes[i] & LOCKBIT_ON(mode)) &&
				!(modes_in(before, &now.tags[i]) & LOCKBIT_ON(mode)))
			{
				while (mig_LockHeldByMe(&now.tags[i], mode) &&
					   LockRelease(&now.tags[i], mode, true))
					;
			}
		}
		for (i = 0; i < before->n; i++)
		{
			if ((before->modes[i] & LOCKBIT_ON(mode)) &&
				!(modes_in(&now, &before->tags[i]) & LOCKBIT_ON(mode)))
				(void) LockAcquire(&before->tags[i], mode, true, true);
		}
	}
}
