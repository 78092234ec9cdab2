/*-------------------------------------------------------------------------
 *
 * inspect_events.c
 *	  What the server says while a statement runs: objects made, altered and
 *	  dropped, relations touched, commands inside of commands, lock waits.
 *
 * Hooks, in place only while there is a recorder, that pass on to whatever
 * was there before; and a callback of the relation cache, which cannot be
 * taken away again and then does nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "inspect.h"
#include "compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_extension.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_language.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "commands/extension.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "parser/parse_type.h"
#include "storage/proc.h"
#include "tcop/utility.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#define NO_NOTIFICATION "A dry run sends no notification; a run does when it commits."

static MigRecorder *listener = NULL;
static bool installed = false;
static bool looking = false;	/* one of the hooks is at work */
static object_access_hook_type previous_access_hook = NULL;
static ProcessUtility_hook_type previous_utility_hook = NULL;
static ExecutorStart_hook_type previous_start_hook = NULL;
static emit_log_hook_type previous_log_hook = NULL;

/* Functions whose work outlives a rollback; a name that ends in * begins so. */
static const char *const lasting_functions[] = {
	"dblink*", "lo_export", "pg_cancel_backend", "pg_copy_logical_replication_slot",
	"pg_copy_physical_replication_slot", "pg_create_logical_replication_slot",
	"pg_create_physical_replication_slot", "pg_create_restore_point",
	"pg_drop_replication_slot", "pg_file_*", "pg_log_backend_memory_contexts",
	"pg_logical_emit_message", "pg_promote", "pg_reload_conf",
	"pg_replication_origin_*", "pg_replication_slot_advance",
	"pg_rotate_logfile", "pg_stat_reset*", "pg_switch_wal",
	"pg_terminate_backend", "pg_wal_replay_*"
};

MigTouched *
mig_touch(MigRecorder *recorder, Oid relid)
{
	bool		found;
	MigTouched *touched = hash_search(recorder->touched, &relid, HASH_ENTER, &found);

	if (!found)
		memset((char *) touched + sizeof(Oid), 0, sizeof(MigTouched) - sizeof(Oid));
	return touched;
}

static void
relation_changed(Datum arg, Oid relid)
{
	if (listener != NULL && listener->active && relid >= FirstNormalObjectId)
		(void) mig_touch(listener, relid);
}

/* Is it what a rewrite writes into?  The relation that is rewritten, if so. */
static Oid
transient_heap_of(Oid relid)
{
	HeapTuple	tuple = mig_inspect_class(relid, SnapshotSelf);
	unsigned int target = 0;
	int			end = 0;

	if (HeapTupleIsValid(tuple))
	{
		const char *name = NameStr(((Form_pg_class) GETSTRUCT(tuple))->relname);

		if (sscanf(name, "pg_temp_%u%n", &target, &end) != 1 || name[end] != '\0')
			target = 0;
		heap_freetuple(tuple);
	}
	return (Oid) target;
}

/* Do others speak of it as an object of its own? */
static bool
is_folded_type(Oid type)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	Form_pg_type form;
	bool		folded;

	/* in the statement that makes it there is no seeing it */
	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_type) GETSTRUCT(tuple);
	folded = (OidIsValid(form->typrelid) &&
			  get_rel_relkind(form->typrelid) != RELKIND_COMPOSITE_TYPE) ||
		(OidIsValid(form->typelem) && get_array_type(form->typelem) == type);
	ReleaseSysCache(tuple);
	return folded;
}

