/*-------------------------------------------------------------------------
 *
 * world_apply.c
 *	  The catalogs as a text leaves them: what its statements do to them.
 *
 * Owns the dispatch, and what is dropped, renamed, filled and set.  A statement
 * is done in a subtransaction that is rolled back: what of it cannot be
 * understood raises no error.  What is rolled back to a savepoint is not given
 * to it in the first place: mig_find_undone() knows.
 *
 * Needs a transaction; takes no lock but those of catalog lookups.
 *
 *-------------------------------------------------------------------------
 */
#include "world_table.h"

#include "access/htup_details.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/namespace.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

/* What SET LOCAL changes until the transaction ends. */
typedef struct MigSettings
{
	bool		search_path_set;
	List	   *search_path;
	bool		lock_timeout_set;
	int			lock_timeout;
	bool		statement_timeout_set;
	int			statement_timeout;
	char	   *timezone;
} MigSettings;

typedef struct ApplyCall
{
	MigWorld   *world;
	Node	   *node;
	const char *source;
} ApplyCall;

static void apply(MigWorld *world, Node *node, const char *source);

static void
get_settings(const MigWorld *world, MigSettings *settings)
{
	settings->search_path_set = world->search_path_set;
	settings->search_path = world->search_path;
	settings->lock_timeout_set = world->lock_timeout_set;
	settings->lock_timeout = world->lock_timeout;
	settings->statement_timeout_set = world->statement_timeout_set;
	settings->statement_timeout = world->statement_timeout;
	settings->timezone = world->timezone;
}

static void
put_settings(MigWorld *world, const MigSettings *settings)
{
	world->search_path_set = settings->search_path_set;
	world->search_path = settings->search_path;
	world->lock_timeout_set = settings->lock_timeout_set;
	world->lock_timeout = settings->lock_timeout;
	world->statement_timeout_set = settings->statement_timeout_set;
	world->statement_timeout = settings->statement_timeout;
	world->timezone = settings->timezone;
	world->path_known = false;
}

/* A timeout as text; false: it is none. */
static bool
parse_timeout(const char *value, int *ms)
{
	return parse_int(value, ms, GUC_UNIT_MS, NULL) && *ms >= 0;
}

/* values: char *, NIL: back to the session's.  Of a list only search_path. */
static void
change_setting(MigSettings *settings, const char *name, List *values, bool reset)
{
	if (strcmp(name, "search_path") == 0)
	{
		settings->search_path_set = !reset;
		settings->search_path = reset ? NIL : values;
	}
	else if (strcmp(name, "lock_timeout") == 0)
		settings->lock_timeout_set = !reset && values != NIL &&
			parse_timeout(linitial(values), &settings->lock_timeout);
	else if (strcmp(name, "statement_timeout") == 0)
		settings->statement_timeout_set = !reset && values != NIL &&
			parse_timeout(linitial(values), &settings->statement_timeout);
	else if (strcmp(name, "timezone") == 0)
		settings->timezone = reset || values == NIL ? NULL : linitial(values);
}

static void
set(MigWorld *world, const char *name, List *values, bool reset, bool local)
{
	char	   *lower = pstrdup(name);
	MigSettings settings;

	for (char *p = lower; *p != '\0'; p++)
		*p = pg_tolower((unsigned char) *p);
	get_settings(world, &settings);
	if (local && world->after_local == NULL)
	{
		world->after_local = palloc(sizeof(MigSettings));
		*world->after_local = settings;
	}
	else if (!local && world->after_local != NULL)
		change_setting(world->after_local, lower, values, reset);
	change_setting(&settings, lower, values, reset);
	put_settings(world, &settings);
}

/* A constant of a statement as text; NULL: it is none. */
static char *
constant_text(Node *node)
{
	A_Const    *constant;

	while (node != NULL && IsA(node, TypeCast))
		node = ((TypeCast *) node)->arg;
	constant = (A_Const *) node;
	if (node == NULL || !IsA(node, A_Const) || constant->isnull)
		return NULL;
	switch (nodeTag(&constant->val))
	{
		case T_Integer:
			return psprintf("%d", intVal(&constant->val));
		case T_Float:
			return pstrdup(castNode(Float, &constant->val)->fval);
		case T_Boolean:
			return pstrdup(boolVal(&constant->val) ? "on" : "off");
		case T_String:
			return pstrdup(strVal(&constant->val));
		default:
			return NULL;
	}
}

