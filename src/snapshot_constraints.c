/*-------------------------------------------------------------------------
 *
 * snapshot_constraints.c
 *	  Which constraints of relations there are, for a snapshot being taken.
 *
 * Under the active snapshot; locks nothing but catalogs.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "compat.h"
#include "snapshot.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_constraint.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* Others are told with columns, NOT NULL, and with their indexes. */
static bool
is_for_statement(Form_pg_constraint form)
{
	switch (form->contype)
	{
		case CONSTRAINT_CHECK:
		case CONSTRAINT_EXCLUSION:
			return true;
		case CONSTRAINT_FOREIGN:
			return !OidIsValid(form->conparentid);
		case CONSTRAINT_PRIMARY:
		case CONSTRAINT_UNIQUE:
			return mig_is_period(form);
		default:
			return false;
	}
}

static int
compare_keys(const void *a, const void *b)
{
	Oid			x = ((const MigSnapshotKey *) a)->index;
	Oid			y = ((const MigSnapshotKey *) b)->index;

	return x < y ? -1 : x > y ? 1 : 0;
}

/* A constraint that an index is of. */
static void
note_key(MigTaking *taking, Form_pg_constraint form, int *allocated)
{
	MigSnapshotKey *key;

	if (taking->nkeys == *allocated)
	{
		*allocated *= 2;
		taking->keys = repalloc_huge(taking->keys, sizeof(MigSnapshotKey) * *allocated);
	}
	key = &taking->keys[taking->nkeys++];
	key->index = form->conindid;
	key->relation = form->conrelid;
	key->oid = form->oid;
	key->name = pstrdup(quote_identifier(NameStr(form->conname)));
	key->told = form->contype != CONSTRAINT_EXCLUSION && !mig_is_period(form);
	key->primary = form->contype == CONSTRAINT_PRIMARY;
	key->deferrable = form->condeferrable;
	key->deferred = form->condeferred;
}

/*
 * mig_snapshot_key
 *		The constraint that an index is of, or NULL.
 */
const MigSnapshotKey *
mig_snapshot_key(const MigTaking *taking, Oid index, Oid relation)
{
	MigSnapshotKey wanted = {.index = index};
	const MigSnapshotKey *key = bsearch(&wanted, taking->keys, taking->nkeys, sizeof(MigSnapshotKey),
										compare_keys);

	return key != NULL && key->relation == relation ? key : NULL;
}

/*
 * mig_snapshot_constraints
 *		Note which constraints the statement has to tell of, and which indexes
 *		are of one.
 */
void
mig_snapshot_constraints(MigTaking *taking)
{
	Relation	relation = table_open(ConstraintRelationId, AccessShareLock);
	TableScanDesc scan = table_beginscan_strat(relation, GetActiveSnapshot(), 0, NULL, true, false);
	HeapTuple	tuple;
	int			allocated = 256;

	taking->keys = palloc(sizeof(MigSnapshotKey) * allocated);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);
		const MigSnapshotClass *class;

		CHECK_FOR_INTERRUPTS();
		if (form->conrelid < MIG_FIRST_OF_USERS)
			continue;
		class = mig_snapshot_class(taking, form->conrelid);
		if (class == NULL || !class->own)
			continue;
		if (is_for_statement(form))
			taking->constraints = lappend_oid(taking->constraints, form->oid);
		if (form->contype == CONSTRAINT_PRIMARY || form->contype == CONSTRAINT_UNIQUE ||
			form->contype == CONSTRAINT_EXCLUSION)
			note_key(taking, form, &allocated);
	}
	table_endscan(scan);
	table_close(relation, AccessShareLock);
	qsort(taking->keys, taking->nkeys, sizeof(MigSnapshotKey), compare_keys);
}