static bool
is_internal_trigger(Oid trigger)
{
	Relation	triggers = table_open(TriggerRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		internal;

	ScanKeyInit(&key, Anum_pg_trigger_oid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(trigger));
	scan = systable_beginscan(triggers, TriggerOidIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	internal = HeapTupleIsValid(tuple) && ((Form_pg_trigger) GETSTRUCT(tuple))->tgisinternal;
	systable_endscan(scan);
	table_close(triggers, AccessShareLock);
	return internal;
}

static bool
is_folded(Oid class, Oid object)
{
	switch (class)
	{
		case TypeRelationId:
			return is_folded_type(object);
		case RelationRelationId:
			return get_rel_namespace(object) == PG_TOAST_NAMESPACE ||
				get_rel_relkind(object) == RELKIND_COMPOSITE_TYPE;
		case TriggerRelationId:
			return is_internal_trigger(object);
		case AttrDefaultRelationId:
		case RewriteRelationId:
			return true;
		default:
			return !is_objectclass_supported(class);
	}
}

static void
look_up(MigObjectEvent *event)
{
	ObjectAddress address;

	if (is_folded(event->key[0], event->key[1]))
		return;
	ObjectAddressSubSet(address, event->key[0], event->key[1], event->sub);
	event->identity = getObjectIdentity(&address, true);
	if (event->identity != NULL)
		event->type = getObjectTypeDescription(&address, true);
}

static MigObjectEvent *
note_event(MigRecorder *recorder, Oid class, Oid object, int sub)
{
	Oid			key[3] = {class, object, (Oid) sub};
	bool		found;
	MigObjectEvent *event = hash_search(recorder->events, key, HASH_ENTER, &found);

	if (!found)
	{
		memset((char *) event + sizeof(key), 0, sizeof(MigObjectEvent) - sizeof(key));
		recorder->in_order = lappend(recorder->in_order, event);
	}
	return event;
}

static const char *
reason_of_rewrite(const MigRecorder *recorder)
{
	return recorder->rewrite_reasons == NIL ? "rewrite" :
		(const char *) llast(recorder->rewrite_reasons);
}

/* A rewrite begins: its new heap was made, and no row has been read. */
static void
note_rewrite(MigRecorder *recorder, Oid relid)
{
	MigTouched *touched = mig_touch(recorder, relid);

	touched->rewritten = true;
	touched->reason = reason_of_rewrite(recorder);
	if (!recorder->probe)
		return;
	recorder->stopped = true;

	/* no handler of a function may take it for an error of its own */
	ereport(ERROR,
			(errcode(ERRCODE_QUERY_CANCELED),
			 errmsg("a dry run stopped a rewrite before it began")));
}

static bool
matches(const char *pattern, const char *name)
{
	size_t		len = strlen(pattern);

	return pattern[len - 1] == '*' ? strncmp(pattern, name, len - 1) == 0 :
		strcmp(pattern, name) == 0;
}

static void
note_function(MigRecorder *recorder, Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	const char *name;
	int			i;

	if (!HeapTupleIsValid(tuple))
		return;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	name = NameStr(form->proname);
	if (function == F_PG_NOTIFY)
		mig_observe_leak(recorder, "notify", NULL, NO_NOTIFICATION);
	for (i = 0; i < lengthof(lasting_functions); i++)
	{
		if (matches(lasting_functions[i], name))
		{
			mig_observe_leak(recorder, "function", name,
							 "What this function does outlives a rollback.");
			break;
		}
	}
	if (form->prolang != INTERNALlanguageId && form->prolang != ClanguageId &&
		form->prolang != SQLlanguageId)
	{
		HeapTuple	language = SearchSysCache1(LANGOID, ObjectIdGetDatum(form->prolang));

		if (HeapTupleIsValid(language))
		{
			if (!((Form_pg_language) GETSTRUCT(language))->lanpltrusted)
				mig_observe_leak(recorder, "function", name,
								 "It is in an untrusted language, and may do what outlives a rollback.");
			ReleaseSysCache(language);
		}
	}
	ReleaseSysCache(tuple);
}

/*
 * A member goes with its extension, which is what is told of; it cannot be
 * described, as what it consists of may be gone already.
 */
static bool
goes_with_extension(Oid class, Oid object, int sub)
{
	return sub == 0 && class != ExtensionRelationId &&
		OidIsValid(getExtensionOfObject(class, object));
}

static void
object_accessed(MigRecorder *recorder, ObjectAccessType access, Oid class,
				Oid object, int sub, void *arg)
{
	MigObjectEvent *event;

	/* rows of these are told of by the relation that they are about */
	if (class == IndexRelationId || class == InheritsRelationId)
	{
		if (access != OAT_POST_ALTER)
			return;
		class = RelationRelationId;
	}
	switch (access)
	{
		case OAT_POST_CREATE:
			event = note_event(recorder, class, object, sub);
			event->created = true;
			if (arg == NULL || !((ObjectAccessPostCreate *) arg)->is_internal)
				break;
			event->internal = true;
			if (class == RelationRelationId && sub == 0)
			{
				Oid			target = transient_heap_of(object);

				if (OidIsValid(target))
					note_rewrite(recorder, target);
			}
			break;
		case OAT_POST_ALTER:
			if (arg != NULL && ((ObjectAccessPostAlter *) arg)->is_internal)
				return;
			event = note_event(recorder, class, object, sub);
			if (!event->created && !event->altered)
				look_up(event);
			event->altered = true;
			break;
		case OAT_DROP:
			event = note_event(recorder, class, object, sub);
			if (arg != NULL &&
				(((ObjectAccessDrop *) arg)->dropflags & PERFORM_DELETION_INTERNAL) != 0)
				event->internal = true;
			else if (goes_with_extension(class, object, sub))
				event->internal = true;
			else if (event->identity == NULL && !event->created)
				look_up(event);
			event->dropped = true;
			break;
		case OAT_TRUNCATE:
			mig_touch(recorder, object)->truncated = true;
			break;
		case OAT_FUNCTION_EXECUTE:
			note_function(recorder, object);
			break;
		default:
			break;
	}
}

static void
access_hook(ObjectAccessType access, Oid class, Oid object, int sub, void *arg)
{
	if (previous_access_hook)
		previous_access_hook(access, class, object, sub, arg);
	if (listener != NULL && listener->active && !looking &&
		access != OAT_NAMESPACE_SEARCH)
	{
		MemoryContext caller = MemoryContextSwitchTo(listener->scratch);

		looking = true;
		PG_TRY();
		{
			object_accessed(listener, access, class, object, sub, arg);
		}
		PG_FINALLY();
		{
			looking = false;
		}
		PG_END_TRY();
		MemoryContextSwitchTo(caller);
	}
}

/*
 * mig_listen_objects
 *		Add what became of objects to the current observation.  The statement
 *		is done.
 */
void
mig_listen_objects(MigRecorder *recorder)
{
	ListCell   *lc;

	foreach(lc, recorder->in_order)
	{
		MigObjectEvent *event = (MigObjectEvent *) lfirst(lc);
		MigSeenObject *object;

		if (event->internal || (event->created && event->dropped))
			continue;
		if (event->identity == NULL && !event->dropped)
			look_up(event);
		if (event->identity == NULL || event->type == NULL)
			continue;
		object = palloc(sizeof(MigSeenObject));
		object->action = event->created ? "created" : event->dropped ? "dropped" : "altered";
		object->type = pstrdup(event->type);
		object->identity = pstrdup(event->identity);
		recorder->seen->objects = lappend(recorder->seen->objects, object);
	}
}

static void
because(List **reasons, const char *reason)
{
	MemoryContext caller = MemoryContextSwitchTo(listener->scratch);

	*reasons = lappend(*reasons, (char *) reason);
	MemoryContextSwitchTo(caller);
}

static bool
is_serial(const TypeName *type)
{
	const char *name = type && list_length(type->names) == 1 ? strVal(linitial(type->names)) : "";

	return strncmp(name, "serial", 6) == 0 || strncmp(name, "bigserial", 9) == 0 ||
		strncmp(name, "smallserial", 11) == 0;
}

static void
reason_of_constraint(MigRecorder *recorder, const Constraint *constraint)
{
	switch (constraint->contype)
	{
		case CONSTR_CHECK:
			because(&recorder->scan_reasons, MIG_WHY_CHECK);
			break;
		case CONSTR_FOREIGN:
			because(&recorder->scan_reasons, MIG_WHY_FOREIGN_KEY);
			break;
		case CONSTR_NOTNULL:
			because(&recorder->scan_reasons, MIG_WHY_NOT_NULL);
			break;
		case CONSTR_PRIMARY:
			if (constraint->indexname != NULL)
				because(&recorder->scan_reasons, MIG_WHY_NOT_NULL);
			break;
		default:
			break;
	}
}

/* Of ADD COLUMN: the reason for a rewrite, should there be one. */
static void
reason_of_column(MigRecorder *recorder, ColumnDef *column)
{
	const char *rewrite = NULL;
	ListCell   *lc;

	foreach(lc, column->constraints)
	{
		Constraint *constraint = lfirst_node(Constraint, lc);

		if (constraint->contype == CONSTR_IDENTITY)
			rewrite = MIG_WHY_IDENTITY;
		else if (constraint->contype == CONSTR_GENERATED)
			rewrite = MIG_WHY_GENERATED;
		else if (constraint->contype == CONSTR_DEFAULT && rewrite == NULL)
			rewrite = MIG_WHY_DEFAULT;
		reason_of_constraint(recorder, constraint);
	}
	if (is_serial(column->typeName))
		rewrite = MIG_WHY_IDENTITY;
	if (rewrite == NULL || strcmp(rewrite, MIG_WHY_DEFAULT) == 0)
	{
		Type		type = column->typeName ? LookupTypeName(NULL, column->typeName, NULL, true) : NULL;

		if (type != NULL)
		{
			if (((Form_pg_type) GETSTRUCT(type))->typtype == TYPTYPE_DOMAIN &&
				DomainHasConstraints(typeTypeId(type)))
				rewrite = MIG_WHY_DOMAIN_COLUMN;
			ReleaseSysCache(type);
		}
	}
	if (rewrite != NULL)
		because(&recorder->rewrite_reasons, rewrite);
}

static void
reason_of_validation(MigRecorder *recorder, RangeVar *relation, const char *name)
{
	Oid			relid = RangeVarGetRelid(relation, NoLock, true);
	Oid			constraint = OidIsValid(relid) ?
		get_relation_constraint_oid(relid, name, true) : InvalidOid;
	HeapTuple	tuple = OidIsValid(constraint) ?
		SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint)) : NULL;
	char		type;

	if (!HeapTupleIsValid(tuple))
		return;
	type = ((Form_pg_constraint) GETSTRUCT(tuple))->contype;
	ReleaseSysCache(tuple);
	because(&recorder->scan_reasons,
			type == CONSTRAINT_FOREIGN ? MIG_WHY_FOREIGN_KEY :
			type == CONSTRAINT_CHECK ? MIG_WHY_CHECK : MIG_WHY_NOT_NULL);
}

