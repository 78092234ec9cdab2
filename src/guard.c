/*-------------------------------------------------------------------------
 *
 * guard.c
 *	  The guard: DDL that happens outside of a run is recorded, warned about or
 *	  refused; DDL inside of one is recorded with its migration.
 *
 * Owns the event triggers, which are no members of the extension but go with
 * it, and migrate_ddl.  Which function they call is the mode that counts for
 * all, so that it is a matter of transactions, and in a dump.  One row a
 * command, when it ends: what it drops and rewrites is remembered until then.
 *
 * Runs within whatever command there is, as its user; writes as the
 * extension's owner, and for the first time in a transaction in a
 * subtransaction: a record that cannot be made is worth a warning and not the
 * command.
 *
 *-------------------------------------------------------------------------
 */
#include "run.h"
#include "catalog.h"
#include "compat.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_class.h"
#include "catalog/pg_foreign_data_wrapper.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_language.h"
#include "catalog/pg_largeobject.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/event_trigger.h"
#include "commands/extension.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "tcop/pquery.h"
#include "tcop/tcopprot.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/formatting.h"
#include "utils/inval.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"
#include "utils/xid8.h"

PG_FUNCTION_INFO_V1(migrate_guard_record);
PG_FUNCTION_INFO_V1(migrate_guard_warn);
PG_FUNCTION_INFO_V1(migrate_guard_error);

/* No more of a statement and of its context than this is recorded, in bytes. */
#define RECORDED_TEXT 8192

/* No more objects of a command than this are named. */
#define RECORDED_OBJECTS 10000

/* Columns of pg_event_trigger_ddl_commands(). */
enum
{
	DDL_CLASS, DDL_OBJECT, DDL_SUBOBJECT, DDL_TAG, DDL_TYPE, DDL_SCHEMA,
	DDL_IDENTITY, DDL_IN_EXTENSION, DDL_COMMAND, DDL_COLUMNS
};

/* Columns of pg_event_trigger_dropped_objects(). */
enum
{
	DROP_CLASS, DROP_OBJECT, DROP_SUBOBJECT, DROP_ORIGINAL, DROP_NORMAL,
	DROP_TEMPORARY, DROP_TYPE, DROP_SCHEMA, DROP_NAME, DROP_IDENTITY,
	DROP_ADDRESS_NAMES, DROP_ADDRESS_ARGS, DROP_COLUMNS
};

/* Parameters of Q_DDL_RECORD. */
enum
{
	RECORD_XID, RECORD_SESSION_ROLE, RECORD_ACTING_ROLE, RECORD_CLIENT_ADDR,
	RECORD_APPLICATION, RECORD_PID, RECORD_TAG, RECORD_TYPE, RECORD_IDENTITY,
	RECORD_COUNT, RECORD_OBJECTS, RECORD_REWRITES, RECORD_STATEMENT,
	RECORD_CONTEXT, RECORD_PROJECT, RECORD_VERSION, RECORD_NAME, RECORD_SCRIPT,
	RECORD_JOB, RECORD_COLUMNS
};

/* A command that has not ended, and what is known of it so far. */
typedef struct Command
{
	Node	   *parsetree;		/* which one it is */
	const char *tag;
	int			level;			/* of the subtransaction that it is in */
	StringInfoData objects;		/* elements of a JSON array */
	int			last;			/* where the last element of it begins */
	int			count;
	char	   *type;			/* the object that it is about most of all */
	char	   *identity;
	bool		exact;			/* ... because its tag says so */
	List	   *rewrites;		/* of char * */
} Command;

/* Innermost first; in the transaction's memory. */
static List *commands = NIL;

/*
 * Has a record been made in this transaction, so that the next one can be too?
 * A subtransaction for each would take the longer the more the transaction
 * has made.
 */
static bool proven = false;
static Oid	proven_table = InvalidOid;

/* Commands of a level that fails never end; and a lock may be lost. */
static void
subtransaction_callback(SubXactEvent event, SubTransactionId mine,
						SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
	{
		proven = false;
		while (commands != NIL &&
			   ((Command *) linitial(commands))->level >= GetCurrentTransactionNestLevel())
			commands = list_delete_first(commands);
	}
}

