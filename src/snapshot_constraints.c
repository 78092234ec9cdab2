/*-------------------------------------------------------------------------
 *
 * snapshot_constraints.c
 *	  The constraints of relations, for a snapshot being taken: CHECK is told
 *	  here, of others it is noted who has to tell them.
 *
 * The server would open the relation to know what its columns are called; the
 * snapshot has read that.  Under the active snapshot; locks nothing but
 * catalogs.
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
#include "nodes/bitmapset.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/plannodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"
#include "utils/snapmgr.h"

typedef struct Checked
{
	bool		simple;			/* it has nothing that is written otherwise */
	Bitmapset  *columns;		/* that it names */
} Checked;

/*
 * What the server writes down in the same way wherever it is; a CASE, for one,
 * it breaks into lines in a constraint only.
 */
static bool
check_node(Node *node, Checked *checked)
{
	if (node == NULL)
		return false;
	check_stack_depth();
	switch (nodeTag(node))
	{
		case T_Var:
			{
				const Var  *var = (const Var *) node;

				if (var->varno != 1 || var->varlevelsup != 0 || var->varattno <= 0)
					checked->simple = false;
				else
					checked->columns = bms_add_member(checked->columns, var->varattno);
				break;
			}
		case T_Const:
		case T_FuncExpr:
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
		case T_ScalarArrayOpExpr:
		case T_BoolExpr:
		case T_RelabelType:
		case T_CoerceViaIO:
		case T_ArrayCoerceExpr:
		case T_ArrayExpr:
		case T_CollateExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_CoalesceExpr:
		case T_MinMaxExpr:
		case T_List:
			break;
		case T_CaseTestExpr:
			/* what an array's coercion is of, which is not written */
			break;
		default:
			checked->simple = false;
	}
	return !checked->simple || expression_tree_walker(node, check_node, checked);
}

/* A relation as an entry of a list of them, with the names of some columns. */
static RangeTblEntry *
relation_entry(const MigSnapshotRelation *relation, const Bitmapset *columns)
{
	RangeTblEntry *entry = makeNode(RangeTblEntry);
	List	   *names = NIL;
	int			last = bms_is_empty(columns) ? 0 : bms_prev_member(columns, -1);
	int			i;

	for (i = 1; i <= last; i++)
	{
		const char *name = bms_is_member(i, columns) ? relation->attributes[i].raw : "";

		names = lappend(names, makeString(pstrdup(name)));
	}
	/* not one by which the server would look at the relation */
	entry->rtekind = RTE_VALUES;
	entry->eref = makeAlias(pstrdup("relation"), names);
	return entry;
}

static bool
has_columns(const MigSnapshotRelation *relation, const Bitmapset *columns)
{
	int			column = -1;

	while ((column = bms_next_member(columns, column)) >= 0)
	{
		if (column > relation->nattributes || relation->attributes[column].raw == NULL)
			return false;
	}
	return true;
}

/* The expression of a constraint; NULL: that is for the server to write. */
static char *
expression_text(const MigSnapshotRelation *relation, Datum tree)
{
	Node	   *expression = (Node *) stringToNode(TextDatumGetCString(tree));
	Checked		checked = {.simple = true};
	PlannedStmt *statement;

	(void) check_node(expression, &checked);
	if (!checked.simple || !has_columns(relation, checked.columns))
		return NULL;
	statement = makeNode(PlannedStmt);
	statement->rtable = list_make1(relation_entry(relation, checked.columns));
	return deparse_expression(expression,
							  deparse_context_for_plan_tree(statement,
															list_make1(pstrdup("relation"))),
							  false, false);
}

/* Tell of a CHECK; false: that is for the statement. */
static bool
put_check(MigTaking *taking, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);
	const MigSnapshotRelation *relation;
	MemoryContext caller;
	bool		isnull;
	Datum		tree;
	char	   *text;

	if (form->contype != CONSTRAINT_CHECK || !form->convalidated || form->condeferrable ||
		form->connoinherit || !mig_constraint_enforced(form))
		return false;
	relation = mig_snapshot_relation(taking, form->conrelid);
	tree = heap_getattr(tuple, Anum_pg_constraint_conbin, desc, &isnull);
	if (relation == NULL || isnull)
		return false;
	caller = MemoryContextSwitchTo(taking->scratch);
	text = expression_text(relation, tree);
	if (text != NULL)
	{
		const char *comment = mig_snapshot_comment(taking, ConstraintRelationId, form->oid, 0);
		const char *identity;

		identity = psprintf("%s on %s", quote_identifier(NameStr(form->conname)), relation->identity);
		identity = MemoryContextStrdup(taking->snapshot->context, identity);
		mig_snapshot_put(taking, "constraint", identity, MIG_DEFINITION,
						 mig_settled_text(psprintf("CHECK (%s)", text)));
		if (comment != NULL)
			mig_snapshot_put(taking, "constraint", identity, MIG_COMMENT, comment);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(taking->scratch);
	return text != NULL;
}

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
 * Is there more to a NOT NULL than its column tells?  Its name is not the usual
 * one, or is too long to say.
 */
static bool
is_special(const MigTaking *taking, const MigSnapshotClass *class, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);
	const MigSnapshotRelation *relation = mig_snapshot_relation(taking, form->conrelid);
	char		usual[NAMEDATALEN * 3];
	bool		isnull;
	Datum		columns = heap_getattr(tuple, Anum_pg_constraint_conkey, desc, &isnull);
	int16		column = isnull ? 0 : *(const int16 *) ARR_DATA_PTR(DatumGetArrayTypeP(columns));

	if (form->connoinherit || !form->convalidated || relation == NULL || column <= 0 ||
		column > relation->nattributes || relation->attributes[column].raw == NULL ||
		mig_snapshot_comment(taking, ConstraintRelationId, form->oid, 0) != NULL)
		return true;
	snprintf(usual, sizeof(usual), "%s_%s_not_null", class->raw, relation->attributes[column].raw);
	return strcmp(usual, NameStr(form->conname)) != 0;
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
 *		Tell of constraints, once columns are known; note which ones the
 *		statement has to tell of, and which indexes are of one.
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
		if (is_for_statement(form) && !put_check(taking, tuple, RelationGetDescr(relation)))
			taking->constraints = lappend_oid(taking->constraints, form->oid);
		if (mig_is_not_null(form) && is_special(taking, class, tuple, RelationGetDescr(relation)))
			taking->not_nulls = lappend_oid(taking->not_nulls, form->oid);
		if (form->contype == CONSTRAINT_PRIMARY || form->contype == CONSTRAINT_UNIQUE ||
			form->contype == CONSTRAINT_EXCLUSION)
			note_key(taking, form, &allocated);
	}
	table_endscan(scan);
	table_close(relation, AccessShareLock);
	qsort(taking->keys, taking->nkeys, sizeof(MigSnapshotKey), compare_keys);
}
