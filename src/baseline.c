/*-------------------------------------------------------------------------
 *
 * baseline.c
 *	  The schema of an existing database as the baseline script of a version.
 *
 * Of a dump is left out what is no part of the schema: this extension, the
 * schema that holds nothing else, what others were granted on it, its data,
 * the guard's event triggers, and settings of the session that wrote it.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "catalog.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_class.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

#define DIRECTIVE "-- migrate:baseline\n"
#define NAME "baseline"

/* What a dump is searched for. */
typedef struct Cleaning
{
	Oid			extension;
	Oid			schema_oid;		/* of the extension */
	char	   *schema;
	bool		schema_is_ours; /* it holds nothing else */
	List	   *triggers;		/* of char *: the guard's, which are left out */
} Cleaning;

/* Does a schema hold anything but what the extension owns? */
static bool
holds_nothing_else(const Cleaning *cleaning)
{
	Relation	rel = table_open(DependRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		result = true;

	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(NamespaceRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(cleaning->schema_oid));
	scan = systable_beginscan(rel, DependReferenceIndexId, true, NULL, 2, keys);
	while (result && (tuple = systable_getnext(scan)) != NULL)
	{
		Form_pg_depend depend = (Form_pg_depend) GETSTRUCT(tuple);

		result = depend->classid == ExtensionRelationId ? depend->objid == cleaning->extension :
			getExtensionOfObject(depend->classid, depend->objid) == cleaning->extension;
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return result;
}

static void
begin_cleaning(Cleaning *cleaning)
{
	Oid			owner;

	memset(cleaning, 0, sizeof(Cleaning));
	cleaning->extension = get_extension_oid("migrate", false);
	(void) mig_extension(&cleaning->schema_oid, &owner);
	cleaning->schema = get_namespace_name(cleaning->schema_oid);
	cleaning->schema_is_ours = strcmp(cleaning->schema, "public") != 0 &&
		holds_nothing_else(cleaning);
}

static bool
is_our_schema(const Cleaning *cleaning, const Node *name)
{
	return cleaning->schema_is_ours && IsA(name, String) &&
		strcmp(strVal(name), cleaning->schema) == 0;
}

static bool
is_member(const Cleaning *cleaning, Oid class, Oid object)
{
	return OidIsValid(object) && getExtensionOfObject(class, object) == cleaning->extension;
}

static bool
is_our_relation(const Cleaning *cleaning, const char *schema, const char *name)
{
	return schema != NULL && strcmp(schema, cleaning->schema) == 0 &&
		is_member(cleaning, RelationRelationId, get_relname_relid(name, cleaning->schema_oid));
}

static bool
is_our_range(const Cleaning *cleaning, const RangeVar *range)
{
	return range != NULL && is_our_relation(cleaning, range->schemaname, range->relname);
}

/* A function of that name, whatever its arguments. */
static bool
is_our_function(const Cleaning *cleaning, const List *name)
{
	CatCList   *candidates;
	bool		result = false;
	int			i;

	if (list_length(name) != 2 || strcmp(strVal(linitial(name)), cleaning->schema) != 0)
		return false;
	candidates = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(strVal(lsecond(name))));
	for (i = 0; i < candidates->n_members && !result; i++)
	{
		Form_pg_proc form = (Form_pg_proc) GETSTRUCT(&candidates->members[i]->tuple);

		result = form->pronamespace == cleaning->schema_oid &&
			is_member(cleaning, ProcedureRelationId, form->oid);
	}
	ReleaseSysCacheList(candidates);
	return result;
}

static bool
is_our_grant(const Cleaning *cleaning, const GrantStmt *grant)
{
	ListCell   *lc;

	if (grant->targtype != ACL_TARGET_OBJECT)
		return false;
	foreach(lc, grant->objects)
	{
		const Node *object = (const Node *) lfirst(lc);
		bool		ours = false;

		if (grant->objtype == OBJECT_SCHEMA)
			ours = is_our_schema(cleaning, object);
		else if (IsA(object, RangeVar))
			ours = is_our_range(cleaning, (const RangeVar *) object);
		else if (IsA(object, ObjectWithArgs))
			ours = is_our_function(cleaning, ((const ObjectWithArgs *) object)->objname);
		if (!ours)
			return false;
	}
	return true;
}

/* SELECT setval('a sequence', ...), by which a dump tells where it stands. */
static bool
sets_our_sequence(const Cleaning *cleaning, const SelectStmt *select)
{
	const Node *value;
	const Node *argument;
	List	   *parts;

	if (list_length(select->targetList) != 1 || select->fromClause != NIL)
		return false;
	value = linitial_node(ResTarget, select->targetList)->val;
	if (value == NULL || !IsA(value, FuncCall) ||
		strcmp(strVal(llast(((const FuncCall *) value)->funcname)), "setval") != 0 ||
		((const FuncCall *) value)->args == NIL)
		return false;
	argument = linitial(((const FuncCall *) value)->args);
	if (!IsA(argument, A_Const) || !IsA(&((const A_Const *) argument)->val, String))
		return false;
	return SplitIdentifierString(pstrdup(strVal(&((const A_Const *) argument)->val)), '.',
								 &parts) &&
		list_length(parts) == 2 &&
		is_our_relation(cleaning, linitial(parts), lsecond(parts));
}

/* The guard's event triggers are its own to make; and remember their names. */
static bool
is_our_trigger(Cleaning *cleaning, const CreateEventTrigStmt *create)
{
	if (!is_our_function(cleaning, create->funcname))
		return false;
	cleaning->triggers = lappend(cleaning->triggers, create->trigname);
	return true;
}

static bool
is_known_trigger(const Cleaning *cleaning, const char *name)
{
	ListCell   *lc;

	foreach(lc, cleaning->triggers)
	{
		if (strcmp((const char *) lfirst(lc), name) == 0)
			return true;
	}
	return false;
}

/* An object that a comment, a label or an owner is given. */
static bool
is_our_object(const Cleaning *cleaning, ObjectType type, const Node *object)
{
	if (type == OBJECT_SCHEMA)
		return is_our_schema(cleaning, object);
	if (type == OBJECT_EXTENSION)
		return IsA(object, String) && strcmp(strVal(object), "migrate") == 0;
	if (type == OBJECT_EVENT_TRIGGER)
		return IsA(object, String) && is_known_trigger(cleaning, strVal(object));
	return false;
}

static bool
is_left_out(Cleaning *cleaning, const Node *node)
{
	switch (nodeTag(node))
	{
		case T_CreateExtensionStmt:
			return strcmp(((const CreateExtensionStmt *) node)->extname, "migrate") == 0;
		case T_CreateSchemaStmt:
			{
				const CreateSchemaStmt *create = (const CreateSchemaStmt *) node;

				return cleaning->schema_is_ours && create->schemaname != NULL &&
					strcmp(create->schemaname, cleaning->schema) == 0;
			}
		case T_CommentStmt:
			return is_our_object(cleaning, ((const CommentStmt *) node)->objtype,
								 ((const CommentStmt *) node)->object);
		case T_SecLabelStmt:
			return is_our_object(cleaning, ((const SecLabelStmt *) node)->objtype,
								 ((const SecLabelStmt *) node)->object);
		case T_AlterOwnerStmt:
			return is_our_object(cleaning, ((const AlterOwnerStmt *) node)->objectType,
								 ((const AlterOwnerStmt *) node)->object);
		case T_GrantStmt:
			return is_our_grant(cleaning, (const GrantStmt *) node);
		case T_CreateEventTrigStmt:
			return is_our_trigger(cleaning, (const CreateEventTrigStmt *) node);
		case T_AlterEventTrigStmt:
			return is_known_trigger(cleaning, ((const AlterEventTrigStmt *) node)->trigname);
		case T_CopyStmt:
			return is_our_range(cleaning, ((const CopyStmt *) node)->relation);
		case T_InsertStmt:
			return is_our_range(cleaning, ((const InsertStmt *) node)->relation);
		case T_SelectStmt:
			return sets_our_sequence(cleaning, (const SelectStmt *) node);
		case T_VariableSetStmt:
			{
				const char *name = ((const VariableSetStmt *) node)->name;

				/* of its client; and one that 15 and 16 do not have */
				return name != NULL && (strcmp(name, "client_encoding") == 0 ||
										strcmp(name, "transaction_timeout") == 0);
			}
		default:
			return false;
	}
}

/* A schema that a database may have from the beginning. */
static bool
may_be_there(const Cleaning *cleaning, const Node *node)
{
	const CreateSchemaStmt *create = (const CreateSchemaStmt *) node;

	return IsA(node, CreateSchemaStmt) && create->schemaname != NULL && !create->if_not_exists &&
		create->schemaElts == NIL && (strcmp(create->schemaname, "public") == 0 ||
									  strcmp(create->schemaname, cleaning->schema) == 0);
}

/* What lies between statements, without psql's commands, which a dump has. */
static void
append_gap(StringInfo buf, const char *p, const char *end)
{
	while (p < end)
	{
		const char *newline = memchr(p, '\n', end - p);
		const char *next = newline ? newline + 1 : end;

		if (strncmp(p, "\\restrict", strlen("\\restrict")) != 0 &&
			strncmp(p, "\\unrestrict", strlen("\\unrestrict")) != 0)
			appendBinaryStringInfo(buf, p, next - p);
		p = next;
	}
}

/* Behind a statement, its semicolon and its data. */
static const char *
end_of_statement(const MigScript *script, const MigStatement *stmt)
{
	const char *end = script->text + stmt->source_start + stmt->start + stmt->len;

	if (stmt->class == MIG_CLASS_COPY_IN && stmt->data[0] != '\0')
	{
		end = stmt->data + stmt->data_len;
		return end + strcspn(end, "\n");
	}
	end += strspn(end, " \t\r\n\f\v");
	return *end == ';' ? end + 1 : end;
}

/* A dump as a script. */
static char *
clean(const MigScript *script, const MigParsed *parsed)
{
	Cleaning	cleaning;
	StringInfoData buf;
	const char *done = script->text;
	int			i;

	begin_cleaning(&cleaning);
	initStringInfo(&buf);
	if (strncmp(script->text, DIRECTIVE, strlen(DIRECTIVE)) != 0)
		appendStringInfoString(&buf, DIRECTIVE);
	for (i = 0; i < parsed->nstmts; i++)
	{
		const MigStatement *stmt = &parsed->stmts[i];
		const Node *node = stmt->raw->stmt;
		const char *start = script->text + stmt->source_start + stmt->start;
		const char *end = end_of_statement(script, stmt);

		CHECK_FOR_INTERRUPTS();
		if (is_left_out(&cleaning, node))
		{
			/* with the comment that announces it, unless that begins the text */
			if (i == 0)
				append_gap(&buf, done, start);
		}
		else
		{
			append_gap(&buf, done, start);
			if (may_be_there(&cleaning, node))
			{
				const char *name = ((const CreateSchemaStmt *) node)->schemaname;

				appendStringInfo(&buf, "CREATE SCHEMA IF NOT EXISTS %s;", quote_identifier(name));
			}
			else
				appendBinaryStringInfo(&buf, start, end - start);
		}
		done = end;
	}
	append_gap(&buf, done, done + strlen(done));
	return buf.data;
}

static void
script_callback(void *arg)
{
	const int  *line = (const int *) arg;

	if (*line > 0)
		errcontext("baseline script, line %d", *line);
	else
		errcontext("baseline script");
}

/*
 * mig_baseline_source
 *		A dump of this database as the baseline script of a version.  Raises
 *		an error if it cannot be parsed.
 */
MigSource *
mig_baseline_source(const char *version, char *dump)
{
	MigSource  *source = palloc0(sizeof(MigSource));
	MigScript	script = {.text = dump,.line = 1};
	MigParsed  *parsed;
	int			line = 0;
	ErrorContextCallback callback;

	if (strncmp(dump, "\xEF\xBB\xBF", 3) == 0)
		script.text = dump + 3;
	callback.callback = script_callback;
	callback.arg = &line;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	parsed = mig_script_parse(&script, &line);
	error_context_stack = callback.previous;
	source->kind = MIG_KIND_BASELINE;
	source->format = "sql";
	source->version = pstrdup(version);
	source->name = NAME;
	source->up.text = clean(&script, parsed);
	source->up.line = 1;
	return source;
}