static void
transaction_callback(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
	{
		commands = NIL;
		proven = false;
	}
}

static void
relation_changed(Datum arg, Oid relid)
{
	if (!OidIsValid(relid) || relid == proven_table)
		proven = false;
}

/* What is known of the command; with nothing but its tag at first. */
static Command *
command_of(const EventTriggerData *event)
{
	static bool callbacks_set = false;
	ListCell   *lc;
	MemoryContext old;
	Command    *command;

	foreach(lc, commands)
	{
		command = (Command *) lfirst(lc);
		if (command->parsetree == event->parsetree)
			return command;
	}
	if (!callbacks_set)
	{
		RegisterXactCallback(transaction_callback, NULL);
		RegisterSubXactCallback(subtransaction_callback, NULL);
		CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
		callbacks_set = true;
	}
	old = MemoryContextSwitchTo(TopTransactionContext);
	command = palloc0(sizeof(Command));
	command->parsetree = event->parsetree;
	command->tag = GetCommandTagName(event->tag);
	command->level = GetCurrentTransactionNestLevel();
	initStringInfo(&command->objects);
	commands = lcons(command, commands);
	MemoryContextSwitchTo(old);
	return command;
}

static void
end_command(Command *command)
{
	ListCell   *lc;

	commands = list_delete_ptr(commands, command);
	foreach(lc, command->rewrites)
		pfree(lfirst(lc));
	list_free(command->rewrites);
	pfree(command->objects.data);
	if (command->identity)
		pfree(command->identity);
	if (command->type)
		pfree(command->type);
	pfree(command);
}

static void
append_member(StringInfo buf, const char *name, const char *value)
{
	if (value == NULL)
		return;
	appendStringInfo(buf, "%s\"%s\": ", buf->data[buf->len - 1] == '{' ? "" : ", ", name);
	escape_json(buf, value);
}

/* was: its identity before; chief: the command may be about it most of all */
static void
add_object(Command *command, const char *tag, const char *type, const char *identity,
		   const char *was, bool cascade, bool chief)
{
	StringInfo	buf = &command->objects;
	int			before = buf->len;
	int			start;
	bool		exact = chief && strcmp(tag, command->tag) == 0;

	if ((command->type == NULL && chief) || (exact && !command->exact))
	{
		MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);

		if (command->type)
			pfree(command->type);
		if (command->identity)
			pfree(command->identity);
		command->type = pstrdup(type);
		command->identity = identity ? pstrdup(identity) : NULL;
		command->exact = exact;
		MemoryContextSwitchTo(old);
	}
	if (++command->count > RECORDED_OBJECTS)
		return;
	if (before > 0)
		appendStringInfoString(buf, ", ");
	start = buf->len;
	appendStringInfoChar(buf, '{');
	append_member(buf, "command", tag);
	append_member(buf, "type", type);
	append_member(buf, "identity", identity);
	append_member(buf, "was", was);
	if (cascade)
		appendStringInfoString(buf, ", \"cascade\": true");
	appendStringInfoChar(buf, '}');

	/* some are told of twice */
	if (before > 0 && strncmp(buf->data + command->last, buf->data + start, buf->len - start) == 0)
	{
		buf->len = before;
		buf->data[before] = '\0';
		command->count--;
	}
	else
		command->last = start;
}

/* Call a function that returns a set, without the detour by SQL. */
static Tuplestorestate *
call_set_function(Oid function, TupleDesc *desc)
{
	LOCAL_FCINFO(fcinfo, 0);
	FmgrInfo	flinfo;
	ReturnSetInfo result = {0};

	fmgr_info(function, &flinfo);
	result.type = T_ReturnSetInfo;
	result.econtext = CreateStandaloneExprContext();
	result.allowedModes = SFRM_Materialize;
	result.returnMode = SFRM_Materialize;
	InitFunctionCallInfoData(*fcinfo, &flinfo, 0, InvalidOid, NULL, (Node *) &result);
	(void) FunctionCallInvoke(fcinfo);
	*desc = result.setDesc;
	return result.setResult;
}

static char *
text_column(Datum *values, bool *nulls, int column)
{
	return nulls[column] ? NULL : TextDatumGetCString(values[column]);
}

