/*-------------------------------------------------------------------------
 *
 * effects_query.c
 *	  Effects of queries: what they read, what they change, and what follows
 *	  by views, foreign keys and defaults.
 *
 * Analysis of a query locks what it names, planning the indexes and children
 * of that, execution what foreign keys and sequences need when there are rows.
 * A query reads all of a relation for certain only if it has no condition: the
 * planner's choices are not foretold.
 *
 *-------------------------------------------------------------------------
 */
#include "effects_internal.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_rewrite.h"
#include "compat.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

/* A query that is being looked through. */
typedef struct QueryWalk
{
	MigEffects *e;
	bool		planned;		/* else it is only analysed */
	bool		run;			/* else it is at most planned */
	LOCKMODE	mode;			/* of what it reads */
	bool		everything;		/* does this level read all of its relation */
	List	   *names;			/* char *: CTEs that are in scope */
	List	   *locked;			/* char *: FOR UPDATE is OF these */
	LOCKMODE	locked_mode;
	Node	   *where;			/* of a level that reads one relation */
} QueryWalk;

static bool walk_query(Node *node, void *arg);

/* The planner locks the indexes of what is to be scanned. */
void
mig_effects_plan_one(MigEffects *e, MigRel *rel, LOCKMODE mode)
{
	mig_effects_lock(e, rel, mode);
	if (rel->kind != RELKIND_PARTITIONED_TABLE || MIG_PLANNER_OPENS_PARTITIONED_INDEXES)
		mig_effects_lock_indexes(e, rel, mode);
}

void
mig_effects_planned(MigEffects *e, MigRel *rel, LOCKMODE mode)
{
	ListCell   *lc;

	foreach(lc, mig_rel_tree(rel))
		mig_effects_plan_one(e, lfirst(lc), mode);
}

/* ... of a relation and what is below, but what a condition rules out. */
static void
plan_relation(MigEffects *e, MigRel *rel, RangeVar *name, Node *where, LOCKMODE mode)
{
	const char *alias = name->alias ? name->alias->aliasname : name->relname;
	List	   *rels = list_make1(rel);
	ListCell   *lc;

	if (name->inh)
		rels = mig_predict_partitions(rel, alias, where, e->source);
	foreach(lc, rels)
		mig_effects_plan_one(e, lfirst(lc), mode);
}

static void
scan_tree(MigEffects *e, MigRel *rel, bool children)
{
	ListCell   *lc;

	if (!children)
	{
		mig_effects_scan(e, rel, MIG_WHY_QUERY);
		return;
	}
	foreach(lc, mig_rel_tree(rel))
	{
		MigRel	   *each = lfirst(lc);

		if (each->kind != RELKIND_PARTITIONED_TABLE)
			mig_effects_scan(e, each, MIG_WHY_QUERY);
	}
}

/* The query of an old view or matview as it is stored, or NULL. */
static Query *
stored_query(MigRel *view)
{
	Relation	rewrite;
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple	tuple;
	Query	   *query = NULL;

	if (!view->old)
		return NULL;
	rewrite = table_open(RewriteRelationId, AccessShareLock);
	ScanKeyInit(&key, Anum_pg_rewrite_ev_class, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(view->oid));
	scan = systable_beginscan(rewrite, RewriteRelRulenameIndexId, true, NULL, 1, &key);
	while (query == NULL && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_rewrite form = (Form_pg_rewrite) GETSTRUCT(tuple);
		Datum		datum;
		bool		isnull;

		if (form->ev_type != CMD_SELECT + '0')
			continue;
		datum = heap_getattr(tuple, Anum_pg_rewrite_ev_action,
							 RelationGetDescr(rewrite), &isnull);
		if (!isnull)
		{
			List	   *actions = stringToNode(TextDatumGetCString(datum));

			if (actions != NIL)
				query = linitial_node(Query, actions);
		}
	}
	systable_endscan(scan);
	table_close(rewrite, AccessShareLock);
	return query;
}