static void
apply_set(MigWorld *world, const VariableSetStmt *stmt)
{
	static const char *const followed[] = {
		"search_path", "lock_timeout", "statement_timeout", "timezone"
	};
	List	   *values = NIL;
	ListCell   *lc;

	switch (stmt->kind)
	{
		case VAR_SET_VALUE:
			foreach(lc, stmt->args)
			{
				char	   *value = constant_text(lfirst(lc));

				if (value == NULL)
					return;
				/* SET TIME ZONE INTERVAL: an offset, which has no name */
				if (IsA(lfirst(lc), TypeCast) && pg_strcasecmp(stmt->name, "timezone") == 0)
					value = psprintf("interval %s", value);
				values = lappend(values, value);
			}
			set(world, stmt->name, values, false, stmt->is_local);
			break;
		case VAR_SET_DEFAULT:
		case VAR_RESET:
			set(world, stmt->name, NIL, true, stmt->is_local);
			break;
		case VAR_RESET_ALL:
			for (int i = 0; i < lengthof(followed); i++)
				set(world, followed[i], NIL, true, false);
			break;
		default:
			break;
	}
}

/* Is a function the server's own, so that what it does can be told? */
static bool
is_builtin(List *names)
{
	const char *name = strVal(llast(names));
	CatCList   *list;
	bool		found = false;

	if (list_length(names) > 1 && strcmp(strVal(linitial(names)), "pg_catalog") != 0)
		return false;
	list = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(name));
	for (int i = 0; i < list->n_members; i++)
		found = found || ((Form_pg_proc) GETSTRUCT(&list->members[i]->tuple))->pronamespace ==
			PG_CATALOG_NAMESPACE;
	ReleaseCatCacheList(list);
	return found;
}

static bool
calls_unknown(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, FuncCall) && !is_builtin(((FuncCall *) node)->funcname))
		return true;
	return raw_expression_tree_walker(node, calls_unknown, context);
}

/* SELECT set_config('name', 'value', is_local), as dumps have it. */
static void
apply_set_config(MigWorld *world, const SelectStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->targetList)
	{
		FuncCall   *call = (FuncCall *) lfirst_node(ResTarget, lc)->val;
		char	   *name;
		char	   *value;
		char	   *local;
		List	   *values = NIL;

		if (call == NULL || !IsA(call, FuncCall) || list_length(call->args) != 3 ||
			strcmp(strVal(llast(call->funcname)), "set_config") != 0)
			continue;
		name = constant_text(linitial(call->args));
		value = constant_text(lsecond(call->args));
		local = constant_text(lthird(call->args));
		if (name == NULL || value == NULL)
			continue;
		if (pg_strcasecmp(name, "search_path") != 0)
			values = list_make1(value);
		else if (!SplitIdentifierString(value, ',', &values))
			continue;
		set(world, name, values, false,
			local != NULL && (local[0] == 't' || strcmp(local, "on") == 0));
	}
}

/* Rows may be in it from now on; of a partitioned table, in each partition. */
static void
fill(MigRel *rel)
{
	ListCell   *lc;

	if (rel == NULL || rel->filled)
		return;
	if (rel->kind != RELKIND_PARTITIONED_TABLE)
	{
		rel->filled = true;
		return;
	}
	foreach(lc, mig_rel_tree(rel))
		((MigRel *) lfirst(lc))->filled = true;
}

static void
empty(MigRel *rel)
{
	rel->filled = false;
	rel->tuples = 0;
	if (rel->kind != RELKIND_FOREIGN_TABLE)
		rel->bytes = 0;
	rel->no_pages = true;
}

static void
apply_truncate(MigWorld *world, const TruncateStmt *stmt)
{
	List	   *all = NIL;
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, stmt->relations)
	{
		RangeVar   *name = lfirst(lc);
		MigRel	   *rel = mig_world_find(world, name);

		if (rel != NULL)
			all = list_concat_unique_ptr(all, name->inh ? mig_rel_tree(rel) :
										 list_make1(rel));
	}
	/* the list grows while it is gone through */
	for (int i = 0; i < list_length(all); i++)
	{
		MigRel	   *rel = list_nth(all, i);

		CHECK_FOR_INTERRUPTS();
		empty(rel);
		foreach(lc2, stmt->behavior == DROP_CASCADE ? mig_rel_references(rel) : NIL)
			all = list_append_unique_ptr(all, ((MigConstraint *) lfirst(lc2))->rel);
	}
}