/* Is it what the names of an object in a temporary schema begin with? */
static bool
is_temporary_schema(const char *name)
{
	return name != NULL && strcmp(name, "pg_temp") == 0;
}

/* Is it on a temporary relation, in whose schema it is not itself? */
static bool
is_on_temporary(const ObjectAddress *address)
{
	List	   *names = NIL;
	List	   *arguments = NIL;

	if (address->classId != TriggerRelationId && address->classId != RewriteRelationId &&
		address->classId != PolicyRelationId && address->classId != AttrDefaultRelationId)
		return false;
	return getObjectIdentityParts(address, &names, &arguments, true) != NULL &&
		list_length(names) > 1 && is_temporary_schema((char *) linitial(names));
}

static Oid
class_of_grant(ObjectType type)
{
	switch (type)
	{
		case OBJECT_TABLE:
		case OBJECT_SEQUENCE:
			return RelationRelationId;
		case OBJECT_FUNCTION:
		case OBJECT_PROCEDURE:
		case OBJECT_ROUTINE:
			return ProcedureRelationId;
		case OBJECT_SCHEMA:
			return NamespaceRelationId;
		case OBJECT_TYPE:
		case OBJECT_DOMAIN:
			return TypeRelationId;
		case OBJECT_LANGUAGE:
			return LanguageRelationId;
		case OBJECT_FDW:
			return ForeignDataWrapperRelationId;
		case OBJECT_FOREIGN_SERVER:
			return ForeignServerRelationId;
		case OBJECT_LARGEOBJECT:
			return LargeObjectRelationId;
		default:
			return InvalidOid;
	}
}

/* The server does not say which objects a GRANT is about. */
static void
add_granted(Command *command, const char *tag, const char *type, const InternalGrant *grant)
{
	Oid			class = class_of_grant(grant->objtype);
	ListCell   *lc;

	foreach(lc, grant->objects)
	{
		ObjectAddress address;
		char	   *identity;
		char	   *described;

		if (!OidIsValid(class))
		{
			add_object(command, tag, type, NULL, NULL, false, true);
			return;
		}
		if (class == RelationRelationId && isAnyTempNamespace(get_rel_namespace(lfirst_oid(lc))))
			continue;
		ObjectAddressSet(address, class, lfirst_oid(lc));
		identity = getObjectIdentity(&address, true);
		described = getObjectTypeDescription(&address, true);
		add_object(command, tag, described ? described : type, identity, NULL,
				   false, true);
	}
}

static char *
role_name(const RoleSpec *role)
{
	return pstrdup(quote_identifier(get_rolespec_name(role)));
}

/* As pg_identify_object() has it. */
static void
add_default_privileges(Command *command, const char *tag, const char *objects,
					   const AlterDefaultPrivilegesStmt *stmt)
{
	List	   *roles = NIL;
	List	   *schemas = NIL;
	ListCell   *lc;
	ListCell   *in;

	foreach(lc, stmt->options)
	{
		const DefElem *option = lfirst_node(DefElem, lc);

		if (strcmp(option->defname, "schemas") == 0)
			schemas = (List *) option->arg;
		else if (strcmp(option->defname, "roles") == 0)
		{
			foreach(in, (List *) option->arg)
				roles = lappend(roles, role_name(lfirst_node(RoleSpec, in)));
		}
	}
	if (roles == NIL)
		roles = list_make1(pstrdup(quote_identifier(GetUserNameFromId(GetUserId(), false))));
	foreach(lc, roles)
	{
		char	   *kind = asc_tolower(objects, strlen(objects));
		const char *role = (const char *) lfirst(lc);

		if (schemas == NIL)
			add_object(command, tag, "default acl", psprintf("for role %s on %s", role, kind),
					   NULL, false, true);
		foreach(in, schemas)
			add_object(command, tag, "default acl",
					   psprintf("for role %s in schema %s on %s", role,
								quote_identifier(strVal(lfirst(in))), kind),
					   NULL, false, true);
	}
}

