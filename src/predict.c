/*-------------------------------------------------------------------------
 *
 * predict.c
 *	  What the server's own machinery says of defaults, types and proofs.
 *
 * Expressions are analysed and planned as the command would, against the
 * columns that the world knows, in subtransactions that are rolled back: what
 * cannot be understood raises nothing.  Expects a transaction and a snapshot;
 * opens no user's relation.
 *
 *-------------------------------------------------------------------------
 */
#include "predict.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
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
#include "pgtime.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

/* Is it a domain with constraints, as the text left it? */
static bool
domain_is_constrained(MigWorld *world, Oid type)
{
	ListCell   *lc;

	foreach(lc, world->types)
	{
		MigType    *own = lfirst(lc);

		if (own->oid == type && OidIsValid(type) && own->kind == TYPTYPE_DOMAIN)
			return own->constrained || own->not_null ||
				(own->own_base ? own->own_base->constrained :
				 OidIsValid(own->base) && domain_is_constrained(world, own->base));
	}
	return get_typtype(type) == TYPTYPE_DOMAIN && DomainHasConstraints(type);
}

/*
 * mig_type_is_constrained
 *		Would a new column of that type without a default rewrite the table?
 */
bool
mig_type_is_constrained(MigWorld *world, const MigTypeRef *type)
{
	const MigType *own = type->own;

	if (type->own_array)
		return false;
	for (; own && own->kind == TYPTYPE_DOMAIN; own = own->own_base)
	{
		if (own->constrained || own->not_null)
			return true;
		if (own->own_base == NULL)
			return OidIsValid(own->base) && domain_is_constrained(world, own->base);
	}
	return type->own == NULL && OidIsValid(type->oid) &&
		domain_is_constrained(world, type->oid);
}

/* The worst of the volatilities that the functions' names can stand for. */
typedef struct NameSearch
{
	MigWorld   *world;
	char		volatility;
	bool		own;			/* one is of the text */
	bool		unknown;
} NameSearch;

static void
worse(char *volatility, char other)
{
	/* 'i' < 's' < 'v' */
	if (other > *volatility)
		*volatility = other;
}

static bool
search_names(Node *node, void *arg)
{
	NameSearch *search = arg;

	if (node == NULL)
		return false;
	if (IsA(node, FuncCall))
	{
		FuncCall   *call = (FuncCall *) node;
		MigFunction *own = mig_world_find_function(search->world, call->funcname);
		FuncCandidateList candidate;

		if (own)
		{
			search->own = true;
			worse(&search->volatility, own->volatility);
		}
		candidate = mig_FuncnameGetCandidates(call->funcname, list_length(call->args));
		if (candidate == NULL && own == NULL)
			search->unknown = true;
		for (; candidate && own == NULL; candidate = candidate->next)
			worse(&search->volatility, func_volatile(candidate->oid));
	}
	return raw_expression_tree_walker(node, search_names, arg);
}

static void
search_names_in(void *arg)
{
	void	  **args = arg;

	search_names(args[0], args[1]);
}

/*
 * The default that a domain gives to a column without one: *raw as the text
 * has it, or *cooked of the catalogs.
 */
static void
domain_default(MigWorld *world, const MigTypeRef *type, Node **raw, Node **cooked)
{
	const MigType *own = type->own;
	Oid			oid = type->oid;
	ListCell   *lc;

	*raw = NULL;
	*cooked = NULL;
	if (type->own_array)
		return;
	for (; own && own->kind == TYPTYPE_DOMAIN; own = own->own_base)
	{
		if (own->default_set)
		{
			*raw = own->raw_default;
			return;
		}
		oid = OidIsValid(own->oid) ? own->oid : own->base;
		if (OidIsValid(oid))
			break;
	}
	/* what a domain of the text is over may be one that it altered */
	foreach(lc, world->types)
	{
		const MigType *other = lfirst(lc);

		if (OidIsValid(oid) && other->oid == oid && other->default_set)
		{
			*raw = other->raw_default;
			return;
		}
	}
	if (OidIsValid(oid) && get_typtype(oid) == TYPTYPE_DOMAIN)
		*cooked = get_typdefault(oid);
}

typedef struct CookDefault
{
	MigWorld   *world;
	const MigTypeRef *type;
	Node	   *raw;
	const char *source;
	bool		is_null;
	bool		is_volatile;
	bool		is_mutable;
	Node	   *cooked;			/* instead of raw */
} CookDefault;

