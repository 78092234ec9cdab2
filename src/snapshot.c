/*-------------------------------------------------------------------------
 *
 * snapshot.c
 *	  Takes a snapshot of a database: what it consists of.
 *
 * It is read as the extension's owner, under one snapshot of the catalogs, in
 * a subtransaction that is always rolled back: so the settings that texts
 * depend on, and the AccessShare locks that the server takes to write down a
 * view or rule, are gone at its end.  Nothing is written; any transaction
 * state.  Where catalogs change while they are read, it is read again.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "catalog.h"
#include "compat.h"
#include "snapshot.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_sequence.h"
#include "catalog/pg_subscription.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "rewrite/rewriteSupport.h"
#include "storage/sinval.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

/* How often it is read: while there are changes, and while these are errors. */
#define ATTEMPTS 3
#define FAILURES 10

typedef struct Setting
{
	const char *name;
	const char *value;
} Setting;

/* What texts depend on. */
static const Setting wording[] = {
	{"search_path", "pg_catalog, pg_temp"},
	{"DateStyle", "ISO, YMD"},
	{"IntervalStyle", "postgres"},
	{"TimeZone", "UTC"},
	{"extra_float_digits", "1"},
	{"quote_all_identifiers", "off"},
	{"bytea_output", "hex"},
	{"standard_conforming_strings", "on"},
	{"escape_string_warning", "off"},
	{"lc_monetary", "C"},
	{"xmlbinary", "base64"},
	{"array_nulls", "on"}
};

/* What makes small queries slow, and what rows they see. */
static const Setting planning[] = {
	{"jit", "off"},
	{"max_parallel_workers_per_gather", "0"},
	{"work_mem", "64MB"},
	{"row_security", "on"}
};

/* What a column of a result is. */
typedef struct Columns
{
	int			kind;
	int			identity;
	int			owner;
	int			grantor;
	int			acl;
	int			acltype;
	int			rule;
	int			components[MIG_NCOMPONENTS];	/* SPI_ERROR_NOATTRIBUTE: none */
} Columns;

/* Counts changes of catalogs, by whoever makes them. */
static uint64 changes = 0;

static void
relation_changed(Datum arg, Oid relation)
{
	changes++;
}

static void
cache_changed(Datum arg, int cache, uint32 value)
{
	changes++;
}

static void
watch_changes(void)
{
	static const int caches[] = {
		AUTHOID, COLLOID, LANGOID, NAMESPACEOID, OPEROID, PROCOID, TYPEOID
	};
	static bool watched = false;
	int			i;

	if (watched)
		return;
	CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
	for (i = 0; i < lengthof(caches); i++)
		CacheRegisterSyscacheCallback(caches[i], cache_changed, (Datum) 0);
	watched = true;
}

static char *
text_value(HeapTuple tuple, TupleDesc desc, int column)
{
	bool		isnull;
	Datum		value;

	if (column <= 0)
		return NULL;
	value = SPI_getbinval(tuple, desc, column, &isnull);
	return isnull ? NULL : TextDatumGetCString(value);
}

static Oid
oid_value(HeapTuple tuple, TupleDesc desc, int column)
{
	bool		isnull = true;
	Datum		value = column > 0 ? SPI_getbinval(tuple, desc, column, &isnull) : (Datum) 0;

	return isnull ? InvalidOid : DatumGetObjectId(value);
}

static ObjectType
default_acl_type(char type)
{
	switch (type)
	{
		case 'r':
			return OBJECT_TABLE;
		case 'S':
			return OBJECT_SEQUENCE;
		case 'f':
			return OBJECT_FUNCTION;
		case 'T':
			return OBJECT_TYPE;
		case 'n':
			return OBJECT_SCHEMA;
		default:
			return OBJECT_LARGEOBJECT;
	}
}