/* The name by which RENAME has found what it renamed. */
static const char *
renamed_from(const RenameStmt *stmt)
{
	Node	   *object = stmt->object;

	if (stmt->subname != NULL)
		return stmt->subname;
	if (stmt->relation != NULL)
		return stmt->relation->relname;
	if (object != NULL && IsA(object, ObjectWithArgs))
		object = (Node *) ((ObjectWithArgs *) object)->objname;
	if (object != NULL && IsA(object, List))
		object = (Node *) llast((List *) object);
	return object != NULL && IsA(object, String) ? strVal(object) : NULL;
}

/* The identity before RENAME or SET SCHEMA, by the one that is there now. */
static char *
former_identity(const CollectedCommand *collected, const char *identity)
{
	const Node *parsetree = collected->parsetree;
	const char *now = NULL;
	const char *was = NULL;
	const char *found;

	if (collected->type != SCT_Simple || parsetree == NULL)
		return NULL;
	if (IsA(parsetree, RenameStmt))
	{
		now = quote_identifier(((const RenameStmt *) parsetree)->newname);
		was = renamed_from((const RenameStmt *) parsetree);
	}
	else if (IsA(parsetree, AlterObjectSchemaStmt))
	{
		now = quote_identifier(((const AlterObjectSchemaStmt *) parsetree)->newschema);
		was = get_namespace_name(collected->d.simple.secondaryObject.objectId);
	}
	if (was == NULL)
		return NULL;

	/* the schema is its beginning; a name is so too, or follows a dot */
	for (found = strstr(identity, now); found != NULL; found = strstr(found + 1, now))
	{
		const char *end = found + strlen(now);

		if ((found == identity || (IsA(parsetree, RenameStmt) && found[-1] == '.')) &&
			(IsA(parsetree, RenameStmt) ? strchr("( ", *end) != NULL : *end == '.'))
			return psprintf("%.*s%s%s", (int) (found - identity), identity,
							quote_identifier(was), end);
	}
	return NULL;
}

/* ALTER TABLE is told as the table's alone, also what is about another one. */
static void
add_others(Command *command, const AlterTableStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->cmds)
	{
		const AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);
		ObjectAddress address;
		Oid			relid = InvalidOid;

		if (cmd->subtype == AT_AttachPartition || cmd->subtype == AT_DetachPartition ||
			cmd->subtype == AT_DetachPartitionFinalize)
			relid = RangeVarGetRelid(castNode(PartitionCmd, cmd->def)->name, NoLock, true);
		else if (cmd->subtype == AT_ClusterOn)
		{
			relid = RangeVarGetRelid(stmt->relation, NoLock, true);
			if (OidIsValid(relid))
				relid = get_relname_relid(cmd->name, get_rel_namespace(relid));
		}
		if (!OidIsValid(relid) || isAnyTempNamespace(get_rel_namespace(relid)))
			continue;
		ObjectAddressSet(address, RelationRelationId, relid);
		add_object(command, command->tag, getObjectTypeDescription(&address, true),
				   getObjectIdentity(&address, true), NULL, false, false);
	}
}

/* What the command has made or altered. */
static void
add_changed(Command *command, const Node *parsetree)
{
	TupleDesc	desc;
	Tuplestorestate *store = call_set_function(F_PG_EVENT_TRIGGER_DDL_COMMANDS, &desc);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);

	while (tuplestore_gettupleslot(store, true, false, slot))
	{
		Datum	   *values;
		bool	   *nulls;
		char	   *tag;
		char	   *type;
		char	   *identity;
		const CollectedCommand *collected;
		ObjectAddress address;

		CHECK_FOR_INTERRUPTS();
		slot_getallattrs(slot);
		values = slot->tts_values;
		nulls = slot->tts_isnull;
		if (nulls[DDL_COMMAND] || DatumGetBool(values[DDL_IN_EXTENSION]) ||
			is_temporary_schema(text_column(values, nulls, DDL_SCHEMA)))
			continue;
		collected = (const CollectedCommand *) DatumGetPointer(values[DDL_COMMAND]);
		tag = text_column(values, nulls, DDL_TAG);
		type = text_column(values, nulls, DDL_TYPE);
		identity = text_column(values, nulls, DDL_IDENTITY);
		if (collected->type == SCT_Grant)
			add_granted(command, tag, type, collected->d.grant.istmt);
		else if (collected->type == SCT_AlterDefaultPrivileges &&
				 IsA(parsetree, AlterDefaultPrivilegesStmt))
			add_default_privileges(command, tag, type,
								   (const AlterDefaultPrivilegesStmt *) parsetree);
		else
		{
			if (!nulls[DDL_CLASS])
			{
				ObjectAddressSubSet(address, DatumGetObjectId(values[DDL_CLASS]),
									DatumGetObjectId(values[DDL_OBJECT]),
									DatumGetInt32(values[DDL_SUBOBJECT]));
				if (is_on_temporary(&address))
					continue;
			}
			add_object(command, tag, type ? type : "object", identity,
					   identity ? former_identity(collected, identity) : NULL,
					   false, true);
		}
	}
	ExecDropSingleTupleTableSlot(slot);
	tuplestore_end(store);
}