static void
cook_default(void *arg)
{
	CookDefault *cook = arg;
	ParseState *pstate = mig_rel_parse_state(cook->world, NULL, cook->source);
	Node	   *expr;
	Oid			type;

	expr = cook->cooked ? cook->cooked :
		transformExpr(pstate, copyObject(cook->raw), EXPR_KIND_COLUMN_DEFAULT);
	type = exprType(expr);
	if (OidIsValid(cook->type->oid))
	{
		expr = coerce_to_target_type(pstate, expr, type, cook->type->oid,
									 cook->type->typmod, COERCION_ASSIGNMENT,
									 COERCE_IMPLICIT_CAST, -1);
		if (expr == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("a default cannot have the type of its column")));
	}
	assign_expr_collations(pstate, expr);
	cook->is_null = IsA(expr, Const) && ((Const *) expr)->constisnull;
	expr = (Node *) expression_planner((Expr *) expr);
	cook->is_volatile = contain_volatile_functions(expr);
	cook->is_mutable = contain_mutable_functions(expr);
}

/*
 * mig_predict_default
 *		The raw expression as the DEFAULT of a new column of that type; NULL:
 *		there is none but what a domain has.
 */
MigDefault
mig_predict_default(MigWorld *world, const MigTypeRef *type, Node *raw,
					const char *source)
{
	MigDefault	result = {0};
	NameSearch	search = {world, PROVOLATILE_IMMUTABLE};
	CookDefault cook = {world, type, raw, source};
	void	   *search_arg[2];

	if (raw == NULL)
	{
		domain_default(world, type, &raw, &cook.cooked);
		cook.raw = raw;
	}
	search_arg[0] = raw;
	search_arg[1] = &search;
	if (raw == NULL && cook.cooked == NULL)
	{
		result.known = true;
		result.volatility = PROVOLATILE_IMMUTABLE;
		result.is_null = true;
	}
	else if (raw && IsA(raw, A_Const))
	{
		/* the commonest by far */
		result.known = true;
		result.volatility = PROVOLATILE_IMMUTABLE;
		result.is_null = ((A_Const *) raw)->isnull;
	}
	else
	{
		bool		searched = mig_try(search_names_in, search_arg, NULL);

		if (searched && !search.own && mig_try(cook_default, &cook, NULL))
		{
			result.known = true;
			result.volatility = cook.is_volatile ? PROVOLATILE_VOLATILE :
				cook.is_mutable ? PROVOLATILE_STABLE : PROVOLATILE_IMMUTABLE;
			result.is_null = cook.is_null;
		}
		else
		{
			result.known = searched && !search.unknown;
			result.volatility = result.known ? search.volatility : PROVOLATILE_VOLATILE;
		}
	}
	result.rewrites = result.volatility == PROVOLATILE_VOLATILE ||
		mig_type_is_constrained(world, type);
	return result;
}

typedef struct CookType
{
	MigRel	   *rel;
	MigColumn  *column;
	const ColumnDef *def;
	const char *source;
	MigTypeRef	type;
	bool		rewrites;
} CookType;

/* Is a timestamp with time zone the same bits as one without? */
static bool
time_zone_is_utc(MigWorld *world)
{
	pg_tz	   *zone = session_timezone;
	long int	offset;

	if (world->timezone)
	{
		zone = pg_tzset(world->timezone);
		if (zone == NULL)
		{
			char	   *end;
			double		hours = strtod(world->timezone, &end);

			return end != world->timezone && *end == '\0' && hours == 0;
		}
	}
	return zone && pg_get_timezone_offset(zone, &offset) && offset == 0;
}

static bool
change_rewrites(MigWorld *world, Node *expr, AttrNumber number)
{
	for (;;)
	{
		if (IsA(expr, Var) && ((Var *) expr)->varattno == number)
			return false;
		if (IsA(expr, RelabelType))
			expr = (Node *) ((RelabelType *) expr)->arg;
		else if (IsA(expr, CoerceToDomain))
		{
			CoerceToDomain *domain = (CoerceToDomain *) expr;

			if (domain_is_constrained(world, domain->resulttype))
				return true;
			expr = (Node *) domain->arg;
		}
		else if (IsA(expr, FuncExpr) &&
				 (((FuncExpr *) expr)->funcid == F_TIMESTAMPTZ_TIMESTAMP ||
				  ((FuncExpr *) expr)->funcid == F_TIMESTAMP_TIMESTAMPTZ) &&
				 time_zone_is_utc(world))
			expr = linitial(((FuncExpr *) expr)->args);
		else
			return true;
	}
}

static void
cook_type_change(void *arg)
{
	CookType   *cook = arg;
	ParseState *pstate = mig_rel_parse_state(cook->rel->world, cook->rel, cook->source);
	Node	   *expr;

	if (cook->def->raw_default)
		expr = transformExpr(pstate, copyObject(cook->def->raw_default),
							 EXPR_KIND_ALTER_COL_TRANSFORM);
	else
		expr = (Node *) makeVar(1, cook->column->number, cook->column->type.oid,
								cook->column->type.typmod,
								cook->column->type.collation, 0);
	expr = coerce_to_target_type(pstate, expr, exprType(expr), cook->type.oid,
								 cook->type.typmod, COERCION_ASSIGNMENT,
								 COERCE_IMPLICIT_CAST, -1);
	if (expr == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" cannot be cast automatically to type %s",
						cook->column->name,
						format_type_with_typemod(cook->type.oid, cook->type.typmod))));
	assign_expr_collations(pstate, expr);
	expr = (Node *) expression_planner((Expr *) expr);
	cook->rewrites = change_rewrites(cook->rel->world, expr, cook->column->number);
}

