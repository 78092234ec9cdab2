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

/*
 * mig_snapshot_constraints
 *		Note which constraints the statement has to tell of.
 */
void
mig_snapshot_constraints(MigTaking *taking)
{
	Relation	relation = table_open(ConstraintRelationId, AccessShareLock);
	TableScanDesc scan = table_beginscan_strat(relation, GetActiveSnapshot(), 0, NULL, true, false);
	HeapTuple	tuple;

	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);
		const MigSnapshotClass *class;

		CHECK_FOR_INTERRUPTS();
		if (form->conrelid < MIG_FIRST_OF_USERS || !is_for_statement(form))
			continue;
		class = mig_snapshot_class(taking, form->conrelid);
		if (class != NULL && class->own)
			taking->constraints = lappend_oid(taking->constraints, form->oid);
	}
	table_endscan(scan);
	table_close(relation, AccessShareLock);
}