/* DROP OWNED revokes without always saying what. */
static void
add_roles(Command *command, const Node *parsetree)
{
	ListCell   *lc;

	if (!IsA(parsetree, DropOwnedStmt))
		return;
	foreach(lc, ((const DropOwnedStmt *) parsetree)->roles)
		add_object(command, command->tag, "role", role_name(lfirst_node(RoleSpec, lc)),
				   NULL, false, true);
}

/* Does the first of an object's names say that it is temporary? */
static bool
is_named_temporary(Datum names)
{
	Datum	   *elements;
	int			n;

	deconstruct_array(DatumGetArrayTypeP(names), TEXTOID, -1, false, TYPALIGN_INT,
					  &elements, NULL, &n);
	return n > 1 && is_temporary_schema(TextDatumGetCString(elements[0]));
}

/* Is it part of another object, and none of its own? */
static bool
is_part(Oid class, bool named, const char *identity)
{
	if (class == TypeRelationId)
		return !named;			/* a row type, or a type's array */
	if (class == RewriteRelationId)
		return strncmp(identity, "\"_RETURN\" on ", 13) == 0;
	if (class == TriggerRelationId)
		return strncmp(identity, "\"RI_ConstraintTrigger_", 22) == 0;
	return false;
}

/* What the command has dropped, but for what nobody made by itself. */
static void
add_dropped(Command *command)
{
	TupleDesc	desc;
	Tuplestorestate *store = call_set_function(F_PG_EVENT_TRIGGER_DROPPED_OBJECTS, &desc);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);

	while (tuplestore_gettupleslot(store, true, false, slot))
	{
		Datum	   *values;
		bool	   *nulls;
		bool		original;
		bool		named;
		char	   *schema;
		char	   *identity;

		CHECK_FOR_INTERRUPTS();
		slot_getallattrs(slot);
		values = slot->tts_values;
		nulls = slot->tts_isnull;
		original = DatumGetBool(values[DROP_ORIGINAL]);
		named = original || DatumGetBool(values[DROP_NORMAL]);
		schema = text_column(values, nulls, DROP_SCHEMA);
		if (DatumGetBool(values[DROP_TEMPORARY]) || is_temporary_schema(schema) ||
			(schema != NULL && strcmp(schema, "pg_toast") == 0) ||
			(!nulls[DROP_ADDRESS_NAMES] && is_named_temporary(values[DROP_ADDRESS_NAMES])))
			continue;
		identity = text_column(values, nulls, DROP_IDENTITY);
		if (identity != NULL &&
			is_part(DatumGetObjectId(values[DROP_CLASS]), named, identity))
			continue;
		add_object(command, "DROP", text_column(values, nulls, DROP_TYPE), identity,
				   NULL, !original, original);
	}
	ExecDropSingleTupleTableSlot(slot);
	tuplestore_end(store);
}

static void
add_rewritten(Command *command, Oid relid)
{
	ObjectAddress address;
	char	   *identity;

	ObjectAddressSet(address, RelationRelationId, relid);
	identity = getObjectIdentity(&address, true);
	if (identity != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);

		command->rewrites = lappend(command->rewrites, pstrdup(identity));
		MemoryContextSwitchTo(old);
	}
}

/* So much of a text as is recorded, without passwords. */
static char *
recorded_text(const char *text, int len)
{
	while (len > 0 && strchr(" \t\r\n\f\v", *text))
	{
		text++;
		len--;
	}
	if (len > RECORDED_TEXT)
		len = pg_mbcliplen(text, len, RECORDED_TEXT);
	while (len > 0 && strchr(" \t\r\n\f\v;", text[len - 1]))
		len--;
	return mig_redact(text, len);
}