static void
reason_of_alter(MigRecorder *recorder, const AlterTableStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->cmds)
	{
		AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

		switch (cmd->subtype)
		{
			case AT_AddColumn:
				reason_of_column(recorder, castNode(ColumnDef, cmd->def));
				break;
			case AT_AlterColumnType:
				because(&recorder->rewrite_reasons, MIG_WHY_TYPE);
				because(&recorder->scan_reasons, MIG_WHY_CHECK);
				break;
			case AT_SetLogged:
			case AT_SetUnLogged:
				because(&recorder->rewrite_reasons, MIG_WHY_PERSISTENCE);
				break;
			case AT_SetAccessMethod:
				because(&recorder->rewrite_reasons, MIG_WHY_ACCESS_METHOD);
				break;
			case AT_SetTableSpace:
				because(&recorder->rewrite_reasons, MIG_WHY_TABLESPACE);
				break;
			case AT_SetNotNull:
				because(&recorder->scan_reasons, MIG_WHY_NOT_NULL);
				break;
			case AT_AddConstraint:
				reason_of_constraint(recorder, castNode(Constraint, cmd->def));
				break;
			case AT_ValidateConstraint:
				reason_of_validation(recorder, stmt->relation, cmd->name);
				break;
			case AT_AlterConstraint:
				because(&recorder->scan_reasons, MIG_WHY_FOREIGN_KEY);
				break;
			case AT_AttachPartition:
				because(&recorder->scan_reasons, MIG_WHY_PARTITION);
				break;
			default:
				if (mig_is_set_expression(cmd->subtype))
					because(&recorder->rewrite_reasons, MIG_WHY_GENERATED);
				break;
		}
	}
}