static void
apply_with(MigWorld *world, const WithClause *with, const char *source)
{
	ListCell   *lc;

	if (with == NULL)
		return;
	foreach(lc, with->ctes)
	{
		Node	   *query = lfirst_node(CommonTableExpr, lc)->ctequery;

		if (!IsA(query, SelectStmt))
			apply(world, query, source);
	}
}

static void
drop_schema(MigWorld *world, const char *name, bool cascade)
{
	Oid			oid;
	List	   *rels = NIL;
	HASH_SEQ_STATUS scan;
	ListCell   *lc;
	struct
	{
		Oid			oid;
		MigRel	   *rel;
	}		   *entry;

	if (!mig_world_schema(world, name, &oid))
		return;
	if (cascade)
	{
		rels = mig_world_names_in(world, name);
		hash_seq_init(&scan, world->by_oid);
		while ((entry = hash_seq_search(&scan)) != NULL)
		{
			if (!entry->rel->dropped && strcmp(entry->rel->schema, name) == 0)
				rels = lappend(rels, entry->rel);
		}
	}
	foreach(lc, rels)
		mig_rel_drop(lfirst(lc), true);
	foreach(lc, world->types)
	{
		MigType    *type = lfirst(lc);

		if (!type->dropped && strcmp(type->schema, name) == 0)
		{
			type->dropped = true;
			mig_world_set_type_name(world, type->schema, type->name, NULL);
		}
	}
	mig_world_set_schema(world, name, InvalidOid, false);
	if (OidIsValid(oid))
		mig_world_move_schema(world, oid, NULL);
}

static void
rename_schema(MigWorld *world, const char *from, const char *to)
{
	Oid			oid;
	List	   *rels = NIL;
	HASH_SEQ_STATUS scan;
	ListCell   *lc;
	struct
	{
		Oid			oid;
		MigRel	   *rel;
	}		   *entry;

	if (!mig_world_schema(world, from, &oid) || mig_world_schema_exists(world, to))
		return;
	rels = mig_world_names_in(world, from);
	hash_seq_init(&scan, world->by_oid);
	while ((entry = hash_seq_search(&scan)) != NULL)
	{
		if (!entry->rel->dropped && strcmp(entry->rel->schema, from) == 0)
			rels = lappend(rels, entry->rel);
	}
	mig_world_set_schema(world, from, InvalidOid, false);
	mig_world_set_schema(world, to, oid, true);
	if (OidIsValid(oid))
		mig_world_move_schema(world, oid, to);
	foreach(lc, rels)
	{
		MigRel	   *rel = lfirst(lc);

		if (strcmp(rel->schema, to) == 0)
			continue;
		mig_world_set_name(world, rel->schema, rel->name, NULL);
		rel->schema = pstrdup(to);
		mig_world_set_name(world, to, rel->name, rel);
	}
	foreach(lc, world->types)
	{
		MigType    *type = lfirst(lc);

		if (type->dropped || strcmp(type->schema, from) != 0)
			continue;
		mig_world_set_type_name(world, from, type->name, NULL);
		type->schema = pstrdup(to);
		mig_world_set_type_name(world, to, type->name, type);
	}
}

static void
apply_drop(MigWorld *world, const DropStmt *stmt)
{
	bool		cascade = stmt->behavior == DROP_CASCADE;
	ListCell   *lc;

	foreach(lc, stmt->objects)
	{
		Node	   *object = lfirst(lc);
		MigRel	   *rel;

		switch (stmt->removeType)
		{
			case OBJECT_TABLE:
			case OBJECT_VIEW:
			case OBJECT_MATVIEW:
			case OBJECT_INDEX:
			case OBJECT_SEQUENCE:
			case OBJECT_FOREIGN_TABLE:
				rel = mig_world_find_list(world, castNode(List, object));
				if (rel != NULL)
					mig_rel_drop(rel, cascade);
				break;
			case OBJECT_SCHEMA:
				drop_schema(world, strVal(object), cascade);
				break;
			case OBJECT_TYPE:
			case OBJECT_DOMAIN:
				mig_world_drop_type(world, castNode(TypeName, object), cascade);
				break;
			case OBJECT_FUNCTION:
			case OBJECT_PROCEDURE:
			case OBJECT_ROUTINE:
				mig_world_drop_function(world, castNode(ObjectWithArgs, object)->objname);
				break;
			case OBJECT_TRIGGER:
				mig_world_drop_trigger(world, castNode(List, object));
				break;
			case OBJECT_EXTENSION:
				/* what was its goes with it, and is not looked up */
				world->opaque = true;
				break;
			default:
				break;
		}
	}
}