/* The statement that a migration, or else a client, has sent. */
static char *
statement_text(const MigRun *run)
{
	const char *text = debug_query_string;

	if (run != NULL && run->execution.stmt != NULL)
		return recorded_text(run->execution.stmt->source + run->execution.stmt->start,
							 run->execution.stmt->len);

	/* a portal within a function is not the client's */
	if (ActivePortal != NULL && ActivePortal->sourceText != NULL &&
		(text == NULL || text == ActivePortal->sourceText ||
		 strcmp(text, ActivePortal->sourceText) == 0))
	{
		text = ActivePortal->sourceText;
		if (ActivePortal->stmts != NIL)
		{
			const PlannedStmt *planned = linitial_node(PlannedStmt, ActivePortal->stmts);

			if (planned->stmt_location >= 0)
			{
				text += planned->stmt_location;
				if (planned->stmt_len > 0)
					return recorded_text(text, planned->stmt_len);
			}
		}
	}
	return text ? recorded_text(text, strlen(text)) : NULL;
}

/* From where in it the command comes, if it is not the statement itself. */
static char *
statement_context(void)
{
	char	   *context;

	if (error_context_stack == NULL)
		return NULL;
	context = GetErrorContextStack();
	return context && context[0] ? recorded_text(context, strlen(context)) : NULL;
}

/* The objects of the command, for a message. */
static char *
describe_objects(const Command *command)
{
	StringInfoData buf;

	initStringInfo(&buf);
	if (command->identity != NULL)
		appendStringInfo(&buf, "%s %s", command->type, command->identity);
	else
		appendStringInfoString(&buf, command->type ? command->type : "objects that it does not name");
	if (command->count > 1)
		appendStringInfo(&buf, " and %d %s", command->count - 1,
						 command->count == 2 ? "other" : "others");
	return buf.data;
}

static void
refuse(const Command *command)
{
	ereport(ERROR,
			(errcode(ERRCODE_MIG_GUARD),
			 errmsg("%s is refused outside of a migration", command->tag),
			 command->count > 0 ?
			 errdetail("It would change %s.", describe_objects(command)) : 0,
			 errhint("Nothing was changed. Register it as a migration and run that. A superuser can set migrate.guard to off.")));
}

static ArrayType *
text_array(List *strings)
{
	Datum	   *elements = palloc(sizeof(Datum) * Max(list_length(strings), 1));
	ListCell   *lc;
	int			n = 0;

	foreach(lc, strings)
		elements[n++] = CStringGetTextDatum((char *) lfirst(lc));
	return construct_array(elements, n, TEXTOID, -1, false, TYPALIGN_INT);
}

