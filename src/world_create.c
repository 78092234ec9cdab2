/*-------------------------------------------------------------------------
 *
 * world_create.c
 *	  The catalogs as a text leaves them: tables and views that it makes.
 *
 * Needs a transaction; takes no lock but those of catalog lookups.
 *
 *-------------------------------------------------------------------------
 */
#include "world_table.h"

#include "catalog/pg_am.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_type.h"
#include "catalog/namespace.h"
#include "commands/defrem.h"
#include "commands/tablespace.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_target.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "compat.h"

/* What is read in a FROM. */
typedef struct FromItem
{
	const char *alias;
	MigRel	   *rel;			/* NULL: its columns are not known */
} FromItem;

/* The relations that a query reads, and what it calls those it makes. */
typedef struct QueryReads
{
	List	   *names;			/* RangeVar * */
	List	   *own;			/* char *: of its WITH */
	List	   *columns;		/* ColumnRef * */
	List	   *shared;			/* String *: of USING */
	bool		natural;		/* joins by all names that are the same */
} QueryReads;

static bool
is_null_constant(const Node *node)
{
	while (node != NULL && IsA(node, TypeCast))
		node = ((const TypeCast *) node)->arg;
	return node == NULL || (IsA(node, A_Const) && ((const A_Const *) node)->isnull);
}

/* mig_storage_of: TYPSTORAGE_* by its name; DEFAULT is taken for the usual one */
char
mig_storage_of(const char *name)
{
	if (pg_strcasecmp(name, "plain") == 0)
		return TYPSTORAGE_PLAIN;
	if (pg_strcasecmp(name, "main") == 0)
		return TYPSTORAGE_MAIN;
	if (pg_strcasecmp(name, "external") == 0)
		return TYPSTORAGE_EXTERNAL;
	return TYPSTORAGE_EXTENDED;
}

/*
 * mig_world_define_column
 *		A column of a statement.  Its constraints that are the table's are added
 *		to *declared.  False: there is one of that name.
 */
bool
mig_world_define_column(MigRel *rel, const ColumnDef *def, bool fresh, List **declared)
{
	MigWorld   *world = rel->world;
	MigTypeRef	type = {0};
	MigColumn  *column = mig_rel_column(rel, def->colname);
	MigDeclared *last = NULL;
	ListCell   *lc;
	bool		not_null = def->is_not_null;
	const char *not_null_name = NULL;
	bool		not_null_valid = true;
	bool		serial = false;

	type.typmod = -1;
	if (def->typeName != NULL)
	{
		(void) mig_world_resolve_type(world, def->typeName, &type);
		serial = type.serial;
		if (def->collClause != NULL)
			type.collation = get_collation_oid(def->collClause->collname, true);
	}
	if (column != NULL)
	{
		/* merged with an inherited one, or with a type's */
		if (!fresh || !(column->inherited || def->typeName == NULL))
			return false;
		column->local = true;
	}
	else
		column = mig_rel_add_column(rel, def->colname, &type);
	if (mig_storage_name(def) != NULL)
		column->storage = mig_storage_of(mig_storage_name(def));
	if (serial)
	{
		not_null = true;
		column->has_default = true;
		(void) mig_rel_add_sequence(rel, column);
	}
	if (def->raw_default != NULL)
		column->has_default = true;
	foreach(lc, def->constraints)
	{
		const Constraint *con = lfirst(lc);

		if (!IsA(con, Constraint))
			continue;
		switch (con->contype)
		{
			case CONSTR_NOTNULL:
				not_null = true;
				not_null_name = con->conname;
				not_null_valid = fresh || !con->skip_validation;
				break;
			case CONSTR_DEFAULT:
				column->has_default = !is_null_constant(con->raw_expr);
				break;
			case CONSTR_IDENTITY:
				column->identity = con->generated_when;
				not_null = true;
				(void) mig_rel_add_sequence(rel, column);
				break;
			case CONSTR_GENERATED:
				column->generated = mig_generated_kind(con);
				column->has_default = false;
				break;
			case CONSTR_CHECK:
			case CONSTR_PRIMARY:
			case CONSTR_UNIQUE:
			case CONSTR_EXCLUSION:
			case CONSTR_FOREIGN:
				last = palloc0(sizeof(MigDeclared));
				last->con = con;
				last->keys = list_make1(makeString(pstrdup(def->colname)));
				last->deferrable = con->deferrable;
				last->deferred = con->initdeferred;
				last->enforced = mig_declared_enforced(con);
				*declared = lappend(*declared, last);
				break;
			case CONSTR_ATTR_DEFERRABLE:
				if (last != NULL)
					last->deferrable = true;
				break;
			case CONSTR_ATTR_DEFERRED:
				if (last != NULL)
					last->deferrable = last->deferred = true;
				break;
			default:
				if (mig_marks_not_enforced(con) && last != NULL)
					last->enforced = false;
				break;
		}
	}
	if (not_null)
		mig_rel_set_not_null(rel, column, not_null_name, not_null_valid, false, false);
	return true;
}

