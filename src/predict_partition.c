/*-------------------------------------------------------------------------
 *
 * predict_partition.c
 *	  What the server's own machinery proves of partitions: which rows may be
 *	  in them, and which of them a query or an INSERT gets to.
 *
 * As predict.c does: in subtransactions that are rolled back; what cannot be
 * understood raises nothing.  Expects a transaction and a snapshot; opens no
 * user's relation.
 *
 *-------------------------------------------------------------------------
 */
#include "predict.h"

#include "access/genam.h"
#include "access/hash.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_partitioned_table.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "common/hashfn.h"
#include "compat.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "parser/parse_clause.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_node.h"
#include "parser/parse_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

/* A partition key, as the bounds of partitions are compared by it. */
typedef struct PartKey
{
	int			natts;
	bool		hashed;
	Node	   *expr[PARTITION_MAX_KEYS];	/* Vars of relation 1, expressions */
	Oid			type[PARTITION_MAX_KEYS];
	int32		typmod[PARTITION_MAX_KEYS];
	Oid			typcoll[PARTITION_MAX_KEYS];
	Oid			collation[PARTITION_MAX_KEYS];
	Oid			family[PARTITION_MAX_KEYS];
	Oid			optype[PARTITION_MAX_KEYS];
} PartKey;

/* Vars of the parent's columns become the relation's of the same names. */
static Node *
map_columns(Node *node, void *arg)
{
	MigRel	  **rels = arg;

	if (node == NULL)
		return NULL;
	if (IsA(node, Var))
	{
		MigColumn  *from = mig_rel_column_at(rels[0], ((Var *) node)->varattno);
		MigColumn  *to = from ? mig_rel_column(rels[1], from->name) : NULL;

		if (to == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("there is no such column in the partition")));
		return mig_column_var(to);
	}
	return expression_tree_mutator(node, map_columns, arg);
}

static void
set_key(PartKey *key, int i, Node *expr, Oid opclass, Oid collation)
{
	key->expr[i] = expr;
	key->type[i] = exprType(expr);
	key->typmod[i] = exprTypmod(expr);
	key->typcoll[i] = exprCollation(expr);
	if (!OidIsValid(opclass))
		opclass = GetDefaultOpClass(key->type[i], key->hashed ? HASH_AM_OID : BTREE_AM_OID);
	key->collation[i] = OidIsValid(collation) ? collation : key->typcoll[i];
	key->family[i] = get_opclass_family(opclass);
	key->optype[i] = get_opclass_input_type(opclass);
}

/* The key of a partitioned table, in terms of another relation's columns. */
static void
read_key(MigRel *parent, MigRel *rel, PartKey *key)
{
	MigRel	   *rels[2] = {parent, rel};
	HeapTuple	tuple = NULL;
	oidvector  *opclasses = NULL;
	oidvector  *collations = NULL;
	List	   *exprs = NIL;
	ListCell   *lc;
	int			i = 0;

	if (parent->old)
		tuple = SearchSysCache1(PARTRELID, ObjectIdGetDatum(parent->oid));
	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;
		Datum		datum;

		datum = SysCacheGetAttr(PARTRELID, tuple, Anum_pg_partitioned_table_partclass, &isnull);
		opclasses = (oidvector *) DatumGetPointer(datum);
		datum = SysCacheGetAttr(PARTRELID, tuple, Anum_pg_partitioned_table_partcollation, &isnull);
		collations = (oidvector *) DatumGetPointer(datum);
		datum = SysCacheGetAttr(PARTRELID, tuple, Anum_pg_partitioned_table_partexprs, &isnull);
		if (!isnull)
			exprs = (List *) stringToNode(TextDatumGetCString(datum));
	}
	key->natts = 0;
	key->hashed = parent->strategy == PARTITION_STRATEGY_HASH;
	foreach(lc, parent->partition_key)
	{
		Node	   *expr;

		if (key->natts >= PARTITION_MAX_KEYS)
			break;
		if (lfirst_int(lc) != 0)
		{
			MigColumn  *column = mig_rel_column_at(parent, lfirst_int(lc));

			if (column == NULL)
				break;
			expr = mig_column_var(column);
		}
		else if (i < list_length(exprs))
			expr = list_nth(exprs, i++);
		else
			break;
		expr = map_columns(copyObject(expr), rels);
		set_key(key, key->natts, expr,
				opclasses ? opclasses->values[key->natts] : InvalidOid,
				collations ? collations->values[key->natts] : InvalidOid);
		key->natts++;
	}
	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	if (key->natts != list_length(parent->partition_key))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("the partition key is not known")));
}