static void
insert_record(const Command *command, const MigRun *run)
{
	MigVisit	visit;
	MigEvent	who;
	Datum		values[RECORD_COLUMNS] = {0};
	bool		nulls[RECORD_COLUMNS] = {false};
	const MigEntry *entry = run != NULL && run->plan != NULL && run->step < run->plan->nsteps ?
		run->plan->steps[run->step].entry : NULL;
	char	   *objects = psprintf("[%s]", command->objects.data);

	mig_event_init(&who, NULL, NULL);
	if (run != NULL && run->base.project != NULL)
	{
		who.client_addr = run->base.client_addr;
		who.application = run->base.application;
	}
	values[RECORD_XID] = FullTransactionIdGetDatum(GetTopFullTransactionId());
	values[RECORD_SESSION_ROLE] = CStringGetTextDatum(who.session_role ? who.session_role : "?");
	values[RECORD_ACTING_ROLE] = CStringGetTextDatum(who.acting_role ? who.acting_role : "?");
	values[RECORD_CLIENT_ADDR] = mig_text_datum(who.client_addr, &nulls[RECORD_CLIENT_ADDR]);
	values[RECORD_APPLICATION] = mig_text_datum(who.application, &nulls[RECORD_APPLICATION]);
	values[RECORD_PID] = Int32GetDatum(who.pid);
	values[RECORD_TAG] = CStringGetTextDatum(command->tag);
	values[RECORD_TYPE] = mig_text_datum(command->type, &nulls[RECORD_TYPE]);
	values[RECORD_IDENTITY] = mig_text_datum(command->identity, &nulls[RECORD_IDENTITY]);
	values[RECORD_COUNT] = Int32GetDatum(command->count);
	values[RECORD_OBJECTS] = DirectFunctionCall1(jsonb_in, CStringGetDatum(objects));
	nulls[RECORD_REWRITES] = command->rewrites == NIL;
	values[RECORD_REWRITES] = PointerGetDatum(text_array(command->rewrites));
	values[RECORD_STATEMENT] = mig_text_datum(statement_text(run), &nulls[RECORD_STATEMENT]);
	values[RECORD_CONTEXT] = mig_text_datum(statement_context(), &nulls[RECORD_CONTEXT]);
	values[RECORD_PROJECT] = mig_text_datum(run ? run->project : NULL, &nulls[RECORD_PROJECT]);
	values[RECORD_VERSION] = mig_text_datum(entry ? entry->version : NULL, &nulls[RECORD_VERSION]);
	values[RECORD_NAME] = mig_text_datum(entry ? entry->name : NULL, &nulls[RECORD_NAME]);
	values[RECORD_SCRIPT] = mig_text_datum(run ? run->execution.what : NULL,
										   &nulls[RECORD_SCRIPT]);
	nulls[RECORD_JOB] = run == NULL || run->base.job == 0;
	values[RECORD_JOB] = Int64GetDatum(run ? run->base.job : 0);

	visit = mig_enter();
	mig_run_query(Q_DDL_RECORD, values, nulls);
	mig_leave(&visit);
}

static Oid
table_oid(void)
{
	Oid			schema;
	Oid			owner;

	return mig_extension(&schema, &owner) ? get_relname_relid("migrate_ddl", schema) : InvalidOid;
}

typedef struct Record
{
	const Command *command;
	const MigRun *run;
} Record;

static void
insert_first(void *arg)
{
	const Record *record = (const Record *) arg;

	XactReadOnly = false;
	insert_record(record->command, record->run);
}

/* Record the command; if that cannot be, it is said, and the command stays. */
static void
record(const Command *command, const MigRun *run)
{
	Record		first = {command, run};
	ErrorData  *error;
	bool		read_only = XactReadOnly;

	/*
	 * A function called by the command may have made the transaction read
	 * only, lest it be recorded.
	 */
	if (proven)
	{
		XactReadOnly = false;
		insert_record(command, run);
		XactReadOnly = read_only;
		return;
	}

	error = mig_subtransaction(insert_first, &first, true);
	if (error == NULL)
	{
		proven_table = table_oid();
		proven = true;
		return;
	}
	if (mig_is_interrupt(error))
		ReThrowError(error);
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("%s could not be recorded by the guard: %s", command->tag, error->message),
			 error->detail ? errdetail("%s", error->detail) : 0,
			 errhint("The command itself goes on. migrate_guard_on() and the table migrate_ddl are what to look at.")));
}

static bool
is_temporary_relation(RangeVar *name)
{
	Oid			relid = RangeVarGetRelid(name, NoLock, true);

	return OidIsValid(relid) && isAnyTempNamespace(get_rel_namespace(relid));
}

/*
 * Does the command commit before it ends, or change what is not in this
 * database?  Then it has to be refused before it begins.
 */
static bool
is_not_undone(const Node *parsetree)
{
	const AlterTableStmt *alter;
	ListCell   *lc;

	switch (nodeTag(parsetree))
	{
		case T_IndexStmt:
			return ((const IndexStmt *) parsetree)->concurrent &&
				!is_temporary_relation(((const IndexStmt *) parsetree)->relation);
		case T_DropStmt:
			if (!((const DropStmt *) parsetree)->concurrent)
				return false;
			foreach(lc, ((const DropStmt *) parsetree)->objects)
			{
				if (is_temporary_relation(makeRangeVarFromNameList((List *) lfirst(lc))))
					return false;
			}
			return true;
		case T_AlterTableStmt:
			alter = (const AlterTableStmt *) parsetree;
			foreach(lc, alter->cmds)
			{
				const AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

				if (cmd->subtype == AT_DetachPartition &&
					castNode(PartitionCmd, cmd->def)->concurrent)
					return true;
			}
			return false;
		case T_CreateSubscriptionStmt:
		case T_AlterSubscriptionStmt:
		case T_DropSubscriptionStmt:
			return true;
		default:
			return false;
	}
}