/* A stored query that is being looked through. */
typedef struct StoredWalk
{
	MigEffects *e;
	LOCKMODE	mode;
	bool		planned;		/* else its relations are but locked */
	bool		target;			/* it is one that is written to */
	bool		everything;
} StoredWalk;

static bool walk_stored(Node *node, void *arg);

static void
stored_relation(StoredWalk *walk, RangeTblEntry *rte)
{
	MigEffects *e = walk->e;
	MigRel	   *rel = mig_world_rel(e->world, rte->relid);

	if (rel == NULL || rel->dropped)
		return;
	mig_effects_lock(e, rel, walk->mode);
	if (rel->kind == RELKIND_VIEW)
	{
		Query	   *query;

		check_stack_depth();
		query = stored_query(rel);
		if (query)
			walk_stored((Node *) query, walk);
		return;
	}
	if (walk->target)
		return;
	if (!walk->planned)
	{
		if (rte->inh)
			mig_effects_lock_tree(e, rel, walk->mode);
		return;
	}
	if (rte->inh)
		mig_effects_planned(e, rel, walk->mode);
	else
		mig_effects_plan_one(e, rel, walk->mode);
	if (walk->everything)
		scan_tree(e, rel, rte->inh);
}

static bool
walk_stored(Node *node, void *arg)
{
	StoredWalk *walk = arg;

	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		Query	   *query = (Query *) node;
		bool		everything = walk->everything;
		ListCell   *lc;

		if (query->limitCount || query->limitOffset ||
			(query->hasAggs && query->groupClause == NIL) ||
			(query->jointree && (query->jointree->quals ||
								 list_length(query->jointree->fromlist) != 1 ||
								 !IsA(linitial(query->jointree->fromlist), RangeTblRef))))
			walk->everything = query->setOperations != NULL && everything;
		foreach(lc, query->rtable)
		{
			RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);

			/* older servers have entries of the view itself */
			if (rte->rtekind == RTE_RELATION && rte->inFromCl)
				stored_relation(walk, rte);
		}
		query_tree_walker(query, walk_stored, arg, 0);
		walk->everything = everything;
		return false;
	}
	if (IsA(node, SubLink))
	{
		bool		everything = walk->everything;

		walk->everything = false;
		expression_tree_walker(node, walk_stored, arg);
		walk->everything = everything;
		return false;
	}
	return expression_tree_walker(node, walk_stored, arg);
}

/* What the query of a view or matview reads, when it is run. */
void
mig_effects_stored_query(MigEffects *e, MigRel *view, LOCKMODE mode)
{
	StoredWalk	walk = {e, mode, true, false, true};
	Query	   *query;

	if (view->query)
	{
		List	   *named = e->named;

		e->named = NIL;
		mig_effects_query(e, view->query, MIG_QUERY_RUN);
		e->named = named;
		return;
	}
	query = stored_query(view);
	if (query)
		walk_stored((Node *) query, &walk);
}

/* What a view is on, with it: LOCK TABLE. */
void
mig_effects_view_sources(MigEffects *e, MigRel *view, LOCKMODE mode)
{
	StoredWalk	walk = {e, mode, false, false, false};
	Query	   *query = stored_query(view);

	if (query)
		walk_stored((Node *) query, &walk);
}

typedef struct NameParts
{
	const char *text;
	List	   *names;
} NameParts;

static void
split_name(void *arg)
{
	NameParts  *parts = arg;

	parts->names = textToQualifiedNameList(cstring_to_text(parts->text));
}