/* key operator value, as the server builds it. */
static Expr *
key_operator(const PartKey *key, int i, StrategyNumber strategy, Expr *value)
{
	Oid			operator = get_opfamily_member(key->family[i], key->optype[i],
											   key->optype[i],
											   key->hashed ? HTEqualStrategyNumber : strategy);
	Expr	   *arg = (Expr *) copyObject(key->expr[i]);

	if (!OidIsValid(operator))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("the partition key has no such operator")));
	if (key->type[i] != key->optype[i] || key->collation[i] != key->typcoll[i])
		arg = (Expr *) makeRelabelType(arg, key->optype[i], key->typmod[i],
									   key->collation[i], COERCE_EXPLICIT_CAST);
	return make_opclause(operator, BOOLOID, false, arg, value, InvalidOid,
						 key->collation[i]);
}

/* A bound's value as a constant; what is cooked already is one. */
static Const *
bound_value(ParseState *pstate, const PartKey *key, int i, Node *raw)
{
	Node	   *value = raw;

	if (IsA(raw, Const))
		return (Const *) raw;
	value = transformExpr(pstate, copyObject(raw), EXPR_KIND_PARTITION_BOUND);
	value = coerce_to_target_type(pstate, value, exprType(value), key->type[i],
								  key->typmod[i], COERCION_ASSIGNMENT,
								  COERCE_IMPLICIT_CAST, -1);
	if (value == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("a bound's value cannot have the type of the key")));
	assign_expr_collations(pstate, value);
	value = (Node *) expression_planner((Expr *) value);
	if (!IsA(value, Const))
		value = (Node *) evaluate_expr((Expr *) value, key->type[i], key->typmod[i],
									   key->collation[i]);
	return castNode(Const, value);
}

static Expr *
list_qual(ParseState *pstate, const PartKey *key, const PartitionBoundSpec *bound)
{
	List	   *values = NIL;
	bool		null = false;
	Expr	   *test = NULL;
	ListCell   *lc;

	foreach(lc, bound->listdatums)
	{
		Const	   *value = bound_value(pstate, key, 0, lfirst(lc));

		if (value->constisnull)
			null = true;
		else
			values = lappend(values, value);
	}
	if (list_length(values) == 1)
		test = key_operator(key, 0, BTEqualStrategyNumber, linitial(values));
	else if (values != NIL && type_is_array(key->type[0]))
	{
		/* there are no arrays of arrays */
		List	   *each = NIL;

		foreach(lc, values)
			each = lappend(each, key_operator(key, 0, BTEqualStrategyNumber, lfirst(lc)));
		test = makeBoolExpr(OR_EXPR, each, -1);
	}
	else if (values != NIL)
	{
		OpExpr	   *one = (OpExpr *) key_operator(key, 0, BTEqualStrategyNumber,
												  linitial(values));
		ScalarArrayOpExpr *any = makeNode(ScalarArrayOpExpr);
		ArrayExpr  *array = makeNode(ArrayExpr);

		array->array_typeid = get_array_type(key->type[0]);
		array->array_collid = key->typcoll[0];
		array->element_typeid = key->type[0];
		array->elements = values;
		array->location = -1;
		any->opno = one->opno;
		any->opfuncid = get_opcode(one->opno);
		any->useOr = true;
		any->inputcollid = key->collation[0];
		any->args = list_make2(linitial(one->args), array);
		any->location = -1;
		test = (Expr *) any;
	}
	if (null)
	{
		Expr	   *is_null = (Expr *) mig_null_test(copyObject(key->expr[0]), IS_NULL);

		return test ? makeBoolExpr(OR_EXPR, list_make2(is_null, test), -1) : is_null;
	}
	return makeBoolExpr(AND_EXPR,
						list_make2(mig_null_test(copyObject(key->expr[0]), IS_NOT_NULL), test),
						-1);
}

/* The bound's n-th value: 0, or -1 and 1 for MINVALUE and MAXVALUE. */
static int
range_value(ParseState *pstate, const PartKey *key, int i, List *datums, Const **value)
{
	Node	   *node = list_nth(datums, i);

	*value = NULL;
	if (IsA(node, PartitionRangeDatum))
	{
		PartitionRangeDatum *datum = (PartitionRangeDatum *) node;

		if (datum->kind != PARTITION_RANGE_DATUM_VALUE)
			return datum->kind == PARTITION_RANGE_DATUM_MINVALUE ? -1 : 1;
		node = datum->value;
	}
	if (IsA(node, ColumnRef))
	{
		/* how the parser has them */
		Node	   *name = linitial(((ColumnRef *) node)->fields);

		if (IsA(name, String) && strcmp(strVal(name), "minvalue") == 0)
			return -1;
		if (IsA(name, String) && strcmp(strVal(name), "maxvalue") == 0)
			return 1;
	}
	*value = bound_value(pstate, key, i, node);
	return 0;
}

