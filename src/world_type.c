/*-------------------------------------------------------------------------
 *
 * world_type.c
 *	  The catalogs as a text leaves them: types, domains and functions.
 *
 * Needs a transaction; takes no lock but those of catalog lookups.
 *
 *-------------------------------------------------------------------------
 */
#include "world_table.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

typedef struct ConstrainedCall
{
	Oid			type;
	bool		result;
} ConstrainedCall;

/* NULL: there is one of that name, or no such schema */
static MigType *
make_type(MigWorld *world, List *names, char kind)
{
	char	   *schema;
	char	   *name;
	MigType    *type;
	Oid			oid;

	if (!mig_world_split(names, &schema, &name))
		return NULL;
	schema = mig_world_creation_schema(world, schema, RELPERSISTENCE_PERMANENT);
	if (schema == NULL || !mig_world_schema_exists(world, schema))
		return NULL;
	type = mig_world_lookup_type(world, list_make2(makeString(schema),
												   makeString(pstrdup(name))), &oid);
	if (type != NULL || OidIsValid(oid))
		return NULL;
	type = palloc0(sizeof(MigType));
	type->schema = schema;
	type->name = pstrdup(name);
	type->kind = kind;
	type->base_typmod = -1;
	type->made_in = world->transaction;
	world->types = lappend(world->types, type);
	mig_world_set_type_name(world, schema, name, type);
	return type;
}

/* The text's or, to be altered, an old one; NULL: there is none. */
static MigType *
find_type(MigWorld *world, List *names)
{
	Oid			oid;
	MigType    *type = mig_world_lookup_type(world, names, &oid);

	if (type == NULL && OidIsValid(oid))
		type = mig_world_type(world, oid, true);
	return type;
}

static void
ask_constrained(void *arg)
{
	ConstrainedCall *call = arg;

	call->result = DomainHasConstraints(call->type);
}

static void
judge_domain(MigType *type)
{
	type->constrained = type->not_null || type->checks > 0;
	if (type->constrained)
		return;
	if (type->own_base != NULL)
		type->constrained = type->own_base->constrained;
	else if (OidIsValid(type->base) && get_typtype(type->base) == TYPTYPE_DOMAIN)
	{
		ConstrainedCall call = {type->base, false};

		type->constrained = !mig_try(ask_constrained, &call, NULL) || call.result;
	}
}

void
mig_world_create_enum(MigWorld *world, const CreateEnumStmt *stmt)
{
	(void) make_type(world, stmt->typeName, TYPTYPE_ENUM);
}

void
mig_world_create_range(MigWorld *world, const CreateRangeStmt *stmt)
{
	(void) make_type(world, stmt->typeName, TYPTYPE_RANGE);
}

/* Also a shell, which its definition then completes. */
void
mig_world_create_base_type(MigWorld *world, List *names)
{
	(void) make_type(world, names, TYPTYPE_BASE);
}

void
mig_world_create_domain(MigWorld *world, const CreateDomainStmt *stmt)
{
	MigTypeRef	base;
	MigType    *type;
	ListCell   *lc;

	if (!mig_world_resolve_type(world, stmt->typeName, &base))
		memset(&base, 0, sizeof(base));
	type = make_type(world, stmt->domainname, TYPTYPE_DOMAIN);
	if (type == NULL)
		return;
	type->base = base.oid;
	type->base_typmod = base.typmod;
	type->own_base = base.own_array ? NULL : base.own;
	foreach(lc, stmt->constraints)
	{
		const Constraint *con = lfirst_node(Constraint, lc);

		if (con->contype == CONSTR_NOTNULL)
			type->not_null = true;
		else if (con->contype == CONSTR_CHECK)
			type->checks++;
		else if (con->contype == CONSTR_DEFAULT)
		{
			type->default_set = true;
			type->raw_default = copyObject(con->raw_expr);
		}
	}
	judge_domain(type);
}

void
mig_world_alter_enum(MigWorld *world, const AlterEnumStmt *stmt)
{
	MigType    *type = find_type(world, stmt->typeName);

	/* a value that is renamed is one that could be used before */
	if (type == NULL || stmt->oldVal != NULL)
		return;
	if (stmt->skipIfNewValExists && OidIsValid(type->oid) &&
		SearchSysCacheExists2(ENUMTYPOIDNAME, ObjectIdGetDatum(type->oid),
							  CStringGetDatum(stmt->newVal)))
		return;
	type->new_labels = lappend(type->new_labels, pstrdup(stmt->newVal));
	type->new_labels_in = lappend_int(type->new_labels_in, world->transaction);
}

void
mig_world_alter_domain(MigWorld *world, const AlterDomainStmt *stmt)
{
	MigType    *type = find_type(world, stmt->typeName);

	if (type == NULL || type->kind != TYPTYPE_DOMAIN)
		return;
	switch (stmt->subtype)
	{
		case 'T':
			type->default_set = true;
			type->raw_default = copyObject(stmt->def);
			break;
		case 'N':
			type->not_null = false;
			break;
		case 'O':
			type->not_null = true;
			break;
		case 'C':
			if (castNode(Constraint, stmt->def)->contype == CONSTR_NOTNULL)
				type->not_null = true;
			else
				type->checks++;
			break;
		case 'X':
			/* in 18 it may be the one for NOT NULL, which is seldom named */
			if (type->checks > 0)
				type->checks--;
			else
				type->not_null = false;
			break;
		default:
			break;
	}
	judge_domain(type);
}