static void
add_privileges(MigTaking *taking, const MigSnapshotQuery *query, const char *identity,
			   HeapTuple tuple, TupleDesc desc, const Columns *columns)
{
	bool		isnull;
	Datum		value = SPI_getbinval(tuple, desc, columns->acl, &isnull);
	const char *type = text_value(tuple, desc, columns->acltype);
	Oid			owner = oid_value(tuple, desc, columns->owner > 0 ? columns->owner :
								  columns->grantor);

	if (isnull)
		return;
	if (type == NULL)
		mig_snapshot_put_privileges(taking, taking->kind, identity, query->acl, owner,
									DatumGetAclP(value));
	else if (mig_snapshot_wants(taking, MIG_PRIVILEGES))
		mig_snapshot_put(taking, taking->kind, identity, MIG_PRIVILEGES,
						 mig_privileges_text(default_acl_type(type[0]), type[1] == '\0', owner,
											 DatumGetAclP(value)));
}

/* The bodies of functions are not the server's wording. */
static bool
is_verbatim(const char *kind, int component)
{
	return component == MIG_COMMENT || component == MIG_LABEL || component == MIG_VERSION ||
		(component == MIG_DEFINITION &&
		 (strcmp(kind, "function") == 0 || strcmp(kind, "procedure") == 0));
}

/* The definition of a view or rule with what that uses. */
static char *
with_uses(MigTaking *taking, char *definition, Oid rule)
{
	const char *uses = mig_snapshot_uses(taking, rule);

	if (uses == NULL)
		return definition;
	return definition[0] == '\0' ? pstrdup(uses) : psprintf("%s %s", definition, uses);
}

static void
add_object(MigTaking *taking, const MigSnapshotQuery *query, HeapTuple tuple,
		   TupleDesc desc, const Columns *columns)
{
	const char *kind = text_value(tuple, desc, columns->kind);
	char	   *identity = text_value(tuple, desc, columns->identity);
	Oid			owner = oid_value(tuple, desc, columns->owner);
	int			i;

	/* it is gone since, and will be looked for again */
	if (identity == NULL)
		return;
	if (kind == NULL)
		kind = query->kind;
	if (taking->kind == NULL || strcmp(taking->kind, kind) != 0)
		taking->kind = MemoryContextStrdup(taking->snapshot->context, kind);
	identity = MemoryContextStrdup(taking->snapshot->context, identity);
	for (i = 0; i < MIG_NCOMPONENTS; i++)
	{
		char	   *text = i == MIG_OWNER ? NULL : text_value(tuple, desc, columns->components[i]);

		if (text != NULL && i == MIG_DEFINITION && columns->rule > 0)
			text = with_uses(taking, text, oid_value(tuple, desc, columns->rule));
		if (text != NULL)
			mig_snapshot_put(taking, taking->kind, identity, (MigComponent) i,
							 is_verbatim(taking->kind, i) ? text : mig_settled_text(text));
	}
	if (OidIsValid(owner))
		mig_snapshot_put_owner(taking, taking->kind, identity, owner);
	if (columns->acl > 0)
		add_privileges(taking, query, identity, tuple, desc, columns);
}

static void
find_columns(TupleDesc desc, Columns *columns)
{
	int			i;

	columns->kind = SPI_fnumber(desc, "kind");
	columns->identity = SPI_fnumber(desc, "identity");
	columns->owner = SPI_fnumber(desc, "owner");
	columns->grantor = SPI_fnumber(desc, "grantor");
	columns->acl = SPI_fnumber(desc, "acl");
	columns->acltype = SPI_fnumber(desc, "acltype");
	columns->rule = SPI_fnumber(desc, "rule");
	for (i = 0; i < MIG_NCOMPONENTS; i++)
		columns->components[i] = SPI_fnumber(desc, mig_component_name((MigComponent) i));
}