/* nextval() and setval() of a sequence that is named as a constant. */
static void
sequence_call(MigEffects *e, FuncCall *call, LOCKMODE mode)
{
	const char *name = strVal(llast(call->funcname));
	Node	   *arg;
	NameParts	parts = {0};
	MigRel	   *rel;

	if ((strcmp(name, "nextval") != 0 && strcmp(name, "setval") != 0) ||
		call->args == NIL)
		return;
	arg = linitial(call->args);
	while (IsA(arg, TypeCast))
		arg = ((TypeCast *) arg)->arg;
	if (!IsA(arg, A_Const) || ((A_Const *) arg)->isnull ||
		!IsA(&((A_Const *) arg)->val, String))
		return;
	parts.text = strVal(&((A_Const *) arg)->val);
	if (!mig_try(split_name, &parts, NULL))
		return;
	rel = mig_effects_find_list(e, parts.names);
	if (rel && rel->kind == RELKIND_SEQUENCE)
		mig_effects_lock(e, rel, mode);
}

typedef struct SequenceWalk
{
	MigEffects *e;
	LOCKMODE	mode;
} SequenceWalk;

static bool
walk_sequences(Node *node, void *arg)
{
	SequenceWalk *walk = arg;

	if (node == NULL)
		return false;
	if (IsA(node, FuncCall))
		sequence_call(walk->e, (FuncCall *) node, walk->mode);
	return raw_expression_tree_walker(node, walk_sequences, arg);
}

/* Sequences of a new default, which is evaluated at once or just stored. */
void
mig_effects_default(MigEffects *e, Node *raw, bool run)
{
	SequenceWalk walk = {e, run ? RowExclusiveLock : AccessShareLock};

	if (run || mig_dependencies_lock())
		walk_sequences(raw, &walk);
}

static bool
has_name(List *names, const char *name)
{
	ListCell   *lc;

	foreach(lc, names)
		if (strcmp(lfirst(lc), name) == 0)
			return true;
	return false;
}

/* A relation that a query reads. */
static void
read_relation(QueryWalk *walk, RangeVar *name)
{
	MigEffects *e = walk->e;
	LOCKMODE	mode = walk->mode;
	MigRel	   *rel;

	if (name->schemaname == NULL && has_name(walk->names, name->relname))
		return;
	rel = mig_effects_find(e, name);
	if (rel == NULL)
		return;
	if (has_name(walk->locked, name->alias ? name->alias->aliasname : name->relname))
		mode = walk->locked_mode;
	mig_effects_lock(e, rel, mode);
	if (!walk->planned)
		return;
	if (rel->kind == RELKIND_VIEW && rel->query)
	{
		QueryWalk	inner = *walk;

		check_stack_depth();
		inner.where = NULL;
		inner.names = inner.locked = NIL;
		walk_query(rel->query, &inner);
		return;
	}
	if (rel->kind == RELKIND_VIEW)
	{
		StoredWalk	stored = {e, mode, true, false, walk->everything};
		Query	   *query = stored_query(rel);

		if (query)
			walk_stored((Node *) query, &stored);
		return;
	}
	plan_relation(e, rel, name, walk->where, mode);
	if (walk->everything)
		scan_tree(e, rel, name->inh);
}

static bool
names_relation(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	if (IsA(node, RangeVar))
		return strcmp(((RangeVar *) node)->relname, arg) == 0;
	return raw_expression_tree_walker(node, names_relation, arg);
}

/* A WITH: its queries run, but those that nothing reads. */
static void
walk_with(QueryWalk *walk, WithClause *with, Node *query)
{
	ListCell   *lc;

	if (with == NULL)
		return;
	walk->names = list_copy(walk->names);
	if (with->recursive)
	{
		foreach(lc, with->ctes)
			walk->names = lappend(walk->names,
								  lfirst_node(CommonTableExpr, lc)->ctename);
	}
	foreach(lc, with->ctes)
	{
		CommonTableExpr *cte = lfirst_node(CommonTableExpr, lc);
		QueryWalk	inner = *walk;

		inner.mode = AccessShareLock;
		inner.locked = NIL;
		inner.everything = false;
		if (IsA(cte->ctequery, SelectStmt) &&
			!raw_expression_tree_walker(query, names_relation, cte->ctename))
			inner.planned = inner.run = false;
		walk_query(cte->ctequery, &inner);
		if (!with->recursive)
			walk->names = lappend(walk->names, cte->ctename);
	}
}