/* The columns of a type, for CREATE TABLE OF. */
static MigRel *
type_relation(MigWorld *world, const TypeName *name)
{
	MigTypeRef	ref;

	if (!mig_world_resolve_type(world, name, &ref))
		return NULL;
	if (OidIsValid(ref.oid))
	{
		Oid			relid = get_typ_typrelid(ref.oid);

		return OidIsValid(relid) ? mig_world_rel(world, relid) : NULL;
	}
	return ref.own != NULL ?
		mig_world_find_in(world, ref.own->schema, ref.own->name) : NULL;
}

/* Constraints in the order in which the server makes them. */
static int
declared_pass(const MigDeclared *declared)
{
	switch (declared->con->contype)
	{
		case CONSTR_NOTNULL:
			return 0;
		case CONSTR_CHECK:
			return 1;
		case CONSTR_PRIMARY:
			return 2;
		case CONSTR_FOREIGN:
			return 4;
		default:
			return 3;
	}
}

void
mig_world_create_table(MigWorld *world, const CreateStmt *stmt, char kind,
					   const char *source)
{
	char	   *schema = mig_world_creation_schema(world, stmt->relation->schemaname,
												   stmt->relation->relpersistence);
	List	   *parents = NIL;
	List	   *declared = NIL;
	MigRel	   *rel;
	MigRel	   *from;
	ListCell   *lc;

	foreach(lc, stmt->inhRelations)
	{
		MigRel	   *parent = mig_world_find(world, lfirst(lc));

		if (parent == NULL && !world->opaque)
			return;
		if (parent != NULL)
			parents = lappend(parents, parent);
	}
	if (stmt->partspec != NULL)
		kind = RELKIND_PARTITIONED_TABLE;
	rel = mig_world_make(world, schema, stmt->relation->relname, kind,
						 stmt->relation->relpersistence);
	if (rel == NULL)
		return;
	if (kind != RELKIND_RELATION)
		rel->am = InvalidOid;
	else if (stmt->accessMethod != NULL)
		rel->am = get_table_am_oid(stmt->accessMethod, true);
	if (stmt->tablespacename != NULL)
		rel->tablespace = get_tablespace_oid(stmt->tablespacename, true);

	if (list_length(parents) < list_length(stmt->inhRelations))
		rel->incomplete = true;
	foreach(lc, parents)
		mig_rel_inherit_columns(rel, lfirst(lc));
	if (stmt->ofTypename != NULL)
	{
		from = type_relation(world, stmt->ofTypename);
		if (from != NULL)
			mig_rel_like(rel, from, 0);
		else
			rel->incomplete = true;
	}
	foreach(lc, stmt->tableElts)
	{
		Node	   *element = lfirst(lc);

		if (IsA(element, ColumnDef))
			(void) mig_world_define_column(rel, (ColumnDef *) element, true, &declared);
		else if (IsA(element, TableLikeClause))
		{
			from = mig_world_find(world, ((TableLikeClause *) element)->relation);
			if (from != NULL)
				mig_rel_like(rel, from, ((TableLikeClause *) element)->options);
			else
				rel->incomplete = true;
		}
		else if (IsA(element, Constraint))
		{
			MigDeclared *own = palloc0(sizeof(MigDeclared));

			own->con = (Constraint *) element;
			own->deferrable = own->con->deferrable;
			own->deferred = own->con->initdeferred;
			own->enforced = mig_declared_enforced(own->con);
			declared = lappend(declared, own);
		}
	}
	if (stmt->partspec != NULL)
	{
		rel->strategy = mig_partition_strategy(stmt->partspec);
		foreach(lc, stmt->partspec->partParams)
		{
			PartitionElem *element = lfirst(lc);
			MigColumn  *column = element->name != NULL ?
				mig_rel_column(rel, element->name) : NULL;

			rel->partition_key = lappend_int(rel->partition_key,
											 column != NULL ? column->number : 0);
		}
	}
	for (int pass = 0; pass <= 4; pass++)
	{
		foreach(lc, declared)
		{
			if (declared_pass(lfirst(lc)) == pass)
				(void) mig_rel_declare(rel, lfirst(lc), source, true, true);
		}
	}
	foreach(lc, stmt->tableElts)
	{
		TableLikeClause *like = lfirst(lc);

		if (IsA(like, TableLikeClause) && (like->options & CREATE_TABLE_LIKE_INDEXES) &&
			(from = mig_world_find(world, like->relation)) != NULL)
			mig_rel_like_indexes(rel, from);
	}
	foreach(lc, parents)
	{
		mig_rel_link(lfirst(lc), rel, stmt->partbound != NULL,
					 stmt->partbound != NULL && stmt->partbound->is_default);
		mig_rel_inherit(rel, lfirst(lc), stmt->partbound != NULL);
	}
}