/*
 * The key, from a column on, is past a lower or short of an upper bound; NULL:
 * whatever it is.
 */
static Expr *
range_side(ParseState *pstate, const PartKey *key, int from, List *datums, bool lower)
{
	Const	   *value;
	int			infinite = range_value(pstate, key, from, datums, &value);
	Expr	   *beyond;
	Expr	   *rest;

	if (infinite != 0)
		/* past MINVALUE is all, past MAXVALUE is nothing */
		return (infinite < 0) == lower ? NULL : (Expr *) makeBoolConst(false, false);
	if (from == key->natts - 1)
		return key_operator(key, from, lower ? BTGreaterEqualStrategyNumber :
							BTLessStrategyNumber, (Expr *) value);
	rest = range_side(pstate, key, from + 1, datums, lower);
	if (rest == NULL)
		return key_operator(key, from, lower ? BTGreaterEqualStrategyNumber :
							BTLessEqualStrategyNumber, (Expr *) value);
	beyond = key_operator(key, from, lower ? BTGreaterStrategyNumber :
						  BTLessStrategyNumber, (Expr *) value);
	if (IsA(rest, Const))
		return beyond;
	rest = makeBoolExpr(AND_EXPR,
						list_make2(key_operator(key, from, BTEqualStrategyNumber,
												(Expr *) copyObject(value)), rest), -1);
	return makeBoolExpr(OR_EXPR, list_make2(beyond, rest), -1);
}

static Expr *
range_qual(ParseState *pstate, const PartKey *key, const PartitionBoundSpec *bound)
{
	List	   *all = NIL;
	Expr	   *side;
	int			i;

	for (i = 0; i < key->natts; i++)
		all = lappend(all, mig_null_test(copyObject(key->expr[i]), IS_NOT_NULL));
	if (list_length(bound->lowerdatums) != key->natts ||
		list_length(bound->upperdatums) != key->natts)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("the bound does not fit the partition key")));

	/*
	 * Leading columns with the same value in both bounds are compared with it
	 * alone, as the server has it: so the proof is about the same clauses.
	 */
	for (i = 0; i < key->natts - 1; i++)
	{
		Const	   *lower;
		Const	   *upper;

		if (range_value(pstate, key, i, bound->lowerdatums, &lower) != 0 ||
			range_value(pstate, key, i, bound->upperdatums, &upper) != 0 ||
			!equal(lower, upper))
			break;
		all = lappend(all, key_operator(key, i, BTEqualStrategyNumber, (Expr *) lower));
	}
	side = range_side(pstate, key, i, bound->lowerdatums, true);
	if (side)
		all = lappend(all, side);
	side = range_side(pstate, key, i, bound->upperdatums, false);
	if (side)
		all = lappend(all, side);
	return makeBoolExpr(AND_EXPR, all, -1);
}

/* The bound of an old partition, or NULL. */
static PartitionBoundSpec *
stored_bound(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	PartitionBoundSpec *bound = NULL;
	Datum		datum;
	bool		isnull;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	datum = SysCacheGetAttr(RELOID, tuple, Anum_pg_class_relpartbound, &isnull);
	if (!isnull)
		bound = stringToNode(TextDatumGetCString(datum));
	ReleaseSysCache(tuple);
	return bound;
}

/* What rows of a partition of parent satisfy; NULL: it cannot be said. */
static Expr *
bound_qual(ParseState *pstate, MigRel *parent, MigRel *rel,
		   const PartitionBoundSpec *bound)
{
	PartKey		key;

	read_key(parent, rel, &key);
	if (bound->is_default)
	{
		/* not what another partition takes */
		List	   *others = NIL;
		ListCell   *lc;

		foreach(lc, mig_rel_children(parent))
		{
			MigRel	   *child = lfirst(lc);
			PartitionBoundSpec *other;

			if (child == rel)
				continue;
			other = child->old ? stored_bound(child->oid) : NULL;
			if (other == NULL)
				return NULL;
			others = lappend(others, bound_qual(pstate, parent, rel, other));
			if (llast(others) == NULL)
				return NULL;
		}
		if (others == NIL)
			return (Expr *) makeBoolConst(true, false);
		return makeBoolExpr(NOT_EXPR,
							list_make1(list_length(others) == 1 ? linitial(others) :
									   makeBoolExpr(OR_EXPR, others, -1)), -1);
	}
	if (parent->strategy == PARTITION_STRATEGY_LIST)
		return list_qual(pstate, &key, bound);
	if (parent->strategy == PARTITION_STRATEGY_RANGE)
		return range_qual(pstate, &key, bound);
	return NULL;
}