/* Do the results take the first or last row, or count them? */
static bool
is_aggregated(SelectStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->targetList)
	{
		Node	   *value = lfirst_node(ResTarget, lc)->val;

		if (value && IsA(value, FuncCall) && stmt->groupClause == NIL)
		{
			const char *name = strVal(llast(((FuncCall *) value)->funcname));

			if (strcmp(name, "count") == 0 || strcmp(name, "min") == 0 ||
				strcmp(name, "max") == 0)
				return true;
		}
	}
	return false;
}

static void
walk_select(QueryWalk *outer, SelectStmt *stmt)
{
	QueryWalk	walk = *outer;
	ListCell   *lc;

	check_stack_depth();
	walk_with(&walk, stmt->withClause, (Node *) stmt);
	if (stmt->op != SETOP_NONE)
	{
		walk_select(&walk, stmt->larg);
		walk_select(&walk, stmt->rarg);
		return;
	}
	walk.everything = outer->everything && stmt->whereClause == NULL &&
		stmt->limitCount == NULL && stmt->limitOffset == NULL &&
		list_length(stmt->fromClause) == 1 &&
		(IsA(linitial(stmt->fromClause), RangeVar) ||
		 IsA(linitial(stmt->fromClause), RangeSubselect)) &&
		!is_aggregated(stmt);
	walk.locked = NIL;
	foreach(lc, stmt->lockingClause)
	{
		LockingClause *locking = lfirst_node(LockingClause, lc);
		ListCell   *lc2;

		if (locking->lockedRels == NIL)
			walk.mode = RowShareLock;
		walk.locked_mode = RowShareLock;
		foreach(lc2, locking->lockedRels)
			walk.locked = lappend(walk.locked, lfirst_node(RangeVar, lc2)->relname);
	}
	walk.where = list_length(stmt->fromClause) == 1 &&
		IsA(linitial(stmt->fromClause), RangeVar) ? stmt->whereClause : NULL;
	foreach(lc, stmt->fromClause)
		walk_query(lfirst(lc), &walk);
	walk.where = NULL;
	walk.everything = false;
	walk.mode = AccessShareLock;
	walk.locked = NIL;
	walk_query((Node *) stmt->distinctClause, &walk);
	walk_query((Node *) stmt->targetList, &walk);
	walk_query(stmt->whereClause, &walk);
	walk_query((Node *) stmt->groupClause, &walk);
	walk_query(stmt->havingClause, &walk);
	walk_query((Node *) stmt->windowClause, &walk);
	walk_query((Node *) stmt->valuesLists, &walk);
	walk_query((Node *) stmt->sortClause, &walk);
	walk_query(stmt->limitOffset, &walk);
	walk_query(stmt->limitCount, &walk);
}

/* The tables that a view which is written to is on. */
static void
write_view(MigEffects *e, MigRel *view, bool planned)
{
	StoredWalk	walk = {e, RowExclusiveLock, planned, !planned, false};
	Query	   *query = stored_query(view);

	if (query)
		walk_stored((Node *) query, &walk);
}

/* Sequences that defaults take values from, of columns that are not given. */
static bool
walk_default(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	if (IsA(node, FuncExpr) && (((FuncExpr *) node)->funcid == F_NEXTVAL))
	{
		SequenceWalk *walk = arg;
		Node	   *name = linitial(((FuncExpr *) node)->args);

		if (IsA(name, Const) && !((Const *) name)->constisnull)
			mig_effects_lock_oid(walk->e, DatumGetObjectId(((Const *) name)->constvalue),
								 walk->mode);
	}
	return expression_tree_walker(node, walk_default, arg);
}