static void
run_query(MigTaking *taking, const MigSnapshotQuery *query, Datum oids)
{
	Columns		columns;
	Oid			type = OIDARRAYOID;
	uint64		i;
	int			result = oids ? SPI_execute_with_args(query->sql, 1, &type, &oids, NULL, true, 0) :
		SPI_execute(query->sql, true, 0);

	if (result != SPI_OK_SELECT)
		elog(ERROR, "could not read the catalogs: %s", SPI_result_code_string(result));
	find_columns(SPI_tuptable->tupdesc, &columns);
	for (i = 0; i < SPI_processed; i++)
	{
		MemoryContext caller = MemoryContextSwitchTo(taking->scratch);

		CHECK_FOR_INTERRUPTS();
		add_object(taking, query, SPI_tuptable->vals[i], SPI_tuptable->tupdesc, &columns);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(taking->scratch);
	}
	SPI_freetuptable(SPI_tuptable);
}

/* Is the relation one that is told of? */
static bool
is_own(const MigTaking *taking, Oid relation)
{
	const MigSnapshotClass *class = mig_snapshot_class(taking, relation);

	return class != NULL && class->own;
}

/* Is a row of a catalog one for which its statement has to be run? */
static bool
is_of_interest(const MigTaking *taking, Oid catalog, HeapTuple tuple)
{
	switch (catalog)
	{
		case RewriteRelationId:
			{
				Form_pg_rewrite form = (Form_pg_rewrite) GETSTRUCT(tuple);

				return is_own(taking, form->ev_class) &&
					strcmp(NameStr(form->rulename), ViewSelectRuleName) != 0;
			}
		case TriggerRelationId:
			return is_own(taking, ((Form_pg_trigger) GETSTRUCT(tuple))->tgrelid);
		case PolicyRelationId:
			return is_own(taking, ((Form_pg_policy) GETSTRUCT(tuple))->polrelid);
		case SequenceRelationId:
			return is_own(taking, ((Form_pg_sequence) GETSTRUCT(tuple))->seqrelid);
		case ConstraintRelationId:
			return !mig_snapshot_is_member(taking, TypeRelationId,
										   ((Form_pg_constraint) GETSTRUCT(tuple))->contypid);
		case AggregateRelationId:
			return !mig_snapshot_is_member(taking, ProcedureRelationId,
										   ((Form_pg_aggregate) GETSTRUCT(tuple))->aggfnoid);
		case ProcedureRelationId:
			return !mig_snapshot_is_member(taking, catalog, ((Form_pg_proc) GETSTRUCT(tuple))->oid);
		case SubscriptionRelationId:
			return ((Form_pg_subscription) GETSTRUCT(tuple))->subdbid == MyDatabaseId;
		default:
			return true;
	}
}

/* Is there anything of users in a catalog? */
static bool
has_objects(const MigTaking *taking, const MigSnapshotQuery *query)
{
	Relation	catalog = table_open(query->catalog, AccessShareLock);
	Relation	index = index_open(query->index, AccessShareLock);
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple	tuple;
	bool		found = false;

	ScanKeyInit(&key, index->rd_index->indkey.values[0], BTGreaterEqualStrategyNumber, F_OIDGE,
				ObjectIdGetDatum(MIG_FIRST_OF_USERS));
	scan = systable_beginscan_ordered(catalog, index, GetActiveSnapshot(), 1, &key);
	while (!found && HeapTupleIsValid(tuple = systable_getnext_ordered(scan, ForwardScanDirection)))
		found = is_of_interest(taking, query->catalog, tuple);
	systable_endscan_ordered(scan);
	index_close(index, AccessShareLock);
	table_close(catalog, AccessShareLock);
	return found;
}

/* What a statement has to tell of, where that has been noted. */
static const List *
noted(const MigTaking *taking, Oid catalog)
{
	switch (catalog)
	{
		case RelationRelationId:
			return taking->tables;
		case RewriteRelationId:
			return taking->views;
		case TypeRelationId:
			return taking->types;
		case AttributeRelationId:
			return taking->not_nulls;
		default:
			return taking->constraints;
	}
}

