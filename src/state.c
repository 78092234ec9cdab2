/*-------------------------------------------------------------------------
 *
 * state.c
 *	  What is applied.
 *
 * Owns migrate_state, whose primary key makes each migration run once, and
 * the trigger that keeps migrate_migration.settled true to it.  Works by
 * catalog.c's means (catalog.h): as the extension's owner, and never while a
 * migration's text runs.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "catalog.h"
#include "compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(migrate_state_changed);

/*
 * mig_state_applied
 *		The records of what is applied, in order of the keys.
 */
MigApplied *
mig_state_applied(const char *project, int *n)
{
	MigVisit	visit = mig_enter();
	Datum		values[1] = {CStringGetTextDatum(project)};
	uint64		rows = mig_run_query(Q_APPLIED, values, NULL);
	MigApplied *records = MemoryContextAllocHuge(visit.caller,
												 sizeof(MigApplied) * Max(rows, 1));
	uint64		i;

	for (i = 0; i < rows; i++)
	{
		MigApplied *record = &records[i];

		record->key = mig_bytea_field(&visit, i, 1);
		record->version = mig_text_field(&visit, i, 2);
		record->name = mig_text_field(&visit, i, 3);
		record->kind = mig_kind_of(mig_text_field(&visit, i, 4));
		record->at = mig_int_field(i, 5, 0);
		record->by = mig_text_field(&visit, i, 6);
		record->duration_us = mig_int_field(i, 7, 0);
		record->path = mig_text_field(&visit, i, 8);
	}
	mig_leave(&visit);
	*n = (int) rows;
	return records;
}

/*
 * mig_state_set_applied
 *		Record that a migration is applied.
 *
 * The primary key makes this possible once: whoever comes second gets an
 * error, unless it is a repeatable.
 */
void
mig_state_set_applied(const char *project, const MigEntry *entry,
					  const bytea *checksum, const bytea *fingerprint,
					  const char *how, int statements, TimestampTz at,
					  const char *by, int64 duration_us)
{
	MigVisit	visit = mig_enter();
	Datum		values[13] = {
		CStringGetTextDatum(project), PointerGetDatum(entry->key),
		CStringGetTextDatum(entry->version), CStringGetTextDatum(entry->name),
		CStringGetTextDatum(mig_kind_name(entry->kind)), CStringGetTextDatum(how),
		PointerGetDatum(checksum), PointerGetDatum(fingerprint),
		Int32GetDatum(statements), TimestampTzGetDatum(at),
		CStringGetTextDatum(by), Int64GetDatum(duration_us), PointerGetDatum(entry->order)
	};

	if (mig_run_query(Q_SET_APPLIED, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_APPLIED),
				 errmsg("migration %s is applied already",
						mig_label(entry->version, entry->name))));
	mig_leave(&visit);
}

/*
 * mig_state_set_rolled_back
 *		Record that a migration is not applied any more.
 */
void
mig_state_set_rolled_back(const char *project, const bytea *key)
{
	MigVisit	visit = mig_enter();

	if (mig_run_for_key(Q_SET_ROLLED_BACK, project, key) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_NOT_APPLIED),
				 errmsg("the migration is not applied any more")));
	mig_leave(&visit);
}

/*
 * mig_state_set_repaired
 *		Take the registered text as the one that ran.
 */
void
mig_state_set_repaired(const char *project, const bytea *key)
{
	MigVisit	visit = mig_enter();

	mig_run_for_key(Q_SET_REPAIRED, project, key);
	mig_leave(&visit);
}

/*
 * mig_state_rehearsed
 *		What was found of the migrations that were tried with the texts that
 *		they have now, by key; palloc'd.
 */
MigRehearsed *
mig_state_rehearsed(const char *project, int *n)
{
	MigVisit	visit = mig_enter();
	Datum		values[1] = {CStringGetTextDatum(project)};
	MigRehearsed *result;
	int			i;

	*n = (int) mig_run_query(Q_REHEARSALS, values, NULL);
	result = MemoryContextAlloc(visit.caller, sizeof(MigRehearsed) * Max(*n, 1));
	for (i = 0; i < *n; i++)
	{
		result[i].key = mig_bytea_field(&visit, i, 1);
		result[i].verdict = mig_text_field(&visit, i, 2);
	}
	mig_leave(&visit);
	return result;
}

/*
 * mig_rehearsed_verdict
 *		... of one of them; NULL if there is none.
 */