/* Commands that PREPARE and its like leave behind in the session. */
static void
note_session(MigRecorder *recorder, Node *stmt)
{
	switch (nodeTag(stmt))
	{
		case T_PrepareStmt:
			{
				MemoryContext caller = MemoryContextSwitchTo(recorder->context);

				recorder->prepared = lappend(recorder->prepared,
											 pstrdup(((PrepareStmt *) stmt)->name));
				MemoryContextSwitchTo(caller);
			}
			break;
		case T_DeallocateStmt:
			mig_observe_leak(recorder, "session", ((DeallocateStmt *) stmt)->name,
							 "A prepared statement that is gone does not come back.");
			break;
		case T_NotifyStmt:
			mig_observe_leak(recorder, "notify", ((NotifyStmt *) stmt)->conditionname,
							 NO_NOTIFICATION);
			break;
		case T_CopyStmt:
			if (((CopyStmt *) stmt)->is_program)
				mig_observe_leak(recorder, "program", ((CopyStmt *) stmt)->filename,
								 "The program was run.");
			else if (!((CopyStmt *) stmt)->is_from && ((CopyStmt *) stmt)->filename)
				mig_observe_leak(recorder, "file", ((CopyStmt *) stmt)->filename,
								 "The file was written.");
			break;
		case T_LoadStmt:
			mig_observe_leak(recorder, "session", ((LoadStmt *) stmt)->filename,
							 "A library stays loaded.");
			break;
		case T_CheckPointStmt:
			mig_observe_leak(recorder, "checkpoint", NULL, "A checkpoint was done.");
			break;
		case T_DiscardStmt:
			mig_observe_leak(recorder, "session", NULL,
							 "What DISCARD forgets does not come back.");
			break;
		case T_ClosePortalStmt:
			mig_observe_leak(recorder, "session", ((ClosePortalStmt *) stmt)->portalname,
							 "A cursor that is closed does not come back.");
			break;
		default:
			break;
	}
}