/* Run a query if there is anything for it to tell. */
static void
take_kind(MigTaking *taking, const MigSnapshotQuery *query)
{
	if (OidIsValid(query->catalog) && !OidIsValid(query->index))
	{
		const List *oids = noted(taking, query->catalog);

		if (oids != NIL)
			run_query(taking, query, mig_snapshot_oids(oids));
	}
	else if (!OidIsValid(query->catalog) || has_objects(taking, query))
		run_query(taking, query, (Datum) 0);
}

static void
pin(const Setting *settings, int n)
{
	int			i;

	for (i = 0; i < n; i++)
		(void) set_config_option(settings[i].name, settings[i].value, PGC_USERSET,
								 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

/*
 * mig_pin_wording
 *		Set what the texts of values and definitions depend on.  The caller has
 *		opened a level of settings.
 */
void
mig_pin_wording(void)
{
	pin(wording, lengthof(wording));
}

/* In a subtransaction, which undoes what it leaves open when it fails. */
static void
read_catalogs(void *arg)
{
	MigTaking  *taking = (MigTaking *) arg;
	int			nest = NewGUCNestLevel();
	MigVisit	visit;
	const MigSnapshotQuery *query;

	mig_pin_wording();
	pin(planning, lengthof(planning));
	visit = mig_enter();
	PushActiveSnapshot(GetLatestSnapshot());
	mig_snapshot_read_catalogs(taking);
	mig_snapshot_find_uses(taking);
	mig_snapshot_relations(taking);
	mig_snapshot_columns(taking);
	mig_snapshot_constraints(taking);
	mig_snapshot_take_indexes(taking);
	for (query = mig_snapshot_queries; query->sql != NULL; query++)
		take_kind(taking, query);
	PopActiveSnapshot();
	mig_leave(&visit);
	AtEOXact_GUC(false, nest);
	AcceptInvalidationMessages();
}

/* May an error come from catalogs that have changed under us? */
static bool
may_pass(const ErrorData *error)
{
	int			category = ERRCODE_TO_CATEGORY(error->sqlerrcode);

	return category == ERRCODE_TO_CATEGORY(ERRCODE_INTERNAL_ERROR) ||
		category == ERRCODE_TO_CATEGORY(ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION);
}

typedef enum Outcome
{
	TAKEN,
	CHANGED,					/* ... while catalogs changed */
	FAILED						/* because they did */
} Outcome;

/* One attempt. */
static Outcome
try_to_take(MigSnapshot *snapshot, bool last)
{
	MigTaking	taking;
	ErrorData  *error;
	uint64		before;

	mig_snapshot_begin(&taking, snapshot);
	AcceptInvalidationMessages();
	before = changes;
	error = mig_subtransaction(read_catalogs, &taking, false);
	mig_snapshot_end(&taking);
	if (error != NULL)
	{
		AcceptInvalidationMessages();
		if (last || before == changes || !may_pass(error))
			ReThrowError(error);
		return FAILED;
	}
	return before == changes ? TAKEN : CHANGED;
}

/*
 * mig_snapshot_take
 *		What there is, without the components of the set; in the current memory
 *		context.
 */
MigSnapshot *
mig_snapshot_take(int without)
{
	MemoryContext caller = CurrentMemoryContext;
	MigSnapshot *snapshot;
	int			attempts = 0;
	int			failures = 0;

	watch_changes();
	while (true)
	{
		MemoryContext context = AllocSetContextCreate(caller, "migrate snapshot",
													  ALLOCSET_DEFAULT_SIZES);
		Outcome		outcome;

		MemoryContextSwitchTo(context);
		snapshot = mig_snapshot_new(without);
		outcome = try_to_take(snapshot, failures == FAILURES);
		MemoryContextSwitchTo(caller);
		if (outcome == TAKEN || (outcome == CHANGED && ++attempts >= ATTEMPTS))
			break;
		MemoryContextDelete(context);
		if (outcome == FAILED)
		{
			CHECK_FOR_INTERRUPTS();
			pg_usleep(++failures * 5000L);
		}
	}
	mig_snapshot_sort(snapshot);
	snapshot->major = mig_server_version() / 10000;
	return snapshot;
}
