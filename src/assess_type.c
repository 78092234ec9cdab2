/*-------------------------------------------------------------------------
 *
 * assess_type.c
 *	  What becomes of a column's values as those of another type.
 *
 * ALTER TABLE converts by assignment, which refuses what does not fit but
 * rounds and cuts off silently what an implicit cast would keep; USING may do
 * anything.  Reads catalogs, takes no locks.
 *
 *-------------------------------------------------------------------------
 */
#include "assess.h"

#include "access/htup_details.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_type.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

typedef enum Fit
{
	FIT_ALL,					/* each value stays what it is */
	FIT_OR_FAIL,				/* ... or makes the statement fail */
	FIT_NOT						/* values may lose something */
} Fit;

static int
integer_size(Oid type)
{
	return type == INT2OID ? 2 : type == INT4OID ? 4 : type == INT8OID ? 8 : 0;
}

static int
scale_of(int32 typmod)
{
	/* 11 bits with a sign */
	return (((typmod - VARHDRSZ) & 0x7ff) ^ 1024) - 1024;
}

static int
digits_of(int32 typmod)
{
	return (((typmod - VARHDRSZ) >> 16) & 0xffff) - scale_of(typmod);
}

/* The same type with another length or precision. */
static Fit
fit_typmod(Oid type, int32 from, int32 to, bool explicit)
{
	bool		narrower = from < 0 || to < from;

	if (to < 0 || from == to)
		return FIT_ALL;
	switch (type)
	{
		case NUMERICOID:
			if (from < 0 || scale_of(to) < scale_of(from))
				return FIT_NOT;
			return digits_of(to) < digits_of(from) ? FIT_OR_FAIL : FIT_ALL;
		case VARCHAROID:
		case BPCHAROID:
		case VARBITOID:
			return !narrower ? FIT_ALL : explicit ? FIT_NOT : FIT_OR_FAIL;
		case BITOID:
			return !explicit ? FIT_OR_FAIL : narrower ? FIT_NOT : FIT_ALL;
		default:
			return narrower ? FIT_NOT : FIT_ALL;
	}
}

static Fit
fit_number(Oid from, Oid to, int32 to_typmod)
{
	switch (to)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			if (integer_size(from) == 0)
				return FIT_NOT;
			return integer_size(from) <= integer_size(to) ? FIT_ALL : FIT_OR_FAIL;
		case NUMERICOID:
			if (integer_size(from) == 0)
				return FIT_NOT;
			return to_typmod < 0 ? FIT_ALL :
				scale_of(to_typmod) < 0 ? FIT_NOT : FIT_OR_FAIL;
		case FLOAT4OID:
			return from == INT2OID ? FIT_ALL : FIT_NOT;
		default:
			return from == INT2OID || from == INT4OID || from == FLOAT4OID ? FIT_ALL : FIT_NOT;
	}
}

static bool
is_number(Oid type)
{
	return integer_size(type) > 0 || type == NUMERICOID || type == FLOAT4OID || type == FLOAT8OID;
}

static Fit
fit_of(Oid from, int32 from_typmod, Oid to, int32 to_typmod, bool explicit)
{
	Oid			function;

	if (from != to && get_typtype(to) == TYPTYPE_DOMAIN && DomainHasConstraints(to))
	{
		Fit			base = fit_of(from, from_typmod, getBaseTypeAndTypmod(to, &to_typmod),
								  to_typmod, explicit);

		return Max(base, FIT_OR_FAIL);
	}
	from = getBaseTypeAndTypmod(from, &from_typmod);
	to = getBaseTypeAndTypmod(to, &to_typmod);
	if (from == to)
		return fit_typmod(to, from_typmod, to_typmod, explicit);
	if (is_number(from) && is_number(to))
		return fit_number(from, to, to_typmod);
	switch (to)
	{
		case TEXTOID:
			return FIT_ALL;
		case VARCHAROID:
		case BPCHAROID:
			/* what another type's length means is another thing */
			if (from != VARCHAROID && from != BPCHAROID)
				from_typmod = -1;
			return fit_typmod(VARCHAROID, from_typmod, to_typmod, explicit);
		case NAMEOID:
			return FIT_NOT;
		case JSONOID:
		case JSONBOID:
			if (from == JSONOID || from == JSONBOID)
				return FIT_ALL;
			break;
		default:
			break;
	}
	/* that there is no conversion fails */
	if (!explicit && find_coercion_pathway(to, from, COERCION_ASSIGNMENT, &function) ==
		COERCION_PATH_NONE)
		return FIT_ALL;
	if (to_typmod >= 0)
		return FIT_NOT;
	return find_coercion_pathway(to, from, COERCION_IMPLICIT, &function) ==
		COERCION_PATH_NONE ? FIT_NOT : FIT_ALL;
}

/* Is USING no more than the column, or its cast to the new type? */
static bool
is_plain_cast(const ColumnDef *def, const char *column)
{
	Node	   *node = def->raw_default;
	const ColumnRef *ref;

	if (IsA(node, TypeCast))
	{
		if (!equal(((TypeCast *) node)->typeName, def->typeName))
			return false;
		node = ((TypeCast *) node)->arg;
	}
	ref = (const ColumnRef *) node;
	return IsA(ref, ColumnRef) && IsA(llast(ref->fields), String) &&
		strcmp(strVal(llast(ref->fields)), column) == 0;
}

/*
 * mig_assess_type
 *		A column's type changes: from what the catalogs say, to what the world
 *		says by now.
 */
void
mig_assess_type(const MigJudged *judged, const MigEffect *effect, const AlterTableCmd *cmd)
{
	MigRel	   *rel = effect->rel;
	const MigColumn *column = mig_rel_column(rel, cmd->name);
	const ColumnDef *def = (const ColumnDef *) cmd->def;
	char	   *name = psprintf("%s.%s", effect->label, quote_identifier(cmd->name));
	HeapTuple	tuple = OidIsValid(rel->oid) ? SearchSysCacheAttName(rel->oid, cmd->name) : NULL;
	Oid			type;
	int32		typmod;
	bool		explicit = def->raw_default != NULL;
	Fit			fit;

	if (!HeapTupleIsValid(tuple))
		return;
	type = ((Form_pg_attribute) GETSTRUCT(tuple))->atttypid;
	typmod = ((Form_pg_attribute) GETSTRUCT(tuple))->atttypmod;
	ReleaseSysCache(tuple);
	if (column != NULL && !column->old)
		return;

	if (effect->empty)
		fit = FIT_ALL;
	else if (explicit && !is_plain_cast(def, cmd->name))
		fit = FIT_NOT;
	else if (column == NULL || !OidIsValid(column->type.oid))
		fit = FIT_NOT;
	else
		fit = fit_of(type, typmod, column->type.oid, column->type.typmod, explicit);

	if (fit == FIT_NOT)
		mig_judged_reason(judged, MIG_AXIS_DATA, MIG_LEVEL_HIGH,
						  "line %d: values of %s may lose something as another type, and are kept nowhere%s",
						  judged->line, name, mig_assess_parentheses(NULL, effect));
	else
		mig_judged_reason(judged, MIG_AXIS_DATA, MIG_LEVEL_MEDIUM,
						  "line %d: clients find another type in %s", judged->line, name);
	if (fit == FIT_OR_FAIL)
		mig_judged_reason(judged, MIG_AXIS_FAILURE, MIG_LEVEL_MEDIUM,
						  "line %d: a value of %s that does not fit the new type would make it fail%s",
						  judged->line, name, mig_assess_parentheses(NULL, effect));
}