static void
stored_defaults(MigEffects *e, MigRel *rel, List *given, LOCKMODE mode)
{
	SequenceWalk walk = {e, mode};
	Relation	catalog;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	if (!rel->old)
		return;
	catalog = table_open(AttrDefaultRelationId, AccessShareLock);
	ScanKeyInit(&key, Anum_pg_attrdef_adrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(rel->oid));
	scan = systable_beginscan(catalog, AttrDefaultIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_attrdef form = (Form_pg_attrdef) GETSTRUCT(tuple);
		Datum		datum;
		bool		isnull;
		MigColumn  *column = mig_rel_column_at(rel, form->adnum);

		if (column == NULL || !column->has_default ||
			list_member_int(given, form->adnum))
			continue;
		datum = heap_getattr(tuple, Anum_pg_attrdef_adbin,
							 RelationGetDescr(catalog), &isnull);
		if (!isnull)
			walk_default(stringToNode(TextDatumGetCString(datum)), &walk);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
}

static void
default_sequences(MigEffects *e, MigRel *rel, List *given)
{
	Relation	catalog;
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	if (!rel->old)
		return;
	stored_defaults(e, rel, given, RowExclusiveLock);

	/* those of identity columns are parts of them */
	catalog = table_open(DependRelationId, AccessShareLock);
	ScanKeyInit(&key[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(RelationRelationId));
	ScanKeyInit(&key[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(rel->oid));
	scan = systable_beginscan(catalog, DependReferenceIndexId, true, NULL, 2, key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);
		MigRel	   *sequence;
		MigColumn  *column;

		if (form->deptype != DEPENDENCY_INTERNAL || form->refobjsubid == 0 ||
			form->classid != RelationRelationId ||
			list_member_int(given, form->refobjsubid))
			continue;
		column = mig_rel_column_at(rel, form->refobjsubid);
		if (column == NULL || column->identity == '\0')
			continue;
		sequence = mig_world_rel(e->world, form->objid);
		if (sequence && sequence->kind == RELKIND_SEQUENCE && !sequence->dropped)
			mig_effects_lock(e, sequence, RowExclusiveLock);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
}

/*
 * What the stored default of a column depends on, when another is made to
 * depend on it; NULL: of all columns.
 */
void
mig_effects_default_needs(MigEffects *e, MigRel *rel, MigColumn *column)
{
	List	   *others = NIL;
	ListCell   *lc;

	if (!mig_dependencies_lock())
		return;
	foreach(lc, mig_rel_columns(rel))
	{
		MigColumn  *other = lfirst(lc);

		if (column && other != column)
			others = lappend_int(others, other->number);
	}
	stored_defaults(e, rel, others, AccessShareLock);
}

/* Rows whose foreign keys are new are looked up in the tables referenced. */
static void
check_references(MigEffects *e, MigRel *rel, List *changed)
{
	ListCell   *lc;

	foreach(lc, mig_rel_constraints(rel))
	{
		MigConstraint *constraint = lfirst(lc);
		MigRel	   *target;

		if (constraint->kind != CONSTRAINT_FOREIGN || !constraint->enforced ||
			list_intersection_int(constraint->columns, changed) == NIL)
			continue;
		target = mig_constraint_target(constraint);
		if (target)
			mig_effects_planned(e, target, RowShareLock);
	}
}

/* What a foreign key does to rows that refer to one that changes. */
static char
referencing_action(MigConstraint *constraint, bool deleted)
{
	HeapTuple	tuple = OidIsValid(constraint->oid) ?
		SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint->oid)) : NULL;
	char		action = FKCONSTR_ACTION_NOACTION;

	if (HeapTupleIsValid(tuple))
	{
		Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);

		action = deleted ? form->confdeltype : form->confupdtype;
		ReleaseSysCache(tuple);
	}
	return action;
}

static bool
references_any(MigRel *rel, MigConstraint *constraint, List *numbers)
{
	ListCell   *lc;

	foreach(lc, numbers)
	{
		MigColumn  *column = mig_rel_column_at(rel, lfirst_int(lc));

		if (column && mig_constraint_references(constraint, column))
			return true;
	}
	return false;
}

/*
 * Rows that go or get another key are looked up in the tables that refer,
 * where others may go or change in turn.
 */
