/*-------------------------------------------------------------------------
 *
 * snapshot_uses.c
 *	  What views and rules are made of, by names, for a snapshot being taken.
 *
 * Their dependencies are scanned directly, in the order of rules.  Under the
 * active snapshot; locks nothing but catalogs.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "snapshot.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

typedef struct RuleUses
{
	Oid			rule;			/* hash key */
	char	   *text;
} RuleUses;

typedef struct Used
{
	Oid			catalog;
	Oid			object;
} Used;

/* What one rule uses. */
typedef struct Collected
{
	Oid			rule;
	Oid			relation;		/* whose rule it is */
	Used	   *used;
	int			n;
	int			allocated;
} Collected;

static int
compare_used(const void *a, const void *b)
{
	const Used *x = (const Used *) a;
	const Used *y = (const Used *) b;

	if (x->catalog != y->catalog)
		return x->catalog < y->catalog ? -1 : 1;
	return x->object < y->object ? -1 : x->object > y->object ? 1 : 0;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/* NULL: it is of no interest here. */
static char *
name_of(const Used *used)
{
	PGFunction	out;

	switch (used->catalog)
	{
		case RelationRelationId:
			out = regclassout;
			break;
		case ProcedureRelationId:
			out = regprocedureout;
			break;
		case TypeRelationId:
			out = regtypeout;
			break;
		case OperatorRelationId:
			out = regoperatorout;
			break;
		case CollationRelationId:
			out = regcollationout;
			break;
		default:
			return NULL;
	}
	return DatumGetCString(DirectFunctionCall1(out, ObjectIdGetDatum(used->object)));
}

static void
finish_rule(MigTaking *taking, Collected *collected)
{
	MemoryContext caller;
	StringInfoData buf;
	char	  **names;
	int			n = 0;
	int			i;
	RuleUses   *uses;
	bool		known;

	if (!OidIsValid(collected->rule))
		return;
	caller = MemoryContextSwitchTo(taking->scratch);
	qsort(collected->used, collected->n, sizeof(Used), compare_used);
	names = palloc(sizeof(char *) * (collected->n + 1));
	for (i = 0; i < collected->n; i++)
	{
		const Used *used = &collected->used[i];

		if ((i > 0 && compare_used(used, used - 1) == 0) ||
			(used->catalog == RelationRelationId && used->object == collected->relation))
			continue;
		names[n] = name_of(used);
		if (names[n] != NULL)
			n++;
	}
	qsort(names, n, sizeof(char *), compare_names);
	initStringInfo(&buf);
	for (i = 0; i < n; i++)
		appendStringInfo(&buf, "%s%s", i > 0 ? ", " : "USES ", names[i]);
	if (n > 0)
	{
		uses = hash_search(taking->uses, &collected->rule, HASH_ENTER, &known);
		uses->text = MemoryContextStrdup(taking->snapshot->context, buf.data);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(taking->scratch);
	collected->n = 0;
	collected->relation = InvalidOid;
}

/*
 * mig_snapshot_find_uses
 *		Find what all rules use, for mig_snapshot_uses().
 */
void
mig_snapshot_find_uses(MigTaking *taking)
{
	HASHCTL		control = {.keysize = sizeof(Oid),.entrysize = sizeof(RuleUses),.hcxt = CurrentMemoryContext};
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	Relation	index = index_open(DependDependerIndexId, AccessShareLock);
	Collected	collected = {.allocated = 64};
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	taking->uses = hash_create("migrate uses of rules", 256, &control,
							   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	collected.used = palloc(sizeof(Used) * collected.allocated);
	ScanKeyInit(&keys[0], Anum_pg_depend_classid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(RewriteRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_objid, BTGreaterEqualStrategyNumber, F_OIDGE,
				ObjectIdGetDatum(MIG_FIRST_OF_USERS));
	scan = systable_beginscan_ordered(depend, index, GetActiveSnapshot(), 2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext_ordered(scan, ForwardScanDirection)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		CHECK_FOR_INTERRUPTS();
		if (form->objid != collected.rule)
		{
			finish_rule(taking, &collected);
			collected.rule = form->objid;
		}
		if (form->deptype != DEPENDENCY_NORMAL)
		{
			if (form->refclassid == RelationRelationId)
				collected.relation = form->refobjid;
			continue;
		}
		if (collected.n > 0 && collected.used[collected.n - 1].catalog == form->refclassid &&
			collected.used[collected.n - 1].object == form->refobjid)
			continue;
		if (collected.n == collected.allocated)
		{
			collected.allocated *= 2;
			collected.used = repalloc_huge(collected.used, sizeof(Used) * collected.allocated);
		}
		collected.used[collected.n].catalog = form->refclassid;
		collected.used[collected.n++].object = form->refobjid;
	}
	finish_rule(taking, &collected);
	systable_endscan_ordered(scan);
	index_close(index, AccessShareLock);
	table_close(depend, AccessShareLock);
	pfree(collected.used);
}

/*
 * mig_snapshot_uses
 *		What a rule uses; NULL: nothing.
 */
const char *
mig_snapshot_uses(const MigTaking *taking, Oid rule)
{
	const RuleUses *uses = hash_search(taking->uses, &rule, HASH_FIND, NULL);

	return uses ? uses->text : NULL;
}