static bool
collect_reads(Node *node, void *context)
{
	QueryReads *reads = context;

	if (node == NULL)
		return false;
	if (IsA(node, RangeVar))
		reads->names = lappend(reads->names, node);
	else if (IsA(node, CommonTableExpr))
		reads->own = lappend(reads->own, ((CommonTableExpr *) node)->ctename);
	else if (IsA(node, ColumnRef))
		reads->columns = lappend(reads->columns, node);
	else if (IsA(node, JoinExpr))
	{
		reads->shared = list_concat(reads->shared, ((JoinExpr *) node)->usingClause);
		reads->natural |= ((JoinExpr *) node)->isNatural;
	}
	return raw_expression_tree_walker(node, collect_reads, context);
}

static const char *
name_in_query(const RangeVar *name)
{
	return name->alias != NULL ? name->alias->aliasname : name->relname;
}

/* Is it the name of one of the query's tables? */
static bool
names_table(const QueryReads *reads, const char *qualifier)
{
	ListCell   *lc;

	foreach(lc, reads->names)
	{
		if (strcmp(name_in_query(lfirst(lc)), qualifier) == 0)
			return true;
	}
	return false;
}

/* A column that may be of a table, or all of them. */
static void
note_column(MigViewUse *use, const RangeVar *name, const QueryReads *reads,
			const ColumnRef *column)
{
	int			n = list_length(column->fields);
	Node	   *last = llast(column->fields);
	const char *own = name_in_query(name);

	if (n > 1 && IsA(list_nth(column->fields, n - 2), String))
	{
		const char *qualifier = strVal(list_nth(column->fields, n - 2));

		/* what is no table's may be a join's */
		if (strcmp(qualifier, own) != 0 && names_table(reads, qualifier))
			return;
	}
	if (!IsA(last, String) || (n == 1 && strcmp(strVal(last), own) == 0))
		use->all = true;
	else
		use->names = lappend(use->names, pstrdup(strVal(last)));
}