static void
apply_rename(MigWorld *world, const RenameStmt *stmt)
{
	MigRel	   *rel;
	MigConstraint *constraint;
	ListCell   *lc;

	switch (stmt->renameType)
	{
		case OBJECT_TABLE:
		case OBJECT_VIEW:
		case OBJECT_MATVIEW:
		case OBJECT_INDEX:
		case OBJECT_SEQUENCE:
		case OBJECT_FOREIGN_TABLE:
			rel = mig_world_find(world, stmt->relation);
			if (rel == NULL)
				return;
			/* a constraint is called as its index is */
			if (rel->kind == RELKIND_INDEX || rel->kind == RELKIND_PARTITIONED_INDEX)
			{
				foreach(lc, mig_rel_constraints(mig_index_table(rel)))
				{
					constraint = lfirst(lc);
					if (constraint->kind != CONSTRAINT_FOREIGN &&
						mig_constraint_index(constraint) == rel)
					{
						mig_constraint_rename(constraint, stmt->newname);
						return;
					}
				}
			}
			(void) mig_rel_move(rel, rel->schema, stmt->newname);
			break;
		case OBJECT_COLUMN:
		case OBJECT_ATTRIBUTE:
			rel = mig_world_find(world, stmt->relation);
			if (rel != NULL)
				mig_column_rename(rel, stmt->subname, stmt->newname, stmt->relation->inh);
			break;
		case OBJECT_TABCONSTRAINT:
			rel = mig_world_find(world, stmt->relation);
			constraint = rel != NULL ? mig_rel_constraint(rel, stmt->subname) : NULL;
			if (constraint != NULL)
				mig_constraint_rename(constraint, stmt->newname);
			break;
		case OBJECT_SCHEMA:
			rename_schema(world, stmt->subname, stmt->newname);
			break;
		case OBJECT_TYPE:
		case OBJECT_DOMAIN:
			mig_world_move_type(world, castNode(List, stmt->object), NULL, stmt->newname);
			break;
		default:
			break;
	}
}

static void
apply_move(MigWorld *world, const AlterObjectSchemaStmt *stmt)
{
	MigRel	   *rel;

	switch (stmt->objectType)
	{
		case OBJECT_TABLE:
		case OBJECT_VIEW:
		case OBJECT_MATVIEW:
		case OBJECT_SEQUENCE:
		case OBJECT_FOREIGN_TABLE:
			rel = mig_world_find(world, stmt->relation);
			if (rel != NULL)
				(void) mig_rel_move(rel, stmt->newschema, rel->name);
			break;
		case OBJECT_TYPE:
		case OBJECT_DOMAIN:
			mig_world_move_type(world, castNode(List, stmt->object), stmt->newschema, NULL);
			break;
		case OBJECT_EXTENSION:
			world->opaque = true;
			break;
		default:
			break;
	}
}

/* OWNED BY of a sequence's options. */
static void
own_sequence(MigWorld *world, MigRel *sequence, List *options)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		const DefElem *option = lfirst_node(DefElem, lc);
		List	   *names;
		MigRel	   *rel;
		MigColumn  *column;

		if (strcmp(option->defname, "owned_by") != 0)
			continue;
		names = list_copy(castNode(List, option->arg));
		mig_sequence_disown(sequence);
		if (list_length(names) < 2)
			continue;			/* NONE */
		rel = mig_world_find_list(world, list_truncate(list_copy(names),
													   list_length(names) - 1));
		column = rel != NULL ? mig_rel_column(rel, strVal(llast(names))) : NULL;
		if (column != NULL)
			mig_rel_own_sequence(rel, column, sequence);
	}
}

