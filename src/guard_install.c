/*-------------------------------------------------------------------------
 *
 * guard_install.c
 *	  The SQL functions that install the guard, remove it, say what it does and
 *	  forget what it has recorded.
 *
 * The event triggers are no members of the extension but go with it; all are
 * made, and none is left, in the caller's transaction.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "catalog.h"
#include "compat.h"

#include "catalog/dependency.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_event_trigger.h"
#include "catalog/pg_extension.h"
#include "commands/dbcommands.h"
#include "commands/event_trigger.h"
#include "commands/extension.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(migrate_guard_on);
PG_FUNCTION_INFO_V1(migrate_guard_off);
PG_FUNCTION_INFO_V1(migrate_guard_mode);
PG_FUNCTION_INFO_V1(migrate_guard_forget);

static void
require_superuser(const char *function)
{
	if (!superuser())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to call %s()", function),
				 errhint("Must be superuser, because event triggers must be a superuser's.")));
	if (creating_extension)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("%s() cannot be called by an extension's script", function)));
}

/* The event triggers that there are, and whether they guard anything. */
typedef struct Installed
{
	List	   *names;			/* of char * */
	char	   *mode;			/* of the one that is last; NULL: there is none */
	bool		enabled;
} Installed;

static Installed
find_installed(void)
{
	Installed	installed = {NIL, NULL, false};
	Oid			schema = InvalidOid;
	Oid			owner;
	MigVisit	visit = mig_enter();
	Datum		values[1];
	uint64		rows;
	uint64		i;

	(void) mig_extension(&schema, &owner);
	values[0] = ObjectIdGetDatum(schema);
	rows = mig_run_query(Q_GUARD_TRIGGERS, values, NULL);
	for (i = 0; i < rows; i++)
	{
		char	   *name = mig_text_field(&visit, i, 1);
		MemoryContext old = MemoryContextSwitchTo(visit.caller);

		installed.names = lappend(installed.names, name);
		MemoryContextSwitchTo(old);
		if (mig_bool_field(i, 3))
		{
			installed.mode = mig_text_field(&visit, i, 2);
			installed.enabled = mig_bool_field(i, 4);
		}
	}
	mig_leave(&visit);
	return installed;
}

/* Execute a command as the caller. */
static void
execute(const char *sql)
{
	if (SPI_execute(sql, false, 0) != SPI_OK_UTILITY)
		elog(ERROR, "could not execute: %s", sql);
}

static void
drop_installed(const Installed *installed)
{
	ListCell   *lc;

	foreach(lc, installed->names)
		execute(psprintf("DROP EVENT TRIGGER %s", quote_identifier((char *) lfirst(lc))));
}

/*
 * As an ordinary object, so that a restore makes it last; but it goes with the
 * extension, as if it were ALTERed to DEPEND ON it.
 */
static void
create_trigger(const char *name, const char *event, const char *when,
			   const char *schema, const char *mode, const char *comment)
{
	ObjectAddress trigger;
	ObjectAddress extension;

	execute(psprintf("CREATE EVENT TRIGGER %s ON %s %s EXECUTE FUNCTION %s.migrate_guard_%s()",
					 name, event, when, schema, mode));
	execute(psprintf("COMMENT ON EVENT TRIGGER %s IS %s", name,
					 quote_literal_cstr(comment)));
	ObjectAddressSet(trigger, EventTriggerRelationId, get_event_trigger_oid(name, false));
	ObjectAddressSet(extension, ExtensionRelationId, get_extension_oid("migrate", false));
	recordDependencyOn(&trigger, &extension, DEPENDENCY_AUTO_EXTENSION);
}

/* Begin to guard this database, or go on in another mode. */
Datum
migrate_guard_on(PG_FUNCTION_ARGS)
{
	char	   *mode = mig_text_argument(fcinfo, 0, "mode");
	const char *result;
	Installed	installed;
	char	   *schema;

	require_superuser("migrate_guard_on");
	if (strcmp(mode, "record") != 0 && strcmp(mode, "warn") != 0 && strcmp(mode, "error") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown mode \"%s\"", mode),
				 errhint("Modes are record, warn and error.")));
	schema = mig_catalog_schema();
	installed = find_installed();
	result = installed.names == NIL ? "installed" :
		installed.mode != NULL && strcmp(installed.mode, mode) == 0 ? "unchanged" : "changed";

	/* made anew in any case: one may be disabled, or from a dump */
	SPI_connect();
	drop_installed(&installed);
	create_trigger("migrate_guard_command", "ddl_command_end", "", schema, mode,
				   "migrate's guard: DDL outside of migrations is seen");
	create_trigger("migrate_guard_drop", "sql_drop", "", schema, mode,
				   "migrate's guard: what is dropped");
	create_trigger("migrate_guard_rewrite", "table_rewrite", "", schema, mode,
				   "migrate's guard: what is rewritten");
	create_trigger("migrate_guard_start", "ddl_command_start",
				   "WHEN TAG IN ('CREATE INDEX', 'DROP INDEX', 'ALTER TABLE',"
				   " 'CREATE SUBSCRIPTION', 'ALTER SUBSCRIPTION', 'DROP SUBSCRIPTION')",
				   schema, mode, "migrate's guard: what could not be undone");
	SPI_finish();
	ereport(LOG,
			(errmsg("the guard on DDL was switched on in database \"%s\", mode %s",
					get_database_name(MyDatabaseId), mode)));
	PG_RETURN_TEXT_P(cstring_to_text(result));
}

/* Guard this database no more; was it guarded? */
Datum
migrate_guard_off(PG_FUNCTION_ARGS)
{
	Installed	installed;

	require_superuser("migrate_guard_off");
	installed = find_installed();
	if (installed.names == NIL)
		PG_RETURN_BOOL(false);
	SPI_connect();
	drop_installed(&installed);
	SPI_finish();
	ereport(LOG,
			(errmsg("the guard on DDL was switched off in database \"%s\"",
					get_database_name(MyDatabaseId))));
	PG_RETURN_BOOL(true);
}

/* What would be done about DDL of this session. */
Datum
migrate_guard_mode(PG_FUNCTION_ARGS)
{
	static const char *const modes[] = {
		[MIG_GUARD_OFF] = "off", [MIG_GUARD_RECORD] = "record",
		[MIG_GUARD_WARN] = "warn", [MIG_GUARD_ERROR] = "error"
	};
	Installed	installed = find_installed();
	const char *fired = GetConfigOption("event_triggers", true, false);
	const char *mode;

	if (installed.mode == NULL || !installed.enabled ||
		(fired != NULL && strcmp(fired, "off") == 0))
		mode = modes[MIG_GUARD_OFF];
	else
		mode = mig_guard == MIG_GUARD_ON ? installed.mode : modes[mig_guard];
	PG_RETURN_TEXT_P(cstring_to_text(mode));
}

/* Delete what is older; how many rows. */
Datum
migrate_guard_forget(PG_FUNCTION_ARGS)
{
	Datum		values[1];
	MigVisit	visit;
	uint64		rows;

	if (PG_ARGISNULL(0))
		(void) mig_text_argument(fcinfo, 0, "older_than");
	values[0] = PG_GETARG_DATUM(0);
	visit = mig_enter();
	rows = mig_run_query(Q_DDL_FORGET, values, NULL);
	mig_leave(&visit);
	PG_RETURN_INT64(rows);
}