/* What a query reads becomes a use by the view. */
static void
note_uses(MigRel *view, Node *query)
{
	QueryReads	reads = {0};
	ListCell   *lc;
	ListCell   *lc2;

	view->query = copyObject(query);
	collect_reads(query, &reads);
	foreach(lc, reads.names)
	{
		RangeVar   *name = lfirst(lc);
		bool		own = false;
		MigRel	   *rel;
		MigViewUse *use;

		foreach(lc2, reads.own)
			own = own || (name->schemaname == NULL &&
						  strcmp(lfirst(lc2), name->relname) == 0);
		rel = own ? NULL : mig_world_find(view->world, name);
		if (rel == NULL)
			continue;
		use = palloc0(sizeof(MigViewUse));
		use->view = view;
		use->all = reads.natural || (name->alias != NULL && name->alias->colnames != NIL);
		foreach(lc2, reads.columns)
			note_column(use, name, &reads, lfirst(lc2));
		foreach(lc2, reads.shared)
			use->names = lappend(use->names, pstrdup(strVal(lfirst(lc2))));
		use->query = view->queries;
		rel->uses = lappend(rel->uses, use);
	}
}

static bool
is_own_name(List *ctes, const char *name)
{
	ListCell   *lc;

	foreach(lc, ctes)
	{
		if (strcmp(lfirst_node(CommonTableExpr, lc)->ctename, name) == 0)
			return true;
	}
	return false;
}

static List *
add_from(MigWorld *world, List *items, Node *node, List *ctes)
{
	FromItem   *item;

	check_stack_depth();
	if (IsA(node, JoinExpr))
	{
		JoinExpr   *join = (JoinExpr *) node;

		items = add_from(world, items, join->larg, ctes);
		return add_from(world, items, join->rarg, ctes);
	}
	item = palloc0(sizeof(FromItem));
	if (IsA(node, RangeVar))
	{
		RangeVar   *name = (RangeVar *) node;

		item->alias = name->alias != NULL ? name->alias->aliasname : name->relname;
		if ((name->schemaname != NULL || !is_own_name(ctes, name->relname)) &&
			(name->alias == NULL || name->alias->colnames == NIL))
			item->rel = mig_world_find(world, name);
	}
	return lappend(items, item);
}

/* The type of a column that a query reads, if that is easily told. */
static MigTypeRef
query_type(MigWorld *world, List *items, Node *node)
{
	MigTypeRef	type = {0};
	ListCell   *lc;

	type.typmod = -1;
	if (IsA(node, TypeCast))
		(void) mig_world_resolve_type(world, ((TypeCast *) node)->typeName, &type);
	else if (IsA(node, ColumnRef))
	{
		List	   *fields = ((ColumnRef *) node)->fields;
		const char *alias = list_length(fields) > 1 ?
			strVal(list_nth(fields, list_length(fields) - 2)) : NULL;

		if (!IsA(llast(fields), String))
			return type;
		foreach(lc, items)
		{
			FromItem   *item = lfirst(lc);
			MigColumn  *column;

			if (item->rel == NULL ||
				(alias != NULL && strcmp(alias, item->alias) != 0))
				continue;
			column = mig_rel_column(item->rel, strVal(llast(fields)));
			if (column != NULL)
				return column->type;
		}
	}
	return type;
}

static void
add_query_column(MigRel *rel, List *aliases, const char *name, const MigTypeRef *type)
{
	int			n = list_length(rel->columns);

	if (n < list_length(aliases))
		name = strVal(list_nth(aliases, n));
	if (mig_rel_column(rel, name) == NULL)
		(void) mig_rel_add_column(rel, name, type);
	else
		rel->incomplete = true;
}