typedef struct PartitionProof
{
	MigRel	   *parent;
	MigRel	   *rel;
	const PartitionBoundSpec *bound;
	bool		negated;
	const char *source;
	bool		holds;
} PartitionProof;

static void
prove_partition(void *arg)
{
	PartitionProof *proof = arg;
	ParseState *pstate = mig_rel_parse_state(proof->rel->world, NULL, proof->source);
	MigProof	inner = {proof->rel};
	MigRel	   *parent = proof->parent;
	Expr	   *qual = bound_qual(pstate, parent, proof->rel, proof->bound);
	ListCell   *lc;

	/* what the parent's own bounds ask of its rows, and so on upwards */
	while (qual && parent->is_partition)
	{
		List	   *parents = mig_rel_parents(parent);
		PartitionBoundSpec *bound = parent->old ? stored_bound(parent->oid) : NULL;
		Expr	   *more;

		if (parents == NIL || bound == NULL)
			return;
		more = bound_qual(pstate, linitial(parents), proof->rel, bound);
		if (more == NULL)
			return;
		qual = makeBoolExpr(AND_EXPR, list_make2(qual, more), -1);
		parent = linitial(parents);
	}
	if (qual == NULL)
		return;
	if (proof->negated)
		qual = makeBoolExpr(NOT_EXPR, list_make1(qual), -1);
	qual = (Expr *) eval_const_expressions(NULL, (Node *) qual);
	qual = canonicalize_qual(qual, true);
	inner.claim = make_ands_implicit(qual);
	foreach(lc, mig_rel_columns(proof->rel))
	{
		MigColumn  *column = lfirst(lc);

		if (OidIsValid(column->type.oid) && mig_column_has_no_null(proof->rel, column))
			inner.known = lappend(inner.known, mig_null_test(mig_column_var(column), IS_NOT_NULL));
	}
	mig_prove(&inner);
	proof->holds = inner.claim == NIL || inner.holds;
}

/*
 * mig_predict_partition
 *		Is it proven that all rows of rel fit into the bound of a partition of
 *		parent, or, negated, that none does?
 */
bool
mig_predict_partition(MigRel *parent, MigRel *rel, const PartitionBoundSpec *bound,
					  bool negated, const char *source)
{
	PartitionProof proof = {parent, rel, bound, negated, source};

	return bound && mig_try(prove_partition, &proof, NULL) && proof.holds;
}

/* What is known of rows of a partitioned table that are looked for or put in. */
typedef struct Pruning
{
	MigRel	   *rel;
	const char *alias;
	Node	   *where;			/* raw */
	List	   *columns;		/* or: of MigColumn *, and */
	List	   *rows;			/* ... Lists of raw values for them */
	const char *source;
	List	   *kept;			/* of MigRel *: may have some of them */
} Pruning;

/* Names without the relation's own name before them. */
static Node *
unqualify(Node *node, const char *alias)
{
	switch (nodeTag(node))
	{
		case T_ColumnRef:
			{
				ColumnRef  *ref = (ColumnRef *) node;

				if (list_length(ref->fields) == 2 && IsA(linitial(ref->fields), String) &&
					strcmp(strVal(linitial(ref->fields)), alias) == 0)
					ref->fields = list_make1(lsecond(ref->fields));
				break;
			}
		case T_A_Expr:
			{
				A_Expr	   *expr = (A_Expr *) node;

				if (expr->lexpr)
					unqualify(expr->lexpr, alias);
				if (expr->rexpr)
					unqualify(expr->rexpr, alias);
				break;
			}
		case T_List:
			{
				ListCell   *lc;

				foreach(lc, (List *) node)
					unqualify(lfirst(lc), alias);
				break;
			}
		case T_BoolExpr:
			unqualify((Node *) ((BoolExpr *) node)->args, alias);
			break;
		case T_NullTest:
			unqualify((Node *) ((NullTest *) node)->arg, alias);
			break;
		default:
			break;
	}
	return node;
}