static void
create_sequence(MigWorld *world, const CreateSeqStmt *stmt)
{
	MigRel	   *rel = mig_world_make(world,
									 mig_world_creation_schema(world, stmt->sequence->schemaname,
															   stmt->sequence->relpersistence),
									 stmt->sequence->relname, RELKIND_SEQUENCE,
									 stmt->sequence->relpersistence);

	if (rel != NULL)
		own_sequence(world, rel, stmt->options);
}

static void
create_schema(MigWorld *world, const CreateSchemaStmt *stmt, const char *source)
{
	const char *name = stmt->schemaname;
	MigSettings settings;
	List	   *path = NIL;
	ListCell   *lc;

	if (name == NULL && stmt->authrole != NULL)
		name = stmt->authrole->roletype == ROLESPEC_CSTRING ? stmt->authrole->rolename :
			GetUserNameFromId(GetUserId(), true);
	if (name == NULL || mig_world_schema_exists(world, name))
		return;
	mig_world_set_schema(world, name, InvalidOid, true);
	world->schemas = lappend(world->schemas, pstrdup(name));
	if (stmt->schemaElts == NIL)
		return;
	/* its elements are made in it */
	get_settings(world, &settings);
	foreach(lc, mig_world_path(world))
	{
		if (strcmp(lfirst(lc), "pg_catalog") != 0 && strcmp(lfirst(lc), TEMP_SCHEMA) != 0)
			path = lappend(path, lfirst(lc));
	}
	mig_world_search_path(world, lcons(pstrdup(name), path));
	foreach(lc, stmt->schemaElts)
		apply(world, lfirst(lc), source);
	put_settings(world, &settings);
}

static void
refresh(MigWorld *world, const RefreshMatViewStmt *stmt)
{
	MigRel	   *rel = mig_world_find(world, stmt->relation);

	if (rel == NULL)
		return;
	if (stmt->skipData)
		empty(rel);
	else
		rel->filled = true;
	rel->populated = !stmt->skipData;
}

static void
apply_select(MigWorld *world, const SelectStmt *stmt, const char *source)
{
	const SelectStmt *first = stmt;

	while (first->op != SETOP_NONE)
		first = first->larg;
	if (first->intoClause != NULL)
		mig_world_create_table_as(world, first->intoClause->rel, first->intoClause,
								  (Node *) stmt, false, false);
	else if (stmt->op == SETOP_NONE)
		apply_set_config(world, stmt);
	apply_with(world, stmt->withClause, source);
	if (calls_unknown((Node *) stmt, NULL))
		world->opaque = true;
}