/* The columns that a query's result has. */
static void
describe_query(MigRel *rel, Node *query, List *aliases)
{
	SelectStmt *select = (SelectStmt *) query;
	List	   *ctes = NIL;
	List	   *items = NIL;
	MigTypeRef	none = {0};
	ListCell   *lc;
	ListCell   *lc2;
	ListCell   *lc3;

	none.typmod = -1;
	if (query == NULL || !IsA(query, SelectStmt))
	{
		rel->incomplete = true;
		return;
	}
	while (select->op != SETOP_NONE)
		select = select->larg;
	if (((SelectStmt *) query)->withClause != NULL)
		ctes = list_copy(((SelectStmt *) query)->withClause->ctes);
	if (select != (SelectStmt *) query && select->withClause != NULL)
		ctes = list_concat(ctes, select->withClause->ctes);
	if (select->valuesLists != NIL)
	{
		for (int i = 1; i <= list_length(linitial(select->valuesLists)); i++)
			add_query_column(rel, aliases, psprintf("column%d", i), &none);
		return;
	}
	foreach(lc, select->fromClause)
		items = add_from(rel->world, items, lfirst(lc), ctes);
	foreach(lc, select->targetList)
	{
		ResTarget  *target = lfirst_node(ResTarget, lc);
		List	   *fields = IsA(target->val, ColumnRef) ?
			((ColumnRef *) target->val)->fields : NIL;
		MigTypeRef	type;

		if (fields == NIL || !IsA(llast(fields), A_Star))
		{
			type = query_type(rel->world, items, target->val);
			add_query_column(rel, aliases, target->name != NULL ? target->name :
							 FigureColname(target->val), &type);
			continue;
		}
		foreach(lc2, items)
		{
			FromItem   *item = lfirst(lc2);

			if (list_length(fields) > 1 &&
				(item->alias == NULL ||
				 strcmp(item->alias, strVal(list_nth(fields, list_length(fields) - 2))) != 0))
				continue;
			if (item->rel == NULL || item->rel->incomplete)
			{
				rel->incomplete = true;
				return;
			}
			foreach(lc3, mig_rel_columns(item->rel))
			{
				MigColumn  *column = lfirst(lc3);

				add_query_column(rel, aliases, column->name, &column->type);
			}
		}
	}
}

void
mig_world_create_table_as(MigWorld *world, const RangeVar *name, const IntoClause *into,
						  Node *query, bool matview, bool if_not_exists)
{
	MigRel	   *rel = mig_world_make(world,
									 mig_world_creation_schema(world, name->schemaname,
															   name->relpersistence),
									 name->relname,
									 matview ? RELKIND_MATVIEW : RELKIND_RELATION,
									 name->relpersistence);

	if (rel == NULL)
		return;
	rel->filled = !into->skipData;
	rel->populated = !into->skipData;
	if (into->accessMethod != NULL)
		rel->am = get_table_am_oid(into->accessMethod, true);
	if (into->tableSpaceName != NULL)
		rel->tablespace = get_tablespace_oid(into->tableSpaceName, true);
	describe_query(rel, query, into->colNames);
	if (matview)
		note_uses(rel, query);
}

void
mig_world_create_view(MigWorld *world, const ViewStmt *stmt)
{
	char	   *schema = mig_world_creation_schema(world, stmt->view->schemaname,
												   stmt->view->relpersistence);
	MigRel	   *rel = schema != NULL ?
		mig_world_find_in(world, schema, stmt->view->relname) : NULL;

	if (rel != NULL)
	{
		if (!stmt->replace || rel->kind != RELKIND_VIEW)
			return;
		rel->queries++;
		rel->columns_read = true;
		rel->columns = NIL;
		rel->incomplete = false;
	}
	else
		rel = mig_world_make(world, schema, stmt->view->relname, RELKIND_VIEW,
							 stmt->view->relpersistence);
	if (rel == NULL)
		return;
	describe_query(rel, stmt->query, stmt->aliases);
	note_uses(rel, stmt->query);
}

void
mig_world_create_composite(MigWorld *world, const CompositeTypeStmt *stmt)
{
	MigRel	   *rel = mig_world_make(world,
									 mig_world_creation_schema(world, stmt->typevar->schemaname,
															   stmt->typevar->relpersistence),
									 stmt->typevar->relname, RELKIND_COMPOSITE_TYPE,
									 RELPERSISTENCE_PERMANENT);
	List	   *declared = NIL;
	ListCell   *lc;

	if (rel == NULL)
		return;
	foreach(lc, stmt->coldeflist)
		(void) mig_world_define_column(rel, lfirst(lc), true, &declared);
}