typedef struct CookCondition
{
	Pruning    *pruning;
	Node	   *raw;
	Node	   *expr;
} CookCondition;

/* As in a CHECK, so that a subquery is an error and not analysed. */
static void
cook_condition(void *arg)
{
	CookCondition *cook = arg;
	Pruning    *pruning = cook->pruning;
	ParseState *pstate = mig_rel_parse_state(pruning->rel->world, pruning->rel,
											 pruning->source);
	Node	   *expr;

	expr = transformExpr(pstate, unqualify(copyObject(cook->raw), pruning->alias),
						 EXPR_KIND_CHECK_CONSTRAINT);
	expr = coerce_to_boolean(pstate, expr, "WHERE");
	assign_expr_collations(pstate, expr);
	expr = eval_const_expressions(NULL, expr);
	cook->expr = (Node *) canonicalize_qual((Expr *) expr, false);
}

/* Conditions that can be understood, of those that are all to hold. */
static List *
cook_conditions(Pruning *pruning, Node *raw)
{
	CookCondition cook = {pruning, raw};
	List	   *result = NIL;
	ListCell   *lc;

	check_stack_depth();
	if (IsA(raw, BoolExpr) && ((BoolExpr *) raw)->boolop == AND_EXPR)
	{
		foreach(lc, ((BoolExpr *) raw)->args)
			result = list_concat(result, cook_conditions(pruning, lfirst(lc)));
		return result;
	}
	if (!mig_try(cook_condition, &cook, NULL))
		return NIL;
	return make_ands_implicit((Expr *) cook.expr);
}

static void
keep(Pruning *pruning, MigRel *rel)
{
	pruning->kept = list_append_unique_ptr(pruning->kept, rel);
}

/* The value that the conditions give to a part of the key; NULL: none. */
static Const *
equal_value(const PartKey *key, int i, List *conditions, Oid *type)
{
	ListCell   *lc;

	foreach(lc, conditions)
	{
		Node	   *condition = lfirst(lc);
		OpExpr	   *op = (OpExpr *) condition;
		Node	   *value;

		if (IsA(condition, NullTest) && ((NullTest *) condition)->nulltesttype == IS_NULL &&
			equal(((NullTest *) condition)->arg, key->expr[i]))
			return makeNullConst(key->type[i], -1, InvalidOid);
		if (!IsA(condition, OpExpr) || list_length(op->args) != 2)
			continue;
		value = lsecond(op->args);
		if (!equal(strip_implicit_coercions(linitial(op->args)), key->expr[i]))
		{
			/* equality commutes */
			value = linitial(op->args);
			if (!equal(strip_implicit_coercions(lsecond(op->args)), key->expr[i]))
				continue;
		}
		*type = exprType(value);
		if (IsA(value, Const) && !((Const *) value)->constisnull &&
			get_op_opfamily_strategy(op->opno, key->family[i]) == HTEqualStrategyNumber)
			return (Const *) value;
	}
	return NULL;
}

/* Can no row of which the conditions hold be in a partition by hash? */
static bool
hash_refutes(MigRel *parent, MigRel *rel, const PartitionBoundSpec *bound,
			 List *conditions)
{
	PartKey		key;
	uint64		hash = 0;
	int			i;

	read_key(parent, rel, &key);
	for (i = 0; i < key.natts; i++)
	{
		Oid			type = InvalidOid;
		Const	   *value = equal_value(&key, i, conditions, &type);
		Oid			function;

		if (value == NULL)
			return false;
		if (value->constisnull)
			continue;
		function = get_opfamily_proc(key.family[i], type, type, HASHEXTENDED_PROC);
		if (!OidIsValid(function))
			function = get_opfamily_proc(key.family[i], key.optype[i], key.optype[i],
										 HASHEXTENDED_PROC);
		if (!OidIsValid(function))
			return false;
		hash = hash_combine64(hash,
							  DatumGetUInt64(OidFunctionCall2Coll(function, key.collation[i],
																  value->constvalue,
																  UInt64GetDatum(HASH_PARTITION_SEED))));
	}
	return hash % bound->modulus != bound->remainder;
}