/*
 * mig_predict_type_change
 *		What ALTER COLUMN ... TYPE makes of the values in the column.
 */
MigTypeChange
mig_predict_type_change(MigRel *rel, MigColumn *column, const ColumnDef *def,
						const char *source, char **why)
{
	CookType	cook = {rel, column, def, source};
	ErrorData  *error = NULL;

	if (why)
		*why = NULL;
	if (!mig_world_resolve_type(rel->world, def->typeName, &cook.type))
	{
		if (why)
			*why = pstrdup("the type does not exist");
		return MIG_TYPE_FAILS;
	}
	/* with a domain that the text made: as its base, if that is all it is */
	if (cook.type.own && !OidIsValid(cook.type.oid))
	{
		MigType    *own = cook.type.own;

		if (mig_type_is_constrained(rel->world, &cook.type) || cook.type.own_array)
			return MIG_TYPE_REWRITES;
		while (own->kind == TYPTYPE_DOMAIN && own->own_base)
			own = own->own_base;
		if (own->kind != TYPTYPE_DOMAIN)
			return column->type.own == own && def->raw_default == NULL ?
				MIG_TYPE_FREE : MIG_TYPE_REWRITES;
		cook.type.oid = own->base;
		cook.type.typmod = own->base_typmod;
	}
	if (!OidIsValid(column->type.oid))
		return MIG_TYPE_REWRITES;
	if (!mig_try(cook_type_change, &cook, &error))
	{
		/* what calls a function of the text cannot be understood here */
		if (def->raw_default && error->sqlerrcode == ERRCODE_UNDEFINED_FUNCTION)
			return MIG_TYPE_REWRITES;
		if (why)
			*why = error->message;
		return MIG_TYPE_FAILS;
	}
	return cook.rewrites ? MIG_TYPE_REWRITES : MIG_TYPE_FREE;
}

/* mig_column_var: a column, as a Var of relation 1 */
Node *
mig_column_var(const MigColumn *column)
{
	return (Node *) makeVar(1, column->number, column->type.oid, column->type.typmod,
							column->type.collation, 0);
}

/* mig_null_test: IS [NOT] NULL, as an expression */
Node *
mig_null_test(Node *arg, NullTestType kind)
{
	NullTest   *test = makeNode(NullTest);

	test->arg = (Expr *) arg;
	test->nulltesttype = kind;
	test->location = -1;
	return (Node *) test;
}

/* mig_column_has_no_null: is that known, by its own constraint? */
bool
mig_column_has_no_null(MigRel *rel, MigColumn *column)
{
	ListCell   *lc;

	if (!column->not_null)
		return false;
	foreach(lc, mig_rel_constraints(rel))
	{
		MigConstraint *constraint = lfirst(lc);

		if (constraint->kind == 'n' && !constraint->valid &&
			list_member_int(constraint->columns, column->number))
			return false;
	}
	return true;
}

/* What the valid checks of a relation say, as clauses. */
static List *
valid_checks(MigRel *rel)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, mig_rel_constraints(rel))
	{
		MigConstraint *constraint = lfirst(lc);
		Node	   *expr;

		if (constraint->kind != CONSTRAINT_CHECK || !constraint->valid ||
			!constraint->enforced || constraint->expr == NULL)
			continue;
		expr = eval_const_expressions(NULL, copyObject(constraint->expr));
		expr = (Node *) canonicalize_qual((Expr *) expr, true);
		result = list_concat(result, make_ands_implicit((Expr *) expr));
	}
	return result;
}

/*
 * mig_prove
 *		For mig_try(): does the claim hold for all rows, by what is known and by
 *		the relation's valid checks?  The argument is a MigProof.
 */
void
mig_prove(void *arg)
{
	MigProof   *proof = arg;

	proof->holds = predicate_implied_by(proof->claim,
										list_concat(proof->known, valid_checks(proof->rel)),
										true);
}

/*
 * mig_predict_not_null
 *		Is it proven that the column has no NULL, so that SET NOT NULL need
 *		not look?
 */
bool
mig_predict_not_null(MigRel *rel, MigColumn *column)
{
	MigProof	proof = {rel};

	if (column->not_null)
		return mig_column_has_no_null(rel, column);
	if (!OidIsValid(column->type.oid))
		return false;
	proof.claim = list_make1(mig_null_test(mig_column_var(column), IS_NOT_NULL));
	return mig_try(mig_prove, &proof, NULL) && proof.holds;
}