/* Refuse a command whose end would be too late. */
static void
judge_begun(const EventTriggerData *event)
{
	Command		unknown = {.tag = GetCommandTagName(event->tag)};

	if (is_not_undone(event->parsetree))
		refuse(&unknown);
}

/* Judge a command by all that is known of it, and record it. */
static void
judge_ended(Command *command, MigGuardMode mode, const MigRun *run)
{
	if (command->count == 0)
		return;
	if (run == NULL && mode == MIG_GUARD_ERROR)
		refuse(command);
	record(command, run);
	if (run == NULL && mode == MIG_GUARD_WARN)
		ereport(WARNING,
				(errcode(ERRCODE_MIG_GUARD),
				 errmsg("%s outside of a migration", command->tag),
				 errdetail("It changes %s, and is recorded in migrate_ddl.",
						   describe_objects(command)),
				 errhint("What is not a migration is missing in every other environment.")));
}

static void
hear(const EventTriggerData *event, MigGuardMode mode, const MigRun *run)
{
	Command    *command;

	if (strcmp(event->event, "table_rewrite") == 0)
	{
		Oid			relid = DatumGetObjectId(OidFunctionCall0(F_PG_EVENT_TRIGGER_TABLE_REWRITE_OID));

		if (isAnyTempNamespace(get_rel_namespace(relid)))
			return;
		command = command_of(event);
		add_rewritten(command, relid);

		/* before it has taken its time */
		if (run == NULL && mode == MIG_GUARD_ERROR)
		{
			add_object(command, command->tag, "table", (char *) llast(command->rewrites),
					   NULL, false, true);
			refuse(command);
		}
	}
	else if (strcmp(event->event, "sql_drop") == 0)
		add_dropped(command_of(event));
	else if (strcmp(event->event, "ddl_command_end") == 0)
	{
		command = command_of(event);
		add_changed(command, event->parsetree);
		if (IsA(event->parsetree, AlterTableStmt))
			add_others(command, (const AlterTableStmt *) event->parsetree);
		add_roles(command, event->parsetree);
		judge_ended(command, mode, run);
		end_command(command);
	}
}

/* What the event triggers call. */
static Datum
guard(FunctionCallInfo fcinfo, MigGuardMode mode)
{
	const EventTriggerData *event;
	const MigRun *run = mig_run_current();
	bool		snapshot;

	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("the guard is for event triggers to call")));
	event = (const EventTriggerData *) fcinfo->context;
	if (mig_guard != MIG_GUARD_ON)
		mode = mig_guard;

	/*
	 * An extension's script is one command; what is undone need not be
	 * recorded; and these two define nothing.
	 */
	if (mode == MIG_GUARD_OFF || creating_extension || IsBinaryUpgrade ||
		(run != NULL && run->rehearsed) ||
		event->tag == CMDTAG_REFRESH_MATERIALIZED_VIEW || event->tag == CMDTAG_REINDEX)
		return (Datum) 0;
	if (strcmp(event->event, "ddl_command_start") == 0)
	{
		if (run == NULL && mode == MIG_GUARD_ERROR)
			judge_begun(event);
		return (Datum) 0;
	}

	snapshot = !ActiveSnapshotSet();
	if (snapshot)
		PushActiveSnapshot(GetTransactionSnapshot());
	hear(event, mode, run);
	if (snapshot)
		PopActiveSnapshot();
	return (Datum) 0;
}

Datum
migrate_guard_record(PG_FUNCTION_ARGS)
{
	return guard(fcinfo, MIG_GUARD_RECORD);
}

Datum
migrate_guard_warn(PG_FUNCTION_ARGS)
{
	return guard(fcinfo, MIG_GUARD_WARN);
}

Datum
migrate_guard_error(PG_FUNCTION_ARGS)
{
	return guard(fcinfo, MIG_GUARD_ERROR);
}