const char *
mig_rehearsed_verdict(const MigRehearsed *rehearsed, int n, const bytea *key)
{
	int			low = 0;
	int			high = n;

	while (low < high)
	{
		int			middle = (low + high) / 2;
		int			order = mig_key_cmp(rehearsed[middle].key, key);

		if (order == 0)
			return rehearsed[middle].verdict;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/*
 * mig_state_set_rehearsed
 *		Remember what was found of a migration with these texts, by their hashes.
 */
void
mig_state_set_rehearsed(const char *project, const bytea *key, const char *version,
						const char *name, const bytea *up, const bytea *down,
						const char *verdict, int findings)
{
	char	   *by = GetUserNameFromId(GetUserId(), false);
	MigVisit	visit = mig_enter();
	Datum		values[9];
	bool		nulls[9] = {false};

	values[0] = CStringGetTextDatum(project);
	values[1] = PointerGetDatum(key);
	values[2] = CStringGetTextDatum(version);
	values[3] = CStringGetTextDatum(name);
	values[4] = PointerGetDatum(up);
	values[5] = PointerGetDatum(down);
	nulls[5] = down == NULL;
	values[6] = CStringGetTextDatum(verdict);
	values[7] = Int32GetDatum(findings);
	values[8] = CStringGetTextDatum(by);
	mig_run_query(Q_REHEARSED, values, nulls);
	mig_leave(&visit);
}

/*
 * mig_state_settle_baselines
 *		Baseline scripts wait only while nothing is applied.
 */
void
mig_state_settle_baselines(const char *project)
{
	MigVisit	visit = mig_enter();
	Datum		values[2] = {CStringGetTextDatum(project), (Datum) 0};

	values[1] = BoolGetDatum(mig_run_query(Q_CURRENT, values, NULL) > 0);
	mig_run_query(Q_SETTLE_BASELINES, values, NULL);
	mig_leave(&visit);
}

/*
 * mig_state_is_tag_applied
 *		Is the migration applied that bears a tag?
 */
bool
mig_state_is_tag_applied(const char *project, const char *tag)
{
	MigVisit	visit = mig_enter();
	Datum		values[2] = {CStringGetTextDatum(project), CStringGetTextDatum(tag)};
	bool		result = mig_run_query(Q_IS_TAG_APPLIED, values, NULL) > 0;

	mig_leave(&visit);
	return result;
}

/*
 * mig_state_is_applied
 *		Is a migration of this key applied?
 */
bool
mig_state_is_applied(const char *project, const bytea *key)
{
	MigVisit	visit = mig_enter();
	bool		result = mig_run_for_key(Q_IS_APPLIED, project, key) > 0;

	mig_leave(&visit);
	return result;
}

/*
 * mig_state_current
 *		The highest applied version, palloc'd, or NULL.
 *
 * Applications ask this all the time, so it goes straight to the index, as
 * systable_beginscan_ordered does, under the active snapshot.
 */
char *
mig_state_current(const char *project)
{
	Oid			schema;
	Oid			owner;
	Oid			heap_oid;
	Oid			index_oid;
	Relation	heap;
	Relation	index;
	IndexScanDesc scan;
	ScanKeyData keys[2];
	TupleTableSlot *slot;
	char	   *version = NULL;

	if (!mig_extension(&schema, &owner))
		return NULL;
	heap_oid = get_relname_relid("migrate_state", schema);
	index_oid = get_relname_relid("migrate_state_order_idx", schema);
	if (!OidIsValid(heap_oid) || !OidIsValid(index_oid))
		elog(ERROR, "migrate_state is missing");

	heap = table_open(heap_oid, AccessShareLock);
	index = index_open(index_oid, AccessShareLock);
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_TEXTEQ,
				CStringGetTextDatum(project));
	keys[0].sk_collation = index->rd_indcollation[0];
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_TEXTEQ,
				CStringGetTextDatum(""));
	keys[1].sk_collation = index->rd_indcollation[1];
	scan = mig_index_beginscan(heap, index, GetActiveSnapshot(), 2);
	index_rescan(scan, keys, 2, NULL, 0);
	slot = table_slot_create(heap, NULL);
	if (index_getnext_slot(scan, BackwardScanDirection, slot))
	{
		bool		isnull;

		version = TextDatumGetCString(slot_getattr(slot, 4, &isnull));
	}
	ExecDropSingleTupleTableSlot(slot);
	index_endscan(scan);
	index_close(index, AccessShareLock);
	table_close(heap, AccessShareLock);
	return version;
}

/* Keep migrate_migration.settled true, whoever writes the state. */
Datum
migrate_state_changed(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	HeapTuple	tuple;
	TupleDesc	desc;
	MigVisit	visit;
	Datum		values[4];
	bool		nulls[4] = {false};
	bool		isnull;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("migrate_state_changed() must be called as a trigger")));
	if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
	{
		visit = mig_enter();
		mig_run_query(Q_UNSETTLE_ALL, NULL, NULL);
		mig_leave(&visit);
		return PointerGetDatum(NULL);
	}

	desc = RelationGetDescr(trigger->tg_relation);
	tuple = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ?
		trigger->tg_newtuple : trigger->tg_trigtuple;
	values[0] = heap_getattr(tuple, 1, desc, &isnull);
	values[1] = heap_getattr(tuple, 3, desc, &isnull);
	if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		nulls[2] = nulls[3] = true;
	else
	{
		values[2] = heap_getattr(tuple, 8, desc, &isnull);
		values[3] = heap_getattr(tuple, 9, desc, &isnull);
	}
	visit = mig_enter();
	mig_run_query(Q_SETTLE, values, nulls);
	mig_leave(&visit);
	return PointerGetDatum(NULL);
}