static void
check_referencing(MigEffects *e, MigRel *rel, List *changed, bool deleted, List *seen)
{
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, mig_rel_references(rel))
	{
		MigConstraint *constraint = lfirst(lc);
		char		action;

		if (!constraint->enforced || list_member_ptr(seen, constraint) ||
			(!deleted && !references_any(rel, constraint, changed)))
			continue;
		action = referencing_action(constraint, deleted);
		if (action == FKCONSTR_ACTION_NOACTION || action == FKCONSTR_ACTION_RESTRICT)
		{
			mig_effects_planned(e, constraint->rel, RowShareLock);
			continue;
		}
		mig_effects_planned(e, constraint->rel, RowExclusiveLock);
		if (mig_rel_is_empty(constraint->rel))
			continue;
		check_referencing(e, constraint->rel, constraint->columns,
						  deleted && action == FKCONSTR_ACTION_CASCADE,
						  lappend(list_copy(seen), constraint));
	}
}

/* The numbers of columns by their names (String or ResTarget). */
static List *
numbers_of(MigRel *rel, List *names)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, names)
	{
		Node	   *node = lfirst(lc);
		MigColumn  *column = NULL;

		if (IsA(node, ResTarget) && ((ResTarget *) node)->name)
			column = mig_rel_column(rel, ((ResTarget *) node)->name);
		else if (IsA(node, String))
			column = mig_rel_column(rel, strVal(node));
		if (column)
			result = lappend_int(result, column->number);
	}
	return result;
}

static List *
all_numbers(MigRel *rel)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, mig_rel_columns(rel))
		result = lappend_int(result, ((MigColumn *) lfirst(lc))->number);
	return result;
}

static List *
columns_with_defaults(MigRel *rel)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, mig_rel_columns(rel))
	{
		MigColumn  *column = lfirst(lc);

		if (column->has_default || column->identity != '\0' || column->generated != '\0')
			result = lappend_int(result, column->number);
	}
	return result;
}

/* Columns that get NULL of an INSERT ... VALUES with one row. */
static List *
null_columns(List *given, SelectStmt *source)
{
	List	   *result = NIL;
	ListCell   *lc;
	ListCell   *lc2;

	if (source == NULL || list_length(source->valuesLists) != 1)
		return NIL;
	forboth(lc, given, lc2, (List *) linitial(source->valuesLists))
	{
		Node	   *value = lfirst(lc2);

		if (IsA(value, A_Const) && ((A_Const *) value)->isnull)
			result = lappend_int(result, lfirst_int(lc));
	}
	return result;
}

/* Rows are put into a table. */
static void
insert_rows(MigEffects *e, MigRel *rel, List *given, List *nulls, List *rows)
{
	ListCell   *lc;

	mig_effects_lock(e, rel, RowExclusiveLock);
	default_sequences(e, rel, given);
	check_references(e, rel, list_difference_int(list_union_int(given,
																columns_with_defaults(rel)),
												 nulls));
	if (rel->kind == RELKIND_PARTITIONED_TABLE)
	{
		List	   *columns = NIL;

		foreach(lc, given)
			columns = lappend(columns, mig_rel_column_at(rel, lfirst_int(lc)));
		foreach(lc, mig_predict_routes(rel, columns, rows, e->source))
			mig_effects_lock(e, lfirst(lc), RowExclusiveLock);
	}
}

static void
update_rows(MigEffects *e, MigRel *rel, bool children, List *targets)
{
	ListCell   *lc;

	foreach(lc, children ? mig_rel_tree(rel) : list_make1(rel))
	{
		MigRel	   *each = lfirst(lc);
		List	   *changed;

		if (mig_rel_is_empty(each))
			continue;
		changed = numbers_of(each, targets);
		check_references(e, each, changed);
		check_referencing(e, each, changed, false, NIL);
	}
}

static void
delete_rows(MigEffects *e, MigRel *rel, bool children)
{
	ListCell   *lc;

	foreach(lc, children ? mig_rel_tree(rel) : list_make1(rel))
	{
		if (!mig_rel_is_empty(lfirst(lc)))
			check_referencing(e, lfirst(lc), NIL, true, NIL);
	}
}