/* Partitions of parent that rows of which the conditions hold may be in. */
static void
prune(Pruning *pruning, MigRel *parent, ParseState *pstate, List *conditions)
{
	ListCell   *lc;
	bool		elsewhere = false;
	List	   *children = mig_rel_children(parent);
	MigRel	   *other = mig_rel_default_partition(parent);

	keep(pruning, parent);
	foreach(lc, children)
	{
		MigRel	   *child = lfirst(lc);
		PartitionBoundSpec *bound = child->old ? stored_bound(child->oid) : NULL;
		Expr	   *qual = NULL;
		List	   *quals;

		CHECK_FOR_INTERRUPTS();
		if (child == other)
			continue;
		if (bound && bound->strategy == PARTITION_STRATEGY_HASH && !bound->is_default)
		{
			if (hash_refutes(parent, pruning->rel, bound, conditions))
				continue;
		}
		else if (bound)
			qual = bound_qual(pstate, parent, pruning->rel, bound);
		if (qual)
		{
			qual = (Expr *) eval_const_expressions(NULL, (Node *) qual);
			quals = make_ands_implicit(canonicalize_qual(qual, true));
			if (predicate_refuted_by(quals, conditions, false))
				continue;
			/* all are in there, so none is in the default one */
			elsewhere = elsewhere || predicate_implied_by(quals, conditions, false);
		}
		if (child->kind == RELKIND_PARTITIONED_TABLE)
			prune(pruning, child, pstate, conditions);
		else
			keep(pruning, child);
	}
	if (other == NULL || elsewhere)
		return;
	if (other->kind == RELKIND_PARTITIONED_TABLE)
		prune(pruning, other, pstate, conditions);
	else
		keep(pruning, other);
}

/* The conditions that a row to be put in fulfils: its key has these values. */
static List *
row_conditions(Pruning *pruning, ParseState *pstate, MigRel *parent, List *row)
{
	List	   *conditions = NIL;
	PartKey		key;
	ListCell   *lc;
	ListCell   *lc2;
	int			i;

	read_key(parent, pruning->rel, &key);
	for (i = 0; i < key.natts; i++)
	{
		if (!IsA(key.expr[i], Var))
			continue;
		forboth(lc, pruning->columns, lc2, row)
		{
			MigColumn  *column = lfirst(lc);
			Const	   *value;

			if (column->number != ((Var *) key.expr[i])->varattno ||
				IsA(lfirst(lc2), SetToDefault))
				continue;
			value = bound_value(pstate, &key, i, lfirst(lc2));
			if (value->constisnull)
				conditions = lappend(conditions, mig_null_test(copyObject(key.expr[i]), IS_NULL));
			else
				conditions = lappend(conditions, key_operator(&key, i, BTEqualStrategyNumber,
															  (Expr *) value));
		}
	}
	foreach(lc, mig_rel_children(parent))
	{
		MigRel	   *child = lfirst(lc);

		if (child->kind == RELKIND_PARTITIONED_TABLE)
			conditions = list_concat(conditions,
									 row_conditions(pruning, pstate, child, row));
	}
	return conditions;
}

static void
find_partitions(void *arg)
{
	Pruning    *pruning = arg;
	ParseState *pstate = mig_rel_parse_state(pruning->rel->world, NULL, pruning->source);
	ListCell   *lc;

	if (pruning->where)
		prune(pruning, pruning->rel, pstate, cook_conditions(pruning, pruning->where));
	foreach(lc, pruning->rows)
		prune(pruning, pruning->rel, pstate,
			  row_conditions(pruning, pstate, pruning->rel, lfirst(lc)));
}

/*
 * mig_predict_partitions
 *		A partitioned table and what of its tree a condition leaves to be
 *		looked at, as the planner would find: of MigRel *.
 */
List *
mig_predict_partitions(MigRel *rel, const char *alias, Node *where, const char *source)
{
	Pruning		pruning = {rel, alias, where};

	pruning.source = source;
	if (rel->kind == RELKIND_PARTITIONED_TABLE && where &&
		mig_try(find_partitions, &pruning, NULL))
		return pruning.kept;
	return mig_rel_tree(rel);
}

/*
 * mig_predict_routes
 *		The same for rows that are put in: columns are MigColumn *, rows Lists
 *		of raw values for them; without rows, for any.
 */
List *
mig_predict_routes(MigRel *rel, List *columns, List *rows, const char *source)
{
	Pruning		pruning = {rel, ""};

	pruning.columns = columns;
	pruning.rows = rows;
	pruning.source = source;
	if (rel->kind == RELKIND_PARTITIONED_TABLE && rows != NIL &&
		mig_try(find_partitions, &pruning, NULL))
		return pruning.kept;
	return mig_rel_tree(rel);
}