static void
apply(MigWorld *world, Node *node, const char *source)
{
	MigRel	   *rel;

	check_stack_depth();
	switch (nodeTag(node))
	{
		case T_CreateStmt:
			mig_world_create_table(world, (CreateStmt *) node, RELKIND_RELATION, source);
			break;
		case T_CreateForeignTableStmt:
			mig_world_create_table(world, &((CreateForeignTableStmt *) node)->base,
								   RELKIND_FOREIGN_TABLE, source);
			break;
		case T_CreateTableAsStmt:
			{
				CreateTableAsStmt *stmt = (CreateTableAsStmt *) node;

				mig_world_create_table_as(world, stmt->into->rel, stmt->into, stmt->query,
										  stmt->objtype == OBJECT_MATVIEW,
										  stmt->if_not_exists);
				if (calls_unknown(stmt->query, NULL))
					world->opaque = true;
			}
			break;
		case T_IndexStmt:
			rel = mig_world_find(world, ((IndexStmt *) node)->relation);
			if (rel != NULL)
				(void) mig_rel_declare_index(rel, (IndexStmt *) node,
											 ((IndexStmt *) node)->relation->inh);
			break;
		case T_ViewStmt:
			mig_world_create_view(world, (ViewStmt *) node);
			break;
		case T_CreateSeqStmt:
			create_sequence(world, (CreateSeqStmt *) node);
			break;
		case T_AlterSeqStmt:
			rel = mig_world_find(world, ((AlterSeqStmt *) node)->sequence);
			if (rel != NULL)
				own_sequence(world, rel, ((AlterSeqStmt *) node)->options);
			break;
		case T_CreateEnumStmt:
			mig_world_create_enum(world, (CreateEnumStmt *) node);
			break;
		case T_CreateRangeStmt:
			mig_world_create_range(world, (CreateRangeStmt *) node);
			break;
		case T_CompositeTypeStmt:
			mig_world_create_composite(world, (CompositeTypeStmt *) node);
			break;
		case T_CreateDomainStmt:
			mig_world_create_domain(world, (CreateDomainStmt *) node);
			break;
		case T_DefineStmt:
			if (((DefineStmt *) node)->kind == OBJECT_TYPE)
				mig_world_create_base_type(world, ((DefineStmt *) node)->defnames);
			break;
		case T_AlterEnumStmt:
			mig_world_alter_enum(world, (AlterEnumStmt *) node);
			break;
		case T_AlterDomainStmt:
			mig_world_alter_domain(world, (AlterDomainStmt *) node);
			break;
		case T_CreateFunctionStmt:
			mig_world_create_function(world, (CreateFunctionStmt *) node);
			break;
		case T_AlterFunctionStmt:
			mig_world_alter_function(world, (AlterFunctionStmt *) node);
			break;
		case T_CreateSchemaStmt:
			create_schema(world, (CreateSchemaStmt *) node, source);
			break;
		case T_AlterTableStmt:
			mig_world_alter_table(world, (AlterTableStmt *) node, source);
			break;
		case T_RenameStmt:
			apply_rename(world, (RenameStmt *) node);
			break;
		case T_AlterObjectSchemaStmt:
			apply_move(world, (AlterObjectSchemaStmt *) node);
			break;
		case T_DropStmt:
			apply_drop(world, (DropStmt *) node);
			break;
		case T_TruncateStmt:
			apply_truncate(world, (TruncateStmt *) node);
			break;
		case T_InsertStmt:
			apply_with(world, ((InsertStmt *) node)->withClause, source);
			fill(mig_world_find(world, ((InsertStmt *) node)->relation));
			break;
		case T_MergeStmt:
			apply_with(world, ((MergeStmt *) node)->withClause, source);
			fill(mig_world_find(world, ((MergeStmt *) node)->relation));
			break;
		case T_UpdateStmt:
			/* rows come from where there are some, but for partitions */
			apply_with(world, ((UpdateStmt *) node)->withClause, source);
			rel = mig_world_find(world, ((UpdateStmt *) node)->relation);
			if (rel != NULL && rel->kind == RELKIND_PARTITIONED_TABLE)
				fill(rel);
			break;
		case T_DeleteStmt:
			apply_with(world, ((DeleteStmt *) node)->withClause, source);
			break;
		case T_CopyStmt:
			if (((CopyStmt *) node)->is_from && ((CopyStmt *) node)->relation != NULL)
				fill(mig_world_find(world, ((CopyStmt *) node)->relation));
			break;
		case T_RefreshMatViewStmt:
			refresh(world, (RefreshMatViewStmt *) node);
			break;
		case T_VariableSetStmt:
			apply_set(world, (VariableSetStmt *) node);
			break;
		case T_DiscardStmt:
			if (((DiscardStmt *) node)->target == DISCARD_ALL)
			{
				VariableSetStmt reset = {0};

				reset.type = T_VariableSetStmt;
				reset.kind = VAR_RESET_ALL;
				apply_set(world, &reset);
			}
			break;
		case T_SelectStmt:
			apply_select(world, (SelectStmt *) node, source);
			break;
		case T_DoStmt:
		case T_CallStmt:
		case T_ExecuteStmt:
		case T_LoadStmt:
		case T_CreateExtensionStmt:
		case T_AlterExtensionStmt:
		case T_AlterExtensionContentsStmt:
		case T_ImportForeignSchemaStmt:
		case T_DropOwnedStmt:
			world->opaque = true;
			break;
		default:
			break;
	}
}

static void
call_apply(void *arg)
{
	ApplyCall  *call = arg;

	apply(call->world, call->node, call->source);
	mig_world_note_calls(call->world, call->node);
}

void
mig_world_apply(MigWorld *world, const MigStatement *stmt)
{
	MemoryContext context = MemoryContextSwitchTo(world->context);
	ApplyCall	call = {world, stmt->raw->stmt, stmt->source};

	CHECK_FOR_INTERRUPTS();
	world->statement++;
	if (!mig_try(call_apply, &call, NULL))
		world->opaque = true;
	MemoryContextSwitchTo(context);
}

void
mig_world_end_transaction(MigWorld *world)
{
	world->transaction++;
	if (world->after_local == NULL)
		return;
	put_settings(world, world->after_local);
	world->after_local = NULL;
}