static List *
given_columns(MigRel *rel, List *names)
{
	return names ? numbers_of(rel, names) : all_numbers(rel);
}

static void
walk_insert(QueryWalk *walk, InsertStmt *stmt)
{
	MigEffects *e = walk->e;
	MigRel	   *rel = mig_effects_find(e, stmt->relation);
	SelectStmt *source = (SelectStmt *) stmt->selectStmt;

	walk_with(walk, stmt->withClause, (Node *) stmt);
	if (rel)
	{
		mig_effects_lock(e, rel, RowExclusiveLock);
		if (rel->kind == RELKIND_VIEW && walk->planned)
			write_view(e, rel, false);
		else if (walk->run)
		{
			List	   *given = NIL;

			if (source)
			{
				given = given_columns(rel, stmt->cols);
				if (stmt->cols == NIL && list_length(source->valuesLists) > 0)
					given = list_copy_head(given, list_length(linitial(source->valuesLists)));
			}
			insert_rows(e, rel, given, null_columns(given, source),
						source ? source->valuesLists : NIL);
		}
		if (walk->planned && stmt->onConflictClause && stmt->onConflictClause->infer)
			mig_effects_lock_indexes(e, rel, RowExclusiveLock);
	}
	if (source)
	{
		walk->everything = walk->run;
		walk_select(walk, source);
		walk->everything = false;
	}
	walk_query((Node *) stmt->onConflictClause, walk);
	walk_query((Node *) mig_returning(stmt), walk);
}

/* What UPDATE, DELETE or MERGE is about. */
static MigRel *
walk_target(QueryWalk *walk, RangeVar *name, Node *where, bool everything)
{
	MigEffects *e = walk->e;
	MigRel	   *rel = mig_effects_find(e, name);

	if (rel == NULL)
		return NULL;
	mig_effects_lock(e, rel, RowExclusiveLock);
	if (!walk->planned)
		return NULL;
	if (rel->kind == RELKIND_VIEW)
	{
		write_view(e, rel, true);
		return NULL;
	}
	plan_relation(e, rel, name, where, RowExclusiveLock);
	if (!walk->run)
		return NULL;
	if (everything)
		scan_tree(e, rel, name->inh);
	return rel;
}

static void
walk_update(QueryWalk *walk, UpdateStmt *stmt)
{
	MigRel	   *rel;

	walk_with(walk, stmt->withClause, (Node *) stmt);
	rel = walk_target(walk, stmt->relation, stmt->fromClause ? NULL : stmt->whereClause,
					  stmt->whereClause == NULL && stmt->fromClause == NIL);
	if (rel)
		update_rows(walk->e, rel, stmt->relation->inh, stmt->targetList);
	walk_query((Node *) stmt->targetList, walk);
	walk_query((Node *) stmt->fromClause, walk);
	walk_query(stmt->whereClause, walk);
	walk_query((Node *) mig_returning(stmt), walk);
}

static void
walk_delete(QueryWalk *walk, DeleteStmt *stmt)
{
	MigRel	   *rel;

	walk_with(walk, stmt->withClause, (Node *) stmt);
	rel = walk_target(walk, stmt->relation, stmt->usingClause ? NULL : stmt->whereClause,
					  stmt->whereClause == NULL && stmt->usingClause == NIL);
	if (rel)
		delete_rows(walk->e, rel, stmt->relation->inh);
	walk_query((Node *) stmt->usingClause, walk);
	walk_query(stmt->whereClause, walk);
	walk_query((Node *) mig_returning(stmt), walk);
}