/* mig_world_move_type: schema or name NULL: it keeps that */
void
mig_world_move_type(MigWorld *world, List *names, const char *schema, const char *name)
{
	MigType    *type;
	MigRel	   *rel = mig_world_find_list(world, names);

	if (rel != NULL && rel->kind == RELKIND_COMPOSITE_TYPE)
	{
		(void) mig_rel_move(rel, schema != NULL ? schema : rel->schema,
							name != NULL ? name : rel->name);
		return;
	}
	type = find_type(world, names);
	if (type == NULL || (schema != NULL && !mig_world_schema_exists(world, schema)))
		return;
	mig_world_set_type_name(world, type->schema, type->name, NULL);
	if (schema != NULL)
		type->schema = pstrdup(schema);
	if (name != NULL)
		type->name = pstrdup(name);
	mig_world_set_type_name(world, type->schema, type->name, type);
}

void
mig_world_drop_type(MigWorld *world, const TypeName *name, bool cascade)
{
	MigRel	   *rel = mig_world_find_list(world, name->names);
	MigType    *type;
	ListCell   *lc;

	if (rel != NULL && rel->kind == RELKIND_COMPOSITE_TYPE)
	{
		foreach(lc, cascade && OidIsValid(rel->type) ?
				mig_type_tables(world, rel->type) : NIL)
		{
			MigTypeUse *use = lfirst(lc);

			mig_column_drop(use->rel, use->column, true, true);
		}
		mig_rel_drop(rel, cascade);
		return;
	}
	type = find_type(world, name->names);
	if (type == NULL)
		return;
	foreach(lc, cascade && OidIsValid(type->oid) ?
			mig_type_tables(world, type->oid) : NIL)
	{
		MigTypeUse *use = lfirst(lc);

		mig_column_drop(use->rel, use->column, true, true);
	}
	type->dropped = true;
	mig_world_set_type_name(world, type->schema, type->name, NULL);
}

static bool
function_exists(MigWorld *world, const char *schema, const char *name)
{
	Oid			namespace;
	CatCList   *list;
	bool		found = false;

	if (!mig_world_schema(world, schema, &namespace) || !OidIsValid(namespace))
		return false;
	list = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(name));
	for (int i = 0; i < list->n_members; i++)
	{
		Form_pg_proc form = (Form_pg_proc) GETSTRUCT(&list->members[i]->tuple);

		found = found || form->pronamespace == namespace;
	}
	ReleaseCatCacheList(list);
	return found;
}

static char
volatility_of(const DefElem *option)
{
	const char *word = strVal(option->arg);

	return word[0] == 'i' ? PROVOLATILE_IMMUTABLE :
		word[0] == 's' ? PROVOLATILE_STABLE : PROVOLATILE_VOLATILE;
}

void
mig_world_create_function(MigWorld *world, const CreateFunctionStmt *stmt)
{
	MigFunction *function;
	MigFunction *before;
	char	   *schema;
	char	   *name;
	ListCell   *lc;

	if (!mig_world_split(stmt->funcname, &schema, &name))
		return;
	schema = mig_world_creation_schema(world, schema, RELPERSISTENCE_PERMANENT);
	if (schema == NULL || !mig_world_schema_exists(world, schema))
		return;
	before = mig_world_find_function(world, list_make2(makeString(schema),
													   makeString(name)));
	function = palloc0(sizeof(MigFunction));
	function->schema = schema;
	function->name = pstrdup(name);
	function->volatility = PROVOLATILE_VOLATILE;
	function->replaced = before != NULL || function_exists(world, schema, name);
	foreach(lc, stmt->parameters)
	{
		FunctionParameterMode mode = lfirst_node(FunctionParameter, lc)->mode;

		if (mode != FUNC_PARAM_OUT && mode != FUNC_PARAM_TABLE)
			function->nargs++;
	}
	foreach(lc, stmt->options)
	{
		const DefElem *option = lfirst_node(DefElem, lc);

		if (strcmp(option->defname, "volatility") == 0)
			function->volatility = volatility_of(option);
	}
	world->functions = lappend(world->functions, function);
	mig_world_set_function(world, schema, name, function);
}

/* Of what ALTER FUNCTION changes, only how volatile it is matters here. */
void
mig_world_alter_function(MigWorld *world, const AlterFunctionStmt *stmt)
{
	List	   *names = stmt->func->objname;
	MigFunction *function = mig_world_find_function(world, names);
	char		volatility = '\0';
	char	   *schema;
	char	   *name;
	ListCell   *lc;

	foreach(lc, stmt->actions)
	{
		const DefElem *option = lfirst_node(DefElem, lc);

		if (strcmp(option->defname, "volatility") == 0)
			volatility = volatility_of(option);
	}
	if (volatility == '\0' || !mig_world_split(names, &schema, &name))
		return;
	foreach(lc, function == NULL && schema == NULL ? mig_world_path(world) : NIL)
	{
		if (function_exists(world, lfirst(lc), name))
		{
			schema = lfirst(lc);
			break;
		}
	}
	if (function == NULL && schema != NULL && function_exists(world, schema, name))
	{
		function = palloc0(sizeof(MigFunction));
		function->schema = pstrdup(schema);
		function->name = pstrdup(name);
		function->nargs = list_length(stmt->func->objargs);
		function->replaced = true;
		world->functions = lappend(world->functions, function);
		mig_world_set_function(world, function->schema, function->name, function);
	}
	if (function != NULL)
		function->volatility = volatility;
}

void
mig_world_drop_function(MigWorld *world, List *names)
{
	MigFunction *function = mig_world_find_function(world, names);

	if (function == NULL)
		return;
	world->functions = list_delete_ptr(world->functions, function);
	mig_world_set_function(world, function->schema, function->name, NULL);
}