static void
note_utility(MigRecorder *recorder, Node *stmt)
{
	switch (nodeTag(stmt))
	{
		case T_AlterTableStmt:
			reason_of_alter(recorder, (AlterTableStmt *) stmt);
			break;
		case T_CreateStmt:
			if (((CreateStmt *) stmt)->partbound != NULL)
				because(&recorder->scan_reasons, MIG_WHY_PARTITION);
			break;
		case T_ClusterStmt:
			because(&recorder->rewrite_reasons, MIG_WHY_CLUSTER);
			break;
		case T_VacuumStmt:
			because(&recorder->rewrite_reasons, MIG_WHY_VACUUM_FULL);
			break;
		case T_RefreshMatViewStmt:
			because(&recorder->rewrite_reasons, MIG_WHY_REFRESH);
			break;
		case T_AlterDomainStmt:
			because(&recorder->scan_reasons, MIG_WHY_DOMAIN);
			break;
		default:
			note_session(recorder, stmt);
			break;
	}
}

/*
 * Does a command read relations that it neither names in a query, changes, nor
 * locks for the first time?
 */
static bool
may_read_others(const Node *stmt)
{
	ListCell   *lc;

	switch (nodeTag(stmt))
	{
		case T_AlterTableStmt:
			foreach(lc, ((AlterTableStmt *) stmt)->cmds)
			{
				if (lfirst_node(AlterTableCmd, lc)->subtype == AT_AttachPartition)
					return true;
			}
			return false;
		case T_CreateStmt:
			return ((CreateStmt *) stmt)->partbound != NULL;
		case T_AlterEnumStmt:
		case T_AlterObjectSchemaStmt:
		case T_AlterOwnerStmt:
		case T_CallStmt:
		case T_CommentStmt:
		case T_CompositeTypeStmt:
		case T_CreateEnumStmt:
		case T_CreateFunctionStmt:
		case T_CreatePolicyStmt:
		case T_CreateSchemaStmt:
		case T_CreateSeqStmt:
		case T_CreateTableAsStmt:
		case T_CreateTrigStmt:
		case T_DefineStmt:
		case T_DoStmt:
		case T_DropStmt:
		case T_GrantStmt:
		case T_IndexStmt:
		case T_RenameStmt:
		case T_RuleStmt:
		case T_TruncateStmt:
		case T_VariableSetStmt:
		case T_ViewStmt:
			return false;
		default:
			return true;
	}
}

/* What is put into a partitioned table goes to partitions of it. */
static void
note_query(MigRecorder *recorder, const PlannedStmt *planned)
{
	bool		writes = planned->commandType != CMD_SELECT || planned->hasModifyingCTE;
	ListCell   *lc;

	foreach(lc, planned->rtable)
	{
		const RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);

		if (rte->rtekind != RTE_RELATION || rte->relid < FirstNormalObjectId)
			continue;
		mig_suspect(recorder, mig_inspect_enter(recorder, rte->relid));
		if (writes && rte->relkind == RELKIND_PARTITIONED_TABLE)
			recorder->suspect_all = true;
	}
}

static void
start_hook(QueryDesc *query, int eflags)
{
	if (listener != NULL && listener->active && !looking)
		note_query(listener, query->plannedstmt);
	if (previous_start_hook)
		previous_start_hook(query, eflags);
	else
		standard_ExecutorStart(query, eflags);
}