static void
walk_merge(QueryWalk *walk, MergeStmt *stmt)
{
	MigRel	   *rel;
	ListCell   *lc;

	walk_with(walk, stmt->withClause, (Node *) stmt);
	rel = walk_target(walk, stmt->relation, NULL, false);
	walk_query(stmt->sourceRelation, walk);
	walk_query(stmt->joinCondition, walk);
	foreach(lc, stmt->mergeWhenClauses)
	{
		MergeWhenClause *when = lfirst_node(MergeWhenClause, lc);

		walk_query((Node *) when->targetList, walk);
		walk_query(when->condition, walk);
		walk_query((Node *) when->values, walk);
		if (rel == NULL)
			continue;
		if (when->commandType == CMD_INSERT)
			insert_rows(walk->e, rel, given_columns(rel, when->targetList), NIL, NIL);
		else if (when->commandType == CMD_UPDATE)
			update_rows(walk->e, rel, stmt->relation->inh, when->targetList);
		else if (when->commandType == CMD_DELETE)
			delete_rows(walk->e, rel, stmt->relation->inh);
	}
}

static bool
walk_query(Node *node, void *arg)
{
	QueryWalk  *walk = arg;
	QueryWalk	inner;

	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_SelectStmt:
			walk_select(walk, (SelectStmt *) node);
			return false;
		case T_InsertStmt:
		case T_UpdateStmt:
		case T_DeleteStmt:
		case T_MergeStmt:
			check_stack_depth();
			inner = *walk;
			inner.mode = AccessShareLock;
			inner.locked = NIL;
			inner.everything = false;
			inner.where = NULL;
			if (IsA(node, InsertStmt))
				walk_insert(&inner, (InsertStmt *) node);
			else if (IsA(node, UpdateStmt))
				walk_update(&inner, (UpdateStmt *) node);
			else if (IsA(node, DeleteStmt))
				walk_delete(&inner, (DeleteStmt *) node);
			else
				walk_merge(&inner, (MergeStmt *) node);
			return false;
		case T_RangeVar:
			read_relation(walk, (RangeVar *) node);
			return false;
		case T_RangeSubselect:
			{
				RangeSubselect *item = (RangeSubselect *) node;

				inner = *walk;
				inner.where = NULL;
				/* FOR UPDATE OF it is of what it reads */
				if (item->alias && has_name(walk->locked, item->alias->aliasname))
					inner.mode = walk->locked_mode;
				walk_query(item->subquery, &inner);
				return false;
			}
		case T_FuncCall:
			if (walk->run)
				sequence_call(walk->e, (FuncCall *) node, RowExclusiveLock);
			break;
		default:
			break;
	}
	check_stack_depth();
	return raw_expression_tree_walker(node, walk_query, arg);
}

bool
mig_effects_is_query(Node *stmt)
{
	return IsA(stmt, SelectStmt) || IsA(stmt, InsertStmt) || IsA(stmt, UpdateStmt) ||
		IsA(stmt, DeleteStmt) || IsA(stmt, MergeStmt);
}

/* A query, or an expression with some. */
void
mig_effects_query(MigEffects *e, Node *stmt, MigQueryStage stage)
{
	QueryWalk	walk = {e, stage >= MIG_QUERY_PLANNED, stage == MIG_QUERY_RUN,
	AccessShareLock, stage == MIG_QUERY_RUN};

	walk_query(stmt, &walk);
}

void
mig_effects_copy(MigEffects *e, CopyStmt *stmt)
{
	MigRel	   *rel;

	if (stmt->query)
	{
		mig_effects_query(e, stmt->query, MIG_QUERY_RUN);
		return;
	}
	rel = mig_effects_find(e, stmt->relation);
	if (rel == NULL)
		return;
	if (stmt->is_from)
	{
		mig_effects_lock(e, rel, RowExclusiveLock);
		if (rel->kind != RELKIND_VIEW)
			insert_rows(e, rel, given_columns(rel, stmt->attlist), NIL, NIL);
		if (stmt->whereClause)
			mig_effects_query(e, stmt->whereClause, MIG_QUERY_RUN);
	}
	else
	{
		mig_effects_lock(e, rel, AccessShareLock);
		mig_effects_scan(e, rel, MIG_WHY_QUERY);
	}
}