static void
utility_hook(PlannedStmt *planned, const char *source, bool readonly,
			 ProcessUtilityContext context, ParamListInfo params,
			 QueryEnvironment *environment, DestReceiver *dest, QueryCompletion *qc)
{
	if (listener != NULL && listener->active)
	{
		if (may_read_others(planned->utilityStmt))
			listener->suspect_all = true;
		note_utility(listener, planned->utilityStmt);
	}
	if (previous_utility_hook)
		previous_utility_hook(planned, source, readonly, context, params,
							  environment, dest, qc);
	else
		standard_ProcessUtility(planned, source, readonly, context, params,
								environment, dest, qc);
}

static void
begin_wait(MigRecorder *recorder)
{
	MemoryContext caller = MemoryContextSwitchTo(recorder->context);
	ArrayType  *pids = DatumGetArrayTypeP(DirectFunctionCall1(pg_blocking_pids,
															  Int32GetDatum(MyProcPid)));
	MigSeenWait *wait = palloc0(sizeof(MigSeenWait));

	wait->npids = ArrayGetNItems(ARR_NDIM(pids), ARR_DIMS(pids));
	wait->pids = palloc(sizeof(int) * Max(wait->npids, 1));
	memcpy(wait->pids, ARR_DATA_PTR(pids), wait->npids * sizeof(int));
	if (MyProc->waitLock != NULL)
	{
		const LOCKTAG *tag = &MyProc->waitLock->tag;

		wait->mode = MyProc->waitLockMode;
		if (tag->locktag_type == LOCKTAG_RELATION || tag->locktag_type == LOCKTAG_TUPLE ||
			tag->locktag_type == LOCKTAG_RELATION_EXTEND)
			wait->relid = (Oid) tag->locktag_field2;
		else if (tag->locktag_type == LOCKTAG_TRANSACTION)
			wait->relation = "a transaction";
		else if (tag->locktag_type == LOCKTAG_ADVISORY)
			wait->relation = "an advisory lock";
	}
	recorder->wait = wait;
	recorder->wait_began = get_timeout_start_time(DEADLOCK_TIMEOUT);
	recorder->seen->waits = lappend(recorder->seen->waits, wait);
	MemoryContextSwitchTo(caller);
}

/*
 * The server tells its log of a lock that is waited for, deadlock_timeout
 * after the wait began: the only moment at which the waiting process itself
 * can see who is in the way.
 */
static void
log_hook(ErrorData *edata)
{
	if (listener != NULL && listener->active && edata->elevel == LOG &&
		edata->message_id != NULL)
	{
		MigRecorder *recorder = listener;
		bool		about = true;

		if (strncmp(edata->message_id, "process %d still waiting for", 28) == 0)
		{
			if (recorder->wait == NULL)
				begin_wait(recorder);
		}
		else if (strncmp(edata->message_id, "process %d acquired", 19) == 0)
		{
			if (recorder->wait != NULL)
			{
				recorder->wait->granted = true;
				recorder->wait->ms = (GetCurrentTimestamp() - recorder->wait_began) / 1000.0;
				recorder->wait = NULL;
			}
		}
		else
			about = strncmp(edata->message_id, "process %d avoided deadlock", 27) == 0 ||
				strncmp(edata->message_id, "process %d detected deadlock", 28) == 0;
		if (about && !recorder->logs_lock_waits)
			edata->output_to_server = false;
	}
	if (previous_log_hook)
		previous_log_hook(edata);
}

/*
 * mig_listen, mig_unlisten
 *		Hear what happens from now on; not any more.
 */
void
mig_listen(MigRecorder *recorder)
{
	static bool registered = false;

	if (!registered)
	{
		CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
		registered = true;
	}
	if (!installed)
	{
		previous_access_hook = object_access_hook;
		object_access_hook = access_hook;
		previous_utility_hook = ProcessUtility_hook;
		ProcessUtility_hook = utility_hook;
		previous_start_hook = ExecutorStart_hook;
		ExecutorStart_hook = start_hook;
		previous_log_hook = emit_log_hook;
		emit_log_hook = log_hook;
		installed = true;
	}
	looking = false;
	listener = recorder;
}

void
mig_unlisten(void)
{
	listener = NULL;

	/* a library that was loaded meanwhile may have come before us */
	if (object_access_hook != access_hook || ProcessUtility_hook != utility_hook ||
		ExecutorStart_hook != start_hook || emit_log_hook != log_hook)
		return;
	object_access_hook = previous_access_hook;
	ProcessUtility_hook = previous_utility_hook;
	ExecutorStart_hook = previous_start_hook;
	emit_log_hook = previous_log_hook;
	installed = false;
}
